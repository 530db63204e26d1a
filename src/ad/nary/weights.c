/* What logsumexp, softmax and cross_entropy share. */
#include <math.h>

#include "special.h"
#include "nary.h"

size_t tg_whole_index_(double index, size_t k)
{
  const double r = tg_nearest_(index);
  return r >= 0.0 && r < (double)k ? (size_t)r : k;
}

/* exp(a - b) with the rounding error of the difference made good: a weight of 1e-300 is as accurate as one of
 * 1/2. */
static double exp_difference(double a, double b)
{
  const double d = a - b, t = d - a, error = (a - (d - t)) - (b + t), e = exp(d);
  return e == 0.0 || !isfinite(e) ? e : e + e * error;
}

/* The first index of the largest entry; of the first NaN if there is one. */
static size_t top_index(const double *z, size_t k)
{
  size_t top = 0;
  for (size_t i = 0; i < k; i++) {
    if (isnan(z[i])) return i;
    if (z[i] > z[top]) top = i;
  }
  return top;
}

static size_t count_of(const double *z, size_t k, double value)
{
  size_t count = 0;
  for (size_t i = 0; i < k; i++) count += z[i] == value;
  return count;
}

/* The common weight of the entries equal to an infinite or NaN largest one. */
static double infinite_share(const double *z, size_t k, double largest)
{
  return largest > 0.0 ? 1.0 / (double)count_of(z, k, largest) : isnan(largest) ? largest : 0.0;
}

/* The sum of exp(z_i - z_top) over the others. */
static double rest_of(const double *z, size_t k, size_t top)
{
  double rest = 0.0;
  for (size_t i = 0; i < k; i++)
    if (i != top) rest += exp_difference(z[i], z[top]);
  return rest;
}

size_t tg_weights_(const double *z, size_t k, double *p)
{
  if (k == 0) return k;
  const size_t top = top_index(z, k);
  const double largest = z[top];
  if (!isfinite(largest)) {
    const double share = infinite_share(z, k, largest);
    for (size_t i = 0; i < k; i++) p[i] = z[i] == largest || isnan(share) ? share : 0.0;
    return top;
  }
  double rest = 0.0;
  for (size_t i = 0; i < k; i++) {
    p[i] = i == top ? 1.0 : exp_difference(z[i], largest);
    if (i != top) rest += p[i];
  }
  for (size_t i = 0; i < k; i++) p[i] /= 1.0 + rest;
  return top;
}

double tg_weighted_(const double *z, size_t k, const double *v, size_t shift, bool masked)
{
  if (k == 0) return 0.0;
  const size_t top = top_index(z, k);
  const double largest = z[top];
  const bool regular = isfinite(largest), weightless = largest == -INFINITY;
  const double divisor = regular ? 1.0 + rest_of(z, k, top) : 1.0;
  const double share = regular ? 0.0 : infinite_share(z, k, largest);
  const double base = shift < k && !weightless ? v[shift] : 0.0;
  double sum = shift < k && weightless ? -v[shift] : 0.0;
  for (size_t i = 0; i < k; i++) {
    if (i == shift) continue; /* its own term vanishes, or has no weight */
    const double p = regular                           ? exp_difference(z[i], largest) / divisor
                     : z[i] == largest || isnan(share) ? share
                                                       : 0.0;
    sum += tg_masked_product_(p, v[i] - base, masked);
  }
  return sum;
}

double tg_log_sum_(const double *z, size_t k, size_t shift)
{
  const size_t top = top_index(z, k);
  const double base = shift < k ? z[shift] : 0.0;
  if (k == 0) return -INFINITY;
  if (isinf(z[top]))
    return z[top] > 0.0 && base == z[top] ? log((double)count_of(z, k, base)) : z[top] - base;
  return (z[top] - base) + log1p(rest_of(z, k, top));
}

/* v_i - mean = (v_i - v_top) - sum_j p_j (v_j - v_top): no cancellation where one weight is nearly 1. */
void tg_weights_hvp_(double *hv, const double *v, size_t k, size_t top, double u, bool masked)
{
  if (top >= k) return;
  const double base = tg_base_(v[top], masked);
  double mean = 0.0;
  for (size_t i = 0; i < k; i++) mean += tg_masked_product_(hv[i], v[i] - base, masked);
  for (size_t i = 0; i < k; i++)
    hv[i] = tg_masked_product_(tg_masked_product_(hv[i], (v[i] - base) - mean, masked), u, masked);
}
