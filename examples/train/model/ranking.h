/* Rows of two classes in the order of their scores, for the area under the ROC curve: 16 bytes a row. */
#ifndef TRAIN_RANKING_H
#define TRAIN_RANKING_H

#include <stdbool.h>
#include <stddef.h>

typedef struct ranked {
  double score, weight; /* the weight of a negative row is negative */
} ranked;

/* Blocks of rows, each sorted by itself and then merged, so that no second copy is needed. */
typedef struct ranking {
  ranked **block;
  size_t blocks, room, last; /* rows in the last block */
} ranking;

bool ranking_add(ranking *r, double score, double weight, bool positive); /* false: no memory */

/* Rank statistic of Mann and Whitney, ties counted half; NaN when one class has no weight. Orders the rows.
 * False: no memory. */
bool ranking_area(ranking *r, double *area);
void ranking_free(ranking *r);

#endif
