/* Emission: the reverse of lifting. Values become nodes in their order, constants go to the tape's table, each
 * once. A tape has no form for an operation on constants alone; where a program holds one, its first constant
 * becomes an input that nobody sets. */
#include "emit.h"

#include <assert.h>
#include <string.h>

typedef struct emitter {
  const tg_program_ *p;
  const tg_part_ *part;
  tg_tape *to;
  uint32_t *entry; /* by value */
} emitter;

static bool is_constant(const emitter *e, uint32_t v)
{
  return e->p->values[v].kind == TG_VALUE_CONSTANT && tg_is_constant_entry_(e->entry[v]);
}

static uint32_t push(emitter *e, unsigned op, uint32_t a, uint32_t b, double primal)
{
  return tg_node_of_(tg_push_node_(e->to, op, a, b, primal));
}

/* The constants get their entries first, as they have no order to keep. */
static void emit_constant(emitter *e, uint32_t v)
{
  uint32_t index = 0;
  tg_push_constant_(e->to, e->p->values[v].number, &index);
  e->entry[v] = index | TG_CONSTANT_OPERAND;
}

static void free_one_operand(emitter *e, uint32_t v)
{
  const tg_arguments_ x = tg_value_arguments_(e->p, v);
  for (uint32_t k = 0; k < x.count; k++)
    if (!is_constant(e, x.value[k])) return;
  if (x.count > 0) e->entry[x.value[0]] = push(e, TG_OP_input, 0, 0, e->p->values[x.value[0]].number);
}

/* The entries of n values join the tape's list of operands, from *first on. */
static bool list_operands(emitter *e, const uint32_t *value, uint32_t n, uint32_t *first)
{
  tg_tape *t = e->to;
  if (t->operand_count + n > TG_MAX_NODES) {
    tg_tape_fail_(t, TG_E_SIZE, TG_OP_input, "the tape has no index left");
    return false;
  }
  if (!tg_reserve_((void **)&t->operands, &t->operand_capacity, t->operand_count + n, sizeof *t->operands)) {
    tg_tape_fail_(t, TG_E_NOMEM, TG_OP_input, "no memory for the operands of an operation");
    return false;
  }
  *first = (uint32_t)t->operand_count;
  for (uint32_t k = 0; k < n; k++) t->operands[t->operand_count++] = e->entry[value[k]];
  return true;
}

static void emit_element(emitter *e, uint32_t v)
{
  const tg_value_ *x = &e->p->values[v];
  const double primal = x->kind == TG_VALUE_GUARD && x->expected ? 1.0 : 0.0;
  const uint32_t a = e->entry[x->operand[0]], b = x->arity > 1 ? e->entry[x->operand[1]] : 0;
  uint32_t first;
  if (x->arity == 3) {
    if (list_operands(e, x->operand, 3, &first)) e->entry[v] = push(e, x->op, first, 0, primal);
    return;
  }
  assert(!(a & b & TG_CONSTANT_OPERAND));
  const unsigned form = b & TG_CONSTANT_OPERAND ? 1 : a & TG_CONSTANT_OPERAND ? 2 : 0;
  e->entry[v] = push(e, x->op + form, a & ~TG_CONSTANT_OPERAND, b & ~TG_CONSTANT_OPERAND, primal);
}

static bool reserve_call(tg_tape *t, size_t width)
{
  if (!tg_reserve_((void **)&t->nary, &t->nary_capacity, t->nary_count + 1, sizeof *t->nary)) return false;
  if (width <= t->nary_widest) return true;
  if (!tg_reserve_((void **)&t->scratch, &t->scratch_capacity, TG_SCRATCH_PARTS * width, sizeof *t->scratch))
    return false;
  t->nary_widest = width;
  return true;
}

