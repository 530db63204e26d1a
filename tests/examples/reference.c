#include "reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CLASSES = 16 };

reference reference_new(const loaded *l, real lambda, real mix, bool standardized)
{
  const size_t p = l->features, n = l->rows, k = l->labels.count;
  reference r = {.rows = n,
                 .columns = p,
                 .free = k == 2 ? 1 : k,
                 .classes = k,
                 .truth = l->class_of,
                 .lasso = mix * lambda};
  r.n = r.free * (p + 1);
  r.x = calloc(n * (p + 1), sizeof *r.x);
  r.mean = calloc(p, sizeof *r.mean);
  r.spread = calloc(p, sizeof *r.spread);
  r.ridge = calloc(p, sizeof *r.ridge);
  r.constant = calloc(p, sizeof *r.constant);
  for (size_t j = 0; j < p; j++) {
    real variance = 0;
    for (size_t i = 0; i < n; i++) r.mean[j] += (real)l->table.cell[i * l->table.columns + j] / (real)n;
    for (size_t i = 0; i < n; i++)
      variance += powl((real)l->table.cell[i * l->table.columns + j] - r.mean[j], 2) / (real)n;
    r.constant[j] = variance < 1e-20L;
    r.spread[j] = r.constant[j] ? 1 : sqrtl(variance);
    r.ridge[j] = r.constant[j] ? 1 : (1 - mix) * (standardized ? lambda : lambda / variance);
    for (size_t i = 0; i < n; i++) {
      const real x = (real)l->table.cell[i * l->table.columns + j];
      r.x[i * (p + 1) + j] = r.constant[j] ? 0 : (x - r.mean[j]) / r.spread[j];
    }
  }
  for (size_t i = 0; i < n; i++) r.x[i * (p + 1) + p] = 1;
  return r;
}

void reference_free(reference *r)
{
  free(r->x);
  free(r->mean);
  free(r->spread);
  free(r->ridge);
  free(r->constant);
}

/* Probabilities of the free classes; returns -log of that of the truth. */
static real probabilities(const reference *r, const real *theta, size_t i, real *prob)
{
  const size_t m = r->columns + 1;
  real most = r->free == 1 ? 0 : -INFINITY, total = 0, z[MOST_CLASSES];
  for (size_t c = 0; c < r->free; c++) {
    z[c] = 0;
    for (size_t j = 0; j < m; j++) z[c] += theta[c * m + j] * r->x[i * m + j];
    if (z[c] > most) most = z[c];
  }
  for (size_t c = 0; c < r->free; c++) total += prob[c] = expl(z[c] - most);
  if (r->free == 1) total += expl(-most);
  for (size_t c = 0; c < r->free; c++) prob[c] /= total;
  const real truth = r->free == 1 ? (r->truth[i] == 1 ? z[0] : 0) : z[r->truth[i]];
  return most + logl(total) - truth;
}

static real objective(const reference *r, const real *theta, const signed char *sign)
{
  const size_t m = r->columns + 1;
  real sum = 0, prob[MOST_CLASSES];
  for (size_t i = 0; i < r->rows; i++) sum += probabilities(r, theta, i, prob);
  sum /= (real)r->rows;
  for (size_t c = 0; c < r->free; c++) {
    for (size_t j = 0; j < r->columns; j++) {
      const real t = theta[c * m + j];
      sum += r->ridge[j] * t * t / 2 + (sign != NULL ? r->lasso * sign[c * m + j] * t : 0);
    }
  }
  return sum;
}

void reference_derivatives(const reference *r, const real *theta, real *g, real *h)
{
  const size_t m = r->columns + 1, d = r->n;
  memset(g, 0, d * sizeof *g);
  memset(h, 0, d * d * sizeof *h);
  for (size_t i = 0; i < r->rows; i++) {
    real prob[MOST_CLASSES];
    probabilities(r, theta, i, prob);
    const real *x = r->x + i * m;
    for (size_t a = 0; a < r->free; a++) {
      const real miss = prob[a] - (r->free == 1 ? r->truth[i] == 1 : r->truth[i] == a);
      for (size_t j = 0; j < m; j++) g[a * m + j] += miss * x[j] / (real)r->rows;
      for (size_t b = 0; b <= a; b++) {
        const real w = prob[a] * ((a == b) - prob[b]) / (real)r->rows;
        for (size_t j = 0; j < m; j++) {
          const real factor = w * x[j];
          for (size_t q = 0; q <= j; q++) h[(a * m + j) * d + b * m + q] += factor * x[q];
        }
      }
    }
  }
  for (size_t i = 0; i < d; i++) { /* every block of two classes is symmetric */
    for (size_t j = 0; j < d; j++) {
      if (j / m < i / m && j % m > i % m) h[i * d + j] = h[(i / m * m + j % m) * d + j / m * m + i % m];
    }
  }
  for (size_t c = 0; c < r->free; c++) {
    for (size_t j = 0; j < r->columns; j++) {
      g[c * m + j] += r->ridge[j] * theta[c * m + j];
      h[(c * m + j) * d + c * m + j] += r->ridge[j];
    }
    for (size_t j = 0; j < m; j++) {
      for (size_t b = 0; r->free > 1 && b <= c; b++) h[(c * m + j) * d + b * m + j] += 1 / (real)r->free;
    }
  }
  for (size_t i = 0; i < d; i++) {
    for (size_t j = 0; j < i; j++) h[j * d + i] = h[i * d + j];
  }
}

