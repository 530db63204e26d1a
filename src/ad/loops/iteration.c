#include "iteration.h"

#include "analyse.h"
#include "build.h"
#include "nary_tape.h"
#include "operands.h"

#include <string.h>

enum { CHOICES = 64, FEW = 8 }; /* of one operand; fewer nodes than that are picked, more are gathered */
#define NONE UINT32_MAX

/* What an operand is in one iteration, relative to the iteration. */
typedef enum role_kind { CONSTANT, UNIFORM, OWN, ENTRY } role_kind;
typedef struct role {
  role_kind kind;
  uint32_t at; /* CONSTANT: its index on the tape; UNIFORM: a node; OWN: a place */
} role;

/* What it is in all of them. */
typedef struct operand {
  uint32_t place, slot;
  role role; /* in the first */
  bool differs;
  bool own;                 /* in some iteration it is a place, or the chain */
  uint32_t column;          /* of numbers, or NONE: the role holds for all */
  uint32_t variable;        /* of variables, or NONE */
  uint32_t choice, choices; /* a pick among so many of `choices`, by the column; 0: the numbers themselves */
  uint64_t hash;            /* of what it is in all, but for places */
} operand;

typedef struct maker {
  const tg_tape *t;
  const tg_loops_ *loops;
  const tg_loop_class_ *c;
  const uint32_t *start; /* of the pieces */
  uint32_t output;       /* place */
  tg_loop_body_ *b;
  uint32_t *number, *pooled; /* by node: of the uniform + 1; in the pool + 1 */
  size_t uniform_capacity;
  operand *operands; /* of all places that are needed, one after the other */
  size_t operand_count, operand_capacity;
  uint32_t *columns; /* the first operand with the numbers of a column */
  size_t column_count, column_capacity;
  uint32_t *variables; /* likewise */
  size_t variable_count, variable_capacity;
  uint32_t *table; /* of the first operands of columns of constants and of variables, + 1, by their hash */
  size_t table_size, table_capacity;
  role *choices;
  size_t choice_count, choice_capacity;
  uint8_t *needed; /* by place: by any iteration */
  bool apart;      /* every operand that wants a column gets one of its own */
  tg_status status;
} maker;

static bool fail(maker *k, tg_status s)
{
  if (k->status == TG_OK) k->status = s;
  return false;
}

static bool refuse(maker *k, tg_loop_refusal_ why)
{
  k->b->refusal = why;
  return false;
}

static uint32_t entry_at(const maker *k, size_t row, uint32_t place, uint32_t slot)
{
  tg_operands_ x;
  tg_node_operands_(k->t, k->start[row] + place, &x);
  return x.entry[slot];
}

/* Of a piece that begins at `start`. A place that is shared is a node before the loop. */
static role role_of(const maker *k, uint32_t entry, uint32_t start)
{
  if (tg_is_constant_entry_(entry)) return (role){CONSTANT, entry & ~TG_CONSTANT_OPERAND};
  if (entry < start) return k->loops->carried[entry] ? (role){ENTRY, 0} : (role){UNIFORM, entry};
  const uint32_t place = entry - start;
  return k->b->shared[place] ? (role){UNIFORM, k->start[0] + place} : (role){OWN, place};
}

static bool same_role(role a, role b) { return a.kind == b.kind && a.at == b.at; }

