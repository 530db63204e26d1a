/* The Hessian of the sum over blocks of samples, as a matrix of the uniforms.
 *
 * Most parameters enter a loss through products with the data: z = W x. Of these only the rows z get a
 * tangent sweep each, one in all its lanes; what that leaves at the other rows, the curvature h of one sample
 * in (z_r, z_s), belongs to the coefficients (r, j) and (s, k) times x_j x_k. All other uniforms get a
 * tangent sweep each. Values and adjoints are those of one pass over the block. */
#ifndef TG_LANES_HESSIAN_H
#define TG_LANES_HESSIAN_H

#include "execute.h"

/* One row of a matrix over data that depends on theta. */
typedef struct tg_head_ {
  const tg_body_matrix_ *matrix;
  uint32_t row, y; /* and the slot of its result */
} tg_head_;

typedef struct tg_curvature_ {
  const tg_body_ *body;
  tg_head_ *heads;
  size_t head_count;
  uint32_t *others; /* uniforms that have another use as well */
  size_t other_count;
  size_t cross; /* coefficients and ends of all heads */
  size_t size;  /* numbers that a sum over blocks takes */
  bool worth;   /* else a product with every direction is the cheaper way */
} tg_curvature_;

tg_status tg_curvature_new_(tg_curvature_ *c, const tg_body_ *b);
void tg_curvature_free_(tg_curvature_ *c);

/* Adds the block that w has just run backward. */
void tg_curvature_block_(const tg_curvature_ *c, tg_worker_ *w, const tg_call_state_ *s, double *sum);

/* h, n x n for the n uniforms that depend on theta, becomes the matrix that the sum stands for. */
void tg_curvature_matrix_(const tg_curvature_ *c, const double *sum, double *h);

#endif
