/* See special.h. Polynomials were fitted at the Chebyshev nodes of their interval in 60 digits. */
#define _GNU_SOURCE /* exp10, lgamma_r, j0 ... */
#include <stdbool.h>
#include "special.h"
#include <stddef.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

static double polynomial(const double *c, size_t n, double t)
{
  double p = c[n - 1];
  for (size_t k = n - 1; k-- > 0;) p = c[k] + t * p;
  return p;
}

/* ---- pairs: unevaluated sums of two doubles (Dekker 1971), about 106 bits ---- */

typedef struct pair {
  double hi, lo;
} pair;

static pair pair_of(double x) { return (pair){x, 0.0}; }

/* |a| >= |b| or a = 0. */
static pair fast_two_sum(double a, double b)
{
  const double s = a + b;
  return (pair){s, b - (s - a)};
}

static pair two_sum(double a, double b)
{
  const double s = a + b, t = s - a;
  return (pair){s, (a - (s - t)) + (b - t)};
}

static pair two_product(double a, double b)
{
  const double p = a * b;
  return (pair){p, fma(a, b, -p)};
}

static pair pair_add(pair a, pair b)
{
  const pair s = two_sum(a.hi, b.hi), t = two_sum(a.lo, b.lo);
  const pair u = fast_two_sum(s.hi, s.lo + t.hi);
  return fast_two_sum(u.hi, u.lo + t.lo);
}

static pair pair_mul(pair a, pair b)
{
  const pair p = two_product(a.hi, b.hi);
  return fast_two_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

static pair pair_scale(pair a, double c) { return pair_mul(a, pair_of(c)); }
static pair pair_shift(pair a, double c) { return pair_add(a, pair_of(c)); }
static pair pair_neg(pair a) { return (pair){-a.hi, -a.lo}; }

static pair pair_divide(pair a, pair b)
{
  const double q = a.hi / b.hi;
  const pair r = pair_add(a, pair_neg(pair_scale(b, q)));
  return fast_two_sum(q, r.hi / b.hi);
}

static const pair ln2 = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};

/* exp(x) for |x| < 700: Taylor's series of the remainder by log 2, |r| < 0.35. */
static pair pair_exp(pair x)
{
  const double k = tg_nearest_(x.hi / TG_LN2_);
  const pair r = pair_add(x, pair_scale(ln2, -k));
  pair sum = pair_of(1.0);
  for (int n = 24; n > 0; n--) sum = pair_shift(pair_divide(pair_mul(r, sum), pair_of(n)), 1.0);
  return (pair){ldexp(sum.hi, (int)k), ldexp(sum.lo, (int)k)};
}

/* log(x), x > 0 finite: 2 artanh((m - 1) / (m + 1)) of the mantissa m in [sqrt(1/2), sqrt(2)). */
static pair pair_log(double x)
{
  int k;
  double m = frexp(x, &k);
  if (m < 0x1.6a09e667f3bcdp-1) {
    m *= 2.0;
    k--;
  }
  const pair s = pair_divide(two_sum(m, -1.0), two_sum(m, 1.0)), w = pair_mul(s, s);
  pair sum = pair_of(0.0);
  for (int n = 41; n > 0; n -= 2) sum = pair_add(pair_mul(w, sum), pair_divide(pair_of(1.0), pair_of(n)));
  return pair_add(pair_scale(ln2, k), pair_scale(pair_mul(s, sum), 2.0));
}

/* exp(x.hi + x.lo) in a double, to the accuracy of exp. */
static double exp_of_pair(pair x)
{
  const double e = exp(x.hi);
  return e == 0.0 || isinf(e) ? e : e + e * x.lo;
}

/* factor exp(x.hi + x.lo), rounded once where the exponential alone would have left the normal numbers: it goes in as
 * two factors, and what is large comes first. */
