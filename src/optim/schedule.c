/* Each schedule is a function of the step and up to four numbers, which its constructor stores. */
#include <float.h>
#include <math.h>

#include "schedule.h"

static const double pi = 3.14159265358979323846;

/* Not NULL, so that schedules that call others need not ask. */
static double constant(const tg_schedule *s, double alpha, size_t step, size_t total)
{
  (void)s, (void)step, (void)total;
  return alpha;
}

tg_schedule tg_constant_rate(void) { return (tg_schedule){.rate = constant}; }

static double exponential(const tg_schedule *s, double alpha, size_t step, size_t total)
{
  (void)total;
  return alpha * pow(s->p[0], (double)step);
}

tg_schedule tg_exponential_rate(double factor) { return (tg_schedule){.rate = exponential, .p = {factor}}; }

static double stepwise(const tg_schedule *s, double alpha, size_t step, size_t total)
{
  (void)total;
  return alpha * pow(s->p[0], floor((double)step / s->p[1]));
}

tg_schedule tg_step_rate(double factor, size_t every)
{
  return (tg_schedule){.rate = stepwise, .p = {factor, (double)every}};
}

static double inverse_time(const tg_schedule *s, double alpha, size_t step, size_t total)
{
  (void)total;
  return alpha / pow(1.0 + s->p[0] * (double)step, s->p[1]);
}

tg_schedule tg_inverse_time_rate(double decay, double power)
{
  return (tg_schedule){.rate = inverse_time, .p = {decay, power}};
}

/* From 1 to `end` by half a cosine while `part` goes from 0 to 1, and `end` beyond. */
static double fall(double part, double end)
{
  return part < 1.0 ? end + (1.0 - end) * 0.5 * (1.0 + cos(pi * part)) : end;
}

/* p: warm, final fraction, period */
static double warm_cosine(const tg_schedule *s, double alpha, size_t step, size_t total)
{
  const double t = (double)step, warm = s->p[0], period = s->p[2] > 0.0 ? s->p[2] : (double)total;
  if (t < warm) return alpha * (t + 1.0) / warm;
  return period > warm ? alpha * fall((t - warm) / (period - warm), s->p[1]) : alpha;
}

tg_schedule tg_cosine_rate(double final_fraction, size_t period)
{
  return tg_warm_up_rate(0, final_fraction, period);
}

tg_schedule tg_warm_up_rate(size_t warm, double final_fraction, size_t period)
{
  return (tg_schedule){.rate = warm_cosine, .p = {(double)warm, final_fraction, (double)period}};
}

/* p: rise, start divisor, end divisor, period */
static double one_cycle(const tg_schedule *s, double alpha, size_t step, size_t total)
{
  const double period = s->p[3] > 0.0 ? s->p[3] : (double)total, t = (double)step;
  const double top = s->p[0] * period - 1.0, last = period - 1.0; /* steps count from 0 */
  if (!(period > 0.0)) return alpha;
  if (t < top) return alpha * fall(1.0 - t / top, 1.0 / s->p[1]);
  return alpha * fall((t - top) / (last - top), 1.0 / s->p[2]);
}

tg_schedule tg_one_cycle_rate(double rise, double start_divisor, double end_divisor, size_t period)
{
  return (tg_schedule){.rate = one_cycle, .p = {rise, start_divisor, end_divisor, (double)period}};
}

/* The one schedule with a memory: the run keeps it (rate.c), this marks it. p: factor, patience,
 * threshold, floor */
static double plateau(const tg_schedule *s, double alpha, size_t step, size_t total)
{
  (void)s, (void)step, (void)total;
  return alpha;
}

tg_schedule tg_plateau_rate(double factor, size_t patience, double threshold, double floor_fraction)
{
  return (tg_schedule){.rate = plateau, .p = {factor, (double)patience, threshold, floor_fraction}};
}

bool tg_is_plateau_(const tg_schedule *s) { return s->rate == plateau; }

static bool in(double x, double low, double high) { return x >= low && x <= high; } /* false for NaN */

static const char *check_falling(const double *p)
{
  return p[0] > 0.0 && p[0] < INFINITY ? NULL : "schedule: factor must be positive and finite";
}

static const char *check_inverse(const double *p)
{
  if (!in(p[0], 0.0, DBL_MAX)) return "schedule: decay must be at least 0 and finite";
  return in(p[1], 0.0, DBL_MAX) ? NULL : "schedule: power must be at least 0 and finite";
}

static const char *check_cycle(const double *p)
{
  if (!(p[0] > 0.0 && p[0] < 1.0)) return "schedule: rise must lie in (0, 1)";
  if (!in(p[1], 1.0, DBL_MAX)) return "schedule: start_divisor must be at least 1 and finite";
  return in(p[2], 1.0, DBL_MAX) ? NULL : "schedule: end_divisor must be at least 1 and finite";
}

static const char *check_cosine(const double *p)
{
  if (!in(p[1], 0.0, 1.0)) return "schedule: final_fraction must lie in [0, 1]";
  const bool no_room = p[2] > 0.0 && p[2] <= p[0] && p[1] < 1.0;
  return no_room ? "schedule: period must be greater than warm" : NULL;
}

static const char *check_plateau(const double *p)
{
  if (!(p[0] > 0.0 && p[0] < 1.0)) return "schedule: factor must lie in (0, 1)";
  if (!(p[1] >= 1.0)) return "schedule: patience must be at least 1";
  if (!(p[2] >= 0.0 && p[2] < 1.0)) return "schedule: threshold must lie in [0, 1)";
  return in(p[3], 0.0, 1.0) ? NULL : "schedule: floor_fraction must lie in [0, 1]";
}

enum { PLATEAU = 6 }; /* the last of the kinds */

int tg_schedule_kind_(const tg_schedule *s)
{
  double (*const known[PLATEAU + 1])(const tg_schedule *, double, size_t, size_t) = {
      NULL, exponential, stepwise, inverse_time, warm_cosine, one_cycle, plateau};
  int k = 0;
  if (s->rate == constant) return k;
  while (k <= PLATEAU && s->rate != known[k]) k++;
  return k;
}

bool tg_stays_zero_(const tg_schedule *s) { return tg_schedule_kind_(s) <= PLATEAU; }

/* Numbers of steps come from size_t and are sound. */
const char *tg_check_schedule_(const tg_schedule *s)
{
  const double *p = s->p;
  if (s->rate == exponential) return check_falling(p);
  if (s->rate == stepwise && !(p[1] >= 1.0)) return "schedule: every must be at least 1";
  if (s->rate == stepwise) return check_falling(p);
  if (s->rate == inverse_time) return check_inverse(p);
  if (s->rate == warm_cosine) return check_cosine(p);
  if (s->rate == one_cycle) return check_cycle(p);
  return s->rate == plateau ? check_plateau(p) : NULL;
}
