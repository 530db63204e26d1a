#include "scaling.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double too_large = 1e140; /* squares of differences of larger numbers come near overflow */

static bool allocate(scaling *s, size_t features, failure *f)
{
  *s = (scaling){.features = features};
  s->shift = zeroed(features, sizeof(double));
  s->scale = zeroed(features, sizeof(double));
  s->mean = zeroed(features, sizeof(double));
  s->spread = zeroed(features, sizeof(double));
  if (s->mean != NULL && s->shift != NULL && s->scale != NULL && s->spread != NULL) return true;
  scaling_free(s);
  return fail_memory(f);
}

void scaling_free(scaling *s)
{
  free(s->shift);
  free(s->scale);
  free(s->mean);
  free(s->spread);
  *s = (scaling){0};
}

static bool refuse_size(const design *d, size_t j, double x, failure *f)
{
  char name[FEATURE_NAME_ROOM];
  return fail(f,
              "column '%s' holds a value as large as %g: too large to be squared; choose another unit for it",
              design_feature_name(d, j, name), fabs(x));
}

/* What is summed up for each column of dense rows, about a guess at its mean. */
typedef struct column_sums {
  double *guess, *first, *second, *low, *high;
  double *kept; /* rows from a file, which go when the next comes */
} column_sums;

enum { GUESS_ROWS = 64, AT_A_TIME = 4 };

static void guess_means(const column_sums *c, const dataset *data)
{
  const size_t step = data->rows > GUESS_ROWS ? data->rows / GUESS_ROWS : 1,
               count = (data->rows + step - 1) / step;
  for (size_t i = 0; i < data->rows; i += step) {
    const double *x = dataset_row(data, i);
    for (size_t j = 0; j < data->features; j++) c->guess[j] += x[j] / (double)count;
  }
}

/* Four rows at a time: the sums are fetched and stored once for them. */
static void add_rows(const column_sums *c, const double *const x[AT_A_TIME], const double w[AT_A_TIME],
                     size_t p)
{
  for (size_t j = 0; j < p; j++) {
    const double k = c->guess[j], a = x[0][j] - k, b = x[1][j] - k, d = x[2][j] - k, e = x[3][j] - k;
    c->first[j] += (w[0] * a + w[1] * b) + (w[2] * d + w[3] * e);
    c->second[j] += (w[0] * a * a + w[1] * b * b) + (w[2] * d * d + w[3] * e * e);
  }
  for (size_t j = 0; j < p; j++) {
    const double a = x[0][j] < x[1][j] ? x[0][j] : x[1][j], b = x[2][j] < x[3][j] ? x[2][j] : x[3][j];
    const double d = x[0][j] > x[1][j] ? x[0][j] : x[1][j], e = x[2][j] > x[3][j] ? x[2][j] : x[3][j];
    const double low = a < b ? a : b, high = d > e ? d : e;
    c->low[j] = low < c->low[j] ? low : c->low[j];
    c->high[j] = high > c->high[j] ? high : c->high[j];
  }
}

/* Rows of weight 0 take no part, nor does what repeats the last row to make up the number. */
static void sum_columns(const column_sums *c, const dataset *data)
{
  const size_t p = data->features;
  const double *row[AT_A_TIME] = {NULL};
  double weight[AT_A_TIME] = {0};
  size_t held = 0;
  memset(c->first, 0, 2 * p * sizeof(double));
  for (size_t j = 0; j < p; j++) {
    c->low[j] = INFINITY;
    c->high[j] = -INFINITY;
  }
  for (size_t i = 0; i < data->rows; i++) {
    weight[held] = dataset_weight(data, i);
    row[held] = dataset_row(data, i);
    if (data->paged != NULL) row[held] = memcpy(c->kept + held * p, row[held], p * sizeof(double));
    if (weight[held] == 0 || ++held < AT_A_TIME) continue;
    add_rows(c, row, weight, p);
    held = 0;
  }
  if (held == 0) return;
  for (; held < AT_A_TIME; held++) {
    row[held] = row[held - 1];
    weight[held] = 0;
  }
  add_rows(c, row, weight, p);
}

