/* The error function, the normal distribution and gelu for lanes (lane_math.h).
 *
 * Near 0 erf is an odd polynomial, fitted on [0, 3/4]. Elsewhere erfc(x) = exp(-x^2) erfcx(x) for x > 0: erfcx by one
 * polynomial over all of it, and x^2 in two parts since its error is magnified by x^2. */
#ifndef TG_LANE_NORMAL_H
#define TG_LANE_NORMAL_H

#include "lane_math.h"

/* exp(y^2) erfc(y) for 0 <= y = high + low <= 28, as a sum of two: a polynomial in t = (y - 4)/(y + 4), over
 * 1 + 2 y (Shepherd & Laframboise 1981, Math. Comp. 36, 249: the form; the coefficients interpolate at
 * Chebyshev's points). */
LANE_INLINE double lane_erfcx(double high, double low, double *rest)
{
  const double n = high - 4.0, n_low = high < 4.0 ? high - (n + 4.0) : (high - n) - 4.0;
  const double m = high + 4.0, m_low = high < 4.0 ? high - (m - 4.0) : 4.0 - (m - high);
  const double t = n / m, tm = t * m;
  const double t_low =
      (((n - tm) - lane_product_error(t, m, tm)) + (n_low - t * m_low) + low * (1.0 - t)) / m;
  /* about the slope of the polynomial */
  const double slope = TG_FMA(
      t, TG_FMA(t, TG_FMA(t, TG_FMA(t, TG_FMA(t, -0.8475, 0.7588), -0.1408), 0.1207), -0.0022), -0.1357);
  double p =
      TG_FMA(t, TG_FMA(t, TG_FMA(t, -0x1.f47207b168acdp-30, -0x1.d5bb4c6d5b92dp-27), -0x1.09198a32cd9a9p-27),
             0x1.ef6c0c38d1a2bp-24);
  p = TG_FMA(t, TG_FMA(t, TG_FMA(t, p, 0x1.0d535fce28f99p-24), -0x1.c05fc977974eap-21),
             0x1.4392983419eddp-22);
  p = TG_FMA(t, TG_FMA(t, TG_FMA(t, p, 0x1.7fb88e391a9fep-18), -0x1.78a43458cca4bp-17),
             -0x1.996ad056e530bp-16);
  p = TG_FMA(t, TG_FMA(t, TG_FMA(t, p, 0x1.3be0b393ee921p-13), -0x1.a1de7c6e9ac9cp-13),
             -0x1.8d4a9dc0d22f3p-11);
  p = TG_FMA(t, TG_FMA(t, TG_FMA(t, p, 0x1.49c671893963fp-8), -0x1.0962388367b2fp-6), 0x1.3079edfa1033fp-5);
  p = TG_FMA(t, TG_FMA(t, TG_FMA(t, p, -0x1.0fb06dfe46987p-4), 0x1.7fee004df6263p-4), -0x1.9ddb23c3e98a6p-4);
  p = TG_FMA(t, TG_FMA(t, TG_FMA(t, p, 0x1.16ecefcfa6077p-4), 0x1.f7f5df66fd951p-7), -0x1.1df1ad154a29cp-3);
  p *= t;
  const double head = 0x1.3ba5916e9fd7fp+0, sum = head + p,
               sum_low = ((head - sum) + p) + (-0x1.bfac4624a4b08p-55) + t_low * slope;
  const double d = 1.0 + 2.0 * high,
               d_low = (high < 0.5 ? 2.0 * high - (d - 1.0) : 1.0 - (d - 2.0 * high)) + 2.0 * low;
  const double q = sum / d, back = q * d;
  *rest = (((sum - back) - lane_product_error(q, d, back)) + (sum_low - q * d_low)) / d;
  return q;
}

/* exp(-c x^2), c a power of two. */
LANE_INLINE double lane_gaussian(double x, double c)
{
  const double a = lane_fabs(x), t = a > 40.0 ? 40.0 : a, square = t * t;
  return lane_exp_sum(-c * square, -c * lane_product_error(t, t, square));
}

