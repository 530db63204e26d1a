/* What the generic macros compute: compiled twice, the second time in their ISO C11 form. */
#include <criterion/criterion.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "tapegrad/tapegrad.h"

static tg_tape *tape;

static void begin(void)
{
  cr_assert_eq(tg_tape_new(&tape), TG_OK);
  tg_tape_begin(tape);
}

static void end(void)
{
  cr_assert_eq(tg_tape_end(tape), TG_OK, "%s", tg_tape_message(tape));
  tg_tape_free(tape);
}

TestSuite(macros, .init = begin, .fini = end);

/* What fails is quoted as it was written; Criterion would quote its expansion. */
static void expect(bool truth, const char *what, int line) { cr_assert(truth, "line %d: %s", line, what); }
#define EXPECT(e) expect(e, #e, __LINE__)

static bool same(double x, double y) { return memcmp(&x, &y, sizeof x) == 0 || (isnan(x) && isnan(y)); }

/* The operands were drawn inside the domain of every operation; pow, fmod and so on included. */
static const double X = 0.75, Y = 0.5, Z = 0.625;

static double derivative(tg_var y, tg_var x)
{
  cr_assert_eq(tg_adjoint_sweep(tape, &y, NULL, 1), TG_OK);
  return tg_adjoint(tape, x);
}

/* A number beside a var is what a constant is to the function. */
#define AGREE(name, mixed, plain)                                                                            \
  do {                                                                                                       \
    const tg_var got_ = mixed, wanted_ = plain;                                                              \
    cr_assert(same(tg_peek(got_), tg_peek(wanted_)), "tg_%s", name);                                         \
    cr_assert(same(derivative(got_, x), derivative(wanted_, x)), "derivative of tg_%s", name);               \
  } while (0)

