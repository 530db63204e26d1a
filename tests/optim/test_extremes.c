/* Where methods used to lose their way: values near the limits of the arithmetic, functions without a
 * minimum, curvature that vanishes or misleads. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "tapegrad/optim.h"

static tg_report minimize(tg_objective c, tg_method m, double *x)
{
  tg_report r;
  cr_expect(tg_minimize(c, m, x, NULL, &r) == TG_OK);
  return r;
}

/* ---- linear_cg where C is no quadratic ---- */

static int log_cosh(const double *x, double *value, double *g, void *user)
{
  (void)user;
  if (value) *value = log(cosh(x[0]));
  if (g) g[0] = tanh(x[0]);
  return 0;
}

static int log_cosh_product(const double *x, const double *v, double *hv, void *user)
{
  (void)user;
  hv[0] = v[0] / cosh(x[0]) / cosh(x[0]);
  return 0;
}

Test(extremes, linear_cg_that_stalls_keeps_the_best_point)
{
  double x[1] = {1.5};
  const tg_objective c = {.n = 1, .evaluate = log_cosh, .hvp = log_cosh_product};
  const tg_report r = minimize(c, tg_linear_cg(), x);
  cr_expect(x[0] == 1.5 && r.value == log(cosh(1.5)), "%s at %g", tg_stop_string(r.stop), x[0]);
}

static int cosine(const double *x, double *value, double *g, void *user)
{
  (void)user;
  if (value) *value = cos(x[0]);
  if (g) g[0] = -sin(x[0]);
  return 0;
}

static int cosine_product(const double *x, const double *v, double *hv, void *user)
{
  (void)user;
  hv[0] = -cos(x[0]) * v[0];
  return 0;
}

Test(extremes, linear_cg_calls_no_bounded_function_unbounded)
{
  double x[1] = {0.5};
  const tg_objective c = {.n = 1, .evaluate = cosine, .hvp = cosine_product};
  const tg_report r = minimize(c, tg_linear_cg(), x);
  cr_expect(r.stop == TG_STOP_SINGULAR, "%s", tg_stop_string(r.stop));
  double line[1] = {0}, flat[1] = {0}, right[1] = {2};
  tg_quadratic q = {.n = 1, .a = flat, .b = right};
  cr_expect(minimize(tg_quadratic_objective(&q), tg_linear_cg(), line).stop == TG_STOP_UNBOUNDED);
}

/* ---- restarts of conjugate gradients ---- */

static int rosenbrock(const double *x, double *value, double *g, void *user)
{
  const double a = 1 - x[0], b = x[1] - x[0] * x[0], scale = user ? *(const double *)user : 1.0;
  if (value) *value = scale * (a * a + 100 * b * b);
  if (g) g[0] = scale * (-2 * a - 400 * x[0] * b), g[1] = scale * 200 * b;
  return 0;
}

Test(extremes, nonlinear_cg_restarts_with_its_own_search_by_either_name)
{
  for (int variant = TG_CG_POLAK_RIBIERE; variant <= TG_CG_FLETCHER_REEVES; variant++) {
    double x[2] = {-1.2, 1}, y[2] = {-1.2, 1};
    const tg_objective c = {.n = 2, .evaluate = rosenbrock};
    tg_method m = tg_nonlinear_cg(variant);
    m.line_search = TG_LINE_DEFAULT;
    const tg_report a = minimize(c, m, x), b = minimize(c, tg_nonlinear_cg(variant), y);
    cr_expect(a.iterations == b.iterations && !memcmp(x, y, sizeof x), "%zu, %zu", a.iterations,
              b.iterations);
  }
}
