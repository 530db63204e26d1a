/* Wolfe conditions (4.48)-(4.50) by bracketing and safeguarded interpolation, in the manner of More & Thuente
 * (1994) and of Nocedal & Wright (2006), algorithms 3.5 and 3.6.
 *
 * Where values differ by no more than rounding the sufficient decrease cannot be seen in them; there the
 * approximate conditions of Hager & Zhang (2005, (4.1)) decide by slopes, so that a search goes on to the
 * limit of the arithmetic. A trial that is not finite bounds the interval from above like a value too high,
 * but is not interpolated. */
#include "line_search.h"

#include <assert.h>
#include <float.h>
#include <math.h>

enum { TRIALS = 40, BACKTRACKS = 60 };

/* Values closer than this part of their size are taken for equal: what summing a million terms leaves. */
static const double rounding = 1e-12;

typedef struct trial {
  double t, value, slope;
  bool finite;
} trial;

typedef struct search {
  tg_run *run;
  tg_line_ *line;
  trial zero, low, high; /* low: enough decrease, going down; high: an upper bound, once there is one */
  trial before;          /* the low before, for extrapolation */
  bool bracketed;
  double lowest; /* value among all iterates: rounding may not add up to a rise */
  double noise, armijo, wolfe;
  double most;     /* length allowed */
  bool weak;       /* (4.49) in place of (4.50) */
  double width[2]; /* of the bracket, one and two trials ago */
  trial kept;      /* the lowest trial with enough decrease, in line->end */
} search;

static bool decreases(const search *s, const trial *p)
{
  return p->value <= s->zero.value + s->armijo * p->t * s->zero.slope;
}

/* Values that cannot be told apart: then slopes decide (Hager & Zhang 2005, (4.1)). */
static bool level(const search *s, const trial *p)
{
  return fabs(p->value - s->zero.value) <= s->noise && p->value <= s->lowest + s->noise;
}

static bool acceptable(const search *s, const trial *p)
{
  const double slope = s->weak ? -p->slope : fabs(p->slope);
  if (!(slope <= s->wolfe * -s->zero.slope)) return false;
  return decreases(s, p) || (level(s, p) && p->slope <= (2.0 * s->armijo - 1.0) * s->zero.slope);
}

/* Minimiser of the cubic through values and slopes at a and b (Nocedal & Wright 2006, (3.59)); NaN when it
 * has none. */
static double cubic(const trial *a, const trial *b)
{
  const double h = b->t - a->t, secant = (b->value - a->value) / h;
  const double e = a->slope + b->slope - 3.0 * secant;
  const double size = fmax(fabs(e), fmax(fabs(a->slope), fabs(b->slope)));
  const double root = (e / size) * (e / size) - (a->slope / size) * (b->slope / size);
  if (!(root >= 0.0)) return NAN;
  const double d = h > 0.0 ? size * sqrt(root) : -size * sqrt(root);
  return b->t - h * ((b->slope + d - e) / (b->slope - a->slope + 2.0 * d));
}

/* Zero of the slope by the secant; needs no values. */
static double secant(const trial *a, const trial *b)
{
  return a->t - a->slope * (b->t - a->t) / (b->slope - a->slope);
}

static bool distinct(const search *s, const trial *a, const trial *b)
{
  return fabs(a->value - b->value) > 4.0 * s->noise;
}

/* Beyond the low point, at most four times the last step further (More & Thuente 1994, (2.2)), but more after
 * a first trial, which is a guess. */
static double extrapolate(const search *s)
{
  const trial *a = &s->before, *b = &s->low;
  const double step = b->t - a->t, least = b->t + 1.1 * step,
               most = b->t + (s->zero.t == a->t ? 12.0 : 4.0) * step;
  double t = distinct(s, a, b) ? cubic(a, b) : secant(a, b);
  if (!(t > b->t)) t = most;
  return fmin(fmin(fmax(t, least), most), s->most);
}

