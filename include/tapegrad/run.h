/* Runs: tg_minimize and tg_fit step by step, also driven by your own gradients, saved and restored.
 *
 *   tg_run *run;
 *   if (tg_run_new(&run, c, tg_lbfgs(), theta, NULL) == TG_OK)
 *     while (tg_run_step(run)) look_at(tg_run_report(run));
 *   tg_run_free(run); */
#ifndef TAPEGRAD_RUN_H
#define TAPEGRAD_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "fit.h"
#include "method.h"
#include "minimize.h"
#include "objective.h"
#include "report.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A run: one method on one objective, from a start. One thread at a time may use it. */
typedef struct tg_run tg_run;

/* A new run, at its start. It borrows theta (n), the objective's `user` and what the options point to until
 * tg_run_free; options are copied. Everything is allocated here, nothing is evaluated. On failure *run is NULL; the
 * status is as of tg_minimize, tg_fit. An objective of n alone, without callbacks, is for tg_run_update. */
TG_API tg_status tg_run_new(tg_run **run, tg_objective c, tg_method m, double *theta,
                            const tg_minimize_options *o);
TG_API tg_status tg_run_new_fit(tg_run **run, tg_objective c, tg_method m, double *theta,
                                const tg_fit_options *o);
/* One iteration or mini-batch. Afterwards theta holds the current iterate, or the final point when the run has
 * ended. False when it has ended, for NULL, and for a run of tg_run_update. A run that has ended stays ended. */
TG_API bool tg_run_step(tg_run *run);
/* One step of a method with the caller's gradient (n) at the theta of the run, which is changed in place. `value` is
 * C(theta), which is only reported and compared; NaN when unknown.
 *
 *   for (;;) {
 *     value = my_gradient(theta, g);
 *     if (tg_run_update(run, value, g) != TG_OK || tg_run_report(run)->stop != TG_RUNNING) break;
 *   }
 *
 * It is for runs whose objective has no callback at all, and for methods that take the gradient at theta
 * (tg_method_properties: TG_TAKES_UPDATES; so not "nesterov"). The tolerances, limits and watch of the options
 * apply.
 *   - The gradient tolerance is looked at before the step; when it is met theta stays. After a step the report's
 *     value and gradient norm belong to theta before it.
 *   - A gradient that is not finite, an infinite value, or a step that would leave the finite numbers ends the run
 *     (TG_STOP_NONFINITE; TG_STOP_UNBOUNDED for -inf) and leaves theta.
 * TG_E_ARGUMENT, or the failure that ended the run; TG_OK and no change when it has ended otherwise. */
TG_API tg_status tg_run_update(tg_run *run, double value, const double *gradient);
/* Why tg_run_new would refuse a run for tg_run_update (an objective of n alone); as tg_minimize_check. */
TG_API tg_status tg_update_check(const tg_objective *c, const tg_method *m, const tg_minimize_options *o,
                                 const char **message);
/* TG_OK, or the failure that ended it; TG_E_ARGUMENT for NULL. */
TG_API tg_status tg_run_status(const tg_run *run);
/* The run's own report, up to date after each step; valid until tg_run_free. NULL for NULL. */
TG_API const tg_report *tg_run_report(const tg_run *run);

/* ---- checkpoints ----
 *
 * The caller stores tg_run_size bytes, which tg_run_save fills.
 *
 *   void *bytes = malloc(tg_run_size(run));
 *   tg_run_save(run, bytes);
 *   ...
 *   s = tg_run_restore(another, bytes, size);
 *
 * Restored into a run made with the same objective, method and options by the same build, the run continues as the
 * saved one would have, bit for bit (limits on wall time aside; time counts on from the saved run's). theta becomes
 * the saved iterate.
 *
 * What must be the same is compared: settings, schedule, norms, batch, seed, shuffle, whether there is a validation
 * objective, the numbers in bounds and weights, and what the objective provides. Of a rate function of your own
 * only its p is compared. When something differs, or the bytes are no checkpoint: TG_E_DATA, and no change.
 *
 * What may differ are the limits (tolerances, max_iterations, max_seconds, epochs, patience) and where to report
 * (watch, gradient, user). The new ones count from there.
 *   - A run that ended at a limit or tolerance, or was stopped by a callback, goes on unless it meets one of the
 *     new. So epochs are added to a fit, whose last parameters are kept beside the best.
 *   - Where a callback of the objective stopped it, its step is made anew, and a method that is not of first order
 *     begins anew from there.
 *   - A schedule whose period is the number of steps planned follows the new number.
 *
 * Bytes made to deceive can put any numbers into theta and what the method keeps, but do no other harm: no callback
 * sees a sample or step that is none. */

/* Bytes of a checkpoint of this run, the same all its life; 0 for NULL. */
TG_API size_t tg_run_size(const tg_run *run);
/* Writes tg_run_size bytes. Does nothing when an argument is NULL. */
TG_API void tg_run_save(const tg_run *run, void *bytes);
/* TG_OK, TG_E_DATA as said above, or TG_E_ARGUMENT for NULL. */
TG_API tg_status tg_run_restore(tg_run *run, const void *bytes, size_t size);
TG_API void tg_run_free(tg_run *run); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
