#include "table.h"

#include "memory.h"
#include "number.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* -- opening --------------------------------------------------------------------------------------------- */

static place field_place(const table_reader *r, const csv_field *field)
{
  return (place){r->in.name, field->line, field->column};
}

static bool add_name(table_reader *r, const csv_field *field, size_t i, failure *f)
{
  char number[32];
  const char *text = field->text;
  size_t length = field->length;
  if (!r->header.is_header || length == 0) {
    const int n = snprintf(number, sizeof number, r->header.is_header ? "column %zu" : "x%zu", i + 1);
    text = number;
    length = (size_t)n;
  }
  const size_t place_of_name = levels_add(&r->names, text, length);
  if (place_of_name == LEVEL_NONE) return fail_memory(f);
  if (place_of_name == i) return true;
  char shown[EXCERPT_ROOM];
  return fail_at(f, field_place(r, field), "columns %zu and %zu are both named '%s'", place_of_name + 1,
                 i + 1, excerpt(shown, text, length));
}

enum {
  KEPT_RECORDS = 200,
  KEPT_BYTES = 1 << 20
}; /* looked at before it is settled whether there is a header */

/* The first records, to be read again by next_record; `most` of them, or as many as fit. */
static bool keep_records(table_reader *r, size_t most, failure *f)
{
  r->kept = zeroed(most, sizeof *r->kept);
  if (r->kept == NULL) return fail_memory(f);
  for (size_t bytes = 0; r->kept_count < most && bytes < KEPT_BYTES; r->kept_count++) {
    const csv_result result = csv_next(&r->csv, f);
    if (result == CSV_FAILED) return false;
    if (result == CSV_END) return true;
    if (!record_keep(&r->kept[r->kept_count], &r->csv)) return fail_memory(f);
    for (size_t i = 0; i < r->csv.fields; i++) bytes += r->csv.field[i].length + sizeof(csv_field);
  }
  return true;
}

static bool read_header(table_reader *r, failure *f)
{
  const bool asked = r->format.header == HEADER_AUTO;
  if (!keep_records(r, asked ? KEPT_RECORDS : 1, f)) return false;
  if (r->kept_count == 0) return fail_at(f, (place){r->in.name, 0, 0}, "the file is empty");
  r->header = (header_guess){r->format.header == HEADER_YES, true};
  if (asked && !header_find(&r->header, r->kept, r->kept_count, r->format.point)) return fail_memory(f);
  r->next_kept = r->header.is_header ? 1 : 0;
  for (size_t i = 0; i < r->kept->fields; i++) {
    if (!add_name(r, &r->kept->field[i], i, f)) return false;
  }
  r->column_of = resize(NULL, r->names.count, sizeof *r->column_of);
  return r->column_of != NULL || fail_memory(f);
}

/* The next row: one that was kept, or from the file. */
static csv_result next_record(table_reader *r, failure *f)
{
  if (r->next_kept < r->kept_count) {
    const kept_record *kept = &r->kept[r->next_kept++];
    r->field = kept->field;
    r->fields = kept->fields;
    return CSV_RECORD;
  }
  const csv_result result = csv_next(&r->csv, f);
  r->field = r->csv.field;
  r->fields = r->csv.fields;
  return result;
}

static bool open_rest(table_reader *r, failure *f)
{
  if (csv_start(&r->csv, &r->in, r->format.delimiter, f) && read_header(r, f)) return true;
  table_close(r);
  return false;
}

bool table_open(table_reader *r, const char *file, table_format format, failure *f)
{
  *r = (table_reader){.format = format};
  return input_open(&r->in, file, f) && open_rest(r, f);
}

bool table_open_memory(table_reader *r, const char *bytes, size_t length, table_format format, failure *f)
{
  *r = (table_reader){.format = format};
  return input_memory(&r->in, "memory", bytes, length, f) && open_rest(r, f);
}

void table_close(table_reader *r)
{
  csv_end(&r->csv);
  input_close(&r->in);
  levels_free(&r->names);
  free(r->column_of);
  for (size_t i = 0; i < r->kept_count; i++) record_free(&r->kept[i]);
  free(r->kept);
  *r = (table_reader){0};
}

