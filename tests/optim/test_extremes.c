/* Values near the limits of the arithmetic, functions without a minimum, curvature that misleads. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "../support/methods.h"
#include "tapegrad/optim.h"

static tg_report minimize(tg_objective c, tg_method m, double *x)
{
  tg_report r;
  cr_expect(tg_minimize(c, m, x, NULL, &r) == TG_OK);
  return r;
}

/* The method of that name, searching. */
static tg_method named(const char *name)
{
  tg_method m;
  cr_assert(tg_method_named(&m, name) == TG_OK, "%s", name);
  if (m.line_search == TG_LINE_FIXED) m.line_search = TG_LINE_WOLFE;
  return m;
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

/* ---- Newton's method where curvature vanishes or misleads ---- */

static int valley(const double *x, double *value, double *g, void *user)
{
  (void)user;
  const double y = x[1] - 1;
  if (value) *value = fabs(x[0]) + log1p(exp(-2 * fabs(x[0]))) + y * y;
  if (g) g[0] = tanh(x[0]), g[1] = 2 * y;
  return 0;
}

static int valley_product(const double *x, const double *v, double *hv, void *user)
{
  (void)user;
  hv[0] = v[0] / cosh(x[0]) / cosh(x[0]);
  hv[1] = 2 * v[1];
  return 0;
}

static int rosenbrock_product(const double *x, const double *v, double *hv, void *user)
{
  const double scale = *(const double *)user;
  hv[0] = scale * ((2 - 400 * x[1] + 1200 * x[0] * x[0]) * v[0] - 400 * x[0] * v[1]);
  hv[1] = scale * (-400 * x[0] * v[0] + 200 * v[1]);
  return 0;
}

Test(extremes, newton_goes_down_the_gradient_where_its_own_step_fails)
{
  for (double far = 20; far < 400; far += 40) {
    double x[2] = {far, 0}, y[2] = {far, 0};
    const tg_objective c = {.n = 2, .evaluate = valley, .hvp = valley_product};
    tg_report r = minimize(c, tg_newton(), x);
    cr_expect(tg_converged(r.stop), "from %g: %s", far, tg_stop_string(r.stop));
    r = minimize(c, tg_newton_cg(), y);
    cr_expect(tg_converged(r.stop), "from %g: %s", far, tg_stop_string(r.stop));
  }
}

Test(extremes, newton_cg_knows_curvature_at_any_scale)
{
  const double scales[] = {1e-20, 1e-10, 1, 1e10, 1e20, 1e150};
  for (size_t k = 0; k < sizeof scales / sizeof *scales; k++) {
    double x[2] = {-1.2, 1}, scale = scales[k];
    const tg_objective c = {.n = 2, .evaluate = rosenbrock, .hvp = rosenbrock_product, .user = &scale};
    tg_minimize_options o = tg_minimize_defaults();
    o.gradient_tol = 1e-6 * scale;
    tg_report r;
    cr_expect(tg_minimize(c, tg_newton_cg(), x, &o, &r) == TG_OK);
    cr_expect(tg_converged(r.stop) && r.iterations < 150, "%g: %s after %zu", scale, tg_stop_string(r.stop),
              r.iterations);
  }
}

/* ---- values near the limits, and without a limit ---- */

static int cube(const double *x, double *value, double *g, void *user)
{
  (void)user;
  if (value) *value = x[0] * x[0] * x[0];
  if (g) g[0] = 3 * x[0] * x[0];
  return 0;
}

Test(extremes, a_cube_is_unbounded)
{
  tg_method m;
  for (size_t row = 0; methods_next(&row, TG_TAKES_LINE_SEARCH, TG_IS_SECOND_ORDER, &m);)
    for (int line = TG_LINE_WOLFE; line <= TG_LINE_EXACT; line++) {
      if (line == TG_LINE_ARMIJO) continue; /* goes no further than its first trial */
      double x[1] = {-1};
      m.line_search = line;
      const tg_report r = minimize((tg_objective){.n = 1, .evaluate = cube}, m, x);
      cr_expect(r.stop == TG_STOP_UNBOUNDED && r.value < -1, "%s, %d: %s at %g", tg_method_name(&m), line,
                tg_stop_string(r.stop), r.value);
    }
}

static int saddle(const double *x, double *value, double *g, void *user)
{
  (void)user;
  if (value) *value = x[0] * x[0] - x[1] * x[1] - x[2] * x[2];
  if (g) g[0] = 2 * x[0], g[1] = -2 * x[1], g[2] = -2 * x[2];
  return 0;
}

static int saddle_product(const double *x, const double *v, double *hv, void *user)
{
  saddle(v, NULL, hv, user);
  (void)x;
  return 0;
}

Test(extremes, a_saddle_is_unbounded)
{
  const char *const names[] = {"trust_region", "trust_region_cg", "newton", "newton_cg", "lbfgs"};
  for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
    double x[3] = {0.6, 1.1, 0.9};
    const tg_objective c = {.n = 3, .evaluate = saddle, .hvp = saddle_product};
    const tg_report r = minimize(c, named(names[k]), x);
    cr_expect(r.stop == TG_STOP_UNBOUNDED, "%s: %s at %g", names[k], tg_stop_string(r.stop), r.value);
  }
}

