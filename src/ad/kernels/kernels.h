/* The inner loops of the lanes. Each of their files is compiled once for every instruction set, and a tg_kernels_ is the
 * table of what one set has.
 *
 * A lane vector is an array of doubles, one for each sample of a block. It begins at a multiple of 64 bytes, and its
 * length is a multiple of TG_LANE_UNIT whatever the instruction set; so there are no remainders, and offsets between
 * vectors are multiples of TG_LANE_UNIT too. Kernels check neither in a release. */
#ifndef TG_KERNELS_H
#define TG_KERNELS_H

#include <assert.h>

#include "rows.h"

#define TG_LANE_UNIT 8 /* doubles in the widest vector register */

/* So many lanes, rounded up to whole registers. */
static inline size_t tg_whole_lanes_(size_t n)
{
  return (n + TG_LANE_UNIT - 1) / TG_LANE_UNIT * TG_LANE_UNIT;
}

/* y[r] = start[r] + w[r][0] x[0] + w[r][1] x[1] + ... + end[r], added in this order, for each row r and lane by lane.
 *
 * - Products are fused with the additions where the instruction set can.
 * - w[r][j] is a number, w[r * row_step + j * column_step].
 * - x[j] is the vector x + x_offset[j], y[r] the vector y + y_offset[r].
 * - The start is a vector, y_start + start_offset[r], which may be y[r] itself; or, where y_start is NULL, a number,
 *   start[r]; or, where that is NULL too, nothing. Nothing is minus zero, the neutral element of addition.
 * - Where w_dot is not NULL the tangents y_dot[r] = start_dot[r] + w_dot[r][0] x[0] + ... + end_dot[r] come in the same
 *   pass over x. Neither affine_masked nor y_start goes with that. */
typedef struct tg_affine_ {
  size_t rows, columns, lanes;
  uintptr_t ahead; /* not 0: what stands so many bytes behind x is fetched into the cache */
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

/* sum[r][j] += u[r] . x[j], a sum of products over the lanes; sum[r][j] is sum[r * row_step + j].
 *
 * The order of a sum depends on the instruction set alone. Let W be the numbers in its vector register: within a call the
 * lanes l, l + W, l + 2W, ... are added in this order, for each l below W; then these W sums in a tree, neighbours first,
 * then neighbouring pairs, and so on; then the result to sum[r][j]. */
typedef struct tg_outer_ {
  size_t rows, columns, lanes;
  const double *u;
  const uint32_t *u_offset;
  const double *x;
  const uint32_t *x_offset;
  double *sum;
  size_t row_step;
} tg_outer_;

/* The same two where the columns of data are sparse. Lane l is the sample row[l], whose entries row_start[row[l]] up to
 * row_start[row[l] + 1] have columns column[k] and values[k].
 *
 * - position maps columns of the sample to columns of the matrix, UINT32_MAX for those it lacks; NULL: they are the same.
 * - w and sum stand column by column: w[j * rows + r].
 * - affine: y[r] as in tg_affine_, over the stored entries in order. outer: sum[j * rows + r] += u[r] . x[j]. */
typedef struct tg_sparse_ {
  size_t rows, lanes;
  const size_t *row, *row_start, *column;
  const double *values;
  const uint32_t *position;
  const double *w;
  const double *start, *end;
  const double *y_start;
  const uint32_t *start_offset;
  double *y;
  const uint32_t *y_offset;
  const double *u;
  const uint32_t *u_offset;
  double *sum;
  bool masked;
} tg_sparse_;

/* Lane vectors of two arrays by one number: base[1] + the rest if TG_IN_DATA is set, else base[0] + the number. */
typedef struct tg_named_ {
  const double *base[2];
  const uint32_t *name;
} tg_named_;
#define TG_IN_DATA 0x80000000u

#define TG_NOWHERE 0xffffffffu /* no vector */

static inline const double *tg_at_(const double *const *base, uint32_t name)
{
  return base[name >> 31] + (name & ~TG_IN_DATA);
}

/* Is this a lane vector, as far as its address tells? */
static inline bool tg_is_aligned_(const double *x) { return (uintptr_t)x % (TG_LANE_UNIT * sizeof *x) == 0; }

typedef struct tg_kernels_ {
  const char *name; /* what TG_ISA calls it */

  /* Elementary operations, by base opcode; without a value: not an elementary operation. */
  const tg_row_kernels_ *rows;
  /* v and d, the value and the derivative, of the operations of which tg_has_pair_ says so. */
  void (*pair)(unsigned op, const double *x, double *v, double *d, size_t n);

  /* Matrices. Masked is with rule R5: a product with a factor that is exactly zero is zero. */
  void (*affine)(const tg_affine_ *a);
  void (*affine_masked)(const tg_affine_ *a);
  void (*outer)(const tg_outer_ *o);
  void (*outer_masked)(const tg_outer_ *o);
  void (*sparse_affine)(const tg_sparse_ *s);
  void (*sparse_outer)(const tg_sparse_ *s);
  /* total[r] += the sum over the lanes of u + offset[r], in the order of tg_outer_. */
  void (*totals)(const double *u, const uint32_t *offset, size_t rows, size_t lanes, double *total);

  /* out = start + x_0 y_0 + x_1 y_1 + ..., or, negated, start - x_0 y_0 - ...; start NULL: nothing. */
  void (*products)(const tg_named_ *x, const uint32_t *y, size_t count, bool negated, const double *start,
                   double *out, size_t lanes);
  /* bar + offset[j] += w[j] u, for j below count in order. */
  void (*axpy)(const double *w, const double *u, double *bar, const uint32_t *offset, size_t count,
               size_t lanes);
  /* t += a b, without and with rule R5; t += a; t -= a. All of n lanes. t may be a or b. */
  void (*add_product)(double *t, const double *a, const double *b, size_t n);
  void (*add_product_masked)(double *t, const double *a, const double *b, size_t n);
  void (*add)(double *t, const double *a, size_t n);
  void (*subtract)(double *t, const double *a, size_t n);

  /* v = log(sum_j exp(z_j)) and weight_j = exp(z_j - v), for j below count. Weights are vectors L apart.
   * With a label, a vector of numbers, it is cross-entropy: v has z[label] subtracted, the label's weight has 1
   * subtracted, and what that weight was before stands in one more vector, weight_count. */
  void (*logsumexp)(const tg_named_ *z, size_t count, const double *label, double *v, double *weight,
                    size_t L, size_t lanes);
  /* Its curvature: second + name_j += u p_j (tangent_j - sum_k p_k tangent_k), p_j = exp(z_j - log(sum_k exp(z_k))) from
   * the weights. The name TG_NOWHERE stands for a tangent of zeros, and nothing is added for it. */
  void (*logsumexp_second)(const tg_named_ *tangent, size_t count, const double *label, const double *weight,
                           const double *u, double *second, size_t L, size_t lanes);
  /* v = z_index, weight_j = 1 for the one picked, else 0. NaN where index picks none. */
  void (*pick)(const tg_named_ *z, size_t count, const double *index, double *v, double *weight, size_t L,
               size_t lanes);

  /* to + column * step becomes the lane vector of a column: its lane l is row[l][column]. */
  void (*transpose)(const double *const *row, size_t lanes, size_t columns, double *to, size_t step);
} tg_kernels_;

/* The table of the instruction set that isa.h chooses; NULL, no lanes at all, for "scalar". */
const tg_kernels_ *tg_kernels_choose_(void);
/* Those on offer here, best first; NULL past the end. */
const tg_kernels_ *tg_kernels_at_(size_t i);

#endif
