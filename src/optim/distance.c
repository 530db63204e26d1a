/* How far it is to the minimum: when a run has arrived (accuracy), and when it is as low as rounding allows.
 *
 * The estimate. No test of the gradient or of values alone has a meaning in all units. What has is the step d
 * to the minimum of a model of C: it stays the same when C is multiplied or a constant added to it, and
 * compares with theta. `gain` is by how much C is less there. A method hands over d and gain by tg_model_ or
 * tg_guess_ before it tries a step. For methods without a model d is the gradient times the reciprocal of the
 * least curvature met of late (tg_arrived_).
 *
 * Near, to a part t: |d_i| <= t |theta_i| for all i, where entries below 1e-8 of the largest count as that.
 *
 * What is believed.
 *   MODEL       made of all second derivatives at theta, or of the Jacobian of residuals: always.
 *   GUESS       made of differences of gradients. They know nothing of directions in which no step went, and a
 *               plateau looks like a minimum from afar. So the last step must have been short and have met
 *               positive curvature; and every |g_i theta_i| must be at most the part t of |C|, and of what C
 *               has fallen since the start. Where C goes to 0 it is enough that it is 1e-11 of the fall.
 *   GUESS_HERE  made of some second derivatives at theta: as GUESS, without the last step, and 1e-11 of the
 *               fall is always enough.
 *
 * The ends.
 *   TG_STOP_ACCURACY  near to `accuracy`, and believed. Where theta goes to 0 no step is small beside it: there
 *                     it counts as near when theta is next to nothing beside the start, and gain beside the fall.
 *   TG_STOP_ROUNDING  no lower point was found, the minimum is near to 1e-5, and gain is lost in the rounding of
 *                     C or next to nothing beside the fall.
 *   TG_STOP_STALLED   no lower point was found, otherwise. */
#include "stop.h"

#include <assert.h>
#include <float.h>
#include <math.h>

/* Entries of theta below this part of the largest are measured by that: 0 can be the right answer. */
static const double floor_part = 1e-8;
/* The parts of theta by which a step is short enough to tell the curvature here, and so short that gradients
 * differ by rounding alone. */
static const double short_part = 1e-3, still_part = 1e-11;
/* The part t of TG_STOP_ROUNDING. */
static const double near_part = 1e-5;
/* The parts of the value, and of all that it has fallen, that cannot be told from rounding. */
static const double rounding_of_value = 1e-13, rounding_of_fall = 1e-24;
/* The part of the fall that slopes may promise where C goes to 0. */
static const double slope_part = 1e-11;
/* The part of the fall that is left of a value that has come to 0. */
static const double rest_part = 1e-14;

static bool small(double d, double x, double least, double part)
{
  return fabs(d) <= part * fmax(fabs(x), least);
}

/* What C has fallen since the start. */
static double fall_of(const tg_state_ *s) { return s->start_value - s->point[s->current].value; }

/* ---- near ---- */

/* Whether the distance `scale d` is near to that part. */
static bool within(const tg_run *run, const double *d, double scale, double part)
{
  const double *x = run->s.point[run->s.current].x;
  const double least = floor_part * run->kernel->largest(x, run->padded);
  for (size_t i = 0; i < run->n; i++)
    if (!small(scale * d[i], x[i], least, part)) return false;
  return true;
}

/* From a start far out theta might still go to something near 1. */
static bool vanished(const tg_run *run, double gain)
{
  const tg_state_ *s = &run->s;
  return gain <= rounding_of_fall * fall_of(s) && run->kernel->largest(s->point[s->current].x, run->padded) <=
                                                      floor_part * floor_part * fmin(s->start_size, 1.0);
}

/* ---- believed ---- */

typedef enum basis { GUESS, GUESS_HERE, MODEL } basis;

/* |g_i theta_i| <= most for all i */
static bool slight(const tg_run *run, double most)
{
  const tg_point_ *p = &run->s.point[run->s.current];
  const double least = floor_part * run->kernel->largest(p->x, run->padded);
  for (size_t i = 0; i < run->n; i++) {
    const double g = tg_bounded_(&run->problem) ? tg_subgradient_(&run->problem, p, i) : p->g[i];
    if (!(fabs(g) * fmax(fabs(p->x[i]), least) <= most)) return false;
  }
  return true;
}

