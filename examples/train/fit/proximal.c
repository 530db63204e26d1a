/* Accelerated proximal gradient steps for an L1 penalty (Beck & Teboulle 2009, "FISTA"), with backtracking on
 * the step and a restart of the momentum whenever it points uphill (O'Donoghue & Candes
 * 2015, section 3.2). */
#include "linear_algebra.h"
#include "memory.h"
#include "optimality.h"
#include "ways.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct proximal {
  problem *p;
  size_t n;
  double *ahead, *next, *gradient, *at_next; /* the extrapolated point, the step from it, their gradients */
  double length;                             /* the step: 1 / Lipschitz constant, as far as known */
} proximal;

static void shrink_step(proximal *w)
{
  for (size_t j = 0; j < w->n; j++) {
    w->next[j] = soft_threshold(w->ahead[j] - w->length * w->gradient[j], w->length * w->p->lasso[j]);
  }
}

/* From `ahead`: a step for which the quadratic bound holds; `smooth` becomes the smooth part at `next`. */
static tg_status bounded_step(proximal *w, double value_ahead, double *smooth)
{
  for (;; w->length /= 2) {
    shrink_step(w);
    const tg_status status = problem_evaluate(w->p, w->next, smooth, w->at_next);
    if (status != TG_OK) return status;
    double linear = 0, square = 0;
    for (size_t j = 0; j < w->n; j++) {
      const double d = w->next[j] - w->ahead[j];
      linear += w->gradient[j] * d;
      square += d * d;
    }
    const double noise = 8 * DBL_EPSILON * fabs(value_ahead);
    if (*smooth <= value_ahead + linear + square / (2 * w->length) + noise || w->length < 1e-300)
      return TG_OK;
  }
}

/* The new extrapolated point; returns the new t of the momentum sequence. */
static double extrapolate(proximal *w, const double *theta, double t)
{
  double uphill = 0;
  for (size_t j = 0; j < w->n; j++) uphill += (w->ahead[j] - w->next[j]) * (w->next[j] - theta[j]);
  if (uphill > 0) t = 1;
  const double grown = (1 + sqrt(1 + 4 * t * t)) / 2, momentum = uphill > 0 ? 0 : (t - 1) / grown;
  for (size_t j = 0; j < w->n; j++) w->ahead[j] = w->next[j] + momentum * (w->next[j] - theta[j]);
  return grown;
}

/* With strong convexity m, C - C* <= |subgradient|^2 / (2 m). Without an L2 part m is taken as 1e-4 of the
 * curvature to which columns are scaled. */
static tg_status gap_of(const fit *t, double *gap)
{
  const double m = fmax(problem_least_ridge(t->p), 1e-4 * problem_curvature(&t->p->shape));
  const double g = t->outcome->gradient_norm;
  *gap = g * g / (2 * m);
  return fit_judge_gap(t, gap);
}

static bool iterate(proximal *w, fit *t, failure *f)
{
  problem *p = t->p;
  double *theta = t->theta;
  fit_outcome *o = t->outcome;
  double momentum = 1, value_ahead, smooth, gap = INFINITY;
  memcpy(w->ahead, theta, w->n * sizeof *theta);
  tg_status status = problem_evaluate(p, w->ahead, &value_ahead, w->gradient);
  if (status != TG_OK) return problem_fail(status, f);
  o->objective = value_ahead + problem_lasso(p, theta);
  o->gradient_norm = problem_subgradient_norm(p, theta, w->gradient);
  status = gap_of(t, &gap);
  while (status == TG_OK && fit_goes_on(t, gap)) {
    if (!isfinite(o->objective)) return o->stop = FIT_DIVERGED, true;
    status = bounded_step(w, value_ahead, &smooth);
    if (status != TG_OK) return problem_fail(status, f);
    momentum = extrapolate(w, theta, momentum);
    memcpy(theta, w->next, w->n * sizeof *theta);
    o->objective = smooth + problem_lasso(p, theta);
    o->gradient_norm = problem_subgradient_norm(p, theta, w->at_next);
    o->iterations++;
    w->length *= 1.05; /* what was too long once may fit later */
    status = problem_evaluate(p, w->ahead, &value_ahead, w->gradient);
    if (status == TG_OK) status = gap_of(t, &gap);
  }
  return status == TG_OK || problem_fail(status, f);
}

bool fit_proximal(fit *t, failure *f)
{
  problem *p = t->p;
  const size_t n = p->n;
  if (p->lasso == NULL) return fail_usage(f, "the proximal method is for an L1 penalty; none was asked for");
  double *room = resize(NULL, n, 4 * sizeof *room);
  if (room == NULL) return fail_memory(f);
  proximal w = {.p = p,
                .n = n,
                .ahead = room,
                .next = room + n,
                .gradient = room + 2 * n,
                .at_next = room + 3 * n,
                .length = 1 / problem_curvature(&p->shape)};
  t->outcome->method = "proximal gradient";
  const bool good = iterate(&w, t, f);
  free(room);
  return good;
}
