/* operators: Tapegrad in C++17. Included by operations.h; in C there is nothing here.
 *
 * There are no macros in C++. The prefixed names are overloaded for any mix of vars and numbers
 * (tg_exp(2.0), tg_pow(x, 2), tg_add(x, 1, y)), and + - * / += -= *= /= work on vars. The comparisons < <= >
 * >= == != answer bool and are recorded as guards, as tg_lt is. overload.h adds the names without prefix. */
#ifndef TAPEGRAD_OPERATORS_H
#define TAPEGRAD_OPERATORS_H

#include "operations.h"

#ifdef __cplusplus

/* ---- The elementary operations on numbers, and on vars mixed with numbers. ---- */

#define TG_OVERLOAD_(name)                                                                                   \
  inline double tg_##name(double x) { return tg_##name##_d(x); }
TG_UNARY_LIST_(TG_OVERLOAD_)
#undef TG_OVERLOAD_

#define TG_OVERLOAD_AS_(type, number, name)                                                                  \
  inline number tg_##name(double x, double y) { return tg_##name##_d(x, y); }                                \
  inline type tg_##name(tg_var x, double y) { return tg_##name##_vd_(x, y); }                                \
  inline type tg_##name(double x, tg_var y) { return tg_##name##_dv_(x, y); }
#define TG_OVERLOAD_(name) TG_OVERLOAD_AS_(tg_var, double, name)
TG_FREQUENT_LIST_(TG_OVERLOAD_)
TG_BINARY_LIST_(TG_OVERLOAD_)
#undef TG_OVERLOAD_
#define TG_OVERLOAD_(name) TG_OVERLOAD_AS_(bool, bool, name)
TG_GUARD_LIST_(TG_OVERLOAD_)
#undef TG_OVERLOAD_
#undef TG_OVERLOAD_AS_

#define TG_OVERLOAD_(name)                                                                                   \
  inline double tg_##name(double x, double y, double z) { return tg_##name##_d(x, y, z); }                   \
  inline tg_var tg_##name(double x, double y, tg_var z)                                                      \
  {                                                                                                          \
    return tg_##name(tg_constant(x), tg_constant(y), z);                                                     \
  }                                                                                                          \
  inline tg_var tg_##name(double x, tg_var y, double z)                                                      \
  {                                                                                                          \
    return tg_##name(tg_constant(x), y, tg_constant(z));                                                     \
  }                                                                                                          \
  inline tg_var tg_##name(double x, tg_var y, tg_var z) { return tg_##name(tg_constant(x), y, z); }          \
  inline tg_var tg_##name(tg_var x, double y, double z)                                                      \
  {                                                                                                          \
    return tg_##name(x, tg_constant(y), tg_constant(z));                                                     \
  }                                                                                                          \
  inline tg_var tg_##name(tg_var x, double y, tg_var z) { return tg_##name(x, tg_constant(y), z); }          \
  inline tg_var tg_##name(tg_var x, tg_var y, double z) { return tg_##name(x, y, tg_constant(z)); }
TG_TERNARY_LIST_(TG_OVERLOAD_)
#undef TG_OVERLOAD_

inline tg_var tg_add(tg_var x) { return x; }
inline double tg_add(double x) { return x; }
inline tg_var tg_mul(tg_var x) { return x; }
inline double tg_mul(double x) { return x; }

/* Three or more operands, folded from the left. */
template <typename X, typename Y, typename Z, typename... More>
inline auto tg_add(X x, Y y, Z z, More... more)
{
  return tg_add(tg_add(x, y), z, more...);
}

template <typename X, typename Y, typename Z, typename... More>
inline auto tg_mul(X x, Y y, Z z, More... more)
{
  return tg_mul(tg_mul(x, y), z, more...);
}

inline double tg_primal(double x) { return x; }
inline double tg_peek(double x) { return x; }

/* ---- Arrays of numbers, and of vars with arrays of numbers. ---- */

