/* Newton's method with a line search; with an L1 penalty its proximal form: the quadratic model plus the
 * penalty is minimised by coordinate descent, and solutions for the coefficients that are not zero (Lee, Sun
 * & Saunders 2014, "Proximal Newton-type methods", algorithm 1). */
#include "fit.h"

#include "linear_algebra.h"
#include "memory.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct newton {
  problem *p;
  size_t n;
  double *hessian, *factor; /* n x n each */
  double *gradient, *step, *trial, *product;
  size_t *free_at; /* which coefficients are not zero */
  double value;    /* the whole objective at theta, L1 part included */
} newton;

/* Directions in which the data say nothing are pinned: a constant column, and what all classes of a softmax
 * have in common. The gradient is zero along them, so pinning moves nothing. */
tg_status problem_gauged_hessian(problem *p, const double *theta, double *hessian)
{
  const tg_status status = problem_hessian(p, theta, hessian);
  if (status != TG_OK) return status;
  const size_t n = p->n;
  for (size_t j = 0; j < n; j++) {
    if (hessian[j * n + j] == 0) hessian[j * n + j] = 1;
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

/* step = -H^-1 gradient; a multiple of the diagonal is added until H is safely positive.
 * False: stopped. */
static bool cholesky_step(newton *w)
{
  const size_t n = w->n;
  for (double damping = 0;; damping = damping == 0 ? 1e-13 : 100 * damping) {
    memcpy(w->factor, w->hessian, n * n * sizeof *w->factor);
    for (size_t j = 0; j < n; j++) w->factor[j * n + j] += damping * (fabs(w->hessian[j * n + j]) + damping);
    size_t pivot;
    if (cholesky_while(problem_goes_on, w->p, w->factor, n, &pivot)) break;
    if (pivot == n) return false;
  }
  for (size_t j = 0; j < n; j++) w->step[j] = -w->gradient[j];
  cholesky_solve(w->factor, n, w->step);
  return true;
}

static double shrink(double x, double by)
{
  return x > by ? x - by : x < -by ? x + by : 0;
}

/* One pass of coordinate descent over the model g's + s'Hs/2 + |theta + s|_1; product is H s. Returns the
 * largest decrease of the model by one coordinate. */
static double coordinate_pass(newton *w, const double *theta, bool *settled)
{
  const size_t n = w->n;
  double most = 0;
  *settled = true;
  for (size_t j = 0; j < n; j++) {
    const double curvature = w->hessian[j * n + j], l = w->p->lasso[j];
    const double at = theta[j] + w->step[j], slope = w->gradient[j] + w->product[j];
    const double to = shrink(at - slope / curvature, l / curvature), change = to - at;
    if (change == 0) continue;
    *settled = *settled && (to == 0) == (at == 0);
    w->step[j] = to == 0 ? -theta[j] : w->step[j] + change;
    const double *row = w->hessian + j * n;
    for (size_t i = 0; i < n; i++) w->product[i] += change * row[i];
    const double gain = curvature * change * change / 2;
    most = gain > most ? gain : most;
  }
  return most;
}

/* Adds t d to the step, d on the free coefficients; the one that meets zero first, at t, becomes zero. Is t
 * 1? */
static bool move_free(newton *w, const double *theta, const size_t *free_at, const double *d, size_t count)
{
  double t = 1;
  size_t meets = SIZE_MAX;
  for (size_t a = 0; a < count; a++) {
    const size_t j = free_at[a];
    const double at = theta[j] + w->step[j];
    if (w->p->lasso[j] == 0 || at * (at + d[a]) > 0 || -at / d[a] >= t) continue;
    t = -at / d[a];
    meets = j;
  }
  for (size_t a = 0; a < count; a++) {
    const size_t j = free_at[a];
    const double to = j == meets ? -theta[j] : w->step[j] + t * d[a], change = to - w->step[j];
    w->step[j] = to;
    const double *row = w->hessian + j * w->n;
    for (size_t i = 0; i < w->n; i++) w->product[i] += change * row[i];
  }
  return meets == SIZE_MAX;
}

/* The minimum of the model over the coefficients that are not zero, as long as none of them changes its sign:
 * what takes coordinate descent very many passes where columns are correlated. Is it reached? */
static bool solve_free(newton *w, const double *theta)
{
  const size_t n = w->n;
  size_t count = 0, *free_at = w->free_at;
  for (size_t j = 0; j < n; j++) {
    if (w->p->lasso[j] == 0 || theta[j] + w->step[j] != 0) free_at[count++] = j;
  }
  double *d = w->trial;
  for (double damping = 1e-14;; damping *= 100) {
    for (size_t a = 0; a < count; a++) {
      const double *row = w->hessian + free_at[a] * n;
      for (size_t b = 0; b <= a; b++) w->factor[a * count + b] = row[free_at[b]] * (a == b ? 1 + damping : 1);
    }
    if (cholesky(w->factor, count, NULL)) break;
    if (damping > 1) return true;
  }
  for (size_t a = 0; a < count; a++) {
    const size_t j = free_at[a];
    const double l = w->p->lasso[j], at = theta[j] + w->step[j];
    d[a] = -(w->gradient[j] + w->product[j] + (at > 0 ? l : at < 0 ? -l : 0));
  }
  cholesky_solve(w->factor, count, d);
  return move_free(w, theta, free_at, d, count);
}

/* Coordinate descent settles which coefficients are zero; when a pass leaves that as it is, the others are
 * solved for. */
static bool lasso_step(newton *w, const double *theta, double precision)
{
  memset(w->step, 0, w->n * sizeof *w->step);
  memset(w->product, 0, w->n * sizeof *w->product);
  for (size_t pass = 0; pass < 1000; pass++) {
    bool settled;
    if (!problem_goes_on(w->p)) return false;
    const double gain = coordinate_pass(w, theta, &settled);
    if (settled && solve_free(w, theta) && gain <= precision) return true;
  }
  return true;
}

/* How much the model's linear part promises: <= 0. */
static double promise(const newton *w, const double *theta)
{
  double sum = 0;
  for (size_t j = 0; j < w->n; j++) {
    sum += w->gradient[j] * w->step[j];
    if (w->p->lasso != NULL) sum += w->p->lasso[j] * (fabs(theta[j] + w->step[j]) - fabs(theta[j]));
  }
  return sum;
}

/* Halves the step until the objective falls enough (Armijo); moves theta and evaluates there. *moved tells
 * whether a lower value was found; within rounding of the value a full step is taken if it does not raise it.
 */
static tg_status search(newton *w, double *theta, double promised, bool *moved)
{
  const double noise = 4 * DBL_EPSILON * fabs(w->value);
  *moved = false;
  for (double t = 1; t > 1e-10; t /= 2) {
    for (size_t j = 0; j < w->n; j++) w->trial[j] = theta[j] + t * w->step[j];
    double value;
    const tg_status status = problem_evaluate(w->p, w->trial, &value, w->product);
    if (status != TG_OK) return status;
    value += problem_lasso(w->p, w->trial);
    if (!(value <= w->value + 1e-4 * t * promised + noise)) continue;
    memcpy(theta, w->trial, w->n * sizeof *theta);
    memcpy(w->gradient, w->product, w->n * sizeof *w->gradient);
    *moved = value < w->value || t == 1;
    w->value = value;
    return TG_OK;
  }
  return TG_OK;
}

static bool iterate(newton *w, double *theta, const fit_settings *s, fit_outcome *o, failure *f)
{
  const double start = fit_clock();
  tg_status status = problem_evaluate(w->p, theta, &w->value, w->gradient);
  if (status != TG_OK) return fit_fail_status(status, f);
  w->value += problem_lasso(w->p, theta);
  for (bool last = false;;) {
    o->objective = w->value;
    o->gradient_norm = least_subgradient(w->p, theta, w->gradient);
    if (!fit_goes_on(w->p, theta, s, o, start)) return true;
    if (!isfinite(w->value)) return o->stop = FIT_DIVERGED, true;
    if (last || o->gradient_norm == 0) return o->stop = FIT_CONVERGED, true;
    status = problem_gauged_hessian(w->p, theta, w->hessian);
    if (status != TG_OK) return fit_fail_status(status, f);
    if (!(w->p->lasso != NULL ? lasso_step(w, theta, 1e-3 * s->tolerance * fabs(w->value))
                              : cholesky_step(w))) {
      return true; /* the outcome tells why */
    }
    const double promised = promise(w, theta);
    bool moved;
    status = search(w, theta, promised, &moved);
    if (status != TG_OK) return fit_fail_status(status, f);
    o->iterations++;
    /* Half the promise is the distance to the model's minimum; the step just taken has used it up, so what
     * remains is smaller still. */
    last = -promised / 2 <= s->tolerance * fabs(w->value);
    if (!moved && !last) return o->stop = FIT_ROUNDING, true;
  }
}

bool fit_newton(problem *p, double *theta, const fit_settings *s, fit_outcome *o, failure *f)
{
  const size_t n = p->n;
  double *room = n < (size_t)1 << 20 ? resize(NULL, 2 * n * n + 4 * n, sizeof *room) : NULL;
  size_t *free_at = room != NULL ? resize(NULL, n, sizeof *free_at) : NULL;
  if (free_at == NULL) return free(room), fail_memory(f);
  double *vector = room + 2 * n * n;
  newton w = {p, n, room, room + n * n, vector, vector + n, vector + 2 * n, vector + 3 * n, free_at, 0};
  o->method = p->lasso != NULL ? "proximal Newton" : "newton";
  const bool good = iterate(&w, theta, s, o, f);
  free(room);
  free(free_at);
  return good;
}
