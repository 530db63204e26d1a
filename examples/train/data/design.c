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

/* As many columns at a time as fit into a piece of a table in a file, so that it is not read
 * once for each. */
static bool learn_fills(design *d, const table *t, row_list rows, failure *f)
{
  const size_t piece = t->paged != NULL ? t->paged->most * t->columns / (rows.count + 1) : 0,
               most = piece > 0 ? piece : 1;
  double *x = resize(NULL, rows.count, most * sizeof *x);
  if (x == NULL) return fail_memory(f);
  bool good = true;
  for (size_t first = 0; good && first < d->columns; first += most) {
    const size_t count = d->columns - first < most ? d->columns - first : most;
    for (size_t i = 0; i < rows.count; i++) {
      const double *cell = table_row(t, rows.at[i]) + first;
      for (size_t k = 0; k < count; k++) x[k * rows.count + i] = cell[k];
    }
    for (size_t k = 0; good && k < count; k++) {
      good = learn_fill(&d->column[first + k], x + k * rows.count, rows.count, d->missing, f);
    }
  }
  free(x);
  return good;
}

/* Which levels of the table's columns occur in the rows: used[k][level], NULL for a column of numbers. */
static void note_levels(const design *d, const table *t, row_list rows, bool *const *used)
{
  for (size_t i = 0; i < rows.count; i++) {
    const double *cell = table_row(t, rows.at[i]);
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

static bool learn_levels(design *d, const table *t, row_list rows)
{
  bool **used = zeroed(d->columns, sizeof *used), good = used != NULL, any = false;
  for (size_t k = 0; good && k < d->columns; k++) {
    if (d->column[k].kind == COLUMN_NUMBER) continue;
    used[k] = zeroed(t->column[k].levels.count, sizeof *used[k]);
    good = used[k] != NULL;
    any = true;
  }
  if (good && any) note_levels(d, t, rows, used);
  for (size_t k = 0; used != NULL && k < d->columns; k++) {
    good = good && (used[k] == NULL || take_levels(&d->column[k], &t->column[k].levels, used[k]));
    free(used[k]);
  }
  free(used);
  return good;
}

size_t design_width(const design_column *c)
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

bool design_learn(design *d, const table *t, size_t columns, row_list rows, failure *f)
{
  const missing_policy missing = d->missing;
  const bool fills = missing == MISSING_MEAN || missing == MISSING_MEDIAN;
  if (!copy_columns(d, t, columns) || !learn_levels(d, t, rows)) {
    design_free(d);
    return fail_memory(f);
  }
  for (size_t k = 0; k < columns; k++) d->features += design_width(&d->column[k]);
  if (!fills || learn_fills(d, t, rows, f)) return true;
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

bool design_covers(const design *d, const table *t, row_list rows, failure *f)
{
  bool some = false;
  for (size_t k = 0; k < d->columns; k++) {
    const design_column *c = &d->column[k];
    some = some || (c->number != NULL && c->levels.count < t->column[k].levels.count);
  }
  if (!some || d->unseen_allowed) return true;
  for (size_t i = 0; i < rows.count; i++) {
    const double *cell = table_row(t, rows.at[i]);
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
    const size_t size = design_width(c);
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

/* -- features -------------------------------------------------------------------------------------------- */

/* Which level a cell is: 0, the reference, for one that the design does not know. */
static size_t level_of(const design_column *c, double cell)
{
  if (isnan(cell)) return (size_t)c->fill;
  if (cell < 0) return 0;
  const size_t level = c->number != NULL ? c->number[(size_t)cell] : (size_t)cell;
  return level != LEVEL_NONE ? level : 0;
}

static double number_of(const design_column *c, double cell) { return isnan(cell) ? c->fill : cell; }

void design_encode(const design *d, const double *cell, double *x)
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

size_t design_encode_entries(const design *d, const double *cell, size_t *column, double *value)
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
    feature += design_width(c);
  }
  return n;
}
