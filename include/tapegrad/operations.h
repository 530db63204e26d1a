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
 *
 * The comment of each says, with bars between, what it is, its partials in the order of the operands, and what holds at
 * the edges where it does not follow from the rules; v is the value, s(x) = sigmoid(x), phi the density of the normal
 * distribution. "1/0: inf, -inf" gives partials, "at 0: 0 with -inf" value and partial. */
#ifndef TAPEGRAD_OPERATIONS_H
#define TAPEGRAD_OPERATIONS_H

#include "var.h"

#ifdef __cplusplus
extern "C" {
#endif

/* clang-format off */
/* ---- Arithmetic. add and mul as macros take one or more operands, folded from the left. ---- */

TG_API tg_var (tg_add)(tg_var x, tg_var y);           /* x + y | 1, 1 */
TG_API tg_var (tg_sub)(tg_var x, tg_var y);           /* x - y | 1, -1 */
TG_API tg_var (tg_mul)(tg_var x, tg_var y);           /* x y | y, x */
TG_API tg_var (tg_divide)(tg_var x, tg_var y);        /* x / y | 1/y, -x/y^2 | 1/0: inf, -inf; 0/0: inf, NaN */
TG_API tg_var (tg_neg)(tg_var x);                     /* -x | -1 */
TG_API tg_var (tg_inv)(tg_var x);                     /* 1 / x | -1/x^2 | at 0: -inf */
TG_API tg_var (tg_square)(tg_var x);                  /* x x | 2x */
TG_API tg_var (tg_fma)(tg_var x, tg_var y, tg_var z); /* x y + z, rounded once | y, x, 1 */

/* ---- Comparing. ---- */

/* For `if` and `while`: a bool that is recorded as a guard. When a later evaluation of a recorded function
 * would decide otherwise, the function is recorded again, or answers TG_E_BRANCH if it has no callback. So a
 * `while` may run another number of times, none included, at another point: its last test is recorded too. */
TG_API bool (tg_lt)(tg_var x, tg_var y);           /* x < y, a bool for `if` */
TG_API bool (tg_le)(tg_var x, tg_var y);           /* x <= y, a bool for `if` */
TG_API bool (tg_gt)(tg_var x, tg_var y);           /* x > y, a bool for `if` */
TG_API bool (tg_ge)(tg_var x, tg_var y);           /* x >= y, a bool for `if` */
TG_API bool (tg_eq)(tg_var x, tg_var y);           /* x == y, a bool for `if` */
TG_API bool (tg_ne)(tg_var x, tg_var y);           /* x != y, a bool for `if` */

/* For where: 1 or 0 as a var, decided at every evaluation, without a guard. */
TG_API tg_var (tg_less)(tg_var x, tg_var y);       /* 1 if x < y, else 0, as a var | 0, 0 | a NaN gives 0 */
TG_API tg_var (tg_less_equal)(tg_var x, tg_var y); /* 1 if x <= y, else 0, as a var | 0, 0 | a NaN gives 0 */
TG_API tg_var (tg_equal)(tg_var x, tg_var y);      /* 1 if x == y, else 0, as a var | 0, 0 | a NaN gives 0 */

/* c != 0 ? a : b, decided at every evaluation; both a and b are computed | 0, then 1 for the one taken | a NaN counts as true, as in C */
TG_API tg_var (tg_where)(tg_var c, tg_var a, tg_var b);

/* ---- Powers and roots. ---- */

/* x^y | y x^(y-1), x^y log x | (0, 0): 1 with 0, 0; (x, 0): 0, log x; (0, 1/2): inf, 0; x < 0: NaN in y, also at
 * integers, but a constant exponent is fine */
TG_API tg_var (tg_pow)(tg_var x, tg_var y);
TG_API tg_var (tg_sqrt)(tg_var x); /* the square root | 1/(2 v) | at 0 and -0.0: inf; x < 0: NaN */
TG_API tg_var (tg_rsqrt)(tg_var x);                     /* 1 / sqrt(x) | -v^3/2 | at 0: -inf */
TG_API tg_var (tg_cbrt)(tg_var x);                      /* the cube root | x^(-2/3)/3 | at 0: inf */
/* sqrt(x^2 + y^2) | x/v, y/v | no overflow; (0, 0): 0, 0; two infinities: NaN */
TG_API tg_var (tg_hypot)(tg_var x, tg_var y);
TG_API tg_var (tg_norm3)(tg_var x, tg_var y, tg_var z); /* sqrt(x^2 + y^2 + z^2) | x/v, y/v, z/v | as hypot */

/* ---- Exponentials and logarithms. ---- */

TG_API tg_var (tg_exp)(tg_var x);             /* e^x | v */
TG_API tg_var (tg_exp2)(tg_var x);            /* 2^x | v log 2 */
TG_API tg_var (tg_exp10)(tg_var x);           /* 10^x | v log 10 */
TG_API tg_var (tg_expm1)(tg_var x);           /* e^x - 1, accurate near 0 | e^x */
TG_API tg_var (tg_log)(tg_var x); /* the natural logarithm | 1/x | at 0 and -0.0: -inf with inf; x < 0: NaN */
TG_API tg_var (tg_log2)(tg_var x);            /* the logarithm to the base 2 | 1/(x log 2) | as log */
TG_API tg_var (tg_log10)(tg_var x);           /* the logarithm to the base 10 | 1/(x log 10) | as log */
TG_API tg_var (tg_log1p)(tg_var x); /* log(1 + x), accurate near 0 | 1/(1 + x) | at -1: -inf with inf; x < -1: NaN */
TG_API tg_var (tg_xlogx)(tg_var x);           /* x log x | 1 + log x | at 0: 0 with -inf */
TG_API tg_var (tg_xlogy)(tg_var x, tg_var y); /* x log y | log y, x/y | x = 0: 0 with 0 in y, whatever y but NaN */
/* log(e^x + e^y) | s(x - y), s(y - x) | both -inf: 0, 0; both inf: 1/2, 1/2 */
TG_API tg_var (tg_logaddexp)(tg_var x, tg_var y);
TG_API tg_var (tg_ldexp)(tg_var x, tg_var n); /* x 2^n, n rounded to an integer | 2^n, 0 */

/* ---- Circular and hyperbolic functions, angles in radians. ---- */

TG_API tg_var (tg_sin)(tg_var x);   /* sine | cos x */
TG_API tg_var (tg_cos)(tg_var x);   /* cosine | -sin x */
TG_API tg_var (tg_tan)(tg_var x);   /* tangent | 1 + v^2 */
TG_API tg_var (tg_asin)(tg_var x);  /* the inverse of sin | 1/sqrt((1 - x)(1 + x)) | at -1 and 1: inf; |x| > 1: NaN */
/* the inverse of cos | -1/sqrt((1 - x)(1 + x)) | at -1 and 1: -inf; |x| > 1: NaN */
TG_API tg_var (tg_acos)(tg_var x);
TG_API tg_var (tg_atan)(tg_var x);  /* the inverse of tan | 1/(1 + x^2) */
/* the angle of the point (x, y) | x/r^2, -y/r^2 | r^2 = x^2 + y^2, no overflow; (0, 0): NaN */
TG_API tg_var (tg_atan2)(tg_var y, tg_var x);
TG_API tg_var (tg_sinc)(tg_var x);  /* sin(x) / x | (cos x - v)/x | at 0: 1 with 0 */
TG_API tg_var (tg_sinh)(tg_var x);  /* hyperbolic sine | cosh x */
TG_API tg_var (tg_cosh)(tg_var x);  /* hyperbolic cosine | sinh x */
TG_API tg_var (tg_tanh)(tg_var x);  /* hyperbolic tangent | 1 - v^2 | accurate far out */
TG_API tg_var (tg_asinh)(tg_var x); /* the inverse of sinh | 1/sqrt(1 + x^2) */
TG_API tg_var (tg_acosh)(tg_var x); /* the inverse of cosh | 1/sqrt((x - 1)(x + 1)) | at 1: inf; x < 1: NaN */
TG_API tg_var (tg_atanh)(tg_var x); /* the inverse of tanh | 1/((1 - x)(1 + x)) | at -1 and 1: inf; |x| > 1: NaN */

/* ---- Special functions. ---- */

TG_API tg_var (tg_erf)(tg_var x);          /* the error function | 2/sqrt(pi) e^(-x^2) */
TG_API tg_var (tg_erfc)(tg_var x);         /* 1 - erf(x), accurate far out | -2/sqrt(pi) e^(-x^2) */
TG_API tg_var (tg_norm_cdf)(tg_var x);     /* the standard normal distribution function | phi(x) */
TG_API tg_var (tg_log_norm_cdf)(tg_var x); /* log(norm_cdf(x)) | phi(x)/norm_cdf(x) | accurate far into the left tail */
/* log |gamma(x)| | digamma(x) | at 0, -1, ...: inf with NaN; the sign of a zero tells its side */
TG_API tg_var (tg_lgamma)(tg_var x);
TG_API tg_var (tg_tgamma)(tg_var x);       /* the gamma function | v digamma(x) | at -1, -2, ...: NaN */
TG_API tg_var (tg_digamma)(tg_var x);      /* the derivative of lgamma | trigamma(x) | at 0, -1, ...: NaN with inf */
TG_API tg_var (tg_trigamma)(tg_var x); /* the derivative of digamma | polygamma_2(x) | at 0, -1, ...: inf with NaN */
TG_API tg_var (tg_j0)(tg_var x);           /* Bessel function of the first kind, order 0 | -j1(x) */
TG_API tg_var (tg_j1)(tg_var x);           /* the first kind, order 1 | j0(x) - v/x | at 0: 1/2 */
/* Bessel function of the second kind, order 0 | -y1(x) | at 0: -inf with inf; x < 0: NaN */
TG_API tg_var (tg_y0)(tg_var x);
TG_API tg_var (tg_y1)(tg_var x);           /* the second kind, order 1 | y0(x) - v/x | as y0 */

/* ---- Absolute value, extremes, rounding, remainders. ---- */

TG_API tg_var (tg_fabs)(tg_var x);                /* |x| | sign(x) | at 0: 0 */
TG_API tg_var (tg_sign)(tg_var x);                /* -1, 0 or 1 | 0 | NaN of NaN */
TG_API tg_var (tg_copysign)(tg_var x, tg_var y);  /* |x| with the sign of y | +-1, 0 | x = 0: 0 */
/* the larger | 1 for the larger | a tie: 1/2 each; beside a NaN the number, with 1 */
TG_API tg_var (tg_fmax)(tg_var x, tg_var y);
TG_API tg_var (tg_fmin)(tg_var x, tg_var y);      /* the smaller | 1 for the smaller | as fmax */
TG_API tg_var (tg_fdim)(tg_var x, tg_var y);      /* x - y if positive, else 0 | 1, -1 if x > y | x = y: 0, 0 */
/* x moved into [low, high] | 1 for the one taken | x = low, x = high: 1 for x */
TG_API tg_var (tg_clamp)(tg_var x, tg_var low, tg_var high);
/* (1 - t) a + t b, exact at t = 0 and t = 1 | 1 - t, t, b - a */
TG_API tg_var (tg_lerp)(tg_var a, tg_var b, tg_var t);
TG_API tg_var (tg_floor)(tg_var x);               /* the integer below | 0 | at the jumps: 0 too */
TG_API tg_var (tg_ceil)(tg_var x);                /* the integer above | 0 | as floor */
TG_API tg_var (tg_round)(tg_var x);               /* the nearest integer, halves away from 0 | 0 | as floor */
TG_API tg_var (tg_trunc)(tg_var x);               /* the integer towards 0 | 0 | as floor */
TG_API tg_var (tg_rint)(tg_var x);                /* the nearest integer, halves to the even one | 0 | as floor */
TG_API tg_var (tg_fmod)(tg_var x, tg_var y);      /* x - n y, n = trunc(x / y) | 1, -n */
TG_API tg_var (tg_remainder)(tg_var x, tg_var y); /* x - n y, n = rint(x / y) | 1, -n */

/* ---- Statistics and learning. ---- */

TG_API tg_var (tg_sigmoid)(tg_var x);     /* s(x) = 1 / (1 + e^(-x)) | s(x) s(-x) | accurate far out */
TG_API tg_var (tg_log_sigmoid)(tg_var x); /* log s(x) | s(-x) */
TG_API tg_var (tg_softplus)(tg_var x);    /* log(1 + e^x) | s(x) */
/* log(p / (1 - p)), the inverse of sigmoid | 1/(p (1 - p)) | at 0, 1: -inf, inf with inf; outside: NaN */
TG_API tg_var (tg_logit)(tg_var p);
TG_API tg_var (tg_relu)(tg_var x);        /* max(x, 0) | 1 for x > 0 | at 0: 0 */
/* x if x > 0, else slope x | 1 or slope; 0 or x | at 0: the element of least norm between 1 and slope */
TG_API tg_var (tg_leaky_relu)(tg_var x, tg_var slope);
/* x if x > 0, else alpha (e^x - 1) | 1 or alpha e^x; 0 or e^x - 1 | at 0: the element of least norm between 1 and
 * alpha */
TG_API tg_var (tg_elu)(tg_var x, tg_var alpha);
TG_API tg_var (tg_gelu)(tg_var x);        /* x norm_cdf(x) | norm_cdf(x) + x phi(x) */
/* x s(w), w = 2 sqrt(2/pi) (x + 0.044715 x^3), near gelu | s(w) + x w' s(w) s(-w) */
TG_API tg_var (tg_gelu_tanh)(tg_var x);
TG_API tg_var (tg_silu)(tg_var x);        /* x s(x) | s(x) (1 + x s(-x)) */
TG_API tg_var (tg_mish)(tg_var x);        /* x tanh(softplus(x)) | tanh(softplus(x)) + x s(x)/cosh^2(softplus(x)) */
TG_API tg_var (tg_softsign)(tg_var x);    /* x / (1 + |x|) | 1/(1 + |x|)^2 */
TG_API tg_var (tg_logcosh)(tg_var x);     /* log(cosh x) | tanh x | no overflow */
/* x^2/2 if |x| <= delta, else delta (|x| - delta/2) | x or delta sign(x); 0 or |x| - delta | delta < 0: NaN */
TG_API tg_var (tg_huber)(tg_var x, tg_var delta);

/* ---- Many operands. Arrays of vars, or of numbers. ---- */

TG_API tg_var (tg_sum)(const tg_var *x, size_t n); /* x_0 + ... + x_(n-1), from the left | 1 | n = 0: 0 */

/* x_0 y_0 + ... + x_(n-1) y_(n-1), from the left | y, x | n = 0: 0 */
TG_API tg_var (tg_dot)(const tg_var *x, const tg_var *y, size_t n);

TG_API tg_var (tg_norm2)(const tg_var *x, size_t n); /* the Euclidean norm | x/v | no overflow; at 0: 0 */

/* log(e^x_0 + ... + e^x_(n-1)) | softmax | no overflow; n = 0 or all -inf: -inf with 0; those that are inf share 1
 * equally */
TG_API tg_var (tg_logsumexp)(const tg_var *x, size_t n);

/* p_i = e^z_i / (e^z_0 + ... + e^z_(k-1)) for every i of k; p may be z | p_i (delta_ij - p_j) */
TG_API void (tg_softmax)(const tg_var *z, size_t k, tg_var *p);

/* z[index], decided at every evaluation; index is rounded | 1 for the one picked, 0 in index | out of range: NaN */
TG_API tg_var (tg_pick)(const tg_var *z, size_t k, tg_var index);

/* the first index of the largest of z[0..k), decided at every evaluation | 0 | k = 0: NaN */
TG_API tg_var (tg_argmax)(const tg_var *z, size_t k);

/* the cross entropy of logits z[0..k) and a class: logsumexp(z) - z[label] | softmax, less 1 at the label | accurate
 * near 0; label as for pick */
TG_API tg_var (tg_cross_entropy)(const tg_var *z, size_t k, tg_var label);

/* y = W x + b: W is w[0 .. rows * columns) row by row, x[0..columns), b[0..rows) of the type of w or NULL for none,
 * y[0..rows) not overlapping any of them | x, 1, w */
TG_API void (tg_affine)(const tg_var *w, const tg_var *b, const tg_var *x, size_t rows, size_t columns,
                        tg_var *y);

/* clang-format on */
#ifdef __cplusplus
}
#endif

/* ---- Any mix of vars and numbers ----
 *
 * In place of a var every operand may be a number of any real type, which becomes a double first:
 * tg_divide(1, 2) is 0.5. If all are numbers the result is a double (guards: a bool) and nothing is
 * recorded, so one source serves both. An array may be of vars or of doubles; one written in place needs
 * parentheses, like any comma in a macro's argument: tg_sum(((var[]){x, y}), 2). tg_add and tg_mul take up
 * to 16 operands. How it is done, and where compilers differ: generic.h. In C++ these are overloads: operators.h.
 *
 * The functions of numbers alone have the suffix _d: double tg_exp_d(double x), bool tg_lt_d(double x, double y),
 * double tg_dot_d(const double *x, const double *y, size_t n), and so on for all of the above. */

#include "forms.h"
#ifdef __cplusplus
#include "operators.h"
#else
#include "generic.h"
#endif

#endif