static double exp_times(pair x, double factor)
{
  const double root = exp_of_pair((pair){0.5 * x.hi, 0.5 * x.lo});
  return factor * root * root;
}
/* exp of less than this, and its small multiples, may be subnormal. */
static const double deep = -700.0;

/* ---- libm beyond ISO C ---- */

#if defined _WIN32
/* In its libm, but not declared to ISO C. */
double _j0(double), _j1(double), _y0(double), _y1(double), _jn(int, double);
double tg_j0_(double x) { return _j0(x); }
double tg_j1_(double x) { return _j1(x); }
double tg_y0_(double x) { return _y0(x); }
double tg_y1_(double x) { return _y1(x); }
static double bessel_j(int n, double x) { return _jn(n, x); }
#else
double tg_j0_(double x) { return j0(x); }
double tg_j1_(double x) { return j1(x); }
double tg_y0_(double x) { return y0(x); }
double tg_y1_(double x) { return y1(x); }
static double bessel_j(int n, double x) { return jn(n, x); }
#endif

double tg_exp10_(double x)
{
#if defined __GLIBC__
  return exp10(x);
#else
  return pow(10.0, x);
#endif
}

double tg_lgamma_(double x)
{
#if defined __GLIBC__ || defined __APPLE__ || defined __FreeBSD__
  int sign;
  return lgamma_r(x, &sign);
#else
  return lgamma(x);
#endif
}

/* ---- steps ---- */

double tg_ldexp_(double x, double e)
{
  if (isnan(e)) return e;
  /* Beyond +-5000 every finite x has over- or underflown. */
  return ldexp(x, (int)tg_nearest_(e > 5000.0 ? 5000.0 : e < -5000.0 ? -5000.0 : e));
}

double tg_clamp_(double x, double low, double high) { return x < low ? low : x > high ? high : x; }

/* (1 - t) a + t b: the products' and the difference's rounding errors are carried along. */
double tg_lerp_(double a, double b, double t)
{
  if (t == 0.0) return isnan(b) ? b : a;
  if (t == 1.0) return isnan(a) ? a : b;
  const pair u = two_sum(1.0, -t), p = two_product(u.hi, a), q = two_product(t, b), s = two_sum(p.hi, q.hi);
  const double v = s.hi + (s.lo + (p.lo + q.lo + u.lo * a));
  return isfinite(v) ? v : (1.0 - t) * a + t * b;
}

/* ---- sigmoids ---- */

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
  if (x < deep) return isinf(x) ? -0.0 : exp_times(pair_of(x), x);
  return x * tg_sigmoid_(x);
}

/* s(x) (1 + x s(-x)) = s(x) s(-x) (1 + x + exp x), zero at -1.278. */
double tg_silu1_(double x)
{
  if (isinf(x)) return x > 0.0 ? 1.0 : 0.0;
  if (x < deep) return exp_times(pair_of(x), 1.0 + x);
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
  if (-a < deep) return exp_times(pair_of(-a), 2.0 - a);
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
  if (x < deep) return exp_times(pair_of(x), x);
  if (x > 0.0) return x * ((1.0 + 2.0 * e) / (1.0 + 2.0 * e + 2.0 * e * e));
  return x * (e * (e + 2.0) / (e * (e + 2.0) + 2.0));
}

/* ((e + 2)(e^2 + 2 e + 2) + 4 x (e + 1)) e / (e^2 + 2 e + 2)^2, zero at -1.192. */
double tg_mish1_(double x)
{
  const double e = exp(-fabs(x));
  if (fabs(x) > 800.0) return x > 0.0 ? 1.0 : 0.0;
  if (x < deep) return exp_times(pair_of(x), 1.0 + x);
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
  if (x < deep) return exp_times(pair_of(x), 2.0 + x);
  if (-2.0 * x < deep) return exp_times(pair_of(-2.0 * x), 8.0 * (1.0 - x));
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
  if (x < 0.0 && w.hi < deep) return exp_times(w, x);
  const double e = exp_of_pair(w);
  return x * ((x < 0.0 ? e : 1.0) / (1.0 + e));
}

