/* Sigmoids and what is made of them: logcosh, logit, logaddexp, silu, mish, gelu_tanh.
 *
 * Each is written in e = exp(-|x|), which never overflows. Far out a result is e times a small polynomial, and
 * is rounded once even where e alone is subnormal (exp_times). First and second derivatives of silu,
 * mish and gelu_tanh have zeros; around these their terms are summed in pairs.
 *
 * Sources: silu, Elfwing, Uchibe, Doya 2018; mish, Misra 2019; gelu_tanh, Hendrycks, Gimpel 2016, with their constant
 * 0.044715. */
#include <stdbool.h>

#include "special_parts.h"

/* log(cosh x) = log(1 + 2 sinh^2(x/2)) near 0, |x| - log 2 + log(1 + exp(-2 |x|)) beyond. */
double tg_logcosh_(double x)
{
  const double a = fabs(x);
  if (a < 1.0) {
    const double s = sinh(0.5 * a);
    return log1p(2.0 * s * s);
  }
  return (a - TG_LN2_) + log1p(exp(-2.0 * a));
}

double tg_logit_(double p)
{
  if (p < 0.25 || p > 0.75) return log(p / (1.0 - p));
  return p < 0.5 ? -log1p((1.0 - 2.0 * p) / p) : log1p((2.0 * p - 1.0) / (1.0 - p));
}

double tg_logit1_(double p)
{
  if (!(p >= 0.0 && p <= 1.0)) return NAN;
  return 1.0 / fabs(p) / (1.0 - p);
}

double tg_logit2_(double p)
{
  const double d = tg_logit1_(p);
  return (2.0 * p - 1.0) * d * d;
}

/* Near the curve exp x + exp y = 1 the result vanishes: there exp x + exp y - 1 is summed in pairs. */
double tg_logaddexp_(double x, double y)
{
  if (x == y) return x + TG_LN2_;
  const double high = x > y ? x : y, v = high + log1p(exp(-fabs(x - y)));
  if (!(fabs(v) < 0.25 && high < 0.0)) return isnan(x) || isnan(y) ? x + y : v;
  const double low = fmax(x < y ? x : y, -100.0); /* exp(-100) does not count any more */
  const pair sum = pair_add(pair_exp(pair_of(high)), pair_exp(pair_of(low)));
  return log1p(pair_shift(sum, -1.0).hi);
}

/* s(x - y): the difference needs both its parts, or a small weight loses (x - y) ulp. */
double tg_logaddexp1_(double x, double y)
{
  if (x == y) return x == -INFINITY ? 0.0 : 0.5;
  const pair d = two_sum(x, -y);
  if (!isfinite(d.hi)) return tg_sigmoid_(d.hi);
  const double e = exp_of_pair(d.hi < 0.0 ? d : pair_neg(d));
  return (d.hi < 0.0 ? e : 1.0) / (1.0 + e);
}

double tg_logaddexp2_(double x, double y) { return tg_logaddexp1_(x, y) * tg_logaddexp1_(y, x); }

double tg_silu_(double x)
{
  if (x < DEEP) return isinf(x) ? -0.0 : exp_times(pair_of(x), x);
  return x * tg_sigmoid_(x);
}

/* s(x) (1 + x s(-x)) = s(x) s(-x) (1 + x + exp x), zero at -1.278. */
double tg_silu1_(double x)
{
  if (isinf(x)) return x > 0.0 ? 1.0 : 0.0;
  if (x < DEEP) return exp_times(pair_of(x), 1.0 + x);
  const double s = tg_sigmoid_(x);
  if (!(x >= -1.5 && x <= -1.0)) return s * (1.0 + x * tg_sigmoid_(-x));
  const pair sum = pair_add(pair_exp(pair_of(x)), two_sum(1.0, x));
  return s * tg_sigmoid_(-x) * sum.hi;
}

