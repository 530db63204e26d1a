/* W1, W2, W3 and W5 as a user writes them on one tape, with data and the hand-written loops (hand.h): what the
 * benchmarks of tapes and of loops have in common. */
#ifndef BENCH_WORKLOADS_H
#define BENCH_WORKLOADS_H
#include "bench.h"
#include "hand.h"

#include <stdlib.h>

#include "tapegrad/tapegrad.h"

#include "tapegrad/overload.h"

typedef struct problem {
  const char *name;
  tg_scalar_fn fn;
  size_t d, n, p, h, k; /* parameters; samples, features, hidden units, classes */
  void (*hand)(void *);
  double *x, *label, *theta, *gradient, *expected, *v;
  size_t *camera, *point; /* of observations (loops.c) */
  double value;
  tg_function *f;
} problem;

static double *numbers(size_t n, size_t *state)
{
  double *const a = malloc(n * sizeof *a);
  if (!a) abort();
  for (size_t i = 0; i < n; i++) a[i] = bench_noise(state);
  return a;
}

/* +-1, or the number of a class. */
static void make_labels(problem *q, size_t *state)
{
  q->label = numbers(q->n + 1, state);
  for (size_t i = 0; i < q->n; i++)
    q->label[i] = q->k > 0 ? floor((q->label[i] + 1.0) / 2.0 * (double)q->k) : q->label[i] < 0.0 ? -1.0 : 1.0;
}

static void make_vectors(problem *q, size_t *state)
{
  q->theta = numbers(q->d, state);
  q->gradient = numbers(q->d, state);
  q->expected = numbers(q->d, state);
  q->v = numbers(q->d, state);
}

static void dispose(problem *q)
{
  tg_function_free(q->f);
  free(q->x), free(q->label), free(q->theta), free(q->gradient), free(q->expected), free(q->v);
  free(q->camera), free(q->point);
}

/* ---- the objectives ---- */

static var rosenbrock(const var *x, size_t n, void *user)
{
  (void)user;
  var s = tg_constant(0);
  for (size_t i = 0; i + 1 < n; i++)
    s = add(s, mul(100, square(sub(x[i + 1], square(x[i])))), square(sub(1, x[i])));
  return s;
}

static var linear(const var *w, const double *x, size_t p, var s)
{
  for (size_t j = 0; j < p; j++) s = add(s, mul(w[j], x[j]));
  return s;
}

static var logistic(const var *theta, size_t d, void *user)
{
  const problem *const q = user;
  var s = tg_constant(0);
  for (size_t i = 0; i < q->n; i++)
    s = add(s, softplus(mul(-q->label[i], linear(theta, q->x + i * d, d, tg_constant(0)))));
  return divide(s, q->n);
}

/* The cross entropy in plain scalar operations. */
static var negative_log_softmax(const var *z, size_t k, size_t label)
{
  var s = tg_constant(0);
  for (size_t j = 0; j < k; j++) s = add(s, exp(z[j]));
  return sub(log(s), z[label]);
}

static var multinomial(const var *theta, size_t d, void *user)
{
  const problem *const q = user;
  var s = tg_constant(0), z[64];
  (void)d;
  for (size_t i = 0; i < q->n; i++) {
    for (size_t j = 0; j < q->k; j++)
      z[j] = linear(theta + j * q->p, q->x + i * q->p, q->p, theta[q->k * q->p + j]);
    s = add(s, negative_log_softmax(z, q->k, (size_t)q->label[i]));
  }
  return divide(s, q->n);
}

static var net(const var *theta, size_t d, void *user)
{
  const problem *const q = user;
  const var *const b1 = theta + q->h * q->p, *const w2 = b1 + q->h, *const b2 = w2 + q->k * q->h;
  var s = tg_constant(0), a[64], z[64];
  (void)d;
  for (size_t i = 0; i < q->n; i++) {
    for (size_t j = 0; j < q->h; j++) a[j] = tanh(linear(theta + j * q->p, q->x + i * q->p, q->p, b1[j]));
    for (size_t j = 0; j < q->k; j++) {
      z[j] = b2[j];
      for (size_t l = 0; l < q->h; l++) z[j] = add(z[j], mul(w2[j * q->h + l], a[l]));
    }
    s = add(s, negative_log_softmax(z, q->k, (size_t)q->label[i]));
  }
  return divide(s, q->n);
}

/* ---- what is timed ---- */

static void hand_w1(void *u)
{
  problem *const q = u;
  q->value = hand_rosenbrock(q->theta, q->d, q->expected);
}
static void hand_w2(void *u)
{
  problem *const q = u;
  q->value = hand_logistic(q->theta, q->x, q->label, q->n, q->p, q->expected);
}
static void hand_w3(void *u)
{
  problem *const q = u;
  q->value = hand_multinomial(q->theta, q->x, q->label, q->n, q->p, q->k, q->expected);
}
static void hand_w5(void *u)
{
  problem *const q = u;
  q->value = hand_net(q->theta, q->x, q->label, q->n, q->p, q->h, q->k, q->expected);
}

static void gradient(void *u)
{
  problem *const q = u;
  if (tg_gradient(q->f, q->theta, &q->value, q->gradient) != TG_OK) abort();
}
static void product(void *u)
{
  problem *const q = u;
  if (tg_hvp(q->f, q->theta, q->v, NULL, q->gradient) != TG_OK) abort();
}
#endif
