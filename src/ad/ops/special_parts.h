/* What the files special_*.c share: polynomials, and numbers of twice the precision.
 *
 * Where a partial derivative passes through zero, its terms cancel, and no rearrangement of doubles keeps its relative
 * accuracy there. The terms are then computed as pairs: unevaluated sums of two doubles (Dekker 1971, A floating-point
 * technique for extending the available precision), about 106 bits. Only the neighbourhoods of zeros pay for that. */
#ifndef TG_SPECIAL_PARTS_H
#define TG_SPECIAL_PARTS_H

#include <stddef.h>

#include "special.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static inline double polynomial(const double *c, size_t n, double t)
{
  double p = c[n - 1];
  for (size_t k = n - 1; k-- > 0;) p = c[k] + t * p;
  return p;
}

/* ---- pairs ---- */

typedef struct pair {
  double hi, lo;
} pair;

static inline pair pair_of(double x) { return (pair){x, 0.0}; }

/* |a| >= |b| or a = 0. */
static inline pair fast_two_sum(double a, double b)
{
  const double s = a + b;
  return (pair){s, b - (s - a)};
}

static inline pair two_sum(double a, double b)
{
  const double s = a + b, t = s - a;
  return (pair){s, (a - (s - t)) + (b - t)};
}

static inline pair two_product(double a, double b)
{
  const double p = a * b;
  return (pair){p, fma(a, b, -p)};
}

static inline pair pair_add(pair a, pair b)
{
  const pair s = two_sum(a.hi, b.hi), t = two_sum(a.lo, b.lo);
  const pair u = fast_two_sum(s.hi, s.lo + t.hi);
  return fast_two_sum(u.hi, u.lo + t.lo);
}

static inline pair pair_mul(pair a, pair b)
{
  const pair p = two_product(a.hi, b.hi);
  return fast_two_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}

static inline pair pair_scale(pair a, double c) { return pair_mul(a, pair_of(c)); }
static inline pair pair_shift(pair a, double c) { return pair_add(a, pair_of(c)); }
static inline pair pair_neg(pair a) { return (pair){-a.hi, -a.lo}; }

static inline pair pair_divide(pair a, pair b)
{
  const double q = a.hi / b.hi;
  const pair r = pair_add(a, pair_neg(pair_scale(b, q)));
  return fast_two_sum(q, r.hi / b.hi);
}

static const pair pair_ln2 = {0x1.62e42fefa39efp-1, 0x1.abc9e3b39803fp-56};

/* exp(x) for |x| < 700: Taylor's series of the remainder by log 2, |r| < 0.35. */
static inline pair pair_exp(pair x)
{
  const double k = tg_nearest_(x.hi / TG_LN2_);
  const pair r = pair_add(x, pair_scale(pair_ln2, -k));
  pair sum = pair_of(1.0);
  for (int n = 24; n > 0; n--) sum = pair_shift(pair_divide(pair_mul(r, sum), pair_of(n)), 1.0);
  return (pair){ldexp(sum.hi, (int)k), ldexp(sum.lo, (int)k)};
}

/* log(x), x > 0 finite: 2 artanh((m - 1) / (m + 1)) of the mantissa m in [sqrt(1/2), sqrt(2)). */
static inline pair pair_log(double x)
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
  return pair_add(pair_scale(pair_ln2, k), pair_scale(pair_mul(s, sum), 2.0));
}

/* exp(x.hi + x.lo) in a double, to the accuracy of exp. */
static inline double exp_of_pair(pair x)
{
  const double e = exp(x.hi);
  return e == 0.0 || isinf(e) ? e : e + e * x.lo;
}

/* factor exp(x.hi + x.lo), rounded once where the exponential alone would have left the normal numbers: it goes in as
 * two factors, and what is large comes first. */
static inline double exp_times(pair x, double factor)
{
  const double root = exp_of_pair((pair){0.5 * x.hi, 0.5 * x.lo});
  return factor * root * root;
}

/* exp of less than this, and its small multiples, may be subnormal. */
#define DEEP (-700.0)

#endif