/* s' (2 - x tanh(x/2)) = s' (2 (e + 1) - a (e - 1)) / (e + 1), a = |x|, e = exp(a): zero at a = 2.399. */
double tg_silu2_(double x)
{
  const double a = fabs(x), e = exp(-a), d = e / ((1.0 + e) * (1.0 + e));
  if (isinf(x)) return 0.0;
  if (-a < DEEP) return exp_times(pair_of(-a), 2.0 - a);
  if (!(a >= 2.0 && a <= 3.0)) return d * (2.0 - a * tanh(0.5 * a));
  const pair big = pair_exp(pair_of(a));
  const pair n = pair_add(pair_scale(pair_shift(big, 1.0), 2.0), pair_scale(pair_shift(big, -1.0), -a));
  return d * n.hi / (big.hi + 1.0);
}

/* tanh(log(1 + e)) = e (e + 2) / (e^2 + 2 e + 2), e = exp(x); for x > 0 the same in q = exp(-x). */
double tg_mish_(double x)
{
  const double e = exp(-fabs(x));
  if (isinf(x)) return x > 0.0 ? x : -0.0;
  if (x < DEEP) return exp_times(pair_of(x), x);
  if (x > 0.0) return x * ((1.0 + 2.0 * e) / (1.0 + 2.0 * e + 2.0 * e * e));
  return x * (e * (e + 2.0) / (e * (e + 2.0) + 2.0));
}

/* ((e + 2)(e^2 + 2 e + 2) + 4 x (e + 1)) e / (e^2 + 2 e + 2)^2, zero at -1.192. */
double tg_mish1_(double x)
{
  const double e = exp(-fabs(x));
  if (fabs(x) > 800.0) return x > 0.0 ? 1.0 : 0.0;
  if (x < DEEP) return exp_times(pair_of(x), 1.0 + x);
  if (x > 0.0) {
    const double m = 1.0 + 2.0 * e + 2.0 * e * e;
    return (1.0 + 2.0 * e) / m + x * (4.0 * e * e * (1.0 + e)) / (m * m);
  }
  const double m = e * (e + 2.0) + 2.0;
  if (!(x >= -1.5 && x <= -0.9)) return e * ((e + 2.0) * m + 4.0 * x * (e + 1.0)) / (m * m);
  const pair E = pair_exp(pair_of(x)), E2 = pair_shift(E, 2.0), M = pair_shift(pair_mul(E, E2), 2.0);
  const pair n = pair_add(pair_mul(E2, M), pair_scale(pair_shift(E, 1.0), 4.0 * x));
  return e * n.hi / (m * m);
}

/* 4 e (2 (e + 1)(e^2 + 2 e + 2) + x (2 + 2 e - 3 e^2 - 2 e^3)) / (e^2 + 2 e + 2)^3, zero at -2.257 and 1.491. */
static double mish2_numerator(double x)
{
  const pair e = pair_exp(pair_of(x)), m = pair_shift(pair_mul(e, pair_shift(e, 2.0)), 2.0);
  const pair cubic =
      pair_shift(pair_mul(e, pair_shift(pair_mul(e, pair_shift(pair_scale(e, -2.0), -3.0)), 2.0)), 2.0);
  return pair_add(pair_scale(pair_mul(pair_shift(e, 1.0), m), 2.0), pair_scale(cubic, x)).hi;
}

double tg_mish2_(double x)
{
  const double e = exp(-fabs(x));
  if (fabs(x) > 800.0) return 0.0;
  if (x < DEEP) return exp_times(pair_of(x), 2.0 + x);
  if (-2.0 * x < DEEP) return exp_times(pair_of(-2.0 * x), 8.0 * (1.0 - x));
  if ((x > -2.9 && x < -1.8) || (x > 1.0 && x < 2.0)) {
    const double f = exp(x), m = f * (f + 2.0) + 2.0;
    return 4.0 * f * mish2_numerator(x) / (m * m * m);
  }
  if (x > 0.0) {
    const double m = 1.0 + 2.0 * e + 2.0 * e * e;
    const double n = 2.0 * (1.0 + e) * m - x * (2.0 + e * (3.0 - e * (2.0 + 2.0 * e)));
    return 4.0 * e * e * n / (m * m * m);
  }
  const double m = e * (e + 2.0) + 2.0;
  const double n = 2.0 * (1.0 + e) * m + x * (2.0 + e * (2.0 - e * (3.0 + 2.0 * e)));
  return 4.0 * e * n / (m * m * m);
}

