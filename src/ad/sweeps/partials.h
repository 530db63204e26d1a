/* The partials of one node by its operands: what sweeps go by that are not expanded by row, with blocks of directions or
 * under rule R5. */
#ifndef TG_PARTIALS_H
#define TG_PARTIALS_H

#include "ops.h"

/* The general sweeps are written once for any width, and compiled for the widths there are. */
#ifdef __GNUC__
#define INLINE static inline __attribute__((always_inline))
#define NOINLINE static __attribute__((noinline))
#else
#define INLINE static inline
#define NOINLINE static
#endif

/* Operands that are nodes, the first partials to them and, on request, the second. */
typedef struct tg_partials_ {
  unsigned count;
  uint32_t node[3];
  double first[3], second[3][3];
  bool kink; /* the partials jump here (kinks.h) */
} tg_partials_;

/* Of node i. Inputs, guards, outputs and operations with many operands have none. */
void tg_find_partials_(const tg_tape *t, uint32_t i, bool second, tg_partials_ *p);

/* First and second at a kink, on the side that the tangents in a lane point to; `width` lanes a node. */
void tg_find_sided_partials_(const tg_tape *t, uint32_t i, const double *tangent, size_t width, size_t lane,
                             tg_partials_ *p);

#endif
