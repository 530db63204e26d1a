/* One call of a finite sum, the fast way (lane_sum.h).
 *
 * Callbacks run on the way: the loss when it is recorded, custom operations in every sweep. The sum is busy for them,
 * and what they ask of it (to forget, other threads) waits until the call has ended. */
#include "lane_sum.h"

#include "chunks.h"
#include "environment.h"
#include "memory.h"
#include "pull_back.h"

#include <assert.h>

struct tg_lane_sum_ {
  tg_function *f;
  tg_row_source_ rows;
  tg_variants_ variants;
  tg_per_sample_ per_sample;
  tg_chunks_ chunks;
  tg_pull_back_ pull_back;
  bool unsuited; /* the loss depends on the point: the plain way from now on */
  size_t fallbacks;
  size_t zero_rule; /* of the parts that depend on theta only */
  bool running;
  bool forget; /* asked for during a call, likewise: */
  unsigned threads_next;
};

/* ---- life ---- */

tg_status tg_lane_sum_new_(tg_lane_sum_ **made, tg_function *f, size_t d, size_t columns)
{
  *made = NULL;
  const tg_kernels_ *kernels = tg_kernels_choose_();
  if (kernels == NULL) return TG_OK;
  tg_lane_sum_ *l = tg_memory_resize_(NULL, 1, sizeof *l);
  if (l == NULL) return TG_E_NOMEM;
  *l = (tg_lane_sum_){
      .f = f, .rows = {.kernels = kernels, .columns = columns}, .chunks = {.threads = 1}, .threads_next = 1};
  const tg_status s = tg_variants_new_(&l->variants, f, kernels, d, columns);
  if (s == TG_OK)
    *made = l;
  else
    tg_lane_sum_free_(l);
  return s;
}

void tg_lane_sum_forget_(tg_lane_sum_ *l)
{
  if (l == NULL) return;
  l->forget = l->running;
  if (l->running) return;
  tg_row_source_forget_(&l->rows);
  tg_variants_forget_(&l->variants);
  tg_per_sample_free_(&l->per_sample);
  tg_chunks_forget_(&l->chunks);
  tg_pull_back_forget_(&l->pull_back);
  l->unsuited = false;
}

void tg_lane_sum_free_(tg_lane_sum_ *l)
{
  if (l == NULL) return;
  tg_lane_sum_forget_(l);
  tg_variants_free_(&l->variants);
  tg_memory_free_(l);
}

void tg_lane_sum_bind_(tg_lane_sum_ *l, const tg_data *data)
{
  if (l == NULL) return;
  assert(!l->running);
  tg_row_source_bind_(&l->rows, data);
}

void tg_lane_sum_threads_(tg_lane_sum_ *l, unsigned threads)
{
  if (l == NULL) return;
  if (threads == 0) threads = tg_pool_processors_();
  if (threads > TG_CHUNKS) threads = TG_CHUNKS;
  l->threads_next = threads;
  if (threads == l->chunks.threads || l->running) return;
  tg_chunks_threads_(&l->chunks, threads);
  tg_variants_threads_(&l->variants, threads);
}

/* ---- one attempt ---- */

static tg_run_mode_ mode_of(const tg_sum_call_ *call)
{
  if (call->hessian != NULL) return TG_RUN_HESSIAN;
  if (call->hv != NULL) return TG_RUN_SECOND;
  return call->gradient != NULL || call->gradients != NULL ? TG_RUN_GRADIENT : TG_RUN_VALUE;
}

/* What the call needs besides the variants. */
static tg_status prepare_rooms(tg_lane_sum_ *l, const tg_group_call_ *c)
{
  tg_status s = tg_chunks_prepare_(&l->chunks);
  if (s == TG_OK) s = tg_pull_back_prepare_(&l->pull_back, c);
  if (s == TG_OK && c->call->gradients != NULL)
    s = tg_per_sample_prepare_(&l->per_sample, &l->variants, c->call->theta);
  if (s == TG_OK && c->call->index == NULL)
    s = tg_row_source_sweep_(&l->rows, l->variants.variant[0].body->L, &l->chunks.memory[0].rows);
  return s;
}

static tg_sum_answer_ prepare(tg_lane_sum_ *l, const tg_group_call_ *c)
{
  tg_sum_answer_ a = tg_variants_prepare_(&l->variants, &l->rows.data, c->call);
  if (a.outcome == TG_SUM_DONE && c->mode == TG_RUN_HESSIAN) a = tg_variants_prepare_curvature_(&l->variants);
  return a.outcome == TG_SUM_DONE ? tg_lane_answer_(prepare_rooms(l, c)) : a;
}

