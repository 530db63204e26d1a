/* The cone of directions along which no margin is negative. */
#ifndef TRAIN_CONE_H
#define TRAIN_CONE_H

#include "margins.h"

typedef struct cone {
  const model_shape *shape;
  const dataset *data;
  size_t n;         /* parameters */
  double *v, *x;    /* scratch: a form, a sparse row */
  const bool *keep; /* n: forms count only where this is true; NULL: everywhere */
  /* Some independent forms ("tight"), as an orthonormal basis: form j = sum_i<=j r[j * n + i] q[i * n ...].
 */
  size_t tight;
  size_t *row, *truth, *other;
  double *q, *r, *weight, *next;
} cone;

bool cone_new(cone *c, const model_shape *shape, const dataset *data);
void cone_free(cone *c);

/* The point of the cone nearest to z (both n), by the method of Lawson & Hanson (1974, chapter 23) for its
 * dual: minimise |z + sum_i weight_i v_i| over weights >= 0. Afterwards d is orthogonal to the tight forms.
 * False: it did not end in time. */
bool cone_project(cone *c, const double *z, double *d);

/* The form of a row, but for what is not kept. */
void cone_form(cone *c, size_t row, size_t truth, size_t other, double *v);

/* Makes the form of a row tight too, unless it depends on the others within rounding; d becomes orthogonal to
 * it. */
bool cone_tighten(cone *c, size_t row, size_t truth, size_t other, double *d);

#endif
