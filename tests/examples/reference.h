/* Penalised softmax and logistic regression by Newton's method written out by hand in long double arithmetic,
 * with no use of the library: what the training program is judged by. Columns are brought to mean 0 and
 * variance 1 first; a column that is constant becomes 0. The binary model is the softmax of two classes with
 * the coefficients of the first held at zero. */
#ifndef TESTS_REFERENCE_H
#define TESTS_REFERENCE_H

#include "load.h"

typedef long double real;

typedef struct reference {
  size_t rows, columns, free, classes; /* free: classes with coefficients, 1 for two classes */
  size_t n;                            /* free * (columns + 1) */
  real *x;                             /* rows x (columns + 1), the last 1 */
  const size_t *truth;
  real *mean, *spread; /* of the columns; a spread of 1 for constants */
  bool *constant;
  real *ridge; /* per column, on coefficients of columns of variance 1 */
  real lasso;  /* on the same; solved for given signs only */
} reference;

/* The penalty is lambda ((1 - mix) |w|^2 / 2 + mix |w|_1), on coefficients of standardized columns or of the
 * original (mix 0 only). */
reference reference_new(const loaded *l, real lambda, real mix, bool standardized);
void reference_free(reference *r);

/* Coefficients are stored class by class, the intercept behind those of the columns. `sign` NULL: no L1 term.
 * Otherwise n entries: 0 holds a coefficient at zero, 1 and -1 give the L1 term its slope. Newton's method
 * from theta; returns the objective with that slope. */
real reference_solve(const reference *r, real *theta, const signed char *sign);

/* The gradient of the smooth part, and the Hessian with 1 / free added along what all free classes have in
 * common. */
void reference_derivatives(const reference *r, const real *theta, real *gradient, real *hessian);

/* Standard errors of the coefficients of the original columns, in the same order: from the inverse of rows *
 * Hessian on the coefficients that sum to zero over the classes. */
void reference_errors(const reference *r, const real *theta, real *error);

#endif