static uint64_t bits_of(double x)
{
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

static bool same_number(double x, double y) { return bits_of(x) == bits_of(y); }

/* What the output needs in the first iteration, and guards. What another iteration needs besides is added later. */
static void spread_need(maker *k)
{
  const uint32_t start = k->start[0];
  for (uint32_t place = k->c->length; place-- > 0;) {
    if (tg_ops_[tg_opcode_(k->t->r.nodes_[start + place].word_)].guard) k->needed[place] = 1;
    if (!k->needed[place]) continue;
    tg_operands_ x;
    tg_node_operands_(k->t, start + place, &x);
    for (uint32_t slot = 0; slot < x.count; slot++)
      if (!tg_is_constant_entry_(x.entry[slot]) && x.entry[slot] >= start)
        k->needed[x.entry[slot] - start] = 1;
  }
}

/* ---- one pass over all pieces: what stays the same? ---- */

static bool list_operands(maker *k)
{
  k->operand_count = 0;
  for (uint32_t place = 0; place < k->c->length; place++) {
    if (!k->needed[place]) continue;
    tg_operands_ x;
    tg_node_operands_(k->t, k->start[0] + place, &x);
    if (!tg_reserve_((void **)&k->operands, &k->operand_capacity, k->operand_count + x.count,
                     sizeof *k->operands))
      return fail(k, TG_E_NOMEM);
    for (uint32_t slot = 0; slot < x.count; slot++)
      k->operands[k->operand_count++] =
          (operand){.place = place, .slot = slot, .role = role_of(k, x.entry[slot], k->start[0])};
  }
  return true;
}

static void hash_in(operand *o, uint64_t x)
{
  o->hash = (o->hash ^ x) * UINT64_C(0x9e3779b97f4a7c15);
  o->hash ^= o->hash >> 29;
}

static void see(const maker *k, operand *o, uint32_t entry, uint32_t start)
{
  if (!tg_is_constant_entry_(entry)) {
    const role r = role_of(k, entry, start);
    o->differs = o->differs || !same_role(o->role, r);
    o->own = o->own || r.kind != UNIFORM;
    hash_in(o, entry);
    return;
  }
  const double x = tg_entry_constant_(k->t, entry);
  o->differs = o->differs || !same_number(x, k->t->r.constants_[o->role.at]);
  hash_in(o, bits_of(x));
}

/* Piece by piece, as they lie in memory. */
static void see_all(maker *k)
{
  for (size_t row = 0; row < k->c->count; row++) {
    const uint32_t start = k->start[row];
    operand *o = k->operands, *const end = o + k->operand_count;
    while (o < end) {
      tg_operands_ x;
      tg_node_operands_(k->t, start + o->place, &x);
      for (uint32_t slot = 0; slot < x.count; slot++) see(k, o++, x.entry[slot], start);
    }
  }
}

/* Does an operand take places that the first iteration does not need? Then they are needed from now on. */
static bool needs_more(maker *k)
{
  bool more = false;
  for (size_t i = 0; i < k->operand_count; i++) {
    const operand *const o = &k->operands[i];
    for (size_t row = 0; row < k->c->count && o->differs && o->own; row++) {
      const role r = role_of(k, entry_at(k, row, o->place, o->slot), k->start[row]);
      if (r.kind != OWN || k->needed[r.at]) continue;
      k->needed[r.at] = 1;
      more = true;
    }
  }
  return more;
}

/* All operands of what is needed, seen in all iterations. */
static bool see_needed(maker *k)
{
  memset(k->needed, 0, k->c->length);
  k->needed[k->output] = 1;
  do {
    spread_need(k);
    if (!list_operands(k)) return false;
    see_all(k);
  } while (needs_more(k));
  return true;
}

/* ---- what each operand becomes ---- */

static bool new_column(maker *k, operand *o)
{
  if (!tg_reserve_((void **)&k->columns, &k->column_capacity, k->column_count + 1, sizeof *k->columns))
    return fail(k, TG_E_NOMEM);
  o->column = (uint32_t)k->column_count;
  k->columns[k->column_count++] = (uint32_t)(o - k->operands);
  return true;
}

static bool clear_table(maker *k)
{
  for (k->table_size = 64; k->table_size < 2 * k->operand_count;) k->table_size *= 2;
  if (!tg_reserve_((void **)&k->table, &k->table_capacity, k->table_size, sizeof *k->table))
    return fail(k, TG_E_NOMEM);
  memset(k->table, 0, k->table_size * sizeof *k->table);
  return true;
}

/* The first operand that is the same in all iterations, if there was one before: else NULL, and *o is the first. */
static const operand *alike(maker *k, const operand *o)
{
  const size_t mask = k->table_size - 1;
  size_t at = (size_t)o->hash & mask;
  if (k->apart) return NULL;
  for (; k->table[at] != 0; at = (at + 1) & mask) {
    const operand *const first = &k->operands[k->table[at] - 1];
    if (first->hash == o->hash && (first->role.kind == CONSTANT) == (o->role.kind == CONSTANT)) return first;
  }
  k->table[at] = (uint32_t)(o - k->operands) + 1;
  return NULL;
}

/* A column of the operand's constants, one that has the same numbers if there is one. */
static bool column_of(maker *k, operand *o)
{
  const operand *const first = alike(k, o);
  if (!first) return new_column(k, o);
  o->column = first->column;
  return true;
}

static bool know_uniform(maker *k, uint32_t node)
{
  tg_loop_body_ *const b = k->b;
  if (k->number[node] != 0) return true;
  if (!tg_reserve_((void **)&b->uniform, &k->uniform_capacity, b->uniforms + 1, sizeof *b->uniform))
    return fail(k, TG_E_NOMEM);
  b->uniform[b->uniforms++] = node;
  k->number[node] = (uint32_t)b->uniforms;
  return true;
}

static uint32_t choice_of(const maker *k, const operand *o, role r)
{
  uint32_t i = 0;
  while (i < o->choices && !same_role(k->choices[o->choice + i], r)) i++;
  return i;
}

/* The operand is not the same in all iterations: one of few? False where it is not; `most` of them. */
static bool find_choices(maker *k, operand *o, uint32_t most)
{
  if (!tg_reserve_((void **)&k->choices, &k->choice_capacity, k->choice_count + CHOICES, sizeof *k->choices))
    return fail(k, TG_E_NOMEM);
  o->choice = (uint32_t)k->choice_count;
  o->choices = 0;
  for (size_t row = 0; row < k->c->count; row++) {
    const role r = role_of(k, entry_at(k, row, o->place, o->slot), k->start[row]);
    if (choice_of(k, o, r) < o->choices) continue;
    if (o->choices == most || r.kind == ENTRY) return false;
    k->choices[o->choice + o->choices++] = r;
  }
  return true;
}

static bool make_pick(maker *k, operand *o)
{
  for (uint32_t i = 0; i < o->choices; i++) {
    const role r = k->choices[o->choice + i];
    if (r.kind == UNIFORM && !know_uniform(k, r.at)) return false;
  }
  k->choice_count += o->choices;
  return new_column(k, o);
}

/* A column of variables, one that is gathered alike if there is one. */
static bool make_variable(maker *k, operand *o)
{
  o->choices = 0;
  const operand *const first = alike(k, o);
  if (first) {
    o->variable = first->variable;
    return true;
  }
  if (!tg_reserve_((void **)&k->variables, &k->variable_capacity, k->variable_count + 1,
                   sizeof *k->variables))
    return fail(k, TG_E_NOMEM);
  o->variable = (uint32_t)k->variable_count;
  k->variables[k->variable_count++] = (uint32_t)(o - k->operands);
  return true;
}

static bool settle_differing(maker *k, operand *o)
{
  if (find_choices(k, o, o->own ? CHOICES : FEW)) return make_pick(k, o);
  if (k->status != TG_OK) return false;
  return o->own ? refuse(k, TG_LOOP_ODD_OPERAND) : make_variable(k, o);
}

/* A number where a piece joins the chain is a column always, so that no operation is left on constants alone. */
static bool joins_chain(const maker *k, uint32_t place) { return place == k->output; }

static bool settle(maker *k, operand *o)
{
  if (o->role.kind == CONSTANT) return o->differs || joins_chain(k, o->place) ? column_of(k, o) : true;
  if (o->differs) return settle_differing(k, o);
  return o->role.kind != UNIFORM || know_uniform(k, o->role.at);
}

/* The operands of one place: from number i on; answers where those of the next begin. */
static size_t past_place(const maker *k, size_t i)
{
  const uint32_t place = k->operands[i].place;
  while (i < k->operand_count && k->operands[i].place == place) i++;
  return i;
}

/* A place whose operands are the same in all iterations. Roles of places after it that use it change. */
static void find_shared(maker *k)
{
  for (size_t i = 0, next; i < k->operand_count; i = next) {
    const uint32_t place = k->operands[i].place;
    bool same = !joins_chain(k, place);
    next = past_place(k, i);
    for (size_t j = i; j < next; j++) {
      operand *const o = &k->operands[j];
      if (o->role.kind == OWN && k->b->shared[o->role.at])
        o->role = (role){UNIFORM, k->start[0] + o->role.at};
      same = same && !o->differs && (o->role.kind == CONSTANT || o->role.kind == UNIFORM);
    }
    k->b->shared[place] = same;
  }
}

static bool settle_all(maker *k)
{
  k->choice_count = k->column_count = k->variable_count = 0;
  if (!clear_table(k)) return false;
  for (size_t i = 0; i < k->operand_count; i++) {
    operand *const o = &k->operands[i];
    o->column = o->variable = NONE;
    o->choices = 0;
    if (!k->b->shared[o->place] && !settle(k, o)) return false;
  }
  return k->b->uniforms + k->variable_count > 0 || refuse(k, TG_LOOP_NO_INPUT);
}

/* ---- the numbers ---- */

static double number_of(const maker *k, const operand *o, size_t row)
{
  const uint32_t entry = entry_at(k, row, o->place, o->slot);
  return o->choices > 0 ? (double)choice_of(k, o, role_of(k, entry, k->start[row]))
                        : tg_entry_constant_(k->t, entry);
}

static uint32_t pooled(const maker *k, const operand *o, size_t row)
{
  return k->pooled[entry_at(k, row, o->place, o->slot)] - 1;
}

/* All nodes that variables are gathered from, in their order. */
static bool fill_pool(maker *k)
{
  tg_loop_body_ *const b = k->b;
  uint32_t low = UINT32_MAX, high = 0;
  for (size_t j = 0; j < k->variable_count; j++) {
    const operand *const o = &k->operands[k->variables[j]];
    for (size_t row = 0; row < k->c->count; row++) {
      const uint32_t node = entry_at(k, row, o->place, o->slot);
      b->pool += k->pooled[node] == 0;
      k->pooled[node] = 1;
      low = node < low ? node : low;
      high = node > high ? node : high;
    }
  }
  if (!tg_reserve_((void **)&b->uniform, &k->uniform_capacity, b->uniforms + b->pool, sizeof *b->uniform))
    return fail(k, TG_E_NOMEM);
  uint32_t count = 0;
  for (uint32_t node = low; node <= high && b->pool > 0; node++) {
    if (k->pooled[node] == 0) continue;
    b->uniform[b->uniforms + count++] = node;
    k->pooled[node] = count;
  }
  return true;
}

/* False if an operand does not have the numbers of the column it shares. */
static bool fill_number(const maker *k, const operand *o, size_t row)
{
  double *const to = k->b->data + row * k->b->columns + o->column;
  const double x = number_of(k, o, row);
  if (&k->operands[k->columns[o->column]] != o) return same_number(*to, x);
  *to = x;
  return true;
}

static bool fill_variable(const maker *k, const operand *o, size_t row)
{
  uint32_t *const to = k->b->index + row * k->b->variables + o->variable;
  const uint32_t which = pooled(k, o, row);
  if (&k->operands[k->variables[o->variable]] != o) return *to == which;
  *to = which;
  return true;
}

static bool fill_row(const maker *k, size_t row)
{
  for (size_t i = 0; i < k->operand_count; i++) {
    const operand *const o = &k->operands[i];
    if (o->column != NONE && !fill_number(k, o, row)) return false;
    if (o->variable != NONE && !fill_variable(k, o, row)) return false;
  }
  return true;
}

static bool fill_rows(const maker *k)
{
  for (size_t row = 0; row < k->b->rows; row++)
    if (!fill_row(k, row)) return false;
  return true;
}

static bool reserve_rows(maker *k)
{
  tg_loop_body_ *const b = k->b;
  b->rows = k->c->count;
  b->columns = k->column_count;
  b->variables = k->variable_count;
  if (b->columns + b->variables > SIZE_MAX / sizeof(double) / b->rows) return fail(k, TG_E_SIZE);
  tg_memory_free_(b->data);
  tg_memory_free_(b->index);
  b->data = tg_memory_resize_(NULL, b->rows, (b->columns + 1) * sizeof *b->data);
  b->index = tg_memory_resize_(NULL, b->rows, (b->variables + 1) * sizeof *b->index);
  return (b->data && b->index) || fail(k, TG_E_NOMEM);
}

static void forget_numbers(maker *k)
{
  for (size_t i = 0; i < k->b->uniforms; i++) k->number[k->b->uniform[i]] = 0;
  for (size_t i = 0; i < k->b->pool; i++) k->pooled[k->b->uniform[k->b->uniforms + i]] = 0;
  k->b->uniforms = k->b->pool = 0;
}

static const operand *operand_at(const maker *k, uint32_t place, uint32_t slot)
{
  const operand *o = k->operands;
  while (o->place != place) o++;
  return o + slot;
}

/* Down the sum from the output to where it enters the piece: it must enter once, and be a sum all the way. */
static bool find_entry(maker *k)
{
  size_t entries = 0;
  for (size_t i = 0; i < k->operand_count; i++) entries += k->operands[i].role.kind == ENTRY;
  for (uint32_t place = k->output; entries == 1;) {
    const unsigned op = tg_base_op_(tg_opcode_(k->t->r.nodes_[k->start[0] + place].word_));
    if ((tg_ops_[op].properties & TG_SUM) == 0) return false;
    const unsigned slots = op == TG_OP_add ? 2 : 1;
    uint32_t next = NONE;
    for (unsigned slot = 0; slot < slots; slot++) {
      const role r = operand_at(k, place, slot)->role;
      k->b->entry_place = place, k->b->entry_slot = slot;
      if (r.kind == ENTRY) return true;
      if (r.kind == OWN && k->loops->carried[k->start[0] + r.at]) next = r.at;
    }
    if (next == NONE) return false;
    place = next;
  }
  return false;
}

/* Columns are shared by their hash; should that ever be wrong, none is. */
static bool fit_all(maker *k)
{
  k->b->shared = tg_memory_resize_(NULL, k->c->length, 2);
  if (!k->b->shared) return fail(k, TG_E_NOMEM);
  memset(k->b->shared, 0, k->c->length);
  k->needed = k->b->shared + k->c->length;
  if (!see_needed(k)) return false;
  if (!find_entry(k)) return refuse(k, TG_LOOP_NO_SUM);
  find_shared(k);
  for (int again = 0; again < 2; again++) {
    k->apart = again != 0;
    if (!settle_all(k) || !reserve_rows(k) || !fill_pool(k)) return false;
    if (fill_rows(k)) return true;
    forget_numbers(k);
  }
  return false;
}

/* ---- the function ---- */

typedef struct scribe {
  tg_builder_ builder;
  uint32_t *at;      /* by place: its value */
  uint32_t *operand; /* values */
  size_t operand_capacity;
} scribe;

static uint32_t role_value(const maker *k, scribe *w, role r)
{
  switch (r.kind) {
  case CONSTANT: return tg_build_constant_(&w->builder, k->t->r.constants_[r.at]);
  case UNIFORM: return k->number[r.at] - 1;
  case OWN: return w->at[r.at];
  case ENTRY: break;
  }
  return tg_build_constant_(&w->builder, 0.0);
}

/* A pick of its own: the choices, then the column. */
static uint32_t write_pick(const maker *k, scribe *w, const operand *o)
{
  uint32_t list[CHOICES + 1];
  for (uint32_t i = 0; i < o->choices; i++) list[i] = role_value(k, w, k->choices[o->choice + i]);
  list[o->choices] = (uint32_t)k->b->uniforms + o->column;
  tg_nary_ pick = tg_nary_builtin_(TG_NARY_pick);
  pick.n = o->choices + 1;
  pick.m = 1;
  return tg_build_call_(&w->builder, &pick, list, true);
}

static uint32_t operand_value(const maker *k, scribe *w, const operand *o)
{
  if (o->choices > 0) return write_pick(k, w, o);
  if (o->column != NONE) return (uint32_t)k->b->uniforms + o->column;
  if (o->variable != NONE) return (uint32_t)(k->b->uniforms + k->b->columns) + o->variable;
  return role_value(k, w, o->role);
}

static uint32_t write_operation(const maker *k, scribe *w, uint32_t node)
{
  const tg_node_ *const n = &k->t->r.nodes_[node];
  const unsigned op = tg_opcode_(n->word_), base = tg_base_op_(op);
  if (op == TG_OP_output) return w->operand[0] + tg_operand_b_(n->word_);
  if (op == TG_OP_nary)
    return tg_build_call_(&w->builder, &k->t->nary[tg_operand_a_(n->word_)], w->operand, false);
  if (tg_ops_[op].guard) return tg_build_guard_(&w->builder, base, w->operand, n->primal_ != 0.0, false);
  return tg_build_element_(&w->builder, base, w->operand, false);
}

/* The place of *o; *o moves on to the next. */
static bool write_place(const maker *k, scribe *w, const operand **o)
{
  const uint32_t place = (*o)->place, node = k->start[0] + place;
  tg_operands_ x;
  tg_node_operands_(k->t, node, &x);
  if (!tg_reserve_((void **)&w->operand, &w->operand_capacity, (size_t)x.count + 1, sizeof *w->operand))
    return false;
  for (uint32_t slot = 0; slot < x.count; slot++) w->operand[slot] = operand_value(k, w, (*o)++);
  w->at[place] = write_operation(k, w, node);
  return w->builder.status == TG_OK;
}

static bool write_places(const maker *k, scribe *w)
{
  const operand *o = k->operands, *const end = o + k->operand_count;
  while (o < end) {
    if (k->b->shared[o->place])
      o++;
    else if (!write_place(k, w, &o))
      return false;
  }
  tg_build_output_(&w->builder, w->at[k->output]);
  return true;
}

static tg_status make_term(const maker *k)
{
  const size_t n = k->b->uniforms + k->b->columns + k->b->variables;
  scribe w = {.at = tg_memory_resize_(NULL, k->c->length, sizeof *w.at)};
  tg_program_ p;
  if (!w.at) return TG_E_NOMEM;
  tg_build_begin_(&w.builder, n, k->c->length);
  const bool written = write_places(k, &w);
  tg_status s = tg_build_end_(&w.builder, &p);
  if (s == TG_OK && !written) s = TG_E_NOMEM;
  const tg_need_ need = {.value = p.outputs, .count = 1, .guards = true};
  if (s == TG_OK) s = tg_function_of_program_(&k->b->term, &p, n, &need);
  tg_program_free_(&p);
  tg_memory_free_(w.at);
  tg_memory_free_(w.operand);
  return s;
}

tg_status tg_loop_body_make_(tg_loop_body_ *b, const tg_tape *t, const tg_loops_ *loops,
                             const tg_loop_class_ *c, uint32_t output, uint32_t *number)
{
  *b = (tg_loop_body_){.refusal = TG_LOOP_FITS};
  maker k = {.t = t,
             .loops = loops,
             .c = c,
             .start = loops->starts + c->first,
             .b = b,
             .output = output,
             .number = number,
             .pooled = number + tg_size_(t),
             .status = TG_OK};
  const bool fits = fit_all(&k);
  if (fits) k.status = make_term(&k);
  const size_t uniforms = b->uniforms, pool = b->pool;
  if (k.status == TG_OK) forget_numbers(&k);
  b->uniforms = uniforms;
  b->pool = pool;
  tg_memory_free_(k.operands);
  tg_memory_free_(k.columns);
  tg_memory_free_(k.variables);
  tg_memory_free_(k.table);
  tg_memory_free_(k.choices);
  const tg_loop_refusal_ refusal = b->refusal;
  if (!fits || k.status != TG_OK) tg_loop_body_clear_(b);
  b->refusal = refusal;
  return k.status;
}

void tg_loop_body_clear_(tg_loop_body_ *b)
{
  tg_function_free(b->term);
  tg_memory_free_(b->uniform);
  tg_memory_free_(b->data);
  tg_memory_free_(b->index);
  tg_memory_free_(b->shared);
  *b = (tg_loop_body_){.refusal = TG_LOOP_FITS};
}
