/* L-BFGS under bounds and with an L1 term. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "../support/bounded.h"
#include "../support/mgh.h"
#include "../support/problems.h"

enum { N = 40 };

static tg_report solve(problem_fn f, size_t n, tg_method m, double *x)
{
  probe p = {.n = n};
  tg_report r;
  cr_assert(tg_minimize(problem(f, &p), m, x, NULL, &r) == TG_OK);
  cr_expect(tg_converged(r.stop) && r.gradient_norm <= 1e-6, "%s, gradient %g", tg_stop_string(r.stop),
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

/* Bounds that are not reached by adding to a large start but for rounding. */
Test(box, bounds_are_met_to_the_last_bit)
{
  double x[N], lower[N];
  for (size_t i = 0; i < N; i++) {
    x[i] = 1e6 * (1.0 + 1.0 / (3.0 + (double)i));
    lower[i] = (double)i + 0.1;
  }
  tg_method m = tg_lbfgs();
  m.lower = lower;
  solve(problem_bowl, N, m, x);
  for (size_t i = 0; i < N; i++) cr_expect(x[i] == lower[i], "%zu: %.17g", i, x[i]);
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
    cr_expect(tg_minimize(problem_regression(&p), m, x, &o, &r) == TG_OK && tg_converged(r.stop),
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

/* Bounds that do not matter: every problem is solved, in as many points as wanted without. */
Test(box, solves_the_problems_of_more_garbow_and_hillstrom)
{
  size_t solved = 0;
  double logarithms = 0.0;
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
    tg_report r;
    cr_expect(tg_minimize(mgh_objective(&p), m, x, &o, &r) == TG_OK);
    cr_expect(r.stop != TG_STOP_GRADIENT || r.gradient_norm <= 1e-9);
    if (p.solved_at) solved++, logarithms += log((double)p.solved_at);
    cr_expect(p.solved_at, "%s: %g", p.problem->name, p.best);
    mgh_close(&p);
  }
  cr_expect(exp(logarithms / (double)solved) <= 33.6, "%g", exp(logarithms / (double)solved));
}

/* With the accuracy of the table, in about the evaluations of L-BFGS-B. */
Test(box, solves_published_problems_with_bounds)
{
  size_t evaluations = 0, reference = 0;
  for (int i = 0; i < BOUNDED_COUNT; i++) {
    const bounded_problem *b = &bounded_table[i];
    double x[BOUNDED_MOST];
    bounded_probe p;
    const tg_objective c = bounded_objective(&p, b, x);
    tg_method m = tg_lbfgs();
    m.lower = p.lower;
    m.upper = p.upper;
    tg_minimize_options o = tg_minimize_defaults();
    o.gradient_tol = 1e-9; /* HS 25 begins where the gradient is 1e-7 */
    tg_report r;
    cr_expect(tg_minimize(c, m, x, &o, &r) == TG_OK && tg_converged(r.stop), "%s: %s", b->name,
              tg_stop_string(r.stop));
    cr_expect(p.solved_at && !p.outside, "%s: %.10g", b->name, r.value);
    if (b->reference) evaluations += p.solved_at, reference += b->reference;
  }
  cr_expect((double)evaluations <= 1.15 * (double)reference, "%zu, not %zu", evaluations, reference);
}

/* Weights 0 on the even ones; the bound holds the odd ones off the valley's floor. */
Test(box, takes_every_line_search)
{
  const double weight[6] = {0, 0.01, 0, 0.01, 0, 0.01}, upper[6] = {0.5, 1, INFINITY, 0.5, 2, 2};
  double best = 0.0;
  for (int line = TG_LINE_WOLFE; line <= TG_LINE_EXACT; line++) {
    double x[6] = {-1.2, 1, -1.2, 1, -1.2, 1};
    probe p = {.n = 6};
    tg_method m = tg_lbfgs();
    m.upper = upper;
    m.l1 = 1.0;
    m.l1_weight = weight;
    m.line_search = line;
    tg_report r;
    cr_expect(tg_minimize(problem_squares(&p), m, x, NULL, &r) == TG_OK && tg_converged(r.stop), "%d: %s",
              line, tg_stop_string(r.stop));
    if (line == TG_LINE_WOLFE) best = r.value;
    cr_expect(fabs(r.value - best) <= 1e-9, "%d: %.12g, not %.12g", line, r.value, best);
  }
}

/* Steps of alpha, projected: the box of a separable function is met exactly. */
Test(box, takes_fixed_steps)
{
  const double lower[3] = {0.5, -1, -1}, upper[3] = {9, 0.5, 9};
  double x[3] = {5, -1, 7};
  probe p = {.n = 3};
  tg_method m = tg_lbfgs();
  m.lower = lower;
  m.upper = upper;
  m.line_search = TG_LINE_FIXED;
  m.alpha = 0.5;
  tg_report r;
  cr_expect(tg_minimize(problem(problem_bowl, &p), m, x, NULL, &r) == TG_OK && tg_converged(r.stop));
  cr_expect(x[0] == 0.5 && x[1] == 0.5 && fabs(x[2] - 2.0) < 1e-6, "%g %g %g", x[0], x[1], x[2]);
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

/* ---- slopes without end at a bound ---- */

enum { STEEP = 5 };

typedef struct steep {
  double power;
  bool at_upper; /* x_i stands for 1 - x_i */
  size_t calls;
} steep;

/* sum over i < 4 of x_i^power, (1/2 i)^2-coupled through the last: + (x_4 - 2 - sum_i x_i / 10)^2 */
static int steep_sum(const double *x, double *value, double *g, void *user)
{
  steep *p = user;
  double rest = x[4] - 2.0, sum = 0.0;
  p->calls++;
  for (int i = 0; i < 4; i++) {
    const double z = p->at_upper ? 1.0 - x[i] : x[i];
    sum += (1.0 + i) * pow(z, p->power);
    rest -= z / 10.0;
  }
  if (value) *value = sum + rest * rest;
  for (int i = 0; g && i < 4; i++) {
    const double z = p->at_upper ? 1.0 - x[i] : x[i];
    g[i] = (1.0 + i) * p->power * pow(z, p->power - 1.0) - rest / 5.0;
    if (p->at_upper) g[i] = -g[i];
  }
  if (g) g[4] = 2.0 * rest;
  return 0;
}

static void comes_to_rest(steep *p, tg_method m, const double *start)
{
  double x[STEEP], g[STEEP], bound[STEEP];
  memcpy(x, start, sizeof x);
  for (int i = 0; i < STEEP; i++) bound[i] = i == 4 ? (p->at_upper ? INFINITY : -INFINITY) : p->at_upper;
  m.lower = p->at_upper ? NULL : bound;
  m.upper = p->at_upper ? bound : NULL;
  tg_minimize_options o = tg_minimize_defaults();
  o.gradient = g;
  tg_report r;
  p->calls = 0;
  const tg_status s = tg_minimize((tg_objective){.n = STEEP, .evaluate = steep_sum, .user = p}, m, x, &o, &r);
  cr_expect(s == TG_OK && tg_converged(r.stop) && p->calls <= 60, "power %g from %g, kind %d: %s, %zu calls",
            p->power, start[0], m.line_search, tg_stop_string(r.stop), p->calls);
  for (int i = 0; i < 4; i++)
    cr_expect(x[i] == p->at_upper && g[i] == (p->at_upper ? -INFINITY : INFINITY), "%d: %.17g", i, x[i]);
  cr_expect(fabs(x[4] - 2.0) <= 1e-6, "%.17g", x[4]);
}

/* Each x_i^p rises faster than the square falls: the minimum is 0 at x_i = 0, x_4 = 2. */
Test(box, comes_to_rest_on_bounds_where_the_slope_is_infinite)
{
  const double starts[][STEEP] = {
      {1, 1, 1, 1, 0}, {0.25, 0.5, 1e-3, 1e-200, 7}, {0, 0, 0, 0, -3}, {0, 1, 0, 0.5, 2}};
  for (int upper = 0; upper < 2; upper++)
    for (int k = 0; k < 4; k++)
      for (int line = TG_LINE_WOLFE; line <= TG_LINE_EXACT; line++)
        for (int e = 0; e < 3; e++)
          for (int l1 = 0; l1 < 2; l1++) {
            steep p = {.power = (double[]){0.5, 0.9, 0.1}[e], .at_upper = upper};
            const double weight[STEEP] = {1, 1, 0, 1, 0};
            double x[STEEP];
            memcpy(x, starts[k], sizeof x);
            for (int i = 0; upper && i < 4; i++) x[i] = 1.0 - x[i];
            tg_method m = tg_lbfgs();
            m.line_search = line;
            m.l1 = upper ? 0.0 : 0.5 * l1;
            m.l1_weight = weight;
            comes_to_rest(&p, m, x);
          }
}

/* sqrt(x) + (y - 2)^2 */
static int root(const double *x, double *value, double *g, void *user)
{
  if (user) ++*(size_t *)user;
  if (value) *value = sqrt(x[0]) + (x[1] - 2.0) * (x[1] - 2.0);
  if (g) g[0] = 0.5 / sqrt(x[0]), g[1] = 2.0 * (x[1] - 2.0);
  return 0;
}

Test(box, finds_the_minimum_at_the_end_of_a_square_root)
{
  double x[2] = {1, 0};
  const double lower[2] = {0, -INFINITY};
  size_t calls = 0;
  tg_method m = tg_lbfgs();
  m.lower = lower;
  tg_report r;
  const tg_objective c = {.n = 2, .evaluate = root, .user = &calls};
  cr_expect(tg_minimize(c, m, x, NULL, &r) == TG_OK && tg_converged(r.stop));
  cr_expect(x[0] == 0.0 && fabs(x[1] - 2.0) <= 1e-6 && calls <= 20, "%g %g, %zu calls", x[0], x[1], calls);
}

/* What a parameter that is held on both sides has for a slope is nobody's business. */
Test(box, a_parameter_held_on_both_sides_may_have_no_slope)
{
  double x[2] = {3, 0};
  const double lower[2] = {-1, -INFINITY}, upper[2] = {-1, INFINITY};
  tg_method m = tg_lbfgs();
  m.lower = lower;
  m.upper = upper;
  cr_expect(tg_minimize((tg_objective){.n = 2, .evaluate = root}, m, x, NULL, NULL) == TG_E_NONFINITE);
  const double zero[2] = {0, -INFINITY}, above[2] = {0, INFINITY};
  m.lower = zero;
  m.upper = above;
  cr_expect(tg_minimize((tg_objective){.n = 2, .evaluate = root}, m, x, NULL, NULL) == TG_OK);
  cr_expect(x[0] == 0.0 && fabs(x[1] - 2.0) <= 1e-6);
}

/* A slope without end that leads inside is none the bound holds. */
static int inward(const double *x, double *value, double *g, void *user)
{
  (void)user;
  if (value) *value = x[0] == 0.0 ? 0.0 : x[0] * log(x[0]);
  if (g) g[0] = 1.0 + log(x[0]);
  return 0;
}

Test(box, leaves_a_bound_where_the_slope_leads_inside_without_end)
{
  double x = 0.0;
  const double lower = 0.0;
  tg_method m = tg_lbfgs();
  m.lower = &lower;
  tg_report r;
  cr_expect(tg_minimize((tg_objective){.n = 1, .evaluate = inward}, m, &x, NULL, &r) == TG_OK);
  cr_expect(fabs(x - exp(-1.0)) <= 1e-6, "%.17g: %s", x, tg_stop_string(r.stop));
}
