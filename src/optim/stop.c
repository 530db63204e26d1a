/* When an iteration ends: the conditions of section 4.1, the same for every method. */
#include <float.h>
#include <math.h>

#include "box.h"
#include "run.h"

const char *tg_stop_string(tg_stop s)
{
  switch (s) {
#define TG_STOP_ROW(code, text)                                                                              \
  case code:                                                                                                 \
    return text;
    TG_STOP_LIST(TG_STOP_ROW)
#undef TG_STOP_ROW
  }
  return "unknown stop reason";
}

void tg_say_(tg_run *run)
{
  if (!run->s.status) run->s.report.message = tg_stop_string(run->s.report.stop);
}

bool tg_converged(tg_stop s)
{
  return s >= TG_STOP_GRADIENT && s <= TG_STOP_ROUNDING;
}

/* Entries are divided by the largest, so no square overflows or vanishes. */
static double euclid(const double *g, size_t n, double largest)
{
  if (!(largest > 0.0) || isinf(largest)) return largest;
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) {
    const double x = g[i] / largest;
    sum += x * x;
  }
  return largest * sqrt(sum);
}

/* Dennis & Schnabel 1983, (7.2.5), typical sizes 1; 0 for a gradient of 0 alone, not by underflow */
static double scaled(const double *g, const double *x, size_t n, double value, double largest)
{
  const double size = fmax(fabs(value), 1.0);
  double most = 0.0;
  for (size_t i = 0; i < n; i++) most = fmax(most, fabs(g[i]) * fmax(fabs(x[i]), 1.0) / size);
  return largest > 0.0 ? fmax(most, DBL_MIN) : 0.0;
}

/* The same norms of the subgradient under bounds and an L1 term. */
static double boxed(const tg_run *run, const tg_point_ *p)
{
  double most = 0.0, sum = 0.0, most_scaled = 0.0;
  for (size_t i = 0; i < run->n; i++) {
    const double g = fabs(tg_box_gradient_(run, p, i));
    most = fmax(most, g);
    most_scaled = fmax(most_scaled, g * fmax(fabs(p->x[i]), 1.0));
    sum = hypot(sum, g);
  }
  switch (run->o.norm) {
  case TG_NORM_EUCLID:
    return sum;
  case TG_NORM_SCALED:
    return most > 0.0 ? fmax(most_scaled / fmax(fabs(p->value), 1.0), DBL_MIN) : 0.0;
  default:
    return most;
  }
}

double tg_gradient_norm_(const tg_run *run, const tg_point_ *p)
{
  if (!p->has_gradient || isnan(p->largest)) return NAN;
  if (tg_boxed_(&run->m)) return boxed(run, p);
  switch (run->o.norm) {
  case TG_NORM_EUCLID:
    return euclid(p->g, run->n, p->largest);
  case TG_NORM_SCALED:
    return scaled(p->g, p->x, run->n, p->value, p->largest);
  default:
    return p->largest;
  }
}

static double euclidean_step(const double *a, const double *b, size_t n, double largest)
{
  double sum = 0.0;
  if (!(largest > 0.0)) return largest;
  for (size_t i = 0; i < n; i++) sum += (b[i] - a[i]) / largest * ((b[i] - a[i]) / largest);
  return largest * sqrt(sum);
}

/* Dennis & Schnabel 1983, (7.2.7), typical sizes 1 */
static double scaled_step(const double *a, const double *b, size_t n)
{
  double most = 0.0;
  for (size_t i = 0; i < n; i++) most = fmax(most, fabs(b[i] - a[i]) / fmax(fabs(b[i]), 1.0));
  return most;
}

/* A pass over the step is made only where it may meet the tolerance; else a bound above tells enough, also to
 * a run restored under another tolerance. */
double tg_step_norm_(const tg_run *run, const double *a, const double *b, double largest)
{
  const double tol = run->o.step_tol;
  switch (run->o.step_norm) {
  case TG_STEP_MAX:
    return largest;
  case TG_STEP_SCALED:
    return tol > 0.0 ? scaled_step(a, b, run->n) : largest;
  default:
    return tol > 0.0 && largest <= tol ? euclidean_step(a, b, run->n, largest)
                                       : sqrt((double)run->n) * largest;
  }
}

/* A gradient of exactly 0 has nothing to say to any method, whatever the tolerance. */
static bool flat(const tg_run *run)
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
  const double size = tg_boxed_(&run->m) ? s->report.gradient_norm : p->largest;
  const bool falls = p->value < s->lowest || size < 0.9 * s->smallest;
  s->lowest = fmin(s->lowest, p->value);
  s->smallest = fmin(s->smallest, size);
  s->idle = falls ? 0 : s->idle + 1;
  return s->idle >= PATIENCE && tg_descends_(run);
}

tg_stop tg_limit_(const tg_run *run, bool gradient)
{
  const tg_report *r = &run->s.report;
  const tg_minimize_options *o = &run->o;
  const double change = fabs(run->s.before - r->value);
  const bool hidden = !run->by_caller && run->s.point[run->s.current].zero_rule;
  if (gradient && flat(run)) return hidden ? TG_STOP_ZERO_RULE : TG_STOP_GRADIENT;
  const bool moved = r->rate != 0.0; /* a step of rate 0 says nothing by changing nothing */
  if (moved && o->step_tol > 0.0 && run->s.moved <= o->step_tol) return TG_STOP_STEP;
  if (moved && o->value_tol > 0.0 && change <= o->value_tol) return TG_STOP_VALUE;
  if (moved && o->relative_tol > 0.0 && change <= o->relative_tol * fabs(run->s.before))
    return TG_STOP_RELATIVE;
  if (o->max_iterations > 0 && r->iterations >= o->max_iterations) return TG_STOP_ITERATIONS;
  if (o->max_seconds > 0.0 && r->seconds >= o->max_seconds) return TG_STOP_SECONDS;
  return TG_RUNNING;
}

bool tg_start_reached_(const tg_run *run)
{
  return flat(run);
}

void tg_watch_(tg_run *run, tg_watch_fn watch, void *user)
{
  if (!watch) return;
  tg_say_(run);
  const int answer = watch(&run->s.report, user);
  /* The reason found first stands, unless the watch reports a failure. */
  if (answer < 0 || run->s.report.stop == TG_RUNNING) tg_answer_(run, answer, "the watch returned a failure");
  run->s.torn = false; /* between two steps */
}

int tg_after_iteration_(tg_run *run)
{
  const bool idle = !run->by_caller && idles(run);
  run->s.report.stop = tg_limit_(run, !run->by_caller); /* the caller's was looked at before the step */
  if (idle && run->s.report.stop == TG_RUNNING) run->s.report.stop = TG_STOP_STALLED;
  tg_watch_(run, run->o.watch, run->o.user);
  return run->s.report.stop != TG_RUNNING;
}
