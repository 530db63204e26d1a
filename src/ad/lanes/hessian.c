#include "hessian.h"

#include <assert.h>
#include <string.h>

#include "steps.h"
#include "zero_rule.h"

/* Coefficients of one row, as far as they depend on theta, and its ends as one more. */
static bool has_ends(const tg_body_matrix_ *m) { return m->free_start; }
static size_t columns_of(const tg_body_matrix_ *m) { return m->constant ? 0 : m->columns; }
static size_t width_of(const tg_body_matrix_ *m) { return columns_of(m) + has_ends(m); }

/* One pair of scores (hessian.h). Within one matrix (j, k) and (k, j) are the same, and only k >= j is summed. */
static uint64_t pair_size(const tg_body_matrix_ *a, const tg_body_matrix_ *b)
{
  const uint64_t p = columns_of(a), q = columns_of(b);
  return p * q + (has_ends(a) ? q : 0) + (a != b && has_ends(b) ? p : 0) + (has_ends(a) && has_ends(b));
}

/* ---- what there is to do ---- */

static tg_status find_scores(tg_curvature_ *c)
{
  const tg_body_ *b = c->body;
  size_t count = 0;
  for (size_t i = 0; i < b->matrix_count; i++)
    if (b->matrices[i].in_data && width_of(&b->matrices[i]) > 0) count += b->matrices[i].rows;
  c->scores = tg_memory_resize_(NULL, count + 1, sizeof *c->scores);
  if (c->scores == NULL) return TG_E_NOMEM;
  for (size_t i = 0; i < b->matrix_count; i++) {
    const tg_body_matrix_ *m = &b->matrices[i];
    if (!m->in_data || width_of(m) == 0) continue;
    for (uint32_t r = 0; r < m->rows; r++) {
      c->scores[c->score_count++] = (tg_score_){m, r, b->lists[m->y + r]};
      c->score_width += width_of(m);
    }
  }
  for (size_t r = 0; r < count; r++)
    for (size_t s = r; s < count; s++) c->size += pair_size(c->scores[r].matrix, c->scores[s].matrix);
  return TG_OK;
}

static void mark(const tg_body_ *b, uint32_t name, bool *used)
{
  if (tg_varies_with_theta_(b, name)) used[name & ~TG_NEGATED] = true;
}

static void mark_list(const tg_body_ *b, uint32_t first, size_t n, bool *used)
{
  for (size_t k = 0; first != TG_NO_OPERAND && k < n; k++) mark(b, b->lists[first + k], used);
}

static tg_status find_elsewhere(tg_curvature_ *c)
{
  const tg_body_ *b = c->body;
  const size_t n = b->d + b->results;
  bool *used = tg_memory_resize_(NULL, n, sizeof *used);
  c->elsewhere = tg_memory_resize_(NULL, n, sizeof *c->elsewhere);
  if (used != NULL && c->elsewhere != NULL) {
    memset(used, 0, n * sizeof *used);
    for (size_t i = 0; i < b->broadcast_count; i++) mark(b, b->broadcast[i], used);
    for (size_t i = 0; i < b->matrix_count; i++) {
      const tg_body_matrix_ *m = &b->matrices[i];
      if (m->in_data) continue;
      mark_list(b, m->coefficient, (size_t)m->rows * m->columns, used);
      mark_list(b, m->start, m->rows, used);
      mark_list(b, m->end, m->rows, used);
    }
    for (uint32_t u = 0; u < n; u++)
      if (used[u]) c->elsewhere[c->elsewhere_count++] = u;
  }
  const bool good = used != NULL && c->elsewhere != NULL;
  tg_memory_free_(used);
  return good ? TG_OK : TG_E_NOMEM;
}

/* Multiplications for each sample, roughly; and the sums must not outgrow the Hessian by far. */
static bool is_cheaper(const tg_curvature_ *c)
{
  const tg_body_ *b = c->body;
  const double n = (double)(b->d + b->results), size = (double)c->size;
  const double sweep = 4.0 * (double)(b->slots + b->weights) + 8.0 * (double)b->step_count;
  const double directions = (double)(c->score_count + c->elsewhere_count) * sweep + size;
  const double products = (double)b->d * (1.5 * sweep + 2.0 * (double)c->score_width);
  return directions <= products && size <= 8.0 * (double)b->d * (double)b->d + 65536.0 &&
         n <= 2.0 * (double)b->d + 256.0;
}

