#include "expand.h"

#include "analyse.h"
#include "build.h"
#include "lift.h"

#include <string.h>

/* From a program to one that is being built. */
typedef struct expander {
  const tg_program_ *from;
  const uint8_t *depends; /* by value of `from`: on the sample */
  tg_builder_ builder;
  uint32_t *value; /* by value of `from`: the one here */
  uint8_t *varies; /* by value here */
  size_t varies_count, varies_capacity;
  uint32_t *list; /* the operands of a call */
} expander;

/* Values made since the last time vary, or do not; constants never do. */
static void note(expander *e, bool varies)
{
  const tg_program_ *p = &e->builder.program;
  if (!tg_reserve_((void **)&e->varies, &e->varies_capacity, p->count, sizeof *e->varies)) {
    e->builder.status = TG_E_NOMEM;
    return;
  }
  for (; e->varies_count < p->count; e->varies_count++)
    e->varies[e->varies_count] = varies && p->values[e->varies_count].kind != TG_VALUE_CONSTANT;
}

/* ---- Sums and products. What is made here counts as varying though its operands may not. ---- */

static uint32_t binary(expander *e, unsigned op, uint32_t x, uint32_t y)
{
  return tg_build_element_(&e->builder, op, (const uint32_t[2]){x, y}, true);
}

/* x_0 + x_1 + ... in this order. */
static uint32_t expand_sum(expander *e, const uint32_t *x, size_t n)
{
  if (n == 0) return tg_build_constant_(&e->builder, 0.0);
  uint32_t sum = x[0];
  for (size_t k = 1; k < n; k++) sum = binary(e, TG_OP_add, sum, x[k]);
  return sum;
}

/* x_0 y_0 + x_1 y_1 + ... in this order. */
static uint32_t expand_dot(expander *e, const uint32_t *x, const uint32_t *y, size_t n)
{
  if (n == 0) return tg_build_constant_(&e->builder, 0.0);
  uint32_t sum = binary(e, TG_OP_mul, x[0], y[0]);
  for (size_t k = 1; k < n; k++) sum = binary(e, TG_OP_add, sum, binary(e, TG_OP_mul, x[k], y[k]));
  return sum;
}

static void expand_affine(expander *e, const tg_call_ *call, const uint32_t *operand)
{
  const size_t rows = call->what.m, columns = call->what.shape.columns;
  const uint32_t *bias = operand + rows * columns, *x = bias + (call->what.shape.bias ? rows : 0);
  for (size_t k = 0; k < rows; k++) {
    const uint32_t sum = expand_dot(e, operand + k * columns, x, columns);
    e->value[call->output + k] = call->what.shape.bias ? binary(e, TG_OP_add, sum, bias[k]) : sum;
  }
}

/* ---- One value after another. ---- */

static void copy_call(expander *e, const tg_call_ *call, bool varies)
{
  const size_t n = call->what.n;
  for (size_t k = 0; k < n; k++) e->list[k] = e->value[e->from->lists[call->what.first + k]];
  switch (varies ? call->what.kind : TG_NARY_custom) {
  case TG_NARY_sum: e->value[call->output] = expand_sum(e, e->list, n); return;
  case TG_NARY_dot: e->value[call->output] = expand_dot(e, e->list, e->list + n / 2, n / 2); return;
  case TG_NARY_affine: expand_affine(e, call, e->list); return;
  default: break;
  }
  const uint32_t first = tg_build_call_(&e->builder, &call->what, e->list, false);
  for (uint32_t j = 0; j < call->what.m; j++) e->value[call->output + j] = first + j;
}

static uint32_t copy_element(expander *e, const tg_value_ *v, bool varies)
{
  uint32_t operand[3];
  for (unsigned k = 0; k < v->arity; k++) operand[k] = e->value[v->operand[k]];
  return v->kind == TG_VALUE_GUARD ? tg_build_guard_(&e->builder, v->op, operand, v->expected, varies)
                                   : tg_build_element_(&e->builder, v->op, operand, varies);
}

