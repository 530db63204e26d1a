/* The passes over a body's steps. */
#include <assert.h>

#include "steps.h"

static bool guard_holds(const tg_worker_ *w, const tg_body_step_ *s, bool *failed)
{
  const double *x = tg_operand_(w, s->operand[0]), *y = tg_operand_(w, s->operand[1]);
  bool all = true;
  for (size_t l = 0; l < w->lanes; l++) {
    const bool holds = tg_guard_holds_(s->op, x[l], y[l]) == s->expected;
    failed[l] = failed[l] || !holds;
    all = all && holds;
  }
  return all;
}

bool tg_worker_forward_(tg_worker_ *w, const tg_uniform_state_ *s, bool *failed)
{
  const tg_body_ *b = w->body;
  bool all = true;
  assert(w->lanes > 0 && w->lanes <= b->L && w->lanes % TG_LANE_UNIT == 0);
  assert(b->sparse ? w->sparse != NULL && w->row != NULL : b->columns == 0 || w->current != NULL);
  memset(failed, 0, w->lanes * sizeof *failed);
  w->failed = failed;
  for (size_t i = 0; i < b->step_count; i++) {
    const tg_body_step_ *step = &b->steps[i];
    switch (step->kind) {
    case TG_BODY_ELEMENT: tg_element_step_forward_(w, step); break;
    case TG_BODY_MATRIX: tg_matrix_step_forward_(w, s, &b->matrices[step->index]); break;
    case TG_BODY_PRODUCTS: tg_products_step_forward_(w, &b->products[step->index]); break;
    case TG_BODY_NARY: tg_nary_step_forward_(w, &b->nary[step->index]); break;
    case TG_BODY_GUARD: all = guard_holds(w, step, failed) && all; break;
    }
  }
  w->failed = NULL;
  return all;
}

void tg_worker_tangent_(tg_worker_ *w, const tg_uniform_state_ *s)
{
  const tg_body_ *b = w->body;
  for (size_t i = 0; i < b->step_count; i++) {
    const tg_body_step_ *step = &b->steps[i];
    switch (step->kind) {
    case TG_BODY_ELEMENT: tg_element_step_tangent_(w, step); break;
    case TG_BODY_MATRIX: tg_matrix_step_tangent_(w, s, &b->matrices[step->index]); break;
    case TG_BODY_PRODUCTS: tg_products_step_tangent_(w, &b->products[step->index]); break;
    case TG_BODY_NARY: tg_nary_step_tangent_(w, &b->nary[step->index]); break;
    case TG_BODY_GUARD: break;
    }
  }
}

static void steps_backward(tg_worker_ *w, const tg_uniform_state_ *s, bool second)
{
  const tg_body_ *b = w->body;
  for (size_t i = b->step_count; i-- > 0;) {
    const tg_body_step_ *step = &b->steps[i];
    switch (step->kind) {
    case TG_BODY_ELEMENT: tg_element_step_backward_(w, step, second); break;
    case TG_BODY_MATRIX: tg_matrix_step_backward_(w, s, &b->matrices[step->index], second); break;
    case TG_BODY_PRODUCTS: tg_products_step_backward_(w, &b->products[step->index], second); break;
    case TG_BODY_NARY: tg_nary_step_backward_(w, &b->nary[step->index], second); break;
    case TG_BODY_GUARD: break;
    }
  }
}

/* Of the slots behind those of broadcast uniforms, the lanes in use: a call of one sample has eight of 128. */
static void clear_adjoints(const tg_worker_ *w, double *bar)
{
  const tg_body_ *b = w->body;
  const size_t held = b->broadcast_count;
  if (w->lanes == b->L)
    tg_zeros_(bar + held * b->L, (b->slots - held) * b->L);
  else
    for (size_t i = held; i < b->slots; i++) tg_zeros_(bar + i * b->L, w->lanes);
}

void tg_worker_backward_(tg_worker_ *w, const tg_uniform_state_ *s, const double *seed)
{
  const tg_body_ *b = w->body;
  const bool second = w->mode == TG_RUN_SECOND;
  clear_adjoints(w, w->bar);
  if (second) clear_adjoints(w, w->bar_dot);
  memcpy(w->bar + b->loss, seed, w->lanes * sizeof *seed);
  steps_backward(w, s, second);
}

void tg_worker_direction_(tg_worker_ *w, const tg_uniform_state_ *s, uint32_t unit_slot, double *u_bar_dot)
{
  const tg_body_ *b = w->body;
  assert(w->mode == TG_RUN_HESSIAN && !w->directional);
  assert(unit_slot != TG_NO_OPERAND || u_bar_dot != NULL);
  w->directional = true;
  w->unit_slot = unit_slot;
  w->u_bar_dot = u_bar_dot;
  for (size_t i = 0; i < b->broadcast_count; i++)
    for (size_t l = 0; l < b->L; l++)
      w->tangent[i * b->L + l] = unit_slot == TG_NO_OPERAND ? s->u_dot[b->broadcast[i]] : 0.0;
  tg_zeros_(w->bar_dot, b->slots * b->L);
  tg_zeros_(w->w_bar_dot, b->weights);
  tg_worker_tangent_(w, s);
  steps_backward(w, s, true);
  if (unit_slot == TG_NO_OPERAND) tg_collect_(w, w->bar_dot, w->w_bar_dot, u_bar_dot);
  w->directional = false;
}
