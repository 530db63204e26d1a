/* Misuse, one case each: the driver defines one CASE_ at a time and looks for the words in the comment, one
 * line a word, in a message that must stay short. */
#include <complex.h>

#include <tapegrad/tapegrad.h>
#include <tapegrad/overload.h>

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
#ifdef CASE_three_to_subtract /* tg_sub and tg_divide take 2 operands */
  x = tg_sub(x, x, 1);
#endif
#ifdef CASE_three_to_subtract_by_the_short_name /* tg_sub and tg_divide take 2 operands */
  x = sub(x, x, x);
#endif
#ifdef CASE_one_to_divide /* tg_sub and tg_divide take 2 operands */
  x = tg_divide(x);
#endif
#ifdef CASE_var_as_condition /* for `if` there is tg_lt|statement requires expression of scalar type ('tg_var' */
  if (tg_less(x, 0)) return;
#endif
#ifdef CASE_var_as_condition_by_the_short_name /* for `if` there is tg_eq|statement requires expression of scalar type ('tg_var' */
  if (equal(x, 0)) return;
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
#ifdef CASE_second_array_of_float /* second_array_must_be_of_vars_or_doubles|'float *' to parameter */
  tg_dot(d, f, 3);
#endif
#ifdef CASE_second_array_of_float_beside_vars /* second_array_must_be_of_vars_or_doubles|'float *' to parameter */
  tg_dot(&x, f, 3);
#endif
#ifdef CASE_affine_of_float /* third_array_must_be_of_vars_or_doubles|'float *' to parameter */
  tg_affine(d, d, f, 1, 1, &x);
#endif
#ifdef CASE_affine_by_float /* argument 1 of|'float *' to parameter */
  tg_affine(f, d, d, 1, 1, d);
#endif
#ifdef CASE_second_operand_is_blamed /* argument is of type ‘double *’|argument is of type 'double *'|passing 'double *'|invalid operands to binary */
  x = tg_pow(x, d);
#endif
#ifdef CASE_third_operand_is_blamed /* argument is of type ‘double *’|argument is of type 'double *'|passing 'double *'|invalid operands to binary */
  x = tg_fma(x, 1, d);
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