/* gelu_tanh is x s(w), w = g x (1 + c x^2); beyond |x| = 40 s(w) is 0 or 1. */
static const pair gelu_g = {0x1.9884533d43651p+0, -0x1.cbc0d30ebfd15p-54}; /* 2 sqrt(2 / pi) */
static const pair gelu_c = {0x1.6e4e26d4801f7p-5, 0x1.441355475a31ap-59};  /* 0.044715 */

static pair gelu_w(double x)
{
  return pair_mul(pair_scale(gelu_g, x), pair_shift(pair_mul(gelu_c, two_product(x, x)), 1.0));
}

double tg_gelu_tanh_(double x)
{
  if (!(fabs(x) < 40.0)) return x > 0.0 ? x : x < 0.0 ? -0.0 : x;
  const pair w = gelu_w(-fabs(x));
  if (x < 0.0 && w.hi < DEEP) return exp_times(w, x);
  const double e = exp_of_pair(w);
  return x * ((x < 0.0 ? e : 1.0) / (1.0 + e));
}

/* s(w) (1 + x w' s(-w)) = s(w) s(-w) (1 + exp w + x w'), zero at -0.7525. */
double tg_gelu_tanh1_(double x)
{
  if (!(fabs(x) < 40.0)) return tg_heaviside_(x);
  const pair w = gelu_w(x), c3 = pair_scale(gelu_c, 3.0);
  if (w.hi < DEEP) return exp_times(w, 1.0 + x * (gelu_g.hi * (1.0 + c3.hi * x * x)));
  const double e = exp_of_pair(x < 0.0 ? w : pair_neg(w));
  const double s = (x < 0.0 ? e : 1.0) / (1.0 + e), t = (x < 0.0 ? 1.0 : e) / (1.0 + e);
  if (x < -1.0 || x > -0.5) return s * (1.0 + x * t * (gelu_g.hi * (1.0 + c3.hi * x * x)));
  const pair slope = pair_mul(gelu_g, pair_shift(pair_mul(c3, two_product(x, x)), 1.0));
  return s * t * pair_add(pair_shift(pair_exp(w), 1.0), pair_scale(slope, x)).hi;
}

/* s'(w) (2 w' + x (w'' - w'^2 tanh(w / 2))), even, zero at a = |x| = 1.42. With e = exp(w(a)) and w' = g p:
 * s'(w) g (2 (1 + 6 c a^2)(e + 1) - a g p^2 (e - 1)) / (e + 1). */
double tg_gelu_tanh2_(double x)
{
  const double a = fabs(x);
  if (!(a < 40.0)) return x == x ? 0.0 : x;
  const pair w = gelu_w(a), c3 = pair_scale(gelu_c, 3.0), square = two_product(a, a);
  const double e = exp_of_pair(pair_neg(w)), d = e / ((1.0 + e) * (1.0 + e));
  if (a < 1.2 || a > 1.7) {
    const double p = 1.0 + c3.hi * a * a;
    if (-w.hi < DEEP)
      return exp_times(pair_neg(w), gelu_g.hi * (2.0 + 4.0 * c3.hi * a * a - a * gelu_g.hi * p * p));
    return d * gelu_g.hi * (2.0 + 4.0 * c3.hi * a * a - a * gelu_g.hi * p * p * tanh(0.5 * w.hi));
  }
  const pair p = pair_shift(pair_mul(c3, square), 1.0), big = pair_exp(w);
  const pair up = pair_mul(pair_shift(pair_mul(pair_scale(c3, 4.0), square), 2.0), pair_shift(big, 1.0));
  const pair down = pair_mul(pair_mul(pair_scale(gelu_g, -a), pair_mul(p, p)), pair_shift(big, -1.0));
  return d * gelu_g.hi * pair_add(up, down).hi / (big.hi + 1.0);
}
