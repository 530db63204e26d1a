/* The four sweeps over a tape: primal, tangent, adjoint, second order. Each is the plain reference that every
 * faster path is tested against. Arrays hold one number a node, or `width` numbers a node in the block forms
 * (entry [node * width + lane]); the caller sets the seeds, and the tangents of all inputs.
 *
 * `masked` selects rule R5 (zero_rule.h): drivers use it only when an unmasked sweep gave NaN.
 *
 * A sweep that fails leaves the reason in t->fault. */
#ifndef TG_SWEEPS_H
#define TG_SWEEPS_H

#include "nary_tape.h"

enum { TG_BLOCK = 8 }; /* the widest block of directions */

/* Recompute the primals from those of the inputs: TG_OK, TG_E_BRANCH (a guard changed), TG_E_CALLBACK. */
tg_status tg_sweep_primal_(tg_tape *t);

/* tangent[inputs] -> tangent[all]; width is 1, 4 or TG_BLOCK. `sided`: at a kink along the tangents (kinks.h), as
 * tg_sweep_second_ wants them; else by the partials that hold at first order. */
tg_status tg_sweep_tangent_(tg_tape *t, double *tangent, size_t width, bool sided, bool masked);

/* Adjoints of nodes 0..last, seeds included, -> of everything they depend on. *nan tells whether the adjoint of an
 * input came out as NaN. */
tg_status tg_sweep_adjoint_(tg_tape *t, uint32_t last, double *adjoint, size_t width, bool masked, bool *nan);

/* The adjoints as above, one a node, and their derivatives d/dt along the tangents, for t > 0. */
tg_status tg_sweep_second_(tg_tape *t, uint32_t last, const tg_second_arrays_ *w, bool masked, bool *nan);

/* The message for a failure of t's recording or last sweep, in t->message. */
const char *tg_failure_text_(tg_tape *t);

#endif