size_t table_find(const table_reader *r, const char *name)
{
  const size_t length = strlen(name);
  const size_t found = levels_find(&r->names, name, length);
  if (found != LEVEL_NONE) return found;
  size_t number = 0;
  for (size_t i = 0; i < length; i++) {
    if (name[i] < '0' || name[i] > '9' || number > r->names.count) return NO_COLUMN;
    number = 10 * number + (size_t)(name[i] - '0');
  }
  return number >= 1 && number <= r->names.count ? number - 1 : NO_COLUMN;
}

bool table_add_column(table *t, const char *name, column_kind kind, size_t source, failure *f)
{
  table_column *larger = resize(t->column, t->columns + 1, sizeof *larger);
  if (larger == NULL) return fail_memory(f);
  t->column = larger;
  char *copy = copy_text(name, strlen(name));
  if (copy == NULL) return fail_memory(f);
  t->column[t->columns++] = (table_column){.name = copy, .kind = kind, .source = source};
  return true;
}

/* -- cells ----------------------------------------------------------------------------------------------- */

static bool missing_cell(const table_reader *r, const table_column *column, const csv_field *field,
                         double *cell, failure *f)
{
  *cell = NAN;
  if (column->missing_allowed) return true;
  char shown[EXCERPT_ROOM];
  return fail_at(f, field_place(r, field), "column '%s': the value is missing ('%s')%s%s", column->name,
                 excerpt(shown, field->text, field->length), column->advice != NULL ? "; " : "",
                 column->advice != NULL ? column->advice : "");
}

/* A closed column that knows a level by the name of NA means that. */
static bool text_cell(const table_reader *r, table_column *column, const csv_field *field, double *cell,
                      failure *f)
{
  size_t level = levels_match(&column->levels, field->text, field->length);
  if (level == LEVEL_NONE && field_is_missing(field, column->words_are_text))
    return missing_cell(r, column, field, cell, f);
  if (level == LEVEL_NONE && column->closed) {
    *cell = -1;
    if (column->unseen_allowed) return true;
    char shown[EXCERPT_ROOM];
    return fail_at(f, field_place(r, field), "column '%s': '%s' did not occur when the model was made",
                   column->name, excerpt(shown, field->text, field->length));
  }
  if (level == LEVEL_NONE) level = levels_add(&column->levels, field->text, field->length);
  if (level == LEVEL_NONE) return fail_memory(f);
  *cell = (double)level;
  return true;
}

/* Would it be a number with the other mark, comma for point or point for comma? */
static bool has_other_mark(const table_reader *r, const csv_field *field)
{
  double x;
  const char other = r->format.point == '.' ? ',' : '.';
  return number_read(field->text, field->length, other, &x) == NUMBER_OK;
}

/* Digits in groups of three, as in 1,234 and 1,234,567.8, with the mark that is not the decimal one. */
static bool is_grouped(const table_reader *r, const csv_field *field)
{
  const char mark = r->format.point == '.' ? ',' : '.';
  const char *s = field->text, *end = s + field->length;
  size_t groups = 0, digits = 0;
  if (s < end && (*s == '-' || *s == '+')) s++;
  for (; s < end && (*s == mark || (*s >= '0' && *s <= '9')); s++) {
    if (*s != mark) {
      digits++;
    } else if (groups++ == 0 ? digits < 1 || digits > 3 : digits != 3) {
      return false;
    } else {
      digits = 0;
    }
  }
  return groups > 0 && digits == 3 && (s == end || *s == r->format.point);
}

/* What a text that should be a number may be meant as; "" when nothing is known. */
static const char *mark_advice(const table_reader *r, const csv_field *field)
{
  const bool point = r->format.point == '.', other = has_other_mark(r, field);
  if (is_grouped(r, field)) {
    if (!other) return " (digits must not be grouped: leave out the marks between thousands)";
    return point ? " (if the comma stands between thousands, leave it out; if it is the decimal mark: "
                   "--decimal comma)"
                 : " (if the point stands between thousands, leave it out; if it is the decimal mark: "
                   "--decimal point)";
  }
  if (!other) return "";
  return point ? " (decimal commas: --decimal comma)" : " (decimal points: --decimal point)";
}

