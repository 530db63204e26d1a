#include "simplify.h"

#include "analyse.h"
#include "emit.h"
#include "lift.h"
#include "roll.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- Two tapes, one of which is swept. ---- */

static void swap_doubles(double **a, size_t *a_capacity, double **b, size_t *b_capacity)
{
  double *const array = *a;
  const size_t capacity = *a_capacity;
  *a = *b, *a_capacity = *b_capacity;
  *b = array, *b_capacity = capacity;
}

/* The arrays of the sweeps go along, so that none is asked for a second time. */
static void swap(tg_function *f)
{
  tg_simplified_ *const s = f->simplified;
  tg_tape *const tape = f->tape;
  tg_var *const x = f->x, *const y = f->y;
  for (int i = 0; i < 3; i++)
    swap_doubles(&s->tape->work[i], &s->tape->work_capacity[i], &tape->work[i], &tape->work_capacity[i]);
  f->tape = s->tape, f->x = s->x, f->y = s->y;
  s->tape = tape, s->x = x, s->y = y;
  s->swept = !s->swept;
}

const tg_tape *tg_function_recording_(const tg_function *f)
{
  return f->simplified && f->simplified->swept ? f->simplified->tape : f->tape;
}

void tg_function_unsimplify_(tg_function *f)
{
  if (f->simplified && f->simplified->swept) swap(f);
}

static void free_loops(tg_simplified_ *s)
{
  tg_loops_free_(s->loops);
  s->loops = NULL;
  s->loop_count = s->rolled = 0;
}

void tg_function_forget_simplified_(tg_function *f)
{
  tg_function_unsimplify_(f);
  if (!f->simplified) return;
  f->simplified->valid = false;
  free_loops(f->simplified);
}

void tg_simplified_free_(tg_simplified_ *s)
{
  if (!s) return;
  free_loops(s);
  tg_tape_free(s->tape);
  tg_memory_free_(s->x);
  tg_memory_free_(s->y);
  tg_memory_free_(s->origin);
  tg_memory_free_(s);
}

/* An empty one, unless f has one from an earlier recording. */
static tg_simplified_ *room(tg_function *f)
{
  if (f->simplified) return f->simplified;
  tg_simplified_ *const s = tg_memory_resize_(NULL, 1, sizeof *s);
  if (!s) return NULL;
  memset(s, 0, sizeof *s);
  s->x = tg_memory_resize_(NULL, f->n, sizeof *s->x);
  s->y = tg_memory_resize_(NULL, f->m, sizeof *s->y);
  if (!s->x || !s->y || tg_tape_new(&s->tape) != TG_OK) {
    tg_simplified_free_(s);
    return NULL;
  }
  return f->simplified = s;
}

/* ---- Making the smaller tape. ---- */

enum { SHORT = 2048 }; /* nodes */

/* An eighth of the nodes is worth the trouble; of a long tape a half, since going through all its values costs some
 * twenty sweeps. */
static bool worthwhile(size_t left_out, size_t nodes)
{
  return left_out > 0 && left_out >= nodes / (nodes < SHORT ? 8 : 2);
}

/* How many nodes the values so far would be. */
static size_t nodes_of(const tg_program_ *p)
{
  size_t nodes = 0;
  for (size_t v = 0; v < p->count; v++) nodes += p->values[v].kind != TG_VALUE_CONSTANT;
  return nodes;
}

/* The wanted nodes as a program without repetitions; false when there is no point in it. The beginning of a long
 * tape tells whether to go on. */
static bool lift(tg_lift_ *l, tg_rolling_ *r, size_t live)
{
  const uint32_t size = tg_size_(l->tape), sample = size < SHORT ? size : size / 8;
  const size_t dead = size - live;
  if (r->loop_count > 0) return tg_rolling_lift_(r, l, 0, size) == TG_OK;
  if (tg_lift_nodes_(l, 0, sample) != TG_OK) return false;
  if (sample < size) {
    size_t seen = 0;
    for (uint32_t i = 0; i < sample; i++) seen += l->wanted[i];
    const size_t made = nodes_of(&l->builder.program), repeated = seen > made ? seen - made : 0;
    if (!worthwhile(dead + 8 * repeated, size)) return false;
  }
  return tg_lift_nodes_(l, sample, size) == TG_OK && worthwhile(size - nodes_of(&l->builder.program), size);
}

