/* Elementary functions written so that a loop over them vectorises: no branch, no table, no call.
 *
 * Each is a plain C function of one double, compiled into the loops of the kernels; the compiler turns the loop
 * into vector code. The operations and their order are the same in a vector and in a scalar remainder, hence
 * so are the bits, wherever in a block a number stands. Errors stay below 2 ulp; special values are those of
 * libm.
 *
 * Fused multiply-add is asked for by name. Constants are split so that accuracy does not depend on it.
 *
 * The approximations of log, log1p, sin and cos are those of fdlibm (K. C. Ng, Sun Microsystems, 1993),
 * rearranged without branches; exp uses a polynomial of degree 11 on [-log(2)/2, log(2)/2], fitted there for
 * the smallest largest relative error, 2^-57. Further functions: lane_power.h, lane_angle.h, lane_sigmoid.h, lane_normal.h,
 * lane_length.h. Partials next to their zeros are accurate to the ulp of the larger of their terms, an absolute bound,
 * where the scalar forms (special.h) keep a relative one. */
#ifndef TG_LANES_MATH_H
#define TG_LANES_MATH_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined __GNUC__
#define LANE_INLINE static inline __attribute__((always_inline))
#else
#define LANE_INLINE static inline
#endif

#if defined __FMA__
#define TG_FMA(a, b, c) __builtin_fma(a, b, c)
#else
#define TG_FMA(a, b, c) ((a) * (b) + (c))
#endif

LANE_INLINE uint64_t lane_bits(double x)
{
  uint64_t u;
  memcpy(&u, &x, sizeof u);
  return u;
}

LANE_INLINE double lane_number(uint64_t u)
{
  double x;
  memcpy(&x, &u, sizeof x);
  return x;
}

LANE_INLINE double lane_fabs(double x) { return lane_number(lane_bits(x) & INT64_MAX); }
LANE_INLINE double lane_with_sign(double magnitude, double sign)
{
  return lane_number((lane_bits(magnitude) & INT64_MAX) | (lane_bits(sign) & ~(uint64_t)INT64_MAX));
}

/* Added to a number below 2^51 in magnitude this rounds it to an integer, which then stands in the low bits.
 */
#define LANE_SHIFTER 0x1.8p52

#define LANE_LOG2E 0x1.71547652b82fep0
#define LANE_LN2_HIGH 0x1.62e42fee00000p-1 /* 33 bits: its product with an exponent is exact */
#define LANE_LN2_LOW 0x1.a39ef35793c76p-33

/* 2^k for an integer k in [-1022, 1023] held in a double. */
LANE_INLINE double lane_power_of_two(double k)
{
  return lane_number((lane_bits(k + LANE_SHIFTER) + 1023) << 52);
}

/* x 2^k, k held in `shifted` = k + LANE_SHIFTER too: in two steps, so that a subnormal result is rounded once
 * and 2^1024 is reached. */
LANE_INLINE double lane_scaled(double x, double k, double shifted)
{
  const uint64_t half = lane_bits(TG_FMA(k, 0.5, LANE_SHIFTER)), rest = lane_bits(shifted) - half;
  return x * lane_number((half + 1023) << 52) * lane_number((rest + 1023) << 52);
}

/* (exp(r) - 1 - r) / r^2 for |r| <= log(2)/2. */
LANE_INLINE double lane_exp_tail(double r)
{
  const double r2 = r * r, r4 = r2 * r2;
  const double a = TG_FMA(r, 0x1.5555555555555p-3, 0.5);
  const double b = TG_FMA(r, 0x1.11111111195d6p-7, 0x1.55555555536adp-5);
  const double c = TG_FMA(r, 0x1.a01a015a366d5p-13, 0x1.6c16c17b75a19p-10);
  const double d = TG_FMA(r, 0x1.71dee9857c156p-19, 0x1.a019aee3cd76ep-16);
  const double e = TG_FMA(r, 0x1.ada6fe1ca7d8ep-26, 0x1.289c246a4c94bp-22);
  return TG_FMA(TG_FMA(e, r4, TG_FMA(d, r2, c)), r4, TG_FMA(b, r2, a));
}

/* exp(x + low) for |low| far below |x|. */
LANE_INLINE double lane_exp_sum(double x, double low)
{
  const double upper = x > 710.0 ? 710.0 : x; /* NaN passes */
  const double t = upper < -746.0 ? -746.0 : upper;
  const double shifted = TG_FMA(t, LANE_LOG2E, LANE_SHIFTER), k = shifted - LANE_SHIFTER;
  const double high = TG_FMA(-k, LANE_LN2_HIGH, t), less = TG_FMA(k, LANE_LN2_LOW, -low);
  const double r = high - less, lost = (high - r) - less;
  const double e = 1.0 + (r + TG_FMA(r * r, lane_exp_tail(r), lost));
  return lane_scaled(e, k, shifted);
}

