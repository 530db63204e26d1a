/* From a tape to a program. */
#ifndef TG_PROGRAM_LIFT_H
#define TG_PROGRAM_LIFT_H

#include "build.h"

/* All that t holds, as a program from x[0..n) to y[0..m). */
tg_status tg_program_lift_(tg_program_ *p, const tg_tape *t, const tg_var *x, size_t n, const tg_var *y,
                           size_t m);

/* The same a stretch of nodes at a time. */
typedef struct tg_lift_ {
  const tg_tape *tape;
  const uint8_t *wanted; /* by node; NULL: all */
  bool share;            /* equal operations become one value; never custom ones */
  bool share_live;       /* so do live constants, unless a custom operation may change one in between */
  tg_builder_ builder;
  uint32_t *of_node; /* the value of each node; of those not wanted nothing */
  uint32_t *list;    /* the operands of a call */
} tg_lift_;

tg_status tg_lift_begin_(tg_lift_ *l, const tg_tape *t, const tg_var *x, size_t n, const uint8_t *wanted,
                         size_t expected, bool share);
tg_status tg_lift_nodes_(tg_lift_ *l, uint32_t from, uint32_t to);
/* To be called whatever happened before. l->of_node is for the caller to free. */
tg_status tg_lift_end_(tg_lift_ *l, const tg_var *y, size_t m, tg_program_ *p);

/* Which nodes y[0..m), guards and custom operations need, in wanted[0..size); answers how many. */
uint32_t tg_tape_wanted_(const tg_tape *t, const tg_var *y, size_t m, uint8_t *wanted);

#endif
