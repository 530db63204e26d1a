/* What a node is computed from, whatever its form: the one place that knows how the operands of a node are
 * written down. Sweeps that are grown from rows know the form of each case and read words themselves; everything
 * else asks here.
 *
 *   tg_operands_ x;
 *   tg_node_operands_(t, i, &x);
 *   for (uint32_t k = 0; k < x.count; k++)
 *     if (!tg_is_constant_entry_(x.entry[k])) visit(x.entry[k]);
 */
#ifndef TG_OPERANDS_H
#define TG_OPERANDS_H

#include "ops.h"

/* The operands of one node in order, as entries: nodes, or constants (tape.h). A further output of an operation has
 * one, the operation's first output. Not to be copied: `entry` may point to `own`. */
typedef struct tg_operands_ {
  const uint32_t *entry;
  uint32_t count, own[2];
} tg_operands_;

static inline void tg_node_operands_(const tg_tape *t, uint32_t node, tg_operands_ *x)
{
  assert(node < tg_size_(t) && tg_opcode_(t->r.nodes_[node].word_) < TG_OP_count);
  const uint64_t word = t->r.nodes_[node].word_;
  const uint32_t a = tg_operand_a_(word), b = tg_operand_b_(word);
  x->entry = x->own;
  x->count = 0;
  x->own[0] = a, x->own[1] = b;
  switch (tg_ops_[tg_opcode_(word)].form) {
  case TG_FORM_none: break;
  case TG_FORM_output:
  case TG_FORM_x: x->count = 1; break;
  case TG_FORM_xy: x->count = 2; break;
  case TG_FORM_xc: x->count = 2, x->own[1] |= TG_CONSTANT_OPERAND; break;
  case TG_FORM_cy: x->count = 2, x->own[0] |= TG_CONSTANT_OPERAND; break;
  case TG_FORM_xyz: x->count = 3, x->entry = t->operands + a; break;
  case TG_FORM_list: x->count = t->nary[a].n, x->entry = t->operands + t->nary[a].first; break;
  }
}

#endif
