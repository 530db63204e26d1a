/* The derivative of the reverse sweep along a direction. Where that adds d[a] adjoint[i] to adjoint[a], for each operand
 * a of node i, this one adds the derivative of the product to second[a]:
 *
 *   second[a] += d[a] second[i] + sum_b dd[a][b] tangent[b] adjoint[i]
 *
 * with d and dd the first and second partials of the node. A tangent sweep has left the tangents. Kinks are taken on the
 * side that the tangents point to (kinks.h). Two forms: see tangent.c. */
#include "cases.h"
#include "partials.h"
#include "zero_rule.h"

#include <assert.h>
#include <math.h>

/* ---- The general form. ---- */

/* The adjoints themselves go by the partials that hold at first order. */
NOINLINE void second_kink(const tg_tape *t, uint32_t i, const tg_second_arrays_ *arrays, bool masked)
{
  const double *const tangent = arrays->tangent;
  double *const adjoint = arrays->adjoint, *const second = arrays->second;
  const size_t width = arrays->width;
  tg_partials_ p;
  const double w = adjoint[i];
  for (size_t l = 0; l < width; l++) {
    tg_find_sided_partials_(t, i, tangent, width, l, &p);
    for (unsigned j = 0; j < p.count; j++) {
      double curve = 0.0;
      for (unsigned k = 0; k < p.count; k++)
        curve += tg_masked_product_(p.second[j][k], tangent[p.node[k] * width + l], masked);
      second[p.node[j] * width + l] += tg_masked_product_(p.first[j], second[i * width + l], masked) +
                                       tg_masked_product_(curve, w, masked);
    }
  }
  tg_find_partials_(t, i, false, &p);
  for (unsigned j = 0; j < p.count; j++) adjoint[p.node[j]] += tg_masked_product_(p.first[j], w, masked);
}

INLINE void second_node(const tg_tape *t, uint32_t i, const tg_second_arrays_ *arrays, const size_t width,
                        const bool masked)
{
  const double *const tangent = arrays->tangent;
  double *const adjoint = arrays->adjoint, *const second = arrays->second;
  tg_partials_ p;
  tg_find_partials_(t, i, true, &p);
  if (p.kink) {
    second_kink(t, i, arrays, masked);
    return;
  }
  const double w = adjoint[i];
  const double *const w_dot = second + i * width;
  for (unsigned j = 0; j < p.count; j++) {
    double *const to = second + p.node[j] * width;
    adjoint[p.node[j]] += tg_masked_product_(p.first[j], w, masked);
    for (size_t l = 0; l < width; l++) {
      double curve = 0.0;
      for (unsigned k = 0; k < p.count; k++) {
        const double term = tg_masked_product_(p.second[j][k], tangent[p.node[k] * width + l], masked);
        curve = k == 0 ? term : curve + term;
      }
      to[l] += tg_masked_product_(p.first[j], w_dot[l], masked) + tg_masked_product_(curve, w, masked);
    }
  }
}

INLINE tg_status second_all(tg_tape *t, uint32_t last, const tg_second_arrays_ *arrays, const size_t width,
                            const bool masked, bool *nan)
{
  *nan = false;
  for (uint32_t i = last + 1; i-- > 0;) {
    const unsigned op = tg_opcode_(t->r.nodes_[i].word_);
    if (op == TG_OP_input)
      *nan |= isnan(arrays->adjoint[i]) || tg_any_nan_(arrays->second + i * width, width);
    if (op != TG_OP_nary) {
      second_node(t, i, arrays, width, masked);
      continue;
    }
    const tg_status s = tg_nary_second_(t, i, arrays, masked);
    if (s != TG_OK) return s;
  }
  return TG_OK;
}

/* ---- The expanded form. ---- */

#define PASSED_THE_END (i-- == 0)

/* One operand's share of a node with the partials d and dd to it. */
#define SHARE(k, d, dd)                                                                                      \
  do {                                                                                                       \
    const double d_ = (d);                                                                                   \
    ADD_PRODUCT(adjoint[k], d_, w);                                                                          \
    if (LITERAL_ZERO(dd))                                                                                    \
      ADD_PRODUCT(second[k], d_, w_dot);                                                                     \
    else                                                                                                     \
      second[k] += PRODUCT(d_, w_dot) + (dd)*tangent[k] * w;                                                 \
  } while (0)

