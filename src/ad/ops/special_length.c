/* Lengths of vectors of two and three numbers, their partials, and the inversion x / (x^2 + y^2) that is the partial of
 * an angle. All scale by a power of two first, so that no square over- or underflows before the result does. */
#include "special_parts.h"

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
