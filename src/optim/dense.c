/* Cholesky by blocks of rows, so that each row below reads a block from the cache; QR and elimination plain. */
#include "dense.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "level.h"

double tg_dense_inner_(const double *x, const double *y, size_t n)
{
  double sum = 0.0;
  for (size_t i = 0; i < n; i++) sum += x[i] * y[i];
  return sum;
}

double tg_dense_norm_(const double *x, size_t n)
{
  const double square = tg_dense_inner_(x, x, n);
  if (square > 1e-250 && square < 1e250) return sqrt(square);
  double largest = 0.0, sum = 0.0;
  for (size_t i = 0; i < n; i++) largest = fmax(largest, fabs(x[i]));
  if (!(largest > 0.0) || isinf(largest) || isnan(square)) return isnan(square) ? square : largest;
  for (size_t i = 0; i < n; i++) sum += (x[i] / largest) * (x[i] / largest);
  return largest * sqrt(sum);
}

/* ---- Cholesky ---- */

enum { BLOCK = 32 };

/* out[0..n) -= sum over r < rows of coefficient_r u_r: what a block of rows of U takes from a row below it.
 * Coefficients and rows are `stride` apart. */
typedef struct elimination {
  double *out;
  const double *coefficient, *u;
  size_t stride, rows, n;
} elimination;

TG_INLINE_ void eliminate(const elimination *e)
{
  double *restrict out = e->out;
  const size_t n = e->n, stride = e->stride;
  size_t r = 0;
  for (; r + 4 <= e->rows; r += 4) {
    const double *u0 = e->u + r * stride, *u1 = u0 + stride, *u2 = u1 + stride, *u3 = u2 + stride;
    const double *c = e->coefficient + r * stride;
    const double c0 = c[0], c1 = c[stride], c2 = c[2 * stride], c3 = c[3 * stride];
    TG_INDEPENDENT_
    for (size_t i = 0; i < n; i++) out[i] -= (c0 * u0[i] + c1 * u1[i]) + (c2 * u2[i] + c3 * u3[i]);
  }
  for (; r < e->rows; r++) {
    const double *u0 = e->u + r * stride;
    const double c0 = e->coefficient[r * stride];
    TG_INDEPENDENT_
    for (size_t i = 0; i < n; i++) out[i] -= c0 * u0[i];
  }
}
TG_LEVELS_(eliminate, elimination);

/* Takes rows [from, to) of U from row k, beginning at its diagonal. */
static void take(tg_dense_ a, size_t from, size_t to, size_t k, int level)
{
  const double *first = a.a + from * a.stride + k;
  const elimination e = {.out = a.a + k * a.stride + k,
                         .coefficient = first,
                         .u = first,
                         .stride = a.stride,
                         .rows = to - from,
                         .n = a.n - k};
  eliminate_levels[level](&e);
}

size_t tg_dense_cholesky_(tg_dense_ a, int level, double *pivot)
{
  assert(a.a && a.stride >= a.n && pivot);
  assert(level >= 0 && level < TG_LEVEL_COUNT_);
  for (size_t from = 0; from < a.n; from += BLOCK) {
    const size_t to = from + BLOCK < a.n ? from + BLOCK : a.n;
    for (size_t k = from; k < to; k++) {
      double *row = a.a + k * a.stride;
      take(a, from, k, k, level);
      *pivot = row[k];
      if (!(row[k] > 0.0) || isinf(row[k])) return k;
      const double root = sqrt(row[k]);
      for (size_t j = k; j < a.n; j++) row[j] /= root;
    }
    for (size_t k = to; k < a.n; k++) take(a, from, to, k, level);
  }
  return a.n;
}

void tg_dense_solve_transposed_(tg_dense_ u, size_t k, double *x)
{
  assert(u.a && x && k <= u.n && u.stride >= u.n);
  for (size_t i = 0; i < k; i++) {
    const double *row = u.a + i * u.stride, t = x[i] / row[i];
    x[i] = t;
    for (size_t j = i + 1; j < k; j++) x[j] -= t * row[j];
  }
}

void tg_dense_solve_upper_(tg_dense_ u, size_t k, double *x)
{
  assert(u.a && x && k <= u.n && u.stride >= u.n);
  for (size_t i = k; i-- > 0;) {
    const double *row = u.a + i * u.stride;
    x[i] = (x[i] - tg_dense_inner_(row + i + 1, x + i + 1, k - i - 1)) / row[i];
  }
}

