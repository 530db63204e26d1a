/* Tapes by hand: recording, the stack of active tapes, stale and foreign vars, misuse, sweeps. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tape.h"
#include "tapegrad/operations.h"

static tg_tape *t, *other;

static void make(void)
{
  cr_assert(tg_tape_new(&t) == TG_OK);
  cr_assert(tg_tape_new(&other) == TG_OK);
}

static void release(void)
{
  tg_tape_free(t);
  tg_tape_free(other);
  cr_expect(tg_tape_active_() == NULL, "a test left a tape recording");
}

TestSuite(tape, .init = make, .fini = release);

static void says(const tg_tape *tape, const char *part)
{
  cr_expect(strstr(tg_tape_message(tape), part), "\"%s\" does not mention %s", tg_tape_message(tape), part);
}

static void near(double a, double b)
{
  cr_expect(fabs(a - b) <= 4e-16 * (fabs(a) + fabs(b)), "%.17g is not %.17g", a, b);
}

/* ---- Recording. ---- */

Test(tape, nodes_are_numbered_in_the_order_of_recording)
{
  tg_tape_begin(t);
  const tg_var x = tg_input(t, 1.5), y = tg_input(t, -2.0), s = tg_sin(x), p = tg_mul(s, y);
  cr_expect(tg_tape_end(t) == TG_OK);
  cr_expect(tg_tape_size(t) == 4);
  const tg_var all[] = {x, y, s, p};
  for (size_t i = 0; i < 4; i++) {
    cr_expect(tg_index(all[i]) == i);
    cr_expect(tg_peek(tg_tape_at(t, i)) == tg_peek(all[i]));
  }
  cr_expect(tg_peek(p) == sin(1.5) * -2.0);
  cr_expect(isnan(tg_peek(tg_tape_at(t, 4))));
  cr_expect(tg_index(tg_constant(3.0)) == SIZE_MAX);
  cr_expect(tg_tape_bytes(t) == 4 * 16, "16 bytes an operation, not %zu", tg_tape_bytes(t) / 4);
}

Test(tape, constants_take_no_node)
{
  tg_tape_begin(t);
  const tg_var x = tg_input(t, 3.0), c = tg_constant(2.0);
  const tg_var folded[] = {tg_mul(c, tg_constant(5.0)), tg_exp(tg_constant(0.0)),
                           (tg_fma)(c, c, tg_constant(1.0))};
  cr_expect(tg_tape_size(t) == 1);
  cr_expect(tg_peek(folded[0]) == 10.0 && tg_peek(folded[1]) == 1.0 && tg_peek(folded[2]) == 5.0);
  for (int i = 0; i < 3; i++) cr_expect(tg_index(folded[i]) == SIZE_MAX);
  const tg_var y = tg_sub(folded[0], x);
  cr_expect(tg_tape_size(t) == 2);
  cr_expect(tg_tape_end(t) == TG_OK);
  cr_expect(tg_adjoint_sweep(t, &y, NULL, 1) == TG_OK);
  cr_expect(tg_adjoint(t, x) == -1.0);
  cr_expect(tg_adjoint(t, c) == 0.0, "the adjoint of a constant is 0");
}

Test(tape, clearing_keeps_the_memory)
{
  void *nodes = NULL;
  for (int round = 0; round < 3; round++) {
    tg_tape_begin(t);
    tg_var x = tg_input(t, 1.0);
    for (int i = 0; i < 5000; i++) x = tg_add(x, 1.0);
    cr_expect(tg_tape_end(t) == TG_OK);
    cr_expect(tg_peek(x) == 5001.0 && tg_tape_size(t) == 5001);
    if (round == 0) nodes = t->r.nodes_;
    cr_expect(t->r.nodes_ == nodes);
    tg_tape_clear(t);
    cr_expect(tg_tape_size(t) == 0 && tg_tape_bytes(t) == 0);
  }
}

Test(tape, growing_moves_nodes_but_not_vars)
{
  tg_tape_begin(t);
  const tg_var x = tg_input(t, 2.0), early = tg_square(x);
  tg_var sum = early;
  for (int i = 1; i <= 100000; i++) sum = tg_add(sum, tg_mul(early, (double)i));
  cr_expect(tg_tape_end(t) == TG_OK);
  cr_expect(tg_adjoint_sweep(t, &sum, NULL, 1) == TG_OK);
  cr_expect(tg_adjoint(t, x) == 4.0 * (1.0 + 100000.0 * 100001.0 / 2.0));
}

