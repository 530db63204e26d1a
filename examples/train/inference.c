#include "inference.h"

#include "fit.h"
#include "linear_algebra.h"
#include "memory.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

/* The continued fraction of the incomplete beta function, by the method of Lentz (Abramowitz &
 * Stegun 26.5.8). */
static double beta_fraction(double a, double b, double x)
{
  const double tiny = 1e-300;
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  d = 1 / (fabs(d) < tiny ? tiny : d);
  double h = d;
  for (int m = 1; m < 10000; m++) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    for (int half = 0; half < 2; half++) {
      const double term = half == 0 ? even : odd;
      d = 1 + term * d;
      c = 1 + term / c;
      d = 1 / (fabs(d) < tiny ? tiny : d);
      c = fabs(c) < tiny ? tiny : c;
      h *= d * c;
    }
    if (fabs(d * c - 1) < DBL_EPSILON) break;
  }
  return h;
}

static double incomplete_beta(double a, double b, double x)
{
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front = exp(tg_lgamma_d(a + b) - tg_lgamma_d(a) - tg_lgamma_d(b) + a * log(x) + b * log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double student_two_sided(double t, double freedom)
{
  if (isinf(freedom)) return erfc(fabs(t) / sqrt(2));
  return incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t));
}

double student_quantile(double probability, double freedom)
{
  double low = 0, high = 1;
  while (1 - student_two_sided(high, freedom) / 2 < probability && high < 1e300) high *= 2;
  for (int i = 0; i < 200 && low < high; i++) {
    const double middle = low + (high - low) / 2;
    if (middle == low || middle == high) break;
    if (1 - student_two_sided(middle, freedom) / 2 < probability)
      low = middle;
    else
      high = middle;
  }
  return high;
}

/* The covariance of the fitted coordinates into `cov`: the inverse of rows times the mean curvature. */
static bool covariance(problem *p, const design *d, const double *theta, double *hessian, double *cov,
                       failure *f)
{
  const size_t n = p->n;
  const tg_status status = problem_gauged_hessian(p, theta, hessian);
  if (status != TG_OK) return fit_fail_status(status, f);
  size_t pivot;
  if (!cholesky(hessian, n, &pivot)) {
    char name[FEATURE_NAME_ROOM];
    const size_t weights = model_rows(&p->shape) * p->shape.features;
    return fail(
        f, "no standard errors: the columns are linearly dependent ('%s' adds nothing to those before it)",
        pivot < weights ? design_feature_name(d, pivot % p->shape.features, name) : "the intercept");
  }
  cholesky_inverse(hessian, n, cov);
  for (size_t j = 0; j < n * n; j++) cov[j] /= (double)p->data->rows;
  return true;
}

/* What pinning the common part of a softmax has added: the pseudo-inverse is wanted. */
static void remove_gauge(const problem *p, double *cov)
{
  const size_t k = p->shape.classes, features = p->shape.features, n = p->n;
  const double curvature = problem_curvature(&p->shape);
  for (size_t j = 0; j <= features; j++) {
    const size_t first = j < features ? j : k * features, stride = j < features ? features : 1;
    const double ridge = j < features ? p->ridge[j] : 0;
    const double added = 1 / ((curvature + ridge) * (double)k * (double)p->data->rows);
    for (size_t a = 0; a < k; a++) {
      for (size_t b = 0; b < k; b++) cov[(first + a * stride) * n + first + b * stride] -= added;
    }
  }
}

/* Variance of an original coefficient: of the linear form that scaling_undo computes. */
static double original_variance(const problem *p, const scaling *s, const double *cov, size_t j)
{
  const size_t rows = model_rows(&p->shape), features = p->shape.features, n = p->n;
  if (j < rows * features) {
    const double c = s->scale[j % features];
    return s->spread[j % features] == 0 ? 0 : cov[j * n + j] / (c * c);
  }
  const size_t k = j - rows * features;
  double sum = cov[j * n + j];
  for (size_t a = 0; a < features; a++) {
    const size_t i = k * features + a;
    const double weight = -s->shift[a] / s->scale[a];
    sum += 2 * weight * cov[i * n + j];
    for (size_t b = 0; b < features; b++) {
      sum += weight * cov[i * n + k * features + b] * (-s->shift[b] / s->scale[b]);
    }
  }
  return sum;
}

/* The squared loss has an unknown variance, estimated from the residuals with their degrees of freedom. */
static void residual_variance(inference *out, const problem *p, size_t constant, double mean_loss)
{
  const double rows = (double)p->data->rows;
  out->freedom = rows - (double)(p->n - constant);
  out->dispersion = 2 * mean_loss * rows / out->freedom;
}

static void fill_rows(inference *out, const problem *p, const scaling *s, const double *cov, double quantile)
{
  for (size_t j = 0; j < out->n; j++) {
    coefficient_row *r = &out->row[j];
    r->error = sqrt(out->dispersion * original_variance(p, s, cov, j));
    r->statistic = r->estimate / r->error;
    r->p_value = student_two_sided(r->statistic, out->freedom);
    r->low = r->estimate - quantile * r->error;
    r->high = r->estimate + quantile * r->error;
  }
}

static bool estimate(inference *out, problem *p, const scaling *s, const double *theta, double *original,
                     failure *f)
{
  for (size_t j = 0; j < p->n; j++) original[j] = theta[j];
  scaling_undo(s, &p->shape, original);
  for (size_t j = 0; j < p->n; j++) out->row[j].estimate = original[j];
  double loss;
  const tg_status status = problem_loss(p, theta, &loss, NULL);
  if (status != TG_OK) return fit_fail_status(status, f);
  out->freedom = INFINITY;
  out->dispersion = 1;
  out->log_likelihood = NAN;
  if (p->shape.kind != MODEL_LINEAR) out->log_likelihood = -loss * (double)p->data->rows;
  if (p->shape.kind == MODEL_LINEAR) residual_variance(out, p, s->constant, loss);
  if (out->freedom <= 0) return fail(f, "no standard errors: there are not more rows than coefficients");
  return true;
}

bool inference_new(inference *out, problem *p, const design *d, const scaling *s, const double *theta,
                   double confidence, failure *f)
{
  *out = (inference){.n = p->n};
  if (p->shape.kind == MODEL_NET || p->lasso != NULL ||
      (p->shape.kind == MODEL_LINEAR && p->shape.loss != LOSS_SQUARED)) {
    return fail(
        f, "standard errors are there for logistic, multinomial and least-squares models without L1 penalty");
  }
  const size_t n = p->n;
  if (n > (size_t)1 << 14)
    return fail(f, "standard errors are not computed for more than %d coefficients", 1 << 14);
  double *room = resize(NULL, 2 * n * n + n, sizeof *room);
  out->row = zeroed(n, sizeof *out->row);
  bool good = (room != NULL && out->row != NULL) || fail_memory(f);
  good = good && covariance(p, d, theta, room, room + n * n, f);
  good = good && estimate(out, p, s, theta, room + 2 * n * n, f);
  if (good) {
    if (p->shape.kind == MODEL_MULTINOMIAL) remove_gauge(p, room + n * n);
    fill_rows(out, p, s, room + n * n, student_quantile(0.5 + confidence / 2, out->freedom));
  } else {
    inference_free(out);
  }
  free(room);
  return good;
}

void inference_free(inference *i)
{
  free(i->row);
  *i = (inference){0};
}
