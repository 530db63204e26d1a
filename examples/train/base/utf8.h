/* UTF-8 (RFC 3629), a character at a time. */
#ifndef TRAIN_UTF8_H
#define TRAIN_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* How many bytes the character at s has, of which `left` are there, and its code; 0: this is no UTF-8. */
size_t utf8_next(const char *s, size_t left, unsigned *code);

/* Would a terminal obey it rather than show it? The control characters, C1 ones too, and what breaks or
 * reverses lines. */
bool utf8_is_control(unsigned code);

#endif
