/* The one place where memory is asked for. Tests wrap tg_memory_resize_ to make the n-th request fail. */
#ifndef TG_MEMORY_H
#define TG_MEMORY_H
#include <stddef.h>

/* realloc for `count` elements of `size` bytes. NULL when memory is short or the product overflows, and then the
 * old block stays as it was; a product of zero frees the block and gives NULL. */
void *tg_memory_resize_(void *block, size_t count, size_t size);
void tg_memory_free_(void *block); /* NULL is fine */

#endif
