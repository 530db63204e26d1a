/* When a run ends: the conditions of section 4.1 and the estimate of the distance to the minimum. Those
 * returning int give 0 to go on and nonzero when the run has ended. */
#ifndef TG_OPTIM_STOP_H
#define TG_OPTIM_STOP_H

#include "run.h"

/* ---- for methods (distance.c) ---- */

/* Before a step is tried: the model of C at the current iterate has its minimum at the current x + d, where C
 * is less by `gain`. Ends the run when that is as near as the options ask for. */
int tg_model_(tg_run *run, const double *d, double gain);
/* The same for a guess: a model made of other than all second derivatives at this point, which takes more to
 * be believed. `here`: it is made of some of them. */
int tg_guess_(tg_run *run, const double *d, double gain, bool here);
/* For steps made of products with g: ends the run where g is rounding, which they would take for a direction.
 */
int tg_stop_at_rounding_(tg_run *run);
/* No lower point was found: ends the run, as it is as low as rounding allows, or has stalled. */
int tg_stall_(tg_run *run);

/* ---- for drivers ---- */

/* Of methods without a model: the step from `from` to the current iterate tells of curvature, and whether the
 * minimum is near enough. */
bool tg_arrived_(tg_run *run, const tg_point_ *from);
/* All tests after an iteration, and the watch. `from`: where the step came from; NULL in tg_run_update. */
int tg_after_iteration_(tg_run *run, const tg_point_ *from);
/* The condition that the iterate shown meets, or TG_RUNNING; `gradient`: the one shown belongs to it. */
tg_stop tg_limit_(const tg_run *run, bool gradient);
bool tg_flat_(const tg_run *run); /* the gradient shown is 0 or within its tolerance */
void tg_watch_(tg_run *run, tg_watch_fn watch, void *user);

#endif
