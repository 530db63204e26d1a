#include "scaling.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>

static const double too_large = 1e140; /* squares of differences of larger numbers come near overflow */

static bool allocate(scaling *s, size_t features, failure *f)
{
  *s = (scaling){.features = features};
  s->shift = zeroed(features, sizeof(double));
  s->scale = zeroed(features, sizeof(double));
  s->spread = zeroed(features, sizeof(double));
  if (s->shift != NULL && s->scale != NULL && s->spread != NULL) return true;
  scaling_free(s);
  return fail_memory(f);
}

void scaling_free(scaling *s)
{
  free(s->shift);
  free(s->scale);
  free(s->spread);
  *s = (scaling){0};
}

static bool refuse_size(const design *d, size_t j, double x, failure *f)
{
  char name[FEATURE_NAME_ROOM];
  return fail(f, "column '%s' holds a value as large as %g: too large to be squared; choose another unit for it",
              design_feature_name(d, j, name), x);
}

/* Means and standard deviations in two passes, rows outside: memory is read in order. A column whose smallest and
 * largest value agree is shifted by exactly that value and has spread 0. */
static bool dense_moments(scaling *s, const dataset *data, const design *d, double *low, double *high, failure *f)
{
  const size_t p = s->features;
  for (size_t j = 0; j < p; j++) {
    low[j] = INFINITY;
    high[j] = -INFINITY;
  }
  double total = 0;
  for (size_t i = 0; i < data->rows; i++) total += dataset_weight(data, i);
  for (size_t i = 0; i < data->rows; i++) {
    const double *x = dataset_row(data, i), w = dataset_weight(data, i) / total;
    if (w == 0) continue;
    for (size_t j = 0; j < p; j++) {
      s->shift[j] += w * x[j];
      low[j] = x[j] < low[j] ? x[j] : low[j];
      high[j] = x[j] > high[j] ? x[j] : high[j];
    }
  }
  for (size_t j = 0; j < p; j++) {
    if (high[j] > too_large || low[j] < -too_large) {
      return refuse_size(d, j, high[j] > -low[j] ? high[j] : low[j], f);
    }
    if (low[j] == high[j]) s->shift[j] = low[j];
  }
  for (size_t i = 0; i < data->rows; i++) {
    const double *x = dataset_row(data, i), w = dataset_weight(data, i) / total;
    for (size_t j = 0; j < p; j++) {
      const double e = x[j] - s->shift[j];
      s->spread[j] += w * e * e;
    }
  }
  for (size_t j = 0; j < p; j++) s->spread[j] = low[j] == high[j] ? 0 : sqrt(s->spread[j]);
  return true;
}

/* Second moments about 0: shifting would fill in the zeros. */
static bool sparse_moments(scaling *s, const dataset *data, const design *d, failure *f)
{
  const sparse_rows *x = &data->sparse;
  for (size_t e = 0; e < x->row_start[x->rows]; e++) {
    if (fabs(x->value[e]) > too_large) return refuse_size(d, x->column[e], x->value[e], f);
    s->spread[x->column[e]] += x->value[e] * x->value[e] / (double)x->rows;
  }
  for (size_t j = 0; j < s->features; j++) s->spread[j] = sqrt(s->spread[j]);
  return true;
}

bool scaling_learn(scaling *s, const dataset *data, const design *d, double ratio, bool standardized, failure *f)
{
  if (!allocate(s, data->features, f)) return false;
  double *bound = resize(NULL, 2 * s->features, sizeof *bound);
  bool good = bound != NULL || fail_memory(f);
  good = good && (data->is_sparse ? sparse_moments(s, data, d, f)
                                  : dense_moments(s, data, d, bound, bound + s->features, f));
  free(bound);
  if (!good) {
    scaling_free(s);
    return false;
  }
  for (size_t j = 0; j < s->features; j++) {
    const double v = s->spread[j] * s->spread[j];
    s->scale[j] = sqrt(v + ratio * (standardized ? v : 1));
    if (s->spread[j] == 0) s->constant++;
    if (s->spread[j] == 0 || s->scale[j] == 0) s->scale[j] = 1;
  }
  return true;
}

void scaling_apply(const scaling *s, dataset *data)
{
  if (data->is_sparse) {
    sparse_rows *x = &data->sparse;
    for (size_t e = 0; e < x->row_start[x->rows]; e++) x->value[e] /= s->scale[x->column[e]];
    return;
  }
  for (size_t i = 0; i < data->rows; i++) {
    double *x = dataset_edit(data, i);
    for (size_t j = 0; j < s->features; j++) x[j] = (x[j] - s->shift[j]) / s->scale[j];
  }
}

/* A net for regression counts its output in units. */
static bool has_units(const model_shape *m) { return m->kind == MODEL_NET && m->classes == 0; }

/* w'x + b with x = shift + scale x' is (w scale)'x' + (b + w'shift). */
void scaling_undo(const scaling *s, const model_shape *m, double *theta)
{
  const size_t rows = model_rows(m), p = s->features;
  for (size_t k = 0; k < rows; k++) {
    double *w = theta + k * p, *b = theta + rows * p + k;
    for (size_t j = 0; j < p; j++) {
      w[j] /= s->scale[j];
      *b -= w[j] * s->shift[j];
    }
  }
  if (!has_units(m)) return;
  double *second = theta + rows * (p + 1);
  for (size_t i = 0; i <= rows; i++) second[i] *= m->unit;
  second[rows] += m->centre;
}

void scaling_redo(const scaling *s, const model_shape *m, double *theta)
{
  const size_t rows = model_rows(m), p = s->features;
  for (size_t k = 0; k < rows; k++) {
    double *w = theta + k * p, *b = theta + rows * p + k;
    for (size_t j = 0; j < p; j++) {
      *b += w[j] * s->shift[j];
      w[j] *= s->scale[j];
    }
  }
  if (!has_units(m)) return;
  double *second = theta + rows * (p + 1);
  second[rows] -= m->centre;
  for (size_t i = 0; i <= rows; i++) second[i] /= m->unit;
}
