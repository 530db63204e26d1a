/* The vector form of the second-order sweep: how the arrays of a tape are seeded for it. What a sweep does is in
 * sweeps.c, what it is good for in second_order.h. */
#include "second_order.h"

#include <assert.h>
#include <string.h>

tg_status tg_second_order_begin_(tg_second_order_ *w, tg_function *f, const double *x, size_t width)
{
  assert(width == 1 || width == TG_BLOCK);
  *w = (tg_second_order_){.f = f,
                          .width = width,
                          .dot = tg_function_work_(f, TG_TANGENT, width),
                          .bar = tg_function_work_(f, TG_ADJOINT, 1),
                          .bar_dot = tg_function_work_(f, TG_SECOND, width)};
  if (w->dot == NULL || w->bar == NULL || w->bar_dot == NULL) return TG_E_NOMEM;
  tg_function_last_(f, &w->last);
  return tg_function_evaluate_(f, x);
}

tg_status tg_second_order_tangents_(tg_second_order_ *w, const double *v, size_t first, size_t count,
                                    bool masked)
{
  const tg_function *f = w->f;
  assert(count > 0 && count <= w->width && (v != NULL || first + count <= f->n));
  memset(w->dot, 0, tg_size_(f->tape) * w->width * sizeof *w->dot);
  for (size_t i = 0; i < count; i++) {
    for (size_t j = 0; v != NULL && j < f->n; j++)
      w->dot[tg_node_of_(f->x[j]) * w->width + i] = v[i * f->n + j];
    if (v == NULL) w->dot[tg_node_of_(f->x[first + i]) * w->width + i] = 1.0;
  }
  return tg_sweep_tangent_(f->tape, w->dot, w->width, true, masked);
}

void tg_second_order_weights_(tg_second_order_ *w, const double *u)
{
  const size_t size = tg_size_(w->f->tape);
  memset(w->bar, 0, size * sizeof *w->bar);
  memset(w->bar_dot, 0, size * w->width * sizeof *w->bar_dot);
  for (size_t k = 0; k < w->f->m; k++) {
    assert(!tg_is_constant_(w->f->y[k]));
    w->bar[tg_node_of_(w->f->y[k])] += u[k];
  }
}

tg_status tg_second_order_sweep_(tg_second_order_ *w, bool masked, bool *nan)
{
  *nan = false;
  return tg_sweep_second_(w->f->tape, w->last, w->dot, w->bar, w->bar_dot, w->width, masked, nan);
}
