/* The samples of one group, TG_GROUP of them or the rest, through the variants that they fit.
 *
 * All samples of a group are tried on the first variant, in its blocks. Those whose guards fail there go on to the
 * next. Their losses are put back in the order of the samples and added so, whichever variants they took. */
#ifndef TG_GROUP_H
#define TG_GROUP_H

#include "per_sample.h"
#include "row_source.h"

#define TG_NO_SAMPLE SIZE_MAX /* for the position of a sample: there is none */

/* What groups read of the call at hand; the same for all threads, and constant while they run. */
typedef struct tg_group_call_ {
  const tg_sum_call_ *call;
  tg_run_mode_ mode;
  const tg_row_source_ *rows;
  const tg_variants_ *variants;
  const tg_per_sample_ *per_sample;
} tg_group_call_;

/* Sums over some groups. Numbers for each variant stand as tg_uniforms_before_ and tg_curvature_before_ say. */
typedef struct tg_sums_ {
  double value;
  double *u_bar, *u_bar_dot; /* adjoints of the uniforms and their tangents: the workers add to these */
  double *curvature;
  unsigned used; /* bit v: a sample fits variant v */
  size_t
      misfit; /* the position of a sample that no variant fits, or TG_NO_SAMPLE; then the sums are worthless */
  size_t zero_rule; /* how often rule R5 was needed */
  tg_status status;
} tg_sums_;

/* The memory of one thread. Samples are told by their positions in the call. */
typedef struct tg_group_memory_ {
  unsigned thread;
  size_t first; /* the first sample of the group */
  size_t waiting[TG_GROUP], fitting[TG_GROUP], refused[TG_GROUP];
  tg_block_rows_ rows;
  double seed[TG_GROUP];
  double loss[TG_GROUP]; /* in the order of the samples */
  bool failed[TG_GROUP]; /* by lanes of the block at hand */
} tg_group_memory_;

/* Adds group number `group` to r; the workers have begun. */
void tg_group_run_(const tg_group_call_ *c, size_t group, tg_group_memory_ *m, tg_sums_ *r);

#endif
