/* Recording, compiling and keeping the variants of a loss (variants.h). */
#include "variants.h"

#include "memory.h"
#include "samples.h"

#include <assert.h>
#include <string.h>

/* ---- life ---- */

tg_status tg_variants_new_(tg_variants_ *vs, tg_function *f, const tg_kernels_ *kernels, size_t d,
                           size_t columns)
{
  assert(f != NULL && kernels != NULL && f->n == d + columns);
  *vs = (tg_variants_){.f = f, .kernels = kernels, .d = d, .columns = columns, .threads = 1};
  vs->point = tg_memory_resize_(NULL, d + columns, sizeof *vs->point);
  return vs->point != NULL ? TG_OK : TG_E_NOMEM;
}

static void free_workers(tg_variant_ *v)
{
  for (size_t i = 0; i < v->worker_count; i++) tg_worker_free_(&v->workers[i].worker);
  tg_memory_free_(v->workers);
  v->workers = NULL;
  v->worker_count = 0;
}

static void free_variant(tg_variant_ *v)
{
  free_workers(v);
  tg_body_free_(v->body);
  tg_uniform_state_free_(&v->state);
  tg_curvature_free_(&v->curvature);
  *v = (tg_variant_){0};
}

void tg_variants_forget_(tg_variants_ *vs)
{
  for (size_t v = 0; v < vs->count; v++) free_variant(&vs->variant[v]);
  vs->count = 0;
  vs->used = vs->curved = 0;
}

void tg_variants_free_(tg_variants_ *vs)
{
  tg_variants_forget_(vs);
  tg_memory_free_(vs->point);
  vs->point = NULL;
}

void tg_variants_threads_(tg_variants_ *vs, unsigned threads)
{
  assert(threads > 0);
  for (size_t v = 0; v < vs->count; v++) free_workers(&vs->variant[v]);
  vs->threads = threads;
}

/* ---- making one ---- */

static tg_status make_workers(const tg_variants_ *vs, tg_variant_ *v)
{
  if (v->workers == NULL) v->workers = tg_memory_resize_(NULL, vs->threads, sizeof *v->workers);
  if (v->workers == NULL) return TG_E_NOMEM;
  for (; v->worker_count < vs->threads; v->worker_count++) {
    const tg_status s = tg_worker_new_(&v->workers[v->worker_count].worker, v->body, vs->kernels);
    if (s != TG_OK) return s;
  }
  return TG_OK;
}

static tg_status record_at(tg_variants_ *vs, const tg_data *data, const double *theta, size_t row)
{
  memcpy(vs->point, theta, vs->d * sizeof *vs->point);
  tg_sample_write_(data, row, vs->point + vs->d);
  vs->f->busy = false; /* the recording keeps its own guard against calls from inside */
  vs->f->status = tg_function_record_(vs->f, vs->point);
  vs->f->busy = true;
  return vs->f->status;
}

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

/* Compiles what was recorded last into v, which is empty, and is so again on failure. */
static tg_sum_answer_ compile(const tg_variants_ *vs, const tg_data *data, tg_variant_ *v)
{
  const size_t sparse = data->row_start != NULL ? data->columns : 0;
  tg_status s = tg_body_compile_(&v->body, vs->f, vs->d, vs->columns, sparse, 0, 0);
  if (s == TG_E_DATA) return tg_sum_answer_of_(s, TG_SPARSE_ELSEWHERE);
  if (s == TG_OK) s = tg_uniform_state_new_(&v->state, v->body);
  if (s == TG_OK) s = make_workers(vs, v);
  if (s == TG_OK)
    v->path = path_of(vs->f->tape);
  else
    free_variant(v);
  return tg_lane_answer_(s);
}

/* The place of a new variant, empty: one more, or that of one no sample of the last attempt fitted. */
static size_t vacant_place(tg_variants_ *vs)
{
  if (vs->count < TG_VARIANTS) return vs->count++;
  for (size_t v = 0; v < TG_VARIANTS; v++) {
    if (vs->used >> v & 1) continue;
    free_variant(&vs->variant[v]);
    return v;
  }
  return TG_VARIANTS;
}

/* The last fills the gap. */
static void close_gap(tg_variants_ *vs, size_t place)
{
  vs->variant[place] = vs->variant[--vs->count];
  vs->variant[vs->count] = (tg_variant_){0};
}

