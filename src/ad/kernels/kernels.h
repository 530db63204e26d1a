/* The inner loops of the lane engine. Each of their files is compiled once for every instruction set; a
 * tg_kernels_ is the table of what it offers. A lane vector is an array of doubles, one for each sample of a
 * block, aligned to 64 bytes; its length is a multiple of TG_LANE_UNIT, whatever the instruction set. */
#ifndef TG_LANES_KERNELS_H
#define TG_LANES_KERNELS_H
#include "ops.h"

#define TG_LANE_UNIT 8 /* doubles in the widest vector register */

/* clang-format off */
/* Rows of ops.def whose value or derivatives have no vector form: a loop over the scalar form within the block. */
#define TG_SCALAR_ROWS(X)                                                                                    \
  X(cbrt)                                                                                                    \
  X(xlogx) X(logaddexp) X(ldexp) X(asin) X(acos) X(asinh) X(acosh) X(atanh) X(sinc) X(log_norm_cdf)          \
      X(lgamma) X(tgamma) X(digamma) X(trigamma) X(j0) X(j1) X(y0) X(y1) X(fdim) X(fmod) X(remainder)
/* clang-format on */

/* A matrix of numbers times lane vectors. Row r: y[r] = start[r] + w[r][0] x[0] + w[r][1] x[1] + ... +
 * end[r], in this order, lane by lane, with fused operations where the instruction set has them. Vector j of
 * x begins at x + x_offset[j], y likewise. The start is a number for each row (start), or the vector y_start
 * + start_offset[r] (which may be y itself), or nothing: minus zero, the neutral element of addition.
 * With w_dot not NULL y_dot = start_dot + w_dot x + end_dot too, in the same pass over x (not when masked,
 * nor with y_start). */
typedef struct tg_affine_ {
  size_t rows, columns, lanes;
  uintptr_t ahead; /* not 0: what stands so many bytes behind x is wanted next, from far memory */
  const double *w;
  size_t row_step, column_step; /* w[r][j] is w[r * row_step + j * column_step] */
  const double *x;
  const uint32_t *x_offset;
  const double *start;
  const double *y_start;
  const uint32_t *start_offset;
  const double *end; /* NULL: none */
  double *y;
  const uint32_t *y_offset;
  const double *w_dot, *start_dot, *end_dot;
  double *y_dot;
} tg_affine_;

/* Sums over the lanes of products: sum[r][j] += u[r] . x[j]. Within a call the lanes l, l + W, l + 2W, ...
 * are summed in this order for each l below W, the width of the vector register, and the W sums are then
 * added in a tree: neighbours first, then neighbouring pairs, and so on. */
typedef struct tg_outer_ {
  size_t rows, columns, lanes;
  const double *u;
  const uint32_t *u_offset;
  const double *x;
  const uint32_t *x_offset;
  double *sum;
  size_t row_step;
} tg_outer_;

/* Sparse rows instead of lane vectors of data: entry k of sample row[l] has the column column[k], which is
 * column position[...] of the matrix, or none of it if UINT32_MAX; position NULL: the columns are those of
 * the matrix. Coefficients and their sums stand column by column: w[j * rows + r]. Sums run over the stored
 * entries in order. */
typedef struct tg_sparse_ {
  size_t rows, lanes;
  const size_t *row, *row_start, *column;
  const double *values;
  const uint32_t *position;
  const double *w;
  const double *start, *end; /* as in tg_affine_ */
  const double *y_start;
  const uint32_t *start_offset;
  double *y;
  const uint32_t *y_offset;
  const double *u; /* outer: sum[j * rows + r] += u[r] . x[j] */
  const uint32_t *u_offset;
  double *sum;
  bool masked;
} tg_sparse_;

/* One row of ops.def over n lanes: the value; the first partials d[0..arity); the second partials in the
 * order xx, xy, xz, yy, yz, zz (unary: xx; binary: xx, xy, yy in their places). Operands the row lacks may be
 * NULL. */
typedef struct tg_row_kernels_ {
  void (*value)(const double *x, const double *y, const double *z, double *v, size_t n);
  void (*first)(const double *x, const double *y, const double *z, const double *v, double *const *d,
                size_t n);
  void (*second)(const double *x, const double *y, const double *z, const double *v, double *const *h,
                 size_t n);
} tg_row_kernels_;
enum { TG_XX, TG_XY, TG_XZ, TG_YY, TG_YZ, TG_ZZ, TG_SECONDS };

