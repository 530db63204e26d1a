/* The driver: stop reasons, counting, what is kept, what is refused. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "../support/methods.h"
#include "../support/problems.h"

enum { N = 5 };

static tg_method method(const char *name)
{
  tg_method m;
  cr_assert(tg_method_named(&m, name) == TG_OK);
  cr_assert(strcmp(tg_method_name(&m), name) == 0);
  return m;
}

static tg_minimize_options nothing(void) { return (tg_minimize_options){0}; }

/* What is reported belongs together: evaluate again at theta. */
static void consistent(int (*f)(const double *, double *, double *, void *), const double *theta,
                       const tg_report *r, const double *g)
{
  double value, gradient[N], most = 0.0;
  probe p = {.n = N};
  f(theta, &value, gradient, &p);
  for (int i = 0; i < N; i++) {
    most = fmax(most, fabs(gradient[i]));
    cr_expect(g[i] == gradient[i]);
  }
  cr_expect(r->value == value, "%.17g is not %.17g", r->value, value);
  cr_expect(r->gradient_norm == most);
  cr_expect(r->theta == theta);
}

static tg_report run(const char *name, int (*f)(const double *, double *, double *, void *), probe p,
                     double *x, tg_minimize_options o)
{
  double g[N];
  tg_report r;
  p.n = N;
  o.gradient = g;
  cr_expect(tg_minimize(problem(f, &p), method(name), x, &o, &r) == TG_OK);
  consistent(f, x, &r, g);
  return r;
}

/* All methods that value, gradient and Hessian suffice for, and that are not for quadratics alone. */
static bool serves(const char *name)
{
  const tg_method m = method(name);
  return !(tg_method_properties(&m) & (TG_NEEDS_RESIDUALS | TG_FOR_QUADRATICS | TG_FOR_ONE_PARAMETER));
}
#define EACH_METHOD                                                                                          \
  for (size_t m = 0; tg_method_list(m); m++)                                                                 \
    if (serves(tg_method_list(m)))

/* They evaluate several points an iteration, and survive one that is not finite. */
static bool backs_off(const char *name)
{
  const tg_method m = method(name);
  return method_has(&m, TG_IS_MONOTONE);
}
#define STOPS(wanted, r)                                                                                     \
  cr_expect((r).stop == (wanted), "%s: %s", tg_method_list(m), tg_stop_string((r).stop))

Test(minimize, stops_at_the_gradient)
{
  EACH_METHOD
  {
    double x[N] = {1, 1, 1, 1, 1};
    tg_minimize_options o = tg_minimize_defaults();
    o.gradient_tol = 0.5;
    o.max_iterations = 100000;
    const tg_report r = run(tg_method_list(m), problem_bowl, (probe){0}, x, o);
    STOPS(TG_STOP_GRADIENT, r);
    cr_expect(r.gradient_norm <= 0.5);
  }
}

Test(minimize, stops_at_once_where_the_gradient_is_zero)
{
  EACH_METHOD
  {
    double x[N] = {0, 1, 2, 3, 4};
    const tg_report r = run(tg_method_list(m), problem_bowl, (probe){0}, x, nothing());
    STOPS(TG_STOP_GRADIENT, r);
    cr_expect(r.iterations == 0 && r.values == 1);
  }
}

Test(minimize, stops_at_the_value_the_step_and_the_relative_change)
{
  EACH_METHOD
  {
    if (!strcmp(tg_method_list(m), "lion")) continue; /* its steps are alpha in size for ever */
    double x[N] = {1, 2, -3, 4, 9}, y[N] = {1, 2, -3, 4, 9}, z[N] = {1, 2, -3, 4, 9};
    tg_minimize_options o = nothing();
    o.max_iterations = 2000000;
    o.value_tol = 1e-6;
    tg_report r = run(tg_method_list(m), problem_funnel, (probe){0}, x, o);
    STOPS(TG_STOP_VALUE, r);
    o = nothing();
    o.max_iterations = 2000000;
    o.step_tol = 1e-4;
    r = run(tg_method_list(m), problem_funnel, (probe){0}, y, o);
    STOPS(TG_STOP_STEP, r);
    cr_expect(r.step <= 1e-4);
    o = nothing();
    o.max_iterations = 2000000;
    o.relative_tol = 1e-6;
    r = run(tg_method_list(m), problem_funnel, (probe){0}, z, o);
    STOPS(TG_STOP_RELATIVE, r);
  }
}

