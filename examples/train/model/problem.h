/* The objective of a fit: the mean loss over the rows of a data set plus a penalty,
 *   C(theta) = 1/N sum_i w_i loss_i(theta) + sum_j (ridge_j theta_j^2 / 2 + lasso_j |theta_j|),
 * with the weights w_i of mean 1. The smooth part is an objective for the library's methods. */
#ifndef TRAIN_PROBLEM_H
#define TRAIN_PROBLEM_H

#include "scaling.h"

/* On the weights of the first layer's inputs and, in a net, of the second; never on intercepts. */
typedef struct penalty {
  double l2, l1;
  bool standardized; /* on the coefficients that columns of variance 1 would have */
} penalty;

typedef struct problem {
  model_shape shape;
  const dataset *data;
  size_t n;      /* parameters */
  double *ridge; /* n */
  double *lasso; /* n, or NULL without an L1 penalty */

  /* The sum over the rows in memory: all of them, or of rows in a file the piece at hand. */
  tg_finite_sum *sum;
  double *part;     /* of rows in a file: what a piece adds */
  double *gathered; /* of rows in a file: those of a mini-batch, or of a sample, brought together */
  size_t gathered_room;
  bool sample_gathered; /* those of `index` are */

  /* Only these rows count; NULL: all. */
  const size_t *index;
  size_t count;

  /* Rows that are not scaled: a point is mapped to their coordinates, and gradients are mapped back. NULL: the
   * rows are scaled. */
  const scaling *waiting;
  double *raw; /* room for a point and a direction in their coordinates */

  size_t values, gradients, hessians, products; /* evaluations so far, over all rows */

  bool (*go_on)(void *user); /* asked within what takes long, unless NULL */
  void *go_on_user;
  bool stopped; /* it said no: what was under way is not there */
} problem;

/* `data` is scaled by `s` already unless it is borrowed; both must outlive the problem. */
bool problem_new(problem *p, model_shape shape, const dataset *data, const scaling *s, penalty how,
                 failure *f);
void problem_free(problem *p);

bool problem_set_penalty(problem *p, const scaling *s, penalty how, failure *f);

/* Only these rows count from now on; index NULL: all of them again. */
void problem_restrict(problem *p, const size_t *index, size_t count);

/* The mean loss alone. */
tg_status problem_loss(problem *p, const double *theta, double *value, double *gradient);

/* The smooth part; `gradient` or `value` may be NULL. Returns a tg_status. */
tg_status problem_evaluate(problem *p, const double *theta, double *value, double *gradient);
tg_status problem_hessian(problem *p, const double *theta, double *hessian);
/* The features of row i as they are fitted; `room` has space for them. */
const double *problem_row(const problem *p, size_t i, double *room);
/* May what takes long go on? A Hessian that may not ends with TG_E_CALLBACK. */
bool problem_goes_on(void *p);
double problem_lasso(const problem *p, const double *theta);   /* the other part */
double problem_penalty(const problem *p, const double *theta); /* L1 and L2 part */
tg_objective problem_objective(problem *p);

/* An evaluation failed: why, in words; false. */
bool problem_fail(tg_status status, failure *f);

/* The curvature that the penalty is compared with when columns are scaled. */
double problem_curvature(const model_shape *m);

/* The mean loss that is left when predictions differ from a numeric target by no more than the rounding of
 * the terms they add up, which for columns of variance 1 are as large as their coefficients: below it a fit
 * is exact. 0 for classes. */
double problem_exact(const problem *p, const double *theta);

/* Weights brought to mean 1. */
void dataset_normalize_weights(dataset *d);

#endif
