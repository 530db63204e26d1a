#include "runner.h"

#include "environment.h"
#include "pool.h"
#include "zero_rule.h"

#include <assert.h>
#include <string.h>

enum { CHUNKS = 32, CHUNK_BLOCKS = 2 };

/* What a chunk leaves. */
typedef struct chunk {
  double *u_bar, *u_bar_dot;
  double value, tangent;
  double padding; /* the adjoint of lanes past the last row, which repeat it: 0 but to see what is its own */
  bool fits;
  size_t zero_rule;
  tg_status status;
} chunk;

typedef struct thread {
  tg_worker_ worker;
  bool *failed; /* L */
  double *seed; /* L */
} thread;

/* Derivatives of the sum. */
typedef struct adjoints {
  double *uniform;  /* d */
  double *variable; /* by block, variable and lane */
} adjoints;

/* How the nodes that a block gathers for one variable lie. */
enum { SCATTERED, CONSECUTIVE };

struct tg_runner_ {
  tg_body_ *body;
  const tg_kernels_ *kernels;
  tg_uniform_state_ state;
  size_t rows, blocks, chunk_blocks, chunks;
  double *memory, *data; /* blocks of columns x L */
  uint32_t *uniform;     /* nodes */
  uint32_t *index;       /* by block, variable and lane: nodes */
  uint8_t *layout;       /* by block and variable */
  double *first;         /* adjoints: the gradient */
  double *second;        /* of as many directions as have been asked for at a time */
  size_t directions;
  unsigned threads;
  tg_pool_ *pool;
  thread *thread;
  size_t thread_count;
  chunk *chunk;
  double *sums;
  /* the run at hand */
  const tg_tape *tape;
  const tg_run_ *run;
};

/* ---- life ---- */

static void free_threads(tg_runner_ *r)
{
  tg_pool_free_(r->pool);
  r->pool = NULL;
  for (size_t i = 0; i < r->thread_count; i++) {
    tg_worker_free_(&r->thread[i].worker);
    tg_memory_free_(r->thread[i].failed);
    tg_memory_free_(r->thread[i].seed);
  }
  tg_memory_free_(r->thread);
  r->thread = NULL;
  r->thread_count = 0;
}

void tg_runner_free_(tg_runner_ *r)
{
  if (!r) return;
  free_threads(r);
  tg_body_free_(r->body);
  tg_uniform_state_free_(&r->state);
  tg_memory_free_(r->memory);
  tg_memory_free_(r->uniform);
  tg_memory_free_(r->index);
  tg_memory_free_(r->layout);
  tg_memory_free_(r->first);
  tg_memory_free_(r->second);
  tg_memory_free_(r->chunk);
  tg_memory_free_(r->sums);
  tg_memory_free_(r);
}

static tg_status new_threads(tg_runner_ *r)
{
  const size_t L = r->body->L;
  r->thread = tg_memory_resize_(NULL, r->threads, sizeof *r->thread);
  if (!r->thread) return TG_E_NOMEM;
  memset(r->thread, 0, r->threads * sizeof *r->thread);
  r->thread_count = r->threads;
  for (size_t i = 0; i < r->thread_count; i++) {
    thread *const t = &r->thread[i];
    const tg_status s = tg_worker_new_(&t->worker, r->body, r->kernels);
    t->worker.gradient = true;
    t->failed = tg_memory_resize_(NULL, L, sizeof *t->failed);
    t->seed = tg_memory_resize_(NULL, L, sizeof *t->seed);
    if (s != TG_OK || !t->failed || !t->seed) return TG_E_NOMEM;
  }
  return r->threads > 1 ? tg_pool_new_(&r->pool, r->threads) : TG_OK;
}

void tg_runner_threads_(tg_runner_ *r, unsigned threads)
{
  if (threads == 0) threads = tg_pool_processors_();
  if (threads > r->chunks) threads = (unsigned)r->chunks;
  if (threads == r->threads) return;
  free_threads(r);
  r->threads = threads;
}

/* ---- rows into blocks ---- */

static size_t last_row(const tg_runner_ *r, size_t row) { return row < r->rows ? row : r->rows - 1; }

