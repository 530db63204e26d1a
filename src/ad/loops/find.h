/* Where a tape repeats itself: sums whose terms were recorded by a loop of the user's C.
 *
 * A loop that adds up leaves a chain on the tape, s_1 = s_0 + t_1, s_2 = s_1 + t_2, ..., each s used once, and
 * before every s_k the operations that make its term t_k. Cut after each s_k the tape falls into pieces. A cut
 * holds if nothing before it is read behind it but what sums have come to, s_k and those of other chains that run
 * along; where something is, two pieces stay one. Of several sums of a loop the last one cuts it. Pieces
 * with the same operations in the same order are iterations of one loop, a class; an `if` in the user's loop
 * makes two classes whose pieces alternate. The first term belongs to no class: what goes before it is not
 * known to be its own.
 *
 * What is found here speaks of places on the tape only; that operands fit together is seen in iteration.h. */
#ifndef TG_LOOPS_FIND_H
#define TG_LOOPS_FIND_H

#include "ops.h"

enum {
  TG_LOOP_LEAST = 16,   /* iterations */
  TG_LOOP_SMALL = 256,  /* operations in all of them: fewer are not worth a loop */
  TG_LOOP_CLASSES = 64, /* in one chain; pieces of further kinds stay as they are */
  TG_LOOP_SHORT = 64    /* chains of so many sums and more come first, the widest of them at the head */
};

/* Pieces alike: `count` starts from number `first` in tg_loops_, each of `length` nodes. The last node of a
 * piece is on the chain, and so is the node before it. */
typedef struct tg_loop_class_ {
  uint32_t first, count, length;
} tg_loop_class_;

typedef struct tg_loops_ {
  tg_loop_class_ *classes;
  size_t class_count, class_capacity;
  uint32_t *starts; /* first nodes of pieces, ascending within a class */
  size_t start_count, start_capacity;
  uint32_t *last_use; /* by node: the last that reads it, 0: none does; UINT32_MAX: an output */
  uint8_t *carried;   /* by node: what a sum has come to, read by the next addition and by nothing else */
} tg_loops_;

/* Fills *found for the results y[0..m) of the tape. TG_E_NOMEM. Linear in the tape but for a sort of chains. */
tg_status tg_loops_find_(tg_loops_ *found, const tg_tape *t, const tg_var *y, size_t m);
void tg_loops_clear_(tg_loops_ *found);

/* Is the node needed: read by another, an output, or a guard? */
static inline bool tg_loops_needed_(const tg_loops_ *l, const tg_tape *t, uint32_t node)
{
  return l->last_use[node] != 0 || tg_ops_[tg_opcode_(t->r.nodes_[node].word_)].guard;
}

#endif
