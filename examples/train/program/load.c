#include "load.h"

#include "memory.h"
#include "methods.h"
#include "number.h"
#include "numbers.h"
#include "problem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WHOLE_LABELS = 20 };

bool is_libsvm(const options *o)
{
  if (o->format != DATA_AUTO) return o->format == DATA_LIBSVM;
  const char *dot = strrchr(o->data, '.');
  return dot != NULL && (strcmp(dot, ".svm") == 0 || strcmp(dot, ".libsvm") == 0);
}

table_format format_of(const options *o)
{
  static const char delimiter[] = {'\0', ',', ';', '\t'};
  return (table_format){delimiter[o->delimiter], o->decimal == 1 ? ',' : '.', (header_kind)o->header};
}

/* An option for the other format would be passed over. */
bool format_options(const options *o, failure *f)
{
  const bool for_csv = o->header != HEADER_AUTO || o->delimiter != 0 || o->decimal != 0;
  if (is_libsvm(o) && for_csv) return fail_usage(f, "--header, --delimiter and --decimal are for CSV");
  return is_libsvm(o) || o->index_base == -1 || fail_usage(f, "--index-base is for libsvm files");
}

/* The target is a number whatever it looks like. */
static bool wants_number(const options *o)
{
  return o->kind == MODEL_LINEAR || (o->loss >= 0 && (o->kind == KIND_AUTO || o->kind == MODEL_NET));
}

/* -- columns and their roles ----------------------------------------------------------------------------- */

static bool find_column(const table_reader *r, const char *name, const char *option, size_t *field,
                        failure *f)
{
  *field = NO_COLUMN;
  if (name == NULL) return true;
  *field = table_find(r, name);
  if (*field != NO_COLUMN) return true;
  char list[400] = "";
  size_t used = 0, i = 0;
  for (; i < r->names.count && used + r->names.length[i] + 3 < sizeof list; i++) {
    used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", r->names.text[i]);
  }
  return fail_at(f, (place){r->in.name, 0, 0}, "there is no column '%.100s' (--%s); there are %s%s", name,
                 option, list, i < r->names.count ? ", ..." : "");
}

/* Marks the fields of a comma-separated list of names. */
static bool mark_list(const table_reader *r, const char *list, const char *option, bool *mark, failure *f)
{
  for (const char *s = list; s != NULL;) {
    const size_t n = strcspn(s, ",");
    char *name = copy_text(s, n);
    if (name == NULL) return fail_memory(f);
    size_t field;
    const bool good = find_column(r, name, option, &field, f);
    free(name);
    if (!good) return false;
    mark[field] = true;
    s = s[n] == ',' ? s + n + 1 : NULL;
  }
  return true;
}

typedef struct wanted_columns {
  size_t target, weight, offset;
  bool *category, *ignored, *na_text;
} wanted_columns;

static bool wanted_new(wanted_columns *w, size_t fields)
{
  *w = (wanted_columns){
      .category = zeroed(fields, 1), .ignored = zeroed(fields, 1), .na_text = zeroed(fields, 1)};
  return w->category != NULL && w->ignored != NULL && w->na_text != NULL;
}

static void wanted_free(wanted_columns *w)
{
  free(w->category);
  free(w->ignored);
  free(w->na_text);
}

/* Words are for texts: among numbers NA can be nothing else than a missing value. */
static bool only_texts(const table_reader *r, const options *o, const wanted_columns *w, failure *f)
{
  for (size_t i = 0; i < r->names.count; i++) {
    const bool text = i == w->target ? !wants_number(o) : w->category[i];
    if (w->na_text[i] && !text)
      return fail_usage(f, "--na-text names '%.100s', which is a column of numbers", r->names.text[i]);
  }
  return true;
}

