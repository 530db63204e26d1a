/* The method of Lawson & Hanson for nonnegative least squares, an active-set method: forms whose weight is
 * positive are "tight", the point is z without what they span. The form with the most negative margin becomes
 * tight; the weights then move towards those of the least squares over the tight forms, and a form whose weight
 * meets zero on the way leaves. No margin negative: done. */
#include "cone.h"

#include "memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double wrong_side = 1e-11; /* relative: below, a negative margin is rounding */
static const double dependent = 1e-9;   /* relative: what is left of a form that the tight ones span */

bool cone_new(cone *c, const model_shape *shape, const dataset *data)
{
  const size_t n = model_parameters(shape);
  *c = (cone){.shape = shape, .data = data, .n = n};
  c->v = resize(NULL, n, sizeof(double));
  c->x = resize(NULL, shape->features + 3, sizeof(double)); /* with offset, weight and target */
  c->tight_of = resize(NULL, n, sizeof *c->tight_of);
  c->q = resize(NULL, n, n * sizeof(double));
  c->r = resize(NULL, n, n * sizeof(double));
  c->weight = zeroed(n, sizeof(double));
  c->next = zeroed(n, sizeof(double));
  if (c->v && c->x && c->tight_of && c->q && c->r && c->weight && c->next) return true;
  cone_free(c);
  return false;
}

void cone_free(cone *c)
{
  free(c->v);
  free(c->x);
  free(c->tight_of);
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

void cone_form(cone *c, contrast of, double *v)
{
  margin_form(c->shape, features_alone(c->data, of.row, c->x), of, v);
  for (size_t j = 0; c->support != NULL && j < c->n; j++) v[j] = c->support[j] ? v[j] : 0;
}

/* Gram-Schmidt, twice, so that the basis is orthonormal to rounding. */
static bool append(cone *c, contrast of)
{
  const size_t n = c->n, at = c->tight;
  if (at == n) return false;
  double *q = c->q + at * n, *r = c->r + at * n;
  cone_form(c, of, q);
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
  c->tight_of[at] = of;
  c->weight[at] = 0;
  c->tight++;
  return true;
}

/* Takes out of d what lies along basis vector i. */
static void project_out(const cone *c, size_t i, double *d)
{
  const double *q = c->q + i * c->n, along = dot_of(q, d, c->n);
  for (size_t j = 0; j < c->n; j++) d[j] -= along * q[j];
}

bool cone_tighten(cone *c, contrast of, double *d)
{
  if (!append(c, of)) return false;
  project_out(c, c->tight - 1, d);
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
    if (weight > 0 && append(c, c->tight_of[i])) c->weight[c->tight - 1] = weight;
  }
}

/* Moves the weights towards those of the least squares as far as none becomes negative; true when all the
 * way. */
static bool move_weights(cone *c)
{
  double t = 1;
  size_t first = c->tight;
  for (size_t i = 0; i < c->tight; i++) {
    if (c->next[i] > 0) continue;
    const double share = c->weight[i] > 0 ? c->weight[i] / (c->weight[i] - c->next[i]) : 0;
    if (first == c->tight || share < t) {
      t = share;
      first = i;
    }
  }
  for (size_t i = 0; i < c->tight; i++) c->weight[i] += t * (c->next[i] - c->weight[i]);
  if (first == c->tight) return true;
  c->weight[first] = 0;
  for (size_t i = 0; i < c->tight; i++)
    c->weight[i] = c->next[i] <= 0 && c->weight[i] < 1e-300 ? 0 : c->weight[i];
  return false;
}

/* Forms with negative margins, the most negative of all rows when they were gathered: one look at all rows is
 * enough for many steps. */
enum { CANDIDATES = 256 };

typedef struct candidates {
  contrast of[CANDIDATES];
  double violation[CANDIDATES]; /* margin over size: negative */
  size_t count;
} candidates;

static void note(candidates *w, contrast of, double violation)
{
  size_t at = w->count;
  if (at < CANDIDATES) {
    w->count++;
  } else {
    at = 0;
    for (size_t i = 1; i < CANDIDATES; i++) at = w->violation[i] > w->violation[at] ? i : at;
    if (violation >= w->violation[at]) return;
  }
  w->of[at] = of;
  w->violation[at] = violation;
}

/* Relative to the size of a form: margins of d above that are no violations. */
static double limit_of(const cone *c, const double *d) { return -wrong_side * sqrt(dot_of(d, d, c->n)); }

/* The margin of a form under d over its size, or 0 when what is negative of it may be rounding. */
static double violation_of(const cone *c, const double *d, double limit, const double *x, contrast of)
{
  const margin m = margin_of(c->shape, d, x, of);
  return m.value + m.error < 0 && m.value / m.size < limit ? m.value / m.size : 0;
}

static void gather(cone *c, const double *d, candidates *w)
{
  const dataset *data = c->data;
  const double limit = limit_of(c, d);
  w->count = 0;
  for (size_t i = 0; i < data->rows; i++) {
    if (dataset_weight(data, i) == 0) continue;
    const double *x = features_of(data, i, c->x);
    for (size_t k = 0; k < margins_per_row(c->shape); k++) {
      const contrast of = contrast_of(data, i, k);
      const double violation = violation_of(c, d, limit, x, of);
      if (violation < 0) note(w, of, violation);
    }
  }
}

/* The candidate with the most negative margin; CANDIDATES: none has one any more. */
static size_t worst_candidate(cone *c, const double *d, const candidates *w)
{
  const double limit = limit_of(c, d);
  size_t worst = CANDIDATES;
  double least = 0;
  for (size_t i = 0; i < w->count; i++) {
    const double *x = features_alone(c->data, w->of[i].row, c->x);
    const double violation = violation_of(c, d, limit, x, w->of[i]);
    if (violation >= least) continue;
    least = violation;
    worst = i;
  }
  return worst;
}

/* One form more is tight, others may leave; d becomes the point for the new weights. */
static bool step(cone *c, const double *z, double *d, contrast of)
{
  if (!append(c, of)) return false; /* at the limit of rounding */
  for (bool whole = false; !whole;) {
    solve_weights(c, z);
    whole = move_weights(c);
    if (!whole) drop_forms(c);
  }
  memcpy(d, z, c->n * sizeof *d);
  for (int twice = 0; twice < 2; twice++) {
    for (size_t i = 0; i < c->tight; i++) project_out(c, i, d);
  }
  return true;
}

bool cone_project(cone *c, const double *z, double *d)
{
  assert(z != d && c->support == NULL);
  size_t steps = 0;
  const size_t most = 10 * c->n + 100;
  candidates w;
  c->tight = 0;
  memcpy(d, z, c->n * sizeof *d);
  while (steps < most) {
    gather(c, d, &w);
    if (w.count == 0) return true;
    for (; steps < most; steps++) {
      const size_t worst = worst_candidate(c, d, &w);
      if (worst == CANDIDATES) break;
      if (!step(c, z, d, w.of[worst])) return false;
    }
  }
  return false;
}
