/* overload: the operations without their prefix, in the manner of <tgmath.h>.
 *
 *   #include <tapegrad/tapegrad.h>
 *   #include <tapegrad/overload.h>            // on request, and last
 *
 *   var f(const var *x, size_t n, void *user)
 *   {
 *     return add(exp(mul(x[0], 2)), pow(x[1], 3), 1);
 *   }
 *
 * In C these are macros with arguments. On numbers the names of <math.h> mean what they did, in double (a
 * long double is converted, complex is an error); the others equal no function of the C library or of POSIX.
 * A macro takes every use of its name before a parenthesis, hence:
 *   - include this after all other headers; a macro of the same name defined before is replaced;
 *   - call a member of such a name in parentheses: (logger->log)("text");
 *   - a function of your own of such a name, say square, is reached as (square)(x) if it was defined before;
 *     or say #undef square after the include, tg_square remains;
 *   - outside of functions, in initialisers, write (exp)(1.0): a macro may not stand there.
 *
 * In C++ these are functions: the overloads for vars beside those of <cmath>, and both for the others. */
#ifndef TAPEGRAD_OVERLOAD_H
#define TAPEGRAD_OVERLOAD_H

#include <math.h>
#ifdef __cplusplus
#include <cmath>
#endif

#include "operations.h"

#ifndef __cplusplus

#undef add
#undef sub
#undef mul
#undef divide
#undef neg
#undef inv
#undef square
#undef fma
#define add(...) tg_add(__VA_ARGS__)
#define sub(...) tg_sub(__VA_ARGS__)
#define mul(...) tg_mul(__VA_ARGS__)
#define divide(...) tg_divide(__VA_ARGS__)
#define neg(x) tg_neg(x)
#define inv(x) tg_inv(x)
#define square(x) tg_square(x)
#define fma(x, y, z) tg_fma(x, y, z)

#undef lt
#undef le
#undef gt
#undef ge
#undef eq
#undef ne
#undef less
#undef less_equal
#undef equal
#undef where
#define lt(x, y) tg_lt(x, y)
#define le(x, y) tg_le(x, y)
#define gt(x, y) tg_gt(x, y)
#define ge(x, y) tg_ge(x, y)
#define eq(x, y) tg_eq(x, y)
#define ne(x, y) tg_ne(x, y)
#define less(x, y) tg_less(x, y)
#define less_equal(x, y) tg_less_equal(x, y)
#define equal(x, y) tg_equal(x, y)
#define where(x, y, z) tg_where(x, y, z)

#undef sin
#undef cos
#undef tan
#undef asin
#undef acos
#undef atan
#undef sinh
#undef cosh
#undef tanh
#undef asinh
#undef acosh
#undef atanh
#undef exp
#undef exp2
#undef exp10
#undef expm1
#undef log
#undef log2
#undef log10
#undef log1p
#undef sqrt
#undef cbrt
#undef erf
#undef erfc
#undef lgamma
#undef tgamma
#undef j0
#undef j1
#undef y0
#undef y1
#undef fabs
#undef floor
#undef ceil
#undef round
#undef trunc
#undef rint
#undef pow
#undef hypot
#undef atan2
#undef fmax
#undef fmin
#undef fdim
#undef fmod
#undef remainder
#undef copysign
#undef ldexp
#define sin(x) tg_sin(x)
#define cos(x) tg_cos(x)
#define tan(x) tg_tan(x)
#define asin(x) tg_asin(x)
#define acos(x) tg_acos(x)
#define atan(x) tg_atan(x)
#define sinh(x) tg_sinh(x)
#define cosh(x) tg_cosh(x)
#define tanh(x) tg_tanh(x)
#define asinh(x) tg_asinh(x)
#define acosh(x) tg_acosh(x)
#define atanh(x) tg_atanh(x)
#define exp(x) tg_exp(x)
#define exp2(x) tg_exp2(x)
#define exp10(x) tg_exp10(x)
#define expm1(x) tg_expm1(x)
#define log(x) tg_log(x)
#define log2(x) tg_log2(x)
#define log10(x) tg_log10(x)
#define log1p(x) tg_log1p(x)
#define sqrt(x) tg_sqrt(x)
#define cbrt(x) tg_cbrt(x)
#define erf(x) tg_erf(x)
#define erfc(x) tg_erfc(x)
#define lgamma(x) tg_lgamma(x)
#define tgamma(x) tg_tgamma(x)
#define j0(x) tg_j0(x)
#define j1(x) tg_j1(x)
#define y0(x) tg_y0(x)
#define y1(x) tg_y1(x)
#define fabs(x) tg_fabs(x)
#define floor(x) tg_floor(x)
#define ceil(x) tg_ceil(x)
#define round(x) tg_round(x)
#define trunc(x) tg_trunc(x)
#define rint(x) tg_rint(x)
#define pow(x, y) tg_pow(x, y)
#define hypot(x, y) tg_hypot(x, y)
#define atan2(x, y) tg_atan2(x, y)
#define fmax(x, y) tg_fmax(x, y)
#define fmin(x, y) tg_fmin(x, y)
#define fdim(x, y) tg_fdim(x, y)
#define fmod(x, y) tg_fmod(x, y)
#define remainder(x, y) tg_remainder(x, y)
#define copysign(x, y) tg_copysign(x, y)
#define ldexp(x, y) tg_ldexp(x, y)