static bool find_columns(const table_reader *r, const options *o, wanted_columns *w, failure *f)
{
  if (!find_column(r, o->target, "target", &w->target, f)) return false;
  if (!find_column(r, o->weights, "weights", &w->weight, f)) return false;
  if (!find_column(r, o->offset, "offset", &w->offset, f)) return false;
  if (!mark_list(r, o->categorical, "categorical", w->category, f)) return false;
  if (!mark_list(r, o->ignore, "ignore", w->ignored, f)) return false;
  if (!mark_list(r, o->na_text, "na-text", w->na_text, f)) return false;
  if (w->target == NO_COLUMN) w->target = r->names.count - 1;
  if (!only_texts(r, o, w, f)) return false;
  if (w->ignored[w->target]) {
    return fail_usage(f, "--ignore names the target, '%.100s'%s", r->names.text[w->target],
                      o->target == NULL ? ": the last column, unless --target names another" : "");
  }
  if (w->category[w->target]) {
    return fail_usage(f, "--categorical names the target, '%.100s': what it is --kind tells",
                      r->names.text[w->target]);
  }
  if (w->target == w->weight || w->target == w->offset)
    return fail_usage(f, "the target cannot be a weight or an offset too");
  w->ignored[w->target] = true;
  if (w->weight != NO_COLUMN) w->ignored[w->weight] = true;
  if (w->offset != NO_COLUMN) w->ignored[w->offset] = true;
  return true;
}

/* A target, weight or offset that is missing cannot be filled in. */
static bool add_special(loaded *l, const table_reader *r, size_t field, column_kind kind, const options *o,
                        size_t *role, failure *f)
{
  *role = NO_COLUMN;
  if (field == NO_COLUMN) return true;
  if (!table_add_column(&l->table, r->names.text[field], kind, field, f)) return false;
  *role = l->table.columns - 1;
  l->table.column[*role].missing_allowed = o->missing == MISSING_DROP;
  l->table.column[*role].advice = "such rows can be dropped (--missing drop)";
  return true;
}

static bool add_feature(loaded *l, const table_reader *r, size_t field, const options *o,
                        const wanted_columns *w, failure *f)
{
  const column_kind kind = w->category[field] ? COLUMN_CATEGORY : COLUMN_NUMBER;
  if (!table_add_column(&l->table, r->names.text[field], kind, field, f)) return false;
  table_column *column = &l->table.column[l->table.columns - 1];
  column->missing_allowed = o->missing != MISSING_REFUSE;
  column->words_are_text = w->na_text[field];
  column->advice = "such rows can be dropped or filled (--missing)";
  return true;
}

static bool set_columns(loaded *l, const table_reader *r, const options *o, const wanted_columns *w,
                        failure *f)
{
  for (size_t i = 0; i < r->names.count; i++) {
    if (!w->ignored[i] && !add_feature(l, r, i, o, w, f)) return false;
  }
  l->features = l->table.columns;
  if (l->features == 0) return fail_at(f, (place){r->in.name, 0, 0}, "there is no column besides the target");
  const column_kind target = wants_number(o) ? COLUMN_NUMBER : COLUMN_LABEL;
  if (!add_special(l, r, w->target, target, o, &l->role.target, f)) return false;
  l->table.column[l->role.target].words_are_text = w->na_text[w->target];
  l->table.column[l->role.target].predicted = true;
  if (!add_special(l, r, w->weight, COLUMN_NUMBER, o, &l->role.weight, f)) return false;
  if (l->role.weight != NO_COLUMN)
    l->table.column[l->role.weight].nonnegative = l->table.column[l->role.weight].is_weight = true;
  return add_special(l, r, w->offset, COLUMN_NUMBER, o, &l->role.offset, f);
}

/* Whole, into memory. */
static bool read_whole(loaded *l, table_reader *r, const options *o, failure *f)
{
  bool end;
  if (!table_read(r, &l->table, (size_t)-1, &end, f)) return false;
  if (o->missing == MISSING_DROP) table_drop_missing(&l->table);
  l->rows = l->table.rows;
  return true;
}

/* Piece by piece into a temporary file. */
static bool read_pieces(loaded *l, table_reader *r, const options *o, failure *f)
{
  for (bool end = false; !end;) {
    if (!table_read(r, &l->table, o->chunk_rows, &end, f)) return false;
    if (o->missing == MISSING_DROP) table_drop_missing(&l->table);
    if (!table_put_away(&l->table, o->chunk_rows, f)) return false;
  }
  free(l->table.cell);
  l->table.cell = NULL;
  l->table.room = 0;
  l->rows = l->table.paged->rows;
  return true;
}

