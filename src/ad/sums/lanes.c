/* One call: uniforms, chunks of groups, and the sums over them.
 *
 * The samples of a call are cut into groups of GROUP and the groups into chunks, in a way that depends on
 * their number alone. Every chunk is summed from zero and chunks are added in order, so that the number of
 * threads shows in no bit.
 *
 * A loss with branches has a variant of its body for each way through it that was met. The samples of a group
 * that fit a variant, in their order, are cut into its blocks of L; those whose guards fail there go on to
 * the next. A sample that no variant fits is recorded, and takes the place of a variant that fits none if
 * there are too many. So sums depend on the variants that samples need, but not on what was met before. */
#include "lanes.h"

#include "environment.h"
#include "hessian.h"
#include "pool.h"
#include "samples.h"
#include "second_order.h"
#include "zero_rule.h"

#include <math.h>
#include <string.h>

enum {
  SWEEPS_BEFORE_BLOCKS = 12,
  VARIANTS = 8,
  CHUNKS = 32,
  GROUP = 128,
  CHUNK_GROUPS = 2,
  BLOCKED_MOST = 1 << 23
};
enum { FAR = 1 << 17 }; /* so many numbers and more are not expected in a cache of one's own */
#define NOWHERE SIZE_MAX

/* The derivatives of some numbers by theta that are not zero, row by row. */
typedef struct jacobian {
  size_t *start; /* rows + 1 */
  uint32_t *column;
  double *value;
  size_t column_room, value_room;
} jacobian;

typedef struct variant {
  tg_body_ *body;
  tg_call_state_ state;
  uint64_t path;             /* its way through the branches: orders variants, whenever they were met */
  bool fits;                 /* its guards on theta hold at this call */
  double *u_bar, *u_bar_dot; /* sums over the chunks so far */
  tg_curvature_ curvature;   /* once a Hessian has been asked for */
  double *curve;             /* its sum over the chunks so far */
  jacobian results;          /* of what depends on theta only, when gradients are wanted one by one */
} variant;

typedef struct lane_thread {
  tg_worker_ worker[VARIANTS];
  size_t rows[GROUP], held[GROUP], rest[GROUP]; /* of samples, as positions in the call */
  size_t numbers[GROUP];                        /* their rows */
  const double *row[GROUP];
  double seed[GROUP], loss[GROUP]; /* of the group's samples in their order */
  bool failed[GROUP];
  size_t first;  /* the position of the first of them */
  double *u_bar; /* of TG_LANE_UNIT lanes */
  size_t u_bar_room;
} lane_thread;

/* What a chunk leaves: the sums, and the position of a sample that no variant fits. */
typedef struct chunk_result {
  double *u_bar, *u_bar_dot; /* of all variants in use, one after the other */
  double *curve;             /* likewise */
  double value;
  size_t misfit;
  unsigned used;    /* bit v: a sample fits variant v */
  size_t zero_rule; /* how often a block or the chunk needed rule R5 */
  tg_status status;
} chunk_result;

struct tg_lanes_ {
  tg_function *f;
  const tg_kernels_ *kernels;
  size_t d, columns;
  variant variants[VARIANTS];
  size_t variant_count;
  tg_data data;
  double *blocked; /* all rows in blocks of columns x L of the first variant, or NULL yet */
  size_t blocked_L;
  size_t sweeps;   /* over all of these rows */
  bool unsuited;   /* depends on the point: the plain way from now on */
  unsigned used;   /* as in chunk_result, of the last attempt */
  unsigned curved; /* those whose curvature a Hessian is made of */
  size_t fallbacks, zero_rule;
  unsigned threads;
  tg_pool_ *pool;
  lane_thread *thread;
  size_t thread_count;
  chunk_result *results;
  size_t result_count;
  double *result_memory;
  size_t result_capacity;
  double *point;
  double *square; /* of a Hessian by the uniforms */
  double *block;  /* of TG_BLOCK rows */
  size_t square_room, block_room;
  /* the call at hand */
  const tg_lanes_call_ *call;
  tg_run_mode_ mode;
  size_t groups, groups_per_chunk, chunks, base; /* base: the first of the chunks in results */
  /* asked for by a callback during a call, done after it */
  bool running, forget;
  unsigned threads_next;
};

/* ---- life ---- */

tg_status tg_lanes_new_(tg_lanes_ **made, tg_function *f, size_t d, size_t columns)
{
  *made = NULL;
  const tg_kernels_ *kernels = tg_kernels_choose_();
  if (kernels == NULL) return TG_OK;
  tg_lanes_ *l = tg_memory_resize_(NULL, 1, sizeof *l);
  if (l == NULL) return TG_E_NOMEM;
  *l = (tg_lanes_){.f = f, .kernels = kernels, .d = d, .columns = columns, .threads = 1, .threads_next = 1};
  l->point = tg_memory_resize_(NULL, d + columns, sizeof *l->point);
  if (l->point == NULL) {
    tg_memory_free_(l);
    return TG_E_NOMEM;
  }
  *made = l;
  return TG_OK;
}

tg_status tg_lanes_check_(const tg_function *f, size_t d, size_t columns, size_t sparse)
{
  tg_body_ *body;
  const tg_status s = tg_body_compile_(&body, f, d, columns, sparse, 0);
  tg_body_free_(body);
  return s;
}

static void free_threads(tg_lanes_ *l)
{
  tg_pool_free_(l->pool);
  l->pool = NULL;
  for (size_t i = 0; i < l->thread_count; i++) {
    lane_thread *t = &l->thread[i];
    for (size_t v = 0; v < VARIANTS; v++) tg_worker_free_(&t->worker[v]);
    tg_memory_free_(t->u_bar);
  }
  tg_memory_free_(l->thread);
  l->thread = NULL;
  l->thread_count = 0;
}

