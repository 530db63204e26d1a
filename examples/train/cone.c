#include "cone.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double wrong_side = 1e-11;  /* relative: below, a negative margin is rounding */
static const double dependent = 1e-9;    /* relative: what is left of a form that the tight ones span */

bool cone_new(cone *c, const model_shape *shape, const dataset *data)
{
  const size_t n = model_parameters(shape);
  *c = (cone){.shape = shape, .data = data, .n = n};
  c->v = resize(NULL, n, sizeof(double));
  c->x = resize(NULL, shape->features, sizeof(double));
  c->row = resize(NULL, n, sizeof(size_t));
  c->other = resize(NULL, n, sizeof(size_t));
  c->q = resize(NULL, n, n * sizeof(double));
  c->r = resize(NULL, n, n * sizeof(double));
  c->weight = zeroed(n, sizeof(double));
  c->next = zeroed(n, sizeof(double));
  if (c->v && c->x && c->row && c->other && c->q && c->r && c->weight && c->next) return true;
  cone_free(c);
  return false;
}

void cone_free(cone *c)
{
  free(c->v);
  free(c->x);
  free(c->row);
  free(c->other);
  free(c->q);
  free(c->r);
  free(c->weight);
  free(c->next);
  *c = (cone){0};
}

static double dot_of(const double *a, const double *b, size_t n)
{
  double sum = 0;
  for (size_t j = 0; j < n; j++) sum += a[j] * b[j];
  return sum;
}

/* Gram-Schmidt, twice, so that the basis is orthonormal to rounding. */
static bool append(cone *c, size_t row, size_t other)
{
  const size_t n = c->n, at = c->tight;
  if (at == n) return false;
  double *q = c->q + at * n, *r = c->r + at * n;
  margin_form(c->shape, features_of(c->data, row, c->x), (size_t)dataset_target(c->data, row), other, q);
  const double before = sqrt(dot_of(q, q, n));
  memset(r, 0, n * sizeof *r);
  for (int twice = 0; twice < 2; twice++) {
    for (size_t i = 0; i < at; i++) {
      const double along = dot_of(q, c->q + i * n, n);
      for (size_t j = 0; j < n; j++) q[j] -= along * c->q[i * n + j];
      r[i] += along;
    }
  }
  r[at] = sqrt(dot_of(q, q, n));
  if (!(r[at] > dependent * before)) return false;
  for (size_t j = 0; j < n; j++) q[j] /= r[at];
  c->row[at] = row;
  c->other[at] = other;
  c->weight[at] = 0;
  c->tight++;
  return true;
}

static void away_from(const cone *c, size_t i, double *d)
{
  const double *q = c->q + i * c->n, along = dot_of(q, d, c->n);
  for (size_t j = 0; j < c->n; j++) d[j] -= along * q[j];
}

bool cone_tighten(cone *c, size_t row, size_t other, double *d)
{
  if (!append(c, row, other)) return false;
  away_from(c, c->tight - 1, d);
  return true;
}

/* The weights without their sign: sum_j next_j form_j is minus the part of z that the tight forms span. */
static void solve_weights(cone *c, const double *z)
{
  for (size_t i = c->tight; i-- > 0;) {
    double sum = -dot_of(c->q + i * c->n, z, c->n);
    for (size_t j = i + 1; j < c->tight; j++) sum -= c->r[j * c->n + i] * c->next[j];
    c->next[i] = sum / c->r[i * c->n + i];
  }
}

/* Keeps the forms whose weight is positive. */
static void drop_forms(cone *c)
{
  const size_t before = c->tight;
  c->tight = 0;
  for (size_t i = 0; i < before; i++) {
    const double weight = c->weight[i];
    if (weight > 0 && append(c, c->row[i], c->other[i])) c->weight[c->tight - 1] = weight;
  }
}

/* Moves the weights towards those of the least squares as far as none becomes negative; true when all the way. */
static bool move_weights(cone *c)
{
  double t = 1;
  size_t first = c->tight;
  for (size_t i = 0; i < c->tight; i++) {
    if (c->next[i] > 0) continue;
    const double reach = c->weight[i] > 0 ? c->weight[i] / (c->weight[i] - c->next[i]) : 0;
    if (first == c->tight || reach < t) {
      t = reach;
      first = i;
    }
  }
  for (size_t i = 0; i < c->tight; i++) c->weight[i] += t * (c->next[i] - c->weight[i]);
  if (first == c->tight) return true;
  c->weight[first] = 0;
  for (size_t i = 0; i < c->tight; i++) c->weight[i] = c->next[i] <= 0 && c->weight[i] < 1e-300 ? 0 : c->weight[i];
  return false;
}

/* The row with the most negative margin, relative to its size. */
static bool most_wrong(cone *c, const double *d, size_t *row, size_t *other)
{
  const dataset *data = c->data;
  double worst = -wrong_side * sqrt(dot_of(d, d, c->n));
  bool found = false;
  for (size_t i = 0; i < data->rows; i++) {
    if (dataset_weight(data, i) == 0) continue;
    const double *x = features_of(data, i, c->x);
    const size_t truth = (size_t)dataset_target(data, i);
    for (size_t k = 0; k < margins_per_row(c->shape); k++) {
      const size_t b = other_class(c->shape, truth, k);
      const margin m = margin_of(c->shape, d, x, truth, b);
      if (m.value + m.error >= 0 || m.value / m.size >= worst) continue;
      worst = m.value / m.size;
      *row = i;
      *other = b;
      found = true;
    }
  }
  return found;
}

bool cone_project(cone *c, const double *z, double *d)
{
  c->tight = 0;
  memcpy(d, z, c->n * sizeof *d);
  for (size_t step = 0; step < 10 * c->n + 100; step++) {
    size_t row, other;
    if (!most_wrong(c, d, &row, &other)) return true;
    if (!append(c, row, other)) return false; /* at the limit of rounding */
    for (bool whole = false; !whole;) {
      solve_weights(c, z);
      whole = move_weights(c);
      if (!whole) drop_forms(c);
    }
    memcpy(d, z, c->n * sizeof *d);
    for (int twice = 0; twice < 2; twice++) {
      for (size_t i = 0; i < c->tight; i++) away_from(c, i, d);
    }
  }
  return false;
}
