/* A recording with its loops rolled: the same function, in which every class of pieces that fits lanes is one
 * operation (loop.h), and everything else stands as it was recorded. The terms of a rolled loop join their sum at the
 * end of the chain, class by class, so that sums are taken in another order than recorded, always the same. */
#ifndef TG_LOOPS_ROLL_H
#define TG_LOOPS_ROLL_H

#include "lift.h"
#include "loop.h"

typedef struct tg_rolling_ {
  tg_loops_ found;
  struct tg_site_ *sites; /* where loops are to be written, in the order of the tape */
  size_t site_count, site_capacity;
  uint32_t *uniforms; /* operands of loops: nodes of the record */
  size_t uniform_count, uniform_capacity;
  uint8_t *gone;   /* by node: in a loop, or how it stays */
  size_t nodes;    /* in loops */
  tg_loop_ *loops; /* the last made first */
  size_t loop_count;
} tg_rolling_;

/* Finds the loops of the tape that make y[0..m). None is no failure: r->loop_count is zero. TG_E_NOMEM, TG_E_SIZE,
 * and then nothing is held. */
tg_status tg_rolling_find_(tg_rolling_ *r, const tg_tape *t, const tg_var *y, size_t m);

/* Takes what is in loops from what is wanted of the record, and adds what their iterations share. */
void tg_rolling_leave_out_(const tg_rolling_ *r, uint32_t size, uint8_t *wanted);

/* tg_lift_nodes_ of a stretch of the record, with the loops whose chains end in it. */
tg_status tg_rolling_lift_(tg_rolling_ *r, tg_lift_ *l, uint32_t from, uint32_t to);

/* Tells the loops where their operands are on the tape that is swept. */
void tg_rolling_bind_(const tg_tape *t);

/* Gives back everything but the loops, or everything. */
void tg_rolling_end_(tg_rolling_ *r, bool keep_loops);

#endif
