/* tg_objective_check: right callbacks agree, and each wrong one is found and named. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "../support/problems.h"

enum { N = 4, SAMPLES = 64 };

static const double somewhere[N] = {0.3, -1.7, 2.2, 0.9};

/* Two right objectives, squares with everything and a regression with batches, of which one output is spoilt.
 */
typedef struct spoilt {
  probe p;
  tg_objective good;
  const char *what;
  int answer;
} spoilt;

static bool is(const spoilt *s, const char *what) { return s->what && strcmp(s->what, what) == 0; }

static int evaluate(const double *x, double *value, double *g, void *user)
{
  const spoilt *s = user;
  const int answer = s->good.evaluate(x, value, g, s->good.user);
  if (is(s, "value alone") && value && !g) *value += 1e-3;
  if (is(s, "gradient alone") && g && !value) g[1] *= 1.001;
  if (is(s, "gradient") && g) g[2] *= 1.001;
  if (is(s, "gradient sign") && g) g[0] = -g[0];
  if (is(s, "infinite gradient") && g) g[3] = INFINITY;
  if (is(s, "value") && value) *value = NAN;
  if (is(s, "answer")) return s->answer;
  return answer;
}

static int product(const double *x, const double *v, double *hv, void *user)
{
  const spoilt *s = user;
  const int answer = s->good.hvp(x, v, hv, s->good.user);
  if (is(s, "product")) hv[3] += 1e-3 * hv[3];
  return answer;
}

static int hessian(const double *x, double *h, void *user)
{
  const spoilt *s = user;
  const int answer = s->good.hessian(x, h, s->good.user);
  if (is(s, "hessian")) h[2 * N + 3] *= 1.001;
  if (is(s, "infinite hessian")) h[N + 1] = NAN;
  return answer;
}

static int residual(const double *x, double *r, double *jacobian, void *user)
{
  const spoilt *s = user;
  const int answer = s->good.residual(x, r, jacobian, s->good.user);
  if (is(s, "residuals alone") && r && !jacobian) r[1] += 0.5;
  if (is(s, "residuals") && r) r[1] = -2.0 * r[1];
  if (is(s, "jacobian") && jacobian) jacobian[N + 1] *= 1.001;
  return answer;
}

static int batch(const double *x, const size_t *index, size_t count, double *value, double *g, void *user)
{
  const spoilt *s = user;
  const int answer = s->good.batch(x, index, count, value, g, s->good.user);
  for (size_t i = 0; g && is(s, "sum") && i < N; i++) g[i] *= (double)count;
  if (is(s, "sum") && value) *value *= (double)count;
  if (is(s, "two") && value && count == 2) *value *= 2.0;
  if (is(s, "batch") && g) g[1] *= 1.001;
  return answer;
}

static tg_objective made(spoilt *s, const char *what, bool sum)
{
  *s = (spoilt){.p = {.n = N}, .what = what};
  s->good = sum ? problem_regression(&s->p) : problem_squares(&s->p);
  tg_objective c = {.n = N, .evaluate = evaluate, .user = s};
  if (sum) return c.samples = SAMPLES, c.batch = batch, c;
  c.residuals = N;
  c.hvp = product;
  c.hessian = hessian;
  c.residual = residual;
  return c;
}

Test(verify, right_callbacks_agree_everywhere)
{
  const double points[][N] = {
      {0.3, -1.7, 2.2, 0.9}, {0, 0, 0, 0}, {1, 1, 1, 1}, {1e-9, -1e-7, 1e-12, 3e-5}, {1e3, -2e4, 1, 7}};
  for (size_t k = 0; k < sizeof points / sizeof *points; k++)
    for (int sum = 0; sum < 2; sum++) {
      spoilt s;
      tg_objective_report r = {0};
      const tg_objective c = made(&s, NULL, sum);
      cr_expect(tg_objective_check(&c, points[k], 0.0, &r) == TG_OK, "point %zu: %s, %g", k, r.message,
                r.error);
      cr_expect(r.error <= 1e-6 && r.unchecked == 0 && strstr(r.message, "agree"), "point %zu: %zu unchecked",
                k, r.unchecked);
    }
}

Test(verify, each_wrong_callback_is_found_and_named)
{
  const struct {
    const char *what, *callback, *word;
    size_t row, column;
    bool sum;
  } cases[] = {
      {"value alone", "evaluate", "value alone", 0, 0, false},
      {"gradient alone", "evaluate", "gradient alone", 1, 0, false},
      {"gradient", "evaluate", "gradient is not that", 2, 0, false},
      {"gradient sign", "evaluate", "gradient is not that", 0, 0, false},
      {"infinite gradient", "evaluate", "gradient is not that", 3, 0, false},
      {"product", "hvp", "product", 3, 0, false},
      {"hessian", "hessian", "Hessian", 2, 3, false},
      {"infinite hessian", "hessian", "Hessian", 1, 1, false},
      {"residuals alone", "residual", "residuals alone", 1, 0, false},
      {"jacobian", "residual", "", 1, 1, false},
      {"sum", "batch", "all samples", 0, 0, true},
      {"two", "batch", "mean", 0, 0, true},
      {"batch", "batch", "gradient", 1, 0, true},
  };
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    spoilt s;
    tg_objective_report r = {0};
    const tg_objective c = made(&s, cases[k].what, cases[k].sum);
    cr_expect(tg_objective_check(&c, somewhere, 0.0, &r) == TG_E_DERIVATIVE, "%s", cases[k].what);
    cr_assert(r.callback && r.message);
    cr_expect(!strcmp(r.callback, cases[k].callback) && strstr(r.message, cases[k].word) && r.error > 1e-6,
              "%s: %s, %s, %g", cases[k].what, r.callback, r.message, r.error);
    if (strcmp(cases[k].what, "sum"))
      cr_expect(r.row == cases[k].row && r.column == cases[k].column, "%s: %zu, %zu", cases[k].what, r.row,
                r.column);
  }
}

