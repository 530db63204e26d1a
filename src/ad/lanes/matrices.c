/* Rows over the same vectors belong to one matrix, in the order in which they were found. The matrix stands where its
 * first row does; a later row joins unless it goes on from a slot that is filled only after that. When all rows are
 * known, coefficients become numbers of uniforms, and a matrix whose coefficients are uniforms in a row, as weights
 * in theta often are, is used where it lies. */
#include "compile.h"

#include <string.h>

/* ---- Rows. ---- */

static uint64_t row_hash(const tg_compiler_ *c, const tg_matrix_row_ *r)
{
  uint64_t h =
      (uint64_t)r->columns << 2 | (uint64_t)(r->y_start != TG_NO_VALUE) << 1 | (r->end != TG_NO_VALUE);
  for (uint32_t j = 0; j < r->columns; j++) {
    h = (h ^ c->row_terms[r->first + 2 * j + 1]) * UINT64_C(0x9e3779b97f4a7c15);
    h ^= h >> 29;
  }
  return h;
}

static bool rows_match(const tg_compiler_ *c, const tg_matrix_row_ *r, const tg_matrix_row_ *s)
{
  if (r->columns != s->columns || (r->end == TG_NO_VALUE) != (s->end == TG_NO_VALUE) ||
      (r->start == TG_NO_VALUE) != (s->start == TG_NO_VALUE) ||
      (r->y_start == TG_NO_VALUE) != (s->y_start == TG_NO_VALUE))
    return false;
  for (uint32_t j = 0; j < r->columns; j++)
    if (c->row_terms[r->first + 2 * j + 1] != c->row_terms[s->first + 2 * j + 1]) return false;
  return true;
}

static bool grow_table(tg_compiler_ *c)
{
  if (2 * (c->group_count + 1) < c->table_size) return true;
  const size_t size = c->table_size != 0 ? 2 * c->table_size : 64;
  uint32_t *table = tg_memory_resize_(NULL, size, sizeof *table);
  if (table == NULL) return false;
  memset(table, 0, size * sizeof *table);
  for (size_t i = 0; i < c->group_count; i++) {
    size_t at = (size_t)row_hash(c, &c->rows[c->groups[i].first]) & (size - 1);
    while (table[at] != 0) at = (at + 1) & (size - 1);
    table[at] = (uint32_t)i + 1;
  }
  tg_memory_free_(c->table);
  c->table = table;
  c->table_size = size;
  return true;
}

/* A row that starts from a vector joins a matrix only if that vector is there when the matrix runs. */
static bool start_is_early(const tg_compiler_ *c, const tg_matrix_row_ *r, const tg_row_group_ *g)
{
  return r->y_start == TG_NO_VALUE || c->made_at[r->y_start] < g->step;
}

/* The row joins a matrix that is there. */
static void join(tg_compiler_ *c, tg_row_group_ *g, uint32_t index)
{
  c->rows[g->last].next = index;
  g->last = index;
  g->rows++;
  c->made_at[c->rows[index].slot] = g->step;
}

void tg_add_row_(tg_compiler_ *c, tg_matrix_row_ r)
{
  if (!tg_compile_room_(c, &c->rows, &c->row_capacity, c->row_count + 1, sizeof *c->rows) ||
      !tg_compile_room_(c, &c->groups, &c->group_capacity, c->group_count + 1, sizeof *c->groups))
    return;
  if (!grow_table(c)) {
    tg_compile_fail_(c, TG_E_NOMEM);
    return;
  }
  const uint32_t index = (uint32_t)c->row_count++;
  r.next = TG_NO_VALUE;
  c->rows[index] = r;
  size_t at = (size_t)row_hash(c, &r) & (c->table_size - 1);
  for (; c->table[at] != 0; at = (at + 1) & (c->table_size - 1)) {
    tg_row_group_ *g = &c->groups[c->table[at] - 1];
    if (!rows_match(c, &c->rows[g->first], &r) || !start_is_early(c, &r, g)) continue;
    join(c, g, index);
    return;
  }
  c->table[at] = (uint32_t)c->group_count + 1;
  c->groups[c->group_count] = (tg_row_group_){index, index, 1, (uint32_t)c->b->step_count};
  tg_new_step_(c, (tg_body_step_){.kind = TG_BODY_MATRIX, .index = (uint32_t)c->group_count++});
}

/* ---- Matrices in their final form. ---- */

static uint32_t signed_uniform(tg_compiler_ *c, uint32_t value)
{
  return tg_uniform_of_(c, value & ~TG_NEGATED) | (value & TG_NEGATED);
}

static bool is_contiguous(const tg_body_ *b, const tg_body_matrix_ *m)
{
  const size_t n = (size_t)m->rows * m->columns;
  for (size_t i = 0; i < n; i++)
    if (b->lists[m->coefficient + i] != b->lists[m->coefficient] + i) return false;
  return n > 0 && (b->lists[m->coefficient] & TG_NEGATED) == 0;
}

static uint32_t uniform_column(tg_compiler_ *c, const tg_row_group_ *g, bool end)
{
  const tg_matrix_row_ *first = &c->rows[g->first];
  if ((end ? first->end : first->start) == TG_NO_VALUE) return TG_NO_OPERAND;
  const uint32_t made = tg_new_list_(c, g->rows);
  uint32_t k = 0;
  for (uint32_t i = g->first; i != TG_NO_VALUE && c->status == TG_OK; i = c->rows[i].next, k++)
    c->b->lists[made + k] = signed_uniform(c, end ? c->rows[i].end : c->rows[i].start);
  return made;
}

