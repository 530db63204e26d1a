/* log(sum_j exp z_j) - z[label], the operands z, then label: n = k + 1; label as for pick.
 * The partials are the weights p_j, and for the label minus the sum of the others' weights, not p_label - 1.
 */
#include <math.h>

#include "nary.h"

double tg_cross_entropy_d(const double *z, size_t k, double label)
{
  const size_t at = tg_whole_index_(label, k);
  return at < k ? tg_log_sum_(z, k, at) : (double)NAN;
}

static int value(const double *x, size_t n, double *y, size_t m, void *user)
{
  (void)m, (void)user;
  y[0] = tg_cross_entropy_d(x, n - 1, x[n - 1]);
  return 0;
}

/* All -inf: no weight anywhere, and -1 for the label. */
static void gradient(const double *z, size_t k, size_t at, double *g)
{
  const size_t top = tg_weights_(z, k, g);
  double others = 0.0;
  for (size_t i = 0; i < k; i++)
    if (i != at) others += g[i];
  g[at] = z[top] == -INFINITY ? -1.0 : -others;
}

static int vjp(const double *x, size_t n, const double *u, size_t m, double *uj, void *user)
{
  (void)m;
  const size_t k = n - 1, at = tg_whole_index_(x[k], k);
  if (at == k) return tg_nary_fill_(uj, n, tg_masked_product_((double)NAN, u[0], tg_masked_(user)));
  gradient(x, k, at, uj);
  tg_nary_scale_(uj, uj, k, u[0], tg_masked_(user));
  uj[k] = 0.0;
  return 0;
}

/* sum_j p_j (v_j - v_label), which is sum_j p_j v_j - v_label as the weights sum to 1. */
static int jvp(const double *x, size_t n, const double *v, double *jv, size_t m, void *user)
{
  (void)m;
  const size_t k = n - 1, at = tg_whole_index_(x[k], k);
  jv[0] = at < k ? tg_weighted_(x, k, v, at, tg_masked_(user)) : tg_nary_nowhere_(v, n, tg_masked_(user));
  return 0;
}

static int hvp(const double *x, size_t n, const double *u, size_t m, const double *v, double *hv, void *user)
{
  (void)m;
  const size_t k = n - 1, at = tg_whole_index_(x[k], k);
  if (at == k) return tg_nary_fill_(hv, n, 0.0);
  const size_t top = tg_weights_(x, k, hv);
  tg_weights_hvp_(hv, v, k, top, u[0], tg_masked_(user));
  hv[k] = 0.0;
  return 0;
}

const tg_custom_op tg_nary_cross_entropy_ = {
    .name = "cross_entropy", .value = value, .jvp = jvp, .vjp = vjp, .hvp = hvp};

static tg_var record(tg_segment_ z, tg_var label)
{
  const tg_segment_ s[2] = {z, tg_vars_(&label, 1)};
  return tg_nary_scalar_(TG_NARY_cross_entropy, s, 2);
}

tg_var(tg_cross_entropy)(const tg_var *z, size_t k, tg_var label) { return record(tg_vars_(z, k), label); }
tg_var tg_cross_entropy_dv_(const double *z, size_t k, tg_var label)
{
  return record(tg_numbers_(z, k), label);
}