static void free_variant(tg_lanes_ *l, size_t number)
{
  variant *v = &l->variants[number];
  for (size_t i = 0; i < l->thread_count; i++) tg_worker_free_(&l->thread[i].worker[number]);
  tg_body_free_(v->body);
  tg_call_state_free_(&v->state);
  tg_memory_free_(v->u_bar);
  tg_curvature_free_(&v->curvature);
  tg_memory_free_(v->curve);
  tg_memory_free_(v->results.start);
  tg_memory_free_(v->results.column);
  tg_memory_free_(v->results.value);
  *v = (variant){0};
}

static void free_blocked(tg_lanes_ *l)
{
  tg_memory_free_(l->blocked);
  l->blocked = NULL;
  l->sweeps = 0;
}

void tg_lanes_forget_(tg_lanes_ *l)
{
  if (l == NULL) return;
  l->forget = l->running;
  if (l->running) return;
  free_threads(l);
  free_blocked(l);
  for (size_t i = 0; i < l->variant_count; i++) free_variant(l, i);
  tg_memory_free_(l->results);
  tg_memory_free_(l->result_memory);
  l->results = NULL;
  l->result_memory = NULL;
  l->result_count = l->result_capacity = l->variant_count = 0;
  tg_memory_free_(l->square);
  tg_memory_free_(l->block);
  l->square = l->block = NULL;
  l->square_room = l->block_room = 0;
  l->unsuited = false;
}

void tg_lanes_free_(tg_lanes_ *l)
{
  if (l == NULL) return;
  tg_lanes_forget_(l);
  tg_memory_free_(l->point);
  tg_memory_free_(l);
}

void tg_lanes_bind_(tg_lanes_ *l, const tg_data *data)
{
  if (l == NULL) return;
  l->data = *data;
  free_blocked(l);
}

void tg_lanes_threads_(tg_lanes_ *l, unsigned threads)
{
  if (l == NULL) return;
  threads = threads != 0 ? threads : tg_pool_processors_();
  if (threads > CHUNKS) threads = CHUNKS; /* more would find nothing to do */
  l->threads_next = threads;
  if (threads == l->threads || l->running) return;
  free_threads(l);
  l->threads = threads;
}

/* ---- variants ---- */

static size_t row_number(const tg_lanes_ *l, size_t position)
{
  return l->call->index != NULL ? l->call->index[position] : position;
}

static const double *row_at(const tg_lanes_ *l, size_t position)
{
  return l->data.values + row_number(l, position) * l->data.stride;
}

static double label_at(const tg_lanes_ *l, size_t position) { return l->data.label[row_number(l, position)]; }

static tg_status record_at(tg_lanes_ *l, size_t position)
{
  memcpy(l->point, l->call->theta, l->d * sizeof *l->point);
  tg_sample_write_(&l->data, row_number(l, position), l->point + l->d);
  l->f->busy = false; /* the recording keeps its own guard against calls from inside */
  l->f->status = tg_function_record_(l->f, l->point);
  l->f->busy = true;
  return l->f->status;
}

static tg_status grow_threads(tg_lanes_ *l, size_t v);

/* A number for the operations recorded and the outcomes of guards among them. */
static uint64_t path_of(const tg_tape *t)
{
  uint64_t path = tg_size_(t);
  for (uint32_t i = 0; i < tg_size_(t); i++) {
    const tg_node_ *node = &t->r.nodes_[i];
    const bool holds = tg_ops_[tg_opcode_(node->word_)].guard && node->primal_ != 0.0;
    path = (path ^ node->word_) * UINT64_C(0x9e3779b97f4a7c15) + holds;
    path ^= path >> 29;
  }
  return path;
}

/* The place of a new variant: one more, or that of one no sample of the last attempt fits. */
static size_t vacancy(tg_lanes_ *l)
{
  if (l->variant_count < VARIANTS) return l->variant_count;
  for (size_t v = 0; v < VARIANTS; v++) {
    if (l->used >> v & 1) continue;
    free_variant(l, v);
    return v;
  }
  return VARIANTS;
}

/* Compiles what was recorded last. On failure the place is as free as before. */
static tg_status make_variant(tg_lanes_ *l, size_t place)
{
  variant *v = &l->variants[place];
  tg_status s =
      tg_body_compile_(&v->body, l->f, l->d, l->columns, l->data.row_start != NULL ? l->data.columns : 0, 0);
  if (s == TG_OK) s = tg_call_state_new_(&v->state, v->body);
  const size_t n = s == TG_OK ? tg_uniforms_(v->body) : 0;
  if (s == TG_OK) v->u_bar = tg_memory_resize_(NULL, 2 * n + 1, sizeof *v->u_bar);
  if (s == TG_OK && v->u_bar == NULL) s = TG_E_NOMEM;
  if (s == TG_OK) s = grow_threads(l, place);
  if (s != TG_OK) {
    free_variant(l, place);
    return s;
  }
  v->path = path_of(l->f->tape);
  v->u_bar_dot = v->u_bar + n;
  return TG_OK;
}

/* Records the loss at a sample and compiles that as a new variant. */
static tg_status add_variant(tg_lanes_ *l, size_t position)
{
  const tg_status recorded = l->variant_count == 0 && l->f->recorded ? TG_OK : record_at(l, position);
  if (recorded != TG_OK) return recorded;
  if (l->f->tape->point_dependent) return TG_E_BRANCH;
  const size_t place = vacancy(l);
  if (place == VARIANTS) return TG_E_BRANCH;
  const tg_status s = make_variant(l, place);
  if (s == TG_OK && place == l->variant_count) l->variant_count++;
  if (s == TG_OK || place == l->variant_count) return s;
  l->variants[place] = l->variants[--l->variant_count]; /* the last fills the gap */
  for (size_t i = 0; i < l->thread_count; i++) {
    tg_worker_ *worker = l->thread[i].worker;
    worker[place] = worker[l->variant_count];
    worker[l->variant_count] = (tg_worker_){0};
  }
  l->variants[l->variant_count] = (variant){0};
  return s;
}

