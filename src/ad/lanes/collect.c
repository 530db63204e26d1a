/* Adjoints of the uniforms, from the vectors of broadcast uniforms and from the packed matrices: of all blocks together,
 * or of single lanes, as gradients of single samples. */
#include <assert.h>

#include "steps.h"
#include "zero_rule.h"

static void add_signed(double *u_bar, uint32_t name, double x)
{
  u_bar[name & ~TG_NEGATED] += (name & TG_NEGATED) != 0 ? -x : x;
}

void tg_collect_(const tg_worker_ *w, const double *bar, const double *w_bar, double *u_bar)
{
  const tg_body_ *b = w->body;
  for (size_t i = 0; i < b->matrix_count; i++) {
    const tg_body_matrix_ *m = &b->matrices[i];
    const size_t n = (size_t)m->rows * m->columns;
    const uint32_t *c = b->lists + m->coefficient;
    const double *ends = w_bar + m->w_ends;
    if (w->directional && m->in_data) continue;
    for (size_t k = 0; k < n && !m->contiguous && !m->constant; k++) add_signed(u_bar, c[k], w_bar[m->w + k]);
    if (!m->free_start) continue;
    for (size_t r = 0; m->start != TG_NO_OPERAND && r < m->rows; r++)
      add_signed(u_bar, b->lists[m->start + r], ends[r]);
    for (size_t r = 0; m->end != TG_NO_OPERAND && r < m->rows; r++)
      add_signed(u_bar, b->lists[m->end + r], ends[r]);
  }
  for (size_t i = 0; i < b->broadcast_count; i++) {
    if (!tg_varies_with_theta_(b, b->broadcast[i])) continue;
    const uint32_t offset = (uint32_t)(i * b->L);
    w->kernels->totals(bar, &offset, 1, b->L, u_bar + b->broadcast[i]);
  }
}

static void collect_sparse_lane(const tg_worker_ *w, const tg_body_matrix_ *m, size_t lane, double *u_bar)
{
  const uint32_t *lists = w->body->lists;
  const size_t end = w->sparse->row_start[w->row[lane] + 1];
  for (size_t k = w->sparse->row_start[w->row[lane]]; k < end; k++) {
    const size_t column = w->sparse->column[k];
    const uint32_t j = m->position != TG_NO_OPERAND ? lists[m->position + column] : (uint32_t)column;
    for (size_t r = 0; j != UINT32_MAX && r < m->rows; r++)
      add_signed(u_bar, lists[m->coefficient + j * m->rows + r],
                 tg_masked_product_(w->bar[lists[m->y + r] + lane], w->sparse->values[k], w->masked));
  }
}

/* The same coefficient for all lanes before the next: a line of the cache holds that many. */
static void collect_dense_lanes(const tg_worker_ *w, const tg_body_matrix_ *m, size_t lane, double *u_bar)
{
  const uint32_t *lists = w->body->lists, *c = lists + m->coefficient;
  const double *base = m->in_data ? w->current : w->slot;
  const size_t n = tg_uniforms_(w->body);
  for (size_t r = 0; r < m->rows; r++, c += m->columns)
    for (size_t j = 0; j < m->columns; j++) {
      const double *u = w->bar + lists[m->y + r] + lane, *x = base + lists[m->x + j] + lane;
      const double sign = (c[j] & TG_NEGATED) != 0 ? -1.0 : 1.0;
      double *to = u_bar + (c[j] & ~TG_NEGATED), p[TG_LANE_UNIT];
      for (size_t l = 0; l < TG_LANE_UNIT; l++) p[l] = sign * (u[l] * x[l]);
      for (size_t l = 0; w->masked && l < TG_LANE_UNIT; l++)
        p[l] = sign * tg_masked_product_(u[l], x[l], w->masked);
      for (size_t l = 0; l < TG_LANE_UNIT; l++) to[l * n] += p[l];
    }
}

static void collect_ends(const tg_worker_ *w, const tg_body_matrix_ *m, size_t lane, double *u_bar)
{
  const uint32_t *lists = w->body->lists;
  for (size_t r = 0; r < m->rows; r++) {
    const double u = w->bar[lists[m->y + r] + lane];
    if (m->start != TG_NO_OPERAND) add_signed(u_bar, lists[m->start + r], u);
    if (m->end != TG_NO_OPERAND) add_signed(u_bar, lists[m->end + r], u);
  }
}

void tg_worker_collect_lanes_(const tg_worker_ *w, size_t lane, double *u_bar)
{
  const tg_body_ *b = w->body;
  const size_t n = tg_uniforms_(b);
  assert(lane % TG_LANE_UNIT == 0 && lane < b->L);
  tg_zeros_(u_bar, TG_LANE_UNIT * n);
  for (size_t i = 0; i < b->matrix_count; i++) {
    const tg_body_matrix_ *m = &b->matrices[i];
    if (!m->constant && !tg_is_sparse_(w, m)) collect_dense_lanes(w, m, lane, u_bar);
    for (size_t l = 0; l < TG_LANE_UNIT; l++) {
      if (!m->constant && tg_is_sparse_(w, m)) collect_sparse_lane(w, m, lane + l, u_bar + l * n);
      collect_ends(w, m, lane + l, u_bar + l * n);
    }
  }
  for (size_t i = 0; i < b->broadcast_count; i++)
    for (size_t l = 0; l < TG_LANE_UNIT; l++) u_bar[l * n + b->broadcast[i]] += w->bar[i * b->L + lane + l];
}

void tg_worker_collect_(const tg_worker_ *w)
{
  tg_collect_(w, w->bar, w->w_bar, w->u_bar);
  if (w->mode == TG_RUN_SECOND) tg_collect_(w, w->bar_dot, w->w_bar_dot, w->u_bar_dot);
}
