/* Minimising a problem. Which method: Newton's with a Hessian for few parameters, L-BFGS for many, also with
 * an L1 penalty, or any method of the library by its name. */
#ifndef TRAIN_FIT_H
#define TRAIN_FIT_H

#include "problem.h"

/* Why a fit ended: code, what that means for the status of the program, a word for programs, and a text for
 * people. */
typedef enum fit_kind {
  FIT_SUCCESS, /* what was asked for is there */
  FIT_SHORT,   /* a model is there, short of what was asked for */
  FIT_NOTHING  /* there is no model: the objective has no minimum */
} fit_kind;

#define FIT_STOP_LIST(X)                                                                                     \
  X(FIT_RUNNING, FIT_SHORT, "running", "running")                                                            \
  X(FIT_CONVERGED, FIT_SUCCESS, "converged", "converged")                                                    \
  X(FIT_ROUNDING, FIT_SUCCESS, "rounding",                                                                   \
    "converged as far as rounding allows, short of the tolerance: doubles tell nothing lower apart")         \
  X(FIT_EPOCHS, FIT_SUCCESS, "epochs", "the epochs asked for are done")                                      \
  X(FIT_WORSE, FIT_SHORT, "worse",                                                                           \
    "the objective has ended far above that of no coefficients at all: a smaller --rate may help")           \
  X(FIT_STALLED, FIT_SHORT, "stalled", "no lower value can be found, short of the tolerance")                \
  X(FIT_ITERATIONS, FIT_SHORT, "iterations", "the limit on iterations is reached, short of the tolerance")   \
  X(FIT_SECONDS, FIT_SHORT, "seconds", "the limit on time is reached, short of the tolerance")               \
  X(FIT_INTERRUPTED, FIT_SHORT, "interrupted", "interrupted; the best point so far is kept")                 \
  X(FIT_FLOOR, FIT_SHORT, "floor",                                                                           \
    "the penalty is too small for arithmetic: every row is so certain that the optimum cannot be told from " \
    "points near it")                                                                                        \
  X(FIT_SEPARATED, FIT_NOTHING, "separated",                                                                 \
    "the classes are separable: without a penalty there is no optimum")                                      \
  X(FIT_SUSPECTED, FIT_NOTHING, "suspected",                                                                 \
    "the classes look separable, which could not be proven: coefficients grow without end")                  \
  X(FIT_DIVERGED, FIT_NOTHING, "diverged", "the objective falls without end or is not finite")

typedef enum fit_stop {
#define FIT_STOP_ROW(code, kind, word, text) code,
  FIT_STOP_LIST(FIT_STOP_ROW)
#undef FIT_STOP_ROW
} fit_stop;

const char *fit_stop_string(fit_stop s);
const char *fit_stop_word(fit_stop s);
fit_kind fit_stop_kind(fit_stop s);
bool fit_converged(fit_stop s); /* to the tolerance, or as far as rounding allows */

typedef struct fit_progress {
  const char *method;
  size_t iteration, limit; /* epochs for stochastic methods */
  double objective, gradient_norm, seconds;
  const double *theta;
  const tg_run *run; /* of the library, if that is what runs: to be saved */
  bool within;       /* an epoch: neither the end of an iteration nor a line of a trace */
} fit_progress;

/* Sees every iteration; an answer other than FIT_RUNNING ends the fit with that reason. */
typedef fit_stop (*fit_watch)(const fit_progress *now, void *user);

typedef struct fit_settings {
  const char *method; /* "auto", "newton", "proximal" or a name that tg_method_named knows */
  double tolerance;   /* wanted: (C - C*) / |C*| */
  size_t max_iterations;
  double max_seconds;   /* 0: no limit */
  size_t epochs, batch; /* stochastic methods */
  double rate;          /* their learning rate; 0: the method's default */
  uint64_t seed;
  const void *resume; /* a saved run of the library to go on from, or NULL */
  size_t resume_size;
  fit_watch watch;
  void *user;
} fit_settings;

typedef struct fit_outcome {
  fit_stop stop;
  const char *method;
  size_t iterations;                                     /* or epochs */
  size_t values, gradients, hessians, products, batches; /* over all rows, but for the mini-batches */
  double objective, gradient_norm,
      seconds;       /* the norm: Euclidean, of the least subgradient, in fitted coordinates */
  const tg_run *run; /* while it runs */
} fit_outcome;

fit_settings fit_defaults(void);

/* From theta (n, in and out, fitted coordinates). False only on failure; how it ended is in the outcome. */
bool fit_run(problem *p, double *theta, const fit_settings *s, fit_outcome *o, failure *f);

/* Does the method of that name see a mini-batch at a time? */
bool fit_stochastic(const char *method);

/* What a problem asks within what takes long: the watcher and the limit on time, at most ten times a second.
 * If the answer is no, the outcome tells why. */
typedef struct fit_patience {
  const double *theta;
  const fit_settings *settings;
  fit_outcome *outcome;
  double start, looked; /* on the clock */
} fit_patience;

bool fit_within(void *patience); /* a problem's go_on */

/* -- the parts, for fit.c
 * ---------------------------------------------------------------------------------------- */

bool fit_newton(problem *p, double *theta, const fit_settings *s, fit_outcome *o, failure *f);
bool fit_proximal_newton(problem *p, double *theta, const fit_settings *s, fit_outcome *o, failure *f);
bool fit_proximal(problem *p, double *theta, const fit_settings *s, fit_outcome *o, failure *f);
double fit_clock(void); /* seconds */
/* Tells the watcher where the fit stands. False, with the reason in the outcome, when it ends: C - C* <= gap,
 * as far as is known, is within the tolerance, or a limit is reached. */
bool fit_goes_on(const problem *p, const double *theta, double gap, const fit_settings *s, fit_outcome *o,
                 double start);
/* Divides a gap that would end the fit, and that was judged by the full curvature of the loss, by the share
 * of it that the rows have at theta: that of the intercept, which stands in all of them. */
tg_status fit_judge_gap(problem *p, const double *theta, const fit_settings *s, const fit_outcome *o,
                        double *gap);
/* Why a run of the library ended, with C - C* <= gap. */
fit_stop fit_stop_of(const problem *p, const double *theta, tg_stop stop, double gap, const fit_outcome *o);
/* Beyond every step that makes sense: too large it costs a few values only. */
double fit_first_radius(const model_shape *m);
tg_minimize_options fit_run_options(const fit_settings *s);
double least_subgradient(const problem *p, const double *theta, const double *gradient); /* its norm */
bool fit_fail_status(tg_status status, failure *f);
/* Without flat directions; the gradient at theta tells which they are, NULL: all without curvature. */
tg_status problem_gauged_hessian(problem *p, const double *theta, const double *gradient, double *hessian);

#endif