/* The uniforms of a variant at the call's theta: theta, what depends on it alone, and constants. */
static tg_status set_uniforms(tg_lanes_ *l, variant *v)
{
  const tg_body_ *b = v->body;
  memcpy(v->state.u, l->call->theta, l->d * sizeof *v->state.u);
  if (l->mode == TG_RUN_SECOND) memcpy(v->state.u_dot, l->call->v, l->d * sizeof *v->state.u_dot);
  tg_status s = TG_OK;
  if (b->uniform != NULL)
    s = l->mode == TG_RUN_SECOND
            ? tg_jvp_sided_(b->uniform, l->call->theta, l->call->v, v->state.u + l->d, v->state.u_dot + l->d)
            : tg_value(b->uniform, l->call->theta, v->state.u + l->d);
  v->fits = s == TG_OK;
  if (s != TG_OK) return s == TG_E_BRANCH ? TG_OK : s;
  tg_call_state_pack_(&v->state, b, l->mode == TG_RUN_SECOND);
  if (l->mode != TG_RUN_VALUE) memset(v->u_bar, 0, tg_uniforms_(b) * sizeof *v->u_bar);
  if (l->mode == TG_RUN_SECOND) memset(v->u_bar_dot, 0, tg_uniforms_(b) * sizeof *v->u_bar_dot);
  return TG_OK;
}

/* ---- threads ---- */

/* Memory for variant v in every thread. */
static tg_status grow_threads(tg_lanes_ *l, size_t v)
{
  if (l->thread == NULL) {
    l->thread = tg_memory_resize_(NULL, l->threads, sizeof *l->thread);
    if (l->thread == NULL) return TG_E_NOMEM;
    memset(l->thread, 0, l->threads * sizeof *l->thread);
    l->thread_count = l->threads;
  }
  for (size_t i = 0; i < l->thread_count; i++) {
    tg_worker_ *w = &l->thread[i].worker[v];
    const tg_status s = w->memory == NULL ? tg_worker_new_(w, l->variants[v].body, l->kernels) : TG_OK;
    if (s != TG_OK) return s;
  }
  if (l->threads > 1 && l->pool == NULL) return tg_pool_new_(&l->pool, l->threads);
  return TG_OK;
}

static tg_status all_threads(tg_lanes_ *l)
{
  if (l->pool != NULL && tg_pool_inherited_(l->pool)) {
    tg_pool_free_(l->pool);
    l->pool = NULL;
  }
  for (size_t v = 0; v < l->variant_count; v++) {
    const tg_status s = grow_threads(l, v);
    if (s != TG_OK) return s;
  }
  return TG_OK;
}

/* ---- what calls of some kinds need besides ---- */

/* Rows from..from+count of the Jacobian, dense in `rows`, join j. */
static bool append_rows(jacobian *j, size_t from, size_t count, const double *rows, size_t d)
{
  size_t at = j->start[from];
  for (size_t k = 0; k < count; k++) {
    if (!tg_reserve_((void **)&j->column, &j->column_room, at + d, sizeof *j->column) ||
        !tg_reserve_((void **)&j->value, &j->value_room, at + d, sizeof *j->value))
      return false;
    for (size_t i = 0; i < d; i++)
      if (rows[k * d + i] != 0.0) j->column[at] = (uint32_t)i, j->value[at++] = rows[k * d + i];
    j->start[from + k + 1] = at;
  }
  return true;
}

/* The derivatives of the results that depend on theta only, at the call's theta, a block of rows at a time.
 */
static tg_status set_jacobian(tg_lanes_ *l, variant *v)
{
  const size_t d = l->d, m = v->body->results;
  const bool room = tg_reserve_((void **)&l->block, &l->block_room, m + d, TG_BLOCK * sizeof *l->block);
  if (v->results.start == NULL) v->results.start = tg_memory_resize_(NULL, m + 1, sizeof *v->results.start);
  if (!room || v->results.start == NULL) return TG_E_NOMEM;
  double *rows = l->block, *unit = rows + TG_BLOCK * d;
  tg_status s = TG_OK;
  v->results.start[0] = 0;
  for (size_t from = 0; from < m && s == TG_OK; from += TG_BLOCK) {
    const size_t count = m - from < TG_BLOCK ? m - from : TG_BLOCK;
    memset(unit, 0, count * m * sizeof *unit);
    for (size_t k = 0; k < count; k++) unit[k * m + from + k] = 1.0;
    s = tg_vjp_block(v->body->uniform, l->call->theta, count, unit, NULL, rows);
    if (s == TG_OK && !append_rows(&v->results, from, count, rows, d)) s = TG_E_NOMEM;
  }
  return s;
}

static tg_status room_for_each(tg_lanes_ *l)
{
  size_t most = 0;
  for (size_t v = 0; v < l->variant_count; v++) {
    const size_t n = tg_uniforms_(l->variants[v].body);
    most = n > most ? n : most;
    if (!l->variants[v].fits || l->variants[v].body->uniform == NULL) continue;
    const tg_status s = set_jacobian(l, &l->variants[v]);
    if (s != TG_OK) return s;
  }
  for (size_t i = 0; i < l->thread_count; i++) {
    lane_thread *t = &l->thread[i];
    if (!tg_reserve_((void **)&t->u_bar, &t->u_bar_room, most, TG_LANE_UNIT * sizeof *t->u_bar))
      return TG_E_NOMEM;
  }
  return TG_OK;
}

static bool is_curved(const tg_lanes_ *l, size_t v)
{
  return l->variants[v].fits && (l->curved >> v & 1) != 0;
}

/* TG_E_METHOD: products with all directions are cheaper. */
static tg_status room_for_hessian(tg_lanes_ *l)
{
  size_t most = 0;
  for (size_t k = 0; k < l->variant_count; k++) {
    variant *v = &l->variants[k];
    if (!is_curved(l, k)) continue;
    const tg_status s = v->curvature.body == NULL ? tg_curvature_new_(&v->curvature, v->body) : TG_OK;
    if (s != TG_OK) return s;
    if (!v->curvature.worth) return TG_E_METHOD;
    if (v->curve == NULL) v->curve = tg_memory_resize_(NULL, v->curvature.size + 1, sizeof *v->curve);
    if (v->curve == NULL) return TG_E_NOMEM;
    memset(v->curve, 0, v->curvature.size * sizeof *v->curve);
    const size_t n = l->d + v->body->results;
    most = n > most ? n : most;
  }
  return tg_reserve_((void **)&l->square, &l->square_room, most, most * sizeof *l->square) ? TG_OK
                                                                                           : TG_E_NOMEM;
}