/* ---- The stack of active tapes. ---- */

Test(tape, end_restores_the_tape_that_recorded_before)
{
  tg_tape_begin(t);
  const tg_var x = tg_input(t, 2.0);
  tg_tape_begin(other);
  const tg_var z = tg_input(other, 3.0), zz = tg_square(z);
  cr_expect(tg_tape_size(t) == 1 && tg_tape_size(other) == 2);
  cr_expect(tg_tape_end(other) == TG_OK);
  const tg_var y = tg_mul(x, tg_peek(zz));
  cr_expect(tg_tape_end(t) == TG_OK);
  cr_expect(tg_tape_active_() == NULL);
  cr_expect(tg_adjoint_sweep(t, &y, NULL, 1) == TG_OK);
  cr_expect(tg_adjoint_sweep(other, &zz, NULL, 1) == TG_OK);
  cr_expect(tg_adjoint(t, x) == 9.0 && tg_adjoint(other, z) == 6.0);
}

Test(tape, end_of_a_tape_that_is_not_innermost_fails)
{
  tg_tape_begin(t);
  tg_tape_begin(other);
  cr_expect(tg_tape_end(t) == TG_E_TAPE);
  says(t, "innermost");
  cr_expect(tg_tape_active_() == other);
  cr_expect(tg_tape_end(other) == TG_OK);
  cr_expect(tg_tape_end(t) == TG_E_TAPE, "its first failure");
  cr_expect(tg_tape_end(t) == TG_E_TAPE, "ended twice");
}

Test(tape, begin_twice_fails_and_keeps_what_is_recorded)
{
  tg_tape_begin(t);
  const tg_var x = tg_input(t, 1.0);
  tg_tape_begin(t);
  tg_exp(x);
  cr_expect(tg_tape_size(t) == 2);
  cr_expect(tg_tape_end(t) == TG_E_TAPE);
  says(t, "tg_tape_begin");
  cr_expect(tg_tape_active_() == NULL);
  tg_tape_begin(t);
  cr_expect(tg_tape_end(t) == TG_OK, "a new recording forgets the failure");
}

Test(tape, freeing_any_tape_of_the_stack_leaves_the_others_recording)
{
  tg_tape *third;
  cr_assert(tg_tape_new(&third) == TG_OK);
  tg_tape_begin(t);
  tg_tape_begin(third);
  tg_tape_begin(other);
  tg_tape_free(third);
  cr_expect(tg_tape_active_() == other);
  tg_square(tg_input(other, 1.0));
  cr_expect(tg_tape_end(other) == TG_OK);
  cr_expect(tg_tape_active_() == t);
  tg_square(tg_input(t, 1.0));
  cr_expect(tg_tape_end(t) == TG_OK);
  tg_tape_begin(t);
  tg_tape_free(t);
  t = NULL;
  cr_expect(tg_tape_active_() == NULL);
}

Test(tape, input_belongs_to_the_innermost_tape)
{
  tg_input(t, 1.0);
  cr_expect(tg_tape_size(t) == 0);
  says(t, "tg_input");
  tg_tape_begin(t);
  tg_tape_begin(other);
  const tg_var x = tg_input(t, 1.0);
  cr_expect(tg_peek(x) == 1.0 && tg_tape_size(t) == 0 && tg_tape_size(other) == 0);
  cr_expect(tg_tape_end(other) == TG_OK);
  cr_expect(tg_tape_end(t) == TG_E_TAPE);
  cr_expect(tg_peek(tg_input(NULL, 4.0)) == 4.0);
}

Test(tape, operations_without_a_tape_compute_and_record_nothing)
{
  const tg_var c = tg_add(tg_constant(1.0), 2.0);
  cr_expect(tg_peek(c) == 3.0 && tg_index(c) == SIZE_MAX);
  tg_tape_begin(t);
  const tg_var x = tg_input(t, 2.0);
  cr_expect(tg_tape_end(t) == TG_OK);
  const tg_var results[] = {tg_square(x), tg_mul(x, x), tg_add(x, 1.0), tg_sub(1.0, x), tg_where(x, x, 1.0)};
  const double values[] = {4.0, 4.0, 3.0, -1.0, 2.0};
  for (int i = 0; i < 5; i++) cr_expect(tg_peek(results[i]) == values[i]);
  cr_expect(tg_lt(x, 3.0));
  cr_expect(tg_tape_size(t) == 1);
  cr_expect(tg_adjoint_sweep(t, &results[0], NULL, 1) == TG_E_TAPE,
            "what was not recorded has no derivative");
  tg_fail(TG_E_DATA);
  cr_expect(tg_adjoint_sweep(t, &x, NULL, 1) == TG_OK);
}

