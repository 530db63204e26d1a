/* generic: how tg_exp(x) and tg_add(x, 2) take any mix of vars and numbers in C. Included by operations.h.
 *
 * Every operand is converted first: a var stays, a number of any real type becomes a double. If no operand
 * is a var the result is a double and nothing is recorded, else the numbers become constants.
 *
 * A plain _Generic mentions an operand several times, so nested calls would grow exponentially. gcc and
 * clang have statement expressions: the expansion is linear, operands are evaluated from left to right, and
 * any depth compiles; only they cannot stand outside a function. Other compilers (and these with
 * TG_ISO_MACROS defined) get an ISO C11 form that mentions an operand twice: nest no more than a dozen calls
 * there. It converts numbers implicitly, evaluates operands in any order, and gcc wants +s.b for a bit-field
 * b. */
#ifndef TAPEGRAD_GENERIC_H
#define TAPEGRAD_GENERIC_H

#include "operations.h"

#ifndef __cplusplus

/* ---- Conversions, one a type so that none of them is implicit. ---- */

static inline tg_var tg_keep_var_(tg_var x) { return x; }
static inline double tg_keep_(double x) { return x; }
static inline double tg_of_float_(float x) { return (double)x; }
static inline double tg_of_int_(int x) { return x; }
static inline double tg_of_unsigned_(unsigned x) { return x; }
static inline double tg_of_long_(long x) { return (double)x; }
static inline double tg_of_ulong_(unsigned long x) { return (double)x; }
static inline double tg_of_llong_(long long x) { return (double)x; }
static inline double tg_of_ullong_(unsigned long long x) { return (double)x; }
static inline double tg_of_ldouble_(long double x) { return (double)x; }

/* What misuse runs into; never defined. The names are the message. */
typedef struct tg_operand_must_be_a_number_or_a_var_ {
  char unused_;
} tg_operand_must_be_a_number_or_a_var_;
typedef struct tg_array_must_be_of_vars_or_doubles_ {
  char unused_;
} tg_array_must_be_of_vars_or_doubles_;
double tg_operand_must_be_a_number_or_a_var(tg_operand_must_be_a_number_or_a_var_ x, ...);
double tg_array_must_be_of_vars_or_doubles(tg_array_must_be_of_vars_or_doubles_ x, ...);

/* gcc keeps the type of a bit-field, which no association names: take it for the integer that it is. The
 * inner _Generic keeps a float from being promoted, of which -Wdouble-promotion would tell. */
#if defined __GNUC__ && !defined __clang__ && !defined TG_ISO_MACROS
#define TG_CLASS_(u) __builtin_classify_type(_Generic((u), float: 0.0, default: (u)))
#define TG_OTHER_(u)                                                                                         \
  __builtin_choose_expr(TG_CLASS_(u) >= 1 && TG_CLASS_(u) <= 4 && sizeof(u) <= sizeof(long long),            \
                        tg_of_llong_, tg_operand_must_be_a_number_or_a_var)
#else
#define TG_OTHER_(u) tg_operand_must_be_a_number_or_a_var
#endif

/* u as a double, or as the var that it is. */
#define TG_NUMBER_(u)                                                                                        \
  _Generic((u), tg_var: tg_keep_var_, double: tg_keep_, float: tg_of_float_, int: tg_of_int_,                \
           _Bool: tg_of_int_, char: tg_of_int_, signed char: tg_of_int_, unsigned char: tg_of_int_,          \
           short: tg_of_int_, unsigned short: tg_of_int_, unsigned: tg_of_unsigned_, long: tg_of_long_,      \
           unsigned long: tg_of_ulong_, long long: tg_of_llong_, unsigned long long: tg_of_ullong_,          \
           long double: tg_of_ldouble_, default: TG_OTHER_(u))(u)

