/* What the rows of ops.def need beyond libm, by family in special_*.c.
 *
 * Most of these are partial derivatives written so that they keep their relative accuracy wherever the textbook
 * form cancels, overflows or underflows, and so that they answer the limit at the edges of the domain. Names:
 * tg_<operation>1_ is a first, tg_<operation>2_ a second partial; an operation without number is a value. */
#ifndef TG_SPECIAL_H
#define TG_SPECIAL_H

#include <math.h>

#define TG_PI_ 0x1.921fb54442d18p+1
#define TG_LN2_ 0x1.62e42fefa39efp-1
#define TG_LN10_ 0x1.26bb1bbb55516p+1
#define TG_LOG2E_ 0x1.71547652b82fep+0
#define TG_LOG10E_ 0x1.bcb7b1526e50ep-2

/* ---- libm beyond ISO C, and without the data race of lgamma's signgam ---- */
double tg_exp10_(double x);
double tg_lgamma_(double x);
double tg_j0_(double x);
double tg_j1_(double x);
double tg_y0_(double x);
double tg_y1_(double x);

/* ---- steps and kinks ---- */

/* The nearest integer, of two the even one: rint where it does not depend on the rounding mode. */
static inline double tg_nearest_(double x) { return isfinite(x) ? x - remainder(x, 1.0) : x; }
/* -1, 0, 1; NaN of NaN. */
static inline double tg_sign_(double x) { return x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : x; }
/* 1 for x > 0, 0 for x <= 0; NaN of NaN. */
static inline double tg_heaviside_(double x) { return x > 0.0 ? 1.0 : x <= 0.0 ? 0.0 : x; }
/* `d` on the domain that `inside` describes, NaN off it. */
static inline double tg_inside_(int inside, double d) { return inside ? d : (double)NAN; }
/* A partial that is d wherever the value v is a number (operations with a piecewise constant partial). */
static inline double tg_unless_nan_(double v, double d) { return v != v ? v : d; }
/* Is x below y just after the point, when they move by a and b? */
static inline int tg_passes_(double x, double y, double a, double b) { return x < y || (x == y && a < b); }
/* Does |x| = y just now, and |x| grow faster, when x and y move by a and b? */
static inline int tg_leaves_(double x, double a, double b)
{
  return (x > 0.0 ? a : x < 0.0 ? -a : fabs(a)) > b;
}
/* Partial of max(x, y) in x: a tie gives 1/2, and a NaN beside a number has no weight. */
static inline double tg_fmax1_(double x, double y)
{
  if (x > y) return 1.0;
  if (x < y) return 0.0;
  if (x == y) return 0.5;
  return x == x ? 1.0 : y == y ? 0.0 : x;
}
double tg_ldexp_(double x, double e);
double tg_clamp_(double x, double low, double high);
/* The element of least norm of the interval between 1 and slope: the derivative of a leaky kink. */
static inline double tg_kink_(double slope) { return slope > 1.0 ? 1.0 : slope <= 0.0 ? 0.0 : slope; }

/* ---- exponentials, sigmoids ---- */

/* e / (1 + e) with e = exp(-|x|) for x < 0, else 1 / (1 + e): no overflow, no cancellation. */
static inline double tg_sigmoid_(double x)
{
  const double e = exp(-fabs(x));
  return (x < 0.0 ? e : 1.0) / (1.0 + e);
}
/* s(x) s(-x), v = s(x). For x < 0 the factor 1 - v is accurate; for x > 0 it is exp(-x) v. */
static inline double tg_sigmoid1_(double x, double v) { return v * (x < 0.0 ? 1.0 - v : exp(-x) * v); }
/* -s'(x) tanh(x / 2): the plain 1 - 2 v would lose everything near 0. */
static inline double tg_sigmoid2_(double x, double v) { return -tg_sigmoid1_(x, v) * tanh(0.5 * x); }
static inline double tg_softplus_(double x) { return (x > 0.0 ? x : 0.0) + log1p(exp(-fabs(x))); }
/* 1 - v^2, v = tanh(x); far out 1 - v^2 is lost in v and 1 / cosh^2 = 4 e / (1 + e)^2, e = exp(-2 |x|), is not. */
static inline double tg_tanh1_(double x, double v)
{
  if (fabs(v) <= 0.5) return (1.0 - v) * (1.0 + v);
  const double e = exp(-2.0 * fabs(x));
  return 4.0 * e / ((1.0 + e) * (1.0 + e));
}
double tg_logcosh_(double x);
double tg_logit_(double p);
double tg_logit1_(double p);
double tg_logit2_(double p);
double tg_logaddexp_(double x, double y);
double tg_logaddexp1_(double x, double y); /* in x */
double tg_logaddexp2_(double x, double y); /* in x twice */
double tg_silu_(double x);
double tg_silu1_(double x);
double tg_silu2_(double x);
double tg_mish_(double x);
double tg_mish1_(double x);
double tg_mish2_(double x);
double tg_gelu_tanh_(double x);
double tg_gelu_tanh1_(double x);
double tg_gelu_tanh2_(double x);