tg_status tg_curvature_new_(tg_curvature_ *c, const tg_body_ *b)
{
  *c = (tg_curvature_){.body = b};
  tg_status s = find_scores(c);
  if (s == TG_OK) s = find_elsewhere(c);
  if (s != TG_OK) {
    tg_curvature_free_(c);
    return s;
  }
  c->size += c->elsewhere_count * (c->score_width + tg_uniforms_(b));
  c->cheaper = is_cheaper(c);
  return TG_OK;
}

void tg_curvature_free_(tg_curvature_ *c)
{
  tg_memory_free_(c->scores);
  tg_memory_free_(c->elsewhere);
  *c = (tg_curvature_){0};
}

/* ---- sums of h x_j x_k over the lanes of a block ---- */

enum { STRIP = 4 }; /* columns weighted at a time: the rows of a tile of the kernel */

/* sum[j][k] += h x_j x_k; from k = j on within one matrix. */
static void dense_squares(const tg_worker_ *w, const tg_body_matrix_ *a, const tg_body_matrix_ *b,
                          const double *h, double *sum)
{
  const uint32_t *x = w->body->lists + a->x, *y = w->body->lists + b->x;
  const uint32_t L = (uint32_t)w->body->L, strip[STRIP] = {0, L, 2 * L, 3 * L};
  double *weighted = w->temporary[0];
  for (size_t j = 0; j < a->columns; j += STRIP) {
    const size_t rows = a->columns - j < STRIP ? a->columns - j : STRIP, from = a == b ? j : 0;
    memset(weighted, 0, rows * L * sizeof *weighted);
    for (size_t i = 0; i < rows; i++) tg_add_product_(w, weighted + i * L, h, w->current + x[j + i]);
    tg_outer_products_(w, &(tg_outer_){.rows = rows,
                                       .columns = b->columns - from,
                                       .lanes = w->lanes,
                                       .u = weighted,
                                       .u_offset = strip,
                                       .x = w->current,
                                       .x_offset = y + from,
                                       .sum = sum + j * b->columns + from,
                                       .row_step = b->columns});
  }
}

static uint32_t column_at(const tg_worker_ *w, const tg_body_matrix_ *m, size_t entry)
{
  const size_t column = w->sparse->column[entry];
  return m->position != TG_NO_OPERAND ? w->body->lists[m->position + column] : (uint32_t)column;
}

static void sparse_squares(const tg_worker_ *w, const tg_body_matrix_ *a, const tg_body_matrix_ *b,
                           const double *h, double *sum)
{
  const double *values = w->sparse->values;
  for (size_t l = 0; l < w->lanes; l++) {
    const size_t begin = w->sparse->row_start[w->row[l]], end = w->sparse->row_start[w->row[l] + 1];
    for (size_t i = begin; i < end; i++) {
      const uint32_t j = column_at(w, a, i);
      if (j == UINT32_MAX) continue;
      const double t = tg_masked_product_(h[l], values[i], w->masked);
      double *to = sum + (size_t)j * b->columns;
      for (size_t k = a == b ? i : begin; k < end; k++) {
        const uint32_t at = column_at(w, b, k);
        if (at != UINT32_MAX) to[at] += tg_masked_product_(t, values[k], w->masked);
      }
    }
  }
}