static tg_status block_data(tg_runner_ *r, const tg_loop_body_ *b)
{
  const size_t L = r->body->L, columns = b->columns;
  if (columns > SIZE_MAX / sizeof(double) / (r->blocks * L + 8)) return TG_E_SIZE;
  r->memory = tg_memory_resize_(NULL, columns * r->blocks * L + 8, sizeof *r->memory);
  if (!r->memory) return TG_E_NOMEM;
  r->data = r->memory + (-(uintptr_t)r->memory / sizeof(double) & 7);
  for (size_t block = 0; block < r->blocks; block++)
    for (size_t l = 0; l < L; l++) {
      const double *const from = b->data + last_row(r, block * L + l) * columns;
      for (size_t j = 0; j < columns; j++) r->data[(block * columns + j) * L + l] = from[j];
    }
  return TG_OK;
}

/* Numbers of operands until nodes are known. */
static tg_status block_index(tg_runner_ *r, const tg_loop_body_ *b)
{
  const size_t L = r->body->L, n = b->variables, all = r->blocks * L * n;
  r->uniform = tg_memory_resize_(NULL, b->uniforms + 1, sizeof *r->uniform);
  r->index = tg_memory_resize_(NULL, all + 1, sizeof *r->index);
  r->layout = tg_memory_resize_(NULL, r->blocks * n + 1, 1);
  r->first = tg_memory_resize_(NULL, b->uniforms + all + 1, sizeof *r->first);
  if (!r->uniform || !r->index || !r->layout || !r->first) return TG_E_NOMEM;
  for (size_t i = 0; i < b->uniforms; i++) r->uniform[i] = (uint32_t)i;
  for (size_t block = 0; block < r->blocks; block++)
    for (size_t j = 0; j < n; j++)
      for (size_t l = 0; l < L; l++)
        r->index[(block * n + j) * L + l] =
            (uint32_t)b->uniforms + b->index[last_row(r, block * L + l) * n + j];
  return TG_OK;
}

static bool follow(const uint32_t *index, size_t n)
{
  for (size_t i = 1; i < n; i++)
    if (index[i] != index[0] + i) return false;
  return true;
}

void tg_runner_bind_(tg_runner_ *r, const uint32_t *node)
{
  const size_t L = r->body->L, columns = r->blocks * r->body->variables;
  for (size_t i = 0; i < r->body->d; i++) r->uniform[i] = node[r->uniform[i]];
  for (size_t i = 0; i < columns * L; i++) r->index[i] = node[r->index[i]];
  for (size_t i = 0; i < columns; i++) {
    const bool whole = (i / r->body->variables + 1) * L <= r->rows;
    r->layout[i] = whole && follow(r->index + i * L, L) ? CONSECUTIVE : SCATTERED;
  }
}

/* Chunks are large enough for the sums of each to be small beside its rows. */
static tg_status cut(tg_runner_ *r)
{
  const size_t L = r->body->L, n = tg_uniforms_(r->body), work = L * (r->body->step_count + r->body->columns);
  size_t most = CHUNK_BLOCKS;
  if (most * work < 4 * n) most = 4 * n / work + 1;
  r->blocks = (r->rows + L - 1) / L;
  const size_t even = (r->blocks + CHUNKS - 1) / CHUNKS;
  r->chunk_blocks = even > most ? even : most;
  r->chunks = (r->blocks + r->chunk_blocks - 1) / r->chunk_blocks;
  r->chunk = tg_memory_resize_(NULL, r->chunks, sizeof *r->chunk);
  r->sums = tg_memory_resize_(NULL, r->chunks * 2 * n, sizeof *r->sums);
  if (!r->chunk || !r->sums) return TG_E_NOMEM;
  for (size_t i = 0; i < r->chunks; i++) {
    r->chunk[i] = (chunk){.u_bar = r->sums + 2 * n * i};
    r->chunk[i].u_bar_dot = r->chunk[i].u_bar + n;
  }
  return TG_OK;
}

static tg_status build(tg_runner_ *r, const tg_loop_body_ *b)
{
  tg_status s =
      tg_body_compile_(&r->body, b->term, b->uniforms, b->columns + b->variables, 0, b->variables, 0);
  if (s == TG_OK) s = tg_uniform_state_new_(&r->state, r->body);
  if (s == TG_OK) s = cut(r);
  if (s == TG_OK) s = block_data(r, b);
  if (s == TG_OK) s = block_index(r, b);
  return s;
}

tg_status tg_runner_new_(tg_runner_ **made, const tg_loop_body_ *b)
{
  *made = NULL;
  const tg_kernels_ *const kernels = tg_kernels_choose_();
  if (!kernels) return TG_OK;
  tg_runner_ *const r = tg_memory_resize_(NULL, 1, sizeof *r);
  if (!r) return TG_E_NOMEM;
  *r = (tg_runner_){.kernels = kernels, .rows = b->rows, .threads = 1};
  const tg_status s = build(r, b);
  if (s == TG_OK && !r->body->uniform) {
    *made = r;
    return TG_OK;
  }
  tg_runner_free_(r);
  return s;
}