/* ---- logarithms, powers, roots ---- */

/* c / x on x >= 0; +inf also at -0.0. */
static inline double tg_log1_(double c, double x) { return x < 0.0 ? (double)NAN : c / fabs(x); }
/* -c / x^2 on x >= 0. */
static inline double tg_log2_(double c, double x) { return x < 0.0 ? (double)NAN : -c / x / x; }
/* 1 + log x, which is zero at 1/e. */
double tg_log_plus1_(double x);
double tg_pow_x_(double x, double y, double v);
double tg_pow_y_(double x, double y, double v);
double tg_pow_xx_(double x, double y, double v);
double tg_pow_xy_(double x, double y, double v);
double tg_pow_yy_(double x, double y, double v);
double tg_cbrt1_(double x);
double tg_cbrt2_(double x);
/* Of |(x, y, z)|, scaled by a power of two so that nothing overflows; 0 at the origin. */
double tg_norm3_(double x, double y, double z);
double tg_norm_x_(double x, double y, double z);
double tg_norm_xx_(double x, double y, double z);
double tg_norm_xy_(double x, double y, double z);

/* ---- angles ---- */

/* 1 / (1 + x^2) and -2 x / (1 + x^2)^2. */
double tg_atan1_(double x);
double tg_atan2_(double x);
/* x / (x^2 + y^2), and (x^2 - y^2) and x y over its square, scaled. NaN at the origin. */
double tg_inversion_x_(double x, double y);
double tg_inversion_difference_(double x, double y);
double tg_inversion_product_(double x, double y);
static inline double tg_asin1_(double x) { return 1.0 / sqrt((1.0 - x) * (1.0 + x)); }
static inline double tg_asinh1_(double x) { return 1.0 / hypot(1.0, x); }
double tg_asinh2_(double x);
double tg_acosh1_(double x);
double tg_acosh2_(double x);
double tg_sinc_(double x);
double tg_sinc1_(double x);
double tg_sinc2_(double x);
double tg_lerp_(double a, double b, double t);

/* ---- error function and normal distribution ---- */

double tg_erf1_(double x);      /* 2 / sqrt(pi) exp(-x^2) */
double tg_erf2_(double x);      /* -2 x times that */
double tg_norm_pdf_(double x);  /* exp(-x^2 / 2) / sqrt(2 pi) */
double tg_norm_pdf1_(double x); /* -x times that */
double tg_norm_cdf_(double x);
double tg_log_norm_cdf_(double x);
double tg_log_norm_cdf1_(double x);
double tg_log_norm_cdf2_(double x);
double tg_gelu_(double x);
double tg_gelu1_(double x);
double tg_gelu2_(double x);

/* ---- gamma and Bessel functions ---- */

double tg_digamma_(double x);
double tg_trigamma_(double x);
double tg_polygamma2_(double x);
double tg_polygamma3_(double x);
double tg_tgamma1_(double x, double v);
double tg_tgamma2_(double x, double v);
double tg_j1_1_(double x); /* j1', j1'', and so on; j0' = -j1 */
double tg_j1_2_(double x);
double tg_y1_1_(double x);
double tg_y1_2_(double x);

#endif