/* s(w) (1 + x w' s(-w)) = s(w) s(-w) (1 + exp w + x w'), zero at -0.7525. */
double tg_gelu_tanh1_(double x)
{
  if (!(fabs(x) < 40.0)) return tg_step_(x);
  const pair w = gelu_w(x), c3 = pair_scale(gelu_c, 3.0);
  if (w.hi < deep) return exp_times(w, 1.0 + x * (gelu_g.hi * (1.0 + c3.hi * x * x)));
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
    if (-w.hi < deep)
      return exp_times(pair_neg(w), gelu_g.hi * (2.0 + 4.0 * c3.hi * a * a - a * gelu_g.hi * p * p));
    return d * gelu_g.hi * (2.0 + 4.0 * c3.hi * a * a - a * gelu_g.hi * p * p * tanh(0.5 * w.hi));
  }
  const pair p = pair_shift(pair_mul(c3, square), 1.0), big = pair_exp(w);
  const pair up = pair_mul(pair_shift(pair_mul(pair_scale(c3, 4.0), square), 2.0), pair_shift(big, 1.0));
  const pair down = pair_mul(pair_mul(pair_scale(gelu_g, -a), pair_mul(p, p)), pair_shift(big, -1.0));
  return d * gelu_g.hi * pair_add(up, down).hi / (big.hi + 1.0);
}

/* ---- logarithms, powers, roots ---- */

/* 1 + log x = log(1 + e (x - 1/e)), which keeps its accuracy around its zero. */
double tg_log_plus1_(double x)
{
  if (!(x > 0.15 && x < 0.9)) return x == 0.0 ? -INFINITY : 1.0 + log(x);
  return log1p(0x1.5bf0a8b145769p+1 * ((x - 0x1.78b56362cef38p-2) + 0x1.ca8a4270fadf5p-57));
}

/* c x^(y - k), from v = x^y where that is of moderate size. Elsewhere as the square of |x|^((y - k) / 2), which neither
 * over- nor underflows before the result does, with the rounding error of y - k made good. */
static double lowered_power(double c, double x, double y, double v, int k)
{
  const double a = fabs(x), size = fabs(v);
  if (size > 1e-150 && size < 1e150 && isnormal(x))
    return k == 0 ? c * v : k == 1 ? c * v / x : c * v / x / x;
  const pair p = two_sum(y, -k);
  const double w = pow(x, p.hi);
  if (a == 0.0 || !isfinite(a) || a == 1.0 || isnan(w) || isinf(y)) return c * w;
  const double half = pow(a, 0.5 * p.hi), result = copysign(half * c * half, c * copysign(1.0, w));
  return isfinite(result) && p.lo != 0.0 ? result + result * (p.lo * log(a)) : result;
}

double tg_pow_x_(double x, double y, double v) { return y == 0.0 ? 0.0 : lowered_power(y, x, y, v, 1); }

double tg_pow_xx_(double x, double y, double v)
{
  return y == 0.0 || y == 1.0 ? 0.0 : lowered_power(y * (y - 1.0), x, y, v, 2);
}

/* v log^n x, where v log^n x -> 0 as x -> 0 for y > 0 and as x -> inf for y < 0; (0, 0) counts as constant. */
static double power_log(double x, double y, double v, int n)
{
  if (x < 0.0) return NAN;
  if (x == 0.0 && y >= 0.0) return 0.0;
  if (isinf(x) && y < 0.0) return 0.0;
  const double l = log(fabs(x));
  return lowered_power(n == 1 ? l : l * l, x, y, v, 0);
}

double tg_pow_y_(double x, double y, double v) { return power_log(x, y, v, 1); }
double tg_pow_yy_(double x, double y, double v) { return power_log(x, y, v, 2); }

