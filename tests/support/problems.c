#include "problems.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

static int count(void *user)
{
  probe *p = user;
  p->calls++;
  return p->calls == p->answer_at ? p->answer : 0;
}

static int give(const probe *p, double sum, double *value, double *g)
{
  if (value) *value = p->calls == p->nan_value_at ? NAN : sum;
  if (g && p->calls == p->nan_gradient_at) g[p->n / 2] = NAN;
  return 0;
}

/* A separable function from its value `c` and derivative `dc` in terms of x and i. */
#define SEPARABLE(name, offset, c, dc)                                                                       \
  int name(const double *theta, double *value, double *g, void *user)                                        \
  {                                                                                                          \
    const int answer = count(user);                                                                          \
    if (answer) return answer;                                                                               \
    const probe *p = user;                                                                                   \
    double sum = offset;                                                                                     \
    for (size_t i = 0; i < p->n; i++) {                                                                      \
      const double x = theta[i];                                                                             \
      sum += c;                                                                                              \
      if (g) g[i] = dc;                                                                                      \
    }                                                                                                        \
    return give(p, sum, value, g);                                                                           \
  }

#define WEIGHT (1.0 + (double)(i % 7))
SEPARABLE(problem_bowl, 0.0, 0.5 * WEIGHT * (x - (double)i) * (x - (double)i), WEIGHT *(x - (double)i))
SEPARABLE(problem_high, 1e10, 0.5 * WEIGHT * (x - (double)i) * (x - (double)i), WEIGHT *(x - (double)i))
SEPARABLE(problem_funnel, 0.0, sqrt(1.0 + x * x), x / sqrt(1.0 + x * x))
SEPARABLE(problem_barrier, 0.0, x - log(x), 1.0 - 1.0 / x)
SEPARABLE(problem_wells, 0.0, 0.25 * x * x * x * x - 0.5 * x * x, x *x *x - x)
SEPARABLE(problem_waves, 0.0, cos(x) + 1e-3 * x * x, -sin(x) + 2e-3 * x)
SEPARABLE(problem_slide, 0.0, -x, -1.0)
SEPARABLE(problem_kink, 0.0, fabs(x), x > 0.0 ? 1.0 : -1.0)
SEPARABLE(problem_plateau, 0.0, fabs(x) > 1.0 ? 1.0 : x * x, fabs(x) > 1.0 ? 0.0 : 2.0 * x)
#undef WEIGHT
#undef SEPARABLE

int problem_rosenbrock(const double *x, double *value, double *g, void *user)
{
  const int answer = count(user);
  if (answer) return answer;
  const probe *p = user;
  double sum = 0.0;
  if (g) g[p->n - 1] = 0.0;
  for (size_t i = 0; i + 1 < p->n; i += 2) {
    const double a = 1.0 - x[i], b = x[i + 1] - x[i] * x[i];
    sum += a * a + 100.0 * b * b;
    if (!g) continue;
    g[i] = -2.0 * a - 400.0 * b * x[i];
    g[i + 1] = 200.0 * b;
  }
  return give(p, sum, value, g);
}

/* By central differences of the gradient, which are good enough for a direction of Newton's. Not counted as
 * calls. */
static int product(const double *x, const double *v, double *hv, void *user)
{
  const probe *p = user;
  probe quiet = {.n = p->n};
  double most_x = 1.0, most_v = 0.0, *room = malloc(2 * p->n * sizeof *room), *g = room + p->n;
  if (!room) return TG_E_NOMEM;
  for (size_t i = 0; i < p->n; i++) {
    most_x = fmax(most_x, fabs(x[i]));
    most_v = fmax(most_v, fabs(v[i]));
  }
  const double h = 1e-5 * most_x / most_v;
  for (size_t i = 0; i < p->n; i++) room[i] = x[i] + h * v[i];
  p->f(room, NULL, hv, &quiet);
  for (size_t i = 0; i < p->n; i++) room[i] = x[i] - h * v[i];
  p->f(room, NULL, g, &quiet);
  for (size_t i = 0; i < p->n; i++) hv[i] = (hv[i] - g[i]) / (2.0 * h);
  free(room);
  return 0;
}

tg_objective problem(problem_fn f, probe *p)
{
  p->f = f;
  return (tg_objective){.n = p->n, .evaluate = f, .hvp = product, .user = p};
}

enum { ROWS = 64 };

