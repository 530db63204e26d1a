/* y = start + W x + end: rows of numbers times lane vectors, which are slots or columns of data.
 *
 * The numbers are signed uniforms, packed (workspace.c), so W has a tangent and an adjoint of its own:
 *
 *     tangent    y_dot = start_dot + end_dot + W_dot x + W x_dot
 *     backward   x_bar += W' y_bar      W_bar += y_bar x'      start_bar += sum of y_bar over the lanes, end_bar too
 *     second     the tangents of these: W_bar_dot += y_bar_dot x' + y_bar x_dot', ...
 *
 * Data have no tangents and no adjoints. Over dense data W_dot x is computed with the values, in the same pass over x,
 * since reading x is what costs (has_early_tangent). */
#include <assert.h>

#include "steps.h"

typedef struct packed { /* of one matrix */
  const double *w, *start, *end;
} packed;

static packed packed_of(const tg_body_ *b, const tg_body_matrix_ *m, const double *u, const double *w)
{
  return (packed){m->contiguous ? u + b->lists[m->coefficient] : w + m->w,
                  m->start != TG_NO_OPERAND ? w + m->w_ends : NULL,
                  m->end != TG_NO_OPERAND ? w + m->w_ends + m->rows : NULL};
}

static void affine(const tg_worker_ *w, const tg_affine_ *a)
{
  if (w->masked)
    w->kernels->affine_masked(a);
  else
    w->kernels->affine(a);
}

/* What sparse rows have in common in both directions. */
static tg_sparse_ sparse_of(const tg_worker_ *w, const tg_body_matrix_ *m)
{
  const uint32_t *lists = w->body->lists;
  return (tg_sparse_){.rows = m->rows,
                      .lanes = w->lanes,
                      .row = w->row,
                      .row_start = w->sparse->row_start,
                      .column = w->sparse->column,
                      .values = w->sparse->values,
                      .position = m->position != TG_NO_OPERAND ? lists + m->position : NULL,
                      .masked = w->masked};
}

/* y = start + W x + end on sparse rows, for values or tangents. */
static void sparse_affine(const tg_worker_ *w, const tg_body_matrix_ *m, packed p, double *y, bool masked)
{
  const uint32_t *lists = w->body->lists;
  tg_sparse_ a = sparse_of(w, m);
  a.masked = masked, a.w = p.w, a.start = p.start, a.end = p.end, a.y = y, a.y_offset = lists + m->y;
  if (m->y_start != TG_NO_OPERAND) a.y_start = y, a.start_offset = lists + m->y_start;
  w->kernels->sparse_affine(&a);
}

/* Tangents that come with the values: those of data, times the tangents of the coefficients. */
static bool has_early_tangent(const tg_worker_ *w, const tg_body_matrix_ *m)
{
  return w->mode == TG_RUN_SECOND && m->in_data && !m->constant && m->y_start == TG_NO_OPERAND &&
         !w->body->sparse && !w->masked && !w->directional;
}

/* to = start + W x + end, or where the row has a slot as start, that plus the rest. */
static tg_affine_ affine_of(const tg_worker_ *w, const tg_body_matrix_ *m, packed p, double *to)
{
  const uint32_t *lists = w->body->lists;
  const bool from_slot = m->y_start != TG_NO_OPERAND;
  return (tg_affine_){.rows = m->rows,
                      .columns = m->columns,
                      .lanes = w->lanes,
                      .w = p.w,
                      .row_step = m->columns,
                      .column_step = 1,
                      .x = m->in_data ? w->current : w->slot,
                      .x_offset = lists + m->x,
                      .start = p.start,
                      .y_start = from_slot ? to : NULL,
                      .start_offset = from_slot ? lists + m->y_start : NULL,
                      .end = p.end,
                      .y = to,
                      .y_offset = lists + m->y};
}

