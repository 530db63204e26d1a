/* L-BFGS under bounds and with an L1 term. */
#include <criterion/criterion.h>
#include <math.h>

#include "../support/mgh.h"
#include "../support/problems.h"

enum { N = 40 };

static tg_report solve(problem_fn f, size_t n, tg_method m, double *x)
{
  probe p = {.n = n};
  tg_report r;
  cr_assert(tg_minimize(problem(f, &p), m, x, NULL, &r) == TG_OK);
  cr_expect(r.stop == TG_STOP_GRADIENT && r.gradient_norm <= 1e-6, "%s, gradient %g", tg_stop_string(r.stop),
            r.gradient_norm);
  return r;
}

Test(box, stops_at_the_bounds_of_a_separable_function)
{
  double x[N], lower[N], upper[N];
  for (size_t i = 0; i < N; i++) {
    x[i] = 100.0;
    lower[i] = i % 3 == 0 ? (double)i + 0.5 : -INFINITY;
    upper[i] = i % 3 == 1 ? (double)i - 0.5 : INFINITY;
  }
  tg_method m = tg_lbfgs();
  m.lower = lower;
  m.upper = upper;
  solve(problem_bowl, N, m, x);
  for (size_t i = 0; i < N; i++) {
    const double wanted = i % 3 == 0 ? lower[i] : i % 3 == 1 ? upper[i] : (double)i;
    if (i % 3 == 2)
      cr_expect(fabs(x[i] - wanted) <= 1e-6, "%zu: %.17g", i, x[i]);
    else
      cr_expect(x[i] == wanted, "%zu: %.17g", i, x[i]);
  }
}

/* With x_1 <= 1/2 the minimum of each pair lies at (1/2, 1/4). */
Test(box, follows_a_curved_valley_to_the_bound)
{
  double x[10], upper[10];
  for (size_t i = 0; i < 10; i++) {
    x[i] = i % 2 ? 1.0 : -1.2;
    upper[i] = i % 2 ? INFINITY : 0.5;
  }
  tg_method m = tg_lbfgs();
  m.upper = upper;
  const tg_report r = solve(problem_rosenbrock, 10, m, x);
  cr_expect(r.values <= 80, "%zu", r.values);
  for (size_t i = 0; i < 10; i++) cr_expect(fabs(x[i] - (i % 2 ? 0.25 : 0.5)) <= 1e-6);
}

Test(box, never_evaluates_outside)
{
  double x[4] = {1e6, 1e6, 1e6, 1e6}, lower[4] = {1e-8, 1e-8, 2.0, 1e-8};
  tg_method m = tg_lbfgs();
  m.lower = lower;
  const tg_report r = solve(problem_barrier, 4, m, x);
  cr_expect(x[2] == 2.0 && fabs(x[0] - 1.0) < 1e-5 && fabs(r.value - (5.0 - log(2.0))) < 1e-9);
}

/* The minimiser of w (x - i)^2 / 2 + l |x| is i - l / w, or 0. */
Test(box, l1_term_puts_entries_at_zero_exactly)
{
  double x[N] = {0}, weights[N];
  for (size_t i = 0; i < N; i++) weights[i] = i == 5 ? 0.0 : 1.0;
  tg_method m = tg_lbfgs();
  m.l1 = 30.0;
  m.l1_weight = weights;
  const tg_report r = solve(problem_bowl, N, m, x);
  double value = 0.0;
  for (size_t i = 0; i < N; i++) {
    const double w = 1.0 + (double)(i % 7), wanted = fmax((double)i - weights[i] * m.l1 / w, 0.0);
    cr_expect(wanted == 0.0 ? x[i] == 0.0 : fabs(x[i] - wanted) <= 1e-5, "%zu: %g, not %g", i, x[i], wanted);
    value += 0.5 * w * (x[i] - (double)i) * (x[i] - (double)i) + m.l1 * weights[i] * fabs(x[i]);
  }
  cr_expect(fabs(r.value - value) <= 1e-12 * value);
}

