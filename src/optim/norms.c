/* Norms of gradients and steps, without overflow; and largest entries of vectors that are the caller's, and so
 * not padded. */
#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "run.h"

/* |a| over entries without padding */
double tg_largest_(const tg_run *run, const double *a)
{
  const size_t whole = run->n / TG_LANES_ * TG_LANES_;
  double tail[8] = {0};
  memcpy(tail, a + whole, (run->n - whole) * sizeof(double));
  const double most = run->kernel->largest(a, whole), rest = run->kernel->largest(tail, TG_LANES_);
  return isnan(most) || isnan(rest) ? NAN : fmax(most, rest);
}

double tg_distance_(const tg_run *run, const double *a, const double *b, size_t n)
{
  const size_t whole = n / TG_LANES_ * TG_LANES_;
  double most = run->kernel->distance(a, b, whole), tail[2][8] = {{0}};
  if (whole == n) return most;
  memcpy(tail[0], a + whole, (n - whole) * sizeof(double));
  memcpy(tail[1], b + whole, (n - whole) * sizeof(double));
  const double rest = run->kernel->distance(tail[0], tail[1], TG_LANES_);
  return isnan(most) || isnan(rest) ? NAN : fmax(most, rest);
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
static double bounded(const tg_run *run, const tg_point_ *p)
{
  double most = 0.0, sum = 0.0, most_scaled = 0.0;
  for (size_t i = 0; i < run->n; i++) {
    const double g = fabs(tg_subgradient_(&run->problem, p, i));
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
  assert(run->o.norm >= TG_NORM_MAX && run->o.norm <= TG_NORM_COSINE);
  if (!p->has_gradient || isnan(p->largest)) return NAN;
  if (run->o.norm == TG_NORM_COSINE) return p->cosine;
  if (tg_bounded_(&run->problem)) return bounded(run, p);
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