static int steep(const double *x, double *value, double *g, void *user)
{
  (void)user;
  if (value) *value = 1e160 * x[0] * x[0];
  if (g) g[0] = 2e160 * x[0];
  return 0;
}

static int steep_product(const double *x, const double *v, double *hv, void *user)
{
  (void)x, (void)user;
  hv[0] = 2e160 * v[0];
  return 0;
}

Test(extremes, gradients_whose_squares_overflow_lead_down)
{
  const char *const names[] = {"gd",           "lbfgs",     "bfgs",   "dfp",
                               "nonlinear_cg", "newton_cg", "newton", "trust_region_cg"};
  for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
    double x[1] = {1};
    const tg_objective c = {.n = 1, .evaluate = steep, .hvp = steep_product};
    const tg_report r = minimize(c, named(names[k]), x);
    cr_expect(fabs(x[0]) < 1e-5, "%s: %s at %g", names[k], tg_stop_string(r.stop), x[0]);
  }
}

/* ---- backtracking ends ---- */

static int pointed(const double *x, double *value, double *g, void *user)
{
  double sum = 0;
  for (int i = 0; i < 3; i++) {
    sum += pow(fabs(x[i]), 1.0001);
    if (g) g[i] = copysign(1.0001 * pow(fabs(x[i]), 0.0001), x[i]);
  }
  if (value) *value = sum;
  if (user) ++*(size_t *)user;
  return 0;
}

Test(extremes, backtracking_has_an_end, .timeout = 20)
{
  double x[3] = {0.7, -1.3, 0.2};
  size_t calls = 0, before = 0;
  tg_method m = tg_gd(1);
  m.line_search = TG_LINE_ARMIJO;
  const tg_objective c = {.n = 3, .evaluate = pointed, .user = &calls};
  tg_run *run;
  cr_assert(tg_run_new(&run, c, m, x, NULL) == TG_OK);
  for (int i = 0; i < 500 && tg_run_step(run); i++, before = calls)
    cr_assert(calls - before <= 110, "%zu in iteration %d", calls - before, i);
  tg_run_free(run);
}

/* Infinite wherever it is asked but at the start, and slow. */
static int slow(const double *x, double *value, double *g, void *user)
{
  size_t *calls = user;
  for (volatile int i = 0; i < 2000000; i++) {
  }
  *value = ++*calls == 1 ? 0.0 : INFINITY;
  g[0] = 1.0 + 0.0 * x[0];
  return 0;
}

Test(extremes, a_search_heeds_the_limit_on_time)
{
  for (int line = TG_LINE_WOLFE; line <= TG_LINE_EXACT; line++) {
    double x[1] = {1};
    size_t calls = 0;
    tg_method m = tg_gd(1);
    m.line_search = line;
    tg_minimize_options o = tg_minimize_defaults();
    o.max_seconds = 1e-6;
    tg_report r;
    cr_expect(tg_minimize((tg_objective){.n = 1, .evaluate = slow, .user = &calls}, m, x, &o, &r) == TG_OK);
    cr_expect(r.stop == TG_STOP_SECONDS && calls <= 2 && x[0] == 1, "%d: %s after %zu", line,
              tg_stop_string(r.stop), calls);
  }
}

