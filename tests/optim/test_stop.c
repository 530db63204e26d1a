/* Why a run ended, in words and as an answer to "did it converge?". */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "../support/problems.h"
#include "tapegrad/finite_sum.h"
#include "tapegrad/function.h"
#include "tapegrad/operations.h"

enum { N = 4 };

Test(stop, converged_is_said_of_tolerances_and_rounding_alone)
{
  static const tg_stop yes[] = {TG_STOP_GRADIENT, TG_STOP_VALUE, TG_STOP_RELATIVE, TG_STOP_STEP,
                                TG_STOP_ROUNDING};
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
