/* Why a run ended, in words and as an answer to "did it converge?". */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "../support/methods.h"
#include "../support/problems.h"
#include "tapegrad/finite_sum.h"
#include "tapegrad/function.h"
#include "tapegrad/operations.h"

enum { N = 4 };

Test(stop, converged_is_said_of_tolerances_and_rounding_alone)
{
  static const tg_stop yes[] = {TG_STOP_GRADIENT, TG_STOP_VALUE,    TG_STOP_RELATIVE,
                                TG_STOP_STEP,     TG_STOP_ACCURACY, TG_STOP_ROUNDING};
  size_t count = 0, all = 0;
  for (int s = TG_RUNNING; s <= TG_STOP_ERROR; s++) all += tg_converged((tg_stop)s);
  for (; count < sizeof yes / sizeof *yes; count++) cr_expect(tg_converged(yes[count]));
  cr_expect(count == all);
  cr_expect(!tg_converged((tg_stop)-1) && !tg_converged((tg_stop)1000));
}

static tg_report minimize(tg_objective c, tg_method m, tg_status expected)
{
  double x[N] = {2, 2, 2, 2};
  tg_report r;
  cr_expect(tg_minimize(c, m, x, NULL, &r) == expected);
  return r;
}

Test(stop, a_failure_says_what_failed)
{
  probe p = {.n = N, .answer_at = 3, .answer = TG_E_BRANCH};
  tg_report r = minimize(problem(problem_bowl, &p), tg_lbfgs(), TG_E_BRANCH);
  cr_expect(strstr(r.message, "objective.evaluate") != NULL, "%s", r.message);
  probe q = {.n = N, .nan_value_at = 1};
  r = minimize(problem(problem_bowl, &q), tg_lbfgs(), TG_E_NONFINITE);
  cr_expect(strstr(r.message, "at the start") != NULL, "%s", r.message);
}

static double negative(const tg_schedule *s, double alpha, size_t step, size_t total)
{
  (void)s, (void)total;
  return step < 3 ? alpha : -1.0;
}

Test(stop, a_rate_that_is_none_is_named)
{
  probe p = {.n = N};
  tg_method m = tg_gd(0.01);
  m.schedule.rate = negative;
  const tg_report r = minimize(problem(problem_bowl, &p), m, TG_E_ARGUMENT);
  cr_expect(strstr(r.message, "schedule") != NULL, "%s", r.message);
}

Test(stop, the_message_of_a_run_is_that_of_its_stop)
{
  probe p = {.n = N};
  double x[N] = {2, 2, 2, 2};
  tg_run *run;
  cr_assert(tg_run_new(&run, problem(problem_bowl, &p), tg_lbfgs(), x, NULL) == TG_OK);
  const tg_report *r = tg_run_report(run);
  cr_expect(strcmp(r->message, tg_stop_string(TG_RUNNING)) == 0);
  while (tg_run_step(run)) cr_expect(strcmp(r->message, tg_stop_string(TG_RUNNING)) == 0);
  cr_expect(tg_converged(r->stop) && strcmp(r->message, tg_stop_string(r->stop)) == 0);
  tg_run_free(run);
}

Test(stop, a_missing_place_for_theta_is_named)
{
  probe p = {.n = N};
  tg_report r;
  cr_expect(tg_minimize(problem(problem_bowl, &p), tg_lbfgs(), NULL, NULL, &r) == TG_E_ARGUMENT);
  cr_expect(strstr(r.message, "theta") != NULL, "%s", r.message);
}

static tg_var harmonic(const tg_var *x, size_t n, void *user)
{
  (void)n, (void)user;
  return tg_square(tg_sub(tg_inv(tg_add(tg_inv(x[0]), tg_inv(x[1]))), 5.0));
}

static tg_var harmonic_loss(const tg_var *theta, size_t d, const tg_var *row, size_t columns, void *user)
{
  (void)columns;
  return tg_mul(row[0], harmonic(theta, d, user));
}