/* x^(y-1) (1 + y log x); near y log x = -1 the logarithm is needed in two parts. */
double tg_pow_xy_(double x, double y, double v)
{
  if (x < 0.0) return NAN;
  if (x == 0.0 && (y == 0.0 || y > 1.0)) return 0.0;
  if (isinf(x) && y < 1.0) return 0.0;
  if (y == 0.0) return 1.0 / x;
  double factor = 1.0 + y * log(fabs(x));
  if (fabs(factor) < 0.25 && x != 0.0) factor = pair_shift(pair_scale(pair_log(x), y), 1.0).hi;
  return lowered_power(factor, x, y, v, 1);
}

/* x = m 2^(3 k): the cube root of m with one Newton step made with the exact residual. */
static double cube_root(double x, int *k)
{
  int e;
  (void)frexp(x, &e);
  *k = e / 3;
  const double m = ldexp(x, -3 * *k), c = cbrt(m);
  const pair residual = pair_shift(pair_scale(two_product(c, c), -c), m);
  return c + residual.hi / (3.0 * c * c);
}

double tg_cbrt1_(double x)
{
  if (x == 0.0 || !isfinite(x)) return 1.0 / fabs(x);
  int k;
  const double c = cube_root(x, &k);
  return ldexp(1.0 / (3.0 * c * c), -2 * k);
}

double tg_cbrt2_(double x)
{
  if (x == 0.0 || !isfinite(x)) return -1.0 / x;
  int k;
  const double c = cube_root(x, &k), square = c * c;
  return ldexp(-2.0 / (9.0 * (square * square * c)), -5 * k);
}

/* A vector scaled by 2^-e so that its largest entry is in [1/2, 1); e is meaningless unless 0 < largest < inf. */
typedef struct scaled {
  double largest, x, y, z, length;
  int e;
} scaled;

static scaled scale(double x, double y, double z)
{
  scaled s = {.largest = fmax(fabs(x), fmax(fabs(y), fabs(z)))};
  if (isnan(x) || isnan(y) || isnan(z)) s.largest = NAN;
  if (!(s.largest > 0.0) || isinf(s.largest)) return s;
  (void)frexp(s.largest, &s.e);
  s.x = ldexp(x, -s.e);
  s.y = ldexp(y, -s.e);
  s.z = ldexp(z, -s.e);
  s.length = sqrt(s.x * s.x + s.y * s.y + s.z * s.z);
  return s;
}

double tg_norm3_(double x, double y, double z)
{
  if (isinf(x) || isinf(y) || isinf(z)) return INFINITY; /* as hypot, even beside a NaN */
  const scaled s = scale(x, y, z);
  return s.largest > 0.0 ? ldexp(s.length, s.e) : s.largest;
}

double tg_norm_x_(double x, double y, double z)
{
  const scaled s = scale(x, y, z);
  if (s.largest == 0.0 || isnan(s.largest)) return s.largest;
  if (!isinf(s.largest)) return s.x / s.length;
  if (!isinf(x)) return 0.0;
  return isinf(y) || isinf(z) ? (double)NAN : tg_sign_(x);
}

/* At infinity the curvature vanishes; at the origin it counts as 0, like that of |x|. */
static double curvature_edge(double largest) { return isnan(largest) ? largest : 0.0; }

/* a b / length^3: the scale goes half and half to both factors, so nothing overflows before the result does. */
static double curvature(scaled s, double a, double b)
{
  const int half = s.e / 2;
  return ldexp(a / s.length, -half) * ldexp(b / s.length, half - s.e) / s.length;
}

double tg_norm_xx_(double x, double y, double z)
{
  const scaled s = scale(x, y, z);
  if (!(s.largest > 0.0) || isinf(s.largest)) return curvature_edge(s.largest);
  return curvature(s, s.y, s.y) + curvature(s, s.z, s.z);
}

double tg_norm_xy_(double x, double y, double z)
{
  const scaled s = scale(x, y, z);
  if (!(s.largest > 0.0) || isinf(s.largest)) return curvature_edge(s.largest);
  return -curvature(s, s.x, s.y);
}

