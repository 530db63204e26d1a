/* The change of variables in which a model is fitted: x' = (x - shift) / scale. Coefficients are mapped back,
 * and the penalty keeps referring to the coefficients of the columns as they came, so scaling never changes
 * the optimum; it only makes it easy to reach. */
#ifndef TRAIN_SCALING_H
#define TRAIN_SCALING_H

#include "dataset.h"
#include "models.h"

typedef struct scaling {
  size_t features;
  double *shift, *scale;
  double *mean, *spread; /* and standard deviation of each column, which is 0 where it is constant */
  size_t constant;       /* how many columns are constant */
} scaling;

/* `ratio` is the L2 penalty over the curvature of the loss: scales are sqrt(variance + ratio), so that every
 * coefficient sees about the same curvature, penalty included. With `standardized` the penalty refers to
 * columns of variance 1. Of sparse rows only columns with an entry in every row are shifted: it would fill in
 * the zeros of others, for which the mean square stands in for the variance in their scale. */
bool scaling_learn(scaling *s, const dataset *data, const design *d, double ratio, bool standardized,
                   failure *f);
bool scaling_apply(const scaling *s, dataset *data); /* in place; borrowed rows into a copy */

/* May the rows stay as they are, and the scaling be applied to coefficients and gradients instead? Where a
 * column lies far from zero, compared with its spread, that would cost digits. */
bool scaling_can_wait(const scaling *s);
/* Coefficients from fitted to original ones, and back. */
void scaling_undo(const scaling *s, const model_shape *m, double *theta);
void scaling_redo(const scaling *s, const model_shape *m, double *theta);
void scaling_free(scaling *s);

#endif
