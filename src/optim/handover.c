/* One method to come near, another to finish: two runs, the second begun where the first ended. Both are made
 * before anything is evaluated, so a lack of memory shows at once. */
#include <math.h>
#include <string.h>

#include "driver.h"

static bool tolerance_met(tg_stop stop) { return tg_converged(stop) && stop != TG_STOP_ROUNDING; }

static bool problem_is_new(const tg_run *first, const tg_run *then)
{
  return !tg_same_problem_(&first->problem, &then->problem);
}

/* What is known of a point, of the same problem, need not be evaluated again. Residuals are another matter.
 */
static void tell(tg_run *to, const tg_run *from)
{
  const tg_point_ *p = tg_final_point_(from);
  tg_point_ *q = &to->s.point[0];
  if (!p->has_gradient || from->rule->evaluate || to->rule->evaluate || problem_is_new(from, to)) return;
  memcpy(q->g, p->g, to->n * sizeof(double));
  q->value = p->value;
  q->largest = p->largest;
  q->finite = p->finite;
  q->has_gradient = true;
  q->zero_rule = p->zero_rule;
}

/* The second run takes over place, counts and time. */
static void pass_on(tg_run *to, const tg_run *from)
{
  const tg_report *r = &from->s.report;
  memcpy(to->s.point[0].x, tg_final_point_(from)->x, to->n * sizeof(double));
  if (tg_bounded_(&to->problem)) tg_project_(&to->problem, to->s.point[0].x);
  tell(to, from);
  to->s.report.iterations = r->iterations;
  to->s.report.values = r->values;
  to->s.report.gradients = r->gradients;
  to->s.report.products = r->products;
  to->s.report.hessians = r->hessians;
  to->s.report.zero_rule += r->zero_rule;
  to->s.seconds_before = r->seconds;
  to->origin = tg_clock_();
}

/* Whether the first run's end is the end of all. What was met under other bounds or another L1 term than the
 * second method has says nothing of its problem. */
static bool over(const tg_run *first, const tg_run *then, const tg_minimize_options *o)
{
  const tg_report *r = &first->s.report;
  const bool says_nothing = tolerance_met(r->stop) || r->stop == TG_STOP_UNBOUNDED;
  if (says_nothing && problem_is_new(first, then)) return false;
  if (r->stop == TG_STOP_ITERATIONS) return o->max_iterations > 0 && r->iterations >= o->max_iterations;
  return r->stop != TG_STOP_NONFINITE && r->stop != TG_STOP_STALLED && r->stop != TG_STOP_ROUNDING;
}

/* The first run was cut short under other bounds or another L1 term than the second's: its point is brought
 * within, and evaluated there unless a callback wanted an end. */
static void settle(tg_run *to, const tg_run *from)
{
  const tg_report before = from->s.report;
  tg_point_ *p = tg_current_(to);
  pass_on(to, from);
  p->value = p->largest = NAN;
  if (before.stop != TG_STOP_USER && tg_evaluate_(to, p, true, NULL, NULL)) return;
  to->s.report.stop = p->finite || before.stop == TG_STOP_USER ? before.stop : TG_STOP_NONFINITE;
  to->s.report.step = before.step;
  to->s.report.rate = before.rate;
  tg_say_(to);
}

tg_status tg_minimize_handover(tg_objective c, tg_method first, size_t iterations, tg_method then,
                               double *theta, const tg_minimize_options *o, tg_report *r)
{
  const tg_minimize_options whole = o ? *o : tg_minimize_defaults();
  tg_minimize_options part = whole;
  if (iterations == 0) return tg_minimize(c, then, theta, o, r);
  if (part.max_iterations == 0 || iterations < part.max_iterations) part.max_iterations = iterations;
  tg_run *a = NULL, *b = NULL;
  const char *message;
  tg_status status = tg_run_make_(&a, &(tg_plan_){&c, &first, theta, &part, NULL}, &message);
  if (!status) status = tg_run_make_(&b, &(tg_plan_){&c, &then, theta, &whole, NULL}, &message);
  if (!status && a->by_caller) status = tg_minimize_check(&c, &first, &part, &message);
  if (status) {
    tg_run_free(a);
    tg_run_free(b);
    return tg_refused_(status, message, theta, r);
  }
  while (tg_iterate_(a)) continue;
  const bool end = a->s.status || over(a, b, &whole), unfit = end && !a->s.status && problem_is_new(a, b);
  if (unfit) settle(b, a);
  if (!end) pass_on(b, a);
  tg_run *last = end && !unfit ? a : b;
  status = tg_run_to_end_(last, theta, r);
  tg_run_free(last == a ? b : a);
  return status;
}