/* Means and standard deviations. A column whose smallest and largest value agree is shifted by exactly that
 * value and has spread 0. False when a mean was guessed so badly that digits of the spread are lost; the
 * guesses are better then. */
static bool moments_of(scaling *s, const column_sums *c, double total)
{
  bool sound = true;
  for (size_t j = 0; j < s->features; j++) {
    const double off = c->first[j] / total, square = c->second[j] / total;
    const double variance = square > off * off ? square - off * off : 0;
    const bool constant = c->low[j] == c->high[j];
    s->mean[j] = s->shift[j] = constant ? c->low[j] : c->guess[j] + off;
    s->spread[j] = constant ? 0 : sqrt(variance);
    sound = sound && (constant || off * off <= variance);
    c->guess[j] += off;
  }
  return sound;
}

static bool dense_moments(scaling *s, const dataset *data, const design *d, failure *f)
{
  const size_t p = s->features;
  double *room = zeroed(p, (5 + AT_A_TIME) * sizeof *room);
  if (room == NULL) return fail_memory(f);
  const column_sums c = {room, room + p, room + 2 * p, room + 3 * p, room + 4 * p, room + 5 * p};
  double total = 0;
  for (size_t i = 0; i < data->rows; i++) total += dataset_weight(data, i);
  guess_means(&c, data);
  sum_columns(&c, data);
  bool good = true;
  for (size_t j = 0; good && j < p; j++) {
    const double size = c.high[j] > -c.low[j] ? c.high[j] : c.low[j];
    if (fabs(size) > too_large) good = refuse_size(d, j, size, f);
  }
  if (good && !moments_of(s, &c, total)) {
    sum_columns(&c, data);
    moments_of(s, &c, total);
  }
  free(room);
  return good;
}

/* What is summed up for each column of sparse rows, over its entries. */
typedef struct entry_sums {
  size_t *count;
  double *first; /* the value of the first entry: what means are taken about */
  double *weight, *sum, *square;
  double *low, *high;
} entry_sums;

static bool sums_new(entry_sums *e, size_t p)
{
  double *room = zeroed(p, 6 * sizeof *room);
  *e = (entry_sums){.count = zeroed(p, sizeof *e->count), .first = room};
  if (e->count == NULL || room == NULL) return false;
  double **const part[] = {&e->weight, &e->sum, &e->square, &e->low, &e->high};
  for (size_t k = 0; k < sizeof part / sizeof *part; k++) *part[k] = room + (k + 1) * p;
  return true;
}

static void sums_free(entry_sums *e)
{
  free(e->count);
  free(e->first); /* the room of all */
}

static void sum_entries(const entry_sums *e, const dataset *data)
{
  const sparse_rows *x = &data->sparse;
  for (size_t i = 0; i < x->rows; i++) {
    const double w = dataset_weight(data, i);
    for (size_t k = x->row_start[i]; k < x->row_start[i + 1]; k++) {
      const size_t j = x->column[k];
      const double v = x->value[k];
      if (e->count[j]++ == 0) e->first[j] = e->low[j] = e->high[j] = v;
      e->weight[j] += w;
      e->sum[j] += w * (v - e->first[j]);
      e->low[j] = fmin(e->low[j], v);
      e->high[j] = fmax(e->high[j], v);
    }
  }
}

static void sum_squares(const entry_sums *e, const scaling *s, const dataset *data)
{
  const sparse_rows *x = &data->sparse;
  for (size_t i = 0; i < x->rows; i++) {
    const double w = dataset_weight(data, i);
    for (size_t k = x->row_start[i]; k < x->row_start[i + 1]; k++) {
      const double off = x->value[k] - s->mean[x->column[k]];
      e->square[x->column[k]] += w * off * off;
    }
  }
}

/* A column of one value, with an entry in every row or of explicit zeros, is constant. */
static bool is_constant(const entry_sums *e, size_t j, size_t rows)
{
  return e->low[j] == e->high[j] && (e->count[j] == rows || e->low[j] == 0);
}

