/* Reading data for a model that exists, piece by piece: files may be larger than memory. */
#ifndef TRAIN_APPLY_H
#define TRAIN_APPLY_H

#include "options.h"
#include "score.h"

typedef struct apply {
  const trained *model;
  table_reader reader;
  table table;
  roles role;
  size_t features;
  dataset piece;  /* the rows at hand */
  double *scores; /* rows of the piece x score_width */
  size_t scores_room;
  libsvm_reader lines;
  sparse_rows sparse;              /* the rows at hand, as they are in the file */
  double *row_weight, *row_offset; /* of sparse rows */
  size_t extras, next;             /* how many weights and offsets there are; the next sparse row */
  bool needs_target;
  bool drops;           /* evaluate, for a model that was made so: rows with a missing value are left out */
  dropped_rows dropped; /* of sparse rows; those of a table counts the table */
  bool is_sparse, end;
} apply;

/* With `needs_target` the target column must be there and its labels known to the model. */
bool apply_open(apply *a, const trained *m, const options *o, bool needs_target, failure *f);

/* The next rows with their scores; false at the end or, with *failed, on failure. */
bool apply_next(apply *a, bool *failed, failure *f);
/* Lines to standard error if rows were left out or there was something in the data that the model does not
 * know. */
void apply_note(const apply *a);
/* The rows left out so far. */
const dropped_rows *apply_dropped(const apply *a);
/* Not one is there to be evaluated: why; false. */
bool apply_no_rows(const apply *a, const char *file, failure *f);
void apply_close(apply *a);

#endif
