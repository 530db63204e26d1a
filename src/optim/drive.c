/* The driver: makes a run, steps it, hands out what it found. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "driver.h"
#include "first_order.h"
#include "level.h"
#include "memory.h"
#include "pages.h"
#include "stop.h"

/* ---- making and freeing ---- */

static tg_status check(const tg_run *run, const char **message)
{
  *message = "theta is NULL";
  if (!run->theta) return TG_E_ARGUMENT;
  if (run->fit) return tg_fit_check(&run->problem.c, &run->m, &run->f, message);
  if (run->by_caller) return tg_update_check(&run->problem.c, &run->m, &run->o, message);
  return tg_minimize_check(&run->problem.c, &run->m, &run->o, message);
}

/* *count numbers for points and work; false when that overflows. */
static bool sizes(const tg_run *run, size_t *points, size_t *work)
{
  const size_t padded = run->padded, limit = SIZE_MAX / sizeof(double) / 64;
  if (run->n > limit) return false;
  const bool own_step = run->rule->step && !run->fit && !run->by_caller;
  *points = (run->by_caller ? 1 : 2 * (size_t)tg_points_(run)) * padded;
  *work = run->rule->vectors * padded;
  if (!own_step || !run->rule->work) return true;
  const size_t more = run->rule->work(&run->problem.c, &run->m, padded);
  *work += more;
  return more < SIZE_MAX / sizeof(double) - *work - *points - TG_LANES_;
}

static void lay_out_points(tg_run *run)
{
  const size_t points = run->by_caller ? 0 : (size_t)tg_points_(run);
  for (size_t i = 0; i < points; i++) {
    run->s.point[i].x = run->block + 2 * i * run->padded;
    run->s.point[i].g = run->block + (2 * i + 1) * run->padded;
  }
}

static tg_status allocate(tg_run *run)
{
  size_t points, work;
  if (!sizes(run, &points, &work)) return TG_E_SIZE;
  run->block_count = points + work;
  run->own_size =
      run->rule->own && !run->fit && !run->by_caller ? run->rule->own(&run->problem.c, &run->m) : 0;
  run->order_count = run->fit ? run->problem.c.samples : 0;
  const size_t room = run->block_count + TG_LANES_;
  run->memory = tg_memory_resize_(NULL, room, sizeof(double));
  run->own = tg_memory_resize_(NULL, run->own_size + 1, 1);
  run->order = tg_memory_resize_(NULL, run->order_count + 1, sizeof(size_t));
  if (!run->memory || !run->own || !run->order) return TG_E_NOMEM;
  tg_large_pages_(run->memory, room * sizeof(double));
  const size_t past = (uintptr_t)run->memory / sizeof(double) % TG_LANES_;
  run->block = run->memory + (TG_LANES_ - past);
  memset(run->block, 0, run->block_count * sizeof(double));
  memset(run->own, 0, run->own_size + 1);
  run->work = run->block + points;
  lay_out_points(run);
  return TG_OK;
}

static void begin(tg_run *run)
{
  tg_report *r = &run->s.report;
  run->s.plateau_scale = 1.0;
  run->s.plateau_best = run->s.lowest_value = run->s.smallest_gradient = INFINITY;
  r->value = r->gradient_norm = r->validation = r->best_validation = NAN;
  r->theta = run->theta;
  tg_say_(run);
  run->origin = tg_clock_();
  if (run->by_caller) run->s.theta_bound = tg_largest_(run, run->theta);
  if (!run->by_caller) memcpy(run->s.point[0].x, run->theta, run->n * sizeof(double));
  if (!run->by_caller && tg_bounded_(&run->problem)) tg_project_(&run->problem, run->s.point[0].x);
  if (run->fit) tg_fit_begin_(run);
}

static tg_run draft_of(const tg_plan_ *plan)
{
  const tg_objective *c = plan->c;
  const int level = tg_optim_level_();
  tg_run run = {.m = *plan->m,
                .rule = tg_rule_of_(plan->m),
                .kernel = tg_vector_at_(level),
                .level = level,
                .o = plan->o ? *plan->o : tg_minimize_defaults(),
                .fit = plan->f != NULL,
                .by_caller = !plan->f && !c->evaluate && !c->batch && !c->residual,
                .n = c->n,
                .padded = tg_pad_(c->n),
                .theta = plan->theta};
  run.problem = tg_problem_of_(c, plan->m, run.kernel);
  if (plan->f) run.f = *plan->f;
  return run;
}

tg_status tg_run_make_(tg_run **out, const tg_plan_ *plan, const char **message)
{
  assert(out && plan->c && plan->m && !(plan->o && plan->f));
  const char *unread;
  if (!message) message = &unread;
  *out = NULL;
  const tg_run draft = draft_of(plan);
  tg_status status = check(&draft, message);
  if (status) return status;
  *message = "there is no memory for the run";
  tg_run *run = tg_memory_resize_(NULL, 1, sizeof *run);
  if (!run) return TG_E_NOMEM;
  *run = draft;
  status = allocate(run);
  if (status) {
    if (status == TG_E_SIZE) *message = "the method's working memory has more bytes than can be counted";
    tg_run_free(run);
    return status;
  }
  begin(run);
  *out = run;
  return TG_OK;
}

