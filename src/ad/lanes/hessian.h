/* The Hessian of the sum over blocks of samples, as a matrix of the uniforms.
 *
 * Most parameters enter a loss through scores, the results z = W x + ends of matrices over the data: a logistic
 * regression of 50 columns has one score and 51 parameters. Of a loss f(z) the block of coefficients of scores r and s is
 *
 *     H_rs = sum over samples of h_rs x x'  =  X' diag(h_rs) X,       h_rs = d^2 f / dz_r dz_s,
 *
 * and h_rs of all lanes comes from one sweep along the direction of z_r (tg_worker_direction_): it stands in bar_dot of
 * z_s. So a sweep for each score replaces one for each parameter. A uniform u that is used elsewhere as well, such as a
 * weight of a second layer, takes a sweep of its own: bar_dot of z_s is then h = d^2 f / dz_s du, and h x_j belongs to u
 * and coefficient j of s. Values and adjoints are those of one pass over the block.
 *
 * What a sum over blocks is made of, in this order:
 *
 *     for each pair of scores r <= s, p and q the numbers of their columns, these parts, p x q, q, p and 1:
 *
 *                     columns of s   ends of s
 *         columns of r    p x q          p         (within one matrix it equals the q below and is left out)
 *         ends of r         q            1
 *
 *     for each uniform used elsewhere: a number for each column and for the ends of every score (score_width in all),
 *     then one for each uniform
 *
 * Where no coefficient or no end depends on theta the part is missing. */
#ifndef TG_LANES_HESSIAN_H
#define TG_LANES_HESSIAN_H

#include "execute.h"

/* One row of a matrix over data that depends on theta. */
typedef struct tg_score_ {
  const tg_body_matrix_ *matrix;
  uint32_t row, y; /* and the slot of its result */
} tg_score_;

typedef struct tg_curvature_ {
  const tg_body_ *body;
  tg_score_ *scores;
  size_t score_count;
  uint32_t *elsewhere; /* uniforms that are used otherwise than in scores */
  size_t elsewhere_count;
  size_t score_width; /* columns and ends of all scores */
  uint64_t size; /* numbers that a sum over blocks takes; more than memory has, and then it is not cheaper */
  bool cheaper;  /* than a product with every direction */
} tg_curvature_;

tg_status tg_curvature_new_(tg_curvature_ *c, const tg_body_ *b);
void tg_curvature_free_(tg_curvature_ *c);

/* Adds the block that w has just run backward. */
void tg_curvature_block_(const tg_curvature_ *c, tg_worker_ *w, const tg_uniform_state_ *s, double *sum);

/* h, n x n for the n uniforms that depend on theta, becomes the matrix that the sum stands for. */
void tg_curvature_matrix_(const tg_curvature_ *c, const double *sum, double *h);

#endif
