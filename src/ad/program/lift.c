/* From the tape to a graph: what depends on theta only stays behind as nodes of the tape, equal operations
 * become one value, sums and products of many operands become additions and multiplications in the order the
 * scalar engine takes them, and what nothing needs is not live. */
#include "graph.h"

#include <string.h>

#include "operands.h"

#define NONE UINT32_MAX

static uint32_t fail(tg_graph_ *g, tg_status why)
{
  if (g->status == TG_OK) g->status = why;
  return 0;
}

static uint32_t new_value(tg_graph_ *g, tg_value_ v)
{
  if (!tg_reserve_((void **)&g->values, &g->capacity, g->count + 1, sizeof *g->values))
    return fail(g, TG_E_NOMEM);
  if (g->count >= TG_MAX_NODES) return fail(g, TG_E_SIZE);
  g->values[g->count] = v;
  return (uint32_t)g->count++;
}

static bool new_list(tg_graph_ *g, size_t n, uint32_t *first)
{
  *first = (uint32_t)g->list_count;
  if (!tg_reserve_((void **)&g->lists, &g->list_capacity, g->list_count + n, sizeof *g->lists)) {
    fail(g, TG_E_NOMEM);
    return false;
  }
  g->list_count += n;
  return true;
}

/* ---- equal operations become one value ---- */

static uint64_t mixed(uint64_t h, uint64_t x)
{
  h = (h ^ x) * UINT64_C(0x9e3779b97f4a7c15);
  return h ^ h >> 29;
}

static uint64_t hash(const tg_value_ *v)
{
  uint64_t bits;
  memcpy(&bits, &v->number, sizeof bits);
  uint64_t h = mixed((uint64_t)v->form, v->op);
  h = mixed(h, (uint64_t)v->operand[0] << 32 | v->operand[1]);
  h = mixed(h, (uint64_t)v->operand[2] << 32 | v->a);
  return mixed(h, bits);
}

static bool same(const tg_value_ *v, const tg_value_ *w)
{
  return v->form == w->form && v->op == w->op && v->a == w->a && v->b == w->b && v->expected == w->expected &&
         memcmp(v->operand, w->operand, sizeof v->operand) == 0 &&
         memcmp(&v->number, &w->number, sizeof v->number) == 0;
}

static bool grow_seen(tg_graph_ *g)
{
  if (2 * (g->count + 1) < g->seen_size) return true;
  const size_t size = g->seen_size != 0 ? 2 * g->seen_size : 1024;
  uint32_t *seen = tg_memory_resize_(NULL, size, sizeof *seen);
  if (seen == NULL) return false;
  memset(seen, 0, size * sizeof *seen);
  for (size_t i = 0; i < g->seen_size; i++) {
    if (g->seen[i] == 0) continue;
    size_t at = (size_t)hash(&g->values[g->seen[i] - 1]) & (size - 1);
    while (seen[at] != 0) at = (at + 1) & (size - 1);
    seen[at] = g->seen[i];
  }
  tg_memory_free_(g->seen);
  g->seen = seen;
  g->seen_size = size;
  return true;
}

/* The value equal to v, made if there is none. */
static uint32_t distinct(tg_graph_ *g, tg_value_ v)
{
  if (!grow_seen(g)) return fail(g, TG_E_NOMEM);
  size_t at = (size_t)hash(&v) & (g->seen_size - 1);
  for (; g->seen[at] != 0; at = (at + 1) & (g->seen_size - 1))
    if (same(&g->values[g->seen[at] - 1], &v)) return g->seen[at] - 1;
  const uint32_t made = new_value(g, v);
  if (g->status == TG_OK) g->seen[at] = made + 1;
  return made;
}

uint32_t tg_graph_constant_(tg_graph_ *g, double c)
{
  return distinct(g, (tg_value_){.form = TG_VALUE_CONSTANT, .number = c});
}

static uint32_t element(tg_graph_ *g, unsigned op, unsigned arity, const uint32_t *operand)
{
  tg_value_ v = {.form = TG_VALUE_ELEMENT, .op = op, .arity = arity};
  memcpy(v.operand, operand, arity * sizeof *operand);
  return distinct(g, v);
}

