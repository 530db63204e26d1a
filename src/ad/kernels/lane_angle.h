/* Angles for lanes (lane_math.h): tan by sine and cosine, atan as in fdlibm (K. C. Ng, Sun Microsystems, 1993), rearranged
 * without branches. */
#ifndef TG_LANE_ANGLE_H
#define TG_LANE_ANGLE_H

#include "lane_math.h"

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

/* 1 / sqrt(1 + x^2), whose square would overflow. */
LANE_INLINE double lane_asinh1(double x)
{
  const double a = lane_fabs(x), h = a < 0x1p30 ? a : 0x1p30;
  return a < 0x1p30 ? 1.0 / lane_sqrt(TG_FMA(h, h, 1.0)) : 1.0 / a;
}

#endif
