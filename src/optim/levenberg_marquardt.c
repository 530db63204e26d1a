/* Levenberg-Marquardt for residuals r with Jacobian J, after More (1978): the step p minimises |r + J p| for
 * |D p| <= radius, D the largest norms of J's columns so far, so that units of the parameters do not matter.
 * p comes from a QR factorisation of J with pivoting and at most ten corrections of the parameter lambda that
 * puts it on the border. Constants are those of that paper but for four, chosen on the problems of More,
 * Garbow & Hillstrom and on NIST's: the first radius is 1, not 100, from which far starts end on plateaus;
 * the border is met to 1/20, not 1/10; only a step that gains less than 1/20 of what the model said, not 1/4,
 * makes the radius less; and one that does what the model said to a tenth lets it grow fourfold, not twofold.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "dense.h"
#include "stop.h"

tg_method tg_levenberg_marquardt(void)
{
  return (tg_method){.kind = TG_METHOD_levenberg_marquardt, .radius = 1.0};
}

typedef struct state {
  double radius, lambda;
} state;

static size_t own(const tg_objective *c, const tg_method *m)
{
  (void)m;
  return c->n > SIZE_MAX / sizeof(size_t) - sizeof(state) ? SIZE_MAX : sizeof(state) + c->n * sizeof(size_t);
}

/* The pivots that follow are made anew by every factorisation. */
static bool sound(const tg_run *run, const unsigned char *own)
{
  state kept;
  (void)run;
  memcpy(&kept, own, sizeof kept);
  return kept.radius >= 0.0 && kept.lambda >= 0.0;
}

enum { N_VECTORS = 9, M_VECTORS = 3 };

/* J is m x n; then R and its updates, n x n. */
static size_t work(const tg_objective *c, const tg_method *m, size_t padded)
{
  (void)m;
  const size_t rows = c->residuals, most = SIZE_MAX / sizeof(double) / 4;
  if (rows > most / (c->n + M_VECTORS) || c->n > most / (padded + N_VECTORS)) return SIZE_MAX;
  return tg_pad_(rows * (c->n + M_VECTORS)) + tg_pad_((c->n + N_VECTORS) * padded);
}

typedef struct lm {
  tg_run *run;
  state *kept;
  size_t m, n;
  double *j, *r, *trial, *b;                                       /* m x n, m, m, m */
  double *t, *scale, *diagonal, *norm, *p, *x, *y, *row, *scratch; /* n x n, n, ...; scratch: 2 n */
  size_t *pivot;
} lm;

static lm view(tg_run *run)
{
  lm q = {.run = run, .kept = (state *)(void *)run->own, .m = run->problem.c.residuals, .n = run->n};
  const size_t n = run->padded;
  q.j = run->work;
  q.r = q.j + q.m * q.n;
  q.trial = q.r + q.m;
  q.b = q.trial + q.m;
  q.t = run->work + tg_pad_(q.m * (q.n + M_VECTORS));
  q.scale = q.t + q.n * n;
  q.diagonal = q.scale + n;
  q.norm = q.diagonal + n;
  q.p = q.norm + n;
  q.x = q.p + n;
  q.y = q.x + n;
  q.row = q.y + n;
  q.scratch = q.row + n;
  q.pivot = (size_t *)(void *)(run->own + sizeof(state));
  return q;
}

/* ---- residuals at a point ---- */

/* r is at p->x. */
static void set_value(const lm *q, tg_point_ *p, const double *r)
{
  const double norm = tg_dense_norm_(r, q->m);
  p->value = 0.5 * norm * norm;
  p->finite = isfinite(p->value);
  p->has_gradient = false;
  p->largest = NAN;
}

/* Largest |cosine| of r with a column of J, whose product with r is g. */
static double cosine(const lm *q, const double *g)
{
  const double norm = tg_dense_norm_(q->r, q->m);
  double most = 0.0;
  for (size_t k = 0; k < q->n; k++) {
    double column = 0.0;
    for (size_t i = 0; i < q->m; i++) column = hypot(column, q->j[i * q->n + k]);
    if (column > 0.0 && norm > 0.0) most = fmax(most, fabs(g[k]) / column / norm);
  }
  return most;
}

