/* The loops over long vectors that methods share. Lengths n are multiples of TG_LANES_; callers pad with
 * zeros. */
#ifndef TG_OPTIM_VECTOR_H
#define TG_OPTIM_VECTOR_H

#include <stddef.h>

#define TG_LANES_ ((size_t)8)

/* Rows of n numbers in blocks: `width` numbers of each row in turn, all rows of a block together. Memory is
 * read as one stream then, in the order it lies there, which the processor fetches ahead best: with 16
 * numbers the two passes of L-BFGS took 12 ns a parameter where rows of a page took 20. */
typedef struct tg_rows_ {
  double *first;
  size_t count, width, stride; /* stride: from block to block */
} tg_rows_;

typedef struct tg_vector_change_ {
  const double *x, *x_before, *g, *g_before;
  size_t newest; /* rows 2 newest and 2 newest + 1 take s and y */
} tg_vector_change_;

/* d = weight g + sum_r coefficient[r] row_r */
typedef struct tg_combination_ {
  double *d;
  double weight;
  const double *g, *coefficient;
  const tg_rows_ *rows;
} tg_combination_;

typedef struct tg_vector_ {
  /* a'b */
  double (*dot)(const double *a, const double *b, size_t n);
  /* Returns g'd; *largest = max |g_i|, or NaN when an entry of g is not finite. */
  double (*slope)(const double *g, const double *d, size_t n, double *largest);
  /* max |a_i|, or NaN when an entry is not finite */
  double (*largest)(const double *a, size_t n);
  /* max |a_i - b_i|, likewise */
  double (*distance)(const double *a, const double *b, size_t n);
  /* a becomes b; max |b_i - a_i|, likewise */
  double (*replace)(double *a, const double *b, size_t n);
  /* out = a + t b */
  void (*add)(double *out, const double *a, double t, const double *b, size_t n);
  /* out = a - b */
  void (*subtract)(double *out, const double *a, const double *b, size_t n);
  /* One pass that writes the newest pair of rows, s = x - x_before and y = g - g_before, and multiplies all.
   * All sums are by lanes, entry i in lane i % 8, and are added to: s's, the largest |s_i| (a maximum), NaN
   * where an s_i is not finite; then for each pair of rows (s_p, y_p) s_p'g, y_p'g, s_p'y, y_p'y. */
  void (*remember)(const tg_vector_change_ *c, const tg_rows_ *rows, size_t n, double *sums);
  /* The combination; sums, by lanes: += d'g, g'g. */
  void (*combine)(const tg_combination_ *c, size_t n, double *sums);
} tg_vector_;

const tg_vector_ *tg_vector_at_(int level);
/* The sum of eight lanes. */
double tg_total_(const double lanes[8]);

#endif
