/* tg_check: agreement with differences, captured state, the first value that is not finite. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "../support/custom.h"
#include "../support/random_program.h"
#include "tapegrad/function.h"
#include "tapegrad/operations.h"

typedef struct state {
  double factor;
  int extra, wrong;
  double fails_above;
} state;

static void depends(const tg_var *x, size_t n, tg_var *y, size_t m, void *user)
{
  const state *const s = user;
  (void)n, (void)m;
  y[0] = tg_mul(s->factor, tg_sin(x[0]));
  for (int i = 0; i < s->extra; i++) tg_exp(x[1]);
  y[1] = tg_log(x[1]);
  if (s->fails_above != 0.0 && tg_gt(x[1], s->fails_above)) tg_fail(TG_E_DATA);
}

static tg_function *recorded(state *s)
{
  tg_function *f;
  cr_assert(tg_record_vector(&f, depends, 2, 2, NULL, s) == TG_OK);
  return f;
}

static const double at[2] = {0.5, 2.0};

Test(check, a_right_function_passes)
{
  state s = {.factor = 3.0};
  tg_check_report r;
  tg_function *f = recorded(&s);
  cr_expect(tg_check(f, at, &r) == TG_OK, "%s", tg_function_message(f));
  cr_expect(r.error < 1e-9 && r.bad_op == NULL, "%g", r.error);
  cr_expect(tg_check(f, at, NULL) == TG_OK);
  double y[2];
  cr_expect(tg_value(f, at, y) == TG_OK && y[0] == 3.0 * sin(0.5), "the function works on");
  tg_function_free(f);
}

Test(check, captured_state_that_changed_is_found)
{
  for (int how = 0; how < 2; how++) {
    state s = {.factor = 3.0};
    tg_check_report r = {.error = -1.0};
    tg_function *f = recorded(&s);
    cr_expect(tg_value(f, at, NULL) == TG_OK);
    if (how == 0)
      s.factor = 3.5;
    else
      s.extra = 2; /* other operations, the same values */
    cr_expect(tg_check(f, at, &r) == TG_E_CAPTURED);
    cr_expect(strstr(tg_function_message(f), "changed"), "\"%s\"", tg_function_message(f));
    if (how == 0) cr_expect(r.row == 0 && r.error > 0.05, "%zu: %g", r.row, r.error);
    tg_function_free(f);
  }
}

Test(check, names_the_first_value_that_is_not_finite)
{
  state s = {.factor = 3.0};
  tg_check_report r;
  tg_function *f = recorded(&s);
  const double x[2] = {0.5, -1.0};
  cr_expect(tg_check(f, x, &r) == TG_OK);
  cr_expect(r.bad_op && strcmp(r.bad_op, "log") == 0 && r.bad_node == 4, "%s, node %zu", r.bad_op, r.bad_node);
  tg_function_free(f);
}

Test(check, failures_of_the_function_are_reported)
{
  state s = {.factor = 3.0, .fails_above = 2.05};
  tg_check_report r = {.error = -1.0};
  tg_function *f = recorded(&s);
  cr_expect(tg_check(f, at, &r) == TG_E_DATA, "it moves the point");
  cr_expect(r.error == -1.0, "the report is left alone");
  cr_expect(tg_value(f, at, NULL) == TG_OK);
  tg_function_free(f);
}

static int wrong_vjp(const double *x, size_t n, const double *u, size_t m, double *uj, void *user)
{
  const int answer = custom_waves.vjp(x, n, u, m, uj, user);
  uj[1] *= 1.0 + 1e-6;
  return answer;
}

static tg_var mistaken(const tg_var *x, size_t n, void *user)
{
  tg_var y;
  tg_custom(user, x, n, &y, 1, NULL);
  return y;
}

Test(check, a_wrong_derivative_of_a_custom_operation_is_found)
{
  tg_custom_op op = custom_waves;
  op.vjp = wrong_vjp;
  op.jvp = NULL;
  tg_function *f;
  tg_check_report r;
  const double x[3] = {0.1, 0.2, 0.3};
  cr_assert(tg_record(&f, mistaken, 3, NULL, &op) == TG_OK);
  cr_expect(tg_check(f, x, &r) == TG_OK);
  cr_expect(r.error > 1e-7 && r.error < 1e-5 && r.column == 1, "%g in column %zu", r.error, r.column);
  tg_function_free(f);
}

Test(check, functions_from_tapes_are_checked_by_their_replay)
{
  tg_tape *t;
  tg_function *f;
  tg_check_report r;
  cr_assert(tg_tape_new(&t) == TG_OK);
  tg_tape_begin(t);
  const tg_var x = tg_input(t, 1.0), y = tg_exp(tg_sin(x));
  cr_expect(tg_tape_end(t) == TG_OK);
  cr_assert(tg_tape_function(&f, t, &x, 1, &y, 1) == TG_OK);
  cr_expect(tg_check(f, (double[]){2.0}, &r) == TG_OK && r.error < 1e-9, "%g", r.error);
  tg_function_free(f);
  tg_tape_free(t);
}

Test(check, random_programs_pass)
{
  random_state random = {77};
  size_t good = 0;
  enum { PROGRAMS = 300 };
  for (int i = 0; i < PROGRAMS; i++) {
    random_program p;
    tg_function *f;
    tg_check_report r;
    double x[PROGRAM_INPUTS];
    random_program_make(&p, &random);
    random_vector(&random, x, PROGRAM_INPUTS, -2.0, 2.0);
    cr_assert(tg_record_vector(&f, random_program_vector, p.n, p.m, NULL, &p) == TG_OK);
    cr_expect(tg_check(f, x, &r) == TG_OK);
    good += r.error < 1e-7 || p.guards;
    tg_function_free(f);
  }
  cr_expect(good >= PROGRAMS - 3, "%zu of %d", good, PROGRAMS);
}
