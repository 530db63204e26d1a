/* The loops over long vectors that methods share. Lengths n are multiples of TG_LANES_; callers pad with
 * zeros. */
#ifndef TG_OPTIM_VECTOR_H
#define TG_OPTIM_VECTOR_H

#include <stddef.h>

#define TG_LANES_ ((size_t)8)

typedef struct tg_vector_ {
  /* a'b */
  double (*dot)(const double *a, const double *b, size_t n);
  /* Returns g'd; *largest = max |g_i|, or NaN when an entry of g is not finite. */
  double (*slope)(const double *g, const double *d, size_t n, double *largest);
  /* max |a_i|, or NaN when an entry is not finite */
  double (*largest)(const double *a, size_t n);
  /* max |a_i - b_i|, likewise */
  double (*distance)(const double *a, const double *b, size_t n);
  /* out = a + t b */
  void (*add)(double *out, const double *a, double t, const double *b, size_t n);
  /* out = a - b */
  void (*subtract)(double *out, const double *a, const double *b, size_t n);
  /* out[0..4) += s'g, y'g, s'u, y'u */
  void (*pair)(const double *s, const double *y, const double *g, const double *u, size_t n, double out[4]);
  /* d = c g + sum_r coefficient[r] row_r; row r starts at rows + r * stride */
  void (*combine)(double *d, double c, const double *g, const double *coefficient, const double *rows,
                  size_t stride, size_t count, size_t n);
} tg_vector_;

const tg_vector_ *tg_vector_at_(int level);

#endif
