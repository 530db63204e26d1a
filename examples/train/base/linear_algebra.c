#include "linear_algebra.h"

#include <float.h>
#include <math.h>

double dot4(const double *a, const double *b, size_t n)
{
  double s[4] = {0};
  size_t i = 0;
  for (; i + 4 <= n; i += 4) {
    for (size_t k = 0; k < 4; k++) s[k] += a[i + k] * b[i + k];
  }
  double sum = (s[0] + s[1]) + (s[2] + s[3]);
  for (; i < n; i++) sum += a[i] * b[i];
  return sum;
}

double soft_threshold(double x, double by) { return x > by ? x - by : x < -by ? x + by : 0; }

bool cholesky(double *a, size_t n, size_t *pivot) { return cholesky_while(NULL, NULL, a, n, pivot); }

bool cholesky_while(bool (*go_on)(void *user), void *user, double *a, size_t n, size_t *pivot)
{
  for (size_t i = 0; i < n; i++) {
    if (go_on != NULL && !go_on(user)) {
      if (pivot) *pivot = n;
      return false;
    }
    double *row = a + i * n;
    for (size_t j = 0; j < i; j++) row[j] = (row[j] - dot4(row, a + j * n, j)) / a[j * n + j];
    const double rest = row[i] - dot4(row, row, i);
    if (!(rest > (double)n * DBL_EPSILON * row[i])) {
      if (pivot) *pivot = i;
      return false;
    }
    row[i] = sqrt(rest);
  }
  return true;
}

void solve_lower(const double *l, size_t n, double *x)
{
  for (size_t i = 0; i < n; i++) x[i] = (x[i] - dot4(l + i * n, x, i)) / l[i * n + i];
}

void solve_upper(const double *l, size_t n, double *x)
{
  for (size_t i = n; i-- > 0;) {
    x[i] /= l[i * n + i];
    for (size_t j = 0; j < i; j++) x[j] -= l[i * n + j] * x[i];
  }
}

void cholesky_solve(const double *l, size_t n, double *x)
{
  solve_lower(l, n, x);
  solve_upper(l, n, x);
}

void cholesky_inverse(const double *l, size_t n, double *inverse)
{
  for (size_t k = 0; k < n; k++) {
    double *row = inverse + k * n; /* symmetric: a row is a column */
    for (size_t i = 0; i < n; i++) row[i] = i == k;
    cholesky_solve(l, n, row);
  }
}
