/* Rows ready for a model, made from those of a table or of a sparse file. */
#ifndef TRAIN_DATASET_H
#define TRAIN_DATASET_H

#include "design.h"

/* Dense or sparse; the rows of a table too are sparse where categories are large.
 * Dense: rows x width, features first, then the offset, the weight and the target as
 * far as there are any; in memory or in a file. Sparse: compressed rows of features, the target beside them,
 * and if there are offsets or weights a table of `beside` numbers a row: those, and the target again. */
typedef struct dataset {
  size_t rows, features, width;
  bool has_offset, has_weight, has_target;
  double *values;
  paged *paged;
  bool borrowed; /* the values, or the sparse rows, are those that were read: all of them, laid out just so */
  size_t counted;         /* rows to learn from whose weight is not 0 */
  double weight_as_given; /* their sum: the rows' own weights, before those of classes */
  sparse_rows sparse;
  double *scaled;         /* the values of borrowed sparse rows, once they are scaled */
  double *table, *number; /* sparse with offsets or weights; the numbers of the rows, 0, 1, ... */
  size_t beside;
  bool is_sparse;
} dataset;

/* Which columns of a table are no features; NO_COLUMN where there is none. */
typedef struct roles {
  size_t target, weight, offset;
  bool unit_weight; /* without a column of weights every row gets the weight 1, to be changed */
} roles;

/* What belongs to the rows of a sparse file besides; NULL where there is none. */
typedef struct sparse_extras {
  const double *weight, *offset;
  bool unit_weight;
} sparse_extras;

bool dataset_from_table(dataset *s, const design *d, const table *t, roles role, row_list rows, failure *f);
/* Rows of which a quarter or more is not zero become dense ones. */
bool dataset_from_sparse(dataset *s, const sparse_rows *from, sparse_extras extras, row_list rows,
                         failure *f);
void dataset_free(dataset *s);

bool dataset_is_raw(const dataset *s);                 /* borrowed, and not scaled either */
const double *dataset_row(const dataset *s, size_t i); /* of dense rows; until another row is asked for */
double *dataset_edit(dataset *s, size_t i);            /* the same, to be changed */
bool dataset_good(const dataset *s, failure *f);       /* could rows in a file be had so far? */
void dataset_weigh(dataset *s, size_t i, double factor);

double dataset_target(const dataset *s, size_t i);
double dataset_weight(const dataset *s, size_t i); /* 1 without weights */
double dataset_offset(const dataset *s, size_t i); /* 0 without offsets */

#endif
