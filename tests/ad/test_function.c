/* Recorded functions: when they record, what they remember, how they fail. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "function.h"
#include "tapegrad/operations.h"

static const double pattern = 123.25;

static tg_function_stats statistics(const tg_function *f)
{
  tg_function_stats s;
  cr_assert(tg_function_statistics(f, &s) == TG_OK);
  return s;
}

static double value_at(tg_function *f, double x)
{
  double y = NAN;
  cr_expect(tg_value(f, &x, &y) == TG_OK, "%s", tg_function_message(f));
  return y;
}

static double slope_at(tg_function *f, double x)
{
  double g = NAN;
  cr_expect(tg_gradient(f, &x, NULL, &g) == TG_OK, "%s", tg_function_message(f));
  return g;
}

static tg_function *recorded(tg_scalar_fn fn, size_t n, void *user)
{
  tg_function *f;
  cr_assert(tg_record(&f, fn, n, NULL, user) == TG_OK);
  return f;
}

/* A count of calls for functions that have no other use for `user`. */
static void count(void *user)
{
  if (user) ++*(size_t *)user;
}

static tg_var square(const tg_var *x, size_t n, void *user)
{
  (void)n;
  count(user);
  return tg_square(x[0]);
}

/* ---- When it records. ---- */

Test(function, is_recorded_once_and_replayed)
{
  size_t calls = 0;
  tg_function *f = recorded(square, 1, &calls);
  cr_expect(calls == 0, "without x0 not before its first use");
  for (int i = 0; i < 5; i++) cr_expect(value_at(f, i) == i * i && slope_at(f, i) == 2.0 * i);
  cr_expect(calls == 1);
  const tg_function_stats s = statistics(f);
  cr_expect(s.recordings == 1 && s.rerecordings == 0 && s.evaluations == 10 && !s.point_dependent);
  cr_expect(s.nodes == 2 && s.bytes == 32);
  tg_function_free(f);
}

Test(function, is_recorded_at_once_where_a_point_is_given)
{
  size_t calls = 0;
  const double x = 3.0;
  tg_function *f;
  cr_assert(tg_record(&f, square, 1, &x, &calls) == TG_OK);
  cr_expect(calls == 1);
  cr_expect(value_at(f, 3.0) == 9.0 && calls == 1);
  tg_function_free(f);
}

Test(function, forgetting_records_at_the_next_use)
{
  size_t calls = 0;
  tg_function *f = recorded(square, 1, &calls);
  value_at(f, 1.0);
  tg_function_forget(f);
  tg_function_forget(f);
  cr_expect(calls == 1);
  value_at(f, 1.0), value_at(f, 2.0);
  cr_expect(calls == 2);
  tg_function_free(f);
}

/* |x|, by an if. */
static tg_var branching(const tg_var *x, size_t n, void *user)
{
  (void)n;
  count(user);
  if (tg_lt(x[0], 0.0)) return tg_neg(x[0]);
  return tg_mul(x[0], x[0]);
}

Test(function, a_changed_branch_records_again)
{
  size_t calls = 0;
  tg_function *f = recorded(branching, 1, &calls);
  const double points[] = {1.0, 2.0, -1.0, -2.0, -3.0, 0.5, 0.0, -0.0, NAN, -1.0};
  const size_t recordings[] = {1, 1, 2, 2, 2, 3, 3, 3, 3, 4};
  for (int i = 0; i < 10; i++) {
    const double x = points[i], y = value_at(f, x), g = slope_at(f, x);
    if (isnan(x))
      cr_expect(isnan(y) && isnan(g));
    else
      cr_expect(y == (x < 0.0 ? -x : x * x) && g == (x < 0.0 ? -1.0 : 2.0 * x), "%g", x);
    cr_expect(calls == recordings[i], "%g: %zu", x, calls);
    cr_expect(statistics(f).rerecordings == recordings[i] - 1 && statistics(f).recordings == recordings[i]);
  }
  tg_function_free(f);
}