/* ---- Stale and foreign vars. ---- */

Test(tape, vars_are_stale_after_begin_and_clear)
{
  for (int how = 0; how < 2; how++) {
    tg_tape_begin(t);
    const tg_var x = tg_input(t, 2.0), y = tg_exp(x);
    cr_expect(tg_tape_end(t) == TG_OK);
    if (how == 0) tg_tape_clear(t);
    tg_tape_begin(t);
    tg_input(t, 1.0);
    cr_expect(isnan(tg_adjoint(t, x)) && isnan(tg_tangent(t, y)));
    cr_expect(tg_operands(t, y, NULL, 0) == 0);
    cr_expect(strcmp(tg_op_name(t, y), "?") == 0);
    tg_square(y);
    cr_expect(tg_tape_end(t) == TG_E_TAPE);
    says(t, "another tape");
    says(t, "square");
    says(t, "node 1");
    cr_expect(tg_adjoint_sweep(t, &y, NULL, 1) == TG_E_TAPE);
    cr_expect(tg_tangent_sweep(t, &x, NULL, 1) == TG_E_TAPE);
  }
}

Test(tape, clearing_while_recording_goes_on_recording)
{
  tg_tape_begin(t);
  tg_input(t, 2.0);
  tg_tape_clear(t);
  const tg_var x = tg_input(t, 3.0), y = tg_square(x);
  cr_expect(tg_index(x) == 0);
  cr_expect(tg_tape_end(t) == TG_OK);
  cr_expect(tg_adjoint_sweep(t, &y, NULL, 1) == TG_OK && tg_adjoint(t, x) == 6.0);
}

/* Every way an operand can enter. */
static void use(int how, tg_var mine, tg_var foreign)
{
  switch (how) {
  case 0: tg_exp(foreign); break;
  case 1: tg_add(mine, foreign); break;
  case 2: tg_mul(foreign, mine); break;
  case 3: tg_sub(foreign, 1.0); break;
  case 4: tg_divide(1.0, foreign); break;
  case 5: tg_pow(foreign, 2.0); break;
  case 6: tg_fma(mine, mine, foreign); break;
  case 7: tg_where(foreign, 1.0, 2.0); break;
  case 8: tg_lt(foreign, mine); break;
  case 9: tg_less(0.0, foreign); break;
  }
}

Test(tape, foreign_vars_are_detected_wherever_they_enter)
{
  const char *const names[] = {"exp", "add", "mul", "sub", "divide", "pow", "fma", "where", "lt", "less"};
  for (int how = 0; how < 10; how++) {
    tg_tape_begin(other);
    const tg_var foreign = tg_input(other, 1.0);
    tg_tape_begin(t);
    const tg_var mine = tg_input(t, 1.0);
    use(how, mine, foreign);
    cr_expect(tg_tape_size(t) == 1, "%s", names[how]);
    cr_expect(tg_tape_end(t) == TG_E_TAPE, "%s", names[how]);
    says(t, names[how]);
    cr_expect(tg_tape_end(other) == TG_OK, "the other tape is not to blame");
  }
}

Test(tape, the_var_of_a_freed_tape_is_foreign)
{
  tg_tape *gone;
  cr_assert(tg_tape_new(&gone) == TG_OK);
  tg_tape_begin(gone);
  const tg_var x = tg_input(gone, 1.0);
  tg_tape_end(gone);
  tg_tape_free(gone);
  tg_tape_begin(t);
  tg_var y = tg_input(t, 1.0);
  y = tg_add(y, x);
  cr_expect(tg_peek(y) == 2.0, "later operations are harmless");
  cr_expect(tg_peek(tg_exp(y)) == exp(2.0));
  cr_expect(tg_tape_end(t) == TG_E_TAPE);
}

Test(tape, the_first_failure_is_kept)
{
  tg_tape_begin(t);
  const tg_var x = tg_input(t, 1.0);
  tg_sin(x);
  tg_fail(TG_E_DATA);
  tg_fail(TG_E_NOMEM);
  const tg_var foreign = {1.0, (uint64_t)12345 << 32};
  tg_exp(foreign);
  cr_expect(tg_tape_end(t) == TG_E_DATA);
  says(t, "node 2");
  says(t, tg_status_string(TG_E_DATA));
  tg_tape_clear(t);
  says(t, "success");
}