/* C = (|x|^2) / 2 in four parameters: a step of gd from x goes alpha |x|. */
static int ball(const double *x, double *value, double *g, void *user)
{
  (void)user;
  double sum = 0.0;
  for (int i = 0; i < 4; i++) sum += 0.5 * x[i] * x[i];
  if (value) *value = sum;
  for (int i = 0; g && i < 4; i++) g[i] = x[i];
  return 0;
}

static tg_report stepped(int norm, double tol, bool own_gradient)
{
  double x[4] = {10, 10, -10, 10}, g[4];
  const tg_objective c = {.n = 4, .evaluate = own_gradient ? NULL : ball};
  const tg_minimize_options o = {.step_tol = tol, .step_norm = norm, .max_iterations = 1000};
  tg_run *run;
  cr_assert(tg_run_new(&run, c, tg_gd(0.5), x, &o) == TG_OK);
  while (tg_run_report(run)->stop == TG_RUNNING) {
    ball(x, NULL, g, NULL);
    if (own_gradient)
      tg_run_update(run, NAN, g);
    else
      tg_run_step(run);
  }
  const tg_report r = *tg_run_report(run);
  tg_run_free(run);
  return r;
}

/* Step t = 0, 1, ... changes every entry by 5 / 2^t, so its Euclidean norm is 10 / 2^t; theta's entries are 5
 * / 2^t after it. */
Test(minimize, steps_are_measured_in_the_euclidean_norm_unless_asked_otherwise)
{
  const struct {
    int norm;
    double tol;
    size_t iterations;
  } cases[] = {
      {TG_STEP_EUCLID, 10.0, 1}, {TG_STEP_EUCLID, 9.0, 2}, {TG_STEP_EUCLID, 5.0, 2}, {TG_STEP_EUCLID, 4.9, 3},
      {TG_STEP_MAX, 5.0, 1},     {TG_STEP_MAX, 4.9, 2},    {TG_STEP_SCALED, 1.0, 1}, {TG_STEP_SCALED, 0.9, 4},
  };
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
    for (int own = 0; own < 2; own++) {
      const tg_report r = stepped(cases[k].norm, cases[k].tol, own);
      cr_expect(r.stop == TG_STOP_STEP && r.iterations == cases[k].iterations, "%zu: %s after %zu", k,
                tg_stop_string(r.stop), r.iterations);
    }
  cr_expect(tg_minimize_defaults().step_norm == TG_STEP_EUCLID);
  double x[4] = {1, 1, 1, 1};
  const tg_minimize_options bad = {.step_norm = TG_STEP_SCALED + 1};
  cr_expect(tg_minimize((tg_objective){.n = 4, .evaluate = ball}, tg_gd(0.5), x, &bad, NULL) ==
            TG_E_ARGUMENT);
}

/* The value falls to a quarter: 3/4 of the old, 3 times the new. */
Test(minimize, a_relative_change_is_relative_to_the_old_value)
{
  const tg_minimize_options over = {.relative_tol = 0.76, .max_iterations = 9},
                            under = {.relative_tol = 0.74, .max_iterations = 9};
  double x[4] = {1, 2, 3, 4}, y[4] = {1, 2, 3, 4};
  const tg_objective c = {.n = 4, .evaluate = ball};
  tg_report r;
  cr_expect(tg_minimize(c, tg_gd(0.5), x, &over, &r) == TG_OK);
  cr_expect(r.stop == TG_STOP_RELATIVE && r.iterations == 1);
  cr_expect(tg_minimize(c, tg_gd(0.5), y, &under, &r) == TG_OK);
  cr_expect(r.stop == TG_STOP_ITERATIONS);
}