/* Two passes: the means, then the squares about them. Those of the entries that are not there are known. */
static bool sparse_moments(scaling *s, const dataset *data, const design *d, failure *f)
{
  const size_t rows = data->sparse.rows;
  double total = 0;
  entry_sums e;
  bool good = sums_new(&e, s->features) || fail_memory(f);
  if (good) sum_entries(&e, data);
  for (size_t i = 0; i < rows; i++) total += dataset_weight(data, i);
  for (size_t j = 0; good && j < s->features; j++) {
    const double size = fmax(-e.low[j], e.high[j]);
    if (size > too_large) good = refuse_size(d, j, size, f);
    const double about = e.count[j] == rows ? e.first[j] : e.first[j] * (e.weight[j] / total);
    s->mean[j] = is_constant(&e, j, rows) ? e.low[j] : about + e.sum[j] / total;
    if (e.count[j] == rows) s->shift[j] = s->mean[j];
  }
  if (good) sum_squares(&e, s, data);
  for (size_t j = 0; good && j < s->features; j++) {
    const double rest = e.count[j] == rows ? 0 : fmax(total - e.weight[j], 0);
    s->spread[j] =
        is_constant(&e, j, rows) ? 0 : sqrt((e.square[j] + rest * s->mean[j] * s->mean[j]) / total);
  }
  sums_free(&e);
  return good;
}

bool scaling_learn(scaling *s, const dataset *data, const design *d, double ratio, bool standardized,
                   failure *f)
{
  if (!allocate(s, data->features, f)) return false;
  if (!(data->is_sparse ? sparse_moments(s, data, d, f) : dense_moments(s, data, d, f))) {
    scaling_free(s);
    return false;
  }
  for (size_t j = 0; j < s->features; j++) {
    const double v = s->spread[j] * s->spread[j], off = s->mean[j] - s->shift[j];
    s->scale[j] = sqrt(v + off * off + ratio * (standardized ? v : 1));
    if (s->spread[j] == 0) s->constant++;
    if (s->spread[j] == 0 || s->scale[j] == 0) s->scale[j] = 1;
  }
  return true;
}

static void scale_row(const scaling *s, const double *x, double *to)
{
  for (size_t j = 0; j < s->features; j++) to[j] = (x[j] - s->shift[j]) / s->scale[j];
}

static bool scale_borrowed(const scaling *s, dataset *data)
{
  const size_t width = data->width, p = s->features;
  double *to = resize(NULL, data->rows * width, sizeof *to);
  if (to == NULL) return false;
  for (size_t i = 0; i < data->rows; i++) {
    const double *x = dataset_row(data, i);
    scale_row(s, x, to + i * width);
    for (size_t j = p; j < width; j++) to[i * width + j] = x[j];
  }
  data->values = to;
  data->borrowed = false;
  return true;
}

static bool scale_sparse(const scaling *s, dataset *data)
{
  sparse_rows *x = &data->sparse;
  const size_t entries = x->row_start[x->rows];
  double *to = data->borrowed ? resize(NULL, entries, sizeof *to) : x->value;
  if (to == NULL) return false;
  for (size_t e = 0; e < entries; e++) {
    const size_t j = x->column[e];
    to[e] = (x->value[e] - s->shift[j]) / s->scale[j];
  }
  x->value = to;
  if (data->borrowed) data->scaled = to;
  return true;
}

bool scaling_apply(const scaling *s, dataset *data)
{
  if (data->is_sparse) return scale_sparse(s, data);
  if (data->borrowed) return scale_borrowed(s, data);
  for (size_t i = 0; i < data->rows; i++) {
    double *x = dataset_edit(data, i);
    scale_row(s, x, x);
  }
  return true;
}

bool scaling_can_wait(const scaling *s)
{
  const double digits = 100; /* two of sixteen */
  for (size_t j = 0; j < s->features; j++) {
    if (fabs(s->shift[j]) > digits * s->scale[j]) return false;
  }
  return true;
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
