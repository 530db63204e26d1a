/* Rows of data become lane vectors: to[column][lane] = row[lane][column].
 *
 * They are taken in squares of eight by eight that stay in the first cache, and where a register holds eight numbers a
 * square is transposed in registers, in three rounds of shuffles. What comes from far is asked for a strip ahead. */
#include "kernels_level.h"
#include "simd.h"

static void transpose_columns(const double *const *r, size_t from, size_t columns, double *t, size_t step)
{
  for (size_t c = from; c < columns; c++)
    UNROLL for (int i = 0; i < TG_LANE_UNIT; i++) t[c * step + (size_t)i] = r[i][c];
}

#if WIDTH == 8
typedef double loose __attribute__((vector_size(64), aligned(8), may_alias));
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
/* A square of 8 x 8: pairs of rows, pairs of pairs, halves. */
LANE_INLINE void transpose_square(const double *const *r, size_t c, double *t, size_t step)
{
  vec a[8], b[8];
  UNROLL for (int i = 0; i < 8; i++) a[i] = (vec)(*(const loose *)(r[i] + c));
  UNROLL for (int i = 0; i < 8; i += 2)
  {
    b[i] = SHUFFLE(a[i], a[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
    b[i + 1] = SHUFFLE(a[i], a[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  }
  UNROLL for (int i = 0; i < 8; i += 4) UNROLL for (int k = 0; k < 2; k++)
  {
    a[i + k] = SHUFFLE(b[i + k], b[i + k + 2], 0, 1, 8, 9, 4, 5, 12, 13);
    a[i + k + 2] = SHUFFLE(b[i + k], b[i + k + 2], 2, 3, 10, 11, 6, 7, 14, 15);
  }
  UNROLL for (int k = 0; k < 4; k++)
  {
    store(t + (size_t)k * step, SHUFFLE(a[k], a[k + 4], 0, 1, 2, 3, 8, 9, 10, 11));
    store(t + (size_t)(k + 4) * step, SHUFFLE(a[k], a[k + 4], 4, 5, 6, 7, 12, 13, 14, 15));
  }
}
#undef SHUFFLE
#endif

/* Rows are transposed in strips, so that what is written is written in runs (a fifth off, beside rows by
 * eights). */
enum { STRIP = 32 };

/* Rows are asked for a strip ahead, a few lines at a time: what comes from memory then comes while other rows
 * are worked on. Where rows lie one behind the other the request may go beyond them. */
typedef struct ahead {
  uintptr_t at, end;
  bool scattered;
} ahead;

static ahead strip_ahead(const double *const *row, size_t from, size_t end, size_t columns)
{
  const uintptr_t stride = (uintptr_t)row[from + 1] - (uintptr_t)row[from], n = end - from;
  const bool even = (uintptr_t)row[end - 1] - (uintptr_t)row[from] == (n - 1) * stride;
  if (!even || stride > (columns + columns / 4) * sizeof **row) return (ahead){0, 0, true};
  const uintptr_t start = (uintptr_t)row[from] + STRIP * stride;
  return (ahead){start, start + n * stride, false};
}

static void fetch_some(ahead *a,
                       size_t columns) /* as much as eight rows have in so many columns, and a bit */
{
  enum { LINE = 64 };
  for (size_t i = 0; i <= columns && a->at < a->end; i++, a->at += LINE) fetch(a->at);
}

/* The same columns of rows that lie anywhere. */
static void fetch_rows(const double *const *row, size_t from, size_t lanes, size_t c, size_t end)
{
  for (; c < end; c += TG_LANE_UNIT)
    for (size_t i = from; i < from + TG_LANE_UNIT && i < lanes; i++) fetch((uintptr_t)(row[i] + c));
}

void TG_KERNEL(transpose)(const double *const *row, size_t lanes, size_t columns, double *to, size_t step)
{
  assert(lanes % TG_LANE_UNIT == 0 && step % TG_LANE_UNIT == 0 && tg_is_aligned_(to));
  for (size_t from = 0; from < lanes; from += STRIP) {
    const size_t end = lanes - from < STRIP ? lanes : from + STRIP;
    ahead next = strip_ahead(row, from, end, columns);
    size_t c = 0;
#if WIDTH == 8
    for (; c + 8 <= columns; c += 8)
      for (size_t lane = from; lane < end; lane += TG_LANE_UNIT) {
        fetch_some(&next, TG_LANE_UNIT);
        if (next.scattered) fetch_rows(row, lane + STRIP, lanes, c, c + TG_LANE_UNIT);
        transpose_square(row + lane, c, to + lane + c * step, step);
      }
#endif
    for (size_t lane = from; lane < end; lane += TG_LANE_UNIT) {
      fetch_some(&next, columns - c);
      if (next.scattered) fetch_rows(row, lane + STRIP, lanes, c, columns);
      transpose_columns(row + lane, c, columns, to + lane, step);
    }
  }
}
