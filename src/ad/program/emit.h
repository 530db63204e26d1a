/* From a program, or a part of it, back to a tape. */
#ifndef TG_PROGRAM_EMIT_H
#define TG_PROGRAM_EMIT_H

#include "program.h"

typedef struct tg_part_ {
  size_t inputs;         /* the first so many inputs of the program are those of the tape */
  const uint32_t *value; /* the results */
  size_t count;
  const uint32_t *uses; /* by value: what has any goes onto the tape (analyse.h), results among it */
} tg_part_;

/* Onto `to`, cleared before: inputs x[0 .. inputs) as its first nodes and the rest in the program's order, results in
 * y[0 .. count). Primals are for the first sweep to compute. entry[0 .. p->count) gets what stands for each value in
 * lists of operands, a node or with TG_CONSTANT_OPERAND a constant, or TG_NO_VALUE. */
tg_status tg_program_emit_(const tg_program_ *p, const tg_part_ *part, tg_tape *to, tg_var *x, tg_var *y,
                           uint32_t *entry);

#endif