#undef rsqrt
#undef xlogx
#undef sinc
#undef norm_cdf
#undef log_norm_cdf
#undef digamma
#undef trigamma
#undef sign
#undef sigmoid
#undef log_sigmoid
#undef softplus
#undef logit
#undef relu
#undef gelu
#undef gelu_tanh
#undef silu
#undef mish
#undef softsign
#undef logcosh
#undef xlogy
#undef logaddexp
#undef leaky_relu
#undef elu
#undef huber
#undef norm3
#undef clamp
#undef lerp
#define rsqrt(x) tg_rsqrt(x)
#define xlogx(x) tg_xlogx(x)
#define sinc(x) tg_sinc(x)
#define norm_cdf(x) tg_norm_cdf(x)
#define log_norm_cdf(x) tg_log_norm_cdf(x)
#define digamma(x) tg_digamma(x)
#define trigamma(x) tg_trigamma(x)
#define sign(x) tg_sign(x)
#define sigmoid(x) tg_sigmoid(x)
#define log_sigmoid(x) tg_log_sigmoid(x)
#define softplus(x) tg_softplus(x)
#define logit(x) tg_logit(x)
#define relu(x) tg_relu(x)
#define gelu(x) tg_gelu(x)
#define gelu_tanh(x) tg_gelu_tanh(x)
#define silu(x) tg_silu(x)
#define mish(x) tg_mish(x)
#define softsign(x) tg_softsign(x)
#define logcosh(x) tg_logcosh(x)
#define xlogy(x, y) tg_xlogy(x, y)
#define logaddexp(x, y) tg_logaddexp(x, y)
#define leaky_relu(x, y) tg_leaky_relu(x, y)
#define elu(x, y) tg_elu(x, y)
#define huber(x, y) tg_huber(x, y)
#define norm3(x, y, z) tg_norm3(x, y, z)
#define clamp(x, y, z) tg_clamp(x, y, z)
#define lerp(x, y, z) tg_lerp(x, y, z)

#undef sum
#undef norm2
#undef logsumexp
#undef dot
#undef softmax
#undef pick
#undef argmax
#undef affine
#undef cross_entropy
#define sum(x, n) tg_sum(x, n)
#define norm2(x, n) tg_norm2(x, n)
#define logsumexp(x, n) tg_logsumexp(x, n)
#define dot(x, y, n) tg_dot(x, y, n)
#define softmax(z, k, p) tg_softmax(z, k, p)
#define pick(z, k, index) tg_pick(z, k, index)
#define argmax(z, k) tg_argmax(z, k)
#define affine(w, b, x, rows, columns, y) tg_affine(w, b, x, rows, columns, y)
#define cross_entropy(z, k, label) tg_cross_entropy(z, k, label)

