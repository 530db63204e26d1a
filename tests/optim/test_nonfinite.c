/* What is not finite ends a run with a reason, and the best finite point stays. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "../support/methods.h"
#include "../support/problems.h"

enum { N = 4 };

static tg_method method(const char *name)
{
  tg_method m;
  cr_assert(tg_method_named(&m, name) == TG_OK);
  return m;
}

static void begin(double *x)
{
  for (int i = 0; i < N; i++) x[i] = i % 2 ? 1.0 : -1.2;
}

/* Value, gradient and theta of the report belong together, and no point seen was better than the start. */
static void sound(const double *x, const tg_report *r, const double *g)
{
  double value, gradient[N], start[N], before;
  probe p = {.n = N};
  const tg_objective c = problem_squares(&p);
  begin(start);
  c.evaluate(start, &before, NULL, &p);
  c.evaluate(x, &value, gradient, &p);
  cr_expect(fabs(r->value - value) <= 1e-14 * value && value <= before, "%.17g, %.17g", r->value, value);
  for (int i = 0; i < N; i++) cr_expect(fabs(g[i] - gradient[i]) <= 1e-12 * (1.0 + fabs(gradient[i])));
}

static void second_order(tg_method m, bool by_products)
{
  const char *name = tg_method_name(&m);
  for (size_t at = 1; at < 8; at++) {
    double x[N], g[N];
    begin(x);
    probe p = {.n = N, .nan_derivative_at = at};
    tg_objective c = problem_squares(&p);
    if (by_products) c.hessian = NULL;
    tg_minimize_options o = tg_minimize_defaults();
    o.gradient = g;
    tg_report r;
    const tg_status s = tg_minimize(c, m, x, &o, &r);
    if (s == TG_E_NONFINITE && at == 1 && method_has(&m, TG_NEEDS_RESIDUALS)) continue; /* at the start */
    cr_expect(s == TG_OK && r.stop == TG_STOP_NONFINITE, "%s, %zu: %s", name, at, tg_stop_string(r.stop));
    sound(x, &r, g);
  }
}

Test(nonfinite, second_derivatives_that_are_no_numbers_end_the_run)
{
  tg_method m;
  for (size_t row = 0; methods_next(&row, TG_NEEDS_RESIDUALS, 0, &m);) second_order(m, false);
  for (size_t row = 0; methods_next(&row, TG_IS_SECOND_ORDER, 0, &m);) second_order(m, false);
  for (size_t row = 0; methods_next(&row, TG_NEEDS_HESSIAN, 0, &m);) second_order(m, true);
}

static int infinite(const double *x, const double *v, double *hv, void *user)
{
  (void)x, (void)user;
  for (int i = 0; i < N; i++) hv[i] = v[i];
  hv[N - 1] = INFINITY;
  return 0;
}

Test(nonfinite, products_that_are_infinite_end_the_run)
{
  tg_method m;
  for (size_t row = 0; methods_next(&row, TG_NEEDS_PRODUCT, 0, &m);) {
    double x[N], g[N];
    begin(x);
    probe p = {.n = N};
    tg_objective c = problem_squares(&p);
    c.hvp = infinite;
    tg_minimize_options o = tg_minimize_defaults();
    o.gradient = g;
    tg_report r;
    cr_expect(tg_minimize(c, m, x, &o, &r) == TG_OK && r.stop == TG_STOP_NONFINITE, "%s: %s",
              tg_method_name(&m), tg_stop_string(r.stop));
    sound(x, &r, g);
  }
}

Test(nonfinite, levenberg_marquardt_backs_off_from_residuals_that_are_no_numbers)
{
  for (size_t at = 2; at < 8; at++) {
    double x[N];
    begin(x);
    probe p = {.n = N, .nan_value_at = at};
    tg_report r;
    cr_expect(tg_minimize(problem_squares(&p), tg_levenberg_marquardt(), x, NULL, &r) == TG_OK);
    cr_expect(tg_converged(r.stop) && r.value < 1e-10, "%zu: %s", at, tg_stop_string(r.stop));
  }
}

/* ---- values of minus infinity ---- */

typedef struct fall {
  size_t calls, at;
} fall;

static int falls(const double *x, double *value, double *g, void *user)
{
  fall *f = user;
  f->calls++;
  if (value) *value = f->calls == f->at ? -INFINITY : 0.25 * pow(x[0], 4) + 0.5 * x[0] * x[0];
  if (g) g[0] = pow(x[0], 3) + x[0];
  return 0;
}

static int falls_product(const double *x, const double *v, double *hv, void *user)
{
  (void)user;
  hv[0] = (3.0 * x[0] * x[0] + 1.0) * v[0];
  return 0;
}

static int falls_batch(const double *x, const size_t *index, size_t count, double *value, double *g,
                       void *user)
{
  (void)index, (void)count;
  return falls(x, value, g, user);
}

