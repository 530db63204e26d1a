/* Text that grows: for files and reports that are made in memory and written at once. */
#ifndef TRAIN_TEXT_H
#define TRAIN_TEXT_H

#include "failure.h"

typedef struct text {
  char *bytes; /* ends with '\0' once something was added */
  size_t length, room;
  bool failed; /* out of memory; what follows is lost */
} text;

void text_add(text *t, const char *format, ...) PRINTF_LIKE(2, 3);
void text_bytes(text *t, const char *bytes, size_t length);
void text_number(text *t, double x);      /* shortest form */
void text_quoted(text *t, const char *s); /* as JSON has it; what is no UTF-8 becomes U+FFFD */
/* In double quotes, with JSON's escapes, byte for byte: for models. */
void text_escaped(text *t, const char *s);
void text_csv(text *t, const char *s);    /* a field, quoted if it has to be (RFC 4180) */
void text_json_number(text *t, double x); /* null when not finite */
void text_free(text *t);

#endif