/* ---- angles ---- */

/* Beyond this x^2 + 1 and x^2 - 1 are x^2. */
static const double huge_abscissa = 1e9;

double tg_atan1_(double x)
{
  const double a = fabs(x);
  return a > huge_abscissa ? 1.0 / a / a : 1.0 / (1.0 + x * x);
}

double tg_atan2_(double x)
{
  const double a = fabs(x), d = 1.0 / (1.0 + x * x);
  return a > huge_abscissa ? -2.0 / a / a / x : -2.0 * x * d * d;
}

/* -x / (1 + x^2)^(3/2) */
double tg_asinh2_(double x)
{
  const double h = hypot(1.0, x);
  return fabs(x) > huge_abscissa ? -1.0 / x / fabs(x) : -x / (h * h * h);
}

double tg_acosh1_(double x) { return x < 1.0 ? (double)NAN : 1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0)); }

/* -x / (x^2 - 1)^(3/2) */
double tg_acosh2_(double x)
{
  if (x < 1.0) return NAN;
  const double t = (x - 1.0) * (x + 1.0);
  return x > huge_abscissa ? -1.0 / x / x : -x / (t * sqrt(t));
}

double tg_inversion_x_(double x, double y)
{
  const scaled s = scale(x, y, 0.0);
  if (s.largest == 0.0 || isnan(s.largest)) return NAN;
  if (isinf(s.largest)) return copysign(0.0, x);
  return ldexp(s.x / (s.x * s.x + s.y * s.y), -s.e);
}

double tg_inversion_difference_(double x, double y)
{
  const scaled s = scale(x, y, 0.0);
  if (s.largest == 0.0 || isnan(s.largest)) return NAN;
  if (isinf(s.largest)) return 0.0;
  const double q = s.x * s.x + s.y * s.y;
  return ldexp((s.x - s.y) * (s.x + s.y) / (q * q), -2 * s.e);
}

double tg_inversion_product_(double x, double y) { return tg_inversion_x_(x, y) * tg_inversion_x_(y, x); }

double tg_sinc_(double x)
{
  if (x == 0.0) return 1.0;
  return isinf(x) ? 0.0 : sin(x) / x;
}

/* The derivative of order d of sin(x) / x = sum (-1)^k x^(2k) / (2k + 1)!, in pairs: good to |x| = 24. */
static double sinc_series(double x, int d)
{
  const pair minus_square = pair_neg(two_product(x, x));
  pair term = pair_of(1.0), sum = pair_of(0.0); /* the term is (-x^2)^(k-1) / (2k + 1)! */
  for (int k = 1; k < 60; k++) {
    term = pair_divide(term, pair_of(2.0 * k * (2.0 * k + 1.0)));
    const pair t = pair_scale(term, d == 1 ? -2.0 * k : -2.0 * k * (2.0 * k - 1.0));
    sum = pair_add(sum, t);
    if (fabs(t.hi) < 1e-20 * fabs(sum.hi) && 2.0 * k > fabs(x)) break;
    term = pair_mul(term, minus_square);
  }
  return d == 1 ? pair_scale(sum, x).hi : sum.hi;
}

/* (cos x - sin x / x) / x; where that cancels, near 0 and near its zeros, by the series. */
double tg_sinc1_(double x)
{
  if (isinf(x)) return 0.0;
  const double c = cos(x), s = sin(x) / x, d = c - s;
  if (fabs(x) < 1.0 || (fabs(x) < 24.0 && fabs(d) < 0.5 * fabs(s))) return sinc_series(x, 1);
  return d / x;
}

/* -(sin x + 2 (cos x - sin x / x) / x) / x, likewise. */
double tg_sinc2_(double x)
{
  if (isinf(x)) return 0.0;
  const double s = sin(x), d = 2.0 * tg_sinc1_(x), sum = s + d;
  if (fabs(x) < 1.0 || (fabs(x) < 24.0 && fabs(sum) < 0.5 * fabs(d))) return sinc_series(x, 2);
  return -sum / x;
}

