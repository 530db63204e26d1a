/* Recording an n-ary operation, for the operations of nary/ and tg_custom. */
#ifndef TG_NARY_RECORD_H
#define TG_NARY_RECORD_H

#include "tape.h"

/* A run of operands: vars or plain numbers. */
typedef struct tg_segment_ {
  const tg_var *vars;
  const double *numbers;
  size_t count;
} tg_segment_;

/* y[0..m) = op(the operands of all segments in order). A built-in operation has a shape and gets it, with the mask of
 * the sweep, as its user pointer; a custom one has none and gets `user`. Constants only: y is constant too. */
void tg_nary_record_(const tg_custom_op *op, void *user, const tg_nary_shape_ *shape, const tg_segment_ *s,
                     size_t segments, tg_var *y, size_t m);

#endif
