/* A fit under way, and what every method asks of it: may it go on, is the optimum near enough, why
 * did it end? */
#ifndef TRAIN_FIT_STATE_H
#define TRAIN_FIT_STATE_H

#include "fit.h"

typedef struct fit {
  problem *p;
  double *theta; /* n, fitted coordinates: the point so far */
  const fit_settings *settings;
  fit_outcome *outcome; /* so far */
  double start;         /* on the clock */
  double looked;        /* when the watcher was last asked within an iteration */
} fit;

/* From now on. */
fit fit_begin(problem *p, double *theta, const fit_settings *s, fit_outcome *o);

/* Tells the watcher where the fit stands, with the bound C - C* <= gap. False, with the reason in the outcome,
 * when it ends: the gap is within the tolerance, a limit is reached, or the watcher says so. */
bool fit_goes_on(fit *t, double gap);

/* The same within what takes long: the watcher and the limit on time, at most ten times a second. */
bool fit_goes_on_within(fit *t);

/* Lets the problem ask that, until it is released. The fit must stay where it is. */
void fit_attend(fit *t);
void fit_release(fit *t);

/* Are rows without the curvature that a gap counts on? A gap that would end the fit, and that was judged by
 * the full curvature of the loss, is divided by the share of it that the rows have at theta: that of the
 * intercept, which stands in all of them. */
tg_status fit_judge_gap(const fit *t, double *gap);

/* Why a run of the library ended, with C - C* <= gap. */
fit_stop fit_stop_of(const fit *t, tg_stop stop, double gap);

/* What runs of the library are told, whose ends are judged here. */
tg_minimize_options fit_run_options(const fit_settings *s);

/* Of a trust region, in fitted coordinates: beyond every step that makes sense. Too large it costs a few values
 * only. */
double fit_first_radius(const model_shape *m);

#endif
