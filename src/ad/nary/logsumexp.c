/* log(exp x_0 + ... + exp x_(n-1)). Its partials are the weights p of softmax, its Hessian diag(p) - p p'. */
#include "nary.h"

double tg_logsumexp_d(const double *x, size_t n) { return tg_log_sum_(x, n, n); }

static int value(const double *x, size_t n, double *y, size_t m, void *user)
{
  (void)m, (void)user;
  y[0] = tg_log_sum_(x, n, n);
  return 0;
}

static int vjp(const double *x, size_t n, const double *u, size_t m, double *uj, void *user)
{
  (void)m;
  tg_weights_(x, n, uj);
  tg_nary_scale_(uj, uj, n, u[0], tg_masked_(user));
  return 0;
}

static int jvp(const double *x, size_t n, const double *v, double *jv, size_t m, void *user)
{
  (void)m;
  jv[0] = tg_weighted_(x, n, v, n, tg_masked_(user));
  return 0;
}

static int hvp(const double *x, size_t n, const double *u, size_t m, const double *v, double *hv, void *user)
{
  (void)m;
  const size_t top = tg_weights_(x, n, hv);
  tg_weights_hvp_(hv, v, n, top, u[0], tg_masked_(user));
  return 0;
}

const tg_custom_op tg_nary_logsumexp_ = {
    .name = "logsumexp", .value = value, .jvp = jvp, .vjp = vjp, .hvp = hvp};

tg_var(tg_logsumexp)(const tg_var *x, size_t n)
{
  const tg_segment_ s = tg_vars_(x, n);
  return tg_nary_scalar_(TG_NARY_logsumexp, &s, 1);
}