tg_status tg_run_new(tg_run **run, tg_objective c, tg_method m, double *theta, const tg_minimize_options *o)
{
  const tg_plan_ plan = {.c = &c, .m = &m, .theta = theta, .o = o};
  return run ? tg_run_make_(run, &plan, NULL) : TG_E_ARGUMENT;
}

tg_status tg_run_new_fit(tg_run **run, tg_objective c, tg_method m, double *theta, const tg_fit_options *o)
{
  const tg_fit_options f = o ? *o : tg_fit_defaults();
  const tg_plan_ plan = {.c = &c, .m = &m, .theta = theta, .f = &f};
  return run ? tg_run_make_(run, &plan, NULL) : TG_E_ARGUMENT;
}

void tg_run_free(tg_run *run)
{
  if (!run) return;
  tg_memory_free_(run->memory);
  tg_memory_free_(run->own);
  tg_memory_free_(run->order);
  tg_memory_free_(run);
}

/* ---- stepping ---- */

/* The report describes this point. */
static void show(tg_run *run, const tg_point_ *p, const double *theta)
{
  tg_report *r = &run->s.report;
  r->value = p->value;
  r->gradient_norm = tg_gradient_norm_(run, p);
  r->theta = theta;
}

void tg_show_(tg_run *run) { show(run, tg_current_(run), run->theta); }

static bool ended(const tg_run *run) { return run->s.report.stop != TG_RUNNING; }

/* ---- a start at the edge ----
 *
 * Where the start lies on a bound from which the slope leads inside without end (x log x at 0) no step can be
 * made from it: a lower point near by becomes the current one, if there is one. */

/* From p inside where the slope leads there without end; nothing is left to do when no entry has such a
 * slope. */
static bool inside(const tg_run *run, const tg_point_ *p, double part, double *x)
{
  bool some = false;
  for (size_t i = 0; i < run->n; i++) {
    const double g = tg_subgradient_(&run->problem, p, i),
                 width = tg_upper_(&run->problem, i) - tg_lower_(&run->problem, i);
    x[i] = p->x[i];
    if (!isinf(g)) continue;
    x[i] -= copysign(part * fmin(fmax(fabs(x[i]), 1.0), width), g);
    some = true;
  }
  return some;
}

static int enter(tg_run *run)
{
  enum { TRIALS = 30 };
  const tg_point_ *from = tg_current_(run);
  double part = 0.1;
  for (int i = 0; i < TRIALS && isfinite(from->value) && !from->finite; i++, part *= 0.25) {
    tg_point_ *to = tg_spare_(run, NULL);
    if (!inside(run, from, part, to->x)) return 0;
    if (tg_evaluate_(run, to, true, NULL, NULL)) return 1;
    if (!(to->finite && to->value < from->value)) continue;
    run->s.current = run->s.best = (int)(to - run->s.point);
    return 0;
  }
  return 0;
}

static int start(tg_run *run)
{
  tg_point_ *p = tg_current_(run);
  run->s.started = true;
  const bool known = p->has_gradient && p->finite && !run->rule->evaluate;
  if ((!known && tg_evaluate_(run, p, true, NULL, NULL)) || (tg_bounded_(&run->problem) && enter(run))) {
    run->s.started = false;
    return 1;
  }
  p = tg_current_(run);
  show(run, p, p->x);
  run->s.start_value = p->value;
  run->s.start_size = run->kernel->largest(p->x, run->padded);
  run->s.gain_left = NAN;
  if (!p->finite) {
    tg_error_(run, TG_E_NONFINITE, "the value or gradient is not finite at the start");
    return tg_stop_(run, TG_STOP_NONFINITE);
  }
  run->s.report.stop = tg_limit_(run, true);
  return ended(run);
}

/* A point has been accepted, in place of `from`. */
static int end_step(tg_run *run, const tg_point_ *from)
{
  const tg_point_ *p = tg_current_(run);
  show(run, p, p->x);
  run->s.t++;
  run->s.report.iterations++;
  run->s.report.seconds = tg_seconds_(run);
  tg_plateau_(run, p->value);
  return tg_after_iteration_(run, from);
}

static int minimize_step(tg_run *run)
{
  assert(run->rule->step || run->rule->update);
  if (!run->s.started && start(run)) return 1;
  const tg_point_ *const from = tg_current_(run);
  run->s.value_before = from->value;
  if (run->rule->step ? run->rule->step(run) : tg_first_order_step_(run)) return 1;
  return end_step(run, from);
}

/* Whether to look at the curvature before it ends. */
static bool may_be_saddle(const tg_run *run)
{
  const tg_stop stop = run->s.report.stop;
  return (tg_converged(stop) || stop == TG_STOP_STALLED) && run->rule->curvature && tg_descends_(run);
}

