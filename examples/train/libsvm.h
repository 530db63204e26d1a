/* Sparse rows in the text format of LIBSVM and LIBLINEAR: `target index:value index:value ...`, one row a
 * line, indices increasing, `#` starts a comment. Kept in compressed rows with columns from 0. */
#ifndef TRAIN_LIBSVM_H
#define TRAIN_LIBSVM_H

#include "input.h"

typedef struct sparse_rows {
  size_t rows, columns; /* columns: one more than the largest index, or what the caller asked for */
  size_t *row_start;    /* rows + 1 */
  size_t *column;
  double *value, *target;
  size_t rows_room, entries_room;
  int base; /* 0 or 1 as found or told */
} sparse_rows;

enum { BASE_UNKNOWN = -1, LARGEST_INDEX = 1 << 28 };

/* `base` tells whether indices count from 0 or 1. Unknown: from 0 if any index 0 occurs, from 1 otherwise, as
 * the format is defined. `columns` of 0: as many as occur; otherwise, with a known base, entries beyond are
 * passed over. */
bool libsvm_read(sparse_rows *s, const char *file, int base, size_t columns, failure *f);
bool libsvm_read_memory(sparse_rows *s, const char *bytes, size_t length, int base, size_t columns,
                        failure *f);
/* Entries beyond the columns asked for, and the first of them. */
typedef struct unknown_entries {
  size_t count, index;
  place first;
} unknown_entries;

/* The same, some rows at a time, for a known base and number of columns. */
typedef struct libsvm_reader {
  input in;
  size_t line;
  unknown_entries unknown;
} libsvm_reader;

bool libsvm_open(libsvm_reader *r, const char *file, failure *f);
/* At most `most` rows into s, which is empty; none at the end of the file. */
bool libsvm_next(libsvm_reader *r, sparse_rows *s, size_t most, int base, size_t columns, failure *f);
void libsvm_close(libsvm_reader *r);

/* Row `from` becomes row `to`, which is not behind it; the rows between are lost. */
void sparse_move(sparse_rows *s, size_t to, size_t from);
void sparse_free(sparse_rows *s);

#endif
