/* Rows of numbers in a temporary file, a piece of them at a time in memory: for data larger than memory. The
 * file lies in $TMPDIR or /tmp and has no name, so it is gone when the program is, however that ends. Like a
 * stream it remembers that something failed; until somebody asks, rows that cannot be had are zeros. */
#ifndef TRAIN_PAGED_H
#define TRAIN_PAGED_H

#include "failure.h"

#include <stdio.h>

typedef struct paged {
  FILE *file;
  size_t width, rows;
  size_t most;         /* rows of a piece */
  double *piece;       /* with room for as many as were needed yet */
  size_t room;         /* numbers */
  size_t first, count; /* the rows in memory */
  bool changed;
  int why; /* errno of the first failure */
} paged;

paged *paged_new(size_t width, size_t most, failure *f); /* NULL on failure */
void paged_free(paged *p);

bool paged_append(paged *p, const double *row);

/* Row i, valid until another piece is needed; quick when rows are asked for in order, up or down. */
double *paged_row(paged *p, size_t i);
void paged_copy(paged *p, size_t i, double *row); /* row i, wherever it is: for rows in no order */
void paged_changed(paged *p);                     /* the row just had was written to */

bool paged_good(paged *p, failure *f); /* has everything gone well so far? */

#endif