/* Whatever tolerance is met there, it rests on that gradient: a second parameter falls towards its minimum meanwhile. */
static tg_var harmonic_beside_a_bowl(const tg_var *x, size_t n, void *user)
{
  return tg_add(harmonic(x, n - 1, user), tg_square(tg_sub(x[2], 3.0)));
}

static void expect_zero_rule(tg_objective c, tg_method m, const char *way)
{
  double x[2] = {0.0, 10.0};
  tg_report r;
  cr_expect(tg_minimize(c, m, x, NULL, &r) == TG_OK);
  cr_expect(r.stop == TG_STOP_ZERO_RULE && r.zero_rule > 0 && !tg_converged(r.stop), "%s: %s", way,
            tg_stop_string(r.stop));
}

/* The gradient at (0, 10) is (-10, 0); rule R5 makes it (0, 0), and a run that ends by that says so. */
Test(stop, a_zero_that_hides_a_gradient_is_no_convergence)
{
  static const double row = 1.0;
  tg_function *f;
  tg_finite_sum *s;
  tg_finite_sum_stats stats;
  cr_assert(tg_record(&f, harmonic, 2, NULL, NULL) == TG_OK);
  expect_zero_rule(tg_function_objective(f), tg_lbfgs(), "L-BFGS");
  expect_zero_rule(tg_function_objective(f), tg_gd(0.1), "gradient descent");
  double x[2] = {1.0, 10.0};
  tg_report r;
  cr_expect(tg_minimize(tg_function_objective(f), tg_lbfgs(), x, NULL, &r) == TG_OK);
  cr_expect(tg_converged(r.stop) && r.zero_rule == 0, "%s", tg_stop_string(r.stop));
  for (int plain = 0; plain < 2; plain++) {
    cr_assert(tg_finite_sum_new(&s, harmonic_loss, 2, tg_dense(&row, 1, 1), NULL) == TG_OK);
    tg_finite_sum_plain(s, plain != 0);
    expect_zero_rule(tg_finite_sum_objective(s), tg_lbfgs(), plain ? "plain sum" : "sum in lanes");
    cr_expect(tg_finite_sum_statistics(s, &stats) == TG_OK && stats.zero_rule > 0);
    tg_finite_sum_free(s);
  }
  tg_function_free(f);
}

static tg_var one_residual(const tg_var *x)
{
  return tg_sub(tg_inv(tg_add(tg_inv(x[0]), tg_inv(x[1]))), 5.0);
}

static void residuals(const tg_var *x, size_t n, tg_var *y, size_t m, void *user)
{
  (void)n, (void)m, (void)user;
  y[0] = one_residual(x);
}

Test(stop, least_squares_tell_of_hidden_gradients_too)
{
  tg_function *f;
  cr_assert(tg_record_vector(&f, residuals, 2, 1, NULL, NULL) == TG_OK);
  expect_zero_rule(tg_least_squares_objective(f), tg_levenberg_marquardt(), "Levenberg-Marquardt");
  tg_function_free(f);
}

/* ---- claims of convergence ---- */

/* scale (Rosenbrock's function) + offset, with second derivatives and residuals (C = |r|^2 / 2 without the
 * offset) */
typedef struct units {
  double scale, offset;
} units;

static int valley(const double *x, double *value, double *g, void *user)
{
  const units *u = user;
  const double a = x[1] - x[0] * x[0], b = 1.0 - x[0];
  if (value) *value = u->scale * (100.0 * a * a + b * b) + u->offset;
  if (g) g[0] = u->scale * (-400.0 * x[0] * a - 2.0 * b), g[1] = u->scale * 200.0 * a;
  return 0;
}

static int valley_hessian(const double *x, double *h, void *user)
{
  const units *u = user;
  h[0] = u->scale * (1200.0 * x[0] * x[0] - 400.0 * x[1] + 2.0);
  h[1] = h[2] = u->scale * -400.0 * x[0];
  h[3] = u->scale * 200.0;
  return 0;
}

