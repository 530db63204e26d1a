/* Learning-rate schedules: alpha(t), the learning rate as a function of the step.
 *
 *   tg_method m = tg_adam(0.01);
 *   m.schedule = tg_cosine_rate(0.1, 0);
 *
 * Steps t = 0, 1, ... are iterations in tg_minimize and mini-batches in tg_fit. The steps planned are the limit on
 * iterations, or epochs times batches in an epoch; 0 when there is no limit.
 *
 * A step of rate 0 moves nothing, so it meets no tolerance on step or value. Where a schedule below has come to 0
 * and stays there a run ends as TG_STOP_STALLED; a tg_fit goes on to its last epoch.
 *
 * Parameters of the schedules below are checked when a run starts (TG_E_ARGUMENT). */
#ifndef TAPEGRAD_SCHEDULE_H
#define TAPEGRAD_SCHEDULE_H

#include <stddef.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A zeroed schedule is constant.
 *
 * For a schedule of your own set `rate`, and `p` and `user` as you like. rate() is given the method's alpha, the
 * step, and the number of steps planned, and returns alpha(t). A rate that is negative or not finite ends the run
 * with TG_E_ARGUMENT. Yours may call the rate() of schedules made below, one on the result of another; of those
 * tg_plateau_rate alone is a constant there, as its memory belongs to the run. */
typedef struct tg_schedule {
  double (*rate)(const struct tg_schedule *s, double alpha, size_t step, size_t total);
  double p[4];
  void *user;
} tg_schedule;

/* alpha. */
TG_API tg_schedule tg_constant_rate(void);
/* alpha factor^t; factor > 0. */
TG_API tg_schedule tg_exponential_rate(double factor);
/* alpha factor^floor(t / every); factor > 0, every >= 1. */
TG_API tg_schedule tg_step_rate(double factor, size_t every);
/* alpha / (1 + decay t)^power; both >= 0. */
TG_API tg_schedule tg_inverse_time_rate(double decay, double power);
/* alpha (f + (1 - f) (1 + cos(pi t / period)) / 2), held at alpha f from t = period on (Loshchilov & Hutter
 * 2017, (5)); f = final_fraction in [0, 1]; period 0: the number of steps planned. */
TG_API tg_schedule tg_cosine_rate(double final_fraction, size_t period);
/* alpha (t + 1) / warm for t < warm; then the cosine above over the rest (final_fraction 1: constant); period
 * > warm, or 0: the number of steps planned. */
TG_API tg_schedule tg_warm_up_rate(size_t warm, double final_fraction, size_t period);
/* Smith & Topin 2018: from alpha / start_divisor up to alpha over the first part `rise` of the period, 0 < rise
 * < 1, then down to alpha / end_divisor at its last step, both by half a cosine. The ends are at t = 0, rise
 * period - 1 and period - 1, as in PyTorch. Divisors >= 1; period 0: the number of steps planned. */
TG_API tg_schedule tg_one_cycle_rate(double rise, double start_divisor, double end_divisor, size_t period);
/* Multiplies the rate by `factor`, in (0, 1), when the value has not fallen for `patience` checks in a row, at
 * least 1. To fall is to fall by a part `threshold`, in [0, 1), of its size. The rate is never below alpha
 * floor_fraction, in [0, 1].
 *
 * The value is checked after each iteration in tg_minimize. In tg_fit it is checked after each epoch: the
 * validation value, or without validation the training value. A NaN, as tg_run_update may be given, is no check. */
TG_API tg_schedule tg_plateau_rate(double factor, size_t patience, double threshold, double floor_fraction);

#ifdef __cplusplus
}
#endif
#endif
