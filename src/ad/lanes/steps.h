/* The steps of a body, kind by kind. Each kind has a file and three passes over the lanes of the block at hand:
 *
 *     forward    sets the slots of its results
 *     tangent    sets their tangents
 *     backward   adds to the adjoints of its operands and, if `second`, to the tangents of these
 *
 * Backward with `second` is the tangent of backward without: for v = f(x, y) it adds
 *
 *     x_bar      f_x v_bar
 *     x_bar_dot  f_x v_bar_dot + (f_xx x_dot + f_xy y_dot) v_bar
 *
 * While a worker is directional (tg_worker_direction_) x_bar is left alone. Passive operands, data and constants, get
 * neither. Rule R5 holds in tangent and backward while the worker is masked. */
#ifndef TG_LANES_STEPS_H
#define TG_LANES_STEPS_H

#include <string.h>

#include "execute.h"

/* What a worker's temporary vectors hold. No step leaves anything in them for another. */
enum {
  FIRST_PARTIAL = 0,
  SECOND_PARTIAL = 3,
  SUM = 9,
  ONES = 10,
  MINUS_ONES = 11,
  SIDED = 12,
  TEMPORARIES = 15
};

static inline void tg_zeros_(double *x, size_t n) { memset(x, 0, n * sizeof *x); }

static inline const double *tg_operand_(const tg_worker_ *w, uint32_t name)
{
  const double *const base[2] = {w->slot, w->current};
  return tg_at_(base, name);
}

static inline void tg_add_product_(const tg_worker_ *w, double *t, const double *a, const double *b)
{
  if (w->masked)
    w->kernels->add_product_masked(t, a, b, w->lanes);
  else
    w->kernels->add_product(t, a, b, w->lanes);
}

static inline void tg_outer_products_(const tg_worker_ *w, const tg_outer_ *o)
{
  if (w->masked)
    w->kernels->outer_masked(o);
  else
    w->kernels->outer(o);
}

static inline bool tg_is_sparse_(const tg_worker_ *w, const tg_body_matrix_ *m)
{
  return w->body->sparse && m->in_data;
}

/* v = op(x, y, z). */
void tg_element_step_forward_(const tg_worker_ *w, const tg_body_step_ *s);
void tg_element_step_tangent_(const tg_worker_ *w, const tg_body_step_ *s);
void tg_element_step_backward_(const tg_worker_ *w, const tg_body_step_ *s, bool second);

/* y = start + W x + end. */
void tg_matrix_step_forward_(const tg_worker_ *w, const tg_uniform_state_ *s, const tg_body_matrix_ *m);
void tg_matrix_step_tangent_(const tg_worker_ *w, const tg_uniform_state_ *s, const tg_body_matrix_ *m);
void tg_matrix_step_backward_(const tg_worker_ *w, const tg_uniform_state_ *s, const tg_body_matrix_ *m,
                              bool second);

/* v = start + x_1 y_1 + x_2 y_2 + ... */
void tg_products_step_forward_(const tg_worker_ *w, const tg_body_products_ *p);
void tg_products_step_tangent_(const tg_worker_ *w, const tg_body_products_ *p);
void tg_products_step_backward_(const tg_worker_ *w, const tg_body_products_ *p, bool second);

/* Operations with many operands or outputs. */
void tg_nary_step_forward_(tg_worker_ *w, const tg_body_nary_ *n);
void tg_nary_step_tangent_(tg_worker_ *w, const tg_body_nary_ *n);
void tg_nary_step_backward_(tg_worker_ *w, const tg_body_nary_ *n, bool second);

/* Adds to u_bar the adjoints that stand in the vectors of broadcast uniforms and in the packed matrices. */
void tg_collect_(const tg_worker_ *w, const double *bar, const double *w_bar, double *u_bar);

#endif
