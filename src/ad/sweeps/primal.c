/* The values of all nodes from those of the inputs, in the order of recording. */
#include "cases.h"

#define PASSED_THE_END (++i == size)

tg_status tg_sweep_primal_(tg_tape *t)
{
#include "labels.inc"
  tg_node_ *const nodes = t->r.nodes_;
  const double *const constants = t->r.constants_;
  const size_t size = tg_size_(t);
  size_t i = 0;
  if (size == 0) return TG_OK;
  uint64_t word = nodes[0].word_;
  BEGIN_CASES
  CASE(TG_OP_input)
  CASE(TG_OP_output) NEXT;
  CASE(TG_OP_live)
  {
    PRIMAL(i) = *t->live[A];
    NEXT;
  }
  CASE(TG_OP_nary)
  {
    const tg_status s = tg_nary_value_(t, (uint32_t)i);
    if (s != TG_OK) return s;
    NEXT;
  }
#define UNARY(name, value, ...)                                                                              \
  CASE(TG_OP_##name)                                                                                         \
  {                                                                                                          \
    const double x = PRIMAL(A);                                                                              \
    PRIMAL(i) = (value);                                                                                     \
    NEXT;                                                                                                    \
  }
#define BINARY_CASE(op, X, Y, value)                                                                         \
  CASE(op)                                                                                                   \
  {                                                                                                          \
    const double x = X, y = Y;                                                                               \
    PRIMAL(i) = (value);                                                                                     \
    NEXT;                                                                                                    \
  }
#define BINARY(name, value, ...)                                                                             \
  BINARY_CASE(TG_OP_##name, PRIMAL(A), PRIMAL(B), value)                                                     \
  BINARY_CASE(TG_OP_##name##_vc, PRIMAL(A), constants[B], value)                                             \
  BINARY_CASE(TG_OP_##name##_cv, constants[A], PRIMAL(B), value)
#define TERNARY(name, value, ...)                                                                            \
  CASE(TG_OP_##name)                                                                                         \
  {                                                                                                          \
    const double x = LISTED(0), y = LISTED(1), z = LISTED(2);                                                \
    PRIMAL(i) = (value);                                                                                     \
    NEXT;                                                                                                    \
  }
#define GUARD_CASE(op, X, Y, condition)                                                                      \
  CASE(op)                                                                                                   \
  {                                                                                                          \
    const double x = X, y = Y;                                                                               \
    if (((condition) ? 1.0 : 0.0) != PRIMAL(i)) {                                                            \
      t->fault = (tg_failure_){TG_E_BRANCH, op, (uint32_t)i, "the comparison has another outcome here"};     \
      return TG_E_BRANCH;                                                                                    \
    }                                                                                                        \
    NEXT;                                                                                                    \
  }
#define GUARD(name, condition)                                                                               \
  GUARD_CASE(TG_OP_##name, PRIMAL(A), PRIMAL(B), condition)                                                  \
  GUARD_CASE(TG_OP_##name##_vc, PRIMAL(A), constants[B], condition)                                          \
  GUARD_CASE(TG_OP_##name##_cv, constants[A], PRIMAL(B), condition)
#include "ops.def"
#undef BINARY_CASE
#undef GUARD_CASE
  END_CASES
done:
  return TG_OK;
}
