#include "apply.h"

#include "load.h"
#include "memory.h"
#include "number.h"
#include "numbers.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE = 4096 };

/* A column of the model in the file: by name when there is a header, else by its place among the fields. */
static bool find_field(const apply *a, const char *name, size_t *field, failure *f)
{
  *field = levels_find(&a->reader.names, name, strlen(name));
  if (*field != NO_COLUMN) return true;
  return fail_at(
      f, (place){a->reader.in.name, 0, 0}, "there is no column '%.100s', which the model needs%s", name,
      !a->reader.header.is_header ? " (the file has no header: columns are named x1, x2, ...)"
      : !a->reader.header.sure    ? " (its first line was taken for a header; if it is a row: --header no)"
                                  : "");
}

static table_column *add_column(apply *a, const char *name, column_kind kind, size_t field, failure *f)
{
  if (!table_add_column(&a->table, name, kind, field, f)) return NULL;
  return &a->table.column[a->table.columns - 1];
}

static bool known_levels(const apply *a, table_column *column, const levels *known, failure *f)
{
  column->closed = true;
  return (levels_copy(&column->levels, known) && levels_by_value(&column->levels, a->reader.format.point)) ||
         fail_memory(f);
}

static bool add_feature(apply *a, const design_column *c, failure *f)
{
  size_t field;
  if (!find_field(a, c->name, &field, f)) return false;
  table_column *column = add_column(a, c->name, c->kind, field, f);
  if (column == NULL) return false;
  const missing_policy missing = a->model->design.missing;
  column->unseen_allowed = a->model->design.unseen_allowed;
  column->missing_allowed = missing == MISSING_MEAN || missing == MISSING_MEDIAN || a->drops;
  column->advice = "fit settles with --missing whether a model fills such values in";
  return known_levels(a, column, &c->levels, f);
}

static bool add_target(apply *a, const options *o, failure *f)
{
  const trained *m = a->model;
  const char *name = o->target != NULL ? o->target : m->target;
  const size_t field = name != NULL ? table_find(&a->reader, name) : NO_COLUMN;
  if (field == NO_COLUMN) {
    return fail_at(f, (place){a->reader.in.name, 0, 0}, "there is no target column '%.100s'",
                   name != NULL ? name : "");
  }
  a->role.target = a->table.columns;
  table_column *column = add_column(a, name, m->shape.classes == 0 ? COLUMN_NUMBER : COLUMN_LABEL, field, f);
  if (column == NULL) return false;
  column->predicted = true;
  column->missing_allowed = a->drops;
  return known_levels(a, column, &m->labels, f);
}

/* A column that an option names, or its number from 1, if there is one; else that of the model. */
static bool add_number(apply *a, const char *told, const char *of_model, size_t *role, failure *f)
{
  const char *name = told != NULL ? told : of_model;
  size_t field = NO_COLUMN;
  *role = NO_COLUMN;
  if (name == NULL) return true;
  if (told == NULL && !find_field(a, name, &field, f)) return false;
  if (told != NULL) field = table_find(&a->reader, told);
  if (field == NO_COLUMN)
    return fail_at(f, (place){a->reader.in.name, 0, 0}, "there is no column '%.100s'", name);
  *role = a->table.columns;
  table_column *column = add_column(a, name, COLUMN_NUMBER, field, f);
  if (column == NULL) return false;
  column->missing_allowed = a->drops;
  return true;
}