/* No row at all is left: why? */
static bool some_rows(const loaded *l, const char *file, failure *f)
{
  const place where = {file, 0, 0};
  const dropped_rows *d = &l->dropped;
  if (l->rows > 0) return true;
  if (d->missing + d->weightless == 0) return fail_at(f, where, "there are no rows below the header");
  if (d->weightless == 0) return fail_at(f, where, "every row has a missing value");
  if (d->missing == 0) return fail_at(f, where, "the weights of all %zu rows are 0", d->weightless);
  return fail_at(f, where, "every row has a missing value or a weight of 0");
}

static bool read_table(loaded *l, table_reader *r, const options *o, failure *f)
{
  wanted_columns w;
  bool good = wanted_new(&w, r->names.count) || fail_memory(f);
  l->point = r->format.point;
  l->header = r->header;
  good = good && find_columns(r, o, &w, f) && set_columns(l, r, o, &w, f);
  good = good && (o->chunk_rows > 0 ? read_pieces(l, r, o, f) : read_whole(l, r, o, f));
  good = good && (table_settle_levels(&l->table, l->point) || fail_memory(f));
  wanted_free(&w);
  l->dropped = l->table.dropped;
  return good && some_rows(l, r->in.name, f) && paged_good(l->table.paged, f);
}

static bool load_table(loaded *l, const options *o, failure *f)
{
  table_reader r;
  if (!table_open(&r, o->data, format_of(o), f)) return false;
  const bool good = read_table(l, &r, o, f);
  table_close(&r);
  return good;
}

/* Rows of weight 0 go. */
static void drop_weightless(loaded *l)
{
  size_t kept = 0;
  for (size_t i = 0; i < l->rows; i++) {
    if (l->row_weight[i] == 0) continue;
    sparse_move(&l->sparse, kept, i);
    l->row_weight[kept] = l->row_weight[i];
    if (l->row_offset != NULL) l->row_offset[kept] = l->row_offset[i];
    kept++;
  }
  l->dropped.weightless = l->rows - kept;
  l->rows = l->sparse.rows = kept;
}

static bool load_sparse(loaded *l, const options *o, failure *f)
{
  if (o->categorical || o->ignore || o->target || o->na_text || o->missing != MISSING_REFUSE ||
      o->unseen != 0) {
    return fail_usage(
        f, "a libsvm file has no named columns and no missing values: --target, --categorical, --ignore, "
           "--na-text, --missing and --unseen are for CSV");
  }
  l->point = '.';
  if (o->chunk_rows > 0) return fail_usage(f, "--chunk-rows is for CSV: sparse rows are kept in memory");
  l->is_sparse = true;
  if (!libsvm_read(&l->sparse, o->data, o->index_base, NULL, f)) return false;
  l->rows = l->sparse.rows;
  if (o->weights != NULL && !numbers_read(&l->row_weight, o->weights, &l->rows, true, f)) return false;
  if (o->offset != NULL && !numbers_read(&l->row_offset, o->offset, &l->rows, false, f)) return false;
  if (l->row_weight != NULL) drop_weightless(l);
  if (!some_rows(l, o->data, f)) return false;
  if (!sparse_compact(&l->sparse, &l->sparse_column)) return fail_memory(f);
  return l->sparse.columns > 0 ||
         fail_at(f, (place){o->data, 0, 0}, "there is not one entry in the whole file");
}

/* -- the target ------------------------------------------------------------------------------------------ */

double loaded_target(const loaded *l, size_t i)
{
  return l->is_sparse ? l->sparse.target[i] : table_row(&l->table, i)[l->role.target];
}

bool loaded_weighted(const loaded *l) { return l->role.weight != NO_COLUMN || l->row_weight != NULL; }

static double loaded_weight(const loaded *l, size_t i)
{
  if (l->row_weight != NULL) return l->row_weight[i];
  return l->role.weight != NO_COLUMN ? table_row(&l->table, i)[l->role.weight] : 1;
}

