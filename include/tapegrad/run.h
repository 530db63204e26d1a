/* Runs: tg_minimize and tg_fit step by step, saved and restored. */
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

typedef struct tg_run tg_run;

/* A run borrows theta (n), the objective's `user` and what the options point to until tg_run_free; options
 * are copied. Everything is allocated here; on failure *run is NULL. An objective without callbacks is for
 * tg_run_update. */
TG_API tg_status tg_run_new(tg_run **run, tg_objective c, tg_method m, double *theta,
                            const tg_minimize_options *o);
TG_API tg_status tg_run_new_fit(tg_run **run, tg_objective c, tg_method m, double *theta,
                                const tg_fit_options *o);
/* One iteration or mini-batch; afterwards theta holds the current iterate, or the final point when the run
 * has ended. False when it has ended. A run that has ended stays ended. */
TG_API bool tg_run_step(tg_run *run);
/* One step of a first-order method with the caller's gradient (n) at the theta of the run, which is changed
 * in place; value is C(theta), which is only reported and compared; NaN when unknown. After the step the
 * report has that value and gradient norm, which belong to theta before it: the gradient tolerance is looked
 * at before the step, and when it is met theta stays and all belong together. For runs whose
 * objective has no callback at all, and methods that take the gradient at theta (so not "nesterov"). A
 * gradient that is not finite, an infinite value, or a step that would leave the finite numbers ends the run
 * (TG_STOP_NONFINITE; TG_STOP_UNBOUNDED for -inf) and leaves theta. The tolerances, limits and watch of the
 * options apply. TG_E_ARGUMENT, or the failure that ended the run; TG_OK and no change when it has ended
 * otherwise. */
TG_API tg_status tg_run_update(tg_run *run, double value, const double *gradient);
/* Why tg_run_new would refuse a run for tg_run_update (an objective of n alone); as tg_minimize_check. */
TG_API tg_status tg_update_check(const tg_objective *c, const tg_method *m, const tg_minimize_options *o,
                                 const char **message);
/* TG_OK, or the failure that ended it; TG_E_ARGUMENT for NULL. */
TG_API tg_status tg_run_status(const tg_run *run);
/* The run's own report, up to date after each step; valid until tg_run_free. NULL for NULL. */
TG_API const tg_report *tg_run_report(const tg_run *run);

/* A checkpoint: tg_run_size bytes, which the caller stores; 0 for NULL. Restored into a run made with the
 * same objective, method and options by the same build, the run continues as the saved one would have, bit
 * for bit (limits on wall time aside; time counts on from the saved run's). theta becomes the saved iterate.
 * What may differ are the limits: tolerances, max_iterations, max_seconds, epochs, patience, and where to
 * report (watch, gradient, user). The new ones count from there: a run that ended at a limit or tolerance, or
 * was stopped by a callback, goes on unless it meets one of the new; so epochs are added to a fit, whose last
 * parameters are kept beside the best. Where a callback of the objective stopped it, its step is made anew,
 * and a method that is not of first order begins anew from there. A schedule whose period is
 * the number of steps planned follows the new number. Everything else is compared - settings, schedule, norm,
 * batch, seed, shuffle, whether there is a validation objective, the numbers in bounds and weights, and what
 * the objective provides; of a rate function of your own only its p. TG_E_DATA, and no change, when the bytes
 * are no checkpoint of such a run. Bytes made to deceive can put any numbers into theta and what the method
 * keeps, but do no other harm: no callback sees a sample or step that is none. */
TG_API size_t tg_run_size(const tg_run *run);
TG_API void tg_run_save(const tg_run *run, void *bytes);
TG_API tg_status tg_run_restore(tg_run *run, const void *bytes, size_t size);
TG_API void tg_run_free(tg_run *run); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