/* One of two functions by the element type of an array. */
#define TG_BY_ARRAY_(x, of_vars, of_doubles)                                                                 \
  _Generic((x), tg_var *: of_vars, const tg_var *: of_vars, double *: of_doubles,                            \
           const double *: of_doubles, default: tg_array_must_be_of_vars_or_doubles)

#if defined __GNUC__ && !defined TG_ISO_MACROS

/* One of two functions by whether a converted operand is a var. */
#define TG_BY_VAR_(x, if_var, if_double) _Generic((x), tg_var: if_var, default: if_double)
/* A converted operand as a var if another one is. */
#define TG_LIFT_2_(x, y) TG_BY_VAR_(x, tg_keep_var_, TG_BY_VAR_(y, tg_constant, tg_keep_))(x)
#define TG_LIFT_3_(x, y, z)                                                                                  \
  TG_BY_VAR_(x, tg_keep_var_, TG_BY_VAR_(y, tg_constant, TG_BY_VAR_(z, tg_constant, tg_keep_)))(x)

/* Declare `name` as the converted operand. The comma turns lvalues, qualified ones too, into values; the
 * type is stated so that misuse is one error and not two. */
#define TG_LET_(name, x)                                                                                     \
  __auto_type name##_as_is = ((void)0, (x));                                                                 \
  __typeof__(TG_BY_VAR_(name##_as_is, (tg_var){0}, 0.0)) name = TG_NUMBER_(name##_as_is)

/* n comes from a counter, to keep the names of nested calls apart, and must be expanded before it is pasted:
 * hence the step from TG_CALL to TG_DO. v works on vars, d on doubles. */
#define TG_CALL_1_(v, d, x, n) TG_DO_1_(v, d, x, n)
#define TG_DO_1_(v, d, x, n)                                                                                 \
  __extension__({                                                                                            \
    TG_LET_(tg_x_##n, x);                                                                                    \
    TG_BY_VAR_(tg_x_##n, v, d)(tg_x_##n);                                                                    \
  })

#define TG_CALL_2_(v, d, x, y, n) TG_DO_2_(v, d, x, y, n)
#define TG_DO_2_(v, d, x, y, n)                                                                              \
  __extension__({                                                                                            \
    TG_LET_(tg_x_##n, x);                                                                                    \
    TG_LET_(tg_y_##n, y);                                                                                    \
    TG_BY_VAR_(tg_x_##n, v, TG_BY_VAR_(tg_y_##n, v, d))                                                      \
    (TG_LIFT_2_(tg_x_##n, tg_y_##n), TG_LIFT_2_(tg_y_##n, tg_x_##n));                                        \
  })

#define TG_CALL_3_(v, d, x, y, z, n) TG_DO_3_(v, d, x, y, z, n)
#define TG_DO_3_(v, d, x, y, z, n)                                                                           \
  __extension__({                                                                                            \
    TG_LET_(tg_x_##n, x);                                                                                    \
    TG_LET_(tg_y_##n, y);                                                                                    \
    TG_LET_(tg_z_##n, z);                                                                                    \
    TG_BY_VAR_(tg_x_##n, v, TG_BY_VAR_(tg_y_##n, v, TG_BY_VAR_(tg_z_##n, v, d)))                             \
    (TG_LIFT_3_(tg_x_##n, tg_y_##n, tg_z_##n), TG_LIFT_3_(tg_y_##n, tg_z_##n, tg_x_##n),                     \
     TG_LIFT_3_(tg_z_##n, tg_x_##n, tg_y_##n));                                                              \
  })

/* An array z of k elements and one operand x; vv, dv and dd by the types of z and x. */
#define TG_CALL_INDEX_(vv, dv, dd, z, k, x, n) TG_DO_INDEX_(vv, dv, dd, z, k, x, n)
#define TG_DO_INDEX_(vv, dv, dd, z, k, x, n)                                                                 \
  __extension__({                                                                                            \
    __auto_type tg_z_##n = ((void)0, (z));                                                                   \
    const size_t tg_k_##n = (k);                                                                             \
    TG_LET_(tg_x_##n, x);                                                                                    \
    TG_BY_ARRAY_(tg_z_##n, vv, TG_BY_VAR_(tg_x_##n, dv, dd))                                                 \
    (tg_z_##n, tg_k_##n,                                                                                     \
     TG_BY_VAR_(tg_x_##n, tg_keep_var_, _Generic((tg_z_##n), tg_var *: tg_constant, const tg_var *           \
                                                 : tg_constant, default: tg_keep_))(tg_x_##n));              \
  })

/* One or more operands, folded from the left. */
#define TG_FOLD_1_(v, d, x) TG_CALL_1_(tg_keep_var_, tg_keep_, x, __COUNTER__)
#define TG_FOLD_2_(v, d, x, y) TG_CALL_2_(v, d, x, y, __COUNTER__)
#define TG_FOLD_3_(v, d, x, y, ...) TG_FOLD_2_(v, d, TG_FOLD_2_(v, d, x, y), __VA_ARGS__)
#define TG_FOLD_4_(v, d, x, y, ...) TG_FOLD_3_(v, d, TG_FOLD_2_(v, d, x, y), __VA_ARGS__)
#define TG_FOLD_5_(v, d, x, y, ...) TG_FOLD_4_(v, d, TG_FOLD_2_(v, d, x, y), __VA_ARGS__)
#define TG_FOLD_6_(v, d, x, y, ...) TG_FOLD_5_(v, d, TG_FOLD_2_(v, d, x, y), __VA_ARGS__)
#define TG_FOLD_7_(v, d, x, y, ...) TG_FOLD_6_(v, d, TG_FOLD_2_(v, d, x, y), __VA_ARGS__)
#define TG_FOLD_8_(v, d, x, y, ...) TG_FOLD_7_(v, d, TG_FOLD_2_(v, d, x, y), __VA_ARGS__)
#define TG_FOLD_9_(v, d, x, y, ...) TG_FOLD_8_(v, d, TG_FOLD_2_(v, d, x, y), __VA_ARGS__)
#define TG_FOLD_10_(v, d, x, y, ...) TG_FOLD_9_(v, d, TG_FOLD_2_(v, d, x, y), __VA_ARGS__)
#define TG_FOLD_11_(v, d, x, y, ...) TG_FOLD_10_(v, d, TG_FOLD_2_(v, d, x, y), __VA_ARGS__)
#define TG_FOLD_12_(v, d, x, y, ...) TG_FOLD_11_(v, d, TG_FOLD_2_(v, d, x, y), __VA_ARGS__)
#define TG_FOLD_13_(v, d, x, y, ...) TG_FOLD_12_(v, d, TG_FOLD_2_(v, d, x, y), __VA_ARGS__)
#define TG_FOLD_14_(v, d, x, y, ...) TG_FOLD_13_(v, d, TG_FOLD_2_(v, d, x, y), __VA_ARGS__)
#define TG_FOLD_15_(v, d, x, y, ...) TG_FOLD_14_(v, d, TG_FOLD_2_(v, d, x, y), __VA_ARGS__)
#define TG_FOLD_16_(v, d, x, y, ...) TG_FOLD_15_(v, d, TG_FOLD_2_(v, d, x, y), __VA_ARGS__)

#define TG_FOLD_(f, ...)                                                                                     \
  TG_PASTE_3_(TG_FOLD_, TG_COUNT_(__VA_ARGS__), _)(f##_inline_, f##_plain_, __VA_ARGS__)
#define TG_UNARY_(f, x) TG_CALL_1_((f), f##_d, x, __COUNTER__)
#define TG_BINARY_(f, x, y) TG_CALL_2_((f), f##_d, x, y, __COUNTER__)
#define TG_TERNARY_(f, x, y, z) TG_CALL_3_((f), f##_d, x, y, z, __COUNTER__)
#define TG_GUARD_(f, x, y) TG_CALL_2_((f), f##_plain_, x, y, __COUNTER__)
#define TG_FREQUENT_(f, x, y) TG_CALL_2_(f##_inline_, f##_plain_, x, y, __COUNTER__)
#define TG_SIMPLE_(f, x) TG_CALL_1_((f), f##_plain_, x, __COUNTER__)
#define TG_VALUE_(f, x) TG_CALL_1_((f), tg_keep_, x, __COUNTER__)
#define TG_INDEX_(f, z, k, x) TG_CALL_INDEX_((f), f##_dv_, f##_d, z, k, x, __COUNTER__)

#else /* ISO C11 */

/* 1 for a var, 0 for a number; anything else cannot enter the arithmetic of array sizes below. */
extern const tg_operand_must_be_a_number_or_a_var_ tg_operand_must_be_a_number_or_var;
#define TG_IS_VAR_(x)                                                                                        \
  _Generic((x), tg_var: 1, double: 0, float: 0, int: 0, _Bool: 0, char: 0, signed char: 0, unsigned char: 0, \
           short: 0, unsigned short: 0, unsigned: 0, long: 0, unsigned long: 0, long long: 0,                \
           unsigned long long: 0, long double: 0, default: tg_operand_must_be_a_number_or_var)

/* x as a var. */
static inline tg_var tg_var_of_float_(float x) { return tg_constant((double)x); }
static inline tg_var tg_var_of_long_(long x) { return tg_constant((double)x); }
static inline tg_var tg_var_of_ulong_(unsigned long x) { return tg_constant((double)x); }
static inline tg_var tg_var_of_llong_(long long x) { return tg_constant((double)x); }
static inline tg_var tg_var_of_ullong_(unsigned long long x) { return tg_constant((double)x); }
static inline tg_var tg_var_of_ldouble_(long double x) { return tg_constant((double)x); }
#define TG_TO_VAR_(x)                                                                                        \
  _Generic((x), tg_var: tg_keep_var_, float: tg_var_of_float_, long: tg_var_of_long_,                        \
           unsigned long: tg_var_of_ulong_, long long: tg_var_of_llong_,                                     \
           unsigned long long: tg_var_of_ullong_, long double: tg_var_of_ldouble_, default: tg_constant)(x)

/* One of several by a constant i: pointers to arrays of different sizes have different types. */
#define TG_BY_NUMBER_2_(i, a, b) _Generic((char(*)[1 + (i)])0, char(*)[1]: a, char(*)[2]: b)
#define TG_BY_NUMBER_4_(i, a, b, c, d)                                                                       \
  _Generic((char(*)[1 + (i)])0, char(*)[1]: a, char(*)[2]: b, char(*)[3]: c, char(*)[4]: d)

#define TG_CALL_1_(v, d, x)                                                                                  \
  _Generic((x), tg_var: v, double: d, float: d, int: d, _Bool: d, char: d, signed char: d, unsigned char: d, \
           short: d, unsigned short: d, unsigned: d, long: d, unsigned long: d, long long: d,                \
           unsigned long long: d, long double: d, default: tg_operand_must_be_a_number_or_a_var)(x)
#define TG_CALL_2_(vv, vd, dv, dd, x, y)                                                                     \
  TG_BY_NUMBER_4_(2 * TG_IS_VAR_(x) + TG_IS_VAR_(y), dd, dv, vd, vv)(x, y)

/* With more operands the work is done on vars, which record nothing if all are constants; then a double is
 * wanted. */
#define TG_FROM_VAR_(any) TG_BY_NUMBER_2_((any) > 0, (tg_peek), tg_keep_var_)

/* m(x) for every operand with s() between. */
#define TG_COMMA_() ,
#define TG_PLUS_() +
#define TG_EACH_1_(m, s, x) m(x)
#define TG_EACH_2_(m, s, x, ...) m(x) s() TG_EACH_1_(m, s, __VA_ARGS__)
#define TG_EACH_3_(m, s, x, ...) m(x) s() TG_EACH_2_(m, s, __VA_ARGS__)
#define TG_EACH_4_(m, s, x, ...) m(x) s() TG_EACH_3_(m, s, __VA_ARGS__)
#define TG_EACH_5_(m, s, x, ...) m(x) s() TG_EACH_4_(m, s, __VA_ARGS__)
#define TG_EACH_6_(m, s, x, ...) m(x) s() TG_EACH_5_(m, s, __VA_ARGS__)
#define TG_EACH_7_(m, s, x, ...) m(x) s() TG_EACH_6_(m, s, __VA_ARGS__)
#define TG_EACH_8_(m, s, x, ...) m(x) s() TG_EACH_7_(m, s, __VA_ARGS__)
#define TG_EACH_9_(m, s, x, ...) m(x) s() TG_EACH_8_(m, s, __VA_ARGS__)
#define TG_EACH_10_(m, s, x, ...) m(x) s() TG_EACH_9_(m, s, __VA_ARGS__)
#define TG_EACH_11_(m, s, x, ...) m(x) s() TG_EACH_10_(m, s, __VA_ARGS__)
#define TG_EACH_12_(m, s, x, ...) m(x) s() TG_EACH_11_(m, s, __VA_ARGS__)
#define TG_EACH_13_(m, s, x, ...) m(x) s() TG_EACH_12_(m, s, __VA_ARGS__)
#define TG_EACH_14_(m, s, x, ...) m(x) s() TG_EACH_13_(m, s, __VA_ARGS__)
#define TG_EACH_15_(m, s, x, ...) m(x) s() TG_EACH_14_(m, s, __VA_ARGS__)
#define TG_EACH_16_(m, s, x, ...) m(x) s() TG_EACH_15_(m, s, __VA_ARGS__)

/* One or more operands, folded from the left. */
#define TG_FOLD_ARRAY_(f, n, each, ...)                                                                      \
  TG_FROM_VAR_(each(TG_IS_VAR_, TG_PLUS_, __VA_ARGS__))                                                      \
  (f##_all_((const tg_var[]){each(TG_TO_VAR_, TG_COMMA_, __VA_ARGS__)}, n))
#define TG_FOLD_1_(f, x) TG_NUMBER_(x)
#define TG_FOLD_2_(f, x, y) TG_FREQUENT_(f, x, y)
#define TG_FOLD_3_(f, ...) TG_FOLD_ARRAY_(f, 3, TG_EACH_3_, __VA_ARGS__)
#define TG_FOLD_4_(f, ...) TG_FOLD_ARRAY_(f, 4, TG_EACH_4_, __VA_ARGS__)
#define TG_FOLD_5_(f, ...) TG_FOLD_ARRAY_(f, 5, TG_EACH_5_, __VA_ARGS__)
#define TG_FOLD_6_(f, ...) TG_FOLD_ARRAY_(f, 6, TG_EACH_6_, __VA_ARGS__)
#define TG_FOLD_7_(f, ...) TG_FOLD_ARRAY_(f, 7, TG_EACH_7_, __VA_ARGS__)
#define TG_FOLD_8_(f, ...) TG_FOLD_ARRAY_(f, 8, TG_EACH_8_, __VA_ARGS__)
#define TG_FOLD_9_(f, ...) TG_FOLD_ARRAY_(f, 9, TG_EACH_9_, __VA_ARGS__)
#define TG_FOLD_10_(f, ...) TG_FOLD_ARRAY_(f, 10, TG_EACH_10_, __VA_ARGS__)
#define TG_FOLD_11_(f, ...) TG_FOLD_ARRAY_(f, 11, TG_EACH_11_, __VA_ARGS__)
#define TG_FOLD_12_(f, ...) TG_FOLD_ARRAY_(f, 12, TG_EACH_12_, __VA_ARGS__)
#define TG_FOLD_13_(f, ...) TG_FOLD_ARRAY_(f, 13, TG_EACH_13_, __VA_ARGS__)
#define TG_FOLD_14_(f, ...) TG_FOLD_ARRAY_(f, 14, TG_EACH_14_, __VA_ARGS__)
#define TG_FOLD_15_(f, ...) TG_FOLD_ARRAY_(f, 15, TG_EACH_15_, __VA_ARGS__)
#define TG_FOLD_16_(f, ...) TG_FOLD_ARRAY_(f, 16, TG_EACH_16_, __VA_ARGS__)

#define TG_FOLD_(f, ...) TG_PASTE_3_(TG_FOLD_, TG_COUNT_(__VA_ARGS__), _)(f, __VA_ARGS__)

static inline tg_var tg_add_all_(const tg_var *x, size_t n)
{
  tg_var s = x[0];
  for (size_t i = 1; i < n; i++) s = tg_add_inline_(s, x[i]);
  return s;
}

static inline tg_var tg_mul_all_(const tg_var *x, size_t n)
{
  tg_var p = x[0];
  for (size_t i = 1; i < n; i++) p = tg_mul_inline_(p, x[i]);
  return p;
}

#define TG_UNARY_(f, x) TG_CALL_1_((f), f##_d, x)
#define TG_BINARY_(f, x, y) TG_CALL_2_((f), f##_vd_, f##_dv_, f##_d, x, y)
#define TG_TERNARY_(f, x, y, z)                                                                              \
  TG_FROM_VAR_(TG_IS_VAR_(x) + TG_IS_VAR_(y) + TG_IS_VAR_(z))                                                \
  ((f)(TG_TO_VAR_(x), TG_TO_VAR_(y), TG_TO_VAR_(z)))
#define TG_GUARD_(f, x, y) TG_CALL_2_((f), f##_vd_, f##_dv_, f##_plain_, x, y)
#define TG_FREQUENT_(f, x, y) TG_CALL_2_(f##_inline_, f##_vd_, f##_dv_, f##_plain_, x, y)
#define TG_SIMPLE_(f, x) TG_CALL_1_((f), f##_plain_, x)
#define TG_VALUE_(f, x) TG_CALL_1_((f), tg_keep_, x)
#define TG_INDEX_(f, z, k, x)                                                                                \
  TG_BY_NUMBER_2_(TG_IS_VAR_(x), TG_BY_ARRAY_(z, f##_vd_, f##_d), TG_BY_ARRAY_(z, (f), f##_dv_))(z, k, x)

#endif

#define TG_PASTE_3_(a, b, c) TG_PASTE_3_NOW_(a, b, c)
#define TG_PASTE_3_NOW_(a, b, c) a##b##c

/* How many operands there are, up to 16. */
#define TG_COUNT_(...)                                                                                       \
  TG_COUNT_AT_(__VA_ARGS__, 17, 17, 17, 17, 17, 17, 17, 17, 17, 17, 17, 17, 17,    \
               17, 17, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define TG_COUNT_AT_(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa, bb,   \
                     cc, dd, ee, ff, count, ...)                                                             \
  count
#define TG_FOLD_17_(...)                                                                                   \
  ((double)sizeof(struct {                                                                                   \
    _Static_assert(0, "tg_add and tg_mul take at most 16 operands");                                         \
    char unused_;                                                                                            \
  }))

#define TG_ARRAY_(f, x, n) TG_BY_ARRAY_(x, (f), f##_d)(x, n)
#define TG_TWO_ARRAYS_(f, x, y)                                                                              \
  TG_BY_ARRAY_(x, TG_BY_ARRAY_(y, (f), f##_vd_), TG_BY_ARRAY_(y, f##_dv_, f##_d))

#endif /* C */
#endif
