/* Finite sums over blocks of samples: what finite_sum.c calls when the plain way, sample by sample, is not
 * wanted. */
#ifndef TG_LANES_LANES_H
#define TG_LANES_LANES_H

#include "execute.h"
#include "tapegrad/finite_sum.h"

typedef struct tg_lanes_ tg_lanes_;

/* f is the loss of one sample as a function of theta and a sample; it is recorded here as need be, and must
 * outlive the result. *made is NULL, with TG_OK, when the environment asks for the plain way. */
tg_status tg_lanes_new_(tg_lanes_ **made, tg_function *f, size_t d, size_t columns);
void tg_lanes_free_(tg_lanes_ *l);

/* Do the first `sparse` columns enter dot and affine only in f's recording? TG_E_DATA if not. */
tg_status tg_lanes_check_(const tg_function *f, size_t d, size_t columns, size_t sparse);

/* Other rows (pointers are kept), or another recording: what was derived from the old ones is forgotten. */
void tg_lanes_bind_(tg_lanes_ *l, const tg_data *data);
void tg_lanes_forget_(tg_lanes_ *l);
void tg_lanes_threads_(tg_lanes_ *l, unsigned threads);

typedef struct tg_lanes_call_ {
  const double *theta;
  const size_t *index; /* NULL: all rows */
  size_t count;
  const double *v;   /* direction; NULL unless hv is wanted */
  double *value;     /* sum of the values, or NULL */
  double *gradient;  /* sum of the gradients, or NULL */
  double *hv;        /* sum of the Hessians times v, or NULL */
  double *hessian;   /* sum of the Hessians, d x d, or NULL; nothing else then */
  double *values;    /* of each sample, or NULL */
  double *gradients; /* of each sample, count x d, or NULL */
} tg_lanes_call_;

/* TG_E_DATA: a sparse column is used outside dot and affine. TG_E_BRANCH: the loss is not for lanes (it
 * depends on the point, or branches in too many ways): take the plain way. TG_E_METHOD: a Hessian is cheaper
 * by products with all directions. */
tg_status tg_lanes_run_(tg_lanes_ *l, const tg_lanes_call_ *call);

typedef struct tg_lanes_stats_ {
  size_t variants, steps, lanes, fallbacks, threads, zero_rule;
} tg_lanes_stats_;
tg_lanes_stats_ tg_lanes_statistics_(const tg_lanes_ *l);
tg_status tg_lanes_print_(const tg_lanes_ *l, FILE *out);

#endif
