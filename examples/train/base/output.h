/* Files that are complete or not there at all. */
#ifndef TRAIN_OUTPUT_H
#define TRAIN_OUTPUT_H

#include "failure.h"

/* Bytes on their way into a file: written beside it and moved there when all are there. "-" is standard
 * output; it, devices and pipes are written to directly. Behind a symbolic link the file it leads to is
 * replaced, and the link stays. */
typedef struct output {
  const char *file;
  char *real; /* the file that it is, behind symbolic links; NULL: written to directly */
  char *beside;
  int handle;
} output;

bool output_open(output *o, const char *file, failure *f);
bool output_add(output *o, const char *bytes, size_t length, failure *f);
bool output_close(output *o, bool keep, failure *f); /* without `keep` nothing is left, and true */

/* A file with these bytes, made or replaced in one step: a failure leaves an older file as it was. */
bool write_file(const char *file, const char *bytes, size_t length, failure *f);

/* A signal that ends the program (INT, TERM, HUP) removes what is half written first. Ignored
 * ones stay so. */
void clean_up_on_signals(void);
void end_by_signal(int number); /* a handler that does */

/* The folder a file is in: its name up to the last slash, in memory of its own; NULL: none is left. */
char *folder_of(const char *file);

/* Is there a folder for it that can be written to? Asked before the work that is to be written. */
bool write_possible(const char *file, failure *f);

#endif
