/* Searches along a direction d from the current point x: phi(t) = C(x + t d), t > 0. */
#ifndef TG_OPTIM_LINE_SEARCH_H
#define TG_OPTIM_LINE_SEARCH_H

#include "run.h"

/* What is searched along, and what was found. */
typedef struct tg_line_ {
  const double *d; /* the direction, padded */
  double slope;    /* phi'(0), below 0 */
  double
      first; /* the first t tried, > 0; not read with TG_LINE_FIXED and TG_LINE_ARMIJO, which start at alpha */
  double most; /* the longest t allowed; there any sufficient decrease is accepted. 0: no limit */
  double unit; /* d has been divided by it, so alpha is a length in units of it; 0: it has not */
  double tilt; /* slope along d of what the gradient leaves out (the L1 term): added to g'd */
  /* Within bounds: every trial is brought between low and high. x + d has the rounding of x; so the point at t
   * = 1 is given, as `goal`. All NULL: no bounds. */
  const double *goal, *low, *high;
  /* Found: */
  tg_point_ *end;   /* lower than the current point, or equal within rounding; NULL: there is none */
  double length;    /* its t */
  double end_slope; /* phi'(t), when the gradient was evaluated there */
} tg_line_;

/* Searches from the current point by the kind the method's settings name. Nonzero: the run has ended. The
 * point found is left for the caller to accept; it has its gradient. */
int tg_line_search_(tg_run *run, tg_line_ *line);
/* A first trial length when nothing is known but x, g and d = -g (or alike in size). */
double tg_line_first_(const tg_run *run, const double *d);
/* A first trial length when the minimum is predicted at t = `predicted` and the step before went to `length`. It
 * is never so short that the search could not come back to the scale of x. */
double tg_line_next_(const tg_run *run, const double *d, double predicted, double length);
/* 1; or a power of two near `largest` where squares of such numbers leave the range of doubles. */
double tg_unit_(double largest);
/* A power of two near `largest`, 1 for 0: dividing by it changes no digit. */
double tg_power_(double largest);
/* d, slope and first trial of steepest descent: d = -g / unit. Returns the unit, 1 for TG_LINE_FIXED. */
double tg_steepest_(const tg_run *run, double *d, tg_line_ *line);

#endif
