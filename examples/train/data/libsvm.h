/* Sparse rows in the text format of LIBSVM and LIBLINEAR: `target index:value index:value ...`, one row a
 * line, indices increasing, `#` starts a comment. Kept in compressed rows with columns from 0. */
#ifndef TRAIN_LIBSVM_H
#define TRAIN_LIBSVM_H

#include "input.h"

typedef struct sparse_rows {
  size_t rows, columns; /* columns: one more than the largest, or as many as are known or kept */
  size_t *row_start;    /* rows + 1 */
  size_t *column;
  double *value, *target;
  size_t rows_room, entries_room;
  int base; /* 0 or 1 as found or told */
} sparse_rows;

enum { BASE_UNKNOWN = -1, LARGEST_INDEX = 1 << 28 };

/* The columns that a model has, from 0, ascending: in its rows column j is column[j] of the file. */
typedef struct known_columns {
  const size_t *column;
  size_t count;
} known_columns;

/* `base` tells whether indices count from 0 or 1. Unknown: from 0 if any index 0 occurs, from 1 otherwise, as
 * the format is defined. `known` of NULL: all columns up to the largest that occurs; otherwise, with a known
 * base, the known ones, and entries of others are passed over. */
bool libsvm_read(sparse_rows *s, const char *file, int base, const known_columns *known, failure *f);
bool libsvm_read_memory(sparse_rows *s, const char *bytes, size_t length, int base,
                        const known_columns *known, failure *f);

/* Keeps the columns in which there is an entry: `*number` becomes their old numbers, ascending, to be freed.
 * Memory depends on how many entries there are, not on how large the numbers are. False: no memory. */
bool sparse_compact(sparse_rows *s, size_t **number);

/* Entries of columns that are not known, and the first of them. */
typedef struct unknown_entries {
  size_t count, index;
  place first;
} unknown_entries;

/* The same, some rows at a time, for a known base. */
typedef struct libsvm_reader {
  input in;
  size_t line;
  unknown_entries unknown;
} libsvm_reader;

bool libsvm_open(libsvm_reader *r, const char *file, failure *f);
/* At most `most` rows into s, which is empty; none at the end of the file. */
bool libsvm_next(libsvm_reader *r, sparse_rows *s, size_t most, int base, const known_columns *known,
                 failure *f);
void libsvm_close(libsvm_reader *r);

/* Row `from` becomes row `to`, which is not behind it; the rows between are lost. */
void sparse_move(sparse_rows *s, size_t to, size_t from);
void sparse_free(sparse_rows *s);

#endif
