/* The iterations of one loop, run in blocks of lanes.
 *
 * Blocks are cut into chunks by shapes alone; each chunk is summed from zero and chunks are added in order, so the
 * number of threads shows in no bit. Operands are read where they are, on the tape: uniforms once a call, variables by
 * index for each block. Derivatives are those of the sum, for adjoint one: by uniforms, and by the variables of
 * each iteration, which are added up in order when they are wanted. */
#ifndef TG_LOOPS_RUN_H
#define TG_LOOPS_RUN_H

#include "execute.h"
#include "iteration.h"

typedef struct tg_runner_ tg_runner_;

/* For an iteration, whose rows are copied. *made is NULL, with TG_OK, where lanes cannot run it. */
tg_status tg_runner_new_(tg_runner_ **made, const tg_loop_body_ *b);
void tg_runner_free_(tg_runner_ *r);

/* Where the uniforms and the pool are: nodes of the tape that is run. To be called once. */
void tg_runner_bind_(tg_runner_ *r, const uint32_t *node);
/* Threads that run chunks; 0: as many as processors. */
void tg_runner_threads_(tg_runner_ *r, unsigned threads);

/* What a run is for: the value; the gradient besides; or, besides, what belongs to the second order along the
 * tangents in `tangent`, of which lane number `lane` of `width` is taken. Lanes are kept apart until the next value. */
typedef struct tg_run_ {
  tg_run_mode_ mode;
  const double *tangent;
  size_t width, lane;
} tg_run_;

typedef struct tg_loop_sum_ {
  double value, tangent;
  size_t zero_rule; /* how many chunks needed rule R5 */
} tg_loop_sum_;

/* TG_E_BRANCH: a guard does not hold in some iteration; what callbacks answer; TG_E_NOMEM. */
tg_status tg_runner_run_(tg_runner_ *r, const tg_tape *t, const tg_run_ *run, tg_loop_sum_ *sum);

/* Is a tangent of an operand other than zero in this lane? */
bool tg_runner_moves_(const tg_runner_ *r, const double *tangent, size_t width, size_t lane);

/* array[node * width + lane] += u times the derivatives by all operands: the gradient, or the second order of a lane
 * that was run. Under the mask a zero makes a zero. */
void tg_runner_add_gradient_(const tg_runner_ *r, double u, bool masked, double *array, size_t width,
                             size_t lane);
void tg_runner_add_second_(const tg_runner_ *r, double u, bool masked, double *array, size_t width,
                           size_t lane);
/* The gradient times the tangents of a lane. */
double tg_runner_times_(const tg_runner_ *r, bool masked, const double *tangent, size_t width, size_t lane);

size_t tg_runner_bytes_(const tg_runner_ *r);
const tg_body_ *tg_runner_body_(const tg_runner_ *r);

#endif