/* sum[k] += h x_k */
static void weighted_columns(const tg_worker_ *w, const tg_body_matrix_ *m, const double *h, double *sum)
{
  const uint32_t none = 0;
  if (!w->body->sparse) {
    tg_outer_products_(w, &(tg_outer_){.rows = 1,
                                       .columns = m->columns,
                                       .lanes = w->lanes,
                                       .u = h,
                                       .u_offset = &none,
                                       .x = w->current,
                                       .x_offset = w->body->lists + m->x,
                                       .sum = sum,
                                       .row_step = m->columns});
    return;
  }
  w->kernels->sparse_outer(
      &(tg_sparse_){.rows = 1,
                    .lanes = w->lanes,
                    .row = w->row,
                    .row_start = w->sparse->row_start,
                    .column = w->sparse->column,
                    .values = w->sparse->values,
                    .position = m->position != TG_NO_OPERAND ? w->body->lists + m->position : NULL,
                    .masked = w->masked,
                    .u = h,
                    .u_offset = &none,
                    .sum = sum});
}

static void total(const tg_worker_ *w, const double *h, double *sum)
{
  const uint32_t none = 0;
  w->kernels->totals(h, &none, 1, w->lanes, sum);
}

static void add_pair(const tg_worker_ *w, const tg_body_matrix_ *a, const tg_body_matrix_ *b, const double *h,
                     double *sum)
{
  const size_t p = columns_of(a), q = columns_of(b);
  if (p > 0 && q > 0) {
    if (w->body->sparse)
      sparse_squares(w, a, b, h, sum);
    else
      dense_squares(w, a, b, h, sum);
  }
  sum += p * q;
  if (has_ends(a) && q > 0) weighted_columns(w, b, h, sum), sum += q;
  if (a != b && has_ends(b) && p > 0) weighted_columns(w, a, h, sum), sum += p;
  if (has_ends(a) && has_ends(b)) total(w, h, sum);
}

/* ---- one block ---- */

static void score_directions(const tg_curvature_ *c, tg_worker_ *w, const tg_uniform_state_ *s, double *sum)
{
  for (size_t r = 0; r < c->score_count; r++) {
    tg_worker_direction_(w, s, c->scores[r].y, NULL);
    for (size_t k = r; k < c->score_count; k++) {
      const tg_body_matrix_ *a = c->scores[r].matrix, *b = c->scores[k].matrix;
      add_pair(w, a, b, w->bar_dot + c->scores[k].y, sum);
      sum += pair_size(a, b);
    }
  }
}

static void elsewhere_direction(const tg_curvature_ *c, tg_worker_ *w, const tg_uniform_state_ *s,
                                double *sum)
{
  tg_worker_direction_(w, s, TG_NO_OPERAND, sum + c->score_width);
  for (size_t r = 0; r < c->score_count; r++) {
    const tg_body_matrix_ *m = c->scores[r].matrix;
    const double *h = w->bar_dot + c->scores[r].y;
    if (columns_of(m) > 0) weighted_columns(w, m, h, sum);
    if (has_ends(m)) total(w, h, sum + columns_of(m));
    sum += width_of(m);
  }
}

void tg_curvature_block_(const tg_curvature_ *c, tg_worker_ *w, const tg_uniform_state_ *s, double *sum)
{
  const tg_body_ *b = c->body;
  const size_t n = tg_uniforms_(b);
  assert(w->body == b && w->mode == TG_RUN_HESSIAN);
  tg_uniform_state_ own = {s->u, w->u_dot, s->w, w->w_dot};
  memset(own.u_dot, 0, n * sizeof *own.u_dot);
  memset(own.w_dot, 0, b->weights * sizeof *own.w_dot);
  score_directions(c, w, &own, sum);
  sum += c->size - c->elsewhere_count * (c->score_width + n);
  for (size_t k = 0; k < c->elsewhere_count; k++, sum += c->score_width + n) {
    own.u_dot[c->elsewhere[k]] = 1.0;
    tg_uniform_state_pack_direction_(&own, b);
    elsewhere_direction(c, w, &own, sum);
    own.u_dot[c->elsewhere[k]] = 0.0;
  }
}

/* ---- from the sums to the matrix ---- */

typedef struct hessian {
  const tg_body_ *b;
  double *h;
  size_t n;
} hessian;

