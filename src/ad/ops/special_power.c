/* Logarithms, powers and roots.
 *
 * The partials of v = x^y are c x^(y-k) with factors of log x. From v they cost a division; where v has over- or
 * underflown and the partial has not, the power is taken anew, as a square. */
#define _GNU_SOURCE /* exp10 */
#include <assert.h>

#include "special_parts.h"

double tg_exp10_(double x)
{
#if defined __GLIBC__
  return exp10(x);
#else
  return pow(10.0, x);
#endif
}

/* 1 + log x = log(1 + e (x - 1/e)), which keeps its accuracy around its zero. */
double tg_log_plus1_(double x)
{
  if (!(x > 0.15 && x < 0.9)) return x == 0.0 ? -INFINITY : 1.0 + log(x);
  return log1p(0x1.5bf0a8b145769p+1 * ((x - 0x1.78b56362cef38p-2) + 0x1.ca8a4270fadf5p-57));
}

/* c x^(y - k), from v = x^y where that is of moderate size. Elsewhere as the square of |x|^((y - k) / 2), which neither
 * over- nor underflows before the result does, with the rounding error of y - k made good. */
static double lowered_power(double c, double x, double y, double v, int k)
{
  const double a = fabs(x), size = fabs(v);
  assert(k >= 0 && k <= 2);
  if (size > 1e-150 && size < 1e150 && isnormal(x))
    return k == 0 ? c * v : k == 1 ? c * v / x : c * v / x / x;
  const pair p = two_sum(y, -k);
  const double w = pow(x, p.hi);
  if (a == 0.0 || !isfinite(a) || a == 1.0 || isnan(w) || isinf(y)) return c * w;
  const double half = pow(a, 0.5 * p.hi), result = copysign(half * c * half, c * copysign(1.0, w));
  return isfinite(result) && p.lo != 0.0 ? result + result * (p.lo * log(a)) : result;
}

double tg_pow_x_(double x, double y, double v) { return y == 0.0 ? 0.0 : lowered_power(y, x, y, v, 1); }

double tg_pow_xx_(double x, double y, double v)
{
  return y == 0.0 || y == 1.0 ? 0.0 : lowered_power(y * (y - 1.0), x, y, v, 2);
}

/* v log^n x, where v log^n x -> 0 as x -> 0 for y > 0 and as x -> inf for y < 0; (0, 0) counts as constant. */
static double power_log(double x, double y, double v, int n)
{
  if (x < 0.0) return NAN;
  if (x == 0.0 && y >= 0.0) return 0.0;
  if (isinf(x) && y < 0.0) return 0.0;
  const double l = log(fabs(x));
  return lowered_power(n == 1 ? l : l * l, x, y, v, 0);
}

double tg_pow_y_(double x, double y, double v) { return power_log(x, y, v, 1); }
double tg_pow_yy_(double x, double y, double v) { return power_log(x, y, v, 2); }

/* x^(y-1) (1 + y log x); near y log x = -1 the logarithm is needed in two parts. */
double tg_pow_xy_(double x, double y, double v)
{
  if (x < 0.0) return NAN;
  if (x == 0.0 && (y == 0.0 || y > 1.0)) return 0.0;
  if (isinf(x) && y < 1.0) return 0.0;
  if (y == 0.0) return 1.0 / x;
  double factor = 1.0 + y * log(fabs(x));
  if (fabs(factor) < 0.25 && x != 0.0) factor = pair_shift(pair_scale(pair_log(x), y), 1.0).hi;
  return lowered_power(factor, x, y, v, 1);
}

/* x = m 2^(3 k): the cube root of m with one Newton step made with the exact residual. */
static double cube_root(double x, int *k)
{
  int e;
  (void)frexp(x, &e);
  *k = e / 3;
  const double m = ldexp(x, -3 * *k), c = cbrt(m);
  const pair residual = pair_shift(pair_scale(two_product(c, c), -c), m);
  return c + residual.hi / (3.0 * c * c);
}

double tg_cbrt1_(double x)
{
  if (x == 0.0 || !isfinite(x)) return 1.0 / fabs(x);
  int k;
  const double c = cube_root(x, &k);
  return ldexp(1.0 / (3.0 * c * c), -2 * k);
}

double tg_cbrt2_(double x)
{
  if (x == 0.0 || !isfinite(x)) return -1.0 / x;
  int k;
  const double c = cube_root(x, &k), square = c * c;
  return ldexp(-2.0 / (9.0 * (square * square * c)), -5 * k);
}
