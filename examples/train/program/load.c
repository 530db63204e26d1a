/* Data to learn from, step by step: the rows (load_rows.c), the target and the kind of model (load_target.c),
 * weights, and whether the options fit what was found. */
#include "load.h"

#include "load_parts.h"
#include "memory.h"
#include "methods.h"
#include "number.h"
#include "problem.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* -- weights --------------------------------------------------------------------------------------------- */

bool loaded_weighted(const loaded *l) { return l->role.weight != NO_COLUMN || l->row_weight != NULL; }

static double loaded_weight(const loaded *l, size_t i)
{
  if (l->row_weight != NULL) return l->row_weight[i];
  return l->role.weight != NO_COLUMN ? table_row(&l->table, i)[l->role.weight] : 1;
}

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
  assert(how->sparse == l->is_sparse);
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
