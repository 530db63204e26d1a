/* Programs: lifted from tapes, shared, analysed, printed, and emitted again. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../support/custom.h"
#include "../support/random_program.h"
#include "analyse.h"
#include "emit.h"
#include "function.h"
#include "lift.h"
#include "tapegrad/operations.h"

enum { N = PROGRAM_INPUTS, M = PROGRAM_OUTPUTS, PROGRAMS = 2000 };

/* ---- One small recording, in words. ---- */

static const double weight = 3.0;

static void small(const tg_var *x, size_t n, tg_var *y, size_t m, void *user)
{
  tg_var p[2];
  (void)n, (void)m, (void)user;
  tg_softmax(x, 2, p);
  const tg_var product = tg_mul(x[0], x[1]);
  tg_sin(x[1]); /* of no use */
  y[0] = tg_lt(product, 100.0) ? tg_add(tg_exp(product), tg_mul(2.0, p[1])) : x[0];
  y[1] = tg_clamp(tg_mul(x[0], x[1]), -1.0, tg_live(&weight));
  y[2] = tg_constant(2.0);
}

static tg_function *recorded(tg_vector_fn fn, size_t n, size_t m, const double *x, void *user)
{
  tg_function *f;
  cr_assert(tg_record_vector(&f, fn, n, m, x, user) == TG_OK);
  return f;
}

static void lift(tg_program_ *p, const tg_function *f, bool share)
{
  tg_lift_ l;
  const uint32_t size = tg_size_(f->tape);
  cr_assert(tg_lift_begin_(&l, f->tape, f->x, f->n, NULL, 0, share) == TG_OK);
  cr_assert(tg_lift_nodes_(&l, 0, size / 2) == TG_OK && tg_lift_nodes_(&l, size / 2, size) == TG_OK);
  cr_assert(tg_lift_end_(&l, f->y, f->m, p) == TG_OK);
  tg_memory_free_(l.of_node);
}

static void expect_words(const tg_program_ *p, const char *words)
{
  char text[2048] = "";
  FILE *out = tmpfile();
  cr_assert(out && tg_program_print_(p, out) == TG_OK);
  rewind(out);
  text[fread(text, 1, sizeof text - 1, out)] = '\0';
  fclose(out);
  cr_expect(strcmp(text, words) == 0, "%s", text);
}

Test(program, holds_every_operation_in_its_order)
{
  const double x[2] = {0.5, 1.5};
  tg_function *f = recorded(small, 2, 3, x, NULL);
  tg_program_ p;
  cr_assert(tg_program_lift_(&p, f->tape, f->x, 2, f->y, 3) == TG_OK);
  tg_function_free(f); /* a program stands by itself */
  expect_words(&p, "v0 = input 0\n"
                   "v1 = input 1\n"
                   "v2 = softmax v0 v1\n"
                   "v3 = output 1 of v2\n"
                   "v4 = mul v0 v1\n"
                   "v5 = sin v1\n"
                   "v6 = 100\n"
                   "v7 = guard lt v4 v6\n"
                   "v8 = exp v4\n"
                   "v9 = 2\n"
                   "v10 = mul v9 v3\n"
                   "v11 = add v8 v10\n"
                   "v12 = mul v0 v1\n"
                   "v13 = live\n"
                   "v14 = -1\n"
                   "v15 = clamp v12 v14 v13\n"
                   "output 0 = v11\n"
                   "output 1 = v15\n"
                   "output 2 = v9\n");
  tg_program_free_(&p);
}

Test(program, says_how_often_a_value_is_used)
{
  const double x[2] = {0.5, 1.5};
  tg_function *f = recorded(small, 2, 3, x, NULL);
  tg_program_ p;
  uint32_t uses[32];
  lift(&p, f, true);
  const tg_need_ all = {.value = p.outputs, .count = p.output_count, .guards = true};
  tg_program_uses_(&p, &all, uses);
  cr_assert(p.count == 15, "the product is there once");
  /*                              x0 x1 p0 p1 x0x1 sin 100 lt exp 2 mul add live -1 clamp */
  static const uint32_t wanted[] = {2, 2, 0, 1, 3, 0, 1, 1, 1, 2, 1, 1, 1, 1, 1};
  for (size_t v = 0; v < 15; v++) cr_expect(uses[v] == wanted[v], "v%zu: %u", v, uses[v]);
  const tg_need_ second = {.value = p.outputs + 1, .count = 1};
  tg_program_uses_(&p, &second, uses);
  cr_expect(uses[7] == 0 && uses[8] == 0 && uses[2] == 0 && uses[4] == 1, "of the second output alone");
  const uint8_t within[15] = {[14] = 1};
  const tg_need_ end = {.value = p.outputs + 1, .count = 1, .guards = true, .within = within};
  tg_program_uses_(&p, &end, uses);
  cr_expect(uses[4] == 1 && uses[0] == 0 && uses[7] == 0, "what is taken as given is not gone into");
  tg_program_free_(&p);
  tg_function_free(f);
}

