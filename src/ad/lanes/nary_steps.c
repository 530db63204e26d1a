#include <math.h>

#include "nary.h"
#include "steps.h"

/* The last operand of some chooses among the others. */
static const double *chooser(const tg_worker_ *w, const tg_body_nary_ *n)
{
  return n->kind == TG_NARY_logsumexp ? NULL : tg_operand_(w, w->body->lists[n->x + n->n - 1]);
}

static size_t weighted(const tg_body_nary_ *n) { return n->kind == TG_NARY_logsumexp ? n->n : n->n - 1; }

/* Operands or outputs of one lane. */
static void gather_operands(const tg_worker_ *w, const tg_body_nary_ *n, size_t lane, double *to)
{
  for (uint32_t j = 0; j < n->n; j++) to[j] = tg_operand_(w, w->body->lists[n->x + j])[lane];
}

static bool gather(const tg_worker_ *w, const double *from, uint32_t first, uint32_t count, size_t lane,
                   double *to)
{
  bool any = false;
  for (uint32_t j = 0; j < count; j++) {
    const uint32_t name = w->body->lists[first + j];
    to[j] = (name & TG_IN_DATA) != 0 ? 0.0 : from[name + lane];
    any = any || to[j] != 0.0;
  }
  return any;
}

static void scatter(const tg_worker_ *w, const tg_body_nary_ *n, const double *from, double *bar, size_t lane)
{
  for (uint32_t j = 0; j < n->n; j++)
    if (!w->body->lists[n->passive + j]) bar[w->body->lists[n->x + j] + lane] += from[j];
}

/* Lane by lane through the operation's own functions. */
typedef enum nary_pass { NARY_VALUE, NARY_TANGENT, NARY_ADJOINT, NARY_SECOND } nary_pass;

static int nary_lane(const tg_worker_ *w, const tg_body_nary_ *n, size_t lane, nary_pass pass, void *user)
{
  const size_t widest = w->body->nary_widest;
  double *x = w->scratch, *in = x + widest, *out = in + widest, *more = out + widest, *along = more + widest;
  tg_nary_shape_ *shape = n->kind != TG_NARY_custom ? user : NULL;
  const uint32_t *y = w->body->lists + n->y;
  int answer = 0;
  gather_operands(w, n, lane, x);
  if (pass == NARY_VALUE) {
    answer = n->op->value(x, n->n, out, n->m, user);
    for (uint32_t j = 0; j < n->m && answer == 0; j++) w->slot[y[j] + lane] = out[j];
    return answer;
  }
  if (pass == NARY_TANGENT) {
    if (n->op->jvp == NULL) return TG_E_ORDER;
    const bool any = gather(w, w->dot, n->x, n->n, lane, in);
    if (shape) shape->along = in;
    if (any) answer = n->op->jvp(x, n->n, in, out, n->m, user);
    for (uint32_t j = 0; j < n->m && answer == 0; j++) w->dot[y[j] + lane] = any ? out[j] : 0.0;
    return answer;
  }
  if (n->op->vjp == NULL) return TG_E_ORDER;
  if (pass == NARY_SECOND) {
    if (n->op->hvp == NULL) return TG_E_ORDER;
    if (tg_nary_rows_[n->kind].kinked) gather(w, w->dot, n->x, n->n, lane, along), shape->along = along;
    if (gather(w, w->bar_dot, n->y, n->m, lane, in)) {
      answer = n->op->vjp(x, n->n, in, n->m, out, user);
      if (answer != 0) return answer;
      scatter(w, n, out, w->bar_dot, lane);
    }
    if (gather(w, w->bar, n->y, n->m, lane, in) && gather(w, w->dot, n->x, n->n, lane, more)) {
      answer = n->op->hvp(x, n->n, in, n->m, more, out, user);
      if (answer != 0) return answer;
      scatter(w, n, out, w->bar_dot, lane);
    }
  }
  if (w->apart || !gather(w, w->bar, n->y, n->m, lane, in)) return 0;
  if (shape) shape->along = NULL;
  answer = n->op->vjp(x, n->n, in, n->m, out, user);
  if (answer == 0) scatter(w, n, out, w->bar, lane);
  return answer;
}

