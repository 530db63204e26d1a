/* Groups are cut into blocks here (group.h).
 *
 * Whether the samples of a block fit a variant is known once it has run forward. As long as all fit, blocks are taken
 * as they come. From the first one on in which some do not, samples are only sorted into those that fit and those
 * refused; those that fit are then packed into full blocks and run again. */
#include "group.h"

#include <assert.h>
#include <string.h>

/* ---- one block ---- */

/* Values of n samples by variant v: do all fit it? m->failed tells which do not. */
static bool forward(const tg_group_call_ *c, tg_group_memory_ *m, size_t v, const size_t *position, size_t n)
{
  const tg_variant_ *variant = &c->variants->variant[v];
  tg_worker_ *w = tg_variant_worker_(variant, m->thread);
  tg_row_source_load_(c->rows, c->call, position, n, &m->rows, w);
  return tg_worker_forward_(w, &variant->state, m->failed);
}

static void take_values(const tg_group_call_ *c, tg_group_memory_ *m, size_t v, const size_t *position,
                        size_t n)
{
  const tg_worker_ *w = tg_variant_worker_(&c->variants->variant[v], m->thread);
  const double *loss = w->slot + w->body->loss;
  if (position[n - 1] - position[0] == n - 1) /* they ascend */
    memcpy(m->loss + (position[0] - m->first), loss, n * sizeof *loss);
  else
    for (size_t i = 0; i < n; i++) m->loss[position[i] - m->first] = loss[i];
  for (size_t i = 0; c->call->values != NULL && i < n; i++) c->call->values[position[i]] = loss[i];
}

static void add_derivatives(const tg_group_call_ *c, tg_group_memory_ *m, size_t v, size_t n, tg_sums_ *r)
{
  const tg_variant_ *variant = &c->variants->variant[v];
  tg_worker_ *w = tg_variant_worker_(variant, m->thread);
  if (c->mode == TG_RUN_SECOND) tg_worker_tangent_(w, &variant->state);
  for (size_t i = 0; i < w->lanes; i++) m->seed[i] = i < n ? 1.0 : 0.0;
  tg_worker_backward_(w, &variant->state, m->seed);
  if (c->mode == TG_RUN_HESSIAN)
    tg_curvature_block_(&variant->curvature, w, &variant->state,
                        r->curvature + tg_curvature_before_(c->variants, v));
}

/* All that was asked for of n samples that have just run forward and fit. */
static void take_block(const tg_group_call_ *c, tg_group_memory_ *m, size_t v, const size_t *position,
                       size_t n, tg_sums_ *r)
{
  take_values(c, m, v, position, n);
  if (c->call->gradients != NULL)
    tg_per_sample_block_(c->per_sample, c->variants, v,
                         (tg_per_sample_memory_){m->thread, m->seed, m->failed}, position, n,
                         c->call->gradients, &r->zero_rule);
  else if (c->mode != TG_RUN_VALUE)
    add_derivatives(c, m, v, n, r);
  r->used |= 1u << v;
}

/* ---- one variant ---- */

typedef struct sorted {
  size_t fitting, refused;
} sorted;

/* After a block of which some do not fit, or one after such a block. */
static void sort_block(tg_group_memory_ *m, const size_t *position, size_t n, sorted *sizes)
{
  for (size_t i = 0; i < n; i++) {
    if (m->failed[i])
      m->refused[sizes->refused++] = position[i];
    else
      m->fitting[sizes->fitting++] = position[i];
  }
}

/* The first n of m->waiting by variant v. Those that it refuses wait on; their number is the answer. */
static size_t run_variant(const tg_group_call_ *c, tg_group_memory_ *m, size_t v, size_t n, tg_sums_ *r)
{
  const size_t L = c->variants->variant[v].body->L;
  sorted sizes = {0, 0};
  for (size_t from = 0; from < n; from += L) {
    const size_t count = n - from < L ? n - from : L, *position = m->waiting + from;
    const bool all = forward(c, m, v, position, count);
    if (all && sizes.refused == 0)
      take_block(c, m, v, position, count, r);
    else
      sort_block(m, position, count, &sizes);
  }
  for (size_t from = 0; from < sizes.fitting; from += L) {
    const size_t count = sizes.fitting - from < L ? sizes.fitting - from : L;
    forward(c, m, v, m->fitting + from, count);
    take_block(c, m, v, m->fitting + from, count, r);
  }
  memcpy(m->waiting, m->refused, sizes.refused * sizeof *m->waiting);
  return sizes.refused;
}

/* ---- one group ---- */

/* In the order of the samples. */
static double sum_of_losses(const double *loss, size_t n)
{
  double partial[TG_LANE_UNIT] = {0.0}, sum = 0.0;
  const size_t even = n / TG_LANE_UNIT * TG_LANE_UNIT;
  for (size_t i = 0; i < even; i += TG_LANE_UNIT)
    for (size_t k = 0; k < TG_LANE_UNIT; k++) partial[k] += loss[i + k];
  for (size_t i = even; i < n; i++) partial[i - even] += loss[i];
  for (size_t i = 0; i < TG_LANE_UNIT; i++) sum += partial[i];
  return sum;
}

void tg_group_run_(const tg_group_call_ *c, size_t group, tg_group_memory_ *m, tg_sums_ *r)
{
  const size_t first = group * TG_GROUP, left = c->call->count - first,
               count = left < TG_GROUP ? left : TG_GROUP;
  assert(first < c->call->count && m->thread < c->variants->threads);
  size_t n = count;
  m->first = first;
  for (size_t i = 0; i < n; i++) m->waiting[i] = first + i;
  for (size_t v = 0; v < c->variants->count && n > 0; v++)
    if (c->variants->variant[v].fits) n = run_variant(c, m, v, n, r);
  if (n == 0)
    r->value += sum_of_losses(m->loss, count);
  else if (r->misfit == TG_NO_SAMPLE)
    r->misfit = m->waiting[0];
}
