#include "sweeps.h"

#include "kinks.h"
#include "nary_tape.h"
#include "operands.h"
#include "special.h"
#include "zero_rule.h"

#ifdef __GNUC__
#define LITERAL_ZERO(d) (__builtin_constant_p(d) && (d) == 0.0)
#define INLINE static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))
#else
#define LITERAL_ZERO(d) ((d) == 0.0)
#define INLINE static inline
#define NOINLINE static
#endif

/* The four expanded sweeps are loops over a switch on the opcode. Where the compiler can jump to a label held in a
 * table, every case ends with its own jump to the next one: a third faster than one shared switch, as measured by
 * tests/bench. A sweep says how it advances (ADVANCE fetches the next word or goes to `done`), and its cases end with
 * NEXT. */
#if defined __GNUC__ && !defined TG_PLAIN_SWITCH
#define THREADED
#pragma GCC diagnostic ignored "-Wpedantic" /* labels as values */
#define BEGIN_CASES goto *labels[tg_opcode_(word)];
#define CASE(op) L_##op:
#define NEXT                                                                                                 \
  do {                                                                                                       \
    ADVANCE;                                                                                                 \
    goto *labels[tg_opcode_(word)];                                                                          \
  } while (0)
#define END_CASES
#else
#define BEGIN_CASES                                                                                          \
  for (;;) {                                                                                                 \
    switch (tg_opcode_(word)) {
#define CASE(op) case op:
#define NEXT break
#define END_CASES                                                                                            \
  default: break;                                                                                            \
    }                                                                                                        \
    ADVANCE;                                                                                                 \
    }
#endif
#define CASES(name) CASE(TG_OP_##name) CASE(TG_OP_##name##_vc) CASE(TG_OP_##name##_cv)

/* The operands of the current word, and values of nodes. */
#define A ((size_t)tg_operand_a_(word))
#define B ((size_t)tg_operand_b_(word))
#define PRIMAL(i) nodes[i].primal_
#define LISTED(k) tg_entry_value_(t, t->operands[A + (k)])

/* Rows that are identically zero are written 0.0 and cost nothing: their terms vanish at compile time. */
#define ADD_PRODUCT(target, d, w)                                                                            \
  do {                                                                                                       \
    if (!LITERAL_ZERO(d)) (target) += (d) * (w);                                                             \
  } while (0)
#define PRODUCT(d, w) (LITERAL_ZERO(d) ? 0.0 : (d) * (w))

/* Columns that a row does not use. */
#define SILENT(x, y, v) (void)(x), (void)(y), (void)(v)

/* ---- Primal. ---- */

#define ADVANCE                                                                                              \
  if (++i == size) return TG_OK;                                                                             \
  word = nodes[i].word_

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
#undef UNARY
#undef BINARY
#undef BINARY_CASE
#undef TERNARY
#undef GUARD
#undef GUARD_CASE
  END_CASES
}

#undef ADVANCE

/* ---- The partials of one node, for the sweeps that are not expanded by row. ---- */

/* Operands that are nodes, the first partials to them and, on request, the second. */
typedef struct partials {
  unsigned count;
  uint32_t node[3];
  double first[3], second[3][3];
  bool kink;
} partials;

/* The cases below leave the full set in d and dd; `keep` drops what belongs to constants. */
static void keep(partials *p, const double *d, const double (*dd)[3], const tg_operands_ *x)
{
  unsigned kept[3];
  p->count = 0;
  for (unsigned k = 0; k < x->count; k++) {
    if (tg_is_constant_entry_(x->entry[k])) continue;
    kept[p->count] = k;
    p->node[p->count] = x->entry[k];
    p->first[p->count++] = d[k];
  }
  if (!dd) return;
  for (unsigned j = 0; j < p->count; j++)
    for (unsigned k = 0; k < p->count; k++) p->second[j][k] = dd[kept[j]][kept[k]];
}