/* The rows as plain scalar loops over libm, and the outcome of a guard. */
extern const tg_row_kernels_ tg_plain_rows_[TG_OP_count];
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

static inline bool tg_has_pair_(unsigned op)
{
  return op == TG_OP_tanh || op == TG_OP_sigmoid || op == TG_OP_softplus || op == TG_OP_log_sigmoid ||
         op == TG_OP_sin || op == TG_OP_cos;
}

/* Lane vectors named by number: TG_IN_DATA set: base[1] + the rest, else base[0] + the number. */
typedef struct tg_named_ {
  const double *base[2];
  const uint32_t *name;
} tg_named_;
#define TG_IN_DATA 0x80000000u

#define TG_NOWHERE 0xffffffffu

static inline const double *tg_at_(const double *const *base, uint32_t name)
{
  return base[name >> 31] + (name & ~TG_IN_DATA);
}

typedef struct tg_kernels_ {
  const char *name; /* what TG_ISA calls it */
  /* value and derivative at once, of the operations of which tg_has_pair_ says so */
  void (*pair)(unsigned op, const double *x, double *v, double *d, size_t n);
  const tg_row_kernels_ *rows; /* by base opcode; no value: not an elementary operation */
  void (*affine)(const tg_affine_ *a);
  void (*outer)(const tg_outer_ *o);
  /* The same two with rule R5: a product with a factor that is exactly zero is zero. */
  void (*affine_masked)(const tg_affine_ *a);
  void (*outer_masked)(const tg_outer_ *o);
  void (*sparse_affine)(const tg_sparse_ *s);
  void (*sparse_outer)(const tg_sparse_ *s);
  /* total[r] += the sum over the lanes of u + offset[r], lanes summed as in outer */
  void (*totals)(const double *u, const uint32_t *offset, size_t rows, size_t lanes, double *total);
  /* y = start + x_0 y_0 + x_1 y_1 + ... (minus the products if negated); start NULL: nothing */
  void (*products)(const tg_named_ *x, const uint32_t *y, size_t count, bool negated, const double *start,
                   double *out, size_t lanes);
  /* bar + offset[j] += w[j] u, for j below count in order */
  void (*axpy)(const double *w, const double *u, double *bar, const uint32_t *offset, size_t count,
               size_t lanes);
  /* t += a b, with rule R5; t += a; t -= a */
  void (*add_product)(double *t, const double *a, const double *b, size_t n);
  void (*add_product_masked)(double *t, const double *a, const double *b, size_t n);
  void (*add)(double *t, const double *a, size_t n);
  void (*subtract)(double *t, const double *a, size_t n);
  /* v = log(sum_j exp(z_j)) and weight_j = exp(z_j - v), vectors L apart; label not NULL: v -= z[label], the
   * weight of the label less 1, and what it was before in one more vector (cross-entropy) */
  void (*logsumexp)(const tg_named_ *z, size_t count, const double *label, double *v, double *weight,
                    size_t L, size_t lanes);
  /* second_j += u p_j (tangent_j - sum_k p_k tangent_k), p the weights of the exponentials;
   * a name TG_NOWHERE stands for a vector of zeros, or nowhere to add to */
  void (*logsumexp_second)(const tg_named_ *tangent, size_t count, const double *label, const double *weight,
                           const double *u, double *second, size_t L, size_t lanes);
  /* v = z[index], weight_j = 1 for the one picked, else 0 */
  void (*pick)(const tg_named_ *z, size_t count, const double *index, double *v, double *weight, size_t L,
               size_t lanes);
  /* to[column][lane] = row[lane][column], for `lanes` rows; the offsets of the columns are multiples of
   * `step` */
  void (*transpose)(const double *const *row, size_t lanes, size_t columns, double *to, size_t step);
} tg_kernels_;

/* The table of the instruction set that isa.h chooses; NULL, no lanes at all, for "scalar". */
const tg_kernels_ *tg_kernels_choose_(void);
/* Those on offer here, best first; NULL past the end. */
const tg_kernels_ *tg_kernels_at_(size_t i);

#endif
