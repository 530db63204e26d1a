/* Files that are complete or not there at all. */
#ifndef TRAIN_OUTPUT_H
#define TRAIN_OUTPUT_H

#include "failure.h"

/* Makes or replaces a file with these bytes in one step: written beside it, synced and renamed, so that a failure
 * leaves an older file as it was. "-" is standard output; devices and pipes are written to directly. */
bool write_file(const char *file, const char *bytes, size_t length, failure *f);

/* Is there a folder for it that can be written to? Asked before the work that is to be written. */
bool write_possible(const char *file, failure *f);

#endif
