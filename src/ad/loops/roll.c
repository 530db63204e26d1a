#include "roll.h"

#include "operands.h"

#include <string.h>

enum { STAYS, SHARED, GONE, JOINS };

/* A loop that is to be written where the last of its terms was added. */
typedef struct tg_site_ {
  uint32_t node;
  tg_loop_ *loop;
  uint32_t first, count; /* its operands in `uniforms` */
} site;

static tg_status keep_site(tg_rolling_ *r, uint32_t node, tg_loop_ *loop, const tg_loop_body_ *b)
{
  const size_t n = b->uniforms + b->pool;
  if (!tg_reserve_((void **)&r->sites, &r->site_capacity, r->site_count + 1, sizeof *r->sites) ||
      !tg_reserve_((void **)&r->uniforms, &r->uniform_capacity, r->uniform_count + n, sizeof *r->uniforms)) {
    tg_loop_free_(loop);
    return TG_E_NOMEM;
  }
  memcpy(r->uniforms + r->uniform_count, b->uniform, n * sizeof *b->uniform);
  size_t k = r->site_count++;
  for (; k > 0 && r->sites[k - 1].node > node; k--) r->sites[k] = r->sites[k - 1];
  r->sites[k] = (site){node, loop, (uint32_t)r->uniform_count, (uint32_t)n};
  r->uniform_count += n;
  *tg_loop_next_(loop) = r->loops;
  r->loops = loop;
  r->loop_count++;
  return TG_OK;
}

/* A class at hand: one loop for each sum that its pieces add to. */
typedef struct rolled_class {
  const tg_tape *t;
  const tg_loop_class_ *c;
  const uint32_t *start;
  size_t loops, uniforms; /* how many there were before */
} rolled_class;

/* Does the piece leave what a sum has come to at this place? */
static bool is_exit(const tg_rolling_ *r, const rolled_class *q, uint32_t row, uint32_t place)
{
  const uint32_t node = q->start[row] + place, last = q->start[row] + q->c->length - 1;
  return node == last || (r->found.carried[node] && r->found.last_use[node] > last);
}

static bool exits_agree(const tg_rolling_ *r, const rolled_class *q)
{
  for (uint32_t row = 1; row < q->c->count; row++)
    for (uint32_t place = 0; place < q->c->length; place++)
      if (is_exit(r, q, row, place) != is_exit(r, q, 0, place)) return false;
  return true;
}

/* The nodes of pieces go, but for what the first of them computes for all. */
static void mark_shared(tg_rolling_ *r, const rolled_class *q, const uint8_t *shared)
{
  for (uint32_t place = 0; place < q->c->length; place++)
    if (shared[place]) r->gone[q->start[0] + place] = SHARED;
}

static void mark_class(tg_rolling_ *r, const rolled_class *q, uint8_t how)
{
  for (uint32_t row = 0; row < q->c->count; row++) memset(r->gone + q->start[row], how, q->c->length);
}

/* A sum stands after the piece where it stood before, which is told where its reader was. */
static void link_sum(tg_rolling_ *r, const rolled_class *q, uint32_t exit, const tg_loop_body_ *b)
{
  for (uint32_t row = 0; row < q->c->count; row++) {
    tg_operands_ x;
    tg_node_operands_(q->t, q->start[row] + b->entry_place, &x);
    r->gone[q->start[row] + exit] = JOINS;
    r->found.last_use[q->start[row] + exit] = x.entry[b->entry_slot];
  }
}

/* *fits: it could be made. */
static tg_status make_loop(tg_rolling_ *r, const rolled_class *q, uint32_t exit, uint32_t *number, bool *fits)
{
  tg_loop_body_ body;
  tg_loop_ *loop = NULL;
  tg_status s = tg_loop_body_make_(&body, q->t, &r->found, q->c, exit, number);
  if (s == TG_OK && body.refusal == TG_LOOP_FITS) s = tg_loop_new_(&loop, &body);
  *fits = loop != NULL;
  if (loop) s = keep_site(r, q->start[q->c->count - 1] + exit, loop, &body);
  if (loop && s == TG_OK) {
    mark_shared(r, q, body.shared);
    link_sum(r, q, exit, &body);
  }
  tg_loop_body_clear_(&body);
  return s;
}