/* ---- columns of the Jacobian that are next to nothing ---- */

static int parabola(const double *x, double *r, double *jacobian, void *user)
{
  (void)user;
  const double j[4] = {2 * x[0], 0, 0, 1};
  if (r) r[0] = x[0] * x[0] - 1, r[1] = x[1];
  if (jacobian) memcpy(jacobian, j, sizeof j);
  return 0;
}

static int exponential(const double *x, double *r, double *jacobian, void *user)
{
  (void)user;
  const double j[4] = {100 * exp(100 * x[0]), 0, 0, 1};
  if (r) r[0] = exp(100 * x[0]) - 1, r[1] = x[1];
  if (jacobian) memcpy(jacobian, j, sizeof j);
  return 0;
}

Test(extremes, levenberg_marquardt_bears_columns_next_to_nothing)
{
  for (double at = 1e-3; at > 1e-300; at *= 1e-9) {
    double x[2] = {at, 1};
    const tg_objective c = {.n = 2, .residuals = 2, .residual = parabola};
    const tg_report r = minimize(c, tg_levenberg_marquardt(), x);
    cr_expect(tg_converged(r.stop), "from %g: %s after %zu at %g, %g", at, tg_stop_string(r.stop),
              r.iterations, x[0], x[1]);
  }
  double x[2] = {-1.2, 1};
  const tg_objective c = {.n = 2, .residuals = 2, .residual = exponential};
  const tg_report r = minimize(c, tg_levenberg_marquardt(), x);
  /* on the plateau, which is no minimum */
  cr_expect(!tg_converged(r.stop) && fabs(x[1]) < 1e-6, "%s at %g, %g", tg_stop_string(r.stop), x[0], x[1]);
}

/* ---- what conjugate gradients on products of any size make of it ---- */

enum { WIDE = 6 };

/* sum exp(x_i) - 2 x_i: minimum at log 2 */
static int growth(const double *x, double *value, double *g, void *user)
{
  (void)user;
  double sum = 0.0;
  for (int i = 0; i < WIDE; i++) sum += exp(x[i]) - 2.0 * x[i];
  if (value) *value = sum;
  for (int i = 0; g && i < WIDE; i++) g[i] = exp(x[i]) - 2.0;
  return 0;
}

static int growth_product(const double *x, const double *v, double *hv, void *user)
{
  (void)user;
  for (int i = 0; i < WIDE; i++) hv[i] = exp(x[i]) * v[i];
  return 0;
}

/* sum (x_i - i)^4 */
static int fourth(const double *x, double *value, double *g, void *user)
{
  (void)user;
  double sum = 0.0;
  for (int i = 0; i < WIDE; i++) sum += pow(x[i] - i, 4);
  if (value) *value = sum;
  for (int i = 0; g && i < WIDE; i++) g[i] = 4.0 * pow(x[i] - i, 3);
  return 0;
}

static int fourth_product(const double *x, const double *v, double *hv, void *user)
{
  (void)user;
  for (int i = 0; i < WIDE; i++) hv[i] = 12.0 * (x[i] - i) * (x[i] - i) * v[i];
  return 0;
}

