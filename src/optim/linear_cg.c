/* Conjugate gradients for quadratics (Hestenes & Stiefel 1952): t = -g'd / d'Hd, d <- -g + (g'g /
 * g_before'g_before) d. The gradient at each point is evaluated, not carried along by its recursion, so that
 * what is reported is true. */
#include <math.h>

#include "line_search.h"
#include "newton.h"
#include "stop.h"

tg_method tg_linear_cg(void) { return (tg_method){.kind = TG_METHOD_linear_cg}; }

static size_t work(const tg_objective *c, const tg_method *m, size_t padded)
{
  (void)m;
  return tg_newton_work_(c, padded, 0, 2);
}

/* There is no curvature along d: the value falls without end there if far away C is still the quadratic with
 * that slope and curvature at p. */
static int no_minimum(tg_run *run, const double *d, double slope, double curvature)
{
  const tg_point_ *p = tg_current_(run);
  const double t = 1e3 * tg_line_first_(run, d), bend = 0.5 * t * curvature;
  tg_point_ *q = tg_spare_(run, NULL);
  double end;
  run->kernel->add(q->x, p->x, t, d, run->padded);
  if (tg_evaluate_(run, q, true, d, &end)) return 1;
  if (q->value == -INFINITY) return tg_stop_(run, TG_STOP_UNBOUNDED);
  const double size = fabs(slope) - bend, fall = t * (slope + bend);
  const bool quadratic = fabs(end - (slope + 2.0 * bend)) <= 1e-6 * size &&
                         fabs(q->value - p->value - fall) <= 1e-6 * (fabs(p->value) + t * size);
  return tg_stop_(run, quadratic ? TG_STOP_UNBOUNDED : TG_STOP_SINGULAR);
}

static double scaled_square(const tg_run *run, const tg_point_ *p, double unit)
{
  double sum = 0.0;
  for (size_t i = 0; i < run->n; i++) sum += (p->g[i] / unit) * (p->g[i] / unit);
  return sum;
}

static int step(tg_run *run)
{
  const tg_vector_ *k = run->kernel;
  const size_t n = run->padded;
  double *d = run->work, *hd = d + n;
  const tg_point_ *p = tg_current_(run);
  const double unit =
      tg_power_(p->largest); /* d is kept divided by it: no digit changes, no square overflows */
  if (run->s.t == 0)
    for (size_t i = 0; i < n; i++) d[i] = -p->g[i] / unit;
  if (tg_evaluate_product_(run, p->x, d, hd)) return 1;
  const double slope = k->dot(p->g, d, n), curvature = k->dot(d, hd, n);
  if (!isfinite(curvature)) return tg_stop_(run, TG_STOP_NONFINITE);
  if (!(slope < 0.0)) return tg_stall_(run);
  if (!(curvature > 0.0)) return no_minimum(run, d, slope, curvature);
  const double t = -slope / curvature;
  tg_point_ *q = tg_spare_(run, NULL);
  k->add(q->x, p->x, t, d, n);
  if (tg_evaluate_(run, q, true, NULL, NULL)) return 1;
  if (!q->finite) return tg_stop_nonfinite_(run, q->value);
  const double next = tg_power_(q->largest), before = scaled_square(run, p, unit);
  const double beta = scaled_square(run, q, next) / before * (next / unit);
  for (size_t i = 0; i < n; i++) d[i] = beta * d[i] - q->g[i] / next;
  tg_accept_(run, q, t / unit);
  return 0;
}

const tg_rule_ tg_linear_cg_rule_ = {
    .name = "linear_cg",
    .make = tg_linear_cg,
    .properties = TG_NEEDS_PRODUCT | TG_FOR_QUADRATICS,
    .line = TG_LINE_EXACT,
    .work = work,
    .step = step,
};
