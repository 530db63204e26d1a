/* From the graph to steps: chains of additions and products become rows of matrices and sums of products,
 * rows over the same vectors become one matrix, the rest one step each. Then vectors get places. */
#include "expand.h"

#include <string.h>

#define NONE UINT32_MAX

/* One term of a chain. x NONE: a uniform alone; u NONE: a product of vectors, or x alone if y is NONE too. */
typedef struct term {
  uint32_t u, x, y; /* values */
  bool negated;
} term;

/* A row of a matrix under construction: columns terms from `first`. */
typedef struct row {
  uint32_t first, columns;
  uint32_t start, end; /* uniforms as values, or NONE */
  uint32_t y_start;    /* a place, or NONE */
  uint32_t place;      /* of the result */
  uint32_t next;       /* in the same matrix */
} row;

typedef struct group { /* a matrix under construction */
  uint32_t first, last, rows;
  uint32_t step;
} group;

typedef struct compiler {
  tg_expanded_ e;
  tg_body_ *b;
  uint8_t *absorbed; /* by value: a term of the chain that uses it */
  uint32_t *place;   /* by value: slot, or NONE yet; columns have none */
  uint32_t *uniform; /* by value: number of the uniform, or NONE yet */
  uint32_t *spread;  /* by value: the slot of a uniform as a vector, or NONE yet */
  term *terms;       /* of the chain at hand */
  size_t term_count, term_capacity;
  uint32_t *row_terms; /* pairs: uniform value (top bit: negated), vector value */
  size_t row_term_count, row_term_capacity;
  row *rows;
  size_t row_count, row_capacity;
  group *groups;
  size_t group_count, group_capacity;
  uint32_t *seen; /* hash table of groups */
  size_t seen_size;
  size_t sparse;                 /* columns of the sample */
  uint32_t *segment_of, segment; /* by sparse column: the last row segment it has entered; their number */
  size_t slots;
  uint32_t *made_at; /* by slot: the step that fills it, for rows that start from it */
  size_t made_capacity;
  tg_status status;
} compiler;

static void fail(compiler *c, tg_status why)
{
  if (c->status == TG_OK) c->status = why;
}

#define GROW(c, list, count, capacity, n)                                                                    \
  (tg_reserve_((void **)&(list), &(capacity), (count) + (n), sizeof *(list)) ? true                          \
                                                                             : (fail(c, TG_E_NOMEM), false))

static const tg_value_ *value_of(const compiler *c, uint32_t v) { return &c->e.program.values[v]; }
static bool varies(const compiler *c, uint32_t v) { return c->e.varies[v] != 0; }
static bool is_column(const compiler *c, uint32_t v)
{
  return value_of(c, v)->kind == TG_VALUE_INPUT && varies(c, v);
}
static uint32_t column_of(const compiler *c, uint32_t v) { return v - (uint32_t)c->b->d; }
static bool is_op(const compiler *c, uint32_t v, unsigned op)
{
  return value_of(c, v)->kind == TG_VALUE_ELEMENT && varies(c, v) && value_of(c, v)->op == op;
}

static bool has(const compiler *c, uint32_t v, unsigned property)
{
  return value_of(c, v)->kind == TG_VALUE_ELEMENT && varies(c, v) &&
         (tg_ops_[value_of(c, v)->op].properties & property) != 0;
}

/* ---- uniforms ---- */

/* The number of a uniform; a constant gets its own, behind theta and the results, when it is first asked for. */
static uint32_t uniform_of(compiler *c, uint32_t v)
{
  if (c->uniform[v] != NONE) return c->uniform[v];
  tg_body_ *b = c->b;
  if (!GROW(c, b->constants, b->constant_count, b->constant_capacity, 1)) return 0;
  b->constants[b->constant_count] = value_of(c, v)->number;
  c->uniform[v] = (uint32_t)(b->d + b->results + b->constant_count++);
  return c->uniform[v];
}

static bool has_uniform_guards(const compiler *c)
{
  for (uint32_t v = 0; v < c->e.program.count; v++)
    if (value_of(c, v)->kind == TG_VALUE_GUARD && !varies(c, v)) return true;
  return false;
}

