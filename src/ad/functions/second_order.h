/* The second-order sweep of a recorded function with many outputs, several directions at a time: the vector form
 * of what tg_hvp does for one output (drivers.c).
 *
 * Let J(x) be the Jacobian of f, u weights of its outputs, and v a direction. The product J(x)' u has along v, if
 * the weights move too, the tangent
 *
 *   (J' u).  =  sum_k u_k H_k v  +  J' u_dot      (H_k the Hessian of output k)
 *
 * A chain of functions, such as a sum over samples of results that depend on theta, needs both terms. One sweep
 * gives them. No output may be a constant. The steps, in this order: tangents; weights; u_dot, which may depend on
 * the tangents of the outputs; sweep. */
#ifndef TG_SECOND_ORDER_H
#define TG_SECOND_ORDER_H

#include "function.h"

/* Arrays of f's tape, lent: another sweep over f overwrites them. */
typedef struct tg_second_order_ {
  tg_function *f;
  tg_second_arrays_ arrays; /* with room for 1 direction or TG_BLOCK */
  uint32_t last;            /* the last node that an output depends on */
} tg_second_order_;

/* f at x, ready for up to `width` directions. TG_E_NOMEM, or why f cannot be evaluated. */
tg_status tg_second_order_begin_(tg_second_order_ *w, tg_function *f, const double *x, size_t width);

/* Tangents of all nodes along the rows of v, count x n, or, v NULL, along the unit vectors first, first + 1 ... */
tg_status tg_second_order_tangents_(tg_second_order_ *w, const double *v, size_t first, size_t count,
                                    bool masked);

/* The weights u, one an output; they do not move yet. */
void tg_second_order_weights_(tg_second_order_ *w, const double *u);

/* Of output or input `at`, for each direction: its tangent, and the tangent of its adjoint. Before the sweep the
 * caller adds u_dot to the latter at the outputs; afterwards it is the result at the inputs. */
static inline const double *tg_second_order_dot_(const tg_second_order_ *w, tg_var at)
{
  return w->arrays.tangent + tg_node_of_(at) * w->arrays.width;
}
static inline double *tg_second_order_bar_dot_(const tg_second_order_ *w, tg_var at)
{
  return w->arrays.second + tg_node_of_(at) * w->arrays.width;
}

/* From the outputs back to the inputs. *nan: a result is NaN, and the caller begins again, `masked` (rule R5). */
tg_status tg_second_order_sweep_(tg_second_order_ *w, bool masked, bool *nan);

#endif