static void set_target(loaded *l, size_t i, double value)
{
  if (l->is_sparse) {
    l->sparse.target[i] = value;
    return;
  }
  table_row(&l->table, i)[l->role.target] = value;
  if (l->table.paged != NULL) paged_changed(l->table.paged);
}

/* Classes of a libsvm file: its distinct targets, in order. */
static bool sparse_labels(loaded *l, failure *f)
{
  for (size_t i = 0; i < l->rows; i++) {
    char number[NUMBER_ROOM];
    const size_t length = number_write(l->sparse.target[i] + 0.0, number);
    const size_t level = levels_add(&l->labels, number, length);
    if (level == LEVEL_NONE) return fail_memory(f);
    l->sparse.target[i] = (double)level;
  }
  size_t *order = resize(NULL, l->labels.count, sizeof *order);
  bool *all = resize(NULL, l->labels.count, sizeof *all);
  for (size_t i = 0; all != NULL && i < l->labels.count; i++) all[i] = true;
  const bool good = order != NULL && all != NULL && levels_settle(&l->labels, all, l->point, order);
  for (size_t i = 0; good && i < l->rows; i++)
    l->sparse.target[i] = (double)order[(size_t)l->sparse.target[i]];
  free(all);
  free(order);
  return good || fail_memory(f);
}

/* Are all labels numbers? *whole: and at most MOST_WHOLE_LABELS different whole ones. */
static bool all_numbers(const loaded *data, bool *whole)
{
  const levels *l = &data->labels;
  *whole = l->count <= MOST_WHOLE_LABELS;
  for (size_t i = 0; i < l->count; i++) {
    double x;
    if (number_read(l->text[i], l->length[i], data->point, &x) != NUMBER_OK) return false;
    *whole = *whole && x == floor(x);
  }
  return true;
}

static bool labels_to_numbers(loaded *l, failure *f)
{
  for (size_t i = 0; i < l->rows; i++) {
    const size_t level = (size_t)loaded_target(l, i);
    double x;
    const number_kind kind = number_read(l->labels.text[level], l->labels.length[level], l->point, &x);
    char shown[EXCERPT_ROOM];
    if (kind != NUMBER_OK) {
      return fail(f, "the target of row %zu, '%s', is not a finite number", i + 1,
                  excerpt(shown, l->labels.text[level], l->labels.length[level]));
    }
    set_target(l, i, x);
  }
  levels_free(&l->labels);
  return true;
}

/* Puts a class at the end of the labels of a binary model. */
static bool make_positive(loaded *l, const char *label, failure *f)
{
  const size_t level = levels_match(&l->labels, label, strlen(label));
  if (level == LEVEL_NONE) return fail_usage(f, "there is no class '%.100s' (--positive)", label);
  if (l->labels.count != 2)
    return fail_usage(f, "--positive is for two classes; there are %zu", l->labels.count);
  if (level == 1) return true;
  char *first = copy_text(l->labels.text[0], l->labels.length[0]),
       *second = copy_text(l->labels.text[1], l->labels.length[1]);
  levels_free(&l->labels);
  const bool good = first && second && levels_add(&l->labels, second, strlen(second)) == 0 &&
                    levels_add(&l->labels, first, strlen(first)) == 1 &&
                    levels_by_value(&l->labels, l->point);
  free(first);
  free(second);
  for (size_t i = 0; i < l->rows; i++) set_target(l, i, 1 - loaded_target(l, i));
  return good || fail_memory(f);
}

/* Are they numbers, if the decimal mark is another than was told? */
static bool other_mark(const loaded *l)
{
  double x;
  const char other = l->point == '.' ? ',' : '.';
  for (size_t i = 0; i < l->labels.count; i++) {
    if (number_read(l->labels.text[i], l->labels.length[i], other, &x) != NUMBER_OK) return false;
  }
  return true;
}