static double interpolate(search *s)
{
  const trial *a = &s->low, *b = &s->high;
  const double width = b->t - a->t, half = a->t + 0.5 * width;
  const bool slow = width > 0.66 * s->width[1];
  s->width[1] = s->width[0];
  s->width[0] = width;
  if (!b->finite) return a->t + (a->t == 0.0 ? 0.1 : 0.3) * width;
  if (slow) return half;
  double t = distinct(s, a, b) ? cubic(a, b) : b->slope > 0.0 ? secant(a, b) : half;
  if (!isfinite(t)) t = half;
  return fmin(fmax(t, a->t + 0.05 * width), b->t - 0.05 * width);
}

static void narrow(search *s, const trial *p)
{
  const bool low = p->finite && p->slope < 0.0 && (decreases(s, p) || level(s, p)) &&
                   (p->value <= s->low.value + s->noise);
  if (low) {
    s->before = s->low;
    s->low = *p;
    return;
  }
  if (!s->bracketed) s->width[0] = s->width[1] = INFINITY;
  s->bracketed = true;
  s->high = *p;
}

static int measure(search *s, tg_point_ *at, trial *p)
{
  tg_run *run = s->run;
  const tg_line_ *line = s->line;
  run->kernel->add(at->x, tg_current_(run)->x, p->t, line->d, run->padded);
  for (size_t i = 0; line->goal && i < run->n; i++)
    at->x[i] = p->t == 1.0 ? line->goal[i] : fmin(fmax(at->x[i], line->low[i]), line->high[i]);
  if (tg_evaluate_(run, at, true, line->d, &p->slope)) return 1;
  p->slope += line->tilt;
  p->value = at->value;
  p->finite = at->finite && isfinite(p->slope);
  return at->value == -INFINITY ? tg_stop_nonfinite_(run, at->value) : 0;
}

static void keep(search *s, tg_point_ *at, const trial *p)
{
  s->line->end = at;
  s->line->length = p->t;
  s->line->end_slope = p->slope;
  s->kept = *p;
}

/* Among values that rounding makes equal the flattest slope is the best. */
static bool better(const search *s, const trial *p)
{
  if (!s->line->end) return true;
  if (fabs(p->value - s->kept.value) <= s->noise) return fabs(p->slope) < fabs(s->kept.slope);
  return p->value < s->kept.value;
}

/* The value has fallen all the way, which is far beyond the size of x. */
static bool falls_for_ever(const search *s)
{
  const trial *p = &s->low;
  if (s->bracketed || !decreases(s, p) || !(s->zero.value - p->value > s->noise)) return false;
  return p->t >= 1e8 * tg_line_first_(s->run, s->line->d);
}

static bool late(const tg_run *run)
{
  const double limit = run->o.max_seconds;
  return limit > 0.0 && tg_seconds_(run) >= limit;
}

static int bracket(search *s, size_t trials)
{
  tg_line_ *line = s->line;
  trial p = {.t = fmin(line->first, s->most)};
  for (size_t i = 0; i < trials && p.t > 0.0 && isfinite(p.t); i++) {
    tg_point_ *at = tg_spare_(s->run, line->end);
    if (i > 0 && !line->end && late(s->run)) return tg_stop_(s->run, TG_STOP_SECONDS);
    if (measure(s, at, &p)) return 1;
    const bool border = p.t >= s->most && p.slope < 0.0 && decreases(s, &p);
    if (p.finite && (acceptable(s, &p) || border)) return keep(s, at, &p), 0;
    if (p.finite && decreases(s, &p) && better(s, &p)) keep(s, at, &p);
    narrow(s, &p);
    const double next = s->bracketed ? interpolate(s) : extrapolate(s);
    if (s->bracketed && !(next > s->low.t && next < s->high.t))
      break; /* the bracket is down to neighbouring numbers */
    p = (trial){.t = next};
  }
  if (!line->end || !falls_for_ever(s)) return 0;
  tg_accept_(s->run, line->end, line->length);
  return tg_stop_(s->run, TG_STOP_UNBOUNDED);
}

