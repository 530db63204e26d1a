#include "inference.h"

#include "linear_algebra.h"
#include "memory.h"
#include "optimality.h"

#include <assert.h>
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
  assert(probability >= 0.5 && probability < 1 && freedom > 0);
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

/* Standard errors are lengths of L^-1 a, with L L' the mean curvature and a the linear form
 * a coefficient is. */
typedef struct errors {
  problem *p;
  const scaling *s;
  double *factor, *form; /* L, n x n; n */
  double count;          /* of observations: what the mean curvature is multiplied by */
} errors;

static bool factor(const fitted_problem *at, double *hessian, failure *f)
{
  problem *p = at->p;
  const tg_status status = problem_gauged_hessian(p, at->theta, NULL, hessian);
  if (status != TG_OK) return problem_fail(status, f);
  size_t pivot;
  if (cholesky_while(problem_goes_on, p, hessian, p->n, &pivot)) return true;
  if (pivot == p->n) return false;
  char name[FEATURE_NAME_ROOM];
  const size_t weights = model_rows(&p->shape) * p->shape.features;
  return fail(f, "the columns are linearly dependent ('%s' adds nothing to those before it)",
              pivot < weights ? design_feature_name(at->design, pivot % p->shape.features, name)
                              : "the intercept");
}

/* Pinning the common part of a softmax has added that to the variance of a fitted coefficient of column j:
 * the pseudo-inverse is wanted. */
static double gauge(const problem *p, size_t j)
{
  if (p->shape.kind != MODEL_MULTINOMIAL) return 0;
  const double ridge = j < p->shape.features ? p->ridge[j] : 0;
  return 1 / ((problem_curvature(&p->shape) + ridge) * (double)p->shape.classes);
}

/* Of the form that begins at coefficient `first`. */
static double form_variance(const errors *e, size_t first)
{
  const size_t n = e->p->n;
  double sum = 0;
  for (size_t i = first; i < n; i++) {
    const double *row = e->factor + i * n;
    e->form[i] = (e->form[i] - dot4(row + first, e->form + first, i - first)) / row[i];
    sum += e->form[i] * e->form[i];
  }
  return sum;
}

/* Error of an original coefficient: of the linear form that scaling_undo computes. NaN for
 * a constant column. */
static double original_error(const errors *e, size_t j)
{
  const scaling *s = e->s;
  const size_t rows = model_rows(&e->p->shape), features = e->p->shape.features, n = e->p->n;
  for (size_t i = 0; i < n; i++) e->form[i] = i == j;
  if (j < rows * features) {
    const size_t a = j % features;
    if (s->spread[a] == 0) return NAN;
    return sqrt((form_variance(e, j) - gauge(e->p, a)) / e->count) / s->scale[a];
  }
  const size_t first = (j - rows * features) * features;
  double pinned = gauge(e->p, features);
  for (size_t a = 0; a < features; a++) {
    const double weight = s->spread[a] == 0 ? 0 : -s->shift[a] / s->scale[a];
    e->form[first + a] = weight;
    pinned += weight * weight * gauge(e->p, a);
  }
  return sqrt((form_variance(e, first) - pinned) / e->count);
}

/* The squared loss has an unknown variance, estimated from the residuals with their degrees of freedom. */
static void residual_variance(inference *out, const problem *p, size_t constant, double mean_loss)
{
  out->freedom = (double)p->data->counted - (double)(p->n - constant);
  out->dispersion = 2 * mean_loss * p->data->weight_as_given / out->freedom;
}

static bool fill_rows(inference *out, const errors *e, double quantile)
{
  for (size_t j = 0; j < out->n; j++) {
    if (!problem_goes_on(e->p)) return false;
    coefficient_row *r = &out->row[j];
    r->error = out->exact ? NAN : sqrt(out->dispersion) * original_error(e, j);
    r->statistic = r->estimate / r->error;
    r->p_value = student_two_sided(r->statistic, out->freedom);
    r->low = r->estimate - quantile * r->error;
    r->high = r->estimate + quantile * r->error;
  }
  return true;
}

static bool estimate(inference *out, const fitted_problem *at, double *original, failure *f)
{
  problem *p = at->p;
  for (size_t j = 0; j < p->n; j++) original[j] = at->theta[j];
  scaling_undo(at->scaling, &p->shape, original);
  for (size_t j = 0; j < p->n; j++) out->row[j].estimate = original[j];
  double loss;
  const tg_status status = problem_loss(p, at->theta, &loss, NULL);
  if (status != TG_OK) return problem_fail(status, f);
  out->freedom = INFINITY;
  out->dispersion = 1;
  out->log_likelihood = NAN;
  if (p->shape.kind != MODEL_LINEAR) out->log_likelihood = -loss * p->data->weight_as_given;
  if (p->shape.kind == MODEL_LINEAR) residual_variance(out, p, at->scaling->constant, loss);
  out->exact = p->shape.kind == MODEL_LINEAR && loss <= problem_exact(p, at->theta);
  if (out->freedom <= 0) return fail(f, "there are not more rows of weight than coefficients");
  return true;
}

bool inference_possible(const model_shape *m, const penalty how, failure *f)
{
  if (m->kind == MODEL_NET || how.l1 > 0 || (m->kind == MODEL_LINEAR && m->loss != LOSS_SQUARED)) {
    return fail(f, "standard errors (--summary) are there for logistic, multinomial and least-squares models "
                   "without L1 penalty");
  }
  const size_t n = model_parameters(m);
  return n <= INFERENCE_MOST ||
         fail(f, "standard errors (--summary) are for at most %d coefficients; there are %zu", INFERENCE_MOST,
              n);
}

bool inference_new(inference *out, const fitted_problem *at, double confidence, failure *f)
{
  problem *p = at->p;
  const size_t n = p->n;
  assert(confidence > 0 && confidence < 1 && p->waiting == NULL);
  *out = (inference){.n = n};
  double *room = resize(NULL, n * n + n, sizeof *room);
  out->row = zeroed(n, sizeof *out->row);
  bool good = (room != NULL && out->row != NULL) || fail_memory(f);
  good = good && factor(at, room, f);
  good = good && estimate(out, at, room + n * n, f);
  const errors e = {p, at->scaling, room, room + n * n, p->data->weight_as_given};
  good = good && fill_rows(out, &e, student_quantile(0.5 + confidence / 2, out->freedom));
  if (!good) inference_free(out);
  free(room);
  return good;
}

void inference_free(inference *i)
{
  free(i->row);
  *i = (inference){0};
}
