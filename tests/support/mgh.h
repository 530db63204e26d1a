/* The 35 problems of More, Garbow & Hillstrom, "Testing Unconstrained Optimization Software" (ACM TOMS 7,
 * 1981, 17-41) in 45 instances: those of several sizes stand in the table more than once. Each is a vector of
 * m residuals of n parameters; f = sum of their squares. Derivatives are the tape's. */
#ifndef TG_TESTS_MGH_H
#define TG_TESTS_MGH_H

#include <stdbool.h>
#include <stddef.h>

#include "tapegrad/function.h"
#include "tapegrad/optim.h"

enum { MGH_COUNT = 45, MGH_MOST = 100, MGH_MINIMA = 3 };

typedef struct mgh_problem {
  const char *name;
  size_t n, m;
  tg_vector_fn residuals;
  void (*start)(double *x, size_t n);
  double minima[MGH_MINIMA]; /* known minima of f, the lowest first */
  size_t known;
} mgh_problem;

extern const mgh_problem mgh_table[MGH_COUNT];

/* A problem as an objective that counts the points at which it is asked and notes when f - f* <= 1e-8 (1 +
 * |f*|) was first met for one of the minima; or, by the gradient, when |grad f| <= 1e-6. */
typedef struct mgh_probe {
  const mgh_problem *problem;
  tg_function *sum, *vector;
  size_t points, solved_at; /* solved_at: 0 as long as it is not */
  bool by_gradient;         /* set it after mgh_open: what counts as solved */
  double best;              /* lowest f seen */
  double last[MGH_MOST];    /* the last point */
} mgh_probe;

tg_status mgh_open(mgh_probe *p, const mgh_problem *problem);
void mgh_close(mgh_probe *p);
/* Everything an objective can give: value and gradient, products, Hessian of f. */
tg_objective mgh_objective(mgh_probe *p);
/* The residuals with their Jacobian, and |r|^2 / 2. */
tg_objective mgh_residuals(mgh_probe *p);

#endif