Test(tape, failing_with_success_is_a_callback_failure)
{
  tg_tape_begin(t);
  tg_fail(TG_OK);
  cr_expect(tg_tape_end(t) == TG_E_CALLBACK);
}

/* ---- NULL. ---- */

Test(tape, null_is_answered)
{
  tg_var v = tg_constant(1.0);
  cr_expect(tg_tape_new(NULL) == TG_E_ARGUMENT);
  cr_expect(tg_tape_end(NULL) == TG_E_ARGUMENT);
  tg_tape_begin(NULL);
  tg_tape_clear(NULL);
  tg_tape_free(NULL);
  cr_expect(tg_tape_size(NULL) == 0 && tg_tape_bytes(NULL) == 0);
  cr_expect(tg_tape_message(NULL) != NULL);
  cr_expect(isnan(tg_peek(tg_tape_at(NULL, 0))));
  cr_expect(tg_tangent_sweep(NULL, &v, NULL, 1) == TG_E_ARGUMENT);
  cr_expect(tg_adjoint_sweep(NULL, &v, NULL, 1) == TG_E_ARGUMENT);
  cr_expect(tg_adjoint_sweep(t, NULL, NULL, 1) == TG_E_ARGUMENT);
  cr_expect(tg_adjoint_sweep(t, NULL, NULL, 0) == TG_OK);
  cr_expect(tg_operands(NULL, v, NULL, 0) == 0);
  cr_expect(tg_tape_graphviz(NULL, NULL, stdout) == TG_E_ARGUMENT &&
            tg_tape_graphviz(t, NULL, NULL) == TG_E_ARGUMENT);
  cr_expect(tg_adjoint(NULL, v) == 0.0);
  tg_tape_begin(t);
  tg_live(NULL);
  cr_expect(tg_tape_end(t) == TG_E_ARGUMENT);
}

/* ---- Sweeps: the chapter's worked example, sin(t1 t2) + exp(t2 + t3) - 2 t3, at (pi/6, 2, 5). ---- */

typedef struct example {
  double p[3];
  tg_var x[3], a[6], y;
} example;

static example record_example(void)
{
  example e = {.p = {acos(-1.0) / 6.0, 2.0, 5.0}};
  tg_tape_begin(t);
  for (int i = 0; i < 3; i++) e.x[i] = tg_input(t, e.p[i]);
  e.a[0] = tg_mul(e.x[0], e.x[1]);
  e.a[1] = tg_add(e.x[1], e.x[2]);
  e.a[2] = tg_mul(-2.0, e.x[2]);
  e.a[3] = tg_sin(e.a[0]);
  e.a[4] = tg_exp(e.a[1]);
  e.a[5] = tg_add(e.a[3], e.a[4]);
  e.y = tg_add(e.a[5], e.a[2]);
  cr_assert(tg_tape_end(t) == TG_OK);
  return e;
}

Test(tape, forward_sweep_gives_the_tangent_of_every_node)
{
  const example e = record_example();
  cr_expect(isnan(tg_tangent(t, e.y)), "no sweep yet");
  for (int j = 0; j < 3; j++) {
    cr_expect(tg_tangent_sweep(t, &e.x[j], NULL, 1) == TG_OK);
    const double c = cos(e.p[0] * e.p[1]), x = exp(e.p[1] + e.p[2]);
    const double d[7] = {j == 0   ? e.p[1]
                         : j == 1 ? e.p[0]
                                  : 0.0,
                         j > 0,
                         j == 2 ? -2.0 : 0.0,
                         c * (j == 0   ? e.p[1]
                              : j == 1 ? e.p[0]
                                       : 0.0),
                         j > 0 ? x : 0.0,
                         0.0,
                         0.0};
    for (int i = 0; i < 5; i++) near(tg_tangent(t, e.a[i]), d[i]);
    near(tg_tangent(t, e.a[5]), d[3] + d[4]);
    near(tg_tangent(t, e.y), d[3] + d[4] + d[2]);
    for (int i = 0; i < 3; i++) cr_expect(tg_tangent(t, e.x[i]) == (i == j ? 1.0 : 0.0));
  }
}

