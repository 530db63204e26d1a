#include "design.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -- learning -------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double mean_of(const double *x, size_t n)
{
  double mean = 0;
  for (size_t i = 0; i < n; i++) mean += x[i] / (double)n; /* divided first: no overflow */
  return mean;
}

static double median_of(double *x, size_t n)
{
  qsort(x, n, sizeof *x, by_value);
  return n % 2 == 1 ? x[n / 2] : x[n / 2 - 1] / 2 + x[n / 2] / 2;
}

static double most_frequent(double *x, size_t n)
{
  qsort(x, n, sizeof *x, by_value);
  double best = x[0];
  size_t most = 0;
  for (size_t i = 0; i < n;) {
    size_t j = i;
    while (j < n && x[j] == x[i]) j++;
    if (j - i > most) {
      most = j - i;
      best = x[i];
    }
    i = j;
  }
  return best;
}

/* The value to fill in, from the n values of a column; reorders them. */
static bool learn_fill(design_column *c, double *x, size_t rows, missing_policy missing, failure *f)
{
  size_t n = 0;
  for (size_t i = 0; i < rows; i++) {
    if (!isnan(x[i])) x[n++] = x[i];
  }
  if (n == 0) return fail(f, "column '%s' has no value at all in the rows to learn from", c->name);
  c->fill = c->kind != COLUMN_NUMBER    ? most_frequent(x, n)
            : missing == MISSING_MEDIAN ? median_of(x, n)
                                        : mean_of(x, n);
  if (c->number != NULL) c->fill = (double)c->number[(size_t)c->fill];
  return true;
}

/* As many columns at a time as fit into a piece of a table in a file, so that it is not read once for each.
 */
static bool learn_fills(design *d, const table *t, const size_t *row, size_t rows, failure *f)
{
  const size_t piece = t->paged != NULL ? t->paged->most * t->columns / (rows + 1) : 0,
               most = piece > 0 ? piece : 1;
  double *x = resize(NULL, rows, most * sizeof *x);
  if (x == NULL) return fail_memory(f);
  bool good = true;
  for (size_t first = 0; good && first < d->columns; first += most) {
    const size_t count = d->columns - first < most ? d->columns - first : most;
    for (size_t i = 0; i < rows; i++) {
      const double *cell = table_row(t, row[i]) + first;
      for (size_t k = 0; k < count; k++) x[k * rows + i] = cell[k];
    }
    for (size_t k = 0; good && k < count; k++) {
      good = learn_fill(&d->column[first + k], x + k * rows, rows, d->missing, f);
    }
  }
  free(x);
  return good;
}

/* Which levels of the table's columns occur in the rows: used[k][level], NULL for a column of numbers. */
static void note_levels(const design *d, const table *t, const size_t *row, size_t rows, bool *const *used)
{
  for (size_t i = 0; i < rows; i++) {
    const double *cell = table_row(t, row[i]);
    for (size_t k = 0; k < d->columns; k++) {
      if (used[k] != NULL && cell[k] >= 0) used[k][(size_t)cell[k]] = true;
    }
  }
}

/* The levels of a column that occur, numbered as they stand in the table's order. */
static bool take_levels(design_column *c, const levels *from, const bool *used)
{
  c->number = resize(NULL, from->count, sizeof *c->number);
  if (c->number == NULL) return false;
  for (size_t i = 0; i < from->count; i++) {
    c->number[i] = LEVEL_NONE;
    if (!used[i]) continue;
    c->number[i] = levels_add(&c->levels, from->text[i], from->length[i]);
    if (c->number[i] == LEVEL_NONE) return false;
  }
  return true;
}

static bool learn_levels(design *d, const table *t, const size_t *row, size_t rows)
{
  bool **used = zeroed(d->columns, sizeof *used), good = used != NULL, any = false;
  for (size_t k = 0; good && k < d->columns; k++) {
    if (d->column[k].kind == COLUMN_NUMBER) continue;
    used[k] = zeroed(t->column[k].levels.count, sizeof *used[k]);
    good = used[k] != NULL;
    any = true;
  }
  if (good && any) note_levels(d, t, row, rows, used);
  for (size_t k = 0; used != NULL && k < d->columns; k++) {
    good = good && (used[k] == NULL || take_levels(&d->column[k], &t->column[k].levels, used[k]));
    free(used[k]);
  }
  free(used);
  return good;
}

