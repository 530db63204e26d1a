/* How good predictions are, row after row. Every sum is weighted. */
#ifndef TRAIN_METRICS_H
#define TRAIN_METRICS_H

#include "ranking.h"

enum { CALIBRATION_BINS = 10 };

typedef struct calibration_bin {
  double weight, mean_probability, frequency; /* of the positive class */
} calibration_bin;

typedef struct class_metrics {
  size_t rows, classes;
  double weight; /* of all rows */
  double accuracy, log_loss;
  double auc;        /* two classes: area under the ROC curve of the second; NaN when only one class occurs */
  double *confusion; /* classes x classes, [truth][prediction], weights summed */
  double *precision, *recall, *f1; /* per class; NaN where nothing was predicted or nothing is there */
  calibration_bin calibration[CALIBRATION_BINS]; /* two classes only; bins of equal width in probability */
  ranking ranking;                               /* two classes only: 16 bytes a row until it is finished */
} class_metrics;

typedef struct value_metrics {
  size_t rows;
  double weight;
  double r_squared; /* NaN when the truth does not vary */
  double mean_absolute, root_mean_square;
  double mean, variation, square, absolute; /* of the truth, and sums over rows, until it is finished */
} value_metrics;

/* False: no memory. After a failure only class_metrics_free is left to do. */
bool class_metrics_start(class_metrics *m, size_t classes);

/* log_probability: one for each class, logarithms so that a tiny probability still has a finite log-loss. */
bool class_metrics_add(class_metrics *m, const double *log_probability, size_t truth, double weight);
bool class_metrics_finish(class_metrics *m); /* sums become what they are sums for */
void class_metrics_free(class_metrics *m);

void value_metrics_add(value_metrics *m, double prediction, double truth, double weight); /* from all zeros */
void value_metrics_finish(value_metrics *m);

#endif
