/* Matrices of numbers times lane vectors, and the sums over lanes that are their derivatives: where the speed of finite
 * sums comes from.
 *
 * A processor multiplies as fast as it reads, so a loop that reads a vector for each multiply-add cannot be fast. Here
 * a tile of results stays in registers while the other index goes by: each vector that is read serves all rows of the
 * tile, and each number all its vectors. The tile is as large as the registers allow.
 *
 *     affine   y[r] = start[r] + sum_j w[r][j] x[j] + end[r]     rows x vectors of y stay, columns go by
 *     outer    sum[r][j] += u[r] . x[j]                          rows x columns of sums stay, lanes go by
 *
 * The numbers of rows, vectors and columns of a tile are constants where it is inlined, and its loops unroll. */
#include "kernels_level.h"
#include "simd.h"

/* ---- affine: a tile of rows x vectors stays in registers while the columns go by ---- */

/* Fixed where a tile is compiled. */
typedef struct affine_kind {
  int sets;         /* 2: with the tangents */
  bool masked, far; /* far: fetches what is `ahead` */
} affine_kind;

LANE_INLINE void affine_tile(const tg_affine_ *a, size_t row, size_t lane, int rows, int vectors,
                             affine_kind kind)
{
  const int sets = kind.sets;
  const double *const starts[2] = {a->start, a->start_dot}, *const ends[2] = {a->end, a->end_dot};
  double *const to[2] = {a->y, a->y_dot};
  vec sum[8][8];
  UNROLL for (int i = 0; i < sets * rows; i++)
  {
    const size_t r = row + (size_t)(i % rows);
    const double *from = a->y_start != NULL ? a->y_start + a->start_offset[r] + lane : NULL;
    const vec start = all(starts[i / rows] != NULL ? starts[i / rows][r] : -0.0);
    UNROLL for (int v = 0; v < vectors; v++)
    {
      sum[i][v] = start;
      if (from != NULL) sum[i][v] = load(from + v * WIDTH);
    }
  }
  const double *w = a->w + row * a->row_step, *w_dot = sets > 1 ? a->w_dot + row * a->row_step : NULL;
  for (size_t j = 0; j < a->columns; j++) {
    const double *x = a->x + a->x_offset[j] + lane;
    vec xs[8];
    UNROLL for (int v = 0; v < vectors; v++) xs[v] = load(x + v * WIDTH);
    if (kind.far) UNROLL for (int v = 0; v < vectors; v++) fetch((uintptr_t)(x + v * WIDTH) + a->ahead);
    UNROLL for (int i = 0; i < sets * rows; i++)
    {
      const vec c = all((i < rows ? w : w_dot)[(size_t)(i % rows) * a->row_step]);
      UNROLL for (int v = 0; v < vectors; v++) sum[i][v] = fused_masked(c, xs[v], sum[i][v], kind.masked);
    }
    w += a->column_step;
    if (sets > 1) w_dot += a->column_step;
  }
  UNROLL for (int i = 0; i < sets * rows; i++)
  {
    const size_t r = row + (size_t)(i % rows);
    double *y = to[i / rows] + a->y_offset[r] + lane;
    const vec end = all(ends[i / rows] != NULL ? ends[i / rows][r] : -0.0);
    UNROLL for (int v = 0; v < vectors; v++) store(y + v * WIDTH, sum[i][v] + end);
  }
}

/* All lanes of `rows` rows, in strips of `vectors` registers, then of fewer. */
LANE_INLINE void affine_rows(const tg_affine_ *a, size_t row, int rows, int vectors, affine_kind kind)
{
  size_t lane = 0;
  for (; lane + (size_t)vectors * WIDTH <= a->lanes; lane += (size_t)vectors * WIDTH)
    affine_tile(a, row, lane, rows, vectors, kind);
  if (vectors > 2)
    for (; lane + 2 * WIDTH <= a->lanes; lane += 2 * WIDTH) affine_tile(a, row, lane, rows, 2, kind);
  for (; lane < a->lanes; lane += WIDTH) affine_tile(a, row, lane, rows, 1, kind);
}

LANE_INLINE void affine_all(const tg_affine_ *a, affine_kind kind)
{
  const int most = 4 / kind.sets;
  size_t row = 0;
  for (; row + (size_t)most <= a->rows; row += (size_t)most) affine_rows(a, row, most, TILE / 4, kind);
  if (kind.sets == 1 && row + 2 <= a->rows) {
    affine_rows(a, row, 2, TILE / 4, kind);
    row += 2;
  }
  if (row < a->rows) affine_rows(a, row, 1, kind.sets == 1 ? TILE / 2 : TILE / 4, kind);
}

static void assert_affine(const tg_affine_ *a)
{
  assert(a->lanes % TG_LANE_UNIT == 0 && tg_is_aligned_(a->x) && tg_is_aligned_(a->y));
  assert(a->y_start == NULL || (tg_is_aligned_(a->y_start) && a->start_offset != NULL));
  (void)a;
}

void TG_KERNEL(affine)(const tg_affine_ *a)
{
  assert_affine(a);
  assert(a->w_dot == NULL || a->y_start == NULL);
  if (a->w_dot != NULL)
    affine_all(a, (affine_kind){2, false, true});
  else if (a->ahead != 0)
    affine_all(a, (affine_kind){1, false, true});
  else
    affine_all(a, (affine_kind){1, false, false});
}
void TG_KERNEL(affine_masked)(const tg_affine_ *a)
{
  assert_affine(a);
  assert(a->w_dot == NULL);
  affine_all(a, (affine_kind){1, true, false});
}

/* ---- outer: a tile of rows x columns of sums stays in registers while the lanes go by ---- */