/* ---- blocks ---- */

static size_t rounded_up(size_t n) { return (n + TG_LANE_UNIT - 1) / TG_LANE_UNIT * TG_LANE_UNIT; }

/* The samples of a sparse block: which rows they are, and their labels. */
static void find_rows(const tg_lanes_ *l, lane_thread *t, tg_worker_ *w, const size_t *position, size_t n)
{
  const size_t lanes = rounded_up(n);
  for (size_t i = 0; i < lanes; i++) t->numbers[i] = row_number(l, position[i < n ? i : n - 1]);
  w->sparse = &l->data;
  w->row = t->numbers;
  for (size_t i = 0; l->data.label != NULL && i < lanes; i++)
    w->slot[w->body->label + i] = l->data.label[t->numbers[i]];
}

/* Rows as lane vectors L apart; beyond the n given the last is repeated. */
static void gather_rows(const tg_lanes_ *l, const double **row, const size_t *position, size_t n, size_t L,
                        double *to)
{
  const size_t lanes = rounded_up(n), columns = l->data.columns;
  for (size_t i = 0; columns > 0 && i < lanes; i++) row[i] = row_at(l, position[i < n ? i : n - 1]);
  if (columns > 0) l->kernels->transpose(row, lanes, columns, to, L);
  for (size_t i = 0; l->data.label != NULL && i < lanes; i++)
    to[columns * L + i] = label_at(l, position[i < n ? i : n - 1]);
}

/* Room for all rows as blocks: asked for at the first sweep, so that later ones ask for nothing. Rows of more
 * than BLOCKED_MOST numbers stay as they are: blocks save a half of the time in the caches, and a sixth
 * beyond. */
static tg_status reserve_blocked(tg_lanes_ *l)
{
  if (l->blocked != NULL || l->data.borrow || l->data.row_start != NULL) return TG_OK;
  const size_t L = l->variants[0].body->L, blocks = (l->data.rows + L - 1) / L, size = l->columns * L;
  if (blocks > BLOCKED_MOST / size) return TG_OK;
  l->blocked = tg_memory_resize_(NULL, blocks * size + TG_LANE_UNIT, sizeof *l->blocked);
  l->blocked_L = L;
  return l->blocked != NULL ? TG_OK : TG_E_NOMEM;
}

static double *block_at(const tg_lanes_ *l, size_t row)
{
  return l->blocked + (-(uintptr_t)l->blocked / sizeof(double) & 7) + row * l->columns;
}

/* Filled once the same rows have been swept a few times: the copy costs as much as several sweeps save, and
 * memory that is not written yet costs nothing. */
static void fill_blocked(tg_lanes_ *l)
{
  lane_thread *t = &l->thread[0];
  const size_t L = l->blocked_L;
  if (l->blocked == NULL || ++l->sweeps != SWEEPS_BEFORE_BLOCKS) return;
  for (size_t first = 0; first < l->data.rows; first += L) {
    const size_t left = l->data.rows - first, n = left < L ? left : L;
    for (size_t i = 0; i < n; i++) t->rows[i] = first + i;
    gather_rows(l, t->row, t->rows, n, L, block_at(l, first));
  }
}

/* The data of the block of L that begins at a position, if it need not be gathered. */
static const double *blocked_at(const tg_lanes_ *l, size_t position, size_t L)
{
  return l->call->index == NULL && l->blocked != NULL && l->sweeps >= SWEEPS_BEFORE_BLOCKS &&
                 l->blocked_L == L
             ? block_at(l, position)
             : NULL;
}

static bool has_nan(const double *x, size_t n)
{
  int odd = 0;
  for (size_t i = 0; i < n; i++) odd |= x[i] != x[i];
  return odd != 0;
}

/* The derivatives of the block at hand, once its values are there and all guards hold. */
static void derivatives(const tg_lanes_ *l, lane_thread *t, size_t v, size_t n, chunk_result *r)
{
  tg_worker_ *w = &t->worker[v];
  const tg_call_state_ *s = &l->variants[v].state;
  if (l->mode == TG_RUN_SECOND) tg_worker_tangent_(w, s);
  for (size_t i = 0; i < w->lanes; i++) t->seed[i] = i < n ? 1.0 : 0.0;
  tg_worker_backward_(w, s, t->seed);
  if (l->mode != TG_RUN_HESSIAN || r == NULL) return;
  double *curve = r->curve;
  for (size_t k = 0; k < v; k++)
    if (is_curved(l, k)) curve += l->variants[k].curvature.size;
  tg_curvature_block_(&l->variants[v].curvature, w, s, curve);
}

/* From the adjoints of the uniforms of one lane to its gradient by theta. */
static void lane_gradient(const tg_lanes_ *l, size_t v, double *u_bar)
{
  const jacobian *j = &l->variants[v].results;
  for (size_t k = 0; k < l->variants[v].body->results; k++) {
    const double u = u_bar[l->d + k];
    if (u == 0.0) continue; /* rule R5; entries of zero are not stored */
    for (size_t e = j->start[k]; e < j->start[k + 1]; e++) u_bar[j->column[e]] += u * j->value[e];
  }
}

/* Gradients one by one; if there is NaN among them the block runs backward again with the masked rules, for
 * the samples that need it. */