static int minimize_beyond_saddles(tg_run *run)
{
  int end = minimize_step(run);
  while (end && may_be_saddle(run)) {
    const tg_point_ *const from = tg_current_(run);
    if (tg_leave_saddle_(run)) return 1;
    end = end_step(run, from);
  }
  return end;
}

bool tg_iterate_(tg_run *run)
{
  if (ended(run)) return false;
  const int end = run->fit ? tg_fit_step_(run) : minimize_beyond_saddles(run);
  run->s.report.seconds = tg_seconds_(run);
  tg_say_(run);
  return !end;
}

/* The current iterate where a tolerance was met, and where a method that goes down found nothing lower worth
 * a step; elsewhere the best point. */
const tg_point_ *tg_final_point_(const tg_run *run)
{
  const tg_state_ *s = &run->s;
  switch (s->report.stop) {
  case TG_RUNNING:
  case TG_STOP_GRADIENT:
  case TG_STOP_ZERO_RULE:
  case TG_STOP_STEP:
  case TG_STOP_VALUE:
  case TG_STOP_RELATIVE:
  case TG_STOP_ACCURACY:
  case TG_STOP_ERROR: return &s->point[s->current];
  case TG_STOP_ROUNDING:
  case TG_STOP_STALLED: return &s->point[tg_descends_(run) ? s->current : s->best];
  default: return &s->point[s->best];
  }
}

void tg_finish_(tg_run *run)
{
  if (run->by_caller) return;
  const tg_point_ *p = run->fit ? &run->s.point[0] : tg_final_point_(run);
  memcpy(run->theta, p->x, run->n * sizeof(double));
  run->s.report.theta = run->theta;
  if (run->fit) return;
  show(run, p, run->theta);
  for (size_t i = 0; run->o.gradient && i < run->n; i++) run->o.gradient[i] = p->has_gradient ? p->g[i] : NAN;
}

bool tg_run_step(tg_run *run)
{
  if (!run || run->by_caller || ended(run)) return false;
  const bool more = tg_iterate_(run);
  tg_finish_(run);
  return more;
}

/* Whether the next step might leave the finite numbers: then theta is copied first. Without it the bounds
 * keep numerators within 1e110, divisors above 1e-100 and theta, decayed or not, within 1e250. */
static bool risky(const tg_run *run, double largest, double rate)
{
  const tg_method *m = &run->m;
  const bool divides = run->rule->make().epsilon > 0.0;
  return !(largest <= 1e100 && rate <= 1e50 && m->decay <= 1e50 && run->s.theta_bound <= 1e100) ||
         (divides && !(m->epsilon >= 1e-100));
}

/* theta takes the step, or stays and the run ends. */
static int step_of_caller(tg_run *run, const tg_point_ *p, double rate)
{
  assert(run->by_caller && run->rule->update);
  const size_t size = run->n * sizeof(double);
  const bool copies = risky(run, p->largest, rate) || run->o.step_tol > 0.0;
  if (copies) memcpy(run->block, run->theta, size);
  const double step = tg_first_order_update_(run, p, run->theta, rate);
  if (!isfinite(step)) {
    if (copies) memcpy(run->theta, run->block, size);
    return tg_stop_(run, TG_STOP_NONFINITE);
  }
  run->s.step_norm = tg_step_norm_(run, run->block, run->theta, step);
  run->s.report.step = step;
  run->s.theta_bound += step;
  return 0;
}

static tg_status update(tg_run *run, double value, const double *gradient)
{
  tg_report *r = &run->s.report;
  const tg_point_ p = {.x = run->theta,
                       .g = (double *)(uintptr_t)gradient,
                       .value = value,
                       .largest = tg_largest_(run, gradient),
                       .has_gradient = true};
  run->s.value_before = r->rate != 0.0 ? r->value : NAN; /* comparable when the step between was one */
  show(run, &p, run->theta);
  run->s.report.seconds = tg_seconds_(run);
  if (!isfinite(p.largest) || isinf(value)) return tg_stop_nonfinite_(run, value), TG_OK;
  if (tg_flat_(run)) return tg_stop_(run, TG_STOP_GRADIENT), TG_OK;
  double rate;
  if (tg_rate_(run, &rate)) return run->s.status;
  if (step_of_caller(run, &p, rate)) return TG_OK;
  r->rate = rate;
  r->iterations++;
  run->s.t++;
  tg_plateau_(run, value);
  tg_after_iteration_(run, NULL);
  return run->s.status;
}

tg_status tg_run_update(tg_run *run, double value, const double *gradient)
{
  if (!run || !gradient || !run->by_caller) return TG_E_ARGUMENT;
  if (ended(run)) return run->s.status;
  const tg_status status = update(run, value, gradient);
  tg_say_(run);
  return status;
}

tg_status tg_run_status(const tg_run *run) { return run ? run->s.status : TG_E_ARGUMENT; }

const tg_report *tg_run_report(const tg_run *run) { return run ? &run->s.report : NULL; }
