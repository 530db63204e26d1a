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

static inline tg_var tg_keep_var_(tg_var x) { return x; }
static inline double tg_keep_(double x) { return x; }

/* What misuse runs into; never defined. The names are the message. */
typedef struct tg_operand_must_be_a_number_or_a_var_ {
  char unused_;
} tg_operand_must_be_a_number_or_a_var_;
typedef struct tg_array_must_be_of_vars_or_doubles_ {
  char unused_;
} tg_array_must_be_of_vars_or_doubles_;
double tg_operand_must_be_a_number_or_a_var(tg_operand_must_be_a_number_or_a_var_ x, ...);
double tg_array_must_be_of_vars_or_doubles(tg_array_must_be_of_vars_or_doubles_ x, ...);
double tg_second_array_must_be_of_vars_or_doubles(const void *, tg_array_must_be_of_vars_or_doubles_ y, ...);
double tg_third_array_must_be_of_vars_or_doubles(const void *, const void *,
                                                 tg_array_must_be_of_vars_or_doubles_ x, ...);

/* One of two functions by the element type of an array; `wrong` has a place for the array that is neither. */
#define TG_BY_ARRAY_OR_(x, of_vars, of_doubles, wrong)                                                       \
  _Generic((x), tg_var *: of_vars, const tg_var *: of_vars, double *: of_doubles,                            \
           const double *: of_doubles, default: wrong)
#define TG_BY_ARRAY_(x, of_vars, of_doubles)                                                                 \
  TG_BY_ARRAY_OR_(x, of_vars, of_doubles, tg_array_must_be_of_vars_or_doubles)

#if defined __GNUC__ && !defined TG_ISO_MACROS

/* Most of the time that thousands of calls took to compile went to expanding them: so the macros that an
 * operand passes through are few, and what they say is short. n is the call's own number, which keeps the
 * names of nested calls apart. vv, vd, dv and dd by what the operands are: v a var, d a number.
 *
 * What an operand u is, u##k tells: 0 a number, 1 a var, 2 neither. Numbers are of class 1 to 4 (integers) or
 * 8 (real); asked that way and not by a list of types a bit-field passes. The inner _Generic keeps a float
 * from being promoted, of which -Wdouble-promotion would tell. */
#define TG_KIND_(u)                                                                                          \
  _Generic((u), tg_var : 1,                                                                                  \
           default : 0x11e >> (__builtin_classify_type(_Generic((u), float : 0.0, default                    \
                                                                : (u))) &                                    \
                               15) &                                                                         \
                   1                                                                                         \
               ? 0                                                                                           \
               : 2)
/* An operand as the double or var that it is, misuse as it is; as a var if `lift`. */
#define TG_GIVEN_(u) __builtin_choose_expr(u##k != 0, u, (double)__builtin_choose_expr(u##k == 0, u, 0))
#define TG_LIFTED_(u, lift)                                                                                  \
  __builtin_choose_expr(lift && u##k == 0, tg_constant((double)__builtin_choose_expr(u##k == 0, u, 0)),      \
                        TG_GIVEN_(u))
/* One of two functions by an operand's kind. Misuse is one error, which the name of the function tells; its
 * first argument is the operand to blame. */
#define TG_BY_KIND_(k, if_var, if_double)                                                                    \
  __builtin_choose_expr(k == 1, if_var,                                                                      \
                        __builtin_choose_expr(k == 0, if_double, tg_operand_must_be_a_number_or_a_var))

