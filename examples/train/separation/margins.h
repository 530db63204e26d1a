/* Margins of rows: linear forms v'theta, one for each row and each class other than its own. For two classes v
 * is the row with a 1 for the intercept, its sign that of the class; for more it is the row in the place of its
 * own class and minus the row in that of the rival. A row is on its right side where its margins are positive. */
#ifndef TRAIN_MARGINS_H
#define TRAIN_MARGINS_H

#include "problem.h"

/* One row against one class other than its own. */
typedef struct contrast {
  size_t row, own, rival;
} contrast;

typedef struct margin {
  double value;
  double error; /* at most so far from the exact value, for the rows as they were before scaling */
  double size;  /* Euclidean norm of v */
} margin;

/* Row i; sparse ones are written out in `room` (features numbers). */
const double *features_of(const dataset *d, size_t i, double *room);

/* The same for rows in no order, which are not worth a piece of a file each; room for all of a row. */
const double *features_alone(const dataset *d, size_t i, double *room);

size_t margins_per_row(const model_shape *m);

/* The contrast number k < margins_per_row of row i. */
contrast contrast_of(const dataset *d, size_t i, size_t k);

/* v as a vector of all parameters; x: the features of the row. */
void margin_form(const model_shape *m, const double *x, contrast c, double *v);

margin margin_of(const model_shape *m, const double *theta, const double *x, contrast c);

/* Calls this for every margin of the rows that have a weight, row after row, until it answers false; then the
 * walk is false. `room` has space for the features of a row. */
typedef bool (*margin_visit)(contrast c, const double *x, const margin *m, void *user);
bool margins_walk(const problem *p, const double *theta, double *room, margin_visit visit, void *user);

#endif
