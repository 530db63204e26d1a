/* What optimizers cost outside the objective, in nanoseconds per parameter and iteration: the time of a run
 * less the time its evaluations take. Objective: the extended Rosenbrock function, n / 2 independent pairs,
 * from (-1.2, 1). */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tapegrad/optim.h"

typedef struct problem {
  size_t n;
  double inside; /* seconds */
} problem;

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int rosenbrock(const double *x, double *value, double *g, void *user)
{
  problem *p = user;
  const double start = now();
  double sum = 0.0;
  for (size_t i = 0; i < p->n; i += 2) {
    const double a = 1.0 - x[i], b = x[i + 1] - x[i] * x[i];
    sum += a * a + 100.0 * b * b;
    if (!g) continue;
    g[i] = -2.0 * a - 400.0 * b * x[i];
    g[i + 1] = 200.0 * b;
  }
  if (value) *value = sum;
  p->inside += now() - start;
  return 0;
}

static int bowl(const double *x, double *value, double *g, void *user)
{
  problem *p = user;
  const double start = now();
  double sum[4] = {0};
  for (size_t i = 0; i + 4 <= p->n; i += 4)
    for (size_t k = 0; k < 4; k++) {
      const double w = 1.0 + (double)((i + k) % 97);
      sum[k] += 0.5 * w * x[i + k] * x[i + k];
      if (g) g[i + k] = w * x[i + k];
    }
  if (value) *value = sum[0] + sum[1] + sum[2] + sum[3];
  p->inside += now() - start;
  return 0;
}

static int by_size(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double *start_point(size_t n)
{
  double *theta = malloc(n * sizeof *theta);
  for (size_t i = 0; theta && i < n; i++) theta[i] = i % 2 ? 1.0 : -1.2;
  return theta;
}

/* Iterations 20 ... of a run stepped by hand: the memory is full and warm. */
static void cost(const char *name, tg_method m, size_t n,
                 int (*f)(const double *, double *, double *, void *), double target)
{
  enum { RUNS = 5 };
  double per[RUNS];
  tg_report r = {0};
  for (int k = 0; k < RUNS; k++) {
    problem p = {.n = n};
    double *theta = start_point(n);
    if (!theta) return;
    tg_minimize_options o = tg_minimize_defaults();
    o.gradient_tol = 0.0;
    const size_t warm = 12, total = 32;
    double marks[2] = {0}, insides[2] = {0};
    for (int part = 0; part < 2; part++) {
      for (size_t i = 0; i < n; i++) theta[i] = i % 2 ? 1.0 : -1.2;
      p.inside = 0.0;
      o.max_iterations = part ? total : warm;
      const double begin = now();
      tg_minimize((tg_objective){.n = n, .evaluate = f, .user = &p}, m, theta, &o, &r);
      marks[part] = now() - begin;
      insides[part] = p.inside;
    }
    per[k] = ((marks[1] - insides[1]) - (marks[0] - insides[0])) / (double)(total - warm) / (double)n * 1e9;
    free(theta);
  }
  qsort(per, RUNS, sizeof *per, by_size);
  printf("%-10s n = %8zu  %6.2f ns (least %.2f)   wanted <= %.1f\n", name, n, per[RUNS / 2], per[0], target);
}

static void update_cost(const char *name, tg_method m, size_t n, double target)
{
  enum { RUNS = 9, STEPS = 20 };
  double per[RUNS], *theta = start_point(n), *g = start_point(n);
  if (!theta || !g) return;
  for (int k = 0; k < RUNS; k++) {
    tg_run *run;
    if (tg_run_new(&run, (tg_objective){.n = n}, m, theta, NULL)) return;
    for (int i = 0; i < 2; i++) tg_run_update(run, 0.0, g);
    const double begin = now();
    for (int i = 0; i < STEPS; i++) tg_run_update(run, 0.0, g);
    per[k] = (now() - begin) / STEPS / (double)n * 1e9;
    tg_run_free(run);
  }
  qsort(per, RUNS, sizeof *per, by_size);
  printf("%-10s n = %8zu  %6.2f ns (least %.2f)   wanted <= %.1f   (tg_run_update)\n", name, n, per[RUNS / 2],
         per[0], target);
  free(theta);
  free(g);
}

/* The step of momentum as a bare loop in the caller's own arrays: what memory allows. */
static void plain_cost(size_t n)
{
  enum { RUNS = 9, STEPS = 20 };
  double per[RUNS], *theta = start_point(n), *g = start_point(n), *v = start_point(n);
  for (int k = 0; k < RUNS && theta && g && v; k++) {
    const double begin = now();
    for (int t = 0; t < STEPS; t++)
      for (size_t i = 0; i < n; i++) {
        v[i] = 0.9 * v[i] + 0.1 * g[i];
        theta[i] -= 1e-3 * v[i];
      }
    per[k] = (now() - begin) / STEPS / (double)n * 1e9;
  }
  if (theta && g && v) {
    qsort(per, RUNS, sizeof *per, by_size);
    printf("%-10s n = %8zu  %6.2f ns (least %.2f)   a bare loop: 40 bytes a parameter\n", "momentum", n,
           per[RUNS / 2], per[0]);
  }
  free(theta);
  free(g);
  free(v);
}

static void solve(size_t n)
{
  problem p = {.n = n};
  double *theta = start_point(n);
  if (!theta) return;
  tg_report r;
  const tg_status s =
      tg_minimize((tg_objective){.n = n, .evaluate = rosenbrock, .user = &p}, tg_lbfgs(), theta, NULL, &r);
  printf("extended Rosenbrock n = %zu: %s, %s, %zu evaluations, %zu iterations, largest gradient entry %.1e, "
         "%.2f s\n",
         n, tg_status_string(s), tg_stop_string(r.stop), r.gradients, r.iterations, r.gradient_norm,
         r.seconds);
  free(theta);
}

int main(void)
{
  solve(100000);
  solve(1000000);
  cost("lbfgs", tg_lbfgs(), 100000, rosenbrock, 15.0);
  cost("lbfgs", tg_lbfgs(), 1000000, rosenbrock, 25.0);
  const size_t sizes[] = {1000, 100000, 1000000};
  for (int i = 0; i < 3; i++) {
    cost("gd", tg_gd(1e-3), sizes[i], bowl, 0.9);
    cost("momentum", tg_momentum(1e-3, 0.9), sizes[i], bowl, 0.9);
    update_cost("momentum", tg_momentum(1e-3, 0.9), sizes[i], 0.9);
    plain_cost(sizes[i]);
    cost("adam", tg_adam(1e-3), sizes[i], bowl, 1.6);
    update_cost("adam", tg_adam(1e-3), sizes[i], 1.6);
  }
  return 0;
}
