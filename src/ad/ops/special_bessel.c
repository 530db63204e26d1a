/* Bessel functions of orders 0 and 1 and their derivatives, by the recurrences of the NIST Digital Library of
 * Mathematical Functions, 10.6, and Bessel's equation, 10.2.1. The functions themselves are libm's. */
#define _GNU_SOURCE /* j0 ... */
#include "special_parts.h"

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
