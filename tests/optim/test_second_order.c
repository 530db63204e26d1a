/* Methods that keep or use curvature: trajectories against their formulas in 50 digits (trajectories_2.py),
 * and what is true of them in exact arithmetic. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "../support/methods.h"
#include "../support/problems.h"

enum { N = 3 };

typedef struct path {
  const char *name;
  size_t steps;
  double x[N];
} path;

static const path paths[] = {
#define PATH(name, steps, a, b, c) {name, steps, {a, b, c}},
#include "trajectories_2.inc"
#undef PATH
};

static const double a[N][N] = {{2, -0.5, 0}, {-0.5, 1.25, 0.25}, {0, 0.25, 0.75}}, b[N] = {1, -2, 0.5};
static const double start[N] = {1.5, -1, 0.25};

/* *user: 1, or 0 for the quadratic alone */
static int evaluate(const double *x, double *value, double *g, void *user)
{
  const double quartic = *(const double *)user;
  double sum = 0.0;
  for (int i = 0; i < N; i++) {
    double ax = 0.0;
    for (int j = 0; j < N; j++) ax += a[i][j] * x[j];
    sum += x[i] * (0.5 * ax - b[i]) + quartic * pow(x[i], 4) / 8;
    if (g) g[i] = ax - b[i] + quartic * pow(x[i], 3) / 2;
  }
  if (value) *value = sum;
  return 0;
}

static int product(const double *x, const double *v, double *hv, void *user)
{
  const double quartic = *(const double *)user;
  for (int i = 0; i < N; i++) {
    hv[i] = 1.5 * quartic * x[i] * x[i] * v[i];
    for (int j = 0; j < N; j++) hv[i] += a[i][j] * v[j];
  }
  return 0;
}

static tg_objective objective(double *quartic)
{
  return (tg_objective){.n = N, .evaluate = evaluate, .hvp = product, .user = quartic};
}

/* The settings of trajectories_2.py by the name of the case. */
static tg_method method(const char *name)
{
  char first[32] = {0};
  tg_method m;
  memcpy(first, name, strcspn(name, " "));
  cr_assert(tg_method_named(&m, first) == TG_OK, "%s", first);
  m.line_search = TG_LINE_FIXED;
  m.alpha = 0.5;
  if (!strcmp(first, "linear_cg")) m.line_search = TG_LINE_EXACT;
  if (!strcmp(first, "nonlinear_cg")) m.alpha = 0.125;
  if (!strcmp(name, "newton")) m.alpha = 1.0;
  if (strstr(name, "unscaled")) m.unscaled = true;
  if (strstr(name, "two")) m.memory = 2;
  if (strstr(name, "fletcher")) m.variant = TG_CG_FLETCHER_REEVES;
  if (strstr(name, "polak")) m.variant = TG_CG_POLAK_RIBIERE;
  if (strstr(name, "hager")) m.variant = TG_CG_HAGER_ZHANG;
  if (strstr(name, "exact")) m.line_search = TG_LINE_EXACT;
  if (strstr(name, "armijo")) m.line_search = TG_LINE_ARMIJO, m.alpha = 1.0, m.factor = 0.5, m.armijo = 0.25;
  return m;
}

static double difference(const double *x, const double *y, size_t n)
{
  double most = 0.0, size = 0.0;
  for (size_t i = 0; i < n; i++) {
    most = fmax(most, fabs(x[i] - y[i]));
    size = fmax(size, fabs(y[i]));
  }
  return most / size;
}

Test(second_order, follows_the_formulas)
{
  for (size_t k = 0; k < sizeof paths / sizeof *paths; k++) {
    const path *p = &paths[k];
    if (!strncmp(p->name, "scalar", 6)) continue;
    double x[N], quartic = strstr(p->name, "quadratic") ? 0.0 : 1.0;
    memcpy(x, start, sizeof x);
    const tg_minimize_options o = {0};
    tg_run *run; /* stepped by hand: a run cut short keeps the best point, not the last */
    cr_assert(tg_run_new(&run, objective(&quartic), method(p->name), x, &o) == TG_OK);
    for (size_t i = 0; i < p->steps; i++) tg_run_step(run);
    /* An exact search finds its minimum as far as slopes tell: they are zero to a few units of the last
     * place. Near the minimum searches for lower values end where rounding hides them. */
    const bool blind = p->steps == 100 && (strstr(p->name, "exact") || strstr(p->name, "armijo"));
    const double tolerance = blind ? 1e-8 : strstr(p->name, "exact") ? 1e-10 : 1e-12;
    cr_expect(difference(x, p->x, N) <= tolerance, "%s after %zu: %g off, %s", p->name, p->steps,
              difference(x, p->x, N), tg_stop_string(tg_run_report(run)->stop));
    tg_run_free(run);
  }
}

/* A method that enters the table needs a case in trajectories_2.py; those that solve for a step by iterating have
 * none, and a goal in test_mgh.c instead. */
