/* Further elementary functions for lanes, in the manner of lane_math.h: plain C of one or two doubles, no
 * branch, values within 2 ulp. The rows of ops.def reach them through the macros at the end, their partials
 * too, which are accurate to the ulp of the larger of their terms: next to a zero of a partial that is an
 * absolute bound, where the scalar forms (special.h) keep a relative one.
 *
 * The approximations of log2, log10 and atan are those of fdlibm (K. C. Ng, Sun Microsystems, 1993),
 * rearranged without branches. */
#ifndef TG_LANES_MORE_H
#define TG_LANES_MORE_H

#include "lane_math.h"

/* ---- logarithms and exponentials to other bases ---- */

/* log(1 + f) - f + f^2/2 for 1 + f in [sqrt(1/2), sqrt(2)). */
LANE_INLINE double lane_log_tail(double f)
{
  const double s = f / (2.0 + f), z = s * s, w = z * z;
  const double t1 =
      w * TG_FMA(w, TG_FMA(w, 0x1.39a09d078c69fp-3, 0x1.c71c51d8e78afp-3), 0x1.999999997fa04p-2);
  const double t2 =
      z * TG_FMA(w, TG_FMA(w, TG_FMA(w, 0x1.2f112df3e5244p-3, 0x1.7466496cb03dep-3), 0x1.2492494229359p-2),
                 0x1.5555555555593p-1);
  return s * (0.5 * f * f + (t1 + t2));
}

/* (k + log2(1 + f)) times a scale, which comes in two parts with log(2) times it, likewise in two. */
LANE_INLINE double lane_log_scaled(double x, double high, double low, double unit_high, double unit_low)
{
  const int tiny = x < 0x1p-1022;
  double k;
  const double f = lane_split(tiny ? x * 0x1p54 : x, &k) - 1.0, e = tiny ? k - 54.0 : k;
  const double half = 0.5 * f * f;
  const double a = lane_number(lane_bits(f - half) & UINT64_C(0xffffffff00000000));
  const double b = ((f - a) - half) + lane_log_tail(f);
  const double unit = e * unit_high, v = a * high, w = unit + v;
  const double rest = ((b + a) * low + b * high) + e * unit_low;
  return lane_log_special(x, w + (rest + ((unit - w) + v)));
}

LANE_INLINE double lane_log2(double x)
{
  return lane_log_scaled(x, 0x1.7154765200000p+0, 0x1.705fc2eefa200p-33, 1.0, 0.0);
}
LANE_INLINE double lane_log10(double x)
{
  return lane_log_scaled(x, 0x1.bcb7b15200000p-2, 0x1.b9438ca9aadd5p-36, 0x1.34413509f6000p-2,
                         0x1.9fef311f12b36p-42);
}

LANE_INLINE double lane_exp10(double x)
{
  const double upper = x > 400.0 ? 400.0 : x, t = upper < -400.0 ? -400.0 : upper;
  const double p = t * 0x1.26bb1bbb55516p+1,
               low = TG_FMA(t, -0x1.f48ad494ea3e9p-53, lane_product_error(t, 0x1.26bb1bbb55516p+1, p));
  return lane_exp_sum(p, low);
}

/* ---- hyperbolic sine and cosine ---- */

/* exp(a) / 2, also where exp(a) overflows. */
LANE_INLINE double lane_half_exp(double a)
{
  const double s = a - LANE_LN2_HIGH, back = s - a, lost = (a - (s - back)) - (LANE_LN2_HIGH + back);
  return lane_exp_sum(s, s < 800.0 ? lost - LANE_LN2_LOW : 0.0);
}

LANE_INLINE double lane_cosh(double x)
{
  const double e = lane_half_exp(lane_fabs(x));
  return e + 0.25 / e;
}

LANE_INLINE double lane_sinh(double x)
{
  const double a = lane_fabs(x), e = lane_half_exp(a);
  double low;
  const double t = lane_expm1_pair(a < 1.0 ? a : 1.0, &low);
  const double near = 0.5 * (t + (low + t / (t + 1.0))), y = a < 1.0 ? near : e - 0.25 / e;
  return lane_with_sign(a < 0x1p-28 ? a : y, x);
}

/* ---- angles ---- */

