/* Can the classes be told apart without error? Then an unpenalised model has no maximum of the likelihood: the
 * coefficients run off along a direction that separates.
 *
 * Albert & Anderson (1984), "On the existence of maximum likelihood estimates in logistic regression models":
 * with the margins v_i'd of all rows along a direction d (margins.h), a maximum exists unless there is a d with
 *   v_i'd > 0 for all i                        complete separation, or
 *   v_i'd >= 0 for all i, and > 0 for some     quasi-complete separation.
 * Such a d is a proof, and is taken for one only when it holds for the data as they were read, rounding
 * included. (That there is none is proven by an optimum: where the gradient is zero, sum_i w_i v_i = 0 with all
 * w_i > 0, which by Stiemke's theorem excludes such a d.) */
#ifndef TRAIN_SEPARATION_H
#define TRAIN_SEPARATION_H

#include "levels.h"
#include "problem.h"

/* Suspected: a direction was found that only lacks the proof (margins of zero that may be rounding). */
typedef enum separation {
  SEPARATION_NONE,
  SEPARATION_SUSPECTED,
  SEPARATION_QUASI,
  SEPARATION_COMPLETE
} separation;

/* Gives rows of the problem, by their numbers, as they were before scaling. */
typedef struct unscaled_rows {
  bool (*read)(dataset *d, const size_t *row, size_t rows, void *user, failure *f);
  void *user;
} unscaled_rows;

/* Is every row on the right side under theta, by more than rounding can account for? Then theta is the proof.
 * Without memory to look: not proven. */
bool separation_proven(const problem *p, const double *theta);

/* After an unpenalised fit that ended at theta. `way` (n) becomes a direction that separates. */
bool separation_find(separation *found, problem *p, const double *theta, double *way, unscaled_rows unscaled,
                     failure *f);

/* The classes that are separated, in words: "setosa from versicolor, ..."; false: no memory. */
bool separation_describe(const problem *p, const double *way, const levels *labels, char *out, size_t room);

#endif