/* Newton's iteration for a cube root, until it stands still: the number of passes depends on x. */
static tg_var iterated(const tg_var *x, size_t n, void *user)
{
  tg_var r = tg_constant(1.0);
  (void)n, (void)user;
  for (int i = 0; i < 200; i++) {
    const tg_var step = tg_divide(tg_sub(tg_divide(x[0], tg_square(r)), r), 3.0);
    r = tg_add(r, step);
    if (tg_le(tg_fabs(step), tg_mul(1e-14, tg_fabs(r)))) break;
  }
  return r;
}

Test(function, a_loop_that_depends_on_the_point_is_right_everywhere)
{
  tg_function *f = recorded(iterated, 1, NULL);
  for (double x = 1e-6; x < 1e6; x *= 3.7) {
    cr_expect(fabs(value_at(f, x) - cbrt(x)) <= 1e-14 * cbrt(x));
    cr_expect(fabs(slope_at(f, x) - cbrt(x) / x / 3.0) <= 1e-10 * cbrt(x) / x, "%g: %.17g", x,
              slope_at(f, x));
  }
  cr_expect(statistics(f).rerecordings > 5);
  tg_function_free(f);
}

/* All six guards, on two variables and on a constant either side. */
static tg_var outcomes(const tg_var *x, size_t n, void *user)
{
  (void)n, (void)user;
  const tg_var y = tg_constant(2.0);
  const tg_var pairs[3][2] = {{x[0], x[1]}, {x[0], y}, {y, x[0]}};
  tg_var code = tg_constant(0.0);
  double weight = 1.0;
  for (int k = 0; k < 3; k++) {
    const tg_var a = pairs[k][0], b = pairs[k][1];
    const bool all[6] = {tg_lt(a, b), tg_le(a, b), tg_gt(a, b), tg_ge(a, b), tg_eq(a, b), tg_ne(a, b)};
    for (int i = 0; i < 6; i++, weight *= 2.0)
      if (all[i]) code = tg_add(code, tg_mul(weight, tg_add(x[0], 1.0 - tg_peek(x[0]))));
  }
  return code;
}

static double outcome_bits(double a, double b)
{
  return (a < b) + 2.0 * (a <= b) + 4.0 * (a > b) + 8.0 * (a >= b) + 16.0 * (a == b) + 32.0 * (a != b);
}

Test(function, every_guard_notices_a_change)
{
  tg_function *f = recorded(outcomes, 2, NULL);
  const double values[] = {1.0, 2.0, 3.0};
  for (int i = 0; i < 27; i++) {
    const double from[2] = {values[i % 3], values[i / 9]}, to[2] = {values[i / 3 % 3], values[i / 9]};
    double y;
    tg_function_forget(f);
    cr_expect(tg_value(f, from, &y) == TG_OK);
    cr_expect(tg_value(f, to, &y) == TG_OK);
    const double wanted =
        outcome_bits(to[0], to[1]) + 64.0 * outcome_bits(to[0], 2.0) + 4096.0 * outcome_bits(2.0, to[0]);
    /* A replay without change scales by to - from + 1, which tells it from a recording. */
    cr_expect(from[0] == to[0] || y == wanted, "%g, %g -> %g: %g is not %g", from[0], from[1], to[0], y,
              wanted);
  }
  tg_function_free(f);
}

/* ---- What it reads. ---- */

static tg_var by_value(const tg_var *x, size_t n, void *user)
{
  (void)n;
  count(user);
  return tg_mul(floor(tg_primal(x[0])), x[0]);
}

Test(function, reading_a_bare_value_records_every_time)
{
  size_t calls = 0;
  tg_function *f = recorded(by_value, 1, &calls);
  for (int i = 0; i < 4; i++) cr_expect(slope_at(f, i + 0.5) == i);
  cr_expect(calls == 4);
  const tg_function_stats s = statistics(f);
  cr_expect(s.point_dependent && s.recordings == 4 && s.rerecordings == 0);
  tg_function_free(f);
}

static tg_var peeking(const tg_var *x, size_t n, void *user)
{
  (void)n;
  *(double *)user = tg_peek(x[0]) + tg_primal(tg_constant(1.0));
  return tg_square(x[0]);
}

