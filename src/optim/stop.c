/* When an iteration ends: the conditions of section 4.1, the same for every method. */
#include <float.h>
#include <math.h>

#include "box.h"
#include "run.h"

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

void tg_say_(tg_run *run)
{
  if (!run->s.status) run->s.report.message = tg_stop_string(run->s.report.stop);
}

bool tg_converged(tg_stop s) { return s >= TG_STOP_GRADIENT && s <= TG_STOP_ROUNDING; }

/* All tolerances rest on the gradient: steps and falls end where it seems to. */
tg_stop tg_unhidden_(const tg_run *run, tg_stop stop)
{
  const bool hidden = !run->by_caller && !run->fit && run->s.point[run->s.current].zero_rule;
  return hidden && tg_converged(stop) ? TG_STOP_ZERO_RULE : stop;
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
  case TG_NORM_EUCLID: return sum;
  case TG_NORM_SCALED: return most > 0.0 ? fmax(most_scaled / fmax(fabs(p->value), 1.0), DBL_MIN) : 0.0;
  default: return most;
  }
}

double tg_gradient_norm_(const tg_run *run, const tg_point_ *p)
{
  if (!p->has_gradient || isnan(p->largest)) return NAN;
  if (run->o.norm == TG_NORM_COSINE) return p->cosine;
  if (tg_boxed_(&run->m)) return boxed(run, p);
  switch (run->o.norm) {
  case TG_NORM_EUCLID: return euclid(p->g, run->n, p->largest);
  case TG_NORM_SCALED: return scaled(p->g, p->x, run->n, p->value, p->largest);
  default: return p->largest;
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
  case TG_STEP_MAX: return largest;
  case TG_STEP_SCALED: return tol > 0.0 ? scaled_step(a, b, run->n) : largest;
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

/* ---- how far it is to the minimum ----
 *
 * No test of the gradient or of values alone has a meaning in all units. What has is the step d to the
 * minimum of the method's model of C: it changes neither when C is multiplied, nor when a constant is added
 * to it, and compares with theta. */

/* Entries far below the largest are measured against this part of it: 0 can be the right answer. */
static const double speck = 1e-8;
/* So near, the value decides whether there is anything left to gain. */
static const double nearness = 1e-5;
/* Steps as short as that tell the curvature here. */
static const double shortness = 1e-3, stillness = 1e-11;
/* Part of the value, or of all that it has fallen, that cannot be told from rounding. */
static const double noise = 1e-13, dust = 1e-24;
/* Part of the fall that a slope may foretell where the value itself goes to 0. */
static const double dregs = 1e-11;
/* Part of the fall that is left of a value that has come to 0. */
static const double nothing = 1e-14;

static bool small(double d, double x, double least, double tolerance)
{
  return fabs(d) <= tolerance * fmax(fabs(x), least);
}

/* |scale d_i| <= tolerance |x_i| for all i */
static bool within(const tg_run *run, const double *d, double scale, double tolerance)
{
  const double *x = run->s.point[run->s.current].x;
  const double least = speck * run->kernel->largest(x, run->padded);
  for (size_t i = 0; i < run->n; i++)
    if (!small(scale * d[i], x[i], least, tolerance)) return false;
  return true;
}

/* |g_i x_i| <= most for all i */
static bool slight(const tg_run *run, double most)
{
  const tg_point_ *p = &run->s.point[run->s.current];
  const double least = speck * run->kernel->largest(p->x, run->padded);
  for (size_t i = 0; i < run->n; i++) {
    const double g = tg_boxed_(&run->m) ? tg_box_gradient_(run, p, i) : p->g[i];
    if (!(fabs(g) * fmax(fabs(p->x[i]), least) <= most)) return false;
  }
  return true;
}

/* The value itself goes to 0: the model thinks so, or of all it has fallen rounding is left. What is far less
 * than that is no rest of it, and has a size of its own. */
static bool comes_to_nothing(const tg_run *run)
{
  const tg_state_ *s = &run->s;
  const double value = s->point[s->current].value, rest = fabs(value), fall = s->first - value;
  if (s->gain >= 1e-3 * rest || rest == 0.0) return true;
  return rest <= nothing * fall && rest >= 1e-7 * nothing * fall;
}

/* Whether to believe what the differences of a few gradients say of curvature. A direction of which they know
 * nothing may have next to none; a plateau looks like a minimum from afar. So the last step must have been
 * short, and no parameter's own size times its slope be more than a small part of the value, or of its fall;
 * where the value itself goes to 0, or second derivatives were looked at `here`, of a part of that fall. */
static bool believed(const tg_run *run, double tolerance, bool here)
{
  const tg_state_ *s = &run->s;
  const tg_point_ *p = &s->point[s->current];
  const double fall = s->first - p->value, least = here || comes_to_nothing(run) ? dregs * fall : 0.0;
  return s->close && slight(run, fmax(tolerance * fmin(fall, fabs(p->value)), least));
}

int tg_level_(tg_run *run)
{
  const tg_state_ *s = &run->s;
  const double value = s->point[s->current].value, least = noise * fmin(s->first - value, fabs(value));
  return s->close && slight(run, least) ? tg_stop_(run, TG_STOP_ROUNDING) : 0;
}

/* Where theta goes to 0 no step is small beside it. It is 0 when next to nothing is left of it beside the
 * start, nor of the value's fall; from a start far out it might still go to something near 1. */
static bool vanished(const tg_run *run, double gain)
{
  const tg_state_ *s = &run->s;
  const tg_point_ *p = &s->point[s->current];
  return gain <= dust * (s->first - p->value) &&
         run->kernel->largest(p->x, run->padded) <= speck * speck * fmin(s->size, 1.0);
}

typedef enum basis { GUESS, GUESS_HERE, MODEL } basis;

static bool settled(tg_run *run, const double *d, double scale, double gain, basis b)
{
  const double tolerance = run->o.accuracy;
  run->s.gain = gain;
  run->s.near = within(run, d, scale, nearness) && (b == MODEL || believed(run, nearness, b == GUESS_HERE));
  if (!(tolerance > 0.0) || (b != MODEL && !believed(run, tolerance, b == GUESS_HERE))) return false;
  if (!within(run, d, scale, tolerance) && !vanished(run, gain)) return false;
  run->s.met = tolerance;
  return true;
}

int tg_model_(tg_run *run, const double *d, double gain)
{
  return settled(run, d, 1.0, fabs(gain), MODEL) ? tg_stop_(run, TG_STOP_ACCURACY) : 0;
}

int tg_guess_(tg_run *run, const double *d, double gain, bool here)
{
  run->s.close = run->s.close || here;
  return settled(run, d, 1.0, fabs(gain), here ? GUESS_HERE : GUESS) ? tg_stop_(run, TG_STOP_ACCURACY) : 0;
}

/* What the step s from there to the current iterate shows, y being the change of the gradient. */
typedef struct showing {
  double ss, sy;
  bool close, still;
} showing;

/* Not all of it for a step that is not short, when only that is asked for. */
static showing compare(const tg_run *run, const tg_point_ *from, const tg_point_ *to, bool in_full)
{
  const double least = speck * run->kernel->largest(to->x, run->padded);
  showing c = {.close = true, .still = true};
  for (size_t i = 0; i < run->n && (c.close || in_full); i++) {
    const double step = to->x[i] - from->x[i];
    c.ss += step * step;
    c.sy += step * (to->g[i] - from->g[i]);
    c.close = c.close && small(step, to->x[i], least, shortness);
    c.still = c.still && small(step, to->x[i], least, stillness);
  }
  return c;
}

static bool has_model(const tg_run *run) { return run->rule->properties & TG_HAS_MODEL; }

/* The greatest s's / s'y of late is the reciprocal of the least curvature, which methods without a model
 * leave for last: no parameter is further from its place than that times the gradient. */
static void learn(tg_run *run, const tg_point_ *from, const tg_point_ *to)
{
  tg_state_ *s = &run->s;
  const showing c = compare(run, from, to, !has_model(run));
  if (c.close && c.still) return; /* the gradients differ by rounding alone */
  s->close = c.close && c.sy > 0.0;
  s->flattest = c.sy > 0.0 ? fmax(c.ss / c.sy, 0.9 * s->flattest) : 2.0 * s->flattest;
}

static bool arrived(tg_run *run, const tg_point_ *from)
{
  const tg_point_ *to = tg_current_(run);
  if (run->s.report.rate == 0.0) return false;
  learn(run, from, to);
  if (has_model(run)) return false;
  run->s.near = false;
  if (!run->s.close) return false;
  const double flattest = run->s.flattest;
  return settled(run, to->g, flattest, 0.5 * flattest * run->kernel->dot(to->g, to->g, run->padded), GUESS);
}

static bool lowest_possible(const tg_state_ *s)
{
  const double value = s->point[s->current].value;
  return s->near && s->gain <= fmax(noise * fabs(value), dust * (s->first - value));
}

int tg_stall_(tg_run *run)
{
  return tg_stop_(run, lowest_possible(&run->s) ? TG_STOP_ROUNDING : TG_STOP_STALLED);
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

static tg_stop met(const tg_run *run, bool gradient)
{
  const tg_report *r = &run->s.report;
  const tg_minimize_options *o = &run->o;
  const double change = fabs(run->s.before - r->value);
  if (gradient && flat(run)) return TG_STOP_GRADIENT;
  const bool moved = r->rate != 0.0; /* a step of rate 0 says nothing by changing nothing */
  if (moved && o->step_tol > 0.0 && run->s.moved <= o->step_tol) return TG_STOP_STEP;
  if (moved && o->value_tol > 0.0 && change <= o->value_tol) return TG_STOP_VALUE;
  if (moved && o->relative_tol > 0.0 && change <= o->relative_tol * fabs(run->s.before))
    return TG_STOP_RELATIVE;
  if (o->max_iterations > 0 && r->iterations >= o->max_iterations) return TG_STOP_ITERATIONS;
  if (o->max_seconds > 0.0 && r->seconds >= o->max_seconds) return TG_STOP_SECONDS;
  return TG_RUNNING;
}

tg_stop tg_limit_(const tg_run *run, bool gradient) { return tg_unhidden_(run, met(run, gradient)); }

bool tg_start_reached_(const tg_run *run) { return flat(run); }

void tg_watch_(tg_run *run, tg_watch_fn watch, void *user)
{
  if (!watch) return;
  tg_say_(run);
  const int answer = watch(&run->s.report, user);
  /* The reason found first stands, unless the watch reports a failure. */
  if (answer < 0 || run->s.report.stop == TG_RUNNING) tg_answer_(run, answer, "the watch returned a failure");
  run->s.torn = false; /* between two steps */
}

int tg_after_iteration_(tg_run *run, const tg_point_ *from)
{
  run->s.met = 0.0;
  const bool idle = from && idles(run), there = from && arrived(run, from);
  run->s.report.stop = tg_limit_(run, !run->by_caller); /* the caller's was looked at before the step */
  if (there && !tg_converged(run->s.report.stop)) run->s.report.stop = TG_STOP_ACCURACY;
  run->s.report.stop = tg_unhidden_(run, run->s.report.stop);
  if (idle && run->s.report.stop == TG_RUNNING) tg_stall_(run); /* by what the model said a step ago */
  if (has_model(run)) run->s.near = false;
  tg_watch_(run, run->o.watch, run->o.user);
  return run->s.report.stop != TG_RUNNING;
}
