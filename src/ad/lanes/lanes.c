/* One call: uniforms, chunks of blocks, and the sums over them.
 *
 * The samples of a call are cut into blocks of L and the blocks into chunks, in a way that depends on their
 * number alone. Every chunk is summed from zero and chunks are added in order, so that the number of threads
 * shows in no bit.
 *
 * A loss with branches has a variant of its body for each way through it that was met. A block runs the first
 * variant; samples whose guards fail there are gathered and run the next, and so on. A sample that no variant
 * fits is recorded. */
#include "lanes.h"

#include "pool.h"

#include <math.h>
#include <string.h>

enum { SWEEPS_BEFORE_BLOCKS = 12, VARIANTS = 8, CHUNKS = 32, CHUNK_SAMPLES = 256, NO_ROW = -1 };
#define NOWHERE SIZE_MAX

typedef struct variant {
  tg_body_ *body;
  tg_call_state_ state;
  uint64_t path;             /* its way through the branches: orders variants, whenever they were met */
  bool fits;                 /* its guards on theta hold at this call */
  double *u_bar, *u_bar_dot; /* sums over the chunks so far */
} variant;

typedef struct lane_thread {
  tg_worker_ worker[VARIANTS];
  bool *failed;        /* L */
  const double **row;  /* L */
  size_t *rows, *rest; /* of the samples at hand, as positions in the call: L each */
  size_t *numbers;     /* their rows: L */
  double *u_bar;       /* of one lane */
  size_t u_bar_room;
  double *seed; /* L */
  double *loss; /* of the block's samples in their order: L */
  size_t first; /* the position of the first of them */
} lane_thread;

/* What a chunk leaves: the sums, and the position of a sample that no variant fits. */
typedef struct chunk_result {
  double *u_bar, *u_bar_dot; /* of all variants, one after the other */
  double value;
  size_t misfit;
  tg_status status;
} chunk_result;

