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
  cr_expect(tg_check(f, at, NULL, &r) == TG_OK, "%s", tg_function_message(f));
  cr_expect(r.error < 1e-9 && r.bad_op == NULL, "%g", r.error);
  cr_expect(tg_check(f, at, NULL, NULL) == TG_OK);
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
    cr_expect(tg_check(f, at, NULL, &r) == TG_E_CAPTURED);
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
  cr_expect(tg_check(f, x, NULL, &r) == TG_OK);
  cr_expect(r.bad_op && strcmp(r.bad_op, "log") == 0 && r.bad_node == 4, "%s, node %zu", r.bad_op,
            r.bad_node);
  tg_function_free(f);
}

Test(check, failures_of_the_function_are_reported)
{
  state s = {.factor = 3.0, .fails_above = 2.05};
  tg_check_report r = {.error = -1.0};
  tg_function *f = recorded(&s);
  cr_expect(tg_check(f, at, NULL, &r) == TG_E_DATA, "it moves the point");
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
  cr_expect(tg_check(f, x, NULL, &r) == TG_OK &&
            tg_check(f, x, &(tg_check_options){1e-8, true}, &r) == TG_E_DERIVATIVE);
  cr_expect(strstr(tg_function_message(f), "reverse"), "\"%s\"", tg_function_message(f));
  cr_expect(r.error > 1e-7 && r.error < 1e-5 && r.column == 1, "%g in column %zu", r.error, r.column);
  tg_function_free(f);
}

static int wrong_jvp(const double *x, size_t n, const double *v, double *jv, size_t m, void *user)
{
  const int answer = custom_waves.jvp(x, n, v, jv, m, user);
  jv[0] += 0.25 * v[2];
  return answer;
}

static int wrong_hvp(const double *x, size_t n, const double *u, size_t m, const double *v, double *hv,
                     void *user)
{
  const int answer = custom_waves.hvp(x, n, u, m, v, hv, user);
  hv[1] += 0.5 * u[0] * v[2];
  return answer;
}

/* Each of the three callbacks wrong by itself, whichever mode the Jacobian is cheaper by. */
Test(check, either_side_and_the_second_order_are_looked_at)
{
  const double x[3] = {0.1, 0.2, 0.3};
  for (int which = 0; which < 3; which++) {
    tg_custom_op op = custom_waves;
    tg_function *f;
    tg_check_report r;
    if (which == 0) op.jvp = wrong_jvp;
    if (which == 1) op.vjp = wrong_vjp;
    if (which == 2) op.hvp = wrong_hvp;
    const tg_check_options o = {1e-8, true}, first = {1e-8, false};
    cr_assert(tg_record(&f, mistaken, 3, NULL, &op) == TG_OK);
    cr_expect(tg_check(f, x, &o, &r) == TG_E_DERIVATIVE, "callback %d", which);
    if (which == 0) cr_expect(r.forward && r.column == 2 && r.error > 0.1, "%zu: %g", r.column, r.error);
    if (which == 1) cr_expect(!r.forward && r.column == 1, "%zu: %g", r.column, r.error);
    if (which == 2)
      cr_expect(r.error < 1e-8 && r.second_row == 2 && r.second_column == 1 && r.second_error > 0.1,
                "%zu %zu: %g", r.second_row, r.second_column, r.second_error);
    if (which == 2) cr_expect(tg_check(f, x, &first, &r) == TG_OK && !r.second_order);
    tg_function_free(f);
  }
}

static tg_var harmonic(const tg_var *x, size_t n, void *user)
{
  (void)n, (void)user;
  return tg_square(tg_sub(tg_inv(tg_add(tg_inv(x[0]), tg_inv(x[1]))), 5.0));
}

/* The limit is (-10, 0); at (2, 2) all is well. */
Test(check, a_zero_that_hides_a_gradient_is_told)
{
  const double x[2] = {0.0, 10.0}, well[2] = {2.0, 2.0};
  tg_function *f;
  tg_check_report r;
  tg_function_stats stats;
  cr_assert(tg_record(&f, harmonic, 2, NULL, NULL) == TG_OK);
  cr_expect(tg_check(f, well, NULL, &r) == TG_OK && r.zero_rule == 0 && r.second_order, "%s",
            tg_function_message(f));
  cr_expect(tg_function_statistics(f, &stats) == TG_OK && stats.zero_rule == 0);
  cr_expect(tg_check(f, x, NULL, &r) == TG_E_DERIVATIVE && r.zero_rule > 0 && r.column == 0 && r.error > 0.9,
            "%g", r.error);
  cr_expect(tg_function_statistics(f, &stats) == TG_OK && stats.zero_rule > 0);
  tg_function_free(f);
}