/* J at p->x, and with it the gradient J'r. */
static int differentiate(const lm *q, tg_point_ *p)
{
  const size_t before = q->run->s.report.zero_rule;
  if (tg_evaluate_residual_(q->run, p->x, NULL, q->j)) return 1;
  p->zero_rule = q->run->s.report.zero_rule != before;
  q->run->s.report.gradients++;
  for (size_t k = 0; k < q->n; k++) p->g[k] = 0.0;
  for (size_t i = 0; i < q->m; i++)
    for (size_t k = 0; k < q->n; k++) p->g[k] += q->r[i] * q->j[i * q->n + k];
  p->largest = q->run->kernel->largest(p->g, q->run->padded);
  p->has_gradient = true;
  if (q->run->o.norm == TG_NORM_COSINE) p->cosine = cosine(q, p->g);
  p->finite = p->finite && isfinite(p->largest);
  return 0;
}

static int evaluate(tg_run *run, tg_point_ *p, bool gradient)
{
  const lm q = view(run);
  p->value = p->largest = NAN; /* nothing is known here should the callback end the run */
  p->has_gradient = false;
  if (tg_evaluate_residual_(run, p->x, q.r, NULL)) return 1;
  set_value(&q, p, q.r);
  return gradient ? differentiate(&q, p) : 0;
}

/* ---- the step for a given radius ---- */

static double scaled_norm(const lm *q, const double *x, double *scaled)
{
  for (size_t k = 0; k < q->n; k++) scaled[k] = q->scale[k] * x[k];
  return tg_dense_norm_(scaled, q->n);
}

static size_t rank(const lm *q)
{
  size_t k = 0;
  while (k < q->n && q->diagonal[k] != 0.0) k++;
  return k;
}

/* R into t with its diagonal, zero rows below when m < n. */
static void copy_r(const lm *q)
{
  memset(q->t, 0, q->n * q->n * sizeof *q->t);
  for (size_t i = 0; i < q->n && i < q->m; i++) {
    memcpy(q->t + i * q->n, q->j + i * q->n, q->n * sizeof *q->t);
    q->t[i * q->n + i] = q->diagonal[i];
  }
}

static void unpermute(const lm *q, const double *y, double *x)
{
  for (size_t k = 0; k < q->n; k++) x[q->pivot[k]] = y[k];
}

static void right_side(const lm *q, double *y)
{
  for (size_t k = 0; k < q->n; k++) y[k] = k < q->m ? q->b[k] : 0.0;
}

/* The Gauss-Newton step; parameters beyond the rank stay. */
static void gauss_newton(const lm *q, size_t rank)
{
  right_side(q, q->y);
  for (size_t k = rank; k < q->n; k++) q->y[k] = 0.0;
  tg_dense_solve_upper_((tg_dense_){q->t, q->n, q->n}, rank, q->y);
  unpermute(q, q->y, q->p);
}

/* Turns one row (entries from k on) and its right-hand side into the triangle t, y by Givens rotations. */
static void rotate_in(const lm *q, size_t from, double *row, double right)
{
  for (size_t k = from; k < q->n; k++) {
    double *t = q->t + k * q->n;
    if (row[k] == 0.0) continue;
    const double length = hypot(t[k], row[k]), c = t[k] / length, s = row[k] / length;
    for (size_t j = k; j < q->n; j++) {
      const double a = t[j], b = row[j];
      t[j] = c * a + s * b;
      row[j] = c * b - s * a;
    }
    const double a = q->y[k];
    q->y[k] = c * a + s * right;
    right = c * right - s * a;
  }
}

/* p minimises |J p + r|^2 + lambda |D p|^2. */
static void damped(const lm *q, double lambda)
{
  copy_r(q);
  right_side(q, q->y);
  for (size_t k = 0; k < q->n; k++) {
    memset(q->row, 0, q->n * sizeof *q->row);
    q->row[k] = sqrt(lambda) * q->scale[q->pivot[k]];
    rotate_in(q, k, q->row, 0.0);
  }
  size_t sound = 0;
  while (sound < q->n && q->t[sound * q->n + sound] != 0.0) sound++;
  for (size_t k = sound; k < q->n; k++) q->y[k] = 0.0;
  tg_dense_solve_upper_((tg_dense_){q->t, q->n, q->n}, sound, q->y);
  unpermute(q, q->y, q->p);
}

