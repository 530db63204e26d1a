/* What can be asked of a program: each answer is an array by value, the caller's, of p->count entries. */
#ifndef TG_PROGRAM_ANALYSE_H
#define TG_PROGRAM_ANALYSE_H

#include "program.h"

/* Does a value depend on an input of the program that is marked in input[0 .. p->inputs)? */
void tg_program_depends_(const tg_program_ *p, const uint8_t *input, uint8_t *depends);

/* What must be computed for some purpose. */
typedef struct tg_need_ {
  const uint32_t *value; /* values that are needed for themselves, each time they occur here */
  size_t count;
  bool guards;           /* guards are needed too */
  bool custom;           /* custom operations are needed too: they may do more than compute */
  const uint8_t *within; /* by value; others are taken as given, and none is needed for itself. NULL: all */
} tg_need_;

/* How often each value is used by what is needed; 0: not at all, and it may go. */
void tg_program_uses_(const tg_program_ *p, const tg_need_ *need, uint32_t *uses);

#endif
