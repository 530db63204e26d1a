/* Growing arrays for the training program. Sizes are checked; NULL means the memory is not there, and
 * errno is ENOMEM then. */
#ifndef TRAIN_MEMORY_H
#define TRAIN_MEMORY_H

#include <stddef.h>

void *resize(void *p, size_t count, size_t size); /* realloc of count * size bytes, at least one */
void *zeroed(size_t count, size_t size);
void *grow(void *p, size_t *room, size_t need, size_t size); /* room for `need` items, at least doubling */
char *copy_text(const char *text, size_t length);            /* with an end mark */

#endif
