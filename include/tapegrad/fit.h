/* tg_fit: epochs of mini-batches, (4.10)-(4.13).
 *
 *   tg_fit_options o = tg_fit_defaults();
 *   o.epochs = 50;
 *   o.validation = &held_out;
 *   o.patience = 5;
 *   tg_status s = tg_fit(tg_finite_sum_objective(sum), tg_adam(1e-3), theta, &o, &r); */
#ifndef TAPEGRAD_FIT_H
#define TAPEGRAD_FIT_H

#include <stddef.h>
#include <stdint.h>

#include "method.h"
#include "objective.h"
#include "report.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The order of the samples. */
typedef enum tg_shuffle {
  TG_SHUFFLE_EPOCH,      /* a new order each epoch (4.10). The default */
  TG_SHUFFLE_ONCE,       /* one random order, kept */
  TG_SHUFFLE_NONE,       /* the order of the data */
  TG_SHUFFLE_REPLACEMENT /* each batch drawn independently, with replacement */
} tg_shuffle;

typedef struct tg_fit_options {
  size_t epochs;      /* passes over the samples. Default 10; 0 is refused */
  size_t batch;       /* samples in a mini-batch; the last of an epoch may be smaller (4.13). Default 32 */
  size_t patience;    /* stop after so many epochs without a smaller validation value; 0: never; needs
                         `validation`. Default 0 */
  uint64_t seed;      /* of the shuffling. Default 1 */
  int shuffle;        /* a tg_shuffle. Default TG_SHUFFLE_EPOCH */
  double max_seconds; /* wall time, looked at once per epoch; 0: no limit. Default 0 */
  /* Evaluated at the end of each epoch; keep it until the run has ended. Default NULL. */
  const tg_objective *validation;
  tg_watch_fn watch; /* called at the end of each epoch. Default NULL */
  void *user;        /* handed to watch */
} tg_fit_options;

/* The defaults named above. */
TG_API tg_fit_options tg_fit_defaults(void);

/* Minimises the finite sum by mini-batches with a method that takes them (tg_method_properties: TG_TAKES_BATCHES;
 * others: TG_E_METHOD). `o` NULL: the defaults; `r` NULL: no report. TG_OK: theta holds
 *   - with a validation objective the parameters of the epoch with the smallest validation value;
 *   - without, or before an epoch is complete, the last parameters;
 *   - where the value or gradient of a batch was not finite (TG_STOP_NONFINITE) those of the best, without
 *     validation the last, complete epoch. If it was in the first epoch theta is the start and value NaN.
 * Failures as of tg_minimize; theta is then as it was.
 *
 * Cost of an epoch: a value and gradient of every batch, and a value of the validation objective. */
TG_API tg_status tg_fit(tg_objective c, tg_method m, double *theta, const tg_fit_options *o, tg_report *r);

/* Why tg_fit would refuse; as tg_minimize_check. */
TG_API tg_status tg_fit_check(const tg_objective *c, const tg_method *m, const tg_fit_options *o,
                              const char **message);

#ifdef __cplusplus
}
#endif
#endif
