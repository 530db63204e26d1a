/* Elementary operations over lanes. Every row of ops.def grows into three loops (row_loops.inc); lane_rows.h replaces the
 * functions that a row calls by forms that vectorise.
 *
 * Where such a form does not reach everywhere (huge angles, lengths whose squares overflow) the row is repaired: a loop
 * finds out whether any lane is out of reach, and if so, those lanes are taken from the plain row, number by number.
 * What a lane holds depends on its operands alone, never on its neighbours. */
#include <stdbool.h>

#include "kernels_level.h"
#include "special.h"

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
  MAYBE_UNUSED static void name##_first_repaired(const double *x, const double *y, const double *z,          \
                                                 const double *v, double *const *d, size_t n)                \
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

/* Repaired rows, and those whose first partial is a matter of `pair`, take the place of what the list of all rows put
 * there. */
#if defined __clang__
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#elif defined __GNUC__
#pragma GCC diagnostic ignored "-Woverride-init"
#endif
const tg_row_kernels_ TG_KERNEL(rows)[TG_OP_count] = {
#define UNARY(name, ...) [TG_OP_##name] = {name##_value, name##_first, name##_second},
#define BINARY(name, ...) [TG_OP_##name] = {name##_value, name##_first, name##_second},
#define TERNARY(name, ...) [TG_OP_##name] = {name##_value, name##_first, name##_second},
#include "ops.def"
#define ROW(name) [TG_OP_##name] = {name##_value_repaired, name##_first_repaired, name##_second_repaired},
    ROW(pow) ROW(tan) ROW(hypot) ROW(norm3) ROW(atan2) ROW(gelu) ROW(gelu_tanh) ROW(silu) ROW(mish) ROW(erf)
        ROW(erfc) ROW(norm_cdf)
#undef ROW
#define ROW(name, how) [TG_OP_##name] = {name##_value##how, NULL, name##_second##how},
            ROW(tanh, ) ROW(sigmoid, ) ROW(softplus, ) ROW(log_sigmoid, ) ROW(sin, _repaired)
                ROW(cos, _repaired)
#undef ROW
};

void TG_KERNEL(pair)(unsigned op, const double *x, double *v, double *d, size_t n)
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
