/* Nonlinear conjugate gradients: d <- -g + beta d, along which a line search goes. With y the change of the
 * gradient: Fletcher & Reeves (1964):      beta = g'g / g_before'g_before Polak & Ribiere (1969), +:     beta
 * = max(g'y / g_before'g_before, 0) Hager & Zhang (2005), (1.3):   beta = (y - 2 d y'y / d'y)'g / d'y, not
 * below -1 / (|d| min(0.01, |g_before|)) A direction that does not lead down, or gradients far from
 * orthogonal (Powell 1977; with the method's own search, not for Hager & Zhang), restart it. */
#include <float.h>
#include <math.h>

#include "line_search.h"
#include "stop.h"

tg_method tg_nonlinear_cg(int variant)
{
  return (tg_method){.kind = TG_METHOD_nonlinear_cg,
                     .variant = variant,
                     .line_search = TG_LINE_WOLFE,
                     .alpha = 1.0,
                     .armijo = 1e-4,
                     .wolfe = 0.1};
}

static tg_method make(void) { return tg_nonlinear_cg(TG_CG_POLAK_RIBIERE); }

static const char *check(const tg_objective *c, const tg_method *m)
{
  (void)c;
  if (m->variant < TG_CG_POLAK_RIBIERE || m->variant > TG_CG_HAGER_ZHANG) return "variant is not a tg_cg";
  return tg_check_line_(m);
}

typedef struct state {
  double length, slope; /* of the last search; 0 at a restart */
} state;

static size_t own(const tg_objective *c, const tg_method *m)
{
  (void)c, (void)m;
  return sizeof(state);
}

static size_t work(const tg_objective *c, const tg_method *m, size_t padded)
{
  (void)c, (void)m;
  return padded < SIZE_MAX / 2 ? 2 * padded : SIZE_MAX;
}

/* The factor of the old direction, from the old point p to the new one q. */
static double factor(const tg_run *run, const tg_point_ *p, const tg_point_ *q, const double *d, double *y)
{
  const tg_vector_ *k = run->kernel;
  const size_t n = run->padded;
  k->subtract(y, q->g, p->g, n);
  const double before = k->dot(p->g, p->g, n), gg = k->dot(q->g, q->g, n);
  if (run->m.variant == TG_CG_HAGER_ZHANG) {
    const double dy = k->dot(d, y, n), yy = k->dot(y, y, n);
    const double beta = (k->dot(y, q->g, n) - 2.0 * yy * k->dot(d, q->g, n) / dy) / dy;
    const double least = -1.0 / (sqrt(k->dot(d, d, n)) * fmin(0.01, sqrt(before)));
    return fmax(beta, least);
  }
  const bool own_search = run->m.line_search == TG_LINE_WOLFE || run->m.line_search == TG_LINE_DEFAULT;
  if (own_search && fabs(k->dot(q->g, p->g, n)) >= 0.2 * gg) return 0.0;
  if (run->m.variant == TG_CG_FLETCHER_REEVES) return gg / before;
  return fmax(k->dot(q->g, y, n) / before, 0.0);
}

static int step(tg_run *run)
{
  state *kept = (state *)(void *)run->own;
  double *d = run->work, *y = d + run->padded;
  const tg_point_ *p = tg_current_(run);
  tg_line_ line = {.d = d, .slope = kept->length > 0.0 ? run->kernel->dot(d, p->g, run->padded) : 0.0};
  const bool fresh = !(line.slope < 0.0 && line.slope > -INFINITY);
  double unit = 1.0;
  if (fresh)
    unit = tg_steepest_(run, d, &line);
  else /* promises the decrease of the step before (Nocedal & Wright 2006, section 3.5) */
    line.first = tg_line_next_(run, d, kept->length * fmin(kept->slope / line.slope, 10.0), kept->length);
  if (tg_line_search_(run, &line)) return 1;
  if (!line.end && !fresh) {
    unit = tg_steepest_(run, d, &line);
    if (tg_line_search_(run, &line)) return 1;
  }
  if (!line.end) return tg_stall_(run);
  *kept = unit == 1.0 ? (state){line.length, line.slope} : (state){0};
  const double beta = factor(run, p, line.end, d, y);
  const double sound = isfinite(beta) ? beta : 0.0; /* squares of gradients may overflow */
  for (size_t i = 0; i < run->padded; i++) d[i] = sound * d[i] - line.end->g[i];
  tg_accept_(run, line.end, line.length);
  return 0;
}

const tg_rule_ tg_nonlinear_cg_rule_ = {
    .name = "nonlinear_cg",
    .make = make,
    .properties = TG_IS_MONOTONE,
    .check = check,
    .line = TG_LINE_ANY_,
    .work = work,
    .own = own,
    .step = step,
};
