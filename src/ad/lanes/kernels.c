#include "kernels.h"

#include <stdbool.h>
#include "lane_math.h"

/* A vector register. Where the compiler has no vector types it is one double, and all that follows is plain C. */
#if defined __GNUC__ && defined __AVX512F__
#define WIDTH 8
#elif defined __GNUC__ && defined __AVX2__
#define WIDTH 4
#elif defined __GNUC__ && defined __SSE2__
#define WIDTH 2
#else
#define WIDTH 1
#endif

#if WIDTH > 1
typedef double vec __attribute__((vector_size(WIDTH * 8), may_alias));
#else
typedef double vec;
#endif

#define INLINE LANE_INLINE
#if defined __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#elif defined __GNUC__
#define UNROLL _Pragma("GCC unroll 16")
#else
#define UNROLL
#endif

/* The number of vector registers decides how large a tile of results is kept in them. */
#define TILE (WIDTH == 8 ? 16 : 8)

INLINE vec load(const double *p) { return *(const vec *)p; }
INLINE void store(double *p, vec v) { *(vec *)p = v; }
INLINE vec all(double x)
{
  vec v;
#if WIDTH > 1
  for (int i = 0; i < WIDTH; i++) v[i] = x;
#else
  v = x;
#endif
  return v;
}

INLINE vec fused(vec a, vec b, vec c)
{
#if defined __FMA__ && WIDTH > 1
  vec r;
  for (int i = 0; i < WIDTH; i++) r[i] = __builtin_fma(a[i], b[i], c[i]);
  return r;
#else
  return TG_FMA(a, b, c);
#endif
}

/* ---- affine: a tile of rows x vectors stays in registers while the columns go by ---- */

INLINE void affine_tile(const tg_affine_ *a, size_t row, size_t lane, int rows, int vectors)
{
  vec sum[8][8];
  UNROLL for (int r = 0; r < rows; r++) {
    const double *from = a->y_start != NULL ? a->y_start + a->start_offset[row + (size_t)r] + lane : NULL;
    const vec start = all(a->start != NULL ? a->start[row + (size_t)r] : -0.0);
    UNROLL for (int v = 0; v < vectors; v++) {
      sum[r][v] = start;
      if (from != NULL) sum[r][v] = load(from + v * WIDTH);
    }
  }
  const double *w = a->w + row * a->row_step;
  for (size_t j = 0; j < a->columns; j++, w += a->column_step) {
    const double *x = a->x + a->x_offset[j] + lane;
    vec xs[8];
    UNROLL for (int v = 0; v < vectors; v++) xs[v] = load(x + v * WIDTH);
    UNROLL for (int r = 0; r < rows; r++) {
      const vec c = all(w[(size_t)r * a->row_step]);
      UNROLL for (int v = 0; v < vectors; v++) sum[r][v] = fused(c, xs[v], sum[r][v]);
    }
  }
  UNROLL for (int r = 0; r < rows; r++) {
    double *y = a->y + a->y_offset[row + (size_t)r] + lane;
    const vec end = all(a->end != NULL ? a->end[row + (size_t)r] : -0.0);
    UNROLL for (int v = 0; v < vectors; v++) store(y + v * WIDTH, sum[r][v] + end);
  }
}

/* All lanes of `rows` rows, in strips of `vectors` registers, then of one. */
INLINE void affine_rows(const tg_affine_ *a, size_t row, int rows, int vectors)
{
  size_t lane = 0;
  for (; lane + (size_t)vectors * WIDTH <= a->lanes; lane += (size_t)vectors * WIDTH)
    affine_tile(a, row, lane, rows, vectors);
  if (vectors > 2)
    for (; lane + 2 * WIDTH <= a->lanes; lane += 2 * WIDTH) affine_tile(a, row, lane, rows, 2);
  for (; lane < a->lanes; lane += WIDTH) affine_tile(a, row, lane, rows, 1);
}

static void affine(const tg_affine_ *a)
{
  size_t row = 0;
  for (; row + 4 <= a->rows; row += 4) affine_rows(a, row, 4, TILE / 4);
  if (row + 2 <= a->rows) {
    affine_rows(a, row, 2, TILE / 4);
    row += 2;
  }
  if (row < a->rows) affine_rows(a, row, 1, TILE / 2);
}

/* ---- outer: a tile of rows x columns of sums stays in registers while the lanes go by ---- */