static void each_gradient(const tg_lanes_ *l, lane_thread *t, size_t v, const size_t *position, size_t n,
                          chunk_result *r)
{
  tg_worker_ *w = &t->worker[v];
  const tg_call_state_ *s = &l->variants[v].state;
  bool *wanted = t->failed; /* none has failed that is here */
  for (size_t i = 0; i < n; i++) wanted[i] = true;
  for (tg_attempt_ a = {0}; tg_attempt_again_(&a, &r->zero_rule);) {
    w->masked = a.masked;
    tg_worker_begin_(w, s, l->mode, w->u_bar, w->u_bar_dot);
    derivatives(l, t, v, n, NULL);
    for (size_t i = 0; i < n; i++) {
      double *u_bar = t->u_bar + i % TG_LANE_UNIT * tg_uniforms_(w->body);
      if (i % TG_LANE_UNIT == 0) tg_worker_collect_lanes_(w, i, t->u_bar);
      if (!wanted[i]) continue;
      lane_gradient(l, v, u_bar);
      wanted[i] = has_nan(u_bar, l->d);
      a.nan = a.nan || wanted[i];
      memcpy(l->call->gradients + position[i] * l->d, u_bar, l->d * sizeof *u_bar);
    }
  }
  w->masked = false;
  tg_worker_begin_(w, s, l->mode, w->u_bar, w->u_bar_dot);
}

static void take_values(const tg_lanes_ *l, lane_thread *t, const tg_worker_ *w, const size_t *position,
                        size_t n)
{
  const double *loss = w->slot + w->body->loss;
  if (position[n - 1] - position[0] == n - 1) /* they ascend */
    memcpy(t->loss + (position[0] - t->first), loss, n * sizeof *loss);
  else
    for (size_t i = 0; i < n; i++) t->loss[position[i] - t->first] = loss[i];
  for (size_t i = 0; l->call->values != NULL && i < n; i++) l->call->values[position[i]] = loss[i];
}

/* In the order of the samples, whichever variants they took. */
static double sum_of_group(const double *loss, size_t n)
{
  double partial[TG_LANE_UNIT] = {0.0}, sum = 0.0;
  const size_t even = n / TG_LANE_UNIT * TG_LANE_UNIT;
  for (size_t i = 0; i < even; i += TG_LANE_UNIT)
    for (size_t k = 0; k < TG_LANE_UNIT; k++) partial[k] += loss[i + k];
  for (size_t i = even; i < n; i++) partial[i - even] += loss[i];
  for (size_t i = 0; i < TG_LANE_UNIT; i++) sum += partial[i];
  return sum;
}

/* From the data at hand to the bytes that the next block is made of, if these have to come from far. */
static uintptr_t way_to_next(const tg_lanes_ *l, size_t next, const double *data, size_t L, bool blocked)
{
  if (l->data.row_start != NULL || l->data.rows <= FAR / l->columns || next >= l->call->count) return 0;
  if (blocked) return l->columns * L * sizeof *data;
  return l->call->index == NULL ? (uintptr_t)row_at(l, next) - (uintptr_t)data : 0;
}

/* The values of the samples at n positions, at most a block of variant v: do all fit it? t->failed tells
 * which do not. */
static bool forward(const tg_lanes_ *l, lane_thread *t, size_t v, const size_t *position, size_t n)
{
  tg_worker_ *w = &t->worker[v];
  const size_t L = w->body->L;
  const bool whole = position[n - 1] - position[0] == n - 1 && position[0] % L == 0;
  /* what pads a block must be a sample that fits: the last one, repeated */
  const bool padded = n % TG_LANE_UNIT != 0 && position[n - 1] + 1 < l->data.rows;
  const double *data = whole && !padded ? blocked_at(l, position[0], L) : NULL;
  if (w->body->sparse)
    find_rows(l, t, w, position, n);
  else if (data == NULL)
    gather_rows(l, t->row, position, n, L, w->data);
  w->current = data != NULL ? data : w->data;
  w->ahead = whole ? way_to_next(l, position[0] + n, w->current, L, data != NULL) : 0;
  w->lanes = rounded_up(n);
  return tg_worker_forward_(w, &l->variants[v].state, t->failed);
}

static void take(const tg_lanes_ *l, lane_thread *t, size_t v, const size_t *position, size_t n,
                 chunk_result *r)
{
  take_values(l, t, &t->worker[v], position, n);
  if (l->call->gradients != NULL)
    each_gradient(l, t, v, position, n, r);
  else if (l->mode != TG_RUN_VALUE)
    derivatives(l, t, v, n, r);
  r->used |= 1u << v;
}

/* The samples t->rows[0..n) by variant v, block by block. From the first block on in which some do not fit,
 * those that do are sought first and packed into blocks then. The others end in t->rows; their number is the
 * answer. */
static size_t run_variant(const tg_lanes_ *l, lane_thread *t, size_t v, size_t n, chunk_result *r)
{
  const size_t L = l->variants[v].body->L;
  size_t held = 0, rest = 0;
  for (size_t from = 0; from < n; from += L) {
    const size_t count = n - from < L ? n - from : L, *position = t->rows + from;
    const bool all = forward(l, t, v, position, count);
    if (all && rest == 0) {
      take(l, t, v, position, count, r);
      continue;
    }
    for (size_t i = 0; i < count; i++) {
      if (t->failed[i])
        t->rest[rest++] = position[i];
      else
        t->held[held++] = position[i];
    }
  }
  for (size_t from = 0; from < held; from += L) {
    const size_t count = held - from < L ? held - from : L;
    forward(l, t, v, t->held + from, count);
    take(l, t, v, t->held + from, count, r);
  }
  memcpy(t->rows, t->rest, rest * sizeof *t->rows);
  return rest;
}

static void run_group(const tg_lanes_ *l, lane_thread *t, size_t group, chunk_result *r)
{
  const size_t first = group * GROUP, left = l->call->count - first, count = left < GROUP ? left : GROUP;
  size_t n = count;
  t->first = first;
  for (size_t i = 0; i < n; i++) t->rows[i] = first + i;
  for (size_t v = 0; v < l->variant_count && n > 0; v++)
    if (l->variants[v].fits) n = run_variant(l, t, v, n, r);
  if (n == 0)
    r->value += sum_of_group(t->loss, count);
  else if (r->misfit == NOWHERE)
    r->misfit = t->rows[0];
}

/* ---- chunks ---- */