Test(function, peeking_and_values_of_constants_leave_no_mark)
{
  double seen = 0.0;
  tg_function *f = recorded(peeking, 1, &seen);
  value_at(f, 3.0), value_at(f, 4.0);
  cr_expect(seen == 4.0 && statistics(f).recordings == 1 && !statistics(f).point_dependent);
  tg_function_free(f);
}

typedef struct settings {
  double captured, live;
} settings;

static tg_var reading(const tg_var *x, size_t n, void *user)
{
  const settings *const s = user;
  (void)n;
  return tg_add(tg_mul(s->captured, x[0]), tg_mul(tg_live(&s->live), tg_square(x[0])));
}

Test(function, live_numbers_are_read_again_and_others_captured)
{
  settings s = {2.0, 3.0};
  tg_function *f = recorded(reading, 1, &s), *copy;
  cr_expect(value_at(f, 10.0) == 320.0 && slope_at(f, 10.0) == 62.0);
  cr_assert(tg_function_clone(&copy, f) == TG_OK);
  s = (settings){5.0, 7.0};
  cr_expect(value_at(f, 10.0) == 720.0 && slope_at(f, 10.0) == 142.0);
  cr_expect(value_at(copy, 10.0) == 720.0, "a clone shares what has been captured");
  tg_function_forget(f);
  cr_expect(value_at(f, 10.0) == 750.0 && slope_at(f, 10.0) == 145.0);
  cr_expect(statistics(f).recordings == 2);
  tg_function_free(copy);
  tg_function_free(f);
}

static tg_var choosing(const tg_var *x, size_t n, void *user)
{
  (void)n;
  return tg_gt(tg_live(user), x[0]) ? tg_neg(x[0]) : x[0];
}

Test(function, a_live_number_may_change_a_branch)
{
  double live = 0.0;
  tg_function *f = recorded(choosing, 1, &live);
  cr_expect(value_at(f, 1.0) == 1.0);
  live = 2.0;
  cr_expect(value_at(f, 1.0) == -1.0 && statistics(f).rerecordings == 1);
  tg_function_free(f);
}

static tg_var forgetful(const tg_var *x, size_t n, void *user)
{
  tg_function *const *const f = user;
  (void)n;
  tg_function_forget(*f);
  return tg_square(x[0]);
}

Test(function, forgetting_inside_the_callback_is_kept)
{
  tg_function *f;
  cr_assert(tg_record(&f, forgetful, 1, NULL, &f) == TG_OK);
  cr_expect(slope_at(f, 1.0) == 2.0 && slope_at(f, 2.0) == 4.0);
  cr_expect(statistics(f).recordings == 2);
  tg_function_free(f);
}

/* ---- Clones. ---- */

Test(function, a_clone_lives_on_its_own)
{
  size_t calls = 0;
  tg_function *f = recorded(branching, 1, &calls), *before, *after;
  cr_assert(tg_function_clone(&before, f) == TG_OK);
  value_at(f, 2.0);
  cr_assert(tg_function_clone(&after, f) == TG_OK);
  tg_function_free(f);
  cr_expect(slope_at(after, 3.0) == 6.0 && calls == 1, "it brings the recording");
  cr_expect(slope_at(after, -3.0) == -1.0 && calls == 2, "and the callback");
  cr_expect(slope_at(before, 3.0) == 6.0 && calls == 3);
  cr_expect(statistics(after).rerecordings == 1 && statistics(before).rerecordings == 0);
  tg_function_free(before);
  tg_function_free(after);
}

static tg_var cloning(const tg_var *x, size_t n, void *user)
{
  tg_function **const f = user;
  (void)n;
  const tg_var y = tg_square(x[0]);
  if (!f[1]) cr_expect(tg_function_clone(&f[1], f[0]) == TG_OK);
  return tg_mul(y, x[0]);
}

Test(function, a_clone_made_while_recording_records_for_itself)
{
  tg_function *f[2] = {NULL, NULL};
  cr_assert(tg_record(&f[0], cloning, 1, NULL, f) == TG_OK);
  cr_expect(slope_at(f[0], 2.0) == 12.0);
  cr_expect(slope_at(f[1], 3.0) == 27.0);
  tg_function_free(f[0]);
  tg_function_free(f[1]);
}

