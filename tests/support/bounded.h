/* Problems with simple bounds: those of Hock & Schittkowski, "Test Examples for Nonlinear Programming Codes"
 * (1981), by their numbers, and the sample problem of Byrd, Lu, Nocedal & Zhu's L-BFGS-B (Zhu et al., ACM
 * TOMS 23, 1997). Derivatives are written out. */
#ifndef TG_TESTS_BOUNDED_H
#define TG_TESTS_BOUNDED_H

#include "tapegrad/optim.h"

enum { BOUNDED_COUNT = 10, BOUNDED_MOST = 25 };

typedef struct bounded_problem {
  const char *name;
  size_t n;
  /* The value; the gradient into g. */
  double (*evaluate)(const double *x, double *g, size_t n);
  /* Start and bounds. */
  void (*begin)(double *x, double *lower, double *upper, size_t n);
  double minimum;
  size_t
      reference; /* evaluations of L-BFGS-B 3.0, memory 10, to the accuracy below; 0: it ended at the start */
} bounded_problem;

extern const bounded_problem bounded_table[BOUNDED_COUNT];

/* Counts evaluations, and notes when f - f* <= 1e-8 (1 + |f*|) was first met and whether a point lay outside.
 */
typedef struct bounded_probe {
  const bounded_problem *problem;
  size_t calls, solved_at;
  double lower[BOUNDED_MOST], upper[BOUNDED_MOST];
  bool outside;
} bounded_probe;

/* x (BOUNDED_MOST) gets the start. */
tg_objective bounded_objective(bounded_probe *p, const bounded_problem *problem, double *x);

#endif
