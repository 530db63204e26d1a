/* Long runs: tapes of millions of nodes, many programs on the same objects, memory that stays where it is. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "../support/memory.h"
#include "../support/random_program.h"
#include "tapegrad/operations.h"

static int failures;

static void expect(bool holds, const char *what, double number)
{
  if (holds) return;
  failures++;
  fprintf(stderr, "%s (%g)\n", what, number);
}

/* ---- The chained Rosenbrock function of a million variables: ten million nodes. ---- */

static tg_var chained(const tg_var *x, size_t n, void *user)
{
  (void)user;
  tg_var s = tg_constant(0.0);
  for (size_t i = 0; i + 1 < n; i++) {
    const tg_var r = tg_sub(x[i + 1], tg_square(x[i])), q = tg_sub(1.0, x[i]);
    s = tg_add(s, tg_add(tg_mul(100.0, tg_square(r)), tg_square(q)));
  }
  return s;
}

enum { BIG = 1000000 };
static double x[BIG], g[BIG], v[BIG], hv[BIG];

static double gradient_by_hand(size_t i)
{
  double a = 0.0;
  if (i + 1 < BIG) a = -400.0 * x[i] * (x[i + 1] - x[i] * x[i]) - 2.0 * (1.0 - x[i]);
  if (i > 0) a += 200.0 * (x[i] - x[i - 1] * x[i - 1]);
  return a;
}

static double product_by_hand(size_t i)
{
  double a = 0.0;
  if (i + 1 < BIG) a = (1200.0 * x[i] * x[i] - 400.0 * x[i + 1] + 2.0) * v[i] - 400.0 * x[i] * v[i + 1];
  if (i > 0) a += 200.0 * v[i] - 400.0 * x[i - 1] * v[i - 1];
  return a;
}

/* Rounds at new points, in some of which the function is recorded afresh. */
static void big_rounds(tg_function *f, bool forget)
{
  expect(tg_hvp(f, x, v, g, hv) == TG_OK, "hvp", 0);
  const size_t live = memory_live();
  for (int round = 0; round < 10; round++) {
    memory_fail(0, false);
    if (forget && round % 3 == 2) tg_function_forget(f);
    for (size_t i = 0; i < BIG; i++) x[i] = sin((double)i + round);
    expect(tg_hvp(f, x, v, g, hv) == TG_OK, "hvp", round);
    expect(memory_requests() == 0 && memory_live() == live, "a warm call allocated", round);
    double worst = 0.0;
    for (size_t i = 0; i < BIG; i++) {
      worst = fmax(worst, fabs(g[i] - gradient_by_hand(i)));
      worst = fmax(worst, fabs(hv[i] - product_by_hand(i)));
    }
    expect(worst < 1e-10, "derivatives", worst);
  }
}

/* The tape itself, then with its loop in lanes. */
static void big_tape(void)
{
  tg_function *f;
  for (size_t i = 0; i < BIG; i++) x[i] = sin((double)i), v[i] = cos((double)i);
  expect(tg_record(&f, chained, BIG, x, NULL) == TG_OK, "record", 0);
  tg_function_plain(f, true);
  big_rounds(f, true);
  tg_function_plain(f, false);
  expect(tg_function_compile(f, x) == TG_OK, "compile", 0);
  big_rounds(f, false);
  tg_function_stats s;
  tg_function_statistics(f, &s);
  printf("%zu nodes, %zu bytes\n", s.nodes, s.bytes);
  tg_function_free(f);
}

/* ---- 200,000 programs on one tape by hand and in functions: everything is freed, the tape stops growing. ---- */

static double by_hand(tg_tape *t, random_program *p, const double *at)
{
  tg_var in[PROGRAM_INPUTS];
  tg_tape_begin(t);
  for (size_t i = 0; i < p->n; i++) in[i] = tg_input(t, at[i]);
  const tg_var y = random_program_scalar(in, p->n, p);
  expect(tg_tape_end(t) == TG_OK, tg_tape_message(t), 0);
  expect(tg_adjoint_sweep(t, &y, NULL, 1) == TG_OK, "adjoint sweep", 0);
  return tg_adjoint(t, in[0]);
}

static void many_programs(void)
{
  random_state random = {99};
  tg_tape *t;
  size_t requests_late = 0;
  const size_t before = memory_live();
  expect(tg_tape_new(&t) == TG_OK, "tape", 0);
  for (int k = 0; k < 200000; k++) {
    random_program p;
    tg_function *f;
    double at[2][PROGRAM_INPUTS], value, gradient[PROGRAM_INPUTS];
    random_program_make(&p, &random);
    random_vector(&random, at[0], 2 * PROGRAM_INPUTS, -2.0, 2.0);
    expect(tg_record(&f, random_program_scalar, p.n, at[0], &p) == TG_OK, "record", k);
    tg_function_plain(f, true); /* the bits of a tape by hand */
    for (int round = 0; round < 4; round++) {
      expect(tg_gradient(f, at[round % 2], &value, gradient) == TG_OK, "gradient", k);
      memory_fail(0, false);
      expect(by_hand(t, &p, at[round % 2]) == gradient[0], "a tape by hand has other bits", k);
      if (k > 100000) requests_late += memory_requests();
    }
    tg_function_free(f);
  }
  expect(requests_late == 0, "the tape still grows", (double)requests_late);
  tg_tape_free(t);
  expect(memory_live() == before, "leaked", (double)(memory_live() - before));
}

/* ---- A tape longer than 2^28 nodes is refused. Takes 4 GB, so only where there are 12. ---- */

static void too_long(void)
{
  tg_tape *t;
  if ((double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE) < 12e9) return;
  expect(tg_tape_new(&t) == TG_OK, "tape", 0);
  tg_tape_begin(t);
  tg_var y = tg_input(t, 1.0);
  const size_t limit = ((size_t)1 << 28) - 16;
  for (size_t i = 0; i < limit + 10; i++) y = tg_neg(y);
  expect(tg_tape_size(t) <= limit, "longer than an index reaches", (double)tg_tape_size(t));
  const tg_status s = tg_tape_end(t);
  expect(s == TG_E_SIZE || s == TG_E_NOMEM, "a tape too long", s);
  printf("%zu nodes: %s\n", tg_tape_size(t), tg_tape_message(t));
  tg_tape_free(t);
}

int main(void)
{
  big_tape();
  many_programs();
  too_long();
  expect(memory_live() == 0, "leaked", (double)memory_live());
  printf("%d failures\n", failures);
  return failures != 0;
}