/* Numbers that hardly repeat are no names of classes; texts are, until there is one for each row. */
static bool enough_for_classes(const loaded *l, const options *o, failure *f)
{
  bool whole;
  const size_t classes = l->labels.count;
  const bool numbers = all_numbers(l, &whole);
  if (numbers ? classes <= l->rows / 2 : classes < l->rows) return true;
  return fail_at(f, (place){o->data, 0, 0},
                 "%zu different labels in %zu rows: too few rows for each class (or is the target a number? "
                 "%s)",
                 classes, l->rows,
                 numbers || !other_mark(l) ? "--kind linear"
                 : l->point == '.'         ? "decimal commas: --decimal comma"
                                           : "decimal points: --decimal point");
}

static bool settle_classes(loaded *l, const options *o, failure *f)
{
  const size_t classes = l->labels.count;
  if (classes < 2) {
    char shown[EXCERPT_ROOM] = "";
    if (classes == 1) excerpt(shown, l->labels.text[0], l->labels.length[0]);
    return fail_at(
        f, (place){o->data, 0, 0}, "all rows%s belong to%s class '%s': there is nothing to tell apart",
        l->dropped.weightless > 0 ? " of weight" : "", l->dropped.weightless > 0 ? "" : " one", shown);
  }
  if (l->kind == MODEL_LOGISTIC && classes != 2) {
    return fail(f, "a logistic model is for two classes; there are %zu (--kind multinomial)", classes);
  }
  if (!enough_for_classes(l, o, f)) return false;
  if (!levels_by_value(&l->labels, l->point)) return fail_memory(f);
  if (o->positive != NULL && !make_positive(l, o->positive, f)) return false;
  l->class_of = resize(NULL, l->rows, sizeof *l->class_of);
  if (l->class_of == NULL) return fail_memory(f);
  size_t *count = zeroed(classes, sizeof *count);
  if (count == NULL) return fail_memory(f);
  for (size_t i = 0; i < l->rows; i++) count[l->class_of[i] = (size_t)loaded_target(l, i)]++;
  size_t empty = 0;
  while (empty < classes && count[empty] > 0) empty++;
  free(count);
  return empty == classes || fail(f, "no row of class '%.100s' is left", l->labels.text[empty]);
}

/* Labels that are numbers but for some that are not finite are no names: a result that has overflown would
 * become a class. */
static bool sound_numbers(const loaded *l, const options *o, failure *f)
{
  size_t finite = 0, odd = 0, which = 0;
  if (l->is_sparse || o->kind != KIND_AUTO) return true;
  for (size_t i = 0; i < l->labels.count; i++) {
    double x;
    const number_kind kind = number_read(l->labels.text[i], l->labels.length[i], l->point, &x);
    if (kind == NUMBER_TEXT || kind == NUMBER_NAN) return true;
    finite += kind == NUMBER_OK;
    odd += kind != NUMBER_OK;
    which = kind != NUMBER_OK ? i : which;
  }
  char shown[EXCERPT_ROOM];
  return finite == 0 || odd == 0 ||
         fail_at(f, (place){o->data, 0, 0},
                 "the target is '%s' in a row, which is not a finite number, and numbers elsewhere (if they "
                 "are names of classes: --kind multinomial, or logistic)",
                 excerpt(shown, l->labels.text[which], l->labels.length[which]));
}

static bool settle_kind(loaded *l, const options *o, failure *f)
{
  const bool number = wants_number(o);
  if (l->is_sparse && !number && !sparse_labels(l, f)) return false;
  if (!l->is_sparse && !number) {
    l->labels = l->table.column[l->role.target].levels;
    l->table.column[l->role.target].levels = (levels){0};
  }
  bool whole;
  if (!number && !sound_numbers(l, o, f)) return false;
  const bool numbers = !number && all_numbers(l, &whole) && !whole;
  l->kind = o->kind != KIND_AUTO   ? (model_kind)o->kind
            : numbers || number    ? MODEL_LINEAR
            : l->labels.count <= 2 ? MODEL_LOGISTIC
                                   : MODEL_MULTINOMIAL;
  const bool classes = l->kind == MODEL_LOGISTIC || l->kind == MODEL_MULTINOMIAL;
  if (classes && o->loss >= 0)
    return fail_usage(f, "--loss is for numbers; classes have the logarithmic loss");
  if (classes || (l->kind == MODEL_NET && !number && !numbers)) return settle_classes(l, o, f);
  if (o->positive || o->class_weights) return fail_usage(f, "--positive and --class-weights are for classes");
  return number || labels_to_numbers(l, f);
}

