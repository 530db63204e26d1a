/* Recorded functions that are replayed: what goes, and what must not show. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../support/custom.h"
#include "../support/random_program.h"
#include "function.h"
#include "simplify.h"
#include "tapegrad/objective.h"
#include "tapegrad/operations.h"

enum { N = 3, SETTLED = TG_PATIENCE };

static size_t swept(const tg_function *f)
{
  tg_function_stats s;
  cr_assert(tg_function_statistics(f, &s) == TG_OK);
  return s.swept;
}

static size_t nodes(const tg_function *f)
{
  tg_function_stats s;
  cr_assert(tg_function_statistics(f, &s) == TG_OK);
  return s.nodes;
}

static tg_function *recorded(tg_scalar_fn fn, const double *x, void *user)
{
  tg_function *f;
  cr_assert(tg_record(&f, fn, N, x, user) == TG_OK);
  return f;
}

static void replay(tg_function *f, const double *x, size_t times)
{
  for (size_t i = 0; i < times; i++) cr_assert(tg_value(f, x, NULL) == TG_OK);
}

/* ---- What goes. ---- */

static tg_var with_dead_code(const tg_var *x, size_t n, void *user)
{
  tg_var s = tg_constant(0.0);
  (void)user;
  for (size_t i = 0; i < 1000; i++) s = tg_add(s, tg_mul(x[i % n], 2.0));
  return tg_sin(tg_mul(x[0], x[1]));
}

Test(simplify, dead_code_is_not_swept)
{
  const double x[N] = {0.5, 1.5, 2.5}, x2[N] = {0.25, 2.0, -1.0};
  tg_function *f = recorded(with_dead_code, x, NULL);
  double before[1 + N], after[1 + N];
  for (int i = 1; i < SETTLED; i++) {
    cr_expect(tg_gradient(f, x2, before, before + 1) == TG_OK && swept(f) == nodes(f));
  }
  cr_expect(tg_gradient(f, x2, after, after + 1) == TG_OK);
  cr_expect(swept(f) == N + 2 && nodes(f) == N + 2 + 2000, "%zu of %zu", swept(f), nodes(f));
  cr_expect(memcmp(before, after, sizeof before) == 0);
  tg_function_free(f);
}

static tg_var with_repetitions(const tg_var *x, size_t n, void *user)
{
  tg_var s = tg_constant(0.0);
  (void)user;
  for (size_t i = 0; i < 3 * n; i++) s = tg_add(s, tg_mul(tg_exp(tg_sin(x[i % n])), tg_sin(x[(i + 1) % n])));
  return s;
}

Test(simplify, repetitions_are_swept_once)
{
  const double x[N] = {0.5, 1.5, 2.5}, v[N] = {1.0, -1.0, 0.5};
  tg_function *f = recorded(with_repetitions, x, NULL);
  double value[2], gradient[2][N], product[2][N];
  for (int i = 0; i < 2; i++) {
    cr_assert(tg_gradient(f, x, &value[i], NULL) == TG_OK);
    cr_assert(tg_hvp(f, x, v, gradient[i], product[i]) == TG_OK);
    if (i == 0) cr_assert(swept(f) == nodes(f));
  }
  cr_expect(swept(f) < nodes(f) / 2);
  cr_expect(value[0] == value[1]);
  for (size_t i = 0; i < N; i++) {
    cr_expect(fabs(gradient[0][i] - gradient[1][i]) < 1e-14 * fabs(gradient[0][i]));
    cr_expect(fabs(product[0][i] - product[1][i]) < 1e-13 * fabs(product[0][i]));
  }
  tg_function_free(f);
}

static tg_var without_either(const tg_var *x, size_t n, void *user)
{
  (void)n, (void)user;
  return tg_sub(tg_add(tg_sin(tg_mul(x[0], x[1])), tg_exp(tg_add(x[1], x[2]))), tg_mul(2.0, x[2]));
}

Test(simplify, what_gains_nothing_stays)
{
  const double x[N] = {0.5, 1.5, 2.5};
  tg_function *f = recorded(without_either, x, NULL);
  replay(f, x, 10);
  cr_expect(swept(f) == nodes(f) && f->simplified == NULL);
  tg_function_free(f);
}

/* ---- What does not show. ---- */