LANE_INLINE double lane_exp(double x) { return lane_exp_sum(x, 0.0); }

LANE_INLINE double lane_exp2(double x)
{
  const double upper = x > 1025.0 ? 1025.0 : x;
  const double t = upper < -1080.0 ? -1080.0 : upper;
  const double shifted = t + LANE_SHIFTER, k = shifted - LANE_SHIFTER;
  const double f = t - k, r = TG_FMA(f, LANE_LN2_HIGH, f * LANE_LN2_LOW);
  return lane_scaled(1.0 + TG_FMA(r * r, lane_exp_tail(r), r), k, shifted);
}

/* exp(t - k log(2)) - 1 as a sum of two, k the integer nearest to t / log(2). */
LANE_INLINE double lane_reduced_expm1(double t, double k, double *low)
{
  const double high = TG_FMA(-k, LANE_LN2_HIGH, t), less = k * LANE_LN2_LOW;
  const double r = high - less, lost = (high - r) - less;
  const double more = TG_FMA(r * r, lane_exp_tail(r), lost);
  const double e = r + more;
  *low = (r - e) + more;
  return e;
}

/* expm1 as a sum of two. */
LANE_INLINE double lane_expm1_pair(double x, double *low)
{
  const double upper = x > 710.0 ? 710.0 : x;
  const double t = upper < -100.0 ? -100.0 : upper;
  const double k = TG_FMA(t, LANE_LOG2E, LANE_SHIFTER) - LANE_SHIFTER;
  double e_low;
  const double e = lane_reduced_expm1(t, k, &e_low);
  /* 2^k e + (2^k - 1), with half the scale, so that 2^1024 is within reach; the second term is 0 or the
   * larger one */
  const double p = lane_power_of_two(k - 1.0), a = p * e, b = p - 0.5;
  const double sum = a + b;
  *low = TG_FMA(p, e_low, (b - sum) + a) * 2.0;
  return sum * 2.0;
}

LANE_INLINE double lane_expm1(double x)
{
  double low;
  const double high = lane_expm1_pair(x, &low), y = high < INFINITY ? high + low : high;
  return lane_fabs(x) < 0x1p-54 ? x : y;
}

/* log(1 + f) + k log(2) + c for 1 + f in [sqrt(1/2), sqrt(2)). */
LANE_INLINE double lane_log_core(double f, double k, double c)
{
  const double s = f / (2.0 + f), z = s * s, w = z * z;
  const double t1 =
      w * TG_FMA(w, TG_FMA(w, 0x1.39a09d078c69fp-3, 0x1.c71c51d8e78afp-3), 0x1.999999997fa04p-2);
  const double t2 =
      z * TG_FMA(w, TG_FMA(w, TG_FMA(w, 0x1.2f112df3e5244p-3, 0x1.7466496cb03dep-3), 0x1.2492494229359p-2),
                 0x1.5555555555593p-1);
  const double half = 0.5 * f * f;
  return TG_FMA(k, LANE_LN2_HIGH, f - (half - (s * (half + (t1 + t2)) + (k * LANE_LN2_LOW + c))));
}

/* Splits a positive normal x into z in [sqrt(1/2), sqrt(2)) and an exponent, x = z 2^k. */
LANE_INLINE double lane_split(double x, double *k)
{
  const uint64_t start = 0x3fe6a09e667f3bcd;                              /* sqrt(1/2) */
  const uint64_t shifted = lane_bits(x) - start + (UINT64_C(1024) << 52); /* exponent biased by 1024 */
  *k = lane_number((shifted >> 52) | 0x4330000000000000) - (0x1p52 + 1024.0);
  return lane_number((shifted & 0x000fffffffffffff) + start);
}

/* What libm gives where x is 0, negative, infinite or NaN; y elsewhere. */
LANE_INLINE double lane_log_special(double x, double y)
{
  y = x < INFINITY ? y : x; /* infinity and NaN */
  y = x == 0.0 ? -INFINITY : y;
  return x < 0.0 ? NAN : y;
}

LANE_INLINE double lane_log(double x)
{
  const int tiny = x < 0x1p-1022;
  double k;
  const double z = lane_split(tiny ? x * 0x1p54 : x, &k);
  return lane_log_special(x, lane_log_core(z - 1.0, tiny ? k - 54.0 : k, 0.0));
}

