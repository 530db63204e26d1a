#include "metrics.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>

static size_t largest(const double *p, size_t k)
{
  size_t best = 0;
  for (size_t c = 1; c < k; c++) {
    if (p[c] > p[best]) best = c;
  }
  return best;
}

/* -- classes --------------------------------------------------------------------------------------------- */

bool class_metrics_start(class_metrics *m, size_t classes)
{
  const size_t k = classes;
  *m = (class_metrics){.classes = k, .auc = NAN};
  m->confusion = zeroed(k * k, sizeof(double));
  m->precision = zeroed(k, sizeof(double));
  m->recall = zeroed(k, sizeof(double));
  m->f1 = zeroed(k, sizeof(double));
  return m->confusion != NULL && m->precision != NULL && m->recall != NULL && m->f1 != NULL;
}

static void calibrate(class_metrics *m, double log_probability, bool positive, double weight)
{
  const double p = exp(log_probability);
  calibration_bin *bin = &m->calibration[p >= 1 ? CALIBRATION_BINS - 1 : (size_t)(p * CALIBRATION_BINS)];
  bin->weight += weight;
  bin->mean_probability += weight * p;
  bin->frequency += positive ? weight : 0;
}

bool class_metrics_add(class_metrics *m, const double *log_probability, size_t truth, double weight)
{
  const double *p = log_probability;
  const size_t guess = largest(p, m->classes);
  m->rows++;
  m->confusion[truth * m->classes + guess] += weight;
  m->weight += weight;
  m->accuracy += guess == truth ? weight : 0;
  m->log_loss -= weight > 0 ? weight * p[truth] : 0;
  if (m->classes != 2) return true;
  calibrate(m, p[1], truth == 1, weight);
  return ranking_add(&m->ranking, p[1] - p[0], weight, truth == 1);
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

bool class_metrics_finish(class_metrics *m)
{
  m->accuracy /= m->weight;
  m->log_loss /= m->weight;
  per_class(m);
  for (size_t b = 0; b < CALIBRATION_BINS; b++) {
    m->calibration[b].mean_probability /= m->calibration[b].weight;
    m->calibration[b].frequency /= m->calibration[b].weight;
  }
  const bool good = m->classes != 2 || ranking_area(&m->ranking, &m->auc);
  ranking_free(&m->ranking);
  return good;
}

void class_metrics_free(class_metrics *m)
{
  free(m->confusion);
  free(m->precision);
  free(m->recall);
  free(m->f1);
  ranking_free(&m->ranking);
  *m = (class_metrics){0};
}

/* -- values ---------------------------------------------------------------------------------------------- */

/* The mean and the squares of the distances from it are kept up to date together (D. H. D. West 1979). */
void value_metrics_add(value_metrics *m, double prediction, double truth, double weight)
{
  const double e = truth - prediction, d = truth - m->mean;
  m->rows++;
  m->weight += weight;
  if (weight > 0) m->mean += d * (weight / m->weight);
  m->variation += weight * d * (truth - m->mean);
  m->square += weight * e * e;
  m->absolute += weight * fabs(e);
}

void value_metrics_finish(value_metrics *m)
{
  m->r_squared = m->variation > 0 ? 1 - m->square / m->variation : NAN;
  m->mean_absolute = m->absolute / m->weight;
  m->root_mean_square = sqrt(m->square / m->weight);
}
