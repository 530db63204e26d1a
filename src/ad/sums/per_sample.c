/* Adjoints lane by lane, and from there to theta (per_sample.h). */
#include "per_sample.h"

#include "memory.h"
#include "zero_rule.h"

#include <assert.h>
#include <string.h>

/* ---- the Jacobian of the uniforms ---- */

/* Rows from, from + 1, ... of the Jacobian, dense in `rows`, join j. */
static bool append_rows(tg_sparse_jacobian_ *j, size_t from, size_t count, const double *rows, size_t d)
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

/* A block of rows at a time. */
static tg_status set_jacobian(tg_per_sample_ *p, size_t v, const tg_body_ *b, const double *theta)
{
  tg_sparse_jacobian_ *const j = &p->jacobian[v];
  const size_t d = b->d, m = b->results;
  if (!tg_reserve_((void **)&p->rows, &p->rows_room, m + d, TG_BLOCK * sizeof *p->rows) ||
      !tg_reserve_((void **)&j->start, &j->start_room, m + 1, sizeof *j->start))
    return TG_E_NOMEM;
  double *const rows = p->rows, *const seed = rows + TG_BLOCK * d;
  j->start[0] = 0;
  for (size_t from = 0; from < m; from += TG_BLOCK) {
    const size_t count = m - from < TG_BLOCK ? m - from : TG_BLOCK;
    memset(seed, 0, count * m * sizeof *seed);
    for (size_t k = 0; k < count; k++) seed[k * m + from + k] = 1.0;
    const tg_status s = tg_vjp_block(b->uniform, theta, count, seed, NULL, rows);
    if (s != TG_OK) return s;
    if (!append_rows(j, from, count, rows, d)) return TG_E_NOMEM;
  }
  return TG_OK;
}

tg_status tg_per_sample_prepare_(tg_per_sample_ *p, const tg_variants_ *vs, const double *theta)
{
  size_t most = 0;
  for (size_t v = 0; v < vs->count; v++) {
    const tg_body_ *b = vs->variant[v].body;
    most = tg_uniforms_(b) > most ? tg_uniforms_(b) : most;
    if (!vs->variant[v].fits || b->uniform == NULL) continue;
    const tg_status s = set_jacobian(p, v, b, theta);
    if (s != TG_OK) return s;
  }
  p->u_bar_step = most * TG_LANE_UNIT;
  const size_t size = TG_LANE_UNIT * sizeof *p->u_bar;
  return tg_reserve_((void **)&p->u_bar, &p->u_bar_room, most * vs->threads, size) ? TG_OK : TG_E_NOMEM;
}

void tg_per_sample_free_(tg_per_sample_ *p)
{
  for (size_t v = 0; v < TG_VARIANTS; v++) {
    tg_memory_free_(p->jacobian[v].start);
    tg_memory_free_(p->jacobian[v].column);
    tg_memory_free_(p->jacobian[v].value);
  }
  tg_memory_free_(p->rows);
  tg_memory_free_(p->u_bar);
  *p = (tg_per_sample_){0};
}

/* ---- one block ---- */

/* From the adjoints of the uniforms of one lane to its gradient by theta, in the first d of them. */
static void pull_back_lane(const tg_sparse_jacobian_ *j, const tg_body_ *b, double *u_bar)
{
  for (size_t k = 0; k < b->results; k++) {
    const double u = u_bar[b->d + k];
    if (u == 0.0) continue; /* rule R5; entries of zero are not stored */
    for (size_t e = j->start[k]; e < j->start[k + 1]; e++) u_bar[j->column[e]] += u * j->value[e];
  }
}

static bool has_nan(const double *x, size_t n)
{
  int odd = 0;
  for (size_t i = 0; i < n; i++) odd |= x[i] != x[i];
  return odd != 0;
}

/* Backward once, and the gradients of the samples wanted; wanted are thereafter those with NaN. Are there any? */
static bool take_gradients(const tg_per_sample_ *p, const tg_variants_ *vs, tg_per_sample_task_ task,
                           tg_block_ b)
{
  const tg_variant_ *variant = &vs->variant[b.variant];
  tg_worker_ *w = tg_variant_worker_(variant, task.thread);
  double *const adjoints = p->u_bar + task.thread * p->u_bar_step;
  const size_t d = vs->d, uniforms = tg_uniforms_(w->body);
  bool nan = false;
  tg_worker_begin_(w, &variant->state, TG_RUN_GRADIENT, w->u_bar, w->u_bar_dot);
  tg_worker_backward_(w, &variant->state, task.seed);
  for (size_t i = 0; i < b.count; i++) {
    double *const u_bar = adjoints + i % TG_LANE_UNIT * uniforms;
    if (i % TG_LANE_UNIT == 0) tg_worker_collect_lanes_(w, i, adjoints);
    if (!task.wanted[i]) continue;
    pull_back_lane(&p->jacobian[b.variant], w->body, u_bar);
    task.wanted[i] = has_nan(u_bar, d);
    nan = nan || task.wanted[i];
    memcpy(task.gradients + b.position[i] * d, u_bar, d * sizeof *u_bar);
  }
  return nan;
}

/* Where NaN came the block runs backward again under rule R5, for the samples that need it. Nothing is left for the sum
 * of the chunk. */
void tg_per_sample_block_(const tg_per_sample_ *p, const tg_variants_ *vs, tg_per_sample_task_ task,
                          tg_block_ b)
{
  const tg_variant_ *variant = &vs->variant[b.variant];
  tg_worker_ *w = tg_variant_worker_(variant, task.thread);
  assert(b.count > 0 && b.count <= w->lanes && task.thread < vs->threads);
  for (size_t i = 0; i < w->lanes; i++) task.seed[i] = i < b.count ? 1.0 : 0.0;
  for (size_t i = 0; i < b.count; i++) task.wanted[i] = true;
  for (tg_attempt_ a = {0}; tg_attempt_again_(&a, task.zero_rule);) {
    w->masked = a.masked;
    a.nan = take_gradients(p, vs, task, b);
  }
  w->masked = false;
  tg_worker_begin_(w, &variant->state, TG_RUN_GRADIENT, w->u_bar, w->u_bar_dot);
}
