/* Finite sums sample by sample, by the recorded loss: the plain way. It is the oracle of the fast one (lane_sum.h), and
 * evaluates what that cannot. */
#ifndef TG_PLAIN_SUM_H
#define TG_PLAIN_SUM_H

#include "function.h"
#include "sum_call.h"
#include "tapegrad/finite_sum.h"

typedef struct tg_plain_sum_ {
  tg_function *f;      /* the loss of d + columns inputs; borrowed */
  const tg_data *data; /* likewise */
  size_t d, columns;
  double *point;     /* theta, then one sample */
  double *one;       /* what one sample gives: TG_BLOCK x (d + columns) */
  double *direction; /* TG_BLOCK directions in (theta, sample), zero in the sample */
  size_t checked;    /* number of the recording that the rule on sparse columns has passed */
} tg_plain_sum_;

tg_status tg_plain_sum_new_(tg_plain_sum_ *p, tg_function *f, const tg_data *data, size_t d, size_t columns);
void tg_plain_sum_free_(tg_plain_sum_ *p);

/* Other rows, or another recording: which columns are sparse is to be checked again. */
void tg_plain_sum_forget_(tg_plain_sum_ *p);

/* All that the call asks for; zero for no samples. Outputs of a failed call are worthless. */
tg_sum_answer_ tg_plain_sum_run_(tg_plain_sum_ *p, const tg_sum_call_ *call);

/* The sample at a position: its value and, unless NULL, its gradient by theta and the sample, d + columns numbers. */
tg_sum_answer_ tg_plain_sum_sample_(tg_plain_sum_ *p, const tg_sum_call_ *call, size_t position,
                                    double *value, double *gradient);

#endif
