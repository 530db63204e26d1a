#include "find.h"

#include "nary_tape.h"
#include "operands.h"

#include <stdlib.h>
#include <string.h>

enum { LOOKS = 16, LONGEST_PERIOD = 8 };

/* A chain that may be a loop: its last node, how many sums it has, and where it begins. */
typedef struct candidate {
  uint32_t last, length, width;
} candidate;

typedef struct finder {
  const tg_tape *t;
  tg_loops_ *found;
  uint8_t *uses;     /* by node, no more than 2 */
  uint32_t *sums;    /* by node: additions on the longest chain that ends there */
  uint8_t *taken;    /* by node: within a chain that is a loop */
  uint8_t *followed; /* by node: a longer chain goes on from it */
  uint32_t *chain;   /* the chain at hand, backwards */
  size_t chain_length, chain_capacity;
  candidate *candidates;
  size_t candidate_count, candidate_capacity;
  uint32_t *cuts; /* of the chain at hand, upwards: chain nodes that end a piece; the first is its entry */
  size_t cut_count, cut_capacity;
  uint8_t *class_of; /* by piece */
  size_t class_of_capacity;
} finder;

static unsigned opcode(const tg_tape *t, uint32_t node) { return tg_opcode_(t->r.nodes_[node].word_); }

static bool is_sum(const tg_tape *t, uint32_t node)
{
  return (tg_properties_(opcode(t, node)) & TG_SUM) != 0;
}

/* ---- who reads what ---- */

static void read_by(finder *f, uint32_t node, uint32_t reader)
{
  if (f->uses[node] < 2) f->uses[node]++;
  if (f->found->last_use[node] < reader) f->found->last_use[node] = reader;
}

/* From the last node to the first, so that only what is needed counts as a reader. */
static void find_readers(finder *f, const tg_var *y, size_t m)
{
  const tg_tape *const t = f->t;
  for (size_t j = 0; j < m; j++)
    if (!tg_is_constant_(y[j])) read_by(f, tg_node_of_(y[j]), UINT32_MAX);
  for (uint32_t i = tg_size_(t); i-- > 0;) {
    if (!tg_loops_needed_(f->found, t, i)) continue;
    tg_operands_ x;
    tg_node_operands_(t, i, &x);
    for (uint32_t k = 0; k < x.count; k++)
      if (!tg_is_constant_entry_(x.entry[k])) read_by(f, x.entry[k], i);
  }
}

/* ---- chains ---- */

/* May the chain go on from node `from` down to operand number k? */
static bool may_follow(const finder *f, uint32_t from, unsigned k, uint32_t *to)
{
  tg_operands_ x;
  tg_node_operands_(f->t, from, &x);
  *to = x.entry[k];
  if (tg_is_constant_entry_(*to) || !is_sum(f->t, *to) || f->uses[*to] != 1) return false;
  return k == 0 || tg_base_op_(opcode(f->t, from)) == TG_OP_add;
}

static void measure_chains(finder *f)
{
  for (uint32_t i = 0; i < tg_size_(f->t); i++) {
    if (!is_sum(f->t, i) || f->found->last_use[i] == 0) continue;
    uint32_t best = 0, from = UINT32_MAX;
    for (unsigned k = 0; k < 2; k++) {
      uint32_t to;
      if (!may_follow(f, i, k, &to) || f->sums[to] <= best) continue;
      best = f->sums[to];
      from = to;
    }
    f->sums[i] = best + 1;
    if (from != UINT32_MAX) f->followed[from] = 1;
  }
}

/* Down from `last`, along the same operand as long as that is possible: a term may end in a sum as well. */
static bool walk(finder *f, uint32_t last)
{
  unsigned along = 2;
  f->chain_length = 0;
  for (uint32_t at = last;;) {
    if (!tg_reserve_((void **)&f->chain, &f->chain_capacity, f->chain_length + 1, sizeof *f->chain))
      return false;
    f->chain[f->chain_length++] = at;
    uint32_t to[2];
    const bool may[2] = {may_follow(f, at, 0, &to[0]), may_follow(f, at, 1, &to[1])};
    if (!may[0] && !may[1]) return true;
    if (along == 2 || !may[along]) along = may[0] && (!may[1] || f->sums[to[0]] >= f->sums[to[1]]) ? 0 : 1;
    at = to[along];
  }
}

static tg_status gather_candidates(finder *f)
{
  for (uint32_t i = 0; i < tg_size_(f->t); i++) {
    if (f->sums[i] < TG_LOOP_LEAST || f->followed[i]) continue;
    if (!walk(f, i) || !tg_reserve_((void **)&f->candidates, &f->candidate_capacity, f->candidate_count + 1,
                                    sizeof *f->candidates))
      return TG_E_NOMEM;
    const uint32_t n = (uint32_t)f->chain_length;
    for (uint32_t k = 1; k < n; k++) f->found->carried[f->chain[k]] = 1;
    f->candidates[f->candidate_count++] = (candidate){i, n, i - f->chain[n - 1]};
  }
  return TG_OK;
}