/* Of a category without any level: none. */
static size_t features_of_column(const design_column *c)
{
  return c->kind == COLUMN_NUMBER ? 1 : c->levels.count == 0 ? 0 : c->levels.count - 1;
}

static bool copy_columns(design *d, const table *t, size_t columns)
{
  d->columns = d->features = 0;
  d->column = zeroed(columns, sizeof *d->column);
  for (size_t k = 0; d->column != NULL && k < columns; k++) {
    design_column *c = &d->column[d->columns++];
    c->kind = t->column[k].kind;
    c->name = copy_text(t->column[k].name, strlen(t->column[k].name));
    if (c->name == NULL) return false;
  }
  return d->column != NULL;
}

bool design_learn(design *d, const table *t, size_t columns, const size_t *row, size_t rows, failure *f)
{
  const missing_policy missing = d->missing;
  const bool fills = missing == MISSING_MEAN || missing == MISSING_MEDIAN;
  if (!copy_columns(d, t, columns) || !learn_levels(d, t, row, rows)) {
    design_free(d);
    return fail_memory(f);
  }
  for (size_t k = 0; k < columns; k++) d->features += features_of_column(&d->column[k]);
  if (!fills || learn_fills(d, t, row, rows, f)) return true;
  design_free(d);
  return false;
}

static bool refuse_level(const design_column *c, const levels *l, size_t level, failure *f)
{
  char shown[EXCERPT_ROOM];
  return fail(f,
              "column '%s': '%s' occurs only in rows that are held back, not in those to learn from "
              "(--unseen reference takes it for the first level)",
              c->name, excerpt(shown, l->text[level], l->length[level]));
}

bool design_covers(const design *d, const table *t, const size_t *row, size_t rows, failure *f)
{
  bool some = false;
  for (size_t k = 0; k < d->columns; k++) {
    const design_column *c = &d->column[k];
    some = some || (c->number != NULL && c->levels.count < t->column[k].levels.count);
  }
  if (!some || d->unseen_allowed) return true;
  for (size_t i = 0; i < rows; i++) {
    const double *cell = table_row(t, row[i]);
    for (size_t k = 0; k < d->columns; k++) {
      const design_column *c = &d->column[k];
      if (c->number == NULL || !(cell[k] >= 0) || c->number[(size_t)cell[k]] != LEVEL_NONE) continue;
      return refuse_level(c, &t->column[k].levels, (size_t)cell[k], f);
    }
  }
  return true;
}

bool design_sparse(design *d, const sparse_rows *s, const size_t *column)
{
  d->sparse = true;
  d->features = s->columns;
  d->base = s->base;
  d->file_column = resize(NULL, d->features, sizeof *d->file_column);
  if (d->file_column != NULL) memcpy(d->file_column, column, d->features * sizeof *column);
  return d->file_column != NULL;
}

static bool same_column(const design_column *a, const design_column *b)
{
  return a->kind == b->kind && strcmp(a->name, b->name) == 0 && levels_same(&a->levels, &b->levels);
}

bool design_same(const design *a, const design *b)
{
  if (a->sparse != b->sparse || a->columns != b->columns || a->features != b->features) return false;
  if (a->sparse)
    return a->base == b->base && memcmp(a->file_column, b->file_column, a->features * sizeof(size_t)) == 0;
  for (size_t k = 0; k < a->columns; k++) {
    if (!same_column(&a->column[k], &b->column[k])) return false;
  }
  return true;
}

void design_free(design *d)
{
  for (size_t k = 0; k < d->columns; k++) {
    free(d->column[k].name);
    levels_free(&d->column[k].levels);
    free(d->column[k].number);
  }
  free(d->column);
  free(d->file_column);
  *d = (design){0};
}

