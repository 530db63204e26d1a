/* Directions along which C does not change: parameters it does not depend on, columns of data that are sums
 * of others. H is singular along them, and no model has anything to say of how far to go; rounding would.
 * They are found by Cholesky's elimination with pivoting, each diagonal entry compared with what it was, so
 * that units do not matter, and H gets curvature along them: the steps of a Newton method are then orthogonal
 * to them, the shortest among those the model thinks equal. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "newton.h"

/* Cholesky factors of H without order: row order[k] is row k of U, in the columns that are not among
 * order[0..k).
 */
typedef struct elimination {
  const tg_run *run;
  const double *h; /* n rows, padded apart, as the rows of a */
  double *a;
  size_t *order; /* a permutation; the first `rank` are eliminated */
  size_t n, stride, rank;
  double least; /* part of a diagonal entry that is rounding */
  size_t down,
      beside; /* where curvature is negative: at order[down], with order[beside] unless that is the same */
} elimination;

static double *row_of(const elimination *e, size_t k) { return e->a + e->order[k] * e->stride; }

static double remains(const elimination *e, size_t k) { return row_of(e, k)[e->order[k]]; }

static double diagonal(const elimination *e, size_t i) { return e->h[i * e->stride + i]; }

static void exchange(size_t *order, size_t i, size_t j)
{
  const size_t t = order[i];
  order[i] = order[j];
  order[j] = t;
}

/* Takes row `rank` of U from the rows after it. */
static void eliminate(elimination *e)
{
  double *u = row_of(e, e->rank);
  const double root = sqrt(remains(e, e->rank));
  for (size_t k = e->rank; k < e->n; k++) u[e->order[k]] /= root;
  for (size_t k = e->rank + 1; k < e->n; k++) {
    double *row = row_of(e, k);
    const double t = u[e->order[k]];
    for (size_t l = e->rank + 1; t != 0.0 && l < e->n; l++) row[e->order[l]] -= t * u[e->order[l]];
  }
  e->rank++;
}

static bool negative(elimination *e, size_t k, size_t l)
{
  e->down = k;
  e->beside = l;
  return false;
}

/* Where what remains of the diagonal is rounding, so is all else of a matrix without negative curvature. */
static bool rest_is_rounding(elimination *e)
{
  for (size_t k = e->rank; k < e->n; k++)
    for (size_t l = e->rank; l < e->n; l++) {
      const double size = diagonal(e, e->order[k]) * diagonal(e, e->order[l]);
      if (!(fabs(row_of(e, k)[e->order[l]]) <= 4.0 * e->least * sqrt(size))) return negative(e, k, l);
    }
  return true;
}

/* False when curvature is clearly negative somewhere. */
static bool factor(elimination *e)
{
  for (size_t i = 0; i < e->n; i++) e->order[i] = i;
  for (;;) {
    size_t best = e->n;
    double most = e->least;
    for (size_t k = e->rank; k < e->n; k++) {
      const double was = diagonal(e, e->order[k]), left = remains(e, k), part = was > 0.0 ? left / was : 0.0;
      if (left < -e->least * fabs(was)) return negative(e, k, k);
      if (part > most) most = part, best = k;
    }
    if (best == e->n) return rest_is_rounding(e);
    exchange(e->order, e->rank, best);
    eliminate(e);
  }
}

/* The direction z in which parameter order[f], f >= rank, moves and C does not: U z = 0. It lies in the row
 * that elimination has left over. */
static void solve_flat(const elimination *e, size_t f)
{
  double *z = row_of(e, f);
  memset(z, 0, e->stride * sizeof *z);
  z[e->order[f]] = 1.0;
  for (size_t k = e->rank; k-- > 0;) {
    const double *u = row_of(e, k);
    double sum = u[e->order[f]];
    for (size_t l = k + 1; l < e->rank; l++) sum += u[e->order[l]] * z[e->order[l]];
    z[e->order[k]] = -sum / u[e->order[k]];
  }
}