/* ---- one block ---- */

static size_t adjoint_size(const tg_runner_ *r)
{
  return r->body->d + r->blocks * r->body->variables * r->body->L;
}

static adjoints gradient_of(const tg_runner_ *r) { return (adjoints){r->first, r->first + r->body->d}; }

static adjoints second_of(const tg_runner_ *r, size_t lane)
{
  double *const at = r->second + lane * adjoint_size(r);
  return (adjoints){at, at + r->body->d};
}

static void gather_primals(const tg_runner_ *r, size_t block, double *slots, size_t lanes)
{
  const size_t L = r->body->L, n = r->body->variables;
  const tg_node_ *const nodes = r->tape->r.nodes_;
  for (size_t j = 0; j < n; j++) {
    const uint32_t *const index = r->index + (block * n + j) * L;
    double *const to = slots + r->body->lists[r->body->variable + j];
    if (r->layout[block * n + j] == CONSECUTIVE)
      for (size_t l = 0; l < lanes; l++) to[l] = nodes[index[0] + l].primal_;
    else
      for (size_t l = 0; l < lanes; l++) to[l] = nodes[index[l]].primal_;
  }
}

static void gather_tangents(const tg_runner_ *r, size_t block, double *slots, size_t lanes)
{
  const size_t L = r->body->L, n = r->body->variables, width = r->run->width;
  const double *const from = r->run->tangent + r->run->lane;
  for (size_t j = 0; j < n; j++) {
    const uint32_t *const index = r->index + (block * n + j) * L;
    double *const to = slots + r->body->lists[r->body->variable + j];
    for (size_t l = 0; l < lanes; l++) to[l] = from[index[l] * width];
  }
}

/* Behind the lanes in use zeros, that no NaN of another block is met there. */
static void keep_adjoints(const tg_runner_ *r, size_t block, const double *slots, size_t lanes, double *bar)
{
  const size_t L = r->body->L, n = r->body->variables;
  for (size_t j = 0; j < n; j++) {
    double *const to = bar + (block * n + j) * L;
    memcpy(to, slots + r->body->lists[r->body->variable + j], lanes * sizeof *to);
    if (lanes < L) memset(to + lanes, 0, (L - lanes) * sizeof *to);
  }
}

static double sum(const double *x, size_t n)
{
  double partial[TG_LANE_UNIT] = {0.0}, s = 0.0;
  for (size_t i = 0; i < n; i++) partial[i % TG_LANE_UNIT] += x[i];
  for (size_t i = 0; i < TG_LANE_UNIT; i++) s += partial[i];
  return s;
}

static bool run_block(const tg_runner_ *r, thread *t, size_t block, chunk *c)
{
  tg_worker_ *const w = &t->worker;
  const size_t L = r->body->L, left = r->rows - block * L, n = left < L ? left : L;
  w->lanes = tg_whole_lanes_(n);
  w->current = r->data + block * r->body->columns * L;
  gather_primals(r, block, w->slot, w->lanes);
  if (!tg_worker_forward_(w, &r->state, t->failed)) return false;
  c->value += sum(w->slot + r->body->loss, n);
  if (r->run->mode == TG_RUN_VALUE) return true;
  if (r->run->mode == TG_RUN_SECOND) {
    gather_tangents(r, block, w->tangent, w->lanes);
    tg_worker_tangent_(w, &r->state);
    c->tangent += sum(w->tangent + r->body->loss, n);
  }
  for (size_t i = 0; i < w->lanes; i++) t->seed[i] = i < n ? 1.0 : c->padding;
  tg_worker_backward_(w, &r->state, t->seed);
  keep_adjoints(r, block, w->bar, w->lanes, gradient_of(r).variable);
  if (r->run->mode == TG_RUN_SECOND)
    keep_adjoints(r, block, w->bar_dot, w->lanes, second_of(r, r->run->lane).variable);
  return true;
}

/* ---- chunks ---- */

