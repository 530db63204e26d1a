#include "custom.h"

#include <math.h>

double custom_coefficient(size_t j, size_t k) { return 0.25 + 0.75 / (double)(1 + j + 2 * k); }

static int fails(size_t *calls, size_t at, int answer) { return ++*calls == at ? answer : 0; }

static double argument(const double *x, size_t n, size_t j)
{
  double s = 0.0;
  for (size_t k = 0; k < n; k++) s += custom_coefficient(j, k) * x[k];
  return s;
}

static int value(const double *x, size_t n, double *y, size_t m, void *user)
{
  custom_calls *const c = user;
  for (size_t j = 0; j < m; j++) y[j] = sin(argument(x, n, j));
  return c ? fails(&c->value, c->fail_value, c->answer) : 0;
}

static int jvp(const double *x, size_t n, const double *v, double *jv, size_t m, void *user)
{
  custom_calls *const c = user;
  for (size_t j = 0; j < m; j++) jv[j] = cos(argument(x, n, j)) * argument(v, n, j);
  return c ? fails(&c->jvp, c->fail_jvp, c->answer) : 0;
}

static int vjp(const double *x, size_t n, const double *u, size_t m, double *uj, void *user)
{
  custom_calls *const c = user;
  for (size_t k = 0; k < n; k++) {
    uj[k] = 0.0;
    for (size_t j = 0; j < m; j++) uj[k] += u[j] * cos(argument(x, n, j)) * custom_coefficient(j, k);
  }
  return c ? fails(&c->vjp, c->fail_vjp, c->answer) : 0;
}

static int hvp(const double *x, size_t n, const double *u, size_t m, const double *v, double *hv, void *user)
{
  custom_calls *const c = user;
  for (size_t k = 0; k < n; k++) {
    hv[k] = 0.0;
    for (size_t j = 0; j < m; j++)
      hv[k] -= u[j] * sin(argument(x, n, j)) * argument(v, n, j) * custom_coefficient(j, k);
  }
  return c ? fails(&c->hvp, c->fail_hvp, c->answer) : 0;
}

const tg_custom_op custom_waves = {"waves", value, jvp, vjp, hvp};

void custom_spelled_out(const tg_var *x, size_t n, tg_var *y, size_t m)
{
  for (size_t j = 0; j < m; j++) {
    tg_var s = tg_constant(0.0);
    for (size_t k = 0; k < n; k++) s = tg_add(s, tg_mul(custom_coefficient(j, k), x[k]));
    y[j] = tg_sin(s);
  }
}