/* Makes it orthogonal to those before it, of length 1. */
static void orthogonalise(const elimination *e, size_t f)
{
  const tg_vector_ *k = e->run->kernel;
  double *z = row_of(e, f);
  for (int twice = 0; twice < 2; twice++) {
    for (size_t before = e->rank; before < f; before++) {
      const double *w = row_of(e, before);
      k->add(z, z, -k->dot(z, w, e->stride), w, e->stride);
    }
    const double length = tg_dense_norm_(z, e->n);
    for (size_t i = 0; i < e->n; i++) z[i] /= length;
  }
}

/* What rounding leaves of the slope along z: each g_i is a sum of terms about as large as these. */
static double slope_noise(const elimination *e, const tg_point_ *p, const double *z)
{
  double sum = 0.0;
  for (size_t i = 0; i < e->n; i++) {
    const double *row = e->h + i * e->stride;
    double terms = fabs(p->g[i]) + sqrt(2.0 * fabs(p->value) * fabs(row[i]));
    for (size_t j = 0; j < e->n; j++) terms += fabs(row[j] * p->x[j]);
    sum += fabs(z[i]) * terms;
  }
  return 64.0 * DBL_EPSILON * sum;
}

static double curvature_for(const elimination *e, const double *z)
{
  double sum = 0.0;
  for (size_t i = 0; i < e->n; i++) sum += z[i] * z[i] * diagonal(e, i);
  return sum > 0.0 ? sum : 1.0;
}

static void add_square(double *h, size_t n, size_t stride, double t, const double *z)
{
  for (size_t i = 0; i < n; i++)
    for (size_t j = 0; z[i] != 0.0 && j < n; j++) h[i * stride + j] += t * z[i] * z[j];
}

/* Whether all pivots of U'U = H are more than rounding. */
static bool definite(const tg_run *run, const double *h, double *a, double least)
{
  double pivot;
  memcpy(a, h, run->n * run->padded * sizeof *a);
  if (tg_dense_cholesky_((tg_dense_){a, run->n, run->padded}, run->level, &pivot) < run->n) return false;
  for (size_t i = 0; i < run->n; i++) {
    const double u = a[i * run->padded + i];
    if (!(u * u > least * h[i * run->padded + i])) return false;
  }
  return true;
}

static elimination begin(tg_run *run, const double *h, double *a, size_t *order)
{
  memcpy(a, h, run->n * run->padded * sizeof *a);
  return (elimination){.run = run,
                       .h = h,
                       .a = a,
                       .order = order,
                       .n = run->n,
                       .stride = run->padded,
                       .least = 16.0 * (double)run->n * DBL_EPSILON};
}

bool tg_leads_down_(tg_run *run, const double *h, double *a, size_t *order, double *z)
{
  elimination e = begin(run, h, a, order);
  if (factor(&e)) return false;
  const double off_diagonal = row_of(&e, e.down)[order[e.beside]];
  solve_flat(&e, e.down);
  memcpy(z, row_of(&e, e.down), run->padded * sizeof *z);
  if (e.down != e.beside) {
    solve_flat(&e, e.beside);
    run->kernel->add(z, z, off_diagonal > 0.0 ? -1.0 : 1.0, row_of(&e, e.beside), run->padded);
  }
  return true;
}

void tg_bend_flats_(tg_run *run, double *h, double *g, double *a, size_t *order)
{
  const tg_point_ *p = tg_current_(run);
  memcpy(g, p->g, run->padded * sizeof *g);
  run->s.convex = definite(run, h, a, 16.0 * (double)run->n * DBL_EPSILON);
  if (run->s.convex) return;
  elimination e = begin(run, h, a, order);
  run->s.convex = factor(&e);
  if (!run->s.convex) return;
  for (size_t f = e.rank; f < e.n; f++) {
    solve_flat(&e, f);
    orthogonalise(&e, f);
  }
  for (size_t f = e.rank; f < e.n; f++) { /* noise is judged by H as it was */
    double *z = row_of(&e, f);
    const double slope = run->kernel->dot(z, g, run->padded);
    if (fabs(slope) > slope_noise(&e, p, z))
      memset(z, 0, run->padded * sizeof *z);
    else
      run->kernel->add(g, g, -slope, z, run->padded);
  }
  for (size_t f = e.rank; f < e.n; f++) {
    const double *z = row_of(&e, f);
    add_square(h, e.n, e.stride, curvature_for(&e, z), z);
  }
}