Test(second_order, there_is_a_trajectory_of_every_method_that_has_formulas)
{
  tg_method m;
  for (size_t row = 0;
       methods_next(&row, 0, TG_TAKES_BATCHES | TG_IS_SECOND_ORDER | TG_NEEDS_RESIDUALS, &m);) {
    const char *name = tg_method_name(&m);
    size_t found = 0;
    for (size_t k = 0; k < sizeof paths / sizeof *paths; k++) {
      const char *of = paths[k].name + (strncmp(paths[k].name, "scalar ", 7) == 0 ? 7 : 0);
      found += strcspn(of, " ") == strlen(name) && strncmp(of, name, strlen(name)) == 0;
    }
    cr_expect(found > 0, "%s is without a reference", name);
  }
}

/* ---- one parameter ---- */

static int cubic(const double *x, double *value, double *g, void *user)
{
  (void)user;
  if (value) *value = x[0] * (x[0] * (x[0] - 3.0) - 9.0);
  if (g) g[0] = 3.0 * x[0] * x[0] - 6.0 * x[0] - 9.0;
  return 0;
}

static int cubic_second(const double *x, double *h, void *user)
{
  (void)user;
  h[0] = 6.0 * x[0] - 6.0;
  return 0;
}

Test(second_order, one_parameter_follows_the_worked_example)
{
  for (size_t k = 0; k < sizeof paths / sizeof *paths; k++) {
    const path *p = &paths[k];
    if (strncmp(p->name, "scalar", 6)) continue;
    double x = 1.5;
    tg_method m = strstr(p->name, "newton") ? tg_newton() : tg_secant(0.25);
    m.line_search = TG_LINE_FIXED;
    const tg_minimize_options o = {0};
    const tg_objective c = {.n = 1, .evaluate = cubic, .hessian = cubic_second};
    tg_run *run; /* stepped by hand: a run cut short keeps the best point, not the last */
    cr_assert(tg_run_new(&run, c, m, &x, &o) == TG_OK);
    for (size_t i = 0; i < p->steps; i++) tg_run_step(run);
    cr_expect(fabs(x - p->x[0]) <= 1e-12 * x, "%s %zu: %.17g", p->name, p->steps, x);
    tg_run_free(run);
  }
}

static int well(const double *x, double *value, double *g, void *user)
{
  (void)user;
  if (value) *value = -0.25 * pow(x[0], 4) + 2.5 * x[0] * x[0];
  if (g) g[0] = -pow(x[0], 3) + 5.0 * x[0];
  return 0;
}

static int well_second(const double *x, double *h, void *user)
{
  (void)user;
  h[0] = -3.0 * x[0] * x[0] + 5.0;
  return 0;
}

Test(second_order, bare_newton_oscillates_where_the_safeguarded_one_does_not)
{
  double x = 1.0;
  tg_method m = tg_newton();
  m.line_search = TG_LINE_FIXED;
  const tg_objective c = {.n = 1, .evaluate = well, .hessian = well_second};
  tg_minimize_options o = {.max_iterations = 51};
  tg_run *run;
  cr_assert(tg_run_new(&run, c, m, &x, &o) == TG_OK);
  for (int i = 1; tg_run_step(run); i++) cr_expect(i > 50 || x == (i % 2 ? -1.0 : 1.0));
  cr_expect(tg_run_report(run)->stop == TG_STOP_ITERATIONS);
  tg_run_free(run);
  tg_report r;
  const tg_method sound[] = {tg_newton(), tg_trust_region()};
  for (int i = 0; i < 2; i++) {
    x = 1.0;
    cr_expect(tg_minimize(c, sound[i], &x, NULL, &r) == TG_OK && tg_converged(r.stop) && fabs(x) < 1e-6);
  }
}

/* ---- quadratics ---- */

enum { Q = 12 };

typedef struct quadratic {
  double a[Q][Q], b[Q], solution[Q];
  tg_quadratic q;
} quadratic;

/* A = I + sum of a few squares, its condition in the hundreds; the solution is known. */
static void make(quadratic *p)
{
  for (int i = 0; i < Q; i++) {
    p->b[i] = 0.0;
    p->solution[i] = cos(3.0 * i);
    for (int j = 0; j < Q; j++) {
      p->a[i][j] = i == j ? 1.0 + i : 0.0;
      for (int k = 1; k < 4; k++) p->a[i][j] += cos(k * i + k) * cos(k * j + k) * k;
    }
  }
  for (int i = 0; i < Q; i++)
    for (int j = 0; j < Q; j++) p->b[i] += p->a[i][j] * p->solution[j];
  p->q = (tg_quadratic){.n = Q, .a = &p->a[0][0], .b = p->b};
}

Test(second_order, bfgs_with_exact_search_ends_in_n_steps_on_a_quadratic)
{
  quadratic p;
  make(&p);
  const tg_method methods[] = {tg_bfgs(), tg_dfp(), tg_lbfgs(), tg_nonlinear_cg(TG_CG_FLETCHER_REEVES),
                               tg_linear_cg()};
  for (size_t k = 0; k < sizeof methods / sizeof *methods; k++) {
    double x[Q] = {0};
    tg_method m = methods[k];
    m.line_search = TG_LINE_EXACT;
    m.unscaled = true;
    m.memory = 2 * Q;
    tg_minimize_options o = {.gradient_tol = 1e-8};
    tg_report r;
    cr_expect(tg_minimize(tg_quadratic_objective(&p.q), m, x, &o, &r) == TG_OK);
    cr_expect(tg_converged(r.stop) && r.iterations <= Q, "%s: %zu, %s", tg_method_name(&m), r.iterations,
              tg_stop_string(r.stop));
    cr_expect(difference(x, p.solution, Q) <= 1e-8);
  }
}