/* At nodes without partials (inputs, guards, outputs and operations with many operands) there are none. */
NOINLINE void find_partials(const tg_tape *t, uint32_t i, bool second, partials *p)
{
  const unsigned op = tg_opcode_(t->r.nodes_[i].word_);
  const double v = t->r.nodes_[i].primal_;
  p->count = 0;
  p->kink = false;
  if (op < TG_OP_first || op >= TG_OP_count || tg_ops_[op].guard) return;
  tg_operands_ operands;
  tg_node_operands_(t, i, &operands);
  double at[3] = {0.0}, d[3] = {0.0}, dd[3][3] = {{0.0}};
  for (unsigned k = 0; k < operands.count; k++) at[k] = tg_entry_value_(t, operands.entry[k]);
  const double x = at[0], y = at[1], z = at[2];
  SILENT(x, y, z);
  switch (op) {
#define UNARY(name, value, f, s, ...)                                                                        \
  case TG_OP_##name:                                                                                         \
    SILENT(x, y, v);                                                                                         \
    d[0] = (f);                                                                                              \
    if (second) dd[0][0] = (s);                                                                              \
    p->kink = tg_at_kink_(TG_OP_##name, x, 0.0, 0.0);                                                        \
    break;
#define BINARY(name, value, dx, dy, dxx, dxy, dyy, ...)                                                      \
  case TG_OP_##name:                                                                                         \
  case TG_OP_##name##_vc:                                                                                    \
  case TG_OP_##name##_cv:                                                                                    \
    d[0] = (dx), d[1] = (dy);                                                                                \
    if (second) dd[0][0] = (dxx), dd[0][1] = dd[1][0] = (dxy), dd[1][1] = (dyy);                             \
    p->kink = tg_at_kink_(TG_OP_##name, x, y, 0.0);                                                          \
    break;
#define GUARD(name, condition)
#define TERNARY(name, value, dx, dy, dz, dxx, dxy, dxz, dyy, dyz, dzz, ...)                                  \
  case TG_OP_##name:                                                                                         \
    d[0] = (dx), d[1] = (dy), d[2] = (dz);                                                                   \
    p->kink = tg_at_kink_(TG_OP_##name, x, y, z);                                                            \
    if (!second) break;                                                                                      \
    dd[0][0] = (dxx), dd[0][1] = dd[1][0] = (dxy), dd[0][2] = dd[2][0] = (dxz);                              \
    dd[1][1] = (dyy), dd[1][2] = dd[2][1] = (dyz), dd[2][2] = (dzz);                                         \
    break;
#include "ops.def"
#undef UNARY
#undef BINARY
#undef TERNARY
#undef GUARD
  default: break;
  }
  keep(p, d, second ? (const double(*)[3])dd : NULL, &operands);
}

/* The partials to the operands of node i, at a kink, along their tangents in a lane. */
static void find_sided(const tg_tape *t, uint32_t i, const double *dot, size_t width, size_t lane,
                       partials *p)
{
  tg_operands_ operands;
  tg_sided_ s;
  double x[3] = {0.0}, a[3] = {0.0};
  tg_node_operands_(t, i, &operands);
  for (unsigned k = 0; k < operands.count; k++) {
    const uint32_t entry = operands.entry[k];
    x[k] = tg_entry_value_(t, entry);
    a[k] = tg_is_constant_entry_(entry) ? 0.0 : dot[entry * width + lane];
  }
  tg_one_sided_(tg_base_op_(tg_opcode_(t->r.nodes_[i].word_)), x, a, &s);
  keep(p, s.first, (const double(*)[3])s.second, &operands);
}

NOINLINE void tangent_kink(const tg_tape *t, uint32_t i, double *dot, size_t width, bool masked)
{
  for (size_t l = 0; l < width; l++) {
    partials p;
    double sum = 0.0;
    find_sided(t, i, dot, width, l, &p);
    for (unsigned j = 0; j < p.count; j++)
      sum += tg_masked_product_(p.first[j], dot[p.node[j] * width + l], masked);
    dot[i * width + l] = sum;
  }
}

INLINE void tangent_node(const tg_tape *t, uint32_t i, double *dot, const size_t width, const bool sided,
                         const bool masked)
{
  partials p;
  find_partials(t, i, false, &p);
  if (sided && p.kink) {
    tangent_kink(t, i, dot, width, masked);
    return;
  }
  double *const out = dot + i * width;
  for (size_t l = 0; l < width; l++) out[l] = 0.0;
  for (unsigned j = 0; j < p.count; j++) {
    const double *const in = dot + p.node[j] * width;
    for (size_t l = 0; l < width; l++) {
      const double term = tg_masked_product_(p.first[j], in[l], masked);
      out[l] = j == 0 ? term : out[l] + term;
    }
  }
}

INLINE void adjoint_node(const tg_tape *t, uint32_t i, double *bar, const size_t width, const bool masked)
{
  partials p;
  find_partials(t, i, false, &p);
  const double *const w = bar + i * width;
  for (unsigned j = 0; j < p.count; j++) {
    double *const to = bar + p.node[j] * width;
    for (size_t l = 0; l < width; l++) to[l] += tg_masked_product_(p.first[j], w[l], masked);
  }
}

/* bar_dot[a] += d bar_dot[i] + sum_b dd[a][b] dot[b] bar[i]: the tangent of the adjoint's rule. */
NOINLINE void second_kink(const tg_tape *t, uint32_t i, const double *dot, double *bar, double *bar_dot,
                          size_t width, bool masked)
{
  partials p;
  const double w = bar[i];
  for (size_t l = 0; l < width; l++) {
    find_sided(t, i, dot, width, l, &p);
    for (unsigned j = 0; j < p.count; j++) {
      double curve = 0.0;
      for (unsigned k = 0; k < p.count; k++)
        curve += tg_masked_product_(p.second[j][k], dot[p.node[k] * width + l], masked);
      bar_dot[p.node[j] * width + l] += tg_masked_product_(p.first[j], bar_dot[i * width + l], masked) +
                                        tg_masked_product_(curve, w, masked);
    }
  }
  find_partials(t, i, false, &p);
  for (unsigned j = 0; j < p.count; j++) bar[p.node[j]] += tg_masked_product_(p.first[j], w, masked);
}

INLINE void second_node(const tg_tape *t, uint32_t i, const double *dot, double *bar, double *bar_dot,
                        const size_t width, const bool masked)
{
  partials p;
  find_partials(t, i, true, &p);
  if (p.kink) {
    second_kink(t, i, dot, bar, bar_dot, width, masked);
    return;
  }
  const double w = bar[i];
  const double *const w_dot = bar_dot + i * width;
  for (unsigned j = 0; j < p.count; j++) {
    double *const to = bar_dot + p.node[j] * width;
    bar[p.node[j]] += tg_masked_product_(p.first[j], w, masked);
    for (size_t l = 0; l < width; l++) {
      double curve = 0.0;
      for (unsigned k = 0; k < p.count; k++) {
        const double term = tg_masked_product_(p.second[j][k], dot[p.node[k] * width + l], masked);
        curve = k == 0 ? term : curve + term;
      }
      to[l] += tg_masked_product_(p.first[j], w_dot[l], masked) + tg_masked_product_(curve, w, masked);
    }
  }
}

/* ---- The general sweeps: any width, masked or not. ---- */

INLINE tg_status tangent_all(tg_tape *t, double *dot, const size_t width, const bool sided, const bool masked)
{
  for (uint32_t i = 0; i < tg_size_(t); i++) {
    const unsigned op = tg_opcode_(t->r.nodes_[i].word_);
    if (op == TG_OP_nary) {
      const tg_status s = tg_nary_tangent_(t, i, dot, width, sided, masked);
      if (s != TG_OK) return s;
    } else if (op != TG_OP_input && op != TG_OP_output) {
      tangent_node(t, i, dot, width, sided, masked);
    }
  }
  return TG_OK;
}

INLINE bool any_nan(const double *lane, const size_t width)
{
  bool nan = false;
  for (size_t l = 0; l < width; l++) nan |= isnan(lane[l]);
  return nan;
}

INLINE tg_status adjoint_all(tg_tape *t, uint32_t last, double *bar, const size_t width, const bool masked,
                             bool *nan)
{
  *nan = false;
  for (uint32_t i = last + 1; i-- > 0;) {
    const unsigned op = tg_opcode_(t->r.nodes_[i].word_);
    if (op == TG_OP_input) *nan |= any_nan(bar + i * width, width);
    if (op != TG_OP_nary) {
      adjoint_node(t, i, bar, width, masked);
      continue;
    }
    const tg_status s = tg_nary_adjoint_(t, i, bar, width, masked);
    if (s != TG_OK) return s;
  }
  return TG_OK;
}

INLINE tg_status second_all(tg_tape *t, uint32_t last, const double *dot, double *bar, double *bar_dot,
                            const size_t width, const bool masked, bool *nan)
{
  *nan = false;
  for (uint32_t i = last + 1; i-- > 0;) {
    const unsigned op = tg_opcode_(t->r.nodes_[i].word_);
    if (op == TG_OP_input) *nan |= isnan(bar[i]) || any_nan(bar_dot + i * width, width);
    if (op != TG_OP_nary) {
      second_node(t, i, dot, bar, bar_dot, width, masked);
      continue;
    }
    const tg_status s = tg_nary_second_(t, i, dot, bar, bar_dot, width, masked);
    if (s != TG_OK) return s;
  }
  return TG_OK;
}

/* ---- One direction, unmasked: every row expanded in its case. ---- */

#define ADVANCE                                                                                              \
  if (++i == size) return TG_OK;                                                                             \
  word = nodes[i].word_

static tg_status tangent_one(tg_tape *t, double *dot, bool sided)
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
    dot[i] = 0.0;
    NEXT;
  }
  CASE(TG_OP_nary)
  {
    const tg_status s = tg_nary_tangent_(t, (uint32_t)i, dot, 1, sided, false);
    if (s != TG_OK) return s;
    NEXT;
  }
#define ROW(name, form, X, Y, tangent)                                                                       \
  CASE(TG_OP_##name##form)                                                                                   \
  {                                                                                                          \
    const double x = X, y = Y, v = PRIMAL(i);                                                                \
    SILENT(x, y, v);                                                                                         \
    if (tg_at_kink_(TG_OP_##name, x, y, 0.0) && sided)                                                       \
      tangent_kink(t, (uint32_t)i, dot, 1, false);                                                           \
    else                                                                                                     \
      dot[i] = tangent;                                                                                      \
    NEXT;                                                                                                    \
  }
#define UNARY(name, value, first, ...) ROW(name, , PRIMAL(A), 0.0, PRODUCT(first, dot[A]))
#define BINARY(name, value, dx, dy, ...)                                                                     \
  ROW(name, , PRIMAL(A), PRIMAL(B), PRODUCT(dx, dot[A]) + PRODUCT(dy, dot[B]))                               \
  ROW(name, _vc, PRIMAL(A), constants[B], PRODUCT(dx, dot[A]))                                               \
  ROW(name, _cv, constants[A], PRIMAL(B), PRODUCT(dy, dot[B]))
#define TERNARY(name, ...)                                                                                   \
  CASE(TG_OP_##name)                                                                                         \
  {                                                                                                          \
    tangent_node(t, (uint32_t)i, dot, 1, sided, false);                                                      \
    NEXT;                                                                                                    \
  }
#define GUARD(name, ...)                                                                                     \
  CASES(name)                                                                                                \
  {                                                                                                          \
    dot[i] = 0.0;                                                                                            \
    NEXT;                                                                                                    \
  }
#include "ops.def"
#undef UNARY
#undef BINARY
#undef TERNARY
#undef GUARD
#undef ROW
  END_CASES
}

#undef ADVANCE

/* The reverse sweeps leave through `done`. */
#define ADVANCE                                                                                              \
  if (i-- == 0) goto done;                                                                                   \
  word = nodes[i].word_

static tg_status adjoint_one(tg_tape *t, uint32_t last, double *bar, bool *nan)
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
    bad |= isnan(bar[i]);
    NEXT;
  }
  CASE(TG_OP_live)
  CASE(TG_OP_output) NEXT;
  CASE(TG_OP_nary)
  {
    const tg_status s = tg_nary_adjoint_(t, (uint32_t)i, bar, 1, false);
    if (s != TG_OK) return s;
    NEXT;
  }
#define ROW(op, X, Y, a_share, b_share)                                                                      \
  CASE(op)                                                                                                   \
  {                                                                                                          \
    const double x = X, y = Y, v = PRIMAL(i), w = bar[i];                                                    \
    SILENT(x, y, v);                                                                                         \
    a_share;                                                                                                 \
    b_share;                                                                                                 \
    NEXT;                                                                                                    \
  }
#define UNARY(name, value, first, ...)                                                                       \
  ROW(TG_OP_##name, PRIMAL(A), 0.0, ADD_PRODUCT(bar[A], first, w), (void)0)
#define BINARY(name, value, dx, dy, ...)                                                                     \
  ROW(TG_OP_##name, PRIMAL(A), PRIMAL(B), ADD_PRODUCT(bar[A], dx, w), ADD_PRODUCT(bar[B], dy, w))            \
  ROW(TG_OP_##name##_vc, PRIMAL(A), constants[B], ADD_PRODUCT(bar[A], dx, w), (void)0)                       \
  ROW(TG_OP_##name##_cv, constants[A], PRIMAL(B), ADD_PRODUCT(bar[B], dy, w), (void)0)
#define TERNARY(name, ...)                                                                                   \
  CASE(TG_OP_##name)                                                                                         \
  {                                                                                                          \
    adjoint_node(t, (uint32_t)i, bar, 1, false);                                                             \
    NEXT;                                                                                                    \
  }
#define GUARD(name, ...) CASES(name) NEXT;
#include "ops.def"
#undef UNARY
#undef BINARY
#undef TERNARY
#undef GUARD
#undef ROW
  END_CASES
done:
  *nan = bad;
  return TG_OK;
}

/* One operand's share of a node with the partials d and dd to it. */
#define SHARE(k, d, dd)                                                                                      \
  do {                                                                                                       \
    const double d_ = (d);                                                                                   \
    ADD_PRODUCT(bar[k], d_, w);                                                                              \
    if (LITERAL_ZERO(dd))                                                                                    \
      ADD_PRODUCT(bar_dot[k], d_, w_dot);                                                                    \
    else                                                                                                     \
      bar_dot[k] += PRODUCT(d_, w_dot) + (dd)*dot[k] * w;                                                    \
  } while (0)

static tg_status second_one(tg_tape *t, uint32_t last, const double *dot, double *bar, double *bar_dot,
                            bool *nan)
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
    bad |= isnan(bar[i]) || isnan(bar_dot[i]);
    NEXT;
  }
  CASE(TG_OP_live)
  CASE(TG_OP_output) NEXT;
  CASE(TG_OP_nary)
  {
    const tg_status s = tg_nary_second_(t, (uint32_t)i, dot, bar, bar_dot, 1, false);
    if (s != TG_OK) return s;
    NEXT;
  }
#define ROW(name, form, X, Y, share)                                                                         \
  CASE(TG_OP_##name##form)                                                                                   \
  {                                                                                                          \
    const double x = X, y = Y, v = PRIMAL(i), w = bar[i], w_dot = bar_dot[i];                                \
    SILENT(x, y, v);                                                                                         \
    if (tg_at_kink_(TG_OP_##name, x, y, 0.0))                                                                \
      second_kink(t, (uint32_t)i, dot, bar, bar_dot, 1, false);                                              \
    else                                                                                                     \
      share;                                                                                                 \
    NEXT;                                                                                                    \
  }
#define BOTH(dx, dy, dxx, dxy, dyy)                                                                          \
  do {                                                                                                       \
    const double dx_ = (dx), dy_ = (dy), dxy_ = (dxy);                                                       \
    const size_t a = A, b = B;                                                                               \
    ADD_PRODUCT(bar[a], dx_, w);                                                                             \
    ADD_PRODUCT(bar[b], dy_, w);                                                                             \
    if (LITERAL_ZERO(dxx) && LITERAL_ZERO(dxy) && LITERAL_ZERO(dyy)) {                                       \
      ADD_PRODUCT(bar_dot[a], dx_, w_dot);                                                                   \
      ADD_PRODUCT(bar_dot[b], dy_, w_dot);                                                                   \
    } else {                                                                                                 \
      bar_dot[a] += PRODUCT(dx_, w_dot) + (PRODUCT(dxx, dot[a]) + PRODUCT(dxy_, dot[b])) * w;                \
      bar_dot[b] += PRODUCT(dy_, w_dot) + (PRODUCT(dxy_, dot[a]) + PRODUCT(dyy, dot[b])) * w;                \
    }                                                                                                        \
  } while (0)
#define UNARY(name, value, first, second, ...) ROW(name, , PRIMAL(A), 0.0, SHARE(A, first, second))
#define BINARY(name, value, dx, dy, dxx, dxy, dyy, ...)                                                      \
  ROW(name, , PRIMAL(A), PRIMAL(B), BOTH(dx, dy, dxx, dxy, dyy))                                             \
  ROW(name, _vc, PRIMAL(A), constants[B], SHARE(A, dx, dxx))                                                 \
  ROW(name, _cv, constants[A], PRIMAL(B), SHARE(B, dy, dyy))
#define TERNARY(name, ...)                                                                                   \
  CASE(TG_OP_##name)                                                                                         \
  {                                                                                                          \
    second_node(t, (uint32_t)i, dot, bar, bar_dot, 1, false);                                                \
    NEXT;                                                                                                    \
  }
#define GUARD(name, ...) CASES(name) NEXT;
#include "ops.def"
#undef UNARY
#undef BINARY
#undef TERNARY
#undef GUARD
#undef ROW
#undef BOTH
#undef SHARE
  END_CASES
done:
  *nan = bad;
  return TG_OK;
}

#undef ADVANCE

/* ---- The door: the expanded form where there is one, the general one with its width known elsewhere. ---- */

tg_status tg_sweep_tangent_(tg_tape *t, double *tangent, size_t width, bool sided, bool masked)
{
  if (width == 1 && !masked) return tangent_one(t, tangent, sided);
  if (masked) return tangent_all(t, tangent, width, sided, true);
  return width == 4 ? tangent_all(t, tangent, 4, sided, false)
                    : tangent_all(t, tangent, TG_BLOCK, sided, false);
}

tg_status tg_sweep_adjoint_(tg_tape *t, uint32_t last, double *adjoint, size_t width, bool masked, bool *nan)
{
  if (width == 1 && !masked) return adjoint_one(t, last, adjoint, nan);
  if (masked) return adjoint_all(t, last, adjoint, width, true, nan);
  if (width == 4) return adjoint_all(t, last, adjoint, 4, false, nan);
  return adjoint_all(t, last, adjoint, TG_BLOCK, false, nan);
}

tg_status tg_sweep_second_(tg_tape *t, uint32_t last, const double *tangent, double *adjoint, double *second,
                           size_t width, bool masked, bool *nan)
{
  if (width == 1 && !masked) return second_one(t, last, tangent, adjoint, second, nan);
  if (masked) return second_all(t, last, tangent, adjoint, second, width, true, nan);
  if (width == 4) return second_all(t, last, tangent, adjoint, second, 4, false, nan);
  return second_all(t, last, tangent, adjoint, second, TG_BLOCK, false, nan);
}
