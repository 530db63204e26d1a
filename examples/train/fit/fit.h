/* Minimising a problem.
 *
 *   fit.c               which method: Newton's with a Hessian for few parameters, L-BFGS for many, also with an
 *      |                L1 penalty, or any method of the library by its name (methods.c)
 *   newton.c, proximal_newton.c, proximal.c, whitened.c, epochs.c
 *      |                one file for each way to get there (ways.h)
 *   fit_state.c         what they share: the fit under way, may it go on, is the optimum near enough
 *   fit_stop.c          why it ended
 */
#ifndef TRAIN_FIT_H
#define TRAIN_FIT_H

#include "fit_stop.h"
#include "problem.h"

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
  double objective, seconds;
  double gradient_norm; /* Euclidean, of the least subgradient, in fitted coordinates */
  const tg_run *run;    /* while it runs */
} fit_outcome;

fit_settings fit_defaults(void);

/* From theta (n, in and out, fitted coordinates). False only on failure; how it ended is in the outcome. */
bool fit_run(problem *p, double *theta, const fit_settings *s, fit_outcome *o, failure *f);

#endif
