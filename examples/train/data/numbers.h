/* A file with one number a line, with or without a header: weights or offsets of the rows of another file. */
#ifndef TRAIN_NUMBERS_H
#define TRAIN_NUMBERS_H

#include "failure.h"

/* Exactly *count numbers into *x, which the caller frees; 0: as many as there are, and *count becomes their
 * number. */
bool numbers_read(double **x, const char *file, size_t *count, bool nonnegative, failure *f);

#endif
