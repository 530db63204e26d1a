/* The program's default fits, coefficient by coefficient, against the reference in long double arithmetic;
 * zeros of L1 solutions too. With "digits" in the environment variable OPTIMA that set, which takes a minute,
 * else the small ones. */
#include "support.h"

#include "reference.h"

#include <math.h>
#include <stdio.h>

static const char *const lambdas[] = {"1", "1e-2", "1e-4"};

static bool wanted(const char *set)
{
  const char *which = getenv("OPTIMA");
  return (which != NULL && strcmp(which, "digits") == 0) == (strcmp(set, "digits") == 0);
}

static void open_set(session *s, const char *set, const char *lambda, bool standardized, const char *more)
{
  char file[1024], words[300];
  snprintf(file, sizeof file, "%s/%s.csv", DATA, set);
  snprintf(words, sizeof words, "-l %s --penalty-on %s %s", lambda,
           standardized ? "standardized" : "original", more);
  session_open(s, file, words);
  session_run(s);
}

/* The program's coefficients as the reference has them: class by class, of columns of variance 1. */
static void bring_over(const reference *r, const double *theta, real *out)
{
  const size_t p = r->columns, m = p + 1;
  for (size_t c = 0; c < r->free; c++) {
    out[c * m + p] = theta[r->free * p + c];
    for (size_t j = 0; j < p; j++) {
      out[c * m + j] = theta[c * p + j] * r->spread[j];
      out[c * m + p] += theta[c * p + j] * r->mean[j];
    }
  }
}

/* Only differences between classes have a meaning where nothing is penalised: the intercepts. */
static void centre_intercepts(const reference *r, real *theta)
{
  const size_t m = r->columns + 1;
  real mean = 0;
  if (r->free == 1) return;
  for (size_t c = 0; c < r->free; c++) mean += theta[c * m + r->columns] / (real)r->free;
  for (size_t c = 0; c < r->free; c++) theta[c * m + r->columns] -= mean;
}

static double compare_errors(const session *s, const reference *r, const real *theta)
{
  const size_t p = r->columns, m = p + 1;
  real *error = calloc(r->n, sizeof *error);
  double worst = 0;
  reference_errors(r, theta, error);
  for (size_t c = 0; c < r->free; c++) {
    for (size_t j = 0; j <= p; j++) {
      if (j < p && r->constant[j]) continue;
      const double e = s->t.inference.row[j < p ? c * p + j : r->free * p + c].error;
      worst = fmax(worst, (double)fabsl(e / error[c * m + j] - 1));
    }
  }
  free(error);
  return worst;
}

/* A fit against the reference's optimum; theta has its intercepts centred. */
static void compare(const session *s, const reference *r, const real *theta, real value, double accuracy,
                    double bound, const char *what)
{
  real *mine = calloc(r->n, sizeof *mine);
  bring_over(r, s->t.model.theta, mine);
  centre_intercepts(r, mine);
  double worst = 0;
  for (size_t j = 0; j < r->n; j++)
    worst = fmax(worst, (double)(fabsl(mine[j] - theta[j]) / (1 + fabsl(theta[j]))));
  const double off = (double)((s->t.outcome.objective - value) / value);
  cr_expect_lt(fabs(off), accuracy, "%s: objective off by %g", what, off);
  cr_expect_lt(worst, bound, "%s: coefficients off by %g", what, worst);
  if (s->o.summary) {
    const double error = compare_errors(s, r, theta);
    cr_expect_lt(error, 1e-6, "%s: standard errors off by %g", what, error);
  }
  free(mine);
}

static void check(const char *set, const char *lambda, bool standardized)
{
  session plain, tight, summary;
  char what[100];
  open_set(&plain, set, lambda, standardized, "");
  open_set(&tight, set, lambda, standardized, "--tolerance 1e-14");
  open_set(&summary, set, lambda, standardized, "--summary");
  reference r = reference_new(&plain.l, strtold(lambda, NULL), 0, standardized);
  real *theta = calloc(r.n, sizeof *theta);
  bring_over(&r, summary.t.model.theta, theta);
  const real value = reference_solve(&r, theta, NULL);
  centre_intercepts(&r, theta);
  snprintf(what, sizeof what, "%s, lambda %s%s", set, lambda, standardized ? ", standardized" : "");
  const bool hard =
      strcmp(set, "digits") == 0 || !standardized; /* the curvature of the penalty is all there is */
  compare(&plain, &r, theta, value, 1e-8, hard ? 1e-4 : 1e-6, what);
  compare(&tight, &r, theta, value, 1e-12, standardized ? 1e-6 : 1e-4, what);
  compare(&summary, &r, theta, value, 1e-8, hard ? 1e-4 : 1e-6, what);
  free(theta);
  reference_free(&r);
  session_close(&plain);
  session_close(&tight);
  session_close(&summary);
}

