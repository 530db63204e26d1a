/* Applying a model to rows. */
#ifndef TRAIN_SCORE_H
#define TRAIN_SCORE_H

#include "trained.h"

/* Numbers per row: the logarithms of the probabilities of all classes, or one value. */
size_t score_width(const trained *m);

/* scores: rows x score_width. The data are not scaled. False: no memory. */
bool score(const trained *m, const dataset *d, double *scores);

size_t best_class(const double *log_probability, size_t classes);

#endif