/* Long chains first, the widest of them at the head. */
static int by_width(const void *p, const void *q)
{
  const candidate *const a = p, *const b = q;
  const bool long_a = a->length >= TG_LOOP_SHORT, long_b = b->length >= TG_LOOP_SHORT;
  if (long_a != long_b) return long_a ? -1 : 1;
  if (a->width != b->width) return a->width > b->width ? -1 : 1;
  return a->last < b->last ? -1 : 1;
}

/* ---- pieces ---- */

/* The cuts of the chain at hand that nothing crosses. */
static tg_status find_cuts(finder *f)
{
  uint32_t reach = 0; /* the last reader of what has been seen of the chain's stretch */
  uint32_t at = f->chain[f->chain_length - 1];
  f->cut_count = 0;
  for (size_t k = f->chain_length; k-- > 0; at++) {
    for (; at < f->chain[k]; at++)
      if (!f->found->carried[at] && f->found->last_use[at] > reach) reach = f->found->last_use[at];
    if (reach > f->chain[k]) continue;
    if (!tg_reserve_((void **)&f->cuts, &f->cut_capacity, f->cut_count + 1, sizeof *f->cuts))
      return TG_E_NOMEM;
    f->cuts[f->cut_count++] = f->chain[k];
  }
  return TG_OK;
}

static bool is_taken(const finder *f)
{
  const uint32_t first = f->chain[f->chain_length - 1], last = f->chain[0];
  return memchr(f->taken + first, 1, last - first + 1) != NULL;
}

static bool same_operation(const tg_nary_ *a, const tg_nary_ *b)
{
  return a->op == b->op && a->n == b->n && a->m == b->m && a->kind == b->kind && a->user == b->user &&
         a->shape.columns == b->shape.columns && a->shape.bias == b->shape.bias;
}

/* Do two nodes do the same, whatever they do it to? */
static bool nodes_alike(const tg_tape *t, uint32_t i, uint32_t j)
{
  const tg_node_ *const x = &t->r.nodes_[i], *const y = &t->r.nodes_[j];
  const unsigned op = tg_opcode_(x->word_);
  if (op != tg_opcode_(y->word_)) return false;
  const tg_op_info_ *const row = &tg_ops_[op];
  if (row->guard) return (x->primal_ != 0.0) == (y->primal_ != 0.0);
  if (row->form == TG_FORM_output) return tg_operand_b_(x->word_) == tg_operand_b_(y->word_);
  if (row->form != TG_FORM_xyz && row->form != TG_FORM_list) return true;
  if (row->form == TG_FORM_list &&
      !same_operation(&t->nary[tg_operand_a_(x->word_)], &t->nary[tg_operand_a_(y->word_)]))
    return false;
  tg_operands_ p = {0}, q = {0};
  tg_node_operands_(t, i, &p);
  tg_node_operands_(t, j, &q);
  for (uint32_t k = 0; k < p.count; k++)
    if (tg_is_constant_entry_(p.entry[k]) != tg_is_constant_entry_(q.entry[k])) return false;
  return true;
}

/* Inputs and live constants are read anew at every evaluation: no iteration. Nor is what calls the user's own
 * operations: they count on one call for each that was recorded, in order, and lanes call them again for gradients and
 * for lanes that are padding, or not at all where nothing uses them. */
static bool may_repeat(const tg_tape *t, uint32_t start, uint32_t length)
{
  for (uint32_t i = start; i < start + length; i++) {
    const uint64_t word = t->r.nodes_[i].word_;
    const unsigned op = tg_opcode_(word);
    if (op == TG_OP_input || op == TG_OP_live) return false;
    if (op == TG_OP_nary && t->nary[tg_operand_a_(word)].kind == TG_NARY_custom) return false;
  }
  return true;
}

typedef struct kind { /* pieces alike, under construction */
  uint32_t start, length, count;
} kind;

static bool is_of_kind(const tg_tape *t, const kind *k, uint32_t start, uint32_t length)
{
  if (k->length != length) return false;
  for (uint32_t i = 0; i < length; i++)
    if (!nodes_alike(t, k->start + i, start + i)) return false;
  return true;
}

/* Tells the pieces apart: class_of[k] of piece k, TG_LOOP_CLASSES: none. Answers the number of kinds. */
static size_t sort_pieces(finder *f, kind *kinds)
{
  size_t count = 0;
  for (size_t p = 0; p + 1 < f->cut_count; p++) {
    const uint32_t start = f->cuts[p] + 1, length = f->cuts[p + 1] - f->cuts[p];
    size_t k = 0;
    while (k < count && !is_of_kind(f->t, &kinds[k], start, length)) k++;
    if (k == count && (count == TG_LOOP_CLASSES || !may_repeat(f->t, start, length))) k = TG_LOOP_CLASSES;
    f->class_of[p] = (uint8_t)k;
    if (k == TG_LOOP_CLASSES) continue;
    if (k == count) kinds[count++] = (kind){start, length, 0};
    kinds[k].count++;
  }
  return count;
}