LANE_INLINE double lane_log1p(double x)
{
  const double u = 1.0 + x;
  const double lost = x > 1.0 ? 1.0 - (u - x) : x - (u - 1.0);
  double k;
  const double z = lane_split(u, &k);
  const int near = x > -0.2928 && x < 0.4142;
  const double y = lane_log_core(near ? x : z - 1.0, near ? 0.0 : k, near ? 0.0 : lost / u);
  const double checked = lane_log_special(u, y);
  return lane_fabs(x) < 0x1p-54 ? x : checked;
}

LANE_INLINE double lane_sqrt(double x)
{
#if defined __GNUC__
  return __builtin_sqrt(x);
#else
  return sqrt(x);
#endif
}

/* The functions below whose derivative is nearly there when the value is give both. */

/* With E = exp(-2|x|) - 1 = 2^k (1 + e) - 1: tanh|x| = -E/(2 + E), and its derivative is 4 (1 + E)/(2 + E)^2,
 * where 2/(2 + E) = 1 + tanh|x|. */
LANE_INLINE double lane_tanh_pair(double x, double *derivative)
{
  const double a = lane_fabs(x), t = a > 380.0 ? -760.0 : -2.0 * a;
  const double shifted = TG_FMA(t, LANE_LOG2E, LANE_SHIFTER), k = shifted - LANE_SHIFTER;
  double e_low;
  const double e = lane_reduced_expm1(t, k, &e_low);
  const double scale = lane_scaled(1.0, k, shifted), u = scale * e, v = scale - 1.0;
  const double sum = u + v, low = TG_FMA(scale, e_low, (v - sum) + u);
  const double d = 2.0 + sum, lost = sum - (d - 2.0);
  const double q = -sum / d; /* and 1/d = (1 + q)/2; what low and lost add is of first order */
  const double y = q - (q * (lost + low) + low) * TG_FMA(0.5, q, 0.5);
  *derivative = (1.0 + y) * (1.0 + y) * lane_scaled(1.0 + e, k, shifted);
  return lane_with_sign(y, x);
}

LANE_INLINE double lane_tanh(double x)
{
  double unused;
  return lane_tanh_pair(x, &unused);
}

LANE_INLINE double lane_sigmoid_pair(double x, double *derivative)
{
  const double e = lane_exp(-lane_fabs(x));
  const double d = 1.0 + e, lost = e - (d - 1.0);
  const double q = (x < 0.0 ? e : 1.0) / d;
  const double y = q - q * (lost * (x < 0.0 ? 1.0 - q : q)); /* the last factor is 1/d */
  *derivative = y * (x < 0.0 ? 1.0 - y : e * y);
  return y;
}

LANE_INLINE double lane_sigmoid(double x)
{
  double unused;
  return lane_sigmoid_pair(x, &unused);
}

/* log(1 + e) for 0 <= e <= 1, and 1/(1 + e). */
LANE_INLINE double lane_log1p_unit(double e, double *inverse)
{
  const double u = 1.0 + e, lost = e - (u - 1.0), r = 1.0 / u;
  const int near = e < 0.4142;
  *inverse = r - r * (lost * r);
  return lane_log_core(near ? e : 0.5 * u - 1.0, near ? 0.0 : 1.0, near ? 0.0 : lost * r);
}

LANE_INLINE double lane_softplus_pair(double x, double *derivative)
{
  const double e = lane_exp(-lane_fabs(x));
  double inverse;
  const double tail = lane_log1p_unit(e, &inverse);
  *derivative = (x < 0.0 ? e : 1.0) * inverse;
  return (x < 0.0 ? 0.0 : x) + tail;
}

LANE_INLINE double lane_softplus(double x)
{
  double unused;
  return lane_softplus_pair(x, &unused);
}

LANE_INLINE double lane_log_sigmoid_pair(double x, double *derivative)
{
  return -lane_softplus_pair(-x, derivative);
}
LANE_INLINE double lane_log_sigmoid(double x) { return -lane_softplus(-x); }

/* s(x) s(-x) from v = s(x). */
LANE_INLINE double lane_sigmoid1(double x, double v)
{
  const double e = lane_exp(-lane_fabs(x));
  return v * (x < 0.0 ? 1.0 - v : e * v);
}

/* 1 - v^2 from v = tanh(x), without cancellation far out. */
LANE_INLINE double lane_tanh1(double x, double v)
{
  const double e = lane_exp(-2.0 * lane_fabs(x)), d = 1.0 + e;
  return lane_fabs(v) <= 0.5 ? (1.0 - v) * (1.0 + v) : 4.0 * e / (d * d);
}

/* As libm's: a NaN beside a number loses. */
LANE_INLINE double lane_fmax(double x, double y)
{
  const double larger = x > y ? x : y;
  return x != x ? y : y != y ? x : larger;
}