/* |t'^-1 D (D p) / |D p||^2, for x = D p of that length: minus the slope of |D p| in lambda, over |D p|. */
static double slope(const lm *q, double length)
{
  for (size_t k = 0; k < q->n; k++) q->y[k] = q->scale[q->pivot[k]] * (q->x[q->pivot[k]] / length);
  tg_dense_solve_transposed_((tg_dense_){q->t, q->n, q->n}, q->n, q->y);
  const double norm = tg_dense_norm_(q->y, q->n);
  return norm * norm;
}

/* |D^-1 J'r| */
static double scaled_gradient(const lm *q)
{
  copy_r(q);
  memset(q->y, 0, q->n * sizeof *q->y);
  for (size_t i = 0; i < q->n && i < q->m; i++)
    for (size_t k = i; k < q->n; k++) q->y[k] += q->t[i * q->n + k] * q->b[i];
  for (size_t k = 0; k < q->n; k++) q->y[k] /= q->scale[q->pivot[k]];
  return tg_dense_norm_(q->y, q->n);
}

/* What |r|^2 / 2 loses by the Gauss-Newton step: the part of r among the columns of J. */
static double gain(const lm *q, size_t rank)
{
  const double norm = tg_dense_norm_(q->b, rank < q->m ? rank : q->m);
  return 0.5 * norm * norm;
}

static const double border = 0.05;

/* Sets p and lambda so that |D p| is the radius to `border`, or lambda = 0 and |D p| less. Returns |D p|. */
static double find_step(const lm *q)
{
  const double radius = q->kept->radius;
  const size_t r = rank(q);
  double *lambda = &q->kept->lambda;
  copy_r(q);
  gauss_newton(q, r);
  if (tg_model_(q->run, q->p, gain(q, r))) return NAN;
  double length = scaled_norm(q, q->p, q->x), excess = length - radius;
  if (excess <= border * radius) return *lambda = 0.0, length;
  const double low_start = r == q->n ? excess / radius / slope(q, length) : 0.0;
  const double gradient = scaled_gradient(q);
  double low = low_start, high = gradient / radius;
  if (high == 0.0) high = DBL_MIN / fmin(radius, 0.1);
  *lambda = fmin(fmax(*lambda, low), high);
  if (*lambda == 0.0) *lambda = gradient / length;
  for (int i = 0;; i++) {
    if (*lambda == 0.0) *lambda = fmax(DBL_MIN, 0.001 * high);
    damped(q, *lambda);
    length = scaled_norm(q, q->p, q->x);
    const double before = excess;
    excess = length - radius;
    if (fabs(excess) <= border * radius || (low == 0.0 && excess <= before && before < 0.0) || i == 9)
      return length;
    const double correction = excess / radius / slope(q, length);
    if (excess > 0.0) low = fmax(low, *lambda);
    if (excess < 0.0) high = fmin(high, *lambda);
    *lambda = fmax(low, *lambda + correction);
  }
}

/* ---- an iteration ---- */

/* |J p|, from R while J is factored. */
static double linear_change(const lm *q)
{
  copy_r(q);
  double square = 0.0;
  for (size_t i = 0; i < q->n && i < q->m; i++) {
    double sum = 0.0;
    for (size_t k = i; k < q->n; k++) sum += q->t[i * q->n + k] * q->p[q->pivot[k]];
    square = hypot(square, sum);
  }
  return square;
}

typedef struct outcome {
  double actual, predicted, ratio;
} outcome;

/* Compares |r|^2 with what the model foretold, relative to |r|^2, and moves the radius. */
static outcome judge(const lm *q, double length, double norm, double next)
{
  state *s = q->kept;
  const double a = linear_change(q) / norm, b = sqrt(s->lambda) * length / norm;
  const double slope_along = -(a * a + b * b);
  outcome o = {.actual = 0.1 * next < norm ? 1.0 - (next / norm) * (next / norm) : -1.0,
               .predicted = a * a + 2.0 * b * b};
  o.ratio = o.predicted > 0.0 ? o.actual / o.predicted : 0.0;
  if (o.ratio <= 0.05) {
    double shrink = o.actual >= 0.0 ? 0.5 : 0.5 * slope_along / (slope_along + 0.5 * o.actual);
    if (!(0.1 * next < norm) || shrink < 0.1) shrink = 0.1;
    s->radius = shrink * fmin(s->radius, length / 0.1);
    s->lambda /= shrink;
  } else if (s->lambda == 0.0 || o.ratio >= 0.75) {
    s->radius = length * (o.ratio > 0.9 ? 4.0 : 2.0);
    s->lambda *= 0.5;
  }
  return o;
}