/* Gradient x^2 - 2: the secant through 1 and 2 meets 0 at 4/3, then 7/5, then 58/41. */
static int cubic(const double *x, double *value, double *g, void *user)
{
  (void)user;
  if (value) *value = *x * *x * *x / 3.0 - 2.0 * *x;
  if (g) *g = *x * *x - 2.0;
  return 0;
}

Test(minimize, the_secant_method_takes_its_second_point)
{
  const double path[] = {2.0, 4.0 / 3.0, 7.0 / 5.0, 58.0 / 41.0};
  double x = 1.0;
  tg_method m = tg_secant(0.1);
  m.second = 2.0;
  tg_run *run;
  cr_assert(tg_run_new(&run, (tg_objective){.n = 1, .evaluate = cubic}, m, &x, NULL) == TG_OK);
  for (int t = 0; t < 4; t++) {
    tg_run_step(run);
    cr_expect(fabs(x - path[t]) <= 1e-15 * path[t], "%d: %.17g", t, x);
  }
  tg_run_free(run);
  m.second = INFINITY;
  cr_expect(tg_run_new(&run, (tg_objective){.n = 1, .evaluate = cubic}, m, &x, NULL) == TG_E_ARGUMENT);
  m = tg_secant(0.25);
  x = 1.0;
  cr_assert(tg_run_new(&run, (tg_objective){.n = 1, .evaluate = cubic}, m, &x, NULL) == TG_OK);
  tg_run_step(run);
  cr_expect(x == 1.25);
  tg_run_free(run);
}

Test(minimize, stops_after_the_iterations)
{
  EACH_METHOD
  {
    double x[N] = {-1, 1, -1, 1, 0};
    tg_minimize_options o = nothing();
    o.max_iterations = 3;
    const tg_report r = run(tg_method_list(m), problem_rosenbrock, (probe){0}, x, o);
    STOPS(TG_STOP_ITERATIONS, r);
    cr_expect(r.iterations == 3);
  }
}

Test(minimize, stops_after_the_seconds)
{
  EACH_METHOD
  {
    double x[N] = {-1, 1, -1, 1, 0};
    tg_minimize_options o = nothing();
    o.max_seconds = 1e-9;
    STOPS(TG_STOP_SECONDS, run(tg_method_list(m), problem_rosenbrock, (probe){0}, x, o));
  }
}

Test(minimize, stops_when_a_callback_says_so)
{
  EACH_METHOD
  {
    for (size_t at = 2; at < 8; at++) {
      double x[N] = {-1, 1, -1, 1, 0};
      STOPS(TG_STOP_USER,
            run(tg_method_list(m), problem_rosenbrock, (probe){.answer_at = at, .answer = 1}, x, nothing()));
    }
  }
}

/* Those that the loops above leave out: for residuals, for quadratics, for one parameter, under bounds and
 * with an L1 term. */
static tg_report special(int kind, tg_minimize_options o)
{
  static const double lower[N] = {0.5, 0.5, -9, -9, 4.5};
  double x[N] = {3, -1, 2, -2, 8};
  probe p = {.n = N}, one = {.n = 1};
  tg_method m = tg_lbfgs();
  tg_report r;
  if (kind == 0) m.lower = lower;
  if (kind == 1) m.l1 = 0.5;
  if (kind == 2) m = tg_levenberg_marquardt();
  if (kind == 3) m = tg_linear_cg();
  if (kind == 4) m = tg_secant(0.01);
  if (kind == 4) x[0] = 0.5;
  const tg_objective c = kind == 4   ? problem(problem_funnel, &one)
                         : kind == 3 ? problem(problem_bowl, &p)
                                     : problem_squares(&p);
  cr_expect(tg_minimize(c, m, x, &o, &r) == TG_OK);
  return r;
}

#define EACH_SPECIAL for (int k = 0; k < 5; k++)