/* ---- Functions in functions. ---- */

typedef struct nesting {
  tg_function *inner, *outer;
  tg_status own[6];
} nesting;

/* x^2 g, where g = 2 x0 is the slope of `inner` at 5, by every driver. */
static tg_var nested(const tg_var *x, size_t n, void *user)
{
  nesting *const s = user;
  const double at = 5.0, one = 1.0;
  double y = pattern, g = 0.0;
  (void)n;
  const tg_var before = tg_square(x[0]);
  cr_expect(tg_gradient(s->inner, &at, NULL, &g) == TG_OK);
  if (s->outer) {
    s->own[0] = tg_value(s->outer, &at, &y);
    s->own[1] = tg_gradient(s->outer, &at, &y, &y);
    s->own[2] = tg_jvp(s->outer, &at, &one, &y, &y);
    s->own[3] = tg_hvp(s->outer, &at, &one, &y, &y);
    s->own[4] = tg_check(s->outer, &at, NULL, NULL);
    s->own[5] = tg_jacobian(s->outer, &at, &y, &y);
    cr_expect(y == pattern);
  }
  return tg_mul(before, g);
}

Test(function, callbacks_may_call_drivers_of_other_functions_only)
{
  nesting s = {.inner = recorded(square, 1, NULL)};
  tg_function *f = recorded(nested, 1, &s);
  s.outer = f;
  cr_expect(slope_at(f, 3.0) == 60.0);
  for (int i = 0; i < 6; i++) cr_expect(s.own[i] == TG_E_TAPE, "%d: %d", i, s.own[i]);
  cr_expect(slope_at(f, 4.0) == 80.0, "a refused call does no harm");
  cr_expect(tg_tape_active_() == NULL);
  tg_function_free(f);
  tg_function_free(s.inner);
}

static tg_var from_outside(const tg_var *x, size_t n, void *user)
{
  const tg_var *const outside = user;
  (void)n;
  return tg_mul(x[0], *outside);
}

Test(function, vars_of_an_outer_tape_are_refused)
{
  tg_tape *t;
  cr_assert(tg_tape_new(&t) == TG_OK);
  tg_tape_begin(t);
  tg_var x = tg_input(t, 2.0);
  tg_function *f = recorded(from_outside, 1, &x);
  const double at = 1.0;
  double y = pattern;
  cr_expect(tg_value(f, &at, &y) == TG_E_TAPE && y == pattern);
  cr_expect(strstr(tg_function_message(f), "mul"), "\"%s\"", tg_function_message(f));
  cr_expect(tg_tape_active_() == t, "the outer tape records again");
  cr_expect(tg_tape_end(t) == TG_OK);
  x = tg_constant(3.0);
  cr_expect(value_at(f, 2.0) == 6.0, "the next call records afresh");
  tg_function_free(f);
  tg_tape_free(t);
}

/* ---- How it fails. ---- */

typedef struct failing {
  int how;
  tg_var kept;
  tg_tape *tape;
} failing;

static void fails(const tg_var *x, size_t n, tg_var *y, size_t m, void *user)
{
  failing *const s = user;
  (void)n, (void)m;
  y[0] = tg_exp(x[0]);
  y[1] = x[1];
  switch (s->how) {
  case 1: tg_fail(TG_E_DATA); break;
  case 2: tg_fail(TG_OK); break;
  case 3: tg_fail((tg_status)5); break;
  case 4: y[1] = s->kept; break;
  case 5: tg_add(x[0], s->kept); break;
  case 6: tg_tape_begin(s->tape); break;
  case 7: tg_live(NULL); break;
  case 8: tg_fail(TG_E_DATA), tg_fail(TG_E_NOMEM); break;
  default: s->kept = y[0];
  }
}