static int valley_product(const double *x, const double *v, double *hv, void *user)
{
  double h[4];
  valley_hessian(x, h, user);
  hv[0] = h[0] * v[0] + h[1] * v[1];
  hv[1] = h[2] * v[0] + h[3] * v[1];
  return 0;
}

static int valley_residual(const double *x, double *r, double *jacobian, void *user)
{
  const double s = sqrt(2.0 * ((const units *)user)->scale);
  const double j[4] = {s * -20.0 * x[0], s * 10.0, -s, 0.0};
  if (r) r[0] = s * 10.0 * (x[1] - x[0] * x[0]), r[1] = s * (1.0 - x[0]);
  if (jacobian) memcpy(jacobian, j, sizeof j);
  return 0;
}

static tg_report solve_valley(tg_method m, units *u, double *x)
{
  const tg_objective c = {.n = 2,
                          .residuals = 2,
                          .evaluate = valley,
                          .hessian = valley_hessian,
                          .hvp = valley_product,
                          .residual = valley_residual,
                          .user = u};
  tg_report r;
  x[0] = -1.2, x[1] = 1.0;
  cr_expect(tg_minimize(c, m, x, NULL, &r) == TG_OK);
  return r;
}

Test(stop, the_units_of_the_value_change_nothing)
{
  tg_method m;
  for (size_t row = 0; methods_next(&row, TG_IS_MONOTONE, 0, &m);)
    for (double scale = 1e-30; scale < 1e31; scale *= 1e10) {
      double x[2];
      units u = {.scale = scale};
      const tg_report r = solve_valley(m, &u, x);
      cr_expect(tg_converged(r.stop) && fabs(x[0] - 1.0) < 1e-7 && fabs(x[1] - 1.0) < 1e-7,
                "%s, %g: %s at %.9g, %.9g", tg_method_name(&m), scale, r.message, x[0], x[1]);
    }
}

/* Values have 1e-6 of the valley's floor left: to four digits of the parameters the slopes go on. */
Test(stop, a_constant_added_to_the_value_makes_no_false_claim)
{
  static const double offsets[] = {-1e10, -24.2, 1e3, 1e6, 1e8, 1e10, 1e12};
  tg_method m;
  for (size_t row = 0; methods_next(&row, TG_IS_MONOTONE, TG_NEEDS_RESIDUALS, &m);)
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
      double x[2];
      units u = {1.0, offsets[i]};
      const tg_report r = solve_valley(m, &u, x);
      const double error = fmax(fabs(x[0] - 1.0), fabs(x[1] - 1.0));
      cr_expect(!tg_converged(r.stop) || error < 1e-4, "%s, %g: %s, %g", tg_method_name(&m), offsets[i],
                r.message, error);
      cr_expect(tg_converged(r.stop) || fabs(offsets[i]) > 1e9, "%s, %g: %s, %g", tg_method_name(&m),
                offsets[i], r.message, error);
    }
}

static int plateau(const double *x, double *value, double *g, void *user)
{
  (void)user;
  const double e = exp(-x[0] * x[0]);
  if (value) *value = 1.0 - e + 1e-3 * x[1] * x[1];
  if (g) g[0] = 2.0 * x[0] * e, g[1] = 2e-3 * x[1];
  return 0;
}

/* From the edge a step goes far out, where the gradient is 1e-40 and nothing is known of the minimum at 0. */
Test(stop, a_plateau_is_not_called_a_minimum)
{
  static const double starts[] = {0.72, 0.9, 2.0, 3.0, 5.0};
  tg_method m;
  for (size_t row = 0;
       methods_next(&row, TG_IS_MONOTONE, TG_NEEDS_PRODUCT | TG_NEEDS_HESSIAN | TG_NEEDS_RESIDUALS, &m);)
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
      tg_report r;
      double x[2] = {starts[i], 3.0};
      const tg_objective c = {.n = 2, .evaluate = plateau};
      cr_expect(tg_minimize(c, m, x, NULL, &r) == TG_OK);
      cr_expect(!tg_converged(r.stop) || fabs(x[0]) < 1e-4, "%s from %g: %s at %g, %g", tg_method_name(&m),
                starts[i], r.message, x[0], x[1]);
    }
}

