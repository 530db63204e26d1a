/* A penalty of falling strength: every solution is the start of the next. */
#ifndef TRAIN_PATH_H
#define TRAIN_PATH_H

#include "rows.h"
#include "text.h"
#include "training.h"

/* `count` strengths, equally spaced in their logarithm, from the least at which every coefficient is zero
 * (with an L1 part of at least 0.001 taken for granted, since a pure L2 penalty never gives zeros) down to
 * 1e-4 of it. */
bool path_strengths(training *t, const options *o, double *lambda, size_t count, failure *f);

/* Fits t at this strength, from where it stands. */
bool path_step(training *t, const loaded *l, const options *o, double lambda, failure *f);

size_t nonzero_weights(const training *t);

/* The verbs with --path. */
int path_fit(const options *o, const loaded *l, const row_split *s, failure *f);
int path_cv(const options *o, const loaded *l, failure *f);

#endif
