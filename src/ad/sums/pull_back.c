/* The formulas of pull_back.h, one variant after the other. */
#include "pull_back.h"

#include "memory.h"
#include "second_order.h"
#include "zero_rule.h"

#include <assert.h>
#include <string.h>

static void add_to(double *restrict to, const double *restrict x, size_t n)
{
  for (size_t j = 0; j < n; j++) to[j] += x[j];
}

/* What one variant has left in the total. */
typedef struct part {
  const tg_variant_ *variant;
  const double *theta; /* the point */
  size_t d, results;
  const double *bar, *bar_dot; /* of theta and the results */
  const double *curvature;
} part;

static part part_of(const tg_group_call_ *call, const tg_sums_ *total, size_t v)
{
  const tg_variants_ *vs = call->variants;
  const size_t at = tg_uniforms_before_(vs, v);
  return (part){.variant = &vs->variant[v],
                .theta = call->call->theta,
                .d = vs->d,
                .results = vs->variant[v].body->results,
                .bar = total->u_bar + at,
                .bar_dot = total->u_bar_dot + at,
                .curvature = total->curvature + tg_curvature_before_(vs, v)};
}

/* ---- gradient ---- */

static tg_status add_gradient(const tg_pull_back_ *p, const part *of, double *gradient)
{
  tg_function *const uniform = of->variant->body->uniform;
  add_to(gradient, of->bar, of->d);
  if (uniform == NULL) return TG_OK;
  const tg_status s = tg_vjp(uniform, of->theta, of->bar + of->d, NULL, p->row);
  if (s == TG_OK) add_to(gradient, p->row, of->d);
  return s;
}

/* ---- Hessian times v ---- */

static tg_status add_product(tg_pull_back_ *p, const part *of, const double *v, double *hv)
{
  tg_function *const uniform = of->variant->body->uniform;
  add_to(hv, of->bar_dot, of->d);
  if (uniform == NULL) return TG_OK;
  tg_second_order_ w;
  tg_status s = tg_second_order_begin_(&w, uniform, of->theta, 1);
  for (tg_attempt_ a = {0}; s == TG_OK && tg_attempt_again_(&a, &p->zero_rule);) {
    s = tg_second_order_tangents_(&w, v, 0, 1, a.masked);
    tg_second_order_weights_(&w, of->bar + of->d);
    for (size_t k = 0; k < of->results; k++)
      *tg_second_order_bar_dot_(&w, uniform->y[k]) += of->bar_dot[of->d + k];
    if (s == TG_OK) s = tg_second_order_sweep_(&w, a.masked, &a.nan);
  }
  for (size_t j = 0; j < of->d && s == TG_OK; j++) hv[j] += *tg_second_order_bar_dot_(&w, uniform->x[j]);
  return s;
}

/* ---- Hessian ---- */

/* h is split into theta (t) and results (r). Along the unit vectors from..from + count, h_rt + h_rr J joins the tangents
 * of the results' adjoints, and (h_tr J)' the rows. */
static void weigh_tangents(const tg_second_order_ *w, const double *h, size_t d, size_t from, size_t count,
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

/* All but h_tt of rows from..from + count, along as many unit vectors. */
static tg_status make_rows(tg_pull_back_ *p, const part *of, tg_second_order_ *w, size_t from, size_t count)
{
  const size_t d = of->d;
  tg_status s = TG_OK;
  for (tg_attempt_ a = {0}; s == TG_OK && tg_attempt_again_(&a, &p->zero_rule);) {
    memset(p->rows, 0, count * d * sizeof *p->rows);
    s = tg_second_order_tangents_(w, NULL, from, count, a.masked);
    tg_second_order_weights_(w, of->bar + d);
    weigh_tangents(w, p->square, d, from, count, p->rows);
    if (s == TG_OK) s = tg_second_order_sweep_(w, a.masked, &a.nan);
  }
  for (size_t i = 0; i < count && s == TG_OK; i++)
    for (size_t j = 0; j < d; j++) p->rows[i * d + j] += tg_second_order_bar_dot_(w, w->f->x[j])[i];
  return s;
}

static tg_status add_hessian(tg_pull_back_ *p, const part *of, double *hessian)
{
  const size_t d = of->d, n = d + of->results;
  tg_curvature_matrix_(&of->variant->curvature, of->curvature, p->square);
  for (size_t j = 0; j < d; j++) add_to(hessian + j * d, p->square + j * n, d);
  if (of->variant->body->uniform == NULL) return TG_OK;
  tg_second_order_ w;
  tg_status s = tg_second_order_begin_(&w, of->variant->body->uniform, of->theta, TG_BLOCK);
  for (size_t from = 0; from < d && s == TG_OK; from += TG_BLOCK) {
    const size_t count = d - from < TG_BLOCK ? d - from : TG_BLOCK;
    s = make_rows(p, of, &w, from, count);
    if (s == TG_OK) add_to(hessian + from * d, p->rows, count * d);
  }
  return s;
}

/* ---- all variants ---- */

tg_status tg_pull_back_prepare_(tg_pull_back_ *p, const tg_group_call_ *call)
{
  const tg_variants_ *vs = call->variants;
  size_t n = 0;
  for (size_t v = 0; v < vs->count; v++)
    if (tg_is_curved_(vs, v) && vs->d + vs->variant[v].body->results > n)
      n = vs->d + vs->variant[v].body->results;
  bool room = tg_reserve_((void **)&p->row, &p->row_room, vs->d, sizeof *p->row);
  if (call->mode == TG_RUN_HESSIAN)
    room = room && tg_reserve_((void **)&p->rows, &p->rows_room, vs->d, TG_BLOCK * sizeof *p->rows) &&
           tg_reserve_((void **)&p->square, &p->square_room, n, n * sizeof *p->square);
  return room ? TG_OK : TG_E_NOMEM;
}

void tg_pull_back_forget_(tg_pull_back_ *p)
{
  tg_memory_free_(p->row);
  tg_memory_free_(p->rows);
  tg_memory_free_(p->square);
  *p = (tg_pull_back_){.zero_rule = p->zero_rule};
}

static void clear_outputs(const tg_sum_call_ *c, size_t d)
{
  if (c->gradient != NULL) memset(c->gradient, 0, d * sizeof *c->gradient);
  if (c->hv != NULL) memset(c->hv, 0, d * sizeof *c->hv);
  if (c->hessian != NULL) memset(c->hessian, 0, d * d * sizeof *c->hessian);
}

static tg_status add_part(tg_pull_back_ *p, const tg_sum_call_ *c, const part *of)
{
  if (c->hessian != NULL) return add_hessian(p, of, c->hessian);
  if (c->hv != NULL) return add_product(p, of, c->v, c->hv);
  return c->gradient != NULL ? add_gradient(p, of, c->gradient) : TG_OK;
}

tg_status tg_pull_back_run_(tg_pull_back_ *p, const tg_group_call_ *call, const tg_sums_ *total)
{
  const tg_variants_ *vs = call->variants;
  size_t order[TG_VARIANTS];
  assert(total->misfit == TG_NO_SAMPLE && total->status == TG_OK);
  clear_outputs(call->call, vs->d);
  tg_variants_order_(vs, order);
  for (size_t k = 0; k < vs->count; k++) {
    const size_t v = order[k];
    if (!vs->variant[v].fits || !(total->used >> v & 1)) continue;
    const part of = part_of(call, total, v);
    const tg_status s = add_part(p, call->call, &of);
    if (s != TG_OK) return s;
  }
  if (call->call->value != NULL) *call->call->value = total->value;
  return TG_OK;
}