static void nary_by_lane(tg_worker_ *w, const tg_body_nary_ *n, nary_pass pass)
{
  tg_nary_shape_ shape = n->shape;
  shape.masked = w->masked && pass != NARY_VALUE;
  for (size_t lane = 0; lane < w->lanes && w->status == TG_OK; lane++) {
    if (w->failed != NULL && w->failed[lane]) continue; /* the loss would not have called it there */
    w->status =
        tg_callback_status_(nary_lane(w, n, lane, pass, n->kind == TG_NARY_custom ? n->user : &shape));
  }
}

void tg_nary_step_forward_(tg_worker_ *w, const tg_body_nary_ *n)
{
  const tg_body_ *b = w->body;
  const tg_named_ x = {{w->slot, w->current}, b->lists + n->x};
  double *v = w->slot + b->lists[n->y], *weight = w->slot + n->weight;
  if (!tg_in_lanes_(n))
    nary_by_lane(w, n, NARY_VALUE);
  else if (n->kind == TG_NARY_pick)
    w->kernels->pick(&x, n->n - 1, chooser(w, n), v, weight, b->L, w->lanes);
  else
    w->kernels->logsumexp(&x, weighted(n), chooser(w, n), v, weight, b->L, w->lanes);
}

/* to += the index's partial times by: 0, and NaN where it chooses none. Passive indices are not asked. */
static void index_partial(const tg_worker_ *w, const tg_body_nary_ *n, const double *by, double *to)
{
  const double *index = chooser(w, n);
  for (size_t l = 0; l < w->lanes; l++)
    if (tg_whole_index_(index[l], weighted(n)) == weighted(n))
      to[l] += tg_masked_product_((double)NAN, by[l], w->masked);
}

/* The place of an index that has an adjoint, or TG_NOWHERE. */
static uint32_t active_index(const tg_worker_ *w, const tg_body_nary_ *n)
{
  const uint32_t *lists = w->body->lists;
  return weighted(n) == n->n || lists[n->passive + n->n - 1] ? TG_NOWHERE : lists[n->x + n->n - 1];
}

void tg_nary_step_tangent_(tg_worker_ *w, const tg_body_nary_ *n)
{
  const tg_body_ *b = w->body;
  if (!tg_in_lanes_(n)) {
    nary_by_lane(w, n, NARY_TANGENT);
    return;
  }
  double *v_dot = w->dot + b->lists[n->y];
  tg_zeros_(v_dot, w->lanes);
  for (size_t j = 0; j < weighted(n); j++)
    if (!b->lists[n->passive + j])
      tg_add_product_(w, v_dot, w->slot + n->weight + j * b->L, w->dot + b->lists[n->x + j]);
  const uint32_t index = active_index(w, n);
  if (index != TG_NOWHERE) index_partial(w, n, w->dot + index, v_dot);
}

void tg_nary_step_backward_(tg_worker_ *w, const tg_body_nary_ *n, bool second)
{
  const tg_body_ *b = w->body;
  const bool curved = second && n->kind != TG_NARY_pick;
  if (!tg_in_lanes_(n) || (curved && w->masked)) { /* the kernel for the curvature does not mask */
    nary_by_lane(w, n, second ? NARY_SECOND : NARY_ADJOINT);
    return;
  }
  const uint32_t v = b->lists[n->y];
  for (size_t j = 0; j < weighted(n); j++) {
    if (b->lists[n->passive + j]) continue;
    const double *weight = w->slot + n->weight + j * b->L;
    if (!w->apart) tg_add_product_(w, w->bar + b->lists[n->x + j], weight, w->bar + v);
    if (second) tg_add_product_(w, w->bar_dot + b->lists[n->x + j], weight, w->bar_dot + v);
  }
  const uint32_t index = active_index(w, n);
  if (index != TG_NOWHERE && !w->apart) index_partial(w, n, w->bar + v, w->bar + index);
  if (index != TG_NOWHERE && second) index_partial(w, n, w->bar_dot + v, w->bar_dot + index);
  if (!second || n->kind == TG_NARY_pick) return;
  for (size_t j = 0; j < weighted(n); j++)
    w->names[j] = b->lists[n->passive + j] ? TG_NOWHERE : b->lists[n->x + j];
  const tg_named_ dot = {{w->dot, NULL}, w->names};
  w->kernels->logsumexp_second(&dot, weighted(n), chooser(w, n), w->slot + n->weight, w->bar + v, w->bar_dot,
                               b->L, w->lanes);
}
