#include "judge.h"

#include "memory.h"

#include <assert.h>
#include <stdlib.h>

/* Rows of a piece, and numbers in it where rows are long. */
enum { MOST_ROWS = 4096, MOST_NUMBERS = 1 << 20 };

bool judge_start(judged *j, size_t classes, failure *f)
{
  *j = (judged){.is_class = classes > 0};
  return classes == 0 || class_metrics_start(&j->classes, classes) || fail_memory(f);
}

bool judge_add(judged *j, const dataset *d, const double *scores, failure *f)
{
  assert(d->has_target && (scores != NULL || d->rows == 0));
  const size_t width = j->is_class ? j->classes.classes : 1;
  j->rows += d->rows;
  for (size_t i = 0; i < d->rows; i++) {
    const double *s = scores + i * width, target = dataset_target(d, i), weight = dataset_weight(d, i);
    if (!j->is_class)
      value_metrics_add(&j->values, s[0], target, weight);
    else if (!class_metrics_add(&j->classes, s, (size_t)target, weight))
      return fail_memory(f);
  }
  return true;
}

bool judge_finish(judged *j, failure *f)
{
  if (j->is_class) return class_metrics_finish(&j->classes) || fail_memory(f);
  value_metrics_finish(&j->values);
  return true;
}

double judged_weight(const judged *j) { return j->is_class ? j->classes.weight : j->values.weight; }

static bool judge_piece(judged *j, judged *other, const trained *m, const dataset *d, double *scores,
                        failure *f)
{
  if (!score(m, d, scores)) return fail_memory(f);
  if (!dataset_good(d, f) || !judge_add(j, d, scores, f)) return false;
  return other == NULL || judge_add(other, d, scores, f);
}

static size_t piece_of(const trained *m, const loaded *l)
{
  const size_t numbers = score_width(m) + (l->is_sparse ? 0 : m->design.features + 3);
  const size_t rows = MOST_NUMBERS / numbers;
  return rows == 0 ? 1 : rows < MOST_ROWS ? rows : MOST_ROWS;
}

bool judge_rows(judged *j, judged *other, const trained *m, const loaded *l, row_list rows, failure *f)
{
  assert(j->is_class == (m->shape.classes > 0));
  const size_t most = piece_of(m, l);
  double *scores = resize(NULL, most, score_width(m) * sizeof *scores);
  bool good = scores != NULL || fail_memory(f);
  for (size_t first = 0; good && first < rows.count; first += most) {
    dataset d;
    const size_t count = rows.count - first < most ? rows.count - first : most;
    good = loaded_rows(&d, l, &m->design, (row_list){rows.at + first, count}, false, f);
    if (!good) break;
    good = judge_piece(j, other, m, &d, scores, f);
    dataset_free(&d);
  }
  free(scores);
  return good;
}

void judged_free(judged *j)
{
  class_metrics_free(&j->classes);
  *j = (judged){0};
}