/* Where lane_angle_ok. The quotient of sine and cosine, what rounding took from both made good. */
LANE_INLINE double lane_tan(double x)
{
  double high, low, w;
  const int odd = (lane_reduce(x, &high, &low) & 1) != 0;
  const double a = -lane_sin_gap(high, low), b = lane_cos_tail(high, low, &w);
  const double s = high + a, s_low = (high - s) + a, c = w + b, c_low = (w - c) + b;
  const double over = odd ? -c : s, over_low = odd ? -c_low : s_low, under = odd ? s : c;
  const double q = over / under, back = q * under;
  const double rest =
      ((over - back) - lane_product_error(q, under, back)) + (over_low - q * (odd ? s_low : c_low));
  return lane_fabs(x) < 0x1p-27 ? x : q + rest / under;
}

/* atan(t) - t for |t| <= 7/16. */
LANE_INLINE double lane_atan_tail(double t)
{
  const double z = t * t, w = z * z;
  double odd = TG_FMA(w, TG_FMA(w, 0x1.0ad3ae322da11p-6, 0x1.97b4b24760debp-5), 0x1.10d66a0d03d51p-4);
  odd =
      TG_FMA(w, TG_FMA(w, TG_FMA(w, odd, 0x1.745cdc54c206ep-4), 0x1.24924920083ffp-3), 0x1.555555555550dp-2);
  double even = TG_FMA(w, TG_FMA(w, -0x1.2b4442c6a6c2fp-5, -0x1.dde2d52defd9ap-5), -0x1.3b0f2af749a6dp-4);
  even = TG_FMA(w, TG_FMA(w, even, -0x1.c71c6fe231671p-4), -0x1.999999998ebc4p-3);
  return -t * TG_FMA(z, odd, w * even);
}

/* By atan(a) = atan(c) + atan((a - c)/(1 + a c)), c = 0, 1/2, 1, 3/2 or infinite. */
LANE_INLINE double lane_atan(double x)
{
  const double a = lane_fabs(x);
  const int p = a >= 0.4375, q = a >= 0.6875, r = a >= 1.1875, s = a >= 2.4375;
  const double above = s ? -1.0 : r ? a - 1.5 : q ? a - 1.0 : p ? 2.0 * a - 1.0 : a;
  const double below = s ? a : r ? 1.0 + 1.5 * a : q ? a + 1.0 : p ? 2.0 + a : 1.0;
  const double high = s   ? 0x1.921fb54442d18p+0
                      : r ? 0x1.f730bd281f69bp-1
                      : q ? 0x1.921fb54442d18p-1
                      : p ? 0x1.dac670561bb4fp-2
                          : 0.0;
  const double low = s   ? 0x1.1a62633145c07p-54
                     : r ? 0x1.007887af0cbbdp-56
                     : q ? 0x1.1a62633145c07p-55
                     : p ? 0x1.a2b7f222f65e2p-56
                         : 0.0;
  const double t = above / below;
  return lane_with_sign(high + (t + (lane_atan_tail(t) + low)), x);
}

/* Where neither is zero nor extreme: atan2(y, x), from the first eighth of the circle. */
LANE_INLINE double lane_atan2(double y, double x)
{
  const double a = lane_fabs(x), b = lane_fabs(y);
  const int steep = b > a, left = x < 0.0;
  const double t = lane_atan((steep ? a : b) / (steep ? b : a));
  const double quarter = steep ? 0x1.921fb54442d18p+0 - (t - 0x1.1a62633145c07p-54) : t;
  return lane_with_sign(left ? 0x1.921fb54442d18p+1 - (quarter - 0x1.1a62633145c07p-53) : quarter, y);
}

/* ---- error function and normal distribution ---- */

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

/* Where the product with x keeps all digits. */
/* Where products with exp(-x^2), exp(-x^2/2) and their kin stay normal numbers: beyond, the plain form. */
LANE_INLINE int lane_erf_ok(double x) { return !(lane_fabs(x) > 26.0); }
LANE_INLINE int lane_gelu_ok(double x) { return !(lane_fabs(x) > 37.0); }
LANE_INLINE int lane_gelu_tanh_ok(double x) { return !(lane_fabs(x) > 21.0); }
LANE_INLINE int lane_silu_ok(double x) { return !(lane_fabs(x) > 700.0); }
LANE_INLINE int lane_mish_ok(double x) { return !(x < -700.0 || x > 350.0); }

LANE_INLINE double lane_norm_pdf(double x) { return 0x1.9884533d43651p-2 * lane_gaussian(x, 0.5); }

LANE_INLINE double lane_gelu(double x)
{
  const double p = lane_norm_cdf(x);
  return p == 0.0 ? -0.0 : x * p;
}