Test(program, knows_what_depends_on_an_input)
{
  const double x[2] = {0.5, 1.5};
  tg_function *f = recorded(small, 2, 3, x, NULL);
  tg_program_ p;
  uint8_t depends[32];
  const uint8_t first[2] = {1, 0};
  lift(&p, f, true);
  tg_program_depends_(&p, first, depends);
  static const uint8_t wanted[] = {1, 0, 1, 1, 1, 0, 0, 1, 1, 0, 1, 1, 0, 0, 1};
  for (size_t v = 0; v < 15; v++) cr_expect(depends[v] == wanted[v], "v%zu", v);
  tg_program_free_(&p);
  tg_function_free(f);
}

/* ---- Sharing. ---- */

static void repetitive(const tg_var *x, size_t n, tg_var *y, size_t m, void *user)
{
  tg_var p[2][2];
  for (size_t k = 0; k < 2; k++) {
    if (user) tg_custom(&custom_waves, x, n, p[k], 2, NULL);
    if (!user) tg_softmax(x, 2, p[k]);
    y[k] = tg_add(tg_mul(tg_exp(x[0]), 2.0), tg_live(&weight));
    y[k] = tg_lt(x[0], 100.0) && tg_gt(x[0], k == 0 ? 0.0 : -1.0) ? tg_mul(y[k], p[k][1]) : x[0];
  }
  y[m - 1] =
      tg_sub(tg_mul(x[0], x[1]), tg_mul(x[1], x[0])); /* another order of operands is another operation */
}

static size_t count_of(const tg_program_ *p, tg_value_kind_ kind)
{
  size_t count = 0;
  for (size_t v = 0; v < p->count; v++) count += p->values[v].kind == (uint8_t)kind;
  return count;
}

Test(program, shares_what_is_equal)
{
  const double x[2] = {0.5, 1.5};
  tg_function *f = recorded(repetitive, 2, 3, x, NULL);
  tg_program_ p;
  lift(&p, f, true);
  cr_expect(count_of(&p, TG_VALUE_ELEMENT) == 4 + 3 && count_of(&p, TG_VALUE_LIVE) == 1);
  cr_expect(p.call_count == 1 && count_of(&p, TG_VALUE_OUTPUT) == 2 && p.list_count == 2);
  cr_expect(count_of(&p, TG_VALUE_GUARD) == 3, "two of the four are one");
  cr_expect(p.outputs[0] == p.outputs[1]);
  tg_program_free_(&p);
  lift(&p, f, false);
  cr_expect(count_of(&p, TG_VALUE_ELEMENT) == 8 + 3 && count_of(&p, TG_VALUE_LIVE) == 2);
  cr_expect(p.call_count == 2 && count_of(&p, TG_VALUE_GUARD) == 4);
  cr_expect(count_of(&p, TG_VALUE_CONSTANT) == 4, "constants are shared always: 2, 100, 0, -1");
  tg_program_free_(&p);
  tg_function_free(f);
}

Test(program, leaves_custom_operations_apart)
{
  const double x[2] = {0.5, 1.5};
  int custom = 1;
  tg_function *f = recorded(repetitive, 2, 3, x, &custom);
  tg_program_ p;
  lift(&p, f, true);
  cr_expect(p.call_count == 2 && p.outputs[0] != p.outputs[1]);
  cr_expect(count_of(&p, TG_VALUE_LIVE) == 2, "a custom operation may have changed what they read");
  tg_program_free_(&p);
  tg_function_free(f);
}

/* ---- Emitted again. ---- */