/* Numbers theta and what else the vectors need of the part that depends on theta only, and makes its
 * function. */
static void find_uniforms(compiler *c)
{
  tg_body_ *b = c->b;
  uint32_t *result = tg_memory_resize_(NULL, c->e.program.count + 1, sizeof *result);
  if (result == NULL) {
    fail(c, TG_E_NOMEM);
    return;
  }
  for (uint32_t v = 0; v < c->e.program.count; v++) {
    if (varies(c, v) || value_of(c, v)->kind == TG_VALUE_CONSTANT) continue;
    if (value_of(c, v)->kind == TG_VALUE_INPUT)
      c->uniform[v] = v;
    else if (c->e.uses[v] > 0) {
      c->uniform[v] = (uint32_t)(b->d + b->results);
      result[b->results++] = v;
    }
  }
  if (b->results == 0 && has_uniform_guards(c))
    result[b->results++] = 0; /* theta_0, for the sake of guards */
  if (b->results > 0) {
    const tg_status s = tg_expanded_uniform_(&c->e, b->d, result, b->results, &b->uniform);
    if (s != TG_OK) fail(c, s);
  }
  tg_memory_free_(result);
}

/* ---- places ---- */

static uint32_t new_slot(compiler *c)
{
  if (!GROW(c, c->made_at, c->slots, c->made_capacity, 1)) return 0;
  c->made_at[c->slots] = (uint32_t)c->b->step_count;
  return (uint32_t)c->slots++;
}

/* The vector that holds v: a column of dense data, the slot of a step's result, or a uniform spread over the
 * lanes. Slots of uniforms are numbered from TG_NEGATED until all are known. */
static uint32_t vector_of(compiler *c, uint32_t v)
{
  if (is_column(c, v)) {
    const uint32_t column = column_of(c, v);
    if (c->sparse == 0) return column | TG_IN_DATA;
    if (column < c->sparse) fail(c, TG_E_DATA);
    return c->b->label;
  }
  if (varies(c, v)) return c->place[v];
  if (c->spread[v] != NONE) return c->spread[v];
  tg_body_ *b = c->b;
  const uint32_t u = uniform_of(c, v);
  if (!GROW(c, b->broadcast, b->broadcast_count, b->broadcast_capacity, 1)) return 0;
  b->broadcast[b->broadcast_count] = u;
  c->spread[v] = (uint32_t)b->broadcast_count++ | 0x40000000u;
  return c->spread[v];
}

static bool is_passive(const compiler *c, uint32_t v)
{
  return is_column(c, v) || value_of(c, v)->kind == TG_VALUE_CONSTANT;
}

static uint32_t list(compiler *c, size_t n)
{
  tg_body_ *b = c->b;
  if (!GROW(c, b->lists, b->list_count, b->list_capacity, n)) return 0;
  b->list_count += n;
  return (uint32_t)(b->list_count - n);
}

static tg_body_step_ *step(compiler *c, tg_body_step_ s)
{
  tg_body_ *b = c->b;
  if (!GROW(c, b->steps, b->step_count, b->step_capacity, 1)) return NULL;
  b->steps[b->step_count] = s;
  return &b->steps[b->step_count++];
}

/* ---- chains ---- */

static bool is_sum(const compiler *c, uint32_t v) { return has(c, v, TG_SUM); }
static bool is_product(const compiler *c, uint32_t v) { return has(c, v, TG_PRODUCT); }
static uint32_t loss_of(const compiler *c) { return c->e.program.outputs[0]; }
static bool may_absorb(const compiler *c, uint32_t v) { return c->e.uses[v] == 1 && v != loss_of(c); }

/* Which operand of the sum v continues the chain: 0, 1, or 2 for neither. The order of the terms is kept: in
 * a + (b1 + b2) the bracket comes first, and addition commutes. */
static unsigned spine(const compiler *c, uint32_t v)
{
  const tg_value_ *s = value_of(c, v);
  if (is_sum(c, s->operand[0]) && may_absorb(c, s->operand[0])) return 0;
  if (s->op == TG_OP_add && is_sum(c, s->operand[1]) && may_absorb(c, s->operand[1])) return 1;
  return 2;
}