/* Where every sparse column of the sample stands among those of a matrix. */
static uint32_t sparse_positions(tg_compiler_ *c, const uint32_t *terms, uint32_t columns)
{
  bool same = columns == c->sparse;
  for (uint32_t j = 0; j < columns && same; j++) same = tg_column_of_(c, terms[2 * j + 1]) == j;
  if (same) return TG_NO_OPERAND;
  const uint32_t made = tg_new_list_(c, c->sparse);
  if (c->status != TG_OK) return made;
  uint32_t *position = c->b->lists + made;
  for (size_t i = 0; i < c->sparse; i++) position[i] = UINT32_MAX;
  for (uint32_t j = 0; j < columns; j++) {
    uint32_t *at = &position[tg_column_of_(c, terms[2 * j + 1])];
    *at = j;
  }
  return made;
}

static void find_vectors(tg_compiler_ *c, tg_body_matrix_ *m, const uint32_t *terms)
{
  for (uint32_t j = 0; j < m->columns && c->status == TG_OK; j++) {
    const uint32_t x = tg_vector_of_(c, terms[2 * j + 1]);
    uint32_t *list_x = c->b->lists + m->x;
    list_x[j] = x;
    m->in_data = (x & TG_IN_DATA) != 0;
    for (uint32_t i = 0; i < j && !m->in_data && m->columns < 256; i++)
      m->repeated = m->repeated || list_x[i] == x;
  }
  m->repeated = m->repeated || m->columns >= 256; /* not worth finding out */
}

/* The vectors of all rows; those of sparse data are columns by number. */
static void set_vectors(tg_compiler_ *c, tg_body_matrix_ *m, const tg_matrix_row_ *first)
{
  if (m->columns == 0) return;
  const uint32_t *terms = c->row_terms + first->first;
  if (c->sparse == 0 || !tg_is_sparse_column_(c, terms[1])) {
    find_vectors(c, m, terms);
    return;
  }
  m->in_data = true;
  m->position = sparse_positions(c, terms, m->columns);
  for (uint32_t j = 0; j < m->columns && c->status == TG_OK; j++)
    c->b->lists[m->x + j] = tg_column_of_(c, terms[2 * j + 1]);
}

/* Row k of the matrix: its slots and coefficients. Over sparse data these lie column by column. */
static void set_row(tg_compiler_ *c, tg_body_matrix_ *m, uint32_t k, const tg_matrix_row_ *r)
{
  tg_body_ *b = c->b;
  const bool by_columns = c->sparse > 0 && m->in_data;
  b->lists[m->y + k] = r->slot;
  if (m->y_start != TG_NO_OPERAND) b->lists[m->y_start + k] = r->y_start;
  for (uint32_t j = 0; j < m->columns; j++) {
    const uint32_t u = signed_uniform(c, c->row_terms[r->first + 2 * j]);
    b->lists[m->coefficient + (by_columns ? j * m->rows + k : k * m->columns + j)] = u;
    m->constant = m->constant && !tg_varies_with_theta_(b, u);
  }
  const uint32_t ends[2] = {m->start, m->end};
  for (unsigned e = 0; e < 2; e++)
    if (ends[e] != TG_NO_OPERAND && tg_varies_with_theta_(b, b->lists[ends[e] + k])) m->free_start = true;
}

static void finish_matrix(tg_compiler_ *c, const tg_row_group_ *g)
{
  tg_body_ *b = c->b;
  const tg_matrix_row_ *first = &c->rows[g->first];
  tg_body_matrix_ m = {
      .rows = g->rows, .columns = first->columns, .constant = true, .position = TG_NO_OPERAND};
  m.coefficient = tg_new_list_(c, (size_t)m.rows * m.columns);
  m.x = tg_new_list_(c, m.columns);
  m.y = tg_new_list_(c, m.rows);
  m.y_start = first->y_start != TG_NO_VALUE ? tg_new_list_(c, m.rows) : TG_NO_OPERAND;
  m.start = uniform_column(c, g, false);
  m.end = uniform_column(c, g, true);
  if (c->status != TG_OK ||
      !tg_compile_room_(c, &b->matrices, &b->matrix_capacity, b->matrix_count + 1, sizeof *b->matrices))
    return;
  set_vectors(c, &m, first);
  uint32_t k = 0;
  for (uint32_t i = g->first; i != TG_NO_VALUE && c->status == TG_OK; i = c->rows[i].next)
    set_row(c, &m, k++, &c->rows[i]);
  if (c->status != TG_OK) return;
  m.contiguous = is_contiguous(b, &m);
  m.w = b->weights;
  m.w_ends = m.w + (m.contiguous ? 0 : (size_t)m.rows * m.columns);
  b->weights = m.w_ends + 2 * m.rows;
  b->matrices[b->matrix_count++] = m;
}

void tg_finish_matrices_(tg_compiler_ *c)
{
  for (size_t i = 0; i < c->group_count && c->status == TG_OK; i++) finish_matrix(c, &c->groups[i]);
}