/* Numbers in the sums of all variants in use. */
static size_t uniforms_in_use(const tg_lanes_ *l)
{
  size_t n = 0;
  for (size_t v = 0; v < l->variant_count; v++)
    if (l->variants[v].fits) n += tg_uniforms_(l->variants[v].body);
  return n;
}

static size_t curvature_in_use(const tg_lanes_ *l)
{
  size_t n = 0;
  for (size_t v = 0; v < l->variant_count && l->mode == TG_RUN_HESSIAN; v++)
    if (is_curved(l, v)) n += l->variants[v].curvature.size;
  return n;
}

static void run_chunk_once(const tg_lanes_ *l, lane_thread *t, size_t c, chunk_result *r, bool masked)
{
  const size_t end = (c + 1) * l->groups_per_chunk;
  size_t at = 0;
  r->value = 0.0;
  r->misfit = NOWHERE;
  r->used = 0;
  r->status = TG_OK;
  memset(r->curve, 0, curvature_in_use(l) * sizeof *r->curve);
  for (size_t v = 0; v < l->variant_count; v++) {
    tg_worker_ *w = &t->worker[v];
    if (!l->variants[v].fits) continue;
    w->masked = masked;
    w->status = TG_OK;
    tg_worker_begin_(w, &l->variants[v].state, l->mode, r->u_bar + at, r->u_bar_dot + at);
    at += tg_uniforms_(w->body);
  }
  for (size_t g = c * l->groups_per_chunk; g < end && g < l->groups && r->misfit == NOWHERE; g++)
    run_group(l, t, g, r);
  for (size_t v = 0; v < l->variant_count; v++) {
    if (!l->variants[v].fits) continue;
    if (t->worker[v].status != TG_OK) r->status = t->worker[v].status;
    if (l->mode != TG_RUN_VALUE) tg_worker_collect_(&t->worker[v]);
  }
}

/* Rule R5: NaN among the derivatives, and the chunk runs again with the masked rules. */
static void run_chunk(const tg_lanes_ *l, lane_thread *t, size_t c, chunk_result *r)
{
  r->zero_rule = 0;
  run_chunk_once(l, t, c, r, false);
  if (l->mode == TG_RUN_VALUE || r->misfit != NOWHERE) return;
  const size_t n = uniforms_in_use(l);
  if (has_nan(r->u_bar, n) || (l->mode == TG_RUN_SECOND && has_nan(r->u_bar_dot, n)) ||
      has_nan(r->curve, curvature_in_use(l))) {
    r->zero_rule++;
    run_chunk_once(l, t, c, r, true);
  }
}

static void add_to(double *restrict t, const double *restrict x, size_t n)
{
  for (size_t j = 0; j < n; j++) t[j] += x[j];
}

static void add_chunk(tg_lanes_ *l, const chunk_result *r, double *value)
{
  size_t at = 0;
  const double *curve = r->curve;
  *value += r->value;
  for (size_t v = 0; v < l->variant_count && l->mode != TG_RUN_VALUE; v++) {
    variant *to = &l->variants[v];
    if (!to->fits) continue;
    const size_t n = l->d + to->body->results;
    add_to(to->u_bar, r->u_bar + at, n);
    if (l->mode == TG_RUN_SECOND) add_to(to->u_bar_dot, r->u_bar_dot + at, n);
    at += tg_uniforms_(to->body);
    if (l->mode != TG_RUN_HESSIAN || !is_curved(l, v)) continue;
    add_to(to->curve, curve, to->curvature.size);
    curve += to->curvature.size;
  }
}

static void chunk_task(void *context, unsigned thread, size_t i)
{
  tg_lanes_ *l = context;
  run_chunk(l, &l->thread[thread], l->base + i, &l->results[i]);
}

/* How many chunks run before their results are added: all if threads can choose among them, but the sums of a
 * Hessian are large. */
static size_t chunks_at_a_time(const tg_lanes_ *l)
{
  if (l->pool == NULL) return 1;
  return l->mode == TG_RUN_HESSIAN && l->threads < l->chunks ? l->threads : l->chunks;
}

static tg_status make_results(tg_lanes_ *l)
{
  const size_t count = chunks_at_a_time(l), n = uniforms_in_use(l), curve = curvature_in_use(l);
  const size_t each = 2 * n + curve;
  if (each > SIZE_MAX / sizeof(double) / (count + 1)) return TG_E_SIZE;
  if (!tg_reserve_((void **)&l->results, &l->result_count, count, sizeof *l->results)) return TG_E_NOMEM;
  if (!tg_reserve_((void **)&l->result_memory, &l->result_capacity, count * each + 1,
                   sizeof *l->result_memory))
    return TG_E_NOMEM;
  for (size_t i = 0; i < count; i++) {
    l->results[i].u_bar = l->result_memory + i * each;
    l->results[i].u_bar_dot = l->results[i].u_bar + n;
    l->results[i].curve = l->results[i].u_bar_dot + n;
  }
  return TG_OK;
}

static tg_status judged(tg_lanes_ *l, const chunk_result *r, size_t *misfit)
{
  l->used |= r->used;
  l->zero_rule += r->zero_rule;
  if (r->misfit != NOWHERE && *misfit == NOWHERE) *misfit = r->misfit;
  return r->status;
}

/* All chunks; *misfit is a sample that fits no variant, and then the sums are worthless. */
static tg_status run_chunks(tg_lanes_ *l, double *value, size_t *misfit)
{
  tg_status s = make_results(l);
  *misfit = NOWHERE;
  l->used = 0;
  const size_t step = chunks_at_a_time(l);
  for (l->base = 0; l->base < l->chunks && s == TG_OK && *misfit == NOWHERE; l->base += step) {
    const size_t left = l->chunks - l->base, count = left < step ? left : step;
    if (count > 1)
      tg_pool_run_(l->pool, chunk_task, l, count);
    else
      chunk_task(l, 0, 0);
    for (size_t i = 0; i < count && s == TG_OK && *misfit == NOWHERE; i++) {
      s = judged(l, &l->results[i], misfit);
      if (s == TG_OK && *misfit == NOWHERE) add_chunk(l, &l->results[i], value);
    }
  }
  return s;
}

