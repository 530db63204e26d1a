/* The scalar tape against hand-written loops: ratios to hand, nanoseconds and bytes an operation.
 *
 * W1 chained Rosenbrock, W2 logistic, W3 multinomial, W5 a net: the whole sum on one tape. W6 is three variables and
 * seven operations on a tape by hand, at a new point each time. W7 is the Hessian-vector product of W1. */
#include "bench.h"
#include "hand.h"

#include <stdlib.h>

#include "tapegrad/tapegrad.h"

#include "tapegrad/overload.h"

enum { ROUNDS = 15 };

typedef struct problem {
  size_t n, p, h, k, d; /* samples, features, hidden units, classes, parameters */
  double *x, *label, *theta, *gradient, *expected, *v;
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

static void make(size_t n, size_t p, size_t h, size_t k, size_t d, tg_scalar_fn fn, problem *self)
{
  size_t state = 1;
  problem q = {.n = n, .p = p, .h = h, .k = k, .d = d};
  q.x = numbers(n * p + 1, &state);
  q.label = numbers(n, &state);
  for (size_t i = 0; i < n; i++)
    q.label[i] = k > 0 ? floor((q.label[i] + 1.0) / 2.0 * (double)k) : q.label[i] < 0.0 ? -1.0 : 1.0;
  q.theta = numbers(d, &state);
  q.gradient = numbers(d, &state);
  q.expected = numbers(d, &state);
  q.v = numbers(d, &state);
  *self = q;
  if (tg_record(&self->f, fn, d, self->theta, self) != TG_OK) abort();
  tg_function_plain(self->f, true); /* bench_loops has what is made of it */
}

static void dispose(problem *q)
{
  tg_function_free(q->f);
  free(q->x), free(q->label), free(q->theta), free(q->gradient), free(q->expected), free(q->v);
}

/* ---- The objectives, as a user writes them. ---- */

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

/* ---- What is timed. ---- */

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
static void hand_w7(void *u)
{
  problem *const q = u;
  hand_rosenbrock_hvp(q->theta, q->d, q->v, q->expected);
}
static void recorded(void *u)
{
  problem *const q = u;
  tg_function_forget(q->f);
  if (tg_value(q->f, q->theta, &q->value) != TG_OK) abort();
}
static void recorded_gradient(void *u)
{
  problem *const q = u;
  tg_function_forget(q->f);
  if (tg_gradient(q->f, q->theta, &q->value, q->gradient) != TG_OK) abort();
}
static void replay(void *u)
{
  problem *const q = u;
  if (tg_value(q->f, q->theta, &q->value) != TG_OK) abort();
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

static void report(const char *name, problem *q, void (*hand)(void *), void (*hand_product)(void *))
{
  bench_entry e[] = {{"hand", hand, q, 0.0},
                     {"recorded", recorded, q, 0.0},
                     {"both", recorded_gradient, q, 0.0},
                     {"replay", replay, q, 0.0},
                     {"gradient", gradient, q, 0.0},
                     {"hvp", product, q, 0.0},
                     {"hand hvp", hand_product, q, 0.0}};
  tg_function_stats stats;
  bench_run(e, hand_product ? 7 : 6, ROUNDS, 0.02);
  hand(q);
  gradient(q);
  tg_function_statistics(q->f, &stats);
  const double per = 1e9 / (double)stats.nodes;
  printf("%s  hand %8.4f ms   recorded each call %6.1fx   replayed %6.1fx   gradient off by %.0e\n", name,
         1e3 * e[0].best, e[2].best / e[0].best, e[4].best / e[0].best,
         bench_difference(q->gradient, q->expected, q->d));
  printf(
      "    %zu nodes, %.1f bytes each; ns a node: record %.2f, adjoint %.2f, replay %.2f, hvp sweeps %.2f\n",
      stats.nodes, (double)stats.bytes / (double)stats.nodes, per * e[1].best, per * (e[2].best - e[1].best),
      per * e[3].best, per * (e[5].best - e[3].best));
  if (!hand_product) return;
  hand_product(q);
  product(q);
  printf("W7  hand %8.4f ms   Hessian-vector product of W1 %6.1fx   off by %.0e\n", 1e3 * e[6].best,
         e[5].best / e[6].best, bench_difference(q->gradient, q->expected, q->d));
}

/* ---- W6: a tape by hand, a new point at every call. ---- */

typedef struct small {
  tg_tape *tape;
  double t[3], gradient[3], sum;
} small;

enum { REPEAT = 1000 };

static void hand_w6(void *u)
{
  small *const s = u;
  for (int r = 0; r < REPEAT; r++) {
    s->t[0] = 1.0 + 1e-4 * r;
    s->sum += hand_small(s->t, s->gradient) + s->gradient[0];
  }
}

static void tape_w6(void *u)
{
  small *const s = u;
  for (int r = 0; r < REPEAT; r++) {
    tg_tape_begin(s->tape);
    const var a = tg_input(s->tape, 1.0 + 1e-4 * r), b = tg_input(s->tape, s->t[1]),
              c = tg_input(s->tape, s->t[2]);
    const var y = sub(add(sin(mul(a, b)), exp(add(b, c))), mul(2, c));
    tg_tape_end(s->tape);
    tg_adjoint_sweep(s->tape, &y, NULL, 1);
    s->gradient[0] = tg_adjoint(s->tape, a);
    s->gradient[1] = tg_adjoint(s->tape, b);
    s->gradient[2] = tg_adjoint(s->tape, c);
    s->sum += tg_peek(y) + s->gradient[0];
  }
}

static void report_w6(void)
{
  small s = {.t = {1.0, 0.5, 0.3}};
  if (tg_tape_new(&s.tape) != TG_OK) abort();
  bench_entry e[] = {{"hand", hand_w6, &s, 0.0}, {"tape", tape_w6, &s, 0.0}};
  bench_run(e, 2, 2 * ROUNDS, 0.01);
  printf("W6  hand %8.1f ns   recorded each call %6.1f ns\n", 1e9 / REPEAT * e[0].best,
         1e9 / REPEAT * e[1].best);
  tg_tape_free(s.tape);
}

int main(void)
{
  problem q;
  make(0, 0, 0, 0, 100000, rosenbrock, &q);
  report("W1", &q, hand_w1, hand_w7);
  dispose(&q);
  make(10000, 50, 0, 0, 50, logistic, &q);
  report("W2", &q, hand_w2, NULL);
  dispose(&q);
  make(1797, 64, 0, 10, 650, multinomial, &q);
  report("W3", &q, hand_w3, NULL);
  dispose(&q);
  make(1000, 64, 32, 10, 64 * 32 + 32 + 320 + 10, net, &q);
  report("W5", &q, hand_w5, NULL);
  dispose(&q);
  report_w6();
  return 0;
}