static void run_once(const tg_runner_ *r, thread *t, size_t number, chunk *c, bool masked)
{
  const size_t from = number * r->chunk_blocks, end = from + r->chunk_blocks;
  tg_worker_ *const w = &t->worker;
  c->value = c->tangent = 0.0;
  c->fits = true;
  w->masked = masked;
  w->status = TG_OK;
  tg_worker_begin_(w, &r->state, r->run->mode, c->u_bar, c->u_bar_dot);
  for (size_t block = from; block < end && block < r->blocks && c->fits; block++)
    c->fits = run_block(r, t, block, c);
  if (r->run->mode != TG_RUN_VALUE) tg_worker_collect_(w);
  c->status = w->status;
}

static bool needs_mask(const tg_runner_ *r, size_t number, const chunk *c)
{
  const size_t d = r->body->d, each = r->body->variables * r->body->L;
  const size_t from = number * r->chunk_blocks, past = from + r->chunk_blocks;
  const size_t count = ((past < r->blocks ? past : r->blocks) - from) * each;
  if (r->run->mode == TG_RUN_VALUE || !c->fits) return false;
  if (tg_any_nan_(c->u_bar, d) || tg_any_nan_(gradient_of(r).variable + from * each, count)) return true;
  if (r->run->mode != TG_RUN_SECOND) return false;
  return c->tangent != c->tangent || tg_any_nan_(c->u_bar_dot, d) ||
         tg_any_nan_(second_of(r, r->run->lane).variable + from * each, count);
}

/* Lanes of padding make NaN of zero times what is infinite in the last row. With its adjoint they do what it does. */
static bool is_needed_by_rows(const tg_runner_ *r, thread *t, size_t number, chunk *c)
{
  if (number + 1 < r->chunks || r->rows % r->body->L == 0) return true;
  c->padding = 1.0;
  run_once(r, t, number, c, false);
  c->padding = 0.0;
  return needs_mask(r, number, c);
}

static void run_chunk(void *context, unsigned number_of_thread, size_t number)
{
  const tg_runner_ *const r = context;
  chunk *const c = &r->chunk[number];
  thread *const t = &r->thread[number_of_thread];
  c->zero_rule = 0;
  run_once(r, t, number, c, false);
  if (!needs_mask(r, number, c)) return;
  c->zero_rule = is_needed_by_rows(r, t, number, c);
  run_once(r, t, number, c, true);
}

static void run_chunks(tg_runner_ *r)
{
  if (r->pool)
    tg_pool_run_(r->pool, run_chunk, r, r->chunks);
  else
    for (size_t i = 0; i < r->chunks; i++) run_chunk(r, 0, i);
}

/* ---- their sums ---- */

static void add_to(double *restrict to, const double *restrict x, size_t n)
{
  for (size_t i = 0; i < n; i++) to[i] += x[i];
}

static tg_status collect(tg_runner_ *r, tg_loop_sum_ *total)
{
  const size_t d = r->body->d;
  const tg_run_mode_ mode = r->run->mode;
  double *const bar = gradient_of(r).uniform;
  double *const bar_dot = mode == TG_RUN_SECOND ? second_of(r, r->run->lane).uniform : NULL;
  *total = (tg_loop_sum_){0};
  if (mode != TG_RUN_VALUE) memset(bar, 0, d * sizeof *bar);
  if (bar_dot) memset(bar_dot, 0, d * sizeof *bar_dot);
  for (size_t i = 0; i < r->chunks; i++) {
    const chunk *const c = &r->chunk[i];
    if (c->status != TG_OK) return c->status;
    if (!c->fits) return TG_E_BRANCH;
    total->value += c->value;
    total->tangent += c->tangent;
    total->zero_rule += c->zero_rule;
    if (mode != TG_RUN_VALUE) add_to(bar, c->u_bar, d);
    if (bar_dot) add_to(bar_dot, c->u_bar_dot, d);
  }
  return TG_OK;
}

static void set_uniforms(tg_runner_ *r)
{
  const tg_run_ *const run = r->run;
  for (size_t i = 0; i < r->body->d; i++) {
    r->state.u[i] = r->tape->r.nodes_[r->uniform[i]].primal_;
    if (run->mode == TG_RUN_SECOND) r->state.u_dot[i] = run->tangent[r->uniform[i] * run->width + run->lane];
  }
  tg_uniform_state_pack_(&r->state, r->body, run->mode == TG_RUN_SECOND);
}

static tg_status prepare(tg_runner_ *r)
{
  if (r->run->mode == TG_RUN_SECOND &&
      !tg_reserve_((void **)&r->second, &r->directions, r->run->width, adjoint_size(r) * sizeof *r->second))
    return TG_E_NOMEM;
  if (r->pool && tg_pool_inherited_(r->pool)) free_threads(r);
  if (r->thread) return TG_OK;
  const tg_status s = new_threads(r);
  if (s != TG_OK) free_threads(r);
  return s;
}