/* Newton's step for exp is 1. */
Test(extremes, second_order_goes_down_from_gradients_of_any_size)
{
  tg_method m;
  const tg_objective growths = {.n = WIDE, .evaluate = growth, .hvp = growth_product},
                     fourths = {.n = WIDE, .evaluate = fourth, .hvp = fourth_product};
  for (size_t row = 0; methods_next(&row, TG_IS_SECOND_ORDER, 0, &m);)
    for (double far = 1.0; far <= 700.0; far += 99.0) {
      double x[WIDE], y[WIDE];
      for (int i = 0; i < WIDE; i++) x[i] = far * (1.0 - 0.1 * i), y[i] = (i + 1.0) * pow(10.0, far / 10.0);
      const tg_report r = minimize(growths, m, x), s = minimize(fourths, m, y);
      cr_expect(tg_converged(r.stop) && r.iterations < (size_t)far + 10, "%s, exp from %g: %s after %zu",
                tg_method_name(&m), far, tg_stop_string(r.stop), r.iterations);
      cr_expect((tg_converged(s.stop) || s.value < 1e-40) && s.iterations < 600,
                "%s, x^4 from 1e%g: %s after %zu", tg_method_name(&m), far / 10.0, tg_stop_string(s.stop),
                s.iterations);
      cr_expect(fabs(x[WIDE - 1] - log(2.0)) <= 1e-6 && fabs(y[WIDE - 1] - 5.0) <= 0.01,
                "%s from %g: %g %g, %s, %s", tg_method_name(&m), far, x[WIDE - 1], y[WIDE - 1], r.message,
                s.message);
    }
}

typedef struct spread_out {
  double weight[WIDE];
} spread_out;

/* Residuals sqrt(w_i) (x_i - c_i), 1 + the sum of all x_i - c_i, c_i = (i + 1) / 3: w from 1 up to the
 * condition
 */
static int spread_sum(const double *x, double *value, double *g, void *user)
{
  const spread_out *s = user;
  double all = 0.0, sum = 0.0;
  for (int i = 0; i < WIDE; i++) {
    const double d = x[i] - (i + 1) / 3.0;
    all += d;
    sum += 0.5 * s->weight[i] * d * d;
    if (g) g[i] = s->weight[i] * d;
  }
  if (value) *value = sum + 0.5 * all * all;
  for (int i = 0; g && i < WIDE; i++) g[i] += all;
  return 0;
}

static int spread_product(const double *x, const double *v, double *hv, void *user)
{
  const spread_out *s = user;
  double all = 0.0;
  (void)x;
  for (int i = 0; i < WIDE; i++) all += v[i];
  for (int i = 0; i < WIDE; i++) hv[i] = s->weight[i] * v[i] + all;
  return 0;
}

/* The gradient of the steepest is rounding long before the flattest has moved. */
Test(extremes, second_order_solves_at_any_condition)
{
  tg_method m;
  for (double condition = 1e6; condition <= 1e24; condition *= 1e3)
    for (size_t row = 0; methods_next(&row, TG_IS_SECOND_ORDER, 0, &m);)
      for (int start = 0; start < 3; start++) {
        spread_out s;
        double x[WIDE], error = 0.0;
        for (int i = 0; i < WIDE; i++) {
          s.weight[i] = pow(condition, i / (WIDE - 1.0));
          x[i] = start == 0 ? 3.0 + i : start == 1 ? 0.0 : 1e3 * sin(i + 1.0);
        }
        const tg_objective c = {.n = WIDE, .evaluate = spread_sum, .hvp = spread_product, .user = &s};
        const tg_report r = minimize(c, m, x);
        for (int i = 0; i < WIDE; i++) error = fmax(error, fabs(x[i] - (i + 1) / 3.0));
        cr_expect(error <= 1e-6, "%s, condition %g, start %d: %g off, %s after %zu", tg_method_name(&m),
                  condition, start, error, tg_stop_string(r.stop), r.iterations);
      }
}

Test(extremes, linear_cg_bears_gradients_of_any_size)
{
  for (double far = 1.0; far < 1e150; far *= 1e20) {
    spread_out s;
    double x[WIDE];
    for (int i = 0; i < WIDE; i++) s.weight[i] = 1.0 + i, x[i] = far * (1.0 + i * i);
    const tg_objective c = {.n = WIDE, .evaluate = spread_sum, .hvp = spread_product, .user = &s};
    const tg_report r = minimize(c, tg_linear_cg(), x);
    cr_expect(tg_converged(r.stop) && fabs(x[1] - 2.0 / 3.0) <= 1e-6, "from %g: %s after %zu", far,
              tg_stop_string(r.stop), r.iterations);
  }
}