/* ---- error function and normal distribution ---- */

/* exp(-c x^2), c = 1 or 1/2, with x^2 in two parts. */
static double gaussian(double x, double c)
{
  if (fabs(x) > 40.0) return 0.0;
  const pair p = two_product(x, x);
  return exp_of_pair((pair){-c * p.hi, -c * p.lo});
}

/* factor exp(-c x^2) where that alone may be subnormal. */
static bool is_deep(double x, double c) { return -c * x * x < deep; }
static double gaussian_times(double x, double c, double factor)
{
  if (fabs(x) > 40.0) return factor * 0.0;
  const pair p = two_product(x, x);
  return exp_times((pair){-c * p.hi, -c * p.lo}, factor);
}
static const double two_over_root_pi = 0x1.20dd750429b6dp+0, one_over_root_two_pi = 0x1.9884533d43651p-2;

double tg_erf1_(double x) { return two_over_root_pi * gaussian(x, 1.0); }
double tg_erf2_(double x)
{
  if (isinf(x)) return 0.0;
  return is_deep(x, 1.0) ? gaussian_times(x, 1.0, -2.0 * x * two_over_root_pi) : -2.0 * (x * tg_erf1_(x));
}
double tg_norm_pdf_(double x) { return one_over_root_two_pi * gaussian(x, 0.5); }
double tg_norm_pdf1_(double x)
{
  if (isinf(x)) return 0.0;
  return is_deep(x, 0.5) ? gaussian_times(x, 0.5, -x * one_over_root_two_pi) : -x * tg_norm_pdf_(x);
}

/* Mills' ratio R(t) = (1 - Phi(t)) / phi(t), t >= 0: in t - 1 on [0, 2], in (t - 3.5) / 1.5 on [2, 5], and t R(t)
 * in 50 / t^2 - 1 beyond. */
