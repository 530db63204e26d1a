/* Forward mode: with tangents of the inputs given, that of a node is the sum of its partials times the tangents of its
 * operands, in the order of recording.
 *
 * There are two forms of this sweep, as of the reverse ones. The general form takes any number of directions, masked or
 * not, and asks for the partials node by node. The expanded form (cases.h) takes one direction, unmasked. */
#include "cases.h"
#include "partials.h"
#include "zero_rule.h"

#include <assert.h>

/* ---- The general form. ---- */

NOINLINE void tangent_kink(const tg_tape *t, uint32_t i, double *tangent, size_t width, bool masked)
{
  for (size_t l = 0; l < width; l++) {
    tg_partials_ p;
    double sum = 0.0;
    tg_find_sided_partials_(t, i, tangent, width, l, &p);
    for (unsigned j = 0; j < p.count; j++)
      sum += tg_masked_product_(p.first[j], tangent[p.node[j] * width + l], masked);
    tangent[i * width + l] = sum;
  }
}

INLINE void tangent_node(const tg_tape *t, uint32_t i, double *tangent, const size_t width, const bool sided,
                         const bool masked)
{
  tg_partials_ p;
  tg_find_partials_(t, i, false, &p);
  if (sided && p.kink) {
    tangent_kink(t, i, tangent, width, masked);
    return;
  }
  double *const out = tangent + i * width;
  for (size_t l = 0; l < width; l++) out[l] = 0.0;
  for (unsigned j = 0; j < p.count; j++) {
    const double *const in = tangent + p.node[j] * width;
    for (size_t l = 0; l < width; l++) {
      const double term = tg_masked_product_(p.first[j], in[l], masked);
      out[l] = j == 0 ? term : out[l] + term;
    }
  }
}

INLINE tg_status tangent_all(tg_tape *t, double *tangent, const size_t width, const bool sided,
                             const bool masked)
{
  for (uint32_t i = 0; i < tg_size_(t); i++) {
    const unsigned op = tg_opcode_(t->r.nodes_[i].word_);
    if (op == TG_OP_nary) {
      const tg_status s = tg_nary_tangent_(t, i, tangent, width, sided, masked);
      if (s != TG_OK) return s;
    } else if (op != TG_OP_input && op != TG_OP_output) {
      tangent_node(t, i, tangent, width, sided, masked);
    }
  }
  return TG_OK;
}

/* ---- The expanded form. ---- */

#define PASSED_THE_END (++i == size)

static tg_status tangent_one(tg_tape *t, double *tangent, bool sided)
{
#include "labels.inc"
  const tg_node_ *const nodes = t->r.nodes_;
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
    tangent[i] = 0.0;
    NEXT;
  }
  CASE(TG_OP_nary)
  {
    const tg_status s = tg_nary_tangent_(t, (uint32_t)i, tangent, 1, sided, false);
    if (s != TG_OK) return s;
    NEXT;
  }
#define ROW(name, form, X, Y, sum)                                                                           \
  CASE(TG_OP_##name##form)                                                                                   \
  {                                                                                                          \
    const double x = X, y = Y, v = PRIMAL(i);                                                                \
    SILENT(x, y, v);                                                                                         \
    if (tg_at_kink_(TG_OP_##name, x, y, 0.0) && sided)                                                       \
      tangent_kink(t, (uint32_t)i, tangent, 1, false);                                                       \
    else                                                                                                     \
      tangent[i] = sum;                                                                                      \
    NEXT;                                                                                                    \
  }
#define UNARY(name, value, first, ...) ROW(name, , PRIMAL(A), 0.0, PRODUCT(first, tangent[A]))
#define BINARY(name, value, dx, dy, ...)                                                                     \
  ROW(name, , PRIMAL(A), PRIMAL(B), PRODUCT(dx, tangent[A]) + PRODUCT(dy, tangent[B]))                       \
  ROW(name, _vc, PRIMAL(A), constants[B], PRODUCT(dx, tangent[A]))                                           \
  ROW(name, _cv, constants[A], PRIMAL(B), PRODUCT(dy, tangent[B]))
#define TERNARY(name, ...)                                                                                   \
  CASE(TG_OP_##name)                                                                                         \
  {                                                                                                          \
    tangent_node(t, (uint32_t)i, tangent, 1, sided, false);                                                  \
    NEXT;                                                                                                    \
  }
#define GUARD(name, ...)                                                                                     \
  CASES(name)                                                                                                \
  {                                                                                                          \
    tangent[i] = 0.0;                                                                                        \
    NEXT;                                                                                                    \
  }
#include "ops.def"
#undef ROW
  END_CASES
done:
  return TG_OK;
}

/* ---- Which of them. ---- */

tg_status tg_sweep_tangent_(tg_tape *t, double *tangent, size_t width, bool sided, bool masked)
{
  assert(width == 1 || width == 4 || width == TG_BLOCK);
  if (width == 1 && !masked) return tangent_one(t, tangent, sided);
  if (masked) return tangent_all(t, tangent, width, sided, true);
  return width == 4 ? tangent_all(t, tangent, 4, sided, false)
                    : tangent_all(t, tangent, TG_BLOCK, sided, false);
}
