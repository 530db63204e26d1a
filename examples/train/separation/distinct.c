#include "distinct.h"

#include "memory.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static size_t hash(const double *v, size_t n)
{
  uint64_t h = UINT64_C(14695981039346656037);
  for (size_t i = 0; i < n; i++) {
    uint64_t bits;
    memcpy(&bits, &v[i], sizeof bits);
    h = (h ^ bits) * UINT64_C(1099511628211);
    h ^= h >> 29;
  }
  return (size_t)h;
}

/* The slot of v, or the free one where it belongs. */
static size_t *slot_of(const distinct *d, const double *v)
{
  size_t s = hash(v, d->width) & (d->slots - 1);
  for (; d->slot[s] != 0; s = (s + 1) & (d->slots - 1)) {
    if (memcmp(d->vector + (d->slot[s] - 1) * d->width, v, d->width * sizeof *v) == 0) break;
  }
  return &d->slot[s];
}

static bool more_slots(distinct *d)
{
  const size_t slots = d->slots == 0 ? 64 : 2 * d->slots;
  size_t *slot = zeroed(slots, sizeof *slot);
  if (slot == NULL) return false;
  free(d->slot);
  d->slot = slot;
  d->slots = slots;
  for (size_t i = 0; i < d->count; i++) *slot_of(d, d->vector + i * d->width) = i + 1;
  return true;
}

/* Makes the first entry that is not zero positive, and no zero negative; false for a zero vector. */
static bool normalize(double *v, size_t n)
{
  size_t first = 0;
  while (first < n && v[first] == 0) first++;
  if (first == n) return false;
  const double sign = v[first] < 0 ? -1 : 1;
  for (size_t i = 0; i < n; i++) v[i] = v[i] == 0 ? 0 : sign * v[i];
  return true;
}

bool distinct_add(distinct *d, double *v, bool *is_new)
{
  assert(d->width > 0 && (d->slots & (d->slots - 1)) == 0);
  *is_new = false;
  if (!normalize(v, d->width)) return true;
  if (2 * (d->count + 1) > d->slots && !more_slots(d)) return false;
  size_t *slot = slot_of(d, v);
  if (*slot != 0) return true;
  double *larger = grow(d->vector, &d->room, (d->count + 1) * d->width, sizeof *larger);
  if (larger == NULL) return false;
  d->vector = larger;
  memcpy(d->vector + d->count * d->width, v, d->width * sizeof *v);
  *slot = ++d->count;
  return *is_new = true;
}

void distinct_free(distinct *d)
{
  free(d->vector);
  free(d->slot);
  *d = (distinct){.width = d->width};
}
