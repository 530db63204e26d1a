/* What a method sees of a run, and what the driver needs to know of a method.
 *
 * A method is a file with a constructor, a const tg_rule_ at its foot and one row in methods.def. The driver
 * owns memory, evaluation, counting, stopping and reporting; a method owns its mathematics and says how much
 * state it wants.
 *
 * First-order methods give `update` and little else (first_order.c does the rest, in tg_minimize, tg_fit and
 * tg_run_update). Others give `step`, which finds the next point by tg_evaluate_ and hands it to tg_accept_.
 */
#ifndef TG_OPTIM_RUN_H
#define TG_OPTIM_RUN_H

#include "clock.h"
#include "vector.h"
#include "tapegrad/optim.h"

typedef struct tg_rule_ tg_rule_;

/* A point and what is known there. x and g are padded with zeros to a multiple of TG_LANES_. */
typedef struct tg_point_ {
  double *x, *g;
  double value, largest; /* largest |g_i|; NaN when not finite */
  double cosine;         /* levenberg_marquardt: largest of r with the columns of J */
  bool finite;           /* value, and the gradient if it was asked for */
  bool has_gradient;
  bool zero_rule; /* the gradient needed rule R5 */
} tg_point_;

enum { TG_LINE_ANY_ = -1 };

/* How many points a run keeps at most: the current, the best, one a method holds, one to try. */
enum { TG_POINTS_ = 4, TG_VECTORS_ = 3, TG_COEFFICIENTS_ = 9 };

/* Everything that changes while a run goes on, apart from the numbers in `block`, `own` and `order`: what a
 * checkpoint stores. Pointers in it are set anew on restoring. */
typedef struct tg_state_ {
  tg_report report;
  tg_status status;
  bool started;
  bool torn; /* stopped by a callback of the objective, maybe in the midst of a step */
  size_t t;  /* steps taken: what schedules and bias corrections count */
  tg_point_ point[TG_POINTS_];
  int current, best; /* indices into point; best: the lowest of the iterates and of what was tried since */
  double lap;        /* seconds before the last restore */
  double plateau_best, plateau_scale;
  size_t plateau_wait;
  double reach;            /* tg_run_update: no |theta_i| is greater, so long as none is changed by others */
  double before;           /* the value one iterate ago */
  double moved;            /* the last step in the norm of step_tol, or a bound above it (tg_step_norm_) */
  double lowest, smallest; /* value and largest gradient entry, among iterates */
  size_t idle;             /* iterations since one of them fell */
  bool convex;             /* the Hessian looked at last has no negative curvature */
  double first, size;      /* value and largest |theta_i| at the start */
  /* What the method's model says of the current iterate, or what curvature says that was met on the way: the
   * decrease left (NaN: nothing is known) and whether the distance left is small. */
  double gain;
  bool near;
  double met;      /* the accuracy that was met, at the end; 0: none was */
  bool close;      /* the last step was short and met positive curvature */
  double flattest; /* the greatest s's / s'y of late, of steps s with change y of the gradient */
  uint64_t random[4];
  size_t position, wait; /* tg_fit: samples of the epoch used; epochs without improvement */
  double epoch_sum;      /* tg_fit: sum over the epoch's samples of their batch's value */
  bool gave_best;        /* tg_fit: has ended with the best parameters; the last are in point[2] */
  double best_value;     /* tg_fit: the value of the epoch kept in point[1] */
} tg_state_;