static void check_set(const char *set)
{
  if (!wanted(set)) return;
  for (size_t i = 0; i < 3; i++) {
    for (int standardized = 0; standardized < 2; standardized++) check(set, lambdas[i], standardized != 0);
  }
}

Test(optima, iris, .timeout = 600) { check_set("iris"); }
Test(optima, wine, .timeout = 600) { check_set("wine"); }
Test(optima, breast_cancer, .timeout = 600) { check_set("breast_cancer"); }
Test(optima, digits, .timeout = 1200) { check_set("digits"); }

/* The zeros are right when the reference, held to them and to the signs of the others, ends with those signs,
 * and its gradient keeps every zero where it is, strictly. */
static void check_zeros(const char *set, const char *lambda, const char *mix, const char *more)
{
  if (!wanted(set)) return;
  session s;
  char words[200];
  snprintf(words, sizeof words, "--mix %s %s", mix, more);
  open_set(&s, set, lambda, true, words);
  reference r = reference_new(&s.l, strtold(lambda, NULL), strtold(mix, NULL), true);
  const size_t m = r.columns + 1;
  real *mine = calloc(r.n, sizeof *mine), *theta = calloc(r.n, sizeof *theta), *g = calloc(r.n, sizeof *g);
  real *h = calloc(r.n * r.n, sizeof *h);
  signed char *sign = calloc(r.n, 1);
  size_t zeros = 0;
  bring_over(&r, s.t.model.theta, mine);
  for (size_t j = 0; j < r.n; j++) {
    const bool intercept = j % m == r.columns;
    sign[j] = (signed char)(intercept ? 0 : (mine[j] > 0) - (mine[j] < 0));
    zeros += !intercept && sign[j] == 0;
  }
  memcpy(theta, mine, r.n * sizeof *theta);
  const real value = reference_solve(&r, theta, sign);
  reference_derivatives(&r, theta, g, h);
  centre_intercepts(&r, mine);
  centre_intercepts(&r, theta);
  double worst = 0;
  for (size_t j = 0; j < r.n; j++) {
    worst = fmax(worst, (double)(fabsl(mine[j] - theta[j]) / (1 + fabsl(theta[j]))));
    if (j % m == r.columns || r.constant[j % m]) continue;
    if (sign[j] == 0)
      cr_expect(fabsl(g[j]) < r.lasso * (1 + 1e-15L), "%s: coefficient %zu is zero, %Lg of %Lg", set, j, g[j],
                r.lasso);
    else
      cr_expect(theta[j] * sign[j] > 0, "%s: coefficient %zu is not zero", set, j);
  }
  const double off = (double)((s.t.outcome.objective - value) / value);
  cr_expect_lt(fabs(off), 1e-8, "%s %s %s %s: objective off by %g", set, lambda, mix, more, off);
  cr_expect_lt(worst, 1e-6, "%s %s %s %s: coefficients off by %g", set, lambda, mix, more, worst);
  cr_expect_gt(zeros, 0, "%s %s %s: no zeros", set, lambda, mix);
  free(mine);
  free(theta);
  free(g);
  free(h);
  free(sign);
  reference_free(&r);
  session_close(&s);
}

Test(optima, zeros, .timeout = 1200)
{
  static const char *const set[] = {"iris", "wine", "breast_cancer", "digits"};
  for (size_t i = 0; i < 4; i++) {
    check_zeros(set[i], "0.05", "1", "");
    check_zeros(set[i], "0.01", "1", "");
    check_zeros(set[i], "0.01", "0.5", "--tolerance 1e-14");
  }
}
