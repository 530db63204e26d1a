/* How good predictions are. Every sum is weighted; weight NULL means 1 for every row. */
#ifndef TRAIN_METRICS_H
#define TRAIN_METRICS_H

#include <stdbool.h>
#include <stddef.h>

enum { CALIBRATION_BINS = 10 };

typedef struct calibration_bin {
  double weight, mean_probability, frequency; /* of the positive class */
} calibration_bin;

typedef struct class_metrics {
  size_t rows, classes;
  double accuracy, log_loss;
  double auc;        /* two classes: area under the ROC curve of the second; NaN when only one class occurs */
  double *confusion; /* classes x classes, [truth][prediction], weights summed */
  double *precision, *recall, *f1; /* per class; NaN where nothing was predicted or nothing is there */
  calibration_bin calibration[CALIBRATION_BINS]; /* two classes only; bins of equal width in probability */
} class_metrics;

typedef struct value_metrics {
  size_t rows;
  double r_squared; /* NaN when the truth does not vary */
  double mean_absolute, root_mean_square;
} value_metrics;

/* log_probability: rows x classes, logarithms so that a tiny probability still has a finite log-loss; truth:
 * class numbers. False: no memory. */
bool class_metrics_new(class_metrics *m, const double *log_probability, const size_t *truth,
                       const double *weight, size_t rows, size_t classes);
void class_metrics_free(class_metrics *m);

value_metrics value_metrics_of(const double *prediction, const double *truth, const double *weight,
                               size_t rows);

/* Rank statistic of Mann and Whitney, ties counted half. */
bool area_under_curve(double *auc, const double *score, const size_t *truth, const double *weight,
                      size_t rows);

#endif