/* The least distance at which kinds repeat, if they do but for less than a quarter of the pieces; else 0. */
static size_t period_of(const finder *f)
{
  const size_t n = f->cut_count - 1;
  for (size_t p = 2; p <= LONGEST_PERIOD && 4 * p <= n; p++) {
    size_t differ = 0;
    for (size_t k = p; k < n; k++) differ += f->class_of[k] != f->class_of[k - p];
    if (4 * differ < n) return p;
  }
  return 0;
}

/* An iteration that adds to the chain more than once leaves several pieces: they become one, counted from the end of
 * the chain, where an iteration ends as well. */
static void join_pieces(finder *f, size_t period)
{
  const size_t head = (f->cut_count - 1) % period;
  size_t count = 0;
  for (size_t k = 0; k < f->cut_count; k++)
    if (k == 0 || (k >= head && (k - head) % period == 0)) f->cuts[count++] = f->cuts[k];
  f->cut_count = count;
}

static bool is_worth(const kind *k)
{
  return k->count >= TG_LOOP_LEAST && (uint64_t)k->count * k->length >= TG_LOOP_SMALL;
}

static tg_status add_class(finder *f, const kind *kinds, size_t k)
{
  tg_loops_ *const l = f->found;
  if (!tg_reserve_((void **)&l->classes, &l->class_capacity, l->class_count + 1, sizeof *l->classes) ||
      !tg_reserve_((void **)&l->starts, &l->start_capacity, l->start_count + kinds[k].count,
                   sizeof *l->starts))
    return TG_E_NOMEM;
  l->classes[l->class_count++] = (tg_loop_class_){(uint32_t)l->start_count, kinds[k].count, kinds[k].length};
  for (size_t p = 0; p + 1 < f->cut_count; p++)
    if (f->class_of[p] == k) l->starts[l->start_count++] = f->cuts[p] + 1;
  return TG_OK;
}

/* The chain at hand as a loop, if it has classes that are worth one. */
static tg_status take_chain(finder *f)
{
  tg_status s = find_cuts(f);
  if (s != TG_OK || f->cut_count <= TG_LOOP_LEAST) return s;
  if (!tg_reserve_((void **)&f->class_of, &f->class_of_capacity, f->cut_count, 1)) return TG_E_NOMEM;
  kind kinds[TG_LOOP_CLASSES];
  size_t count = sort_pieces(f, kinds);
  const size_t period = count > 1 ? period_of(f) : 0;
  if (period > 0) {
    join_pieces(f, period);
    count = sort_pieces(f, kinds);
  }
  const size_t before = f->found->class_count;
  for (size_t k = 0; k < count && s == TG_OK; k++)
    if (is_worth(&kinds[k])) s = add_class(f, kinds, k);
  const uint32_t entry = f->cuts[0], last = f->cuts[f->cut_count - 1];
  if (f->found->class_count > before) memset(f->taken + entry, 1, last - entry + 1);
  return s;
}

/* Chains are looked at until their stretches add up to a few tapes: a thousand sums side by side are no loop. */
static tg_status find(finder *f, const tg_var *y, size_t m)
{
  uint64_t left = LOOKS * (uint64_t)tg_size_(f->t);
  find_readers(f, y, m);
  measure_chains(f);
  tg_status s = gather_candidates(f);
  if (f->candidate_count > 1) qsort(f->candidates, f->candidate_count, sizeof *f->candidates, by_width);
  for (size_t i = 0; i < f->candidate_count && s == TG_OK; i++) {
    const candidate *const c = &f->candidates[i];
    if (f->taken[c->last]) continue;
    if (c->width > left) break;
    left -= c->width;
    if (!walk(f, c->last)) return TG_E_NOMEM;
    if (!is_taken(f)) s = take_chain(f);
  }
  return s;
}

static void *zeroed(size_t count, size_t size)
{
  void *const made = tg_memory_resize_(NULL, count, size);
  if (made) memset(made, 0, count * size);
  return made;
}

tg_status tg_loops_find_(tg_loops_ *found, const tg_tape *t, const tg_var *y, size_t m)
{
  const size_t nodes = (size_t)tg_size_(t) + 1;
  *found = (tg_loops_){.last_use = zeroed(nodes, sizeof *found->last_use), .carried = zeroed(nodes, 1)};
  finder f = {.t = t,
              .found = found,
              .uses = zeroed(nodes, 1),
              .sums = zeroed(nodes, sizeof *f.sums),
              .taken = zeroed(nodes, 1),
              .followed = zeroed(nodes, 1)};
  const bool room = found->last_use && found->carried && f.uses && f.sums && f.taken && f.followed;
  const tg_status s = room ? find(&f, y, m) : TG_E_NOMEM;
  tg_memory_free_(f.uses);
  tg_memory_free_(f.sums);
  tg_memory_free_(f.taken);
  tg_memory_free_(f.followed);
  tg_memory_free_(f.chain);
  tg_memory_free_(f.candidates);
  tg_memory_free_(f.cuts);
  tg_memory_free_(f.class_of);
  if (s != TG_OK) tg_loops_clear_(found);
  return s;
}

void tg_loops_clear_(tg_loops_ *l)
{
  tg_memory_free_(l->classes);
  tg_memory_free_(l->starts);
  tg_memory_free_(l->last_use);
  tg_memory_free_(l->carried);
  *l = (tg_loops_){0};
}