static void absorb_products(compiler *c, uint32_t v)
{
  if (is_product(c, v) && may_absorb(c, v)) c->absorbed[v] = 1;
}

static void find_chains(compiler *c)
{
  for (size_t i = c->e.program.count; i-- > 0;) {
    const uint32_t v = (uint32_t)i;
    if (c->e.uses[v] == 0 || !is_sum(c, v)) continue;
    const unsigned along = spine(c, v);
    if (along < 2) c->absorbed[value_of(c, v)->operand[along]] = 1;
    for (unsigned k = 0; k < 2; k++)
      if (k != along) absorb_products(c, value_of(c, v)->operand[k]);
  }
}

static void push_term(compiler *c, uint32_t v, bool negated)
{
  if (!GROW(c, c->terms, c->term_count, c->term_capacity, 1)) return;
  term t = {.u = NONE, .x = NONE, .y = NONE, .negated = negated};
  const tg_value_ *p = value_of(c, v);
  if (c->absorbed[v] || (is_product(c, v) && c->term_count == 0 && !is_sum(c, v))) {
    const uint32_t x = p->operand[0], y = p->op == TG_OP_square ? x : p->operand[1];
    if (!varies(c, x))
      t.u = x, t.x = y;
    else if (!varies(c, y))
      t.u = y, t.x = x;
    else
      t.x = x, t.y = y;
    if (t.x == c->e.one) t.x = NONE;
  } else if (varies(c, v))
    t.x = v;
  else
    t.u = v;
  c->terms[c->term_count++] = t;
}

/* The terms of the chain that ends in v, first to last. */
static void gather_terms(compiler *c, uint32_t v)
{
  c->term_count = 0;
  uint32_t at = v;
  for (;;) { /* from the last term to the first */
    const tg_value_ *s = value_of(c, at);
    if (!is_sum(c, at)) break;
    const unsigned along = spine(c, at);
    const bool minus = s->op == TG_OP_sub;
    const uint32_t operand[2] = {s->operand[0], s->operand[1]};
    if (along == 2) {
      push_term(c, operand[1], minus);
      push_term(c, operand[0], false);
      break;
    }
    push_term(c, operand[1 - along], along == 0 && minus);
    at = operand[along];
  }
  for (size_t i = 0, j = c->term_count; i + 1 < j; i++) {
    const term t = c->terms[i];
    c->terms[i] = c->terms[--j];
    c->terms[j] = t;
  }
}

/* ---- matrices: rows over the same vectors belong together ---- */

static uint64_t row_hash(const compiler *c, const row *r)
{
  uint64_t h = (uint64_t)r->columns << 2 | (uint64_t)(r->y_start != NONE) << 1 | (r->end != NONE);
  for (uint32_t j = 0; j < r->columns; j++) {
    h = (h ^ c->row_terms[r->first + 2 * j + 1]) * UINT64_C(0x9e3779b97f4a7c15);
    h ^= h >> 29;
  }
  return h;
}

static bool rows_match(const compiler *c, const row *r, const row *s)
{
  if (r->columns != s->columns || (r->end == NONE) != (s->end == NONE) ||
      (r->start == NONE) != (s->start == NONE) || (r->y_start == NONE) != (s->y_start == NONE))
    return false;
  for (uint32_t j = 0; j < r->columns; j++)
    if (c->row_terms[r->first + 2 * j + 1] != c->row_terms[s->first + 2 * j + 1]) return false;
  return true;
}

static bool grow_seen(compiler *c)
{
  if (2 * (c->group_count + 1) < c->seen_size) return true;
  const size_t size = c->seen_size != 0 ? 2 * c->seen_size : 64;
  uint32_t *seen = tg_memory_resize_(NULL, size, sizeof *seen);
  if (seen == NULL) return false;
  memset(seen, 0, size * sizeof *seen);
  for (size_t i = 0; i < c->group_count; i++) {
    size_t at = (size_t)row_hash(c, &c->rows[c->groups[i].first]) & (size - 1);
    while (seen[at] != 0) at = (at + 1) & (size - 1);
    seen[at] = (uint32_t)i + 1;
  }
  tg_memory_free_(c->seen);
  c->seen = seen;
  c->seen_size = size;
  return true;
}

