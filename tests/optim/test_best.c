/* What is returned when a run is cut short in the midst of an iteration: the lowest point it saw. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "../support/methods.h"
#include "../support/problems.h"

enum { N = 4 };

/* An objective and the lowest value it gave since the last iterate; it ends the run at a call. */
typedef struct spy {
  probe p;
  tg_objective c;
  double lowest;
  size_t calls, end, nan; /* call that ends the run; call that is not finite; 0: none */
} spy;

static int spied(const double *x, double *value, double *g, void *user)
{
  spy *s = user;
  double v;
  if (++s->calls == s->end) return 1;
  const int answer = s->c.evaluate(x, &v, g, s->c.user);
  if (s->calls == s->nan) v = NAN;
  if (v < s->lowest) s->lowest = v;
  if (value) *value = v;
  return answer;
}

static int spied_product(const double *x, const double *v, double *hv, void *user)
{
  spy *s = user;
  return s->c.hvp(x, v, hv, s->c.user);
}

static int spied_hessian(const double *x, double *h, void *user)
{
  spy *s = user;
  return s->c.hessian(x, h, s->c.user);
}

static int spied_residual(const double *x, double *r, double *jacobian, void *user)
{
  spy *s = user;
  if (r && ++s->calls == s->end) return 1;
  const int answer = s->c.residual(x, r, jacobian, s->c.user);
  double v = 0.0;
  for (int i = 0; r && i < N; i++) v += 0.5 * r[i] * r[i];
  if (r && v < s->lowest) s->lowest = v;
  return answer;
}

/* A method that goes down may leave a lower trial behind for a better point: then that counts. */
static int iterate(const tg_report *now, void *user)
{
  spy *s = user;
  s->lowest = fmax(s->lowest, now->value);
  return 0;
}

static tg_report cut(tg_method m, size_t end, size_t nan, bool descends, double *x, spy *s)
{
  const double start[N] = {-1.2, 1, -1.2, 1};
  const tg_minimize_options o = {
      .gradient_tol = 1e-12, .max_iterations = 200, .watch = descends ? iterate : NULL, .user = s};
  tg_report r;
  *s = (spy){.p = {.n = N}, .lowest = INFINITY, .end = end, .nan = nan};
  s->c = problem_squares(&s->p);
  memcpy(x, start, sizeof start);
  const tg_objective c = {.n = N,
                          .residuals = N,
                          .evaluate = spied,
                          .hvp = spied_product,
                          .hessian = spied_hessian,
                          .residual = spied_residual,
                          .user = s};
  cr_expect(tg_minimize(c, m, x, &o, &r) == (nan == 1 ? TG_E_NONFINITE : TG_OK), "%s", tg_method_name(&m));
  return r;
}

static double value_at(const double *x, spy *s)
{
  double value;
  s->c.evaluate(x, &value, NULL, s->c.user);
  return value;
}

static void is_best(tg_method m, bool descends, const char *how)
{
  for (size_t end = 2; end <= 60; end++) {
    double x[N];
    spy s;
    const tg_report r = cut(m, end, 0, descends, x, &s);
    if (r.stop != TG_STOP_USER) break;
    cr_expect(fabs(r.value - s.lowest) <= 1e-14 * s.lowest &&
                  fabs(r.value - value_at(x, &s)) <= 1e-14 * s.lowest,
              "%s %s, %zu: %.17g, seen %.17g", tg_method_name(&m), how, end, r.value, s.lowest);
    cr_expect(method_has(&m, TG_NEEDS_RESIDUALS) || isfinite(r.gradient_norm));
  }
}

Test(best, point_seen_is_what_any_method_returns_when_a_callback_ends_it)
{
  tg_method m;
  for (size_t row = 0; methods_next(&row, 0, TG_FOR_ONE_PARAMETER, &m);) {
    if (m.line_search == TG_LINE_FIXED) m.alpha = 1e-3;
    is_best(m, method_has(&m, TG_IS_MONOTONE), "by itself");
  }
}

Test(best, point_seen_is_what_any_line_search_returns)
{
  for (int line = TG_LINE_FIXED; line <= TG_LINE_EXACT; line++)
    for (int k = 0; k < 5; k++) {
      tg_method m = (tg_method[]){tg_gd(1.0), tg_lbfgs(), tg_bfgs(), tg_nonlinear_cg(TG_CG_POLAK_RIBIERE),
                                  tg_newton()}[k];
      m.line_search = line;
      if (line == TG_LINE_FIXED) m.alpha = 1e-3;
      is_best(m, line != TG_LINE_FIXED,
              (const char *[]){"fixed", "wolfe", "weak", "armijo", "exact"}[line - TG_LINE_FIXED]);
    }
}

Test(best, point_seen_is_what_a_bounded_run_returns)
{
  const double lower[N] = {-2, 0.25, -2, 0.25};
  tg_method m = tg_lbfgs();
  m.lower = lower;
  is_best(m, true, "within bounds");
}

/* Steps too long for the curvature: iterates swing, and what Nesterov sees ahead may be lower than any. */
Test(best, point_seen_is_kept_where_nesterov_looks_ahead)
{
  bool ahead = false;
  for (size_t end = 3; end <= 60; end++) {
    double x[N];
    spy s;
    const tg_report r = cut(tg_nesterov(2e-3, 0.9), 0, end, false, x, &s);
    cr_expect(r.stop == TG_STOP_NONFINITE && r.value == s.lowest && r.value == value_at(x, &s),
              "%zu: %.17g, seen %.17g", end, r.value, s.lowest);
    ahead = ahead || r.values % 2 == 1;
  }
  cr_expect(ahead);
}

Test(best, nesterov_evaluates_its_start_once)
{
  double x[N];
  spy s;
  const tg_report r = cut(tg_nesterov(1e-3, 0.9), 0, 0, false, x, &s);
  cr_expect(r.iterations == 200 && r.values == 400 && r.gradients == 400 && s.calls == 400, "%zu", r.values);
}