static bool open_table(apply *a, const options *o, bool needs_target, failure *f)
{
  if (a->model->design.sparse)
    return fail(f, "the model was made from a libsvm file, and these data are CSV");
  if (!table_open(&a->reader, o->data, format_of(o), f)) return false;
  a->drops = needs_target && a->model->design.missing == MISSING_DROP;
  for (size_t k = 0; k < a->model->design.columns; k++) {
    if (!add_feature(a, &a->model->design.column[k], f)) return false;
  }
  a->features = a->table.columns;
  if (needs_target && !add_target(a, o, f)) return false;
  if (a->model->offset == NULL && o->offset != NULL) return fail(f, "the model was made without offsets");
  if (!add_number(a, o->offset, a->model->offset, &a->role.offset, f)) return false;
  if (!add_number(a, needs_target ? o->weights : NULL, NULL, &a->role.weight, f)) return false;
  if (a->role.weight != NO_COLUMN)
    a->table.column[a->role.weight].nonnegative = a->table.column[a->role.weight].is_weight = true;
  return true;
}

/* Targets of a libsvm file as class numbers. */
static bool sparse_targets(apply *a, failure *f)
{
  const trained *m = a->model;
  for (size_t i = 0; m->shape.classes > 0 && i < a->sparse.rows; i++) {
    if (a->row_weight != NULL && a->row_weight[a->next + i] == 0) continue;
    char number[NUMBER_ROOM];
    const size_t length = number_write(a->sparse.target[i] + 0.0, number);
    const size_t level = levels_match(&m->labels, number, length);
    if (level == LEVEL_NONE) {
      return fail_at(f, (place){a->lines.in.name, 0, 0},
                     "the label %s of row %zu did not occur when the model was made", number,
                     a->next + i + 1);
    }
    a->sparse.target[i] = (double)level;
  }
  return true;
}

/* How many rows there are is known from the files with one number for each. */
static bool open_numbers(apply *a, double **x, const char *file, bool nonnegative, failure *f)
{
  size_t count = a->extras;
  if (!numbers_read(x, file, &count, nonnegative, f)) return false;
  a->extras = count;
  return true;
}

static bool open_sparse(apply *a, const options *o, bool needs_target, failure *f)
{
  if (!a->model->design.sparse)
    return fail(f, "the model was made from CSV, and these data are in libsvm format");
  a->is_sparse = true;
  a->needs_target = needs_target;
  if (a->model->offset == NULL && o->offset != NULL) return fail(f, "the model was made without offsets");
  if (a->model->offset != NULL && o->offset == NULL) {
    return fail(f, "the model was made with offsets: name the file with those of these rows (--offset)");
  }
  if (o->offset != NULL && !open_numbers(a, &a->row_offset, o->offset, false, f)) return false;
  if (needs_target && o->weights != NULL && !open_numbers(a, &a->row_weight, o->weights, true, f))
    return false;
  return libsvm_open(&a->lines, o->data, f);
}

bool apply_open(apply *a, const trained *m, const options *o, bool needs_target, failure *f)
{
  *a = (apply){.model = m, .role = {NO_COLUMN, NO_COLUMN, NO_COLUMN, false}};
  if (format_options(o, f) &&
      (is_libsvm(o) ? open_sparse(a, o, needs_target, f) : open_table(a, o, needs_target, f)))
    return true;
  apply_close(a);
  return false;
}

static bool score_piece(apply *a, failure *f)
{
  double *s = grow(a->scores, &a->scores_room, a->piece.rows * score_width(a->model), sizeof *s);
  if (s == NULL) return fail_memory(f);
  a->scores = s;
  return score(a->model, &a->piece, s) || fail_memory(f);
}

static bool read_piece(apply *a, failure *f)
{
  size_t row[PIECE];
  table_clear(&a->table);
  while (a->table.rows == 0 && !a->end) { /* all rows of a piece may be left out */
    if (!table_read(&a->reader, &a->table, PIECE, &a->end, f)) return false;
    if (a->drops) table_drop_missing(&a->table);
  }
  for (size_t i = 0; i < a->table.rows; i++) row[i] = i;
  return dataset_from_table(&a->piece, &a->model->design, &a->table, a->role, (row_list){row, a->table.rows},
                            f);
}