/* Sums of the entries of `WIDTH` vectors, one result each. */
#if WIDTH == 8
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
/* What stays in its place is blended, the rest shuffled: blends have more ports to run on. */
LANE_INLINE vec pairs(vec a, vec b) /* neighbours: a01 b01 a23 b23 a45 b45 a67 b67 */
{
  return SHUFFLE(a, b, 0, 9, 2, 11, 4, 13, 6, 15) + SHUFFLE(a, b, 1, 8, 3, 10, 5, 12, 7, 14);
}
LANE_INLINE vec sums(const vec *s)
{
  const vec a = pairs(s[0], s[1]), b = pairs(s[2], s[3]), c = pairs(s[4], s[5]), d = pairs(s[6], s[7]);
  const vec e = SHUFFLE(a, b, 0, 1, 10, 11, 4, 5, 14, 15) + SHUFFLE(a, b, 2, 3, 8, 9, 6, 7, 12, 13);
  const vec f = SHUFFLE(c, d, 0, 1, 10, 11, 4, 5, 14, 15) + SHUFFLE(c, d, 2, 3, 8, 9, 6, 7, 12, 13);
  return SHUFFLE(e, f, 0, 1, 2, 3, 12, 13, 14, 15) + SHUFFLE(e, f, 4, 5, 6, 7, 8, 9, 10, 11);
}
#undef SHUFFLE
#elif WIDTH == 4
LANE_INLINE vec sums(const vec *s)
{
  const vec a =
      __builtin_shufflevector(s[0], s[1], 0, 4, 2, 6) + __builtin_shufflevector(s[0], s[1], 1, 5, 3, 7);
  const vec b =
      __builtin_shufflevector(s[2], s[3], 0, 4, 2, 6) + __builtin_shufflevector(s[2], s[3], 1, 5, 3, 7);
  return __builtin_shufflevector(a, b, 0, 1, 4, 5) + __builtin_shufflevector(a, b, 2, 3, 6, 7);
}
#elif WIDTH == 2
LANE_INLINE vec sums(const vec *s)
{
  return __builtin_shufflevector(s[0], s[1], 0, 2) + __builtin_shufflevector(s[0], s[1], 1, 3);
}
#else
LANE_INLINE vec sums(const vec *s) { return *s; }
#endif

/* rows * columns is a multiple of WIDTH; columns past the last of o are computed from the last and dropped.
 */
LANE_INLINE void outer_tile(const tg_outer_ *o, size_t row, size_t column, int rows, int columns, bool masked)
{
  vec sum[16];
  const double *u[4], *x[16];
  const size_t left = o->columns - column;
  UNROLL for (int r = 0; r < rows; r++) u[r] = o->u + o->u_offset[row + (size_t)r];
  UNROLL for (int c = 0; c < columns; c++) x[c] =
      o->x + o->x_offset[(size_t)c < left ? column + (size_t)c : o->columns - 1];
  UNROLL for (int i = 0; i < rows * columns; i++) sum[i] = all(0.0);
  for (size_t lane = 0; lane < o->lanes; lane += WIDTH) {
    vec us[4];
    UNROLL for (int r = 0; r < rows; r++) us[r] = load(u[r] + lane);
    UNROLL for (int c = 0; c < columns; c++)
    {
      const vec xc = load(x[c] + lane);
      UNROLL for (int r = 0; r < rows; r++) sum[r * columns + c] =
          fused_masked(us[r], xc, sum[r * columns + c], masked);
    }
  }
  union {
    vec v[16 / WIDTH];
    double d[16];
  } total;
  UNROLL for (int i = 0; i < rows * columns / WIDTH; i++) total.v[i] = sums(sum + i * WIDTH);
  for (int r = 0; r < rows; r++) {
    double *to = o->sum + (row + (size_t)r) * o->row_step + column;
    if (left >= (size_t)columns)
      UNROLL for (int c = 0; c < columns; c++) to[c] += total.d[r * columns + c];
    else
      for (size_t c = 0; c < left; c++) to[c] += total.d[(size_t)r * (size_t)columns + c];
  }
}

LANE_INLINE void outer_rows(const tg_outer_ *o, size_t row, int rows, int columns, bool masked)
{
  for (size_t column = 0; column < o->columns; column += (size_t)columns)
    outer_tile(o, row, column, rows, columns, masked);
}

LANE_INLINE void outer_all(const tg_outer_ *o, bool masked)
{
  assert(o->lanes % TG_LANE_UNIT == 0 && tg_is_aligned_(o->u) && tg_is_aligned_(o->x));
  assert(o->columns > 0);
  size_t row = 0;
  for (; row + 4 <= o->rows; row += 4) outer_rows(o, row, 4, TILE / 4, masked);
  if (row + 2 <= o->rows) {
    outer_rows(o, row, 2, TILE / 2, masked);
    row += 2;
  }
  if (row < o->rows) outer_rows(o, row, 1, 8, masked);
}

void TG_KERNEL(outer)(const tg_outer_ *o) { outer_all(o, false); }
void TG_KERNEL(outer_masked)(const tg_outer_ *o) { outer_all(o, true); }

void TG_KERNEL(totals)(const double *u, const uint32_t *offset, size_t rows, size_t lanes, double *total)
{
  assert(lanes % TG_LANE_UNIT == 0 && tg_is_aligned_(u));
  for (size_t row = 0; row < rows; row++) {
    union {
      vec v;
      double d[WIDTH];
    } sum = {.v = all(0.0)};
    for (size_t lane = 0; lane < lanes; lane += WIDTH) sum.v = sum.v + load(u + offset[row] + lane);
    for (int n = WIDTH / 2; n > 0; n /= 2)
      for (int i = 0; i < n; i++) sum.d[i] = sum.d[2 * i] + sum.d[2 * i + 1];
    total[row] += sum.d[0];
  }
}
