#include "bounded.h"

#include <math.h>

/* ---- the problems ---- */

static double sample(const double *x, double *g, size_t n)
{
  double sum = (x[0] - 1.0) * (x[0] - 1.0);
  for (size_t i = 0; i < n; i++) g[i] = i ? 0.0 : 2.0 * (x[0] - 1.0);
  for (size_t i = 1; i < n; i++) {
    const double d = x[i] - x[i - 1] * x[i - 1];
    sum += 4.0 * d * d;
    g[i] += 8.0 * d;
    g[i - 1] -= 16.0 * d * x[i - 1];
  }
  return sum;
}

static double rosenbrock(const double *x, double *g, size_t n)
{
  const double a = 1.0 - x[0], b = x[1] - x[0] * x[0];
  (void)n;
  g[0] = -2.0 * a - 400.0 * b * x[0];
  g[1] = 200.0 * b;
  return a * a + 100.0 * b * b;
}

static double flat(const double *x, double *g, size_t n)
{
  const double d = x[1] - x[0];
  (void)n;
  g[0] = -2e-5 * d;
  g[1] = 1.0 + 2e-5 * d;
  return x[1] + 1e-5 * d * d;
}

static double cube(const double *x, double *g, size_t n)
{
  const double a = x[0] + 1.0;
  (void)n;
  g[0] = a * a;
  g[1] = 1.0;
  return a * a * a / 3.0 + x[1];
}

static double sine(const double *x, double *g, size_t n)
{
  const double c = cos(x[0] + x[1]), d = x[0] - x[1];
  (void)n;
  g[0] = c + 2.0 * d - 1.5;
  g[1] = c - 2.0 * d + 2.5;
  return sin(x[0] + x[1]) + d * d - 1.5 * x[0] + 2.5 * x[1] + 1.0;
}

static double weibull(const double *x, double *g, size_t n)
{
  double sum = 0.0;
  (void)n;
  g[0] = g[1] = g[2] = 0.0;
  for (int i = 1; i < 100; i++) {
    const double u = 25.0 + pow(-50.0 * log(0.01 * i), 2.0 / 3.0), t = u - x[1], power = pow(t, x[2]);
    const double e = exp(-power / x[0]), r = e - 0.01 * i, slope = 2.0 * r * e / x[0];
    sum += r * r;
    g[0] += slope * power / x[0];
    g[1] += slope * x[2] * pow(t, x[2] - 1.0);
    g[2] -= slope * power * log(t);
  }
  return sum;
}

static double colville(const double *x, double *g, size_t n)
{
  const double a = x[1] - x[0] * x[0], b = x[3] - x[2] * x[2], p = x[1] - 1.0, q = x[3] - 1.0;
  (void)n;
  g[0] = -400.0 * a * x[0] - 2.0 * (1.0 - x[0]);
  g[1] = 200.0 * a + 20.2 * p + 19.8 * q;
  g[2] = -360.0 * b * x[2] - 2.0 * (1.0 - x[2]);
  g[3] = 180.0 * b + 20.2 * q + 19.8 * p;
  return 100.0 * a * a + (1.0 - x[0]) * (1.0 - x[0]) + 90.0 * b * b + (1.0 - x[2]) * (1.0 - x[2]) +
         10.1 * (p * p + q * q) + 19.8 * p * q;
}

static double product(const double *x, double *g, size_t n)
{
  double all = 1.0;
  for (size_t i = 0; i < n; i++) all *= x[i];
  for (size_t i = 0; i < n; i++) {
    g[i] = -1.0 / 120.0;
    for (size_t j = 0; j < n; j++) g[i] *= j == i ? 1.0 : x[j];
  }
  return 2.0 - all / 120.0;
}

