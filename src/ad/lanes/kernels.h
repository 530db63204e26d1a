/* The inner loops of the lane engine. One source, kernels.c, is compiled once for every instruction set; a tg_kernels_
 * is the table of what it offers. A lane vector is an array of doubles, one for each sample of a block, aligned to 64
 * bytes; its length is a multiple of TG_LANE_UNIT, whatever the instruction set. */
#ifndef TG_LANES_KERNELS_H
#define TG_LANES_KERNELS_H
#include <stddef.h>
#include <stdint.h>

#define TG_LANE_UNIT 8 /* doubles in the widest vector register */

/* Functions with a vector form of their own: lane_math.h. */
#define TG_LANE_MATH_LIST(X)                                                                                 \
  X(exp) X(exp2) X(expm1) X(log) X(log1p) X(tanh) X(sigmoid) X(softplus) X(log_sigmoid) X(sin) X(cos) X(sqrt)

typedef enum tg_lane_math_ {
#define TG_LANE_MATH_ROW(name) TG_LANE_##name,
  TG_LANE_MATH_LIST(TG_LANE_MATH_ROW)
#undef TG_LANE_MATH_ROW
  TG_LANE_MATH_COUNT
} tg_lane_math_;

/* A matrix of numbers times lane vectors. Row r: y[r] = start[r] + w[r][0] x[0] + w[r][1] x[1] + ... + end[r], in this
 * order, lane by lane, with fused operations where the instruction set has them. Vector j of x begins at
 * x + x_offset[j], y likewise. The start is a number for each row (start), or the vector y_start + start_offset[r]
 * (which may be y itself), or nothing: minus zero, the neutral element of addition. */
typedef struct tg_affine_ {
  size_t rows, columns, lanes;
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
} tg_affine_;

/* Sums over the lanes of products: sum[r][j] += u[r] . x[j]. Within a call the lanes l, l + W, l + 2W, ... are summed in
 * this order for each l below W, the width of the vector register, and the W sums are then added in a tree: neighbours
 * first, then neighbouring pairs, and so on. */
typedef struct tg_outer_ {
  size_t rows, columns, lanes;
  const double *u;
  const uint32_t *u_offset;
  const double *x;
  const uint32_t *x_offset;
  double *sum;
  size_t row_step;
} tg_outer_;

typedef struct tg_kernels_ {
  const char *name; /* what TG_ISA calls it */
  void (*math[TG_LANE_MATH_COUNT])(const double *x, double *y, size_t n);
  void (*pow)(const double *x, const double *y, double *z, size_t n);
  void (*affine)(const tg_affine_ *a);
  void (*outer)(const tg_outer_ *o);
  /* to[column][lane] = row[lane][column], for `lanes` rows; the offsets of the columns are multiples of `step` */
  void (*transpose)(const double *const *row, size_t lanes, size_t columns, double *to, size_t step);
} tg_kernels_;

/* The table of the best instruction set this processor and its operating system offer, or of the one that the
 * environment's TG_ISA names (scalar, plain, sse2, avx2, avx512) if it is on offer; unknown names are ignored. "scalar" means no
 * lanes at all: NULL. */
const tg_kernels_ *tg_kernels_choose_(void);
/* Those on offer here, best first; NULL past the end. */
const tg_kernels_ *tg_kernels_at_(size_t i);

#endif
