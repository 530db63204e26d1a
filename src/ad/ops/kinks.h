/* Kinks: points where the partials of an operation jump. At first order its row of ops.def says what they are
 * there; at second order those on the side that the tangents point to (the KINK rows). */
#ifndef TG_KINKS_H
#define TG_KINKS_H

#include "ops.h"

#include <math.h>

/* By the base opcode, as all of these. Vanishes for a constant one that has no kink. */
static inline bool tg_at_kink_(unsigned op, double x, double y, double z)
{
  (void)x, (void)y, (void)z;
  switch (op) {
    /* clang-format off */
#define KINK(name, at, ...) case TG_OP_##name: return at;
#include "ops.def"
  /* clang-format on */
  default: return false;
  }
}

/* Does some of n lanes stand at a kink? Operands that the operation lacks may be NULL. */
bool tg_any_kink_(unsigned op, const double *x, const double *y, const double *z, size_t n);

/* The partials at a kink at x along the line with the tangents a: three numbers each. */
typedef struct tg_sided_ {
  double first[3], second[3][3];
} tg_sided_;
void tg_one_sided_(unsigned op, const double *x, const double *a, tg_sided_ *p);

#endif