Test(second_order, directions_of_linear_cg_are_conjugate)
{
  quadratic p;
  make(&p);
  double x[Q] = {0}, before[Q] = {0}, d[Q][Q];
  tg_run *run;
  tg_minimize_options o = {.max_iterations = Q - 2};
  cr_assert(tg_run_new(&run, tg_quadratic_objective(&p.q), tg_linear_cg(), x, &o) == TG_OK);
  int steps = 0;
  for (bool more = true; more; steps++) {
    more = tg_run_step(run);
    for (int i = 0; i < Q; i++) d[steps][i] = x[i] - before[i];
    memcpy(before, x, sizeof x);
  }
  tg_run_free(run);
  cr_expect(steps == Q - 2);
  for (int s = 0; s < steps; s++)
    for (int t = 0; t < s; t++) {
      double sat = 0.0, sas = 0.0, tat = 0.0;
      for (int i = 0; i < Q; i++)
        for (int j = 0; j < Q; j++) {
          sat += d[s][i] * p.a[i][j] * d[t][j];
          sas += d[s][i] * p.a[i][j] * d[s][j];
          tat += d[t][i] * p.a[i][j] * d[t][j];
        }
      cr_expect(fabs(sat) <= 1e-7 * sqrt(sas * tat), "%d, %d: %g", s, t, sat / sqrt(sas * tat));
    }
}

static int by_product(const double *v, double *av, size_t n, void *user)
{
  const quadratic *p = user;
  for (size_t i = 0; i < n; i++) {
    av[i] = 0.0;
    for (size_t j = 0; j < n; j++) av[i] += p->a[i][j] * v[j];
  }
  return 0;
}

Test(second_order, quadratics_from_products_are_those_from_matrices)
{
  quadratic p;
  make(&p);
  double x[Q] = {0}, y[Q] = {0}, room[Q];
  tg_quadratic q = {.n = Q, .product = by_product, .b = p.b, .room = room, .user = &p};
  tg_minimize_options o = {.gradient_tol = 1e-9};
  cr_expect(tg_minimize(tg_quadratic_objective(&p.q), tg_linear_cg(), x, &o, NULL) == TG_OK);
  cr_expect(tg_minimize(tg_quadratic_objective(&q), tg_linear_cg(), y, &o, NULL) == TG_OK);
  cr_expect(difference(x, y, Q) <= 1e-9);
  q.room = NULL;
  cr_expect(tg_minimize(tg_quadratic_objective(&q), tg_linear_cg(), y, &o, NULL) == TG_E_ARGUMENT);
}

Test(second_order, linear_cg_says_when_there_is_no_minimum)
{
  const double indefinite[4] = {1, 0, 0, -1}, right[2] = {1, 1};
  tg_quadratic q = {.n = 2, .a = indefinite, .b = right};
  double x[2] = {0};
  tg_report r;
  cr_expect(tg_minimize(tg_quadratic_objective(&q), tg_linear_cg(), x, NULL, &r) == TG_OK);
  cr_expect(r.stop == TG_STOP_UNBOUNDED);
}

Test(second_order, lbfgs_that_remembers_all_is_bfgs)
{
  for (int k = 0; k < 3; k++) {
    double x[5] = {-1, 1, -1, 1, 0}, y[5] = {-1, 1, -1, 1, 0};
    probe p = {.n = 5};
    tg_method m = tg_bfgs(), l = tg_lbfgs();
    m.unscaled = l.unscaled = true;
    l.wolfe = m.wolfe;
    l.memory = 50;
    tg_minimize_options o = {.max_iterations = (size_t[]){1, 5, 12}[k]};
    cr_expect(tg_minimize(problem(problem_rosenbrock, &p), m, x, &o, NULL) == TG_OK);
    cr_expect(tg_minimize(problem(problem_rosenbrock, &p), l, y, &o, NULL) == TG_OK);
    cr_expect(difference(y, x, 5) <= 1e-9, "%g", difference(y, x, 5));
  }
}

/* ---- every line search in every method that has one ---- */

enum { SEARCHERS = 8 };

static void searchers(tg_method *m)
{
  const tg_method all[SEARCHERS] = {tg_gd(1.0),
                                    tg_bfgs(),
                                    tg_dfp(),
                                    tg_lbfgs(),
                                    tg_nonlinear_cg(TG_CG_POLAK_RIBIERE),
                                    tg_nonlinear_cg(TG_CG_HAGER_ZHANG),
                                    tg_newton(),
                                    tg_newton_cg()};
  memcpy(m, all, sizeof all);
}

