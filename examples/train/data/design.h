/* From the columns of a file to the features of a model: numbers as they are, a category of L levels as L - 1
 * indicators (the first level, in sorted order, is the reference), missing values filled in. A design is
 * learned once and belongs to the model, so that new data are treated exactly as the old. */
#ifndef TRAIN_DESIGN_H
#define TRAIN_DESIGN_H

#include "libsvm.h"
#include "table.h"

typedef enum missing_policy { MISSING_REFUSE, MISSING_DROP, MISSING_MEAN, MISSING_MEDIAN } missing_policy;

typedef struct design_column {
  char *name;
  column_kind kind;
  levels levels;  /* those that occur in the rows learned from */
  size_t *number; /* of each level of the table in the design, or LEVEL_NONE; NULL: they are the same */
  double fill;    /* for a missing value: mean, median, or the most frequent level */
} design_column;

typedef struct design {
  design_column *column;
  size_t columns, features;
  missing_policy missing;
  bool unseen_allowed; /* an unseen category counts as the reference */
  bool sparse;         /* made from a libsvm file: `features` columns without names */
  int base;            /* of that file's column numbers */
  size_t *file_column; /* the number there, from 0, of each feature, ascending */
} design;

/* Rows ready for a model, dense or sparse; the rows of a table too are sparse where categories are large.
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

/* Learns the design from the listed rows of a table; its columns 0..features-1 are the features. */
bool design_learn(design *d, const table *t, size_t columns, const size_t *row, size_t rows, failure *f);
/* Do all categories of other rows occur in those learned from, or may they not? Where they do not, and are
 * not refused, they count as the first level. */
bool design_covers(const design *d, const table *t, const size_t *row, size_t rows, failure *f);
/* `column` has the number in the file, from 0, of each column of the rows. False: no memory. */
bool design_sparse(design *d, const sparse_rows *s, const size_t *column);
/* Have two designs the same columns, under the same names and with the same levels? */
bool design_same(const design *a, const design *b);
void design_free(design *d);

/* The name of feature j, written to `out`; returns out. */
enum { FEATURE_NAME_ROOM = 256 };
const char *design_feature_name(const design *d, size_t j, char out[FEATURE_NAME_ROOM]);

bool dataset_from_table(dataset *s, const design *d, const table *t, roles role, const size_t *row,
                        size_t rows, failure *f);
/* Rows of which a quarter or more is not zero become dense ones. */
bool dataset_from_sparse(dataset *s, const sparse_rows *from, sparse_extras extras, const size_t *row,
                         size_t rows, failure *f);
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
