/* What the generic macros compute on arrays: compiled twice, the second time in their ISO C11 form. */
#include <criterion/criterion.h>
#include <math.h>
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

TestSuite(arrays, .init = begin, .fini = end);

/* What fails is quoted as it was written; Criterion would quote its expansion. */
static void expect(bool truth, const char *what, int line) { cr_assert(truth, "line %d: %s", line, what); }
#define EXPECT(e) expect(e, #e, __LINE__)

static bool same(double x, double y) { return memcmp(&x, &y, sizeof x) == 0 || (isnan(x) && isnan(y)); }

static double derivative(tg_var y, tg_var x)
{
  cr_assert_eq(tg_adjoint_sweep(tape, &y, NULL, 1), TG_OK);
  return tg_adjoint(tape, x);
}

#define BODY(T, name)                                                                                        \
  static T name(const T *x, size_t n)                                                                        \
  {                                                                                                          \
    T s = tg_mul(0, x[0]);                                                                                   \
    for (size_t i = 0; i < n; i++) s = tg_add(s, tg_exp(tg_mul(-0.5, x[i])), tg_pow(x[i], 3), 1);            \
    if (tg_gt(s, 1)) s = tg_divide(tg_log(s), tg_norm2(x, n));                                               \
    return tg_add(s, tg_dot(x, x, n), tg_pick(x, n, tg_argmax(x, n)), tg_logsumexp(x, n), tg_sum(x, n));     \
  }
BODY(double, of_numbers)
BODY(tg_var, of_vars)

Test(arrays, one_source_computes_the_same_on_numbers_and_on_vars)
{
  const double x[] = {0.3, -0.2, 1.5};
  tg_var inputs[3];
  for (size_t i = 0; i < 3; i++) inputs[i] = tg_input(tape, x[i]);
  EXPECT(same(tg_peek(of_vars(inputs, 3)), of_numbers(x, 3)));
}

Test(arrays, arrays_may_be_of_numbers_or_of_vars)
{
  const double a[] = {1.0, 2.0}, b[] = {3.0, 4.0};
  const tg_var x[] = {tg_input(tape, 3.0), tg_input(tape, 4.0)};
  EXPECT(same(tg_dot(a, b, 2), 11.0));
  EXPECT(same(tg_peek(tg_dot(a, x, 2)), 11.0));
  EXPECT(same(tg_peek(tg_dot(x, a, 2)), 11.0));
  EXPECT(same(derivative(tg_dot(x, a, 2), x[1]), 2.0));
  EXPECT(same(tg_pick(a, 2, 1), 2.0));
  EXPECT(same(tg_peek(tg_pick(x, 2, 1)), 4.0));
  EXPECT(same(tg_peek(tg_pick(a, 2, tg_sub(x[1], x[0]))), 2.0));
  EXPECT(same(tg_peek(tg_cross_entropy(x, 2, 1)), tg_cross_entropy(b, 2, 1)));
  tg_var y[1];
  double z[1];
  tg_affine(a, NULL, b, 1, 2, z);
  EXPECT(same(z[0], 11.0));
  tg_affine(a, NULL, x, 1, 2, y);
  EXPECT(same(tg_peek(y[0]), 11.0));
  tg_affine(x, NULL, a, 1, 2, y);
  EXPECT(same(tg_peek(y[0]), 11.0));
}

static int evaluations;

static tg_var once(tg_var x)
{
  evaluations++;
  return x;
}

Test(arrays, operands_are_evaluated_once)
{
  const tg_var x = tg_input(tape, 1.0);
  const double numbers[] = {1.0, 2.0}, *p = numbers;
  size_t n = 1;
  tg_pick((n++, numbers), 2, once(x));
  tg_sum(p++, n++);
  tg_dot(numbers, --p, --n);
  cr_assert_eq(evaluations, 1);
  cr_assert_eq(n, 2);
  cr_assert_eq(p - numbers, 0);
}