void tg_matrix_step_forward_(const tg_worker_ *w, const tg_uniform_state_ *s, const tg_body_matrix_ *m)
{
  const packed p = packed_of(w->body, m, s->u, s->w);
  assert(m->rows > 0);
  if (tg_is_sparse_(w, m)) {
    sparse_affine(w, m, p, w->slot, false);
    return;
  }
  tg_affine_ a = affine_of(w, m, p, w->slot);
  if (m->in_data) a.ahead = w->ahead;
  if (has_early_tangent(w, m)) {
    const packed q = packed_of(w->body, m, s->u_dot, s->w_dot);
    a.w_dot = q.w, a.start_dot = q.start, a.end_dot = q.end, a.y_dot = w->tangent;
  }
  w->kernels->affine(&a);
}

/* Of a matrix over data while the worker is directional: y_dot is that of the start, and one at the unit slot. */
static void matrix_tangent_directional(const tg_worker_ *w, const tg_body_matrix_ *m)
{
  const uint32_t *lists = w->body->lists;
  for (size_t r = 0; r < m->rows; r++) {
    const uint32_t y = lists[m->y + r];
    const double *one = w->temporary[ONES];
    tg_zeros_(w->tangent + y, w->lanes);
    if (y == w->unit_slot) w->kernels->add(w->tangent + y, one, w->lanes);
    if (m->y_start != TG_NO_OPERAND)
      w->kernels->add(w->tangent + y, w->tangent + lists[m->y_start + r], w->lanes);
  }
}

/* y_dot = (start_dot + end_dot + W_dot x) + W x_dot */
void tg_matrix_step_tangent_(const tg_worker_ *w, const tg_uniform_state_ *s, const tg_body_matrix_ *m)
{
  const packed p = packed_of(w->body, m, s->u, s->w), q = packed_of(w->body, m, s->u_dot, s->w_dot);
  if (w->directional && m->in_data) {
    matrix_tangent_directional(w, m);
    return;
  }
  if (has_early_tangent(w, m)) return;
  if (tg_is_sparse_(w, m)) {
    sparse_affine(w, m, q, w->tangent, w->masked);
    return;
  }
  const bool no_w_dot = m->constant || (w->directional && w->unit_slot != TG_NO_OPERAND);
  tg_affine_ a = affine_of(w, m, q, w->tangent);
  if (no_w_dot) a.columns = 0;
  affine(w, &a);
  if (m->in_data) return;
  a.columns = m->columns;
  a.w = p.w;
  a.x = w->tangent;
  a.start = a.end = NULL;
  a.y_start = w->tangent;
  a.start_offset = w->body->lists + m->y;
  affine(w, &a);
}

/* x_bar += W' y_bar */
static void matrix_adjoint_of_x(const tg_worker_ *w, const tg_body_matrix_ *m, const double *weights,
                                const double *y_bar, double *x_bar)
{
  const uint32_t *lists = w->body->lists;
  if (m->rows == 1 && !w->masked) {
    w->kernels->axpy(weights, y_bar + lists[m->y], x_bar, lists + m->x, m->columns, w->lanes);
    return;
  }
  const size_t rows = m->repeated ? 1 : m->columns;
  for (size_t j = 0; j < m->columns; j += rows)
    affine(w, &(tg_affine_){.rows = rows,
                            .columns = m->rows,
                            .lanes = w->lanes,
                            .w = weights + j,
                            .row_step = 1,
                            .column_step = m->columns,
                            .x = y_bar,
                            .x_offset = lists + m->y,
                            .y_start = x_bar,
                            .start_offset = lists + m->x + j,
                            .y = x_bar,
                            .y_offset = lists + m->x + j});
}