Test(nonfinite, a_value_of_minus_infinity_is_unbounded_for_every_method)
{
  tg_method m;
  for (size_t row = 0;
       methods_next(&row, TG_NEEDS_GRADIENT, 0, &m);) { /* squares of residuals are not that */
    const char *name = tg_method_name(&m);
    fall f = {.at = 3};
    const tg_objective c = {
        .n = 1, .samples = 8, .evaluate = falls, .batch = falls_batch, .hvp = falls_product, .user = &f};
    double x = 3.0;
    tg_report r;
    cr_expect(tg_minimize(c, m, &x, NULL, &r) == TG_OK && r.stop == TG_STOP_UNBOUNDED, "%s: %s", name,
              tg_stop_string(r.stop));
    cr_expect(isfinite(r.value) && isfinite(x));
    f.calls = 0;
    x = 3.0;
    tg_fit_options o = tg_fit_defaults();
    o.batch = 1;
    if (tg_fit_check(&c, &m, &o, NULL)) continue;
    cr_expect(tg_fit(c, m, &x, &o, &r) == TG_OK && r.stop == TG_STOP_UNBOUNDED, "%s: %s", name,
              tg_stop_string(r.stop));
  }
}

Test(nonfinite, so_it_is_for_fixed_steps_and_every_line_search)
{
  tg_method m;
  for (size_t row = 0; methods_next(&row, TG_TAKES_LINE_SEARCH, 0, &m);)
    for (int line = TG_LINE_FIXED; line <= TG_LINE_EXACT; line++) {
      fall f = {.at = 3};
      const tg_objective c = {.n = 1, .evaluate = falls, .hvp = falls_product, .user = &f};
      m.line_search = line;
      m.alpha = 0.01;
      double x = 3.0;
      tg_report r;
      cr_expect(tg_minimize(c, m, &x, NULL, &r) == TG_OK && r.stop == TG_STOP_UNBOUNDED, "%s, %d: %s",
                tg_method_name(&m), line, tg_stop_string(r.stop));
    }
}

/* ---- tg_run_update ---- */

static tg_stop update(tg_method m, const double *x, double value, const double *g, double *after)
{
  tg_run *run;
  memcpy(after, x, N * sizeof *x);
  cr_assert(tg_run_new(&run, (tg_objective){.n = N}, m, after, NULL) == TG_OK);
  cr_expect(tg_run_update(run, value, g) == TG_OK);
  const tg_stop stop = tg_run_report(run)->stop;
  tg_run_free(run);
  return stop;
}

Test(nonfinite, a_step_of_the_callers_that_would_leave_the_finite_numbers_leaves_theta)
{
  const double x[N] = {1, 2, 3, 4}, far[N] = {1, 2, 1.7e308, 4}, g[N] = {1, 1, -1.5e308, 1},
               flat[N] = {1, 0, 1, 1};
  double after[N];
  cr_expect(update(tg_gd(10.0), x, 1.0, g, after) == TG_STOP_NONFINITE && !memcmp(x, after, sizeof x));
  cr_expect(update(tg_momentum(10.0, 0.5), x, 1.0, g, after) == TG_STOP_NONFINITE &&
            !memcmp(x, after, sizeof x));
  cr_expect(update(tg_gd(0.9), far, 1.0, g, after) == TG_STOP_NONFINITE && !memcmp(far, after, sizeof x));
  tg_method m = tg_adagrad(0.1);
  m.epsilon = 0.0;
  cr_expect(update(m, x, 1.0, flat, after) == TG_RUNNING && after[1] == x[1] && after[0] == 0.9);
  cr_expect(update(tg_gd(0.1), x, -INFINITY, flat, after) == TG_STOP_UNBOUNDED &&
            !memcmp(x, after, sizeof x));
  cr_expect(update(tg_gd(0.1), x, INFINITY, flat, after) == TG_STOP_NONFINITE && !memcmp(x, after, sizeof x));
  cr_expect(update(tg_gd(0.1), x, NAN, flat, after) == TG_RUNNING && after[0] == 0.9);
}

/* ---- cut short before anything is known ---- */

Test(nonfinite, a_gradient_that_is_not_known_is_reported_as_no_number)
{
  double x[N], g[N] = {7, 7, 7, 7};
  begin(x);
  probe p = {.n = N, .stop_derivative_at = 1}, q = {.n = N, .answer_at = 1, .answer = 1};
  tg_minimize_options o = tg_minimize_defaults();
  o.gradient = g;
  tg_report r;
  cr_expect(tg_minimize(problem_squares(&p), tg_levenberg_marquardt(), x, &o, &r) == TG_OK);
  cr_expect(r.stop == TG_STOP_USER && isfinite(r.value) && isnan(r.gradient_norm));
  for (int i = 0; i < N; i++) cr_expect(isnan(g[i]));
  memset(g, 0, sizeof g);
  tg_method m = tg_lbfgs();
  m.l1 = 1.0;
  cr_expect(tg_minimize(problem_regression(&q), m, x, &o, &r) == TG_OK && r.stop == TG_STOP_USER);
  cr_expect(isnan(r.value) && isnan(r.gradient_norm) && isnan(g[0]));
}