Test(macros, unary_operations_take_vars_and_numbers)
{
  const tg_var x = tg_input(tape, X);
#define CHECK(name)                                                                                          \
  AGREE(#name, tg_##name(x), (tg_##name)(x));                                                                \
  EXPECT(same(tg_##name(X), tg_##name##_d(X)));                                                              \
  EXPECT(same(tg_##name(1), tg_##name##_d(1.0)));
  TG_UNARY_LIST_(CHECK)
#undef CHECK
}

Test(macros, binary_operations_take_any_mix)
{
  const tg_var x = tg_input(tape, X), y = tg_input(tape, Y);
#define CHECK(name)                                                                                          \
  AGREE(#name, tg_##name(x, y), (tg_##name)(x, y));                                                          \
  AGREE(#name, tg_##name(x, Y), (tg_##name)(x, tg_constant(Y)));                                             \
  AGREE(#name, tg_##name(Y, x), (tg_##name)(tg_constant(Y), x));                                             \
  AGREE(#name, tg_##name(x, 2), (tg_##name)(x, tg_constant(2.0)));                                           \
  EXPECT(same(tg_##name(X, Y), tg_##name##_d(X, Y)));                                                        \
  EXPECT(same(tg_##name(1, 2u), tg_##name##_d(1.0, 2.0)));
  TG_FREQUENT_LIST_(CHECK)
  TG_BINARY_LIST_(CHECK)
#undef CHECK
}

Test(macros, ternary_operations_take_any_mix)
{
  const tg_var x = tg_input(tape, X), y = tg_input(tape, Y), z = tg_input(tape, Z);
  const tg_var cy = tg_constant(Y), cz = tg_constant(Z);
#define CHECK(name)                                                                                          \
  AGREE(#name, tg_##name(x, y, z), (tg_##name)(x, y, z));                                                    \
  AGREE(#name, tg_##name(x, y, Z), (tg_##name)(x, y, cz));                                                   \
  AGREE(#name, tg_##name(x, Y, z), (tg_##name)(x, cy, z));                                                   \
  AGREE(#name, tg_##name(Y, x, z), (tg_##name)(cy, x, z));                                                   \
  AGREE(#name, tg_##name(x, Y, Z), (tg_##name)(x, cy, cz));                                                  \
  AGREE(#name, tg_##name(Y, x, Z), (tg_##name)(cy, x, cz));                                                  \
  AGREE(#name, tg_##name(Y, Z, x), (tg_##name)(cy, cz, x));                                                  \
  EXPECT(same(tg_##name(X, Y, Z), tg_##name##_d(X, Y, Z)));                                                  \
  EXPECT(same(tg_##name(1, 2u, 3.0f), tg_##name##_d(1.0, 2.0, 3.0)));
  TG_TERNARY_LIST_(CHECK)
#undef CHECK
}

Test(macros, guards_answer_as_the_operators_of_c_do)
{
  const double values[] = {-1.0, 0.0, -0.0, 1.0, INFINITY, -INFINITY, NAN};
  for (size_t i = 0; i < 7; i++)
    for (size_t j = 0; j < 7; j++) {
      const double a = values[i], b = values[j];
      const tg_var x = tg_input(tape, a), y = tg_input(tape, b);
#define CHECK(name, op)                                                                                      \
  EXPECT(tg_##name(a, b) == (a op b));                                                                       \
  EXPECT(tg_##name(x, b) == (a op b));                                                                       \
  EXPECT(tg_##name(a, y) == (a op b));                                                                       \
  EXPECT(tg_##name(x, y) == (a op b));
      CHECK(lt, <)
      CHECK(le, <=)
      CHECK(gt, >)
      CHECK(ge, >=)
      CHECK(eq, ==)
      CHECK(ne, !=)
#undef CHECK
    }
}

Test(macros, numbers_are_computed_as_c_does_and_record_nothing)
{
  const size_t before = tg_tape_size(tape);
  EXPECT(same(tg_divide(1, 2), 0.5));
  EXPECT(same(tg_add(0.1, 0.2, 0.3), 0.1 + 0.2 + 0.3));
  EXPECT(same(tg_mul(0.1, 0.2, 0.3), 0.1 * 0.2 * 0.3));
  EXPECT(same(tg_sub(0.3, 0.1), 0.3 - 0.1));
  EXPECT(same(tg_neg(0.0), -0.0));
  EXPECT(same(tg_exp(0.3), exp(0.3)));
  EXPECT(same(tg_atan2(0.3, -1), atan2(0.3, -1.0)));
  EXPECT(same(tg_fma(0.1, 10, -1), fma(0.1, 10.0, -1.0)));
  EXPECT(same(tg_where(0, 1, 2), 2.0));
  EXPECT(same(tg_where(tg_lt(1, 2), 1, 2), 1.0));
  cr_assert_eq(tg_tape_size(tape), before);
}

Test(macros, numbers_become_double_before_anything_is_computed)
{
  EXPECT(same(tg_add(INT_MAX, 1), 2147483648.0));
  EXPECT(same(tg_mul(1 << 20, 1 << 20), 1099511627776.0));
  EXPECT(same(tg_neg(1u), -1.0));
  EXPECT(same(tg_sub(0u, 1u), -1.0));
  EXPECT(same(tg_divide('a', 2), 'a' / 2.0));
  EXPECT(same(tg_add(true, true), 2.0));
  EXPECT(same(tg_mul(0.1f, 1), (double)0.1f));
  EXPECT(same(tg_add((double)SIZE_MAX, 0), (double)SIZE_MAX));
}

#ifndef TG_ISO_MACROS /* where these are converted implicitly, which -Wconversion calls to mind */
Test(macros, wide_types_are_rounded_to_double)
{
  EXPECT(same(tg_add(SIZE_MAX, 0), (double)SIZE_MAX));
  EXPECT(same(tg_neg(LLONG_MIN), -(double)LLONG_MIN));
  EXPECT(same(tg_exp(0.3L), exp((double)0.3L)));
}

Test(macros, bit_fields_keep_their_sign)
{
  struct {
    signed five : 5;
    unsigned three : 3;
    _Bool one : 1;
  } b = {-7, 6, true};
  EXPECT(same(tg_add(b.five, b.three, b.one), 0.0));
  EXPECT(same(tg_mul(b.five, b.five), 49.0));
  const tg_var x = tg_input(tape, 2.0);
  EXPECT(same(tg_peek(tg_mul(x, b.five)), -14.0));
}

static char order[16];
static size_t calls;

static double d(char name)
{
  order[calls++] = name;
  return 1.0;
}

static tg_var v(char name) { return tg_constant(d(name)); }

Test(macros, operands_are_evaluated_from_left_to_right)
{
  tg_add(d('a'), v('b'), d('c'), tg_mul(v('d'), d('e')), tg_fma(d('f'), v('g'), tg_neg(d('h'))));
  cr_assert_str_eq(order, "abcdefgh");
}

Test(macros, nested_operations_are_recorded_from_left_to_right)
{
  const tg_var x = tg_input(tape, 1.0);
  tg_sub(tg_exp(x), tg_divide(tg_sin(x), tg_cos(x)));
  const char *const wanted[] = {"input", "exp", "sin", "cos", "divide", "sub"};
  cr_assert_eq(tg_tape_size(tape), 6);
  for (size_t i = 0; i < 6; i++) cr_assert_str_eq(tg_op_name(tape, tg_tape_at(tape, i)), wanted[i]);
}
#endif

static int evaluations;

static tg_var once(tg_var x)
{
  evaluations++;
  return x;
}

Test(macros, operands_are_evaluated_once)
{
  const tg_var x = tg_input(tape, 2.0);
  int i = 0;
  tg_exp(once(x));
  tg_add(once(x), i++);
  tg_add(once(x), once(x), i++, 1);
  tg_fma(once(x), 1, i++);
  tg_lt(once(x), i++);
  tg_add(once(x));
  cr_assert_eq(evaluations, 7);
  cr_assert_eq(i, 4);
}

Test(macros, sums_and_products_fold_from_the_left)
{
  const tg_var big = tg_input(tape, 1e100), one = tg_input(tape, 1.0);
  EXPECT(same(tg_add(1e100, 1, -1e100), 0.0));
  EXPECT(same(tg_add(1e100, -1e100, 1), 1.0));
  EXPECT(same(tg_peek(tg_add(big, one, tg_neg(big))), 0.0));
  EXPECT(same(tg_peek(tg_add(big, tg_neg(big), one)), 1.0));
  EXPECT(same(tg_peek(tg_mul(1e-200, 1e-200, big)), 0.0));
  EXPECT(same(tg_add(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16), 136.0));
  EXPECT(same(tg_peek(tg_mul(one, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)), 20922789888000.0));
}

Test(macros, functions_are_reached_in_parentheses)
{
  tg_var (*const f)(tg_var) = tg_exp;
  double (*const g)(double) = tg_exp_d;
  const tg_var x = tg_input(tape, 0.5);
  EXPECT(same(tg_peek(f(x)), exp(0.5)));
  EXPECT(same(tg_peek((tg_add)(x, x)), 1.0));
  EXPECT(same(g(0.5), exp(0.5)));
}