static void factorize(real *h, size_t d) /* Cholesky of the lower triangle */
{
  for (size_t i = 0; i < d; i++) {
    for (size_t j = 0; j <= i; j++) {
      real sum = h[i * d + j];
      for (size_t k = 0; k < j; k++) sum -= h[i * d + k] * h[j * d + k];
      h[i * d + j] = i == j ? sqrtl(sum) : sum / h[j * d + j];
    }
  }
}

static void substitute(const real *h, size_t d, real *b)
{
  for (size_t i = 0; i < d; i++) {
    for (size_t k = 0; k < i; k++) b[i] -= h[i * d + k] * b[k];
    b[i] /= h[i * d + i];
  }
  for (size_t i = d; i-- > 0;) {
    for (size_t k = i + 1; k < d; k++) b[i] -= h[k * d + i] * b[k];
    b[i] /= h[i * d + i];
  }
}

/* Coefficients held at zero leave the system; the gradient gets the slope of the L1 term. Where some class is
 * held, nothing in common is free, and what the Hessian got along that goes again. */
static void restrict_to(const reference *r, const signed char *sign, real *g, real *h)
{
  const size_t m = r->columns + 1, d = r->n, k = r->free;
  for (size_t j = 0; k > 1 && j < r->columns; j++) {
    size_t held = 0;
    for (size_t c = 0; c < k; c++) held += sign[c * m + j] == 0;
    for (size_t i = 0; held > 0 && i < k * k; i++) h[(i / k * m + j) * d + i % k * m + j] -= 1 / (real)k;
  }
  for (size_t i = 0; i < d; i++) {
    if (i % m == r->columns) continue;
    g[i] = sign[i] == 0 ? 0 : g[i] + r->lasso * sign[i];
    for (size_t j = 0; sign[i] == 0 && j < d; j++) h[i * d + j] = h[j * d + i] = i == j;
  }
}

real reference_solve(const reference *r, real *theta, const signed char *sign)
{
  const size_t d = r->n;
  real *trial = calloc(d, sizeof *trial), *g = calloc(d, sizeof *g), *h = calloc(d * d, sizeof *h);
  real value = objective(r, theta, sign);
  for (int iteration = 0; iteration < 100; iteration++) {
    reference_derivatives(r, theta, g, h);
    if (sign != NULL) restrict_to(r, sign, g, h);
    real before = 0;
    for (size_t j = 0; j < d; j++) trial[j] = g[j];
    factorize(h, d);
    substitute(h, d, g);
    for (size_t j = 0; j < d; j++) before += trial[j] * g[j];
    real t = 1, next = value;
    for (; t > 1e-6L; t /= 2) {
      for (size_t j = 0; j < d; j++) trial[j] = theta[j] - t * g[j];
      next = objective(r, trial, sign);
      if (next <= value - 1e-4L * t * before + 1e-19L) break;
    }
    memcpy(theta, trial, d * sizeof *theta);
    value = next < value ? next : value;
    if (before < 1e-26L * value) break;
  }
  free(trial);
  free(g);
  free(h);
  return value;
}

/* Removes what all classes have in common, from both sides of the inverse: entry (i, j) of P C P. */
static real projected(const reference *r, const real *c, size_t i, size_t j)
{
  const size_t m = r->columns + 1, k = r->free, d = r->n;
  if (k == 1) return c[i * d + j];
  real row = 0, column = 0, all = 0;
  for (size_t a = 0; a < k; a++) {
    row += c[i * d + a * m + j % m];
    column += c[(a * m + i % m) * d + j];
    for (size_t b = 0; b < k; b++) all += c[(a * m + i % m) * d + b * m + j % m];
  }
  return c[i * d + j] - row / (real)k - column / (real)k + all / (real)(k * k);
}

void reference_errors(const reference *r, const real *theta, real *error)
{
  const size_t m = r->columns + 1, p = r->columns, d = r->n;
  real *g = calloc(d, sizeof *g), *h = calloc(d * d, sizeof *h), *c = calloc(d * d, sizeof *c);
  reference_derivatives(r, theta, g, h);
  factorize(h, d);
  for (size_t i = 0; i < d; i++) {
    c[i * d + i] = 1 / (real)r->rows;
    substitute(h, d, c + i * d);
  }
  for (size_t a = 0; a < r->free; a++) {
    for (size_t j = 0; j < p; j++)
      error[a * m + j] = sqrtl(projected(r, c, a * m + j, a * m + j)) / r->spread[j];
    real sum = projected(r, c, a * m + p, a * m + p); /* b - sum_j w_j mean_j / spread_j */
    for (size_t i = 0; i < p; i++) {
      const real weight = -r->mean[i] / r->spread[i];
      sum += 2 * weight * projected(r, c, a * m + i, a * m + p);
      for (size_t j = 0; j < p; j++)
        sum -= weight * projected(r, c, a * m + i, a * m + j) * r->mean[j] / r->spread[j];
    }
    error[a * m + p] = sqrtl(sum);
  }
  free(g);
  free(h);
  free(c);
}
