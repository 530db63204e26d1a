/* Directions of negative curvature, for methods that know the Hessian: at a saddle the gradient is 0 as it is
 * at a minimum, and the Hessian tells them apart. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "line_search.h"
#include "newton.h"
#include "random.h"

static double curvature_along(const tg_run *run, const double *h, const double *z)
{
  double sum = 0.0;
  for (size_t i = 0; i < run->n; i++) sum += z[i] * run->kernel->dot(h + i * run->padded, z, run->padded);
  return sum;
}

/* z <- H (H + lambda I)^-1 z, which leaves nothing of directions along which C does not change and most of
 * that of the most negative curvature; z stays when that is not negative. */
static double sharpen(const tg_run *run, const double *h, double *a, double *z)
{
  const tg_dense_ u = {a, run->n, run->padded};
  const double curvature = curvature_along(run, h, z);
  if (!(curvature < 0.0)) return 0.0;
  double pivot, lambda = -curvature / run->kernel->dot(z, z, run->padded), *v = z + run->padded;
  do {
    lambda *= 2.0;
    memcpy(a, h, run->n * run->padded * sizeof *a);
    for (size_t i = 0; i < run->n; i++) a[i * run->padded + i] += lambda;
  } while (tg_dense_cholesky_(u, run->level, &pivot) < run->n && lambda < INFINITY);
  memcpy(v, z, run->padded * sizeof *v);
  tg_dense_solve_transposed_(u, run->n, v);
  tg_dense_solve_upper_(u, run->n, v);
  run->kernel->add(v, z, -lambda, v, run->padded);
  const double sharp = curvature_along(run, h, v);
  if (!(sharp < 0.0)) return curvature;
  memcpy(z, v, run->padded * sizeof *v);
  return sharp;
}

/* The Hessian of the last step tells as well, unless it was not convex there: steps that come to a saddle do
 * so from where it is not. */
int tg_dense_curvature_(tg_run *run, const double **z, double *curvature)
{
  double *h = run->work, *a = h + run->n * run->padded, *d = a + run->n * run->padded;
  if (run->s.convex) return 0;
  if (tg_newton_hessian_(run, h, d)) return 1;
  *z = d;
  if (tg_leads_down_(run, h, a, tg_newton_order_(run), d)) *curvature = sharpen(run, h, a, d);
  return 0;
}

static void fill(double *x, size_t n, size_t padded)
{
  uint64_t random[4];
  tg_random_seed_(random, 1);
  for (size_t i = 0; i < padded; i++) x[i] = 0.0;
  for (size_t i = 0; i < n; i++) x[i] = (double)tg_random_below_(random, 2001) / 1000.0 - 1.0;
}

/* Conjugate gradients for H x = b, b = H times random numbers, meet it when H has it, and hold nothing of
 * directions along which C does not change. The curvature that rounding may make of none is small beside the
 * largest. */
int tg_product_curvature_(tg_run *run, const double **z, double *curvature)
{
  enum { PRODUCTS = 20 };
  const tg_vector_ *k = run->kernel;
  const size_t n = run->padded;
  double *r = run->work + n, *p = r + n, *hp = p + n, largest = 0.0;
  fill(p, run->n, n);
  if (tg_evaluate_product_(run, tg_current_(run)->x, p, hp)) return 1;
  const double unit = tg_power_(k->largest(hp, n));
  for (size_t i = 0; i < n; i++) r[i] = hp[i] / unit;
  for (size_t i = 0; i < n; i++) p[i] = -r[i];
  double rr = k->dot(r, r, n);
  const double least = DBL_EPSILON * DBL_EPSILON * rr;
  *z = p;
  for (size_t i = 0; i < PRODUCTS && i <= run->n && rr > least; i++) {
    if (tg_evaluate_product_(run, tg_current_(run)->x, p, hp)) return 1;
    const double all = k->dot(p, hp, n), each = all / k->dot(p, p, n), before = rr;
    if (each < -256.0 * DBL_EPSILON * largest) *curvature = all;
    if (!(each > 0.0) || isinf(all)) return 0;
    largest = fmax(largest, each);
    k->add(r, r, rr / all, hp, n);
    rr = k->dot(r, r, n);
    for (size_t j = 0; j < n; j++) p[j] = rr / before * p[j] - r[j];
  }
  return 0;
}
