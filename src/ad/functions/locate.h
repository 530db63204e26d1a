/* Where a number that is not finite comes from, in a function of one output whose gradient has just been
 * taken. */
#ifndef TG_LOCATE_H
#define TG_LOCATE_H

#include "function.h"

typedef struct tg_origin_ {
  uint32_t node;   /* the operation, or an input that is not finite itself */
  size_t input;    /* its number, or SIZE_MAX */
  bool derivative; /* its value is finite, and its partial is not */
} tg_origin_;

/* The operation whose operands are finite and whose value is not, on the way to the output; if the output is
 * finite, the one whose partial is not, first on the way back. False: all is finite, or nothing can be found.
 */
bool tg_function_origin_(tg_function *f, tg_origin_ *origin);

/* In words: "log(-0.5) is nan". An input is named `input`. */
void tg_origin_text_(const tg_function *f, const tg_origin_ *origin, const char *input, char *text,
                     size_t size);

#endif
