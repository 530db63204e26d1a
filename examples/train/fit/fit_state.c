#include "fit_state.h"

#include "memory.h"
#include "system.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

fit fit_begin(problem *p, double *theta, const fit_settings *s, fit_outcome *o)
{
  const double now = system_seconds();
  return (fit){p, theta, s, o, now, now};
}

/* Is C - C* <= gap lost in the rounding of C, in so many of its units, or the fit as exact as the target is? */
static bool within_rounding(const fit *t, double gap, double units)
{
  const double exact = problem_exact(t->p, t->theta), objective = t->outcome->objective;
  return gap <= units * DBL_EPSILON * fabs(objective) || gap <= exact || objective <= exact;
}

static fit_stop limit_on_time(const fit *t)
{
  const double most = t->settings->max_seconds;
  return most > 0 && t->outcome->seconds >= most ? FIT_SECONDS : FIT_RUNNING;
}

static fit_stop ask_watcher(const fit *t, bool within)
{
  const fit_settings *s = t->settings;
  const fit_outcome *o = t->outcome;
  if (s->watch == NULL) return FIT_RUNNING;
  const fit_progress now = {.method = o->method,
                            .iteration = o->iterations,
                            .limit = s->max_iterations,
                            .objective = o->objective,
                            .gradient_norm = o->gradient_norm,
                            .seconds = o->seconds,
                            .theta = t->theta,
                            .run = o->run,
                            .within = within};
  return s->watch(&now, s->user);
}

bool fit_goes_on(fit *t, double gap)
{
  const fit_settings *s = t->settings;
  fit_outcome *o = t->outcome;
  o->seconds = system_seconds() - t->start;
  o->stop = ask_watcher(t, false);
  if (o->stop != FIT_RUNNING) return false;
  if (gap <= s->tolerance * fabs(o->objective)) return o->stop = FIT_CONVERGED, false;
  o->stop = o->iterations >= s->max_iterations ? FIT_ITERATIONS : limit_on_time(t);
  if (o->stop != FIT_RUNNING && within_rounding(t, gap, 1)) o->stop = FIT_ROUNDING;
  return o->stop == FIT_RUNNING;
}

bool fit_goes_on_within(fit *t)
{
  fit_outcome *o = t->outcome;
  const double now = system_seconds();
  if (now - t->looked < 0.1) return true;
  t->looked = now;
  o->seconds = now - t->start;
  fit_stop stop = limit_on_time(t);
  if (stop == FIT_RUNNING) stop = ask_watcher(t, true);
  if (stop == FIT_RUNNING) return true;
  o->stop = stop;
  return false;
}

static bool goes_on_within(void *user) { return fit_goes_on_within(user); }

void fit_attend(fit *t)
{
  assert(t->p->go_on == NULL);
  t->p->go_on = goes_on_within;
  t->p->go_on_user = t;
  t->p->stopped = false;
}

void fit_release(fit *t)
{
  t->p->go_on = NULL;
  t->p->go_on_user = NULL;
}

/* Rows may be without curvature on straight pieces of a loss, and where a logistic model is sure and wrong, so
 * that it is worse than none. */
static bool may_be_flat(const fit *t)
{
  const model_shape *m = &t->p->shape;
  if (m->kind == MODEL_LINEAR) return m->loss != LOSS_SQUARED;
  return m->kind == MODEL_LOGISTIC && t->outcome->objective > log(2);
}

tg_status fit_judge_gap(const fit *t, double *gap)
{
  problem *p = t->p;
  const double ends = fmax(t->settings->tolerance, 1000 * DBL_EPSILON) * fabs(t->outcome->objective);
  if (*gap == 0 || !may_be_flat(t) || (*gap > ends && *gap > problem_exact(p, t->theta))) return TG_OK;
  const tg_objective c = problem_objective(p);
  double *room = zeroed(2 * p->n, sizeof *room);
  if (room == NULL) return TG_E_NOMEM;
  double *intercept = room, *curvature = room + p->n;
  intercept[p->n - 1] = 1;
  const int status = c.hvp(t->theta, intercept, curvature, c.user);
  const double share = curvature[p->n - 1] / problem_curvature(&p->shape);
  if (share < 1) *gap = share > 0 ? *gap / share : INFINITY;
  free(room);
  return (tg_status)status;
}

fit_stop fit_stop_of(const fit *t, tg_stop stop, double gap)
{
  if (tg_converged(stop)) return stop == TG_STOP_ROUNDING ? FIT_ROUNDING : FIT_CONVERGED;
  switch (stop) {
  case TG_STOP_EPOCHS:
  case TG_STOP_PATIENCE: return FIT_EPOCHS;
  case TG_STOP_ITERATIONS: return FIT_ITERATIONS;
  case TG_STOP_SECONDS: return FIT_SECONDS;
  case TG_STOP_UNBOUNDED:
  case TG_STOP_NONFINITE: return FIT_DIVERGED;
  default: return within_rounding(t, gap, 1000) ? FIT_ROUNDING : FIT_STALLED;
  }
}

tg_minimize_options fit_run_options(const fit_settings *s)
{
  tg_minimize_options options = tg_minimize_defaults();
  options.accuracy = 0;
  options.norm = TG_NORM_EUCLID;
  options.max_iterations = s->max_iterations;
  return options;
}

double fit_first_radius(const model_shape *m)
{
  const bool straight = m->kind == MODEL_LINEAR && m->loss != LOSS_SQUARED;
  if (m->kind == MODEL_LINEAR) return straight ? fabs(m->centre) + 10 * m->unit : 1e100;
  return 100;
}
