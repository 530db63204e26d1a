/* p_i = exp z_i / sum_j exp z_j. Its Jacobian is diag(p) - p p', symmetric. */
#include "nary.h"

void tg_softmax_d(const double *z, size_t k, double *p) { tg_weights_(z, k, p); }

static int value(const double *x, size_t n, double *y, size_t m, void *user)
{
  (void)m, (void)user;
  tg_weights_(x, n, y);
  return 0;
}

static int jvp(const double *x, size_t n, const double *v, double *jv, size_t m, void *user)
{
  (void)m;
  const size_t top = tg_weights_(x, n, jv);
  tg_weights_hvp_(jv, v, n, top, 1.0, tg_masked_(user));
  return 0;
}

static int vjp(const double *x, size_t n, const double *u, size_t m, double *uj, void *user)
{
  return jvp(x, n, u, uj, m, user);
}

/* With a = u - p'u and b = v - p'v: p_i (a_i b_i - sum_j p_j a_j b_j). */
static int hvp(const double *x, size_t n, const double *u, size_t m, const double *v, double *hv, void *user)
{
  (void)m;
  const bool masked = tg_masked_(user);
  const size_t top = tg_weights_(x, n, hv);
  if (top >= n) return 0;
  const double u_base = tg_base_(u[top], masked), v_base = tg_base_(v[top], masked);
  double u_mean = 0.0, v_mean = 0.0, both = 0.0;
  for (size_t i = 0; i < n; i++) {
    u_mean += tg_masked_product_(hv[i], u[i] - u_base, masked);
    v_mean += tg_masked_product_(hv[i], v[i] - v_base, masked);
  }
  for (size_t i = 0; i < n; i++) {
    const double a = (u[i] - u_base) - u_mean, b = (v[i] - v_base) - v_mean;
    both += tg_masked_product_(hv[i], tg_masked_product_(a, b, masked), masked);
  }
  for (size_t i = 0; i < n; i++) {
    const double a = (u[i] - u_base) - u_mean, b = (v[i] - v_base) - v_mean;
    hv[i] = tg_masked_product_(hv[i], tg_masked_product_(a, b, masked) - both, masked);
  }
  return 0;
}

const tg_custom_op tg_nary_softmax_ = {.name = "softmax", .value = value, .jvp = jvp, .vjp = vjp, .hvp = hvp};

void(tg_softmax)(const tg_var *z, size_t k, tg_var *p)
{
  const tg_nary_ what = tg_nary_builtin_(TG_NARY_softmax);
  const tg_segment_ s = tg_vars_(z, k);
  tg_nary_record_(&what, &s, 1, p, k);
}
