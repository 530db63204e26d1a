/* A model against rows whose target is known, piece after piece: what stays in memory is 16 bytes a row where
 * there are two classes, nothing elsewhere. */
#ifndef TRAIN_JUDGE_H
#define TRAIN_JUDGE_H

#include "load.h"
#include "metrics.h"
#include "score.h"

typedef struct judged {
  size_t rows;
  bool is_class;
  class_metrics classes;
  value_metrics values;
} judged;

/* With the number of classes, 0 for numbers. Whatever fails, judged_free is left to do. */
bool judge_start(judged *j, size_t classes, failure *f);
bool judge_add(judged *j, const dataset *d, const double *scores, failure *f); /* rows x score_width */
bool judge_finish(judged *j, failure *f);
void judged_free(judged *j);

double judged_weight(const judged *j); /* of all rows */

/* Adds these rows of loaded data, in pieces, to one judgement and, unless it is NULL, to another one too. */
bool judge_rows(judged *j, judged *other, const trained *m, const loaded *l, row_list rows, failure *f);

#endif