Test(second_order, every_line_search_serves_every_method)
{
  tg_method methods[SEARCHERS];
  searchers(methods);
  for (size_t k = 0; k < SEARCHERS; k++)
    for (int line = TG_LINE_WOLFE; line <= TG_LINE_EXACT; line++) {
      double x[3] = {0.5, 3.0, 0.1};
      probe p = {.n = 3};
      tg_method m = methods[k];
      m.line_search = line;
      tg_report r;
      cr_expect(tg_minimize(problem(problem_barrier, &p), m, x, NULL, &r) == TG_OK);
      cr_expect(tg_converged(r.stop) && r.value < 3.0 + 1e-9, "%s, %d: %s, %.17g", tg_method_name(&m), line,
                tg_stop_string(r.stop), r.value);
    }
}

/* Where values are equal but for rounding a search holds a point and tries others. */
Test(second_order, every_line_search_goes_to_the_limit_of_rounding)
{
  tg_method methods[SEARCHERS];
  searchers(methods);
  for (size_t k = 0; k < SEARCHERS; k++)
    for (int line = TG_LINE_WOLFE; line <= TG_LINE_EXACT; line++)
      for (double shift = 1e-3; shift < 10.0; shift *= 3.0) {
        double x[3] = {0.5 + shift, 3.0, 0.1}, quartic = 1.0;
        tg_method m = methods[k];
        m.line_search = line;
        tg_minimize_options o = {.max_iterations = 3000};
        tg_report r;
        cr_expect(tg_minimize(objective(&quartic), m, x, &o, &r) == TG_OK);
        cr_expect(r.gradient_norm <= 1e-5, "%s, %d: %g, %s", tg_method_name(&m), line, r.gradient_norm,
                  tg_stop_string(r.stop));
      }
}

/* ---- what line searches promise, at every step of steepest descent ---- */

static double slope_at(const double *x, const double *d, double *value)
{
  double g[N], quartic = 1.0, sum = 0.0;
  evaluate(x, value, g, &quartic);
  for (int i = 0; i < N; i++) sum += g[i] * d[i];
  return sum;
}

static void direction_at(const double *x, double *d)
{
  double quartic = 1.0, value;
  evaluate(x, &value, d, &quartic);
  for (int i = 0; i < N; i++) d[i] = -d[i];
}

/* (4.48), and (4.49), (4.50) or (4.43) as the kind has it; backtracking takes the first length that will do.
 */
static void promise(const tg_method *m, const double *before, const double *after, double t)
{
  double d[N], longer[N], f, f_after, f_longer;
  direction_at(before, d);
  const double slope = slope_at(before, d, &f), end = slope_at(after, d, &f_after);
  for (int i = 0; i < N; i++) longer[i] = before[i] + t / 0.5 * d[i];
  slope_at(longer, d, &f_longer);
  cr_expect(f_after <= f + m->armijo * t * slope, "kind %d: no decrease", m->line_search);
  switch (m->line_search) {
  case TG_LINE_WOLFE: cr_expect(fabs(end) <= m->wolfe * fabs(slope)); break;
  case TG_LINE_WEAK_WOLFE: cr_expect(end >= m->wolfe * slope); break;
  case TG_LINE_EXACT: cr_expect(fabs(end) <= 1e-10 * fabs(slope), "%g", end / slope); break;
  default: cr_expect(t == m->alpha || f_longer > f + m->armijo * t / 0.5 * slope); break;
  }
}

Test(second_order, line_searches_keep_what_they_promise)
{
  for (int line = TG_LINE_WOLFE; line <= TG_LINE_EXACT; line++)
    for (int k = 0; k < 4; k++) {
      double x[N], before[N], quartic = 1.0;
      memcpy(x, start, sizeof x);
      tg_method m = tg_gd(4.0);
      m.line_search = line;
      m.factor = 0.5;
      m.armijo = (double[]){1e-4, 0.1, 0.3, 1e-3}[k];
      m.wolfe = (double[]){0.9, 0.2, 0.4, 0.01}[k];
      const tg_minimize_options o = {0};
      tg_run *run;
      cr_assert(tg_run_new(&run, objective(&quartic), m, x, &o) == TG_OK);
      for (int i = 0; i < 6; i++) {
        memcpy(before, x, sizeof x);
        cr_assert(tg_run_step(run));
        promise(&m, before, x, tg_run_report(run)->rate);
      }
      tg_run_free(run);
    }
}

/* ---- refusals ---- */

static void refused(tg_objective c, tg_method m, tg_status why, const char *word)
{
  double x[2] = {0};
  const char *text;
  cr_expect(tg_minimize(c, m, x, NULL, NULL) == why);
  cr_expect(tg_method_check(&c, &m, &text) == why && strstr(text, word), "%s", text);
}

