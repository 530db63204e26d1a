/* Rows of numbers as a user hands them over: how to write them down, and whether they are well formed. */
#include "tapegrad/finite_sum.h"

#include <stdint.h>
#include <stdio.h>

tg_data tg_dense(const double *values, size_t rows, size_t columns)
{
  return (tg_data){.rows = rows, .columns = columns, .values = values, .stride = columns};
}

tg_data tg_sparse(const size_t *row_start, const size_t *column, const double *values, size_t rows,
                  size_t columns)
{
  return (tg_data){
      .rows = rows, .columns = columns, .values = values, .row_start = row_start, .column = column};
}

/* What is wrong with rows: the first row it shows in, or SIZE_MAX, and words. */
typedef struct flaw {
  tg_status status;
  size_t row;
  char *text; /* NULL: not wanted */
  size_t size;
} flaw;

static tg_status found(flaw *f, tg_status status, size_t row, const char *format, size_t a, size_t b)
{
  char words[96];
  f->status = status;
  f->row = row;
  snprintf(words, sizeof words, format, a, b);
  if (f->text && row != SIZE_MAX)
    snprintf(f->text, f->size, "row %zu (the first is row 0): %s", row, words);
  else if (f->text)
    snprintf(f->text, f->size, "%s", words);
  return status;
}

/* A sparse row: ascending offsets, ascending columns within range. */
static tg_status examine_row(const tg_data *data, size_t i, flaw *f)
{
  const size_t from = data->row_start[i], to = data->row_start[i + 1];
  if (from > to) return found(f, TG_E_DATA, i, "row_start descends from %zu to %zu", from, to);
  for (size_t k = from; k < to; k++) {
    const size_t column = data->column[k];
    if (column >= data->columns)
      return found(f, TG_E_DATA, i, "column %zu, and there are %zu columns", column, data->columns);
    if (k > from && column <= data->column[k - 1])
      return found(f, TG_E_DATA, i, "column %zu follows column %zu", column, data->column[k - 1]);
  }
  return TG_OK;
}

static tg_status examine(const tg_data *data, flaw *f)
{
  const size_t stride = data->stride ? data->stride : data->columns;
  const bool sparse = data->row_start && data->column;
  *f = (flaw){TG_OK, SIZE_MAX, f->text, f->size};
  if (data->columns == 0 && !data->label) return found(f, TG_E_DATA, SIZE_MAX, "there are no columns", 0, 0);
  if (!data->row_start != !data->column)
    return found(f, TG_E_DATA, SIZE_MAX, "row_start and column go together, and one is NULL", 0, 0);
  if (data->rows > SIZE_MAX / sizeof(double) - 1 ||
      (stride && data->rows > SIZE_MAX / sizeof(double) / stride && !sparse))
    return found(f, TG_E_SIZE, SIZE_MAX, "%zu rows of %zu numbers cannot be addressed", data->rows, stride);
  if (sparse && data->row_start[0] != 0)
    return found(f, TG_E_DATA, 0, "row_start[0] is %zu and not 0", data->row_start[0], 0);
  for (size_t i = 0; sparse && i < data->rows; i++)
    if (examine_row(data, i, f) != TG_OK) return f->status;
  if (!data->values && data->rows > 0 && (sparse ? data->row_start[data->rows] : data->columns) > 0)
    return found(f, TG_E_DATA, SIZE_MAX, "the values are NULL", 0, 0);
  if (!sparse && stride < data->columns)
    return found(f, TG_E_DATA, SIZE_MAX, "the stride, %zu, is less than the %zu columns", stride,
                 data->columns);
  return TG_OK;
}

tg_status tg_data_check(const tg_data *data, size_t *row)
{
  flaw f = {TG_OK, SIZE_MAX, NULL, 0};
  const tg_status status = data ? examine(data, &f) : TG_E_ARGUMENT;
  if (row) *row = f.row;
  return status;
}

tg_status tg_data_explain(const tg_data *data, char *text, size_t size)
{
  flaw f = {TG_OK, SIZE_MAX, size > 0 ? text : NULL, size};
  if (!data) return TG_E_ARGUMENT;
  if (f.text) snprintf(text, size, "%s", tg_status_string(TG_OK));
  return examine(data, &f);
}