/* x held between -b and b; NaN passes. */
LANE_INLINE double lane_held(double x, double b)
{
  const double upper = x > b ? b : x;
  return upper < -b ? -b : upper;
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

/* 1 / sqrt(1 + x^2), whose square would overflow. */
LANE_INLINE double lane_asinh1(double x)
{
  const double a = lane_fabs(x), h = a < 0x1p30 ? a : 0x1p30;
  return a < 0x1p30 ? 1.0 / lane_sqrt(TG_FMA(h, h, 1.0)) : 1.0 / a;
}

/* ---- activations ---- */

LANE_INLINE double lane_silu(double x) { return x == -INFINITY ? -0.0 : x * lane_sigmoid(x); }
LANE_INLINE double lane_silu1(double x)
{
  const double b = lane_held(x, 800.0);
  return lane_sigmoid(b) * (1.0 + b * lane_sigmoid(-b));
}
LANE_INLINE double lane_silu2(double x)
{
  const double b = lane_held(x, 800.0), e = lane_exp(-lane_fabs(b)), d = 1.0 + e;
  return e / (d * d) * (2.0 - b * lane_tanh(0.5 * b));
}

/* tanh(log(1 + exp x)) as in special_sigmoid.c: a quotient of polynomials in e = exp(-|x|). */
LANE_INLINE double lane_mish(double x)
{
  const double e = lane_exp(-lane_fabs(x));
  const double above = x > 0.0 ? 1.0 + 2.0 * e : e * (e + 2.0), below = above + (x > 0.0 ? 2.0 * e * e : 2.0);
  return x < -800.0 ? -0.0 : x * (above / below);
}
LANE_INLINE double lane_mish1(double x)
{
  const double b = lane_held(x, 800.0), e = lane_exp(-lane_fabs(b));
  const double p = 1.0 + 2.0 * e + 2.0 * e * e, m = e * (e + 2.0) + 2.0;
  const double right = (1.0 + 2.0 * e) / p + b * (4.0 * e * e * (1.0 + e)) / (p * p);
  const double left = e * ((e + 2.0) * m + 4.0 * b * (e + 1.0)) / (m * m);
  return x > 0.0 ? right : left;
}
LANE_INLINE double lane_mish2(double x)
{
  const double b = lane_held(x, 800.0), e = lane_exp(-lane_fabs(b));
  const double p = 1.0 + 2.0 * e + 2.0 * e * e, m = e * (e + 2.0) + 2.0;
  const double right = 2.0 * (1.0 + e) * p - b * (2.0 + e * (3.0 - e * (2.0 + 2.0 * e)));
  const double left = 2.0 * (1.0 + e) * m + b * (2.0 + e * (2.0 - e * (3.0 + 2.0 * e)));
  return x > 0.0 ? 4.0 * e * e * right / (p * p * p) : 4.0 * e * left / (m * m * m);
}

#define LANE_GELU_G 0x1.9884533d43651p+0 /* 2 sqrt(2 / pi) */
#define LANE_GELU_C 0x1.6e4e26d4801f7p-5 /* 0.044715 */

/* exp(-w(|x|)), w = g x (1 + c x^2) in two parts. */
LANE_INLINE double lane_gelu_exp(double x)
{
  const double g_low = -0x1.cbc0d30ebfd15p-54, c_low = 0x1.441355475a31ap-59;
  const double b = lane_fabs(x), a = b > 40.0 ? 40.0 : b;
  const double h = a * a, h_low = lane_product_error(a, a, h);
  const double p = LANE_GELU_C * h,
               p_low = lane_product_error(LANE_GELU_C, h, p) + (LANE_GELU_C * h_low + c_low * h);
  const double s = 1.0 + p, s_low = (p < 1.0 ? p - (s - 1.0) : 1.0 - (s - p)) + p_low;
  const double q = a * s, q_low = lane_product_error(a, s, q) + a * s_low;
  const double w = LANE_GELU_G * q,
               w_low = lane_product_error(LANE_GELU_G, q, w) + (LANE_GELU_G * q_low + g_low * q);
  return lane_exp_sum(-w, -w_low);
}
LANE_INLINE double lane_gelu_tanh(double x)
{
  const double e = lane_gelu_exp(x), d = 1.0 + e, lost = e - (d - 1.0), q = (x < 0.0 ? e : 1.0) / d;
  return x < -40.0 ? -0.0 : x * (q - q * (lost / d));
}
LANE_INLINE double lane_gelu_tanh1(double x)
{
  const double b = lane_held(x, 40.0), e = lane_gelu_exp(b), d = 1.0 + e;
  const double s = (b < 0.0 ? e : 1.0) / d, t = (b < 0.0 ? 1.0 : e) / d;
  return s * (1.0 + b * t * (LANE_GELU_G * (1.0 + 3.0 * LANE_GELU_C * b * b)));
}
LANE_INLINE double lane_gelu_tanh2(double x)
{
  const double b = lane_held(x, 40.0), e = lane_gelu_exp(b), d = 1.0 + e, a = lane_fabs(b);
  const double c3 = 3.0 * LANE_GELU_C * a * a, p = 1.0 + c3, half_tanh = (1.0 - e) / d;
  return e / (d * d) * LANE_GELU_G * (2.0 + 4.0 * c3 - a * LANE_GELU_G * p * p * half_tanh);
}

/* cosh(a) - 1 = t^2 / (2 (1 + t)), t = exp(a) - 1, for 0 <= a <= 1. */
LANE_INLINE double lane_coshm1(double a)
{
  double low;
  const double t = lane_expm1_pair(a, &low);
  const double p = t * t, p_low = TG_FMA(2.0 * t, low, lane_product_error(t, t, p));
  const double s = 1.0 + t, s_low = (t < 1.0 ? t - (s - 1.0) : 1.0 - (s - t)) + low;
  const double q = p / s, back = q * s;
  return 0.5 * (q + (((p - back) - lane_product_error(q, s, back)) + (p_low - q * s_low)) / s);
}

/* log(cosh x): log(1 + (cosh x - 1)) near 0, |x| - log 2 + log(1 + exp(-2 |x|)) beyond. */
LANE_INLINE double lane_logcosh(double x)
{
  const double a = lane_fabs(x), near = lane_coshm1(a < 1.0 ? a : 1.0), e = lane_exp(-2.0 * a);
  return (a < 1.0 ? 0.0 : a - 0x1.62e42fefa39efp-1) + lane_log1p(a < 1.0 ? near : e);
}

LANE_INLINE double lane_logit(double p)
{
  const double r = p < 0.5 ? (1.0 - 2.0 * p) / p : (2.0 * p - 1.0) / (1.0 - p), near = lane_log1p(r);
  const double far = lane_log(p / (1.0 - p));
  return p < 0.25 || p > 0.75 ? far : p < 0.5 ? -near : near;
}
LANE_INLINE double lane_logit1(double p)
{
  const double d = 1.0 / lane_fabs(p) / (1.0 - p);
  return p >= 0.0 && p <= 1.0 ? d : NAN;
}
LANE_INLINE double lane_logit2(double p)
{
  const double d = lane_logit1(p);
  return (2.0 * p - 1.0) * d * d;
}

/* ---- choices and lengths ---- */

LANE_INLINE double lane_clamp(double x, double low, double high)
{
  return x < low ? low : x > high ? high : x;
}

/* lane_product_error for factors up to the largest: where it would split them, they are made smaller first. */
LANE_INLINE double lane_large_product_error(double a, double b, double product)
{
#if defined __FMA__
  return lane_product_error(a, b, product);
#else
  const double scale_a = lane_fabs(a) > 0x1p900 ? 0x1p-200 : 1.0;
  const double scale_b = lane_fabs(b) > 0x1p900 ? 0x1p-200 : 1.0, scale = scale_a * scale_b;
  return lane_product_error(scale_a * a, scale_b * b, scale * product) / scale;
#endif
}

/* (1 - t) a + t b with the rounding errors carried along. */
LANE_INLINE double lane_lerp(double a, double b, double t)
{
  const double u = 1.0 - t, back = u - 1.0, u_low = (1.0 - (u - back)) - (t + back);
  const double p = u * a, q = t * b, s = p + q, from = s - p;
  const double s_low = (p - (s - from)) + (q - from);
  const double errors = (lane_large_product_error(u, a, p) + lane_large_product_error(t, b, q)) + u_low * a;
  const double v = s + (s_low + errors), y = v - v == 0.0 ? v : s;
  return t == 0.0 ? (b == b ? a : b) : t == 1.0 ? (a == a ? b : a) : y;
}

/* Where squares neither over- nor underflow and not all are zero. */
LANE_INLINE int lane_length_ok(double x, double y, double z)
{
  const double size = lane_fabs(x) + lane_fabs(y) + lane_fabs(z);
  return (size > 0x1p-400) & (size < 0x1p400);
}
/* Quadrants, and quotients that stay normal. */
LANE_INLINE int lane_direction_ok(double y, double x)
{
  const double a = lane_fabs(x), b = lane_fabs(y);
  return (a > 0x1p-200) & (a < 0x1p200) & (b > 0x1p-200) & (b < 0x1p200);
}

LANE_INLINE double lane_norm3(double x, double y, double z)
{
  return lane_sqrt(TG_FMA(x, x, TG_FMA(y, y, z * z)));
}

#endif
