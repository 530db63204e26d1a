#include "dataset.h"

#include "memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -- from a table ---------------------------------------------------------------------------------------- */

typedef struct table_source {
  const design *design;
  const table *table;
  roles role;
} table_source;

/* The offset, weight and target, as far as there are any. */
static void fill_beside(const dataset *s, const double *cell, roles role, double *x)
{
  if (s->has_offset) *x++ = cell[role.offset];
  if (s->has_weight) *x++ = role.weight != NO_COLUMN ? cell[role.weight] : 1;
  if (s->has_target) *x = cell[role.target];
}

static void fill_row(const dataset *s, const table_source *from, size_t row, double *x)
{
  const double *cell = table_row(from->table, row);
  design_encode(from->design, cell, x);
  fill_beside(s, cell, from->role, x + s->features);
}

/* From a file to a file. */
static bool fill_paged(dataset *s, const table_source *from, const size_t *row, failure *f)
{
  const table *t = from->table;
  double *x = resize(NULL, s->width, sizeof *x);
  if (x == NULL) return fail_memory(f);
  s->paged = paged_new(s->width, t->paged->most, f);
  bool good = s->paged != NULL;
  for (size_t i = 0; good && i < s->rows; i++) {
    fill_row(s, from, row[i], x);
    good = paged_append(s->paged, x) || paged_good(s->paged, f);
  }
  free(x);
  good = good && paged_good(t->paged, f);
  if (!good) dataset_free(s);
  return good;
}

static bool are_all(const size_t *row, size_t rows)
{
  for (size_t i = 0; i < rows; i++) {
    if (row[i] != i) return false;
  }
  return true;
}

/* Are the wanted rows those of the table, cell by cell? Then they need not be copied. */
static bool is_table_itself(const dataset *s, const table_source *from, const size_t *row)
{
  const design *d = from->design;
  const table *t = from->table;
  if (t->paged != NULL || s->width != t->columns || s->has_weight || s->has_offset) return false;
  if (d->missing == MISSING_MEAN || d->missing == MISSING_MEDIAN) return false;
  for (size_t k = 0; k < d->columns; k++) {
    if (d->column[k].kind != COLUMN_NUMBER) return false;
  }
  return are_all(row, s->rows);
}

/* Large categories: at least that many numbers, three quarters and more of which are zero, are better kept as
 * compressed rows. */
enum { DENSE_NUMBERS = 1 << 20 };

/* Of a table in a file they are kept so too, in memory, unless they take more of it than a piece of the dense
 * rows would. */
static bool wants_sparse(const design *d, const table *t, size_t rows)
{
  const double numbers = (double)rows * (double)d->features, entries = (double)rows * (double)d->columns;
  if (d->columns >= d->features / 4 || numbers <= (double)DENSE_NUMBERS) return false;
  return t->paged == NULL || 2 * entries <= (double)t->paged->most * (double)d->features;
}

static void fill_sparse(dataset *s, const table_source *from, const size_t *row)
{
  sparse_rows *p = &s->sparse;
  p->row_start[0] = 0;
  for (size_t i = 0; i < s->rows; i++) {
    const size_t at = p->row_start[i];
    const double *cell = table_row(from->table, row[i]);
    p->row_start[i + 1] = at + design_encode_entries(from->design, cell, p->column + at, p->value + at);
    p->target[i] = s->has_target ? cell[from->role.target] : 0;
    if (s->table == NULL) continue;
    fill_beside(s, cell, from->role, s->table + i * s->beside);
    s->number[i] = (double)i;
  }
}

static bool sparse_from_table(dataset *s, const table_source *from, const size_t *row, failure *f)
{
  const size_t columns = from->design->columns;
  sparse_rows *p = &s->sparse;
  const bool beside = s->has_offset || s->has_weight;
  s->is_sparse = true;
  s->beside = s->width - s->features;
  *p = (sparse_rows){.rows = s->rows, .columns = s->features};
  p->row_start = resize(NULL, s->rows + 1, sizeof *p->row_start);
  p->column = resize(NULL, s->rows, columns * sizeof *p->column);
  p->value = resize(NULL, s->rows, columns * sizeof *p->value);
  p->target = resize(NULL, s->rows, sizeof *p->target);
  if (beside) s->table = resize(NULL, s->rows, s->beside * sizeof *s->table);
  if (beside) s->number = resize(NULL, s->rows, sizeof *s->number);
  const bool there =
      p->row_start && p->column && p->value && p->target && (!beside || (s->table && s->number));
  if (!there) {
    dataset_free(s);
    return fail_memory(f);
  }
  fill_sparse(s, from, row);
  if (paged_good(from->table->paged, f)) return true;
  dataset_free(s);
  return false;
}