static tg_status second_one(tg_tape *t, uint32_t last, const tg_second_arrays_ *arrays, bool *nan)
{
#include "labels.inc"
  const double *const tangent = arrays->tangent;
  double *const adjoint = arrays->adjoint, *const second = arrays->second;
  const tg_node_ *const nodes = t->r.nodes_;
  const double *const constants = t->r.constants_;
  size_t i = last;
  uint64_t word = nodes[i].word_;
  bool bad = false;
  BEGIN_CASES
  CASE(TG_OP_input)
  {
    bad |= isnan(adjoint[i]) || isnan(second[i]);
    NEXT;
  }
  CASE(TG_OP_live)
  CASE(TG_OP_output) NEXT;
  CASE(TG_OP_nary)
  {
    const tg_status s = tg_nary_second_(t, (uint32_t)i, arrays, false);
    if (s != TG_OK) return s;
    NEXT;
  }
#define ROW(name, form, X, Y, share)                                                                         \
  CASE(TG_OP_##name##form)                                                                                   \
  {                                                                                                          \
    const double x = X, y = Y, v = PRIMAL(i), w = adjoint[i], w_dot = second[i];                             \
    SILENT(x, y, v);                                                                                         \
    if (tg_at_kink_(TG_OP_##name, x, y, 0.0))                                                                \
      second_kink(t, (uint32_t)i, arrays, false);                                                            \
    else                                                                                                     \
      share;                                                                                                 \
    NEXT;                                                                                                    \
  }
#define BOTH(dx, dy, dxx, dxy, dyy)                                                                          \
  do {                                                                                                       \
    const double dx_ = (dx), dy_ = (dy), dxy_ = (dxy);                                                       \
    const size_t a = A, b = B;                                                                               \
    ADD_PRODUCT(adjoint[a], dx_, w);                                                                         \
    ADD_PRODUCT(adjoint[b], dy_, w);                                                                         \
    if (LITERAL_ZERO(dxx) && LITERAL_ZERO(dxy) && LITERAL_ZERO(dyy)) {                                       \
      ADD_PRODUCT(second[a], dx_, w_dot);                                                                    \
      ADD_PRODUCT(second[b], dy_, w_dot);                                                                    \
    } else {                                                                                                 \
      second[a] += PRODUCT(dx_, w_dot) + (PRODUCT(dxx, tangent[a]) + PRODUCT(dxy_, tangent[b])) * w;         \
      second[b] += PRODUCT(dy_, w_dot) + (PRODUCT(dxy_, tangent[a]) + PRODUCT(dyy, tangent[b])) * w;         \
    }                                                                                                        \
  } while (0)
#define UNARY(name, value, d, dd, ...) ROW(name, , PRIMAL(A), 0.0, SHARE(A, d, dd))
#define BINARY(name, value, dx, dy, dxx, dxy, dyy, ...)                                                      \
  ROW(name, , PRIMAL(A), PRIMAL(B), BOTH(dx, dy, dxx, dxy, dyy))                                             \
  ROW(name, _vc, PRIMAL(A), constants[B], SHARE(A, dx, dxx))                                                 \
  ROW(name, _cv, constants[A], PRIMAL(B), SHARE(B, dy, dyy))
#define TERNARY(name, ...)                                                                                   \
  CASE(TG_OP_##name)                                                                                         \
  {                                                                                                          \
    second_node(t, (uint32_t)i, arrays, 1, false);                                                           \
    NEXT;                                                                                                    \
  }
#define GUARD(name, ...) CASES(name) NEXT;
#include "ops.def"
#undef ROW
#undef BOTH
#undef SHARE
  END_CASES
done:
  *nan = bad;
  return TG_OK;
}

/* ---- Which of them. ---- */

tg_status tg_sweep_second_(tg_tape *t, uint32_t last, const tg_second_arrays_ *w, bool masked, bool *nan)
{
  assert(last < tg_size_(t) && (w->width == 1 || w->width == 4 || w->width == TG_BLOCK));
  if (w->width == 1 && !masked) return second_one(t, last, w, nan);
  if (masked) return second_all(t, last, w, w->width, true, nan);
  return w->width == 4 ? second_all(t, last, w, 4, false, nan) : second_all(t, last, w, TG_BLOCK, false, nan);
}
