/* Correlated columns make steep and narrow valleys. For a linear predictor the Hessian is about
 *   M = 1/N sum_i c_i x_i x_i' + ridge,
 * the same for every class, with c_i the curvature of the loss in the predictor (for classes the mean of p_k
 * (1 - p_k)). In the coordinates v = L' theta with M = L L' the objective is nearly round, and few iterations
 * are enough. All classes share M, so that what they have in common, which only the ridge determines, stays
 * at zero. */
#ifndef TRAIN_WHITENING_H
#define TRAIN_WHITENING_H

#include "problem.h"

typedef struct whitening {
  problem *p;
  size_t size;    /* features + 1, the intercept last */
  double *factor; /* L, size x size */
  double *copy, *theta, *gradient, *line;
  double *rows;   /* a few, with a 1 behind the features */
  bool no_memory; /* for new coordinates: evaluations say so */
} whitening;

/* Worth its cost, and possible? Not for sparse rows, nets, or very many columns. */
bool whitening_fits(const problem *p);
bool whitening_new(whitening *w, problem *p, failure *f);
/* For the curvature at this point; first at all zeros. */
void whitening_at(whitening *w, const double *theta);
void whitening_free(whitening *w);

void whitening_enter(whitening *w, const double *theta, double *v);
void whitening_leave(whitening *w, const double *v, double *theta);
tg_objective whitening_objective(whitening *w); /* of v */

#endif
