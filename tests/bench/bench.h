/* Timing for the benchmarks: rounds over all contenders in turn, the smallest time of each kept, so that a machine that
 * is busy for a while spoils no ratio. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <time.h>

static inline double bench_now(void)
{
  struct timespec t;
  timespec_get(&t, TIME_UTC);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Seconds a call of run(user), the best of some rounds that last about `seconds` together. */
static inline double bench_once(void (*run)(void *user), void *user, size_t calls)
{
  const double start = bench_now();
  for (size_t i = 0; i < calls; i++) run(user);
  return (bench_now() - start) / (double)calls;
}

typedef struct bench_entry {
  const char *name;
  void (*run)(void *user);
  void *user;
  double best; /* filled: seconds a call */
} bench_entry;

static inline void bench_run(bench_entry *entries, size_t count, int rounds, double seconds_a_round)
{
  for (int r = 0; r < rounds; r++)
    for (size_t k = 0; k < count; k++) {
      bench_entry *const e = &entries[k];
      const double first = bench_once(e->run, e->user, 1);
      const double wanted = seconds_a_round / (first > 1e-9 ? first : 1e-9);
      const double t = bench_once(e->run, e->user, wanted < 1.0 ? 1 : (size_t)wanted);
      if (r == 0 || t < e->best) e->best = t;
    }
}

/* The largest |a - b| / (1 + |b|). */
static inline double bench_difference(const double *a, const double *b, size_t n)
{
  double worst = 0.0;
  for (size_t i = 0; i < n; i++) {
    const double d = fabs(a[i] - b[i]) / (1.0 + fabs(b[i]));
    if (!(d <= worst)) worst = d;
  }
  return worst;
}

/* Numbers that are always the same, in (-1, 1). */
static inline double bench_noise(size_t *state)
{
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (double)(*state >> 11) * 0x1p-52 - 1.0;
}
#endif
