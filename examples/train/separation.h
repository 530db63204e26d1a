/* Whether classes can be told apart without error along some direction: then the likelihood has no maximum, it only
 * grows as the coefficients go to infinity (Albert & Anderson 1984). */
#ifndef TRAIN_SEPARATION_H
#define TRAIN_SEPARATION_H

#include "fit.h"
#include "levels.h"

typedef enum separation { SEPARATION_NONE, SEPARATION_QUASI, SEPARATION_COMPLETE } separation;

/* Is every row on the right side under theta, by more than rounding can account for? Then theta is the proof. */
bool separation_proven(const problem *p, const double *theta);

/* After an unpenalised fit that ended at theta. `way` (n) becomes a direction that separates. Quasi-complete separation (rows that touch the border) is looked for
 * in how the solution moves as a vanishing penalty is lowered: separated rows keep moving away, others stay. */
bool separation_find(separation *found, problem *p, const double *theta, double *way, failure *f);

/* The classes that are separated, in words: "setosa from versicolor, ..." */
void separation_describe(const problem *p, const double *way, const levels *labels, char *out, size_t room);

#endif
