/* Bytes of a file, of standard input ("-") or of memory, in a window that always holds the
 * record being read. */
#ifndef TRAIN_INPUT_H
#define TRAIN_INPUT_H

#include "failure.h"

#include <stdio.h>

enum { INPUT_LONGEST = 64 << 20 }; /* bytes of one record; more is refused, so that memory stays bounded */

typedef struct input {
  FILE *stream;     /* NULL when reading from memory */
  const char *name; /* for messages */
  char *bytes;      /* the window: bytes[start..end), with a '\0' at bytes[end] */
  size_t start, end, room;
  const char *memory; /* what is still to come from memory */
  size_t left;
  double taken;   /* bytes so far */
  bool finished;  /* nothing comes after bytes[end] */
  bool unbounded; /* the window may grow beyond INPUT_LONGEST */
} input;

/* Told of every piece that was read from a file, unless it is NULL: for progress. */
extern void (*input_watch)(const input *in);

bool input_open(input *in, const char *name, failure *f);
bool input_memory(input *in, const char *name, const char *bytes, size_t length, failure *f);
void input_close(input *in);

/* Reads on behind bytes[end], moving what is left to the front; `line` is named if the record is too long. At
 * the end of the file sets `finished` and succeeds. */
bool input_more(input *in, size_t line, failure *f);
bool input_whole(input *in, failure *f); /* all that is left into the window, however much that is */
bool input_lines(input *in, failure *f); /* for text; no line longer than INPUT_LONGEST */

/* Do these bytes come next? At most 256 kB are looked at, just after input_open. */
bool input_starts(const input *in, const char *bytes, size_t length);

#endif
