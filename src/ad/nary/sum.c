/* x_0 + ... + x_(n-1), from the left. */
#include "nary.h"

double tg_sum_d(const double *x, size_t n)
{
  double s = 0.0;
  for (size_t i = 0; i < n; i++) s += x[i];
  return s;
}

static int value(const double *x, size_t n, double *y, size_t m, void *user)
{
  (void)m, (void)user;
  y[0] = tg_sum_d(x, n);
  return 0;
}

static int jvp(const double *x, size_t n, const double *v, double *jv, size_t m, void *user)
{
  (void)x, (void)m, (void)user;
  jv[0] = tg_sum_d(v, n);
  return 0;
}

static int vjp(const double *x, size_t n, const double *u, size_t m, double *uj, void *user)
{
  (void)x, (void)m, (void)user;
  return tg_nary_fill_(uj, n, u[0]);
}

static int hvp(const double *x, size_t n, const double *u, size_t m, const double *v, double *hv, void *user)
{
  (void)x, (void)u, (void)m, (void)v, (void)user;
  return tg_nary_fill_(hv, n, 0.0);
}

const tg_custom_op tg_nary_sum_ = {.name = "sum", .value = value, .jvp = jvp, .vjp = vjp, .hvp = hvp};

tg_var(tg_sum)(const tg_var *x, size_t n)
{
  const tg_segment_ s = tg_vars_(x, n);
  return tg_nary_scalar_(TG_NARY_sum, &s, 1);
}
