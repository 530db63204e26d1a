#include "levels.h"

#include "memory.h"
#include "number.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void levels_free(levels *l)
{
  for (size_t i = 0; i < l->count; i++) free(l->text[i]);
  free(l->text);
  free(l->length);
  free(l->slot);
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
  l->text[l->count] = copy;
  l->length[l->count] = length;
  l->slot[slot_of(l, text, length)] = l->count;
  return l->count++;
}

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

static int by_number(const void *a, const void *b)
{
  const sorted_level *x = a, *y = b;
  if (x->number != y->number) return x->number < y->number ? -1 : 1;
  return strcmp(x->text, y->text);
}

bool levels_sort(levels *l, size_t *place)
{
  sorted_level *s = resize(NULL, l->count, sizeof *s);
  if (s == NULL) return false;
  bool numbers = true;
  for (size_t i = 0; i < l->count; i++) {
    s[i] = (sorted_level){l->text[i], l->length[i], i, 0};
    numbers = number_read(s[i].text, s[i].length, '.', &s[i].number) == NUMBER_OK && numbers;
  }
  qsort(s, l->count, sizeof *s, numbers ? by_number : by_text);
  for (size_t i = 0; i < l->count; i++) {
    l->text[i] = s[i].text;
    l->length[i] = s[i].length;
    place[s[i].old] = i;
  }
  free(s);
  return rehash(l, l->slots);
}