/* From alpha down by a factor until the value has fallen enough (4.48). */
static int backtrack(search *s)
{
  tg_run *run = s->run;
  const double x = run->kernel->largest(tg_current_(run)->x, run->padded);
  const double least = 0.1 * DBL_EPSILON * fmax(x, DBL_MIN) / run->kernel->largest(s->line->d, run->padded);
  const double factor = run->m.factor > 0.0 ? run->m.factor : 2.0 / 3.0;
  trial p;
  if (tg_rate_(run, &p.t)) return 1;
  if (s->line->unit > 0.0) p.t *= s->line->unit;
  p.t = fmin(p.t, s->most);
  const double far_below = 1e-16 * fmin(p.t, tg_line_first_(run, s->line->d));
  for (size_t i = 0; p.t > least && (i < BACKTRACKS || p.t > far_below); i++, p.t *= factor) {
    tg_point_ *at = tg_spare_(run, NULL);
    if (i > 0 && late(run)) return tg_stop_(run, TG_STOP_SECONDS);
    if (measure(s, at, &p)) return 1;
    if (p.finite && decreases(s, &p)) return keep(s, at, &p), 0;
  }
  return 0;
}

/* No search: alpha(t), whatever is found there. */
static int fixed(search *s)
{
  tg_point_ *at = tg_spare_(s->run, NULL);
  trial p;
  if (tg_rate_(s->run, &p.t)) return 1;
  p.t = fmin(p.t, s->most);
  if (measure(s, at, &p)) return 1;
  if (!p.finite) return tg_stop_nonfinite_(s->run, p.value);
  keep(s, at, &p);
  return 0;
}

int tg_line_search_(tg_run *run, tg_line_ *line)
{
  assert(line->d && line->most >= 0.0);
  assert(!line->goal == !line->low && !line->goal == !line->high);
  const tg_point_ *from = tg_current_(run);
  const int kind = run->m.line_search;
  const trial zero = {.t = 0.0, .value = from->value, .slope = line->slope, .finite = true};
  search s = {.run = run,
              .line = line,
              .zero = zero,
              .low = zero,
              .before = zero,
              .lowest = fmin(from->value, run->s.lowest_value),
              .noise = rounding * fabs(from->value),
              .armijo = run->m.armijo,
              .wolfe = run->m.wolfe,
              .most = line->most > 0.0 ? line->most : INFINITY,
              .weak = kind == TG_LINE_WEAK_WOLFE};
  line->end = NULL;
  if (kind == TG_LINE_FIXED) return fixed(&s);
  if (!(line->slope < 0.0)) return 0;
  if (kind == TG_LINE_ARMIJO) return backtrack(&s);
  if (kind == TG_LINE_EXACT) {
    s.armijo = 1e-10;
    s.wolfe = 1e-12;
  }
  return bracket(&s, kind == TG_LINE_EXACT ? 2 * TRIALS : TRIALS);
}

/* About an eighth of the size of x. A tenth, and ten times that in the next trial, would often land on
 * exactly zero, which by its symmetry can be a stationary point that is no minimum. */
double tg_line_first_(const tg_run *run, const double *d)
{
  const double x = run->kernel->largest(run->s.point[run->s.current].x, run->padded);
  const double size = run->kernel->largest(d, run->padded);
  const double t = 0.12 * fmax(x, 0.1) / size;
  return t > DBL_MIN && isfinite(t) ? t : 1.0;
}

double tg_line_next_(const tg_run *run, const double *d, double predicted, double length)
{
  if (predicted >= 1e-3 * length) return predicted;
  return fmax(predicted, 1e-3 * fmin(length, tg_line_first_(run, d)));
}

double tg_power_(double largest)
{
  return largest > 0.0 && largest < INFINITY ? ldexp(1.0, ilogb(largest)) : 1.0;
}

double tg_unit_(double largest) { return largest < 1e-140 || largest > 1e140 ? tg_power_(largest) : 1.0; }

double tg_steepest_(const tg_run *run, double *d, tg_line_ *line)
{
  assert(d);
  const tg_point_ *p = &run->s.point[run->s.current];
  const double unit = run->m.line_search == TG_LINE_FIXED ? 1.0 : tg_unit_(p->largest);
  line->d = d;
  line->unit = unit;
  for (size_t i = 0; i < run->padded; i++) d[i] = -p->g[i] / unit;
  line->slope = run->kernel->dot(d, p->g, run->padded);
  line->first = tg_line_first_(run, d);
  return unit;
}
