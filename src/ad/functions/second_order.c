/* The vector form of the second-order sweep: how the arrays of a tape are seeded for it. What a sweep does is in
 * second.c, what it is good for in second_order.h. */
#include "second_order.h"

#include <assert.h>
#include <string.h>

tg_status tg_second_order_begin_(tg_second_order_ *w, tg_function *f, const double *x, size_t width)
{
  assert(width == 1 || width == TG_BLOCK);
  *w = (tg_second_order_){.f = f};
  const tg_status s = tg_function_evaluate_(f, x); /* first: it may change the tape */
  if (s != TG_OK) return s;
  if (!tg_function_second_work_(f, width, &w->arrays)) return TG_E_NOMEM;
  tg_function_last_(f, &w->last);
  return TG_OK;
}

tg_status tg_second_order_tangents_(tg_second_order_ *w, const double *v, size_t first, size_t count,
                                    bool masked)
{
  const tg_function *f = w->f;
  const size_t width = w->arrays.width;
  double *const tangent = w->arrays.tangent;
  assert(count > 0 && count <= width && (v != NULL || first + count <= f->n));
  memset(tangent, 0, tg_size_(f->tape) * width * sizeof *tangent);
  for (size_t i = 0; i < count; i++) {
    for (size_t j = 0; v != NULL && j < f->n; j++)
      tangent[tg_node_of_(f->x[j]) * width + i] = v[i * f->n + j];
    if (v == NULL) tangent[tg_node_of_(f->x[first + i]) * width + i] = 1.0;
  }
  return tg_sweep_tangent_(f->tape, tangent, width, true, masked);
}

void tg_second_order_weights_(tg_second_order_ *w, const double *u)
{
  const tg_second_arrays_ *a = &w->arrays;
  const size_t size = tg_size_(w->f->tape);
  memset(a->adjoint, 0, size * sizeof *a->adjoint);
  memset(a->second, 0, size * a->width * sizeof *a->second);
  for (size_t k = 0; k < w->f->m; k++) {
    assert(!tg_is_constant_(w->f->y[k]));
    a->adjoint[tg_node_of_(w->f->y[k])] += u[k];
  }
}

tg_status tg_second_order_sweep_(tg_second_order_ *w, bool masked, bool *nan)
{
  *nan = false;
  return tg_sweep_second_(w->f->tape, w->last, &w->arrays, masked, nan);
}
