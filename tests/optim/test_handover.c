#include <criterion/criterion.h>
#include <math.h>

#include "../support/problems.h"
#include "run.h"

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
  cr_expect(tg_minimize_handover(problem(problem_rosenbrock, &p), tg_adam(0.01), 50, tg_lbfgs(), x, NULL,
                                 &r) == TG_OK);
  cr_expect(tg_converged(r.stop) && r.gradient_norm <= 1e-6 && r.theta == x);
  cr_expect(r.iterations > 50 && r.values == p.calls);
  for (int i = 0; i < N; i++) cr_expect(fabs(x[i] - 1.0) < 1e-5);
}

Test(handover, goes_on_where_the_first_method_left_the_finite_numbers)
{
  double x[N];
  begin(x);
  probe p = {.n = N};
  tg_report r;
  cr_expect(tg_minimize_handover(problem(problem_rosenbrock, &p), tg_gd(1.0), 50, tg_lbfgs(), x, NULL, &r) ==
            TG_OK);
  cr_expect(tg_converged(r.stop));
}

Test(handover, limits_hold_for_both_together)
{
  double x[N];
  begin(x);
  probe p = {.n = N};
  tg_minimize_options o = {.max_iterations = 12};
  tg_report r;
  cr_expect(tg_minimize_handover(problem(problem_rosenbrock, &p), tg_adam(0.01), 10, tg_lbfgs(), x, &o, &r) ==
            TG_OK);
  cr_expect(r.stop == TG_STOP_ITERATIONS && r.iterations == 12);
  begin(x);
  o.max_iterations = 5;
  cr_expect(tg_minimize_handover(problem(problem_rosenbrock, &p), tg_adam(0.01), 10, tg_lbfgs(), x, &o, &r) ==
            TG_OK);
  cr_expect(r.stop == TG_STOP_ITERATIONS && r.iterations == 5);
}

