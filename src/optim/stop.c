/* When an iteration ends a run: the conditions of section 4.1 of the book, the same for every method. How far it
 * is to the minimum stands in distance.c.
 *
 * After every iteration, in this order:
 *   1. the options: gradient, step, value, relative change, iterations, seconds. The first that is met is the stop;
 *   2. the estimated distance to the minimum (accuracy), also where step 1 met a limit;
 *   3. a success that rests on a gradient which rule R5 may have cut is not called one (TG_STOP_ZERO_RULE);
 *   4. a run that has not come lower for long is as low as rounding allows, or has stalled;
 *   5. the watch, which may end a run that goes on. */
#include "stop.h"

#include <assert.h>
#include <math.h>

/* A gradient of exactly 0 has nothing to say to any method, whatever the tolerance. */
bool tg_flat_(const tg_run *run)
{
  const tg_report *r = &run->s.report;
  return r->gradient_norm == 0.0 || (run->o.gradient_tol > 0.0 && r->gradient_norm <= run->o.gradient_tol);
}

/* A line search at the limit of rounding may accept steps that change nothing. When for long neither the
 * value nor the gradient reaches a new low, there is none to be found. */
static bool idles(tg_run *run)
{
  enum { PATIENCE = 20 };
  tg_state_ *s = &run->s;
  const tg_point_ *p = tg_current_(run);
  const double size = tg_bounded_(&run->problem) ? s->report.gradient_norm : p->largest;
  const bool falls = p->value < s->lowest_value || size < 0.9 * s->smallest_gradient;
  s->lowest_value = fmin(s->lowest_value, p->value);
  s->smallest_gradient = fmin(s->smallest_gradient, size);
  s->stagnant = falls ? 0 : s->stagnant + 1;
  return s->stagnant >= PATIENCE && tg_descends_(run);
}

static tg_stop met(const tg_run *run, bool gradient)
{
  const tg_report *r = &run->s.report;
  const tg_minimize_options *o = &run->o;
  const double change = fabs(run->s.value_before - r->value);
  if (gradient && tg_flat_(run)) return TG_STOP_GRADIENT;
  const bool moved = r->rate != 0.0; /* a step of rate 0 says nothing by changing nothing */
  if (moved && o->step_tol > 0.0 && run->s.step_norm <= o->step_tol) return TG_STOP_STEP;
  if (moved && o->value_tol > 0.0 && change <= o->value_tol) return TG_STOP_VALUE;
  if (moved && o->relative_tol > 0.0 && change <= o->relative_tol * fabs(run->s.value_before))
    return TG_STOP_RELATIVE;
  if (o->max_iterations > 0 && r->iterations >= o->max_iterations) return TG_STOP_ITERATIONS;
  if (o->max_seconds > 0.0 && r->seconds >= o->max_seconds) return TG_STOP_SECONDS;
  return TG_RUNNING;
}

tg_stop tg_limit_(const tg_run *run, bool gradient) { return tg_unhidden_(run, met(run, gradient)); }

void tg_watch_(tg_run *run, tg_watch_fn watch, void *user)
{
  if (!watch) return;
  tg_say_(run);
  const int answer = watch(&run->s.report, user);
  /* The reason found first stands, unless the watch reports a failure. */
  if (answer < 0 || run->s.report.stop == TG_RUNNING) tg_answer_(run, answer, "the watch returned a failure");
  run->s.interrupted = false; /* between two steps */
}

int tg_after_iteration_(tg_run *run, const tg_point_ *from)
{
  assert((from != NULL) == !run->by_caller);
  run->s.accuracy_met = 0.0;
  const bool idle = from && idles(run), there = from && tg_arrived_(run, from);
  run->s.report.stop = tg_limit_(run, !run->by_caller); /* the caller's was looked at before the step */
  if (there && !tg_converged(run->s.report.stop)) run->s.report.stop = TG_STOP_ACCURACY;
  run->s.report.stop = tg_unhidden_(run, run->s.report.stop);
  if (idle && run->s.report.stop == TG_RUNNING) tg_stall_(run); /* by what the model said a step ago */
  if (run->rule->properties & TG_HAS_MODEL) run->s.is_near = false;
  tg_watch_(run, run->o.watch, run->o.user);
  return run->s.report.stop != TG_RUNNING;
}
