/* The partials of a node, grown from rows: a case for every form of a row, so that partials to constants are not even
 * computed. */
#include "partials.h"

#include "cases.h"
#include "operands.h"

#include <assert.h>

/* Of the partials d and dd to all operands those to nodes. */
static void drop_constants(tg_partials_ *p, const double *d, const double (*dd)[3], const tg_operands_ *x)
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

void tg_find_partials_(const tg_tape *t, uint32_t i, bool second, tg_partials_ *p)
{
  assert(i < tg_size_(t));
  const tg_node_ *const nodes = t->r.nodes_;
  const double *const constants = t->r.constants_;
  const uint64_t word = nodes[i].word_;
  const double v = PRIMAL(i);
  p->count = 0;
  p->kink = false;
  switch (tg_opcode_(word)) {
#define ONE(name, form, X, Y, operand, d, dd)                                                                \
  case TG_OP_##name##form: {                                                                                 \
    const double x = X, y = Y;                                                                               \
    SILENT(x, y, v);                                                                                         \
    p->count = 1;                                                                                            \
    p->node[0] = (uint32_t)operand;                                                                          \
    p->first[0] = (d);                                                                                       \
    if (second) p->second[0][0] = (dd);                                                                      \
    p->kink = tg_at_kink_(TG_OP_##name, x, y, 0.0);                                                          \
    break;                                                                                                   \
  }
#define UNARY(name, value, f, s, ...) ONE(name, , PRIMAL(A), 0.0, A, f, s)
#define BINARY(name, value, dx, dy, dxx, dxy, dyy, ...)                                                      \
  case TG_OP_##name: {                                                                                       \
    const double x = PRIMAL(A), y = PRIMAL(B);                                                               \
    SILENT(x, y, v);                                                                                         \
    p->count = 2;                                                                                            \
    p->node[0] = (uint32_t)A, p->node[1] = (uint32_t)B;                                                      \
    p->first[0] = (dx), p->first[1] = (dy);                                                                  \
    if (second) p->second[0][0] = (dxx), p->second[0][1] = p->second[1][0] = (dxy), p->second[1][1] = (dyy); \
    p->kink = tg_at_kink_(TG_OP_##name, x, y, 0.0);                                                          \
    break;                                                                                                   \
  }                                                                                                          \
    ONE(name, _vc, PRIMAL(A), constants[B], A, dx, dxx)                                                      \
    ONE(name, _cv, constants[A], PRIMAL(B), B, dy, dyy)
#define TERNARY(name, value, dx, dy, dz, dxx, dxy, dxz, dyy, dyz, dzz, ...)                                  \
  case TG_OP_##name: {                                                                                       \
    const double x = LISTED(0), y = LISTED(1), z = LISTED(2), d[3] = {dx, dy, dz};                           \
    double dd[3][3];                                                                                         \
    SILENT(x, y, z);                                                                                         \
    if (second) {                                                                                            \
      dd[0][0] = (dxx), dd[0][1] = dd[1][0] = (dxy), dd[0][2] = dd[2][0] = (dxz);                            \
      dd[1][1] = (dyy), dd[1][2] = dd[2][1] = (dyz), dd[2][2] = (dzz);                                       \
    }                                                                                                        \
    tg_operands_ operands;                                                                                   \
    tg_node_operands_(t, i, &operands);                                                                      \
    drop_constants(p, d, second ? (const double(*)[3])dd : NULL, &operands);                                 \
    p->kink = tg_at_kink_(TG_OP_##name, x, y, z);                                                            \
    break;                                                                                                   \
  }
#include "ops.def"
#undef ONE
  default: break; /* no partials */
  }
}

void tg_find_sided_partials_(const tg_tape *t, uint32_t i, const double *tangent, size_t width, size_t lane,
                             tg_partials_ *p)
{
  assert(lane < width);
  tg_operands_ operands;
  tg_sided_ s;
  double x[3] = {0.0}, a[3] = {0.0};
  tg_node_operands_(t, i, &operands);
  for (unsigned k = 0; k < operands.count; k++) {
    const uint32_t entry = operands.entry[k];
    x[k] = tg_entry_value_(t, entry);
    a[k] = tg_is_constant_entry_(entry) ? 0.0 : tangent[entry * width + lane];
  }
  tg_one_sided_(tg_base_op_(tg_opcode_(t->r.nodes_[i].word_)), x, a, &s);
  drop_constants(p, s.first, (const double(*)[3])s.second, &operands);
}