Test(simplify, random_programs_keep_their_values_and_almost_their_derivatives)
{
  random_state r = {20250101};
  double worst = 0.0;
  size_t simplified = 0;
  for (size_t k = 0; k < 2000; k++) {
    random_program p;
    double x[PROGRAM_INPUTS], g[2][1 + PROGRAM_INPUTS], h[2][PROGRAM_INPUTS * PROGRAM_INPUTS];
    random_program_make(&p, &r);
    random_vector(&r, x, PROGRAM_INPUTS, -2.0, 2.0);
    tg_function *f[2];
    for (int i = 0; i < 2; i++) {
      cr_assert(tg_record(&f[i], random_program_scalar, p.n, x, &p) == TG_OK);
      if (i == 0) tg_function_as_recorded_(f[0]);
      replay(f[i], x, SETTLED);
      cr_assert(tg_gradient(f[i], x, g[i], g[i] + 1) == TG_OK);
      cr_assert(tg_hessian(f[i], x, NULL, NULL, h[i]) == TG_OK);
    }
    cr_assert(swept(f[0]) == nodes(f[0]));
    simplified += swept(f[1]) < nodes(f[1]);
    cr_assert(memcmp(g[0], g[1], sizeof **g) == 0 || isnan(g[0][0]), "value of program %zu", k);
    double scale = 1.0;
    for (size_t i = 1; i <= p.n; i++)
      if (isfinite(g[0][i])) scale = fmax(scale, fabs(g[0][i]));
    for (size_t i = 1; i <= p.n; i++)
      if (g[0][i] != g[1][i] && !isnan(g[0][i])) worst = fmax(worst, fabs(g[0][i] - g[1][i]) / scale);
    tg_function_free(f[0]);
    tg_function_free(f[1]);
  }
  cr_expect(worst < 1e-14 && simplified > 500, "%g, %zu", worst, simplified);
}

static double factor;

static tg_var branching(const tg_var *x, size_t n, void *user)
{
  const tg_var y = with_repetitions(x, n, NULL), z = with_repetitions(x, n, NULL);
  size_t *const calls = user;
  ++*calls;
  return tg_gt(x[0], 0.0) ? tg_mul(tg_add(y, z), tg_live(&factor)) : tg_sub(y, tg_square(z));
}

Test(simplify, branches_change_and_live_numbers_are_read)
{
  size_t calls = 0, plain_calls = 0;
  double x[N] = {0.5, 1.5, 2.5}, g[N], plain_g[N];
  tg_function *f = recorded(branching, x, &calls), *plain = recorded(branching, x, &plain_calls);
  tg_function_as_recorded_(plain);
  for (int i = 0; i < 60; i++) {
    double value, plain_value;
    factor = 1.0 + i;
    if (i % 10 == 9) x[0] = -x[0];
    x[1] += 0.01;
    cr_assert(tg_gradient(f, x, &value, g) == TG_OK && tg_gradient(plain, x, &plain_value, plain_g) == TG_OK);
    cr_expect(value == plain_value, "%d", i);
    for (size_t k = 0; k < N; k++) cr_expect(fabs(g[k] - plain_g[k]) <= 1e-13 * fabs(plain_g[k]), "%d", i);
    cr_expect(calls == plain_calls && nodes(f) == nodes(plain));
  }
  cr_expect(calls == 7, "%zu", calls);
  tg_function_free(f);
  tg_function_free(plain);
}

static tg_var with_custom(const tg_var *x, size_t n, void *user)
{
  tg_var y[2], z[2], dead[1];
  tg_custom(&custom_waves, x, n, y, 2, user);
  tg_custom(&custom_waves, x, n, dead, 1, user);
  tg_custom(&custom_waves, x, n, z, 2, user);
  return tg_add(with_dead_code(x, n, NULL), tg_mul(y[0], z[1]));
}

Test(simplify, custom_operations_are_all_called)
{
  const double x[N] = {0.5, 1.5, 2.5};
  custom_calls calls = {0};
  tg_function *f = recorded(with_custom, x, &calls);
  for (size_t i = 1; i <= 2 * SETTLED; i++) {
    replay(f, x, 1);
    cr_expect(calls.value == 3 * (i + 1), "%zu", calls.value);
  }
  cr_expect(swept(f) < nodes(f));
  double untouched = 5.0;
  calls.fail_value = calls.value + 3; /* the third of them */
  calls.answer = TG_E_ORDER;
  cr_expect(tg_value(f, x, &untouched) == TG_E_ORDER && untouched == 5.0);
  char words[200], plain_words[200];
  snprintf(words, sizeof words, "%s", tg_function_message(f));
  tg_function_forget(f);
  tg_function_free(f);
  calls = (custom_calls){.fail_value = 6, .answer = TG_E_ORDER};
  f = recorded(with_custom, x, &calls);
  tg_function_as_recorded_(f);
  cr_expect(tg_value(f, x, NULL) == TG_E_ORDER);
  snprintf(plain_words, sizeof plain_words, "%s", tg_function_message(f));
  cr_expect(strcmp(words, plain_words) == 0, "%s / %s", words, plain_words);
  tg_function_free(f);
}