tg_sum_answer_ tg_variants_add_(tg_variants_ *vs, const tg_data *data, const double *theta, size_t row)
{
  assert(vs->f->busy && vs->count <= TG_VARIANTS);
  const tg_sum_answer_ plain = {.outcome = TG_SUM_PLAIN};
  const tg_status recorded = vs->count == 0 && vs->f->recorded ? TG_OK : record_at(vs, data, theta, row);
  if (recorded != TG_OK) return tg_sum_answer_of_(recorded, NULL);
  if (vs->f->tape->point_dependent) return plain;
  const size_t place = vacant_place(vs);
  if (place == TG_VARIANTS) return plain;
  const tg_sum_answer_ a = compile(vs, data, &vs->variant[place]);
  if (a.outcome != TG_SUM_DONE) close_gap(vs, place);
  return a;
}

/* ---- one call ---- */

/* Theta, what depends on it alone, and constants. A guard of theta alone that no longer holds is no failure. */
static tg_status set_uniforms(const tg_variants_ *vs, tg_variant_ *v, const double *theta,
                              const double *direction)
{
  tg_function *const uniform = v->body->uniform;
  double *const u = v->state.u, *const u_dot = v->state.u_dot;
  tg_status s = TG_OK;
  memcpy(u, theta, vs->d * sizeof *u);
  if (direction != NULL) memcpy(u_dot, direction, vs->d * sizeof *u_dot);
  if (uniform != NULL && direction != NULL)
    s = tg_jvp_sided_(uniform, theta, direction, u + vs->d, u_dot + vs->d);
  else if (uniform != NULL)
    s = tg_value(uniform, theta, u + vs->d);
  v->fits = s == TG_OK;
  if (s == TG_OK) tg_uniform_state_pack_(&v->state, v->body, direction != NULL);
  return s == TG_E_BRANCH ? TG_OK : s;
}

static tg_status set_all(tg_variants_ *vs, const tg_sum_call_ *call, bool *any)
{
  *any = false;
  for (size_t v = 0; v < vs->count; v++) {
    tg_status s = make_workers(vs, &vs->variant[v]);
    if (s == TG_OK) s = set_uniforms(vs, &vs->variant[v], call->theta, call->v);
    if (s != TG_OK) return s;
    *any = *any || vs->variant[v].fits;
  }
  return TG_OK;
}

tg_sum_answer_ tg_variants_prepare_(tg_variants_ *vs, const tg_data *data, const tg_sum_call_ *call)
{
  bool any;
  tg_status s = set_all(vs, call, &any);
  if (s != TG_OK || any) return tg_lane_answer_(s);
  vs->used = 0;
  const tg_sum_answer_ a = tg_variants_add_(vs, data, call->theta, tg_sum_row_(call, 0));
  if (a.outcome != TG_SUM_DONE) return a;
  s = set_all(vs, call, &any);
  return tg_lane_answer_(s);
}

tg_sum_answer_ tg_variants_prepare_curvature_(tg_variants_ *vs)
{
  for (size_t v = 0; v < vs->count; v++) {
    if (!tg_is_curved_(vs, v)) continue;
    tg_curvature_ *const c = &vs->variant[v].curvature;
    const tg_status s = c->body == NULL ? tg_curvature_new_(c, vs->variant[v].body) : TG_OK;
    if (s != TG_OK) return tg_lane_answer_(s);
    if (!c->cheaper) return (tg_sum_answer_){.outcome = TG_SUM_BY_PRODUCTS};
  }
  return tg_lane_answer_(TG_OK);
}

void tg_variants_order_(const tg_variants_ *vs, size_t *order)
{
  for (size_t v = 0; v < vs->count; v++) {
    size_t k = v;
    for (; k > 0 && vs->variant[order[k - 1]].path > vs->variant[v].path; k--) order[k] = order[k - 1];
    order[k] = v;
  }
}

size_t tg_uniforms_before_(const tg_variants_ *vs, size_t v)
{
  size_t n = 0;
  for (size_t k = 0; k < v; k++)
    if (vs->variant[k].fits) n += tg_uniforms_(vs->variant[k].body);
  return n;
}

size_t tg_curvature_before_(const tg_variants_ *vs, size_t v)
{
  size_t n = 0;
  for (size_t k = 0; k < v; k++)
    if (tg_is_curved_(vs, k)) n += (size_t)vs->variant[k].curvature.size;
  return n;
}