static double logarithms(const double *x, double *g, size_t n)
{
  double sum = 0.0, all = 1.0;
  for (size_t i = 0; i < n; i++) {
    const double a = log(x[i] - 2.0), b = log(10.0 - x[i]);
    sum += a * a + b * b;
    all *= x[i];
    g[i] = 2.0 * a / (x[i] - 2.0) - 2.0 * b / (10.0 - x[i]);
  }
  const double power = pow(all, 0.2);
  for (size_t i = 0; i < n; i++) g[i] -= 0.2 * power / x[i];
  return sum - power;
}

/* ---- starts and bounds ---- */

#define BEGIN(name, start, low, high)                                                                        \
  static void name(double *x, double *lower, double *upper, size_t n)                                        \
  {                                                                                                          \
    for (size_t i = 0; i < n; i++) {                                                                         \
      x[i] = start;                                                                                          \
      lower[i] = low;                                                                                        \
      upper[i] = high;                                                                                       \
    }                                                                                                        \
  }
BEGIN(begin_sample, 3.0, i % 2 ? -100.0 : 1.0, 100.0)
BEGIN(begin_1, i ? 1.0 : -2.0, i ? -1.5 : -INFINITY, INFINITY)
BEGIN(begin_2, i ? 1.0 : -2.0, i ? 1.5 : -INFINITY, INFINITY)
BEGIN(begin_3, i ? 1.0 : 10.0, i ? 0.0 : -INFINITY, INFINITY)
BEGIN(begin_4, i ? 0.125 : 1.125, i ? 0.0 : 1.0, INFINITY)
BEGIN(begin_5, 0.0, i ? -3.0 : -1.5, i ? 3.0 : 4.0)
BEGIN(begin_25, i == 0 ? 100.0 : i == 1 ? 12.5 : 3.0, i ? 0.0 : 0.1, i == 0 ? 100.0 : i == 1 ? 25.6 : 5.0)
BEGIN(begin_38, i % 2 ? -1.0 : -3.0, -10.0, 10.0)
BEGIN(begin_45, 2.0, 0.0, 1.0 + (double)i)
BEGIN(begin_110, 9.0, 2.001, 9.999)
#undef BEGIN

const bounded_problem bounded_table[BOUNDED_COUNT] = {
    {"L-BFGS-B sample", 25, sample, begin_sample, 0.0, 26},
    {"HS 1", 2, rosenbrock, begin_1, 0.0, 46},
    {"HS 2", 2, rosenbrock, begin_2, 4.9412293180, 15}, /* a local minimum; the other is 0.0504261879 */
    {"HS 3", 2, flat, begin_3, 0.0, 4},
    {"HS 4", 2, cube, begin_4, 8.0 / 3.0, 2},
    {"HS 5", 2, sine, begin_5, -1.9132229550, 7},
    {"HS 25", 3, weibull, begin_25, 0.0, 0},
    {"HS 38", 4, colville, begin_38, 0.0, 30},
    {"HS 45", 5, product, begin_45, 1.0, 10},
    {"HS 110", 10, logarithms, begin_110, -45.77846971, 6},
};

/* ---- as an objective ---- */

static int evaluate(const double *x, double *value, double *gradient, void *user)
{
  bounded_probe *p = user;
  const bounded_problem *problem = p->problem;
  double g[BOUNDED_MOST];
  const double f = problem->evaluate(x, g, problem->n), best = problem->minimum;
  p->calls++;
  if (!p->solved_at && f - best <= 1e-8 * (1.0 + fabs(best))) p->solved_at = p->calls;
  for (size_t i = 0; i < problem->n; i++) {
    p->outside = p->outside || !(x[i] >= p->lower[i] && x[i] <= p->upper[i]);
    if (gradient) gradient[i] = g[i];
  }
  if (value) *value = f;
  return 0;
}

tg_objective bounded_objective(bounded_probe *p, const bounded_problem *problem, double *x)
{
  *p = (bounded_probe){.problem = problem};
  problem->begin(x, p->lower, p->upper, problem->n);
  return (tg_objective){.n = problem->n, .evaluate = evaluate, .user = p};
}