Test(tape, backward_sweep_gives_the_adjoint_of_every_node)
{
  const example e = record_example();
  cr_expect(isnan(tg_adjoint(t, e.x[0])), "no sweep yet");
  cr_expect(tg_adjoint_sweep(t, &e.y, NULL, 1) == TG_OK);
  const double c = cos(e.p[0] * e.p[1]), x = exp(e.p[1] + e.p[2]);
  const double a[6] = {c, x, 1.0, 1.0, 1.0, 1.0}, g[3] = {c * e.p[1], c * e.p[0] + x, x - 2.0};
  for (int i = 0; i < 6; i++) near(tg_adjoint(t, e.a[i]), a[i]);
  for (int i = 0; i < 3; i++) near(tg_adjoint(t, e.x[i]), g[i]);
  cr_expect(tg_adjoint(t, e.y) == 1.0);
}

Test(tape, seeds_are_weights)
{
  const example e = record_example();
  const double w[2] = {3.0, -0.5}, v[2] = {0.25, 4.0};
  const tg_var y[2] = {e.a[0], e.a[4]}, x[2] = {e.x[1], e.x[0]};
  cr_expect(tg_adjoint_sweep(t, y, w, 2) == TG_OK);
  cr_expect(tg_tangent_sweep(t, x, v, 2) == TG_OK);
  near(tg_adjoint(t, e.x[0]), 3.0 * e.p[1]);
  near(tg_adjoint(t, e.x[2]), -0.5 * exp(7.0));
  near(tg_tangent(t, e.a[0]), 0.25 * e.p[0] + 4.0 * e.p[1]);
  near(tg_tangent(t, e.a[1]), 0.25);
  /* An output named twice counts twice; constants have nothing to seed. */
  const tg_var twice[3] = {e.a[0], tg_constant(1.0), e.a[0]};
  cr_expect(tg_adjoint_sweep(t, twice, NULL, 3) == TG_OK);
  near(tg_adjoint(t, e.x[0]), 2.0 * e.p[1]);
}

Test(tape, tangents_are_seeded_at_inputs_only)
{
  const example e = record_example();
  cr_expect(tg_tangent_sweep(t, &e.a[0], NULL, 1) == TG_E_TAPE);
}

Test(tape, sweeps_of_another_tape_leave_results_alone)
{
  const example e = record_example();
  cr_expect(tg_adjoint_sweep(t, &e.y, NULL, 1) == TG_OK);
  cr_expect(tg_adjoint_sweep(other, &e.y, NULL, 1) == TG_E_TAPE);
  cr_expect(isnan(tg_adjoint(other, e.x[0])));
  cr_expect(isfinite(tg_adjoint(t, e.x[0])));
}

Test(tape, nodes_recorded_after_a_sweep_have_no_result)
{
  tg_tape_begin(t);
  const tg_var x = tg_input(t, 2.0), y = tg_square(x);
  cr_expect(tg_adjoint_sweep(t, &y, NULL, 1) == TG_OK, "a sweep while recording");
  const tg_var z = tg_mul(y, y);
  cr_expect(isnan(tg_adjoint(t, z)) && tg_adjoint(t, x) == 4.0);
  cr_expect(tg_tape_end(t) == TG_OK);
  cr_expect(tg_adjoint_sweep(t, &z, NULL, 1) == TG_OK && tg_adjoint(t, x) == 32.0);
}

Test(tape, a_failed_recording_is_not_swept)
{
  tg_tape_begin(t);
  const tg_var x = tg_input(t, 2.0);
  tg_fail(TG_E_DATA);
  tg_tape_end(t);
  cr_expect(tg_adjoint_sweep(t, &x, NULL, 1) == TG_E_DATA);
  cr_expect(tg_tangent_sweep(t, &x, NULL, 1) == TG_E_DATA);
}

Test(tape, guards_and_live_constants_have_no_derivative)
{
  double k = 3.0;
  tg_tape_begin(t);
  const tg_var x = tg_input(t, 2.0), l = tg_live(&k);
  const bool outcomes[] = {tg_gt(l, x), tg_lt(x, 5.0), tg_ne(4.0, x)};
  cr_expect(outcomes[0] && outcomes[1] && outcomes[2]);
  const tg_var y = tg_mul(l, x);
  cr_expect(tg_tape_end(t) == TG_OK);
  cr_expect(tg_tape_size(t) == 6);
  cr_expect(tg_tangent_sweep(t, &x, NULL, 1) == TG_OK);
  cr_expect(tg_adjoint_sweep(t, &y, NULL, 1) == TG_OK);
  cr_expect(tg_tangent(t, y) == 3.0 && tg_adjoint(t, x) == 3.0 && tg_tangent(t, l) == 0.0);
  for (size_t i = 2; i < 5; i++) cr_expect(tg_tangent(t, tg_tape_at(t, i)) == 0.0);
}
