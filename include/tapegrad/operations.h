/* operations: the elementary functions and the operations with many operands.
 *
 * Every operation here is a function of vars and a function of plain numbers, tg_exp and tg_exp_d. The name
 * without suffix is also a macro that takes any mix of both (see "Any mix of vars and numbers" below); the
 * function itself is reached by its name in parentheses, (tg_exp), for instance to take its address.
 *
 * Values are those of C99's <math.h> where it has the function. Derivatives follow these rules:
 *   - at the boundary of the domain, the one-sided limit: sqrt'(0) = inf;
 *   - at a kink, the subgradient of least norm: fabs'(0) = 0, relu'(0) = 0, a tie of fmax gives both 1/2. Second
 *     derivatives are one-sided there, along the direction v of the product H v: square(norm2(x, n)) has the Hessian
 *     2 I at 0 as well, and so has every smooth function written through fabs, copysign, fmax, fmin, fdim, clamp,
 *     relu, leaky_relu, elu, softsign, huber, hypot, norm3 and norm2 that has slope 0 in the result of each at its
 *     kink. Where that slope is not 0 (fabs(square(x)), fmax(square(x), 0)), or an infinite one is on the way
 *     (square(sqrt(dot(x, x, n)))), it is not to be had: write square(x), dot(x, x, n) instead. Where the function
 *     has no Hessian, H v is not linear in v;
 *   - outside the domain, or where no subgradient exists, NaN;
 *   - a product with a factor exactly zero contributes zero, even if the other is infinite or NaN. So the
 *     branch that tg_where did not take never spoils a derivative; the price: square(sqrt(x)) at 0 gives 0.
 * The notes below say only what does not follow from these. */
#ifndef TAPEGRAD_OPERATIONS_H
#define TAPEGRAD_OPERATIONS_H

#include "var.h"

