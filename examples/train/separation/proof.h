/* A proof that a direction found by arithmetic with rounding separates the classes. */
#ifndef TRAIN_PROOF_H
#define TRAIN_PROOF_H

#include "cone.h"
#include "separation.h"

/* Relative to form and direction: a margin within that of zero is taken for one that touches zero. */
extern const double separation_touching;

/* `way` (n) is a point of the cone but for rounding, found as the projection of a vector of length 1. Suspected
 * if margins along it are positive or touch zero, and some are positive; more than that, with the way changed to
 * one that is proven, if the proof succeeds; else none. */
bool separation_prove(separation *found, const problem *p, cone *c, double *way, unscaled_rows unscaled,
                      failure *f);

#endif
