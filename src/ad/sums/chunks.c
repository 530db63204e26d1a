/* Partition, threads, and adding up (chunks.h). */
#include "chunks.h"

#include "memory.h"
#include "zero_rule.h"

#include <assert.h>
#include <string.h>

enum { GROUPS_OF_A_CHUNK = 2 }; /* at least */

/* ---- life ---- */

static void free_threads(tg_chunks_ *c)
{
  tg_pool_free_(c->pool);
  tg_memory_free_(c->memory);
  c->pool = NULL;
  c->memory = NULL;
}

void tg_chunks_threads_(tg_chunks_ *c, unsigned threads)
{
  assert(threads > 0 && threads <= TG_CHUNKS);
  free_threads(c);
  c->threads = threads;
}

void tg_chunks_forget_(tg_chunks_ *c)
{
  free_threads(c);
  tg_memory_free_(c->chunk);
  tg_memory_free_(c->numbers);
  *c = (tg_chunks_){.threads = c->threads, .zero_rule = c->zero_rule};
}

tg_status tg_chunks_prepare_(tg_chunks_ *c)
{
  if (c->memory == NULL) {
    c->memory = tg_memory_resize_(NULL, c->threads, sizeof *c->memory);
    if (c->memory == NULL) return TG_E_NOMEM;
    for (unsigned i = 0; i < c->threads; i++) c->memory[i].thread = i;
  }
  if (c->pool != NULL && tg_pool_inherited_(c->pool)) {
    tg_pool_free_(c->pool);
    c->pool = NULL;
  }
  return c->threads > 1 && c->pool == NULL ? tg_pool_new_(&c->pool, c->threads) : TG_OK;
}

/* ---- sums ---- */

/* How many numbers of each kind sums have. */
typedef struct extent {
  size_t uniforms, curvature;
} extent;

static extent extent_of(const tg_group_call_ *call)
{
  const tg_variants_ *vs = call->variants;
  return (extent){tg_uniforms_before_(vs, vs->count), tg_curvature_before_(vs, vs->count)};
}

/* What is known of the samples. */
static void clear(tg_sums_ *r)
{
  r->value = 0.0;
  r->used = 0;
  r->misfit = TG_NO_SAMPLE;
  r->status = TG_OK;
}

static void zero(double *x, size_t n)
{
  if (n > 0) memset(x, 0, n * sizeof *x); /* often there are none, and calls of one sample are short */
}

static bool has_nan(const double *x, size_t n)
{
  int odd = 0;
  for (size_t i = 0; i < n; i++) odd |= x[i] != x[i];
  return odd != 0;
}

static void add_to(double *restrict to, const double *restrict x, size_t n)
{
  for (size_t j = 0; j < n; j++) to[j] += x[j];
}

static void begin_total(tg_sums_ *total, extent e, tg_run_mode_ mode)
{
  clear(total);
  if (mode == TG_RUN_VALUE) return;
  zero(total->u_bar, e.uniforms);
  if (mode == TG_RUN_SECOND) zero(total->u_bar_dot, e.uniforms);
  zero(total->curvature, e.curvature);
}

/* The numbers of one more chunk; what it tells of its samples is known already. */
static void add_chunk(tg_sums_ *total, const tg_sums_ *r, extent e, tg_run_mode_ mode)
{
  total->value += r->value;
  if (mode == TG_RUN_VALUE) return;
  add_to(total->u_bar, r->u_bar, e.uniforms);
  if (mode == TG_RUN_SECOND) add_to(total->u_bar_dot, r->u_bar_dot, e.uniforms);
  add_to(total->curvature, r->curvature, e.curvature);
}

/* ---- one chunk ---- */

/* The workers set their numbers in r to zero. */
static void begin_workers(const tg_group_call_ *call, unsigned thread, bool masked, const tg_sums_ *r)
{
  size_t at = 0;
  for (size_t v = 0; v < call->variants->count; v++) {
    const tg_variant_ *variant = &call->variants->variant[v];
    if (!variant->fits) continue;
    tg_worker_ *w = tg_variant_worker_(variant, thread);
    w->masked = masked;
    w->status = TG_OK;
    tg_worker_begin_(w, &variant->state, call->mode, r->u_bar + at, r->u_bar_dot + at);
    at += tg_uniforms_(w->body);
  }
}

static void end_workers(const tg_group_call_ *call, unsigned thread, tg_sums_ *r)
{
  for (size_t v = 0; v < call->variants->count; v++) {
    const tg_variant_ *variant = &call->variants->variant[v];
    if (!variant->fits) continue;
    const tg_worker_ *w = tg_variant_worker_(variant, thread);
    if (w->status != TG_OK) r->status = w->status;
    if (call->mode != TG_RUN_VALUE) tg_worker_collect_(w);
  }
}

static void run_groups(const tg_chunks_ *c, const tg_group_call_ *call, size_t number, bool masked,
                       tg_group_memory_ *m, tg_sums_ *r)
{
  const size_t first = number * c->groups_per_chunk, after = first + c->groups_per_chunk;
  clear(r);
  zero(r->curvature, tg_curvature_before_(call->variants, call->variants->count));
  begin_workers(call, m->thread, masked, r);
  for (size_t g = first; g < after && g < c->groups && r->misfit == TG_NO_SAMPLE; g++)
    tg_group_run_(call, g, m, r);
  end_workers(call, m->thread, r);
}

