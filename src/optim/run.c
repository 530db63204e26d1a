/* What methods ask of a run: its points, evaluations that are counted and may end it, and its end. */
#include "run.h"

#include <assert.h>
#include <math.h>

/* ---- ending ---- */

const char *tg_stop_string(tg_stop s)
{
  switch (s) {
#define TG_STOP_ROW(code, text)                                                                              \
  case code: return text;
    TG_STOP_LIST(TG_STOP_ROW)
#undef TG_STOP_ROW
  }
  return "unknown stop reason";
}

bool tg_converged(tg_stop s) { return s >= TG_STOP_GRADIENT && s <= TG_STOP_ROUNDING; }

void tg_say_(tg_run *run)
{
  if (!run->s.status) run->s.report.message = tg_stop_string(run->s.report.stop);
}

/* All tolerances rest on the gradient: steps and falls end where it seems to. */
tg_stop tg_unhidden_(const tg_run *run, tg_stop stop)
{
  const bool hidden = !run->by_caller && !run->fit && run->s.point[run->s.current].zero_rule;
  return hidden && tg_converged(stop) ? TG_STOP_ZERO_RULE : stop;
}

int tg_stop_(tg_run *run, tg_stop why)
{
  assert(why != TG_RUNNING);
  run->s.report.stop = tg_unhidden_(run, why);
  return 1;
}

int tg_stop_nonfinite_(tg_run *run, double value)
{
  return tg_stop_(run, value == -INFINITY ? TG_STOP_UNBOUNDED : TG_STOP_NONFINITE);
}

int tg_error_(tg_run *run, tg_status why, const char *message)
{
  assert(why < TG_OK && message);
  run->s.status = why;
  run->s.report.stop = TG_STOP_ERROR;
  run->s.report.message = message;
  return 1;
}

int tg_answer_(tg_run *run, int callback, const char *failure)
{
  if (callback == 0) return 0;
  run->s.interrupted = true;
  return callback > 0 ? tg_stop_(run, TG_STOP_USER) : tg_error_(run, (tg_status)callback, failure);
}

/* ---- points ---- */

tg_point_ *tg_current_(tg_run *run) { return &run->s.point[run->s.current]; }

#ifndef NDEBUG
static bool is_point(const tg_run *run, const tg_point_ *p)
{
  return p >= run->s.point && p < run->s.point + tg_points_(run);
}
#endif

int tg_points_(const tg_run *run) { return run->rule->step && !run->fit ? TG_POINTS_ : TG_POINTS_ - 1; }

void tg_seen_(tg_run *run, const tg_point_ *p)
{
  if (p->finite && p->value < run->s.point[run->s.best].value) run->s.best = (int)(p - run->s.point);
}

tg_point_ *tg_spare_(tg_run *run, const tg_point_ *held)
{
  for (int i = 0; i < tg_points_(run); i++)
    if (i != run->s.current && i != run->s.best && &run->s.point[i] != held) return &run->s.point[i];
  assert(false && "a method holds more points than it may");
  return NULL;
}

bool tg_descends_(const tg_run *run)
{
  const bool by_itself = run->rule->properties & TG_IS_MONOTONE;
  return (by_itself || run->m.line_search > TG_LINE_FIXED) && run->m.line_search != TG_LINE_FIXED;
}

void tg_accept_step_(tg_run *run, tg_point_ *p, double rate, double step)
{
  assert(is_point(run, p) && p != tg_current_(run));
  tg_state_ *s = &run->s;
  s->step_norm = tg_step_norm_(run, tg_current_(run)->x, p->x, step);
  s->report.step = step;
  s->report.rate = rate;
  s->current = (int)(p - s->point);
  if (tg_descends_(run) || p->value < s->point[s->best].value) s->best = s->current;
}

void tg_accept_(tg_run *run, tg_point_ *p, double rate)
{
  tg_accept_step_(run, p, rate, run->kernel->distance(p->x, tg_current_(run)->x, run->padded));
}

/* ---- evaluating ---- */

int tg_evaluate_(tg_run *run, tg_point_ *p, bool gradient, const double *d, double *slope)
{
  assert(is_point(run, p));
  if (run->rule->evaluate) return run->rule->evaluate(run, p, gradient);
  const int answer = tg_ask_(&run->problem, p, gradient, &run->s.report);
  if (tg_answer_(run, answer, "objective.evaluate returned a failure")) return 1;
  if (gradient) tg_measure_(&run->problem, p, d, slope);
  tg_seen_(run, p);
  return 0;
}

int tg_evaluate_product_(tg_run *run, const double *x, const double *v, double *hv)
{
  const int answer = tg_ask_product_(&run->problem, x, v, hv, &run->s.report);
  return tg_answer_(run, answer, "objective.hvp returned a failure");
}

int tg_evaluate_hessian_(tg_run *run, const double *x, double *hessian)
{
  const int answer = tg_ask_hessian_(&run->problem, x, hessian, &run->s.report);
  return tg_answer_(run, answer, "objective.hessian returned a failure");
}

int tg_evaluate_residual_(tg_run *run, const double *x, double *r, double *jacobian)
{
  const int answer = tg_ask_residual_(&run->problem, x, r, jacobian, &run->s.report);
  return tg_answer_(run, answer, "objective.residual returned a failure");
}
