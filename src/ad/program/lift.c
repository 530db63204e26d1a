/* Lifting: one pass up the tape, which asks the builder for the value of each node.
 *
 * A node's word is unpacked into operands that are values; constants, which on the tape stand in a table, become
 * values as well, so that x + 2, 2 + x and x + y are one operation, `add`, with different operands. An operation
 * with many operands becomes a call, which takes its record along, and the nodes of its outputs become values that
 * name the call. Nothing else changes here: no operation goes, comes or moves. What a reader can do without is
 * left out by not wanting its nodes, or by an analysis later (analyse.h); what it wants to see in another way, as
 * lanes want sums of products in place of dot, it rewrites. */
#include "lift.h"

#include "operands.h"

#include <assert.h>
#include <string.h>

static uint32_t value_of_entry(tg_lift_ *l, uint32_t entry)
{
  return tg_is_constant_entry_(entry) ? tg_build_constant_(&l->builder, tg_entry_constant_(l->tape, entry))
                                      : l->of_node[entry];
}

static uint32_t lift_element(tg_lift_ *l, uint32_t node)
{
  uint32_t operand[3];
  const tg_node_ *n = &l->tape->r.nodes_[node];
  const unsigned op = tg_opcode_(n->word_);
  tg_operands_ x;
  tg_node_operands_(l->tape, node, &x);
  for (uint32_t k = 0; k < x.count; k++) operand[k] = value_of_entry(l, x.entry[k]);
  if (tg_ops_[op].guard)
    return tg_build_guard_(&l->builder, tg_base_op_(op), operand, n->primal_ != 0.0, l->share);
  return tg_build_element_(&l->builder, tg_base_op_(op), operand, l->share);
}

static void lift_call(tg_lift_ *l, uint32_t node)
{
  const tg_nary_ *r = &l->tape->nary[tg_operand_a_(l->tape->r.nodes_[node].word_)];
  for (uint32_t k = 0; k < r->n; k++) l->list[k] = value_of_entry(l, l->tape->operands[r->first + k]);
  const uint32_t first = tg_build_call_(&l->builder, r, l->list, l->share && r->kind != TG_NARY_custom);
  for (uint32_t j = 0; j < r->m; j++) l->of_node[node + j] = first + j;
}

static void lift_node(tg_lift_ *l, uint32_t node)
{
  const tg_node_ *n = &l->tape->r.nodes_[node];
  switch (tg_opcode_(n->word_)) {
  case TG_OP_output: return; /* its first output has seen to it */
  case TG_OP_nary: lift_call(l, node); return;
  case TG_OP_live:
    l->of_node[node] = tg_build_live_(&l->builder, l->tape->live[tg_operand_a_(n->word_)], l->share_live);
    return;
  case TG_OP_input:
    if (l->of_node[node] == TG_NO_VALUE) l->of_node[node] = tg_build_held_(&l->builder, n->primal_);
    return;
  default: l->of_node[node] = lift_element(l, node);
  }
}

tg_status tg_lift_begin_(tg_lift_ *l, const tg_tape *t, const tg_var *x, size_t n, const uint8_t *wanted,
                         size_t expected, bool share)
{
  const uint32_t size = tg_size_(t);
  *l = (tg_lift_){.tape = t, .wanted = wanted, .share = share, .share_live = share};
  for (size_t i = 0; i < t->nary_count; i++)
    l->share_live = l->share_live && t->nary[i].kind != TG_NARY_custom;
  tg_build_begin_(&l->builder, n, expected);
  l->of_node = tg_memory_resize_(NULL, (size_t)size + 1, sizeof *l->of_node);
  l->list = tg_memory_resize_(NULL, t->nary_widest + 1, sizeof *l->list);
  if (!l->of_node || !l->list) return l->builder.status = TG_E_NOMEM;
  memset(l->of_node, 0xff, ((size_t)size + 1) * sizeof *l->of_node); /* TG_NO_VALUE */
  for (size_t k = 0; k < n; k++) {
    assert(tg_opcode_(t->r.nodes_[tg_node_of_(x[k])].word_) == TG_OP_input);
    l->of_node[tg_node_of_(x[k])] = (uint32_t)k;
  }
  return l->builder.status;
}

tg_status tg_lift_nodes_(tg_lift_ *l, uint32_t from, uint32_t to)
{
  assert(to <= tg_size_(l->tape));
  for (uint32_t i = from; i < to && l->builder.status == TG_OK; i++)
    if (!l->wanted || l->wanted[i]) lift_node(l, i);
  return l->builder.status;
}

tg_status tg_lift_end_(tg_lift_ *l, const tg_var *y, size_t m, tg_program_ *p)
{
  for (size_t j = 0; j < m && l->builder.status == TG_OK; j++)
    tg_build_output_(&l->builder, tg_is_constant_(y[j]) ? tg_build_constant_(&l->builder, y[j].value_)
                                                        : l->of_node[tg_node_of_(y[j])]);
  tg_memory_free_(l->list);
  return tg_build_end_(&l->builder, p);
}

tg_status tg_program_lift_(tg_program_ *p, const tg_tape *t, const tg_var *x, size_t n, const tg_var *y,
                           size_t m)
{
  tg_lift_ l;
  if (tg_lift_begin_(&l, t, x, n, NULL, tg_size_(t), false) == TG_OK) tg_lift_nodes_(&l, 0, tg_size_(t));
  const tg_status s = tg_lift_end_(&l, y, m, p);
  tg_memory_free_(l.of_node);
  return s;
}

/* ---- What is wanted. ---- */

/* Marks what node i needs, if it is wanted. Outputs of one operation go together. */
static void want_operands(const tg_tape *t, uint32_t i, uint8_t *wanted)
{
  const uint64_t word = t->r.nodes_[i].word_;
  const unsigned op = tg_opcode_(word);
  const bool custom = op == TG_OP_nary && t->nary[tg_operand_a_(word)].kind == TG_NARY_custom;
  if (custom || tg_ops_[op].guard) wanted[i] = 1;
  if (!wanted[i]) return;
  tg_operands_ x;
  tg_node_operands_(t, i, &x);
  for (uint32_t k = 0; k < x.count; k++)
    if (!tg_is_constant_entry_(x.entry[k])) wanted[x.entry[k]] = 1;
}

uint32_t tg_tape_wanted_(const tg_tape *t, const tg_var *y, size_t m, uint8_t *wanted)
{
  const uint32_t size = tg_size_(t);
  uint32_t count = 0;
  memset(wanted, 0, size);
  for (size_t j = 0; j < m; j++)
    if (!tg_is_constant_(y[j])) wanted[tg_node_of_(y[j])] = 1;
  for (uint32_t i = size; i-- > 0;) {
    want_operands(t, i, wanted);
    count += wanted[i];
  }
  return count;
}
