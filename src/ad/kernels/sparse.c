/* affine and outer for sparse rows (tg_sparse_): one sample after the other, for neighbours share no columns.
 *
 * With several rows of the matrix their coefficients for one column stand side by side, and a stored entry meets eight
 * of them at once. With a single row each sum would wait for its own last addition: four samples go abreast. */
#include "kernels_level.h"
#include "simd.h"

LANE_INLINE uint32_t sparse_column(const tg_sparse_ *s, size_t k)
{
  return s->position != NULL ? s->position[s->column[k]] : (uint32_t)s->column[k];
}

static double sparse_start(const tg_sparse_ *s, size_t r, size_t lane)
{
  if (s->y_start != NULL) return s->y_start[s->start_offset[r] + lane];
  return s->start != NULL ? s->start[r] : -0.0;
}

/* Entries `from` to `to` are worked on next: those some way behind them are asked for, there or not. */
LANE_INLINE void fetch_entries(const tg_sparse_ *s, size_t from, size_t to)
{
  enum { AHEAD = 1024, LINE = 8 };
  const uintptr_t column = (uintptr_t)s->column, value = (uintptr_t)s->values;
  for (size_t k = from + AHEAD; k < to + AHEAD; k += LINE) {
    fetch(column + k * sizeof *s->column);
    fetch(value + k * sizeof *s->values);
  }
}

/* One row over all columns: four samples side by side, for the sum of each waits for itself alone. */
static void sparse_dot(const tg_sparse_ *s)
{
  enum { ABREAST = 4 };
  for (size_t lane = 0; lane < s->lanes; lane += ABREAST) {
    size_t at[ABREAST], count[ABREAST], common = SIZE_MAX;
    double sum[ABREAST];
    UNROLL for (size_t i = 0; i < ABREAST; i++)
    {
      at[i] = s->row_start[s->row[lane + i]];
      count[i] = s->row_start[s->row[lane + i] + 1] - at[i];
      common = count[i] < common ? count[i] : common;
      sum[i] = sparse_start(s, 0, lane + i);
    }
    if (s->row[lane + ABREAST - 1] == s->row[lane] + ABREAST - 1)
      fetch_entries(s, at[0], at[ABREAST - 1] + count[ABREAST - 1]);
    for (size_t k = 0; k < common; k++)
      UNROLL for (size_t i = 0; i < ABREAST; i++) sum[i] =
          TG_FMA(s->w[s->column[at[i] + k]], s->values[at[i] + k], sum[i]);
    for (size_t i = 0; i < ABREAST; i++) {
      for (size_t k = at[i] + common; k < at[i] + count[i]; k++)
        sum[i] = TG_FMA(s->w[s->column[k]], s->values[k], sum[i]);
      s->y[s->y_offset[0] + lane + i] = s->end != NULL ? sum[i] + s->end[0] : sum[i];
    }
  }
}

static void sparse_axpy(const tg_sparse_ *s)
{
  const size_t *column = s->column;
  const double *values = s->values;
  double *sum = s->sum;
  for (size_t lane = 0; lane < s->lanes; lane++) {
    const size_t end = s->row_start[s->row[lane] + 1];
    const double u = s->u[s->u_offset[0] + lane];
    for (size_t k = s->row_start[s->row[lane]]; k < end; k++)
      sum[column[k]] = TG_FMA(u, values[k], sum[column[k]]);
  }
}

void TG_KERNEL(sparse_affine)(const tg_sparse_ *s)
{
  if (s->rows == 1 && s->position == NULL && !s->masked) {
    sparse_dot(s);
    return;
  }
  for (size_t lane = 0; lane < s->lanes; lane++) {
    const size_t end = s->row_start[s->row[lane] + 1];
    for (size_t r = 0; r < s->rows; r += 8) {
      const size_t n = s->rows - r < 8 ? s->rows - r : 8;
      double sum[8];
      for (size_t i = 0; i < n; i++) sum[i] = sparse_start(s, r + i, lane);
      for (size_t k = s->row_start[s->row[lane]]; k < end; k++) {
        const uint32_t j = sparse_column(s, k);
        if (j == UINT32_MAX) continue;
        const double x = s->values[k], *w = s->w + j * s->rows + r;
        if (s->masked)
          for (size_t i = 0; i < n; i++) sum[i] = w[i] == 0.0 || x == 0.0 ? sum[i] : TG_FMA(w[i], x, sum[i]);
        else if (n == 1)
          sum[0] = TG_FMA(w[0], x, sum[0]);
        else
          for (size_t i = 0; i < n; i++) sum[i] = TG_FMA(w[i], x, sum[i]);
      }
      for (size_t i = 0; i < n; i++)
        s->y[s->y_offset[r + i] + lane] = s->end != NULL ? sum[i] + s->end[r + i] : sum[i];
    }
  }
}

void TG_KERNEL(sparse_outer)(const tg_sparse_ *s)
{
  if (s->rows == 1 && s->position == NULL && !s->masked) {
    sparse_axpy(s);
    return;
  }
  for (size_t lane = 0; lane < s->lanes; lane++) {
    const size_t end = s->row_start[s->row[lane] + 1];
    for (size_t r = 0; r < s->rows; r += 8) {
      const size_t n = s->rows - r < 8 ? s->rows - r : 8;
      double u[8];
      for (size_t i = 0; i < n; i++) u[i] = s->u[s->u_offset[r + i] + lane];
      for (size_t k = s->row_start[s->row[lane]]; k < end; k++) {
        const uint32_t j = sparse_column(s, k);
        if (j == UINT32_MAX) continue;
        const double x = s->values[k];
        double *sum = s->sum + j * s->rows + r;
        if (s->masked)
          for (size_t i = 0; i < n; i++) sum[i] = u[i] == 0.0 || x == 0.0 ? sum[i] : TG_FMA(u[i], x, sum[i]);
        else if (n == 1)
          sum[0] = TG_FMA(u[0], x, sum[0]);
        else
          for (size_t i = 0; i < n; i++) sum[i] = TG_FMA(u[i], x, sum[i]);
      }
    }
  }
}