#undef constant
#undef live
#undef primal
#undef peek
#define constant(c) tg_constant(c)
#define live(p) tg_live(p)
#define primal(x) tg_primal(x)
#define peek(x) tg_peek(x)

#else /* C++ */

/* Names of <math.h>, then our own, by number of operands. */
/* clang-format off */
#define TG_MATH_1_(X) X(sin) X(cos) X(tan) X(asin) X(acos) X(atan) X(sinh) X(cosh) X(tanh) X(asinh)          \
  X(acosh) X(atanh) X(exp) X(exp2) X(exp10) X(expm1) X(log) X(log2) X(log10) X(log1p) X(sqrt) X(cbrt)        \
  X(erf) X(erfc) X(lgamma) X(tgamma) X(j0) X(j1) X(y0) X(y1) X(fabs) X(floor) X(ceil) X(round) X(trunc)      \
  X(rint)
#define TG_MATH_2_(X) X(pow) X(hypot) X(atan2) X(fmax) X(fmin) X(fdim) X(fmod) X(remainder) X(copysign)      \
  X(ldexp)
#define TG_OWN_1_(X) X(neg) X(inv) X(square) X(rsqrt) X(xlogx) X(sinc) X(norm_cdf) X(log_norm_cdf)           \
  X(digamma) X(trigamma) X(sign) X(sigmoid) X(log_sigmoid) X(softplus) X(logit) X(relu) X(gelu)              \
  X(gelu_tanh) X(silu) X(mish) X(softsign) X(logcosh)
#define TG_OWN_2_(X) X(add) X(sub) X(mul) X(divide) X(less) X(less_equal) X(equal) X(xlogy) X(logaddexp)     \
  X(leaky_relu) X(elu) X(huber)
/* clang-format on */
#define TG_OWN_3_(X) X(where) X(norm3) X(clamp)

