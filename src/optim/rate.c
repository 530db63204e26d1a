/* Time, and the learning rate: alpha, made smaller by the schedule. */
#include <assert.h>
#include <math.h>

#include "run.h"
#include "schedule.h"

double tg_seconds_(const tg_run *run) { return run->s.seconds_before + (tg_clock_() - run->origin); }

size_t tg_fit_batches_(const tg_run *run)
{
  assert(run->fit && run->f.batch > 0);
  return run->order_count / run->f.batch + (run->order_count % run->f.batch != 0);
}

size_t tg_fit_planned_(const tg_run *run)
{
  const size_t batches = tg_fit_batches_(run), epochs = run->f.epochs;
  return epochs > SIZE_MAX / batches ? SIZE_MAX : epochs * batches;
}

/* Steps the schedule has in all. Another method may have made some of the iterations before its first. */
static size_t planned(const tg_run *run)
{
  const size_t most = run->o.max_iterations, before = run->s.report.iterations - run->s.t;
  if (run->fit) return tg_fit_planned_(run);
  return most > before ? most - before : most;
}

int tg_rate_(tg_run *run, double *rate)
{
  assert(run->m.alpha >= 0.0);
  const tg_schedule *s = &run->m.schedule;
  *rate = run->m.alpha;
  if (tg_is_plateau_(s))
    *rate *= run->s.plateau_scale;
  else if (s->rate)
    *rate = s->rate(s, run->m.alpha, run->s.t, planned(run));
  if (!(*rate >= 0.0 && *rate < INFINITY))
    return tg_error_(run, TG_E_ARGUMENT, "schedule: a rate is negative or not finite");
  return *rate == 0.0 && !run->fit && tg_stays_zero_(s) ? tg_stop_(run, TG_STOP_STALLED) : 0;
}

void tg_plateau_(tg_run *run, double value)
{
  const tg_schedule *p = &run->m.schedule;
  tg_state_ *s = &run->s;
  if (!tg_is_plateau_(p) || isnan(value)) return;
  if (isinf(s->plateau_best) ? value < s->plateau_best
                             : value < s->plateau_best - p->p[2] * fabs(s->plateau_best)) {
    s->plateau_best = value;
    s->plateau_wait = 0;
  } else if ((double)++s->plateau_wait >= p->p[1]) {
    s->plateau_scale = fmax(s->plateau_scale * p->p[0], p->p[3]);
    s->plateau_wait = 0;
  }
}
