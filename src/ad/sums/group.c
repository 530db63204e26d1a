/* Groups are cut into blocks here (group.h).
 *
 * Whether the samples of a block fit a variant is known once it has run forward. As long as all fit, blocks are taken
 * as they come. From the first one on in which some do not, samples are only sorted into those that fit and those
 * refused; those that fit are then packed into full blocks and run again. */
#include "group.h"

#include <assert.h>
#include <string.h>

/* ---- one block ---- */

static tg_worker_ *worker_of(const tg_group_call_ *c, const tg_group_memory_ *m, tg_block_ b)
{
  return tg_variant_worker_(&c->variants->variant[b.variant], m->thread);
}

/* Its values. Do all samples fit the variant? m->failed tells which do not. */
static bool forward(const tg_group_call_ *c, tg_group_memory_ *m, tg_block_ b)
{
  tg_worker_ *w = worker_of(c, m, b);
  tg_row_source_load_(c->rows, c->call, b, &m->rows, w);
  return tg_worker_forward_(w, &c->variants->variant[b.variant].state, m->failed);
}

static void take_values(const tg_group_call_ *c, tg_group_memory_ *m, tg_block_ b)
{
  const tg_worker_ *w = worker_of(c, m, b);
  const double *loss = w->slot + w->body->loss;
  const size_t n = b.count, first = b.position[0];
  if (b.position[n - 1] - first == n - 1) /* none is left out */
    memcpy(m->loss + (first - m->first), loss, n * sizeof *loss);
  else
    for (size_t i = 0; i < n; i++) m->loss[b.position[i] - m->first] = loss[i];
  for (size_t i = 0; c->call->values != NULL && i < n; i++) c->call->values[b.position[i]] = loss[i];
}

static void add_derivatives(const tg_group_call_ *c, tg_group_memory_ *m, tg_block_ b, tg_sums_ *r)
{
  const tg_variant_ *variant = &c->variants->variant[b.variant];
  tg_worker_ *w = worker_of(c, m, b);
  if (c->mode == TG_RUN_SECOND) tg_worker_tangent_(w, &variant->state);
  for (size_t i = 0; i < w->lanes; i++) m->seed[i] = i < b.count ? 1.0 : 0.0;
  tg_worker_backward_(w, &variant->state, m->seed);
  if (c->mode == TG_RUN_HESSIAN)
    tg_curvature_block_(&variant->curvature, w, &variant->state,
                        r->curvature + tg_curvature_before_(c->variants, b.variant));
}

/* All that was asked for of a block that has just run forward and fits. */
static void take_block(const tg_group_call_ *c, tg_group_memory_ *m, tg_block_ b, tg_sums_ *r)
{
  take_values(c, m, b);
  if (c->call->gradients != NULL) {
    const tg_per_sample_task_ task = {m->thread, m->seed, m->failed, c->call->gradients, &r->zero_rule};
    tg_per_sample_block_(c->per_sample, c->variants, task, b);
  } else if (c->mode != TG_RUN_VALUE) {
    add_derivatives(c, m, b, r);
  }
  r->used |= 1u << b.variant;
}

/* ---- one variant ---- */

/* How many samples have been sorted into m->fitting and m->refused. */
typedef struct sorted {
  size_t fitting, refused;
} sorted;

static void sort_block(tg_group_memory_ *m, tg_block_ b, sorted *sizes)
{
  for (size_t i = 0; i < b.count; i++) {
    if (m->failed[i])
      m->refused[sizes->refused++] = b.position[i];
    else
      m->fitting[sizes->fitting++] = b.position[i];
  }
}

/* From a list of n samples those that begin at `from`, at most a whole block. */
static tg_block_ block_of(const tg_group_call_ *c, size_t variant, const size_t *list, size_t from, size_t n)
{
  const size_t L = c->variants->variant[variant].body->L;
  return (tg_block_){variant, list + from, n - from < L ? n - from : L};
}

/* The first n of m->waiting. Those that the variant refuses wait on; their number is the answer. */
static size_t run_variant(const tg_group_call_ *c, tg_group_memory_ *m, size_t variant, size_t n, tg_sums_ *r)
{
  const size_t L = c->variants->variant[variant].body->L;
  sorted sizes = {0, 0};
  for (size_t from = 0; from < n; from += L) {
    const tg_block_ b = block_of(c, variant, m->waiting, from, n);
    const bool all = forward(c, m, b);
    if (all && sizes.refused == 0)
      take_block(c, m, b, r);
    else
      sort_block(m, b, &sizes);
  }
  for (size_t from = 0; from < sizes.fitting; from += L) {
    const tg_block_ b = block_of(c, variant, m->fitting, from, sizes.fitting);
    forward(c, m, b);
    take_block(c, m, b, r);
  }
  if (sizes.refused > 0) memcpy(m->waiting, m->refused, sizes.refused * sizeof *m->waiting);
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
