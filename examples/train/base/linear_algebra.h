/* Small dense symmetric systems, row by row. */
#ifndef TRAIN_LINEAR_ALGEBRA_H
#define TRAIN_LINEAR_ALGEBRA_H

#include <stdbool.h>
#include <stddef.h>

/* a . b in four interleaved sums, which compilers turn into vector code. */
double dot4(const double *a, const double *b, size_t n);

/* x drawn towards 0 by so much, or 0: the proximal operator of by |x|. */
double soft_threshold(double x, double by);

/* Replaces the lower triangle of A (n x n) by its Cholesky factor. False when A is not positive definite
 * beyond rounding: a pivot fell to n * 2^-52 of the diagonal entry it came from, at row
 * *pivot (unless NULL). */
bool cholesky(double *a, size_t n, size_t *pivot);
/* The same, which asks before every row whether to go on; if not it is false and *pivot n. */
bool cholesky_while(bool (*go_on)(void *user), void *user, double *a, size_t n, size_t *pivot);
void solve_lower(const double *l, size_t n, double *x);    /* x becomes L^-1 x */
void solve_upper(const double *l, size_t n, double *x);    /* x becomes L'^-1 x */
void cholesky_solve(const double *l, size_t n, double *x); /* x: the right-hand side, then the solution */
void cholesky_inverse(const double *l, size_t n, double *inverse);

#endif
