/* Whether classes can be told apart along some direction: then the likelihood has no maximum, it only grows
 * as the coefficients go to infinity (Albert & Anderson 1984). A margin is by how much the outputs of a row
 * prefer its class to another. A direction along which all margins are positive separates completely; one
 * along which none is negative and some are positive separates quasi-completely. Both are proofs, and are
 * taken for that only when they hold for the data as they were read, rounding included. */
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

/* The listed rows of the problem as they were before scaling. */
typedef bool (*unscaled_rows)(dataset *d, const size_t *row, size_t rows, void *user, failure *f);

/* Is every row on the right side under theta, by more than rounding can account for? Then theta is the proof.
 * Without memory to look: not proven. */
bool separation_proven(const problem *p, const double *theta);

/* After an unpenalised fit that ended at theta. `way` (n) becomes a direction that separates: theta itself,
 * or the nearest direction along which no margin is negative. What touches the border is proven to lie on it.
 */
bool separation_find(separation *found, problem *p, const double *theta, double *way, unscaled_rows unscaled,
                     void *user, failure *f);

/* The classes that are separated, in words: "setosa from versicolor, ..."; false: no memory. */
bool separation_describe(const problem *p, const double *way, const levels *labels, char *out, size_t room);

#endif
