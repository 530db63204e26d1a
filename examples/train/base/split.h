/* Seeded random choices: the same seed gives the same split on every machine. */
#ifndef TRAIN_SPLIT_H
#define TRAIN_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct rng {
  uint64_t state;
} rng;

uint64_t rng_next(rng *r);              /* splitmix64: Steele, Lea, Flood (2014) */
size_t rng_below(rng *r, size_t bound); /* uniform in 0..bound-1, no modulo bias */
double rng_normal(rng *r);              /* standard normal (G. Marsaglia's polar method) */
void shuffle(rng *r, size_t *item, size_t count);

/* Deals n rows into `folds` folds: fold[i] in 0..folds-1. With classes (class_of[i] in 0..classes-1) every
 * class is spread as evenly as it can be; class_of NULL: no classes. False: no memory. */
bool split_folds(size_t *fold, size_t n, size_t folds, const size_t *class_of, size_t classes, uint64_t seed);

/* Holds back round(fraction * n) rows, each class in proportion: held[i] tells. False: no memory. */
bool split_holdout(bool *held, size_t n, double fraction, const size_t *class_of, size_t classes,
                   uint64_t seed);

#endif