/* A function made from a tape: nothing to call again, and an input that is not its own. */
Test(simplify, a_guard_is_named_as_it_was_recorded)
{
  tg_tape *t;
  tg_function *f;
  const double x[2] = {0.5, 1.5}, other[2] = {-0.5, 1.5};
  double value, g[2];
  cr_assert(tg_tape_new(&t) == TG_OK);
  tg_tape_begin(t);
  const tg_var held = tg_input(t, 3.0), a = tg_input(t, x[0]), b = tg_input(t, x[1]);
  const tg_var in[2] = {a, b};
  for (int i = 0; i < 100; i++) tg_sin(a);
  const tg_var y = tg_gt(a, 0.0) ? tg_mul(tg_mul(a, held), b) : a;
  cr_assert(tg_tape_end(t) == TG_OK && tg_tape_function(&f, t, in, 2, &y, 1) == TG_OK);
  char words[2][200];
  for (int i = 0; i < 2; i++) {
    cr_expect(tg_value(f, other, NULL) == TG_E_BRANCH && (swept(f) < nodes(f)) == (i == 1));
    snprintf(words[i], sizeof words[i], "%s", tg_function_message(f));
    replay(f, x, SETTLED);
  }
  cr_expect(strcmp(words[0], words[1]) == 0, "%s / %s", words[0], words[1]);
  cr_expect(tg_gradient(f, x, &value, g) == TG_OK && value == 2.25 && g[0] == 4.5 && g[1] == 1.5);
  cr_expect(tg_check(f, x, NULL, NULL) == TG_OK);
  tg_function_free(f);
  tg_tape_free(t);
}

Test(simplify, a_clone_gives_the_bits_of_the_original)
{
  const double x[N] = {0.5, 1.5, 2.5};
  tg_function *f = recorded(with_repetitions, x, NULL), *clone;
  replay(f, x, SETTLED);
  cr_assert(tg_function_clone(&clone, f) == TG_OK);
  double a[1 + N], b[1 + N];
  cr_assert(tg_gradient(f, x, a, a + 1) == TG_OK && tg_gradient(clone, x, b, b + 1) == TG_OK);
  cr_expect(memcmp(a, b, sizeof a) == 0 && swept(clone) == swept(f) && nodes(clone) == nodes(f));
  tg_function_free(f);
  cr_expect(tg_check(clone, x, NULL, NULL) == TG_OK);
  tg_function_forget(clone);
  cr_expect(tg_gradient(clone, x, b, NULL) == TG_OK && a[0] == b[0] && swept(clone) == nodes(clone));
  tg_function_free(clone);
}

Test(simplify, a_check_compares_the_recordings)
{
  const double x[N] = {0.5, 1.5, 2.5};
  tg_check_report report;
  tg_function *f = recorded(with_repetitions, x, NULL);
  replay(f, x, 2 * SETTLED);
  cr_expect(swept(f) < nodes(f) && tg_check(f, x, NULL, &report) == TG_OK && report.error < 1e-9);
  tg_function_free(f);
}

/* Runs that are saved go on elsewhere to the same bits, with a function of few replays. */
Test(simplify, an_objective_depends_on_the_point_alone)
{
  size_t calls = 0;
  const double x[N] = {0.5, 1.5, 2.5};
  for (int guards = 0; guards < 2; guards++) {
    double a[N], b[N], value;
    tg_function *f[2];
    factor = 2.0;
    for (int i = 0; i < 2; i++)
      cr_assert(tg_record(&f[i], guards ? branching : with_repetitions, N, i ? x : NULL, &calls) == TG_OK);
    const tg_objective o = tg_function_objective(f[0]);
    cr_assert(o.evaluate(x, &value, a, o.user) == TG_OK);
    cr_expect((swept(f[0]) < nodes(f[0])) == (guards == 0), "what may be recorded again is left alone");
    replay(f[1], x, 2 * SETTLED);
    cr_expect(swept(f[1]) < nodes(f[1]));
    const tg_objective later = tg_function_objective(f[1]);
    for (int i = 0; i < 2 * SETTLED; i++) {
      cr_assert(later.evaluate(x, &value, b, later.user) == TG_OK);
      cr_expect(memcmp(a, b, sizeof a) == 0, "call %d", i);
    }
    for (int i = 0; i < 2; i++) tg_function_free(f[i]);
  }
}
