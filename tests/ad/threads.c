/* Sixteen threads, each with functions of its own, clones made elsewhere, tapes by hand and finite sums, give the
 * same bits as one. Clean under the thread sanitizer. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/random_program.h"
#include "tapegrad/finite_sum.h"
#include "tapegrad/operations.h"

enum {
  THREADS = 16,
  PROGRAMS = 60,
  N = PROGRAM_INPUTS,
  M = PROGRAM_OUTPUTS,
  RESULTS = 2 * (M + M * N + 1 + N + N * N) + 16
};

typedef struct sample {
  random_program p;
  double x[2][N];
  tg_function *vector, *scalar; /* the main thread's, to clone from */
} sample;

static sample samples[PROGRAMS];

typedef struct worker {
  pthread_t id;
  tg_function *vector[PROGRAMS], *scalar[PROGRAMS]; /* clones */
  double results[PROGRAMS][RESULTS];
  int failures;
} worker;

static worker alone, workers[THREADS];

static void expect(worker *w, tg_status s) { w->failures += s != TG_OK; }

/* Everything of both functions at one point. */
static double *evaluate(worker *w, tg_function *f, tg_function *g, const double *x, double *r)
{
  expect(w, tg_jacobian(f, x, r, r + M));
  r += M + M * N;
  expect(w, tg_hessian(g, x, r, r + 1, r + 1 + N));
  return r + 1 + N + N * N;
}

static double by_hand(worker *w, const sample *s)
{
  tg_tape *t;
  tg_var x[N];
  expect(w, tg_tape_new(&t));
  tg_tape_begin(t);
  for (size_t i = 0; i < s->p.n; i++) x[i] = tg_input(t, s->x[0][i]);
  const tg_var y = random_program_scalar(x, s->p.n, (void *)&s->p);
  expect(w, tg_tape_end(t));
  expect(w, tg_adjoint_sweep(t, &y, NULL, 1));
  const double a = tg_adjoint(t, x[0]);
  tg_tape_free(t);
  return a;
}

static tg_var loss(const tg_var *theta, size_t d, const tg_var *sample, size_t columns, void *user)
{
  (void)user;
  const tg_var m = tg_dot(theta, sample, d);
  return tg_lt(sample[0], 0.0) ? tg_softplus(m)
                               : tg_add(tg_square(m), tg_lgamma(tg_add(2.0, tg_square(sample[columns - 1]))));
}

static double *sum(worker *w, const sample *s, double *r)
{
  tg_finite_sum *c;
  expect(w, tg_finite_sum_new(&c, loss, 2, tg_dense(s->x[0], 2 * N / 3, 3), NULL));
  expect(w, tg_finite_sum_gradient(c, s->x[1], NULL, 0, r, r + 1));
  expect(w, tg_finite_sum_hessian(c, s->x[1], NULL, 0, r + 3));
  tg_finite_sum_free(c);
  return r + 7;
}

static void *work(void *user)
{
  worker *const w = user;
  for (int k = 0; k < PROGRAMS; k++) {
    sample *const s = &samples[k];
    double *r = w->results[k];
    tg_function *f, *g;
    expect(w, tg_record_vector(&f, random_program_vector, s->p.n, s->p.m, s->x[0], &s->p));
    expect(w, tg_record(&g, random_program_scalar, s->p.n, NULL, &s->p));
    r = evaluate(w, f, g, s->x[0], r);
    r = evaluate(w, w->vector[k], w->scalar[k], s->x[1], r);
    *r++ = by_hand(w, s);
    sum(w, s, r);
    tg_function_free(f);
    tg_function_free(g);
  }
  return NULL;
}

/* Clones are made by the main thread and used, and freed, by the other. */
static void give_clones(worker *w)
{
  for (int k = 0; k < PROGRAMS; k++) {
    expect(w, tg_function_clone(&w->vector[k], samples[k].vector));
    expect(w, tg_function_clone(&w->scalar[k], samples[k].scalar));
  }
}

static void take_back(worker *w)
{
  for (int k = 0; k < PROGRAMS; k++) {
    tg_function_free(w->vector[k]);
    tg_function_free(w->scalar[k]);
  }
}

/* A var kept by a thread that has ended, whose stack the next thread is given. */
static tg_var kept;

static tg_var keep(const tg_var *x, size_t n, void *user)
{
  (void)n, (void)user;
  kept = x[0];
  for (int i = 0; i < 100; i++) kept = tg_add(kept, 1);
  return kept;
}

static tg_var use_kept(const tg_var *x, size_t n, void *user)
{
  (void)n, (void)user;
  return tg_mul(x[0], kept);
}

static void *make_function(void *argument)
{
  const double x = 1;
  tg_record(argument, keep, 1, &x, NULL);
  return NULL;
}

static void *use_stale(void *argument)
{
  const double x = 1;
  tg_function *f;
  *(tg_status *)argument = tg_record(&f, use_kept, 1, &x, NULL);
  tg_function_free(f);
  return NULL;
}

static int stale_after_its_thread(void)
{
  pthread_t id;
  tg_function *f = NULL;
  tg_status answer = TG_OK;
  if (pthread_create(&id, NULL, make_function, &f) != 0) return 1;
  pthread_join(id, NULL);
  if (pthread_create(&id, NULL, use_stale, &answer) != 0) return 1;
  pthread_join(id, NULL);
  tg_function_free(f);
  if (answer == TG_E_TAPE) return 0;
  fprintf(stderr, "a var of a thread that ended passes for one's own\n");
  return 1;
}

int main(void)
{
  random_state random = {4711};
  int failures = stale_after_its_thread();
  for (int k = 0; k < PROGRAMS; k++) {
    sample *const s = &samples[k];
    random_program_make(&s->p, &random);
    random_vector(&random, s->x[0], 2 * N, -2.0, 2.0);
    expect(&alone, tg_record_vector(&s->vector, random_program_vector, s->p.n, s->p.m, s->x[0], &s->p));
    expect(&alone, tg_record(&s->scalar, random_program_scalar, s->p.n, s->x[0], &s->p));
  }
  give_clones(&alone);
  work(&alone);
  for (int t = 0; t < THREADS; t++) give_clones(&workers[t]);
  for (int t = 0; t < THREADS; t++)
    if (pthread_create(&workers[t].id, NULL, work, &workers[t]) != 0) return 2;
  for (int t = 0; t < THREADS; t++) pthread_join(workers[t].id, NULL);
  for (int t = 0; t < THREADS; t++) {
    failures += workers[t].failures;
    if (memcmp(workers[t].results, alone.results, sizeof alone.results) == 0) continue;
    fprintf(stderr, "thread %d has other bits\n", t);
    failures++;
  }
  for (int t = 0; t < THREADS; t++) take_back(&workers[t]);
  take_back(&alone);
  for (int k = 0; k < PROGRAMS; k++) {
    tg_function_free(samples[k].vector);
    tg_function_free(samples[k].scalar);
  }
  printf("%d failures\n", failures + alone.failures);
  return failures + alone.failures != 0;
}
