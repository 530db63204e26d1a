/* A list of distinct texts numbered from 0 in order of appearance, with quick look-up: labels, categories,
 * names. */
#ifndef TRAIN_LEVELS_H
#define TRAIN_LEVELS_H

#include <stdbool.h>
#include <stddef.h>

#define LEVEL_NONE ((size_t)-1)

typedef struct level_value level_value;

typedef struct levels {
  char **text;
  size_t *length, count, room;
  size_t *slot, slots; /* open addressing; LEVEL_NONE where free */
  level_value *value;  /* of texts that are all numbers: in order, `count` of them; or NULL */
  char point;          /* their decimal mark */
} levels;

void levels_free(levels *l);
size_t levels_find(const levels *l, const char *text, size_t length);
size_t levels_add(levels *l, const char *text, size_t length); /* found or new; LEVEL_NONE: no memory */

/* Keeps the levels that are used (used[i]: does level i occur?) and sorts them, as numbers if every text is
 * one and as bytes otherwise. Numbers of one value (0, 0.0, +0) become one level, under the shortest of their
 * texts; whole numbers from 2^53 on are told apart by their digits. place[old number] = new number, or
 * LEVEL_NONE; its `count` places are the caller's. False: no memory. */
bool levels_settle(levels *l, const bool *used, char point, size_t *place);

/* From now on, until one is added, levels_match finds numbers by their value too, if every text is one.
 * False: no memory. */
bool levels_by_value(levels *l, char point);
size_t levels_match(const levels *l, const char *text, size_t length);

bool levels_same(const levels *a, const levels *b); /* the same texts in the same order? */
bool levels_copy(levels *to, const levels *from);   /* to the end of others; false: no memory */

#endif
