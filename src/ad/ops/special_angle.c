/* Angles: the partials of atan, asinh and acosh; sin(x) / x.
 *
 * Far out, where 1 + x^2 rounds to x^2 and would overflow, the quotient is taken factor by factor. The derivatives of
 * sinc cancel near 0 and near their own zeros: there its Taylor series is summed in pairs. */
#include "special_parts.h"

/* Beyond this x^2 + 1 and x^2 - 1 are x^2. */
static const double huge_abscissa = 1e9;

double tg_atan1_(double x)
{
  const double a = fabs(x);
  return a > huge_abscissa ? 1.0 / a / a : 1.0 / (1.0 + x * x);
}

double tg_atan2_(double x)
{
  const double a = fabs(x), d = 1.0 / (1.0 + x * x);
  return a > huge_abscissa ? -2.0 / a / a / x : -2.0 * x * d * d;
}

/* -x / (1 + x^2)^(3/2) */
double tg_asinh2_(double x)
{
  const double h = hypot(1.0, x);
  return fabs(x) > huge_abscissa ? -1.0 / x / fabs(x) : -x / (h * h * h);
}

double tg_acosh1_(double x) { return x < 1.0 ? (double)NAN : 1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0)); }

/* -x / (x^2 - 1)^(3/2) */
double tg_acosh2_(double x)
{
  if (x < 1.0) return NAN;
  const double t = (x - 1.0) * (x + 1.0);
  return x > huge_abscissa ? -1.0 / x / x : -x / (t * sqrt(t));
}

double tg_sinc_(double x)
{
  if (x == 0.0) return 1.0;
  return isinf(x) ? 0.0 : sin(x) / x;
}

/* The derivative of order d of sin(x) / x = sum (-1)^k x^(2k) / (2k + 1)!, in pairs: good to |x| = 24. */
static double sinc_series(double x, int d)
{
  const pair minus_square = pair_neg(two_product(x, x));
  pair term = pair_of(1.0), sum = pair_of(0.0); /* the term is (-x^2)^(k-1) / (2k + 1)! */
  for (int k = 1; k < 60; k++) {
    term = pair_divide(term, pair_of(2.0 * k * (2.0 * k + 1.0)));
    const pair t = pair_scale(term, d == 1 ? -2.0 * k : -2.0 * k * (2.0 * k - 1.0));
    sum = pair_add(sum, t);
    if (fabs(t.hi) < 1e-20 * fabs(sum.hi) && 2.0 * k > fabs(x)) break;
    term = pair_mul(term, minus_square);
  }
  return d == 1 ? pair_scale(sum, x).hi : sum.hi;
}

/* (cos x - sin x / x) / x; where that cancels, near 0 and near its zeros, by the series. */
double tg_sinc1_(double x)
{
  if (isinf(x)) return 0.0;
  const double c = cos(x), s = sin(x) / x, d = c - s;
  if (fabs(x) < 1.0 || (fabs(x) < 24.0 && fabs(d) < 0.5 * fabs(s))) return sinc_series(x, 1);
  return d / x;
}

/* -(sin x + 2 (cos x - sin x / x) / x) / x, likewise. */
double tg_sinc2_(double x)
{
  if (isinf(x)) return 0.0;
  const double s = sin(x), d = 2.0 * tg_sinc1_(x), sum = s + d;
  if (fabs(x) < 1.0 || (fabs(x) < 24.0 && fabs(sum) < 0.5 * fabs(d))) return sinc_series(x, 2);
  return -sum / x;
}