Test(function, every_failure_is_reported_and_leaves_outputs_alone)
{
  const tg_status wanted[] = {TG_OK,     TG_E_DATA, TG_E_CALLBACK, TG_E_CALLBACK, TG_E_TAPE,
                              TG_E_TAPE, TG_E_TAPE, TG_E_ARGUMENT, TG_E_DATA};
  const char *const says[] = {"success", "node 3",    "node 3", "node 3", "output",
                              "add",     "innermost", "",       "node 3"};
  failing s = {.how = 0};
  cr_assert(tg_tape_new(&s.tape) == TG_OK);
  const double x[2] = {1.0, 2.0};
  tg_function *f;
  cr_assert(tg_record_vector(&f, fails, 2, 2, NULL, &s) == TG_OK);
  for (s.how = 0; s.how < 9; s.how++) {
    double y[2] = {pattern, pattern}, j[4] = {pattern, pattern, pattern, pattern};
    tg_function_forget(f);
    for (int again = 0; again < 2; again++) { /* a failure is not forgotten into success */
      cr_expect(tg_jacobian(f, x, y, j) == wanted[s.how], "%d", s.how);
      cr_expect(strstr(tg_function_message(f), says[s.how]), "%d: \"%s\"", s.how, tg_function_message(f));
      if (s.how > 0) cr_expect(y[0] == pattern && y[1] == pattern && j[0] == pattern && j[3] == pattern);
      if (s.how == 6) {
        cr_expect(tg_tape_active_() == s.tape);
        cr_expect(tg_tape_end(s.tape) == TG_OK);
      }
      cr_expect(tg_tape_active_() == NULL);
    }
    tg_function *g = f;
    const tg_status at_once = tg_record_vector(&g, fails, 2, 2, x, &s);
    cr_expect(at_once == wanted[s.how] && (g == NULL) == (at_once != TG_OK));
    if (s.how == 6) tg_tape_end(s.tape);
    tg_function_free(g);
  }
  s.how = 0;
  double y[2];
  cr_expect(tg_value(f, x, y) == TG_OK && y[1] == 2.0 && strcmp(tg_function_message(f), "success") == 0);
  tg_function_free(f);
  tg_tape_free(s.tape);
}

Test(function, impossible_sizes_are_refused)
{
  const size_t sizes[] = {0, (size_t)1 << 28, SIZE_MAX / 16, SIZE_MAX};
  const double x = 1.0;
  for (int i = 0; i < 4; i++) {
    const tg_status wanted = i == 0 ? TG_E_ARGUMENT : TG_E_SIZE;
    tg_function *f = (tg_function *)&x;
    cr_expect(tg_record(&f, square, sizes[i], NULL, NULL) == wanted && f == NULL, "%d", i);
    f = (tg_function *)&x;
    cr_expect(tg_record_vector(&f, fails, sizes[i], 1, NULL, NULL) == wanted && f == NULL, "%d", i);
    f = (tg_function *)&x;
    cr_expect(tg_record_vector(&f, fails, 1, sizes[i], NULL, NULL) == wanted && f == NULL, "%d", i);
  }
  tg_function *f = (tg_function *)&x;
  cr_expect(tg_record(NULL, square, 1, NULL, NULL) == TG_E_ARGUMENT);
  cr_expect(tg_record(&f, NULL, 1, NULL, NULL) == TG_E_ARGUMENT && f == NULL);
  cr_expect(tg_record_vector(&f, NULL, 1, 1, NULL, NULL) == TG_E_ARGUMENT && f == NULL);
  cr_expect(tg_function_clone(&f, NULL) == TG_E_ARGUMENT && f == NULL);
}

/* ---- Functions made from tapes by hand. ---- */

typedef struct hand {
  tg_tape *t;
  tg_var x[3], y[2];
} hand;

static hand by_hand(bool guard)
{
  hand h;
  cr_assert(tg_tape_new(&h.t) == TG_OK);
  tg_tape_begin(h.t);
  h.x[0] = tg_input(h.t, 2.0);
  const tg_var z = tg_exp(h.x[0]);
  h.x[1] = tg_input(h.t, 3.0); /* inputs among the operations */
  h.y[0] = tg_mul(tg_mul(z, h.x[1]), h.x[1]);
  h.x[2] = tg_input(h.t, 5.0);
  h.y[1] = tg_add(h.y[0], h.x[2]);
  if (guard && tg_lt(h.x[1], 4.0)) h.y[0] = tg_mul(h.y[0], 2.0);
  cr_assert(tg_tape_end(h.t) == TG_OK);
  return h;
}