/* Of x^2 with a derivative that is too large by `wrong`, beside a linear term; scaled, shifted. */
typedef struct scaled {
  double x, scale, shift, wrong;
} scaled;

static double excess;
static int parabola(const double *x, size_t n, double *y, size_t m, void *user)
{
  (void)n, (void)m, (void)user;
  y[0] = x[0] * x[0];
  return 0;
}
static int parabola_jvp(const double *x, size_t n, const double *v, double *jv, size_t m, void *user)
{
  (void)n, (void)m, (void)user;
  jv[0] = 2.0 * x[0] * v[0] * (1.0 + excess);
  return 0;
}
static int parabola_vjp(const double *x, size_t n, const double *u, size_t m, double *uj, void *user)
{
  return parabola_jvp(x, m, u, uj, n, user);
}
static const tg_custom_op parabola_op = {
    .name = "parabola", .value = parabola, .jvp = parabola_jvp, .vjp = parabola_vjp};

static tg_var scaled_parabola(const tg_var *x, size_t n, void *user)
{
  const scaled *const s = user;
  tg_var y;
  (void)n;
  tg_custom(&parabola_op, x, 1, &y, 1, NULL);
  return tg_add(tg_mul(s->scale, y), s->shift);
}

static tg_status verdict_of(tg_scalar_fn fn, scaled *s, tg_check_report *r)
{
  tg_function *f;
  excess = s->wrong;
  cr_assert(tg_record(&f, fn, 1, &s->x, s) == TG_OK);
  const tg_status status = tg_check(f, &s->x, NULL, r);
  tg_function_free(f);
  return status;
}

Test(check, a_wrong_derivative_is_found_at_any_scale_and_a_right_one_passes)
{
  static const double x[] = {1.0, 1e-9, 1e9, -3e5}, scale[] = {1.0, 1e-8, 1e12},
                      wrong[] = {0.0, 1e-4, 0.5, -1.0, -2.0};
  tg_check_report r;
  for (int i = 0; i < 4; i++)
    for (int k = 0; k < 3; k++)
      for (int w = 0; w < 5; w++) {
        scaled s = {x[i], scale[k], 0.0, wrong[w]};
        if (fabs(x[i]) * scale[k] < 1e-10) continue; /* measured by 1e-10 */
        const tg_status status = verdict_of(scaled_parabola, &s, &r);
        cr_expect(status == (wrong[w] == 0.0 ? TG_OK : TG_E_DERIVATIVE) && r.unchecked == 0,
                  "x = %g, scale %g, wrong by %g: %g, %zu unchecked", x[i], scale[k], wrong[w], r.error,
                  r.unchecked);
      }
}

static tg_var wave(const tg_var *x, size_t n, void *user)
{
  (void)n;
  return tg_add(tg_sin(x[0]), ((const scaled *)user)->shift);
}
static tg_var logarithm(const tg_var *x, size_t n, void *user)
{
  (void)n;
  return tg_add(tg_log(x[0]), ((const scaled *)user)->shift);
}

Test(check, steps_that_do_not_suit_the_size_of_x_and_rounding_refuse_nothing)
{
  tg_check_report r;
  cr_expect(verdict_of(wave, &(scaled){.x = 1e5}, &r) == TG_OK && r.unchecked == 0, "%g", r.error);
  cr_expect(verdict_of(logarithm, &(scaled){.x = 1e-9}, &r) == TG_OK && r.unchecked == 0, "%g", r.error);
  cr_expect(verdict_of(wave, &(scaled){.x = 1.0, .shift = 1e14}, &r) == TG_OK && r.unchecked > 0,
            "nothing is left of sin beside 1e14, and that is said: %g, %zu", r.error, r.unchecked);
}

Test(check, options_out_of_range_are_refused)
{
  state s = {.factor = 3.0};
  tg_function *f = recorded(&s);
  static const double bad[] = {0.0, -1.0, NAN};
  for (int i = 0; i < 3; i++)
    cr_expect(tg_check(f, at, &(tg_check_options){bad[i], true}, NULL) == TG_E_ARGUMENT);
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
  cr_expect(tg_check(f, (double[]){2.0}, NULL, &r) == TG_OK && r.error < 1e-9, "%g", r.error);
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
    const tg_status status = tg_check(f, x, NULL, &r);
    cr_expect(status == TG_OK || status == TG_E_DERIVATIVE);
    good += status == TG_OK || p.guards;
    tg_function_free(f);
  }
  cr_expect(good >= PROGRAMS - 3, "%zu of %d", good, PROGRAMS);
}
