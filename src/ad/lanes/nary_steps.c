/* Operations with many operands. Three have kernels: logsumexp, cross_entropy and pick have one output and, as first
 * derivative, a weight for each operand, which is kept in slots. All others are taken lane by lane: their operands are
 * gathered, their own functions called (nary.h, tg_custom_op), and what these answer scattered. */
#include <math.h>

#include "nary.h"
#include "steps.h"

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

/* ---- lane by lane through the operation's own functions ---- */

typedef enum nary_pass { NARY_VALUE, NARY_TANGENT, NARY_ADJOINT, NARY_SECOND } nary_pass;

/* One lane of an operation, and the arrays of its functions. shape NULL: a custom operation. */
typedef struct nary_lane {
  const tg_worker_ *w;
  const tg_body_nary_ *n;
  size_t lane;
  tg_nary_shape_ *shape;
  void *user;
  double *x, *in, *out, *direction, *along;
} nary_lane;

static nary_lane lane_of(const tg_worker_ *w, const tg_body_nary_ *n, size_t lane, tg_nary_shape_ *shape)
{
  const size_t widest = w->body->nary_widest;
  nary_lane l = {.w = w, .n = n, .lane = lane, .x = w->scratch};
  l.in = l.x + widest;
  l.out = l.in + widest;
  l.direction = l.out + widest;
  l.along = l.direction + widest;
  l.shape = n->kind != TG_NARY_custom ? shape : NULL;
  l.user = l.shape != NULL ? (void *)l.shape : n->user;
  gather_operands(w, n, lane, l.x);
  return l;
}

static int lane_value(const nary_lane *l)
{
  const tg_body_nary_ *n = l->n;
  const uint32_t *y = l->w->body->lists + n->y;
  const int answer = n->op->value(l->x, n->n, l->out, n->m, l->user);
  for (uint32_t j = 0; j < n->m && answer == 0; j++) l->w->slot[y[j] + l->lane] = l->out[j];
  return answer;
}

static int lane_tangent(const nary_lane *l)
{
  const tg_body_nary_ *n = l->n;
  const uint32_t *y = l->w->body->lists + n->y;
  int answer = 0;
  if (n->op->jvp == NULL) return TG_E_ORDER;
  const bool any = gather(l->w, l->w->tangent, n->x, n->n, l->lane, l->in);
  if (l->shape) l->shape->along = l->in;
  if (any) answer = n->op->jvp(l->x, n->n, l->in, l->out, n->m, l->user);
  for (uint32_t j = 0; j < n->m && answer == 0; j++) l->w->tangent[y[j] + l->lane] = any ? l->out[j] : 0.0;
  return answer;
}

/* to += J' from: adjoints, or their tangents. */
static int lane_vjp(const nary_lane *l, const double *from, double *to)
{
  const tg_body_nary_ *n = l->n;
  if (!gather(l->w, from, n->y, n->m, l->lane, l->in)) return 0;
  const int answer = n->op->vjp(l->x, n->n, l->in, n->m, l->out, l->user);
  if (answer == 0) scatter(l->w, n, l->out, to, l->lane);
  return answer;
}

/* bar_dot += (sum_k v_bar_k H_k) x_dot */
static int lane_curvature(const nary_lane *l)
{
  const tg_body_nary_ *n = l->n;
  const tg_worker_ *w = l->w;
  if (!gather(w, w->bar, n->y, n->m, l->lane, l->in)) return 0;
  if (!gather(w, w->tangent, n->x, n->n, l->lane, l->direction)) return 0;
  const int answer = n->op->hvp(l->x, n->n, l->in, n->m, l->direction, l->out, l->user);
  if (answer == 0) scatter(w, n, l->out, w->bar_dot, l->lane);
  return answer;
}

