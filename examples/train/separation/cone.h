/* The cone of directions along which no margin is negative: K = {d : v_i'd >= 0 for all forms v_i}. */
#ifndef TRAIN_CONE_H
#define TRAIN_CONE_H

#include "margins.h"

typedef struct cone {
  const model_shape *shape;
  const dataset *data;
  size_t n;            /* parameters */
  double *v, *x;       /* scratch: a form, a row */
  const bool *support; /* n: forms count only where this is true; NULL: everywhere */
  /* Some independent forms ("tight"), as an orthonormal basis: form j = sum_i<=j r[j * n + i] q[i * n ...]. */
  size_t tight;
  contrast *tight_of;
  double *q, *r, *weight, *next;
} cone;

bool cone_new(cone *c, const model_shape *shape, const dataset *data);
void cone_free(cone *c);

/* The point of the cone nearest to z (both n). It is z + sum_i w_i v_i, with the weights w >= 0 that make that
 * shortest: nonnegative least squares (Lawson & Hanson 1974, chapter 23), since by Moreau's theorem (1962) z is
 * the sum of its projections on K and on the polar cone, which is spanned by the -v_i. Afterwards d is
 * orthogonal to the tight forms. False: it did not end in time. */
bool cone_project(cone *c, const double *z, double *d);

/* The form of a contrast, but for what is not in the support. */
void cone_form(cone *c, contrast of, double *v);

/* Makes the form of a contrast tight too, unless it depends on the others within rounding; d becomes orthogonal
 * to it. */
bool cone_tighten(cone *c, contrast of, double *d);

#endif