/* Part of the class does not fit: all of it stays as recorded. */
static void undo(tg_rolling_ *r, const rolled_class *q)
{
  size_t kept = 0;
  for (size_t i = 0; i < r->site_count; i++)
    if (r->sites[i].first < q->uniforms) r->sites[kept++] = r->sites[i];
  for (; r->loop_count > q->loops; r->loop_count--) {
    tg_loop_ *const loop = r->loops;
    r->loops = *tg_loop_next_(loop);
    tg_loop_free_(loop);
  }
  r->site_count = kept;
  r->uniform_count = q->uniforms;
  mark_class(r, q, STAYS);
}

static tg_status roll_class(tg_rolling_ *r, const tg_tape *t, const tg_loop_class_ *c, uint32_t *number)
{
  const rolled_class q = {t, c, r->found.starts + c->first, r->loop_count, r->uniform_count};
  if (!exits_agree(r, &q)) return TG_OK;
  tg_status s = TG_OK;
  bool fits = true;
  mark_class(r, &q, GONE);
  for (uint32_t place = 0; place < c->length && s == TG_OK && fits; place++)
    if (is_exit(r, &q, 0, place)) s = make_loop(r, &q, place, number, &fits);
  if (s == TG_OK && fits)
    r->nodes += (size_t)c->count * c->length;
  else
    undo(r, &q);
  return s;
}

static tg_status make_loops(tg_rolling_ *r, const tg_tape *t, uint32_t *number)
{
  tg_status s = TG_OK;
  for (size_t i = 0; i < r->found.class_count && s == TG_OK; i++)
    s = roll_class(r, t, &r->found.classes[i], number);
  return s;
}

tg_status tg_rolling_find_(tg_rolling_ *r, const tg_tape *t, const tg_var *y, size_t m)
{
  const size_t nodes = (size_t)tg_size_(t) + 1;
  *r = (tg_rolling_){0};
  tg_status s = tg_loops_find_(&r->found, t, y, m);
  if (s != TG_OK || r->found.class_count == 0) return s;
  uint32_t *const number = tg_memory_resize_(NULL, nodes, 2 * sizeof *number);
  r->gone = tg_memory_resize_(NULL, nodes, 1);
  if (number && r->gone) {
    memset(number, 0, 2 * nodes * sizeof *number);
    memset(r->gone, STAYS, nodes);
    s = make_loops(r, t, number);
  } else
    s = TG_E_NOMEM;
  tg_memory_free_(number);
  if (s != TG_OK) tg_rolling_end_(r, false);
  return s;
}

void tg_rolling_leave_out_(const tg_rolling_ *r, uint32_t size, uint8_t *wanted)
{
  for (uint32_t i = 0; r->loop_count > 0 && i < size; i++)
    if (r->gone[i] != STAYS) wanted[i] = r->gone[i] == SHARED;
}

/* ---- onto the program ---- */

static void write_loop(tg_rolling_ *r, tg_lift_ *l, const site *s)
{
  uint32_t *const operand = r->uniforms + s->first;
  for (uint32_t k = 0; k < s->count; k++) operand[k] = l->of_node[operand[k]];
  tg_nary_ what = tg_loop_record_(s->loop);
  const uint32_t terms[2] = {l->of_node[s->node], tg_build_call_(&l->builder, &what, operand, false)};
  l->of_node[s->node] = tg_build_element_(&l->builder, TG_OP_add, terms, false);
}

tg_status tg_rolling_lift_(tg_rolling_ *r, tg_lift_ *l, uint32_t from, uint32_t to)
{
  size_t next = 0;
  if (r->loop_count == 0) return tg_lift_nodes_(l, from, to);
  while (next < r->site_count && r->sites[next].node < from) next++;
  tg_status s = TG_OK;
  for (uint32_t i = from; i < to && s == TG_OK; i++) {
    if (r->gone[i] <= SHARED) s = tg_lift_nodes_(l, i, i + 1);
    if (r->gone[i] == JOINS) l->of_node[i] = l->of_node[r->found.last_use[i]];
    for (; next < r->site_count && r->sites[next].node == i; next++) write_loop(r, l, &r->sites[next]);
  }
  return l->builder.status;
}

void tg_rolling_bind_(const tg_tape *t)
{
  for (size_t i = 0; i < t->nary_count; i++)
    if (t->nary[i].engine) tg_loop_bind_(t->nary[i].user, t->operands + t->nary[i].first);
}

void tg_rolling_end_(tg_rolling_ *r, bool keep_loops)
{
  tg_loops_clear_(&r->found);
  tg_memory_free_(r->sites);
  tg_memory_free_(r->uniforms);
  tg_memory_free_(r->gone);
  if (keep_loops) return;
  tg_loops_free_(r->loops);
  *r = (tg_rolling_){0};
}
