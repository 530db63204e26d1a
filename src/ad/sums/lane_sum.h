/* Finite sums over blocks of samples, in vector registers and on several threads: the fast way.
 *
 * Who knows whom, from the call down; each room knows its own struct and those below it:
 *
 *   lane_sum            one call: attempts until every sample fits a variant
 *     pull_back         from the sums, which are derivatives by the uniforms, to theta
 *     chunks            partition, threads (pool), adding up
 *       group           128 samples through the variants they fit, block by block
 *         per_sample    gradients one by one
 *           variants    the ways through the loss's branches: recording, compiling, uniforms
 *         row_source    blocks of samples: gathering, the blocked copy
 *   sum_call            what is asked (constant, passed down) and how it ended; known to all
 *
 * A call goes so. The loss is recorded at the first sample and compiled (variants). Its uniforms, which depend on theta
 * alone, are evaluated. Chunks of groups run forward and backward and leave sums of derivatives by the uniforms. If
 * a sample fitted no variant, it is recorded as a new one and all begins again. At last the sums are pulled back. */
#ifndef TG_LANE_SUM_H
#define TG_LANE_SUM_H

#include "body.h"
#include "sum_call.h"
#include "tapegrad/finite_sum.h"

typedef struct tg_lane_sum_ tg_lane_sum_;

/* f is the loss of one sample as a function of theta and a sample; it is recorded here as need be, and must
 * outlive the result. *made is NULL, with TG_OK, when the environment asks for the plain way. */
tg_status tg_lane_sum_new_(tg_lane_sum_ **made, tg_function *f, size_t d, size_t columns);
void tg_lane_sum_free_(tg_lane_sum_ *l);

/* In these l may be NULL. Other rows (the arrays are borrowed), another recording, another number of threads. What was
 * derived from the old ones is forgotten; during a call, once it has ended. */
void tg_lane_sum_bind_(tg_lane_sum_ *l, const tg_data *data);
void tg_lane_sum_forget_(tg_lane_sum_ *l);
void tg_lane_sum_threads_(tg_lane_sum_ *l, unsigned threads); /* 0: one per processor */

/* All that the call asks for, of at least one sample. Outputs are written only when it is done. */
tg_sum_answer_ tg_lane_sum_run_(tg_lane_sum_ *l, const tg_sum_call_ *call);

typedef struct tg_lane_sum_stats_ {
  size_t variants, steps, lanes, fallbacks, threads, zero_rule;
} tg_lane_sum_stats_;
tg_lane_sum_stats_ tg_lane_sum_statistics_(const tg_lane_sum_ *l); /* of NULL: zeros */
tg_status tg_lane_sum_print_(const tg_lane_sum_ *l, FILE *out);

#endif