Test(second_order, refusals_name_what_is_missing)
{
  probe p = {.n = 2};
  tg_objective c = problem(problem_bowl, &p);
  c.hvp = NULL;
  refused(c, tg_newton(), TG_E_METHOD, "hessian");
  refused(c, tg_trust_region(), TG_E_METHOD, "hessian");
  refused(c, tg_newton_cg(), TG_E_METHOD, "hvp");
  refused(c, tg_trust_region_cg(), TG_E_METHOD, "hvp");
  refused(c, tg_linear_cg(), TG_E_METHOD, "hvp");
  refused(c, tg_levenberg_marquardt(), TG_E_METHOD, "residual");
  refused(c, tg_secant(0.1), TG_E_ARGUMENT, "one parameter");
  tg_method m = tg_bfgs();
  m.wolfe = 1.0;
  refused(c, m, TG_E_ARGUMENT, "wolfe");
  m = tg_bfgs();
  m.line_search = TG_LINE_ARMIJO;
  m.alpha = -1.0;
  refused(c, m, TG_E_ARGUMENT, "alpha");
  m.alpha = NAN;
  refused(c, m, TG_E_ARGUMENT, "alpha");
  m.alpha = 1.0;
  m.factor = 1.0;
  refused(c, m, TG_E_ARGUMENT, "factor");
  m = tg_trust_region();
  m.radius = 0.0;
  c = problem(problem_bowl, &p);
  refused(c, m, TG_E_ARGUMENT, "radius");
  m = tg_nonlinear_cg(7);
  refused(c, m, TG_E_ARGUMENT, "variant");
}

Test(second_order, a_singular_system_ends_the_bare_form)
{
  double x[2] = {1, 1};
  const double flat[4] = {0, 0, 0, 0}, right[2] = {1, 1};
  tg_quadratic q = {.n = 2, .a = flat, .b = right};
  tg_method m = tg_newton();
  m.line_search = TG_LINE_FIXED;
  tg_report r;
  cr_expect(tg_minimize(tg_quadratic_objective(&q), m, x, NULL, &r) == TG_OK && r.stop == TG_STOP_SINGULAR);
}

/* Rosenbrock's function, not a number where x_1 > 0: the way to its minimum is barred. */
static int barred(const double *x, double *value, double *g, void *user)
{
  const double r = 10 * (x[1] - x[0] * x[0]), s = 1 - x[0];
  if (value) *value = x[0] > 0 ? NAN : 0.5 * (r * r + s * s);
  if (g) g[0] = -20 * x[0] * r - s, g[1] = 10 * r;
  return ++*(size_t *)user > 20000;
}

static int barred_hessian(const double *x, double *h, void *user)
{
  (void)user;
  h[0] = 600 * x[0] * x[0] - 200 * x[1] + 1;
  h[1] = h[2] = -200 * x[0];
  h[3] = 100;
  return 0;
}

Test(second_order, a_trust_region_barred_by_nan_stalls_and_does_not_try_for_ever, .timeout = 20)
{
  double x[2] = {-1.2, 1};
  size_t calls = 0;
  const tg_objective c = {.n = 2, .evaluate = barred, .hessian = barred_hessian, .user = &calls};
  tg_report r;
  cr_expect(tg_minimize(c, tg_trust_region(), x, NULL, &r) == TG_OK);
  cr_expect(r.stop == TG_STOP_STALLED, "%s after %zu calls", tg_stop_string(r.stop), calls);
  cr_expect(isfinite(r.value) && x[0] <= 0);
}

static int cancels(const double *x, double *r, double *jacobian, void *user)
{
  (void)x, (void)r, (void)jacobian, (void)user;
  return 1;
}

Test(second_order, levenberg_marquardt_cancelled_at_once_reports_no_value)
{
  double x[2] = {1, 2};
  const tg_objective c = {.n = 2, .residuals = 2, .residual = cancels};
  tg_report r;
  cr_expect(tg_minimize(c, tg_levenberg_marquardt(), x, NULL, &r) == TG_OK && r.stop == TG_STOP_USER);
  cr_expect(isnan(r.value) && isnan(r.gradient_norm) && x[0] == 1 && x[1] == 2);
}

/* ---- directions along which nothing changes ---- */

enum { FLAT = 6, FLAT_ROWS = 40 };

/* Sums over rows a_i of a loss of a_i'x: columns 1, a, b, a + b, b once more, 0. */
typedef struct flat {
  double a[FLAT_ROWS][FLAT], b[FLAT_ROWS];
  int loss;
} flat;

static void make_flat(flat *f, int loss, double unit)
{
  f->loss = loss;
  for (int i = 0; i < FLAT_ROWS; i++) {
    const double a = sin(1.3 * i), b = cos(2.1 * i * i) + 0.3;
    const double row[FLAT] = {1, unit * a, b, unit * a + b, b, 0};
    memcpy(f->a[i], row, sizeof row);
    f->b[i] = loss == 1 ? (sin(7.7 * i) + 0.4 * a > 0 ? 1.0 : -1.0) : 0.5 + 2.0 * a - b + 0.3 * sin(5.0 * i);
  }
}

/* Squares, logistic, fourth powers. */
static double flat_loss(int loss, double z, double b, double *first, double *second)
{
  const double r = z - b;
  switch (loss) {
  case 0: *first = r, *second = 1.0; return 0.5 * r * r;
  case 1:
    *first = -b / (1.0 + exp(b * z)), *second = 1.0 / ((1.0 + exp(z)) * (1.0 + exp(-z)));
    return log1p(exp(-b * z));
  default: *first = r * r * r, *second = 3.0 * r * r; return 0.25 * r * r * r * r;
  }
}