static uint32_t binary(tg_graph_ *g, unsigned op, uint32_t x, uint32_t y)
{
  return element(g, op, 2, (const uint32_t[2]){x, y});
}

/* ---- nodes of the tape ---- */

static uint32_t entry_value(tg_graph_ *g, uint32_t entry)
{
  return tg_is_constant_entry_(entry) ? tg_graph_constant_(g, tg_entry_constant_(g->tape, entry))
                                      : g->of_node[entry];
}

/* The operands of an elementary node or guard; answers how many. */
static unsigned operands_of(tg_graph_ *g, uint32_t node, uint32_t *operand)
{
  tg_operands_ x;
  tg_node_operands_(g->tape, node, &x);
  for (uint32_t k = 0; k < x.count; k++) operand[k] = entry_value(g, x.entry[k]);
  return x.count;
}

static uint32_t uniform_node(tg_graph_ *g, uint32_t node)
{
  return new_value(g, (tg_value_){.form = TG_VALUE_UNIFORM, .a = node});
}

static uint32_t lift_element(tg_graph_ *g, uint32_t node)
{
  uint32_t operand[3];
  const unsigned op = tg_base_op_(tg_opcode_(g->tape->r.nodes_[node].word_));
  const unsigned arity = operands_of(g, node, operand);
  bool varies = false;
  for (unsigned k = 0; k < arity; k++) varies = varies || tg_varies_(g, operand[k]);
  if (!varies) return uniform_node(g, node);
  if (!tg_ops_[op].guard) return element(g, op, arity, operand);
  tg_value_ v = {.form = TG_VALUE_ELEMENT, .op = op, .arity = 2, .operand = {operand[0], operand[1]}};
  v.expected = g->tape->r.nodes_[node].primal_ != 0.0;
  return distinct(g, v);
}

/* start + x_0 y_0 + x_1 y_1 + ... in this order; start NONE: nothing; y NULL: a plain sum. */
static uint32_t lift_sum(tg_graph_ *g, uint32_t start, const uint32_t *x, const uint32_t *y, size_t n)
{
  uint32_t sum = start;
  for (size_t k = 0; k < n; k++) {
    const uint32_t term = y != NULL ? binary(g, TG_OP_mul, x[k], y[k]) : x[k];
    sum = sum == NONE ? term : binary(g, TG_OP_add, sum, term);
  }
  return sum == NONE ? tg_graph_constant_(g, 0.0) : sum;
}

static void lift_affine(tg_graph_ *g, uint32_t node, const tg_nary_ *r, const uint32_t *operand)
{
  const size_t rows = r->m, columns = r->shape.columns;
  const uint32_t *bias = operand + rows * columns, *x = bias + (r->shape.bias ? rows : 0);
  for (size_t k = 0; k < rows; k++) {
    const uint32_t sum = lift_sum(g, NONE, operand + k * columns, x, columns);
    g->of_node[node + k] = r->shape.bias ? binary(g, TG_OP_add, sum, bias[k]) : sum;
  }
}

static void lift_call(tg_graph_ *g, uint32_t node, const tg_nary_ *r, uint32_t first)
{
  if (!tg_reserve_((void **)&g->calls, &g->call_capacity, g->call_count + 1, sizeof *g->calls)) {
    fail(g, TG_E_NOMEM);
    return;
  }
  const uint32_t call = (uint32_t)g->call_count++;
  g->calls[call] = (tg_call_){.record = r, .first = first};
  for (uint32_t j = 0; j < r->m; j++)
    g->of_node[node + j] = new_value(g, (tg_value_){.form = TG_VALUE_OUTPUT, .a = call, .b = j});
}

