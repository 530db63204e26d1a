/* Minimising a problem. Which method: Newton's with a Hessian for few parameters, L-BFGS for many, also with
 * an L1 penalty, or any method of the library by its name. */
#ifndef TRAIN_FIT_H
#define TRAIN_FIT_H

#include "problem.h"

#define FIT_STOP_LIST(X)                                                                                     \
  X(FIT_CONVERGED, "converged")                                                                              \
  X(FIT_ROUNDING, "no lower value can be found within rounding, short of the tolerance")                     \
  X(FIT_ITERATIONS, "the limit on iterations is reached, short of the tolerance")                            \
  X(FIT_EPOCHS, "the epochs asked for are done")                                                             \
  X(FIT_SECONDS, "the limit on time is reached, short of the tolerance")                                     \
  X(FIT_INTERRUPTED, "interrupted; the best point so far is kept")                                           \
  X(FIT_SEPARATED, "the classes are separable: without a penalty there is no optimum")                       \
  X(FIT_SUSPECTED, "the classes look separable, which could not be proven: coefficients grow without end")   \
  X(FIT_FLOOR,                                                                                               \
    "the penalty is too small for arithmetic: every row is so certain that the optimum cannot be told from " \
    "points near it")                                                                                        \
  X(FIT_DIVERGED, "the objective falls without end or is not finite")

typedef enum fit_stop {
#define FIT_STOP_ROW(code, text) code,
  FIT_STOP_LIST(FIT_STOP_ROW)
#undef FIT_STOP_ROW
} fit_stop;

const char *fit_stop_string(fit_stop s);

typedef struct fit_progress {
  const char *method;
  size_t iteration, limit; /* epochs for stochastic methods */
  double objective, gradient_norm, seconds;
  const double *theta;
  const tg_run *run; /* of the library, if that is what runs: to be saved */
  bool within;       /* an epoch: neither the end of an iteration nor a line of a trace */
} fit_progress;

/* Sees every iteration; an answer other than FIT_CONVERGED ends the fit with that reason. */
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
  size_t iterations, values, gradients, hessians;
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
bool fit_proximal(problem *p, double *theta, const fit_settings *s, fit_outcome *o, failure *f);
double fit_clock(void); /* seconds */
bool fit_goes_on(problem *p, const double *theta, const fit_settings *s, fit_outcome *o, double start);
double least_subgradient(const problem *p, const double *theta, const double *gradient); /* its norm */
bool fit_fail_status(tg_status status, failure *f);
tg_status problem_gauged_hessian(problem *p, const double *theta,
                                 double *hessian); /* without flat directions */

#endif
