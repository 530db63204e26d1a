#include "ops_table.h"

#include <string.h>

#include "special.h"

#define SILENT(x, y, z, v) (void)(x), (void)(y), (void)(z), (void)(v)

#define UNARY(name, value, first, second, ...)                                                               \
  static void columns_##name(const double *in, double *out)                                                  \
  {                                                                                                          \
    const double x = in[0], v = (value);                                                                     \
    SILENT(x, x, x, v);                                                                                      \
    out[0] = v, out[1] = (first), out[2] = (second);                                                         \
  }                                                                                                          \
  static tg_var on_tape_##name(const tg_var *x) { return (tg_##name)(x[0]); }                                \
  static double plain_##name(const double *x) { return tg_##name##_d(x[0]); }
#define BINARY(name, value, dx, dy, dxx, dxy, dyy, ...)                                                      \
  static void columns_##name(const double *in, double *out)                                                  \
  {                                                                                                          \
    const double x = in[0], y = in[1], v = (value);                                                          \
    SILENT(x, y, y, v);                                                                                      \
    out[0] = v, out[1] = (dx), out[2] = (dy), out[3] = (dxx), out[4] = (dxy), out[5] = (dyy);                \
  }                                                                                                          \
  static tg_var on_tape_##name(const tg_var *x) { return (tg_##name)(x[0], x[1]); }                          \
  static double plain_##name(const double *x) { return tg_##name##_d(x[0], x[1]); }
#define TERNARY(name, value, dx, dy, dz, dxx, dxy, dxz, dyy, dyz, dzz, ...)                                  \
  static void columns_##name(const double *in, double *out)                                                  \
  {                                                                                                          \
    const double x = in[0], y = in[1], z = in[2], v = (value);                                               \
    SILENT(x, y, z, v);                                                                                      \
    out[0] = v, out[1] = (dx), out[2] = (dy), out[3] = (dz);                                                 \
    out[4] = (dxx), out[5] = (dxy), out[6] = (dxz), out[7] = (dyy), out[8] = (dyz), out[9] = (dzz);          \
  }                                                                                                          \
  static tg_var on_tape_##name(const tg_var *x) { return (tg_##name)(x[0], x[1], x[2]); }                    \
  static double plain_##name(const double *x) { return tg_##name##_d(x[0], x[1], x[2]); }
#include "ops.def"

#define ROW(name, n) #name, n, columns_##name, on_tape_##name, plain_##name

const ops_row ops_rows[] = {
#define UNARY(name, value, first, second, xlow, xhigh) {ROW(name, 1), {xlow}, {xhigh}},
#define BINARY(name, value, dx, dy, dxx, dxy, dyy, xlow, xhigh, ylow, yhigh)                                 \
  {ROW(name, 2), {xlow, ylow}, {xhigh, yhigh}},
#define TERNARY(name, value, dx, dy, dz, dxx, dxy, dxz, dyy, dyz, dzz, xlow, xhigh, ylow, yhigh, zlow,       \
                zhigh)                                                                                       \
  {ROW(name, 3), {xlow, ylow, zlow}, {xhigh, yhigh, zhigh}},
#include "ops.def"
};
const size_t ops_count = sizeof ops_rows / sizeof *ops_rows;

size_t ops_columns(size_t arity) { return 1 + arity + arity * (arity + 1) / 2; }

size_t ops_second(size_t arity, size_t i, size_t j)
{
  const size_t low = i < j ? i : j, high = i < j ? j : i;
  return 1 + arity + low * arity - low * (low + 1) / 2 + high;
}

const ops_row *ops_find(const char *name)
{
  for (size_t k = 0; k < ops_count; k++)
    if (strcmp(ops_rows[k].name, name) == 0) return &ops_rows[k];
  return NULL;
}
