/* Trust regions: theta moves by the step s that minimises the model m(s) = g's + s'Hs / 2 for |s| <= radius. The
 * radius follows how well the model foretold the decrease (Conn, Gould & Toint 2000, chapter 6).
 *
 * trust_region finds s to a tenth of the radius (More & Sorensen 1983; Conn, Gould & Toint, algorithm 7.3.4). The
 * minimiser is s = -(H + lambda I)^-1 g for the one lambda >= 0 with which H + lambda I has no negative
 * eigenvalue and either lambda = 0, |s| <= radius, or |s| = radius. So one number is sought:
 *
 *   Secular equation. |s(lambda)| falls as lambda grows. 1 / |s| - 1 / radius = 0 is solved by Newton's method,
 *   since 1 / |s| is nearly linear in lambda where |s| has a pole. Each try costs a Cholesky factorisation,
 *   H + lambda I = U'U; |s| and its derivative are solves with U. Where the factorisation fails lambda is below
 *   minus the least eigenvalue of H, and what it failed at gives a better lower bound.
 *
 *   Hard case. When g has no part along the eigenvectors of the least eigenvalue -l < 0, |s| stays below the
 *   radius for all lambda > l, and the equation has no solution. Then s = -(H + l I)^+ g + t z, z such an
 *   eigenvector and t such that |s| = radius. Near l the vector z is found as one that U makes small; the step
 *   is taken when it loses no more than a part of what the best one gains (lemma 3.4 of More & Sorensen).
 *
 * trust_region_cg takes conjugate gradients on products with H up to the border, or along a direction of
 * negative curvature to it (Steihaug 1983). */
#include <float.h>
#include <math.h>
#include <string.h>

#include "line_search.h"
#include "newton.h"
#include "stop.h"

tg_method tg_trust_region(void) { return (tg_method){.kind = TG_METHOD_trust_region, .radius = 1.0}; }

tg_method tg_trust_region_cg(void) { return (tg_method){.kind = TG_METHOD_trust_region_cg, .radius = 1.0}; }

typedef struct state {
  double radius;
} state;

static size_t own(const tg_objective *c, const tg_method *m)
{
  (void)m;
  return c->n > SIZE_MAX / sizeof(size_t) - sizeof(state) ? SIZE_MAX : sizeof(state) + c->n * sizeof(size_t);
}

static size_t cg_own(const tg_objective *c, const tg_method *m)
{
  (void)c, (void)m;
  return sizeof(state);
}

/* 0 before the first step. */
static bool sound(const tg_run *run, const unsigned char *own)
{
  state kept;
  (void)run;
  memcpy(&kept, own, sizeof kept);
  return kept.radius >= 0.0;
}

/* A step and what the model says of it. */
typedef struct proposal {
  double *s, decrease, length;
  bool free; /* the model's minimum, not held by the radius */
} proposal;

/* Both roots t of |x + t z| = radius; true when there are any. */
static bool border(const double *x, const double *z, size_t n, double radius, double *low, double *high)
{
  /* powers of two: products of four lengths would leave the range of numbers */
  const double u = ldexp(1.0, ilogb(radius)), v = ldexp(1.0, ilogb(tg_dense_norm_(z, n)));
  const double a = tg_dense_inner_(z, z, n) / v / v, b = tg_dense_inner_(x, z, n) / u / v,
               c = tg_dense_inner_(x, x, n) / u / u - radius / u * (radius / u);
  const double discriminant = b * b - a * c;
  if (!(a > 0.0) || !(discriminant >= 0.0)) return false;
  const double q = -(b + copysign(sqrt(discriminant), b));
  const double first = q / a, second = q != 0.0 ? c / q : first;
  *low = fmin(first, second) * u / v;
  *high = fmax(first, second) * u / v;
  return true;
}

/* ---- exact ---- */

