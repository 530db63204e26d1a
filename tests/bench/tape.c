/* The scalar tape against hand-written loops: ratios to hand, nanoseconds and bytes an operation.
 *
 * W1 chained Rosenbrock, W2 logistic, W3 multinomial, W5 a net: the whole sum on one tape. W6 is three variables and
 * seven operations on a tape by hand, at a new point each time. W7 is the Hessian-vector product of W1. */
#include "workloads.h"

enum { ROUNDS = 15 };

static void make(size_t n, size_t p, size_t h, size_t k, size_t d, tg_scalar_fn fn, problem *self)
{
  size_t state = 1;
  *self = (problem){.n = n, .p = p, .h = h, .k = k, .d = d};
  self->x = numbers(n * p + 1, &state);
  make_labels(self, &state);
  make_vectors(self, &state);
  if (tg_record(&self->f, fn, d, self->theta, self) != TG_OK) abort();
  tg_function_plain(self->f, true); /* bench_loops has what is made of it */
}

/* ---- What is timed. ---- */

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