struct tg_run {
  tg_objective c;
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

/* A piece of a first-order step: `out` from x and g, entries [0, n) of everything. state[k] are the method's
 * vectors. */
typedef struct tg_chunk_ {
  const double *x, *g;
  double *out, *state[TG_VECTORS_];
  double k[TG_COEFFICIENTS_]; /* from `coefficients` */
  size_t n;
} tg_chunk_;

typedef void (*const *tg_update_)(const tg_chunk_ *); /* one a level; see TG_LEVELS_ */

struct tg_rule_ {
  const char *name;
  tg_method (*make)(void); /* with its defaults */
  /* Those of tg_method_property that the other fields do not show: what it needs besides a gradient, whether it
   * takes bounds, whether the current iterate is always the best, whether it calls tg_model_ or tg_guess_. */
  unsigned properties;
  /* A message, or NULL when all is well; or NULL. */
  const char *(*check)(const tg_objective *c, const tg_method *m);
  /* first order */
  size_t vectors; /* of length n, kept between steps */
  void (*coefficients)(const tg_method *m, size_t t, double alpha, double *k);
  tg_update_ update;
  tg_update_ look; /* the point where the gradient is taken, if not theta */
  /* others (or first-order methods with a line search: return tg_first_order_step_(run) to fall back) */
  int line; /* the tg_line_search it may be told to make besides TG_LINE_DEFAULT, or TG_LINE_ANY_ */
  /* Numbers, a multiple of TG_LANES_; SIZE_MAX: too many. */
  size_t (*work)(const tg_objective *c, const tg_method *m, size_t padded);
  size_t (*own)(const tg_objective *c, const tg_method *m); /* bytes */
  /* Whether bytes of a checkpoint, aligned to nothing, can be what `own` holds: every index and count in
   * range. NULL: it has none. */
  bool (*sound)(const tg_run *run, const unsigned char *own);
  int (*evaluate)(tg_run *run, tg_point_ *p, bool gradient); /* in place of objective.evaluate, or NULL */
  int (*step)(tg_run *run);                                  /* 0, or nonzero when the run has ended */
  /* A direction *z of curvature below 0 at the current point, *curvature = z'Hz, left at 0 when none is
   * found; or NULL. Asked before the run ends as converged. */
  int (*curvature)(tg_run *run, const double **z, double *curvature);
};

/* ---- services to methods ----
 *
 * Those returning int give 0 to go on and nonzero when the run has ended: unwind then. */

tg_point_ *tg_current_(tg_run *run);
/* How often the objective's derivatives needed rule R5 so far; counts what has come since then: was there
 * any? */
/* The stop, or TG_STOP_ZERO_RULE for a success that was judged by a gradient that rule R5 may have cut. */
tg_stop tg_unhidden_(const tg_run *run, tg_stop stop);
size_t tg_zero_rule_(const tg_run *run);
bool tg_needed_zero_rule_(tg_run *run, size_t before);
/* How many this run keeps. Without a search no method holds one. */
int tg_points_(const tg_run *run);
/* p has been evaluated: should the run be cut short now, the lowest is what it returns. */
void tg_seen_(tg_run *run, const tg_point_ *p);
/* A point that is neither current nor best nor `held` (may be NULL). */
tg_point_ *tg_spare_(tg_run *run, const tg_point_ *held);
/* Evaluates at p->x. `d`, unless NULL, also asks for *slope = g'd. Without `gradient` the value alone. */
int tg_evaluate_(tg_run *run, tg_point_ *p, bool gradient, const double *d, double *slope);
int tg_product_(tg_run *run, const double *x, const double *v, double *hv);
int tg_hessian_(tg_run *run, const double *x, double *hessian);
int tg_residual_(tg_run *run, const double *x, double *r, double *jacobian);
/* Steps go down but for rounding: the current iterate is the best of them. */
bool tg_descends_(const tg_run *run);
/* Makes p the current iterate; rate as reported. */
void tg_accept_(tg_run *run, tg_point_ *p, double rate);
void tg_accept_step_(tg_run *run, tg_point_ *p, double rate, double step); /* when the step is known */
/* Before a step is tried: the model of C at the current iterate has its minimum at the current x + d, where C
 * is less by `gain`. Ends the run when that is as near as the options ask for. A guess is a model made of
 * other than all second derivatives at this point, and takes more to be believed; `here`: of some of them. */
int tg_model_(tg_run *run, const double *d, double gain);
int tg_guess_(tg_run *run, const double *d, double gain, bool here);
/* For steps made of products with g: ends the run where g is rounding, which they would take for a direction.
 */
int tg_level_(tg_run *run);
/* No lower point was found: ends the run, as it is as low as rounding allows, or has stalled. */
int tg_stall_(tg_run *run);
/* Ends the run; returns 1. */
int tg_stop_(tg_run *run, tg_stop why);
/* Ends it where a value or what belongs to it is not finite: TG_STOP_UNBOUNDED or TG_STOP_NONFINITE;
 * returns 1. */
int tg_stop_nonfinite_(tg_run *run, double value);
int tg_error_(tg_run *run, tg_status why, const char *message); /* `message`: static */
/* The learning rate of this step. */
int tg_rate_(tg_run *run, double *rate);

/* ---- pieces of the driver ---- */

size_t tg_pad_(size_t n);
/* Asks for large pages for memory not yet touched: streams of vectors were read a third faster. */
void tg_large_pages_(void *block, size_t bytes);
int tg_first_order_step_(tg_run *run);
/* x, g and largest of p -> out by the method's update; out may be p->x. Returns the largest change of an
 * entry, NaN when it or the method's state is not finite. */
double tg_first_order_update_(tg_run *run, const tg_point_ *p, double *out, double rate);
/* x -> out: the point where the gradient is taken. */
void tg_first_order_look_(tg_run *run, const double *x, double *out, double rate);
/* At a point called converged: goes on to a lower one along negative curvature; nonzero: the run has ended.
 */
int tg_leave_saddle_(tg_run *run);
/* Stopping tests (stop.c) and watch. `from`: where the step came from; NULL in tg_run_update. */
int tg_after_iteration_(tg_run *run, const tg_point_ *from);
/* The condition that the iterate shown meets, or TG_RUNNING; `gradient`: the one shown belongs to it. */
tg_stop tg_limit_(const tg_run *run, bool gradient);
void tg_fit_limit_(tg_run *run); /* ends a fit that is at a limit */
void tg_show_(tg_run *run);      /* the report describes the current iterate */
void tg_say_(tg_run *run);       /* and its message the stop, unless a failure has words of its own */
bool tg_start_reached_(const tg_run *run);
/* What a callback returned; `failure`, static, says which it was. */
int tg_answer_(tg_run *run, int callback, const char *failure);
/* Of the step from a to b, whose largest entry is `largest`, in the norm of step_tol. */
double tg_step_norm_(const tg_run *run, const double *a, const double *b, double largest);
double tg_gradient_norm_(const tg_run *run, const tg_point_ *p);
/* Largest |a_i| of n entries without padding, or NaN. */
double tg_largest_(const tg_run *run, const double *a);
void tg_watch_(tg_run *run, tg_watch_fn watch, void *user);
void tg_plateau_(tg_run *run, double value);
/* Which of the schedules it is: 0 constant, then in the order of the header; your own come last. */
int tg_schedule_kind_(const tg_schedule *s);
bool tg_is_plateau_(const tg_schedule *s);
bool tg_stays_zero_(const tg_schedule *s); /* when it has come to 0; of your own nothing is known */
bool tg_iterate_(tg_run *run);             /* tg_run_step without copying theta out */
/* Runs to the end, reports and frees; on failure theta was never written to. */
tg_status tg_run_out_(tg_run *run, double *theta, tg_report *r);
tg_status tg_refused_(tg_status why, const char *message, const double *theta, tg_report *r);
const tg_point_ *tg_final_point_(const tg_run *run);
int tg_fit_step_(tg_run *run);
void tg_fit_begin_(tg_run *run);
size_t tg_fit_batches_(const tg_run *run); /* in an epoch (4.13) */
size_t tg_fit_planned_(const tg_run *run); /* in all */
void tg_finish_(tg_run *run);              /* theta and the report's theta: the final point */
const tg_rule_ *tg_rule_of_(const tg_method *m);
/* What tg_minimize_check, tg_fit_check and tg_update_check have in common. */
tg_status tg_settings_check_(const tg_objective *c, const tg_method *m, const char **message);
/* `message`, unless NULL, gets a static text on failure. */
tg_status tg_run_make_(tg_run **out, const tg_objective *c, const tg_method *m, double *theta,
                       const tg_minimize_options *o, const tg_fit_options *f, const char **message);

/* 1 - b^t without cancellation: the bias correction (4.24) of a decay b in [0, 1), t >= 1 */
double tg_correction_(double b, size_t t);

/* Checks shared by methods: a message, or NULL. */
const char *tg_check_first_order_(const tg_objective *c, const tg_method *m);
const char *tg_check_line_(const tg_method *m);
const char *tg_check_schedule_(const tg_schedule *s);
/* evaluate of objectives that could not be made, by which the checks know what was missing. */
int tg_no_function_(const double *theta, double *value, double *gradient, void *user);
int tg_no_differences_(const double *theta, double *value, double *gradient, void *user);
int tg_no_quadratic_(const double *theta, double *value, double *gradient, void *user);

#define TG_METHOD(name) extern const tg_rule_ tg_##name##_rule_;
#include "methods.def"
#undef TG_METHOD
enum {
#define TG_METHOD(name) TG_METHOD_##name,
#include "methods.def"
#undef TG_METHOD
  TG_METHOD_COUNT_
};

#endif