static void lift_nary(tg_graph_ *g, uint32_t node)
{
  const tg_nary_ *r = &g->tape->nary[tg_operand_a_(g->tape->r.nodes_[node].word_)];
  uint32_t first;
  if (!new_list(g, r->n, &first)) return;
  bool varies = false;
  for (uint32_t k = 0; k < r->n; k++) {
    const uint32_t v = entry_value(g, g->tape->operands[r->first + k]);
    if (g->status != TG_OK) return;
    g->lists[first + k] = v;
    varies = varies || tg_varies_(g, v);
  }
  const uint32_t *operand = g->lists + first;
  const uint32_t half = r->n / 2;
  if (!varies) {
    for (uint32_t j = 0; j < r->m; j++) g->of_node[node + j] = uniform_node(g, node + j);
    return;
  }
  switch (r->kind) {
  case TG_NARY_sum: g->of_node[node] = lift_sum(g, NONE, operand, NULL, r->n); return;
  case TG_NARY_dot: g->of_node[node] = lift_sum(g, NONE, operand, operand + half, half); return;
  case TG_NARY_affine: lift_affine(g, node, r, operand); return;
  default: lift_call(g, node, r, first);
  }
}

static void lift_node(tg_graph_ *g, uint32_t node, uint32_t *inputs)
{
  const unsigned op = tg_opcode_(g->tape->r.nodes_[node].word_);
  switch (op) {
  case TG_OP_output: return; /* set by the first output */
  case TG_OP_nary: lift_nary(g, node); return;
  case TG_OP_live: g->of_node[node] = uniform_node(g, node); return;
  case TG_OP_input:
    g->of_node[node] =
        *inputs < g->d ? uniform_node(g, node)
                       : new_value(g, (tg_value_){.form = TG_VALUE_COLUMN, .a = *inputs - (uint32_t)g->d});
    ++*inputs;
    return;
  default: g->of_node[node] = lift_element(g, node);
  }
}

/* ---- what is needed ---- */

static void need(tg_graph_ *g, uint32_t value)
{
  g->values[value].uses++;
  g->values[value].live = true;
}

/* Operands come before what uses them, hence one pass downwards. */
static void find_live(tg_graph_ *g)
{
  need(g, g->loss);
  for (size_t i = 0; i < g->count; i++)
    if (g->values[i].form == TG_VALUE_ELEMENT && tg_ops_[g->values[i].op].guard) need(g, (uint32_t)i);
  for (size_t i = g->count; i-- > 0;) {
    const tg_value_ v = g->values[i];
    if (!v.live) continue;
    if (v.form == TG_VALUE_ELEMENT)
      for (unsigned k = 0; k < v.arity; k++) need(g, v.operand[k]);
    if (v.form == TG_VALUE_UNIFORM) g->node_live[v.a] = 1;
    if (v.form != TG_VALUE_OUTPUT || g->calls[v.a].live) continue;
    g->calls[v.a].live = true;
    for (uint32_t k = 0; k < g->calls[v.a].record->n; k++) need(g, g->lists[g->calls[v.a].first + k]);
  }
}

tg_status tg_graph_lift_(tg_graph_ *g, const tg_function *f, size_t d, size_t columns)
{
  *g = (tg_graph_){.tape = f->tape, .d = d, .columns = columns, .status = TG_OK};
  const uint32_t nodes = tg_size_(f->tape);
  g->of_node = tg_memory_resize_(NULL, (size_t)nodes + 1, sizeof *g->of_node);
  g->node_live = tg_memory_resize_(NULL, (size_t)nodes + 1, sizeof *g->node_live);
  if (g->of_node == NULL || g->node_live == NULL) return TG_E_NOMEM;
  memset(g->node_live, 0, (size_t)nodes + 1);
  uint32_t inputs = 0;
  for (uint32_t i = 0; i < nodes && g->status == TG_OK; i++) lift_node(g, i, &inputs);
  if (g->status != TG_OK) return g->status;
  g->loss =
      tg_is_constant_(f->y[0]) ? tg_graph_constant_(g, f->y[0].value_) : g->of_node[tg_node_of_(f->y[0])];
  if (g->status == TG_OK) find_live(g);
  return g->status;
}

void tg_graph_clear_(tg_graph_ *g)
{
  tg_memory_free_(g->values);
  tg_memory_free_(g->calls);
  tg_memory_free_(g->lists);
  tg_memory_free_(g->of_node);
  tg_memory_free_(g->node_live);
  tg_memory_free_(g->seen);
}

/* ---- the part that depends on theta only ---- */