/* ---- from the uniforms back to theta ---- */

/* theta_bar += J' u_bar for the results of the part that depends on theta only. */
static tg_status finish_gradient(tg_lanes_ *l, const variant *v, double *gradient)
{
  add_to(gradient, v->u_bar, l->d);
  if (v->body->uniform == NULL) return TG_OK;
  const tg_status s = tg_vjp(v->body->uniform, l->call->theta, v->u_bar + l->d, NULL, l->point);
  if (s == TG_OK) add_to(gradient, l->point, l->d);
  return s;
}

/* Both products of the second order: J' u_bar_dot, and the tangent of J' times u_bar. */
static tg_status finish_second(tg_lanes_ *l, const variant *v, double *hv)
{
  add_to(hv, v->u_bar_dot, l->d);
  tg_function *f = v->body->uniform;
  if (f == NULL) return TG_OK;
  tg_second_order_ w;
  tg_status s = tg_second_order_begin_(&w, f, l->call->theta, 1);
  for (tg_attempt_ a = {0}; s == TG_OK && tg_attempt_again_(&a, &l->zero_rule);) {
    s = tg_second_order_tangents_(&w, l->call->v, 0, 1, a.masked);
    tg_second_order_weights_(&w, v->u_bar + l->d);
    for (size_t k = 0; k < f->m; k++) *tg_second_order_bar_dot_(&w, f->y[k]) += v->u_bar_dot[l->d + k];
    if (s == TG_OK) s = tg_second_order_sweep_(&w, a.masked, &a.nan);
  }
  for (size_t j = 0; j < l->d && s == TG_OK; j++) hv[j] += *tg_second_order_bar_dot_(&w, f->x[j]);
  return s;
}

/* With J the Jacobian of the results and h over (theta, results), split likewise: the rows from..from + count
 * of h_tr J, and bar_dot of the results: h_rt + h_rr J. */
static void pull_back(const tg_second_order_ *w, const double *h, size_t d, size_t from, size_t count,
                      double *rows)
{
  const size_t m = w->f->m, n = d + m;
  for (size_t k = 0; k < m; k++) {
    const double *dot = tg_second_order_dot_(w, w->f->y[k]);
    double *bar_dot = tg_second_order_bar_dot_(w, w->f->y[k]);
    for (size_t i = 0; i < count; i++) bar_dot[i] += h[(d + k) * n + from + i];
    for (size_t j = 0; j < n; j++) {
      const double c = h[j * n + d + k];
      if (c == 0.0) continue;
      double *to = j < d ? rows + j : tg_second_order_bar_dot_(w, w->f->y[j - d]);
      const size_t step = j < d ? d : 1;
      for (size_t i = 0; i < count; i++)
        if (dot[i] != 0.0) to[i * step] += c * dot[i];
    }
  }
}

static tg_status finish_rows(tg_lanes_ *l, const variant *v, tg_second_order_ *w, size_t from, size_t count,
                             double *rows)
{
  const tg_function *f = w->f;
  const size_t d = l->d;
  tg_status s = TG_OK;
  for (tg_attempt_ a = {0}; s == TG_OK && tg_attempt_again_(&a, &l->zero_rule);) {
    memset(rows, 0, count * d * sizeof *rows);
    s = tg_second_order_tangents_(w, NULL, from, count, a.masked);
    tg_second_order_weights_(w, v->u_bar + d);
    pull_back(w, l->square, d, from, count, rows);
    if (s == TG_OK) s = tg_second_order_sweep_(w, a.masked, &a.nan);
  }
  for (size_t i = 0; i < count && s == TG_OK; i++)
    for (size_t j = 0; j < d; j++) rows[i * d + j] += tg_second_order_bar_dot_(w, f->x[j])[i];
  return s;
}

static tg_status finish_hessian(tg_lanes_ *l, const variant *v, double *hessian)
{
  const size_t d = l->d, n = d + v->body->results;
  tg_curvature_matrix_(&v->curvature, v->curve, l->square);
  for (size_t j = 0; j < d; j++) add_to(hessian + j * d, l->square + j * n, d);
  if (v->body->uniform == NULL) return TG_OK;
  tg_second_order_ w;
  tg_status s = tg_second_order_begin_(&w, v->body->uniform, l->call->theta, TG_BLOCK);
  if (!tg_reserve_((void **)&l->block, &l->block_room, d, TG_BLOCK * sizeof *l->block)) s = TG_E_NOMEM;
  for (size_t from = 0; from < d && s == TG_OK; from += TG_BLOCK) {
    const size_t count = d - from < TG_BLOCK ? d - from : TG_BLOCK;
    s = finish_rows(l, v, &w, from, count, l->block);
    if (s == TG_OK) add_to(hessian + from * d, l->block, count * d);
  }
  return s;
}

/* The variants by path, so that sums over them do not depend on which was met first. */
static void sort_variants(const tg_lanes_ *l, size_t *order)
{
  for (size_t v = 0; v < l->variant_count; v++) {
    size_t k = v;
    for (; k > 0 && l->variants[order[k - 1]].path > l->variants[v].path; k--) order[k] = order[k - 1];
    order[k] = v;
  }
}

static tg_status finish_variant(tg_lanes_ *l, const variant *v)
{
  const tg_lanes_call_ *c = l->call;
  if (c->hessian != NULL) return finish_hessian(l, v, c->hessian);
  if (c->hv != NULL) return finish_second(l, v, c->hv);
  return c->gradient != NULL ? finish_gradient(l, v, c->gradient) : TG_OK;
}

