/* The table of methods, walked by properties: what a test says of methods holds for those entered later. */
#ifndef TG_TESTS_METHODS_H
#define TG_TESTS_METHODS_H

#include <stdbool.h>
#include <stddef.h>

#include "tapegrad/optim.h"

/* The next method, from row *row on, that has all properties of `with` and none of `without`, with its
 * defaults; *row is then the row after it. False when there is none.
 *
 *   tg_method m;
 *   for (size_t row = 0; methods_next(&row, TG_IS_SECOND_ORDER, 0, &m);) ... */
bool methods_next(size_t *row, unsigned with, unsigned without, tg_method *m);
bool method_has(const tg_method *m, unsigned properties); /* all of them */

#endif