static int lane_second(const nary_lane *l)
{
  const tg_body_nary_ *n = l->n;
  if (n->op->hvp == NULL) return TG_E_ORDER;
  if (l->shape != NULL && tg_nary_rows_[n->kind].kinked) {
    gather(l->w, l->w->tangent, n->x, n->n, l->lane, l->along);
    l->shape->along = l->along;
  }
  int answer = lane_vjp(l, l->w->bar_dot, l->w->bar_dot);
  if (answer == 0) answer = lane_curvature(l);
  return answer;
}

static int lane_backward(const nary_lane *l, bool second)
{
  int answer = 0;
  if (l->n->op->vjp == NULL) return TG_E_ORDER;
  if (second) answer = lane_second(l);
  if (answer != 0 || l->w->directional) return answer;
  if (l->shape) l->shape->along = NULL;
  return lane_vjp(l, l->w->bar, l->w->bar);
}

static int run_lane(const nary_lane *l, nary_pass pass)
{
  switch (pass) {
  case NARY_VALUE: return lane_value(l);
  case NARY_TANGENT: return lane_tangent(l);
  case NARY_ADJOINT: return lane_backward(l, false);
  case NARY_SECOND: return lane_backward(l, true);
  }
  return 0;
}

/* A callback that fails ends the pass; lanes that take another branch would not have called it. No tape of the caller's
 * records meanwhile. */
static void nary_by_lane(tg_worker_ *w, const tg_body_nary_ *n, nary_pass pass)
{
  tg_nary_shape_ shape = n->shape;
  shape.masked = w->masked && pass != NARY_VALUE;
  tg_recorder_ *const recording = tg_tape_suspend_();
  for (size_t lane = 0; lane < w->lanes && w->status == TG_OK; lane++) {
    if (w->failed != NULL && w->failed[lane]) continue;
    const nary_lane l = lane_of(w, n, lane, &shape);
    w->status = tg_callback_status_(run_lane(&l, pass));
  }
  tg_tape_resume_(recording);
}

/* ---- the three that have kernels ---- */

/* The last operand of some chooses among the others. */
static const double *chooser(const tg_worker_ *w, const tg_body_nary_ *n)
{
  return n->kind == TG_NARY_logsumexp ? NULL : tg_operand_(w, w->body->lists[n->x + n->n - 1]);
}

static size_t weighted(const tg_body_nary_ *n) { return n->kind == TG_NARY_logsumexp ? n->n : n->n - 1; }

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

/* The slot of an index that has an adjoint, or TG_NOWHERE. */
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
  double *v_dot = w->tangent + b->lists[n->y];
  tg_zeros_(v_dot, w->lanes);
  for (size_t j = 0; j < weighted(n); j++)
    if (!b->lists[n->passive + j])
      tg_add_product_(w, v_dot, w->slot + n->weight + j * b->L, w->tangent + b->lists[n->x + j]);
  const uint32_t index = active_index(w, n);
  if (index != TG_NOWHERE) index_partial(w, n, w->tangent + index, v_dot);
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
    if (!w->directional) tg_add_product_(w, w->bar + b->lists[n->x + j], weight, w->bar + v);
    if (second) tg_add_product_(w, w->bar_dot + b->lists[n->x + j], weight, w->bar_dot + v);
  }
  const uint32_t index = active_index(w, n);
  if (index != TG_NOWHERE && !w->directional) index_partial(w, n, w->bar + v, w->bar + index);
  if (index != TG_NOWHERE && second) index_partial(w, n, w->bar_dot + v, w->bar_dot + index);
  if (!second || n->kind == TG_NARY_pick) return;
  for (size_t j = 0; j < weighted(n); j++)
    w->names[j] = b->lists[n->passive + j] ? TG_NOWHERE : b->lists[n->x + j];
  const tg_named_ tangent = {{w->tangent, NULL}, w->names};
  w->kernels->logsumexp_second(&tangent, weighted(n), chooser(w, n), w->slot + n->weight, w->bar + v,
                               w->bar_dot, b->L, w->lanes);
}