static bool spoilt(const tg_group_call_ *call, const tg_sums_ *r)
{
  const extent e = extent_of(call);
  if (call->mode == TG_RUN_VALUE || r->misfit != TG_NO_SAMPLE) return false;
  return has_nan(r->u_bar, e.uniforms) || has_nan(r->curvature, e.curvature) ||
         (call->mode == TG_RUN_SECOND && has_nan(r->u_bar_dot, e.uniforms));
}

/* Where NaN came, the chunk runs again under rule R5. */
static void run_chunk(const tg_chunks_ *c, const tg_group_call_ *call, size_t number, tg_group_memory_ *m,
                      tg_sums_ *r)
{
  r->zero_rule = 0;
  for (tg_attempt_ a = {0}; tg_attempt_again_(&a, &r->zero_rule);) {
    run_groups(c, call, number, a.masked, m, r);
    a.nan = spoilt(call, r);
  }
}

/* ---- all chunks ---- */

static void partition(tg_chunks_ *c, size_t samples)
{
  c->groups = (samples + TG_GROUP - 1) / TG_GROUP;
  const size_t even = (c->groups + TG_CHUNKS - 1) / TG_CHUNKS;
  c->groups_per_chunk = even > GROUPS_OF_A_CHUNK ? even : GROUPS_OF_A_CHUNK;
  c->count = (c->groups + c->groups_per_chunk - 1) / c->groups_per_chunk;
}

/* How many chunks run before their sums are added: all if threads can choose among them, but the sums of a Hessian
 * are large. */
static size_t chunks_together(const tg_chunks_ *c, tg_run_mode_ mode)
{
  if (c->pool == NULL) return 1;
  return mode == TG_RUN_HESSIAN && c->threads < c->count ? c->threads : c->count;
}

static double *place(tg_sums_ *r, extent e, double *numbers)
{
  r->u_bar = numbers;
  r->u_bar_dot = r->u_bar + e.uniforms;
  r->curvature = r->u_bar_dot + e.uniforms;
  return r->curvature + e.curvature;
}

/* Room for the total and the sums of chunks that run together. */
static tg_status reserve_sums(tg_chunks_ *c, extent e, size_t together)
{
  const size_t each = 2 * e.uniforms + e.curvature;
  if (each > SIZE_MAX / sizeof(double) / (together + 2)) return TG_E_SIZE;
  if (!tg_reserve_((void **)&c->chunk, &c->chunk_room, together, sizeof *c->chunk) ||
      !tg_reserve_((void **)&c->numbers, &c->numbers_room, (together + 1) * each + 1, sizeof *c->numbers))
    return TG_E_NOMEM;
  double *numbers = place(&c->total, e, c->numbers);
  for (size_t i = 0; i < together; i++) numbers = place(&c->chunk[i], e, numbers);
  return TG_OK;
}

/* What the threads share. */
typedef struct batch {
  const tg_chunks_ *chunks;
  const tg_group_call_ *call;
  size_t first; /* the chunk whose sums are chunk[0] */
} batch;

static void chunk_task(void *context, unsigned thread, size_t i)
{
  const batch *b = context;
  run_chunk(b->chunks, b->call, b->first + i, &b->chunks->memory[thread], &b->chunks->chunk[i]);
}

/* Chunks b->first, b->first + 1 ... */
static void run_together(const tg_chunks_ *c, batch *b, size_t count)
{
  if (count > 1)
    tg_pool_run_(c->pool, chunk_task, b, count);
  else
    chunk_task(b, 0, 0);
}

/* One chunk after the other joins the total, up to the first that failed or has a misfit. */
static void collect(tg_chunks_ *c, const tg_group_call_ *call, size_t count)
{
  tg_sums_ *const total = &c->total;
  const extent e = extent_of(call);
  for (size_t i = 0; i < count && total->status == TG_OK && total->misfit == TG_NO_SAMPLE; i++) {
    const tg_sums_ *r = &c->chunk[i];
    total->used |= r->used;
    total->misfit = r->misfit;
    total->status = r->status;
    c->zero_rule += r->zero_rule;
    if (r->status == TG_OK && r->misfit == TG_NO_SAMPLE) add_chunk(total, r, e, call->mode);
  }
}

tg_status tg_chunks_run_(tg_chunks_ *c, const tg_group_call_ *call)
{
  assert(c->memory != NULL && call->call->count > 0 && call->variants->threads == c->threads);
  partition(c, call->call->count);
  const extent e = extent_of(call);
  const size_t together = chunks_together(c, call->mode);
  const tg_status s = reserve_sums(c, e, together);
  if (s != TG_OK) return s;
  begin_total(&c->total, e, call->mode);
  batch b = {c, call, 0};
  for (; b.first < c->count && c->total.status == TG_OK && c->total.misfit == TG_NO_SAMPLE;
       b.first += together) {
    const size_t left = c->count - b.first, count = left < together ? left : together;
    run_together(c, &b, count);
    collect(c, call, count);
  }
  return c->total.status;
}
