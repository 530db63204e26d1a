#include "execute.h"

#include "kinks.h"
#include "nary.h"

#include <math.h>
#include <string.h>

enum {
  FIRST_PARTIAL = 0,
  SECOND_PARTIAL = 3,
  SUM = 9,
  ONES = 10,
  MINUS_ONES = 11,
  SIDED = 12,
  TEMPORARIES = 15
};

/* ---- memory ---- */

tg_status tg_call_state_new_(tg_call_state_ *s, const tg_body_ *b)
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

void tg_call_state_free_(tg_call_state_ *s)
{
  tg_memory_free_(s->u);
  *s = (tg_call_state_){0};
}

static double signed_entry(const double *u, uint32_t name)
{
  const double x = u[name & ~TG_NEGATED];
  return (name & TG_NEGATED) != 0 ? -x : x;
}

static void pack(const tg_body_ *b, const double *u, double *w, bool apart)
{
  for (size_t i = 0; i < b->matrix_count; i++) {
    const tg_matrix_ *m = &b->matrices[i];
    const uint32_t *c = b->lists + m->coefficient;
    const size_t n = (size_t)m->rows * m->columns;
    if (apart && m->in_data) continue;
    double *start = w + m->w_ends, *end = start + m->rows;
    for (size_t k = 0; k < n && !m->contiguous; k++) w[m->w + k] = signed_entry(u, c[k]);
    for (size_t r = 0; m->start != TG_NO_OPERAND && r < m->rows; r++)
      start[r] = signed_entry(u, b->lists[m->start + r]);
    for (size_t r = 0; m->end != TG_NO_OPERAND && r < m->rows; r++)
      end[r] = signed_entry(u, b->lists[m->end + r]);
  }
}

void tg_call_state_pack_(tg_call_state_ *s, const tg_body_ *b, bool second)
{
  pack(b, s->u, s->w, false);
  if (second) pack(b, s->u_dot, s->w_dot, false);
}

void tg_call_state_pack_apart_(tg_call_state_ *s, const tg_body_ *b) { pack(b, s->u_dot, s->w_dot, true); }

/* A whole number of cache lines. */
static size_t padded(size_t n) { return (n + 7) & ~(size_t)7; }

