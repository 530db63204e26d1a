/* Which rows are learned from, and which are held back to judge by. */
#ifndef TRAIN_ROWS_H
#define TRAIN_ROWS_H

#include "load.h"

typedef struct row_split {
  row_list learn, held;
  size_t *room; /* of both */
} row_split;

/* Holds back the share of --holdout, of every class. */
bool rows_hold_out(row_split *s, const loaded *l, const options *o, failure *f);
void rows_free(row_split *s);

/* The folds of a cross-validation, stratified by class. */
typedef struct row_folds {
  size_t *fold; /* of each row */
  size_t *room; /* for a split of all rows */
  size_t rows, folds;
} row_folds;

bool folds_deal(row_folds *r, const loaded *l, const options *o, failure *f);
/* Fold k is held back; folds_all: none is. Until the next call. */
row_split folds_without(row_folds *r, size_t k);
row_list folds_all(row_folds *r);
void folds_free(row_folds *r);

#endif