/* A row that starts from a vector joins a matrix only if that vector is there when the matrix runs. */
static bool start_is_early(const compiler *c, const row *r, const group *g)
{
  return r->y_start == NONE || c->made_at[r->y_start] < g->step;
}

static void place_row(compiler *c, row r)
{
  if (!GROW(c, c->rows, c->row_count, c->row_capacity, 1) ||
      !GROW(c, c->groups, c->group_count, c->group_capacity, 1))
    return;
  if (!grow_seen(c)) {
    fail(c, TG_E_NOMEM);
    return;
  }
  const uint32_t index = (uint32_t)c->row_count++;
  r.next = NONE;
  c->rows[index] = r;
  size_t at = (size_t)row_hash(c, &r) & (c->seen_size - 1);
  for (; c->seen[at] != 0; at = (at + 1) & (c->seen_size - 1)) {
    group *g = &c->groups[c->seen[at] - 1];
    if (!rows_match(c, &c->rows[g->first], &r) || !start_is_early(c, &r, g)) continue;
    c->rows[g->last].next = index;
    g->last = index;
    g->rows++;
    c->made_at[r.place] = g->step;
    return;
  }
  c->seen[at] = (uint32_t)c->group_count + 1;
  c->groups[c->group_count] = (group){index, index, 1, (uint32_t)c->b->step_count};
  step(c, (tg_body_step_){.kind = TG_BODY_MATRIX, .index = (uint32_t)c->group_count++});
}

/* ---- a chain as steps ---- */

static bool is_sparse_column(const compiler *c, uint32_t v)
{
  return is_column(c, v) && column_of(c, v) < c->sparse;
}

typedef enum segment_kind { SEGMENT_DATA, SEGMENT_SLOTS, SEGMENT_PRODUCTS } segment_kind;

static segment_kind kind_of(const compiler *c, const term *t)
{
  if (t->y != NONE) return SEGMENT_PRODUCTS;
  const bool in_data = is_column(c, t->x) && (c->sparse == 0 || is_sparse_column(c, t->x));
  return in_data ? SEGMENT_DATA : SEGMENT_SLOTS;
}

static bool alone(const term *t) { return t->x == NONE; }

/* A sparse column enters a row once: a second time begins another row. */
static bool entered_before(compiler *c, uint32_t x)
{
  if (!is_sparse_column(c, x)) return false;
  uint32_t *last = &c->segment_of[column_of(c, x)];
  const bool before = *last == c->segment;
  *last = c->segment;
  return before;
}

/* Terms from `i` on that make one row; answers the index past them. `so_far` is where the sum stands, or
 * NONE. */
static size_t row_segment(compiler *c, size_t i, uint32_t so_far, uint32_t place)
{
  row r = {
      .first = (uint32_t)c->row_term_count, .start = NONE, .end = NONE, .y_start = so_far, .place = place};
  if (so_far == NONE && alone(&c->terms[i]) && !c->terms[i].negated) r.start = c->terms[i++].u;
  const size_t begin = i;
  c->segment++;
  for (; i < c->term_count && !alone(&c->terms[i]); i++) {
    const term *t = &c->terms[i];
    if (kind_of(c, t) == SEGMENT_PRODUCTS || kind_of(c, t) != kind_of(c, &c->terms[begin])) break;
    if (entered_before(c, t->x)) break;
    if (!GROW(c, c->row_terms, c->row_term_count, c->row_term_capacity, 2)) return c->term_count;
    c->row_terms[c->row_term_count++] = (t->u != NONE ? t->u : c->e.one) | (t->negated ? TG_NEGATED : 0);
    c->row_terms[c->row_term_count++] = t->x;
    r.columns++;
  }
  if (i < c->term_count && alone(&c->terms[i])) {
    r.end = c->terms[i].u | (c->terms[i].negated ? TG_NEGATED : 0);
    i++;
  }
  place_row(c, r);
  return i;
}