static bool bad_number(const table_reader *r, const table_column *column, const csv_field *field,
                       number_kind kind, failure *f)
{
  char shown[EXCERPT_ROOM];
  excerpt(shown, field->text, field->length);
  const place where = field_place(r, field);
  if (kind == NUMBER_TEXT) {
    const char *mark = mark_advice(r, field);
    const char *hint = mark[0] != '\0'     ? mark
                       : column->predicted ? ", and this kind of model predicts numbers"
                       : column->closed    ? ", as it was when the model was made"
                                           : " (columns of text: --categorical)";
    return fail_at(f, where, "column '%s': '%s' is not a number%s", column->name, shown, hint);
  }
  if (kind == NUMBER_TOO_LARGE) {
    return fail_at(f, where, "column '%s': '%s' is beyond the largest double, %g", column->name, shown,
                   DBL_MAX);
  }
  return fail_at(f, where, "column '%s': '%s' is not a finite number", column->name, shown);
}

static bool number_cell(const table_reader *r, const table_column *column, const csv_field *field,
                        double *cell, failure *f)
{
  const number_kind kind = number_read(field->text, field->length, r->format.point, cell);
  if (kind == NUMBER_OK) {
    if (!column->nonnegative || *cell >= 0) return true;
    return fail_at(f, field_place(r, field), "column '%s': a weight must not be negative", column->name);
  }
  if (field_is_missing(field, false)) return missing_cell(r, column, field, cell, f);
  return bad_number(r, column, field, kind, f);
}

static bool store_cell(const table_reader *r, table *t, size_t field, double *row, failure *f)
{
  const size_t k = r->column_of[field];
  if (k == NO_COLUMN) return true;
  table_column *column = &t->column[k];
  return column->kind == COLUMN_NUMBER ? number_cell(r, column, &r->field[field], &row[k], f)
                                       : text_cell(r, column, &r->field[field], &row[k], f);
}

/* The weight first: a row without any might as well not be there. */
static bool store_record(table_reader *r, table *t, failure *f)
{
  if (r->fields != r->names.count) {
    const csv_field *last = &r->field[r->fields - 1];
    return fail_at(f, field_place(r, last), "%zu field%s where %zu %s expected", r->fields,
                   r->fields == 1 ? "" : "s", r->names.count, r->names.count == 1 ? "is" : "are");
  }
  double *row = t->cell + t->rows * t->columns;
  if (r->weight != NO_COLUMN) {
    if (!store_cell(r, t, r->weight, row, f)) return false;
    if (row[r->column_of[r->weight]] == 0) return t->dropped.weightless++, true;
  }
  for (size_t i = 0; i < r->fields; i++) {
    if (i != r->weight && !store_cell(r, t, i, row, f)) return false;
  }
  t->rows++;
  return true;
}

static void match_columns(table_reader *r, const table *t)
{
  r->weight = NO_COLUMN;
  for (size_t i = 0; i < r->names.count; i++) r->column_of[i] = NO_COLUMN;
  for (size_t k = 0; k < t->columns; k++) {
    const table_column *column = &t->column[k];
    if (column->source == NO_COLUMN) continue;
    r->column_of[column->source] = k;
    if (column->is_weight) r->weight = column->source;
  }
}

bool table_read(table_reader *r, table *t, size_t most, bool *end, failure *f)
{
  *end = false;
  match_columns(r, t);
  for (size_t n = 0; n < most; n++) {
    const csv_result result = next_record(r, f);
    if (result == CSV_FAILED) return false;
    *end = result == CSV_END;
    if (*end) return true;
    if (t->columns != 0 && t->rows + 1 > SIZE_MAX / t->columns) return fail_memory(f);
    double *cell = grow(t->cell, &t->room, (t->rows + 1) * t->columns, sizeof *cell);
    if (cell == NULL) return fail_memory(f);
    t->cell = cell;
    if (!store_record(r, t, f)) return false;
  }
  return true;
}