static double flat_row(const flat *f, int i, const double *x, double *first, double *second)
{
  double z = 0.0;
  for (int j = 0; j < FLAT; j++) z += f->a[i][j] * x[j];
  return flat_loss(f->loss, z, f->b[i], first, second);
}

static int flat_sum(const double *x, double *value, double *g, void *user)
{
  const flat *f = user;
  double sum = 0.0, first, second;
  for (int j = 0; g && j < FLAT; j++) g[j] = 0.0;
  for (int i = 0; i < FLAT_ROWS; i++) {
    sum += flat_row(f, i, x, &first, &second);
    for (int j = 0; g && j < FLAT; j++) g[j] += first * f->a[i][j];
  }
  if (value) *value = sum;
  return 0;
}

static int flat_hessian(const double *x, double *h, void *user)
{
  const flat *f = user;
  double first, second;
  memset(h, 0, FLAT * FLAT * sizeof *h);
  for (int i = 0; i < FLAT_ROWS; i++) {
    flat_row(f, i, x, &first, &second);
    for (int j = 0; j < FLAT; j++)
      for (int k = 0; k < FLAT; k++) h[j * FLAT + k] += second * f->a[i][j] * f->a[i][k];
  }
  return 0;
}

static int by_matrix(int (*hessian)(const double *, double *, void *), size_t n, const double *x,
                     const double *v, double *hv, void *user)
{
  double h[FLAT * FLAT];
  hessian(x, h, user);
  for (size_t i = 0; i < n; i++) {
    hv[i] = 0.0;
    for (size_t j = 0; j < n; j++) hv[i] += h[i * n + j] * v[j];
  }
  return 0;
}

static int flat_product(const double *x, const double *v, double *hv, void *user)
{
  return by_matrix(flat_hessian, FLAT, x, v, hv, user);
}

/* The minimum nearest to the start has no part along (0, 1, 1 / unit, ...), the differences of equal columns,
 * and leaves the parameter of the empty column where it was. */
Test(second_order, nothing_moves_along_directions_that_change_nothing)
{
  tg_method m;
  flat f;
  for (int loss = 0; loss < 3; loss++)
    for (size_t row = 0; methods_next(&row, TG_IS_SECOND_ORDER, 0, &m);) {
      make_flat(&f, loss, 1.0);
      double x[FLAT] = {0.1, 0.2, 0.3, 0.4, 0.5, 7.0};
      const tg_objective c = {
          .n = FLAT, .evaluate = flat_sum, .hessian = flat_hessian, .hvp = flat_product, .user = &f};
      tg_minimize_options o = tg_minimize_defaults();
      o.gradient_tol = 1e-10; /* products with rounding lead anywhere */
      tg_report r;
      cr_expect(tg_minimize(c, m, x, &o, &r) == TG_OK && tg_converged(r.stop) && r.iterations <= 15,
                "%s, loss %d: %s after %zu", tg_method_name(&m), loss, tg_stop_string(r.stop), r.iterations);
      cr_expect(x[5] == 7.0, "%s, loss %d: %.17g", tg_method_name(&m), loss, x[5]);
      const double twins = x[2] - x[4] + 0.2, sums = x[1] - 0.2 + x[2] - 0.3 - (x[3] - 0.4);
      cr_expect(fabs(twins) <= 1e-12 && fabs(sums) <= 1e-12, "%s, loss %d: %g, %g", tg_method_name(&m), loss,
                twins, sums);
    }
}

/* Units of 1e-5: what is flat is told from what is merely small. */
Test(second_order, flat_directions_are_told_from_small_units)
{
  tg_method m;
  flat f;
  double least[2];
  size_t found = 0;
  make_flat(&f, 0, 1e-5);
  const tg_objective c = {.n = FLAT, .evaluate = flat_sum, .hessian = flat_hessian, .user = &f};
  for (size_t row = 0; methods_next(&row, TG_IS_SECOND_ORDER | TG_NEEDS_HESSIAN, 0, &m);) {
    double x[FLAT] = {0.1, 0.2, 0.3, 0.4, 0.5, 7.0};
    const tg_minimize_options o = {.gradient_tol = 1e-9, .max_iterations = 100};
    tg_report r;
    cr_expect(tg_minimize(c, m, x, &o, &r) == TG_OK && tg_converged(r.stop));
    cr_expect(x[5] == 7.0 && fabs(x[2] - x[4] + 0.2) <= 1e-8);
    least[found++] = r.value;
  }
  /* the same columns but for their units, least squares in exact fractions */
  cr_expect(fabs(least[0] - 0.127240074525) <= 1e-10 && fabs(least[1] - least[0]) <= 1e-10, "%.15g",
            least[0]);
}

/* (x - 1)^2 with y left alone, and along negative curvature: u^4 / 4 - u^2 / 2 + 50 (w - u)^2, u = x_0 + x_1,
 * w = x_2, minima at u = w = +-1; x_3 is unused, x_4 goes to 1. */
enum { HUMP = 5 };

