/* Prints optima.h: the least value of penalised softmax regression on the shipped data, by Newton's method written
 * out by hand in long double arithmetic, with no use of the library. Run it again if the data or objective change:
 *   make_optima > optima.h
 * The binary logistic model is the softmax of two classes with the coefficients of the first held at zero. */
#include "load.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef long double real;

typedef struct instance {
  size_t n, p, k, classes; /* rows, features, free classes (1 for two classes), classes */
  real *x;                 /* n x (p + 1), the last column 1 */
  size_t *y;
  real *ridge;             /* per feature, on coefficients of the columns of x */
} instance;

static instance prepare(const loaded *l, real lambda, bool standardized)
{
  instance s = {l->rows, l->features, l->labels.count == 2 ? 1 : l->labels.count, l->labels.count, NULL, l->class_of, NULL};
  s.x = calloc(s.n * (s.p + 1), sizeof *s.x);
  s.ridge = calloc(s.p, sizeof *s.ridge);
  for (size_t j = 0; j < s.p; j++) {
    real mean = 0, var = 0;
    for (size_t i = 0; i < s.n; i++) mean += (real)l->table.cell[i * l->table.columns + j] / (real)s.n;
    for (size_t i = 0; i < s.n; i++) var += powl((real)l->table.cell[i * l->table.columns + j] - mean, 2) / (real)s.n;
    const bool constant = var < 1e-20L;
    const real sd = constant ? 1 : sqrtl(var);
    s.ridge[j] = constant ? 1 : standardized ? lambda : lambda / var;
    for (size_t i = 0; i < s.n; i++) {
      s.x[i * (s.p + 1) + j] = constant ? 0 : ((real)l->table.cell[i * l->table.columns + j] - mean) / sd;
    }
  }
  for (size_t i = 0; i < s.n; i++) s.x[i * (s.p + 1) + s.p] = 1;
  return s;
}

/* Probabilities of the free classes; returns -log of that of the truth. */
static real probabilities(const instance *s, const real *theta, size_t i, real *prob)
{
  const size_t m = s->p + 1;
  real most = s->k == 1 ? 0 : -INFINITY, total = 0, z[16];
  for (size_t c = 0; c < s->k; c++) {
    z[c] = 0;
    for (size_t j = 0; j < m; j++) z[c] += theta[c * m + j] * s->x[i * m + j];
    if (z[c] > most) most = z[c];
  }
  for (size_t c = 0; c < s->k; c++) total += prob[c] = expl(z[c] - most);
  if (s->k == 1) total += expl(-most);
  for (size_t c = 0; c < s->k; c++) prob[c] /= total;
  const real truth = s->k == 1 ? (s->y[i] == 1 ? z[0] : 0) : z[s->y[i]];
  return most + logl(total) - truth;
}

static real objective(const instance *s, const real *theta)
{
  real sum = 0, prob[16];
  for (size_t i = 0; i < s->n; i++) sum += probabilities(s, theta, i, prob);
  sum /= (real)s->n;
  for (size_t c = 0; c < s->k; c++) {
    for (size_t j = 0; j < s->p; j++) sum += s->ridge[j] * theta[c * (s->p + 1) + j] * theta[c * (s->p + 1) + j] / 2;
  }
  return sum;
}