Test(function, from_a_tape_is_a_copy)
{
  hand h = by_hand(false);
  tg_function *f, *copy;
  cr_assert(tg_tape_function(&f, h.t, (tg_var[]){h.x[1], h.x[0]}, 2, h.y, 2) == TG_OK);
  tg_tape_free(h.t);
  cr_assert(tg_function_clone(&copy, f) == TG_OK);
  for (int c = 0; c < 2; c++) {
    const double x[2] = {4.0, 1.0}, e = exp(1.0), v[2] = {1.0, 1.0};
    double y[2], j[4], got[2];
    cr_expect(tg_jacobian(c ? copy : f, x, y, j) == TG_OK);
    cr_expect(y[0] == e * 16.0 && y[1] == e * 16.0 + 5.0, "the input left out stays where it was");
    cr_expect(fabs(j[0] - 8.0 * e) < 1e-14 && fabs(j[1] - 16.0 * e) < 1e-14);
    cr_expect(tg_jvp(c ? copy : f, x, v, y, got) == TG_OK && fabs(got[1] - 24.0 * e) < 1e-13);
    cr_expect(tg_vjp(c ? copy : f, x, v, y, got) == TG_OK && fabs(got[1] - 32.0 * e) < 1e-13);
  }
  tg_function_forget(f);
  double y[2];
  cr_expect(tg_value(f, (double[]){1.0, 0.0}, y) == TG_OK && y[1] == 6.0, "there is nothing to forget");
  tg_function_free(copy);
  tg_function_free(f);
}

Test(function, from_a_tape_second_order)
{
  hand h = by_hand(false);
  tg_function *f;
  cr_assert(tg_tape_function(&f, h.t, h.x, 3, &h.y[1], 1) == TG_OK);
  const double x[3] = {1.0, 4.0, 7.0}, e = exp(1.0);
  const double wanted[9] = {16.0 * e, 8.0 * e, 0, 8.0 * e, 2.0 * e, 0, 0, 0, 0};
  double hessian[9], g[3];
  cr_expect(tg_hessian(f, x, NULL, g, hessian) == TG_OK);
  for (int i = 0; i < 9; i++)
    cr_expect(fabs(hessian[i] - wanted[i]) <= 1e-15 * 64.0, "[%d] %g", i, hessian[i]);
  cr_expect(g[2] == 1.0);
  tg_function_free(f);
  tg_tape_free(h.t);
}

Test(function, from_a_tape_cannot_take_another_branch)
{
  hand h = by_hand(true);
  tg_function *f;
  cr_assert(tg_tape_function(&f, h.t, h.x, 3, h.y, 1) == TG_OK);
  double y = pattern, g[3] = {pattern, pattern, pattern};
  cr_expect(tg_gradient(f, (double[]){0.0, 3.5, 0.0}, &y, g) == TG_OK && y == 24.5);
  y = g[0] = pattern;
  cr_expect(tg_gradient(f, (double[]){0.0, 4.5, 0.0}, &y, g) == TG_E_BRANCH && y == pattern &&
            g[0] == pattern);
  cr_expect(strstr(tg_function_message(f), "lt of input 1 and 4"), "\"%s\"", tg_function_message(f));
  cr_expect(tg_gradient(f, (double[]){0.0, 1.0, 0.0}, &y, g) == TG_OK && y == 2.0, "and goes on elsewhere");
  tg_function_free(f);
  tg_tape_free(h.t);
}

