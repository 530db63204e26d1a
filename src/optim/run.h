/* One run: what it holds, and what methods ask of it. */
#ifndef TG_OPTIM_RUN_H
#define TG_OPTIM_RUN_H

#include "clock.h"
#include "method.h"
#include "problem.h"
#include "tapegrad/optim.h"

/* How many points a run keeps at most: the current, the best, one a method holds, one to try. */
enum { TG_POINTS_ = 4 };

/* Everything that changes while a run goes on, apart from the numbers in `block`, `own` and `order`: what a
 * checkpoint stores. Pointers in it are set anew on restoring. */
typedef struct tg_state_ {
  tg_report report;
  tg_status status;
  bool started;
  bool interrupted; /* stopped by a callback of the objective, maybe in the midst of a step */
  size_t t;         /* steps taken: what schedules and bias corrections count */
  tg_point_ point[TG_POINTS_];
  int current, best; /* indices into point; best: the lowest of the iterates and of what was tried since */
  double seconds_before; /* wall time up to the last restore */

  /* the schedule on plateau: lowest value, factor of the rate, checks without a fall */
  double plateau_best, plateau_scale;
  size_t plateau_wait;

  /* tg_run_update: no |theta_i| is greater, so long as none is changed by others */
  double theta_bound;

  /* stop.c */
  double value_before;                    /* at the iterate before */
  double step_norm;                       /* of the last step, or a bound above it (tg_step_norm_) */
  double lowest_value, smallest_gradient; /* the latter its largest entry; among iterates */
  size_t stagnant;                        /* iterations since one of the two fell */

  bool convex; /* newton.h: the Hessian looked at last has no negative curvature */

  /* distance.c: what the method's model says of the current iterate, or what curvature says that was met on
   * the way */
  double start_value, start_size; /* the latter the largest |theta_i| */
  double gain_left;               /* the decrease left; NaN: nothing is known */
  bool is_near;                   /* the distance left is small */
  double accuracy_met;            /* at the end; 0: none was */
  bool short_step;                /* the last step was short and met positive curvature */
  double flattest; /* the greatest s's / s'y of late, of steps s with change y of the gradient */

  /* tg_fit */
  uint64_t random[4];
  size_t samples_used, epochs_waited; /* of this epoch; without improvement */
  double epoch_sum;                   /* sum over the epoch's samples of their batch's value */
  bool gave_best;                     /* has ended with the best parameters; the last are in point[2] */
  double best_value;                  /* the value of the epoch kept in point[1] */
} tg_state_;

struct tg_run {
  tg_problem_ problem;
  tg_method m;
  const tg_rule_ *rule;
  const tg_vector_ *kernel;
  int level;
  tg_minimize_options o;
  tg_fit_options f;
  bool fit, by_caller; /* by_caller: driven by tg_run_update */
  size_t n, padded;    /* padded: n rounded up to TG_LANES_ */
  double *theta;       /* the caller's */
  double *memory;      /* as allocated; `block` is the aligned part of it */
  double *block;       /* points, then `work`; zero at the start */
  size_t block_count;
  double *work;       /* the method's numbers, aligned as block */
  unsigned char *own; /* the method's other state, rule->own bytes, zero at the start */
  size_t own_size;
  size_t *order; /* tg_fit: samples in the order of this epoch */
  size_t order_count;
  double origin; /* clock when it was made or restored */
  tg_state_ s;
};

/* Those returning int give 0 to go on and nonzero when the run has ended: unwind then. */

/* ---- points ---- */

tg_point_ *tg_current_(tg_run *run);
/* How many this run keeps. Without a search no method holds one. */
int tg_points_(const tg_run *run);
/* p has been evaluated: should the run be cut short now, the lowest is what it returns. */
void tg_seen_(tg_run *run, const tg_point_ *p);
/* A point that is neither current nor best nor `held` (may be NULL). */
tg_point_ *tg_spare_(tg_run *run, const tg_point_ *held);
/* Makes p the current iterate; rate as reported. */
void tg_accept_(tg_run *run, tg_point_ *p, double rate);
void tg_accept_step_(tg_run *run, tg_point_ *p, double rate, double step); /* when the step is known */
/* Steps go down but for rounding: the current iterate is the best of them. */
bool tg_descends_(const tg_run *run);

/* ---- evaluating ---- */

/* Evaluates at p->x. `d`, unless NULL, also asks for *slope = g'd. Without `gradient` the value alone. */
int tg_evaluate_(tg_run *run, tg_point_ *p, bool gradient, const double *d, double *slope);
int tg_evaluate_product_(tg_run *run, const double *x, const double *v, double *hv);
int tg_evaluate_hessian_(tg_run *run, const double *x, double *hessian);
int tg_evaluate_residual_(tg_run *run, const double *x, double *r, double *jacobian);
/* What a callback returned; `failure`, static, says which it was. */
int tg_answer_(tg_run *run, int callback, const char *failure);

/* ---- ending ---- */

/* Ends the run; returns 1. */
int tg_stop_(tg_run *run, tg_stop why);
/* Ends it where a value or what belongs to it is not finite: TG_STOP_UNBOUNDED or TG_STOP_NONFINITE;
 * returns 1. */
int tg_stop_nonfinite_(tg_run *run, double value);
int tg_error_(tg_run *run, tg_status why, const char *message); /* `message`: static */
/* The stop, or TG_STOP_ZERO_RULE for a success that was judged by a gradient that rule R5 may have cut. */
tg_stop tg_unhidden_(const tg_run *run, tg_stop stop);
void tg_say_(tg_run *run); /* the report's message is the stop's, unless a failure has words of its own */

/* ---- time and rate ---- */

double tg_seconds_(const tg_run *run); /* since it began */
/* The learning rate of this step. */
int tg_rate_(tg_run *run, double *rate);
/* A value for the schedule on plateau, if that is the run's. */
void tg_plateau_(tg_run *run, double value);
size_t tg_fit_batches_(const tg_run *run); /* in an epoch (4.13) */
size_t tg_fit_planned_(const tg_run *run); /* in all */

/* ---- norms ---- */

/* In the norm of the options. */
double tg_gradient_norm_(const tg_run *run, const tg_point_ *p);
/* Of the step from a to b, whose largest entry is `largest`, in the norm of step_tol. */
double tg_step_norm_(const tg_run *run, const double *a, const double *b, double largest);
/* Largest |a_i| of n entries without padding, or NaN. */
double tg_largest_(const tg_run *run, const double *a);
/* Largest |a_i - b_i| of `count` such entries. */
double tg_distance_(const tg_run *run, const double *a, const double *b, size_t count);

#endif
