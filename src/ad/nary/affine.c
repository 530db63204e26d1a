/* y = W x + b: the operands are w row by row, then b if the shape says so, then x. */
#include <math.h>

#include "nary.h"

/* The parts of an array laid out like the operands; b is NULL without a bias. */
typedef struct parts {
  const double *w, *b, *x;
} parts;

static parts split(const double *all, size_t rows, const tg_nary_shape_ *shape)
{
  const double *const b = all + rows * shape->columns;
  return shape->bias ? (parts){all, b, b + rows} : (parts){all, NULL, b};
}

void tg_affine_d(const double *w, const double *b, const double *x, size_t rows, size_t columns, double *y)
{
  for (size_t r = 0; r < rows; r++) y[r] = tg_dot_d(w + r * columns, x, columns) + (b ? b[r] : 0.0);
}

static int value(const double *x, size_t n, double *y, size_t m, void *user)
{
  (void)n;
  const tg_nary_shape_ *const shape = user;
  const parts p = split(x, m, shape);
  tg_affine_d(p.w, p.b, p.x, m, shape->columns, y);
  return 0;
}

static int jvp(const double *x, size_t n, const double *v, double *jv, size_t m, void *user)
{
  (void)n;
  const tg_nary_shape_ *const shape = user;
  const size_t columns = shape->columns;
  const parts p = split(x, m, shape), q = split(v, m, shape);
  for (size_t r = 0; r < m; r++)
    jv[r] = tg_nary_inner_(p.w + r * columns, q.x, columns, shape->masked) +
            tg_nary_inner_(q.w + r * columns, p.x, columns, shape->masked) + (q.b ? q.b[r] : 0.0);
  return 0;
}

/* The three blocks of to: u x', bias, W' u. */
static void transposed(parts p, const double *u, const double *bias, size_t m, const tg_nary_shape_ *shape,
                       double *to)
{
  const size_t columns = shape->columns;
  for (size_t r = 0; r < m; r++) tg_nary_scale_(to + r * columns, p.x, columns, u[r], shape->masked);
  double *rest = to + m * columns;
  for (size_t r = 0; shape->bias && r < m; r++) *rest++ = bias ? bias[r] : 0.0;
  tg_nary_fill_(rest, columns, 0.0);
  for (size_t r = 0; r < m; r++)
    for (size_t c = 0; c < columns; c++)
      rest[c] += tg_masked_product_(p.w[r * columns + c], u[r], shape->masked);
}

static int vjp(const double *x, size_t n, const double *u, size_t m, double *uj, void *user)
{
  (void)n;
  transposed(split(x, m, user), u, u, m, user, uj);
  return 0;
}

/* Bilinear: the same with v for the operands, and nothing to the bias. */
static int hvp(const double *x, size_t n, const double *u, size_t m, const double *v, double *hv, void *user)
{
  (void)x, (void)n;
  transposed(split(v, m, user), u, NULL, m, user, hv);
  return 0;
}

const tg_custom_op tg_nary_affine_ = {.name = "affine", .value = value, .jvp = jvp, .vjp = vjp, .hvp = hvp};

static void record(tg_segment_ w, tg_segment_ b, tg_segment_ x, size_t rows, size_t columns, tg_var *y)
{
  const bool bias = b.vars || b.numbers;
  tg_nary_ what = tg_nary_builtin_(TG_NARY_affine);
  tg_segment_ s[3] = {w, b, x};
  if (columns && rows > TG_MAX_NODES / columns) {
    tg_fail(TG_E_SIZE);
    for (size_t r = 0; y && r < rows; r++) y[r] = tg_constant((double)NAN);
    return;
  }
  what.shape = (tg_nary_shape_){.columns = columns, .bias = bias};
  s[0].count = rows * columns;
  s[1].count = bias ? rows : 0;
  s[2].count = columns;
  tg_nary_record_(&what, s, 3, y, rows);
}

void(tg_affine)(const tg_var *w, const tg_var *b, const tg_var *x, size_t rows, size_t columns, tg_var *y)
{
  record(tg_vars_(w, 0), tg_vars_(b, 0), tg_vars_(x, 0), rows, columns, y);
}

void tg_affine_vd_(const tg_var *w, const tg_var *b, const double *x, size_t rows, size_t columns, tg_var *y)
{
  record(tg_vars_(w, 0), tg_vars_(b, 0), tg_numbers_(x, 0), rows, columns, y);
}

void tg_affine_dv_(const double *w, const double *b, const tg_var *x, size_t rows, size_t columns, tg_var *y)
{
  record(tg_numbers_(w, 0), tg_numbers_(b, 0), tg_vars_(x, 0), rows, columns, y);
}