struct tg_lanes_ {
  tg_function *f;
  const tg_kernels_ *kernels;
  size_t d, columns, L;
  variant variants[VARIANTS];
  size_t variant_count;
  tg_data data;
  double *blocked; /* all rows in blocks of columns x L, or NULL yet */
  size_t sweeps;   /* over all of these rows */
  bool unsuited;   /* the plain way from now on */
  size_t fallbacks;
  unsigned threads;
  tg_pool_ *pool;
  lane_thread *thread;
  size_t thread_count;
  chunk_result *results;
  size_t result_count;
  double *result_memory;
  size_t result_capacity;
  double *point;
  /* the call at hand */
  const tg_lanes_call_ *call;
  tg_run_mode_ mode;
  size_t blocks, blocks_per_chunk, chunks;
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

static void free_arrays(lane_thread *t)
{
  tg_memory_free_(t->failed);
  tg_memory_free_(t->row);
  tg_memory_free_(t->rows);
  tg_memory_free_(t->rest);
  tg_memory_free_(t->numbers);
  tg_memory_free_(t->seed);
  tg_memory_free_(t->loss);
  t->failed = NULL;
  t->row = NULL;
  t->rows = t->rest = t->numbers = NULL;
  t->seed = t->loss = NULL;
}

static void free_threads(tg_lanes_ *l)
{
  tg_pool_free_(l->pool);
  l->pool = NULL;
  for (size_t i = 0; i < l->thread_count; i++) {
    lane_thread *t = &l->thread[i];
    for (size_t v = 0; v < VARIANTS; v++) tg_worker_free_(&t->worker[v]);
    free_arrays(t);
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
  l->L = 0;
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

static double label_at(const tg_lanes_ *l, size_t position)
{
  return l->data.label[row_number(l, position)];
}

/* One sample in full, to record the loss at. */
static void spread_row(const tg_lanes_ *l, size_t position, double *to)
{
  const tg_data *data = &l->data;
  if (data->row_start == NULL) {
    memcpy(to, row_at(l, position), data->columns * sizeof *to);
    return;
  }
  const size_t row = row_number(l, position);
  memset(to, 0, data->columns * sizeof *to);
  for (size_t k = data->row_start[row]; k < data->row_start[row + 1]; k++)
    to[data->column[k]] = data->values[k];
}

static tg_status record_at(tg_lanes_ *l, size_t position)
{
  memcpy(l->point, l->call->theta, l->d * sizeof *l->point);
  spread_row(l, position, l->point + l->d);
  if (l->data.label != NULL) l->point[l->d + l->data.columns] = label_at(l, position);
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

/* Records the loss at a sample and compiles that as a new variant. */
static tg_status add_variant(tg_lanes_ *l, size_t position)
{
  if (l->variant_count == VARIANTS) return TG_E_BRANCH;
  const tg_status recorded = l->variant_count == 0 && l->f->recorded ? TG_OK : record_at(l, position);
  if (recorded != TG_OK) return recorded;
  if (l->f->tape->point_dependent) return TG_E_BRANCH;
  variant *v = &l->variants[l->variant_count];
  tg_status s = tg_body_compile_(&v->body, l->f, l->d, l->columns,
                                 l->data.row_start != NULL ? l->data.columns : 0, l->L);
  if (s == TG_OK) s = tg_call_state_new_(&v->state, v->body);
  const size_t n = s == TG_OK ? tg_uniforms_(v->body) : 0;
  if (s == TG_OK) v->u_bar = tg_memory_resize_(NULL, 2 * n + 1, sizeof *v->u_bar);
  if (s == TG_OK && v->u_bar == NULL) s = TG_E_NOMEM;
  if (s == TG_OK) s = grow_threads(l, l->variant_count);
  if (s != TG_OK) {
    free_variant(l, l->variant_count);
    return s;
  }
  v->path = path_of(l->f->tape);
  v->u_bar_dot = v->u_bar + n;
  l->L = v->body->L;
  l->variant_count++;
  return TG_OK;
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
            ? tg_jvp(b->uniform, l->call->theta, l->call->v, v->state.u + l->d, v->state.u_dot + l->d)
            : tg_value(b->uniform, l->call->theta, v->state.u + l->d);
  v->fits = s == TG_OK;
  if (s != TG_OK) return s == TG_E_BRANCH ? TG_OK : s;
  tg_call_state_pack_(&v->state, b, l->mode == TG_RUN_SECOND);
  if (l->mode != TG_RUN_VALUE) memset(v->u_bar, 0, tg_uniforms_(b) * sizeof *v->u_bar);
  if (l->mode == TG_RUN_SECOND) memset(v->u_bar_dot, 0, tg_uniforms_(b) * sizeof *v->u_bar_dot);
  return TG_OK;
}

/* ---- threads ---- */

static tg_status fill_thread(lane_thread *t, size_t L)
{
  t->failed = tg_memory_resize_(NULL, L, sizeof *t->failed);
  t->row = tg_memory_resize_(NULL, L, sizeof *t->row);
  t->rows = tg_memory_resize_(NULL, L, sizeof *t->rows);
  t->rest = tg_memory_resize_(NULL, L, sizeof *t->rest);
  t->numbers = tg_memory_resize_(NULL, L, sizeof *t->numbers);
  t->seed = tg_memory_resize_(NULL, L, sizeof *t->seed);
  t->loss = tg_memory_resize_(NULL, L, sizeof *t->loss);
  if (t->failed && t->row && t->rows && t->rest && t->numbers && t->seed && t->loss) return TG_OK;
  free_arrays(t);
  return TG_E_NOMEM;
}

/* Memory for variant v in every thread. */
static tg_status grow_threads(tg_lanes_ *l, size_t v)
{
  if (l->thread == NULL) {
    l->thread = tg_memory_resize_(NULL, l->threads, sizeof *l->thread);
    if (l->thread == NULL) return TG_E_NOMEM;
    memset(l->thread, 0, l->threads * sizeof *l->thread);
    l->thread_count = l->threads;
  }
  const tg_body_ *b = l->variants[v].body;
  for (size_t i = 0; i < l->thread_count; i++) {
    lane_thread *t = &l->thread[i];
    tg_status s = TG_OK;
    if (t->seed == NULL) s = fill_thread(t, b->L);
    if (s == TG_OK && t->worker[v].memory == NULL) s = tg_worker_new_(&t->worker[v], b, l->kernels);
    if (s != TG_OK) return s;
  }
  if (l->threads > 1 && l->pool == NULL) return tg_pool_new_(&l->pool, l->threads);
  return TG_OK;
}

/* Gradients of samples, one by one, are for dense data and losses without a part that depends on theta alone.
 */
static tg_status room_for_each(tg_lanes_ *l)
{
  size_t most = 0;
  for (size_t v = 0; v < l->variant_count; v++) {
    if (l->variants[v].body->uniform != NULL || l->variants[v].body->sparse) return TG_E_BRANCH;
    const size_t n = tg_uniforms_(l->variants[v].body);
    most = n > most ? n : most;
  }
  for (size_t i = 0; i < l->thread_count; i++) {
    lane_thread *t = &l->thread[i];
    if (!tg_reserve_((void **)&t->u_bar, &t->u_bar_room, most, sizeof *t->u_bar)) return TG_E_NOMEM;
  }
  return TG_OK;
}

static tg_status all_threads(tg_lanes_ *l)
{
  for (size_t v = 0; v < l->variant_count; v++) {
    const tg_status s = grow_threads(l, v);
    if (s != TG_OK) return s;
  }
  return TG_OK;
}

/* ---- blocks ---- */

static size_t rounded_up(size_t n)
{
  return (n + TG_LANE_UNIT - 1) / TG_LANE_UNIT * TG_LANE_UNIT;
}

/* The samples of a sparse block: which rows they are, and their labels. */
static void find_rows(const tg_lanes_ *l, lane_thread *t, tg_worker_ *w, size_t n)
{
  const size_t lanes = rounded_up(n);
  for (size_t i = 0; i < lanes; i++) t->numbers[i] = row_number(l, t->rows[i < n ? i : n - 1]);
  w->sparse = &l->data;
  w->row = t->numbers;
  for (size_t i = 0; l->data.label != NULL && i < lanes; i++)
    w->slot[w->body->label + i] = l->data.label[t->numbers[i]];
}

/* Rows as lane vectors; beyond the n given the last is repeated. */
static void gather_rows(const tg_lanes_ *l, const double **row, const size_t *position, size_t n, double *to)
{
  const size_t lanes = rounded_up(n), columns = l->data.columns;
  for (size_t i = 0; i < lanes; i++) row[i] = row_at(l, position[i < n ? i : n - 1]);
  l->kernels->transpose(row, lanes, columns, to, l->L);
  for (size_t i = 0; l->data.label != NULL && i < lanes; i++)
    to[columns * l->L + i] = label_at(l, position[i < n ? i : n - 1]);
}

/* Room for all rows as blocks: asked for at the first sweep, so that later ones ask for nothing. */
static tg_status reserve_blocked(tg_lanes_ *l)
{
  const size_t blocks = (l->data.rows + l->L - 1) / l->L, size = l->columns * l->L;
  if (l->blocked != NULL || l->data.borrow || l->data.row_start != NULL) return TG_OK;
  if (blocks > SIZE_MAX / sizeof(double) / size - 1) return TG_E_SIZE;
  l->blocked = tg_memory_resize_(NULL, blocks * size + TG_LANE_UNIT, sizeof *l->blocked);
  return l->blocked != NULL ? TG_OK : TG_E_NOMEM;
}

static double *block_at(const tg_lanes_ *l, size_t block)
{
  return l->blocked + (-(uintptr_t)l->blocked / sizeof(double) & 7) + block * l->columns * l->L;
}

/* Filled once the same rows have been swept a few times: the copy costs as much as several sweeps save, and
 * memory that is not written yet costs nothing. */
static void fill_blocked(tg_lanes_ *l)
{
  lane_thread *t = &l->thread[0];
  if (l->blocked == NULL || ++l->sweeps != SWEEPS_BEFORE_BLOCKS) return;
  for (size_t b = 0; b * l->L < l->data.rows; b++) {
    const size_t left = l->data.rows - b * l->L, n = left < l->L ? left : l->L;
    for (size_t i = 0; i < n; i++) t->rows[i] = b * l->L + i;
    gather_rows(l, t->row, t->rows, n, block_at(l, b));
  }
}

/* The block's data if it need not be gathered. */
static const double *blocked_at(const tg_lanes_ *l, size_t block)
{
  return l->call->index == NULL && l->blocked != NULL && l->sweeps >= SWEEPS_BEFORE_BLOCKS
             ? block_at(l, block)
             : NULL;
}

static bool has_nan(const double *x, size_t n)
{
  int odd = 0;
  for (size_t i = 0; i < n; i++) odd |= x[i] != x[i];
  return odd != 0;
}

/* The derivatives of the block at hand, once its values are there and all guards hold. */
static void derivatives(const tg_lanes_ *l, lane_thread *t, size_t v, size_t n)
{
  tg_worker_ *w = &t->worker[v];
  const tg_call_state_ *s = &l->variants[v].state;
  if (l->mode == TG_RUN_SECOND) tg_worker_tangent_(w, s);
  for (size_t i = 0; i < w->lanes; i++) t->seed[i] = i < n ? 1.0 : 0.0;
  tg_worker_backward_(w, s, t->seed);
}

/* Gradients one by one; a block with NaN among them runs backward again with the masked rules. */
static void each_gradient(const tg_lanes_ *l, lane_thread *t, size_t v, size_t n)
{
  tg_worker_ *w = &t->worker[v];
  const tg_call_state_ *s = &l->variants[v].state;
  bool nan = false;
  for (int masked = 0; masked < 2; masked++) {
    w->masked = masked != 0;
    tg_worker_begin_(w, s, l->mode, w->u_bar, w->u_bar_dot);
    derivatives(l, t, v, n);
    for (size_t i = 0; i < n; i++) {
      tg_worker_collect_lane_(w, i, t->u_bar);
      nan = nan || has_nan(t->u_bar, l->d);
      memcpy(l->call->gradients + t->rows[i] * l->d, t->u_bar, l->d * sizeof *t->u_bar);
    }
    if (!nan) break;
  }
  w->masked = false;
  tg_worker_begin_(w, s, l->mode, w->u_bar, w->u_bar_dot);
}

static void take_values(const tg_lanes_ *l, lane_thread *t, const tg_worker_ *w, size_t n)
{
  const double *loss = w->slot + w->body->loss;
  for (size_t i = 0; i < n; i++) t->loss[t->rows[i] - t->first] = loss[i];
  for (size_t i = 0; l->call->values != NULL && i < n; i++) l->call->values[t->rows[i]] = loss[i];
}

/* In the order of the samples, whichever variants they took. */
static double sum_of_block(const double *loss, size_t n)
{
  double partial[TG_LANE_UNIT] = {0.0}, sum = 0.0;
  const size_t even = n / TG_LANE_UNIT * TG_LANE_UNIT;
  for (size_t i = 0; i < even; i += TG_LANE_UNIT)
    for (size_t k = 0; k < TG_LANE_UNIT; k++) partial[k] += loss[i + k];
  for (size_t i = even; i < n; i++) partial[i - even] += loss[i];
  for (size_t i = 0; i < TG_LANE_UNIT; i++) sum += partial[i];
  return sum;
}

/* Splits the n samples at hand by failed[]: those that hold stay, in order, the others go to rest. */
static size_t split(lane_thread *t, size_t n, size_t *rest)
{
  size_t held = 0;
  *rest = 0;
  for (size_t i = 0; i < n; i++) {
    if (t->failed[i])
      t->rest[(*rest)++] = t->rows[i];
    else
      t->rows[held++] = t->rows[i];
  }
  return held;
}

/* The samples t->rows[0..n), whose data is at `data` or to be gathered if that is NULL, by variant v; those
 * that do not fit it end in t->rows, and their number is the answer. */
static size_t run_variant(const tg_lanes_ *l, lane_thread *t, size_t v, size_t n, const double *data)
{
  tg_worker_ *w = &t->worker[v];
  const tg_call_state_ *s = &l->variants[v].state;
  size_t rest = 0;
  for (int attempt = 0; attempt < 2; attempt++) {
    if (w->body->sparse)
      find_rows(l, t, w, n);
    else if (data == NULL)
      gather_rows(l, t->row, t->rows, n, w->data);
    w->current = data != NULL ? data : w->data;
    w->lanes = rounded_up(n);
    const bool all = tg_worker_forward_(w, s, t->failed);
    if (all || attempt == 1) break;
    n = split(t, n, &rest);
    data = NULL;
    if (n == 0) break;
  }
  if (n > 0) {
    take_values(l, t, w, n);
    if (l->call->gradients != NULL)
      each_gradient(l, t, v, n);
    else if (l->mode != TG_RUN_VALUE)
      derivatives(l, t, v, n);
  }
  memcpy(t->rows, t->rest, rest * sizeof *t->rows);
  return rest;
}

static void run_block(const tg_lanes_ *l, lane_thread *t, size_t block, chunk_result *r)
{
  const size_t first = block * l->L, left = l->call->count - first;
  const size_t count = left < l->L ? left : l->L;
  size_t n = count;
  const double *data = blocked_at(l, block);
  t->first = first;
  for (size_t i = 0; i < n; i++) t->rows[i] = first + i;
  for (size_t v = 0; v < l->variant_count && n > 0; v++) {
    if (!l->variants[v].fits) continue;
    n = run_variant(l, t, v, n, data);
    data = NULL;
  }
  if (n == 0)
    r->value += sum_of_block(t->loss, count);
  else if (r->misfit == NOWHERE)
    r->misfit = t->rows[0];
}

/* ---- chunks ---- */

static size_t uniforms_of_all(const tg_lanes_ *l)
{
  size_t n = 0;
  for (size_t v = 0; v < l->variant_count; v++) n += tg_uniforms_(l->variants[v].body);
  return n;
}

static void run_chunk_once(const tg_lanes_ *l, lane_thread *t, size_t c, chunk_result *r, bool masked)
{
  const size_t end = (c + 1) * l->blocks_per_chunk;
  size_t at = 0;
  r->value = 0.0;
  r->misfit = NOWHERE;
  r->status = TG_OK;
  for (size_t v = 0; v < l->variant_count; v++) {
    tg_worker_ *w = &t->worker[v];
    if (!l->variants[v].fits) continue;
    w->masked = masked;
    w->status = TG_OK;
    tg_worker_begin_(w, &l->variants[v].state, l->mode, r->u_bar + at, r->u_bar_dot + at);
    at += tg_uniforms_(w->body);
  }
  for (size_t b = c * l->blocks_per_chunk; b < end && b < l->blocks && r->misfit == NOWHERE; b++)
    run_block(l, t, b, r);
  for (size_t v = 0; v < l->variant_count; v++) {
    if (!l->variants[v].fits) continue;
    if (t->worker[v].status != TG_OK) r->status = t->worker[v].status;
    if (l->mode != TG_RUN_VALUE) tg_worker_collect_(&t->worker[v]);
  }
}

/* Uniforms of the variants that are used. */
static size_t uniforms_in_use(const tg_lanes_ *l)
{
  size_t n = 0;
  for (size_t v = 0; v < l->variant_count; v++)
    if (l->variants[v].fits) n += tg_uniforms_(l->variants[v].body);
  return n;
}

/* Rule R5: NaN among the derivatives, and the chunk runs again with the masked rules. */
static void run_chunk(const tg_lanes_ *l, lane_thread *t, size_t c, chunk_result *r)
{
  run_chunk_once(l, t, c, r, false);
  if (l->mode == TG_RUN_VALUE || r->misfit != NOWHERE) return;
  const size_t n = uniforms_in_use(l);
  if (has_nan(r->u_bar, n) || (l->mode == TG_RUN_SECOND && has_nan(r->u_bar_dot, n)))
    run_chunk_once(l, t, c, r, true);
}

static void add_to(double *restrict t, const double *restrict x, size_t n)
{
  for (size_t j = 0; j < n; j++) t[j] += x[j];
}

static void add_chunk(tg_lanes_ *l, const chunk_result *r, double *value)
{
  size_t at = 0;
  *value += r->value;
  for (size_t v = 0; v < l->variant_count && l->mode != TG_RUN_VALUE; v++) {
    variant *to = &l->variants[v];
    if (!to->fits) continue;
    const size_t n = l->d + to->body->results;
    add_to(to->u_bar, r->u_bar + at, n);
    if (l->mode == TG_RUN_SECOND) add_to(to->u_bar_dot, r->u_bar_dot + at, n);
    at += tg_uniforms_(to->body);
  }
}

static void chunk_task(void *context, unsigned thread, size_t i)
{
  tg_lanes_ *l = context;
  run_chunk(l, &l->thread[thread], i, &l->results[i]);
}

/* Results of all chunks when threads work on them, else of one at a time. */
static tg_status make_results(tg_lanes_ *l)
{
  const size_t count = l->pool != NULL ? l->chunks : 1, n = uniforms_of_all(l);
  if (!tg_reserve_((void **)&l->results, &l->result_count, count, sizeof *l->results)) return TG_E_NOMEM;
  if (!tg_reserve_((void **)&l->result_memory, &l->result_capacity, count * 2 * n + 1,
                   sizeof *l->result_memory))
    return TG_E_NOMEM;
  for (size_t i = 0; i < count; i++) {
    l->results[i].u_bar = l->result_memory + i * 2 * n;
    l->results[i].u_bar_dot = l->results[i].u_bar + n;
  }
  return TG_OK;
}

static tg_status judged(const chunk_result *r, size_t *misfit)
{
  if (r->misfit != NOWHERE && *misfit == NOWHERE) *misfit = r->misfit;
  return r->status;
}

/* All chunks; *misfit is a sample that fits no variant, and then the sums are worthless. */
static tg_status run_chunks(tg_lanes_ *l, double *value, size_t *misfit)
{
  tg_status s = make_results(l);
  if (s != TG_OK) return s;
  *misfit = NOWHERE;
  if (l->pool != NULL && l->chunks > 1) tg_pool_run_(l->pool, chunk_task, l, l->chunks);
  for (size_t c = 0; c < l->chunks && s == TG_OK && *misfit == NOWHERE; c++) {
    chunk_result *r = &l->results[l->pool != NULL ? c : 0];
    if (l->pool == NULL || l->chunks == 1) run_chunk(l, &l->thread[0], c, r);
    s = judged(r, misfit);
    if (s == TG_OK && *misfit == NOWHERE) add_chunk(l, r, value);
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
  double *dot = tg_function_work_(f, TG_TANGENT, 1), *bar = tg_function_work_(f, TG_ADJOINT, 1);
  double *bar_dot = tg_function_work_(f, TG_SECOND, 1);
  const size_t size = tg_size_(f->tape);
  uint32_t last;
  if (dot == NULL || bar == NULL || bar_dot == NULL) return TG_E_NOMEM;
  tg_status s = tg_function_evaluate_(f, l->call->theta);
  if (s != TG_OK || !tg_function_last_(f, &last)) return s;
  for (int masked = 0; masked < 2; masked++) {
    memset(dot, 0, size * sizeof *dot);
    memset(bar, 0, size * sizeof *bar);
    memset(bar_dot, 0, size * sizeof *bar_dot);
    for (size_t j = 0; j < l->d; j++) dot[tg_node_of_(f->x[j])] = l->call->v[j];
    for (size_t k = 0; k < f->m; k++) {
      bar[tg_node_of_(f->y[k])] += v->u_bar[l->d + k];
      bar_dot[tg_node_of_(f->y[k])] += v->u_bar_dot[l->d + k];
    }
    s = tg_sweep_tangent_(f->tape, dot, 1, masked != 0);
    bool nan = false;
    if (s == TG_OK) s = tg_sweep_second_(f->tape, last, dot, bar, bar_dot, 1, masked != 0, &nan);
    if (s != TG_OK || !nan) break;
  }
  for (size_t j = 0; j < l->d && s == TG_OK; j++) hv[j] += bar_dot[tg_node_of_(f->x[j])];
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

/* Writes what was asked for; nothing on failure. */
static tg_status finish(tg_lanes_ *l, double value)
{
  const tg_lanes_call_ *c = l->call;
  double *out = c->hv != NULL ? c->hv : c->gradient;
  tg_status s = TG_OK;
  if (out != NULL) memset(out, 0, l->d * sizeof *out);
  size_t order[VARIANTS];
  sort_variants(l, order);
  for (size_t k = 0; k < l->variant_count && s == TG_OK && out != NULL; k++) {
    const variant *v = &l->variants[order[k]];
    if (!v->fits) continue;
    s = c->hv != NULL ? finish_second(l, v, out) : finish_gradient(l, v, out);
  }
  if (s == TG_OK && c->value != NULL) *c->value = value;
  return s;
}

/* ---- one call ---- */

static void partition(tg_lanes_ *l)
{
  l->blocks = (l->call->count + l->L - 1) / l->L;
  const size_t least = (CHUNK_SAMPLES + l->L - 1) / l->L, even = (l->blocks + CHUNKS - 1) / CHUNKS;
  l->blocks_per_chunk = even > least ? even : least;
  l->chunks = (l->blocks + l->blocks_per_chunk - 1) / l->blocks_per_chunk;
}

static tg_status prepare(tg_lanes_ *l)
{
  tg_status s = l->variant_count == 0 ? add_variant(l, 0) : TG_OK;
  if (s == TG_OK) s = all_threads(l);
  if (s != TG_OK) return s;
  bool fits = false;
  for (size_t v = 0; v < l->variant_count && s == TG_OK; v++) {
    s = set_uniforms(l, &l->variants[v]);
    fits = fits || l->variants[v].fits;
  }
  if (s == TG_OK && !fits) {
    s = add_variant(l, 0);
    if (s == TG_OK) s = set_uniforms(l, &l->variants[l->variant_count - 1]);
  }
  if (s == TG_OK && l->call->gradients != NULL) s = room_for_each(l);
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

static tg_status run(tg_lanes_ *l, const tg_lanes_call_ *call)
{
  if (l->unsuited) return TG_E_BRANCH;
  l->call = call;
  l->mode = call->hv != NULL                                    ? TG_RUN_SECOND
            : call->gradient != NULL || call->gradients != NULL ? TG_RUN_GRADIENT
                                                                : TG_RUN_VALUE;
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
      l->unsuited = l->f->tape->point_dependent || (call->gradients == NULL && l->variant_count == VARIANTS);
    }
    return s;
  }
}

/* Callbacks of custom operations run on the way: the sum is busy for them. */
tg_status tg_lanes_run_(tg_lanes_ *l, const tg_lanes_call_ *call)
{
  l->running = l->f->busy = true;
  l->f->status = TG_OK;
  l->f->complaint = NULL;
  const tg_status s = run(l, call);
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
  s.lanes = l->L;
  s.fallbacks = l->fallbacks;
  return s;
}

tg_status tg_lanes_print_(const tg_lanes_ *l, FILE *out)
{
  tg_status s = TG_OK;
  for (size_t v = 0; v < l->variant_count && s == TG_OK; v++) s = tg_body_print_(l->variants[v].body, out);
  return s;
}