/* erf(high + low) for 0 <= high <= 3/4. */
LANE_INLINE double lane_erf_near(double high, double low)
{
  const double z = high * high;
  double q =
      TG_FMA(z, TG_FMA(z, TG_FMA(z, 0x1.93868bf8b5f74p-27, -0x1.57e91eb5ae33cp-23), 0x1.b94a493b2a0a3p-20),
             -0x1.f4caa135cbdfap-17);
  q = TG_FMA(z, TG_FMA(z, TG_FMA(z, q, 0x1.f9a2ea35c746ap-14), -0x1.c02db2dcbcc18p-11), 0x1.565bcd0b45ba0p-8);
  q = TG_FMA(z, TG_FMA(z, TG_FMA(z, q, -0x1.b82ce3127fe2ep-6), 0x1.ce2f21a042b48p-4), -0x1.812746b0379e7p-2);
  return TG_FMA(high, 0x1.20dd750429b6dp+0, high * TG_FMA(z, q, 0x1.1ae3a914fed80p-56) + low);
}

/* e (high + low), rounded once where it is not subnormal. */
LANE_INLINE double lane_times_pair(double e, double high, double low)
{
  const double p = e * high, lost = lane_product_error(e, high, p);
  return p + ((p > 0x1p-1000 ? lost : 0.0) + e * low);
}

/* erfc(|x|) where |x| >= 0.4. */
LANE_INLINE double lane_erfc_far(double x)
{
  const double a = lane_fabs(x);
  double low;
  const double high = lane_erfcx(a > 28.0 ? 28.0 : a, 0.0, &low), e = lane_gaussian(x, 1.0);
  return lane_times_pair(e, high, low);
}

LANE_INLINE double lane_erfc(double x)
{
  const double a = lane_fabs(x), near = 1.0 - lane_erf_near(a < 0.4 ? a : 0.4, 0.0);
  const double tail = a < 0.4 ? near : lane_erfc_far(x);
  return x < 0.0 ? 2.0 - tail : tail;
}

LANE_INLINE double lane_erf(double x)
{
  const double a = lane_fabs(x), near = lane_erf_near(a < 0.75 ? a : 0.75, 0.0);
  const double far = 1.0 - lane_erfc_far(x);
  return lane_with_sign(a < 0.75 ? near : far, x);
}

LANE_INLINE double lane_norm_cdf(double x)
{
  const double a = lane_fabs(x), t = a > 39.0 ? 39.0 : a;
  const double y = t * 0x1.6a09e667f3bcdp-1;
  const double y_low = TG_FMA(t, -0x1.bdd3413b26456p-55, lane_product_error(t, 0x1.6a09e667f3bcdp-1, y));
  const double near = lane_erf_near(y < 0.4 ? y : 0.4, y_low);
  double low;
  const double high = lane_erfcx(y, y_low, &low), e = lane_gaussian(x, 0.5);
  const double tail = 0.5 * (y < 0.4 ? 1.0 - near : lane_times_pair(e, high, low));
  return x > 0.0 ? 1.0 - tail : tail;
}

/* Where products with exp(-x^2) and exp(-x^2/2) stay normal numbers: beyond, the plain row. */
LANE_INLINE int lane_erf_ok(double x) { return !(lane_fabs(x) > 26.0); }
LANE_INLINE int lane_gelu_ok(double x) { return !(lane_fabs(x) > 37.0); }

LANE_INLINE double lane_norm_pdf(double x) { return 0x1.9884533d43651p-2 * lane_gaussian(x, 0.5); }

LANE_INLINE double lane_gelu(double x)
{
  const double p = lane_norm_cdf(x);
  return p == 0.0 ? -0.0 : x * p;
}

LANE_INLINE double lane_gelu1(double x)
{
  const double b = lane_held(x, 50.0);
  return TG_FMA(b, lane_norm_pdf(b), lane_norm_cdf(b));
}
LANE_INLINE double lane_gelu2(double x)
{
  const double b = lane_held(x, 50.0);
  return lane_norm_pdf(b) * (2.0 - b * b);
}

#endif
