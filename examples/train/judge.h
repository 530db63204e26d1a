/* A model against rows whose target is known. */
#ifndef TRAIN_JUDGE_H
#define TRAIN_JUDGE_H

#include "metrics.h"
#include "score.h"

typedef struct judged {
  size_t rows;
  bool is_class;
  class_metrics classes;
  value_metrics values;
} judged;

bool judge(judged *j, const trained *m, const dataset *d, failure *f);

/* The same from scores (rows x score_width) and targets. */
bool judge_scores(judged *j, const trained *m, const double *scores, const double *target,
                  const double *weight, size_t rows, failure *f);
void judged_free(judged *j);

#endif
