/* A set of vectors: which of many are new, bit by bit but for a common sign. */
#ifndef TRAIN_DISTINCT_H
#define TRAIN_DISTINCT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct distinct {
  size_t width, count, room;
  double *vector;      /* count x width, each with its first entry that is not zero positive */
  size_t *slot, slots; /* open addressing; count of the vector + 1, or 0 where free */
} distinct;

/* *is_new tells whether v (width numbers, changed in place) was not there yet. A zero vector never is. False:
 * no memory. */
bool distinct_add(distinct *d, double *v, bool *is_new);
void distinct_free(distinct *d);

#endif