static size_t products_segment(compiler *c, size_t i, uint32_t so_far, uint32_t place)
{
  size_t end = i;
  while (end < c->term_count && !alone(&c->terms[end]) && kind_of(c, &c->terms[end]) == SEGMENT_PRODUCTS &&
         c->terms[end].negated == c->terms[i].negated)
    end++;
  const uint32_t n = (uint32_t)(end - i), x = list(c, n), y = list(c, n);
  tg_body_ *b = c->b;
  if (!GROW(c, b->products, b->products_count, b->products_capacity, 1)) return c->term_count;
  for (uint32_t k = 0; k < n && c->status == TG_OK; k++) {
    b->lists[x + k] = vector_of(c, c->terms[i + k].x);
    b->lists[y + k] = vector_of(c, c->terms[i + k].y);
  }
  b->products[b->products_count] = (tg_body_products_){n, x, y, so_far, place, c->terms[i].negated};
  step(c, (tg_body_step_){.kind = TG_BODY_PRODUCTS, .index = (uint32_t)b->products_count++});
  return end;
}

static void emit_chain(compiler *c, uint32_t v)
{
  uint32_t so_far = NONE;
  for (size_t i = 0; i < c->term_count && c->status == TG_OK;) {
    const uint32_t place = new_slot(c);
    const bool products = !alone(&c->terms[i]) && kind_of(c, &c->terms[i]) == SEGMENT_PRODUCTS;
    i = products ? products_segment(c, i, so_far, place) : row_segment(c, i, so_far, place);
    so_far = place;
  }
  c->place[v] = so_far;
}

/* ---- everything else ---- */

static void emit_element(compiler *c, uint32_t v)
{
  const tg_value_ e = *value_of(c, v);
  const bool guard = e.kind == TG_VALUE_GUARD;
  tg_body_step_ s = {.kind = guard ? TG_BODY_GUARD : TG_BODY_ELEMENT,
                     .op = e.op,
                     .arity = e.arity,
                     .expected = e.expected,
                     .forms = tg_row_forms_of_(e.op)};
  for (unsigned k = 0; k < e.arity; k++) {
    s.operand[k] = vector_of(c, e.operand[k]);
    s.passive[k] = is_passive(c, e.operand[k]);
  }
  if (!guard) s.out = c->place[v] = new_slot(c);
  if (tg_has_pair_(e.op)) s.partial = new_slot(c);
  step(c, s);
}

/* Two terms that are vectors, or a product of two vectors, are cheapest as the operation itself. */
static void emit_sum_or_product(compiler *c, uint32_t v)
{
  if (is_sum(c, v))
    gather_terms(c, v);
  else {
    c->term_count = 0;
    push_term(c, v, false);
  }
  const bool plain = c->term_count == 2 && c->terms[0].u == NONE && c->terms[0].y == NONE &&
                     c->terms[1].u == NONE && c->terms[1].y == NONE;
  if (c->term_count == 1 ? c->terms[0].y != NONE : plain)
    emit_element(c, v);
  else
    emit_chain(c, v);
}

static void emit_call(compiler *c, const tg_call_ *call)
{
  tg_body_ *b = c->b;
  const tg_nary_ *r = &call->what;
  const uint32_t *operand = c->e.program.lists + r->first;
  if (!GROW(c, b->nary, b->nary_count, b->nary_capacity, 1)) return;
  tg_body_nary_ made = {
      .kind = r->kind, .op = r->op, .user = r->user, .shape = r->shape, .n = r->n, .m = r->m};
  made.x = list(c, r->n), made.passive = list(c, r->n), made.y = list(c, r->m);
  for (uint32_t j = 0; j < r->n && c->status == TG_OK; j++) {
    b->lists[made.x + j] = vector_of(c, operand[j]);
    b->lists[made.passive + j] = is_passive(c, operand[j]);
  }
  for (uint32_t j = 0; j < r->m && c->status == TG_OK; j++)
    b->lists[made.y + j] = c->place[call->output + j] = new_slot(c);
  made.weight = (uint32_t)c->slots; /* what the derivatives need of each operand */
  c->slots += r->n;
  if (r->n + r->m > b->nary_widest) b->nary_widest = r->n + r->m;
  b->nary[b->nary_count] = made;
  step(c, (tg_body_step_){.kind = TG_BODY_NARY, .index = (uint32_t)b->nary_count++});
}