/* The call with all its outputs. */
static void emit_call(emitter *e, const tg_call_ *call)
{
  tg_tape *t = e->to;
  tg_nary_ what = call->what;
  if (!reserve_call(t, (size_t)what.n + what.m)) {
    tg_tape_fail_(t, TG_E_NOMEM, TG_OP_nary, "no memory for an operation");
    return;
  }
  if (!list_operands(e, e->p->lists + call->what.first, what.n, &what.first)) return;
  t->nary[t->nary_count] = what;
  const uint32_t head = push(e, TG_OP_nary, (uint32_t)t->nary_count++, 0, 0.0);
  e->entry[call->output] = head;
  for (uint32_t j = 1; j < what.m; j++) e->entry[call->output + j] = push(e, TG_OP_output, head, j, 0.0);
}

static void emit_live(emitter *e, uint32_t v)
{
  tg_tape *t = e->to;
  if (!tg_reserve_((void **)&t->live, &t->live_capacity, t->live_count + 1, sizeof *t->live)) {
    tg_tape_fail_(t, TG_E_NOMEM, TG_OP_live, "no memory for a live constant");
    return;
  }
  t->live[t->live_count++] = e->p->values[v].pointer;
  e->entry[v] = push(e, TG_OP_live, (uint32_t)t->live_count - 1, 0, 0.0);
}

static bool call_is_used(const emitter *e, const tg_call_ *call)
{
  for (uint32_t j = 0; j < call->what.m; j++)
    if (e->part->uses[call->output + j] > 0) return true;
  return false;
}

static void emit_value(emitter *e, uint32_t v)
{
  const tg_value_ *x = &e->p->values[v];
  switch (x->kind) {
  case TG_VALUE_OUTPUT: {
    const tg_call_ *call = &e->p->calls[x->operand[0]];
    if (x->operand[1] == 0 && call_is_used(e, call)) emit_call(e, call);
    return;
  }
  case TG_VALUE_ELEMENT:
  case TG_VALUE_GUARD:
    if (e->part->uses[v] > 0) emit_element(e, v);
    return;
  case TG_VALUE_LIVE:
    if (e->part->uses[v] > 0) emit_live(e, v);
    return;
  default: return;
  }
}

/* Inputs and what stands for constants, which come before all that uses them. */
static void emit_leaves(emitter *e, tg_var *x)
{
  const tg_program_ *p = e->p;
  for (size_t k = 0; k < e->part->inputs; k++) {
    x[k] = tg_push_node_(e->to, TG_OP_input, 0, 0, 0.0);
    e->entry[k] = tg_node_of_(x[k]);
  }
  for (uint32_t v = 0; v < p->count; v++) {
    if (e->part->uses[v] == 0) continue;
    assert(p->values[v].kind != TG_VALUE_INPUT || v < e->part->inputs);
    if (p->values[v].kind == TG_VALUE_HELD) e->entry[v] = push(e, TG_OP_input, 0, 0, p->values[v].number);
    if (p->values[v].kind == TG_VALUE_CONSTANT) emit_constant(e, v);
  }
}

static tg_var result(const emitter *e, uint32_t v)
{
  if (e->p->values[v].kind == TG_VALUE_CONSTANT) return tg_constant(e->p->values[v].number);
  return (tg_var){0.0, (uint64_t)tg_id_(e->to) << 32 | e->entry[v]};
}

tg_status tg_program_emit_(const tg_program_ *p, const tg_part_ *part, tg_tape *to, tg_var *x, tg_var *y,
                           uint32_t *entry)
{
  emitter e = {.p = p, .part = part, .to = to, .entry = entry};
  assert(part->inputs <= p->inputs);
  tg_tape_clear(to);
  for (size_t v = 0; v < p->count; v++) entry[v] = TG_NO_VALUE;
  emit_leaves(&e, x);
  for (uint32_t v = 0; v < p->count && to->failure.status == TG_OK; v++)
    if (part->uses[v] > 0 && (p->values[v].kind == TG_VALUE_ELEMENT || p->values[v].kind == TG_VALUE_GUARD ||
                              p->values[v].kind == TG_VALUE_OUTPUT))
      free_one_operand(&e, v);
  for (uint32_t v = 0; v < p->count && to->failure.status == TG_OK; v++) emit_value(&e, v);
  for (size_t k = 0; k < part->count && to->failure.status == TG_OK; k++) y[k] = result(&e, part->value[k]);
  return to->failure.status;
}
