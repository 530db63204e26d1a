/* The memory of the executor: what the blocks of a call share, and what a thread works in.
 *
 * Matrices are packed: a coefficient of a body is a signed uniform anywhere, and the kernels want numbers row by row, so
 * they are copied once a call, and their adjoints are summed in a copy of the same shape. A matrix whose coefficients
 * stand in order among the uniforms already (contiguous) is used where it is. */
#include <assert.h>

#include "steps.h"

tg_status tg_uniform_state_new_(tg_uniform_state_ *s, const tg_body_ *b)
{
  const size_t n = tg_uniforms_(b) + 1, w = b->weights + 1;
  s->u = tg_memory_resize_(NULL, 2 * n + 2 * w, sizeof *s->u);
  if (s->u == NULL) return TG_E_NOMEM;
  memset(s->u, 0, (2 * n + 2 * w) * sizeof *s->u);
  s->u_dot = s->u + n;
  s->w = s->u_dot + n;
  s->w_dot = s->w + w;
  for (size_t k = 0; k < b->constant_count; k++) s->u[b->d + b->results + k] = b->constants[k];
  return TG_OK;
}

void tg_uniform_state_free_(tg_uniform_state_ *s)
{
  tg_memory_free_(s->u);
  *s = (tg_uniform_state_){0};
}

static double signed_entry(const double *u, uint32_t name)
{
  const double x = u[name & ~TG_NEGATED];
  return (name & TG_NEGATED) != 0 ? -x : x;
}

static void pack(const tg_body_ *b, const double *u, double *w, bool directional)
{
  for (size_t i = 0; i < b->matrix_count; i++) {
    const tg_body_matrix_ *m = &b->matrices[i];
    const uint32_t *c = b->lists + m->coefficient;
    const size_t n = (size_t)m->rows * m->columns;
    if (directional && m->in_data) continue;
    double *start = w + m->w_ends, *end = start + m->rows;
    for (size_t k = 0; k < n && !m->contiguous; k++) w[m->w + k] = signed_entry(u, c[k]);
    for (size_t r = 0; m->start != TG_NO_OPERAND && r < m->rows; r++)
      start[r] = signed_entry(u, b->lists[m->start + r]);
    for (size_t r = 0; m->end != TG_NO_OPERAND && r < m->rows; r++)
      end[r] = signed_entry(u, b->lists[m->end + r]);
  }
}

void tg_uniform_state_pack_(tg_uniform_state_ *s, const tg_body_ *b, bool second)
{
  pack(b, s->u, s->w, false);
  if (second) pack(b, s->u_dot, s->w_dot, false);
}

void tg_uniform_state_pack_direction_(tg_uniform_state_ *s, const tg_body_ *b)
{
  pack(b, s->u_dot, s->w_dot, true);
}

/* A whole number of cache lines. */
static size_t padded(size_t n) { return (n + 7) & ~(size_t)7; }

tg_status tg_worker_new_(tg_worker_ *w, const tg_body_ *b, const tg_kernels_ *k)
{
  assert(b->L > 0 && b->L % TG_LANE_UNIT == 0);
  assert(b->loss < b->slots * b->L && b->broadcast_count <= b->slots);
  const size_t vectors = b->slots * b->L, weights = padded(b->weights + 1),
               data = b->sparse ? 0 : b->columns * b->L;
  const size_t scratch = padded(6 * b->nary_widest + 1);
  const size_t uniforms = padded(tg_uniforms_(b) + 1);
  const size_t all = 4 * vectors + 3 * weights + uniforms + data + TEMPORARIES * b->L + scratch;
  *w = (tg_worker_){.body = b, .kernels = k};
  w->memory = tg_memory_resize_(NULL, all + 8, sizeof *w->memory);
  if (w->memory == NULL) return TG_E_NOMEM;
  double *at = w->memory + (-(uintptr_t)w->memory / sizeof *at & 7);
  memset(at, 0, all * sizeof *at);
  w->slot = at;
  w->bar = w->slot + vectors;
  w->tangent = w->bar + vectors;
  w->bar_dot = w->tangent + vectors;
  w->w_bar = w->bar_dot + vectors;
  w->w_bar_dot = w->w_bar + weights;
  w->w_dot = w->w_bar_dot + weights;
  w->u_dot = w->w_dot + weights;
  w->data = w->u_dot + uniforms;
  for (size_t i = 0; i < TEMPORARIES; i++) w->temporary[i] = w->data + data + i * b->L;
  w->scratch = w->temporary[TEMPORARIES - 1] + b->L;
  w->names = (uint32_t *)(void *)(w->scratch + 5 * b->nary_widest);
  for (size_t l = 0; l < b->L; l++) w->temporary[ONES][l] = 1.0, w->temporary[MINUS_ONES][l] = -1.0;
  return TG_OK;
}

void tg_worker_free_(tg_worker_ *w)
{
  tg_memory_free_(w->memory);
  *w = (tg_worker_){0};
}

void tg_worker_begin_(tg_worker_ *w, const tg_uniform_state_ *s, tg_run_mode_ mode, double *u_bar,
                      double *u_bar_dot)
{
  const tg_body_ *b = w->body;
  const size_t held = b->broadcast_count * b->L;
  assert(mode == TG_RUN_VALUE || u_bar != NULL);
  assert(mode != TG_RUN_SECOND || u_bar_dot != NULL);
  w->mode = mode;
  for (size_t i = 0; i < b->broadcast_count; i++)
    for (size_t l = 0; l < b->L; l++) {
      w->slot[i * b->L + l] = s->u[b->broadcast[i]];
      if (mode == TG_RUN_SECOND) w->tangent[i * b->L + l] = s->u_dot[b->broadcast[i]];
    }
  if (mode == TG_RUN_VALUE) return;
  w->u_bar = u_bar;
  w->u_bar_dot = u_bar_dot;
  tg_zeros_(u_bar, tg_uniforms_(b));
  tg_zeros_(w->bar, held);
  tg_zeros_(w->w_bar, b->weights);
  if (mode != TG_RUN_SECOND) return;
  tg_zeros_(u_bar_dot, tg_uniforms_(b));
  tg_zeros_(w->bar_dot, held);
  tg_zeros_(w->w_bar_dot, b->weights);
}