Test(function, from_a_tape_refuses_what_is_not_its_own)
{
  hand h = by_hand(false), other = by_hand(false);
  tg_function *f;
  const tg_var c = tg_constant(1.0);
  cr_expect(tg_tape_function(&f, h.t, &other.x[0], 1, h.y, 1) == TG_E_TAPE && !f);
  cr_expect(tg_tape_function(&f, h.t, h.x, 1, other.y, 1) == TG_E_TAPE && !f);
  cr_expect(tg_tape_function(&f, h.t, h.y, 1, h.y, 1) == TG_E_TAPE && !f, "not an input");
  cr_expect(tg_tape_function(&f, h.t, &c, 1, h.y, 1) == TG_E_TAPE && !f, "a constant is no input");
  cr_expect(tg_tape_function(&f, h.t, (tg_var[]){h.x[0], h.x[0]}, 2, h.y, 1) == TG_E_TAPE && !f, "twice");
  cr_expect(tg_tape_function(&f, h.t, h.x, 0, h.y, 1) == TG_E_ARGUMENT && !f);
  cr_expect(tg_tape_function(&f, h.t, h.x, 1, h.y, 0) == TG_E_ARGUMENT && !f);
  cr_expect(tg_tape_function(&f, NULL, h.x, 1, h.y, 1) == TG_E_ARGUMENT && !f);
  cr_expect(tg_tape_function(&f, h.t, NULL, 1, h.y, 1) == TG_E_ARGUMENT && !f);
  cr_expect(tg_tape_function(NULL, h.t, h.x, 1, h.y, 1) == TG_E_ARGUMENT);
  cr_expect(tg_tape_function(&f, h.t, h.x, 1, &c, 1) == TG_OK, "a constant output is fine");
  double y, g;
  cr_expect(tg_gradient(f, (double[]){4.0}, &y, &g) == TG_OK && y == 1.0 && g == 0.0);
  tg_function_free(f);
  tg_tape_clear(h.t);
  cr_expect(tg_tape_function(&f, h.t, h.x, 1, h.y, 1) == TG_E_TAPE && !f, "stale");
  tg_tape_begin(h.t);
  const tg_var x = tg_input(h.t, 1.0);
  tg_fail(TG_E_DATA);
  tg_tape_end(h.t);
  cr_expect(tg_tape_function(&f, h.t, &x, 1, &x, 1) == TG_E_DATA && !f, "a failed recording");
  tg_tape_free(h.t);
  tg_tape_free(other.t);
}

Test(function, from_a_tape_that_read_a_bare_value_is_refused_at_every_point)
{
  tg_tape *t;
  tg_function *f;
  cr_assert(tg_tape_new(&t) == TG_OK);
  tg_tape_begin(t);
  const tg_var x = tg_input(t, 2.0), y = tg_mul(x, tg_primal(x));
  cr_expect(tg_tape_end(t) == TG_OK);
  cr_expect(tg_adjoint_sweep(t, &y, NULL, 1) == TG_OK && tg_adjoint(t, x) == 2.0);
  cr_assert(tg_tape_function(&f, t, &x, 1, &y, 1) == TG_OK);
  double v = pattern;
  cr_expect(tg_value(f, (double[]){3.0}, &v) == TG_E_BRANCH && v == pattern);
  tg_function_free(f);
  tg_tape_free(t);
}

static tg_var times_bare(const tg_var *x, size_t n, void *user)
{
  (void)n;
  return tg_mul(x[0], tg_primal(*(const tg_var *)user));
}

/* x times the derivative, which is x as a bare number, of a function made here. */
static tg_var with_a_function_inside(const tg_var *x, size_t n, void *user)
{
  (void)n, (void)user;
  const double at = 3.0;
  tg_var outer = x[0];
  double slope = NAN;
  tg_function *inner;
  if (tg_record(&inner, times_bare, 1, NULL, &outer) == TG_OK) tg_gradient(inner, &at, NULL, &slope);
  tg_function_free(inner);
  return tg_mul(x[0], slope);
}

Test(function, a_bare_value_taken_inside_another_recording_marks_its_own)
{
  tg_function *f;
  cr_assert(tg_record(&f, with_a_function_inside, 1, (double[]){2.0}, NULL) == TG_OK);
  cr_expect(statistics(f).point_dependent);
  cr_expect(value_at(f, 2.0) == 4.0 && value_at(f, 5.0) == 25.0);
  tg_function_free(f);
}