/* Coefficient j of a score, or, past the last, its ends: signed names of uniforms; answers how many. */
static unsigned names_of(const tg_body_ *b, const tg_score_ *score, size_t j, uint32_t *name)
{
  const tg_body_matrix_ *m = score->matrix;
  unsigned count = 0;
  if (j < columns_of(m))
    name[count++] =
        b->lists[m->coefficient + (b->sparse ? j * m->rows + score->row : score->row * m->columns + j)];
  else {
    if (m->start != TG_NO_OPERAND) name[count++] = b->lists[m->start + score->row];
    if (m->end != TG_NO_OPERAND) name[count++] = b->lists[m->end + score->row];
  }
  unsigned kept = 0;
  for (unsigned i = 0; i < count; i++)
    if (tg_varies_with_theta_(b, name[i])) name[kept++] = name[i];
  return kept;
}

static void add_entry(const hessian *q, uint32_t r, uint32_t s, double x)
{
  q->h[(r & ~TG_NEGATED) * q->n + (s & ~TG_NEGATED)] += ((r ^ s) & TG_NEGATED) != 0 ? -x : x;
}

/* x belongs to the product of coefficient j of r and k of s, in both orders unless they are one and the same.
 */
static void add_both(const hessian *q, const tg_score_ *r, size_t j, const tg_score_ *s, size_t k, double x)
{
  uint32_t a[2], b[2];
  const unsigned m = names_of(q->b, r, j, a), n = names_of(q->b, s, k, b);
  for (unsigned i = 0; i < m; i++)
    for (unsigned l = 0; l < n; l++) {
      add_entry(q, a[i], b[l], x);
      if (r != s || j != k) add_entry(q, b[l], a[i], x);
    }
}

static void assemble_pair(const hessian *to, const tg_score_ *r, const tg_score_ *s, const double *sum)
{
  const tg_body_matrix_ *a = r->matrix, *b = s->matrix;
  const size_t p = columns_of(a), q = columns_of(b);
  for (size_t j = 0; j < p; j++)
    for (size_t k = a == b ? j : 0; k < q; k++) {
      const double x = sum[j * q + k];
      add_both(to, r, j, s, k, x);
      if (a == b && r != s && j != k) add_both(to, r, k, s, j, x);
    }
  sum += p * q;
  for (size_t k = 0; has_ends(a) && k < q; k++) {
    add_both(to, r, p, s, k, sum[k]);
    if (a == b && r != s) add_both(to, r, k, s, q, sum[k]);
  }
  if (has_ends(a)) sum += q;
  if (a != b && has_ends(b)) {
    for (size_t j = 0; j < p; j++) add_both(to, r, j, s, q, sum[j]);
    sum += p;
  }
  if (has_ends(a) && has_ends(b)) add_both(to, r, p, s, q, sum[0]);
}

static void assemble_elsewhere(const hessian *to, const tg_curvature_ *c, uint32_t u, const double *sum)
{
  for (size_t r = 0; r < c->score_count; r++)
    for (size_t j = 0; j < width_of(c->scores[r].matrix); j++) {
      uint32_t name[2];
      const unsigned count = names_of(c->body, &c->scores[r], j, name);
      const double x = *sum++;
      for (unsigned i = 0; i < count; i++) add_entry(to, u, name[i], x), add_entry(to, name[i], u, x);
    }
  for (size_t k = 0; k < to->n; k++) { /* half to either order, so that the matrix is symmetric to the bit */
    to->h[u * to->n + k] += 0.5 * sum[k];
    to->h[k * to->n + u] += 0.5 * sum[k];
  }
}

void tg_curvature_matrix_(const tg_curvature_ *c, const double *sum, double *h)
{
  const hessian to = {c->body, h, c->body->d + c->body->results};
  memset(h, 0, to.n * to.n * sizeof *h);
  for (size_t r = 0; r < c->score_count; r++)
    for (size_t s = r; s < c->score_count; s++) {
      assemble_pair(&to, &c->scores[r], &c->scores[s], sum);
      sum += pair_size(c->scores[r].matrix, c->scores[s].matrix);
    }
  for (size_t k = 0; k < c->elsewhere_count; k++) {
    assemble_elsewhere(&to, c, c->elsewhere[k], sum);
    sum += c->score_width + tg_uniforms_(c->body);
  }
}
