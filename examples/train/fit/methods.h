/* What the program knows of methods by their names: those of the library, whose properties the library is asked
 * for, and three of its own: "auto" (its choice), "newton" (the library's trust region, or proximal steps) and
 * "proximal" (proximal gradients). */
#ifndef TRAIN_METHODS_H
#define TRAIN_METHODS_H

#include <stdbool.h>
#include <tapegrad/tapegrad.h>

/* Methods of the library too; the rest is about these. */
bool method_exists(const char *name);

bool method_sees_batches(const char *name); /* a mini-batch at a time */
bool method_has_rate(const char *name);     /* of learning */

bool method_fits(const tg_method *m);            /* the objectives of this program */
bool method_takes_lasso(const tg_method *m);     /* an L1 penalty */
bool method_needs_curvature(const tg_method *m); /* second derivatives */

#endif
