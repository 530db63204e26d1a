/* Why a run stopped, and where it stands.
 *
 * A failure is a tg_status. Why an iteration ended is no failure but a tg_stop, and a tg_report beside it tells
 * where the run stands:
 *
 *   if (tg_minimize(c, m, theta, NULL, &r) == TG_OK && tg_converged(r.stop)) ...
 *   else puts(r.message); */
#ifndef TAPEGRAD_REPORT_H
#define TAPEGRAD_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One line per reason: code, text. */
#define TG_STOP_LIST(X)                                                                                      \
  X(TG_RUNNING, "running")                                                                                   \
  X(TG_STOP_GRADIENT, "the gradient is within its tolerance")                                                \
  X(TG_STOP_VALUE, "the value changes less than its tolerance")                                              \
  X(TG_STOP_RELATIVE, "the value changes less than its tolerance, relative to its size")                     \
  X(TG_STOP_STEP, "the step is within its tolerance")                                                        \
  X(TG_STOP_ACCURACY, "the estimated distance to the minimum is within its tolerance")                       \
  X(TG_STOP_ROUNDING, "as low as rounding allows")                                                           \
  X(TG_STOP_ZERO_RULE,                                                                                       \
    "a tolerance is met, but a product with an exact zero may hide a part of the gradient")                  \
  X(TG_STOP_ITERATIONS, "the limit on iterations is reached")                                                \
  X(TG_STOP_EPOCHS, "the epochs asked for are done")                                                         \
  X(TG_STOP_SECONDS, "the limit on time is reached")                                                         \
  X(TG_STOP_PATIENCE, "the validation value has not improved for as long as allowed")                        \
  X(TG_STOP_STALLED, "no lower value can be found along any direction tried; a tolerance was not met")       \
  X(TG_STOP_UNBOUNDED, "the value falls without end along a direction")                                      \
  X(TG_STOP_SINGULAR, "the equations for the step are singular or not positive definite")                    \
  X(TG_STOP_NONFINITE, "the value or gradient is not finite")                                                \
  X(TG_STOP_USER, "stopped by a callback")                                                                   \
  X(TG_STOP_ERROR, "stopped by a failure; see the status")

typedef enum tg_stop {
#define TG_STOP_ROW(code, text) code,
  TG_STOP_LIST(TG_STOP_ROW)
#undef TG_STOP_ROW
} tg_stop;

/* The text of a stop reason, never NULL. Static storage. */
TG_API const char *tg_stop_string(tg_stop s);
/* Whether a run that stopped so reached its aim: a tolerance was met, or the value is as low as rounding allows.
 * False for
 *   - limits, stalls, callbacks and failures;
 *   - what ends a tg_fit, which has no tolerance;
 *   - TG_STOP_ZERO_RULE, a tolerance met where rule R5 (operations.h) may hide a part of the gradient.
 * That rule is counted, with nothing hidden, also where an infinite partial lies in a branch that tg_where did not
 * take. Guard its operand as well, tg_where(c, tg_sqrt(tg_where(c, z, 1.0)), 0.0), and no such product is left. */
TG_API bool tg_converged(tg_stop s);

/* Where a run stands. Plain, owns nothing.
 *   tg_minimize    value, gradient_norm and theta always belong to the same point: the current iterate while it
 *                  runs, and what the call left in your theta once it has ended. What nobody has computed
 *                  there, as the run was cut short before, is NaN.
 *   tg_fit         see the fields.
 *   tg_run_update  value and gradient_norm are of what you gave last, at theta as it was before the step. */
typedef struct tg_report {
  tg_stop stop;         /* TG_RUNNING, or why it ended */
  size_t iterations;    /* steps completed */
  size_t epoch, epochs; /* tg_fit: epochs completed, and planned */
  size_t values;        /* evaluations of the value ... */
  size_t gradients;     /* ... of the gradient (a call for both counts once in each) */
  size_t products;      /* Hessian-vector products */
  size_t hessians;      /* Hessians, or Jacobians of residuals */
  size_t zero_rule;     /* how often derivatives needed rule R5, as the objective counts: 0 if it does not */
  size_t best_epoch;    /* tg_fit: the epoch whose parameters are kept */
  double value;         /* C(theta); tg_fit: mean of the last epoch's batch values */
  double gradient_norm; /* in the norm of the options; tg_fit: largest entry of the last batch's gradient */
  double step;          /* largest change of an entry of theta in the last step */
  double rate;          /* learning rate, or length along the direction, of the last step */
  double validation;    /* tg_fit: at the last epoch's end; NaN without */
  double best_validation; /* tg_fit: smallest so far; NaN without */
  double seconds;         /* wall time since the run began */
  const double *theta;    /* n; while it runs, valid until the next step */
  /* A sentence, never NULL, static. After a refusal it is what tg_minimize_check or its kin say, after a failure
   * what failed (the status says how), else the text of `stop`. */
  const char *message;
} tg_report;

/* Sees the run after each iteration (tg_fit: each epoch). Returns as the callbacks of an objective do. */
typedef int (*tg_watch_fn)(const tg_report *now, void *user);

#ifdef __cplusplus
}
#endif
#endif