/* Which node of the record each node of the smaller tape comes from: the first of its value. */
static bool find_origins(tg_simplified_ *s, const tg_lift_ *l, const uint32_t *entry)
{
  if (!tg_reserve_((void **)&s->origin, &s->origin_capacity, tg_size_(s->tape), sizeof *s->origin))
    return false;
  for (uint32_t i = 0; i < tg_size_(s->tape); i++) s->origin[i] = 0;
  for (uint32_t i = tg_size_(l->tape); i-- > 0;) {
    const uint32_t value = l->of_node[i];
    if (value != TG_NO_VALUE && !tg_is_constant_entry_(entry[value])) s->origin[entry[value]] = i;
  }
  return true;
}

static bool emit(tg_function *f, const tg_lift_ *l, const tg_program_ *p)
{
  tg_simplified_ *const s = room(f);
  uint32_t *const uses = tg_memory_resize_(NULL, 2 * p->count, sizeof *uses);
  const tg_need_ need = {.value = p->outputs, .count = p->output_count, .guards = true, .custom = true};
  const tg_part_ part = {.inputs = f->n, .value = p->outputs, .count = p->output_count, .uses = uses};
  if (s && uses) {
    tg_program_uses_(p, &need, uses);
    s->valid = tg_program_emit_(p, &part, s->tape, s->x, s->y, uses + p->count) == TG_OK &&
               find_origins(s, l, uses + p->count);
  }
  tg_memory_free_(uses);
  if (s && s->valid) tg_rolling_bind_(s->tape);
  return s && s->valid;
}

static bool has_guards(const tg_tape *t)
{
  for (uint32_t i = 0; i < tg_size_(t); i++)
    if (tg_ops_[tg_opcode_(t->r.nodes_[i].word_)].guard) return true;
  return false;
}

bool tg_simplified_at_once_(const tg_function *f)
{
  return f->steady && !f->plain && !f->tape->point_dependent && !has_guards(f->tape);
}

static void keep_loops(tg_function *f, const tg_rolling_ *r)
{
  f->simplified->loops = r->loops;
  f->simplified->loop_count = r->loop_count;
  f->simplified->rolled = r->nodes;
  for (tg_loop_ *l = r->loops; l; l = *tg_loop_next_(l)) {
    tg_loop_count_(l, &f->stats.zero_rule);
    tg_loop_threads_(l, f->threads);
  }
}

/* Live nodes are known first, so that the rest costs a glance. */
static bool build(tg_function *f)
{
  const uint32_t size = tg_size_(f->tape);
  uint8_t *const wanted = tg_memory_resize_(NULL, size, sizeof *wanted);
  if (!wanted) return false;
  const size_t live = tg_tape_wanted_(f->tape, f->y, f->m, wanted);
  const bool share = !f->steady || !has_guards(f->tape);
  tg_rolling_ r = {0};
  tg_lift_ l;
  tg_program_ p;
  if (share && tg_rolling_find_(&r, f->tape, f->y, f->m) != TG_OK) {
    tg_memory_free_(wanted);
    return false;
  }
  tg_rolling_leave_out_(&r, size, wanted);
  const bool promising =
      tg_lift_begin_(&l, f->tape, f->x, f->n, wanted, live / 8, share) == TG_OK && lift(&l, &r, live);
  /* What was given up in the middle has no outputs yet. */
  const bool made = tg_lift_end_(&l, f->y, promising ? f->m : 0, &p) == TG_OK && promising && emit(f, &l, &p);
  if (made) keep_loops(f, &r);
  tg_rolling_end_(&r, made);
  tg_program_free_(&p);
  tg_memory_free_(l.of_node);
  tg_memory_free_(wanted);
  return made;
}

