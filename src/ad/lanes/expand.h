/* The program of one sample's loss as lanes read it. */
#ifndef TG_LANES_EXPAND_H
#define TG_LANES_EXPAND_H

#include "body.h"
#include "program.h"

/* Sums and products with many operands that differ from sample to sample are additions and multiplications here, in
 * the order in which the scalar engine takes them; equal operations among what differs are one. What depends on theta
 * only is as it was recorded, node by node, so that its adjoints add up as they do on the tape. */
typedef struct tg_expanded_ {
  tg_program_ program; /* inputs: theta, then the columns of a sample; its one output is the loss */
  uint8_t *varies;     /* by value: differs from sample to sample */
  uint32_t *uses;      /* by value: by what varies and is needed, and as the loss */
  uint32_t one;        /* the constant 1 */
} tg_expanded_;

tg_status tg_expand_(tg_expanded_ *e, const tg_function *f, size_t d);
void tg_expanded_free_(tg_expanded_ *e);

/* The part that depends on theta only: from the first d inputs to result[0..m), guards on theta included. */
tg_status tg_expanded_uniform_(const tg_expanded_ *e, size_t d, const uint32_t *result, size_t m,
                               tg_function **made);

#endif