bool table_put_away(table *t, size_t most, failure *f)
{
  if (t->paged == NULL) t->paged = paged_new(t->columns, most, f);
  if (t->paged == NULL) return false;
  for (size_t i = 0; i < t->rows; i++) {
    if (!paged_append(t->paged, t->cell + i * t->columns)) return paged_good(t->paged, f);
  }
  t->rows = 0;
  return true;
}

double *table_row(const table *t, size_t i)
{
  return t->paged != NULL ? paged_row(t->paged, i) : t->cell + i * t->columns;
}

static size_t rows_of(const table *t) { return t->paged != NULL ? t->paged->rows : t->rows; }

/* What belongs to the levels of the text columns: for each level of each, one after the other. */
typedef struct level_notes {
  size_t *first; /* of each column */
  bool *used;
  size_t *place; /* its number when all is settled */
} level_notes;

static bool notes_new(level_notes *n, const table *t)
{
  size_t count = 0;
  *n = (level_notes){.first = resize(NULL, t->columns, sizeof *n->first)};
  for (size_t k = 0; n->first != NULL && k < t->columns; k++) {
    n->first[k] = count;
    count += t->column[k].levels.count;
  }
  n->used = zeroed(count, sizeof *n->used);
  n->place = zeroed(count, sizeof *n->place);
  return n->first != NULL && n->used != NULL && n->place != NULL;
}

static void notes_free(level_notes *n)
{
  free(n->first);
  free(n->used);
  free(n->place);
}

static void note_used(const level_notes *n, const table *t)
{
  for (size_t i = 0; i < rows_of(t); i++) {
    const double *row = table_row(t, i);
    for (size_t k = 0; k < t->columns; k++) {
      if (t->column[k].levels.count > 0 && row[k] >= 0) n->used[n->first[k] + (size_t)row[k]] = true;
    }
  }
}

static void renumber(const level_notes *n, table *t)
{
  for (size_t i = 0; i < rows_of(t); i++) {
    double *row = table_row(t, i);
    for (size_t k = 0; k < t->columns; k++) {
      if (t->column[k].levels.count > 0 && row[k] >= 0)
        row[k] = (double)n->place[n->first[k] + (size_t)row[k]];
    }
    if (t->paged != NULL) paged_changed(t->paged);
  }
}

static bool has_texts(const table *t)
{
  for (size_t k = 0; k < t->columns; k++) {
    if (t->column[k].levels.count > 0) return true;
  }
  return false;
}

bool table_settle_levels(table *t, char point)
{
  if (!has_texts(t)) return true;
  level_notes n;
  bool good = notes_new(&n, t);
  if (good) {
    note_used(&n, t);
    for (size_t k = 0; good && k < t->columns; k++) {
      levels *l = &t->column[k].levels;
      if (l->count > 0) good = levels_settle(l, n.used + n.first[k], point, n.place + n.first[k]);
    }
  }
  if (good) renumber(&n, t);
  notes_free(&n);
  return good;
}

void table_drop_missing(table *t)
{
  size_t kept = 0;
  for (size_t i = 0; i < t->rows; i++) {
    const double *row = t->cell + i * t->columns;
    bool whole = true;
    for (size_t k = 0; k < t->columns; k++) whole = whole && !isnan(row[k]);
    t->dropped.missing += !whole;
    if (whole && kept != i) memcpy(t->cell + kept * t->columns, row, t->columns * sizeof *row);
    kept += whole;
  }
  t->rows = kept;
}

void table_clear(table *t) { t->rows = 0; }

void table_free(table *t)
{
  for (size_t k = 0; k < t->columns; k++) {
    free(t->column[k].name);
    levels_free(&t->column[k].levels);
  }
  free(t->column);
  free(t->cell);
  paged_free(t->paged);
  *t = (table){0};
}
