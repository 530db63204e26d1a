#include "whitening.h"

#include "linear_algebra.h"
#include "memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_FEATURES = 600, LEAST_PER_FEATURE = 20, MOST_PER_FEATURE = 100, LEAST_ROWS = 2000 };

bool whitening_fits(const problem *p)
{
  return p->shape.kind != MODEL_NET && p->shape.features <= MOST_FEATURES;
}

/* The curvature of the loss in the predictors of a row, the mean over the classes; `z` has room for the
 * outputs. The offset stands behind the features. */
static double curvature_at(const whitening *w, const double *theta, const double *x, double *z)
{
  const model_shape *m = &w->p->shape;
  if (m->kind == MODEL_LINEAR) return 1;
  model_outputs(m, theta, x, NULL, z);
  if (m->kind == MODEL_LOGISTIC) {
    const double margin = z[0] + x[m->features];
    return tg_sigmoid_d(margin) * tg_sigmoid_d(-margin);
  }
  double sum = 0;
  tg_softmax_d(z, m->classes, z);
  for (size_t k = 0; k < m->classes; k++) sum += z[k] * (1 - z[k]);
  return sum / (double)m->classes;
}

enum { AT_A_TIME = 4 };

/* m += sum over four rows of c x x', the lower triangle; x has n entries. */
static void add_products(double *m, size_t n, const double *x, const double c[AT_A_TIME])
{
  const double *x1 = x + n, *x2 = x1 + n, *x3 = x2 + n;
  for (size_t a = 0; a < n; a++) {
    const double f0 = c[0] * x[a], f1 = c[1] * x1[a], f2 = c[2] * x2[a], f3 = c[3] * x3[a];
    double *row = m + a * n;
    for (size_t b = 0; b <= a; b++) row[b] += (f0 * x[b] + f1 * x1[b]) + (f2 * x2[b] + f3 * x3[b]);
  }
}

/* The lower triangle of sum c x x' over evenly spaced rows. */
static void moments(whitening *w, const double *theta, size_t step)
{
  const dataset *d = w->p->data;
  const size_t n = w->size, p = n - 1, count = (d->rows + step - 1) / step;
  double c[AT_A_TIME] = {0};
  memset(w->factor, 0, n * n * sizeof *w->factor);
  for (size_t i = 0, held = 0; i < d->rows; i += step) {
    double *x = w->rows + held * n;
    const double *row = problem_row(w->p, i, x);
    if (row != x) memcpy(x, row, p * sizeof *x);
    x[p] = dataset_offset(d, i);
    c[held++] = dataset_weight(d, i) / (double)count * curvature_at(w, theta, x, w->line);
    x[p] = 1;
    if (held < AT_A_TIME && i + step < d->rows) continue;
    for (; held < AT_A_TIME; held++) c[held] = 0;
    add_products(w->factor, n, w->rows, c);
    held = 0;
  }
  for (size_t j = 0; j < p; j++) w->factor[j * n + j] += w->p->ridge[j];
}

/* For one output M is the Hessian, which the finite sum has at hand; not the others': they may have no
 * curvature. */
static bool hessian(whitening *w, const double *theta, size_t step)
{
  problem *p = w->p;
  const model_shape *m = &p->shape;
  const bool curved = m->kind == MODEL_LOGISTIC || (m->kind == MODEL_LINEAR && m->loss == LOSS_SQUARED);
  if (!curved || p->data->paged != NULL) return false;
  const size_t *const kept = p->index, kept_count = p->count, count = (p->data->rows + step - 1) / step;
  size_t *index = resize(NULL, count, sizeof *index);
  if (index == NULL) return w->no_memory = true, false;
  for (size_t i = 0; i < count; i++) index[i] = i * step;
  problem_restrict(p, index, count);
  const tg_status status = problem_hessian(p, theta, w->factor);
  problem_restrict(p, kept, kept_count);
  free(index);
  w->no_memory = w->no_memory || status == TG_E_NOMEM;
  return status == TG_OK;
}

/* A sample is good enough for a change of coordinates: so many rows that M costs about as much as a gradient,
 * or as few as will do. */
static size_t sample_step(const whitening *w)
{
  const size_t rows = w->p->data->rows, n = w->size, affordable = 4 * rows / n;
  size_t enough = affordable > MOST_PER_FEATURE * n ? MOST_PER_FEATURE * n : affordable;
  if (enough < LEAST_PER_FEATURE * n) enough = LEAST_PER_FEATURE * n;
  if (enough < LEAST_ROWS) enough = LEAST_ROWS;
  return rows > enough ? rows / enough : 1;
}

