/* Activations for lanes (lane_math.h): silu, mish, gelu_tanh, logcosh, logit. The formulas are those of special_sigmoid.c
 * without its pairs: next to a zero of a partial the error is that of the larger term. */
#ifndef TG_LANE_SIGMOID_H
#define TG_LANE_SIGMOID_H

#include "lane_math.h"

/* Where products with exponentials stay normal numbers: beyond, the plain row. */
LANE_INLINE int lane_gelu_tanh_ok(double x) { return !(lane_fabs(x) > 21.0); }
LANE_INLINE int lane_silu_ok(double x) { return !(lane_fabs(x) > 700.0); }
LANE_INLINE int lane_mish_ok(double x) { return !(x < -700.0 || x > 350.0); }

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

#endif
