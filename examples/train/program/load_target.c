/* The target: classes or numbers, and so the kind of model. */
#include "load_parts.h"

#include "memory.h"
#include "number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_WHOLE_LABELS = 20 };

bool wants_number(const options *o)
{
  return o->kind == MODEL_LINEAR || (o->loss >= 0 && (o->kind == KIND_AUTO || o->kind == MODEL_NET));
}

double loaded_target(const loaded *l, size_t i)
{
  return l->is_sparse ? l->sparse.target[i] : table_row(&l->table, i)[l->role.target];
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

bool settle_kind(loaded *l, const options *o, failure *f)
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
