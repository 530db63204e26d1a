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

/* Learns the design from the listed rows of a table; its columns 0..features-1 are the features. */
bool design_learn(design *d, const table *t, size_t columns, row_list rows, failure *f);
/* Do all categories of other rows occur in those learned from, or may they not? Where they do not, and are
 * not refused, they count as the first level. */
bool design_covers(const design *d, const table *t, row_list rows, failure *f);
/* `column` has the number in the file, from 0, of each column of the rows. False: no memory. */
bool design_sparse(design *d, const sparse_rows *s, const size_t *column);
/* Have two designs the same columns, under the same names and with the same levels? */
bool design_same(const design *a, const design *b);
void design_free(design *d);

/* The name of feature j, written to `out`; returns out. */
enum { FEATURE_NAME_ROOM = 256 };
const char *design_feature_name(const design *d, size_t j, char out[FEATURE_NAME_ROOM]);

/* How many features a column becomes: of a category without any level none. */
size_t design_width(const design_column *c);
/* The features of a row of the table. */
void design_encode(const design *d, const double *cell, double *x);
/* The same as entries of a compressed row: every number has one, also a zero, and every category at most one.
 * Returns how many. */
size_t design_encode_entries(const design *d, const double *cell, size_t *column, double *value);

#endif
