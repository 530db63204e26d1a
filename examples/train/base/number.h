/* Decimal numbers to doubles and back, correctly rounded, whatever the locale. */
#ifndef TRAIN_NUMBER_H
#define TRAIN_NUMBER_H

#include <stddef.h>

typedef enum number_kind {
  NUMBER_OK,
  NUMBER_TEXT,     /* not a number at all */
  NUMBER_NAN,      /* the word nan */
  NUMBER_INFINITE, /* the words inf, infinity */
  NUMBER_TOO_LARGE /* a decimal beyond the largest double */
} number_kind;

enum { NUMBER_ROOM = 32 };

/* The whole of text[0..length), without surrounding blanks, is read; `point` is the decimal mark. Underflow
 * gives the nearest subnormal or zero. *value is written only for NUMBER_OK. */
number_kind number_read(const char *text, size_t length, char point, double *value);

/* The shortest decimal that reads back to x (at most 17 digits); returns its length. NaN
 * and infinities too. */
size_t number_write(double x, char out[NUMBER_ROOM]);

#endif
