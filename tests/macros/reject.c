/* Misuse, one case each: the driver defines one CASE_ at a time and looks for the words in the comment, one
 * line a word, in a message that must stay short. */
#include <complex.h>

#include <tapegrad/tapegrad.h>

#ifdef CASE_outside_a_function /* function|file scope|constant */
static double outside = tg_exp(1.0);
#endif

struct point {
  double x, y;
};

void misuse(tg_var x, double *d, float *f, const struct point *p, double complex z);
void misuse(tg_var x, double *d, float *f, const struct point *p, double complex z)
{
  (void)x, (void)d, (void)f, (void)p, (void)z;
#ifdef CASE_complex /* operand_must_be_a_number_or_a_var */
  tg_exp(z);
#endif
#ifdef CASE_complex_and_var /* operand_must_be_a_number_or_a_var */
  tg_pow(x, z);
#endif
#ifdef CASE_complex_of_three /* operand_must_be_a_number_or_a_var */
  tg_fma(x, 1, z);
#endif
#ifdef CASE_string /* operand_must_be_a_number_or_a_var */
  tg_exp("one");
#endif
#ifdef CASE_pointer /* operand_must_be_a_number_or_a_var */
  tg_mul(x, d);
#endif
#ifdef CASE_pointer_to_var /* operand_must_be_a_number_or_a_var */
  tg_add(&x, 1);
#endif
#ifdef CASE_struct /* operand_must_be_a_number_or_a_var */
  tg_sub(*p, x);
#endif
#ifdef CASE_compared_with_pointer /* operand_must_be_a_number_or_a_var */
  if (tg_lt(x, d)) return;
#endif
#ifdef CASE_nothing /* void */
  tg_sin((void)0);
#endif
#ifdef CASE_one_too_few /* few|requires 2 arguments */
  tg_pow(x);
#endif
#ifdef CASE_one_too_many /* many|passed 2 arguments */
  tg_sin(x, x);
#endif
#ifdef CASE_three_to_subtract /* many|passed 3 arguments */
  tg_sub(x, x, 1);
#endif
#ifdef CASE_no_operand /* expected expression */
  tg_add();
#endif
#ifdef CASE_seventeen_operands /* at most 16 operands */
  tg_add(x, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17);
#endif
#ifdef CASE_array_of_float /* array_must_be_of_vars_or_doubles */
  tg_sum(f, 3);
#endif
#ifdef CASE_second_array_of_float /* array_must_be_of_vars_or_doubles */
  tg_dot(d, f, 3);
#endif
#ifdef CASE_array_missing /* array_must_be_of_vars_or_doubles */
  tg_norm2(x, 1);
#endif
#ifdef CASE_picked_from_float /* array_must_be_of_vars_or_doubles */
  tg_pick(f, 3, 1);
#endif
#ifdef CASE_picked_by_string /* operand_must_be_a_number_or_a_var */
  tg_pick(d, 3, "one");
#endif
}
