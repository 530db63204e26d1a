/* Standard errors, tests and confidence intervals from the curvature of the log-likelihood at its maximum. */
#ifndef TRAIN_INFERENCE_H
#define TRAIN_INFERENCE_H

#include "problem.h"

typedef struct coefficient_row {
  double estimate, error, statistic, p_value, low, high; /* NaN but for the estimate: a constant column */
} coefficient_row;

typedef struct inference {
  size_t n;
  coefficient_row *row;  /* in original coordinates, in the order of theta */
  double freedom;        /* degrees of freedom of Student's t; infinity: normal */
  double log_likelihood; /* NaN where the loss is no likelihood */
  double dispersion;     /* squared loss: the residual variance; else 1 */
  bool exact; /* no residual but rounding is left: there are no errors, and rows have NaN for them */
} inference;

enum { INFERENCE_MOST = 5000 };

/* A fit that has come to its optimum. */
typedef struct fitted_problem {
  problem *p;
  const design *design;
  const scaling *scaling;
  const double *theta; /* the fitted coordinates */
} fitted_problem;

/* Is the model one that standard errors are there for? */
bool inference_possible(const model_shape *m, const penalty how, failure *f);

/* Observations: for classes the weights of rows count them, as if a row stood there so many times; least
 * squares has as many as there are rows whose weight is not 0, and weights are inverse variances up to a
 * factor. The covariance is the inverse of the observed information, ridge
 * included as its own information (with a ridge: of the posterior under the normal prior it stands for).
 * Standard errors of a softmax refer to its symmetric form, where coefficients sum to zero over the classes.

 * Without them it is false: why is in *f, unless the problem was stopped. */
bool inference_new(inference *i, const fitted_problem *at, double confidence, failure *f);
void inference_free(inference *i);

double student_two_sided(double t, double freedom);          /* P(|T| > |t|) */
double student_quantile(double probability, double freedom); /* of the upper half: probability >= 1/2 */

#endif