Test(handover, a_failure_in_either_part_leaves_theta)
{
  for (size_t at = 1; at < 40; at += 6) {
    double x[N];
    begin(x);
    probe p = {.n = N, .answer_at = at, .answer = TG_E_BRANCH};
    tg_report r;
    cr_expect(tg_minimize_handover(problem(problem_rosenbrock, &p), tg_adam(0.01), 10, tg_lbfgs(), x, NULL,
                                   &r) == TG_E_BRANCH);
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
  cr_expect(tg_minimize_handover(problem(problem_bowl, &p), tg_adam(0.01), 10, bad, x, NULL, NULL) ==
            TG_E_ARGUMENT);
  cr_expect(tg_minimize_handover(problem(problem_bowl, &p), tg_adam(-1.0), 10, tg_lbfgs(), x, NULL, NULL) ==
            TG_E_ARGUMENT);
}

static int square(const double *x, double *value, double *g, void *user)
{
  (void)user;
  if (value) *value = 0.5 * x[0] * x[0];
  if (g) g[0] = x[0];
  return 0;
}

Test(handover, the_first_method_need_not_know_the_bounds)
{
  const double lower = 1.0, rates[] = {1.0, 0.9}; /* meets its tolerance out of bounds; is cut short there */
  const tg_objective c = {.n = 1, .evaluate = square};
  tg_method then = tg_lbfgs();
  then.lower = &lower;
  for (int i = 0; i < 2; i++) {
    double x = 5.0;
    tg_report r;
    cr_expect(tg_minimize_handover(c, tg_gd(rates[i]), 3, then, &x, NULL, &r) == TG_OK);
    cr_expect(tg_converged(r.stop) && x == 1.0 && r.value == 0.5, "%s at %g", tg_stop_string(r.stop), x);
  }
}

static int from_half(const double *x, double *value, double *g, void *user)
{
  (void)user;
  if (value) *value = (x[0] - 0.5) * (x[0] - 0.5);
  if (g) g[0] = 2.0 * (x[0] - 0.5);
  return 0;
}

/* What the handover leaves is what `then` alone finds. */
static void solves_the_second(tg_method first, tg_method then)
{
  const tg_objective c = {.n = 1, .evaluate = from_half};
  double x = 3.0, alone = 3.0;
  tg_report r, wanted;
  cr_expect(tg_minimize_handover(c, first, 50, then, &x, NULL, &r) == TG_OK);
  cr_expect(tg_minimize(c, then, &alone, NULL, &wanted) == TG_OK);
  cr_expect(tg_converged(r.stop) && fabs(x - alone) < 1e-6, "%g, alone %g", x, alone);
  cr_expect(fabs(r.value - wanted.value) < 1e-6 && r.gradient_norm <= 1e-6);
}

Test(handover, other_bounds_or_another_l1_term_make_another_problem)
{
  const double far = -10.0, one = 1.0, two = 2.0, copy = -10.0;
  tg_method first = tg_lbfgs(), then = tg_lbfgs();
  first.lower = &far;
  then.lower = &one;
  solves_the_second(first, then);
  then.lower = &far;
  then.l1 = 0.5;
  solves_the_second(first, then);
  first.l1 = 0.5;
  then.l1_weight = &two;
  solves_the_second(first, then);
  solves_the_second(first, tg_lbfgs());
  first.l1_weight = &two;
  first.lower = &copy; /* the same problem: the second has nothing to do */
  double x = 3.0;
  tg_report r, alone;
  const tg_objective c = {.n = 1, .evaluate = from_half};
  cr_expect(tg_minimize_handover(c, first, 50, then, &x, NULL, &r) == TG_OK);
  x = 3.0;
  cr_expect(tg_minimize(c, first, &x, NULL, &alone) == TG_OK);
  cr_expect(r.values == alone.values);
}

Test(handover, cut_short_it_stays_within_the_second_methods_bounds)
{
  const double far = -10.0, one = 1.0, two = 2.0;
  const tg_objective c = {.n = 1, .evaluate = from_half};
  tg_method first = tg_lbfgs(), then = tg_lbfgs();
  first.lower = &far;
  then.lower = &one;
  then.upper = &two;
  tg_minimize_options o = tg_minimize_defaults();
  o.max_iterations = 1;
  o.gradient_tol = 1e-30;
  double x = 30.0;
  tg_report r;
  cr_expect(tg_minimize_handover(c, first, 50, then, &x, &o, &r) == TG_OK);
  cr_expect(r.stop == TG_STOP_ITERATIONS && x >= 1.0 && x <= 2.0, "%s %g", tg_stop_string(r.stop), x);
}

static int slow(const double *x, double *value, double *g, void *user)
{
  const double begun = tg_clock_();
  while (tg_clock_() - begun < 0.002) continue;
  return square(x, value, g, user);
}

Test(handover, time_is_counted_once)
{
  double x = 5.0;
  const tg_objective c = {.n = 1, .evaluate = slow};
  tg_report r;
  const double begun = tg_clock_();
  cr_expect(tg_minimize_handover(c, tg_gd(0.01), 20, tg_lbfgs(), &x, NULL, &r) == TG_OK);
  cr_expect(r.seconds <= tg_clock_() - begun);
  cr_expect(r.seconds >= 0.04);
}

typedef struct path {
  double last[N];
  size_t calls, again;
} path;

static int walked(const double *x, double *value, double *g, void *user)
{
  path *w = user;
  probe p = {.n = N};
  w->again += w->calls++ > 0 && memcmp(x, w->last, sizeof w->last) == 0;
  memcpy(w->last, x, sizeof w->last);
  return problem_rosenbrock(x, value, g, &p);
}

Test(handover, does_not_evaluate_again_where_the_first_method_ended)
{
  double x[N];
  begin(x);
  path w = {.calls = 0};
  const tg_objective c = {.n = N, .evaluate = walked, .user = &w};
  tg_report r;
  cr_expect(tg_minimize_handover(c, tg_gd(1e-4), 5, tg_lbfgs(), x, NULL, &r) == TG_OK);
  cr_expect(tg_converged(r.stop) && r.values == w.calls && w.again == 0, "%zu, %s", w.again, r.message);
}

/* The second method plans the iterations that are left. */
Test(handover, a_schedule_of_the_second_method_ends_with_the_run)
{
  double x[N];
  begin(x);
  probe p = {.n = N};
  tg_method then = tg_gd(1e-4);
  then.schedule = tg_one_cycle_rate(0.25, 25.0, 1000.0, 0);
  const tg_minimize_options o = {.max_iterations = 25};
  tg_report r;
  cr_expect(tg_minimize_handover(problem(problem_rosenbrock, &p), tg_gd(1e-4), 5, then, x, &o, &r) == TG_OK);
  cr_expect(r.stop == TG_STOP_ITERATIONS && r.iterations == 25 && fabs(r.rate - 1e-7) <= 1e-15, "%zu %g",
            r.iterations, r.rate);
}

/* (x - 1)^2 with a gradient that needed rule R5, each time. */
static int hidden(const double *x, double *value, double *g, void *user)
{
  *(size_t *)user += g != NULL;
  if (value) *value = (x[0] - 1.0) * (x[0] - 1.0);
  if (g) g[0] = 2.0 * (x[0] - 1.0);
  return 0;
}

static size_t needed(void *user) { return *(const size_t *)user; }

Test(handover, what_rule_r5_may_hide_is_counted_and_remembered)
{
  size_t count = 0;
  double x[1] = {3.0};
  tg_report r;
  const tg_objective c = {.n = 1, .evaluate = hidden, .zero_rule = needed, .user = &count};
  tg_minimize_options o = tg_minimize_defaults();
  o.accuracy = 0.0;
  o.gradient_tol = 1e-6;
  cr_expect(tg_minimize_handover(c, tg_gd(0.25), 3, tg_lbfgs(), x, &o, &r) == TG_OK);
  cr_expect(r.stop == TG_STOP_ZERO_RULE && r.zero_rule == count && count > 0, "%s, %zu of %zu", r.message,
            r.zero_rule, count);
  x[0] = 3.0;
  count = 0;
  cr_expect(tg_minimize_handover(c, tg_momentum(0.25, 0.5), 3, tg_gd(0.25), x, &o, &r) == TG_OK);
  cr_expect(!tg_converged(r.stop) && r.zero_rule == count, "%s, %zu of %zu", r.message, r.zero_rule, count);
}
