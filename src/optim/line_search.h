/* Searches along a direction: phi(t) = C(x + t d). */
#ifndef TG_OPTIM_LINE_SEARCH_H
#define TG_OPTIM_LINE_SEARCH_H

#include "run.h"

typedef struct tg_line_ {
  const double *d; /* the direction, padded */
  double slope;    /* phi'(0), below 0 */
  double most;     /* no t is longer; 0: no limit. There a decrease is enough */
  double unit;     /* alpha counts in lengths of unit d, d having been divided by it; 0: by nothing */
  double tilt;     /* added to g'd: the slope of terms that the gradient does not have */
  /* Within bounds: every trial is brought between low and high, and that at t = 1 is `goal`, as x + d has the
   * rounding of x. NULL: no bounds. */
  const double *goal, *low, *high;
  double first;   /* first trial length, > 0 */
  tg_point_ *end; /* out: the point found, lower than the current one or equal within rounding; NULL: none */
  double length;  /* out: its t */
  double end_slope; /* out: phi'(t), when the gradient was evaluated there */
} tg_line_;

/* Searches from the current point by the kind the method's settings name. Nonzero: the run has ended. The
 * point found is left for the caller to accept; it has its gradient. */
int tg_line_search_(tg_run *run, tg_line_ *line);
/* A first trial length when nothing is known but x, g and d = -g (or alike in size). */
double tg_line_first_(const tg_run *run, const double *d);
/* The same when a decrease is predicted at t = `predicted`, the step before having gone to `length`: never so
 * short that the search could not come back to the scale of x. */
double tg_line_next_(const tg_run *run, const double *d, double predicted, double length);
/* 1; or a power of two near `largest` where squares of such numbers leave the range of doubles. */
double tg_unit_(double largest);
/* A power of two near `largest`, 1 for 0: dividing by it changes no digit. */
double tg_power_(double largest);
/* d, slope and first trial of steepest descent: d = -g / unit. Returns the unit, 1 for TG_LINE_FIXED. */
double tg_steepest_(const tg_run *run, double *d, tg_line_ *line);

#endif