/* Solves U'w = e with the signs of e chosen to make w grow, then U z = w. */
double tg_dense_small_direction_(tg_dense_ u, double *z)
{
  assert(u.a && z && u.n > 0 && u.stride >= u.n);
  const size_t n = u.n;
  for (size_t i = 0; i < n; i++) z[i] = 0.0;
  for (size_t i = 0; i < n; i++) {
    const double *row = u.a + i * u.stride;
    const double up = (1.0 - z[i]) / row[i], down = (-1.0 - z[i]) / row[i];
    double grow_up = fabs(up), grow_down = fabs(down);
    for (size_t j = i + 1; j < n; j++) {
      grow_up += fabs(z[j] + up * row[j]);
      grow_down += fabs(z[j] + down * row[j]);
    }
    const double w = grow_up >= grow_down ? up : down;
    for (size_t j = i + 1; j < n; j++) z[j] += w * row[j];
    z[i] = w;
  }
  const double before = tg_dense_norm_(z, n);
  tg_dense_solve_upper_(u, n, z);
  const double size = tg_dense_norm_(z, n);
  for (size_t i = 0; i < n; i++) z[i] /= size;
  return before / size;
}

/* ---- elimination ---- */

static void exchange(double *a, double *b, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    const double t = a[i];
    a[i] = b[i];
    b[i] = t;
  }
}

bool tg_dense_solve_general_(tg_dense_ a, double *x)
{
  assert(a.a && x && a.stride >= a.n);
  for (size_t k = 0; k < a.n; k++) {
    size_t best = k;
    for (size_t i = k + 1; i < a.n; i++)
      if (fabs(a.a[i * a.stride + k]) > fabs(a.a[best * a.stride + k])) best = i;
    double *top = a.a + k * a.stride;
    if (!(fabs(a.a[best * a.stride + k]) > 0.0)) return false;
    if (best != k) exchange(top + k, a.a + best * a.stride + k, a.n - k), exchange(x + k, x + best, 1);
    for (size_t i = k + 1; i < a.n; i++) {
      double *row = a.a + i * a.stride;
      const double t = row[k] / top[k];
      for (size_t j = k + 1; j < a.n; j++) row[j] -= t * top[j];
      x[i] -= t * x[k];
    }
  }
  tg_dense_solve_upper_(a, a.n, x);
  return true;
}

/* ---- QR ---- */

/* Norms of columns [from, n) of rows [from, m) of j. */
static void column_norms(const double *j, size_t m, size_t n, size_t from, double *norm)
{
  for (size_t k = from; k < n; k++) {
    double largest = 0.0, sum = 0.0;
    for (size_t i = from; i < m; i++) largest = fmax(largest, fabs(j[i * n + k]));
    for (size_t i = from; i < m && largest > 0.0; i++)
      sum += (j[i * n + k] / largest) * (j[i * n + k] / largest);
    norm[k] = largest * sqrt(sum);
  }
}

static void swap_columns(double *j, size_t m, size_t n, size_t a, size_t b)
{
  for (size_t i = 0; i < m; i++) exchange(j + i * n + a, j + i * n + b, 1);
}

/* Applies the reflection held in column k, rows [k, m), to the columns right of it and to b. Works along
 * rows. */
static void reflect(const tg_dense_qr_arrays_ *q, size_t k)
{
  const size_t n = q->n;
  const double first = q->j[k * n + k];
  double sum_b = 0.0, *sum = q->work + n;
  memset(sum, 0, n * sizeof *sum);
  for (size_t i = k; i < q->m; i++) {
    const double *row = q->j + i * n, v = row[k];
    for (size_t c = k + 1; c < n; c++) sum[c] += v * row[c];
    sum_b += v * q->b[i];
  }
  for (size_t i = k; i < q->m; i++) {
    double *row = q->j + i * n;
    const double v = row[k] / first;
    for (size_t c = k + 1; c < n; c++) row[c] -= v * sum[c];
    q->b[i] -= v * sum_b;
  }
}

/* Brings the column that is longest from row k on to place k; returns that length. */
static double choose(const tg_dense_qr_arrays_ *q, size_t k)
{
  double *left = q->work;
  size_t best = k;
  column_norms(q->j, q->m, q->n, k, left);
  for (size_t c = k + 1; c < q->n; c++)
    if (left[c] > left[best]) best = c;
  if (best != k) {
    const size_t t = q->pivot[k];
    q->pivot[k] = q->pivot[best];
    q->pivot[best] = t;
    swap_columns(q->j, q->m, q->n, k, best);
  }
  return left[best];
}

void tg_dense_qr_(const tg_dense_qr_arrays_ *q)
{
  assert(q->j && q->pivot && q->diagonal && q->norm && q->b && q->work);
  assert(q->m > 0 && q->n > 0);
  const size_t n = q->n;
  double *j = q->j;
  column_norms(j, q->m, n, 0, q->norm);
  for (size_t k = 0; k < n; k++) q->pivot[k] = k, q->diagonal[k] = 0.0;
  for (size_t k = 0; k < n && k < q->m; k++) {
    const double size = choose(q, k), length = j[k * n + k] < 0.0 ? -size : size;
    q->diagonal[k] = -length;
    if (length == 0.0) continue;
    /* v = column / length with 1 added to its first entry; the reflection is I - v v' / v_k */
    for (size_t i = k; i < q->m; i++) j[i * n + k] /= length;
    j[k * n + k] += 1.0;
    reflect(q, k);
  }
}