static bool is_needed(const compiler *c, const tg_call_ *call)
{
  for (uint32_t j = 0; j < call->what.m; j++)
    if (c->e.uses[call->output + j] > 0) return true;
  return false;
}

static void emit_value(compiler *c, uint32_t v)
{
  const tg_value_ *x = value_of(c, v);
  if (!varies(c, v) || c->absorbed[v] || x->kind == TG_VALUE_INPUT) return;
  if (x->kind == TG_VALUE_OUTPUT) {
    const tg_call_ *call = &c->e.program.calls[x->operand[0]];
    if (x->operand[1] == 0 && is_needed(c, call)) emit_call(c, call);
  } else if (c->e.uses[v] > 0) {
    if (is_sum(c, v) || is_op(c, v, TG_OP_mul))
      emit_sum_or_product(c, v);
    else
      emit_element(c, v);
  }
}

/* The loss always ends in a slot of its own. */
static void emit_loss(compiler *c)
{
  const uint32_t v = loss_of(c);
  if (!is_column(c, v) && varies(c, v)) {
    c->b->loss = c->place[v];
    return;
  }
  c->term_count = 0;
  if (!GROW(c, c->terms, 0, c->term_capacity, 1)) return;
  c->terms[c->term_count++] = varies(c, v) ? (term){c->e.one, v, NONE, false} : (term){v, NONE, NONE, false};
  const uint32_t place = new_slot(c);
  row_segment(c, 0, NONE, place);
  c->b->loss = place;
}

/* ---- matrices in their final form ---- */

static uint32_t signed_uniform(compiler *c, uint32_t value)
{
  return uniform_of(c, value & ~TG_NEGATED) | (value & TG_NEGATED);
}

static bool is_contiguous(const tg_body_ *b, const tg_body_matrix_ *m)
{
  const size_t n = (size_t)m->rows * m->columns;
  for (size_t i = 0; i < n; i++)
    if (b->lists[m->coefficient + i] != b->lists[m->coefficient] + i) return false;
  return n > 0 && (b->lists[m->coefficient] & TG_NEGATED) == 0;
}

static uint32_t uniform_column(compiler *c, const group *g, bool end)
{
  const row *first = &c->rows[g->first];
  if ((end ? first->end : first->start) == NONE) return TG_NO_OPERAND;
  const uint32_t made = list(c, g->rows);
  uint32_t k = 0;
  for (uint32_t i = g->first; i != NONE && c->status == TG_OK; i = c->rows[i].next, k++)
    c->b->lists[made + k] = signed_uniform(c, end ? c->rows[i].end : c->rows[i].start);
  return made;
}

/* Where every sparse column of the sample stands among those of a matrix. */
static uint32_t sparse_positions(compiler *c, const uint32_t *terms, uint32_t columns)
{
  bool same = columns == c->sparse;
  for (uint32_t j = 0; j < columns && same; j++) same = column_of(c, terms[2 * j + 1]) == j;
  if (same) return TG_NO_OPERAND;
  const uint32_t made = list(c, c->sparse);
  if (c->status != TG_OK) return made;
  uint32_t *position = c->b->lists + made;
  for (size_t i = 0; i < c->sparse; i++) position[i] = UINT32_MAX;
  for (uint32_t j = 0; j < columns; j++) {
    uint32_t *at = &position[column_of(c, terms[2 * j + 1])];
    *at = j;
  }
  return made;
}

static void find_vectors(compiler *c, tg_body_matrix_ *m, const uint32_t *terms)
{
  for (uint32_t j = 0; j < m->columns && c->status == TG_OK; j++) {
    const uint32_t x = vector_of(c, terms[2 * j + 1]);
    uint32_t *list_x = c->b->lists + m->x;
    list_x[j] = x;
    m->in_data = (x & TG_IN_DATA) != 0;
    for (uint32_t i = 0; i < j && !m->in_data && m->columns < 256; i++)
      m->repeated = m->repeated || list_x[i] == x;
  }
  m->repeated = m->repeated || m->columns >= 256; /* not worth finding out */
}