typedef struct exact {
  const tg_run *run;
  const double *h, *g;
  double *a, *s, *w, *v; /* of H + lambda I: factor; -(H + lambda I)^-1 g; scratch */
  double low, high;      /* bounds of lambda */
  size_t n, padded;
} exact;

/* Bounds of lambda by the rows of H (Conn, Gould & Toint 2000, section 7.3.8). */
static void bounds(exact *e, double radius)
{
  double least = INFINITY, most = -INFINITY, diagonal = INFINITY, square = 0.0, largest = 0.0;
  for (size_t i = 0; i < e->n; i++) {
    const double *row = e->h + i * e->padded, d = row[i];
    double sum = 0.0;
    for (size_t j = 0; j < e->n; j++) sum += fabs(row[j]);
    const double norm = tg_dense_norm_(row, e->n), others = sum - fabs(d);
    square = hypot(square, norm);
    largest = fmax(largest, sum);
    diagonal = fmin(diagonal, d);
    least = fmin(least, d - others);
    most = fmax(most, d + others);
  }
  const double ratio = tg_dense_norm_(e->g, e->n) / radius, size = fmin(square, largest);
  e->low = fmax(0.0, fmax(-diagonal, ratio - fmin(most, size)));
  e->high = fmax(0.0, ratio + fmin(-least, size));
}

/* Factors H + lambda I and solves; when it is not positive definite raises the lower bound by what the
 * failure shows. */
static bool solve(exact *e, double lambda)
{
  const tg_dense_ u = {e->a, e->n, e->padded};
  memcpy(e->a, e->h, e->n * e->padded * sizeof *e->a);
  for (size_t i = 0; i < e->n; i++) e->a[i * e->padded + i] += lambda;
  double pivot;
  const size_t k = tg_dense_cholesky_(u, e->run->level, &pivot);
  if (k == e->n) {
    for (size_t i = 0; i < e->n; i++) e->s[i] = -e->g[i];
    tg_dense_solve_transposed_(u, e->n, e->s);
    tg_dense_solve_upper_(u, e->n, e->s);
    return isfinite(tg_dense_norm_(e->s, e->n));
  }
  /* v = (-U^-1 u_k, 1) has v'(H + lambda I) v = pivot */
  for (size_t i = 0; i < k; i++) e->w[i] = -e->a[i * e->padded + k];
  tg_dense_solve_upper_(u, k, e->w);
  const double rise = -pivot / (tg_dense_inner_(e->w, e->w, k) + 1.0);
  e->low = fmax(e->low, rise > 0.0 && isfinite(rise) ? lambda + rise : lambda);
  return false;
}

static double between(const exact *e)
{
  return fmax(sqrt(e->low) * sqrt(e->high), e->low + 0.01 * (e->high - e->low));
}

static double model(const exact *e)
{
  double sum = 0.0;
  for (size_t i = 0; i < e->n; i++)
    sum += e->s[i] * (e->g[i] + 0.5 * e->run->kernel->dot(e->h + i * e->padded, e->s, e->padded));
  return -sum;
}

static double curvature(const exact *e, const double *z)
{
  double sum = 0.0;
  for (size_t i = 0; i < e->n; i++) sum += z[i] * e->run->kernel->dot(e->h + i * e->padded, z, e->padded);
  return sum;
}

/* z <- H (H + lambda I)^-1 z, which leaves nothing of directions without curvature and most of that of the
 * most negative. */
static void sharpen(const exact *e, double lambda, double *z)
{
  const tg_dense_ u = {e->a, e->n, e->padded};
  memcpy(e->v, z, e->n * sizeof *z);
  tg_dense_solve_transposed_(u, e->n, e->v);
  tg_dense_solve_upper_(u, e->n, e->v);
  for (size_t i = 0; i < e->n; i++) z[i] -= lambda * e->v[i];
  const double length = tg_dense_norm_(z, e->n);
  for (size_t i = 0; i < e->n; i++) z[i] /= length;
}