/* Adds as much to every diagonal entry as it takes to be safely positive. */
static void factorize(whitening *w)
{
  const size_t n = w->size;
  double *m = w->factor;
  for (size_t j = 0; j < n; j++) {
    if (!(m[j * n + j] > 0)) m[j * n + j] = 1; /* a constant column */
  }
  memcpy(w->copy, m, n * n * sizeof *m);
  for (double damping = 1e-9;; damping *= 100) {
    for (size_t j = 0; j < n; j++) m[j * n + j] *= 1 + damping;
    if (cholesky(m, n, NULL)) return;
    memcpy(m, w->copy, n * n * sizeof *m);
  }
}

void whitening_at(whitening *w, const double *theta)
{
  assert(w->size == w->p->shape.features + 1);
  const size_t step = sample_step(w);
  if (!hessian(w, theta, step)) moments(w, theta, step);
  factorize(w);
}

bool whitening_new(whitening *w, problem *p, failure *f)
{
  const size_t n = p->shape.features + 1, rows = model_rows(&p->shape);
  *w = (whitening){.p = p, .size = n};
  w->factor = resize(NULL, n, n * sizeof(double));
  w->copy = resize(NULL, n, n * sizeof(double));
  w->theta = zeroed(p->n, sizeof(double));
  w->gradient = resize(NULL, p->n, sizeof(double));
  w->line = resize(NULL, n + rows, sizeof(double));
  w->rows = zeroed(AT_A_TIME * n, sizeof(double));
  if (w->rows && w->factor && w->copy && w->theta && w->gradient && w->line) {
    whitening_at(w, w->theta);
    return true;
  }
  whitening_free(w);
  return fail_memory(f);
}

void whitening_free(whitening *w)
{
  free(w->factor);
  free(w->copy);
  free(w->theta);
  free(w->gradient);
  free(w->line);
  free(w->rows);
  *w = (whitening){0};
}

/* The coefficients of one class as a vector, and back. */
static void gather(const whitening *w, const double *theta, size_t k)
{
  const size_t p = w->size - 1;
  memcpy(w->line, theta + k * p, p * sizeof *theta);
  w->line[p] = theta[model_rows(&w->p->shape) * p + k];
}

static void scatter(const whitening *w, double *theta, size_t k)
{
  const size_t p = w->size - 1;
  memcpy(theta + k * p, w->line, p * sizeof *theta);
  theta[model_rows(&w->p->shape) * p + k] = w->line[p];
}

void whitening_enter(whitening *w, const double *theta, double *v)
{
  const size_t n = w->size;
  for (size_t k = 0; k < model_rows(&w->p->shape); k++) {
    gather(w, theta, k);
    for (size_t j = 0; j < n; j++) { /* L' in place: entry j needs only later ones */
      double sum = 0;
      for (size_t i = j; i < n; i++) sum += w->factor[i * n + j] * w->line[i];
      w->line[j] = sum;
    }
    scatter(w, v, k);
  }
}

void whitening_leave(whitening *w, const double *v, double *theta)
{
  for (size_t k = 0; k < model_rows(&w->p->shape); k++) {
    gather(w, v, k);
    solve_upper(w->factor, w->size, w->line);
    scatter(w, theta, k);
  }
}

/* A gradient with respect to theta becomes one with respect to v. */
static void pull_back(whitening *w, const double *gradient, double *to)
{
  for (size_t k = 0; k < model_rows(&w->p->shape); k++) {
    gather(w, gradient, k);
    solve_lower(w->factor, w->size, w->line);
    scatter(w, to, k);
  }
}

static int evaluate(const double *v, double *value, double *gradient, void *user)
{
  whitening *w = user;
  if (w->no_memory) return TG_E_NOMEM;
  whitening_leave(w, v, w->theta);
  const tg_status status = problem_evaluate(w->p, w->theta, value, gradient != NULL ? w->gradient : NULL);
  if (status == TG_OK && gradient != NULL) pull_back(w, w->gradient, gradient);
  return status;
}

static int hvp(const double *v, const double *d, double *hd, void *user)
{
  whitening *w = user;
  whitening_leave(w, v, w->theta);
  whitening_leave(w, d, w->gradient);
  const int status = problem_objective(w->p).hvp(w->theta, w->gradient, hd, w->p);
  if (status == TG_OK) pull_back(w, hd, hd);
  return status;
}

tg_objective whitening_objective(whitening *w)
{
  return (tg_objective){.n = w->p->n, .evaluate = evaluate, .hvp = hvp, .user = w};
}