/* Marks what the live nodes need, outputs of one operation together; guards on theta are always live. */
static void spread(const tg_graph_ *g, uint8_t *live)
{
  const tg_tape *t = g->tape;
  for (uint32_t i = tg_size_(t); i-- > 0;) {
    const unsigned op = tg_opcode_(t->r.nodes_[i].word_);
    const bool uniform = g->values[g->of_node[i]].form == TG_VALUE_UNIFORM;
    if (uniform && op >= TG_OP_first && tg_ops_[op].guard) live[i] = 1;
    if (!live[i]) continue;
    tg_operands_ x;
    tg_node_operands_(t, i, &x);
    for (uint32_t k = 0; k < x.count; k++)
      if (!tg_is_constant_entry_(x.entry[k])) live[x.entry[k]] = 1;
  }
  for (uint32_t i = 0; i < tg_size_(t); i++) { /* outputs follow their operation */
    const uint64_t word = t->r.nodes_[i].word_;
    if (tg_opcode_(word) == TG_OP_output && live[tg_operand_a_(word)]) live[i] = 1;
  }
}

/* Node i of t moves down to place `to`, its operands renumbered by `map`. */
static void move_node(tg_tape *t, uint32_t i, uint32_t to, uint32_t *map)
{
  const tg_node_ node = t->r.nodes_[i];
  const unsigned op = tg_opcode_(node.word_);
  uint32_t a = tg_operand_a_(node.word_), b = tg_operand_b_(node.word_);
  const tg_form_ form = tg_ops_[op].form;
  if (op == TG_OP_output || form == TG_FORM_x || form == TG_FORM_xy || form == TG_FORM_xc) a = map[a];
  if (form == TG_FORM_xy || form == TG_FORM_cy) b = map[b];
  map[i] = to;
  t->r.nodes_[to].word_ = tg_word_(op, a, b);
  t->r.nodes_[to].primal_ = node.primal_;
}

/* Shrinks a copy of the tape to its live nodes, in place. */
static void shrink(tg_tape *t, const uint8_t *live, uint32_t *map)
{
  uint32_t kept = 0;
  for (uint32_t i = 0; i < tg_size_(t); i++) {
    if (!live[i]) continue;
    const uint64_t word = t->r.nodes_[i].word_;
    const unsigned op = tg_opcode_(word);
    const uint32_t a = tg_operand_a_(word);
    const uint32_t first = op == TG_OP_nary ? t->nary[a].first : a;
    const uint32_t count = op == TG_OP_nary ? t->nary[a].n : tg_ops_[op].form == TG_FORM_xyz ? 3 : 0;
    for (uint32_t k = first; k < first + count; k++)
      if (!(t->operands[k] & TG_CONSTANT_OPERAND)) t->operands[k] = map[t->operands[k]];
    move_node(t, i, kept++, map);
  }
  tg_tape_rewind_(t, kept);
}

static tg_var at_place(const tg_tape *t, uint32_t node)
{
  return (tg_var){t->r.nodes_[node].primal_, (uint64_t)tg_id_(t) << 32 | node};
}

tg_status tg_graph_uniform_(const tg_graph_ *g, const tg_function *f, const uint32_t *result, size_t m,
                            tg_function **made)
{
  const uint32_t nodes = tg_size_(f->tape);
  for (size_t j = 0; j < g->d; j++) g->node_live[tg_node_of_(f->x[j])] = 1;
  spread(g, g->node_live);
  tg_var *y = tg_memory_resize_(NULL, m, sizeof *y);
  uint32_t *map = tg_memory_resize_(NULL, nodes, sizeof *map);
  tg_status s = y != NULL && map != NULL ? TG_OK : TG_E_NOMEM;
  for (size_t k = 0; s == TG_OK && k < m; k++) y[k] = tg_tape_at(f->tape, result[k]);
  if (s == TG_OK) s = tg_tape_function(made, f->tape, f->x, g->d, y, m);
  if (s == TG_OK) {
    shrink((*made)->tape, g->node_live, map);
    for (size_t j = 0; j < g->d; j++) (*made)->x[j] = at_place((*made)->tape, map[tg_node_of_(f->x[j])]);
    for (size_t k = 0; k < m; k++) (*made)->y[k] = at_place((*made)->tape, map[result[k]]);
  }
  tg_memory_free_(y);
  tg_memory_free_(map);
  return s;
}