const char *design_feature_name(const design *d, size_t j, char out[FEATURE_NAME_ROOM])
{
  if (d->sparse) snprintf(out, FEATURE_NAME_ROOM, "%zu", d->file_column[j] + (size_t)d->base);
  for (size_t k = 0; k < d->columns; k++) {
    const design_column *c = &d->column[k];
    const size_t size = features_of_column(c);
    if (j < size) {
      const bool number = c->kind == COLUMN_NUMBER;
      snprintf(out, FEATURE_NAME_ROOM, "%.120s%s%.120s", c->name, number ? "" : "=",
               number ? "" : c->levels.text[j + 1]);
      break;
    }
    j -= size;
  }
  return out;
}

/* -- rows ------------------------------------------------------------------------------------------------ */

/* Which level a cell is: 0, the reference, for one that the design does not know. */
static size_t level_of(const design_column *c, double cell)
{
  if (isnan(cell)) return (size_t)c->fill;
  if (cell < 0) return 0;
  const size_t level = c->number != NULL ? c->number[(size_t)cell] : (size_t)cell;
  return level != LEVEL_NONE ? level : 0;
}

static double number_of(const design_column *c, double cell) { return isnan(cell) ? c->fill : cell; }

static void encode_row(const design *d, const double *cell, double *x)
{
  for (size_t k = 0; k < d->columns; k++) {
    const design_column *c = &d->column[k];
    if (c->kind == COLUMN_NUMBER) {
      *x++ = number_of(c, cell[k]);
      continue;
    }
    const size_t level = level_of(c, cell[k]);
    for (size_t i = 1; i < c->levels.count; i++) *x++ = i == level;
  }
}

/* The offset, weight and target, as far as there are any. */
static void fill_beside(const dataset *s, const double *cell, roles role, double *x)
{
  if (s->has_offset) *x++ = cell[role.offset];
  if (s->has_weight) *x++ = role.weight != NO_COLUMN ? cell[role.weight] : 1;
  if (s->has_target) *x = cell[role.target];
}

static void fill_row(const dataset *s, const design *d, const double *cell, roles role, double *x)
{
  encode_row(d, cell, x);
  fill_beside(s, cell, role, x + s->features);
}