/* The comma turns lvalues, qualified ones too, into values. */
#define TG_CALL_1_(v, d, x, n)                                                                               \
  __extension__({                                                                                            \
    __auto_type tg_x##n = ((void)0, (x));                                                                    \
    enum { tg_x##n##k = TG_KIND_(tg_x##n) };                                                                 \
    TG_BY_KIND_(tg_x##n##k, v, d)(TG_GIVEN_(tg_x##n));                                                       \
  })

#define TG_CALL_2_(vv, vd, dv, dd, x, y, n)                                                                  \
  __extension__({                                                                                            \
    __auto_type tg_x##n = ((void)0, (x));                                                                    \
    __auto_type tg_y##n = ((void)0, (y));                                                                    \
    enum { tg_x##n##k = TG_KIND_(tg_x##n), tg_y##n##k = TG_KIND_(tg_y##n) };                                 \
    TG_BY_KIND_(tg_x##n##k, TG_BY_KIND_(tg_y##n##k, vv, vd), TG_BY_KIND_(tg_y##n##k, dv, dd))                \
    (__builtin_choose_expr(tg_y##n##k == 2, tg_y##n, TG_GIVEN_(tg_x##n)), TG_GIVEN_(tg_y##n));               \
  })

#define TG_CALL_3_(v, d, x, y, z, n)                                                                         \
  __extension__({                                                                                            \
    __auto_type tg_x##n = ((void)0, (x));                                                                    \
    __auto_type tg_y##n = ((void)0, (y));                                                                    \
    __auto_type tg_z##n = ((void)0, (z));                                                                    \
    enum { tg_x##n##k = TG_KIND_(tg_x##n), tg_y##n##k = TG_KIND_(tg_y##n), tg_z##n##k = TG_KIND_(tg_z##n) }; \
    enum {                                                                                                   \
      tg_any##n = tg_x##n##k == 1 || tg_y##n##k == 1 || tg_z##n##k == 1,                                     \
      tg_all##n = tg_x##n##k == 2 || tg_y##n##k == 2 || tg_z##n##k == 2 ? 2 : tg_any##n                      \
    };                                                                                                       \
    TG_BY_KIND_(tg_all##n, v, d)                                                                             \
    (__builtin_choose_expr(tg_z##n##k == 2, tg_z##n,                                                         \
                           __builtin_choose_expr(tg_y##n##k == 2, tg_y##n, TG_LIFTED_(tg_x##n, tg_any##n))), \
     TG_LIFTED_(tg_y##n, tg_any##n), TG_LIFTED_(tg_z##n, tg_any##n));                                        \
  })

/* An array z of `size` elements and one operand x. */
#define TG_CALL_INDEX_(vv, vd, dv, dd, z, size, x, n)                                                        \
  __extension__({                                                                                            \
    __auto_type tg_z##n = ((void)0, (z));                                                                    \
    const size_t tg_y##n = (size);                                                                           \
    __auto_type tg_x##n = ((void)0, (x));                                                                    \
    enum { tg_x##n##k = TG_KIND_(tg_x##n) };                                                                 \
    TG_BY_KIND_(tg_x##n##k, TG_BY_ARRAY_(tg_z##n, vv, dv), TG_BY_ARRAY_(tg_z##n, vd, dd))                    \
    (__builtin_choose_expr(tg_x##n##k == 2, tg_x##n, tg_z##n), tg_y##n, TG_GIVEN_(tg_x##n));                 \
  })

/* The frequent operations are inline in the first so many calls of a translation unit, and calls of its own
 * functions from then on: that costs a tenth of the speed of recording, and straight-line code of 2400
 * operations takes gcc 8 s when all of it is inline, and not 2.8. */
#define TG_INLINE_MOST_ 64
#define TG_NEAR_(n, inlined, called) __builtin_choose_expr(n < TG_INLINE_MOST_, inlined, called)

/* One or more operands, folded from the left. */
#define TG_FOLD_1_(f, n, x) TG_CALL_1_(tg_keep_var_, tg_keep_, x, n)
#define TG_FOLD_2_(f, n, x, y)                                                                               \
  TG_CALL_2_(TG_NEAR_(n, f##_inline_, f##_outline_), TG_NEAR_(n, f##_vd_, f##_vd_outline_),                  \
             TG_NEAR_(n, f##_dv_, f##_dv_outline_), f##_plain_, x, y, n)
#define TG_FOLD_3_(f, n, x, y, ...) TG_FOLD_2_(f, __COUNTER__, TG_FOLD_2_(f, n, x, y), __VA_ARGS__)
#define TG_FOLD_4_(f, n, x, y, ...) TG_FOLD_3_(f, __COUNTER__, TG_FOLD_2_(f, n, x, y), __VA_ARGS__)
#define TG_FOLD_5_(f, n, x, y, ...) TG_FOLD_4_(f, __COUNTER__, TG_FOLD_2_(f, n, x, y), __VA_ARGS__)
#define TG_FOLD_6_(f, n, x, y, ...) TG_FOLD_5_(f, __COUNTER__, TG_FOLD_2_(f, n, x, y), __VA_ARGS__)
#define TG_FOLD_7_(f, n, x, y, ...) TG_FOLD_6_(f, __COUNTER__, TG_FOLD_2_(f, n, x, y), __VA_ARGS__)
#define TG_FOLD_8_(f, n, x, y, ...) TG_FOLD_7_(f, __COUNTER__, TG_FOLD_2_(f, n, x, y), __VA_ARGS__)
#define TG_FOLD_9_(f, n, x, y, ...) TG_FOLD_8_(f, __COUNTER__, TG_FOLD_2_(f, n, x, y), __VA_ARGS__)
#define TG_FOLD_10_(f, n, x, y, ...) TG_FOLD_9_(f, __COUNTER__, TG_FOLD_2_(f, n, x, y), __VA_ARGS__)
#define TG_FOLD_11_(f, n, x, y, ...) TG_FOLD_10_(f, __COUNTER__, TG_FOLD_2_(f, n, x, y), __VA_ARGS__)
#define TG_FOLD_12_(f, n, x, y, ...) TG_FOLD_11_(f, __COUNTER__, TG_FOLD_2_(f, n, x, y), __VA_ARGS__)
#define TG_FOLD_13_(f, n, x, y, ...) TG_FOLD_12_(f, __COUNTER__, TG_FOLD_2_(f, n, x, y), __VA_ARGS__)
#define TG_FOLD_14_(f, n, x, y, ...) TG_FOLD_13_(f, __COUNTER__, TG_FOLD_2_(f, n, x, y), __VA_ARGS__)
#define TG_FOLD_15_(f, n, x, y, ...) TG_FOLD_14_(f, __COUNTER__, TG_FOLD_2_(f, n, x, y), __VA_ARGS__)
#define TG_FOLD_16_(f, n, x, y, ...) TG_FOLD_15_(f, __COUNTER__, TG_FOLD_2_(f, n, x, y), __VA_ARGS__)

#define TG_UNARY_(f, x, n) TG_CALL_1_((f), f##_d, x, n)
#define TG_BINARY_(f, x, y, n) TG_CALL_2_((f), f##_vd_, f##_dv_, f##_d, x, y, n)
#define TG_TERNARY_(f, x, y, z, n) TG_CALL_3_((f), f##_d, x, y, z, n)
#define TG_GUARD_(f, x, y, n) TG_CALL_2_((f), f##_vd_, f##_dv_, f##_plain_, x, y, n)
#define TG_SIMPLE_(f, x, n) TG_CALL_1_((f), f##_plain_, x, n)
#define TG_VALUE_(f, x, n) TG_CALL_1_((f), tg_keep_, x, n)
#define TG_INDEX_(f, z, k, x, n) TG_CALL_INDEX_((f), f##_vd_, f##_dv_, f##_d, z, k, x, n)

#else /* ISO C11 */

/* Conversions, one a type so that none of them is implicit. */
static inline double tg_of_float_(float x) { return (double)x; }
static inline double tg_of_int_(int x) { return x; }
static inline double tg_of_unsigned_(unsigned x) { return x; }
static inline double tg_of_long_(long x) { return (double)x; }
static inline double tg_of_ulong_(unsigned long x) { return (double)x; }
static inline double tg_of_llong_(long long x) { return (double)x; }
static inline double tg_of_ullong_(unsigned long long x) { return (double)x; }
static inline double tg_of_ldouble_(long double x) { return (double)x; }

/* u as a double, or as the var that it is. */
#define TG_NUMBER_(u)                                                                                        \
  _Generic((u), tg_var                                                                                       \
           : tg_keep_var_, double                                                                            \
           : tg_keep_, float                                                                                 \
           : tg_of_float_, int                                                                               \
           : tg_of_int_, _Bool                                                                               \
           : tg_of_int_, char                                                                                \
           : tg_of_int_, signed char                                                                         \
           : tg_of_int_, unsigned char                                                                       \
           : tg_of_int_, short                                                                               \
           : tg_of_int_, unsigned short                                                                      \
           : tg_of_int_, unsigned                                                                            \
           : tg_of_unsigned_, long                                                                           \
           : tg_of_long_, unsigned long                                                                      \
           : tg_of_ulong_, long long                                                                         \
           : tg_of_llong_, unsigned long long                                                                \
           : tg_of_ullong_, long double                                                                      \
           : tg_of_ldouble_, default                                                                         \
           : tg_operand_must_be_a_number_or_a_var)(u)

/* 1 for a var, 0 for a number; anything else cannot enter the arithmetic of array sizes below. */
extern const tg_operand_must_be_a_number_or_a_var_ tg_operand_must_be_a_number_or_var;
#define TG_IS_VAR_(x)                                                                                        \
  _Generic((x), tg_var : 1, double : 0, float : 0, int : 0, _Bool : 0, char : 0, signed char : 0,            \
           unsigned char : 0, short : 0, unsigned short : 0, unsigned : 0, long : 0, unsigned long : 0,      \
           long long : 0, unsigned long long : 0, long double : 0, default                                   \
           : tg_operand_must_be_a_number_or_var)

/* x as a var. */
static inline tg_var tg_var_of_float_(float x) { return tg_constant((double)x); }
static inline tg_var tg_var_of_long_(long x) { return tg_constant((double)x); }
static inline tg_var tg_var_of_ulong_(unsigned long x) { return tg_constant((double)x); }
static inline tg_var tg_var_of_llong_(long long x) { return tg_constant((double)x); }
static inline tg_var tg_var_of_ullong_(unsigned long long x) { return tg_constant((double)x); }
static inline tg_var tg_var_of_ldouble_(long double x) { return tg_constant((double)x); }
#define TG_TO_VAR_(x)                                                                                        \
  _Generic((x), tg_var                                                                                       \
           : tg_keep_var_, float                                                                             \
           : tg_var_of_float_, long                                                                          \
           : tg_var_of_long_, unsigned long                                                                  \
           : tg_var_of_ulong_, long long                                                                     \
           : tg_var_of_llong_, unsigned long long                                                            \
           : tg_var_of_ullong_, long double                                                                  \
           : tg_var_of_ldouble_, default                                                                     \
           : tg_constant)(x)

/* One of several by a constant i: pointers to arrays of different sizes have different types. */
#define TG_BY_NUMBER_2_(i, a, b) _Generic((char(*)[1 + (i)])0, char(*)[1] : a, char(*)[2] : b)
#define TG_BY_NUMBER_4_(i, a, b, c, d)                                                                       \
  _Generic((char(*)[1 + (i)])0, char(*)[1] : a, char(*)[2] : b, char(*)[3] : c, char(*)[4] : d)

#define TG_CALL_1_(v, d, x)                                                                                  \
  _Generic((x), tg_var                                                                                       \
           : v, double                                                                                       \
           : d, float                                                                                        \
           : d, int                                                                                          \
           : d, _Bool                                                                                        \
           : d, char                                                                                         \
           : d, signed char                                                                                  \
           : d, unsigned char                                                                                \
           : d, short                                                                                        \
           : d, unsigned short                                                                               \
           : d, unsigned                                                                                     \
           : d, long                                                                                         \
           : d, unsigned long                                                                                \
           : d, long long                                                                                    \
           : d, unsigned long long                                                                           \
           : d, long double                                                                                  \
           : d, default                                                                                      \
           : tg_operand_must_be_a_number_or_a_var)(x)
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
#define TG_FOLD_1_(f, n, x) TG_NUMBER_(x)
#define TG_FOLD_2_(f, n, x, y) TG_CALL_2_(f##_inline_, f##_vd_, f##_dv_, f##_plain_, x, y)
#define TG_FOLD_3_(f, n, ...) TG_FOLD_ARRAY_(f, 3, TG_EACH_3_, __VA_ARGS__)
#define TG_FOLD_4_(f, n, ...) TG_FOLD_ARRAY_(f, 4, TG_EACH_4_, __VA_ARGS__)
#define TG_FOLD_5_(f, n, ...) TG_FOLD_ARRAY_(f, 5, TG_EACH_5_, __VA_ARGS__)
#define TG_FOLD_6_(f, n, ...) TG_FOLD_ARRAY_(f, 6, TG_EACH_6_, __VA_ARGS__)
#define TG_FOLD_7_(f, n, ...) TG_FOLD_ARRAY_(f, 7, TG_EACH_7_, __VA_ARGS__)
#define TG_FOLD_8_(f, n, ...) TG_FOLD_ARRAY_(f, 8, TG_EACH_8_, __VA_ARGS__)
#define TG_FOLD_9_(f, n, ...) TG_FOLD_ARRAY_(f, 9, TG_EACH_9_, __VA_ARGS__)
#define TG_FOLD_10_(f, n, ...) TG_FOLD_ARRAY_(f, 10, TG_EACH_10_, __VA_ARGS__)
#define TG_FOLD_11_(f, n, ...) TG_FOLD_ARRAY_(f, 11, TG_EACH_11_, __VA_ARGS__)
#define TG_FOLD_12_(f, n, ...) TG_FOLD_ARRAY_(f, 12, TG_EACH_12_, __VA_ARGS__)
#define TG_FOLD_13_(f, n, ...) TG_FOLD_ARRAY_(f, 13, TG_EACH_13_, __VA_ARGS__)
#define TG_FOLD_14_(f, n, ...) TG_FOLD_ARRAY_(f, 14, TG_EACH_14_, __VA_ARGS__)
#define TG_FOLD_15_(f, n, ...) TG_FOLD_ARRAY_(f, 15, TG_EACH_15_, __VA_ARGS__)
#define TG_FOLD_16_(f, n, ...) TG_FOLD_ARRAY_(f, 16, TG_EACH_16_, __VA_ARGS__)

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

#define TG_UNARY_(f, x, n) TG_CALL_1_((f), f##_d, x)
#define TG_BINARY_(f, x, y, n) TG_CALL_2_((f), f##_vd_, f##_dv_, f##_d, x, y)
#define TG_TERNARY_(f, x, y, z, n)                                                                           \
  TG_FROM_VAR_(TG_IS_VAR_(x) + TG_IS_VAR_(y) + TG_IS_VAR_(z))                                                \
  ((f)(TG_TO_VAR_(x), TG_TO_VAR_(y), TG_TO_VAR_(z)))
#define TG_GUARD_(f, x, y, n) TG_CALL_2_((f), f##_vd_, f##_dv_, f##_plain_, x, y)
#define TG_SIMPLE_(f, x, n) TG_CALL_1_((f), f##_plain_, x)
#define TG_VALUE_(f, x, n) TG_CALL_1_((f), tg_keep_, x)
#define TG_INDEX_(f, z, k, x, n)                                                                             \
  TG_BY_NUMBER_2_(TG_IS_VAR_(x), TG_BY_ARRAY_(z, f##_vd_, f##_d), TG_BY_ARRAY_(z, (f), f##_dv_))(z, k, x)

#endif

/* TG_FOLD_k_ by the number k of operands, up to 16. */
#define TG_FOLD_(f, n, ...)                                                                                  \
  TG_BY_COUNT_(__VA_ARGS__, TG_FOLD_17_, TG_FOLD_17_, TG_FOLD_17_, TG_FOLD_17_, TG_FOLD_17_, TG_FOLD_17_,    \
               TG_FOLD_17_, TG_FOLD_17_, TG_FOLD_17_, TG_FOLD_17_, TG_FOLD_17_, TG_FOLD_17_, TG_FOLD_17_,    \
               TG_FOLD_17_, TG_FOLD_17_, TG_FOLD_17_, TG_FOLD_16_, TG_FOLD_15_, TG_FOLD_14_, TG_FOLD_13_,    \
               TG_FOLD_12_, TG_FOLD_11_, TG_FOLD_10_, TG_FOLD_9_, TG_FOLD_8_, TG_FOLD_7_, TG_FOLD_6_,        \
               TG_FOLD_5_, TG_FOLD_4_, TG_FOLD_3_, TG_FOLD_2_, TG_FOLD_1_, )                                 \
  (f, n, __VA_ARGS__)
#define TG_BY_COUNT_(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa, bb,   \
                     cc, dd, ee, ff, fold, ...)                                                              \
  fold
/* Two operands, where beside add and mul more might be expected. */
#define TG_PAIR_(f, n, ...)                                                                                  \
  TG_BY_COUNT_(__VA_ARGS__, TG_NOT_TWO_, TG_NOT_TWO_, TG_NOT_TWO_, TG_NOT_TWO_, TG_NOT_TWO_, TG_NOT_TWO_,    \
               TG_NOT_TWO_, TG_NOT_TWO_, TG_NOT_TWO_, TG_NOT_TWO_, TG_NOT_TWO_, TG_NOT_TWO_, TG_NOT_TWO_,    \
               TG_NOT_TWO_, TG_NOT_TWO_, TG_NOT_TWO_, TG_NOT_TWO_, TG_NOT_TWO_, TG_NOT_TWO_, TG_NOT_TWO_,    \
               TG_NOT_TWO_, TG_NOT_TWO_, TG_NOT_TWO_, TG_NOT_TWO_, TG_NOT_TWO_, TG_NOT_TWO_, TG_NOT_TWO_,    \
               TG_NOT_TWO_, TG_NOT_TWO_, TG_NOT_TWO_, TG_FOLD_2_, TG_NOT_TWO_, )                             \
  (f, n, __VA_ARGS__)
#define TG_NOT_TWO_(f, n, x, ...) TG_MISCOUNTED_("tg_sub and tg_divide take 2 operands", x)
#define TG_FOLD_17_(f, n, x, ...) TG_MISCOUNTED_("tg_add and tg_mul take at most 16 operands", x)

/* One error: what is left has the type that the call would have had. */
#define TG_MISCOUNTED_(text, x)                                                                              \
  (sizeof(struct {                                                                                           \
    _Static_assert(0, text);                                                                                 \
    char unused_;                                                                                            \
  })                                                                                                         \
       ? (x)                                                                                                 \
       : (x))

#define TG_TWO_ARRAYS_(f, x, y, place)                                                                       \
  TG_BY_ARRAY_(x, TG_BY_ARRAY_OR_(y, (f), f##_vd_, tg_##place##_array_must_be_of_vars_or_doubles),           \
               TG_BY_ARRAY_OR_(y, f##_dv_, f##_d, tg_##place##_array_must_be_of_vars_or_doubles))

#define tg_primal(x) TG_VALUE_(tg_primal, x, __COUNTER__)
#define tg_peek(x) TG_VALUE_(tg_peek, x, __COUNTER__)

/* generated by src/ad/ops/generate.py: macros */
/* clang-format off */
#define tg_add(...) TG_FOLD_(tg_add, __COUNTER__, __VA_ARGS__)
#define tg_sub(...) TG_PAIR_(tg_sub, __COUNTER__, __VA_ARGS__)
#define tg_mul(...) TG_FOLD_(tg_mul, __COUNTER__, __VA_ARGS__)
#define tg_divide(...) TG_PAIR_(tg_divide, __COUNTER__, __VA_ARGS__)
#define tg_neg(x) TG_SIMPLE_(tg_neg, x, __COUNTER__)
#define tg_inv(x) TG_SIMPLE_(tg_inv, x, __COUNTER__)
#define tg_square(x) TG_SIMPLE_(tg_square, x, __COUNTER__)
#define tg_fma(x, y, z) TG_TERNARY_(tg_fma, x, y, z, __COUNTER__)
#define tg_lt(x, y) TG_GUARD_(tg_lt, x, y, __COUNTER__)
#define tg_le(x, y) TG_GUARD_(tg_le, x, y, __COUNTER__)
#define tg_gt(x, y) TG_GUARD_(tg_gt, x, y, __COUNTER__)
#define tg_ge(x, y) TG_GUARD_(tg_ge, x, y, __COUNTER__)
#define tg_eq(x, y) TG_GUARD_(tg_eq, x, y, __COUNTER__)
#define tg_ne(x, y) TG_GUARD_(tg_ne, x, y, __COUNTER__)
#define tg_less(x, y) TG_BINARY_(tg_less, x, y, __COUNTER__) /* a var, for where; for `if` there is tg_lt */
#define tg_less_equal(x, y) TG_BINARY_(tg_less_equal, x, y, __COUNTER__) /* a var, for where; for `if` there is tg_le */
#define tg_equal(x, y) TG_BINARY_(tg_equal, x, y, __COUNTER__) /* a var, for where; for `if` there is tg_eq */
#define tg_where(x, y, z) TG_TERNARY_(tg_where, x, y, z, __COUNTER__)
#define tg_pow(x, y) TG_BINARY_(tg_pow, x, y, __COUNTER__)
#define tg_sqrt(x) TG_UNARY_(tg_sqrt, x, __COUNTER__)
#define tg_rsqrt(x) TG_UNARY_(tg_rsqrt, x, __COUNTER__)
#define tg_cbrt(x) TG_UNARY_(tg_cbrt, x, __COUNTER__)
#define tg_hypot(x, y) TG_BINARY_(tg_hypot, x, y, __COUNTER__)
#define tg_norm3(x, y, z) TG_TERNARY_(tg_norm3, x, y, z, __COUNTER__)
#define tg_exp(x) TG_UNARY_(tg_exp, x, __COUNTER__)
#define tg_exp2(x) TG_UNARY_(tg_exp2, x, __COUNTER__)
#define tg_exp10(x) TG_UNARY_(tg_exp10, x, __COUNTER__)
#define tg_expm1(x) TG_UNARY_(tg_expm1, x, __COUNTER__)
#define tg_log(x) TG_UNARY_(tg_log, x, __COUNTER__)
#define tg_log2(x) TG_UNARY_(tg_log2, x, __COUNTER__)
#define tg_log10(x) TG_UNARY_(tg_log10, x, __COUNTER__)
#define tg_log1p(x) TG_UNARY_(tg_log1p, x, __COUNTER__)
#define tg_xlogx(x) TG_UNARY_(tg_xlogx, x, __COUNTER__)
#define tg_xlogy(x, y) TG_BINARY_(tg_xlogy, x, y, __COUNTER__)
#define tg_logaddexp(x, y) TG_BINARY_(tg_logaddexp, x, y, __COUNTER__)
#define tg_ldexp(x, y) TG_BINARY_(tg_ldexp, x, y, __COUNTER__)
#define tg_sin(x) TG_UNARY_(tg_sin, x, __COUNTER__)
#define tg_cos(x) TG_UNARY_(tg_cos, x, __COUNTER__)
#define tg_tan(x) TG_UNARY_(tg_tan, x, __COUNTER__)
#define tg_asin(x) TG_UNARY_(tg_asin, x, __COUNTER__)
#define tg_acos(x) TG_UNARY_(tg_acos, x, __COUNTER__)
#define tg_atan(x) TG_UNARY_(tg_atan, x, __COUNTER__)
#define tg_atan2(x, y) TG_BINARY_(tg_atan2, x, y, __COUNTER__)
#define tg_sinh(x) TG_UNARY_(tg_sinh, x, __COUNTER__)
#define tg_cosh(x) TG_UNARY_(tg_cosh, x, __COUNTER__)
#define tg_tanh(x) TG_UNARY_(tg_tanh, x, __COUNTER__)
#define tg_asinh(x) TG_UNARY_(tg_asinh, x, __COUNTER__)
#define tg_acosh(x) TG_UNARY_(tg_acosh, x, __COUNTER__)
#define tg_atanh(x) TG_UNARY_(tg_atanh, x, __COUNTER__)
#define tg_sinc(x) TG_UNARY_(tg_sinc, x, __COUNTER__)
#define tg_erf(x) TG_UNARY_(tg_erf, x, __COUNTER__)
#define tg_erfc(x) TG_UNARY_(tg_erfc, x, __COUNTER__)
#define tg_norm_cdf(x) TG_UNARY_(tg_norm_cdf, x, __COUNTER__)
#define tg_log_norm_cdf(x) TG_UNARY_(tg_log_norm_cdf, x, __COUNTER__)
#define tg_lgamma(x) TG_UNARY_(tg_lgamma, x, __COUNTER__)
#define tg_tgamma(x) TG_UNARY_(tg_tgamma, x, __COUNTER__)
#define tg_digamma(x) TG_UNARY_(tg_digamma, x, __COUNTER__)
#define tg_trigamma(x) TG_UNARY_(tg_trigamma, x, __COUNTER__)
#define tg_j0(x) TG_UNARY_(tg_j0, x, __COUNTER__)
#define tg_j1(x) TG_UNARY_(tg_j1, x, __COUNTER__)
#define tg_y0(x) TG_UNARY_(tg_y0, x, __COUNTER__)
#define tg_y1(x) TG_UNARY_(tg_y1, x, __COUNTER__)
#define tg_fabs(x) TG_UNARY_(tg_fabs, x, __COUNTER__)
#define tg_sign(x) TG_UNARY_(tg_sign, x, __COUNTER__)
#define tg_copysign(x, y) TG_BINARY_(tg_copysign, x, y, __COUNTER__)
#define tg_fmax(x, y) TG_BINARY_(tg_fmax, x, y, __COUNTER__)
#define tg_fmin(x, y) TG_BINARY_(tg_fmin, x, y, __COUNTER__)
#define tg_fdim(x, y) TG_BINARY_(tg_fdim, x, y, __COUNTER__)
#define tg_clamp(x, y, z) TG_TERNARY_(tg_clamp, x, y, z, __COUNTER__)
#define tg_lerp(x, y, z) TG_TERNARY_(tg_lerp, x, y, z, __COUNTER__)
#define tg_floor(x) TG_UNARY_(tg_floor, x, __COUNTER__)
#define tg_ceil(x) TG_UNARY_(tg_ceil, x, __COUNTER__)
#define tg_round(x) TG_UNARY_(tg_round, x, __COUNTER__)
#define tg_trunc(x) TG_UNARY_(tg_trunc, x, __COUNTER__)
#define tg_rint(x) TG_UNARY_(tg_rint, x, __COUNTER__)
#define tg_fmod(x, y) TG_BINARY_(tg_fmod, x, y, __COUNTER__)
#define tg_remainder(x, y) TG_BINARY_(tg_remainder, x, y, __COUNTER__)
#define tg_sigmoid(x) TG_UNARY_(tg_sigmoid, x, __COUNTER__)
#define tg_log_sigmoid(x) TG_UNARY_(tg_log_sigmoid, x, __COUNTER__)
#define tg_softplus(x) TG_UNARY_(tg_softplus, x, __COUNTER__)
#define tg_logit(x) TG_UNARY_(tg_logit, x, __COUNTER__)
#define tg_relu(x) TG_UNARY_(tg_relu, x, __COUNTER__)
#define tg_leaky_relu(x, y) TG_BINARY_(tg_leaky_relu, x, y, __COUNTER__)
#define tg_elu(x, y) TG_BINARY_(tg_elu, x, y, __COUNTER__)
#define tg_gelu(x) TG_UNARY_(tg_gelu, x, __COUNTER__)
#define tg_gelu_tanh(x) TG_UNARY_(tg_gelu_tanh, x, __COUNTER__)
#define tg_silu(x) TG_UNARY_(tg_silu, x, __COUNTER__)
#define tg_mish(x) TG_UNARY_(tg_mish, x, __COUNTER__)
#define tg_softsign(x) TG_UNARY_(tg_softsign, x, __COUNTER__)
#define tg_logcosh(x) TG_UNARY_(tg_logcosh, x, __COUNTER__)
#define tg_huber(x, y) TG_BINARY_(tg_huber, x, y, __COUNTER__)
#define tg_sum(x, n) TG_BY_ARRAY_(x, (tg_sum), tg_sum_d)(x, n)
#define tg_dot(x, y, n) TG_TWO_ARRAYS_(tg_dot, x, y, second)(x, y, n)
#define tg_norm2(x, n) TG_BY_ARRAY_(x, (tg_norm2), tg_norm2_d)(x, n)
#define tg_logsumexp(x, n) TG_BY_ARRAY_(x, (tg_logsumexp), tg_logsumexp_d)(x, n)
#define tg_softmax(z, k, p) TG_BY_ARRAY_(z, (tg_softmax), tg_softmax_d)(z, k, p)
#define tg_pick(z, k, index) TG_INDEX_(tg_pick, z, k, index, __COUNTER__)
#define tg_argmax(z, k) TG_BY_ARRAY_(z, (tg_argmax), tg_argmax_d)(z, k)
#define tg_affine(w, b, x, rows, columns, y) TG_TWO_ARRAYS_(tg_affine, w, x, third)(w, b, x, rows, columns, y)
#define tg_cross_entropy(z, k, label) TG_INDEX_(tg_cross_entropy, z, k, label, __COUNTER__)
/* clang-format on */
/* end: macros */

#endif /* C */
#endif
