/* Steps and lines: ldexp, clamp, lerp. */
#include "special_parts.h"

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
