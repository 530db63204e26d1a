/* The rows of ops.def in their plain form, and what can be read off them. */
#include "rows.h"

#include "special.h"

#include <string.h>

#include "row_loops.inc"

const tg_row_kernels_ tg_plain_rows_[TG_OP_count] = {
#define UNARY(name, ...) [TG_OP_##name] = {name##_value, name##_first, name##_second},
#define BINARY(name, ...) [TG_OP_##name] = {name##_value, name##_first, name##_second},
#define TERNARY(name, ...) [TG_OP_##name] = {name##_value, name##_first, name##_second},
#include "ops.def"
};

bool tg_guard_holds_(unsigned op, double x, double y)
{
  switch (op) {
    /* clang-format off */
#define GUARD(name, condition) case TG_OP_##name: return condition;
#include "ops.def"
  /* clang-format on */
  default: return false;
  }
}

static tg_partial_form_ form_of(const char *text)
{
  static const struct {
    const char *text;
    tg_partial_form_ form;
  } plain[] = {{"0.0", TG_ZERO}, {"1.0", TG_ONE}, {"-1.0", TG_MINUS_ONE},
               {"x", TG_IS_X},   {"y", TG_IS_Y},  {"v", TG_IS_V}};
  for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
    if (strcmp(plain[i].text, text) == 0) return plain[i].form;
  return TG_GENERAL;
}

tg_row_forms_ tg_row_forms_of_(unsigned op)
{
  tg_row_forms_ f = {{TG_ZERO, TG_ZERO, TG_ZERO}, {TG_ZERO, TG_ZERO, TG_ZERO, TG_ZERO, TG_ZERO, TG_ZERO}};
#define SET(array, k, expression) f.array[k] = form_of(#expression)
  switch (op) {
#define UNARY(name, value, dx, dxx, ...)                                                                     \
  case TG_OP_##name:                                                                                         \
    SET(first, 0, dx), SET(second, TG_XX, dxx);                                                              \
    break;
#define BINARY(name, value, dx, dy, dxx, dxy, dyy, ...)                                                      \
  case TG_OP_##name:                                                                                         \
    SET(first, 0, dx), SET(first, 1, dy);                                                                    \
    SET(second, TG_XX, dxx), SET(second, TG_XY, dxy), SET(second, TG_YY, dyy);                               \
    break;
#define TERNARY(name, value, dx, dy, dz, dxx, dxy, dxz, dyy, dyz, dzz, ...)                                  \
  case TG_OP_##name:                                                                                         \
    SET(first, 0, dx), SET(first, 1, dy), SET(first, 2, dz);                                                 \
    SET(second, TG_XX, dxx), SET(second, TG_XY, dxy), SET(second, TG_XZ, dxz);                               \
    SET(second, TG_YY, dyy), SET(second, TG_YZ, dyz), SET(second, TG_ZZ, dzz);                               \
    break;
#include "ops.def"
  default: break;
  }
#undef SET
  return f;
}