tg_status tg_worker_new_(tg_worker_ *w, const tg_body_ *b, const tg_kernels_ *k)
{
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
  w->dot = w->bar + vectors;
  w->bar_dot = w->dot + vectors;
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

static void zero(double *x, size_t n) { memset(x, 0, n * sizeof *x); }

void tg_worker_begin_(tg_worker_ *w, const tg_call_state_ *s, tg_run_mode_ mode, double *u_bar,
                      double *u_bar_dot)
{
  const tg_body_ *b = w->body;
  const size_t held = b->broadcast_count * b->L;
  w->mode = mode;
  for (size_t i = 0; i < b->broadcast_count; i++)
    for (size_t l = 0; l < b->L; l++) {
      w->slot[i * b->L + l] = s->u[b->broadcast[i]];
      if (mode == TG_RUN_SECOND) w->dot[i * b->L + l] = s->u_dot[b->broadcast[i]];
    }
  if (mode == TG_RUN_VALUE) return;
  w->u_bar = u_bar;
  w->u_bar_dot = u_bar_dot;
  zero(u_bar, tg_uniforms_(b));
  zero(w->bar, held);
  zero(w->w_bar, b->weights);
  if (mode != TG_RUN_SECOND) return;
  zero(u_bar_dot, tg_uniforms_(b));
  zero(w->bar_dot, held);
  zero(w->w_bar_dot, b->weights);
}

/* ---- matrices ---- */

typedef struct packed { /* of one matrix */
  const double *w, *start, *end;
} packed;

static packed packed_of(const tg_body_ *b, const tg_matrix_ *m, const double *u, const double *w)
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

static bool is_sparse(const tg_worker_ *w, const tg_matrix_ *m) { return w->body->sparse && m->in_data; }

/* What sparse rows have in common in both directions. */
static tg_sparse_ sparse_of(const tg_worker_ *w, const tg_matrix_ *m)
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
static void sparse_affine(const tg_worker_ *w, const tg_matrix_ *m, packed p, double *y, bool masked)
{
  const uint32_t *lists = w->body->lists;
  tg_sparse_ a = sparse_of(w, m);
  a.masked = masked, a.w = p.w, a.start = p.start, a.end = p.end, a.y = y, a.y_offset = lists + m->y;
  if (m->y_start != TG_NO_OPERAND) a.y_start = y, a.start_offset = lists + m->y_start;
  w->kernels->sparse_affine(&a);
}

/* Tangents that come with the values: those of data, times the tangents of the coefficients. */
static bool has_early_tangent(const tg_worker_ *w, const tg_matrix_ *m)
{
  return w->mode == TG_RUN_SECOND && m->in_data && !m->constant && m->y_start == TG_NO_OPERAND &&
         !w->body->sparse && !w->masked && !w->apart;
}

static void matrix_forward(const tg_worker_ *w, const tg_call_state_ *s, const tg_matrix_ *m)
{
  const uint32_t *lists = w->body->lists;
  const packed p = packed_of(w->body, m, s->u, s->w);
  if (is_sparse(w, m)) {
    sparse_affine(w, m, p, w->slot, false);
    return;
  }
  tg_affine_ a = {.rows = m->rows,
                  .columns = m->columns,
                  .lanes = w->lanes,
                  .ahead = m->in_data ? w->ahead : 0,
                  .w = p.w,
                  .row_step = m->columns,
                  .column_step = 1,
                  .x = m->in_data ? w->current : w->slot,
                  .x_offset = lists + m->x,
                  .start = p.start,
                  .y_start = m->y_start != TG_NO_OPERAND ? w->slot : NULL,
                  .start_offset = m->y_start != TG_NO_OPERAND ? lists + m->y_start : NULL,
                  .end = p.end,
                  .y = w->slot,
                  .y_offset = lists + m->y};
  if (has_early_tangent(w, m)) {
    const packed q = packed_of(w->body, m, s->u_dot, s->w_dot);
    a.w_dot = q.w, a.start_dot = q.start, a.end_dot = q.end, a.y_dot = w->dot;
  }
  w->kernels->affine(&a);
}

/* Of a matrix over data, when directions run apart: y_dot is that of the start, and one at the unit. */
static void matrix_tangent_apart(const tg_worker_ *w, const tg_matrix_ *m)
{
  const uint32_t *lists = w->body->lists;
  for (size_t r = 0; r < m->rows; r++) {
    const uint32_t y = lists[m->y + r];
    const double *one = w->temporary[ONES];
    zero(w->dot + y, w->lanes);
    if (y == w->unit) w->kernels->add(w->dot + y, one, w->lanes);
    if (m->y_start != TG_NO_OPERAND) w->kernels->add(w->dot + y, w->dot + lists[m->y_start + r], w->lanes);
  }
}

/* y_dot = (start_dot + end_dot + W_dot x) + W x_dot */
static void matrix_tangent(const tg_worker_ *w, const tg_call_state_ *s, const tg_matrix_ *m)
{
  const uint32_t *lists = w->body->lists;
  const packed p = packed_of(w->body, m, s->u, s->w), q = packed_of(w->body, m, s->u_dot, s->w_dot);
  if (w->apart && m->in_data) {
    matrix_tangent_apart(w, m);
    return;
  }
  if (has_early_tangent(w, m)) return;
  if (is_sparse(w, m)) {
    sparse_affine(w, m, q, w->dot, w->masked);
    return;
  }
  const bool unit_only = w->apart && w->unit != TG_NO_OPERAND;
  tg_affine_ a = {.rows = m->rows,
                  .columns = m->constant || unit_only ? 0 : m->columns,
                  .lanes = w->lanes,
                  .w = q.w,
                  .row_step = m->columns,
                  .column_step = 1,
                  .x = m->in_data ? w->current : w->slot,
                  .x_offset = lists + m->x,
                  .start = q.start,
                  .y_start = m->y_start != TG_NO_OPERAND ? w->dot : NULL,
                  .start_offset = m->y_start != TG_NO_OPERAND ? lists + m->y_start : NULL,
                  .end = q.end,
                  .y = w->dot,
                  .y_offset = lists + m->y};
  affine(w, &a);
  if (m->in_data) return;
  a.columns = m->columns;
  a.w = p.w;
  a.x = w->dot;
  a.start = a.end = NULL;
  a.y_start = w->dot;
  a.start_offset = lists + m->y;
  affine(w, &a);
}

/* x_bar += W' y_bar */
static void matrix_adjoint_of_x(const tg_worker_ *w, const tg_matrix_ *m, const double *weights,
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

/* W_bar += y_bar x', and the start's share: the sums of y_bar. */
static void matrix_adjoint_of_w(const tg_worker_ *w, const tg_matrix_ *m, const double *y_bar,
                                const double *x, double *u_sum, double *w_sum)
{
  double *sum = m->contiguous ? u_sum + w->body->lists[m->coefficient] : w_sum + m->w;
  const uint32_t *lists = w->body->lists;
  const tg_outer_ o = {.rows = m->rows,
                       .columns = m->columns,
                       .lanes = w->lanes,
                       .u = y_bar,
                       .u_offset = lists + m->y,
                       .x = x,
                       .x_offset = lists + m->x,
                       .sum = sum,
                       .row_step = m->columns};
  if (m->constant || m->columns == 0) return;
  if (is_sparse(w, m)) {
    tg_sparse_ a = sparse_of(w, m);
    a.u = y_bar, a.u_offset = lists + m->y, a.sum = sum;
    w->kernels->sparse_outer(&a);
    return;
  }
  if (w->masked)
    w->kernels->outer_masked(&o);
  else
    w->kernels->outer(&o);
}

static void matrix_adjoint_of_start(const tg_worker_ *w, const tg_matrix_ *m, double *y_bar, double *sum)
{
  const uint32_t *lists = w->body->lists;
  if (m->free_start && !(w->apart && (m->in_data || w->unit != TG_NO_OPERAND)))
    w->kernels->totals(y_bar, lists + m->y, m->rows, w->lanes, sum + m->w_ends);
  for (size_t r = 0; m->y_start != TG_NO_OPERAND && r < m->rows; r++)
    w->kernels->add(y_bar + lists[m->y_start + r], y_bar + lists[m->y + r], w->lanes);
}

/* The same for bar_dot alone. */
static void matrix_direction(const tg_worker_ *w, const tg_call_state_ *s, const tg_matrix_ *m)
{
  const packed p = packed_of(w->body, m, s->u, s->w), q = packed_of(w->body, m, s->u_dot, s->w_dot);
  if (!m->in_data && w->unit == TG_NO_OPERAND) {
    matrix_adjoint_of_w(w, m, w->bar_dot, w->slot, w->u_bar_dot, w->w_bar_dot);
    matrix_adjoint_of_w(w, m, w->bar, w->dot, w->u_bar_dot, w->w_bar_dot);
  }
  matrix_adjoint_of_start(w, m, w->bar_dot, w->w_bar_dot);
  if (m->in_data) return;
  matrix_adjoint_of_x(w, m, p.w, w->bar_dot, w->bar_dot);
  if (!m->constant && w->unit == TG_NO_OPERAND) matrix_adjoint_of_x(w, m, q.w, w->bar, w->bar_dot);
}

static void matrix_backward(const tg_worker_ *w, const tg_call_state_ *s, const tg_matrix_ *m, bool second)
{
  if (w->apart) {
    matrix_direction(w, s, m);
    return;
  }
  const double *x = m->in_data ? w->current : w->slot;
  const packed p = packed_of(w->body, m, s->u, s->w);
  /* At second order the gradient itself matters only to the part that depends on theta alone. */
  if (w->mode < TG_RUN_SECOND || w->body->uniform != NULL)
    matrix_adjoint_of_w(w, m, w->bar, x, w->u_bar, w->w_bar);
  matrix_adjoint_of_start(w, m, w->bar, w->w_bar);
  if (second) {
    const packed q = packed_of(w->body, m, s->u_dot, s->w_dot);
    matrix_adjoint_of_w(w, m, w->bar_dot, x, w->u_bar_dot, w->w_bar_dot);
    matrix_adjoint_of_start(w, m, w->bar_dot, w->w_bar_dot);
    if (!m->in_data) {
      matrix_adjoint_of_w(w, m, w->bar, w->dot, w->u_bar_dot, w->w_bar_dot);
      matrix_adjoint_of_x(w, m, p.w, w->bar_dot, w->bar_dot);
      if (!m->constant) matrix_adjoint_of_x(w, m, q.w, w->bar, w->bar_dot);
    }
  }
  if (!m->in_data) matrix_adjoint_of_x(w, m, p.w, w->bar, w->bar);
}

/* ---- elementary operations ---- */

static const double *operand(const tg_worker_ *w, uint32_t name)
{
  const double *const base[2] = {w->slot, w->current};
  return tg_at_(base, name);
}

static void add_product(const tg_worker_ *w, double *t, const double *a, const double *b)
{
  if (w->masked)
    w->kernels->add_product_masked(t, a, b, w->lanes);
  else
    w->kernels->add_product(t, a, b, w->lanes);
}

static const double *operand_or_null(const tg_worker_ *w, const tg_step_ *s, unsigned k)
{
  return k < s->arity ? operand(w, s->operand[k]) : NULL;
}

static const tg_row_kernels_ *row_of(const tg_worker_ *w, const tg_step_ *s)
{
  return &w->kernels->rows[s->op];
}

static void element_forward(const tg_worker_ *w, const tg_step_ *s)
{
  if (w->mode != TG_RUN_VALUE && tg_has_pair_(s->op)) {
    w->kernels->pair(s->op, operand(w, s->operand[0]), w->slot + s->out, w->slot + s->partial, w->lanes);
    return;
  }
  row_of(w, s)->value(operand(w, s->operand[0]), operand_or_null(w, s, 1), operand_or_null(w, s, 2),
                      w->slot + s->out, w->lanes);
}

/* The vector of a partial: NULL where it is zero. */
static const double *partial(const tg_worker_ *w, const tg_step_ *s, tg_partial_form_ form,
                             const double *general)
{
  switch (form) {
  case TG_ZERO: return NULL;
  case TG_ONE: return w->temporary[ONES];
  case TG_MINUS_ONE: return w->temporary[MINUS_ONES];
  case TG_IS_X: return operand(w, s->operand[0]);
  case TG_IS_Y: return operand(w, s->operand[1]);
  case TG_IS_V: return w->slot + s->out;
  case TG_GENERAL: break;
  }
  return general;
}

static void first_partials(const tg_worker_ *w, const tg_step_ *s, const double **d)
{
  const tg_partial_form_ *form = s->forms.first;
  bool general = false;
  if (tg_has_pair_(s->op)) {
    d[0] = s->passive[0] ? NULL : w->slot + s->partial;
    return;
  }
  for (unsigned k = 0; k < s->arity; k++) general = general || (form[k] == TG_GENERAL && !s->passive[k]);
  if (general)
    row_of(w, s)->first(operand(w, s->operand[0]), operand_or_null(w, s, 1), operand_or_null(w, s, 2),
                        w->slot + s->out, w->temporary + FIRST_PARTIAL, w->lanes);
  for (unsigned k = 0; k < s->arity; k++)
    d[k] = s->passive[k] ? NULL : partial(w, s, form[k], w->temporary[FIRST_PARTIAL + k]);
}

/* h[k][l], symmetric. */
static bool second_partials(const tg_worker_ *w, const tg_step_ *s, const double *h[3][3])
{
  static const unsigned at[3][3] = {{TG_XX, TG_XY, TG_XZ}, {TG_XY, TG_YY, TG_YZ}, {TG_XZ, TG_YZ, TG_ZZ}};
  bool general = false, any = false;
  for (unsigned k = 0; k < s->arity; k++)
    for (unsigned l = 0; l < s->arity; l++) {
      const tg_partial_form_ form = s->passive[k] || s->passive[l] ? TG_ZERO : s->forms.second[at[k][l]];
      general = general || form == TG_GENERAL;
      any = any || form != TG_ZERO;
      h[k][l] = partial(w, s, form, w->temporary[SECOND_PARTIAL + at[k][l]]);
    }
  if (general)
    row_of(w, s)->second(operand(w, s->operand[0]), operand_or_null(w, s, 1), operand_or_null(w, s, 2),
                         w->slot + s->out, w->temporary + SECOND_PARTIAL, w->lanes);
  return any;
}

/* ---- kinks: at second order the partials on the side that the tangents point to ---- */

/* The partials of lane l at a kink, zero to and among passive operands. */
static void sided_partials(const tg_worker_ *w, const tg_step_ *s, size_t l, tg_sided_ *p)
{
  double x[3] = {0.0}, a[3] = {0.0};
  for (unsigned k = 0; k < s->arity; k++) {
    x[k] = operand(w, s->operand[k])[l];
    a[k] = s->passive[k] ? 0.0 : w->dot[s->operand[k] + l];
  }
  tg_one_sided_(s->op, x, a, p);
}

static bool lane_at_kink(const tg_worker_ *w, const tg_step_ *s, size_t l)
{
  double x[3] = {0.0};
  for (unsigned k = 0; k < s->arity; k++) x[k] = operand(w, s->operand[k])[l];
  return tg_at_kink_(s->op, x[0], x[1], x[2]);
}

static bool any_kink(const tg_worker_ *w, const tg_step_ *s)
{
  return (w->mode == TG_RUN_SECOND || w->mode == TG_RUN_HESSIAN) &&
         tg_any_kink_(s->op, operand(w, s->operand[0]), operand_or_null(w, s, 1), operand_or_null(w, s, 2),
                      w->lanes);
}

/* The vectors of first partials, copied, with those of the lanes at a kink in their place. */
static void side_first(const tg_worker_ *w, const tg_step_ *s, const double **d)
{
  for (unsigned k = 0; k < s->arity && k < 3; k++) {
    if (s->passive[k]) continue;
    double *to = w->temporary[SIDED + k];
    if (d[k] != NULL)
      memcpy(to, d[k], w->lanes * sizeof *to);
    else
      zero(to, w->lanes);
    d[k] = to;
  }
  for (size_t l = 0; l < w->lanes; l++) {
    tg_sided_ p;
    if (!lane_at_kink(w, s, l)) continue;
    sided_partials(w, s, l, &p);
    for (unsigned k = 0; k < s->arity; k++) w->temporary[SIDED + k][l] = p.first[k];
  }
}

/* Likewise the second partials, in the temporaries where they are: a partial that is zero everywhere stays so. */
static void side_second(const tg_worker_ *w, const tg_step_ *s)
{
  static const unsigned at[2][2] = {{TG_XX, TG_XY}, {TG_XY, TG_YY}};
  for (size_t l = 0; l < w->lanes; l++) {
    tg_sided_ p;
    if (!lane_at_kink(w, s, l)) continue;
    sided_partials(w, s, l, &p);
    for (unsigned j = 0; j < 2; j++)
      for (unsigned k = 0; k < 2; k++) w->temporary[SECOND_PARTIAL + at[j][k]][l] = p.second[j][k];
    for (unsigned k = 0; s->arity == 3 && k < TG_SECONDS; k++) w->temporary[SECOND_PARTIAL + k][l] = 0.0;
  }
}

/* t += d u, d perhaps a vector of ones. */
static void accumulate(const tg_worker_ *w, double *t, const double *d, const double *u)
{
  if (d == NULL) return;
  if (d == w->temporary[ONES])
    w->kernels->add(t, u, w->lanes);
  else if (d == w->temporary[MINUS_ONES])
    w->kernels->subtract(t, u, w->lanes);
  else
    add_product(w, t, d, u);
}

static void element_tangent(const tg_worker_ *w, const tg_step_ *s)
{
  const double *d[3] = {NULL, NULL, NULL};
  first_partials(w, s, d);
  if (any_kink(w, s)) side_first(w, s, d);
  zero(w->dot + s->out, w->lanes);
  for (unsigned k = 0; k < s->arity && k < 3; k++)
    if (d[k] != NULL) accumulate(w, w->dot + s->out, d[k], w->dot + s->operand[k]);
}

static void element_backward(const tg_worker_ *w, const tg_step_ *s, bool second)
{
  const double *d[3] = {NULL, NULL, NULL}, *h[3][3];
  first_partials(w, s, d);
  const bool kink = second && any_kink(w, s);
  for (unsigned k = 0; k < s->arity && !w->apart; k++)
    accumulate(w, w->bar + s->operand[k], d[k], w->bar + s->out);
  if (!second) return;
  if (kink) side_first(w, s, d);
  for (unsigned k = 0; k < s->arity; k++)
    accumulate(w, w->bar_dot + s->operand[k], d[k], w->bar_dot + s->out);
  if (!second_partials(w, s, h)) return;
  if (kink) side_second(w, s);
  for (unsigned k = 0; k < s->arity; k++) {
    double *curve = w->temporary[SUM];
    bool any = false;
    zero(curve, w->lanes);
    for (unsigned l = 0; l < s->arity; l++) {
      if (h[k][l] == NULL) continue;
      accumulate(w, curve, h[k][l], w->dot + s->operand[l]);
      any = true;
    }
    if (any) add_product(w, w->bar_dot + s->operand[k], curve, w->bar + s->out);
  }
}

/* ---- sums of products of vectors ---- */

static void products_forward(const tg_worker_ *w, const tg_products_ *p)
{
  const uint32_t *lists = w->body->lists;
  const tg_named_ x = {{w->slot, w->current}, lists + p->x};
  w->kernels->products(&x, lists + p->y, p->count, p->negated,
                       p->y_start != TG_NO_OPERAND ? w->slot + p->y_start : NULL, w->slot + p->out, w->lanes);
}

static void products_tangent(const tg_worker_ *w, const tg_products_ *p)
{
  const uint32_t *x = w->body->lists + p->x, *y = w->body->lists + p->y;
  double *sum = w->temporary[SUM], *out = w->dot + p->out;
  zero(sum, w->lanes);
  for (size_t j = 0; j < p->count; j++) {
    if (!(x[j] & TG_IN_DATA)) add_product(w, sum, w->dot + x[j], operand(w, y[j]));
    if (!(y[j] & TG_IN_DATA)) add_product(w, sum, operand(w, x[j]), w->dot + y[j]);
  }
  zero(out, w->lanes);
  if (p->negated)
    w->kernels->subtract(out, sum, w->lanes);
  else
    w->kernels->add(out, sum, w->lanes);
  if (p->y_start != TG_NO_OPERAND) w->kernels->add(out, w->dot + p->y_start, w->lanes);
}

static const double *doubled(const tg_worker_ *w, const double *u)
{
  double *twice = w->temporary[FIRST_PARTIAL];
  memcpy(twice, u, w->lanes * sizeof *twice);
  w->kernels->add(twice, u, w->lanes);
  return twice;
}

/* x_bar += y u and y_bar += x u, for each product; for a square both at once. */
static void products_adjoint(const tg_worker_ *w, const tg_products_ *p, const double *x_base,
                             const double *u, double *bar)
{
  const uint32_t *x = w->body->lists + p->x, *y = w->body->lists + p->y;
  const double *const base[2] = {x_base, w->current};
  const double *twice = NULL;
  for (size_t j = 0; j < p->count; j++) {
    if (x[j] == y[j] && !(x[j] & TG_IN_DATA)) {
      if (twice == NULL) twice = doubled(w, u);
      add_product(w, bar + x[j], tg_at_(base, x[j]), twice);
      continue;
    }
    if (!(x[j] & TG_IN_DATA) && (x_base == w->slot || !(y[j] & TG_IN_DATA)))
      add_product(w, bar + x[j], tg_at_(base, y[j]), u);
    if (!(y[j] & TG_IN_DATA) && (x_base == w->slot || !(x[j] & TG_IN_DATA)))
      add_product(w, bar + y[j], tg_at_(base, x[j]), u);
  }
}

static const double *with_sign(const tg_worker_ *w, const tg_products_ *p, const double *u)
{
  if (!p->negated) return u;
  double *minus = w->temporary[SUM];
  zero(minus, w->lanes);
  w->kernels->subtract(minus, u, w->lanes);
  return minus;
}

static void products_backward(const tg_worker_ *w, const tg_products_ *p, bool second)
{
  const double *u = with_sign(w, p, w->bar + p->out);
  if (!w->apart) products_adjoint(w, p, w->slot, u, w->bar);
  if (second) products_adjoint(w, p, w->dot, u, w->bar_dot);
  if (second) products_adjoint(w, p, w->slot, with_sign(w, p, w->bar_dot + p->out), w->bar_dot);
  if (p->y_start == TG_NO_OPERAND) return;
  if (!w->apart) w->kernels->add(w->bar + p->y_start, w->bar + p->out, w->lanes);
  if (second) w->kernels->add(w->bar_dot + p->y_start, w->bar_dot + p->out, w->lanes);
}

/* ---- operations with many operands ---- */

/* The last operand of some chooses among the others. */
static const double *chooser(const tg_worker_ *w, const tg_lane_nary_ *n)
{
  return n->kind == TG_NARY_logsumexp ? NULL : operand(w, w->body->lists[n->x + n->n - 1]);
}

static size_t weighted(const tg_lane_nary_ *n) { return n->kind == TG_NARY_logsumexp ? n->n : n->n - 1; }

/* Operands or outputs of one lane. */
static void gather_operands(const tg_worker_ *w, const tg_lane_nary_ *n, size_t lane, double *to)
{
  for (uint32_t j = 0; j < n->n; j++) to[j] = operand(w, w->body->lists[n->x + j])[lane];
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

static void scatter(const tg_worker_ *w, const tg_lane_nary_ *n, const double *from, double *bar, size_t lane)
{
  for (uint32_t j = 0; j < n->n; j++)
    if (!w->body->lists[n->passive + j]) bar[w->body->lists[n->x + j] + lane] += from[j];
}

/* Lane by lane through the operation's own functions. */
typedef enum nary_pass { NARY_VALUE, NARY_TANGENT, NARY_ADJOINT, NARY_SECOND } nary_pass;

static int nary_lane(const tg_worker_ *w, const tg_lane_nary_ *n, size_t lane, nary_pass pass, void *user)
{
  const size_t widest = w->body->nary_widest;
  double *x = w->scratch, *in = x + widest, *out = in + widest, *more = out + widest, *along = more + widest;
  tg_nary_shape_ *shape = n->kind != TG_NARY_custom ? user : NULL;
  const uint32_t *y = w->body->lists + n->y;
  int answer = 0;
  gather_operands(w, n, lane, x);
  if (pass == NARY_VALUE) {
    answer = n->op->value(x, n->n, out, n->m, user);
    for (uint32_t j = 0; j < n->m && answer == 0; j++) w->slot[y[j] + lane] = out[j];
    return answer;
  }
  if (pass == NARY_TANGENT) {
    if (n->op->jvp == NULL) return TG_E_ORDER;
    const bool any = gather(w, w->dot, n->x, n->n, lane, in);
    if (shape) shape->along = in;
    if (any) answer = n->op->jvp(x, n->n, in, out, n->m, user);
    for (uint32_t j = 0; j < n->m && answer == 0; j++) w->dot[y[j] + lane] = any ? out[j] : 0.0;
    return answer;
  }
  if (n->op->vjp == NULL) return TG_E_ORDER;
  if (pass == NARY_SECOND) {
    if (n->op->hvp == NULL) return TG_E_ORDER;
    if (tg_nary_rows_[n->kind].kinked) gather(w, w->dot, n->x, n->n, lane, along), shape->along = along;
    if (gather(w, w->bar_dot, n->y, n->m, lane, in)) {
      answer = n->op->vjp(x, n->n, in, n->m, out, user);
      if (answer != 0) return answer;
      scatter(w, n, out, w->bar_dot, lane);
    }
    if (gather(w, w->bar, n->y, n->m, lane, in) && gather(w, w->dot, n->x, n->n, lane, more)) {
      answer = n->op->hvp(x, n->n, in, n->m, more, out, user);
      if (answer != 0) return answer;
      scatter(w, n, out, w->bar_dot, lane);
    }
  }
  if (w->apart || !gather(w, w->bar, n->y, n->m, lane, in)) return 0;
  if (shape) shape->along = NULL;
  answer = n->op->vjp(x, n->n, in, n->m, out, user);
  if (answer == 0) scatter(w, n, out, w->bar, lane);
  return answer;
}

static void nary_by_lane(tg_worker_ *w, const tg_lane_nary_ *n, nary_pass pass)
{
  tg_nary_shape_ shape = n->shape;
  shape.masked = w->masked && pass != NARY_VALUE;
  for (size_t lane = 0; lane < w->lanes && w->status == TG_OK; lane++) {
    if (w->failed != NULL && w->failed[lane]) continue; /* the loss would not have called it there */
    w->status =
        tg_callback_status_(nary_lane(w, n, lane, pass, n->kind == TG_NARY_custom ? n->user : &shape));
  }
}

static void nary_forward(tg_worker_ *w, const tg_lane_nary_ *n)
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
static void index_partial(const tg_worker_ *w, const tg_lane_nary_ *n, const double *by, double *to)
{
  const double *index = chooser(w, n);
  for (size_t l = 0; l < w->lanes; l++)
    if (tg_whole_index_(index[l], weighted(n)) == weighted(n))
      to[l] += tg_masked_product_((double)NAN, by[l], w->masked);
}

/* The place of an index that has an adjoint, or TG_NOWHERE. */
static uint32_t active_index(const tg_worker_ *w, const tg_lane_nary_ *n)
{
  const uint32_t *lists = w->body->lists;
  return weighted(n) == n->n || lists[n->passive + n->n - 1] ? TG_NOWHERE : lists[n->x + n->n - 1];
}

static void nary_tangent(tg_worker_ *w, const tg_lane_nary_ *n)
{
  const tg_body_ *b = w->body;
  if (!tg_in_lanes_(n)) {
    nary_by_lane(w, n, NARY_TANGENT);
    return;
  }
  double *v_dot = w->dot + b->lists[n->y];
  zero(v_dot, w->lanes);
  for (size_t j = 0; j < weighted(n); j++)
    if (!b->lists[n->passive + j])
      add_product(w, v_dot, w->slot + n->weight + j * b->L, w->dot + b->lists[n->x + j]);
  const uint32_t index = active_index(w, n);
  if (index != TG_NOWHERE) index_partial(w, n, w->dot + index, v_dot);
}

static void nary_backward(tg_worker_ *w, const tg_lane_nary_ *n, bool second)
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
    if (!w->apart) add_product(w, w->bar + b->lists[n->x + j], weight, w->bar + v);
    if (second) add_product(w, w->bar_dot + b->lists[n->x + j], weight, w->bar_dot + v);
  }
  const uint32_t index = active_index(w, n);
  if (index != TG_NOWHERE && !w->apart) index_partial(w, n, w->bar + v, w->bar + index);
  if (index != TG_NOWHERE && second) index_partial(w, n, w->bar_dot + v, w->bar_dot + index);
  if (!second || n->kind == TG_NARY_pick) return;
  for (size_t j = 0; j < weighted(n); j++)
    w->names[j] = b->lists[n->passive + j] ? TG_NOWHERE : b->lists[n->x + j];
  const tg_named_ dot = {{w->dot, NULL}, w->names};
  w->kernels->logsumexp_second(&dot, weighted(n), chooser(w, n), w->slot + n->weight, w->bar + v, w->bar_dot,
                               b->L, w->lanes);
}

/* ---- the program ---- */

static bool guard_holds(const tg_worker_ *w, const tg_step_ *s, bool *failed)
{
  const double *x = operand(w, s->operand[0]), *y = operand(w, s->operand[1]);
  bool all = true;
  for (size_t l = 0; l < w->lanes; l++) {
    const bool holds = tg_guard_holds_(s->op, x[l], y[l]) == s->expected;
    failed[l] = failed[l] || !holds;
    all = all && holds;
  }
  return all;
}

bool tg_worker_forward_(tg_worker_ *w, const tg_call_state_ *s, bool *failed)
{
  const tg_body_ *b = w->body;
  bool all = true;
  memset(failed, 0, w->lanes * sizeof *failed);
  w->failed = failed;
  for (size_t i = 0; i < b->step_count; i++) {
    const tg_step_ *step = &b->steps[i];
    switch (step->kind) {
    case TG_STEP_ELEMENT: element_forward(w, step); break;
    case TG_STEP_MATRIX: matrix_forward(w, s, &b->matrices[step->index]); break;
    case TG_STEP_PRODUCTS: products_forward(w, &b->products[step->index]); break;
    case TG_STEP_NARY: nary_forward(w, &b->nary[step->index]); break;
    case TG_STEP_GUARD: all = guard_holds(w, step, failed) && all; break;
    }
  }
  w->failed = NULL;
  return all;
}

void tg_worker_tangent_(tg_worker_ *w, const tg_call_state_ *s)
{
  const tg_body_ *b = w->body;
  for (size_t i = 0; i < b->step_count; i++) {
    const tg_step_ *step = &b->steps[i];
    switch (step->kind) {
    case TG_STEP_ELEMENT: element_tangent(w, step); break;
    case TG_STEP_MATRIX: matrix_tangent(w, s, &b->matrices[step->index]); break;
    case TG_STEP_PRODUCTS: products_tangent(w, &b->products[step->index]); break;
    case TG_STEP_NARY: nary_tangent(w, &b->nary[step->index]); break;
    case TG_STEP_GUARD: break;
    }
  }
}

static void steps_backward(tg_worker_ *w, const tg_call_state_ *s, bool second)
{
  const tg_body_ *b = w->body;
  for (size_t i = b->step_count; i-- > 0;) {
    const tg_step_ *step = &b->steps[i];
    switch (step->kind) {
    case TG_STEP_ELEMENT: element_backward(w, step, second); break;
    case TG_STEP_MATRIX: matrix_backward(w, s, &b->matrices[step->index], second); break;
    case TG_STEP_PRODUCTS: products_backward(w, &b->products[step->index], second); break;
    case TG_STEP_NARY: nary_backward(w, &b->nary[step->index], second); break;
    case TG_STEP_GUARD: break;
    }
  }
}

void tg_worker_backward_(tg_worker_ *w, const tg_call_state_ *s, const double *seed)
{
  const tg_body_ *b = w->body;
  const bool second = w->mode == TG_RUN_SECOND;
  const size_t held = b->broadcast_count * b->L, rest = b->slots * b->L - held;
  zero(w->bar + held, rest);
  if (second) zero(w->bar_dot + held, rest);
  memcpy(w->bar + b->loss, seed, w->lanes * sizeof *seed);
  steps_backward(w, s, second);
}

/* ---- adjoints of the uniforms ---- */

static void add_signed(double *u_bar, uint32_t name, double x)
{
  u_bar[name & ~TG_NEGATED] += (name & TG_NEGATED) != 0 ? -x : x;
}

static void collect(const tg_worker_ *w, const double *bar, const double *w_bar, double *u_bar)
{
  const tg_body_ *b = w->body;
  for (size_t i = 0; i < b->matrix_count; i++) {
    const tg_matrix_ *m = &b->matrices[i];
    const size_t n = (size_t)m->rows * m->columns;
    const uint32_t *c = b->lists + m->coefficient;
    const double *ends = w_bar + m->w_ends;
    if (w->apart && m->in_data) continue;
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

static void collect_sparse_lane(const tg_worker_ *w, const tg_matrix_ *m, size_t lane, double *u_bar)
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
static void collect_dense_lanes(const tg_worker_ *w, const tg_matrix_ *m, size_t lane, double *u_bar)
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

static void collect_ends(const tg_worker_ *w, const tg_matrix_ *m, size_t lane, double *u_bar)
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
  zero(u_bar, TG_LANE_UNIT * n);
  for (size_t i = 0; i < b->matrix_count; i++) {
    const tg_matrix_ *m = &b->matrices[i];
    if (!m->constant && !is_sparse(w, m)) collect_dense_lanes(w, m, lane, u_bar);
    for (size_t l = 0; l < TG_LANE_UNIT; l++) {
      if (!m->constant && is_sparse(w, m)) collect_sparse_lane(w, m, lane + l, u_bar + l * n);
      collect_ends(w, m, lane + l, u_bar + l * n);
    }
  }
  for (size_t i = 0; i < b->broadcast_count; i++)
    for (size_t l = 0; l < TG_LANE_UNIT; l++) u_bar[l * n + b->broadcast[i]] += w->bar[i * b->L + lane + l];
}

void tg_worker_collect_(const tg_worker_ *w)
{
  collect(w, w->bar, w->w_bar, w->u_bar);
  if (w->mode == TG_RUN_SECOND) collect(w, w->bar_dot, w->w_bar_dot, w->u_bar_dot);
}

void tg_worker_direction_(tg_worker_ *w, const tg_call_state_ *s, uint32_t unit, double *u_bar_dot)
{
  const tg_body_ *b = w->body;
  w->apart = true;
  w->unit = unit;
  w->u_bar_dot = u_bar_dot;
  for (size_t i = 0; i < b->broadcast_count; i++)
    for (size_t l = 0; l < b->L; l++)
      w->dot[i * b->L + l] = unit == TG_NO_OPERAND ? s->u_dot[b->broadcast[i]] : 0.0;
  zero(w->bar_dot, b->slots * b->L);
  zero(w->w_bar_dot, b->weights);
  tg_worker_tangent_(w, s);
  steps_backward(w, s, true);
  if (unit == TG_NO_OPERAND) collect(w, w->bar_dot, w->w_bar_dot, u_bar_dot);
  w->apart = false;
}
