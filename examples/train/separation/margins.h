/* Margins of rows: linear forms v'theta, one for each row and each class other than its own. For two classes
 * v is the row with a 1 for the intercept, its sign that of the class; for more it is the row in the place of
 * its class and minus the row in that of the other. */
#ifndef TRAIN_MARGINS_H
#define TRAIN_MARGINS_H

#include "problem.h"

/* Row i; sparse ones are spread out in `room` (features numbers). */
const double *features_of(const dataset *d, size_t i, double *room);

/* The same for rows in no order, which are not worth a piece of a file each; room for all of a row. */
const double *features_alone(const dataset *d, size_t i, double *room);

size_t margins_per_row(const model_shape *m);
size_t other_class(const model_shape *m, size_t truth, size_t k); /* k < margins_per_row */

/* v as a vector of all parameters. */
void margin_form(const model_shape *m, const double *x, size_t truth, size_t other, double *v);

typedef struct margin {
  double value;
  double error; /* at most so far from the exact value, for the rows as they were before scaling */
  double size;  /* Euclidean norm of v */
} margin;

margin margin_of(const model_shape *m, const double *theta, const double *x, size_t truth, size_t other);

#endif
