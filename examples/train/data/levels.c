#include "levels.h"

#include "memory.h"
#include "number.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void levels_free(levels *l)
{
  for (size_t i = 0; i < l->count; i++) free(l->text[i]);
  free(l->text);
  free(l->length);
  free(l->slot);
  free(l->value);
  *l = (levels){0};
}

static size_t hash(const char *text, size_t length) /* FNV-1a, 64 bits */
{
  uint64_t h = UINT64_C(14695981039346656037);
  for (size_t i = 0; i < length; i++) h = (h ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
  return (size_t)(h ^ (h >> 32));
}

static bool same(const levels *l, size_t i, const char *text, size_t length)
{
  return l->length[i] == length && memcmp(l->text[i], text, length) == 0;
}

static size_t slot_of(const levels *l, const char *text, size_t length)
{
  size_t s = hash(text, length) & (l->slots - 1);
  while (l->slot[s] != LEVEL_NONE && !same(l, l->slot[s], text, length)) s = (s + 1) & (l->slots - 1);
  return s;
}

size_t levels_find(const levels *l, const char *text, size_t length)
{
  return l->slots == 0 ? LEVEL_NONE : l->slot[slot_of(l, text, length)];
}

static bool rehash(levels *l, size_t slots)
{
  size_t *slot = resize(NULL, slots, sizeof *slot);
  if (slot == NULL) return false;
  free(l->slot);
  l->slot = slot;
  l->slots = slots;
  for (size_t i = 0; i < slots; i++) slot[i] = LEVEL_NONE;
  for (size_t i = 0; i < l->count; i++) slot[slot_of(l, l->text[i], l->length[i])] = i;
  return true;
}

static bool make_room(levels *l)
{
  if (2 * (l->count + 1) > l->slots && !rehash(l, l->slots == 0 ? 16 : 2 * l->slots)) return false;
  if (l->count < l->room) return true;
  const size_t room = l->room == 0 ? 8 : 2 * l->room;
  char **text = resize(l->text, room, sizeof *text);
  if (text == NULL) return false;
  l->text = text;
  size_t *length = resize(l->length, room, sizeof *length);
  if (length == NULL) return false;
  l->length = length;
  l->room = room;
  return true;
}

size_t levels_add(levels *l, const char *text, size_t length)
{
  const size_t found = levels_find(l, text, length);
  if (found != LEVEL_NONE) return found;
  if (!make_room(l)) return LEVEL_NONE;
  char *copy = copy_text(text, length);
  if (copy == NULL) return LEVEL_NONE;
  free(l->value);
  l->value = NULL;
  l->text[l->count] = copy;
  l->length[l->count] = length;
  l->slot[slot_of(l, text, length)] = l->count;
  return l->count++;
}

/* -- numbers --------------------------------------------------------------------------------------------- */

struct level_value {
  double number;
  size_t level;
};

static const double exact = 0x1p53; /* from there on whole numbers that differ may be one double */

static void forget_values(levels *l)
{
  free(l->value);
  l->value = NULL;
}

static int by_number(const void *a, const void *b)
{
  const level_value *x = a, *y = b;
  return (x->number > y->number) - (x->number < y->number);
}

bool levels_by_value(levels *l, char point)
{
  forget_values(l);
  level_value *value = resize(NULL, l->count, sizeof *value);
  if (value == NULL) return false;
  l->value = value;
  l->point = point;
  for (size_t i = 0; i < l->count; i++) {
    value[i].level = i;
    if (number_read(l->text[i], l->length[i], point, &value[i].number) != NUMBER_OK)
      return forget_values(l), true;
  }
  qsort(value, l->count, sizeof *value, by_number);
  return true;
}

size_t levels_match(const levels *l, const char *text, size_t length)
{
  const size_t found = levels_find(l, text, length);
  double x;
  if (found != LEVEL_NONE || l->value == NULL) return found;
  if (number_read(text, length, l->point, &x) != NUMBER_OK || fabs(x) >= exact) return LEVEL_NONE;
  size_t low = 0, high = l->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (l->value[middle].number < x)
      low = middle + 1;
    else
      high = middle;
  }
  return low < l->count && l->value[low].number == x ? l->value[low].level : LEVEL_NONE;
}

/* -- settling -------------------------------------------------------------------------------------------- */

typedef struct sorted_level {
  char *text;
  size_t length, old;
  double number;
} sorted_level;

static int by_text(const void *a, const void *b)
{
  const sorted_level *x = a, *y = b;
  return strcmp(x->text, y->text);
}

static int by_number_and_length(const void *a, const void *b)
{
  const sorted_level *x = a, *y = b;
  if (x->number != y->number) return x->number < y->number ? -1 : 1;
  if (x->length != y->length) return x->length < y->length ? -1 : 1;
  return strcmp(x->text, y->text);
}

/* The levels that are used; *numbers: are they all? The texts of the others go. */
static size_t take_used(sorted_level *s, levels *l, const bool *used, char point, size_t *place,
                        bool *numbers)
{
  size_t count = 0;
  *numbers = true;
  for (size_t i = 0; i < l->count; i++) {
    place[i] = LEVEL_NONE;
    if (!used[i]) {
      free(l->text[i]);
      continue;
    }
    sorted_level *at = &s[count++];
    *at = (sorted_level){l->text[i], l->length[i], i, 0};
    *numbers = number_read(at->text, at->length, point, &at->number) == NUMBER_OK && *numbers;
  }
  return count;
}

bool levels_settle(levels *l, const bool *used, char point, size_t *place)
{
  sorted_level *s = resize(NULL, l->count, sizeof *s);
  if (s == NULL) return false;
  bool numbers;
  forget_values(l);
  const size_t count = take_used(s, l, used, point, place, &numbers);
  qsort(s, count, sizeof *s, numbers ? by_number_and_length : by_text);
  l->count = 0;
  for (size_t i = 0; i < count; i++) {
    const bool same_number = i > 0 && numbers && s[i].number == s[i - 1].number && fabs(s[i].number) < exact;
    if (same_number) {
      free(s[i].text);
    } else {
      l->text[l->count] = s[i].text;
      l->length[l->count++] = s[i].length;
    }
    place[s[i].old] = l->count - 1;
  }
  free(s);
  return rehash(l, l->slots);
}

bool levels_same(const levels *a, const levels *b)
{
  if (a->count != b->count) return false;
  for (size_t i = 0; i < a->count; i++) {
    if (strcmp(a->text[i], b->text[i]) != 0) return false;
  }
  return true;
}

bool levels_copy(levels *to, const levels *from)
{
  for (size_t i = 0; i < from->count; i++) {
    if (levels_add(to, from->text[i], from->length[i]) == LEVEL_NONE) return false;
  }
  return true;
}
