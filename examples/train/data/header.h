/* Is the first line of a table a header? Found out from that line and those below it. */
#ifndef TRAIN_HEADER_H
#define TRAIN_HEADER_H

#include "csv.h"

/* A record that is kept: a copy of what csv_next showed. */
typedef struct kept_record {
  csv_field *field;
  size_t fields;
  char *bytes; /* the texts, one after the other */
} kept_record;

bool record_keep(kept_record *to, const csv *from); /* false: no memory */
void record_free(kept_record *r);

typedef struct header_guess {
  bool is_header;
  bool sure; /* the rows below tell; else it is what is more common */
} header_guess;

/* From the first `count` records, at least one. A header has words above numbers, or is all words that do not
 * occur again below; a row has numbers above numbers, or words that do. `point` is the decimal mark. False:
 * no memory. */
bool header_find(header_guess *g, const kept_record *record, size_t count, char point);

const char *header_words(header_guess g); /* for people */

#endif