inline double tg_sum(const double *x, size_t n) { return tg_sum_d(x, n); }
inline double tg_norm2(const double *x, size_t n) { return tg_norm2_d(x, n); }
inline double tg_logsumexp(const double *x, size_t n) { return tg_logsumexp_d(x, n); }
inline double tg_argmax(const double *z, size_t k) { return tg_argmax_d(z, k); }
inline void tg_softmax(const double *z, size_t k, double *p) { tg_softmax_d(z, k, p); }

inline double tg_dot(const double *x, const double *y, size_t n) { return tg_dot_d(x, y, n); }
inline tg_var tg_dot(const tg_var *x, const double *y, size_t n) { return tg_dot_vd_(x, y, n); }
inline tg_var tg_dot(const double *x, const tg_var *y, size_t n) { return tg_dot_dv_(x, y, n); }

inline double tg_pick(const double *z, size_t k, double index) { return tg_pick_d(z, k, index); }
inline tg_var tg_pick(const double *z, size_t k, tg_var index) { return tg_pick_dv_(z, k, index); }
inline tg_var tg_pick(const tg_var *z, size_t k, double index) { return tg_pick_vd_(z, k, index); }

inline double tg_cross_entropy(const double *z, size_t k, double label)
{
  return tg_cross_entropy_d(z, k, label);
}

inline tg_var tg_cross_entropy(const double *z, size_t k, tg_var label)
{
  return tg_cross_entropy_dv_(z, k, label);
}

inline tg_var tg_cross_entropy(const tg_var *z, size_t k, double label)
{
  return tg_cross_entropy_vd_(z, k, label);
}

inline void tg_affine(const double *w, const double *b, const double *x, size_t rows, size_t columns,
                      double *y)
{
  tg_affine_d(w, b, x, rows, columns, y);
}

inline void tg_affine(const tg_var *w, const tg_var *b, const double *x, size_t rows, size_t columns,
                      tg_var *y)
{
  tg_affine_vd_(w, b, x, rows, columns, y);
}

inline void tg_affine(const double *w, const double *b, const tg_var *x, size_t rows, size_t columns,
                      tg_var *y)
{
  tg_affine_dv_(w, b, x, rows, columns, y);
}

/* ---- Operators. ---- */

#define TG_OPERATOR_(type, op, name, both)                                                                   \
  inline type operator op(tg_var x, tg_var y) { return both(x, y); }                                         \
  inline type operator op(tg_var x, double y) { return tg_##name##_vd_(x, y); }                              \
  inline type operator op(double x, tg_var y) { return tg_##name##_dv_(x, y); }
TG_OPERATOR_(tg_var, +, add, tg_add_inline_)
TG_OPERATOR_(tg_var, -, sub, tg_sub_inline_)
TG_OPERATOR_(tg_var, *, mul, tg_mul_inline_)
TG_OPERATOR_(tg_var, /, divide, tg_divide_inline_)
TG_OPERATOR_(bool, <, lt, tg_lt)
TG_OPERATOR_(bool, <=, le, tg_le)
TG_OPERATOR_(bool, >, gt, tg_gt)
TG_OPERATOR_(bool, >=, ge, tg_ge)
TG_OPERATOR_(bool, ==, eq, tg_eq)
TG_OPERATOR_(bool, !=, ne, tg_ne)
#undef TG_OPERATOR_

inline tg_var operator+(tg_var x) { return x; }
inline tg_var operator-(tg_var x) { return tg_neg(x); }

#define TG_OPERATOR_(op)                                                                                     \
  inline tg_var &operator op##=(tg_var &x, tg_var y) { return x = x op y; }                                  \
  inline tg_var &operator op##=(tg_var &x, double y) { return x = x op y; }
TG_OPERATOR_(+)
TG_OPERATOR_(-)
TG_OPERATOR_(*)
TG_OPERATOR_(/)
#undef TG_OPERATOR_

#endif
#endif
