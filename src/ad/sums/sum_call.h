/* What is asked of a finite sum, and what comes of it. The fast way (lane_sum.h) and the plain one (plain_sum.h) both
 * take this call and give this answer. */
#ifndef TG_SUM_CALL_H
#define TG_SUM_CALL_H

#include "tapegrad/status.h"

#include <stddef.h>

/* Sums over the samples of one call. `theta` has d numbers; every output may be NULL. */
typedef struct tg_sum_call_ {
  const double *theta;
  const size_t *index; /* of the samples' rows; NULL: all rows */
  size_t count;        /* of samples, in either case */
  const double *v;     /* direction; NULL unless hv is wanted */
  double *value;
  double *gradient;
  double *hv;        /* sum of the Hessians times v */
  double *hessian;   /* d x d; nothing else then */
  double *values;    /* of each sample */
  double *gradients; /* of each sample, count x d */
} tg_sum_call_;

static inline size_t tg_sum_row_(const tg_sum_call_ *c, size_t position)
{
  return c->index != NULL ? c->index[position] : position;
}

/* Samples that go through a variant side by side, told by their positions in the call, which ascend. */
typedef struct tg_block_ {
  size_t variant;
  const size_t *position;
  size_t count;
} tg_block_;

/* How a way of evaluating it ends. Only a failure is anything that a user sees; the others say how to go on. */
typedef enum tg_sum_outcome_ {
  TG_SUM_DONE,
  TG_SUM_PLAIN,       /* the loss depends on the point or branches in too many ways: take the plain way */
  TG_SUM_BY_PRODUCTS, /* a Hessian: products with all directions are cheaper */
  TG_SUM_FAILED
} tg_sum_outcome_;

typedef struct tg_sum_answer_ {
  tg_sum_outcome_ outcome;
  tg_status status;  /* of a failure */
  const char *words; /* likewise; NULL: the recorded loss knows (tg_function_message) */
} tg_sum_answer_;

static inline tg_sum_answer_ tg_sum_answer_of_(tg_status s, const char *words)
{
  return (tg_sum_answer_){s == TG_OK ? TG_SUM_DONE : TG_SUM_FAILED, s, words};
}

#define TG_SPARSE_ELSEWHERE "a column of sparse rows enters something other than dot and affine"

#endif