static void factor(const lm *q)
{
  for (size_t i = 0; i < q->m; i++) q->b[i] = -q->r[i];
  tg_dense_qr_(&(tg_dense_qr_arrays_){.j = q->j,
                                      .m = q->m,
                                      .n = q->n,
                                      .pivot = q->pivot,
                                      .diagonal = q->diagonal,
                                      .norm = q->norm,
                                      .b = q->b,
                                      .work = q->scratch});
  for (size_t k = 0; k < q->n; k++) {
    if (q->run->s.t == 0) q->scale[k] = q->norm[k] > 0.0 ? q->norm[k] : 1.0;
    q->scale[k] = fmax(q->scale[k], q->norm[k]);
  }
}

/* The change of |r| cannot be told from rounding, or theta + p from theta. */
static bool exhausted(const outcome *o, const lm *q, double size)
{
  const bool still = fabs(o->actual) <= DBL_EPSILON && o->predicted <= DBL_EPSILON && o->ratio <= 2.0;
  return still || !(q->kept->radius > DBL_EPSILON * size);
}

/* Columns of J that are next to nothing where D was taken from them let their parameters leap anywhere.
 * Raises their entries of D to a part of the largest; false when none was so small. */
static bool raise_scale(const lm *q)
{
  double largest = 0.0;
  bool some = false;
  for (size_t k = 0; k < q->n; k++) largest = fmax(largest, q->scale[k]);
  const double least = sqrt(DBL_EPSILON) * largest;
  for (size_t k = 0; k < q->n; k++) {
    some = some || q->scale[k] < least;
    q->scale[k] = fmax(q->scale[k], least);
  }
  return some;
}

/* |D theta|, and the radius that belongs to it at the start. */
static double set_radius(const lm *q, const tg_point_ *from)
{
  const double size = scaled_norm(q, from->x, q->x);
  q->kept->radius = size > 0.0 ? q->run->m.radius * size : q->run->m.radius;
  q->kept->lambda = 0.0;
  return size;
}

static int step(tg_run *run)
{
  const lm q = view(run);
  const tg_point_ *from = tg_current_(run);
  const double norm = sqrt(2.0 * from->value);
  factor(&q);
  double size = run->s.t == 0 ? set_radius(&q, from) : scaled_norm(&q, from->x, q.x);
  for (;;) {
    const double length = find_step(&q);
    if (run->s.report.stop != TG_RUNNING) return 1;
    if (run->s.t == 0) q.kept->radius = fmin(q.kept->radius, length);
    tg_point_ *to = tg_spare_(run, NULL);
    for (size_t k = 0; k < q.n; k++) to->x[k] = from->x[k] + q.p[k];
    if (tg_evaluate_residual_(run, to->x, q.trial, NULL)) return 1;
    set_value(&q, to, q.trial);
    const int best = run->s.best;
    tg_seen_(run, to);
    const outcome o = judge(&q, length, norm, to->finite ? sqrt(2.0 * to->value) : INFINITY);
    if (o.ratio >= 1e-4 && to->value <= from->value) {
      memcpy(q.r, q.trial, q.m * sizeof *q.r);
      if (differentiate(&q, to)) return 1;
      if (!to->finite) return run->s.best = best, tg_stop_(run, TG_STOP_NONFINITE);
      tg_accept_(run, to, 1.0);
      return 0;
    }
    if (!exhausted(&o, &q, size)) continue;
    if (!raise_scale(&q)) return tg_stall_(run);
    size = set_radius(&q, from);
  }
}

const tg_rule_ tg_levenberg_marquardt_rule_ = {
    .name = "levenberg_marquardt",
    .make = tg_levenberg_marquardt,
    .properties = TG_NEEDS_RESIDUALS | TG_IS_MONOTONE | TG_HAS_MODEL,
    .check = tg_check_radius_,
    .work = work,
    .own = own,
    .sound = sound,
    .evaluate = evaluate,
    .step = step,
};
