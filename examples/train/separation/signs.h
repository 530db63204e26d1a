/* Separation by a single column of sparse rows. */
#ifndef TRAIN_SIGNS_H
#define TRAIN_SIGNS_H

#include "problem.h"

/* Is there a column that has one sign in a class, or none, and the other sign or none in all others? Along its
 * coefficient for that class no margin is negative: words that occur in one class only are of this kind. Signs
 * are the same before and after scaling, so this is exact. Quick enough for any number of columns. `way` (n)
 * becomes that direction. */
bool separated_by_signs(const problem *p, double *way, bool *no_memory);

#endif