static int hump(const double *x, double *value, double *g, void *user)
{
  (void)user;
  const double u = x[0] + x[1], w = x[2], z = x[4] - 1.0;
  if (value) *value = 0.25 * pow(u, 4) - 0.5 * u * u + 50.0 * (w - u) * (w - u) + z * z;
  if (!g) return 0;
  g[0] = g[1] = u * u * u - u - 100.0 * (w - u);
  g[2] = 100.0 * (w - u);
  g[3] = 0.0;
  g[4] = 2.0 * z;
  return 0;
}

static int hump_hessian(const double *x, double *h, void *user)
{
  (void)user;
  const double u = x[0] + x[1], a = 3.0 * u * u - 1.0 + 100.0;
  const double rows[HUMP * HUMP] = {a, a, -100, 0, 0, a, a, -100, 0, 0, -100, -100, 100,
                                    0, 0, 0,    0, 0, 0, 0, 0,    0, 0, 0,    2};
  memcpy(h, rows, sizeof rows);
  return 0;
}

static int hump_product(const double *x, const double *v, double *hv, void *user)
{
  return by_matrix(hump_hessian, HUMP, x, v, hv, user);
}

static const tg_objective humps = {.n = HUMP, .evaluate = hump, .hessian = hump_hessian, .hvp = hump_product};

Test(second_order, negative_curvature_moves_nothing_else)
{
  tg_method m;
  for (size_t row = 0; methods_next(&row, TG_IS_SECOND_ORDER, 0, &m);) {
    double x[HUMP] = {0.01, 0.01, 0, 7, 5};
    tg_report r;
    cr_expect(tg_minimize(humps, m, x, NULL, &r) == TG_OK && tg_converged(r.stop));
    cr_expect(fabs(r.value + 0.25) <= 1e-10 && x[3] == 7.0 && fabs(x[0] - x[1]) <= 1e-12, "%s: %.17g, %g",
              tg_method_name(&m), x[3], x[0] - x[1]);
  }
}

/* ---- saddles ---- */

Test(second_order, a_saddle_is_not_called_converged)
{
  tg_method m;
  for (size_t row = 0; methods_next(&row, TG_IS_SECOND_ORDER, 0, &m);)
    for (double near = 0.0; near<1e-3; near = near> 0.0 ? 1e3 * near : 1e-12) {
      double x[HUMP] = {near, near, 0, 7, 1};
      tg_report r;
      cr_expect(tg_minimize(humps, m, x, NULL, &r) == TG_OK && tg_converged(r.stop));
      cr_expect(fabs(r.value + 0.25) <= 1e-10 && r.iterations <= 12, "%s from %g: %.12g after %zu",
                tg_method_name(&m), near, r.value, r.iterations);
      cr_expect(x[3] == 7.0 && fabs(x[0] - x[1]) <= 1e-9, "%s: %.17g, %g", tg_method_name(&m), x[3],
                x[0] - x[1]);
    }
}

/* 1e9 x^2 - 1e-3 y^2 + 1e-3 y^4 / 2: every step from (1, 0) has y = 0; minima at y = +-1, -5e-4. */
static int ridge(const double *x, double *value, double *g, void *user)
{
  (void)user;
  const double y = x[1] * x[1];
  if (value) *value = 1e9 * x[0] * x[0] + 1e-3 * y * (0.5 * y - 1.0);
  if (g) g[0] = 2e9 * x[0], g[1] = 2e-3 * x[1] * (y - 1.0);
  return 0;
}

static int ridge_product(const double *x, const double *v, double *hv, void *user)
{
  (void)user;
  hv[0] = 2e9 * v[0];
  hv[1] = 2e-3 * (3.0 * x[1] * x[1] - 1.0) * v[1];
  return 0;
}

/* x y + (x^4 + y^4) / 4: no curvature on the diagonal of H at 0, where steps from (1, 1) lead; minima -1/2 at
 * x = -y = +-1. */
static int crossed(const double *x, double *value, double *g, void *user)
{
  (void)user;
  if (value) *value = x[0] * x[1] + 0.25 * (pow(x[0], 4) + pow(x[1], 4));
  if (g) g[0] = x[1] + pow(x[0], 3), g[1] = x[0] + pow(x[1], 3);
  return 0;
}

static int crossed_product(const double *x, const double *v, double *hv, void *user)
{
  (void)user;
  hv[0] = v[1] + 3.0 * x[0] * x[0] * v[0];
  hv[1] = v[0] + 3.0 * x[1] * x[1] * v[1];
  return 0;
}