Test(minimize, every_condition_ends_the_special_methods_too)
{
  EACH_SPECIAL
  {
    const struct {
      tg_minimize_options o;
      tg_stop stop;
    } cases[] = {
        {{.gradient_tol = 1e-2}, TG_STOP_GRADIENT},  {{.step_tol = 0.3}, TG_STOP_STEP},
        {{.value_tol = 0.3}, TG_STOP_VALUE},         {{.relative_tol = 0.3}, TG_STOP_RELATIVE},
        {{.max_iterations = 2}, TG_STOP_ITERATIONS}, {{.max_seconds = 1e-9}, TG_STOP_SECONDS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
      const tg_report r = special(k, cases[i].o);
      /* on their way to a value of 0 some come to a gradient of 0 first */
      const bool ended = r.stop == cases[i].stop || (r.stop == TG_STOP_GRADIENT && r.gradient_norm == 0.0);
      cr_expect(ended, "%d, %zu: %s", k, i, tg_stop_string(r.stop));
    }
  }
}

Test(minimize, keeps_the_start_when_stopped_at_once)
{
  double x[N] = {9, 9, 9, 9, 9};
  probe p = {.n = N, .answer_at = 1, .answer = 1};
  tg_report r;
  cr_expect(tg_minimize(problem(problem_bowl, &p), tg_lbfgs(), x, NULL, &r) == TG_OK);
  cr_expect(r.stop == TG_STOP_USER && isnan(r.value) && isnan(r.gradient_norm) && x[0] == 9.0);
}

Test(minimize, leaves_theta_and_gradient_alone_when_a_callback_fails)
{
  EACH_METHOD
  {
    for (size_t at = 1; at < 8; at++) {
      double x[N] = {0.5, 0.5, 0.5, 0.5, 0.5}, g[N] = {7, 7, 7, 7, 7};
      probe p = {.n = N, .answer_at = at, .answer = TG_E_BRANCH};
      tg_minimize_options o = nothing();
      o.gradient = g;
      tg_report r;
      cr_expect(tg_minimize(problem(problem_rosenbrock, &p), method(tg_method_list(m)), x, &o, &r) ==
                TG_E_BRANCH);
      cr_expect(r.stop == TG_STOP_ERROR && r.theta == x && isnan(r.value));
      for (int i = 0; i < N; i++) cr_expect(x[i] == 0.5 && g[i] == 7.0);
    }
  }
}

Test(minimize, refuses_a_start_that_is_not_finite)
{
  EACH_METHOD
  {
    double x[N] = {9, 9, 9, 9, 9};
    probe p = {.n = N, .nan_value_at = 1}, q = {.n = N, .nan_gradient_at = 1};
    tg_report r;
    cr_expect(tg_minimize(problem(problem_bowl, &p), method(tg_method_list(m)), x, NULL, &r) ==
              TG_E_NONFINITE);
    cr_expect(r.stop == TG_STOP_NONFINITE);
    cr_expect(tg_minimize(problem(problem_bowl, &q), method(tg_method_list(m)), x, NULL, &r) ==
              TG_E_NONFINITE);
  }
}

Test(minimize, keeps_the_best_point_when_a_value_is_not_finite)
{
  EACH_METHOD
  {
    if (backs_off(tg_method_list(m))) continue;
    double x[N] = {-1, 1, -1, 1, 0}, y[N] = {-1, 1, -1, 1, 0};
    STOPS(TG_STOP_NONFINITE,
          run(tg_method_list(m), problem_rosenbrock, (probe){.nan_value_at = 5}, x, nothing()));
    STOPS(TG_STOP_NONFINITE,
          run(tg_method_list(m), problem_rosenbrock, (probe){.nan_gradient_at = 5}, y, nothing()));
  }
}

Test(minimize, searches_back_off_from_what_is_not_finite)
{
  EACH_METHOD
  {
    const char *name = tg_method_list(m);
    if (!backs_off(name)) continue;
    for (size_t at = 2; at < 12; at++) {
      const double start[N] = {-1, 1, -1, 1, 0};
      double x[N] = {-1, 1, -1, 1, 0};
      probe p = {.n = N, .nan_value_at = at}, q = {.n = N, .nan_gradient_at = at};
      tg_report r;
      cr_expect(tg_minimize(problem(problem_rosenbrock, &p), method(name), x, NULL, &r) == TG_OK);
      cr_expect(tg_converged(r.stop) && r.value < 1e-10, "%s, %zu: %s", name, at, tg_stop_string(r.stop));
      memcpy(x, start, sizeof x);
      cr_expect(tg_minimize(problem(problem_rosenbrock, &q), method(name), x, NULL, &r) == TG_OK);
      cr_expect(tg_converged(r.stop) && r.value < 1e-10, "%s, %zu: %s", name, at, tg_stop_string(r.stop));
    }
  }
}

Test(minimize, keeps_the_best_point_of_a_run_that_diverges)
{
  double x[N] = {1, 1, 1, 1, 1};
  tg_minimize_options o = nothing();
  o.max_iterations = 30;
  double g[N];
  o.gradient = g;
  probe p = {.n = N};
  tg_report r;
  cr_expect(tg_minimize(problem(problem_bowl, &p), tg_gd(1.0), x, &o, &r) == TG_OK);
  consistent(problem_bowl, x, &r, g);
  double start, at[N] = {1, 1, 1, 1, 1};
  problem_bowl(at, &start, NULL, &p);
  cr_expect(r.stop == TG_STOP_ITERATIONS && r.value <= start);
}

typedef struct seen {
  size_t calls, answer_at;
  int answer;
  double last_value;
} seen;

static int watch(const tg_report *now, void *user)
{
  seen *s = user;
  s->calls++;
  double value;
  probe p = {.n = N};
  problem_rosenbrock(now->theta, &value, NULL, &p);
  cr_expect(value == now->value && now->iterations == s->calls);
  return s->calls == s->answer_at ? s->answer : 0;
}

Test(minimize, shows_each_iteration_to_the_watch_which_may_end_it)
{
  EACH_METHOD
  {
    double x[N] = {-1, 1, -1, 1, 0};
    seen s = {.answer_at = 2, .answer = 1};
    tg_minimize_options o = nothing();
    o.watch = watch;
    o.user = &s;
    tg_report r = run(tg_method_list(m), problem_rosenbrock, (probe){0}, x, o);
    STOPS(TG_STOP_USER, r);
    cr_expect(r.iterations == 2 && s.calls == 2);
    s = (seen){.answer_at = 1, .answer = TG_E_CALLBACK};
    probe p = {.n = N};
    x[0] = -1.0;
    cr_expect(tg_minimize(problem(problem_rosenbrock, &p), method(tg_method_list(m)), x, &o, &r) ==
              TG_E_CALLBACK);
  }
}

Test(minimize, counts_what_it_evaluates)
{
  EACH_METHOD
  {
    double x[N] = {-1, 1, -1, 1, 0};
    probe p = {.n = N};
    tg_minimize_options o = nothing();
    o.max_iterations = 4;
    tg_report r;
    cr_expect(tg_minimize(problem(problem_rosenbrock, &p), method(tg_method_list(m)), x, &o, &r) == TG_OK);
    cr_expect(r.values == p.calls && r.gradients == p.calls);
  }
}

Test(minimize, measures_the_gradient_in_the_norm_asked_for)
{
  double x[N] = {9, 9, 9, 9, 9}, g[N];
  tg_minimize_options o = nothing();
  o.max_iterations = 1;
  o.gradient = g;
  o.norm = TG_NORM_EUCLID;
  probe p = {.n = N};
  tg_report r;
  cr_expect(tg_minimize(problem(problem_bowl, &p), tg_gd(0.1), x, &o, &r) == TG_OK);
  double sum = 0.0, most = 0.0;
  for (int i = 0; i < N; i++) sum += g[i] * g[i];
  cr_expect(fabs(r.gradient_norm - sqrt(sum)) <= 1e-14 * sqrt(sum));
  for (int i = 0; i < N; i++) x[i] = 9.0;
  o.norm = TG_NORM_SCALED;
  cr_expect(tg_minimize(problem(problem_bowl, &p), tg_gd(0.1), x, &o, &r) == TG_OK);
  for (int i = 0; i < N; i++) most = fmax(most, fabs(g[i]) * fmax(fabs(x[i]), 1.0));
  cr_expect(fabs(r.gradient_norm - most / fmax(1.0, r.value)) <= 1e-14 * most);
}

Test(minimize, refuses_what_it_cannot_do)
{
  double x[N] = {0};
  probe p = {.n = N};
  const tg_objective good = problem(problem_bowl, &p);
  tg_objective none = good, empty = good;
  empty.n = 0;
  none.evaluate = NULL;
  tg_report r;
  cr_expect(tg_minimize(empty, tg_lbfgs(), x, NULL, &r) == TG_E_ARGUMENT && r.stop == TG_STOP_ERROR);
  cr_expect(tg_minimize(good, tg_lbfgs(), NULL, NULL, NULL) == TG_E_ARGUMENT);
  cr_expect(tg_minimize(none, tg_lbfgs(), x, NULL, NULL) == TG_E_METHOD);
  cr_expect(tg_minimize(none, tg_gd(0.1), x, NULL, NULL) == TG_E_METHOD);
  cr_expect(tg_minimize(good, (tg_method){.kind = -1}, x, NULL, NULL) == TG_E_ARGUMENT);
  cr_expect(tg_minimize(good, (tg_method){.kind = 1000}, x, NULL, NULL) == TG_E_ARGUMENT);
  const double rates[] = {0.0, -1.0, NAN, INFINITY};
  for (int i = 0; i < 4; i++) cr_expect(tg_minimize(good, tg_adam(rates[i]), x, NULL, NULL) == TG_E_ARGUMENT);
  const double betas[] = {1.0, -0.1, NAN};
  for (int i = 0; i < 3; i++) {
    tg_method m = tg_adam(0.1), g = tg_adam(0.1);
    m.beta = betas[i];
    g.gamma = betas[i];
    cr_expect(tg_minimize(good, m, x, NULL, NULL) == TG_E_ARGUMENT);
    cr_expect(tg_minimize(good, g, x, NULL, NULL) == TG_E_ARGUMENT);
  }
  tg_method many = tg_lbfgs();
  many.memory = 0;
  cr_expect(tg_minimize(good, many, x, NULL, NULL) == TG_E_ARGUMENT);
  tg_minimize_options o = tg_minimize_defaults();
  o.gradient_tol = NAN;
  cr_expect(tg_minimize(good, tg_lbfgs(), x, &o, NULL) == TG_E_ARGUMENT);
  o.gradient_tol = -1.0;
  cr_expect(tg_minimize(good, tg_lbfgs(), x, &o, NULL) == TG_E_ARGUMENT);
  tg_objective huge = good;
  const size_t sizes[] = {SIZE_MAX, SIZE_MAX / 8, SIZE_MAX / 64};
  for (int i = 0; i < 3; i++) {
    huge.n = sizes[i];
    cr_expect(tg_minimize(huge, tg_lbfgs(), x, NULL, NULL) == TG_E_SIZE);
  }
}

Test(minimize, names_what_is_wrong)
{
  probe p = {.n = N};
  tg_objective c = problem(problem_bowl, &p);
  tg_method m = tg_adam(0.1);
  const char *text = NULL;
  cr_expect(tg_method_check(&c, &m, &text) == TG_OK);
  m.beta = 1.5;
  cr_expect(tg_method_check(&c, &m, &text) == TG_E_ARGUMENT && strstr(text, "beta"));
}

Test(run, shows_the_iterate_after_each_step)
{
  EACH_METHOD
  {
    double x[N] = {1, 1, 1, 1, 1};
    probe p = {.n = N};
    tg_run *r;
    cr_assert(tg_run_new(&r, problem(problem_bowl, &p), method(tg_method_list(m)), x, NULL) == TG_OK);
    for (size_t i = 1; i < 6 && tg_run_step(r); i++) {
      const tg_report *now = tg_run_report(r);
      double value;
      problem_bowl(x, &value, NULL, &p);
      cr_expect(now->theta == x && now->value == value && now->iterations == i);
    }
    tg_run_free(r);
  }
}

Test(run, null_is_harmless)
{
  tg_run_free(NULL);
  cr_expect(!tg_run_step(NULL) && tg_run_report(NULL) == NULL && tg_run_status(NULL) == TG_E_ARGUMENT);
  cr_expect(tg_run_size(NULL) == 0 && tg_run_restore(NULL, "", 0) == TG_E_ARGUMENT);
}

Test(run, continues_from_a_checkpoint_bit_for_bit)
{
  EACH_METHOD
  {
    static unsigned char bytes[1 << 20];
    double x[N] = {-1, 1, -1, 1, 0}, y[N] = {-1, 1, -1, 1, 0};
    probe p = {.n = N};
    tg_run *a, *b;
    cr_assert(tg_run_new(&a, problem(problem_rosenbrock, &p), method(tg_method_list(m)), x, NULL) == TG_OK);
    cr_assert(tg_run_new(&b, problem(problem_rosenbrock, &p), method(tg_method_list(m)), y, NULL) == TG_OK);
    for (int i = 0; i < 7; i++) tg_run_step(a);
    const size_t size = tg_run_size(a);
    cr_assert(size <= sizeof bytes);
    tg_run_save(a, bytes);
    cr_expect(tg_run_restore(b, bytes, size) == TG_OK);
    cr_expect(memcmp(x, y, sizeof x) == 0);
    for (int i = 0; i < 12; i++) {
      cr_expect(tg_run_step(a) == tg_run_step(b));
      cr_expect(memcmp(x, y, sizeof x) == 0);
      cr_expect(tg_run_report(a)->value == tg_run_report(b)->value &&
                tg_run_report(a)->values == tg_run_report(b)->values);
    }
    bytes[size / 2] ^= 1;
    cr_expect(tg_run_restore(b, bytes, size) == TG_E_DATA);
    cr_expect(tg_run_restore(b, bytes, size - 1) == TG_E_DATA);
    cr_expect(memcmp(x, y, sizeof x) == 0);
    tg_run_free(a);
    tg_run_free(b);
  }
}

/* Steps of gradient descent on the bowl by the caller, until it says that it is enough. */
static tg_report by_caller(tg_minimize_options o)
{
  double x[N] = {1, 2, -3, 4, 9}, g[N], value;
  probe p = {.n = N};
  tg_run *run;
  cr_assert(tg_run_new(&run, (tg_objective){.n = N}, tg_gd(0.1), x, &o) == TG_OK);
  for (int i = 0; i < 1000 && tg_run_report(run)->stop == TG_RUNNING; i++) {
    problem_bowl(x, &value, g, &p);
    cr_expect(tg_run_update(run, value, g) == TG_OK);
  }
  const tg_report r = *tg_run_report(run);
  tg_run_free(run);
  return r;
}

Test(run, of_the_callers_gradients_ends_by_every_condition)
{
  cr_expect(by_caller((tg_minimize_options){.gradient_tol = 1e-3}).stop == TG_STOP_GRADIENT);
  cr_expect(by_caller((tg_minimize_options){.step_tol = 1e-3}).stop == TG_STOP_STEP);
  cr_expect(by_caller((tg_minimize_options){.value_tol = 1e-3}).stop == TG_STOP_VALUE);
  cr_expect(by_caller((tg_minimize_options){.relative_tol = 0.1}).stop == TG_STOP_RELATIVE);
  cr_expect(by_caller((tg_minimize_options){.max_iterations = 4}).stop == TG_STOP_ITERATIONS);
  cr_expect(by_caller((tg_minimize_options){.max_seconds = 1e-9}).stop == TG_STOP_SECONDS);
}

Test(run, takes_the_callers_gradient)
{
  double x[N] = {1, 1, 1, 1, 1}, y[N] = {1, 1, 1, 1, 1}, g[N], value;
  probe p = {.n = N};
  tg_minimize_options o = nothing();
  o.max_iterations = 10;
  tg_run *r;
  cr_assert(tg_run_new(&r, (tg_objective){.n = N}, tg_adam(0.1), x, &o) == TG_OK);
  cr_expect(!tg_run_step(r));
  for (int i = 0; i < 10; i++) {
    problem_bowl(x, &value, g, &p);
    cr_expect(tg_run_update(r, value, g) == TG_OK);
  }
  cr_expect(tg_run_report(r)->stop == TG_STOP_ITERATIONS);
  tg_run_free(r);
  cr_assert(tg_run_new(&r, problem(problem_bowl, &p), tg_adam(0.1), y, &o) == TG_OK);
  cr_expect(tg_run_update(r, 0.0, g) == TG_E_ARGUMENT);
  for (int i = 0; i < 9; i++) tg_run_step(r);
  tg_run_step(r);
  tg_run_free(r);
  for (int i = 0; i < N; i++) cr_expect(x[i] == y[i]);
}

static double off_after_ten(const tg_schedule *s, double alpha, size_t step, size_t total)
{
  (void)s, (void)total;
  return step >= 10 && step < 20 ? 0.0 : alpha;
}

/* A rate that stays 0 ends the run; one of your own may come back. No tolerance is met by standing still. */
Test(minimize, a_rate_of_zero_meets_no_tolerance)
{
  const tg_minimize_options all[] = {{.step_tol = 1e-12}, {.value_tol = 1e-30}, {.relative_tol = 1e-30}};
  for (int k = 0; k < 3; k++) {
    tg_minimize_options o = all[k];
    o.max_iterations = 30;
    double x[N] = {9, 9, 9, 9, 9}, y[N] = {9, 9, 9, 9, 9}, g[N], value;
    probe p = {.n = N};
    tg_report r;
    tg_method m = tg_gd(1e-4);
    m.schedule = tg_cosine_rate(0.0, 10);
    cr_expect(tg_minimize(problem(problem_bowl, &p), m, x, &o, &r) == TG_OK);
    cr_expect(r.stop == TG_STOP_STALLED && r.iterations == 10, "%s", tg_stop_string(r.stop));
    m.schedule = (tg_schedule){.rate = off_after_ten};
    cr_expect(tg_minimize(problem(problem_bowl, &p), m, x, &o, &r) == TG_OK);
    cr_expect(r.stop == TG_STOP_ITERATIONS && r.iterations == 30, "%s", tg_stop_string(r.stop));
    tg_run *run;
    cr_assert(tg_run_new(&run, (tg_objective){.n = N}, m, y, &o) == TG_OK);
    for (int i = 0; i < 30; i++) {
      problem_bowl(y, &value, g, &p);
      cr_expect(tg_run_update(run, value, g) == TG_OK);
    }
    cr_expect(tg_run_report(run)->stop == TG_STOP_ITERATIONS && tg_run_report(run)->iterations == 30);
    tg_run_free(run);
  }
}

Test(run, a_value_that_is_not_known_is_no_plateau)
{
  double x[N] = {9, 9, 9, 9, 9}, g[N], value;
  probe p = {.n = N};
  tg_method m = tg_gd(0.01);
  m.schedule = tg_plateau_rate(0.5, 3, 1e-4, 0.0);
  tg_run *run;
  cr_assert(tg_run_new(&run, (tg_objective){.n = N}, m, x, NULL) == TG_OK);
  for (int i = 0; i < 20; i++) {
    problem_bowl(x, &value, g, &p);
    cr_expect(tg_run_update(run, NAN, g) == TG_OK);
  }
  cr_expect(tg_run_report(run)->rate == 0.01);
  tg_run_free(run);
}

static int slight_slope(const double *x, double *value, double *g, void *user)
{
  (void)user;
  if (value) *value = 1e300 + 1e-30 * x[0];
  if (g) g[0] = 1e-30;
  return 0;
}

Test(minimize, a_scaled_norm_that_underflows_is_not_zero)
{
  tg_minimize_options o = nothing();
  o.norm = TG_NORM_SCALED;
  o.max_iterations = 3;
  const double low = -10.0;
  for (int boxed = 0; boxed < 2; boxed++) {
    double x = 1.0;
    tg_method m = tg_lbfgs();
    m.lower = boxed ? &low : NULL;
    m.line_search = TG_LINE_FIXED;
    tg_report r;
    cr_expect(tg_minimize((tg_objective){.n = 1, .evaluate = slight_slope}, m, &x, &o, &r) == TG_OK);
    cr_expect(r.stop != TG_STOP_GRADIENT && r.gradient_norm > 0.0, "%s", tg_stop_string(r.stop));
  }
}