/* W_bar += y_bar x' */
static void matrix_adjoint_of_w(const tg_worker_ *w, const tg_body_matrix_ *m, const double *y_bar,
                                const double *x, double *u_sum, double *w_sum)
{
  double *sum = m->contiguous ? u_sum + w->body->lists[m->coefficient] : w_sum + m->w;
  const uint32_t *lists = w->body->lists;
  if (m->constant || m->columns == 0) return;
  if (tg_is_sparse_(w, m)) {
    tg_sparse_ a = sparse_of(w, m);
    a.u = y_bar, a.u_offset = lists + m->y, a.sum = sum;
    w->kernels->sparse_outer(&a);
    return;
  }
  tg_outer_products_(w, &(tg_outer_){.rows = m->rows,
                                     .columns = m->columns,
                                     .lanes = w->lanes,
                                     .u = y_bar,
                                     .u_offset = lists + m->y,
                                     .x = x,
                                     .x_offset = lists + m->x,
                                     .sum = sum,
                                     .row_step = m->columns});
}

/* The sums of y_bar are those of start and end; where a row starts from a slot, y_bar goes on to it. */
static void matrix_adjoint_of_start(const tg_worker_ *w, const tg_body_matrix_ *m, double *y_bar, double *sum)
{
  const uint32_t *lists = w->body->lists;
  if (m->free_start && !(w->directional && (m->in_data || w->unit_slot != TG_NO_OPERAND)))
    w->kernels->totals(y_bar, lists + m->y, m->rows, w->lanes, sum + m->w_ends);
  for (size_t r = 0; m->y_start != TG_NO_OPERAND && r < m->rows; r++)
    w->kernels->add(y_bar + lists[m->y_start + r], y_bar + lists[m->y + r], w->lanes);
}

/* Backward while the worker is directional: bar_dot alone. */
static void matrix_direction(const tg_worker_ *w, const tg_uniform_state_ *s, const tg_body_matrix_ *m)
{
  const packed p = packed_of(w->body, m, s->u, s->w), q = packed_of(w->body, m, s->u_dot, s->w_dot);
  if (!m->in_data && w->unit_slot == TG_NO_OPERAND) {
    matrix_adjoint_of_w(w, m, w->bar_dot, w->slot, w->u_bar_dot, w->w_bar_dot);
    matrix_adjoint_of_w(w, m, w->bar, w->tangent, w->u_bar_dot, w->w_bar_dot);
  }
  matrix_adjoint_of_start(w, m, w->bar_dot, w->w_bar_dot);
  if (m->in_data) return;
  matrix_adjoint_of_x(w, m, p.w, w->bar_dot, w->bar_dot);
  if (!m->constant && w->unit_slot == TG_NO_OPERAND) matrix_adjoint_of_x(w, m, q.w, w->bar, w->bar_dot);
}

void tg_matrix_step_backward_(const tg_worker_ *w, const tg_uniform_state_ *s, const tg_body_matrix_ *m,
                              bool second)
{
  if (w->directional) {
    matrix_direction(w, s, m);
    return;
  }
  const double *x = m->in_data ? w->current : w->slot;
  const packed p = packed_of(w->body, m, s->u, s->w);
  /* At second order the gradient itself may matter only to the part that depends on theta alone. */
  if (w->mode < TG_RUN_SECOND || w->body->uniform != NULL || w->gradient)
    matrix_adjoint_of_w(w, m, w->bar, x, w->u_bar, w->w_bar);
  matrix_adjoint_of_start(w, m, w->bar, w->w_bar);
  if (second) {
    const packed q = packed_of(w->body, m, s->u_dot, s->w_dot);
    matrix_adjoint_of_w(w, m, w->bar_dot, x, w->u_bar_dot, w->w_bar_dot);
    matrix_adjoint_of_start(w, m, w->bar_dot, w->w_bar_dot);
    if (!m->in_data) {
      matrix_adjoint_of_w(w, m, w->bar, w->tangent, w->u_bar_dot, w->w_bar_dot);
      matrix_adjoint_of_x(w, m, p.w, w->bar_dot, w->bar_dot);
      if (!m->constant) matrix_adjoint_of_x(w, m, q.w, w->bar, w->bar_dot);
    }
  }
  if (!m->in_data) matrix_adjoint_of_x(w, m, p.w, w->bar, w->bar);
}