/* C itself goes to 0: the model thinks so, or next to nothing of the fall is left. What is far less than that
 * is no rest of it, and has a size of its own. */
static bool comes_to_nothing(const tg_state_ *s)
{
  const double rest = fabs(s->point[s->current].value), fall = fall_of(s);
  if (s->gain_left >= 1e-3 * rest || rest == 0.0) return true;
  return rest <= rest_part * fall && rest >= 1e-7 * rest_part * fall;
}

static bool believed(const tg_run *run, double part, basis b)
{
  const tg_state_ *s = &run->s;
  if (b == MODEL) return true;
  const double fall = fall_of(s), least = b == GUESS_HERE || comes_to_nothing(s) ? slope_part * fall : 0.0;
  return s->short_step && slight(run, fmax(part * fmin(fall, fabs(s->point[s->current].value)), least));
}

/* ---- arrived ---- */

static bool settled(tg_run *run, const double *d, double scale, double gain, basis b)
{
  const double wanted = run->o.accuracy;
  run->s.gain_left = gain;
  run->s.is_near = within(run, d, scale, near_part) && believed(run, near_part, b);
  if (!(wanted > 0.0) || !believed(run, wanted, b)) return false;
  if (!within(run, d, scale, wanted) && !vanished(run, gain)) return false;
  run->s.accuracy_met = wanted;
  return true;
}

int tg_model_(tg_run *run, const double *d, double gain)
{
  assert((run->rule->properties & TG_HAS_MODEL) && "the rule must say TG_HAS_MODEL");
  return settled(run, d, 1.0, fabs(gain), MODEL) ? tg_stop_(run, TG_STOP_ACCURACY) : 0;
}

int tg_guess_(tg_run *run, const double *d, double gain, bool here)
{
  assert((run->rule->properties & TG_HAS_MODEL) && "the rule must say TG_HAS_MODEL");
  run->s.short_step = run->s.short_step || here;
  return settled(run, d, 1.0, fabs(gain), here ? GUESS_HERE : GUESS) ? tg_stop_(run, TG_STOP_ACCURACY) : 0;
}

/* ---- what steps show ---- */

/* s is the step to the current iterate, y the change of the gradient by it. */
typedef struct showing {
  double ss, sy;
  bool close, still; /* by short_part, by still_part */
} showing;

/* Not all of it for a step that is not short, when only that is asked for. */
static showing compare(const tg_run *run, const tg_point_ *from, const tg_point_ *to, bool in_full)
{
  const double least = floor_part * run->kernel->largest(to->x, run->padded);
  showing c = {.close = true, .still = true};
  for (size_t i = 0; i < run->n && (c.close || in_full); i++) {
    const double step = to->x[i] - from->x[i];
    c.ss += step * step;
    c.sy += step * (to->g[i] - from->g[i]);
    c.close = c.close && small(step, to->x[i], least, short_part);
    c.still = c.still && small(step, to->x[i], least, still_part);
  }
  return c;
}

static bool has_model(const tg_run *run) { return run->rule->properties & TG_HAS_MODEL; }

/* The greatest s's / s'y of late is the reciprocal of the least curvature, which methods without a model leave
 * for last: no parameter is further from its place than that times the gradient. */
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

/* ---- as low as rounding allows ---- */

int tg_stop_at_rounding_(tg_run *run)
{
  const tg_state_ *s = &run->s;
  const double least = rounding_of_value * fmin(fall_of(s), fabs(s->point[s->current].value));
  return s->short_step && slight(run, least) ? tg_stop_(run, TG_STOP_ROUNDING) : 0;
}

static bool lowest_possible(const tg_state_ *s)
{
  const double value = fabs(s->point[s->current].value);
  return s->is_near && s->gain_left <= fmax(rounding_of_value * value, rounding_of_fall * fall_of(s));
}

int tg_stall_(tg_run *run)
{
  return tg_stop_(run, lowest_possible(&run->s) ? TG_STOP_ROUNDING : TG_STOP_STALLED);
}
