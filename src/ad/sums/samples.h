/* The samples of a finite sum: rows of numbers, copied or borrowed, each perhaps with a label. */
#ifndef TG_SAMPLES_H
#define TG_SAMPLES_H

#include "tapegrad/finite_sum.h"

typedef struct tg_samples_ {
  tg_data data; /* stride set; arrays as below, or the caller's if they are borrowed */
  void *values, *label, *row_start, *column;
} tg_samples_;

/* Holds well-formed `data` instead of what was there. On TG_E_NOMEM nothing has changed. */
tg_status tg_samples_take_(tg_samples_ *s, tg_data data);
void tg_samples_free_(tg_samples_ *s);

/* How many numbers a sample has: its columns, and its label if there are any. */
size_t tg_sample_size_(const tg_data *data);

/* One sample in full, zeros included, the label last. */
void tg_sample_write_(const tg_data *data, size_t row, double *to);

#endif