/* With the variants there are. Where *misfit is the position of a sample it fits none, and nothing has been written. */
static tg_sum_answer_ attempt(tg_lane_sum_ *l, const tg_group_call_ *c, size_t *misfit)
{
  *misfit = TG_NO_SAMPLE;
  const tg_sum_answer_ a = prepare(l, c);
  if (a.outcome != TG_SUM_DONE) return a;
  tg_status s = tg_chunks_run_(&l->chunks, c);
  *misfit = l->chunks.total.misfit;
  l->variants.used = l->chunks.total.used;
  if (s == TG_OK && *misfit == TG_NO_SAMPLE) s = tg_pull_back_run_(&l->pull_back, c, &l->chunks.total);
  return tg_lane_answer_(s);
}

/* ---- one call ---- */

/* Variants are added until every sample fits one. A sample that does not fit what was just recorded there is at a tie,
 * and only the plain way knows what to do. */
static tg_sum_answer_ evaluate(tg_lane_sum_ *l, const tg_sum_call_ *call)
{
  const tg_group_call_ c = {call, mode_of(call), &l->rows, &l->variants, &l->per_sample};
  size_t misfit = TG_NO_SAMPLE;
  for (;;) {
    const size_t before = misfit;
    tg_sum_answer_ a = attempt(l, &c, &misfit);
    if (a.outcome != TG_SUM_DONE || misfit == TG_NO_SAMPLE) return a;
    if (misfit == before) return (tg_sum_answer_){.outcome = TG_SUM_PLAIN};
    a = tg_variants_add_(&l->variants, &l->rows.data, call->theta, tg_sum_row_(call, misfit));
    if (a.outcome != TG_SUM_DONE) return a;
  }
}

/* A Hessian is made by the variants that these samples take, whatever others have been met before: their values tell
 * which. */
static tg_sum_answer_ evaluate_all(tg_lane_sum_ *l, const tg_sum_call_ *call)
{
  l->variants.curved = 0;
  if (call->hessian != NULL) {
    const tg_sum_call_ values = {.theta = call->theta, .index = call->index, .count = call->count};
    const tg_sum_answer_ a = evaluate(l, &values);
    if (a.outcome != TG_SUM_DONE) return a;
    l->variants.curved = l->variants.used;
  }
  return evaluate(l, call);
}

/* What the parts that depend on theta only have counted. */
static void collect_zero_rule(tg_lane_sum_ *l)
{
  for (size_t v = 0; v < l->variants.count; v++) {
    tg_function *const uniform = l->variants.variant[v].body->uniform;
    if (uniform == NULL) continue;
    l->zero_rule += uniform->stats.zero_rule;
    uniform->stats.zero_rule = 0;
  }
}

/* What callbacks have asked for. */
static void catch_up(tg_lane_sum_ *l)
{
  if (l->forget) tg_lane_sum_forget_(l);
  if (l->threads_next != l->chunks.threads) tg_lane_sum_threads_(l, l->threads_next);
}

/* Kernels compute what is not taken too: both sides of a condition, lanes that go another way, padding. What that
 * raises must neither trap nor stay. Their accuracy needs rounding to nearest and subnormals. Hence the default
 * environment. */
tg_sum_answer_ tg_lane_sum_run_(tg_lane_sum_ *l, const tg_sum_call_ *call)
{
  assert(!l->running && call->theta != NULL && call->count > 0);
  assert((call->hv == NULL) == (call->v == NULL));
  if (l->unsuited) return (tg_sum_answer_){.outcome = TG_SUM_PLAIN};
  l->running = l->f->busy = true;
  l->f->status = TG_OK;
  l->f->reason = NULL;
  const tg_environment_ host = tg_environment_default_();
  const tg_sum_answer_ a = evaluate_all(l, call);
  collect_zero_rule(l);
  tg_environment_set_(host);
  l->running = l->f->busy = false;
  if (a.outcome == TG_SUM_PLAIN) {
    l->fallbacks++;
    l->unsuited = l->f->tape->point_dependent;
  }
  catch_up(l);
  return a;
}

/* ---- to look at ---- */

tg_lane_sum_stats_ tg_lane_sum_statistics_(const tg_lane_sum_ *l)
{
  tg_lane_sum_stats_ s = {0};
  if (l == NULL) return s;
  const tg_body_ *const first = l->variants.count > 0 ? l->variants.variant[0].body : NULL;
  s.variants = l->variants.count;
  s.steps = first != NULL ? first->step_count : 0;
  s.lanes = first != NULL ? first->L : 0;
  s.fallbacks = l->fallbacks;
  s.zero_rule = l->zero_rule + l->chunks.zero_rule + l->pull_back.zero_rule;
  s.threads = l->chunks.pool != NULL ? tg_pool_threads_(l->chunks.pool) : 1;
  return s;
}

tg_status tg_lane_sum_print_(const tg_lane_sum_ *l, FILE *out)
{
  tg_status s = TG_OK;
  for (size_t v = 0; v < l->variants.count && s == TG_OK; v++)
    s = tg_body_print_(l->variants.variant[v].body, out);
  return s;
}
