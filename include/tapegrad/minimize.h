/* tg_minimize: one call from a start to a minimum, Algorithm 4.1.
 *
 *   double theta[2] = {-1.2, 1.0};
 *   tg_report r;
 *   tg_status s = tg_minimize(tg_function_objective(f), tg_lbfgs(), theta, NULL, &r);
 *   if (s == TG_OK) printf("%g after %zu iterations: %s", r.value, r.iterations, r.message); */
#ifndef TAPEGRAD_MINIMIZE_H
#define TAPEGRAD_MINIMIZE_H

#include <stddef.h>

#include "method.h"
#include "objective.h"
#include "report.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The norm in which gradient_tol is met. */
typedef enum tg_norm {
  TG_NORM_MAX,    /* the largest |g_i|: does not grow with n. The default */
  TG_NORM_EUCLID, /* sqrt(sum g_i^2), as in (4.1), computed without overflow */
  TG_NORM_SCALED, /* max |g_i| max(|theta_i|, 1) / max(|C|, 1): free of the units of C and theta when they are
                     large (Dennis & Schnabel 1983, (7.2.5)) */
  TG_NORM_COSINE  /* levenberg_marquardt alone: the largest |cosine| of r with a column of J, free of all
                     units;  MINPACK's gtol */
} tg_norm;

/* The norm of a step theta - theta' in which step_tol is met. */
typedef enum tg_step_norm {
  TG_STEP_EUCLID, /* sqrt(sum (theta_i - theta'_i)^2), as in (4.1), computed without overflow. The default */
  TG_STEP_MAX,    /* the largest |theta_i - theta'_i|: does not grow with n */
  TG_STEP_SCALED /* max |theta_i - theta'_i| / max(|theta_i|, 1): free of the units of theta where it is large
                    (Dennis & Schnabel 1983, (7.2.7)) */
} tg_step_norm;

/* When to stop: the conditions of section 4.1, each off when 0, and `accuracy`, which alone is on by default as it
 * has a meaning in any units. An iteration is checked in the order of the fields.
 *
 * `accuracy` is about the distance of theta from the minimum, entry by entry and relative to |theta_i| (for
 * entries below 1e-8 of the largest, to that).
 *   - The distance is that to the minimum of the method's own model of C. It stays the same when C is multiplied
 *     by a number or one is added.
 *   - Methods with second derivatives, or the Jacobian of residuals, are believed at once. Of the others the last
 *     step must have been short too, and every |g_i theta_i| small beside |C|, or where C goes to 0 beside what
 *     it has fallen.
 *   - Where theta itself goes to 0 it is enough that next to nothing is left of the fall.
 *   - No such test can know of a minimum further away, or see a direction in which C hardly changes where the
 *     method has never gone.
 *   - tg_run_update has no such estimate.
 * Where values cannot be told apart any more before that is met, a run with a line search or a trust region ends as
 * TG_STOP_ROUNDING if what is left is less than that and the distance within 1e-5, and as TG_STOP_STALLED
 * otherwise.
 *
 * MINPACK's tests are relative_tol (ftol), accuracy (xtol) and gradient_tol in TG_NORM_COSINE (gtol).
 *
 * With all of them off, no watch and steps without a line search a run may never end: it ends where the gradient is
 * exactly 0, where something is not finite, or by a callback of the objective. */
typedef struct tg_minimize_options {
  double gradient_tol;   /* norm of the gradient <= gradient_tol: a number in the units of C. Default 0 */
  double step_tol;       /* norm of the change of theta <= step_tol. Default 0 */
  double value_tol;      /* |C - C'| <= value_tol between two iterates. Default 0 */
  double relative_tol;   /* |C - C'| <= relative_tol |C|, C the value one iterate before. Default 0 */
  double accuracy;       /* |estimated distance of theta_i from the minimum| <= accuracy |theta_i|. Default
                            1e-8 */
  size_t max_iterations; /* Default 10000 */
  double max_seconds;    /* wall time, looked at after iterations and trials of a line search. Default 0 */
  int norm;              /* of the gradient: a tg_norm. Default TG_NORM_MAX */
  int step_norm;         /* of the step: a tg_step_norm. Default TG_STEP_EUCLID */
  double *gradient;      /* n, yours: gets the gradient at the final theta, NaN where it is not known. Default
                            NULL */
  tg_watch_fn watch;     /* Default NULL */
  void *user;            /* handed to watch */
} tg_minimize_options;

/* The defaults named above. */
TG_API tg_minimize_options tg_minimize_defaults(void);

/* Minimises C from theta (n, in and out). `o` NULL: the defaults; `r` NULL: no report. A run that was cut short is
 * not an error: look at r->stop, or tg_converged(r->stop).
 *
 * TG_OK: theta holds the final point.
 *   - The current iterate when a tolerance was met or the run stalled.
 *   - The best finite point seen when it was cut short (iterations, seconds, user, not finite, unbounded): an
 *     iterate, a trial of the last search or a point looked ahead to.
 * Otherwise theta and o->gradient are as they were:
 *   TG_E_ARGUMENT   n of 0, NULL, or a setting out of range
 *   TG_E_METHOD     a callback the method needs is missing, or it takes no bounds
 *   TG_E_NOMEM, TG_E_SIZE
 *   TG_E_NONFINITE  the value or gradient is not finite at the start
 *   any other       what a callback answered
 *
 * Cost: one evaluation at the start, then as the method says (method.h). No allocation after the start.
 * See also: tg_minimize_check, tg_run_new to step by hand, tg_fit for mini-batches. */
TG_API tg_status tg_minimize(tg_objective c, tg_method m, double *theta, const tg_minimize_options *o,
                             tg_report *r);

/* Why tg_minimize would refuse: TG_OK, or the TG_E_ARGUMENT or TG_E_METHOD it would answer. `message`, unless
 * NULL, gets a static text that names the setting, schedule or option out of range, or the missing callback.
 * Evaluates nothing. `o` NULL: the defaults. */
TG_API tg_status tg_minimize_check(const tg_objective *c, const tg_method *m, const tg_minimize_options *o,
                                   const char **message);

/* One call for two methods: a cheap one to come near, an exact one to finish.
 *
 *   tg_minimize_handover(c, tg_adam(0.01), 200, tg_lbfgs(), theta, NULL, &r);
 *
 * `first` runs for so many iterations, or until it meets a tolerance, stalls or leaves the finite numbers. When it
 * has met a tolerance that is the end. Otherwise `then` goes on from its best point.
 *   - Counts, time and limits are of both together.
 *   - A schedule of `then` plans the iterations left.
 *   - The problem solved and reported is that of `then`. Where its bounds or L1 term differ from those of `first`,
 *     which need have none, a tolerance met by `first` says nothing and `then` goes on; what is returned is
 *     within the bounds of `then`.
 * Otherwise as tg_minimize. */
TG_API tg_status tg_minimize_handover(tg_objective c, tg_method first, size_t iterations, tg_method then,
                                      double *theta, const tg_minimize_options *o, tg_report *r);

#ifdef __cplusplus
}
#endif
#endif
