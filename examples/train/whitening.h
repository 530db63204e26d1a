/* Correlated columns make steep and narrow valleys. For a linear predictor a bound of the Hessian is known beforehand,
 *   M = h/N sum_i x_i x_i' + ridge,
 * with h the largest curvature of the loss (1/4 for the logistic: Boehning & Lindsay 1988), the same for every class.
 * In the coordinates v = L' theta with M = L L' the objective is nearly round, and few iterations are enough. */
#ifndef TRAIN_WHITENING_H
#define TRAIN_WHITENING_H

#include "problem.h"

typedef struct whitening {
  problem *p;
  size_t size;      /* features + 1, the intercept last */
  double *factor;   /* L, size x size */
  double *theta, *gradient, *line;
} whitening;

/* Worth its cost, and possible? Not for sparse rows, nets, or very many columns. */
bool whitening_fits(const problem *p);
bool whitening_new(whitening *w, problem *p, failure *f);
void whitening_free(whitening *w);

void whitening_enter(whitening *w, const double *theta, double *v);
void whitening_leave(whitening *w, const double *v, double *theta);
tg_objective whitening_objective(whitening *w); /* of v */

#endif