/* -- weights --------------------------------------------------------------------------------------------- */

static bool balanced_weights(loaded *l)
{
  const size_t k = l->labels.count;
  double total = 0;
  for (size_t i = 0; i < l->rows; i++) {
    const double w = loaded_weight(l, i);
    l->class_weight[l->class_of[i]] += w;
    total += w;
  }
  for (size_t c = 0; c < k; c++) l->class_weight[c] = total / ((double)k * l->class_weight[c]);
  return true;
}

static bool named_weights(loaded *l, const char *list, failure *f)
{
  for (size_t c = 0; c < l->labels.count; c++) l->class_weight[c] = 1;
  if (*list == '\0') return fail_usage(f, "--class-weights is empty");
  for (const char *s = list; *s != '\0';) {
    const size_t n = strcspn(s, ",");
    size_t equals = n;
    while (equals > 0 && s[equals] != '=') equals--;
    double x = 0;
    const size_t level = levels_match(&l->labels, s, equals);
    if (equals == 0 || level == LEVEL_NONE)
      return fail_usage(f, "--class-weights: '%.*s' names no class", (int)n, s);
    if (number_read(s + equals + 1, n - equals - 1, '.', &x) != NUMBER_OK || x < 0) {
      return fail_usage(f, "--class-weights: '%.*s' needs a number that is not negative", (int)n, s);
    }
    l->class_weight[level] = x;
    s += n + (s[n] == ',');
  }
  return true;
}

static bool settle_weights(loaded *l, const options *o, failure *f)
{
  if (o->class_weights == NULL) return true;
  l->class_weight = zeroed(l->labels.count, sizeof(double));
  if (l->class_weight == NULL) return fail_memory(f);
  return strcmp(o->class_weights, "balanced") == 0 ? balanced_weights(l)
                                                   : named_weights(l, o->class_weights, f);
}

/* A class without weight has no coefficients: the likelihood only grows as its intercept falls. */
static bool classes_weigh(const dataset *d, const loaded *l, failure *f)
{
  const size_t classes = l->labels.count;
  bool *there = zeroed(classes + 1, sizeof *there);
  if (there == NULL) return fail_memory(f);
  size_t count = 0, one = 0, none = 0;
  for (size_t i = 0; classes > 0 && i < d->rows; i++) {
    const size_t c = (size_t)dataset_target(d, i);
    there[c] = there[c] || (dataset_weight(d, i) > 0 && (l->class_weight == NULL || l->class_weight[c] > 0));
  }
  for (size_t c = 0; c < classes; c++) {
    count += there[c];
    one = there[c] ? c : one;
    none = there[c] ? none : c;
  }
  free(there);
  if (count == classes || count == 0) return true; /* no weight at all is another matter */
  char shown[EXCERPT_ROOM];
  if (count == 1) {
    return fail(f, "all rows of weight belong to class '%s': there is nothing to tell apart",
                excerpt(shown, l->labels.text[one], l->labels.length[one]));
  }
  return fail(f, "no row to learn from of class '%s' has a weight above 0",
              excerpt(shown, l->labels.text[none], l->labels.length[none]));
}

static bool learning_weights(dataset *d, const loaded *l, failure *f)
{
  if (!classes_weigh(d, l, f)) return false;
  for (size_t i = 0; i < d->rows; i++) {
    d->weight_as_given += dataset_weight(d, i);
    d->counted += dataset_weight(d, i) > 0;
  }
  for (size_t i = 0; l->class_weight != NULL && i < d->rows; i++) {
    dataset_weigh(d, i, l->class_weight[(size_t)dataset_target(d, i)]);
  }
  double total = 0;
  for (size_t i = 0; i < d->rows; i++) total += dataset_weight(d, i);
  if (!(total > 0 && total < INFINITY)) return fail(f, "the weights of the rows add up to %g", total);
  dataset_normalize_weights(d);
  return true;
}

