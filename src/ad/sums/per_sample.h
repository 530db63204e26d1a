/* Gradients of single samples.
 *
 * Backward through a block leaves the adjoints of the uniforms summed over its lanes; here they are taken lane by lane
 * instead. Uniforms beyond theta itself are functions of theta: what belongs to them goes back to theta through their
 * Jacobian, which is the same for all samples of a call, sparse as a rule, and computed once before they run. */
#ifndef TG_PER_SAMPLE_H
#define TG_PER_SAMPLE_H

#include "variants.h"

/* Derivatives of some numbers by theta that are not zero, row by row. */
typedef struct tg_sparse_jacobian_ {
  size_t *start; /* rows + 1 */
  uint32_t *column;
  double *value;
  size_t start_room, column_room, value_room;
} tg_sparse_jacobian_;

typedef struct tg_per_sample_ {
  tg_sparse_jacobian_ jacobian[TG_VARIANTS]; /* of the uniforms of each variant */
  double *rows;                              /* TG_BLOCK of a Jacobian, dense, and their seeds */
  size_t rows_room;
  double *u_bar; /* for each thread the adjoints of the uniforms in TG_LANE_UNIT lanes */
  size_t u_bar_room, u_bar_step;
} tg_per_sample_;

/* What a block needs of its thread, and where its results go. */
typedef struct tg_per_sample_task_ {
  unsigned thread;
  double *seed; /* TG_GROUP numbers each */
  bool *wanted;
  double *gradients; /* a row of d for each position in the call */
  size_t *zero_rule; /* counts blocks that needed rule R5 */
} tg_per_sample_task_;

/* For a call at theta, once the variants are prepared. */
tg_status tg_per_sample_prepare_(tg_per_sample_ *p, const tg_variants_ *vs, const double *theta);

/* The gradients of a block that has just run forward. */
void tg_per_sample_block_(const tg_per_sample_ *p, const tg_variants_ *vs, tg_per_sample_task_ task,
                          tg_block_ b);

void tg_per_sample_free_(tg_per_sample_ *p);

#endif
