#include "memory.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *resize(void *p, size_t count, size_t size)
{
  if (size != 0 && count > PTRDIFF_MAX / size) return errno = ENOMEM, NULL;
  const size_t bytes = count * size;
  return realloc(p, bytes == 0 ? 1 : bytes);
}

void *zeroed(size_t count, size_t size)
{
  void *p = resize(NULL, count, size);
  if (p != NULL) memset(p, 0, count * size);
  return p;
}

void *grow(void *p, size_t *room, size_t need, size_t size)
{
  assert(size > 0);
  if (need <= *room && p != NULL) return p;
  size_t larger = *room < 16 ? 16 : *room;
  while (larger < need) larger = larger > SIZE_MAX / 2 ? need : 2 * larger;
  void *q = resize(p, larger, size);
  if (q != NULL) *room = larger;
  return q;
}

char *copy_text(const char *text, size_t length)
{
  char *copy = resize(NULL, length + 1, 1);
  if (copy == NULL) return NULL;
  memcpy(copy, text, length);
  copy[length] = '\0';
  return copy;
}