static bool dense_from_table(dataset *s, const table_source *from, const size_t *row, failure *f)
{
  if (s->rows > (size_t)-1 / s->width) return fail_memory(f);
  s->values = resize(NULL, s->rows * s->width, sizeof *s->values);
  if (s->values == NULL) return fail_memory(f);
  for (size_t i = 0; i < s->rows; i++) fill_row(s, from, row[i], s->values + i * s->width);
  if (paged_good(from->table->paged, f)) return true;
  dataset_free(s);
  return false;
}

bool dataset_from_table(dataset *s, const design *d, const table *t, roles role, row_list rows, failure *f)
{
  const table_source from = {d, t, role};
  *s = (dataset){.rows = rows.count, .features = d->features};
  s->has_offset = role.offset != NO_COLUMN;
  s->has_weight = role.weight != NO_COLUMN || role.unit_weight;
  s->has_target = role.target != NO_COLUMN;
  s->width = s->features + (size_t)s->has_offset + (size_t)s->has_weight + (size_t)s->has_target;
  if (s->width == 0) return fail(f, "there is no column to learn from");
  if (wants_sparse(d, t, s->rows)) return sparse_from_table(s, &from, rows.at, f);
  if (t->paged != NULL && s->rows > t->paged->most) return fill_paged(s, &from, rows.at, f);
  s->borrowed = is_table_itself(s, &from, rows.at);
  if (!s->borrowed) return dense_from_table(s, &from, rows.at, f);
  s->values = t->cell;
  return true;
}

/* -- from a sparse file ----------------------------------------------------------------------------------- */

/* A quarter of all entries and more: skipping zeros costs more than it saves. */
static bool is_dense(const sparse_rows *s)
{
  return (double)s->row_start[s->rows] >= 0.25 * (double)s->rows * (double)s->columns;
}

/* The offset, weight and target of a row of the file, as far as there are any. */
static void fill_extras(const dataset *s, const sparse_rows *from, const sparse_extras *extras, size_t row,
                        double *x)
{
  if (s->has_offset) *x++ = extras->offset[row];
  if (s->has_weight) *x++ = extras->weight != NULL ? extras->weight[row] : 1;
  *x = from->target[row];
}

static bool fill_in(dataset *s, const sparse_rows *from, const sparse_extras *extras, const size_t *row,
                    failure *f)
{
  s->width = s->features + s->beside;
  s->values = zeroed(s->rows, s->width * sizeof *s->values);
  if (s->values == NULL) return fail_memory(f);
  for (size_t i = 0; i < s->rows; i++) {
    double *x = s->values + i * s->width;
    for (size_t e = from->row_start[row[i]]; e < from->row_start[row[i] + 1]; e++)
      x[from->column[e]] = from->value[e];
    fill_extras(s, from, extras, row[i], x + s->features);
  }
  return true;
}

static bool fill_table(dataset *s, const sparse_rows *from, const sparse_extras *extras, const size_t *row)
{
  if (!s->has_offset && !s->has_weight) return true;
  s->table = resize(NULL, s->rows, s->beside * sizeof *s->table);
  s->number = resize(NULL, s->rows, sizeof *s->number);
  if (s->table == NULL || s->number == NULL) return false;
  for (size_t i = 0; i < s->rows; i++) {
    s->number[i] = (double)i;
    fill_extras(s, from, extras, row[i], s->table + i * s->beside);
  }
  return true;
}

static bool borrow_sparse(dataset *s, const sparse_rows *from, const sparse_extras *extras, const size_t *row,
                          failure *f)
{
  s->borrowed = true;
  s->sparse = *from;
  s->sparse.rows = s->rows;
  if (fill_table(s, from, extras, row)) return true;
  dataset_free(s);
  return fail_memory(f);
}

