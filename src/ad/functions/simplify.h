/* The tape that a recorded function sweeps: as recorded or, once it has been replayed a few times, with its loops in
 * lanes (roll.h), without what no output needs and with one of each repeated operation.
 *
 * Where no loop is values keep their bits, as every operation that is left does what it did, in its order. Adjoints of
 * a repeated operation add up before they go on and not after, so derivatives may differ in the last bits. Guards are
 * never left out. Custom operations are neither left out nor merged, and no loop has one: they may do more than
 * compute. What cannot be made smaller by a worthwhile part, or is short of memory, is swept as recorded.
 *
 * What is declared here stands in src/ad/loops, as it makes use of lanes, which in turn run functions. */
#ifndef TG_SIMPLIFY_H
#define TG_SIMPLIFY_H

#include "function.h"

/* Replays of a recording before it is looked at, so that recording again and again does not pay for it. The number
 * doubles each time, so that what goes through many recordings pays but a few times. */
enum { TG_PATIENCE = 3 };

/* The other tape of a function: the record while the smaller one is swept, else the smaller one. */
typedef struct tg_simplified_ {
  tg_tape *tape;
  tg_var *x, *y;
  struct tg_loop_ *loops; /* that it sweeps */
  size_t loop_count;
  size_t rolled;    /* nodes of the record that are in them */
  uint32_t *origin; /* by node of the smaller tape: the node recorded */
  size_t origin_capacity;
  bool valid; /* the smaller tape is that of the last recording */
  bool swept; /* and has taken its place */
} tg_simplified_;

/* From now on the smaller tape, if there is a point in it. */
void tg_function_simplify_(tg_function *f);

/* Of a steady function repetitions are left out at once or, where a comparison may lead to another recording, never. */
bool tg_simplified_at_once_(const tg_function *f);

/* f sweeps its record again until tg_function_simplify_. */
void tg_function_unsimplify_(tg_function *f);

/* Are loops swept? */
static inline bool tg_function_has_loops_(const tg_function *f)
{
  return f->simplified && f->simplified->swept && f->simplified->loop_count > 0;
}

/* Bytes of what is swept instead of the record, which is kept besides; 0: nothing is. */
size_t tg_simplified_bytes_(const tg_function *f);

/* The record is about to change. */
void tg_function_forget_simplified_(tg_function *f);

tg_status tg_function_clone_simplified_(tg_function *to, const tg_function *from);
void tg_simplified_free_(tg_simplified_ *s);

/* What the last recording left, whatever is swept. */
const tg_tape *tg_function_recording_(const tg_function *f);

#endif
