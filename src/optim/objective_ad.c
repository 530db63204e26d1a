/* The one file of this module that knows of tapes: recorded functions and finite sums as objectives. The
 * drivers write into the run's own arrays, so no gradient is copied. */
#include "function.h"
#include "problem.h"
#include "tapegrad/finite_sum.h"
#include "tapegrad/objective.h"

/* ---- a recorded function ---- */

static int value_gradient(const double *theta, double *value, double *gradient, void *user)
{
  return tg_gradient(user, theta, value, gradient);
}

static int product(const double *theta, const double *v, double *hv, void *user)
{
  return tg_hvp(user, theta, v, NULL, hv);
}

static int hessian(const double *theta, double *h, void *user)
{
  return tg_hessian(user, theta, NULL, NULL, h);
}

static size_t zero_rule(void *user)
{
  const tg_function *const f = user;
  return f->stats.zero_rule;
}

tg_objective tg_function_objective(tg_function *f)
{
  if (tg_function_outputs(f) != 1) return (tg_objective){.evaluate = tg_no_function_};
  tg_function_steady_(f);
  return (tg_objective){.n = f->n,
                        .evaluate = value_gradient,
                        .hvp = product,
                        .hessian = hessian,
                        .zero_rule = zero_rule,
                        .user = f};
}

/* ---- residuals: C = |r|^2 / 2, its gradient J'r ---- */

static int squares(const double *theta, double *value, double *gradient, void *user)
{
  tg_function *const f = user;
  double *const r = tg_function_scratch_(f);
  if (!r) return TG_E_NOMEM;
  tg_status s = tg_value(f, theta, r);
  if (s != TG_OK) return s;
  double sum = 0.0;
  for (size_t i = 0; i < f->m; i++) sum += r[i] * r[i];
  if (gradient) s = tg_vjp(f, theta, r, NULL, gradient);
  if (s == TG_OK && value) *value = 0.5 * sum;
  return s;
}

static int residual(const double *theta, double *r, double *jacobian, void *user)
{
  return jacobian ? tg_jacobian(user, theta, r, jacobian) : tg_value(user, theta, r);
}

tg_objective tg_least_squares_objective(tg_function *residuals)
{
  if (!residuals) return (tg_objective){0};
  tg_function_steady_(residuals);
  return (tg_objective){.n = residuals->n,
                        .residuals = residuals->m,
                        .evaluate = squares,
                        .zero_rule = zero_rule,
                        .residual = residual,
                        .user = residuals};
}

/* ---- finite sums ---- */

static int mean(const double *theta, double *value, double *gradient, void *user)
{
  return tg_finite_sum_gradient(user, theta, NULL, 0, value, gradient);
}

static int batch_mean(const double *theta, const size_t *index, size_t count, double *value, double *gradient,
                      void *user)
{
  return tg_finite_sum_gradient(user, theta, index, count, value, gradient);
}

static int mean_product(const double *theta, const double *v, double *hv, void *user)
{
  return tg_finite_sum_hvp(user, theta, NULL, 0, v, hv);
}

static int mean_hessian(const double *theta, double *h, void *user)
{
  return tg_finite_sum_hessian(user, theta, NULL, 0, h);
}

static size_t zero_rule_of_sum(void *user)
{
  tg_finite_sum_stats stats;
  return tg_finite_sum_statistics(user, &stats) == TG_OK ? stats.zero_rule : 0;
}

tg_objective tg_finite_sum_objective(tg_finite_sum *s)
{
  if (!s) return (tg_objective){0};
  return (tg_objective){.n = tg_finite_sum_parameters(s),
                        .samples = tg_finite_sum_rows(s),
                        .evaluate = mean,
                        .zero_rule = zero_rule_of_sum,
                        .batch = batch_mean,
                        .hvp = mean_product,
                        .hessian = mean_hessian,
                        .user = s};
}
