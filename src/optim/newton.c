/* Newton's method (4.51), (4.54): theta <- theta - H^-1 g.
 *
 * Safeguarded, a multiple of the identity is added to H until it is positive definite (Nocedal & Wright 2006,
 * algorithm 3.3) and a line search goes along the step. With TG_LINE_FIXED the bare form, which goes to any
 * stationary point or nowhere at all; for one parameter it is (4.51). newton_cg solves the system by
 * conjugate gradients on products with H, no more exactly than the distance to the solution warrants (Nocedal
 * & Wright, algorithm 7.1). */
#include "newton.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "line_search.h"
#include "stop.h"

tg_method tg_newton(void)
{
  return (tg_method){
      .kind = TG_METHOD_newton, .line_search = TG_LINE_WOLFE, .alpha = 1.0, .armijo = 1e-4, .wolfe = 0.9};
}

tg_method tg_newton_cg(void)
{
  tg_method m = tg_newton();
  m.kind = TG_METHOD_newton_cg;
  return m;
}

static const char *check(const tg_objective *c, const tg_method *m)
{
  (void)c;
  return tg_check_line_(m);
}

size_t tg_newton_work_(const tg_objective *c, size_t padded, size_t matrices, size_t vectors)
{
  const size_t rows = matrices * c->n + vectors;
  if (c->n > SIZE_MAX / sizeof(double) / (matrices + 1) - vectors) return SIZE_MAX;
  return padded > SIZE_MAX / sizeof(double) / rows ? SIZE_MAX : rows * padded;
}

/* Rows of n numbers become rows of `padded`, from the last on: they overlap. */
static void pad_rows(double *h, size_t n, size_t padded)
{
  for (size_t i = n; i-- > 0;) {
    memmove(h + i * padded, h + i * n, n * sizeof *h);
    for (size_t j = n; j < padded; j++) h[i * padded + j] = 0.0;
  }
}

static int by_products(tg_run *run, double *h, double *unit)
{
  memset(unit, 0, run->padded * sizeof *unit);
  for (size_t i = 0; i < run->n; i++) {
    unit[i] = 1.0;
    if (tg_evaluate_product_(run, tg_current_(run)->x, unit, h + i * run->n)) return 1;
    unit[i] = 0.0;
  }
  return 0;
}

int tg_newton_hessian_(tg_run *run, double *h, double *scratch)
{
  assert(run->problem.c.hessian || run->problem.c.hvp);
  const int end = run->problem.c.hessian ? tg_evaluate_hessian_(run, tg_current_(run)->x, h)
                                         : by_products(run, h, scratch);
  if (end) return end;
  double sum = 0.0;
  for (size_t i = 0; i < run->n * run->n; i++) sum += 0.0 * h[i];
  if (isnan(sum)) return tg_stop_(run, TG_STOP_NONFINITE);
  pad_rows(h, run->n, run->padded);
  return 0;
}

size_t *tg_newton_order_(tg_run *run)
{
  assert(run->own_size >= run->n * sizeof(size_t));
  return (size_t *)(void *)(run->own + run->own_size - run->n * sizeof(size_t));
}

/* ---- direct ---- */

static size_t work(const tg_objective *c, const tg_method *m, size_t padded)
{
  (void)m;
  return tg_newton_work_(c, padded, 2, 2);
}

static size_t own(const tg_objective *c, const tg_method *m)
{
  (void)m;
  return c->n > SIZE_MAX / sizeof(size_t) ? SIZE_MAX : c->n * sizeof(size_t);
}

static void copy_shifted(const tg_run *run, const double *h, double shift, double *a)
{
  memcpy(a, h, run->n * run->padded * sizeof *a);
  for (size_t i = 0; i < run->n; i++) a[i * run->padded + i] += shift;
}

/* d = -(H + shift I)^-1 g with the least shift tried that makes it positive definite; returns the shift. */
static double solve_shifted(const tg_run *run, const double *h, const double *g, double *a, double *d)
{
  const tg_dense_ u = {a, run->n, run->padded};
  double smallest = INFINITY, size = 0.0, pivot;
  for (size_t i = 0; i < run->n; i++) {
    smallest = fmin(smallest, h[i * run->padded + i]);
    size = fmax(size, tg_dense_norm_(h + i * run->padded, run->n));
  }
  const double least = size > 0.0 ? 1e-3 * size : 1.0;
  double shift = smallest > 0.0 ? 0.0 : least - smallest;
  for (copy_shifted(run, h, shift, a); tg_dense_cholesky_(u, run->level, &pivot) < run->n;
       copy_shifted(run, h, shift, a))
    shift = fmax(2.0 * shift, least);
  for (size_t i = 0; i < run->n; i++) d[i] = -g[i];
  tg_dense_solve_transposed_(u, run->n, d);
  tg_dense_solve_upper_(u, run->n, d);
  return shift;
}

static int bare(tg_run *run, double *h, double *d)
{
  for (size_t i = 0; i < run->n; i++) d[i] = -tg_current_(run)->g[i];
  return tg_dense_solve_general_((tg_dense_){h, run->n, run->padded}, d) ? 0
                                                                         : tg_stop_(run, TG_STOP_SINGULAR);
}

