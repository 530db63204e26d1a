/* v = start + x_1 y_1 + x_2 y_2 + ..., or start - x_1 y_1 - ..., both factors lane vectors. A sum of products is bilinear:
 * its tangent is the same sum with one factor's tangent at a time, and so is what belongs to bar_dot. */
#include "steps.h"

void tg_products_step_forward_(const tg_worker_ *w, const tg_body_products_ *p)
{
  const uint32_t *lists = w->body->lists;
  const tg_named_ x = {{w->slot, w->current}, lists + p->x};
  w->kernels->products(&x, lists + p->y, p->count, p->negated,
                       p->y_start != TG_NO_OPERAND ? w->slot + p->y_start : NULL, w->slot + p->out, w->lanes);
}

void tg_products_step_tangent_(const tg_worker_ *w, const tg_body_products_ *p)
{
  const uint32_t *x = w->body->lists + p->x, *y = w->body->lists + p->y;
  double *sum = w->temporary[SUM], *out = w->tangent + p->out;
  tg_zeros_(sum, w->lanes);
  for (size_t j = 0; j < p->count; j++) {
    if (!(x[j] & TG_IN_DATA)) tg_add_product_(w, sum, w->tangent + x[j], tg_operand_(w, y[j]));
    if (!(y[j] & TG_IN_DATA)) tg_add_product_(w, sum, tg_operand_(w, x[j]), w->tangent + y[j]);
  }
  tg_zeros_(out, w->lanes);
  if (p->negated)
    w->kernels->subtract(out, sum, w->lanes);
  else
    w->kernels->add(out, sum, w->lanes);
  if (p->y_start != TG_NO_OPERAND) w->kernels->add(out, w->tangent + p->y_start, w->lanes);
}

static const double *doubled(const tg_worker_ *w, const double *u)
{
  double *twice = w->temporary[FIRST_PARTIAL];
  memcpy(twice, u, w->lanes * sizeof *twice);
  w->kernels->add(twice, u, w->lanes);
  return twice;
}

/* x_bar += y u and y_bar += x u, for each product; for a square both at once. */
static void products_adjoint(const tg_worker_ *w, const tg_body_products_ *p, const double *x_base,
                             const double *u, double *bar)
{
  const uint32_t *x = w->body->lists + p->x, *y = w->body->lists + p->y;
  const double *const base[2] = {x_base, w->current};
  const double *twice = NULL;
  for (size_t j = 0; j < p->count; j++) {
    if (x[j] == y[j] && !(x[j] & TG_IN_DATA)) {
      if (twice == NULL) twice = doubled(w, u);
      tg_add_product_(w, bar + x[j], tg_at_(base, x[j]), twice);
      continue;
    }
    if (!(x[j] & TG_IN_DATA) && (x_base == w->slot || !(y[j] & TG_IN_DATA)))
      tg_add_product_(w, bar + x[j], tg_at_(base, y[j]), u);
    if (!(y[j] & TG_IN_DATA) && (x_base == w->slot || !(x[j] & TG_IN_DATA)))
      tg_add_product_(w, bar + y[j], tg_at_(base, x[j]), u);
  }
}

static const double *with_sign(const tg_worker_ *w, const tg_body_products_ *p, const double *u)
{
  if (!p->negated) return u;
  double *minus = w->temporary[SUM];
  tg_zeros_(minus, w->lanes);
  w->kernels->subtract(minus, u, w->lanes);
  return minus;
}

void tg_products_step_backward_(const tg_worker_ *w, const tg_body_products_ *p, bool second)
{
  const double *u = with_sign(w, p, w->bar + p->out);
  if (!w->directional) products_adjoint(w, p, w->slot, u, w->bar);
  if (second) products_adjoint(w, p, w->tangent, u, w->bar_dot);
  if (second) products_adjoint(w, p, w->slot, with_sign(w, p, w->bar_dot + p->out), w->bar_dot);
  if (p->y_start == TG_NO_OPERAND) return;
  if (!w->directional) w->kernels->add(w->bar + p->y_start, w->bar + p->out, w->lanes);
  if (second) w->kernels->add(w->bar_dot + p->y_start, w->bar_dot + p->out, w->lanes);
}
