#include "margins.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

const double *features_of(const dataset *d, size_t i, double *room)
{
  if (!d->is_sparse) return dataset_row(d, i);
  memset(room, 0, d->features * sizeof *room);
  for (size_t e = d->sparse.row_start[i]; e < d->sparse.row_start[i + 1]; e++) {
    room[d->sparse.column[e]] = d->sparse.value[e];
  }
  return room;
}

const double *features_alone(const dataset *d, size_t i, double *room)
{
  if (d->paged == NULL) return features_of(d, i, room);
  paged_copy(d->paged, i, room);
  return room;
}

size_t margins_per_row(const model_shape *m) { return m->classes - 1; }

contrast contrast_of(const dataset *d, size_t i, size_t k)
{
  const size_t own = (size_t)dataset_target(d, i);
  return (contrast){i, own, k < own ? k : k + 1};
}

static void put(const model_shape *m, const double *x, size_t k, double sign, double *v)
{
  const size_t p = m->features;
  for (size_t j = 0; j < p; j++) v[k * p + j] = sign * x[j];
  v[model_rows(m) * p + k] = sign;
}

void margin_form(const model_shape *m, const double *x, contrast c, double *v)
{
  assert(c.own != c.rival && c.own < m->classes && c.rival < m->classes);
  memset(v, 0, model_parameters(m) * sizeof *v);
  if (m->kind == MODEL_LOGISTIC) {
    put(m, x, 0, c.own == 1 ? 1 : -1, v);
    return;
  }
  put(m, x, c.own, 1, v);
  put(m, x, c.rival, -1, v);
}

/* Any order of n additions and products errs by at most n u / (1 - n u) times the sum of the sizes of the
 * terms (Higham 2002, (3.5)); scaling erred by 2 u in every entry; u = 2^-53. */
margin margin_of(const model_shape *m, const double *theta, const double *x, contrast c)
{
  const size_t p = m->features, rows = model_rows(m);
  const bool two = m->kind == MODEL_LOGISTIC;
  const double sign = two && c.own == 0 ? -1 : 1;
  const double *a = theta + (two ? 0 : c.own * p), *b = theta + (two ? 0 : c.rival * p);
  const double constant = two ? theta[p] : theta[rows * p + c.own] - theta[rows * p + c.rival];
  double sum = constant, terms = fabs(constant), square = 1;
  for (size_t j = 0; j < p; j++) {
    const double difference = two ? a[j] : a[j] - b[j], term = difference * x[j];
    sum += term;
    terms += fabs(term);
    square += x[j] * x[j];
  }
  const double n = (double)p + 6;
  return (margin){sign * sum, n * DBL_EPSILON * terms, sqrt(two ? square : 2 * square)};
}

bool margins_walk(const problem *p, const double *theta, double *room, margin_visit visit, void *user)
{
  const dataset *d = p->data;
  for (size_t i = 0; i < d->rows; i++) {
    if (dataset_weight(d, i) == 0) continue;
    const double *x = features_of(d, i, room);
    for (size_t k = 0; k < margins_per_row(&p->shape); k++) {
      const contrast c = contrast_of(d, i, k);
      const margin m = margin_of(&p->shape, theta, x, c);
      if (!visit(c, x, &m, user)) return false;
    }
  }
  return true;
}
