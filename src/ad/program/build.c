#include "build.h"

#include <assert.h>
#include <string.h>

static uint32_t fail(tg_builder_ *b, tg_status why)
{
  if (b->status == TG_OK) b->status = why;
  return 0;
}

static uint32_t append(tg_builder_ *b, tg_value_ v)
{
  tg_program_ *p = &b->program;
  if (b->status != TG_OK) return 0;
  if (p->count >= TG_MAX_NODES) return fail(b, TG_E_SIZE);
  if (!tg_reserve_((void **)&p->values, &p->capacity, p->count + 1, sizeof *p->values))
    return fail(b, TG_E_NOMEM);
  p->values[p->count] = v;
  return (uint32_t)p->count++;
}

/* ---- The table of values that may be met again. ---- */

static uint64_t mixed(uint64_t h, uint64_t x)
{
  h = (h ^ x) * UINT64_C(0x9e3779b97f4a7c15);
  return h ^ h >> 29;
}

/* Of a call its operands, which stand in the lists. */
static uint64_t hash(const tg_program_ *p, const tg_value_ *v)
{
  uint64_t bits, h = mixed(v->kind, v->op);
  memcpy(&bits, &v->number, sizeof bits);
  if (v->kind != TG_VALUE_OUTPUT) {
    h = mixed(h, (uint64_t)v->operand[0] << 32 | v->operand[1]);
    return mixed(mixed(h, v->operand[2]), bits);
  }
  const tg_nary_ *what = &p->calls[v->operand[0]].what;
  h = mixed(h, (uint64_t)(uintptr_t)what->op);
  for (uint32_t k = 0; k < what->n; k++) h = mixed(h, p->lists[what->first + k]);
  return h;
}

static bool same_call(const tg_program_ *p, const tg_nary_ *a, const tg_nary_ *b)
{
  return a->op == b->op && a->user == b->user && a->n == b->n && a->m == b->m &&
         a->shape.columns == b->shape.columns && a->shape.bias == b->shape.bias &&
         memcmp(p->lists + a->first, p->lists + b->first, a->n * sizeof *p->lists) == 0;
}

static bool same(const tg_program_ *p, const tg_value_ *v, const tg_value_ *w)
{
  if (v->kind != w->kind) return false;
  if (v->kind == TG_VALUE_OUTPUT)
    return same_call(p, &p->calls[v->operand[0]].what, &p->calls[w->operand[0]].what);
  return v->op == w->op && v->expected == w->expected &&
         memcmp(v->operand, w->operand, sizeof v->operand) == 0 &&
         memcmp(&v->number, &w->number, sizeof v->number) == 0;
}

#define UPPER UINT64_C(0xFFFFFFFF00000000)
enum { NEAR = 16 }; /* places that are tried first */

/* An element is mostly met again soon after its operands. So it stands where its latest operand says: a table larger
 * than the caches is then gone through from one end to the other, like the program. */
static size_t near_place(const tg_value_ *v)
{
  uint32_t latest = 0;
  for (unsigned k = 0; k < v->arity; k++) latest = v->operand[k] > latest ? v->operand[k] : latest;
  return 2 * (size_t)latest;
}

static bool stands_at(const tg_builder_ *b, size_t at, const tg_value_ *v, uint64_t h)
{
  const uint64_t entry = b->table[at];
  return entry == 0 ||
         (((entry ^ h) & UPPER) == 0 && same(&b->program, &b->program.values[(uint32_t)entry - 1], v));
}

/* Where v, with this hash, stands in the table, or the empty place for it: near its operands or, where too many share
 * them and for constants and calls, where the hash says. */
static size_t find(const tg_builder_ *b, const tg_value_ *v, uint64_t h)
{
  const size_t mask = b->table_size - 1;
  const bool element = v->kind == TG_VALUE_ELEMENT || v->kind == TG_VALUE_GUARD;
  size_t at = near_place(v) & mask;
  for (unsigned k = 0; element && k < NEAR; k++, at = (at + 1) & mask)
    if (stands_at(b, at, v, h)) return at;
  at = (size_t)(h >> 32) & mask;
  while (!stands_at(b, at, v, h)) at = (at + 1) & mask;
  return at;
}

/* Twice the size. */
static bool grow_table(tg_builder_ *b)
{
  const size_t old_size = b->table_size;
  uint64_t *const old = b->table;
  const size_t size = old_size != 0 ? 2 * old_size : 64;
  uint64_t *const table = tg_memory_resize_(NULL, size, sizeof *table);
  if (!table) return false;
  memset(table, 0, size * sizeof *table);
  b->table = table;
  b->table_size = size;
  for (size_t i = 0; i < old_size; i++)
    if (old[i] != 0) table[find(b, &b->program.values[(uint32_t)old[i] - 1], old[i])] = old[i];
  tg_memory_free_(old);
  return true;
}

static bool room_to_hash(tg_builder_ *b)
{
  if (b->status != TG_OK) return false;
  if (2 * (b->hashed + 1) <= b->table_size || grow_table(b)) return true;
  fail(b, TG_E_NOMEM);
  return false;
}

/* The value equal to v, made if there is none. */
static uint32_t distinct(tg_builder_ *b, tg_value_ v)
{
  if (!room_to_hash(b)) return 0;
  const uint64_t h = hash(&b->program, &v);
  const size_t at = find(b, &v, h);
  if (b->table[at] != 0) return (uint32_t)b->table[at] - 1;
  const uint32_t made = append(b, v);
  if (b->status != TG_OK) return 0;
  b->table[at] = (h & UPPER) | (made + 1);
  b->hashed++;
  return made;
}

