/* The 27 sets for nonlinear least squares among NIST's Statistical Reference Datasets, each with two starts
 * and parameters certified to 11 digits. Residuals are model - y; derivatives are the tape's. */
#ifndef TG_TESTS_NIST_H
#define TG_TESTS_NIST_H

#include <stddef.h>

#include "tapegrad/function.h"
#include "tapegrad/var.h"

enum { NIST_COUNT = 27, NIST_MOST = 9, NIST_ROWS = 250 };

typedef struct nist_problem {
  const char *name;
  size_t n, m;
  tg_var (*model)(const tg_var *b, const double *x);
  const double *data; /* m rows of y, x; Nelson's have two x, and its y counts as log(y) */
  double start[2][NIST_MOST], certified[NIST_MOST];
  double squares; /* the certified sum of squares */
} nist_problem;

extern const nist_problem nist_table[NIST_COUNT];

/* The residuals as a recorded function, and half the sum of their squares. */
tg_status nist_residuals(tg_function **f, const nist_problem *p);
tg_status nist_sum(tg_function **f, const nist_problem *p);
/* The fewest digits that a parameter shares with the certified one, at most 11. */
double nist_digits(const nist_problem *p, const double *b);

#endif