static int says_a_value_and_stops(const double *x, double *value, double *g, void *user)
{
  (void)x, (void)g, (void)user;
  *value = 1.0;
  return 1;
}

Test(nonfinite, what_a_callback_leaves_when_it_stops_the_run_is_not_reported)
{
  double x[N] = {1, 1, 1, 1};
  tg_method m = tg_lbfgs();
  m.l1 = 1.0;
  tg_report r;
  const tg_objective c = {.n = N, .evaluate = says_a_value_and_stops};
  cr_expect(tg_minimize(c, m, x, NULL, &r) == TG_OK && r.stop == TG_STOP_USER && isnan(r.value));
}

/* Cut short in the first of two methods, which does not know the bounds. */
Test(nonfinite, a_handover_cut_short_stays_within_the_bounds)
{
  const double lower[N] = {2, 2, 2, 2};
  const tg_stop reasons[] = {TG_STOP_USER, TG_STOP_ITERATIONS, TG_STOP_SECONDS};
  tg_method then = tg_lbfgs();
  then.lower = lower;
  then.l1 = 0.5;
  for (int how = 0; how < 3; how++) {
    double x[N], g[N], value, wanted;
    begin(x);
    probe p = {.n = N, .answer_at = how == 0 ? 4 : 0, .answer = 1}, q = {.n = N};
    tg_minimize_options o = {
        .max_iterations = how == 1 ? 5 : 0, .max_seconds = how == 2 ? 1e-9 : 0.0, .gradient = g};
    tg_report r;
    cr_expect(tg_minimize_handover(problem_squares(&p), tg_gd(1e-3), 10, then, x, &o, &r) == TG_OK);
    cr_expect(r.stop == reasons[how]);
    for (int i = 0; i < N; i++) cr_expect(x[i] >= 2.0);
    if (how == 0) {
      cr_expect(isnan(r.value) && isnan(r.gradient_norm) && isnan(g[0]));
      continue;
    }
    const tg_objective c = problem_squares(&q);
    c.evaluate(x, &value, NULL, &q);
    wanted = value + 0.5 * (x[0] + x[1] + x[2] + x[3]);
    cr_expect(fabs(r.value - wanted) <= 1e-12 * wanted && r.values == p.calls);
  }
}

static int huge_square(const double *x, double *value, double *g, void *user)
{
  (void)user;
  if (value) *value = 1e160 * x[0] * x[0];
  if (g) g[0] = 2e160 * x[0];
  return 0;
}

/* 1e160 once, in the second batch */
static int one_huge_batch(const double *x, const size_t *index, size_t count, double *value, double *g,
                          void *user)
{
  (void)index, (void)count;
  if (value) *value = 0.5 * x[0] * x[0];
  if (g) g[0] = ++*(int *)user == 2 ? 1e160 : x[0];
  return 0;
}

Test(nonfinite, squares_of_a_gradient_that_overflow_end_the_run)
{
  const char *const names[] = {"adam", "adamw", "rmsprop", "adagrad", "adadelta", "amsgrad", "nadam"};
  for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
    const tg_method m = method(names[k]);
    double x = 1.0;
    tg_report r;
    tg_minimize_options o = tg_minimize_defaults();
    o.step_tol = 1e-12;
    cr_expect(tg_minimize((tg_objective){.n = 1, .evaluate = huge_square}, m, &x, &o, &r) == TG_OK);
    cr_expect(r.stop == TG_STOP_NONFINITE && x == 1.0, "%s: %s", names[k], tg_stop_string(r.stop));
    int calls = 0;
    const tg_objective sum = {.n = 1, .samples = 10, .batch = one_huge_batch, .user = &calls};
    tg_fit_options f = tg_fit_defaults();
    f.batch = 1;
    cr_expect(tg_fit(sum, m, &x, &f, &r) == TG_OK);
    cr_expect(r.stop == TG_STOP_NONFINITE && calls == 2 && x == 1.0, "%s: %s", names[k],
              tg_stop_string(r.stop));
    tg_run *run;
    const double g[2] = {1e160, 1.0};
    double y[2] = {1.0, 1.0};
    cr_assert(tg_run_new(&run, (tg_objective){.n = 2}, m, y, NULL) == TG_OK);
    cr_expect(tg_run_update(run, 1.0, g) == TG_OK && tg_run_report(run)->stop == TG_STOP_NONFINITE);
    cr_expect(y[0] == 1.0 && y[1] == 1.0, "%s", names[k]);
    tg_run_free(run);
  }
}
