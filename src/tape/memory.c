#include "memory.h"

#include <stdint.h>
#include <stdlib.h>

void *tg_memory_resize_(void *block, size_t count, size_t size)
{
  if (count == 0 || size == 0) {
    free(block);
    return NULL;
  }
  if (count > PTRDIFF_MAX / size) return NULL;
  return realloc(block, count * size);
}

void tg_memory_free_(void *block) { free(block); }
