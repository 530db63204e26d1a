/* The Euclidean norm. Scaled by a power of two, so that no square over- or underflows. At the origin, a kink,
 * its partials are 0 (least norm), at second order those on the line along the tangents, v / |v|, which is straight:
 * no second partials. At infinity they are the limits, NaN if two entries are infinite. */
#include <math.h>

#include "nary.h"

/* norm = length 2^exponent, length in [1/2, sqrt(n)), unless the largest entry is 0, inf or NaN. */
typedef struct size {
  double largest, length;
  int exponent;
  bool blurred; /* an infinite entry beside another or a NaN: no direction */
} size;

static size measure(const double *x, size_t n)
{
  size s = {0};
  size_t infinite = 0, nan = 0;
  for (size_t i = 0; i < n; i++) {
    const double a = fabs(x[i]);
    infinite += isinf(a) != 0;
    nan += isnan(a) != 0;
    if (a > s.largest) s.largest = a;
  }
  s.blurred = infinite + nan > 1;
  if (nan > 0 && infinite == 0) s.largest = NAN; /* an infinite entry wins over a NaN, as in hypot */
  if (!(s.largest > 0.0) || isinf(s.largest)) return s;
  (void)frexp(s.largest, &s.exponent);
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) {
    const double a = ldexp(x[i], -s.exponent);
    sum += a * a;
  }
  s.length = sqrt(sum);
  return s;
}

static bool is_regular(size s) { return s.largest > 0.0 && !isinf(s.largest); }

double tg_norm2_d(const double *x, size_t n)
{
  /* In this range the plain sum is safe: no square that counts has underflowed. */
  const double plain = tg_dot_d(x, x, n);
  if (plain > 1e-280 && plain < 1e300) return sqrt(plain);
  const size s = measure(x, n);
  return is_regular(s) ? ldexp(s.length, s.exponent) : s.largest;
}

/* Entry i of x / |x|. */
static double direction(const double *x, size_t i, size s)
{
  if (is_regular(s)) return ldexp(x[i], -s.exponent) / s.length;
  if (!isinf(s.largest)) return s.largest; /* 0 or NaN */
  if (s.blurred || isnan(x[i])) return isinf(x[i]) || isnan(x[i]) ? (double)NAN : 0.0;
  return isinf(x[i]) ? copysign(1.0, x[i]) : 0.0;
}

static int value(const double *x, size_t n, double *y, size_t m, void *user)
{
  (void)m, (void)user;
  y[0] = tg_norm2_d(x, n);
  return 0;
}

/* Where the direction is taken from: x, or, at the origin, the tangents of x. */
static const double *base(const double *x, size_t n, const void *user, size *s)
{
  const double *const along = ((const tg_nary_shape_ *)user)->along;
  *s = measure(x, n);
  if (s->largest != 0.0 || !along) return x;
  *s = measure(along, n);
  return along;
}

static int vjp(const double *x, size_t n, const double *u, size_t m, double *uj, void *user)
{
  (void)m;
  size s;
  x = base(x, n, user, &s);
  for (size_t i = 0; i < n; i++) uj[i] = tg_masked_product_(direction(x, i, s), u[0], tg_masked_(user));
  return 0;
}

static int jvp(const double *x, size_t n, const double *v, double *jv, size_t m, void *user)
{
  (void)m;
  size s;
  x = base(x, n, user, &s);
  jv[0] = 0.0;
  for (size_t i = 0; i < n; i++) jv[0] += tg_masked_product_(direction(x, i, s), v[i], tg_masked_(user));
  return 0;
}

/* H v = (w - g (g'w)) / |x|, where w is v less the multiple of x that makes it zero in the largest entry: H x
 * = 0, and without this the largest entry would be what cancellation left over. */
static int hvp(const double *x, size_t n, const double *u, size_t m, const double *v, double *hv, void *user)
{
  (void)m;
  const size s = measure(x, n);
  const bool masked = tg_masked_(user);
  if (!is_regular(s)) return tg_nary_fill_(hv, n, isnan(s.largest) ? s.largest : 0.0);
  size_t top = 0;
  while (fabs(x[top]) != s.largest) top++;
  const double multiple = isfinite(v[top]) ? v[top] / direction(x, top, s) : 0.0;
  double along = 0.0;
  for (size_t i = 0; i < n; i++) {
    const double g = direction(x, i, s);
    hv[i] = i == top && isfinite(v[top]) ? 0.0 : v[i] - tg_masked_product_(multiple, g, masked);
    along += tg_masked_product_(g, hv[i], masked);
  }
  for (size_t i = 0; i < n; i++) {
    const double across = hv[i] - tg_masked_product_(direction(x, i, s), along, masked);
    hv[i] = tg_masked_product_(ldexp(across / s.length, -s.exponent), u[0], masked);
  }
  return 0;
}

const tg_custom_op tg_nary_norm2_ = {.name = "norm2", .value = value, .jvp = jvp, .vjp = vjp, .hvp = hvp};

tg_var(tg_norm2)(const tg_var *x, size_t n)
{
  const tg_segment_ s = tg_vars_(x, n);
  return tg_nary_scalar_(TG_NARY_norm2, &s, 1);
}