#ifdef __cplusplus
extern "C" {
#endif

/* clang-format off */
/* ---- Arithmetic. add and mul as macros take one or more operands, folded from the left. ---- */

TG_API tg_var (tg_add)(tg_var x, tg_var y);
TG_API tg_var (tg_sub)(tg_var x, tg_var y);
TG_API tg_var (tg_mul)(tg_var x, tg_var y);
TG_API tg_var (tg_divide)(tg_var x, tg_var y);        /* x / y; partials at 1/0: inf, -inf */
TG_API tg_var (tg_neg)(tg_var x);
TG_API tg_var (tg_inv)(tg_var x);                     /* 1 / x */
TG_API tg_var (tg_square)(tg_var x);                  /* x x */
TG_API tg_var (tg_fma)(tg_var x, tg_var y, tg_var z); /* x y + z, rounded once */

/* ---- Comparing. ---- */

/* For `if` and `while`: a bool that is recorded as a guard. When a later evaluation of a recorded function
 * would decide otherwise, the function is recorded again, or answers TG_E_BRANCH if it has no callback. So a
 * `while` may run another number of times, none included, at another point: its last test is recorded too. */
TG_API bool (tg_lt)(tg_var x, tg_var y);
TG_API bool (tg_le)(tg_var x, tg_var y);
TG_API bool (tg_gt)(tg_var x, tg_var y);
TG_API bool (tg_ge)(tg_var x, tg_var y);
TG_API bool (tg_eq)(tg_var x, tg_var y);
TG_API bool (tg_ne)(tg_var x, tg_var y);

/* For where: 1 or 0 as a var, decided at every evaluation, without a guard. Derivative 0. A NaN gives 0. */
TG_API tg_var (tg_less)(tg_var x, tg_var y);
TG_API tg_var (tg_less_equal)(tg_var x, tg_var y);
TG_API tg_var (tg_equal)(tg_var x, tg_var y);

/* c != 0 ? a : b, decided at every evaluation; both a and b are computed. Derivative 1 for the one taken,
 * 0 else. A NaN counts as true, as in C. */
TG_API tg_var (tg_where)(tg_var c, tg_var a, tg_var b);

/* ---- Powers and roots. ---- */

/* x to the power y. Partials: at (0, 0) both 0; at (x, 0) (0, log x); at (0, 1/2) (inf, 0). A negative x is
 * fine with an integer y: the partial in y is then NaN if y is a var, and absent if y is a constant. */
TG_API tg_var (tg_pow)(tg_var x, tg_var y);
TG_API tg_var (tg_sqrt)(tg_var x);                      /* derivative at 0 and -0.0: inf */
TG_API tg_var (tg_rsqrt)(tg_var x);                     /* 1 / sqrt(x) */
TG_API tg_var (tg_cbrt)(tg_var x);                      /* derivative at 0: inf */
TG_API tg_var (tg_hypot)(tg_var x, tg_var y);           /* sqrt(x^2 + y^2); partials 0 at (0, 0) */
TG_API tg_var (tg_norm3)(tg_var x, tg_var y, tg_var z); /* the same of three */

/* ---- Exponentials and logarithms. Logarithms at 0: value -inf, derivative inf. ---- */

TG_API tg_var (tg_exp)(tg_var x);
TG_API tg_var (tg_exp2)(tg_var x);
TG_API tg_var (tg_exp10)(tg_var x);
TG_API tg_var (tg_expm1)(tg_var x);
TG_API tg_var (tg_log)(tg_var x);
TG_API tg_var (tg_log2)(tg_var x);
TG_API tg_var (tg_log10)(tg_var x);
TG_API tg_var (tg_log1p)(tg_var x);
TG_API tg_var (tg_xlogx)(tg_var x);               /* x log x, 0 at 0 with derivative -inf */
TG_API tg_var (tg_xlogy)(tg_var x, tg_var y);     /* x log y, 0 if x is 0 and y is not NaN */
TG_API tg_var (tg_logaddexp)(tg_var x, tg_var y); /* log(exp x + exp y); of two -inf: partials 0 */
TG_API tg_var (tg_ldexp)(tg_var x, tg_var e);     /* x 2^e, e rounded to an integer; derivative in e: 0 */

/* ---- Circular and hyperbolic functions, angles in radians. ---- */

TG_API tg_var (tg_sin)(tg_var x);
TG_API tg_var (tg_cos)(tg_var x);
TG_API tg_var (tg_tan)(tg_var x);
TG_API tg_var (tg_asin)(tg_var x);            /* derivative at -1 and 1: inf */
TG_API tg_var (tg_acos)(tg_var x);            /* derivative at -1 and 1: -inf */
TG_API tg_var (tg_atan)(tg_var x);
TG_API tg_var (tg_atan2)(tg_var y, tg_var x); /* the angle of the point (x, y); partials at (0, 0): NaN */
TG_API tg_var (tg_sinc)(tg_var x);            /* sin(x) / x, 1 at 0 */
TG_API tg_var (tg_sinh)(tg_var x);
TG_API tg_var (tg_cosh)(tg_var x);
TG_API tg_var (tg_tanh)(tg_var x);
TG_API tg_var (tg_asinh)(tg_var x);
TG_API tg_var (tg_acosh)(tg_var x);           /* x >= 1; derivative at 1: inf */
TG_API tg_var (tg_atanh)(tg_var x);           /* derivative at -1 and 1: inf */

/* ---- Special functions. ---- */

TG_API tg_var (tg_erf)(tg_var x);
TG_API tg_var (tg_erfc)(tg_var x);
TG_API tg_var (tg_norm_cdf)(tg_var x);     /* the standard normal distribution function */
TG_API tg_var (tg_log_norm_cdf)(tg_var x); /* its logarithm, accurate far into the left tail */
TG_API tg_var (tg_lgamma)(tg_var x);       /* log |gamma(x)|; derivative digamma(x) */
TG_API tg_var (tg_tgamma)(tg_var x);
TG_API tg_var (tg_digamma)(tg_var x);      /* the derivative of log gamma */
TG_API tg_var (tg_trigamma)(tg_var x);     /* the derivative of digamma */
TG_API tg_var (tg_j0)(tg_var x);           /* Bessel functions of the first kind, order 0 and 1 */
TG_API tg_var (tg_j1)(tg_var x);
TG_API tg_var (tg_y0)(tg_var x);           /* and of the second kind, x > 0 */
TG_API tg_var (tg_y1)(tg_var x);

/* ---- Absolute value, extremes, rounding, remainders. ---- */

TG_API tg_var (tg_fabs)(tg_var x);
TG_API tg_var (tg_sign)(tg_var x);                         /* -1, 0 or 1, NaN of NaN; derivative 0 */
TG_API tg_var (tg_copysign)(tg_var x, tg_var y);           /* |x| with the sign of y; derivative in y: 0 */
TG_API tg_var (tg_fmax)(tg_var x, tg_var y);               /* of NaN and a number: the number */
TG_API tg_var (tg_fmin)(tg_var x, tg_var y);
TG_API tg_var (tg_fdim)(tg_var x, tg_var y);               /* x - y if positive, else 0 */
TG_API tg_var (tg_clamp)(tg_var x, tg_var low, tg_var high); /* into [low, high]; derivative 1 on all of it */
TG_API tg_var (tg_lerp)(tg_var a, tg_var b, tg_var t);     /* a + t (b - a), exact at t = 0 and t = 1 */
TG_API tg_var (tg_floor)(tg_var x);                        /* these five: derivative 0 */
TG_API tg_var (tg_ceil)(tg_var x);
TG_API tg_var (tg_round)(tg_var x);
TG_API tg_var (tg_trunc)(tg_var x);
TG_API tg_var (tg_rint)(tg_var x);
TG_API tg_var (tg_fmod)(tg_var x, tg_var y);               /* x - n y, n = trunc(x / y); partials (1, -n) */
TG_API tg_var (tg_remainder)(tg_var x, tg_var y);          /* x - n y, n = rint(x / y);  partials (1, -n) */

/* ---- Statistics and learning. ---- */

TG_API tg_var (tg_sigmoid)(tg_var x);       /* 1 / (1 + exp(-x)) */
TG_API tg_var (tg_log_sigmoid)(tg_var x);   /* its logarithm: -softplus(-x) */
TG_API tg_var (tg_softplus)(tg_var x);      /* log(1 + exp x) */
TG_API tg_var (tg_logit)(tg_var p);         /* log(p / (1 - p)), the inverse of sigmoid */
TG_API tg_var (tg_relu)(tg_var x);          /* max(x, 0) */
TG_API tg_var (tg_leaky_relu)(tg_var x, tg_var slope); /* x if x > 0, else slope x */
TG_API tg_var (tg_elu)(tg_var x, tg_var alpha);        /* x if x > 0, else alpha (exp x - 1) */
TG_API tg_var (tg_gelu)(tg_var x);          /* x norm_cdf(x) */
TG_API tg_var (tg_gelu_tanh)(tg_var x);     /* nearly so: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) */
TG_API tg_var (tg_silu)(tg_var x);          /* x sigmoid(x) */
TG_API tg_var (tg_mish)(tg_var x);          /* x tanh(softplus(x)) */
TG_API tg_var (tg_softsign)(tg_var x);      /* x / (1 + |x|) */
TG_API tg_var (tg_logcosh)(tg_var x);       /* log(cosh x) without overflow */
/* x^2 / 2 if |x| <= delta, else delta (|x| - delta / 2); delta >= 0. */
TG_API tg_var (tg_huber)(tg_var x, tg_var delta);

/* ---- Operations with many operands: arrays of vars; those ending in _d take arrays of numbers. ---- */

/* x_0 + ... + x_(n-1), from the left; 0 if n is 0. */
TG_API tg_var (tg_sum)(const tg_var *x, size_t n);
TG_API double tg_sum_d(const double *x, size_t n);

/* x_0 y_0 + ... + x_(n-1) y_(n-1), from the left; 0 if n is 0. */
TG_API tg_var (tg_dot)(const tg_var *x, const tg_var *y, size_t n);
TG_API tg_var tg_dot_vd_(const tg_var *x, const double *y, size_t n);
TG_API tg_var tg_dot_dv_(const double *x, const tg_var *y, size_t n);
TG_API double tg_dot_d(const double *x, const double *y, size_t n);

/* The Euclidean norm, without overflow; partials 0 where all x are 0. */
TG_API tg_var (tg_norm2)(const tg_var *x, size_t n);
TG_API double tg_norm2_d(const double *x, size_t n);

/* log(exp x_0 + ... + exp x_(n-1)) without overflow; its partials are the softmax. If n is 0 or all x are
 * -inf: -inf with partials 0; operands that are +inf share 1 equally. */
TG_API tg_var (tg_logsumexp)(const tg_var *x, size_t n);
TG_API double tg_logsumexp_d(const double *x, size_t n);

/* p_i = exp z_i / (exp z_0 + ... + exp z_(k-1)) for every i of k; p may be z. */
TG_API void (tg_softmax)(const tg_var *z, size_t k, tg_var *p);
TG_API void tg_softmax_d(const double *z, size_t k, double *p);

/* z[index], decided at every evaluation: index is rounded, out of range gives NaN. Derivative in index: 0. */
TG_API tg_var (tg_pick)(const tg_var *z, size_t k, tg_var index);
TG_API tg_var tg_pick_dv_(const double *z, size_t k, tg_var index);
TG_API double tg_pick_d(const double *z, size_t k, double index);

/* The first index of the largest of z[0..k), decided at every evaluation; NaN if k is 0. Derivative 0. */
TG_API tg_var (tg_argmax)(const tg_var *z, size_t k);
TG_API double tg_argmax_d(const double *z, size_t k);

/* The cross entropy of logits z[0..k) and a class 0 .. k-1: logsumexp(z) - z[label]; label as for pick. */
TG_API tg_var (tg_cross_entropy)(const tg_var *z, size_t k, tg_var label);
TG_API tg_var tg_cross_entropy_dv_(const double *z, size_t k, tg_var label);
TG_API double tg_cross_entropy_d(const double *z, size_t k, double label);

/* y = W x + b: the matrix W is w[0 .. rows * columns) row by row, x[0..columns), b[0..rows) of the type of w
 * or NULL for none, y[0..rows) not overlapping any of them. */
TG_API void (tg_affine)(const tg_var *w, const tg_var *b, const tg_var *x, size_t rows, size_t columns,
                        tg_var *y);
TG_API void tg_affine_vd_(const tg_var *w, const tg_var *b, const double *x, size_t rows, size_t columns,
                          tg_var *y);
TG_API void tg_affine_dv_(const double *w, const double *b, const tg_var *x, size_t rows, size_t columns,
                          tg_var *y);
TG_API void tg_affine_d(const double *w, const double *b, const double *x, size_t rows, size_t columns,
                        double *y);

/* ---- The elementary functions of numbers: double tg_exp_d(double x) and so on; guards answer bool. ---- */

/* Every elementary operation by number of operands: the names of ops.def. */
#define TG_UNARY_LIST_(X)                                                                                    \
  X(neg) X(inv) X(square) X(sqrt) X(rsqrt) X(cbrt) X(exp) X(exp2) X(exp10) X(expm1) X(log) X(log2) X(log10)  \
  X(log1p) X(xlogx) X(sin) X(cos) X(tan) X(asin) X(acos) X(atan) X(sinc) X(sinh) X(cosh) X(tanh) X(asinh)    \
  X(acosh) X(atanh) X(erf) X(erfc) X(norm_cdf) X(log_norm_cdf) X(lgamma) X(tgamma) X(digamma) X(trigamma)    \
  X(j0) X(j1) X(y0) X(y1) X(fabs) X(sign) X(floor) X(ceil) X(round) X(trunc) X(rint) X(sigmoid)              \
  X(log_sigmoid) X(softplus) X(logit) X(relu) X(gelu) X(gelu_tanh) X(silu) X(mish) X(softsign) X(logcosh)
#define TG_FREQUENT_LIST_(X) X(add) X(sub) X(mul) X(divide)
#define TG_BINARY_LIST_(X)                                                                                   \
  X(less) X(less_equal) X(equal) X(pow) X(hypot) X(xlogy) X(logaddexp) X(ldexp) X(atan2) X(copysign) X(fmax) \
  X(fmin) X(fdim) X(fmod) X(remainder) X(leaky_relu) X(elu) X(huber)
#define TG_TERNARY_LIST_(X) X(fma) X(where) X(norm3) X(clamp) X(lerp)
#define TG_GUARD_LIST_(X) X(lt) X(le) X(gt) X(ge) X(eq) X(ne)

#define TG_DECLARE_(name) TG_API double tg_##name##_d(double x);
TG_UNARY_LIST_(TG_DECLARE_)
#undef TG_DECLARE_
#define TG_DECLARE_(name) TG_API double tg_##name##_d(double x, double y);
TG_FREQUENT_LIST_(TG_DECLARE_)
TG_BINARY_LIST_(TG_DECLARE_)
#undef TG_DECLARE_
#define TG_DECLARE_(name) TG_API double tg_##name##_d(double x, double y, double z);
TG_TERNARY_LIST_(TG_DECLARE_)
#undef TG_DECLARE_
#define TG_DECLARE_(name) TG_API bool tg_##name##_d(double x, double y);
TG_GUARD_LIST_(TG_DECLARE_)
#undef TG_DECLARE_

/* ---- Private: the frequent operations, inline and as functions of the translation unit; the exported functions are
 * the same. A number of either side goes by itself: vd is a var with a number, dv a number with a var. ---- */

#define TG_FREQUENT_FORMS_(storage, vv, vd, dv, code, sign)                                                  \
  storage tg_var vv(tg_var x, tg_var y)                                                                      \
  {                                                                                                          \
    return tg_record_binary_(code, x, y, x.value_ sign y.value_);                                            \
  }                                                                                                          \
  storage tg_var vd(tg_var x, double y)                                                                      \
  {                                                                                                          \
    return tg_record_with_number_(code, x, y, x.value_ sign y);                                              \
  }                                                                                                          \
  storage tg_var dv(double x, tg_var y)                                                                      \
  {                                                                                                          \
    return tg_record_number_with_(code, x, y, x sign y.value_);                                              \
  }
#define TG_FREQUENT_(name, code, sign)                                                                       \
  TG_FREQUENT_FORMS_(static inline, tg_##name##_inline_, tg_##name##_vd_, tg_##name##_dv_, code, sign)       \
  TG_FREQUENT_FORMS_(TG_OUTLINE_, tg_##name##_outline_, tg_##name##_vd_outline_, tg_##name##_dv_outline_,    \
                     code, sign)
TG_FREQUENT_(add, TG_CODE_ADD_, +)
TG_FREQUENT_(sub, TG_CODE_SUB_, -)
TG_FREQUENT_(mul, TG_CODE_MUL_, *)
TG_FREQUENT_(divide, TG_CODE_DIVIDE_, /)
#undef TG_FREQUENT_
#undef TG_FREQUENT_FORMS_

static inline double tg_add_plain_(double x, double y) { return x + y; }
static inline double tg_sub_plain_(double x, double y) { return x - y; }
static inline double tg_mul_plain_(double x, double y) { return x * y; }
static inline double tg_divide_plain_(double x, double y) { return x / y; }
static inline double tg_neg_plain_(double x) { return -x; }
static inline double tg_inv_plain_(double x) { return 1.0 / x; }
static inline double tg_square_plain_(double x) { return x * x; }
static inline bool tg_lt_plain_(double x, double y) { return x < y; }
static inline bool tg_le_plain_(double x, double y) { return x <= y; }
static inline bool tg_gt_plain_(double x, double y) { return x > y; }
static inline bool tg_ge_plain_(double x, double y) { return x >= y; }
static inline bool tg_eq_plain_(double x, double y) { return x == y; }
static inline bool tg_ne_plain_(double x, double y) { return x != y; }

/* A var with a number and a number with a var, for the forms that choose among functions. */
#define TG_MIXED_AS_(type, name, function)                                                                   \
  static inline type tg_##name##_vd_(tg_var x, double y) { return (function)(x, tg_constant(y)); }           \
  static inline type tg_##name##_dv_(double x, tg_var y) { return (function)(tg_constant(x), y); }
#define TG_MIXED_(name) TG_MIXED_AS_(tg_var, name, tg_##name)
TG_BINARY_LIST_(TG_MIXED_)
#undef TG_MIXED_
#define TG_MIXED_(name) TG_MIXED_AS_(bool, name, tg_##name)
TG_GUARD_LIST_(TG_MIXED_)
#undef TG_MIXED_
#undef TG_MIXED_AS_

static inline tg_var tg_pick_vd_(const tg_var *z, size_t k, double index)
{
  return (tg_pick)(z, k, tg_constant(index));
}

static inline tg_var tg_cross_entropy_vd_(const tg_var *z, size_t k, double label)
{
  return (tg_cross_entropy)(z, k, tg_constant(label));
}

/* clang-format on */
#ifdef __cplusplus
}
#include "operators.h"
#else
#include "generic.h"

/* ---- Any mix of vars and numbers ----
 *
 * In place of a var every operand may be a number of any real type, which becomes a double first:
 * tg_divide(1, 2) is 0.5. If all are numbers the result is a double (guards: a bool) and nothing is
 * recorded, so one source serves both. An array may be of vars or of doubles; one written in place needs
 * parentheses, like any comma in a macro's argument: tg_sum(((var[]){x, y}), 2). tg_add and tg_mul take up
 * to 16 operands. How it is done, and where compilers differ: generic.h. */

#define tg_add(...) TG_FOLD_(tg_add, __COUNTER__, __VA_ARGS__)
#define tg_mul(...) TG_FOLD_(tg_mul, __COUNTER__, __VA_ARGS__)
#define tg_sub(...) TG_PAIR_(tg_sub, __COUNTER__, __VA_ARGS__)
#define tg_divide(...) TG_PAIR_(tg_divide, __COUNTER__, __VA_ARGS__)
#define tg_neg(x) TG_SIMPLE_(tg_neg, x, __COUNTER__)
#define tg_inv(x) TG_SIMPLE_(tg_inv, x, __COUNTER__)
#define tg_square(x) TG_SIMPLE_(tg_square, x, __COUNTER__)

#define tg_lt(x, y) TG_GUARD_(tg_lt, x, y, __COUNTER__)
#define tg_le(x, y) TG_GUARD_(tg_le, x, y, __COUNTER__)
#define tg_gt(x, y) TG_GUARD_(tg_gt, x, y, __COUNTER__)
#define tg_ge(x, y) TG_GUARD_(tg_ge, x, y, __COUNTER__)
#define tg_eq(x, y) TG_GUARD_(tg_eq, x, y, __COUNTER__)
#define tg_ne(x, y) TG_GUARD_(tg_ne, x, y, __COUNTER__)

#define tg_sqrt(x) TG_UNARY_(tg_sqrt, x, __COUNTER__)
#define tg_rsqrt(x) TG_UNARY_(tg_rsqrt, x, __COUNTER__)
#define tg_cbrt(x) TG_UNARY_(tg_cbrt, x, __COUNTER__)
#define tg_exp(x) TG_UNARY_(tg_exp, x, __COUNTER__)
#define tg_exp2(x) TG_UNARY_(tg_exp2, x, __COUNTER__)
#define tg_exp10(x) TG_UNARY_(tg_exp10, x, __COUNTER__)
#define tg_expm1(x) TG_UNARY_(tg_expm1, x, __COUNTER__)
#define tg_log(x) TG_UNARY_(tg_log, x, __COUNTER__)
#define tg_log2(x) TG_UNARY_(tg_log2, x, __COUNTER__)
#define tg_log10(x) TG_UNARY_(tg_log10, x, __COUNTER__)
#define tg_log1p(x) TG_UNARY_(tg_log1p, x, __COUNTER__)
#define tg_xlogx(x) TG_UNARY_(tg_xlogx, x, __COUNTER__)
#define tg_sin(x) TG_UNARY_(tg_sin, x, __COUNTER__)
#define tg_cos(x) TG_UNARY_(tg_cos, x, __COUNTER__)
#define tg_tan(x) TG_UNARY_(tg_tan, x, __COUNTER__)
#define tg_asin(x) TG_UNARY_(tg_asin, x, __COUNTER__)
#define tg_acos(x) TG_UNARY_(tg_acos, x, __COUNTER__)
#define tg_atan(x) TG_UNARY_(tg_atan, x, __COUNTER__)
#define tg_sinc(x) TG_UNARY_(tg_sinc, x, __COUNTER__)
#define tg_sinh(x) TG_UNARY_(tg_sinh, x, __COUNTER__)
#define tg_cosh(x) TG_UNARY_(tg_cosh, x, __COUNTER__)
#define tg_tanh(x) TG_UNARY_(tg_tanh, x, __COUNTER__)
#define tg_asinh(x) TG_UNARY_(tg_asinh, x, __COUNTER__)
#define tg_acosh(x) TG_UNARY_(tg_acosh, x, __COUNTER__)
#define tg_atanh(x) TG_UNARY_(tg_atanh, x, __COUNTER__)
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
#define tg_floor(x) TG_UNARY_(tg_floor, x, __COUNTER__)
#define tg_ceil(x) TG_UNARY_(tg_ceil, x, __COUNTER__)
#define tg_round(x) TG_UNARY_(tg_round, x, __COUNTER__)
#define tg_trunc(x) TG_UNARY_(tg_trunc, x, __COUNTER__)
#define tg_rint(x) TG_UNARY_(tg_rint, x, __COUNTER__)
#define tg_sigmoid(x) TG_UNARY_(tg_sigmoid, x, __COUNTER__)
#define tg_log_sigmoid(x) TG_UNARY_(tg_log_sigmoid, x, __COUNTER__)
#define tg_softplus(x) TG_UNARY_(tg_softplus, x, __COUNTER__)
#define tg_logit(x) TG_UNARY_(tg_logit, x, __COUNTER__)
#define tg_relu(x) TG_UNARY_(tg_relu, x, __COUNTER__)
#define tg_gelu(x) TG_UNARY_(tg_gelu, x, __COUNTER__)
#define tg_gelu_tanh(x) TG_UNARY_(tg_gelu_tanh, x, __COUNTER__)
#define tg_silu(x) TG_UNARY_(tg_silu, x, __COUNTER__)
#define tg_mish(x) TG_UNARY_(tg_mish, x, __COUNTER__)
#define tg_softsign(x) TG_UNARY_(tg_softsign, x, __COUNTER__)
#define tg_logcosh(x) TG_UNARY_(tg_logcosh, x, __COUNTER__)

#define tg_less(x, y) TG_BINARY_(tg_less, x, y, __COUNTER__) /* a var, for where; for `if` there is tg_lt */
#define tg_less_equal(x, y)                                                                                  \
  TG_BINARY_(tg_less_equal, x, y, __COUNTER__)                 /* a var, for where; for `if` there is tg_le */
#define tg_equal(x, y) TG_BINARY_(tg_equal, x, y, __COUNTER__) /* a var, for where; for `if` there is tg_eq */
#define tg_pow(x, y) TG_BINARY_(tg_pow, x, y, __COUNTER__)
#define tg_hypot(x, y) TG_BINARY_(tg_hypot, x, y, __COUNTER__)
#define tg_xlogy(x, y) TG_BINARY_(tg_xlogy, x, y, __COUNTER__)
#define tg_logaddexp(x, y) TG_BINARY_(tg_logaddexp, x, y, __COUNTER__)
#define tg_ldexp(x, y) TG_BINARY_(tg_ldexp, x, y, __COUNTER__)
#define tg_atan2(x, y) TG_BINARY_(tg_atan2, x, y, __COUNTER__)
#define tg_copysign(x, y) TG_BINARY_(tg_copysign, x, y, __COUNTER__)
#define tg_fmax(x, y) TG_BINARY_(tg_fmax, x, y, __COUNTER__)
#define tg_fmin(x, y) TG_BINARY_(tg_fmin, x, y, __COUNTER__)
#define tg_fdim(x, y) TG_BINARY_(tg_fdim, x, y, __COUNTER__)
#define tg_fmod(x, y) TG_BINARY_(tg_fmod, x, y, __COUNTER__)
#define tg_remainder(x, y) TG_BINARY_(tg_remainder, x, y, __COUNTER__)
#define tg_leaky_relu(x, y) TG_BINARY_(tg_leaky_relu, x, y, __COUNTER__)
#define tg_elu(x, y) TG_BINARY_(tg_elu, x, y, __COUNTER__)
#define tg_huber(x, y) TG_BINARY_(tg_huber, x, y, __COUNTER__)

#define tg_fma(x, y, z) TG_TERNARY_(tg_fma, x, y, z, __COUNTER__)
#define tg_where(x, y, z) TG_TERNARY_(tg_where, x, y, z, __COUNTER__)
#define tg_norm3(x, y, z) TG_TERNARY_(tg_norm3, x, y, z, __COUNTER__)
#define tg_clamp(x, y, z) TG_TERNARY_(tg_clamp, x, y, z, __COUNTER__)
#define tg_lerp(x, y, z) TG_TERNARY_(tg_lerp, x, y, z, __COUNTER__)

#define tg_primal(x) TG_VALUE_(tg_primal, x, __COUNTER__)
#define tg_peek(x) TG_VALUE_(tg_peek, x, __COUNTER__)

#define tg_sum(x, n) TG_ARRAY_(tg_sum, x, n)
#define tg_norm2(x, n) TG_ARRAY_(tg_norm2, x, n)
#define tg_logsumexp(x, n) TG_ARRAY_(tg_logsumexp, x, n)
#define tg_argmax(z, k) TG_ARRAY_(tg_argmax, z, k)
#define tg_softmax(z, k, p) TG_BY_ARRAY_(z, (tg_softmax), tg_softmax_d)(z, k, p)
#define tg_dot(x, y, n) TG_TWO_ARRAYS_(tg_dot, x, y, second)(x, y, n)
#define tg_affine(w, b, x, rows, columns, y) TG_TWO_ARRAYS_(tg_affine, w, x, third)(w, b, x, rows, columns, y)
#define tg_pick(z, k, index) TG_INDEX_(tg_pick, z, k, index, __COUNTER__)
#define tg_cross_entropy(z, k, label) TG_INDEX_(tg_cross_entropy, z, k, label, __COUNTER__)

#endif
#endif
