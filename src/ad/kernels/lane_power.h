/* Powers, logarithms and exponentials to other bases, hyperbolic sine and cosine for lanes (lane_math.h).
 *
 * log2 and log10 are those of fdlibm (K. C. Ng, Sun Microsystems, 1993), rearranged without branches. pow sums its logarithm in
 * pairs of doubles. The others come from exp, with what rounding took from its argument. */
#ifndef TG_LANE_POWER_H
#define TG_LANE_POWER_H

#include "lane_math.h"

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

/* Where lane_pow may be used: x positive and normal, the result finite and normal with room to spare. */
LANE_INLINE int lane_pow_ok(double x, double y)
{
  const double size = lane_fabs(y);
  return (x >= 0x1p-1022) & (x < INFINITY) & (size < 0x1p60) &
         ((size > 0x1p-60) | ((size == 0.0) & (x > 0x1p-500))) & (lane_fabs(y * lane_log(x)) < 700.0);
}

/* x^y by a logarithm of about 68 bits: log(z) = 2s + 2s^3/3 + ..., s = (z - 1)/(z + 1), in pairs of doubles.
 */
LANE_INLINE double lane_pow(double x, double y)
{
  double k;
  const double z = lane_split(x, &k), f = z - 1.0;
  const double t = 2.0 + f, t_low = f - (t - 2.0);
  const double s = f / t, back = s * t;
  const double s_low = (((f - back) - lane_product_error(s, t, back)) - s * t_low) / t;
  const double s2 = s * s, s2_low = lane_product_error(s, s, s2) + 2.0 * s * s_low;
  /* 2/5 + 2/7 s^2 + ... + 2/27 s^22; s^2 < 0.0295 */
  double p = TG_FMA(s2, 2.0 / 27, 2.0 / 25);
  p = TG_FMA(s2, TG_FMA(s2, TG_FMA(s2, p, 2.0 / 23), 2.0 / 21), 2.0 / 19);
  p = TG_FMA(s2, TG_FMA(s2, TG_FMA(s2, p, 2.0 / 17), 2.0 / 15), 2.0 / 13);
  p = TG_FMA(s2, TG_FMA(s2, TG_FMA(s2, TG_FMA(s2, p, 2.0 / 11), 2.0 / 9), 2.0 / 7), 2.0 / 5);
  const double q = s2 * p, q_low = lane_product_error(s2, p, q);
  const double c = 2.0 / 3 + q,
               c_low = ((2.0 / 3 - c) + q) + (q_low + 0x1.5555555555555p-55); /* 2/3 - fl(2/3) */
  const double m = s2 * c, m_low = lane_product_error(s2, c, m) + (s2 * c_low + s2_low * c);
  const double g = s * m, g_low = lane_product_error(s, m, g) + (s * m_low + s_low * m);
  const double a = k * LANE_LN2_HIGH, b = 2.0 * s;
  const double h1 = a + b, h1_low = a == 0.0 ? 0.0 : (a - h1) + b;
  const double h2 = h1 + g, h2_low = (h1 - h2) + g;
  const double low = h1_low + h2_low + (2.0 * s_low + g_low) + k * LANE_LN2_LOW;
  const double high = h2 + low, rest = (h2 - high) + low;
  const double e = y * high, e_low = lane_product_error(y, high, e) + y * rest;
  return lane_exp_sum(e, e_low);
}

#endif
