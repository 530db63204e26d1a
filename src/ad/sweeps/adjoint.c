/* Reverse mode: with adjoints of the outputs given, a node adds its adjoint, times the partial by an operand, to the
 * adjoint of that operand, from the last node back to the first. Two forms: see tangent.c. */
#include "cases.h"
#include "partials.h"
#include "zero_rule.h"

#include <assert.h>
#include <math.h>

/* ---- The general form. ---- */

INLINE void adjoint_node(const tg_tape *t, uint32_t i, double *adjoint, const size_t width, const bool masked)
{
  tg_partials_ p;
  tg_find_partials_(t, i, false, &p);
  const double *const w = adjoint + i * width;
  for (unsigned j = 0; j < p.count; j++) {
    double *const to = adjoint + p.node[j] * width;
    for (size_t l = 0; l < width; l++) to[l] += tg_masked_product_(p.first[j], w[l], masked);
  }
}

INLINE tg_status adjoint_all(tg_tape *t, uint32_t last, double *adjoint, const size_t width,
                             const bool masked, bool *nan)
{
  *nan = false;
  for (uint32_t i = last + 1; i-- > 0;) {
    const unsigned op = tg_opcode_(t->r.nodes_[i].word_);
    if (op == TG_OP_input) *nan |= tg_any_nan_(adjoint + i * width, width);
    if (op != TG_OP_nary) {
      adjoint_node(t, i, adjoint, width, masked);
      continue;
    }
    const tg_status s = tg_nary_adjoint_(t, i, adjoint, width, masked);
    if (s != TG_OK) return s;
  }
  return TG_OK;
}

/* ---- The expanded form. ---- */

#define PASSED_THE_END (i-- == 0)

static tg_status adjoint_one(tg_tape *t, uint32_t last, double *adjoint, bool *nan)
{
#include "labels.inc"
  const tg_node_ *const nodes = t->r.nodes_;
  const double *const constants = t->r.constants_;
  size_t i = last;
  uint64_t word = nodes[i].word_;
  bool bad = false;
  BEGIN_CASES
  CASE(TG_OP_input)
  {
    bad |= isnan(adjoint[i]);
    NEXT;
  }
  CASE(TG_OP_live)
  CASE(TG_OP_output) NEXT;
  CASE(TG_OP_nary)
  {
    const tg_status s = tg_nary_adjoint_(t, (uint32_t)i, adjoint, 1, false);
    if (s != TG_OK) return s;
    NEXT;
  }
#define ROW(op, X, Y, a_share, b_share)                                                                      \
  CASE(op)                                                                                                   \
  {                                                                                                          \
    const double x = X, y = Y, v = PRIMAL(i), w = adjoint[i];                                                \
    SILENT(x, y, v);                                                                                         \
    a_share;                                                                                                 \
    b_share;                                                                                                 \
    NEXT;                                                                                                    \
  }
#define UNARY(name, value, first, ...)                                                                       \
  ROW(TG_OP_##name, PRIMAL(A), 0.0, ADD_PRODUCT(adjoint[A], first, w), (void)0)
#define BINARY(name, value, dx, dy, ...)                                                                     \
  ROW(TG_OP_##name, PRIMAL(A), PRIMAL(B), ADD_PRODUCT(adjoint[A], dx, w), ADD_PRODUCT(adjoint[B], dy, w))    \
  ROW(TG_OP_##name##_vc, PRIMAL(A), constants[B], ADD_PRODUCT(adjoint[A], dx, w), (void)0)                   \
  ROW(TG_OP_##name##_cv, constants[A], PRIMAL(B), ADD_PRODUCT(adjoint[B], dy, w), (void)0)
#define TERNARY(name, ...)                                                                                   \
  CASE(TG_OP_##name)                                                                                         \
  {                                                                                                          \
    adjoint_node(t, (uint32_t)i, adjoint, 1, false);                                                         \
    NEXT;                                                                                                    \
  }
#define GUARD(name, ...) CASES(name) NEXT;
#include "ops.def"
#undef ROW
  END_CASES
done:
  *nan = bad;
  return TG_OK;
}

/* ---- Which of them. ---- */

tg_status tg_sweep_adjoint_(tg_tape *t, uint32_t last, double *adjoint, size_t width, bool masked, bool *nan)
{
  assert(last < tg_size_(t) && (width == 1 || width == 4 || width == TG_BLOCK));
  if (width == 1 && !masked) return adjoint_one(t, last, adjoint, nan);
  if (masked) return adjoint_all(t, last, adjoint, width, true, nan);
  if (width == 4) return adjoint_all(t, last, adjoint, 4, false, nan);
  return adjoint_all(t, last, adjoint, TG_BLOCK, false, nan);
}
