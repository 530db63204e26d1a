#include "judge.h"

#include "memory.h"

#include <stdlib.h>

static bool judge_classes(judged *j, const trained *m, const double *scores, const double *target,
                          const double *weight, failure *f)
{
  size_t *truth = resize(NULL, j->rows, sizeof *truth);
  if (truth == NULL) return fail_memory(f);
  for (size_t i = 0; i < j->rows; i++) truth[i] = (size_t)target[i];
  const bool good = class_metrics_new(&j->classes, scores, truth, weight, j->rows, m->shape.classes);
  free(truth);
  return good || fail_memory(f);
}

bool judge_scores(judged *j, const trained *m, const double *scores, const double *target,
                  const double *weight, size_t rows, failure *f)
{
  *j = (judged){.rows = rows, .is_class = m->shape.classes > 0};
  if (j->is_class) return judge_classes(j, m, scores, target, weight, f);
  j->values = value_metrics_of(scores, target, weight, rows);
  return true;
}

bool judge(judged *j, const trained *m, const dataset *d, failure *f)
{
  *j = (judged){0};
  const size_t width = score_width(m), n = d->rows;
  double *scores = resize(NULL, n, (width + 2) * sizeof *scores);
  if (scores == NULL) return fail_memory(f);
  double *target = scores + n * width, *weight = target + n;
  for (size_t i = 0; i < n; i++) {
    target[i] = dataset_target(d, i);
    weight[i] = dataset_weight(d, i);
  }
  const bool good = (score(m, d, scores) || fail_memory(f)) && dataset_good(d, f) &&
                    judge_scores(j, m, scores, target, d->has_weight ? weight : NULL, n, f);
  free(scores);
  return good;
}

void judged_free(judged *j)
{
  class_metrics_free(&j->classes);
  *j = (judged){0};
}