/* Along d when it is Newton's, or where that leads nowhere down the gradient. */
static int go(tg_run *run, double *d, bool newton)
{
  tg_line_ line = {.d = d, .first = 1.0};
  if (newton) {
    line.slope = run->kernel->dot(d, tg_current_(run)->g, run->padded);
    if (tg_line_search_(run, &line)) return 1;
  }
  if (!line.end) {
    tg_steepest_(run, d, &line);
    if (tg_line_search_(run, &line)) return 1;
  }
  if (!line.end) return tg_stall_(run);
  tg_accept_(run, line.end, line.length);
  return 0;
}

static int step(tg_run *run)
{
  double *h = run->work, *a = h + run->n * run->padded, *d = a + run->n * run->padded, *g = d + run->padded;
  if (tg_newton_hessian_(run, h, d)) return 1;
  memset(d, 0, run->padded * sizeof *d);
  const bool is_bare = run->m.line_search == TG_LINE_FIXED;
  double shift = 0.0;
  if (is_bare && bare(run, h, d)) return 1;
  if (!is_bare) {
    tg_bend_flats_(run, h, g, a, tg_newton_order_(run));
    shift = solve_shifted(run, h, g, a, d);
  }
  const double gain = -0.5 * run->kernel->dot(d, tg_current_(run)->g, run->padded);
  if (shift == 0.0 ? tg_model_(run, d, gain) : tg_guess_(run, d, gain, true)) return 1;
  return go(run, d, true);
}

const tg_rule_ tg_newton_rule_ = {
    .name = "newton",
    .make = tg_newton,
    .properties = TG_NEEDS_HESSIAN | TG_IS_MONOTONE | TG_HAS_MODEL,
    .check = check,
    .line = TG_LINE_ANY_,
    .work = work,
    .own = own,
    .step = step,
    .curvature = tg_dense_curvature_,
};

/* ---- conjugate gradients ---- */

static size_t cg_work(const tg_objective *c, const tg_method *m, size_t padded)
{
  (void)m;
  return tg_newton_work_(c, padded, 0, 4);
}

bool tg_lost_in_rounding_(const tg_run *run, const double *d)
{
  const double x = run->kernel->largest(run->s.point[run->s.current].x, run->padded);
  return run->kernel->largest(d, run->padded) <= 4.0 * DBL_EPSILON * x;
}

/* d approximates -H^-1 g; ends where the curvature is negative, with a step as long as if it were positive.
 * *some: there is such a d. Enough is done when the gradient left is small and the last iteration gained
 * little of what all did (Nash & Sofer 1990): in narrow valleys the first alone does not tell. */
static int inexact(tg_run *run, double *d, bool *some)
{
  const tg_vector_ *k = run->kernel;
  const size_t n = run->padded;
  double *r = d + n, *p = r + n, *hp = p + n, last = 0.0, gain = 0.0;
  const tg_point_ *at = tg_current_(run);
  const double unit = tg_power_(at->largest);
  memset(d, 0, n * sizeof *d);
  for (size_t i = 0; i < n; i++) r[i] = at->g[i] / unit, p[i] = -r[i];
  double rr = k->dot(r, r, n);
  const double start = sqrt(rr), wanted = fmin(0.5, sqrt(start * unit)) * start;
  *some = false;
  for (size_t i = 0; i < 2 * run->n + 20 && rr > 0.0; i++) {
    if (sqrt(rr) <= wanted && (double)i * last <= 0.5 * gain && !tg_lost_in_rounding_(run, d)) break;
    if (tg_evaluate_product_(run, at->x, p, hp)) return 1;
    const double curvature = k->dot(p, hp, n), t = rr / curvature, before = rr;
    if (!isfinite(curvature)) return tg_stop_(run, TG_STOP_NONFINITE);
    if (!(fabs(t * unit) < INFINITY)) return 0;
    *some = true;
    if (!(t > 0.0)) return k->add(d, d, -t * unit, p, n), 0;
    last = 0.5 * t * rr;
    gain += last;
    k->add(d, d, t * unit, p, n);
    k->add(r, r, t, hp, n);
    rr = k->dot(r, r, n);
    for (size_t j = 0; j < n; j++) p[j] = rr / before * p[j] - r[j];
  }
  return tg_guess_(run, d, -0.5 * k->dot(d, at->g, n), false);
}

static int cg_step(tg_run *run)
{
  bool some;
  return tg_stop_at_rounding_(run) || inexact(run, run->work, &some) ? 1 : go(run, run->work, some);
}

const tg_rule_ tg_newton_cg_rule_ = {
    .name = "newton_cg",
    .make = tg_newton_cg,
    .properties = TG_NEEDS_PRODUCT | TG_IS_MONOTONE | TG_HAS_MODEL,
    .check = check,
    .line = TG_LINE_ANY_,
    .work = cg_work,
    .step = cg_step,
    .curvature = tg_product_curvature_,
};
