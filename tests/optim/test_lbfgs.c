#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "../support/problems.h"

enum { MOST = 3000 };

typedef struct row {
  const char *name;
  int (*f)(const double *, double *, double *, void *);
  size_t n;
  double start, minimum;
} row;

/* n = 2100 runs the recursion on coefficients, the others that on vectors. */
static const row table[] = {
    {"bowl", problem_bowl, 1, 5.0, 0.0},
    {"bowl", problem_bowl, 50, 5.0, 0.0},
    {"bowl", problem_bowl, 2100, 5.0, 0.0},
    {"rosenbrock", problem_rosenbrock, 2, -1.2, 0.0},
    {"rosenbrock", problem_rosenbrock, 2100, -1.2, 0.0},
    {"funnel", problem_funnel, 3, 1000.0, 3.0},
    {"barrier", problem_barrier, 4, 0.001, 4.0},
    {"barrier", problem_barrier, 4, 1e6, 4.0},
    {"wells", problem_wells, 5, 1e-3, -1.25},
    {"wells", problem_wells, 2100, 30.0, -525.0},
};

Test(lbfgs, finds_the_minimum_of_every_problem)
{
  static double x[MOST];
  for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
    const row *t = &table[k];
    probe p = {.n = t->n};
    for (size_t i = 0; i < t->n; i++) x[i] = t->start;
    tg_report r;
    const tg_status s = tg_minimize(problem(t->f, &p), tg_lbfgs(), x, NULL, &r);
    cr_expect(s == TG_OK && tg_converged(r.stop), "%s %zu: %s, %s after %zu", t->name, t->n,
              tg_status_string(s), tg_stop_string(r.stop), r.iterations);
    cr_expect(fabs(r.value - t->minimum) <= 1e-9 * (1.0 + fabs(t->minimum)), "%s %zu: %.17g", t->name, t->n,
              r.value);
    cr_expect(r.values == p.calls && r.gradients == p.calls);
  }
}

Test(lbfgs, goes_to_the_limit_of_rounding)
{
  static double x[MOST], g[MOST];
  for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
    const row *t = &table[k];
    probe p = {.n = t->n};
    for (size_t i = 0; i < t->n; i++) x[i] = t->start;
    tg_minimize_options o = tg_minimize_defaults();
    o.accuracy = 0.0;
    o.gradient = g;
    tg_report r;
    cr_expect(tg_minimize(problem(t->f, &p), tg_lbfgs(), x, &o, &r) == TG_OK);
    cr_expect(r.stop == TG_STOP_ROUNDING || (r.stop == TG_STOP_GRADIENT && r.gradient_norm == 0.0),
              "%s %zu: %s", t->name, t->n, tg_stop_string(r.stop));
    cr_expect(r.gradient_norm <= 1e-10, "%s %zu: gradient %g after %zu, %zu evaluations", t->name, t->n,
              r.gradient_norm, r.iterations, r.values);
    cr_expect(r.iterations < 400, "%s %zu: %zu", t->name, t->n, r.iterations);
  }
}

Test(lbfgs, sees_a_gradient_through_a_value_that_lost_its_digits)
{
  double x[20] = {0};
  probe p = {.n = 20};
  tg_report r;
  cr_expect(tg_minimize(problem(problem_high, &p), tg_lbfgs(), x, NULL, &r) == TG_OK);
  cr_expect(tg_converged(r.stop), "%s, gradient %g", tg_stop_string(r.stop), r.gradient_norm);
  for (int i = 0; i < 20; i++) cr_expect(fabs(x[i] - i) < 1e-6);
}

static int kink_at_one(const double *x, double *value, double *g, void *user)
{
  (void)user;
  if (value) *value = fabs(x[0] - 1.0) + fabs(x[1] - 1.0);
  for (int i = 0; g && i < 2; i++) g[i] = x[i] < 1.0 ? -1.0 : 1.0;
  return 0;
}

Test(lbfgs, does_not_claim_to_have_converged_at_a_kink)
{
  double x[2] = {3.0, -2.0};
  tg_report r;
  const tg_objective c = {.n = 2, .evaluate = kink_at_one};
  cr_expect(tg_minimize(c, tg_lbfgs(), x, NULL, &r) == TG_OK);
  cr_expect(r.stop == TG_STOP_STALLED, "%s", tg_stop_string(r.stop));
  cr_expect(r.value < 1e-3, "%g", r.value);
}

Test(lbfgs, says_that_a_linear_function_has_no_minimum)
{
  double x[3] = {0};
  probe p = {.n = 3};
  tg_report r;
  cr_expect(tg_minimize(problem(problem_slide, &p), tg_lbfgs(), x, NULL, &r) == TG_OK);
  cr_expect(r.stop == TG_STOP_UNBOUNDED, "%s", tg_stop_string(r.stop));
  cr_expect(isfinite(r.value) && isfinite(x[0]) && r.value == -(x[0] + x[1] + x[2]));
}

Test(lbfgs, solves_extended_rosenbrock_in_sixty_evaluations)
{
  const size_t n = 100000;
  double *x = malloc(n * sizeof *x);
  cr_assert(x);
  for (size_t i = 0; i < n; i++) x[i] = i % 2 ? 1.0 : -1.2;
  probe p = {.n = n};
  tg_report r;
  cr_expect(tg_minimize(problem(problem_rosenbrock, &p), tg_lbfgs(), x, NULL, &r) == TG_OK);
  cr_expect(tg_converged(r.stop) && r.gradient_norm <= 1e-6);
  cr_expect(r.values <= 60, "%zu evaluations", r.values);
  free(x);
}

enum { ONE = 50, TURNS = 25 };

/* Largest distance, after each iteration, between the path of one problem alone and that of its copies in a
 * long vector. */
static void stray(size_t copies, double *distance)
{
  static double x[ONE], y[MOST];
  for (size_t i = 0; i < ONE; i++) x[i] = i % 2 ? 1.0 : -1.2 + 0.01 * (double)i;
  for (size_t i = 0; i < ONE * copies; i++) y[i] = x[i % ONE];
  probe p = {.n = ONE}, q = {.n = ONE * copies};
  tg_run *a, *b;
  cr_assert(tg_run_new(&a, problem(problem_rosenbrock, &p), tg_lbfgs(), x, NULL) == TG_OK);
  cr_assert(tg_run_new(&b, problem(problem_rosenbrock, &q), tg_lbfgs(), y, NULL) == TG_OK);
  for (int t = 0; t < TURNS; t++) {
    cr_expect(tg_run_step(a) && tg_run_step(b));
    distance[t] = 0.0;
    for (size_t i = 0; i < ONE * copies; i++) distance[t] = fmax(distance[t], fabs(y[i] - x[i % ONE]));
  }
  tg_run_free(a);
  tg_run_free(b);
}

/* Sums of copies round differently, and the path magnifies that. 40 copies have their direction made by
 * vectors, 60 by coefficients: these may stray no further than those, give or take. */
Test(lbfgs, loses_nothing_by_making_directions_from_coefficients)
{
  double vectors[TURNS], coefficients[TURNS];
  stray(40, vectors);
  stray(60, coefficients);
  for (int t = 0; t < TURNS; t++)
    cr_expect(coefficients[t] <= 1e-12 + 100.0 * vectors[t] && coefficients[t] <= 1e-5,
              "iteration %d: %g, %g", t, coefficients[t], vectors[t]);
  for (int t = 0; t < 3; t++) cr_expect(coefficients[t] <= 1e-12, "%g", coefficients[t]);
}