/* Sums of the entries of `WIDTH` vectors, one result each. */
#if WIDTH == 8
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
INLINE vec pairs(vec a, vec b) /* neighbours: a01 b01 a23 b23 a45 b45 a67 b67 */
{
  return SHUFFLE(a, b, 0, 8, 2, 10, 4, 12, 6, 14) + SHUFFLE(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
}
INLINE vec sums(const vec *s)
{
  const vec a = pairs(s[0], s[1]), b = pairs(s[2], s[3]), c = pairs(s[4], s[5]), d = pairs(s[6], s[7]);
  const vec e = SHUFFLE(a, b, 0, 1, 8, 9, 4, 5, 12, 13) + SHUFFLE(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
  const vec f = SHUFFLE(c, d, 0, 1, 8, 9, 4, 5, 12, 13) + SHUFFLE(c, d, 2, 3, 10, 11, 6, 7, 14, 15);
  return SHUFFLE(e, f, 0, 1, 2, 3, 8, 9, 10, 11) + SHUFFLE(e, f, 4, 5, 6, 7, 12, 13, 14, 15);
}
#undef SHUFFLE
#elif WIDTH == 4
INLINE vec sums(const vec *s)
{
  const vec a = __builtin_shufflevector(s[0], s[1], 0, 4, 2, 6) + __builtin_shufflevector(s[0], s[1], 1, 5, 3, 7);
  const vec b = __builtin_shufflevector(s[2], s[3], 0, 4, 2, 6) + __builtin_shufflevector(s[2], s[3], 1, 5, 3, 7);
  return __builtin_shufflevector(a, b, 0, 1, 4, 5) + __builtin_shufflevector(a, b, 2, 3, 6, 7);
}
#elif WIDTH == 2
INLINE vec sums(const vec *s)
{
  return __builtin_shufflevector(s[0], s[1], 0, 2) + __builtin_shufflevector(s[0], s[1], 1, 3);
}
#else
INLINE vec sums(const vec *s) { return *s; }
#endif

/* rows * columns is a multiple of WIDTH; columns past the last of o are computed from the last and dropped. */
INLINE void outer_tile(const tg_outer_ *o, size_t row, size_t column, int rows, int columns)
{
  vec sum[16];
  const double *u[4], *x[16];
  const size_t left = o->columns - column;
  UNROLL for (int r = 0; r < rows; r++) u[r] = o->u + o->u_offset[row + (size_t)r];
  UNROLL for (int c = 0; c < columns; c++)
    x[c] = o->x + o->x_offset[(size_t)c < left ? column + (size_t)c : o->columns - 1];
  UNROLL for (int i = 0; i < rows * columns; i++) sum[i] = all(0.0);
  for (size_t lane = 0; lane < o->lanes; lane += WIDTH) {
    vec us[4];
    UNROLL for (int r = 0; r < rows; r++) us[r] = load(u[r] + lane);
    UNROLL for (int c = 0; c < columns; c++) {
      const vec xc = load(x[c] + lane);
      UNROLL for (int r = 0; r < rows; r++) sum[r * columns + c] = fused(us[r], xc, sum[r * columns + c]);
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

INLINE void outer_rows(const tg_outer_ *o, size_t row, int rows, int columns)
{
  for (size_t column = 0; column < o->columns; column += (size_t)columns) outer_tile(o, row, column, rows, columns);
}

static void outer(const tg_outer_ *o)
{
  size_t row = 0;
  for (; row + 4 <= o->rows; row += 4) outer_rows(o, row, 4, TILE / 4);
  if (row + 2 <= o->rows) {
    outer_rows(o, row, 2, TILE / 2);
    row += 2;
  }
  if (row < o->rows) outer_rows(o, row, 1, 8);
}

/* ---- rows of data to lane vectors, in squares of 8 that stay in the first cache ---- */

static void transpose(const double *const *row, size_t lanes, size_t columns, double *to, size_t step)
{
  for (size_t lane = 0; lane < lanes; lane += TG_LANE_UNIT) {
    const double *const *r = row + lane;
    double *t = to + lane;
    for (size_t c = 0; c < columns; c++, t += step)
      UNROLL for (int i = 0; i < TG_LANE_UNIT; i++) t[i] = r[i][c];
  }
}

/* ---- elementary functions ---- */

#define sqrt_of(x) __builtin_sqrt(x)
static inline double lane_sqrt(double x) { return sqrt_of(x); }
#undef sqrt_of

static bool any_hard_angle(const double *x, size_t n)
{
  int hard = 0;
  for (size_t i = 0; i < n; i++) hard |= !lane_angle_ok(x[i]);
  return hard != 0;
}

#define VECTOR_FORM(name)                                                                                    \
  static void name##_lanes(const double *restrict x, double *restrict y, size_t n)                           \
  {                                                                                                          \
    for (size_t i = 0; i < n; i++) y[i] = lane_##name(x[i]);                                                 \
  }
VECTOR_FORM(exp)
VECTOR_FORM(exp2)
VECTOR_FORM(expm1)
VECTOR_FORM(log)
VECTOR_FORM(log1p)
VECTOR_FORM(tanh)
VECTOR_FORM(sigmoid)
VECTOR_FORM(softplus)
VECTOR_FORM(log_sigmoid)
VECTOR_FORM(sqrt)
#undef VECTOR_FORM

/* Angles that the vector form does not reduce well go to libm, one by one: what a lane holds depends on it alone. */
#define ANGLE_FORM(name)                                                                                     \
  static void name##_lanes(const double *restrict x, double *restrict y, size_t n)                           \
  {                                                                                                          \
    for (size_t i = 0; i < n; i++) y[i] = lane_##name(x[i]);                                                 \
    if (!any_hard_angle(x, n)) return;                                                                       \
    for (size_t i = 0; i < n; i++)                                                                           \
      if (!lane_angle_ok(x[i])) y[i] = name(x[i]);                                                           \
  }
ANGLE_FORM(sin)
ANGLE_FORM(cos)
#undef ANGLE_FORM

static void pow_lanes(const double *restrict x, const double *restrict y, double *restrict z, size_t n)
{
  int hard = 0;
  for (size_t i = 0; i < n; i++) z[i] = lane_pow(x[i], y[i]);
  for (size_t i = 0; i < n; i++) hard |= !lane_pow_ok(x[i], y[i]);
  if (!hard) return;
  for (size_t i = 0; i < n; i++)
    if (!lane_pow_ok(x[i], y[i])) z[i] = pow(x[i], y[i]);
}

#define NAMED(level) NAMED_(level)
#define NAMED_(level) tg_kernels_##level##_
#define TEXT(level) TEXT_(level)
#define TEXT_(level) #level

extern const tg_kernels_ NAMED(TG_LEVEL);
const tg_kernels_ NAMED(TG_LEVEL) = {
  .name = TEXT(TG_LEVEL),
  .math = {
#define ROW(name) [TG_LANE_##name] = name##_lanes,
    TG_LANE_MATH_LIST(ROW)
#undef ROW
  },
  .pow = pow_lanes,
  .affine = affine,
  .outer = outer,
  .transpose = transpose,
};
