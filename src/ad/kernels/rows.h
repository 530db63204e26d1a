/* The rows of ops.def as loops over lanes, and what can be read off a row. */
#ifndef TG_ROWS_H
#define TG_ROWS_H

#include "ops.h"

/* One row of ops.def over n lanes: the value v; the first partials d[0..arity); the second partials in the order xx, xy,
 * xz, yy, yz, zz, of which a row of fewer operands sets those it has (x: xx; x, y: xx, xy, yy). Operands that the row
 * lacks may be NULL. In the tables of vector forms `first` is NULL where tg_has_pair_. */
typedef struct tg_row_kernels_ {
  void (*value)(const double *x, const double *y, const double *z, double *v, size_t n);
  void (*first)(const double *x, const double *y, const double *z, const double *v, double *const *d,
                size_t n);
  void (*second)(const double *x, const double *y, const double *z, const double *v, double *const *h,
                 size_t n);
} tg_row_kernels_;
enum { TG_XX, TG_XY, TG_XZ, TG_YY, TG_YZ, TG_ZZ, TG_SECONDS };

/* The rows as plain loops over the functions of libm and special.h: the reference, and where vector forms do not reach. */
extern const tg_row_kernels_ tg_plain_rows_[TG_OP_count];
/* The outcome of a comparison. */
bool tg_guard_holds_(unsigned op, double x, double y);

/* What a partial is, where its row says so plainly: then nothing has to be computed. */
typedef enum tg_partial_form_ {
  TG_GENERAL,
  TG_ZERO,
  TG_ONE,
  TG_MINUS_ONE,
  TG_IS_X,
  TG_IS_Y,
  TG_IS_V
} tg_partial_form_;
typedef struct tg_row_forms_ {
  tg_partial_form_ first[3], second[TG_SECONDS];
} tg_row_forms_;
tg_row_forms_ tg_row_forms_of_(unsigned op);

/* Operations whose derivative nearly comes with the value: the kernel `pair` gives both. */
static inline bool tg_has_pair_(unsigned op)
{
  return op == TG_OP_tanh || op == TG_OP_sigmoid || op == TG_OP_softplus || op == TG_OP_log_sigmoid ||
         op == TG_OP_sin || op == TG_OP_cos;
}

/* clang-format off */
/* Rows of ops.def whose value or derivatives have no vector form: a loop over the scalar form within the block. */
#define TG_SCALAR_ROWS(X)                                                                                    \
  X(cbrt)                                                                                                    \
  X(xlogx) X(logaddexp) X(ldexp) X(asin) X(acos) X(asinh) X(acosh) X(atanh) X(sinc) X(log_norm_cdf)          \
      X(lgamma) X(tgamma) X(digamma) X(trigamma) X(j0) X(j1) X(y0) X(y1) X(fdim) X(fmod) X(remainder)
/* clang-format on */

#endif
