/* Operations that the engine makes of recorded ones, such as loops: nodes with many operands whose share of a sweep
 * reads and writes the tape's own arrays, where others are handed copies. `self` is the record's user. Arrays, `sided`
 * and `masked` are those of the sweeps (sweeps.h); node is the first output. Statuses are the sweep's. */
#ifndef TG_ENGINE_H
#define TG_ENGINE_H

#include "nary_tape.h"

typedef struct tg_engine_ {
  tg_status (*value)(void *self, tg_tape *t, uint32_t node);
  tg_status (*tangent)(void *self, const tg_tape *t, uint32_t node, double *tangent, size_t width, bool sided,
                       bool masked);
  tg_status (*adjoint)(void *self, const tg_tape *t, uint32_t node, double *adjoint, size_t width,
                       bool masked);
  tg_status (*second)(void *self, const tg_tape *t, uint32_t node, const tg_second_arrays_ *w, bool masked);
} tg_engine_;

#endif