static double entry(size_t row, size_t column)
{
  const uint64_t h = (row * 1000003u + column * 7919u + 12345u) * UINT64_C(0x9e3779b97f4a7c15);
  return (double)(h >> 40) / 16777216.0 - 0.5;
}

static int batch(const double *x, const size_t *index, size_t size, double *value, double *g, void *user)
{
  const int answer = count(user);
  if (answer) return answer;
  const probe *p = user;
  double sum = 0.0;
  for (size_t j = 0; g && j < p->n; j++) g[j] = 0.0;
  for (size_t k = 0; k < size; k++) {
    const size_t row = index ? index[k] : k;
    double r = -entry(row, 999);
    for (size_t j = 0; j < p->n; j++) r += entry(row, j) * x[j];
    sum += 0.5 * r * r / (double)size;
    for (size_t j = 0; g && j < p->n; j++) g[j] += r * entry(row, j) / (double)size;
  }
  return give(p, sum, value, g);
}

static int whole(const double *x, double *value, double *g, void *user)
{
  return batch(x, NULL, ROWS, value, g, user);
}

tg_objective problem_regression(probe *p)
{
  return (tg_objective){.n = p->n, .samples = ROWS, .evaluate = whole, .batch = batch, .user = p};
}

/* ---- squares ---- */

static int squares(const double *x, double *value, double *g, void *user)
{
  const int answer = count(user);
  if (answer) return answer;
  const probe *p = user;
  double sum = 0.0;
  for (size_t i = 0; i < p->n; i += 2) {
    const bool pair = i + 1 < p->n;
    const double a = 1.0 - x[i], b = pair ? x[i + 1] - x[i] * x[i] : 0.0;
    sum += 0.5 * a * a + 50.0 * b * b;
    if (g) g[i] = -a - 200.0 * b * x[i];
    if (g && pair) g[i + 1] = 100.0 * b;
  }
  return give(p, sum, value, g);
}

static int count_derivative(probe *p, double *first)
{
  p->derivatives++;
  if (p->derivatives == p->nan_derivative_at) *first = NAN;
  return p->derivatives == p->stop_derivative_at;
}

static int squares_product(const double *x, const double *v, double *hv, void *user)
{
  probe *p = user;
  for (size_t i = 0; i < p->n; i += 2) {
    const bool pair = i + 1 < p->n;
    hv[i] = v[i] + (pair ? (600.0 * x[i] * x[i] - 200.0 * x[i + 1]) * v[i] - 200.0 * x[i] * v[i + 1] : 0.0);
    if (pair) hv[i + 1] = 100.0 * v[i + 1] - 200.0 * x[i] * v[i];
  }
  return count_derivative(p, &hv[0]);
}

static int squares_hessian(const double *x, double *h, void *user)
{
  probe *p = user;
  const size_t n = p->n;
  for (size_t i = 0; i < n * n; i++) h[i] = 0.0;
  for (size_t i = 0; i < n; i += 2) {
    const bool pair = i + 1 < n;
    h[i * n + i] = 1.0 + (pair ? 600.0 * x[i] * x[i] - 200.0 * x[i + 1] : 0.0);
    if (!pair) continue;
    h[i * n + i + 1] = h[(i + 1) * n + i] = -200.0 * x[i];
    h[(i + 1) * n + i + 1] = 100.0;
  }
  return count_derivative(p, &h[0]);
}

static int squares_residual(const double *x, double *r, double *jacobian, void *user)
{
  probe *p = user;
  const size_t n = p->n;
  for (size_t i = 0; jacobian && i < n * n; i++) jacobian[i] = 0.0;
  for (size_t i = 0; i < n; i += 2) {
    const bool pair = i + 1 < n;
    if (r) r[i] = 1.0 - x[i];
    if (jacobian) jacobian[i * n + i] = -1.0;
    if (r && pair) r[i + 1] = 10.0 * (x[i + 1] - x[i] * x[i]);
    if (!jacobian || !pair) continue;
    jacobian[(i + 1) * n + i] = -20.0 * x[i];
    jacobian[(i + 1) * n + i + 1] = 10.0;
  }
  if (jacobian) return count_derivative(p, &jacobian[0]);
  const int answer = count(p);
  if (!answer && p->calls == p->nan_value_at) r[0] = NAN;
  return answer;
}

tg_objective problem_squares(probe *p)
{
  return (tg_objective){.n = p->n,
                        .residuals = p->n,
                        .evaluate = squares,
                        .hvp = squares_product,
                        .hessian = squares_hessian,
                        .residual = squares_residual,
                        .user = p};
}