/* In the hard case: goes to the border along a direction of little curvature, when that is good enough. */
static bool reach_border(exact *e, double lambda, double radius)
{
  const tg_dense_ u = {e->a, e->n, e->padded};
  const double small = tg_dense_small_direction_(u, e->w);
  double each = small * small, low, high; /* w'(H + lambda I) w */
  if (each < lambda) {
    sharpen(e, lambda, e->w);
    each = fmax(curvature(e, e->w) + lambda, 0.0);
  }
  e->low = fmax(e->low, lambda - each);
  if (!border(e->s, e->w, e->n, radius, &low, &high)) return false;
  /* either root will do (More & Sorensen 1983, lemma 3.4); the farther leads out of more valleys without end
 */
  const double t = fabs(low) > fabs(high) ? low : high, ss = -tg_dense_inner_(e->s, e->g, e->n);
  if (!(t * t * each <= 0.2 * (ss + lambda * radius * radius))) return false;
  for (size_t i = 0; i < e->n; i++) e->s[i] += t * e->w[i];
  return true;
}

/* The next lambda by Newton's method on 1 / |s| - 1 / radius (More & Sorensen 1983, (3.8)...). */
static double secular(exact *e, double lambda, double length, double radius)
{
  const tg_dense_ u = {e->a, e->n, e->padded};
  memcpy(e->w, e->s, e->n * sizeof *e->w);
  tg_dense_solve_transposed_(u, e->n, e->w);
  const double w = tg_dense_norm_(e->w, e->n);
  return lambda + (length / w) * (length / w) * (length - radius) / radius;
}

static void propose_exact(exact *e, double radius, proposal *p)
{
  enum { TRIES = 60 };
  bounds(e, radius);
  double lambda = e->low == 0.0 ? 0.0 : between(e);
  p->free = false;
  bool found = false;
  for (int i = 0; i < TRIES; i++) {
    const bool positive = solve(e, lambda);
    if (!positive) {
      if (lambda >= e->high) e->high = fmax(2.0 * e->high, DBL_MIN);
      lambda = between(e);
      continue;
    }
    found = true;
    const double length = tg_dense_norm_(e->s, e->n);
    p->free = lambda == 0.0 && length <= radius;
    if (p->free || fabs(length - radius) <= 0.1 * radius) break;
    const double next = secular(e, lambda, length, radius);
    if (length < radius) {
      e->high = lambda;
      if (reach_border(e, lambda, radius)) break;
    } else
      e->low = lambda;
    lambda = next > e->low && next < e->high                   ? next
             : e->low == 0.0 && next <= 0.0 && length < radius ? 0.0
                                                               : between(e);
    if (!(e->high - e->low > 1e-14 * e->high)) break;
  }
  if (!found) memset(e->s, 0, e->n * sizeof *e->s);
  p->s = e->s;
  p->length = tg_dense_norm_(e->s, e->n);
  if (p->length > 1.1 * radius) {
    for (size_t i = 0; i < e->n; i++) e->s[i] *= radius / p->length;
    p->length = radius;
  }
  p->decrease = model(e);
}

/* Parameters that change nothing make H singular, and no step is the model's only minimum: near the end the
 * shortest decides how far it is. */
static int look_for_end(exact *e, tg_run *run, const proposal *p)
{
  double size = 0.0;
  if (p->free) return tg_model_(run, p->s, p->decrease);
  if (!(p->decrease <= 1e-6 * (run->s.start_value - tg_current_(run)->value))) return 0;
  for (size_t i = 0; i < e->n; i++) size = fmax(size, fabs(e->h[i * e->padded + i]));
  double *const kept = e->s;
  e->s = e->w; /* a factor that fails leaves its traces there, and no step */
  const bool positive = solve(e, 1e-10 * size);
  e->s = kept;
  return positive ? tg_guess_(run, e->w, 0.5 * fabs(tg_dense_inner_(e->w, e->g, e->n)), true) : 0;
}

/* ---- by conjugate gradients ---- */

