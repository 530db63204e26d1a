/* The ways to minimise a problem, a file each. All start from the point of the fit and leave there the best they
 * found; false: a failure. How it ended stands in the outcome. */
#ifndef TRAIN_WAYS_H
#define TRAIN_WAYS_H

#include "fit_state.h"

bool fit_newton(fit *t, failure *f);          /* without an L1 penalty */
bool fit_proximal_newton(fit *t, failure *f); /* with one */
bool fit_proximal(fit *t, failure *f);        /* the same by gradients only */

/* Methods of the library that see all rows at a time, and those that see a mini-batch. */
bool fit_full_batch(fit *t, tg_method method, failure *f);
bool fit_epochs(fit *t, tg_method method, failure *f);

#endif
