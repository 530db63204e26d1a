/* x_0 y_0 + ... + x_(k-1) y_(k-1), from the left; the operands are x, then y: n = 2 k. */
#include "nary.h"

double tg_dot_d(const double *x, const double *y, size_t n)
{
  double s = 0.0;
  for (size_t i = 0; i < n; i++) s += x[i] * y[i];
  return s;
}

static int value(const double *x, size_t n, double *y, size_t m, void *user)
{
  (void)m, (void)user;
  y[0] = tg_dot_d(x, x + n / 2, n / 2);
  return 0;
}

static int jvp(const double *x, size_t n, const double *v, double *jv, size_t m, void *user)
{
  (void)m;
  const size_t k = n / 2;
  const bool masked = tg_masked_(user);
  jv[0] = tg_nary_inner_(x + k, v, k, masked) + tg_nary_inner_(x, v + k, k, masked);
  return 0;
}

static int vjp(const double *x, size_t n, const double *u, size_t m, double *uj, void *user)
{
  (void)m;
  const size_t k = n / 2;
  tg_nary_scale_(uj, x + k, k, u[0], tg_masked_(user));
  tg_nary_scale_(uj + k, x, k, u[0], tg_masked_(user));
  return 0;
}

static int hvp(const double *x, size_t n, const double *u, size_t m, const double *v, double *hv, void *user)
{
  (void)x;
  return vjp(v, n, u, m, hv, user); /* bilinear: the same with v for x */
}

const tg_custom_op tg_nary_dot_ = {.name = "dot", .value = value, .jvp = jvp, .vjp = vjp, .hvp = hvp};

static tg_var record(tg_segment_ x, tg_segment_ y)
{
  const tg_segment_ s[2] = {x, y};
  return tg_nary_scalar_(TG_NARY_dot, s, 2);
}

tg_var(tg_dot)(const tg_var *x, const tg_var *y, size_t n) { return record(tg_vars_(x, n), tg_vars_(y, n)); }
tg_var tg_dot_vd_(const tg_var *x, const double *y, size_t n)
{
  return record(tg_vars_(x, n), tg_numbers_(y, n));
}
tg_var tg_dot_dv_(const double *x, const tg_var *y, size_t n)
{
  return record(tg_numbers_(x, n), tg_vars_(y, n));
}