/* What lanes compute for nobody must neither trap nor stay, as in finite sums. */
tg_status tg_runner_run_(tg_runner_ *r, const tg_tape *t, const tg_run_ *run, tg_loop_sum_ *total)
{
  assert(run->mode != TG_RUN_SECOND || run->lane < run->width);
  r->tape = t;
  r->run = run;
  tg_status s = prepare(r);
  if (s != TG_OK) return s;
  const tg_environment_ host = tg_environment_default_();
  set_uniforms(r);
  run_chunks(r);
  s = collect(r, total);
  tg_environment_set_(host);
  return s;
}

/* ---- derivatives to and from the tape ---- */

bool tg_runner_moves_(const tg_runner_ *r, const double *tangent, size_t width, size_t lane)
{
  const size_t all = r->blocks * r->body->variables * r->body->L;
  for (size_t i = 0; i < r->body->d; i++)
    if (tangent[r->uniform[i] * width + lane] != 0.0) return true;
  for (size_t i = 0; i < all; i++)
    if (tangent[r->index[i] * width + lane] != 0.0) return true;
  return false;
}

static void add_consecutive(double *restrict to, const double *restrict from, double u, size_t n)
{
  for (size_t l = 0; l < n; l++) to[l] += u * from[l];
}

/* One variable of a block. Neighbours often share a node: their sum is added once. */
static void add_scattered(double *to, const uint32_t *index, const double *from, size_t n, double u,
                          bool masked, size_t width)
{
  for (size_t l = 0; l < n;) {
    const uint32_t node = index[l];
    double s = 0.0;
    for (; l < n && index[l] == node; l++) s += tg_masked_product_(u, from[l], masked);
    to[node * width] += s;
  }
}

/* Block after block, in the order of the iterations. */
static void add_adjoints(const tg_runner_ *r, adjoints a, double u, bool masked, double *to, size_t width)
{
  const size_t L = r->body->L, n = r->body->variables;
  for (size_t i = 0; i < r->body->d; i++)
    to[r->uniform[i] * width] += tg_masked_product_(u, a.uniform[i], masked);
  for (size_t block = 0; block < r->blocks; block++) {
    const size_t left = r->rows - block * L, lanes = left < L ? left : L;
    for (size_t j = block * n; j < (block + 1) * n; j++) {
      const uint32_t *const index = r->index + j * L;
      if (r->layout[j] == CONSECUTIVE && width == 1 && !masked)
        add_consecutive(to + index[0], a.variable + j * L, u, lanes);
      else
        add_scattered(to, index, a.variable + j * L, lanes, u, masked, width);
    }
  }
}

void tg_runner_add_gradient_(const tg_runner_ *r, double u, bool masked, double *array, size_t width,
                             size_t lane)
{
  add_adjoints(r, gradient_of(r), u, masked, array + lane, width);
}

void tg_runner_add_second_(const tg_runner_ *r, double u, bool masked, double *array, size_t width,
                           size_t lane)
{
  add_adjoints(r, second_of(r, lane), u, masked, array + lane, width);
}

double tg_runner_times_(const tg_runner_ *r, bool masked, const double *tangent, size_t width, size_t lane)
{
  const size_t L = r->body->L, n = r->body->variables;
  const adjoints a = gradient_of(r);
  double s = 0.0;
  for (size_t i = 0; i < r->body->d; i++)
    s += tg_masked_product_(a.uniform[i], tangent[r->uniform[i] * width + lane], masked);
  for (size_t block = 0; block < r->blocks; block++) {
    const size_t left = r->rows - block * L, lanes = left < L ? left : L;
    for (size_t j = block * n; j < (block + 1) * n; j++)
      for (size_t l = 0; l < lanes; l++)
        s += tg_masked_product_(a.variable[j * L + l], tangent[r->index[j * L + l] * width + lane], masked);
  }
  return s;
}

size_t tg_runner_bytes_(const tg_runner_ *r)
{
  const size_t all = r->blocks * r->body->L, adjoint = adjoint_size(r) * sizeof(double);
  return all * r->body->columns * sizeof(double) + all * r->body->variables * sizeof *r->index + adjoint +
         r->directions * adjoint;
}

const tg_body_ *tg_runner_body_(const tg_runner_ *r) { return r->body; }