Test(verify, residuals_that_are_not_the_values_are_found)
{
  spoilt s;
  tg_objective_report r;
  const tg_objective c = made(&s, "residuals", false);
  cr_expect(tg_objective_check(&c, somewhere, 0.0, &r) == TG_E_DERIVATIVE && !strcmp(r.callback, "residual"));
}

Test(verify, a_tolerance_can_be_given)
{
  spoilt s;
  tg_objective_report r;
  const tg_objective c = made(&s, "gradient", false);
  cr_expect(tg_objective_check(&c, somewhere, 2e-3, &r) == TG_OK && r.error > 9e-4 && r.error < 1.1e-3);
  cr_expect(tg_objective_check(&c, somewhere, 5e-4, &r) == TG_E_DERIVATIVE);
}

/* Units do not matter: 1e-12 times an objective, and parameters of 1e-6. */
static int tiny(const double *x, double *value, double *g, void *user)
{
  const double wrong = *(const double *)user, a = 1e6 * x[0];
  if (value) *value = 1e-12 * (exp(a) + a * a);
  if (g) g[0] = wrong * 1e-6 * (exp(a) + 2.0 * a);
  return 0;
}

Test(verify, is_free_of_units)
{
  double factor = 1.0;
  const tg_objective c = {.n = 1, .evaluate = tiny, .user = &factor};
  tg_objective_report r;
  cr_expect(tg_objective_check(&c, &(double){3e-6}, 0.0, &r) == TG_OK && r.unchecked == 0, "%g, %zu", r.error,
            r.unchecked);
  factor = 1.00001;
  cr_expect(tg_objective_check(&c, &(double){3e-6}, 0.0, &r) == TG_E_DERIVATIVE &&
            fabs(r.error - 1e-5) < 1e-7);
}

/* What cannot be told is counted, not passed: sqrt(x) at 0, and a value that changes by itself. */
static int edge(const double *x, double *value, double *g, void *user)
{
  (void)user;
  if (value) *value = sqrt(x[0]) + x[1] * x[1];
  if (g) g[0] = 0.5 / sqrt(x[0]), g[1] = 2.0 * x[1];
  return 0;
}

static int noisy(const double *x, double *value, double *g, void *user)
{
  unsigned *state = user;
  *state = *state * 1664525u + 1013904223u;
  if (value) *value = x[0] + 1e-3 * ldexp(*state, -32);
  if (g) g[0] = 1.0;
  return 0;
}

Test(verify, what_differences_cannot_tell_is_counted)
{
  tg_objective_report r;
  unsigned state = 1;
  const tg_objective c = {.n = 2, .evaluate = edge}, d = {.n = 1, .evaluate = noisy, .user = &state};
  cr_expect(tg_objective_check(&c, (double[]){0, 1}, 0.0, &r) == TG_OK && r.unchecked == 1);
  const tg_status s = tg_objective_check(&d, (double[]){1}, 0.0, &r); /* the value alone differs as well */
  cr_expect(s == TG_E_DERIVATIVE && !strcmp(r.callback, "evaluate"));
}

Test(verify, what_a_callback_answers_is_handed_on_and_the_report_left_alone)
{
  spoilt s;
  tg_objective c = made(&s, "answer", false);
  tg_objective_report r = {.unchecked = 77};
  s.answer = 1;
  cr_expect(tg_objective_check(&c, somewhere, 0.0, &r) == TG_E_CALLBACK);
  s.answer = TG_E_BRANCH;
  cr_expect(tg_objective_check(&c, somewhere, 0.0, &r) == TG_E_BRANCH);
  s.what = "value";
  cr_expect(tg_objective_check(&c, somewhere, 0.0, &r) == TG_E_NONFINITE);
  cr_expect(tg_objective_check(&c, somewhere, NAN, &r) == TG_E_ARGUMENT);
  cr_expect(tg_objective_check(&c, somewhere, -1.0, &r) == TG_E_ARGUMENT);
  cr_expect(tg_objective_check(NULL, somewhere, 0.0, &r) == TG_E_ARGUMENT);
  cr_expect(tg_objective_check(&c, NULL, 0.0, &r) == TG_E_ARGUMENT);
  cr_expect(tg_objective_check(&c, (double[]){1, 2, NAN, 4}, 0.0, &r) == TG_E_ARGUMENT);
  c = (tg_objective){.n = N};
  cr_expect(tg_objective_check(&c, somewhere, 0.0, &r) == TG_E_ARGUMENT);
  c = (tg_objective){.n = N, .residual = residual, .user = &s};
  cr_expect(tg_objective_check(&c, somewhere, 0.0, &r) == TG_E_ARGUMENT && r.unchecked == 77);
}

Test(verify, an_objective_of_residuals_alone_can_be_checked)
{
  spoilt s;
  tg_objective c = made(&s, NULL, false);
  tg_objective_report r;
  c.evaluate = NULL;
  c.hvp = NULL;
  cr_expect(tg_objective_check(&c, somewhere, 0.0, &r) == TG_OK && r.unchecked == 1); /* the Hessian */
  s.what = "jacobian";
  cr_expect(tg_objective_check(&c, somewhere, 0.0, &r) == TG_E_DERIVATIVE && r.row == 1 && r.column == 1);
}