static void finish_matrix(compiler *c, const group *g)
{
  tg_body_ *b = c->b;
  const row first = c->rows[g->first];
  tg_body_matrix_ m = {
      .rows = g->rows, .columns = first.columns, .constant = true, .position = TG_NO_OPERAND};
  m.coefficient = list(c, (size_t)m.rows * m.columns);
  m.x = list(c, m.columns);
  m.y = list(c, m.rows);
  m.y_start = first.y_start != NONE ? list(c, m.rows) : TG_NO_OPERAND;
  m.start = uniform_column(c, g, false);
  m.end = uniform_column(c, g, true);
  if (!GROW(c, b->matrices, b->matrix_count, b->matrix_capacity, 1)) return;
  const uint32_t *terms = m.columns > 0 ? c->row_terms + first.first : NULL;
  const bool sparse = m.columns > 0 && c->sparse > 0 && is_sparse_column(c, terms[1]);
  if (sparse) {
    m.in_data = true;
    m.position = sparse_positions(c, terms, m.columns);
    for (uint32_t j = 0; j < m.columns && c->status == TG_OK; j++)
      b->lists[m.x + j] = column_of(c, terms[2 * j + 1]);
  } else
    find_vectors(c, &m, terms);
  uint32_t k = 0;
  for (uint32_t i = g->first; i != NONE && c->status == TG_OK; i = c->rows[i].next, k++) {
    b->lists[m.y + k] = c->rows[i].place;
    if (m.y_start != TG_NO_OPERAND) b->lists[m.y_start + k] = c->rows[i].y_start;
    for (uint32_t j = 0; j < m.columns; j++) {
      const uint32_t u = signed_uniform(c, c->row_terms[c->rows[i].first + 2 * j]);
      b->lists[m.coefficient + (sparse ? j * m.rows + k : k * m.columns + j)] = u;
      m.constant = m.constant && !tg_varies_with_theta_(b, u);
    }
    const uint32_t ends[2] = {m.start, m.end};
    for (unsigned e = 0; e < 2; e++)
      if (ends[e] != TG_NO_OPERAND && tg_varies_with_theta_(b, b->lists[ends[e] + k])) m.free_start = true;
  }
  if (c->status != TG_OK) return;
  m.contiguous = is_contiguous(b, &m);
  m.w = b->weights;
  m.w_ends = m.w + (m.contiguous ? 0 : (size_t)m.rows * m.columns);
  b->weights = m.w_ends + 2 * m.rows;
  b->matrices[b->matrix_count++] = m;
}

/* ---- final places: uniforms first, then the slots; all times L ---- */

static uint32_t moved(const tg_body_ *b, uint32_t place)
{
  const uint32_t L = (uint32_t)b->L;
  if (place & TG_IN_DATA) return TG_IN_DATA | (place & ~TG_IN_DATA) * L;
  if (place & 0x40000000u) return (place & 0x3fffffffu) * L;
  return ((uint32_t)b->broadcast_count + place) * L;
}

