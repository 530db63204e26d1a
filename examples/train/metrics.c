#include "metrics.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>

static double weight_of(const double *weight, size_t i)
{
  return weight != NULL ? weight[i] : 1;
}

static size_t largest(const double *p, size_t k)
{
  size_t best = 0;
  for (size_t c = 1; c < k; c++) {
    if (p[c] > p[best]) best = c;
  }
  return best;
}

typedef struct ranked {
  double score, weight;
  bool positive;
} ranked;

static int by_score(const void *a, const void *b)
{
  const double x = ((const ranked *)a)->score, y = ((const ranked *)b)->score;
  return (x > y) - (x < y);
}

bool area_under_curve(double *auc, const double *score, const size_t *truth, const double *weight,
                      size_t rows)
{
  ranked *r = resize(NULL, rows, sizeof *r);
  if (r == NULL) return false;
  for (size_t i = 0; i < rows; i++) r[i] = (ranked){score[i], weight_of(weight, i), truth[i] == 1};
  qsort(r, rows, sizeof *r, by_score);
  double negative = 0, positive = 0, won = 0; /* pairs won by the positive row, half for a tie */
  for (size_t i = 0; i < rows;) {
    double tied_negative = 0, tied_positive = 0;
    const double level = r[i].score;
    for (; i < rows && r[i].score == level; i++) {
      if (r[i].positive)
        tied_positive += r[i].weight;
      else
        tied_negative += r[i].weight;
    }
    won += tied_positive * (negative + tied_negative / 2);
    negative += tied_negative;
    positive += tied_positive;
  }
  free(r);
  *auc = won / (negative * positive);
  return true;
}

static void calibrate(class_metrics *m, const double *log_probability, const size_t *truth,
                      const double *weight)
{
  for (size_t i = 0; i < m->rows; i++) {
    const double p = exp(log_probability[2 * i + 1]), w = weight_of(weight, i);
    size_t b = p >= 1 ? CALIBRATION_BINS - 1 : (size_t)(p * CALIBRATION_BINS);
    calibration_bin *bin = &m->calibration[b];
    bin->weight += w;
    bin->mean_probability += w * p;
    bin->frequency += truth[i] == 1 ? w : 0;
  }
  for (size_t b = 0; b < CALIBRATION_BINS; b++) {
    m->calibration[b].mean_probability /= m->calibration[b].weight;
    m->calibration[b].frequency /= m->calibration[b].weight;
  }
}

static void per_class(class_metrics *m)
{
  const size_t k = m->classes;
  for (size_t c = 0; c < k; c++) {
    double row = 0, column = 0;
    for (size_t j = 0; j < k; j++) {
      row += m->confusion[c * k + j];
      column += m->confusion[j * k + c];
    }
    m->precision[c] = m->confusion[c * k + c] / column;
    m->recall[c] = m->confusion[c * k + c] / row;
    m->f1[c] = 2 * m->confusion[c * k + c] / (row + column);
  }
}

bool class_metrics_new(class_metrics *m, const double *log_probability, const size_t *truth,
                       const double *weight, size_t rows, size_t classes)
{
  const size_t k = classes;
  *m = (class_metrics){.rows = rows, .classes = k, .auc = NAN};
  m->confusion = zeroed(k * k, sizeof(double));
  m->precision = zeroed(k, sizeof(double));
  m->recall = zeroed(k, sizeof(double));
  m->f1 = zeroed(k, sizeof(double));
  bool good = m->confusion != NULL && m->precision != NULL && m->recall != NULL && m->f1 != NULL;
  double total = 0, right = 0, loss = 0;
  for (size_t i = 0; good && i < rows; i++) {
    const double *p = log_probability + i * k, w = weight_of(weight, i);
    const size_t guess = largest(p, k);
    m->confusion[truth[i] * k + guess] += w;
    total += w;
    right += guess == truth[i] ? w : 0;
    loss -= w > 0 ? w * p[truth[i]] : 0;
  }
  m->accuracy = right / total;
  m->log_loss = loss / total;
  if (good) per_class(m);
  if (good && k == 2) {
    double *score = resize(NULL, rows, sizeof *score);
    good = score != NULL;
    for (size_t i = 0; good && i < rows; i++) score[i] = log_probability[2 * i + 1] - log_probability[2 * i];
    good = good && area_under_curve(&m->auc, score, truth, weight, rows);
    free(score);
    if (good) calibrate(m, log_probability, truth, weight);
  }
  if (!good) class_metrics_free(m);
  return good;
}

void class_metrics_free(class_metrics *m)
{
  free(m->confusion);
  free(m->precision);
  free(m->recall);
  free(m->f1);
  *m = (class_metrics){0};
}

value_metrics value_metrics_of(const double *prediction, const double *truth, const double *weight,
                               size_t rows)
{
  double total = 0, mean = 0;
  for (size_t i = 0; i < rows; i++) {
    const double w = weight_of(weight, i);
    total += w;
    if (w > 0) mean += (truth[i] - mean) * (w / total);
  }
  double square = 0, absolute = 0, variation = 0;
  for (size_t i = 0; i < rows; i++) {
    const double w = weight_of(weight, i), e = truth[i] - prediction[i], d = truth[i] - mean;
    square += w * e * e;
    absolute += w * fabs(e);
    variation += w * d * d;
  }
  return (value_metrics){.rows = rows,
                         .r_squared = variation > 0 ? 1 - square / variation : NAN,
                         .mean_absolute = absolute / total,
                         .root_mean_square = sqrt(square / total)};
}
