/* Data to learn from: read by the options, columns given their roles, the kind of model settled. */
#ifndef TRAIN_LOAD_H
#define TRAIN_LOAD_H

#include "data_format.h"
#include "dataset.h"
#include "models.h"
#include "options.h"

typedef struct loaded {
  bool is_sparse;
  table table;     /* features first, then target, weight, offset */
  size_t features; /* columns of the table that are features */
  roles role;
  sparse_rows sparse;
  size_t *sparse_column; /* of the file, from 0, for each of its columns */
  model_kind kind;
  levels labels; /* of the classes that occur; empty for a linear model */
  size_t rows;   /* without those dropped: what has no weight is not learned from, nor are its labels */
  dropped_rows dropped;
  header_guess header;
  char point;                      /* the decimal mark of labels that are numbers */
  size_t *class_of;                /* of each row; NULL for a linear model */
  double *class_weight;            /* NULL: all 1 */
  double *row_weight, *row_offset; /* of a libsvm file, from files of their own; or NULL */
} loaded;

bool load(loaded *l, const options *o, failure *f);
void loaded_free(loaded *l);

double loaded_target(const loaded *l, size_t i);
bool loaded_weighted(const loaded *l); /* do rows have weights of their own? */

/* May the rows held back be judged by a model of this design? See design_covers. */
bool loaded_covers(const loaded *l, const design *how, row_list held, failure *f);

/* The named rows with the features of a design: for learning, class weights are multiplied in and weights
 * brought to mean 1. */
bool loaded_rows(dataset *d, const loaded *l, const design *how, row_list rows, bool learning, failure *f);

#endif
