/* Lengths and choices for lanes (lane_math.h): norm3, lerp, clamp. */
#ifndef TG_LANE_LENGTH_H
#define TG_LANE_LENGTH_H

#include "lane_math.h"

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
