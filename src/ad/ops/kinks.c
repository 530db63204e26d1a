/* The KINK rows of ops.def as functions of an opcode. */
#include "kinks.h"

#include "special.h"

/* Of an operand that the operation lacks: any number will do. */
static double operand(const double *x, size_t i) { return x ? x[i] : 0.0; }

bool tg_any_kink_(unsigned op, const double *xs, const double *ys, const double *zs, size_t n)
{
  assert(op < TG_OP_count && tg_base_op_(op) == op && (n == 0 || xs));
  int any = 0;
  switch (op) {
#define KINK(name, at, ...)                                                                                  \
  case TG_OP_##name:                                                                                         \
    for (size_t i = 0; i < n; i++) {                                                                         \
      const double x = xs[i], y = operand(ys, i), z = operand(zs, i);                                        \
      (void)x, (void)y, (void)z;                                                                             \
      any |= (at);                                                                                           \
    }                                                                                                        \
    break;
#include "ops.def"
  default: break;
  }
  return any != 0;
}

void tg_one_sided_(unsigned op, const double *at_x, const double *along, tg_sided_ *p)
{
  assert(op < TG_OP_count && tg_ops_[op].kinked);
  const double x = at_x[0], y = at_x[1], z = at_x[2], a = along[0], b = along[1], c = along[2];
  *p = (tg_sided_){{0.0}, {{0.0}}};
  (void)x, (void)y, (void)z, (void)a, (void)b, (void)c;
  switch (op) {
#define KINK(name, at, dx, dy, dz, dxx, dxy, dyy)                                                            \
  case TG_OP_##name:                                                                                         \
    p->first[0] = (dx), p->first[1] = (dy), p->first[2] = (dz);                                              \
    p->second[0][0] = (dxx), p->second[0][1] = p->second[1][0] = (dxy), p->second[1][1] = (dyy);             \
    break;
#include "ops.def"
  default: break;
  }
}
