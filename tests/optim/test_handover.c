#include <criterion/criterion.h>
#include <math.h>

#include "../support/problems.h"

enum { N = 6 };
static const double start[N] = {-1.2, 1, -1.2, 1, -1.2, 1};

static void begin(double *x)
{
  for (int i = 0; i < N; i++) x[i] = start[i];
}

Test(handover, comes_near_by_one_method_and_finishes_by_another)
{
  double x[N];
  begin(x);
  probe p = {.n = N};
  tg_report r;
  cr_expect(tg_minimize_handover(problem(problem_rosenbrock, &p), tg_adam(0.01), 50, tg_lbfgs(), x, NULL, &r) == TG_OK);
  cr_expect(r.stop == TG_STOP_GRADIENT && r.gradient_norm <= 1e-6 && r.theta == x);
  cr_expect(r.iterations > 50 && r.values == p.calls);
  for (int i = 0; i < N; i++) cr_expect(fabs(x[i] - 1.0) < 1e-5);
}

Test(handover, goes_on_where_the_first_method_left_the_finite_numbers)
{
  double x[N];
  begin(x);
  probe p = {.n = N};
  tg_report r;
  cr_expect(tg_minimize_handover(problem(problem_rosenbrock, &p), tg_gd(1.0), 50, tg_lbfgs(), x, NULL, &r) == TG_OK);
  cr_expect(r.stop == TG_STOP_GRADIENT);
}

Test(handover, limits_hold_for_both_together)
{
  double x[N];
  begin(x);
  probe p = {.n = N};
  tg_minimize_options o = {.max_iterations = 12};
  tg_report r;
  cr_expect(tg_minimize_handover(problem(problem_rosenbrock, &p), tg_adam(0.01), 10, tg_lbfgs(), x, &o, &r) == TG_OK);
  cr_expect(r.stop == TG_STOP_ITERATIONS && r.iterations == 12);
  begin(x);
  o.max_iterations = 5;
  cr_expect(tg_minimize_handover(problem(problem_rosenbrock, &p), tg_adam(0.01), 10, tg_lbfgs(), x, &o, &r) == TG_OK);
  cr_expect(r.stop == TG_STOP_ITERATIONS && r.iterations == 5);
}

Test(handover, a_failure_in_either_part_leaves_theta)
{
  for (size_t at = 1; at < 40; at += 6) {
    double x[N];
    begin(x);
    probe p = {.n = N, .answer_at = at, .answer = TG_E_BRANCH};
    tg_report r;
    cr_expect(tg_minimize_handover(problem(problem_rosenbrock, &p), tg_adam(0.01), 10, tg_lbfgs(), x, NULL, &r) == TG_E_BRANCH);
    cr_expect(r.stop == TG_STOP_ERROR);
    for (int i = 0; i < N; i++) cr_expect(x[i] == start[i]);
  }
}

Test(handover, refuses_either_method)
{
  double x[N];
  begin(x);
  probe p = {.n = N};
  tg_method bad = tg_lbfgs();
  bad.memory = 0;
  cr_expect(tg_minimize_handover(problem(problem_bowl, &p), tg_adam(0.01), 10, bad, x, NULL, NULL) == TG_E_ARGUMENT);
  cr_expect(tg_minimize_handover(problem(problem_bowl, &p), tg_adam(-1.0), 10, tg_lbfgs(), x, NULL, NULL) == TG_E_ARGUMENT);
}
