#include "kernels.h"

#include <stdbool.h>
#include "special.h"
#include "lane_math.h"
#include "lane_more.h"

/* A vector register. Where the compiler has no vector types it is one double, and all that follows is plain
 * C. */
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

/* Into the second cache. This is no access: any address will do. */
INLINE void fetch(uintptr_t address)
{
#if defined __GNUC__
  __builtin_prefetch((const void *)address, 0, 2);
#else
  (void)address;
#endif
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

/* a where b is not zero, else zero: a factor of a product with rule R5. */
INLINE vec unless_zero(vec a, vec b)
{
#if WIDTH > 1
  typedef __typeof__(a != b) mask;
  return (vec)((mask)a & (b != all(0.0)));
#else
  return b != 0.0 ? a : 0.0;
#endif
}

INLINE vec fused_masked(vec a, vec b, vec c, bool masked)
{
  if (!masked) return fused(a, b, c);
  return fused(unless_zero(a, b), unless_zero(b, a), c);
}

/* ---- affine: a tile of rows x vectors stays in registers while the columns go by ---- */

/* Fixed where a tile is compiled. */
typedef struct affine_kind {
  int sets;         /* 2: with the tangents */
  bool masked, far; /* far: fetches what is `ahead` */
} affine_kind;

INLINE void affine_tile(const tg_affine_ *a, size_t row, size_t lane, int rows, int vectors, affine_kind kind)
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
INLINE void affine_rows(const tg_affine_ *a, size_t row, int rows, int vectors, affine_kind kind)
{
  size_t lane = 0;
  for (; lane + (size_t)vectors * WIDTH <= a->lanes; lane += (size_t)vectors * WIDTH)
    affine_tile(a, row, lane, rows, vectors, kind);
  if (vectors > 2)
    for (; lane + 2 * WIDTH <= a->lanes; lane += 2 * WIDTH) affine_tile(a, row, lane, rows, 2, kind);
  for (; lane < a->lanes; lane += WIDTH) affine_tile(a, row, lane, rows, 1, kind);
}

INLINE void affine_all(const tg_affine_ *a, affine_kind kind)
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

static void affine(const tg_affine_ *a)
{
  if (a->w_dot != NULL)
    affine_all(a, (affine_kind){2, false, true});
  else if (a->ahead != 0)
    affine_all(a, (affine_kind){1, false, true});
  else
    affine_all(a, (affine_kind){1, false, false});
}
static void affine_masked(const tg_affine_ *a) { affine_all(a, (affine_kind){1, true, false}); }

/* ---- outer: a tile of rows x columns of sums stays in registers while the lanes go by ---- */

/* Sums of the entries of `WIDTH` vectors, one result each. */
#if WIDTH == 8
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
/* What stays in its place is blended, the rest shuffled: blends have more ports to run on. */
INLINE vec pairs(vec a, vec b) /* neighbours: a01 b01 a23 b23 a45 b45 a67 b67 */
{
  return SHUFFLE(a, b, 0, 9, 2, 11, 4, 13, 6, 15) + SHUFFLE(a, b, 1, 8, 3, 10, 5, 12, 7, 14);
}
INLINE vec sums(const vec *s)
{
  const vec a = pairs(s[0], s[1]), b = pairs(s[2], s[3]), c = pairs(s[4], s[5]), d = pairs(s[6], s[7]);
  const vec e = SHUFFLE(a, b, 0, 1, 10, 11, 4, 5, 14, 15) + SHUFFLE(a, b, 2, 3, 8, 9, 6, 7, 12, 13);
  const vec f = SHUFFLE(c, d, 0, 1, 10, 11, 4, 5, 14, 15) + SHUFFLE(c, d, 2, 3, 8, 9, 6, 7, 12, 13);
  return SHUFFLE(e, f, 0, 1, 2, 3, 12, 13, 14, 15) + SHUFFLE(e, f, 4, 5, 6, 7, 8, 9, 10, 11);
}
#undef SHUFFLE
#elif WIDTH == 4
INLINE vec sums(const vec *s)
{
  const vec a =
      __builtin_shufflevector(s[0], s[1], 0, 4, 2, 6) + __builtin_shufflevector(s[0], s[1], 1, 5, 3, 7);
  const vec b =
      __builtin_shufflevector(s[2], s[3], 0, 4, 2, 6) + __builtin_shufflevector(s[2], s[3], 1, 5, 3, 7);
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

/* rows * columns is a multiple of WIDTH; columns past the last of o are computed from the last and dropped.
 */
INLINE void outer_tile(const tg_outer_ *o, size_t row, size_t column, int rows, int columns, bool masked)
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

INLINE void outer_rows(const tg_outer_ *o, size_t row, int rows, int columns, bool masked)
{
  for (size_t column = 0; column < o->columns; column += (size_t)columns)
    outer_tile(o, row, column, rows, columns, masked);
}

INLINE void outer_all(const tg_outer_ *o, bool masked)
{
  size_t row = 0;
  for (; row + 4 <= o->rows; row += 4) outer_rows(o, row, 4, TILE / 4, masked);
  if (row + 2 <= o->rows) {
    outer_rows(o, row, 2, TILE / 2, masked);
    row += 2;
  }
  if (row < o->rows) outer_rows(o, row, 1, 8, masked);
}

static void outer(const tg_outer_ *o) { outer_all(o, false); }
static void outer_masked(const tg_outer_ *o) { outer_all(o, true); }

/* ---- sparse rows: one sample after the other ---- */

INLINE uint32_t sparse_column(const tg_sparse_ *s, size_t k)
{
  return s->position != NULL ? s->position[s->column[k]] : (uint32_t)s->column[k];
}

static double sparse_start(const tg_sparse_ *s, size_t r, size_t lane)
{
  if (s->y_start != NULL) return s->y_start[s->start_offset[r] + lane];
  return s->start != NULL ? s->start[r] : -0.0;
}

/* Entries `from` to `to` are worked on next: those some way behind them are asked for, there or not. */
INLINE void fetch_entries(const tg_sparse_ *s, size_t from, size_t to)
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

static void sparse_spread(const tg_sparse_ *s)
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

static void sparse_affine(const tg_sparse_ *s)
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

static void sparse_outer(const tg_sparse_ *s)
{
  if (s->rows == 1 && s->position == NULL && !s->masked) {
    sparse_spread(s);
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

static void totals(const double *u, const uint32_t *offset, size_t rows, size_t lanes, double *total)
{
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

/* ---- products and sums of lane vectors ---- */

INLINE void products_strip(const tg_named_ *x, const uint32_t *y, size_t count, bool negated,
                           const double *start, double *out, size_t lane, int vectors)
{
  vec sum[8];
  UNROLL for (int v = 0; v < vectors; v++)
  {
    sum[v] = all(-0.0);
    if (start != NULL) sum[v] = load(start + lane + v * WIDTH);
  }
  for (size_t j = 0; j < count; j++) {
    const double *a = tg_at_(x->base, x->name[j]) + lane, *b = tg_at_(x->base, y[j]) + lane;
    UNROLL for (int v = 0; v < vectors; v++)
    {
      const vec factor = load(a + v * WIDTH);
      sum[v] = fused(negated ? -factor : factor, load(b + v * WIDTH), sum[v]);
    }
  }
  UNROLL for (int v = 0; v < vectors; v++) store(out + lane + v * WIDTH, sum[v]);
}

static void products(const tg_named_ *x, const uint32_t *y, size_t count, bool negated, const double *start,
                     double *out, size_t lanes)
{
  size_t lane = 0;
  for (; lane + 4 * WIDTH <= lanes; lane += 4 * WIDTH)
    products_strip(x, y, count, negated, start, out, lane, 4);
  for (; lane < lanes; lane += WIDTH) products_strip(x, y, count, negated, start, out, lane, 1);
}

INLINE void spread_strip(const double *w, const double *u, double *bar, const uint32_t *offset, size_t count,
                         size_t lane, int vectors)
{
  vec us[8];
  UNROLL for (int v = 0; v < vectors; v++) us[v] = load(u + lane + v * WIDTH);
  for (size_t j = 0; j < count; j++) {
    const vec c = all(w[j]);
    double *to = bar + offset[j] + lane;
    UNROLL for (int v = 0; v < vectors; v++) store(to + v * WIDTH, fused(c, us[v], load(to + v * WIDTH)));
  }
}

static void spread(const double *w, const double *u, double *bar, const uint32_t *offset, size_t count,
                   size_t lanes)
{
  size_t lane = 0;
  for (; lane + 8 * WIDTH <= lanes; lane += 8 * WIDTH) spread_strip(w, u, bar, offset, count, lane, 8);
  for (; lane < lanes; lane += WIDTH) spread_strip(w, u, bar, offset, count, lane, 1);
}

/* t may be a or b: an element is read before it is written. */
static void add_product(double *t, const double *a, const double *b, size_t n)
{
  for (size_t i = 0; i < n; i += WIDTH) store(t + i, fused(load(a + i), load(b + i), load(t + i)));
}

static void add_product_masked(double *t, const double *a, const double *b, size_t n)
{
  for (size_t i = 0; i < n; i += WIDTH)
    store(t + i, fused_masked(load(a + i), load(b + i), load(t + i), true));
}

static void add(double *t, const double *a, size_t n)
{
  for (size_t i = 0; i < n; i += WIDTH) store(t + i, load(t + i) + load(a + i));
}

static void subtract(double *t, const double *a, size_t n)
{
  for (size_t i = 0; i < n; i += WIDTH) store(t + i, load(t + i) - load(a + i));
}

/* ---- operations with many operands ---- */

/* exp(z - most), also where both are infinite; what rounding takes from the difference is made good. */
LANE_INLINE double weight_of(double z, double most)
{
  const double d = z - most, t = d - z, lost = (z - (d - t)) - (most + t);
  const double e = lane_exp_sum(d, lane_fabs(d) < 800.0 ? lost : 0.0);
  return z == most ? 1.0 : e;
}

/* In pieces, so that the vectors between fit on the stack. */
enum { PIECE = 128 };

/* Weights relative to the largest term, their sum without it, and how many terms are as large. NaN among the
 * terms is not the largest but enters the sum. */
static void relative_weights(const tg_named_ *z, size_t count, double *restrict most, double *restrict rest,
                             double *restrict ties, double *restrict weight, size_t L, size_t lanes)
{
  for (size_t l = 0; l < lanes; l++) most[l] = -INFINITY, rest[l] = ties[l] = 0.0;
  for (size_t j = 0; j < count; j++) {
    const double *restrict zj = tg_at_(z->base, z->name[j]);
    for (size_t l = 0; l < lanes; l++) most[l] = zj[l] > most[l] ? zj[l] : most[l];
  }
  for (size_t j = 0; j < count; j++) {
    const double *restrict zj = tg_at_(z->base, z->name[j]);
    double *restrict w = weight + j * L;
    for (size_t l = 0; l < lanes; l++) {
      const double e = weight_of(zj[l], most[l]);
      w[l] = e;
      rest[l] += zj[l] == most[l] ? 0.0 : e;
      ties[l] += zj[l] == most[l] ? 1.0 : 0.0;
    }
  }
}

/* Which weight is the label's, lane by lane; `count` for a label that chooses none. */
static size_t chosen_by(double label, size_t count)
{
  const double index = rint(label);
  return index >= 0.0 && index < (double)count ? (size_t)index : count;
}

/* Lane by lane what nary/logsumexp.c and nary/cross_entropy.c do: the largest term is 1 and stands apart, so
 * that a loss near zero keeps its digits, as does the weight of the label, minus the sum of the others. */
static void logsumexp_piece(const tg_named_ *z, size_t count, const double *label, double *restrict v,
                            double *restrict weight, size_t L, size_t lanes)
{
  _Alignas(64) double most[PIECE], rest[PIECE], ties[PIECE], base[PIECE], own[PIECE], others[PIECE],
      scale[PIECE];
  relative_weights(z, count, most, rest, ties, weight, L, lanes);
  for (size_t l = 0; l < lanes; l++) base[l] = own[l] = 0.0;
  for (size_t l = 0; label != NULL && l < lanes; l++) {
    const size_t j = chosen_by(label[l], count);
    base[l] = j < count ? tg_at_(z->base, z->name[j])[l] : NAN;
    own[l] = j < count ? weight[j * L + l] : NAN;
  }
  for (size_t l = 0; l < lanes; l++) {
    const int none = (most[l] == -INFINITY) & (rest[l] == rest[l]); /* all terms are minus infinity */
    const double more = rest[l] + (ties[l] - 1.0), share = 1.0 / (1.0 + more);
    const double finite = (most[l] == base[l] ? 0.0 : most[l] - base[l]) + lane_log1p(more);
    v[l] = none ? most[l] - base[l] : finite;
    scale[l] = base[l] != base[l] ? NAN : none ? 0.0 : share;
    others[l] = none ? -1.0 : -(own[l] == 1.0 ? more : 1.0 + (more - own[l])) * scale[l];
    own[l] *= scale[l];
  }
  for (size_t j = 0; j < count; j++) {
    double *restrict w = weight + j * L;
    for (size_t l = 0; l < lanes; l++) w[l] *= scale[l];
  }
  for (size_t l = 0; label != NULL && l < lanes; l++) {
    const size_t j = chosen_by(label[l], count);
    if (j < count) weight[j * L + l] = others[l];
    weight[count * L + l] = own[l];
  }
}

/* The vectors from lane `lane` on. */
static tg_named_ later(const tg_named_ *z, size_t lane)
{
  tg_named_ there = *z; /* a base that is not used is NULL, to which nothing may be added */
  for (size_t i = 0; i < 2; i++)
    if (there.base[i] != NULL) there.base[i] += lane;
  return there;
}

static void logsumexp(const tg_named_ *z, size_t count, const double *label, double *v, double *weight,
                      size_t L, size_t lanes)
{
  for (size_t lane = 0; lane < lanes; lane += PIECE) {
    const tg_named_ here = later(z, lane);
    logsumexp_piece(&here, count, label != NULL ? label + lane : NULL, v + lane, weight + lane, L,
                    lanes - lane < PIECE ? lanes - lane : PIECE);
  }
}

/* p_j of the softmax; at the label it is in weight `count`. */
INLINE double probability(const double *weight, const double *label, size_t count, size_t j, size_t L,
                          size_t l)
{
  return label != NULL && rint(label[l]) == (double)j ? weight[count * L + l] : weight[j * L + l];
}

/* As tg_weights_hvp_ does: x_j - mean = (x_j - x_top) - sum_k p_k (x_k - x_top), without cancellation where
 * one weight is nearly 1. */
static void logsumexp_second_piece(const tg_named_ *dot, size_t count, const double *label,
                                   const double *weight, const double *u, double *second, size_t L,
                                   size_t lanes)
{
  _Alignas(64) double mean[PIECE], most[PIECE], base[PIECE], none[PIECE];
  for (size_t l = 0; l < lanes; l++) mean[l] = base[l] = none[l] = 0.0, most[l] = -1.0;
  for (size_t pass = 0; pass < 3; pass++)
    for (size_t j = 0; j < count; j++) {
      const double *x = dot->name[j] == TG_NOWHERE ? none : tg_at_(dot->base, dot->name[j]);
      if (pass == 0)
        for (size_t l = 0; l < lanes; l++) {
          const double p = probability(weight, label, count, j, L, l);
          base[l] = p > most[l] ? x[l] : base[l];
          most[l] = p > most[l] ? p : most[l];
        }
      else if (pass == 1)
        for (size_t l = 0; l < lanes; l++)
          mean[l] += probability(weight, label, count, j, L, l) * (x[l] - base[l]);
      else if (dot->name[j] != TG_NOWHERE) {
        double *to = second + dot->name[j];
        for (size_t l = 0; l < lanes; l++)
          to[l] += u[l] * (probability(weight, label, count, j, L, l) * ((x[l] - base[l]) - mean[l]));
      }
    }
}

static void logsumexp_second(const tg_named_ *dot, size_t count, const double *label, const double *weight,
                             const double *u, double *second, size_t L, size_t lanes)
{
  for (size_t lane = 0; lane < lanes; lane += PIECE) {
    const tg_named_ here = later(dot, lane);
    logsumexp_second_piece(&here, count, label != NULL ? label + lane : NULL, weight + lane, u + lane,
                           second + lane, L, lanes - lane < PIECE ? lanes - lane : PIECE);
  }
}

static void pick_piece(const tg_named_ *z, size_t count, const double *restrict index, double *restrict v,
                       double *restrict weight, size_t L, size_t lanes)
{
  _Alignas(64) double other[PIECE]; /* what the operands not chosen weigh: NaN where none is */
  for (size_t l = 0; l < lanes; l++) {
    const double at = rint(index[l]);
    v[l] = other[l] = at >= 0.0 && at < (double)count ? 0.0 : NAN;
  }
  for (size_t j = 0; j < count; j++) {
    const double *restrict zj = tg_at_(z->base, z->name[j]);
    double *restrict w = weight + j * L;
    for (size_t l = 0; l < lanes; l++) {
      const bool this = rint(index[l]) == (double)j;
      v[l] = this ? zj[l] : v[l];
      w[l] = this ? 1.0 : other[l];
    }
  }
}

static void pick(const tg_named_ *z, size_t count, const double *index, double *v, double *weight, size_t L,
                 size_t lanes)
{
  for (size_t lane = 0; lane < lanes; lane += PIECE) {
    const tg_named_ here = later(z, lane);
    pick_piece(&here, count, index + lane, v + lane, weight + lane, L,
               lanes - lane < PIECE ? lanes - lane : PIECE);
  }
}

/* ---- rows of data to lane vectors, in squares of 8 that stay in the first cache ---- */

static void transpose_columns(const double *const *r, size_t from, size_t columns, double *t, size_t step)
{
  for (size_t c = from; c < columns; c++)
    UNROLL for (int i = 0; i < TG_LANE_UNIT; i++) t[c * step + (size_t)i] = r[i][c];
}

#if WIDTH == 8
typedef double loose __attribute__((vector_size(64), aligned(8), may_alias));
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
/* A square of 8 x 8: pairs of rows, pairs of pairs, halves. */
INLINE void transpose_square(const double *const *r, size_t c, double *t, size_t step)
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

static void transpose(const double *const *row, size_t lanes, size_t columns, double *to, size_t step)
{
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

/* ---- the rows of ops.def ---- */

/* Where a row calls one of these, the loop over it calls the vector form. */
#define exp(x) lane_exp(x)
#define exp2(x) lane_exp2(x)
#define expm1(x) lane_expm1(x)
#define log(x) lane_log(x)
#define log1p(x) lane_log1p(x)
#define tanh(x) lane_tanh(x)
#define sin(x) lane_sin(x)
#define cos(x) lane_cos(x)
#define pow(x, y) lane_pow(x, y)
#define sqrt(x) lane_sqrt(x)
#define fabs(x) lane_fabs(x)
#define fmax(x, y) lane_fmax(x, y)
#define fmin(x, y) (-lane_fmax(-(x), -(y)))
#define tg_sign_(x) lane_sign(x)
#define tg_fmax1_(x, y) lane_fmax1(x, y)
#define tg_sigmoid_(x) lane_sigmoid(x)
#define tg_sigmoid1_(x, v) lane_sigmoid1(x, v)
#define tg_sigmoid2_(x, v) (-lane_sigmoid1(x, v) * lane_tanh(0.5 * (x)))
#define tg_softplus_(x) lane_softplus(x)
#define tg_tanh1_(x, v) lane_tanh1(x, v)
#define tg_pow_x_(x, y, v) ((y) * ((v) / (x)))
#define tg_pow_y_(x, y, v) ((v)*lane_log(x))
#define tg_pow_xx_(x, y, v) ((y) * ((y)-1.0) * ((v) / (x) / (x)))
#define tg_pow_xy_(x, y, v) ((v) / (x) * (1.0 + (y)*lane_log(x)))
#define tg_pow_yy_(x, y, v) ((v)*lane_log(x) * lane_log(x))

#include "lane_rows.h"
#include "row_loops.inc"

/* Rows whose vector form does not reach everywhere: the rest is done by the plain row, number by number. */
#define AT(operand) ((operand) != NULL ? (operand) + i : NULL)
#define REPAIRED(name, easy)                                                                                 \
  static bool name##_all_easy(const double *x, const double *y, const double *z, size_t n)                   \
  {                                                                                                          \
    int hard = 0;                                                                                            \
    (void)y, (void)z;                                                                                        \
    for (size_t i = 0; i < n; i++) hard |= !(easy);                                                          \
    return !hard;                                                                                            \
  }                                                                                                          \
  static void name##_value_repaired(const double *x, const double *y, const double *z, double *v, size_t n)  \
  {                                                                                                          \
    name##_value(x, y, z, v, n);                                                                             \
    if (name##_all_easy(x, y, z, n)) return;                                                                 \
    for (size_t i = 0; i < n; i++)                                                                           \
      if (!(easy)) tg_plain_rows_[TG_OP_##name].value(x + i, AT(y), AT(z), v + i, 1);                        \
  }                                                                                                          \
  static void name##_first_repaired(const double *x, const double *y, const double *z, const double *v,      \
                                    double *const *d, size_t n)                                              \
  {                                                                                                          \
    name##_first(x, y, z, v, d, n);                                                                          \
    if (name##_all_easy(x, y, z, n)) return;                                                                 \
    for (size_t i = 0; i < n; i++)                                                                           \
      if (!(easy)) {                                                                                         \
        double *const at[3] = {d[0] + i, d[1] + i, d[2] + i};                                                \
        tg_plain_rows_[TG_OP_##name].first(x + i, AT(y), AT(z), v + i, at, 1);                               \
      }                                                                                                      \
  }                                                                                                          \
  static void name##_second_repaired(const double *x, const double *y, const double *z, const double *v,     \
                                     double *const *h, size_t n)                                             \
  {                                                                                                          \
    name##_second(x, y, z, v, h, n);                                                                         \
    if (name##_all_easy(x, y, z, n)) return;                                                                 \
    for (size_t i = 0; i < n; i++)                                                                           \
      if (!(easy)) {                                                                                         \
        double *const at[TG_SECONDS] = {h[0] + i, h[1] + i, h[2] + i, h[3] + i, h[4] + i, h[5] + i};         \
        tg_plain_rows_[TG_OP_##name].second(x + i, AT(y), AT(z), v + i, at, 1);                              \
      }                                                                                                      \
  }
REPAIRED(sin, lane_angle_ok(x[i]))
REPAIRED(cos, lane_angle_ok(x[i]))
REPAIRED(pow, lane_pow_ok(x[i], y[i]))
REPAIRED(tan, lane_angle_ok(x[i]))
REPAIRED(hypot, lane_length_ok(x[i], y[i], 0.0))
REPAIRED(norm3, lane_length_ok(x[i], y[i], z[i]))
REPAIRED(atan2, lane_direction_ok(x[i], y[i]))
REPAIRED(gelu, lane_gelu_ok(x[i]))
REPAIRED(gelu_tanh, lane_gelu_tanh_ok(x[i]))
REPAIRED(silu, lane_silu_ok(x[i]))
REPAIRED(mish, lane_mish_ok(x[i]))
REPAIRED(erf, lane_erf_ok(x[i]))
REPAIRED(erfc, lane_erf_ok(x[i]))
REPAIRED(norm_cdf, lane_gelu_ok(x[i]))
#undef AT
#undef REPAIRED

/* Value and derivative at once. */
#define PAIR(name)                                                                                           \
  static void name##_pair(const double *restrict x, double *restrict v, double *restrict d, size_t n)        \
  {                                                                                                          \
    for (size_t i = 0; i < n; i++) v[i] = lane_##name##_pair(x[i], d + i);                                   \
  }
#define PAIR_REPAIRED(name)                                                                                  \
  PAIR(name)                                                                                                 \
  static void name##_pair_repaired(const double *x, double *v, double *d, size_t n)                          \
  {                                                                                                          \
    name##_pair(x, v, d, n);                                                                                 \
    if (name##_all_easy(x, NULL, NULL, n)) return;                                                           \
    for (size_t i = 0; i < n; i++)                                                                           \
      if (!lane_angle_ok(x[i])) {                                                                            \
        double *const at[3] = {d + i, NULL, NULL};                                                           \
        tg_plain_rows_[TG_OP_##name].value(x + i, NULL, NULL, v + i, 1);                                     \
        tg_plain_rows_[TG_OP_##name].first(x + i, NULL, NULL, v + i, at, 1);                                 \
      }                                                                                                      \
  }
PAIR(tanh)
PAIR(sigmoid)
PAIR(softplus)
PAIR(log_sigmoid)
PAIR_REPAIRED(sin)
PAIR_REPAIRED(cos)
#undef PAIR
#undef PAIR_REPAIRED

/* The repaired rows take the place of what the list of all rows put there. */
#if defined __clang__
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#elif defined __GNUC__
#pragma GCC diagnostic ignored "-Woverride-init"
#endif
static const tg_row_kernels_ rows[TG_OP_count] = {
#define UNARY(name, ...) [TG_OP_##name] = {name##_value, name##_first, name##_second},
#define BINARY(name, ...) [TG_OP_##name] = {name##_value, name##_first, name##_second},
#define TERNARY(name, ...) [TG_OP_##name] = {name##_value, name##_first, name##_second},
#include "ops.def"
#define ROW(name) [TG_OP_##name] = {name##_value_repaired, name##_first_repaired, name##_second_repaired},
    ROW(sin) ROW(cos) ROW(pow) ROW(tan) ROW(hypot) ROW(norm3) ROW(atan2) ROW(gelu) ROW(gelu_tanh) ROW(silu)
        ROW(mish) ROW(erf) ROW(erfc) ROW(norm_cdf)
#undef ROW
};

static void pair(unsigned op, const double *x, double *v, double *d, size_t n)
{
  switch (op) {
  case TG_OP_tanh: tanh_pair(x, v, d, n); return;
  case TG_OP_sigmoid: sigmoid_pair(x, v, d, n); return;
  case TG_OP_softplus: softplus_pair(x, v, d, n); return;
  case TG_OP_log_sigmoid: log_sigmoid_pair(x, v, d, n); return;
  case TG_OP_sin: sin_pair_repaired(x, v, d, n); return;
  case TG_OP_cos: cos_pair_repaired(x, v, d, n); return;
  default: return;
  }
}

#define NAMED(level) NAMED_(level)
#define NAMED_(level) tg_kernels_##level##_
#define TEXT(level) TEXT_(level)
#define TEXT_(level) #level

extern const tg_kernels_ NAMED(TG_LEVEL);
const tg_kernels_ NAMED(TG_LEVEL) = {
    .name = TEXT(TG_LEVEL),
    .rows = rows,
    .pair = pair,
    .affine = affine,
    .outer = outer,
    .affine_masked = affine_masked,
    .outer_masked = outer_masked,
    .sparse_affine = sparse_affine,
    .sparse_outer = sparse_outer,
    .totals = totals,
    .products = products,
    .spread = spread,
    .add_product = add_product,
    .add_product_masked = add_product_masked,
    .add = add,
    .subtract = subtract,
    .logsumexp = logsumexp,
    .logsumexp_second = logsumexp_second,
    .pick = pick,
    .transpose = transpose,
};
