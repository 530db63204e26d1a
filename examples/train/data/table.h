/* A CSV file as columns of numbers. Text columns (labels, categories) hold the number of their level; a
 * missing value is NaN, a category unknown to a closed column is -1. */
#ifndef TRAIN_TABLE_H
#define TRAIN_TABLE_H

#include "header.h"
#include "levels.h"
#include "paged.h"

#define NO_COLUMN ((size_t)-1)

typedef enum column_kind { COLUMN_NUMBER, COLUMN_CATEGORY, COLUMN_LABEL } column_kind;

typedef struct table_column {
  char *name; /* owned */
  column_kind kind;
  levels levels;       /* of a category or label */
  size_t source;       /* which field of a record, from 0 */
  bool closed;         /* no level may be added */
  bool unseen_allowed; /* a text outside a closed category becomes -1 instead of a failure */
  bool missing_allowed;
  bool words_are_text; /* NA, nan, ? and the like are texts; only nothing at all is missing */
  bool nonnegative;    /* weights */
  bool predicted;      /* the target: for messages */
  bool is_weight;      /* a row with a 0 here is passed over, whatever else it has */
  const char *advice;  /* what to do about a missing value, for messages; NULL: none */
} table_column;

/* Rows that were left out, and why. */
typedef struct dropped_rows {
  size_t missing, weightless; /* a missing value; else a weight of 0 */
} dropped_rows;

typedef struct table {
  table_column *column;
  size_t columns;
  double *cell; /* rows x columns, row by row */
  paged *paged; /* or the rows are in a file; cell then has those just read */
  size_t rows, room;
  dropped_rows dropped; /* so far */
} table;

/* Some rows, by their numbers, in this order. */
typedef struct row_list {
  const size_t *at;
  size_t count;
} row_list;

typedef enum header_kind { HEADER_AUTO, HEADER_YES, HEADER_NO } header_kind;

typedef struct table_format {
  char delimiter;     /* '\0': found out */
  char point;         /* the decimal mark */
  header_kind header; /* auto: found out by header_find */
} table_format;

typedef struct table_reader {
  input in;
  csv csv;
  table_format format;
  levels names; /* one per field: from the header, or x1, x2, ... */
  header_guess header;
  kept_record *kept; /* the first records, those of them from next_kept on still to be stored */
  size_t kept_count, next_kept;
  const csv_field *field; /* of the row at hand, `fields` of them */
  size_t fields;
  size_t weight;     /* the field that holds the weight, or NO_COLUMN */
  size_t *column_of; /* field -> column of the table, or NO_COLUMN */
} table_reader;

/* Opens the file and settles delimiter, header and names. */
bool table_open(table_reader *r, const char *file, table_format format, failure *f);
bool table_open_memory(table_reader *r, const char *bytes, size_t length, table_format format, failure *f);
void table_close(table_reader *r);

/* A field by its name or, failing that, by its number from 1; NO_COLUMN if there is none. */
size_t table_find(const table_reader *r, const char *name);

bool table_add_column(table *t, const char *name, column_kind kind, size_t source, failure *f);

/* Reads at most `most` further rows into t, behind those it has. *end tells that the file is at its end. */
bool table_read(table_reader *r, table *t, size_t most, bool *end, failure *f);

/* Moves the rows just read behind those in the file, which is made at the first call with pieces of `most`
 * rows. */
bool table_put_away(table *t, size_t most, failure *f);

double *table_row(const table *t, size_t i); /* the cells of row i, until another row is asked for */

/* Numbers the levels of every text column that occur in its rows in order (levels_settle);
 * false: no memory. */
bool table_settle_levels(table *t, char point);

void table_drop_missing(table *t); /* removes the rows with a missing value, and counts them */
void table_clear(table *t);        /* forgets the rows, keeps the columns */
void table_free(table *t);

#endif