/* What f's recording computes, by way of a program; all of it or only what is needed. */
static tg_function *emitted(const tg_function *f, bool share)
{
  tg_program_ p;
  tg_function *made;
  lift(&p, f, share);
  uint32_t *const room = tg_memory_resize_(NULL, 2 * p.count, sizeof *room);
  cr_assert(room && tg_function_new_(&made, f->n, f->m) == TG_OK);
  const tg_need_ need = {.value = p.outputs, .count = f->m, .guards = true};
  const tg_part_ part = {.inputs = f->n, .value = p.outputs, .count = f->m, .uses = room};
  tg_program_uses_(&p, &need, room);
  cr_assert(tg_program_emit_(&p, &part, made->tape, made->x, made->y, room + p.count) == TG_OK);
  made->recorded = true;
  tg_memory_free_(room);
  tg_program_free_(&p);
  return made;
}

static bool same_bits(const double *a, const double *b, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if (memcmp(&a[i], &b[i], sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i]))) return false;
  return true;
}

static double difference(const double *a, const double *b, size_t n)
{
  double most = 0.0, scale = 1.0;
  for (size_t i = 0; i < n; i++) {
    if (isnan(a[i]) && isnan(b[i])) continue;
    scale = fmax(scale, fabs(b[i]));
    most = fmax(most, a[i] == b[i] ? 0.0 : fabs(a[i] - b[i]));
  }
  return most / scale;
}

Test(program, emitted_is_the_recording)
{
  random_state r = {20240917};
  double worst = 0.0;
  size_t shorter = 0;
  for (size_t k = 0; k < PROGRAMS; k++) {
    random_program program;
    double x[N], y[3][M], jacobian[3][N * M];
    random_program_make(&program, &r);
    random_vector(&r, x, N, -2.0, 2.0);
    tg_function *f[3] = {recorded(random_program_vector, program.n, program.m, x, &program), NULL, NULL};
    f[1] = emitted(f[0], false);
    f[2] = emitted(f[0], true);
    for (int i = 0; i < 3; i++) cr_assert(tg_jacobian(f[i], x, y[i], jacobian[i]) == TG_OK);
    for (int i = 1; i < 3; i++) cr_assert(same_bits(y[i], y[0], program.m), "values of program %zu", k);
    cr_assert(same_bits(jacobian[1], jacobian[0], program.m * program.n), "derivatives of program %zu", k);
    worst = fmax(worst, difference(jacobian[2], jacobian[0], program.m * program.n));
    shorter += tg_size_(f[2]->tape) < tg_size_(f[1]->tape);
    for (int i = 0; i < 3; i++) tg_function_free(f[i]);
  }
  printf("# worst %g\n", worst);
  cr_expect(worst < 1e-14 && shorter > PROGRAMS / 10, "%g, %zu", worst, shorter);
}

/* A tape has no form for operations on constants alone: rewriting may leave such. */
Test(program, emits_operations_on_constants)
{
  tg_builder_ b;
  tg_program_ p;
  tg_build_begin_(&b, 1, 0);
  const uint32_t two = tg_build_constant_(&b, 2.0), three = tg_build_constant_(&b, 3.0);
  const uint32_t sum = tg_build_element_(&b, TG_OP_add, (const uint32_t[2]){two, three}, true);
  const uint32_t scaled = tg_build_element_(&b, TG_OP_mul, (const uint32_t[2]){sum, 0}, true);
  const uint32_t less = tg_build_element_(&b, TG_OP_sub, (const uint32_t[2]){scaled, two}, true);
  cr_expect(tg_build_element_(&b, TG_OP_add, (const uint32_t[2]){two, three}, true) == sum);
  tg_build_output_(&b, less);
  tg_build_output_(&b, three);
  cr_assert(tg_build_end_(&b, &p) == TG_OK);
  uint32_t uses[8], entry[8];
  tg_function *f;
  cr_assert(tg_function_new_(&f, 1, 2) == TG_OK);
  const tg_need_ need = {.value = p.outputs, .count = 2};
  const tg_part_ part = {.inputs = 1, .value = p.outputs, .count = 2, .uses = uses};
  tg_program_uses_(&p, &need, uses);
  cr_assert(tg_program_emit_(&p, &part, f->tape, f->x, f->y, entry) == TG_OK);
  f->recorded = true;
  const double x = 7.0;
  double y[2], d[2];
  for (int i = 0; i < 2; i++) {
    cr_expect(tg_jacobian(f, &x, y, d) == TG_OK && y[0] == 33.0 && y[1] == 3.0 && d[0] == 5.0 && d[1] == 0.0);
    cr_expect(tg_vjp(f, &x, (const double[2]){1.0, 1.0}, NULL, d) == TG_OK && d[0] == 5.0);
  }
  tg_function_free(f);
  tg_program_free_(&p);
}