static int propose_cg(tg_run *run, double radius, proposal *proposed)
{
  const tg_vector_ *k = run->kernel;
  const size_t n = run->padded;
  const tg_point_ *at = tg_current_(run);
  const double unit = tg_power_(at->largest);
  double *s = run->work, *r = s + n, *p = r + n, *hp = p + n;
  memset(s, 0, n * sizeof *s);
  for (size_t i = 0; i < n; i++) r[i] = at->g[i] / unit, p[i] = -r[i];
  double rr = k->dot(r, r, n);
  const double start = sqrt(rr), wanted = fmin(0.1, sqrt(start * unit)) * start;
  *proposed = (proposal){.s = s, .free = true};
  for (size_t i = 0; i < 2 * run->n + 20 && rr > 0.0 && (sqrt(rr) > wanted || tg_lost_in_rounding_(run, s));
       i++) {
    if (tg_evaluate_product_(run, at->x, p, hp)) return 1;
    const double curvature = k->dot(p, hp, n), length = unit * (rr / curvature),
                 slope = unit * k->dot(r, p, n);
    if (!isfinite(curvature)) return tg_stop_(run, TG_STOP_NONFINITE);
    double low = 0.0, high = 0.0, t = length;
    const bool some = border(s, p, run->n, radius, &low, &high);
    const bool out = !(curvature > 0.0) || (some && length > high);
    if (out) t = some ? high : 0.0;
    k->add(s, s, t, p, n);
    proposed->decrease -= t * (slope + 0.5 * t * curvature);
    proposed->free = !out;
    if (out) break;
    k->add(r, r, t / unit, hp, n);
    const double before = rr;
    rr = k->dot(r, r, n);
    for (size_t j = 0; j < n; j++) p[j] = rr / before * p[j] - r[j];
  }
  proposed->length = tg_dense_norm_(s, run->n);
  return proposed->free ? tg_guess_(run, s, proposed->decrease, false) : 0;
}

/* ---- the radius ---- */

/* Where values differ by rounding alone the gradient decides. */
static bool better(const tg_run *run, const tg_point_ *from, const tg_point_ *to, double decrease,
                   double *ratio)
{
  const double noise = 1e-14 * fabs(from->value), fall = from->value - to->value;
  *ratio = to->finite ? fall / decrease : -1.0;
  if (!to->finite) return false;
  if (fmax(fabs(fall), decrease) > noise) return *ratio > 1e-4 && fall > 0.0;
  const double before = tg_dense_norm_(from->g, run->n), after = tg_dense_norm_(to->g, run->n);
  const bool accepted = to->value <= run->s.lowest_value + noise && after < 0.9 * before;
  *ratio = accepted ? 1.0 : 0.0; /* a step refused always shortens the next, or trials would have no end */
  return accepted;
}

static void adapt(state *kept, const proposal *p, double ratio)
{
  if (ratio < 0.25)
    kept->radius = 0.25 * p->length;
  else if (ratio > 0.75 && p->length > 0.8 * kept->radius)
    kept->radius *= 3.0;
}

/* One trial; true when it has to be followed by another from the same point. */
static int trial(tg_run *run, const proposal *p, bool *accepted)
{
  state *kept = (state *)(void *)run->own;
  const tg_point_ *from = tg_current_(run);
  tg_point_ *to = tg_spare_(run, NULL);
  run->kernel->add(to->x, from->x, 1.0, p->s, run->padded);
  if (tg_evaluate_(run, to, true, NULL, NULL)) return 1;
  if (to->value == -INFINITY) return tg_stop_nonfinite_(run, to->value);
  double ratio;
  *accepted = better(run, from, to, p->decrease, &ratio);
  adapt(kept, p, ratio);
  if (*accepted) tg_accept_(run, to, 1.0);
  return 0;
}

