/* One class of pieces as a function for lanes: of what all iterations share, and of what differs in each.
 *
 * For every place in the piece and every operand, the operand in each of the iterations is
 *   the same constant                       a constant of the body
 *   a constant that differs                 a column of numbers, one row an iteration
 *   the same node before the loop           an input of the body (a uniform)
 *   the same place in its own piece         that place
 *   the chain just before the piece         zero: the body makes the term alone
 *   one of a few places or nodes            pick(those, a column of which)
 *   another node before the loop each time  a column of variables, gathered by index
 * and anything else keeps the class from being a loop. Places whose operands are the same in all iterations are
 * computed once, before the loop: those of the first piece stay on the tape as shared. */
#ifndef TG_LOOPS_ITERATION_H
#define TG_LOOPS_ITERATION_H

#include "find.h"
#include "function.h"

typedef enum tg_loop_refusal_ {
  TG_LOOP_FITS,
  TG_LOOP_ODD_OPERAND, /* an operand is of many places, or sometimes of one and sometimes before the loop */
  TG_LOOP_NO_INPUT,    /* nothing in it depends on what comes before the loop */
  TG_LOOP_NO_SUM       /* it does not add to what the sum had come to, or does more with it */
} tg_loop_refusal_;

typedef struct tg_loop_body_ {
  tg_function *term; /* of uniforms, columns, variables, in this order: what an iteration adds */
  uint32_t *uniform; /* nodes of the tape: the uniforms, then the pool that variables are gathered from */
  size_t uniforms, pool, columns, variables, rows;
  double *data;                     /* rows x columns */
  uint32_t *index;                  /* rows x variables: which of the pool */
  uint8_t *shared;                  /* by place: computed before the loop */
  uint32_t entry_place, entry_slot; /* the operand that is what the sum had come to */
  tg_loop_refusal_ refusal;
} tg_loop_body_;

/* The term that the pieces add to the sum which stands at place `output` of each. `number` is two zeros for every node
 * of t, and so it is left but by a failure. TG_OK, also with a refusal, and then nothing is made; TG_E_NOMEM,
 * TG_E_SIZE. */
tg_status tg_loop_body_make_(tg_loop_body_ *b, const tg_tape *t, const tg_loops_ *loops,
                             const tg_loop_class_ *c, uint32_t output, uint32_t *number);
void tg_loop_body_clear_(tg_loop_body_ *b);

#endif
