/* Dense linear algebra on rows: the little that optimizers need. A matrix of n rows has them `stride` numbers
 * apart. Factorisations work on the upper triangle, whose rows are contiguous, and leave the lower one alone.
 */
#ifndef TG_OPTIM_DENSE_H
#define TG_OPTIM_DENSE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct tg_dense_ {
  double *a;
  size_t n, stride;
} tg_dense_;

/* Cholesky: A = U'U, U over the upper triangle of A. Returns n, or the first k for which the leading minor of
 * order k + 1 is not positive; rows above k are then rows of U, and *pivot <= 0 (or NaN) is what remained of
 * A_kk. */
size_t tg_dense_cholesky_(tg_dense_ a, int level, double *pivot);
/* x <- U'^-1 x and x <- U^-1 x, with the leading k x k part of U. */
void tg_dense_solve_transposed_(tg_dense_ u, size_t k, double *x);
void tg_dense_solve_upper_(tg_dense_ u, size_t k, double *x);
/* A vector z, |z| = 1, for which |U z| is small (the estimate of Cline, Moler, Stewart & Wilkinson 1979);
 * returns |U z|. */
double tg_dense_small_direction_(tg_dense_ u, double *z);

/* Solves A x = b (b in x) by elimination with partial pivoting; A is overwritten. False when A is singular.
 */
bool tg_dense_solve_general_(tg_dense_ a, double *x);

/* QR with column pivoting of the m x n matrix j (rows n apart), by Householder's reflections: j P = Q R. The
 * upper triangle of j becomes R without its diagonal. */
typedef struct tg_dense_qr_arrays_ {
  double *j;
  size_t m, n;
  size_t *pivot;    /* n: column k of jP is column pivot[k] of j */
  double *diagonal; /* n: of R */
  double *norm;     /* n: of j's columns */
  double *b;        /* m: replaced by Q'b */
  double *work;     /* 2 n: scratch */
} tg_dense_qr_arrays_;

void tg_dense_qr_(const tg_dense_qr_arrays_ *q);

/* Euclidean norm without overflow. */
double tg_dense_norm_(const double *x, size_t n);
double tg_dense_inner_(const double *x, const double *y, size_t n);

#endif