static const double mills_a[] = {
    6.556795424187984609e-1, -3.443204575812015264e-1,  1.556795424188005903e-1,  -6.288030505413475921e-2,
    2.319980934109617349e-2, -7.936099142580248537e-3,  2.543951700654676165e-3,  -7.7030677771881067e-4,
    2.217056094907005693e-4, -6.095568358530601072e-5,  1.607501457079489016e-5,  -4.080067009138798083e-6,
    9.995289252094007433e-7, -2.369510754238530255e-7,  5.454033237751262128e-8,  -1.217886132295478939e-8,
    2.58760191493808907e-9,  -5.492166667994827087e-10, 1.415064529655809104e-10, -2.833968363219247356e-11,
};
static const double mills_b[] = {
    2.665677689682237521e-1,  -1.005192129168252738e-1,  3.602580618258638685e-2,  -1.234424886809476413e-2,
    4.062689338297007434e-3,  -1.289088185388492179e-3,  3.955563400762276094e-4,  -1.176825192317684782e-4,
    3.402106459858649104e-5,  -9.575006559679568937e-6,  2.627871578723788164e-6,  -7.04319879189160489e-7,
    1.845620843668586442e-7,  -4.735207351717365269e-8,  1.193840468739652037e-8,  -2.943362955706148613e-9,
    6.843792934492304959e-10, -1.632097511566431719e-10, 5.145608176694181303e-11, -1.174396161110996583e-11,
};
static const double mills_c[] = {
    9.810943073153879145e-1,  -1.790483654239181821e-2,  9.179256290405045504e-4,  -7.385041436921101703e-5,
    7.868495007699015093e-6,  -1.023626490306267781e-6,  1.550854734640439803e-7,  -2.653710259318213298e-8,
    5.020023695052344964e-9,  -1.033535177888336468e-9,  2.287785567982659984e-10, -5.396786998311244929e-11,
    1.357885252273557247e-11, -3.569161236054343996e-12, 8.673870508878562378e-13, -2.429425416504003129e-13,
    1.313385016900950522e-13, -4.15074439737880968e-14,
};
/* D(t) = 1 / R(t) - t on the same intervals, and t D(t) beyond. */
static const double excess_a[] = {
    5.251352761609812086e-1,   -1.990976655703487915e-1, 5.846559770302451431e-2,   -1.319583061345760747e-2,
    2.032461686278997954e-3,   -7.11980027551663488e-5,  -7.763908068459325375e-5,  2.996567268155242815e-5,
    -5.906391877504135007e-6,  3.172538415203856281e-7,  2.359504204471159423e-7,   -1.015753162260036876e-7,
    2.162920778683741173e-8,   -1.523701305424036192e-9, -7.632974306279611919e-10, 3.63225968496856802e-10,
    -8.510144200062449975e-11, 7.214771971776300757e-12, 3.901126323448229076e-12,  -1.39696078127726265e-12,
};
static const double excess_b[] = {
    2.51391264857699731e-1,   -8.539950742694520671e-2,  2.643843068375467266e-2,   -7.489448408814209715e-3,
    1.936258073457093596e-3,  -4.516714790143030852e-4,  9.242872705935759357e-5,   -1.541035582932291442e-5,
    1.553638312856495755e-6,  1.895656115532984803e-7,   -1.686817456926667909e-7,  6.15943854844190308e-8,
    -1.676183129021245771e-8, 3.635248636982571013e-9,   -5.832188520459953219e-10, 3.791253485322946715e-11,
    1.666939270531306467e-11, -1.012060551966966307e-11, 4.184222023068730785e-12,  -9.339374351428338887e-13,
};
static const double excess_c[] = {
    9.635002743184075355e-1,  -3.342338442521537795e-2,  2.714992645369819197e-3,  -3.094079366859071376e-4,
    4.331744879833411043e-5,  -7.022261594798958817e-6,  1.275357758563284141e-6,  -2.540946481977472655e-7,
    5.473061499696536833e-8,  -1.260811826479686819e-8,  3.079091773535199401e-9,  -7.925752094367380857e-10,
    2.165100064166663185e-10, -6.111143292575276745e-11, 1.524339011888247336e-11, -4.5116762361451075e-12,
    2.810867108720229235e-12, -9.338447879331339733e-13,
};
static const double mills_far = 5.0;

/* t R(t) and t D(t) for t >= mills_far; both 1 at infinity. */
static double scaled_mills(double t) { return polynomial(mills_c, COUNT(mills_c), 50.0 / t / t - 1.0); }
static double scaled_excess(double t) { return polynomial(excess_c, COUNT(excess_c), 50.0 / t / t - 1.0); }

static double mills(double t)
{
  if (t < 2.0) return polynomial(mills_a, COUNT(mills_a), t - 1.0);
  if (t < mills_far) return polynomial(mills_b, COUNT(mills_b), (t - 3.5) / 1.5);
  return scaled_mills(t) / t;
}

static double excess(double t)
{
  if (t < 2.0) return polynomial(excess_a, COUNT(excess_a), t - 1.0);
  return polynomial(excess_b, COUNT(excess_b), (t - 3.5) / 1.5);
}

double tg_norm_cdf_(double x)
{
  if (fabs(x) <= 0.5) return 0.5 + 0.5 * erf(0x1.6a09e667f3bcdp-1 * x);
  const double tail = tg_norm_pdf_(x) * mills(fabs(x));
  return x < 0.0 ? tail : 1.0 - tail;
}

double tg_log_norm_cdf_(double x)
{
  if (x >= 0.0) return log1p(-tg_norm_pdf_(x) * mills(x));
  if (x > -1.0) return log(tg_norm_cdf_(x));
  return log(0x1.9884533d43651p-2 * mills(-x)) - 0.5 * x * x;
}

double tg_log_norm_cdf1_(double x)
{
  if (x < 0.0) return 1.0 / mills(-x);
  const double density = tg_norm_pdf_(x);
  return density / (1.0 - density * mills(x));
}

