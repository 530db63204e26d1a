/* z[index], the operands z, then index: n = k + 1. The index is rounded to the nearest integer; out of range
 * both the value and all partials are NaN. A step in index: derivative 0. */
#include <math.h>

#include "nary.h"

double tg_pick_d(const double *z, size_t k, double index)
{
  const size_t at = tg_whole_index_(index, k);
  return at < k ? z[at] : (double)NAN;
}

static int value(const double *x, size_t n, double *y, size_t m, void *user)
{
  (void)m, (void)user;
  y[0] = tg_pick_d(x, n - 1, x[n - 1]);
  return 0;
}

static int jvp(const double *x, size_t n, const double *v, double *jv, size_t m, void *user)
{
  (void)m;
  const size_t at = tg_whole_index_(x[n - 1], n - 1);
  jv[0] = at < n - 1 ? v[at] : tg_nary_nowhere_(v, n, tg_masked_(user));
  return 0;
}

static int vjp(const double *x, size_t n, const double *u, size_t m, double *uj, void *user)
{
  (void)m;
  const size_t at = tg_whole_index_(x[n - 1], n - 1);
  if (at == n - 1) return tg_nary_fill_(uj, n, tg_masked_product_((double)NAN, u[0], tg_masked_(user)));
  tg_nary_fill_(uj, n, 0.0);
  uj[at] = u[0];
  return 0;
}

static int hvp(const double *x, size_t n, const double *u, size_t m, const double *v, double *hv, void *user)
{
  (void)x, (void)u, (void)m, (void)v, (void)user;
  return tg_nary_fill_(hv, n, 0.0);
}

const tg_custom_op tg_nary_pick_ = {.name = "pick", .value = value, .jvp = jvp, .vjp = vjp, .hvp = hvp};

static tg_var record(tg_segment_ z, tg_var index)
{
  const tg_segment_ s[2] = {z, tg_vars_(&index, 1)};
  return tg_nary_scalar_(TG_NARY_pick, s, 2);
}

tg_var(tg_pick)(const tg_var *z, size_t k, tg_var index) { return record(tg_vars_(z, k), index); }
tg_var tg_pick_dv_(const double *z, size_t k, tg_var index) { return record(tg_numbers_(z, k), index); }