bool loaded_covers(const loaded *l, const design *how, row_list held, failure *f)
{
  return l->is_sparse || design_covers(how, &l->table, held, f);
}

bool loaded_rows(dataset *d, const loaded *l, const design *how, row_list rows, bool learning, failure *f)
{
  const bool unit = learning && l->class_weight != NULL; /* for the weights of classes */
  const sparse_extras extras = {l->row_weight, l->row_offset, unit};
  const roles role = {l->role.target, l->role.weight, l->role.offset, unit};
  const bool good = l->is_sparse ? dataset_from_sparse(d, &l->sparse, extras, rows, f)
                                 : dataset_from_table(d, how, &l->table, role, rows, f);
  if (!good) return false;
  if (!learning || learning_weights(d, l, f)) return true;
  dataset_free(d);
  return false;
}

/* An option that would change nothing is a misunderstanding, better cleared up than passed over. */
static bool no_pointless_options(const loaded *l, const options *o, failure *f)
{
  if (!method_exists(o->method)) return fail_usage(f, "there is no method named '%.40s'", o->method);
  const bool batches = method_sees_batches(o->method), number = l->labels.count == 0;
  const bool penalised =
      o->path > 0 || !isnan(o->lambda) || l->kind != MODEL_LINEAR; /* a 0 told is one too */
  const struct {
    const char *name, *needs;
    bool fits;
  } rule[] = {
      {"hidden", "a net (--kind net)", l->kind == MODEL_NET},
      {"delta", "the Huber loss (--loss huber)", number && o->loss == LOSS_HUBER},
      {"smoothing", "the absolute loss (--loss absolute)", number && o->loss == LOSS_ABSOLUTE},
      {"epochs", "a method with mini-batches (--method adam, ...)", batches},
      {"batch", "a method with mini-batches (--method adam, ...)", batches},
      {"rate", "a method with a learning rate (--method adam, gd, ...)", method_has_rate(o->method)},
      {"max-iterations", "a method that sees all rows at a time; here epochs are counted (--epochs)",
       !batches},
      {"tolerance", "a method that sees all rows at a time; mini-batches end with their epochs", !batches},
      {"start", "a single fit; a path begins with all coefficients zero", o->path == 0},
      {"mix", "a penalty, of which it is a share (--lambda or --path)", penalised},
      {"confidence", "intervals (--summary)", o->summary},
      {"checkpoint-seconds", "a checkpoint (--checkpoint)", o->checkpoint != NULL},
  };
  for (size_t i = 0; i < sizeof rule / sizeof *rule; i++) {
    if (option_given(o, rule[i].name) && !rule[i].fits)
      return fail_usage(f, "--%s needs %s", rule[i].name, rule[i].needs);
  }
  return true;
}

bool load(loaded *l, const options *o, failure *f)
{
  *l = (loaded){.role = {NO_COLUMN, NO_COLUMN, NO_COLUMN, false}};
  bool good = format_options(o, f) && (is_libsvm(o) ? load_sparse(l, o, f) : load_table(l, o, f));
  good = good && settle_kind(l, o, f) && no_pointless_options(l, o, f);
  if (good && l->rows < 3)
    good = fail_at(f, (place){o->data, 0, 0}, "%zu rows are too few to learn from", l->rows);
  good = good && settle_weights(l, o, f);
  const bool softmax = l->labels.count > 0 && l->kind != MODEL_LOGISTIC;
  if (good && o->offset && softmax) {
    good = fail_usage(
        f, "--offset: a number added to the outputs of all classes changes nothing; offsets are for logistic "
           "models and for regression");
  }
  if (!good) loaded_free(l);
  return good;
}

void loaded_free(loaded *l)
{
  table_free(&l->table);
  sparse_free(&l->sparse);
  levels_free(&l->labels);
  free(l->class_of);
  free(l->class_weight);
  free(l->row_weight);
  free(l->sparse_column);
  free(l->row_offset);
  *l = (loaded){0};
}