/* Adds up what was asked for. */
static tg_status finish(tg_lanes_ *l, double value)
{
  const tg_lanes_call_ *c = l->call;
  tg_status s = TG_OK;
  size_t order[VARIANTS];
  if (c->gradient != NULL) memset(c->gradient, 0, l->d * sizeof *c->gradient);
  if (c->hv != NULL) memset(c->hv, 0, l->d * sizeof *c->hv);
  if (c->hessian != NULL) memset(c->hessian, 0, l->d * l->d * sizeof *c->hessian);
  sort_variants(l, order);
  for (size_t k = 0; k < l->variant_count && s == TG_OK; k++) {
    const size_t v = order[k];
    if (l->variants[v].fits && (l->used >> v & 1)) s = finish_variant(l, &l->variants[v]);
  }
  if (s == TG_OK && c->value != NULL) *c->value = value;
  return s;
}

/* ---- one call ---- */

static void partition(tg_lanes_ *l)
{
  l->groups = (l->call->count + GROUP - 1) / GROUP;
  const size_t even = (l->groups + CHUNKS - 1) / CHUNKS;
  l->groups_per_chunk = even > CHUNK_GROUPS ? even : CHUNK_GROUPS;
  l->chunks = (l->groups + l->groups_per_chunk - 1) / l->groups_per_chunk;
}

/* The uniforms of all variants; one that fits theta is made if there is none. */
static tg_status prepare_variants(tg_lanes_ *l)
{
  tg_status s = all_threads(l);
  for (int made = 0; made < 2 && s == TG_OK; made++) {
    bool fits = false;
    for (size_t v = 0; v < l->variant_count && s == TG_OK; v++) {
      s = set_uniforms(l, &l->variants[v]);
      fits = fits || l->variants[v].fits;
    }
    if (s != TG_OK || fits || made > 0) break;
    l->used = 0;
    s = add_variant(l, 0);
  }
  return s;
}

static tg_status prepare(tg_lanes_ *l)
{
  tg_status s = prepare_variants(l);
  if (s == TG_OK && l->call->gradients != NULL) s = room_for_each(l);
  if (s == TG_OK && l->mode == TG_RUN_HESSIAN) s = room_for_hessian(l);
  if (s == TG_OK && l->call->index == NULL) s = reserve_blocked(l);
  if (s == TG_OK && l->call->index == NULL) fill_blocked(l);
  if (s == TG_OK) partition(l);
  return s;
}

static tg_status attempt(tg_lanes_ *l, size_t *misfit)
{
  double value = 0.0;
  tg_status s = prepare(l);
  if (s == TG_OK) s = run_chunks(l, &value, misfit);
  if (s != TG_OK || *misfit != NOWHERE) return s;
  return finish(l, value);
}

static tg_run_mode_ mode_of(const tg_lanes_call_ *call)
{
  if (call->hessian != NULL) return TG_RUN_HESSIAN;
  if (call->hv != NULL) return TG_RUN_SECOND;
  return call->gradient != NULL || call->gradients != NULL ? TG_RUN_GRADIENT : TG_RUN_VALUE;
}

static tg_status run_one(tg_lanes_ *l, const tg_lanes_call_ *call)
{
  if (l->unsuited) return TG_E_BRANCH;
  l->call = call;
  l->mode = mode_of(call);
  size_t misfit = NOWHERE, before = NOWHERE;
  for (;;) {
    tg_status s = attempt(l, &misfit);
    if (s == TG_OK && misfit == NOWHERE) return TG_OK;
    if (s == TG_OK && misfit == before)
      s = TG_E_BRANCH; /* recorded just now, and does not fit itself: a tie */
    before = misfit;
    misfit = NOWHERE;
    if (s == TG_OK) s = add_variant(l, before);
    if (s == TG_OK) continue;
    if (s == TG_E_BRANCH) {
      l->fallbacks++;
      l->unsuited = l->f->tape->point_dependent;
    }
    return s;
  }
}

/* A Hessian is made by the variants that these samples take, whatever others have been met before. */
static tg_status run(tg_lanes_ *l, const tg_lanes_call_ *call)
{
  if (call->hessian != NULL) {
    const tg_status s =
        run_one(l, &(tg_lanes_call_){.theta = call->theta, .index = call->index, .count = call->count});
    if (s != TG_OK) return s;
    l->curved = l->used;
  }
  return run_one(l, call);
}

/* What the parts that depend on theta only have counted joins the rest. */
static void collect_zero_rule(tg_lanes_ *l)
{
  for (size_t v = 0; v < l->variant_count; v++) {
    tg_function *const uniform = l->variants[v].body->uniform;
    if (uniform == NULL) continue;
    l->zero_rule += uniform->stats.zero_rule;
    uniform->stats.zero_rule = 0;
  }
}

/* Callbacks of custom operations run on the way: the sum is busy for them.
 *
 * Kernels compute what is not taken too: both sides of a condition, lanes that go another way, padding. What that
 * raises must neither trap nor stay, and their accuracy needs rounding to nearest and subnormals: hence the default
 * environment. */
tg_status tg_lanes_run_(tg_lanes_ *l, const tg_lanes_call_ *call)
{
  l->running = l->f->busy = true;
  l->f->status = TG_OK;
  l->f->complaint = NULL;
  const tg_environment_ host = tg_environment_default_();
  const tg_status s = run(l, call);
  collect_zero_rule(l);
  tg_environment_set_(host);
  l->running = l->f->busy = false;
  if (l->forget) tg_lanes_forget_(l);
  if (l->threads_next != l->threads) tg_lanes_threads_(l, l->threads_next);
  return s;
}

tg_lanes_stats_ tg_lanes_statistics_(const tg_lanes_ *l)
{
  tg_lanes_stats_ s = {0};
  if (l == NULL) return s;
  s.variants = l->variant_count;
  s.steps = l->variant_count > 0 ? l->variants[0].body->step_count : 0;
  s.lanes = l->variant_count > 0 ? l->variants[0].body->L : 0;
  s.fallbacks = l->fallbacks;
  s.zero_rule = l->zero_rule;
  s.threads = l->pool != NULL ? tg_pool_threads_(l->pool) : 1;
  return s;
}

tg_status tg_lanes_print_(const tg_lanes_ *l, FILE *out)
{
  tg_status s = TG_OK;
  for (size_t v = 0; v < l->variant_count && s == TG_OK; v++) s = tg_body_print_(l->variants[v].body, out);
  return s;
}