Test(stop, accuracy_is_what_was_asked_for)
{
  static const double wanted[] = {1e-3, 1e-5, 1e-8, 1e-10};
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
    tg_minimize_options o = {.accuracy = wanted[i]};
    units u = {.scale = 1.0};
    double x[2] = {-1.2, 1.0};
    tg_report r;
    const tg_objective c = {.n = 2, .evaluate = valley, .user = &u};
    cr_expect(tg_minimize(c, tg_lbfgs(), x, &o, &r) == TG_OK && r.stop == TG_STOP_ACCURACY);
    cr_expect(fabs(x[0] - 1.0) <= wanted[i] && fabs(x[1] - 1.0) <= wanted[i], "%g: %g, %g", wanted[i],
              x[0] - 1.0, x[1] - 1.0);
  }
}

Test(stop, first_order_methods_end_where_they_have_arrived)
{
  static const char *const names[] = {"gd", "momentum", "nesterov", "lookahead"};
  for (size_t k = 0; k < sizeof names / sizeof *names; k++)
    for (double scale = 1e-10; scale < 1e11; scale *= 1e10) {
      tg_method m;
      tg_report r;
      units u = {.scale = scale};
      double x[2] = {0.9, 0.8};
      const tg_objective c = {.n = 2, .evaluate = valley, .user = &u};
      tg_minimize_options o = tg_minimize_defaults();
      o.max_iterations = 200000;
      cr_assert(tg_method_named(&m, names[k]) == TG_OK);
      m.alpha = 1e-3 / scale;
      cr_expect(tg_minimize(c, m, x, &o, &r) == TG_OK && tg_converged(r.stop), "%s, %g: %s", names[k], scale,
                r.message);
      cr_expect(fabs(x[0] - 1.0) < 1e-6 && fabs(x[1] - 1.0) < 1e-6, "%s: %g", names[k], x[0] - 1.0);
    }
}

Test(stop, no_tolerance_is_a_success_where_rule_r5_hides_a_gradient)
{
  for (int which = 0; which < 4; which++) {
    double x[3] = {0.0, 10.0, 0.0};
    tg_report r;
    tg_function *f;
    tg_minimize_options o = tg_minimize_defaults();
    o.gradient_tol = which == 0 ? 1e-6 : 0.0;
    o.value_tol = which == 1 ? 1e-9 : 0.0;
    o.step_tol = which == 2 ? 1e-6 : 0.0;
    o.accuracy = which == 3 ? 1e-6 : 0.0;
    cr_assert(tg_record(&f, harmonic_beside_a_bowl, 3, x, NULL) == TG_OK);
    cr_expect(tg_minimize(tg_function_objective(f), tg_gd(0.2), x, &o, &r) == TG_OK);
    cr_expect(r.stop == TG_STOP_ZERO_RULE && !tg_converged(r.stop), "%d: %s", which, tg_stop_string(r.stop));
    cr_expect(x[0] == 0.0 && x[1] == 10.0 && x[2] > 2.9, "%d", which);
    tg_function_free(f);
  }
}

/* exp(x) - 2 x + y^2: from x = 300 it falls by 1e130, and a model with the curvature met on the way, of that
 * size, thinks that y cannot be far from its place. */
static int cliff(const double *x, double *value, double *g, void *user)
{
  (void)user;
  if (value) *value = exp(x[0]) - 2.0 * x[0] + x[1] * x[1];
  if (g) g[0] = exp(x[0]) - 2.0, g[1] = 2.0 * x[1];
  return 0;
}