/* Too short a step, or one that the model does not foretell, is the last. */
static int end(tg_run *run, const proposal *p)
{
  return isnan(p->decrease) ? tg_stop_(run, TG_STOP_NONFINITE) : tg_stall_(run);
}

/* A step that is lost in theta; or, where theta goes to 0, in nothing: beside the start, as for tg_model_. */
static bool too_short(tg_run *run, const proposal *p)
{
  const double x = run->kernel->largest(tg_current_(run)->x, run->padded);
  const double nothing = DBL_EPSILON * DBL_EPSILON * fmin(run->s.start_size, 1.0);
  return !(p->decrease > 0.0) || p->length <= fmax(fmax(nothing, DBL_MIN), 0.5 * DBL_EPSILON * x);
}

static size_t work(const tg_objective *c, const tg_method *m, size_t padded)
{
  (void)m;
  return tg_newton_work_(c, padded, 2, 4);
}

static void start(tg_run *run)
{
  state *kept = (state *)(void *)run->own;
  if (kept->radius > 0.0) return;
  const double x = run->kernel->largest(tg_current_(run)->x, run->padded);
  kept->radius = fmax(run->m.radius, sqrt(DBL_EPSILON) * x); /* far out a step of 1 is lost in rounding */
}

static int step(tg_run *run)
{
  state *kept = (state *)(void *)run->own;
  const size_t square = run->n * run->padded;
  double *h = run->work;
  exact e = {.run = run,
             .h = h,
             .g = h + 2 * square,
             .a = h + square,
             .s = h + 2 * square + run->padded,
             .w = h + 2 * square + 2 * run->padded,
             .v = h + 2 * square + 3 * run->padded,
             .n = run->n,
             .padded = run->padded};
  start(run);
  if (tg_newton_hessian_(run, h, e.w)) return 1;
  tg_bend_flats_(run, h, h + 2 * square, e.a, tg_newton_order_(run));
  memset(e.s, 0, 3 * run->padded * sizeof *e.s);
  for (bool accepted = false; !accepted;) {
    proposal p;
    propose_exact(&e, kept->radius, &p);
    if (look_for_end(&e, run, &p)) return 1;
    if (too_short(run, &p)) return end(run, &p);
    if (trial(run, &p, &accepted)) return 1;
  }
  return 0;
}

const tg_rule_ tg_trust_region_rule_ = {
    .name = "trust_region",
    .make = tg_trust_region,
    .properties = TG_NEEDS_HESSIAN | TG_IS_MONOTONE | TG_HAS_MODEL,
    .check = tg_check_radius_,
    .work = work,
    .own = own,
    .sound = sound,
    .step = step,
    .curvature = tg_dense_curvature_,
};

static size_t cg_work(const tg_objective *c, const tg_method *m, size_t padded)
{
  (void)m;
  return tg_newton_work_(c, padded, 0, 4);
}

/* How far the minimum of the model is is seen without the radius. */
static int last(tg_run *run, const proposal *p)
{
  proposal whole;
  return propose_cg(run, 1e100, &whole) ? 1 : end(run, p);
}

static int cg_step(tg_run *run)
{
  const state *kept = (const state *)(const void *)run->own;
  start(run);
  if (tg_stop_at_rounding_(run)) return 1;
  for (bool accepted = false; !accepted;) {
    proposal p;
    if (propose_cg(run, kept->radius, &p)) return 1;
    if (too_short(run, &p)) return isnan(p.decrease) ? end(run, &p) : last(run, &p);
    if (trial(run, &p, &accepted)) return 1;
  }
  return 0;
}

const tg_rule_ tg_trust_region_cg_rule_ = {
    .name = "trust_region_cg",
    .make = tg_trust_region_cg,
    .properties = TG_NEEDS_PRODUCT | TG_IS_MONOTONE | TG_HAS_MODEL,
    .check = tg_check_radius_,
    .work = cg_work,
    .own = cg_own,
    .sound = sound,
    .step = cg_step,
    .curvature = tg_product_curvature_,
};
