/* The one place where callbacks of an objective are called: counts, cancels, looks for what is not finite. */
#include <math.h>

#include "box.h"
#include "run.h"

int tg_stop_(tg_run *run, tg_stop why)
{
  run->s.report.stop = tg_unhidden_(run, why);
  return 1;
}

int tg_stop_nonfinite_(tg_run *run, double value)
{
  return tg_stop_(run, value == -INFINITY ? TG_STOP_UNBOUNDED : TG_STOP_NONFINITE);
}

int tg_error_(tg_run *run, tg_status why, const char *message)
{
  run->s.status = why;
  run->s.report.stop = TG_STOP_ERROR;
  run->s.report.message = message;
  return 1;
}

int tg_answer_(tg_run *run, int callback, const char *failure)
{
  if (callback == 0) return 0;
  run->s.torn = true;
  return callback > 0 ? tg_stop_(run, TG_STOP_USER) : tg_error_(run, (tg_status)callback, failure);
}

tg_point_ *tg_current_(tg_run *run) { return &run->s.point[run->s.current]; }

int tg_points_(const tg_run *run) { return run->rule->step && !run->fit ? TG_POINTS_ : TG_POINTS_ - 1; }

void tg_seen_(tg_run *run, const tg_point_ *p)
{
  if (p->finite && p->value < run->s.point[run->s.best].value) run->s.best = (int)(p - run->s.point);
}

tg_point_ *tg_spare_(tg_run *run, const tg_point_ *held)
{
  for (int i = 0; i < tg_points_(run); i++)
    if (i != run->s.current && i != run->s.best && &run->s.point[i] != held) return &run->s.point[i];
  return NULL; /* a method held more than it may */
}

static void look_at_gradient(tg_run *run, tg_point_ *p, const double *d, double *slope)
{
  p->has_gradient = true;
  if (tg_boxed_(&run->m))
    tg_box_measure_(run, p, d, slope);
  else if (d)
    *slope = run->kernel->slope(p->g, d, run->padded, &p->largest);
  else
    p->largest = run->kernel->largest(p->g, run->padded);
  p->finite = p->finite && isfinite(p->largest);
}

size_t tg_zero_rule_(const tg_run *run) { return run->c.zero_rule ? run->c.zero_rule(run->c.user) : 0; }

bool tg_needed_zero_rule_(tg_run *run, size_t before)
{
  const size_t now = tg_zero_rule_(run);
  run->s.report.zero_rule += now - before;
  return now != before;
}

int tg_evaluate_(tg_run *run, tg_point_ *p, bool gradient, const double *d, double *slope)
{
  if (run->rule->evaluate) return run->rule->evaluate(run, p, gradient);
  run->s.report.values++;
  run->s.report.gradients += gradient;
  p->value = p->largest = NAN;
  p->has_gradient = p->zero_rule = false;
  const size_t before = tg_zero_rule_(run);
  if (tg_answer_(run, run->c.evaluate(p->x, &p->value, gradient ? p->g : NULL, run->c.user),
                 "objective.evaluate returned a failure")) {
    p->value = NAN; /* whatever it left there */
    return 1;
  }
  if (run->m.l1 > 0.0) p->value += tg_box_penalty_(run, p->x);
  p->finite = isfinite(p->value);
  p->zero_rule = tg_needed_zero_rule_(run, before) && gradient;
  if (gradient) look_at_gradient(run, p, d, slope);
  tg_seen_(run, p);
  return 0;
}

int tg_product_(tg_run *run, const double *x, const double *v, double *hv)
{
  run->s.report.products++;
  const size_t before = tg_zero_rule_(run);
  const int answer = run->c.hvp(x, v, hv, run->c.user);
  tg_needed_zero_rule_(run, before);
  return tg_answer_(run, answer, "objective.hvp returned a failure");
}

int tg_hessian_(tg_run *run, const double *x, double *hessian)
{
  run->s.report.hessians++;
  const size_t before = tg_zero_rule_(run);
  const int answer = run->c.hessian(x, hessian, run->c.user);
  tg_needed_zero_rule_(run, before);
  return tg_answer_(run, answer, "objective.hessian returned a failure");
}

int tg_residual_(tg_run *run, const double *x, double *r, double *jacobian)
{
  run->s.report.values += r != NULL;
  run->s.report.hessians += jacobian != NULL;
  const size_t before = tg_zero_rule_(run);
  const int answer = run->c.residual(x, r, jacobian, run->c.user);
  tg_needed_zero_rule_(run, before);
  return tg_answer_(run, answer, "objective.residual returned a failure");
}

bool tg_descends_(const tg_run *run)
{
  const bool by_itself = run->rule->properties & TG_IS_MONOTONE;
  return (by_itself || run->m.line_search > TG_LINE_FIXED) && run->m.line_search != TG_LINE_FIXED;
}

void tg_accept_step_(tg_run *run, tg_point_ *p, double rate, double step)
{
  tg_state_ *s = &run->s;
  s->moved = tg_step_norm_(run, tg_current_(run)->x, p->x, step);
  s->report.step = step;
  s->report.rate = rate;
  s->current = (int)(p - s->point);
  if (tg_descends_(run) || p->value < s->point[s->best].value) s->best = s->current;
}

void tg_accept_(tg_run *run, tg_point_ *p, double rate)
{
  tg_accept_step_(run, p, rate, run->kernel->distance(p->x, tg_current_(run)->x, run->padded));
}

/* Steps the schedule has in all. Another method may have made some of the iterations before its first. */
static size_t planned(const tg_run *run)
{
  const size_t most = run->o.max_iterations, before = run->s.report.iterations - run->s.t;
  if (run->fit) return tg_fit_planned_(run);
  return most > before ? most - before : most;
}

int tg_rate_(tg_run *run, double *rate)
{
  const tg_schedule *s = &run->m.schedule;
  *rate = run->m.alpha;
  if (tg_is_plateau_(s))
    *rate *= run->s.plateau_scale;
  else if (s->rate)
    *rate = s->rate(s, run->m.alpha, run->s.t, planned(run));
  if (!(*rate >= 0.0 && *rate < INFINITY))
    return tg_error_(run, TG_E_ARGUMENT, "schedule: a rate is negative or not finite");
  return *rate == 0.0 && !run->fit && tg_stays_zero_(s) ? tg_stop_(run, TG_STOP_STALLED) : 0;
}