static void move_list(tg_body_ *b, uint32_t first, size_t n)
{
  for (size_t i = 0; i < n; i++) b->lists[first + i] = moved(b, b->lists[first + i]);
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

static void finish_places(compiler *c)
{
  tg_body_ *b = c->b;
  b->slots = c->slots + b->broadcast_count;
  if (b->L == 0) b->L = choose_lanes(b);
  if (b->slots > 0x3fffffff / b->L || (!b->sparse && b->columns > 0x3fffffff / b->L)) {
    fail(c, TG_E_SIZE);
    return;
  }
  b->loss = moved(b, b->loss);
  if (b->label != TG_NO_OPERAND) b->label = moved(b, b->label);
  for (size_t i = 0; i < b->step_count; i++) {
    tg_body_step_ *s = &b->steps[i];
    for (unsigned k = 0; k < s->arity; k++) s->operand[k] = moved(b, s->operand[k]);
    s->out = moved(b, s->out);
    s->partial = moved(b, s->partial);
  }
  for (size_t i = 0; i < b->matrix_count; i++) {
    tg_body_matrix_ *m = &b->matrices[i];
    if (!(b->sparse && m->in_data)) move_list(b, m->x, m->columns);
    for (uint32_t j = 0; j < m->columns && !b->sparse; j++) b->lists[m->x + j] &= ~TG_IN_DATA;
    move_list(b, m->y, m->rows);
    if (m->y_start != TG_NO_OPERAND) move_list(b, m->y_start, m->rows);
  }
  for (size_t i = 0; i < b->products_count; i++) {
    tg_body_products_ *p = &b->products[i];
    move_list(b, p->x, p->count);
    move_list(b, p->y, p->count);
    if (p->y_start != TG_NO_OPERAND) p->y_start = moved(b, p->y_start);
    p->out = moved(b, p->out);
  }
  for (size_t i = 0; i < b->nary_count; i++) {
    tg_body_nary_ *n = &b->nary[i];
    move_list(b, n->x, n->n);
    move_list(b, n->y, n->m);
    n->weight = moved(b, n->weight);
  }
}

static uint32_t *filled(compiler *c, size_t n)
{
  uint32_t *made = tg_memory_resize_(NULL, n, sizeof *made);
  if (made == NULL) fail(c, TG_E_NOMEM);
  for (size_t i = 0; made != NULL && i < n; i++) made[i] = NONE;
  return made;
}

static void compile(compiler *c)
{
  const size_t n = c->e.program.count;
  c->place = filled(c, n);
  c->uniform = filled(c, n);
  c->spread = filled(c, n);
  c->absorbed = tg_memory_resize_(NULL, n, sizeof *c->absorbed);
  if (c->absorbed == NULL) fail(c, TG_E_NOMEM);
  if (c->status != TG_OK) return;
  memset(c->absorbed, 0, n);
  find_uniforms(c);
  if (c->status != TG_OK) return;
  if (c->b->sparse) {
    c->b->label = new_slot(c);
    c->segment_of = filled(c, c->sparse);
    if (c->status != TG_OK) return;
  }
  find_chains(c);
  for (uint32_t v = 0; v < n && c->status == TG_OK; v++) emit_value(c, v);
  if (c->status == TG_OK) emit_loss(c);
  for (size_t i = 0; i < c->group_count && c->status == TG_OK; i++) finish_matrix(c, &c->groups[i]);
  if (c->status == TG_OK) finish_places(c);
}

tg_status tg_body_compile_(tg_body_ **body, const tg_function *f, size_t d, size_t columns, size_t sparse,
                           size_t L)
{
  compiler c = {.status = TG_OK, .sparse = sparse};
  *body = NULL;
  c.b = tg_memory_resize_(NULL, 1, sizeof *c.b);
  if (c.b == NULL) return TG_E_NOMEM;
  *c.b = (tg_body_){.d = d,
                    .columns = columns,
                    .L = L,
                    .sparse = sparse > 0,
                    .label = TG_NO_OPERAND,
                    .recorded = tg_size_(f->tape)};
  c.status = tg_expand_(&c.e, f, d);
  if (c.status == TG_OK) compile(&c);
  tg_expanded_free_(&c.e);
  tg_memory_free_(c.absorbed);
  tg_memory_free_(c.place);
  tg_memory_free_(c.uniform);
  tg_memory_free_(c.spread);
  tg_memory_free_(c.terms);
  tg_memory_free_(c.row_terms);
  tg_memory_free_(c.rows);
  tg_memory_free_(c.groups);
  tg_memory_free_(c.seen);
  tg_memory_free_(c.made_at);
  tg_memory_free_(c.segment_of);
  if (c.status != TG_OK)
    tg_body_free_(c.b);
  else
    *body = c.b;
  return c.status;
}

void tg_body_free_(tg_body_ *b)
{
  if (b == NULL) return;
  tg_function_free(b->uniform);
  tg_memory_free_(b->steps);
  tg_memory_free_(b->matrices);
  tg_memory_free_(b->products);
  tg_memory_free_(b->nary);
  tg_memory_free_(b->lists);
  tg_memory_free_(b->constants);
  tg_memory_free_(b->broadcast);
  tg_memory_free_(b);
}
