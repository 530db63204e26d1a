/* What operations.h declares, grown from the rows: every operation on plain numbers (the suffix _d) and on vars. The value
 * is computed first, by the same function for both; then a node is pushed that holds it. */
#include "ops.h"
#include "special.h"
#include "tapegrad/operations.h"

#define UNARY(name, value, ...)                                                                              \
  double tg_##name##_d(double x) { return value; }                                                           \
  tg_var(tg_##name)(tg_var x) { return tg_record_unary_(TG_OP_##name, x, tg_##name##_d(x.value_)); }
#define BINARY(name, value, ...)                                                                             \
  double tg_##name##_d(double x, double y) { return value; }                                                 \
  tg_var(tg_##name)(tg_var x, tg_var y)                                                                      \
  {                                                                                                          \
    return tg_record_binary_(TG_OP_##name, x, y, tg_##name##_d(x.value_, y.value_));                         \
  }
#define TERNARY(name, value, ...)                                                                            \
  double tg_##name##_d(double x, double y, double z) { return value; }                                       \
  tg_var(tg_##name)(tg_var x, tg_var y, tg_var z)                                                            \
  {                                                                                                          \
    return tg_push_ternary_(TG_OP_##name, x, y, z, tg_##name##_d(x.value_, y.value_, z.value_));             \
  }
/* A guard is a node whose value is the outcome, compared at every replay. */
#define GUARD(name, condition)                                                                               \
  bool tg_##name##_d(double x, double y) { return condition; }                                               \
  bool(tg_##name)(tg_var x, tg_var y)                                                                        \
  {                                                                                                          \
    const bool outcome = tg_##name##_d(x.value_, y.value_);                                                  \
    tg_push_binary_(TG_OP_##name, x, y, outcome ? 1.0 : 0.0);                                                \
    return outcome;                                                                                          \
  }
#include "ops.def"