double tg_log_norm_cdf2_(double x)
{
  if (x > 0.0 && is_deep(x, 0.5)) return tg_norm_pdf1_(x);
  if (x <= -mills_far) return -scaled_excess(-x) / scaled_mills(-x);
  if (x < 0.0) return -excess(-x) / mills(-x);
  const double d = tg_log_norm_cdf1_(x);
  return d == 0.0 ? 0.0 : -d * (x + d);
}

double tg_gelu_(double x)
{
  if (x == -INFINITY) return -0.0;
  if (x < 0.0 && is_deep(x, 0.5)) return gaussian_times(x, 0.5, -one_over_root_two_pi * scaled_mills(-x));
  return x * tg_norm_cdf_(x);
}

/* Phi(x) + x phi(x); around its zero by its Taylor series there. */
double tg_gelu1_(double x)
{
  static const pair zero = {-0x1.80ead197f00b4p-1, 0x1.13e74c58cada8p-56};
  static const double taylor[] = {
      0.4314939923140469198,    0.3882849829905519979,     -0.0181996763986710871,
      -0.1140082332972217086,   -0.01477152214824433772,   0.01942167983818906589,
      0.004539228379125415574,  -0.002239538068073497151,  -0.0007448268386746816243,
      0.0001863397462323351328, 0.00008615947861116571628, -0.00001121438018842664138,
      -7.748461307003719125e-6, 4.328450625739227547e-7,   5.702764979242107237e-7,
      -1.604426549424642759e-9, -3.545986646178386648e-8,  -1.396942086426202066e-9,
  };
  const double t = (x - zero.hi) - zero.lo;
  if (fabs(t) < 0.375) return t * polynomial(taylor, COUNT(taylor), t);
  if (!(fabs(x) < 40.0)) return tg_step_(x);
  if (x < 0.0 && is_deep(x, 0.5)) return gaussian_times(x, 0.5, one_over_root_two_pi * (mills(-x) + x));
  return x < 0.0 ? tg_norm_pdf_(x) * (mills(-x) + x) : tg_norm_cdf_(x) + x * tg_norm_pdf_(x);
}

/* phi(x) (2 - x^2) */
double tg_gelu2_(double x)
{
  static const pair root = {0x1.6a09e667f3bcdp+0, -0x1.bdd3413b26456p-54};
  const double a = fabs(x);
  if (a > 40.0) return 0.0;
  const double factor = ((root.hi - a) + root.lo) * (root.hi + a);
  return is_deep(x, 0.5) ? gaussian_times(x, 0.5, one_over_root_two_pi * factor) : tg_norm_pdf_(x) * factor;
}

/* ---- gamma function and its relatives ---- */

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

/* ---- Bessel functions ---- */

/* j1' = j0 - j1 / x */
double tg_j1_1_(double x) { return x == 0.0 ? 0.5 : tg_j0_(x) - tg_j1_(x) / x; }

/* j1'' = (j3 - 3 j1) / 4, far from 0 by Bessel's equation. */
double tg_j1_2_(double x)
{
  if (fabs(x) < 2.0) return 0.25 * (bessel_j(3, x) - 3.0 * tg_j1_(x));
  return 2.0 * tg_j1_(x) / x / x - tg_j0_(x) / x - tg_j1_(x);
}

/* The same of y; near 0 the term with y1 = -2 / (pi x) is all. */
double tg_y1_1_(double x)
{
  if (x == 0.0) return INFINITY;
  return x < 1e-9 ? -tg_y1_(x) / x : tg_y0_(x) - tg_y1_(x) / x;
}

double tg_y1_2_(double x)
{
  if (x == 0.0) return -INFINITY;
  if (x < 1e-9) return 2.0 * tg_y1_(x) / x / x;
  return 2.0 * tg_y1_(x) / x / x - tg_y0_(x) / x - tg_y1_(x);
}
