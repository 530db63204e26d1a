/* Records of a CSV file (RFC 4180): fields may be quoted, and then hold delimiters, doubled quotes and line
 * breaks. Lines end in LF, CRLF or CR; blank lines are skipped. Fields are views into the window of the input
 * and stay valid until the next record. */
#ifndef TRAIN_CSV_H
#define TRAIN_CSV_H

#include "input.h"

typedef struct csv_field {
  char *text;
  size_t length, line, column; /* where it begins, from 1; the column in bytes */
  bool quoted;
} csv_field;

typedef struct csv {
  input *in;
  csv_field *field;
  size_t fields, room;
  size_t next_line;
  bool special[256]; /* bytes at which a plain field ends */
  char delimiter;
} csv;

typedef enum csv_result { CSV_FAILED = -1, CSV_END, CSV_RECORD } csv_result;

/* A delimiter of '\0' is found from the first line: whichever of comma, semicolon and tab is most frequent
 * there. */
bool csv_start(csv *c, input *in, char delimiter, failure *f);
csv_result csv_next(csv *c, failure *f);

/* Is nothing there, or one of the words for it (NA, nan, null, ?, ...), which may be meant as texts? */
bool field_is_missing(const csv_field *field, bool words_are_text);
void csv_end(csv *c);

#endif