/* Gradient and Hessian; the Hessian gets 1/k added along what all classes have in common, where the gradient is 0. */
static void derivatives(const instance *s, const real *theta, real *g, real *h)
{
  const size_t m = s->p + 1, d = s->k * m;
  memset(g, 0, d * sizeof *g);
  memset(h, 0, d * d * sizeof *h);
  for (size_t i = 0; i < s->n; i++) {
    real prob[16];
    probabilities(s, theta, i, prob);
    const real *x = s->x + i * m;
    for (size_t a = 0; a < s->k; a++) {
      const real miss = prob[a] - (s->k == 1 ? s->y[i] == 1 : s->y[i] == a);
      for (size_t j = 0; j < m; j++) g[a * m + j] += miss * x[j] / (real)s->n;
      for (size_t b = 0; b <= a; b++) {
        const real w = prob[a] * ((a == b) - prob[b]) / (real)s->n;
        for (size_t j = 0; j < m; j++) {
          for (size_t q = 0; q < m; q++) h[(a * m + j) * d + b * m + q] += w * x[j] * x[q];
        }
      }
    }
  }
  for (size_t c = 0; c < s->k; c++) {
    for (size_t j = 0; j < s->p; j++) {
      g[c * m + j] += s->ridge[j] * theta[c * m + j];
      h[(c * m + j) * d + c * m + j] += s->ridge[j];
    }
    for (size_t b = 0; s->k > 1 && b <= c; b++) h[(c * m + s->p) * d + b * m + s->p] += 1 / (real)s->k;
  }
}

static void solve(real *h, size_t d, real *b) /* Cholesky of the lower triangle */
{
  for (size_t i = 0; i < d; i++) {
    for (size_t j = 0; j <= i; j++) {
      real sum = h[i * d + j];
      for (size_t k = 0; k < j; k++) sum -= h[i * d + k] * h[j * d + k];
      h[i * d + j] = i == j ? sqrtl(sum) : sum / h[j * d + j];
    }
  }
  for (size_t i = 0; i < d; i++) {
    for (size_t k = 0; k < i; k++) b[i] -= h[i * d + k] * b[k];
    b[i] /= h[i * d + i];
  }
  for (size_t i = d; i-- > 0;) {
    for (size_t k = i + 1; k < d; k++) b[i] -= h[k * d + i] * b[k];
    b[i] /= h[i * d + i];
  }
}

static real optimum(const instance *s)
{
  const size_t d = s->k * (s->p + 1);
  real *theta = calloc(d, sizeof *theta), *trial = calloc(d, sizeof *trial), *g = calloc(d, sizeof *g);
  real *h = calloc(d * d, sizeof *h), value = objective(s, theta);
  for (int iteration = 0; iteration < 100; iteration++) {
    derivatives(s, theta, g, h);
    real before = 0;
    for (size_t j = 0; j < d; j++) trial[j] = g[j];
    solve(h, d, g);
    for (size_t j = 0; j < d; j++) before += trial[j] * g[j];
    real t = 1, next = value;
    for (; t > 1e-6L; t /= 2) {
      for (size_t j = 0; j < d; j++) trial[j] = theta[j] - t * g[j];
      next = objective(s, trial);
      if (next <= value - 1e-4L * t * before + 1e-19L) break;
    }
    memcpy(theta, trial, d * sizeof *theta);
    value = next < value ? next : value;
    if (before < 1e-24L * value) break;
  }
  free(theta);
  free(trial);
  free(g);
  free(h);
  return value;
}

int main(int argc, char **argv)
{
  static const char *const set[] = {"iris", "wine", "breast_cancer", "digits"};
  const char *folder = argc > 1 ? argv[1] : DATA;
  printf("/* Made by make_optima.c: name, strength of the L2 penalty, penalty on standardized columns, least value. */\n");
  for (size_t i = 0; i < 4; i++) {
    char file[1000], *arguments[] = {"tapegrad-train", "fit", file};
    failure f;
    options o;
    loaded l;
    snprintf(file, sizeof file, "%s/%s.csv", folder, set[i]);
    if (!options_parse(&o, 3, arguments, &f) || !load(&l, &o, &f)) return puts(f.text), 1;
    for (int standardized = 0; standardized < 2; standardized++) {
      for (int power = 0; power >= -4; power -= 2) {
        const instance s = prepare(&l, powl(10, power), standardized != 0);
        printf("{\"%s\", \"%s\", %s, %.17Lg},\n", set[i], power == 0 ? "1" : power == -2 ? "1e-2" : "1e-4",
               standardized ? "true" : "false", optimum(&s));
        fflush(stdout);
        free(s.x);
        free(s.ridge);
      }
    }
    loaded_free(&l);
  }
  return 0;
}
