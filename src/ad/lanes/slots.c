/* Where vectors live. While steps are made, a vector is a column of the data (TG_IN_DATA), a slot of a result, counted
 * from 0, or one of a uniform that some step needs as a vector, counted with BROADCAST set. When all are known, the
 * uniforms' slots come first, the results' follow, and numbers are multiplied by the lanes of a block. */
#include "compile.h"

#define BROADCAST 0x40000000u

/* The number of a uniform; a constant gets its own, behind theta and the results, when it is first asked for. */
uint32_t tg_uniform_of_(tg_compiler_ *c, uint32_t v)
{
  if (c->uniform[v] != TG_NO_VALUE) return c->uniform[v];
  tg_body_ *b = c->b;
  if (!tg_compile_room_(c, &b->constants, &b->constant_capacity, b->constant_count + 1, sizeof *b->constants))
    return 0;
  b->constants[b->constant_count] = tg_value_of_(c, v)->number;
  c->uniform[v] = (uint32_t)(b->d + b->results + b->constant_count++);
  return c->uniform[v];
}

/* Filled by the step that is made next. */
uint32_t tg_new_slot_(tg_compiler_ *c)
{
  if (!tg_compile_room_(c, &c->made_at, &c->made_capacity, c->slots + 1, sizeof *c->made_at)) return 0;
  c->made_at[c->slots] = (uint32_t)c->b->step_count;
  return (uint32_t)c->slots++;
}

/* The vector that holds v: a column of dense data, the slot of a step's result, or a uniform broadcast to
 * the lanes. */
uint32_t tg_vector_of_(tg_compiler_ *c, uint32_t v)
{
  if (tg_is_column_(c, v)) {
    const uint32_t column = tg_column_of_(c, v);
    if (c->sparse == 0) return column | TG_IN_DATA;
    if (column < c->sparse) tg_compile_fail_(c, TG_E_DATA);
    return c->b->label;
  }
  if (tg_varies_(c, v)) return c->slot[v];
  if (c->broadcast[v] != TG_NO_VALUE) return c->broadcast[v];
  tg_body_ *b = c->b;
  const uint32_t u = tg_uniform_of_(c, v);
  if (!tg_compile_room_(c, &b->broadcast, &b->broadcast_capacity, b->broadcast_count + 1,
                        sizeof *b->broadcast))
    return 0;
  b->broadcast[b->broadcast_count] = u;
  c->broadcast[v] = (uint32_t)b->broadcast_count++ | BROADCAST;
  return c->broadcast[v];
}

/* Of data and constants nobody wants adjoints. */
bool tg_is_passive_(const tg_compiler_ *c, uint32_t v)
{
  return tg_is_column_(c, v) || tg_value_of_(c, v)->kind == TG_VALUE_CONSTANT;
}

uint32_t tg_new_list_(tg_compiler_ *c, size_t n)
{
  tg_body_ *b = c->b;
  if (!tg_compile_room_(c, &b->lists, &b->list_capacity, b->list_count + n, sizeof *b->lists)) return 0;
  b->list_count += n;
  return (uint32_t)(b->list_count - n);
}

void tg_new_step_(tg_compiler_ *c, tg_body_step_ s)
{
  tg_body_ *b = c->b;
  if (!tg_compile_room_(c, &b->steps, &b->step_capacity, b->step_count + 1, sizeof *b->steps)) return;
  b->steps[b->step_count++] = s;
}

/* ---- Offsets for good. ---- */

static uint32_t offset_of(const tg_body_ *b, uint32_t slot)
{
  const uint32_t L = (uint32_t)b->L;
  if (slot & TG_IN_DATA) return TG_IN_DATA | (slot & ~TG_IN_DATA) * L;
  if (slot & BROADCAST) return (slot & ~BROADCAST) * L;
  return ((uint32_t)b->broadcast_count + slot) * L;
}

static void offset_list(tg_body_ *b, uint32_t first, size_t n)
{
  for (size_t i = 0; i < n; i++) b->lists[first + i] = offset_of(b, b->lists[first + i]);
}

/* The vectors and their adjoints should stay near the second cache, but too few lanes make every step dear
 * (measured). */
static size_t choose_lanes(const tg_body_ *b)
{
  const size_t bytes = 2 * sizeof(double) * (b->slots + (b->sparse ? 0 : b->columns / 2));
  const size_t kilobyte = 1024;
  if (bytes * 128 <= 1280 * kilobyte) return 128;
  return bytes * 64 <= 1024 * kilobyte ? 64 : bytes * 32 <= 2048 * kilobyte ? 32 : 16;
}

static void offset_step(const tg_body_ *b, tg_body_step_ *s)
{
  for (unsigned k = 0; k < s->arity; k++) s->operand[k] = offset_of(b, s->operand[k]);
  s->out = offset_of(b, s->out);
  s->partial = offset_of(b, s->partial);
}

static void offset_matrix(tg_body_ *b, const tg_body_matrix_ *m)
{
  if (!(b->sparse && m->in_data)) offset_list(b, m->x, m->columns);
  for (uint32_t j = 0; j < m->columns && !b->sparse; j++) b->lists[m->x + j] &= ~TG_IN_DATA;
  offset_list(b, m->y, m->rows);
  if (m->y_start != TG_NO_OPERAND) offset_list(b, m->y_start, m->rows);
}

static void offset_products(tg_body_ *b, tg_body_products_ *p)
{
  offset_list(b, p->x, p->count);
  offset_list(b, p->y, p->count);
  if (p->y_start != TG_NO_OPERAND) p->y_start = offset_of(b, p->y_start);
  p->out = offset_of(b, p->out);
}

static void offset_nary(tg_body_ *b, tg_body_nary_ *n)
{
  offset_list(b, n->x, n->n);
  offset_list(b, n->y, n->m);
  n->weight = offset_of(b, n->weight);
}

void tg_finish_slots_(tg_compiler_ *c)
{
  tg_body_ *b = c->b;
  b->slots = c->slots + b->broadcast_count;
  if (b->L == 0) b->L = choose_lanes(b);
  if (b->slots > (BROADCAST - 1) / b->L || (!b->sparse && b->columns > (BROADCAST - 1) / b->L)) {
    tg_compile_fail_(c, TG_E_SIZE);
    return;
  }
  b->loss = offset_of(b, b->loss);
  if (b->label != TG_NO_OPERAND) b->label = offset_of(b, b->label);
  offset_list(b, b->variable, b->variables);
  for (size_t i = 0; i < b->step_count; i++) offset_step(b, &b->steps[i]);
  for (size_t i = 0; i < b->matrix_count; i++) offset_matrix(b, &b->matrices[i]);
  for (size_t i = 0; i < b->products_count; i++) offset_products(b, &b->products[i]);
  for (size_t i = 0; i < b->nary_count; i++) offset_nary(b, &b->nary[i]);
}