Test(stop, a_parameter_that_never_moved_is_not_taken_for_right)
{
  static const char *const names[] = {"lbfgs", "bfgs", "dfp", "nonlinear_cg"};
  static const double starts[] = {20, 80, 100, 300, 600};
  for (size_t k = 0; k < sizeof starts / sizeof *starts; k++)
    for (size_t i = 0; i < 4; i++) {
      tg_method m;
      tg_report r;
      double x[2] = {starts[k], 3.0};
      cr_assert(tg_method_named(&m, names[i]) == TG_OK);
      cr_expect(tg_minimize((tg_objective){.n = 2, .evaluate = cliff}, m, x, NULL, &r) == TG_OK);
      cr_expect(!tg_converged(r.stop) || (fabs(x[0] - log(2.0)) < 1e-4 && fabs(x[1]) < 1e-4),
                "%s from %g: (%g, %g), %s", names[i], starts[k], x[0], x[1], r.message);
    }
}

/* The minimum of Penalty I (More, Garbow & Hillstrom, problem 23) with n = 10 is 7.08765e-5; every other
 * parameter is counted in units of 1e6 or 1e-6, as the condition number then is that much greater squared. */
static int penalty(const double *theta, double *value, double *g, void *user)
{
  const double unit = *(const double *)user;
  double x[10], sum = -0.25, rest = 0.0;
  for (size_t i = 0; i < 10; i++) x[i] = i % 2 ? theta[i] / unit : theta[i];
  for (size_t i = 0; i < 10; i++) sum += x[i] * x[i], rest += 1e-5 * (x[i] - 1.0) * (x[i] - 1.0);
  if (value) *value = sum * sum + rest;
  for (size_t i = 0; g && i < 10; i++) g[i] = (4.0 * sum * x[i] + 2e-5 * (x[i] - 1.0)) / (i % 2 ? unit : 1.0);
  return 0;
}

Test(stop, a_value_far_above_the_minimum_is_not_called_one_for_its_fall)
{
  static const char *const names[] = {"lbfgs", "bfgs", "dfp"};
  static double units_of[] = {1e6, 1e-6, 1e3};
  for (size_t k = 0; k < 3; k++)
    for (size_t i = 0; i < 3; i++) {
      tg_method m;
      tg_report r;
      double x[10];
      for (size_t j = 0; j < 10; j++) x[j] = (double)(j + 1) * (j % 2 ? units_of[k] : 1.0);
      cr_assert(tg_method_named(&m, names[i]) == TG_OK);
      const tg_objective c = {.n = 10, .evaluate = penalty, .user = &units_of[k]};
      cr_expect(tg_minimize(c, m, x, NULL, &r) == TG_OK);
      cr_expect(!tg_converged(r.stop) || r.value < 7.0877e-5, "%s, unit %g: %g, %s", names[i], units_of[k],
                r.value, r.message);
    }
}

/* (x - 2)^2 beside a root that is not taken where it is infinitely steep. */
static tg_var guarded(const tg_var *x, size_t n, void *user)
{
  const tg_var z = tg_mul(0.0, x[0]), c = tg_less(0.0, z);
  (void)n;
  return tg_add(tg_square(tg_sub(x[0], 2.0)), tg_where(c, tg_sqrt(user ? tg_where(c, z, 1.0) : z), 0.0));
}

Test(stop, a_guarded_operand_needs_no_zero_rule)
{
  for (int inside = 0; inside < 2; inside++) {
    double x = 1.0;
    tg_report r;
    tg_function *f;
    cr_assert(tg_record(&f, guarded, 1, &x, inside ? &x : NULL) == TG_OK);
    cr_expect(tg_minimize(tg_function_objective(f), tg_lbfgs(), &x, NULL, &r) == TG_OK &&
              fabs(x - 2.0) < 1e-6);
    cr_expect(tg_converged(r.stop) == (inside != 0) && (r.zero_rule == 0) == (inside != 0), "%s", r.message);
    tg_function_free(f);
  }
}