/* (newton leaves, but where H is not definite it goes by the largest unit, slowly) */
Test(second_order, saddles_are_left_whatever_the_units_and_the_way_there)
{
  tg_method m;
  const tg_objective ridges = {.n = 2, .evaluate = ridge, .hvp = ridge_product},
                     crosses = {.n = 2, .evaluate = crossed, .hvp = crossed_product};
  for (size_t row = 0; methods_next(&row, TG_IS_SECOND_ORDER, 0, &m);)
    for (double from = 0.0; from <= 1.0; from += 0.5) {
      double x[2] = {from, 0}, y[2] = {from, from};
      tg_report r;
      cr_expect(tg_minimize(ridges, m, x, NULL, &r) == TG_OK && r.value < -1e-8 &&
                    (strcmp(tg_method_name(&m), "newton") == 0 || fabs(r.value + 5e-4) <= 1e-9),
                "%s: %g, %s", tg_method_name(&m), r.value, tg_stop_string(r.stop));
      cr_expect(tg_minimize(crosses, m, y, NULL, &r) == TG_OK && fabs(r.value + 0.5) <= 1e-10, "%s: %g, %s",
                tg_method_name(&m), r.value, tg_stop_string(r.stop));
    }
}

/* The limit holds at a saddle too, and is what is said; where no value is lower a saddle of higher order is
 * not told from a minimum. */
Test(second_order, a_saddle_at_the_limit_on_iterations_is_not_converged)
{
  tg_method m;
  for (size_t row = 0; methods_next(&row, TG_IS_SECOND_ORDER, 0, &m);) {
    double x[HUMP] = {0, 0, 0, 7, 5};
    tg_minimize_options o = tg_minimize_defaults();
    o.gradient_tol = 1e-3;
    size_t to_saddle = 0;
    for (o.max_iterations = 1; o.max_iterations < 9 && to_saddle == 0; o.max_iterations++) {
      tg_report r;
      memcpy(x, (double[]){0, 0, 0, 7, 5}, sizeof x);
      cr_expect(tg_minimize(humps, m, x, &o, &r) == TG_OK && r.iterations <= o.max_iterations);
      cr_expect(r.stop == TG_STOP_ITERATIONS || r.value < -0.2, "%s: %s at %g", tg_method_name(&m),
                tg_stop_string(r.stop), r.value);
      if (r.stop != TG_STOP_ITERATIONS) to_saddle = r.iterations;
    }
  }
}

static int rounded(const double *x, double *value, double *g, void *user)
{
  (void)user;
  if (value) *value = pow(fabs(x[0]), 1.5);
  if (g) g[0] = copysign(1.5 * sqrt(fabs(x[0])), x[0]);
  return 0;
}

static int rounded_hessian(const double *x, double *h, void *user)
{
  (void)user;
  h[0] = 0.75 / sqrt(fabs(x[0]));
  return 0;
}

static int rounded_product(const double *x, const double *v, double *hv, void *user)
{
  rounded_hessian(x, hv, user);
  hv[0] *= v[0];
  return 0;
}

Test(second_order, a_minimum_without_a_finite_hessian_is_one_all_the_same)
{
  tg_method m;
  const tg_objective c = {.n = 1, .evaluate = rounded, .hessian = rounded_hessian, .hvp = rounded_product};
  for (size_t row = 0; methods_next(&row, TG_IS_SECOND_ORDER, 0, &m);) {
    double x = 0.0;
    tg_report r;
    cr_expect(tg_minimize(c, m, &x, NULL, &r) == TG_OK && tg_converged(r.stop) && x == 0.0);
  }
}

/* ---- parameters of any size ---- */

/* a^2 + a^4 + b^2 in units u of the parameters, its minimum at u and 2 u. */
static double unit_of(void *user) { return *(const double *)user; }

static int in_units(const double *x, double *value, double *g, void *user)
{
  const double u = unit_of(user), a = x[0] / u - 1.0, b = x[1] / u - 2.0;
  if (value) *value = a * a + a * a * a * a + b * b;
  if (g) g[0] = (2.0 * a + 4.0 * a * a * a) / u, g[1] = 2.0 * b / u;
  return 0;
}

static int in_units_hessian(const double *x, double *h, void *user)
{
  const double u = unit_of(user), a = x[0] / u - 1.0;
  h[0] = (2.0 + 12.0 * a * a) / u / u, h[1] = h[2] = 0.0, h[3] = 2.0 / u / u;
  return 0;
}

static int in_units_product(const double *x, const double *v, double *hv, void *user)
{
  double h[4];
  in_units_hessian(x, h, user);
  hv[0] = h[0] * v[0], hv[1] = h[3] * v[1];
  return 0;
}

Test(second_order, parameters_may_be_as_small_as_they_like)
{
  tg_method m;
  for (size_t row = 0; methods_next(&row, TG_IS_SECOND_ORDER, 0, &m);)
    for (double u = 1e-70; u < 1e12; u *= 1e10)
      for (int start = 0; start < 3; start++) {
        double x[2] = {(3.0 * u * start) * start, u * start};
        tg_report r;
        const tg_objective c = {
            .n = 2, .evaluate = in_units, .hessian = in_units_hessian, .hvp = in_units_product, .user = &u};
        cr_expect(tg_minimize(c, m, x, NULL, &r) == TG_OK && tg_converged(r.stop), "%s, %g: %s",
                  tg_method_name(&m), u, r.message);
        cr_expect(fabs(x[0] / u - 1.0) < 1e-7 && fabs(x[1] / u - 2.0) < 1e-7, "%s, %g: %g %g",
                  tg_method_name(&m), u, x[0] / u, x[1] / u);
      }
}
