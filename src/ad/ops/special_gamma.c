/* lgamma without the data race of signgam; digamma and the polygamma functions of order 1, 2, 3; derivatives of gamma.
 *
 * Abramowitz & Stegun, Handbook of Mathematical Functions (1964), chapter 6 (A&S below): recurrence to where the
 * asymptotic series is exact, reflection for negative x. digamma near its zero is (x - zero) times a polynomial, the zero
 * a pair; that polynomial was interpolated here at Chebyshev nodes in 60 digits. */
#define _GNU_SOURCE /* lgamma_r */
#include <assert.h>

#include "special_parts.h"

double tg_lgamma_(double x)
{
#if defined __GLIBC__ || defined __APPLE__ || defined __FreeBSD__
  int sign;
  return lgamma_r(x, &sign);
#else
  return lgamma(x);
#endif
}

/* sin(pi r), cos(pi r) of the distance r of x to the nearest integer: exactly reduced, |r| <= 1/2. */
static double sin_pi(double r) { return sin(TG_PI_ * r); }
static double cos_pi(double r) { return sin(TG_PI_ * (0.5 - fabs(r))); }

static double cot_pi(double r)
{
  return fabs(r) < 0.25 ? 1.0 / tan(TG_PI_ * r) : copysign(tan(TG_PI_ * (0.5 - fabs(r))), r);
}

/* A&S 6.3.18, x >= 10. */
static double digamma_asymptotic(double x)
{
  assert(x >= 10.0);
  static const double c[] = {1.0 / 12,  -1.0 / 120,     1.0 / 252, -1.0 / 240,
                             1.0 / 132, -691.0 / 32760, 1.0 / 12,  -3617.0 / 8160};
  const double r = 1.0 / x, w = r * r;
  return log(x) - (0.5 * r + w * polynomial(c, COUNT(c), w));
}

static double digamma_positive(double x)
{
  /* digamma(x) / (x - zero) on [1, 3], in x - 2. */
  static const pair zero = {0x1.762d86356be3fp+0, 0x1.b86a722197829p-54};
  static const double quotient[] = {
      7.85307538604105273e-1,  -2.607389546830013895e-1, 1.089999170176262647e-1,  -4.955103291767290956e-2,
      2.344730959772454803e-2, -1.133843255333368229e-2, 5.552254171350814384e-3,  -2.739572883169279569e-3,
      1.3581421903714413e-3,   -6.75313369799564978e-4,  3.364323761300138712e-4,  -1.678151872237993553e-4,
      8.377966540530644237e-5, -4.184622931937881204e-5, 2.089170891112120572e-5,  -1.044106631983514151e-5,
      5.268719428972179821e-6, -2.63383113261519244e-6,  1.211981578259542639e-6,  -6.0593227950452558e-7,
      4.61737970298510767e-7,  -2.308624808134295406e-7, -5.642299490220278128e-8, 2.821220170829738007e-8,
      1.154053683406204441e-7, -5.770259267717390279e-8, -3.57053373089851438e-8,  1.785267219137655292e-8,
      1.020154514203386765e-8, -5.100770214989469025e-9,
  };
  if (x >= 10.0) return isinf(x) ? x : digamma_asymptotic(x);
  double sum = 0.0, t = x;
  for (; t > 3.0; t -= 1.0) sum += 1.0 / (t - 1.0);
  return ((t - zero.hi) - zero.lo) * polynomial(quotient, COUNT(quotient), t - 2.0) + sum;
}

/* Below 1 by A&S 6.3.5, negative x by 6.3.7. */
double tg_digamma_(double x)
{
  if (x == 0.0) return -1.0 / x;
  if (x >= 1.0 || isnan(x)) return digamma_positive(x);
  if (x > 0.0) return digamma_positive(1.0 + x) - 1.0 / x;
  const double r = x - tg_nearest_(x);
  if (isinf(x) || r == 0.0) return NAN;
  return digamma_positive(1.0 - x) - TG_PI_ * cot_pi(r);
}

static double whole_power(double x, int n)
{
  double p = x;
  while (--n > 0) p *= x;
  return p;
}

/* (-1)^(m+1) psi^(m)(x), x > 0, m = 1, 2, 3: the terms below `far` by A&S 6.4.6, the rest by 6.4.11. */
static double polygamma_positive(int m, double x)
{
  /* Bernoulli's numbers B_2, B_4, ... */
  static const double b[] = {1.0 / 6,         -1.0 / 30, 1.0 / 42,        -1.0 / 30,      5.0 / 66,
                             -691.0 / 2730.0, 7.0 / 6,   -3617.0 / 510.0, 43867.0 / 798.0};
  static const double factorial[] = {1.0, 1.0, 2.0, 6.0};
  const double far = 15.0;
  assert(m >= 1 && m <= 3);
  if (isinf(x)) return 0.0;
  const double steps = x < far ? ceil(far - x) : 0.0, t = x + steps, w = 1.0 / t / t;
  double tail = 0.0; /* sum over j of B_2j (2j + m - 1)! / (2j)! t^-2j */
  for (size_t j = COUNT(b); j > 0; j--) {
    double c = b[j - 1];
    for (int i = 1; i < m; i++) c *= 2.0 * (double)j + i;
    tail = w * (tail + c);
  }
  double sum = factorial[m - 1] + (0.5 * factorial[m] / t + tail);
  for (int i = 0; i < m; i++) sum /= t;
  for (double k = steps - 1.0; k >= 0.0; k -= 1.0) sum += factorial[m] / whole_power(x + k, m + 1);
  return sum;
}

/* A&S 6.4.7 for x < 0. */
double tg_trigamma_(double x)
{
  if (x > 0.0 || isnan(x)) return polygamma_positive(1, x);
  if (isinf(x)) return NAN;
  const double s = TG_PI_ / sin_pi(x - tg_nearest_(x));
  return isfinite(s) ? s * s - polygamma_positive(1, 1.0 - x) : INFINITY;
}

double tg_polygamma2_(double x)
{
  if (x > 0.0 || isnan(x)) return -polygamma_positive(2, x);
  if (x == 0.0) return -1.0 / x;
  const double r = x - tg_nearest_(x);
  if (isinf(x) || r == 0.0) return NAN;
  const double s = TG_PI_ / sin_pi(r);
  return -polygamma_positive(2, 1.0 - x) - 2.0 * cos_pi(r) * s * s * s;
}

double tg_polygamma3_(double x)
{
  if (x > 0.0 || isnan(x)) return polygamma_positive(3, x);
  if (isinf(x)) return NAN;
  const double r = x - tg_nearest_(x), s = TG_PI_ / sin_pi(r), c = cos_pi(r);
  return isfinite(s) ? (2.0 + 4.0 * c * c) * s * s * s * s - polygamma_positive(3, 1.0 - x) : INFINITY;
}

double tg_tgamma1_(double x, double v) { return v * tg_digamma_(x); }

double tg_tgamma2_(double x, double v)
{
  const double d = tg_digamma_(x);
  return v * (d * d + tg_trigamma_(x));
}
