/* Samples are copied unless their owner lends them. The copy is made whole before the old one goes, so that a
 * failure changes nothing. */
#include "samples.h"

#include "memory.h"

#include <assert.h>
#include <string.h>

/* A copy of n numbers of `size` bytes; false when there is no memory. None: NULL. */
static bool copied(void **to, const void *from, size_t n, size_t size)
{
  *to = from && n > 0 ? tg_memory_resize_(NULL, n, size) : NULL;
  if (*to) memcpy(*to, from, n * size);
  return *to || !from || n == 0;
}

static bool copy_sparse(tg_samples_ *s, const tg_data *data)
{
  const size_t n = data->row_start[data->rows];
  return copied(&s->values, data->values, n, sizeof *data->values) &&
         copied(&s->row_start, data->row_start, data->rows + 1, sizeof *data->row_start) &&
         copied(&s->column, data->column, n, sizeof *data->column);
}

/* Row after row, with nothing between them. */
static bool copy_dense(tg_samples_ *s, const tg_data *data)
{
  if (data->columns == 0 || data->rows == 0) return true;
  if (data->stride == data->columns)
    return copied(&s->values, data->values, data->rows * data->columns, sizeof *data->values);
  double *const values = tg_memory_resize_(NULL, data->rows * data->columns, sizeof *values);
  s->values = values;
  for (size_t i = 0; values && i < data->rows; i++)
    memcpy(values + i * data->columns, data->values + i * data->stride, data->columns * sizeof *values);
  return values;
}

static bool copy_all(tg_samples_ *s, const tg_data *data)
{
  return copied(&s->label, data->label, data->rows, sizeof *data->label) &&
         (data->row_start ? copy_sparse(s, data) : copy_dense(s, data));
}

tg_status tg_samples_take_(tg_samples_ *s, tg_data data)
{
  assert(data.columns > 0 || data.label);
  tg_samples_ made = {0};
  if (data.stride == 0) data.stride = data.columns;
  made.data = data;
  if (!data.borrow) {
    if (!copy_all(&made, &data)) {
      tg_samples_free_(&made);
      return TG_E_NOMEM;
    }
    made.data.values = made.values;
    made.data.label = made.label;
    made.data.stride = data.columns;
    if (data.row_start) made.data.row_start = made.row_start, made.data.column = made.column;
  }
  tg_samples_free_(s);
  *s = made;
  return TG_OK;
}

void tg_samples_free_(tg_samples_ *s)
{
  tg_memory_free_(s->values);
  tg_memory_free_(s->label);
  tg_memory_free_(s->row_start);
  tg_memory_free_(s->column);
  *s = (tg_samples_){0};
}

size_t tg_sample_size_(const tg_data *data) { return data->columns + (data->label ? 1 : 0); }

void tg_sample_write_(const tg_data *data, size_t row, double *to)
{
  assert(row < data->rows);
  if (data->row_start) {
    memset(to, 0, data->columns * sizeof *to);
    for (size_t k = data->row_start[row]; k < data->row_start[row + 1]; k++)
      to[data->column[k]] = data->values[k];
  } else if (data->columns > 0) {
    memcpy(to, data->values + row * data->stride, data->columns * sizeof *to);
  }
  if (data->label) to[data->columns] = data->label[row];
}
