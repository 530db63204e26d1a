#include "split.h"

#include "memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

uint64_t rng_next(rng *r)
{
  uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

size_t rng_below(rng *r, size_t bound)
{
  assert(bound > 0);
  const uint64_t b = bound, unfair = (UINT64_MAX - b + 1) % b; /* 2^64 mod b */
  uint64_t x = rng_next(r);
  while (x < unfair) x = rng_next(r);
  return (size_t)(x % b);
}

double rng_normal(rng *r)
{
  for (;;) {
    const double u = (double)(rng_next(r) >> 11) * 0x1p-52 - 1, v = (double)(rng_next(r) >> 11) * 0x1p-52 - 1;
    const double s = u * u + v * v;
    if (s > 0 && s < 1) return u * sqrt(-2 * log(s) / s);
  }
}

void shuffle(rng *r, size_t *item, size_t count)
{
  for (size_t i = count; i > 1; i--) {
    const size_t j = rng_below(r, i), kept = item[i - 1];
    item[i - 1] = item[j];
    item[j] = kept;
  }
}

/* The rows grouped by class, shuffled within each: order[start[c]..start[c+1]). */
static bool shuffled_classes(size_t *order, size_t *start, size_t n, const size_t *class_of, size_t classes,
                             uint64_t seed)
{
  size_t *next = zeroed(classes + 1, sizeof *next);
  if (next == NULL) return false;
  for (size_t c = 0; c <= classes; c++) start[c] = 0;
  for (size_t i = 0; i < n; i++) start[(class_of != NULL ? class_of[i] : 0) + 1]++;
  for (size_t c = 0; c < classes; c++) start[c + 1] += start[c];
  for (size_t c = 0; c < classes; c++) next[c] = start[c];
  for (size_t i = 0; i < n; i++) order[next[class_of != NULL ? class_of[i] : 0]++] = i;
  rng r = {seed};
  for (size_t c = 0; c < classes; c++) shuffle(&r, order + start[c], start[c + 1] - start[c]);
  free(next);
  return true;
}

bool split_folds(size_t *fold, size_t n, size_t folds, const size_t *class_of, size_t classes, uint64_t seed)
{
  if (class_of == NULL) classes = 1;
  size_t *order = resize(NULL, n, sizeof *order), *start = resize(NULL, classes + 1, sizeof *start);
  const bool good =
      order != NULL && start != NULL && shuffled_classes(order, start, n, class_of, classes, seed);
  for (size_t i = 0; good && i < n; i++) fold[order[i]] = i % folds; /* dealt on from class to class */
  free(order);
  free(start);
  return good;
}

/* How many of each class: the whole parts first, then one each for the largest remainders. */
static void quotas(size_t *quota, const size_t *start, size_t classes, size_t total, size_t n)
{
  size_t given = 0;
  for (size_t c = 0; c < classes; c++) {
    const double exact = (double)(start[c + 1] - start[c]) * (double)total / (double)n;
    quota[c] = (size_t)floor(exact);
    given += quota[c];
  }
  while (given < total) {
    size_t best = classes;
    double most = -1;
    for (size_t c = 0; c < classes; c++) {
      const size_t size = start[c + 1] - start[c];
      const double remainder = (double)size * (double)total / (double)n - (double)quota[c];
      if (quota[c] < size && remainder > most) {
        most = remainder;
        best = c;
      }
    }
    if (best == classes) return;
    quota[best]++;
    given++;
  }
}

bool split_holdout(bool *held, size_t n, double fraction, const size_t *class_of, size_t classes,
                   uint64_t seed)
{
  if (class_of == NULL) classes = 1;
  size_t *order = resize(NULL, n, sizeof *order), *start = resize(NULL, classes + 1, sizeof *start);
  size_t *quota = resize(NULL, classes, sizeof *quota);
  bool good = order != NULL && start != NULL && quota != NULL;
  good = good && shuffled_classes(order, start, n, class_of, classes, seed);
  if (good) {
    quotas(quota, start, classes, (size_t)floor(fraction * (double)n + 0.5), n);
    for (size_t i = 0; i < n; i++) held[i] = false;
    for (size_t c = 0; c < classes; c++) {
      for (size_t i = 0; i < quota[c]; i++) held[order[start[c] + i]] = true;
    }
  }
  free(order);
  free(start);
  free(quota);
  return good;
}
