/* Why a fit ended: a code, what it means for the status of the program, a word for programs and a text for
 * people. */
#ifndef TRAIN_FIT_STOP_H
#define TRAIN_FIT_STOP_H

#include <stdbool.h>

typedef enum fit_kind {
  FIT_SUCCESS, /* what was asked for is there */
  FIT_SHORT,   /* a model is there, short of what was asked for */
  FIT_NOTHING  /* there is no model: the objective has no minimum */
} fit_kind;

#define FIT_STOP_LIST(X)                                                                                     \
  X(FIT_RUNNING, FIT_SHORT, "running", "running")                                                            \
  X(FIT_CONVERGED, FIT_SUCCESS, "converged", "converged")                                                    \
  X(FIT_ROUNDING, FIT_SUCCESS, "rounding",                                                                   \
    "converged as far as rounding allows, short of the tolerance: doubles tell nothing lower apart")         \
  X(FIT_EPOCHS, FIT_SUCCESS, "epochs", "the epochs asked for are done")                                      \
  X(FIT_WORSE, FIT_SHORT, "worse",                                                                           \
    "the objective has ended far above that of no coefficients at all: a smaller --rate may help")           \
  X(FIT_STALLED, FIT_SHORT, "stalled", "no lower value can be found, short of the tolerance")                \
  X(FIT_ITERATIONS, FIT_SHORT, "iterations", "the limit on iterations is reached, short of the tolerance")   \
  X(FIT_SECONDS, FIT_SHORT, "seconds", "the limit on time is reached, short of the tolerance")               \
  X(FIT_INTERRUPTED, FIT_SHORT, "interrupted", "interrupted; the best point so far is kept")                 \
  X(FIT_FLOOR, FIT_SHORT, "floor",                                                                           \
    "the penalty is too small for arithmetic: every row is so certain that the optimum cannot be told from " \
    "points near it")                                                                                        \
  X(FIT_UNSETTLED, FIT_SHORT, "unsettled",                                                                   \
    "the classes are separable, and the penalty is too small to settle how large coefficients become")       \
  X(FIT_SEPARATED, FIT_NOTHING, "separated",                                                                 \
    "the classes are separable: without a penalty there is no optimum")                                      \
  X(FIT_SUSPECTED, FIT_NOTHING, "suspected",                                                                 \
    "the classes look separable, which could not be proven: coefficients grow without end")                  \
  X(FIT_DIVERGED, FIT_NOTHING, "diverged", "the objective falls without end or is not finite")

typedef enum fit_stop {
#define FIT_STOP_ROW(code, kind, word, text) code,
  FIT_STOP_LIST(FIT_STOP_ROW)
#undef FIT_STOP_ROW
} fit_stop;

const char *fit_stop_string(fit_stop s);
const char *fit_stop_word(fit_stop s);
fit_kind fit_stop_kind(fit_stop s);
bool fit_converged(fit_stop s); /* to the tolerance, or as far as rounding allows */

#endif