#define TG_SHORT_(name)                                                                                      \
  inline tg_var name(tg_var x) { return tg_##name(x); }
TG_MATH_1_(TG_SHORT_)
TG_OWN_1_(TG_SHORT_)
#undef TG_SHORT_
#define TG_SHORT_(name)                                                                                      \
  inline double name(double x) { return tg_##name(x); }
TG_OWN_1_(TG_SHORT_)
#undef TG_SHORT_

#define TG_SHORT_AS_(type, name)                                                                             \
  inline type name(tg_var x, tg_var y) { return tg_##name(x, y); }                                           \
  inline type name(tg_var x, double y) { return tg_##name(x, y); }                                           \
  inline type name(double x, tg_var y) { return tg_##name(x, y); }
#define TG_SHORT_(name) TG_SHORT_AS_(tg_var, name)
TG_MATH_2_(TG_SHORT_)
TG_OWN_2_(TG_SHORT_)
#undef TG_SHORT_
#define TG_SHORT_(name) TG_SHORT_AS_(bool, name)
TG_GUARD_LIST_(TG_SHORT_)
#undef TG_SHORT_
#undef TG_SHORT_AS_
#define TG_SHORT_(name)                                                                                      \
  inline double name(double x, double y) { return tg_##name(x, y); }
TG_OWN_2_(TG_SHORT_)
#undef TG_SHORT_
#define TG_SHORT_(name)                                                                                      \
  inline bool name(double x, double y) { return tg_##name(x, y); }
TG_GUARD_LIST_(TG_SHORT_)
#undef TG_SHORT_

#define TG_SHORT_(name)                                                                                      \
  inline tg_var name(tg_var x, tg_var y, tg_var z) { return tg_##name(x, y, z); }                            \
  inline tg_var name(tg_var x, tg_var y, double z) { return tg_##name(x, y, z); }                            \
  inline tg_var name(tg_var x, double y, tg_var z) { return tg_##name(x, y, z); }                            \
  inline tg_var name(tg_var x, double y, double z) { return tg_##name(x, y, z); }                            \
  inline tg_var name(double x, tg_var y, tg_var z) { return tg_##name(x, y, z); }                            \
  inline tg_var name(double x, tg_var y, double z) { return tg_##name(x, y, z); }                            \
  inline tg_var name(double x, double y, tg_var z) { return tg_##name(x, y, z); }
TG_SHORT_(fma)
TG_SHORT_(lerp)
TG_OWN_3_(TG_SHORT_)
#undef TG_SHORT_
#define TG_SHORT_(name)                                                                                      \
  inline double name(double x, double y, double z) { return tg_##name(x, y, z); }
TG_OWN_3_(TG_SHORT_)
#ifdef __cpp_lib_interpolate
using std::lerp; /* of numbers, since C++20 */
#else
TG_SHORT_(lerp)
#endif
#undef TG_SHORT_

template <typename X, typename Y, typename Z, typename... More> inline auto add(X x, Y y, Z z, More... more)
{
  return tg_add(x, y, z, more...);
}

template <typename X, typename Y, typename Z, typename... More> inline auto mul(X x, Y y, Z z, More... more)
{
  return tg_mul(x, y, z, more...);
}

/* Arrays of vars or of numbers. */
#define TG_SHORT_(name)                                                                                      \
  inline tg_var name(const tg_var *x, size_t n) { return tg_##name(x, n); }                                  \
  inline double name(const double *x, size_t n) { return tg_##name(x, n); }
TG_SHORT_(sum)
TG_SHORT_(norm2)
TG_SHORT_(logsumexp)
TG_SHORT_(argmax)
#undef TG_SHORT_
#define TG_SHORT_(name)                                                                                      \
  inline tg_var name(const tg_var *z, size_t k, tg_var i) { return tg_##name(z, k, i); }                     \
  inline tg_var name(const tg_var *z, size_t k, double i) { return tg_##name(z, k, i); }                     \
  inline tg_var name(const double *z, size_t k, tg_var i) { return tg_##name(z, k, i); }                     \
  inline double name(const double *z, size_t k, double i) { return tg_##name(z, k, i); }
TG_SHORT_(pick)
TG_SHORT_(cross_entropy)
#undef TG_SHORT_
inline tg_var dot(const tg_var *x, const tg_var *y, size_t n) { return tg_dot(x, y, n); }
inline tg_var dot(const tg_var *x, const double *y, size_t n) { return tg_dot(x, y, n); }
inline tg_var dot(const double *x, const tg_var *y, size_t n) { return tg_dot(x, y, n); }
inline double dot(const double *x, const double *y, size_t n) { return tg_dot(x, y, n); }
inline void softmax(const tg_var *z, size_t k, tg_var *p) { tg_softmax(z, k, p); }
inline void softmax(const double *z, size_t k, double *p) { tg_softmax(z, k, p); }
#define TG_SHORT_(W, X, Y)                                                                                   \
  inline void affine(const W *w, const W *b, const X *x, size_t rows, size_t columns, Y *y)                  \
  {                                                                                                          \
    tg_affine(w, b, x, rows, columns, y);                                                                    \
  }
TG_SHORT_(tg_var, tg_var, tg_var)
TG_SHORT_(tg_var, double, tg_var)
TG_SHORT_(double, tg_var, tg_var)
TG_SHORT_(double, double, double)
#undef TG_SHORT_

inline tg_var constant(double c) { return tg_constant(c); }
inline tg_var live(const double *p) { return tg_live(p); }
inline double primal(tg_var x) { return tg_primal(x); }
inline double primal(double x) { return x; }
inline double peek(tg_var x) { return tg_peek(x); }
inline double peek(double x) { return x; }

#undef TG_MATH_1_
#undef TG_MATH_2_
#undef TG_OWN_1_
#undef TG_OWN_2_
#undef TG_OWN_3_

#endif
#endif
