/* Learning-rate schedules: alpha as a function of the step. */
#ifndef TAPEGRAD_SCHEDULE_H
#define TAPEGRAD_SCHEDULE_H

#include <stddef.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* alpha(t): rate() is given the method's alpha, the step t = 0, 1, ..., and the number of steps planned (the
 * limit on iterations, or epochs times batches; 0 when there is none). Steps are iterations in tg_minimize
 * and mini-batches in tg_fit. A zeroed schedule is constant. Your own: set .rate, and .p or .user as you
 * like, for instance two schedules made below, whose rate() yours calls one on the other's result (only
 * tg_plateau_rate is a constant there, as its memory is the run's); a rate that is negative or not finite
 * ends the run with TG_E_ARGUMENT. A step of rate 0 meets no tolerance on step or value; where a schedule
 * below has come to 0, and stays there, any run but of tg_fit ends as TG_STOP_STALLED. Parameters of those
 * below are checked when a run starts. */
typedef struct tg_schedule {
  double (*rate)(const struct tg_schedule *s, double alpha, size_t step, size_t total);
  double p[4];
  void *user;
} tg_schedule;

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
 * > warm, or 0. */
TG_API tg_schedule tg_warm_up_rate(size_t warm, double final_fraction, size_t period);
/* Smith & Topin 2018: from alpha / start_divisor up to alpha over the first `rise` (0 < rise < 1) of the
 * period, then down to alpha / end_divisor at its last step, both by half a cosine: t = 0, rise period - 1
 * and period - 1 are the ends, as in PyTorch; divisors >= 1; period 0: the number of steps planned. */
TG_API tg_schedule tg_one_cycle_rate(double rise, double start_divisor, double end_divisor, size_t period);
/* Multiply the rate by `factor`, in (0, 1), whenever the value (tg_minimize: per iteration; tg_fit: the
 * validation value, or the training value without validation, per epoch) has not fallen by a part
 * `threshold`, in [0, 1), of its size for `patience` checks in a row, at least 1; never below alpha *
 * floor_fraction, in [0, 1]. A value that is NaN, as tg_run_update may be given, is no check. */
TG_API tg_schedule tg_plateau_rate(double factor, size_t patience, double threshold, double floor_fraction);

#ifdef __cplusplus
}
#endif
#endif