/* The values that the record holds. */
static void take_primals(tg_function *f)
{
  const tg_simplified_ *const s = f->simplified;
  for (uint32_t i = 0; i < tg_size_(f->tape); i++)
    f->tape->r.nodes_[i].primal_ = s->tape->r.nodes_[s->origin[i]].primal_;
}

void tg_function_simplify_(tg_function *f)
{
  assert(f->recorded && !f->busy && !f->plain && !f->tape->point_dependent);
  tg_simplified_ *const s = f->simplified;
  if (s && s->swept) return;
  if (!(s && s->valid)) {
    if (f->patience < UINT32_MAX / 2) f->patience *= 2;
    if (!build(f)) return;
  }
  swap(f);
  take_primals(f);
}

/* ---- What a user asks for. ---- */

size_t tg_simplified_bytes_(const tg_function *f)
{
  const tg_simplified_ *const s = f->simplified;
  if (!s || !s->swept) return 0;
  size_t bytes = tg_tape_bytes(f->tape) + tg_size_(f->tape) * sizeof *s->origin;
  for (tg_loop_ *l = s->loops; l; l = *tg_loop_next_(l)) bytes += tg_loop_bytes_(l);
  return bytes;
}

tg_status tg_function_compile(tg_function *f, const double *x)
{
  if (!f) return TG_E_ARGUMENT;
  f->reason = x ? NULL : "the point x is NULL";
  f->status = x ? tg_function_evaluate_(f, x) : TG_E_ARGUMENT;
  if (f->status != TG_OK || !f->recorded || f->plain || f->tape->point_dependent) return f->status;
  f->replays_left = 0;
  tg_function_simplify_(f);
  return f->status;
}

void tg_function_plain(tg_function *f, bool plain)
{
  if (!f || f->busy || f->plain == plain) return;
  f->plain = plain;
  f->replays_left = plain ? 0 : 1;
  if (plain) tg_function_unsimplify_(f);
}

void tg_function_threads(tg_function *f, unsigned threads)
{
  if (!f || f->busy) return;
  f->threads = threads;
  for (tg_loop_ *l = f->simplified ? f->simplified->loops : NULL; l; l = *tg_loop_next_(l))
    tg_loop_threads_(l, threads);
}

tg_status tg_function_print(const tg_function *f, FILE *out)
{
  if (!f || !out) return TG_E_ARGUMENT;
  const tg_simplified_ *const s = tg_function_has_loops_(f) ? f->simplified : NULL;
  fprintf(out, "%zu recorded operations, %zu of them in %zu loops; %zu nodes are swept\n",
          tg_tape_size(tg_function_recording_(f)), s ? s->rolled : 0, s ? s->loop_count : 0,
          tg_tape_size(f->tape));
  for (tg_loop_ *l = s ? s->loops : NULL; l; l = *tg_loop_next_(l)) {
    const tg_status printed = tg_loop_print_(l, out);
    if (printed != TG_OK) return printed;
  }
  return ferror(out) ? TG_E_CALLBACK : TG_OK;
}

/* ---- A copy for another thread. ---- */

tg_status tg_function_clone_simplified_(tg_function *to, const tg_function *from)
{
  const tg_simplified_ *const s = from->simplified;
  if (!s || !s->valid || s->loop_count > 0) return TG_OK; /* loops are found again */
  const tg_tape *const smaller = s->swept ? from->tape : s->tape;
  const tg_var *const x = s->swept ? from->x : s->x, *const y = s->swept ? from->y : s->y;
  tg_simplified_ *const made = room(to);
  if (!made ||
      !tg_reserve_((void **)&made->origin, &made->origin_capacity, tg_size_(smaller), sizeof *made->origin) ||
      tg_tape_copy_(made->tape, smaller) != TG_OK)
    return TG_E_NOMEM;
  memcpy(made->origin, s->origin, tg_size_(smaller) * sizeof *made->origin);
  for (size_t i = 0; i < to->n; i++) made->x[i] = tg_carried_(x[i], made->tape);
  for (size_t i = 0; i < to->m; i++) made->y[i] = tg_carried_(y[i], made->tape);
  made->valid = true;
  return TG_OK;
}