static bool copy_sparse(dataset *s, const sparse_rows *from, const size_t *row)
{
  size_t entries = 0;
  for (size_t i = 0; i < s->rows; i++) entries += from->row_start[row[i] + 1] - from->row_start[row[i]];
  sparse_rows *p = &s->sparse;
  *p = (sparse_rows){.rows = s->rows, .columns = from->columns, .base = from->base};
  p->row_start = resize(NULL, s->rows + 1, sizeof *p->row_start);
  p->column = resize(NULL, entries, sizeof *p->column);
  p->value = resize(NULL, entries, sizeof *p->value);
  p->target = resize(NULL, s->rows, sizeof *p->target);
  if (!p->row_start || !p->column || !p->value || !p->target) return false;
  p->row_start[0] = 0;
  for (size_t i = 0; i < s->rows; i++) {
    const size_t start = from->row_start[row[i]], count = from->row_start[row[i] + 1] - start,
                 at = p->row_start[i];
    if (count > 0) {
      memcpy(p->column + at, from->column + start, count * sizeof *p->column);
      memcpy(p->value + at, from->value + start, count * sizeof *p->value);
    }
    p->target[i] = from->target[row[i]];
    p->row_start[i + 1] = at + count;
  }
  return true;
}

bool dataset_from_sparse(dataset *s, const sparse_rows *from, sparse_extras extras, row_list rows, failure *f)
{
  *s = (dataset){.rows = rows.count,
                 .features = from->columns,
                 .has_target = true,
                 .has_offset = extras.offset != NULL,
                 .has_weight = extras.weight != NULL || extras.unit_weight};
  s->beside = (size_t)s->has_offset + (size_t)s->has_weight + 1;
  if (is_dense(from)) return fill_in(s, from, &extras, rows.at, f);
  s->is_sparse = true;
  if (are_all(rows.at, rows.count)) return borrow_sparse(s, from, &extras, rows.at, f);
  if (copy_sparse(s, from, rows.at) && fill_table(s, from, &extras, rows.at)) return true;
  dataset_free(s);
  return fail_memory(f);
}

/* -- the rows -------------------------------------------------------------------------------------------- */

void dataset_free(dataset *s)
{
  if (!s->borrowed) {
    free(s->values);
    sparse_free(&s->sparse);
  }
  free(s->scaled);
  free(s->table);
  free(s->number);
  paged_free(s->paged);
  *s = (dataset){0};
}

bool dataset_is_raw(const dataset *s) { return s->borrowed && s->scaled == NULL; }

const double *dataset_row(const dataset *s, size_t i)
{
  assert(i < s->rows && (s->values != NULL || s->paged != NULL));
  return s->paged != NULL ? paged_row(s->paged, i) : s->values + i * s->width;
}

double *dataset_edit(dataset *s, size_t i)
{
  if (s->paged == NULL) return s->values + i * s->width;
  double *row = paged_row(s->paged, i);
  paged_changed(s->paged);
  return row;
}

bool dataset_good(const dataset *s, failure *f) { return paged_good(s->paged, f); }

double dataset_target(const dataset *s, size_t i)
{
  assert(s->has_target && i < s->rows);
  return s->is_sparse ? s->sparse.target[i] : dataset_row(s, i)[s->width - 1];
}

double dataset_weight(const dataset *s, size_t i)
{
  if (!s->has_weight) return 1;
  return s->is_sparse ? s->table[i * s->beside + s->has_offset]
                      : dataset_row(s, i)[s->features + s->has_offset];
}

double dataset_offset(const dataset *s, size_t i)
{
  if (!s->has_offset) return 0;
  return s->is_sparse ? s->table[i * s->beside] : dataset_row(s, i)[s->features];
}

void dataset_weigh(dataset *s, size_t i, double factor)
{
  assert(s->has_weight && i < s->rows);
  if (s->is_sparse)
    s->table[i * s->beside + s->has_offset] *= factor;
  else
    dataset_edit(s, i)[s->features + s->has_offset] *= factor;
}
