/* Newton's method within the library's trust region: where rows lie on straight pieces of a loss, or are so
 * certain that nothing is left of their curvature, a step of Newton's own leads anywhere. With an L1 penalty:
 * proximal_newton.c. */
#include "fit.h"

#include "linear_algebra.h"
#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Directions in which the data say nothing are pinned: a constant column, and what all classes of a softmax
 * have in common. The gradient is zero along them, so pinning moves nothing. Without curvature where the
 * gradient is not zero, as on the straight pieces of a loss, nothing is pinned. */
tg_status problem_gauged_hessian(problem *p, const double *theta, const double *gradient, double *hessian)
{
  const tg_status status = problem_hessian(p, theta, hessian);
  if (status != TG_OK) return status;
  const size_t n = p->n;
  for (size_t j = 0; j < n; j++) {
    if (hessian[j * n + j] == 0 && (gradient == NULL || gradient[j] == 0)) hessian[j * n + j] = 1;
  }
  if (p->shape.kind != MODEL_MULTINOMIAL) return TG_OK;
  const size_t k = p->shape.classes, features = p->shape.features;
  const double curvature = problem_curvature(&p->shape);
  for (size_t j = 0; j <= features; j++) {
    if (j < features && p->lasso != NULL) continue; /* an L1 penalty leaves nothing in common free */
    const size_t first = j < features ? j : k * features, stride = j < features ? features : 1;
    for (size_t a = 0; a < k; a++) {
      for (size_t b = 0; b < k; b++)
        hessian[(first + a * stride) * n + first + b * stride] += curvature / (double)k;
    }
  }
  return TG_OK;
}

double least_subgradient(const problem *p, const double *theta, const double *gradient)
{
  double sum = 0;
  for (size_t j = 0; j < p->n; j++) {
    const double l = p->lasso != NULL ? p->lasso[j] : 0, g = gradient[j];
    const double s = theta[j] > 0 ? g + l : theta[j] < 0 ? g - l : fabs(g) > l ? fabs(g) - l : 0;
    sum += s * s;
  }
  return sqrt(sum);
}

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

double fit_first_radius(const model_shape *m)
{
  const bool straight = m->kind == MODEL_LINEAR && m->loss != LOSS_SQUARED;
  if (m->kind == MODEL_LINEAR) return straight ? fabs(m->centre) + 10 * m->unit : 1e100;
  return 100;
}

/* What the model promised before the last step is a bound of what is left: after it there is less. */
static bool iterate(newton *w, tg_run *run, const double *theta, const fit_settings *s, fit_outcome *o,
                    failure *f)
{
  const double start = fit_clock();
  const tg_report *now = tg_run_report(run);
  while (fit_goes_on(w->p, theta, w->gain, s, o, start)) {
    if (now->stop != TG_RUNNING) return o->stop = fit_stop_of(w->p, theta, now->stop, w->gain, o), true;
    tg_run_step(run);
    const tg_status status = tg_run_status(run);
    if (w->p->stopped) return true; /* the outcome tells why */
    if (status != TG_OK) return fit_fail_status(status, f);
    o->iterations = now->iterations;
    o->objective = now->value;
    o->gradient_norm = now->gradient_norm;
  }
  return true;
}

/* The start is evaluated before the run is there, to be told of as iteration 0. */
static bool fit_from(newton *w, double *theta, const fit_settings *s, fit_outcome *o, failure *f)
{
  const tg_minimize_options options = fit_run_options(s);
  tg_method method = tg_trust_region();
  tg_objective c = problem_objective(w->p);
  tg_run *run;
  c.evaluate = evaluate;
  c.hessian = hessian;
  c.user = w;
  method.radius = fit_first_radius(&w->p->shape);
  tg_status status = problem_evaluate(w->p, theta, &w->value, w->gradient);
  if (status != TG_OK) return fit_fail_status(status, f);
  o->objective = w->value;
  o->gradient_norm = least_subgradient(w->p, theta, w->gradient);
  if (!isfinite(w->value)) return o->stop = FIT_DIVERGED, true;
  status = tg_run_new(&run, c, method, theta, &options);
  if (status != TG_OK) return fit_fail_status(status, f);
  const bool good = iterate(w, run, theta, s, o, f);
  tg_run_free(run);
  return good;
}

bool fit_newton(problem *p, double *theta, const fit_settings *s, fit_outcome *o, failure *f)
{
  if (p->lasso != NULL) return fit_proximal_newton(p, theta, s, o, f);
  const size_t n = p->n;
  double *room = n < (size_t)1 << 20 ? resize(NULL, n * n + 2 * n, sizeof *room) : NULL;
  if (room == NULL) return fail_memory(f);
  newton w = {p, room, room + n * n, room + n * n + n, 0, INFINITY, true};
  o->method = "newton";
  const bool good = fit_from(&w, theta, s, o, f);
  free(room);
  return good;
}
