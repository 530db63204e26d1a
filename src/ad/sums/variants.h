/* The ways through the branches of a loss, each recorded at a sample that takes it and compiled.
 *
 * A comparison of recorded numbers becomes a guard: the compiled body holds for samples with the same outcomes. So a
 * loss with branches has a variant for each way that was met, up to TG_VARIANTS. One more takes the place of one that
 * no sample of the last attempt fitted; which variants there are thus depends on the samples at hand and not on what
 * was met before. Nor do sums: they go over the variants by `path`, a number for the way, not in the order of their
 * making. */
#ifndef TG_VARIANTS_H
#define TG_VARIANTS_H

#include "execute.h"
#include "hessian.h"
#include "sum_call.h"

enum { TG_VARIANTS = 8 };

/* A worker apart from its neighbours, so that what one thread writes is in no cache line of another's. */
typedef struct tg_thread_worker_ {
  tg_worker_ worker;
  char gap[64];
} tg_thread_worker_;

typedef struct tg_variant_ {
  tg_body_ *body;
  tg_uniform_state_ state;    /* its uniforms at the call at hand */
  tg_thread_worker_ *workers; /* one a thread */
  size_t worker_count;
  uint64_t path;
  bool fits;               /* its guards on theta alone hold at this call */
  tg_curvature_ curvature; /* once a Hessian has been asked for */
} tg_variant_;

typedef struct tg_variants_ {
  tg_function *f; /* the loss of one sample, recorded here as need be */
  const tg_kernels_ *kernels;
  size_t d, columns;
  unsigned threads;
  tg_variant_ variant[TG_VARIANTS];
  size_t count;
  unsigned used;   /* bit v: a sample of the last attempt fitted variant v */
  unsigned curved; /* bit v: the Hessian at hand is made by variant v */
  double *point;   /* of d + columns: where f is recorded */
} tg_variants_;

static inline tg_sum_answer_ tg_lane_answer_(tg_status s)
{
  return tg_sum_answer_of_(s, "while evaluating blocks of samples");
}

tg_status tg_variants_new_(tg_variants_ *vs, tg_function *f, const tg_kernels_ *kernels, size_t d,
                           size_t columns);
void tg_variants_forget_(tg_variants_ *vs); /* all of them */
void tg_variants_free_(tg_variants_ *vs);

/* From now on so many threads run them; workers are made again when they are needed. */
void tg_variants_threads_(tg_variants_ *vs, unsigned threads);

/* The uniforms of all variants at the call's theta, and their tangents along v if there is one. A first variant, or
 * one for a theta that none fits, is made at the call's first sample. */
tg_sum_answer_ tg_variants_prepare_(tg_variants_ *vs, const tg_data *data, const tg_sum_call_ *call);

/* One more, made at this row, which fitted none. TG_SUM_PLAIN: there is no place for it, or it would hold nowhere
 * else. On failure the others are as before, but for one that was not in use. */
tg_sum_answer_ tg_variants_add_(tg_variants_ *vs, const tg_data *data, const double *theta, size_t row);

/* What a Hessian needs of the curved ones. TG_SUM_BY_PRODUCTS: it is not worth it. */
tg_sum_answer_ tg_variants_prepare_curvature_(tg_variants_ *vs);

/* Numbers from 0..n in the order of their paths. */
void tg_variants_order_(const tg_variants_ *vs, size_t *order);

static inline tg_worker_ *tg_variant_worker_(const tg_variant_ *v, unsigned thread)
{
  return &v->workers[thread].worker;
}

static inline bool tg_is_curved_(const tg_variants_ *vs, size_t v)
{
  return vs->variant[v].fits && (vs->curved >> v & 1) != 0;
}

/* Sums over samples hold numbers for every variant that fits, one variant after the other: for each uniform, and for
 * the curvature of the curved ones. So many belong to variants before number v. */
size_t tg_uniforms_before_(const tg_variants_ *vs, size_t v);
size_t tg_curvature_before_(const tg_variants_ *vs, size_t v);

#endif
