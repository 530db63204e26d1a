/* Newton's method within the library's trust region: where rows lie on straight pieces of a loss, or are so
 * certain that nothing is left of their curvature, a step of Newton's own leads anywhere. With an L1 penalty:
 * proximal_newton.c. */
#include "linear_algebra.h"
#include "memory.h"
#include "optimality.h"
#include "ways.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct newton {
  problem *p;
  double *factor;   /* n x n: of the last Hessian */
  double *gradient; /* at the point evaluated last: a Hessian is asked for there and nowhere else */
  double *room;
  double value;
  double gain; /* what the model at that Hessian promises: near an optimum the distance to it */
  bool known;  /* value and gradient are those of the start, which the run asks for first */
} newton;

static int evaluate(const double *theta, double *value, double *gradient, void *user)
{
  newton *w = user;
  const tg_status status = w->known ? TG_OK : problem_evaluate(w->p, theta, &w->value, w->gradient);
  w->known = false;
  if (status != TG_OK) return status;
  if (value != NULL) *value = w->value;
  if (gradient != NULL) memcpy(gradient, w->gradient, w->p->n * sizeof *gradient);
  return 0;
}

/* Adds a part of the diagonal so small that rounding alone asks for it, where columns depend on each other.
 * False: H is not positive definite, by more than rounding, or the fit is to stop. */
static bool factorise(newton *w, double *h)
{
  const size_t n = w->p->n;
  size_t pivot = 0;
  for (double damping = 0; damping < 1e-10 && pivot < n; damping = damping == 0 ? 1e-13 : 100 * damping) {
    for (size_t j = 0; j < n; j++) h[j * n + j] += damping * (fabs(h[j * n + j]) + damping);
    memcpy(w->factor, h, n * n * sizeof *h);
    if (cholesky_while(problem_goes_on, w->p, w->factor, n, &pivot)) return true;
  }
  return false;
}

static int hessian(const double *theta, double *h, void *user)
{
  newton *w = user;
  const size_t n = w->p->n;
  const tg_status status = problem_gauged_hessian(w->p, theta, w->gradient, h);
  w->gain = INFINITY;
  if (w->p->stopped) return 1;
  if (status != TG_OK) return status;
  if (!factorise(w, h)) return w->p->stopped;
  memcpy(w->room, w->gradient, n * sizeof *w->room);
  solve_lower(w->factor, n, w->room);
  w->gain = dot4(w->room, w->room, n) / 2;
  return 0;
}

/* What the model promised before the last step is a bound of what is left: after it there is less. */
static bool iterate(newton *w, fit *t, tg_run *run, failure *f)
{
  fit_outcome *o = t->outcome;
  const tg_report *now = tg_run_report(run);
  while (fit_goes_on(t, w->gain)) {
    if (now->stop != TG_RUNNING) return o->stop = fit_stop_of(t, now->stop, w->gain), true;
    tg_run_step(run);
    const tg_status status = tg_run_status(run);
    if (w->p->stopped) return true; /* the outcome tells why */
    if (status != TG_OK) return problem_fail(status, f);
    o->iterations = now->iterations;
    o->objective = now->value;
    o->gradient_norm = now->gradient_norm;
  }
  return true;
}

/* The start is evaluated before the run is there, to be told of as iteration 0. */
static bool fit_from(newton *w, fit *t, failure *f)
{
  fit_outcome *o = t->outcome;
  const tg_minimize_options options = fit_run_options(t->settings);
  tg_method method = tg_trust_region();
  tg_objective c = problem_objective(w->p);
  tg_run *run;
  c.evaluate = evaluate;
  c.hessian = hessian;
  c.user = w;
  method.radius = fit_first_radius(&w->p->shape);
  tg_status status = problem_evaluate(w->p, t->theta, &w->value, w->gradient);
  if (status != TG_OK) return problem_fail(status, f);
  o->objective = w->value;
  o->gradient_norm = problem_subgradient_norm(w->p, t->theta, w->gradient);
  if (!isfinite(w->value)) return o->stop = FIT_DIVERGED, true;
  status = tg_run_new(&run, c, method, t->theta, &options);
  if (status != TG_OK) return problem_fail(status, f);
  const bool good = iterate(w, t, run, f);
  tg_run_free(run);
  return good;
}

bool fit_newton(fit *t, failure *f)
{
  problem *p = t->p;
  const size_t n = p->n;
  assert(p->lasso == NULL);
  double *room = n < (size_t)1 << 20 ? resize(NULL, n * n + 2 * n, sizeof *room) : NULL;
  if (room == NULL) return fail_memory(f);
  newton w = {.p = p,
              .factor = room,
              .gradient = room + n * n,
              .room = room + n * n + n,
              .gain = INFINITY,
              .known = true};
  t->outcome->method = "newton";
  const bool good = fit_from(&w, t, f);
  free(room);
  return good;
}