static bool sparse_piece(apply *a, failure *f)
{
  const design *d = &a->model->design;
  const known_columns known = {d->file_column, d->features};
  size_t row[PIECE];
  sparse_free(&a->sparse);
  if (!libsvm_next(&a->lines, &a->sparse, PIECE, d->base, &known, f)) return false;
  const size_t n = a->sparse.rows, end = a->next + n;
  const bool extras = a->row_weight != NULL || a->row_offset != NULL;
  if (extras && (n == 0 ? end != a->extras : end > a->extras)) {
    return fail_at(f, (place){a->lines.in.name, 0, 0}, "%s rows than the %zu weights or offsets",
                   n == 0 ? "fewer" : "more", a->extras);
  }
  if (n == 0) {
    a->end = true;
    if (a->next > 0) return true;
    return fail_at(f, (place){a->lines.in.name, 0, 0}, "the file has no rows");
  }
  if (a->needs_target && !sparse_targets(a, f)) return false;
  const double *weight = a->row_weight != NULL ? a->row_weight + a->next : NULL;
  const double *offset = a->row_offset != NULL ? a->row_offset + a->next : NULL;
  a->next = end;
  size_t kept = 0;
  for (size_t i = 0; i < n; i++) {
    if (weight == NULL || weight[i] > 0) row[kept++] = i;
  }
  a->dropped.weightless += n - kept;
  const sparse_extras beside = {weight, offset, false};
  return dataset_from_sparse(&a->piece, &a->sparse, beside, (row_list){row, kept}, f);
}

bool apply_next(apply *a, bool *failed, failure *f)
{
  *failed = false;
  if (a->end) return false;
  do {
    dataset_free(&a->piece);
    if (!(a->is_sparse ? sparse_piece(a, f) : read_piece(a, f))) return *failed = true, false;
  } while (a->piece.rows == 0 && !a->end);
  if (a->piece.rows == 0) return false;
  *failed = !score_piece(a, f);
  return !*failed;
}

const dropped_rows *apply_dropped(const apply *a) { return a->is_sparse ? &a->dropped : &a->table.dropped; }

bool apply_no_rows(const apply *a, const char *file, failure *f)
{
  const dropped_rows *d = apply_dropped(a);
  const place where = {file, 0, 0};
  if (d->missing + d->weightless == 0) return fail_at(f, where, "there are no rows to evaluate");
  if (d->missing == 0)
    return fail_at(f, where, "the weights of all %zu rows are 0: there is nothing to evaluate",
                   d->weightless);
  return fail_at(f, where, "every row has a missing value%s", d->weightless > 0 ? " or a weight of 0" : "");
}

static void note_dropped(size_t n, const char *which, const char *why)
{
  if (n == 0) return;
  fprintf(stderr, "tapegrad-train: %zu row%s %s %s left out%s\n", n, n == 1 ? "" : "s", which,
          n == 1 ? "is" : "are", why);
}

void apply_note(const apply *a)
{
  const unknown_entries *u = &a->lines.unknown;
  const dropped_rows *d = apply_dropped(a);
  note_dropped(d->missing, "with a missing value", ", as when the model was made");
  note_dropped(d->weightless, "of weight 0", "");
  if (!a->is_sparse && !a->reader.header.sure)
    say("%s: %s", a->reader.in.name, header_words(a->reader.header));
  if (u->count == 0) return;
  char passed[64] = "it was passed over";
  if (u->count > 1) snprintf(passed, sizeof passed, "%zu such entries were passed over", u->count);
  say("%s:%zu:%zu: column number %zu is none of the %zu columns of the model; %s", u->first.file,
      u->first.line, u->first.column, u->index, a->model->design.features, passed);
}

void apply_close(apply *a)
{
  table_close(&a->reader);
  libsvm_close(&a->lines);
  table_free(&a->table);
  dataset_free(&a->piece);
  sparse_free(&a->sparse);
  free(a->scores);
  free(a->row_weight);
  free(a->row_offset);
  *a = (apply){0};
}
