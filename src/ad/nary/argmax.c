/* The first index of the largest entry; NaN if there is none or an entry is NaN. Steps: derivative 0. */
#include <math.h>

#include "nary.h"

double tg_argmax_d(const double *z, size_t k)
{
  size_t top = 0;
  for (size_t i = 0; i < k; i++) {
    if (isnan(z[i])) return NAN;
    if (z[i] > z[top]) top = i;
  }
  return k > 0 ? (double)top : (double)NAN;
}

static int value(const double *x, size_t n, double *y, size_t m, void *user)
{
  (void)m, (void)user;
  y[0] = tg_argmax_d(x, n);
  return 0;
}

static int jvp(const double *x, size_t n, const double *v, double *jv, size_t m, void *user)
{
  (void)x, (void)n, (void)v, (void)user;
  return tg_nary_fill_(jv, m, 0.0);
}

static int vjp(const double *x, size_t n, const double *u, size_t m, double *uj, void *user)
{
  (void)x, (void)u, (void)m, (void)user;
  return tg_nary_fill_(uj, n, 0.0);
}

static int hvp(const double *x, size_t n, const double *u, size_t m, const double *v, double *hv, void *user)
{
  (void)x, (void)u, (void)m, (void)v, (void)user;
  return tg_nary_fill_(hv, n, 0.0);
}

const tg_custom_op tg_nary_argmax_ = {.name = "argmax", .value = value, .jvp = jvp, .vjp = vjp, .hvp = hvp};

tg_var(tg_argmax)(const tg_var *z, size_t k)
{
  const tg_segment_ s = tg_vars_(z, k);
  return tg_nary_scalar_(TG_NARY_argmax, &s, 1);
}