/* ---- Values. ---- */

uint32_t tg_build_constant_(tg_builder_ *b, double c)
{
  return distinct(b, (tg_value_){.kind = TG_VALUE_CONSTANT, .number = c});
}

uint32_t tg_build_held_(tg_builder_ *b, double at)
{
  return append(b, (tg_value_){.kind = TG_VALUE_HELD, .number = at});
}

uint32_t tg_build_live_(tg_builder_ *b, const double *pointer, bool shared)
{
  tg_value_ v = {.kind = TG_VALUE_LIVE, .number = 0.0};
  v.pointer = pointer;
  return shared ? distinct(b, v) : append(b, v);
}

static unsigned arity_of(unsigned op)
{
  const tg_form_ form = tg_ops_[op].form;
  assert(form != TG_FORM_none && form != TG_FORM_output && form != TG_FORM_list);
  return form == TG_FORM_x ? 1 : form == TG_FORM_xyz ? 3 : 2;
}

static uint32_t element(tg_builder_ *b, tg_value_ v, const uint32_t *operand, bool shared)
{
  v.arity = (uint8_t)arity_of(v.op);
  for (unsigned k = 0; k < v.arity; k++) {
    assert(b->status != TG_OK || operand[k] < b->program.count);
    v.operand[k] = operand[k];
  }
  return shared ? distinct(b, v) : append(b, v);
}

uint32_t tg_build_element_(tg_builder_ *b, unsigned op, const uint32_t *operand, bool shared)
{
  assert(tg_base_op_(op) == op && !tg_ops_[op].guard);
  return element(b, (tg_value_){.kind = TG_VALUE_ELEMENT, .op = (uint8_t)op}, operand, shared);
}

uint32_t tg_build_guard_(tg_builder_ *b, unsigned op, const uint32_t *operand, bool expected, bool shared)
{
  assert(tg_base_op_(op) == op && tg_ops_[op].guard);
  return element(b, (tg_value_){.kind = TG_VALUE_GUARD, .op = (uint8_t)op, .expected = expected}, operand,
                 shared);
}

/* A call and its operands, without outputs yet; false when memory is short. */
static bool append_call(tg_builder_ *b, const tg_nary_ *what, const uint32_t *operand)
{
  tg_program_ *p = &b->program;
  const size_t first = p->list_count;
  if (b->status != TG_OK) return false;
  if (first + what->n > UINT32_MAX) {
    fail(b, TG_E_SIZE);
    return false;
  }
  if (!tg_reserve_((void **)&p->calls, &p->call_capacity, p->call_count + 1, sizeof *p->calls) ||
      !tg_reserve_((void **)&p->lists, &p->list_capacity, first + what->n, sizeof *p->lists)) {
    fail(b, TG_E_NOMEM);
    return false;
  }
  if (what->n > 0) memcpy(p->lists + first, operand, what->n * sizeof *operand);
  p->list_count += what->n;
  tg_call_ *made = &p->calls[p->call_count++];
  *made = (tg_call_){.what = *what, .output = (uint32_t)p->count};
  made->what.first = (uint32_t)first;
  return true;
}

static void drop_last_call(tg_program_ *p) { p->list_count -= p->calls[--p->call_count].what.n; }

uint32_t tg_build_call_(tg_builder_ *b, const tg_nary_ *what, const uint32_t *operand, bool shared)
{
  tg_program_ *p = &b->program;
  if (!append_call(b, what, operand)) return 0;
  const uint32_t call = (uint32_t)p->call_count - 1, output = p->calls[call].output;
  tg_value_ v = {.kind = TG_VALUE_OUTPUT, .operand = {call, 0}, .number = 0.0};
  const uint32_t first = shared ? distinct(b, v) : append(b, v);
  if (b->status == TG_OK && first != output) {
    drop_last_call(p);
    return first;
  }
  for (v.operand[1] = 1; v.operand[1] < what->m; v.operand[1]++) append(b, v);
  return first;
}

void tg_build_output_(tg_builder_ *b, uint32_t value)
{
  tg_program_ *p = &b->program;
  if (b->status != TG_OK) return;
  assert(value < p->count);
  if (tg_reserve_((void **)&p->outputs, &p->output_capacity, p->output_count + 1, sizeof *p->outputs))
    p->outputs[p->output_count++] = value;
  else
    fail(b, TG_E_NOMEM);
}

/* ---- Beginning and end. ---- */

void tg_build_begin_(tg_builder_ *b, size_t inputs, size_t expected)
{
  *b = (tg_builder_){.status = TG_OK};
  tg_program_ *p = &b->program;
  if (!tg_reserve_((void **)&p->values, &p->capacity, inputs + expected, sizeof *p->values))
    fail(b, TG_E_NOMEM);
  for (size_t i = 0; i < inputs; i++) append(b, (tg_value_){.kind = TG_VALUE_INPUT, .number = 0.0});
  p->inputs = inputs;
}

tg_status tg_build_end_(tg_builder_ *b, tg_program_ *p)
{
  tg_memory_free_(b->table);
  if (b->status != TG_OK) tg_program_free_(&b->program);
  *p = b->program;
  return b->status;
}

void tg_program_free_(tg_program_ *p)
{
  tg_memory_free_(p->values);
  tg_memory_free_(p->calls);
  tg_memory_free_(p->lists);
  tg_memory_free_(p->outputs);
  *p = (tg_program_){0};
}
