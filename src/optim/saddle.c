/* At a saddle the gradient is 0 as it is at a minimum. Before a method that knows the Hessian calls a point
 * converged it looks for a direction of negative curvature, and leaves along it when the value falls there.
 */
#include <assert.h>
#include <math.h>

#include "driver.h"
#include "line_search.h"

/* A point along z or -z that is lower by a tenth of what the curvature foretells; NULL: none. *t: its
 * distance. */
static int search(tg_run *run, const double *z, double curvature, tg_point_ **found, double *t)
{
  enum { TRIALS = 20 };
  const tg_point_ *from = tg_current_(run);
  const double noise = 1e-14 * fabs(from->value);
  *t = run->kernel->dot(z, from->g, run->padded) > 0.0 ? -tg_line_first_(run, z) : tg_line_first_(run, z);
  for (int i = 0; i < TRIALS; i++, *t *= -0.1) {
    const double fall = -0.1 * 0.5 * *t * *t * curvature;
    if (!(fall > noise)) return 0;
    for (int side = 0; side < 2; side++, *t = -*t) {
      tg_point_ *to = tg_spare_(run, NULL);
      run->kernel->add(to->x, from->x, *t, z, run->padded);
      if (tg_evaluate_(run, to, true, NULL, NULL)) return 1;
      if (to->finite && from->value - to->value >= fall) return *found = to, 0;
    }
  }
  return 0;
}

static bool at_limit(const tg_run *run)
{
  return run->o.max_iterations > 0 && run->s.report.iterations >= run->o.max_iterations;
}

int tg_leave_saddle_(tg_run *run)
{
  assert(run->rule->curvature && run->s.report.stop != TG_RUNNING);
  const tg_stop was = run->s.report.stop;
  const double *z;
  double curvature = 0.0, t = 0.0;
  tg_point_ *to = NULL;
  run->s.report.stop = TG_RUNNING;
  if (run->rule->curvature(run, &z, &curvature)) {
    /* without a finite Hessian there is nothing to look at */
    if (run->s.report.stop == TG_STOP_NONFINITE) run->s.report.stop = was;
    return 1;
  }
  if (curvature < 0.0 && search(run, z, curvature, &to, &t)) return 1;
  if (!to) return tg_stop_(run, was);
  run->s.accuracy_met = 0.0;
  if (at_limit(run)) return tg_stop_(run, TG_STOP_ITERATIONS);
  run->s.value_before = NAN; /* by how little the value falls says nothing here */
  tg_accept_(run, to, fabs(t));
  return 0;
}