static void copy_value(expander *e, uint32_t value)
{
  const tg_value_ *v = &e->from->values[value];
  const bool varies = e->depends[value] != 0;
  switch (v->kind) {
  case TG_VALUE_INPUT: e->value[value] = value; break;
  case TG_VALUE_HELD: e->value[value] = tg_build_held_(&e->builder, v->number); break;
  case TG_VALUE_LIVE: e->value[value] = tg_build_live_(&e->builder, v->pointer, false); break;
  case TG_VALUE_CONSTANT: e->value[value] = tg_build_constant_(&e->builder, v->number); break;
  case TG_VALUE_OUTPUT:
    if (v->operand[1] == 0) copy_call(e, &e->from->calls[v->operand[0]], varies);
    break;
  default: e->value[value] = copy_element(e, v, varies);
  }
}

static size_t widest_call(const tg_program_ *p)
{
  size_t widest = 0;
  for (size_t i = 0; i < p->call_count; i++)
    widest = p->calls[i].what.n > widest ? p->calls[i].what.n : widest;
  return widest;
}

static void expand_all(expander *e, size_t d)
{
  const tg_program_ *from = e->from;
  e->value = tg_memory_resize_(NULL, from->count + 1, sizeof *e->value);
  e->list = tg_memory_resize_(NULL, widest_call(from) + 1, sizeof *e->list);
  if (!e->value || !e->list) e->builder.status = TG_E_NOMEM;
  note(e, true); /* the inputs */
  for (size_t k = 0; k < d && e->builder.status == TG_OK; k++) e->varies[k] = 0;
  for (uint32_t v = 0; v < from->count && e->builder.status == TG_OK; v++) {
    copy_value(e, v);
    note(e, e->depends[v] != 0);
  }
  if (e->builder.status == TG_OK) tg_build_output_(&e->builder, e->value[from->outputs[0]]);
  tg_memory_free_(e->value);
  tg_memory_free_(e->list);
}

/* Which values of p depend on the sample. */
static uint8_t *find_depends(const tg_program_ *p, size_t d)
{
  uint8_t *depends = tg_memory_resize_(NULL, p->count + p->inputs + 1, sizeof *depends);
  if (!depends) return NULL;
  uint8_t *input = depends + p->count;
  for (size_t k = 0; k < p->inputs; k++) input[k] = k >= d;
  tg_program_depends_(p, input, depends);
  return depends;
}

static tg_status find_uses(tg_expanded_ *e)
{
  const tg_need_ need = {.value = e->program.outputs, .count = 1, .guards = true, .within = e->varies};
  e->uses = tg_memory_resize_(NULL, e->program.count, sizeof *e->uses);
  if (!e->uses) return TG_E_NOMEM;
  tg_program_uses_(&e->program, &need, e->uses);
  return TG_OK;
}

static tg_status expand(tg_expanded_ *made, const tg_program_ *from, size_t d)
{
  expander e = {.from = from};
  uint8_t *depends = find_depends(from, d);
  if (!depends) return TG_E_NOMEM;
  e.depends = depends;
  tg_build_begin_(&e.builder, from->inputs, from->count);
  expand_all(&e, d);
  made->one = tg_build_constant_(&e.builder, 1.0);
  note(&e, false);
  made->varies = e.varies;
  tg_memory_free_(depends);
  const tg_status s = tg_build_end_(&e.builder, &made->program);
  return s == TG_OK ? find_uses(made) : s;
}

tg_status tg_expand_(tg_expanded_ *e, const tg_function *f, size_t d)
{
  tg_program_ recorded;
  *e = (tg_expanded_){0};
  tg_status s = tg_program_lift_(&recorded, f->tape, f->x, f->n, f->y, 1);
  if (s == TG_OK) s = expand(e, &recorded, d);
  tg_program_free_(&recorded);
  if (s != TG_OK) tg_expanded_free_(e);
  return s;
}

void tg_expanded_free_(tg_expanded_ *e)
{
  tg_program_free_(&e->program);
  tg_memory_free_(e->varies);
  tg_memory_free_(e->uses);
  *e = (tg_expanded_){0};
}

/* ---- The part that depends on theta only. ---- */

tg_status tg_expanded_uniform_(const tg_expanded_ *e, size_t d, const uint32_t *result, size_t m,
                               tg_function **made)
{
  const size_t count = e->program.count;
  uint8_t *const within = tg_memory_resize_(NULL, count, sizeof *within);
  *made = NULL;
  if (!within) return TG_E_NOMEM;
  for (size_t v = 0; v < count; v++) within[v] = !e->varies[v];
  const tg_need_ need = {.value = result, .count = m, .guards = true, .within = within};
  const tg_status s = tg_function_of_program_(made, &e->program, d, &need);
  tg_memory_free_(within);
  return s;
}