/* Conditions of a solution, on a problem that is not separable, for several strengths. */
Test(box, l1_regression_meets_its_optimality_conditions)
{
  enum { P = 12 };
  for (double l1 = 1e-4; l1 < 1.0; l1 *= 10.0) {
    double x[P] = {0}, g[P], lower[P];
    for (size_t i = 0; i < P; i++) lower[i] = i < 4 ? 0.0 : -INFINITY;
    probe p = {.n = P};
    tg_method m = tg_lbfgs();
    m.l1 = l1;
    m.lower = lower;
    tg_minimize_options o = tg_minimize_defaults();
    o.gradient_tol = 1e-9;
    o.gradient = g;
    tg_report r;
    cr_expect(tg_minimize(problem_regression(&p), m, x, &o, &r) == TG_OK && r.stop == TG_STOP_GRADIENT,
              "%s after %zu", tg_stop_string(r.stop), r.iterations);
    for (size_t i = 0; i < P; i++) {
      const bool good = x[i] > 0.0   ? fabs(g[i] + l1) <= 1e-9
                        : x[i] < 0.0 ? fabs(g[i] - l1) <= 1e-9
                        : i < 4      ? g[i] >= -l1 - 1e-9
                                     : fabs(g[i]) <= l1 + 1e-9;
      cr_expect(good && x[i] >= lower[i], "l1 %g, %zu: x %g, g %g", l1, i, x[i], g[i]);
    }
  }
}

/* Bounds that do not matter: every problem is solved as without. */
Test(box, solves_the_problems_of_more_garbow_and_hillstrom)
{
  size_t solved = 0;
  for (int i = 0; i < MGH_COUNT; i++) {
    double x[MGH_MOST], upper[MGH_MOST];
    for (int k = 0; k < MGH_MOST; k++) upper[k] = 1e10;
    mgh_probe p;
    cr_assert(mgh_open(&p, &mgh_table[i]) == TG_OK);
    mgh_table[i].start(x, p.problem->n);
    tg_method m = tg_lbfgs();
    m.upper = upper;
    tg_minimize_options o = tg_minimize_defaults();
    o.gradient_tol = 1e-9;
    o.max_iterations = 5000;
    tg_report r;
    cr_expect(tg_minimize(mgh_objective(&p), m, x, &o, &r) == TG_OK);
    cr_expect(r.stop != TG_STOP_GRADIENT || r.gradient_norm <= 1e-9);
    solved += p.solved_at > 0;
    if (!p.solved_at) cr_log_info("%s: %g\n", p.problem->name, p.best);
    mgh_close(&p);
  }
  cr_expect(solved >= 42, "%zu", solved);
}

Test(box, refuses_bounds_that_cross_and_methods_that_do_not_know_them)
{
  double x[2] = {0}, lower[2] = {0, 1}, upper[2] = {1, 0.5}, nan[2] = {NAN, 0};
  probe p = {.n = 2};
  const tg_objective c = problem(problem_bowl, &p);
  const char *why;
  tg_method m = tg_lbfgs();
  m.lower = lower;
  m.upper = upper;
  cr_expect(tg_minimize(c, m, x, NULL, NULL) == TG_E_ARGUMENT);
  m.upper = nan;
  cr_expect(tg_minimize(c, m, x, NULL, NULL) == TG_E_ARGUMENT);
  m.upper = NULL;
  m.l1 = -1.0;
  cr_expect(tg_minimize(c, m, x, NULL, NULL) == TG_E_ARGUMENT);
  m = tg_bfgs();
  m.lower = lower;
  cr_expect(tg_method_check(&c, &m, &why) == TG_E_METHOD);
  m = tg_adam(0.1);
  m.l1 = 1.0;
  cr_expect(tg_method_check(&c, &m, &why) == TG_E_METHOD);
}
