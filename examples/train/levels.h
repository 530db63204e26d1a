/* A list of distinct texts numbered from 0 in order of appearance, with quick look-up: labels, categories,
 * names. */
#ifndef TRAIN_LEVELS_H
#define TRAIN_LEVELS_H

#include <stdbool.h>
#include <stddef.h>

#define LEVEL_NONE ((size_t)-1)

typedef struct levels {
  char **text;
  size_t *length, count, room;
  size_t *slot, slots; /* open addressing; LEVEL_NONE where free */
} levels;

void levels_free(levels *l);
size_t levels_find(const levels *l, const char *text, size_t length);
size_t levels_add(levels *l, const char *text, size_t length); /* found or new; LEVEL_NONE: no memory */

/* Sorts, as numbers if every text is one and as bytes otherwise. place[old number] = new number; its `count`
 * places are the caller's. False: no memory. */
bool levels_sort(levels *l, size_t *place);

#endif
