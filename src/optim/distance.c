#include "stop.h"

#include <float.h>
#include <math.h>

/* ---- how far it is to the minimum ----
 *
 * No test of the gradient or of values alone has a meaning in all units. What has is the step d to the
 * minimum of the method's model of C: it changes neither when C is multiplied, nor when a constant is added
 * to it, and compares with theta. */

/* Entries far below the largest are measured against this part of it: 0 can be the right answer. */
static const double speck = 1e-8;
/* So near, the value decides whether there is anything left to gain. */
static const double nearness = 1e-5;
/* Steps as short as that tell the curvature here. */
static const double shortness = 1e-3, stillness = 1e-11;
/* Part of the value, or of all that it has fallen, that cannot be told from rounding. */
static const double noise = 1e-13, dust = 1e-24;
/* Part of the fall that a slope may foretell where the value itself goes to 0. */
static const double dregs = 1e-11;
/* Part of the fall that is left of a value that has come to 0. */
static const double nothing = 1e-14;

static bool small(double d, double x, double least, double tolerance)
{
  return fabs(d) <= tolerance * fmax(fabs(x), least);
}

/* |scale d_i| <= tolerance |x_i| for all i */
static bool within(const tg_run *run, const double *d, double scale, double tolerance)
{
  const double *x = run->s.point[run->s.current].x;
  const double least = speck * run->kernel->largest(x, run->padded);
  for (size_t i = 0; i < run->n; i++)
    if (!small(scale * d[i], x[i], least, tolerance)) return false;
  return true;
}

/* |g_i x_i| <= most for all i */
static bool slight(const tg_run *run, double most)
{
  const tg_point_ *p = &run->s.point[run->s.current];
  const double least = speck * run->kernel->largest(p->x, run->padded);
  for (size_t i = 0; i < run->n; i++) {
    const double g = tg_bounded_(&run->problem) ? tg_subgradient_(&run->problem, p, i) : p->g[i];
    if (!(fabs(g) * fmax(fabs(p->x[i]), least) <= most)) return false;
  }
  return true;
}

/* The value itself goes to 0: the model thinks so, or of all it has fallen rounding is left. What is far less
 * than that is no rest of it, and has a size of its own. */
static bool comes_to_nothing(const tg_run *run)
{
  const tg_state_ *s = &run->s;
  const double value = s->point[s->current].value, rest = fabs(value), fall = s->start_value - value;
  if (s->gain_left >= 1e-3 * rest || rest == 0.0) return true;
  return rest <= nothing * fall && rest >= 1e-7 * nothing * fall;
}

/* Whether to believe what the differences of a few gradients say of curvature. A direction of which they know
 * nothing may have next to none; a plateau looks like a minimum from afar. So the last step must have been
 * short, and no parameter's own size times its slope be more than a small part of the value, or of its fall;
 * where the value itself goes to 0, or second derivatives were looked at `here`, of a part of that fall. */
static bool believed(const tg_run *run, double tolerance, bool here)
{
  const tg_state_ *s = &run->s;
  const tg_point_ *p = &s->point[s->current];
  const double fall = s->start_value - p->value, least = here || comes_to_nothing(run) ? dregs * fall : 0.0;
  return s->short_step && slight(run, fmax(tolerance * fmin(fall, fabs(p->value)), least));
}

int tg_stop_at_rounding_(tg_run *run)
{
  const tg_state_ *s = &run->s;
  const double value = s->point[s->current].value, least = noise * fmin(s->start_value - value, fabs(value));
  return s->short_step && slight(run, least) ? tg_stop_(run, TG_STOP_ROUNDING) : 0;
}

/* Where theta goes to 0 no step is small beside it. It is 0 when next to nothing is left of it beside the
 * start, nor of the value's fall; from a start far out it might still go to something near 1. */
static bool vanished(const tg_run *run, double gain)
{
  const tg_state_ *s = &run->s;
  const tg_point_ *p = &s->point[s->current];
  return gain <= dust * (s->start_value - p->value) &&
         run->kernel->largest(p->x, run->padded) <= speck * speck * fmin(s->start_size, 1.0);
}

typedef enum basis { GUESS, GUESS_HERE, MODEL } basis;

static bool settled(tg_run *run, const double *d, double scale, double gain, basis b)
{
  const double tolerance = run->o.accuracy;
  run->s.gain_left = gain;
  run->s.is_near =
      within(run, d, scale, nearness) && (b == MODEL || believed(run, nearness, b == GUESS_HERE));
  if (!(tolerance > 0.0) || (b != MODEL && !believed(run, tolerance, b == GUESS_HERE))) return false;
  if (!within(run, d, scale, tolerance) && !vanished(run, gain)) return false;
  run->s.accuracy_met = tolerance;
  return true;
}

int tg_model_(tg_run *run, const double *d, double gain)
{
  return settled(run, d, 1.0, fabs(gain), MODEL) ? tg_stop_(run, TG_STOP_ACCURACY) : 0;
}

int tg_guess_(tg_run *run, const double *d, double gain, bool here)
{
  run->s.short_step = run->s.short_step || here;
  return settled(run, d, 1.0, fabs(gain), here ? GUESS_HERE : GUESS) ? tg_stop_(run, TG_STOP_ACCURACY) : 0;
}

/* What the step s from there to the current iterate shows, y being the change of the gradient. */
typedef struct showing {
  double ss, sy;
  bool close, still;
} showing;

/* Not all of it for a step that is not short, when only that is asked for. */
static showing compare(const tg_run *run, const tg_point_ *from, const tg_point_ *to, bool in_full)
{
  const double least = speck * run->kernel->largest(to->x, run->padded);
  showing c = {.close = true, .still = true};
  for (size_t i = 0; i < run->n && (c.close || in_full); i++) {
    const double step = to->x[i] - from->x[i];
    c.ss += step * step;
    c.sy += step * (to->g[i] - from->g[i]);
    c.close = c.close && small(step, to->x[i], least, shortness);
    c.still = c.still && small(step, to->x[i], least, stillness);
  }
  return c;
}

static bool has_model(const tg_run *run) { return run->rule->properties & TG_HAS_MODEL; }

/* The greatest s's / s'y of late is the reciprocal of the least curvature, which methods without a model
 * leave for last: no parameter is further from its place than that times the gradient. */
static void learn(tg_run *run, const tg_point_ *from, const tg_point_ *to)
{
  tg_state_ *s = &run->s;
  const showing c = compare(run, from, to, !has_model(run));
  if (c.close && c.still) return; /* the gradients differ by rounding alone */
  s->short_step = c.close && c.sy > 0.0;
  s->flattest = c.sy > 0.0 ? fmax(c.ss / c.sy, 0.9 * s->flattest) : 2.0 * s->flattest;
}

bool tg_arrived_(tg_run *run, const tg_point_ *from)
{
  const tg_point_ *to = tg_current_(run);
  if (run->s.report.rate == 0.0) return false;
  learn(run, from, to);
  if (has_model(run)) return false;
  run->s.is_near = false;
  if (!run->s.short_step) return false;
  const double flattest = run->s.flattest;
  return settled(run, to->g, flattest, 0.5 * flattest * run->kernel->dot(to->g, to->g, run->padded), GUESS);
}

static bool lowest_possible(const tg_state_ *s)
{
  const double value = s->point[s->current].value;
  return s->is_near && s->gain_left <= fmax(noise * fabs(value), dust * (s->start_value - value));
}

int tg_stall_(tg_run *run)
{
  return tg_stop_(run, lowest_possible(&run->s) ? TG_STOP_ROUNDING : TG_STOP_STALLED);
}
