/* What optimizers cost outside the objective, in nanoseconds per parameter and iteration: processor time
 * between two reports less that of the evaluations between them; median and least over many iterations. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tapegrad/optim.h"

enum { MOST = 400 };

typedef struct problem {
  size_t n;
  double inside, last; /* seconds in evaluations since the last report, and when that was */
  size_t evaluations, seen;
  double per[MOST];
} problem;

/* Waiting for a processor that other programs have is not counted. */
static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
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
  p->evaluations++;
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
  p->evaluations++;
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

/* Iterations of one evaluation, once the memory is full and warm. */
static int record(const tg_report *r, void *user)
{
  problem *p = user;
  const double time = now();
  if (r->iterations > 12 && p->evaluations == 1 && p->seen < MOST)
    p->per[p->seen++] = (time - p->last - p->inside) / (double)p->n * 1e9;
  p->inside = 0.0;
  p->evaluations = 0;
  p->last = now();
  return 0;
}

static void print_cost(const char *name, size_t n, double *per, size_t count, const char *how)
{
  qsort(per, count, sizeof *per, by_size);
  if (count > 0) printf("%-10s n = %8zu  %6.2f ns (least %.2f)   %s\n", name, n, per[count / 2], per[0], how);
}

static void cost(const char *name, tg_method m, size_t n,
                 int (*f)(const double *, double *, double *, void *), const char *wanted)
{
  static problem p;
  double *theta = start_point(n);
  p.n = n;
  p.seen = 0;
  for (int k = 0; k < 5 && theta; k++) {
    for (size_t i = 0; i < n; i++) theta[i] = i % 2 ? 1.0 : -1.2;
    tg_minimize_options o = {.max_iterations = 80, .watch = record, .user = &p};
    if (tg_minimize((tg_objective){.n = n, .evaluate = f, .user = &p}, m, theta, &o, NULL)) break;
  }
  print_cost(name, n, p.per, p.seen, wanted);
  free(theta);
}

static void update_cost(const char *name, tg_method m, size_t n)
{
  double per[200], *theta = start_point(n), *g = start_point(n);
  tg_run *run = NULL;
  if (theta && g && tg_run_new(&run, (tg_objective){.n = n}, m, theta, NULL) == TG_OK) {
    for (int i = 0; i < 2; i++) tg_run_update(run, 0.0, g);
    for (int i = 0; i < 200; i++) {
      const double begin = now();
      tg_run_update(run, 0.0, g);
      per[i] = (now() - begin) / (double)n * 1e9;
    }
    print_cost(name, n, per, 200, "by tg_run_update");
  }
  tg_run_free(run);
  free(theta);
  free(g);
}

/* The step of momentum as a bare loop in the caller's own arrays: what memory allows. */
static void plain_cost(size_t n)
{
  double per[200], *theta = start_point(n), *g = start_point(n), *v = start_point(n);
  for (int k = 0; k < 200 && theta && g && v; k++) {
    const double begin = now();
    for (size_t i = 0; i < n; i++) {
      v[i] = 0.9 * v[i] + 0.1 * g[i];
      theta[i] -= 1e-3 * v[i];
    }
    per[k] = (now() - begin) / (double)n * 1e9;
  }
  if (theta && g && v) print_cost("momentum", n, per, 200, "a bare loop: 40 bytes a parameter");
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
  cost("lbfgs", tg_lbfgs(), 100000, bowl, "wanted <= 15");
  cost("lbfgs", tg_lbfgs(), 1000000, bowl, "wanted <= 25");
  const size_t sizes[] = {100000, 1000000};
  for (int i = 0; i < 2; i++) {
    cost("gd", tg_gd(1e-3), sizes[i], bowl, "");
    cost("momentum", tg_momentum(1e-3, 0.9), sizes[i], bowl, "wanted <= 0.9");
    update_cost("momentum", tg_momentum(1e-3, 0.9), sizes[i]);
    plain_cost(sizes[i]);
    cost("adam", tg_adam(1e-3), sizes[i], bowl, "wanted <= 1.6");
    update_cost("adam", tg_adam(1e-3), sizes[i]);
  }
  return 0;
}