LANE_INLINE double lane_fmax1(double x, double y)
{
  const double number = x > y ? 1.0 : x < y ? 0.0 : 0.5;
  const double odd = x == x ? 1.0 : y == y ? 0.0 : x;
  return x != x || y != y ? odd : number;
}

LANE_INLINE double lane_sign(double x) { return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x; }

/* Where lane_sin and lane_cos may be used; farther out, and for what is not finite, ask libm. */
LANE_INLINE int lane_angle_ok(double x) { return lane_fabs(x) < 1e6; }

/* x = n pi/2 + high + low; returns n modulo 4 in the low bits. */
LANE_INLINE uint64_t lane_reduce(double x, double *high, double *low)
{
  const double shifted = x * 0x1.45f306dc9c883p-1 + LANE_SHIFTER, n = shifted - LANE_SHIFTER;
  /* pi/2 in pieces of 33 bits, times n exact, and the rest */
  const double w = x - n * 0x1.921fb54400000p0;
  const double t = n * 0x1.0b4611a600000p-34, r1 = w - t, lost1 = (w - r1) - t;
  const double u = n * 0x1.3198a2e000000p-69, r2 = r1 - u, lost2 = (r1 - r2) - u;
  const double rest = (lost1 + lost2) - n * 0x1.b839a252049c1p-104;
  *high = r2 + rest;
  *low = (r2 - *high) + rest;
  return lane_bits(shifted);
}

/* x - sin(x + y) and, for w = 1 - x^2/2 rounded, cos(x + y) - w, where abs(x) <= pi/4 and y is what x lacks. */
LANE_INLINE double lane_sin_gap(double x, double y)
{
  const double z = x * x, v = z * x;
  const double p = TG_FMA(
      z,
      TG_FMA(z, TG_FMA(z, TG_FMA(z, 0x1.5d93a5acfd57cp-33, -0x1.ae5e68a2b9cebp-26), 0x1.71de357b1fe7dp-19),
             -0x1.a01a019c161d5p-13),
      0x1.111111110f8a6p-7);
  return (z * (0.5 * y - v * p) - y) - v * -0x1.5555555555549p-3;
}
LANE_INLINE double lane_cos_tail(double x, double y, double *w)
{
  const double z = x * x, half = 0.5 * z;
  const double p = TG_FMA(z,
                          TG_FMA(z,
                                 TG_FMA(z,
                                        TG_FMA(z, TG_FMA(z, -0x1.8fae9be8838d4p-37, 0x1.1ee9ebdb4b1c4p-29),
                                               -0x1.27e4f809c52adp-22),
                                        0x1.a01a019cb1590p-16),
                                 -0x1.6c16c16c15177p-10),
                          0x1.555555555554cp-5);
  *w = 1.0 - half;
  return ((1.0 - *w) - half) + (z * (z * p) - x * y);
}

LANE_INLINE double lane_sin_near(double x, double y) { return x - lane_sin_gap(x, y); }
LANE_INLINE double lane_cos_near(double x, double y)
{
  double w;
  const double tail = lane_cos_tail(x, y, &w);
  return w + tail;
}

LANE_INLINE double lane_sin_pair(double x, double *derivative)
{
  double high, low;
  const uint64_t n = lane_reduce(x, &high, &low);
  const double s = lane_sin_near(high, low), c = lane_cos_near(high, low);
  const int odd = (n & 1) != 0;
  const double y = lane_number(lane_bits(odd ? c : s) ^ (n >> 1 << 63));
  *derivative = lane_number(lane_bits(odd ? s : c) ^ ((n + 1) >> 1 << 63));
  return lane_fabs(x) < 0x1p-27 ? x : y;
}

LANE_INLINE double lane_sin(double x)
{
  double unused;
  return lane_sin_pair(x, &unused);
}

LANE_INLINE double lane_cos(double x)
{
  double y;
  lane_sin_pair(x, &y);
  return y;
}

LANE_INLINE double lane_cos_pair(double x, double *derivative)
{
  double y;
  *derivative = -lane_sin_pair(x, &y);
  return y;
}

/* a * b = product + the value returned, exactly (Veltkamp 1968, Dekker 1971 where there is no fused
 * operation). */
LANE_INLINE double lane_product_error(double a, double b, double product)
{
#if defined __FMA__
  return __builtin_fma(a, b, -product);
#else
  const double ca = 134217729.0 * a, a1 = ca - (ca - a), a2 = a - a1;
  const double cb = 134217729.0 * b, b1 = cb - (cb - b), b2 = b - b1;
  return ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2;
#endif
}

/* x held between -b and b; NaN passes. */
LANE_INLINE double lane_held(double x, double b)
{
  const double upper = x > b ? b : x;
  return upper < -b ? -b : upper;
}

#endif