/* From a file to a file. */
static bool fill_paged(dataset *s, const design *d, const table *t, roles role, const size_t *row, failure *f)
{
  double *x = resize(NULL, s->width, sizeof *x);
  if (x == NULL) return fail_memory(f);
  s->paged = paged_new(s->width, t->paged->most, f);
  bool good = s->paged != NULL;
  for (size_t i = 0; good && i < s->rows; i++) {
    fill_row(s, d, table_row(t, row[i]), role, x);
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
static bool is_table_itself(const dataset *s, const design *d, const table *t, const size_t *row)
{
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

/* Every number has an entry, also a zero, and every category one but at its first level. Returns how many. */
static size_t encode_entries(const design *d, const double *cell, size_t *column, double *value)
{
  size_t n = 0, feature = 0;
  for (size_t k = 0; k < d->columns; k++) {
    const design_column *c = &d->column[k];
    const bool number = c->kind == COLUMN_NUMBER;
    const size_t level = number ? 0 : level_of(c, cell[k]);
    if (number || level > 0) {
      column[n] = feature + (number ? 0 : level - 1);
      value[n++] = number ? number_of(c, cell[k]) : 1;
    }
    feature += features_of_column(c);
  }
  return n;
}

static void fill_sparse(dataset *s, const design *d, const table *t, roles role, const size_t *row)
{
  sparse_rows *p = &s->sparse;
  p->row_start[0] = 0;
  for (size_t i = 0; i < s->rows; i++) {
    const size_t at = p->row_start[i];
    const double *cell = table_row(t, row[i]);
    p->row_start[i + 1] = at + encode_entries(d, cell, p->column + at, p->value + at);
    p->target[i] = s->has_target ? cell[role.target] : 0;
    if (s->table == NULL) continue;
    fill_beside(s, cell, role, s->table + i * s->beside);
    s->number[i] = (double)i;
  }
}

static bool sparse_from_table(dataset *s, const design *d, const table *t, roles role, const size_t *row,
                              failure *f)
{
  sparse_rows *p = &s->sparse;
  const bool beside = s->has_offset || s->has_weight;
  s->is_sparse = true;
  s->beside = s->width - s->features;
  *p = (sparse_rows){.rows = s->rows, .columns = s->features};
  p->row_start = resize(NULL, s->rows + 1, sizeof *p->row_start);
  p->column = resize(NULL, s->rows, d->columns * sizeof *p->column);
  p->value = resize(NULL, s->rows, d->columns * sizeof *p->value);
  p->target = resize(NULL, s->rows, sizeof *p->target);
  if (beside) s->table = resize(NULL, s->rows, s->beside * sizeof *s->table);
  if (beside) s->number = resize(NULL, s->rows, sizeof *s->number);
  const bool there =
      p->row_start && p->column && p->value && p->target && (!beside || (s->table && s->number));
  if (!there) {
    dataset_free(s);
    return fail_memory(f);
  }
  fill_sparse(s, d, t, role, row);
  if (paged_good(t->paged, f)) return true;
  dataset_free(s);
  return false;
}

bool dataset_from_table(dataset *s, const design *d, const table *t, roles role, const size_t *row,
                        size_t rows, failure *f)
{
  *s = (dataset){.rows = rows, .features = d->features};
  s->has_offset = role.offset != NO_COLUMN;
  s->has_weight = role.weight != NO_COLUMN || role.unit_weight;
  s->has_target = role.target != NO_COLUMN;
  s->width = s->features + (size_t)s->has_offset + (size_t)s->has_weight + (size_t)s->has_target;
  if (s->width == 0) return fail(f, "there is no column to learn from");
  if (wants_sparse(d, t, rows)) return sparse_from_table(s, d, t, role, row, f);
  if (t->paged != NULL && rows > t->paged->most) return fill_paged(s, d, t, role, row, f);
  s->borrowed = is_table_itself(s, d, t, row);
  if (s->borrowed) return s->values = t->cell, true;
  if (rows > (size_t)-1 / s->width) return fail_memory(f);
  s->values = resize(NULL, rows * s->width, sizeof *s->values);
  if (s->values == NULL) return fail_memory(f);
  for (size_t i = 0; i < rows; i++) fill_row(s, d, table_row(t, row[i]), role, s->values + i * s->width);
  if (paged_good(t->paged, f)) return true;
  dataset_free(s);
  return false;
}

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

bool dataset_from_sparse(dataset *s, const sparse_rows *from, sparse_extras extras, const size_t *row,
                         size_t rows, failure *f)
{
  *s = (dataset){.rows = rows,
                 .features = from->columns,
                 .has_target = true,
                 .has_offset = extras.offset != NULL,
                 .has_weight = extras.weight != NULL || extras.unit_weight};
  s->beside = (size_t)s->has_offset + (size_t)s->has_weight + 1;
  if (is_dense(from)) return fill_in(s, from, &extras, row, f);
  s->is_sparse = true;
  if (are_all(row, rows)) return borrow_sparse(s, from, &extras, row, f);
  size_t entries = 0;
  for (size_t i = 0; i < rows; i++) entries += from->row_start[row[i] + 1] - from->row_start[row[i]];
  sparse_rows *p = &s->sparse;
  *p = (sparse_rows){.rows = rows, .columns = from->columns, .base = from->base};
  p->row_start = resize(NULL, rows + 1, sizeof *p->row_start);
  p->column = resize(NULL, entries, sizeof *p->column);
  p->value = resize(NULL, entries, sizeof *p->value);
  p->target = resize(NULL, rows, sizeof *p->target);
  const bool there = p->row_start != NULL && p->column != NULL && p->value != NULL && p->target != NULL;
  if (!there || !fill_table(s, from, &extras, row)) {
    dataset_free(s);
    return fail_memory(f);
  }
  p->row_start[0] = 0;
  for (size_t i = 0; i < rows; i++) {
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
  if (s->is_sparse)
    s->table[i * s->beside + s->has_offset] *= factor;
  else
    dataset_edit(s, i)[s->features + s->has_offset] *= factor;
}
