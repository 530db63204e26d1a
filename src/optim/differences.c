/* A gradient by differences (4.26), for an objective that is a value alone.
 *
 * The step h balances what the difference leaves out of Taylor's series, which shrinks with h, and what
 * rounding of the values leaves, which grows: the cube root of the rounding for central differences, the
 * square root for one side (Dennis & Schnabel 1983, section 5.6). */
#include <float.h>
#include <math.h>

#include "problem.h"
#include "tapegrad/objective.h"

static double relative_step(const tg_differences *d)
{
  if (d->step > 0.0) return d->step;
  return d->forward ? sqrt(DBL_EPSILON) : cbrt(DBL_EPSILON);
}

/* The value with entry i at x. */
static int shifted(const tg_differences *d, size_t i, double x, double *value)
{
  d->room[i] = x;
  *value = NAN;
  return d->value(d->room, value, d->user);
}

/* Between the two sides, or the middle and the one that is finite. Steps are what they are after rounding. */
static double quotient(const double x[3], const double y[3])
{
  const bool below = isfinite(y[0]), above = isfinite(y[2]);
  const int from = below ? 0 : 1, to = above ? 2 : 1;
  return below || above ? (y[to] - y[from]) / (x[to] - x[from]) : NAN;
}

/* A boundary of the domain on one side leaves the other. */
static int partial(const tg_differences *d, size_t i, double value, double *g)
{
  const double at = d->room[i], size = fmax(fabs(at), d->scale ? d->scale[i] : 1.0),
               h = relative_step(d) * size;
  const double x[3] = {at - h, at, at + h};
  double y[3] = {NAN, value, NAN};
  int answer = shifted(d, i, x[2], &y[2]);
  if (!answer && (!d->forward || !isfinite(y[2]))) answer = shifted(d, i, x[0], &y[0]);
  d->room[i] = at;
  *g = quotient(x, y);
  return answer;
}

static int evaluate(const double *theta, double *value, double *gradient, void *user)
{
  const tg_differences *d = user;
  double middle = NAN;
  for (size_t i = 0; i < d->n; i++) d->room[i] = theta[i];
  int answer = d->value(d->room, &middle, d->user);
  for (size_t i = 0; gradient && i < d->n && !answer; i++) answer = partial(d, i, middle, &gradient[i]);
  if (value && !answer) *value = middle;
  return answer;
}

static bool sound(const tg_differences *d)
{
  if (!d->value || !d->room || !(d->step >= 0.0 && d->step < 1.0)) return false;
  for (size_t i = 0; d->scale && i < d->n; i++)
    if (!(d->scale[i] > 0.0 && d->scale[i] < INFINITY)) return false;
  return true;
}

tg_objective tg_differences_objective(tg_differences *d)
{
  if (!d || !sound(d)) return (tg_objective){.evaluate = tg_no_differences_};
  return (tg_objective){.n = d->n, .evaluate = evaluate, .user = d};
}
