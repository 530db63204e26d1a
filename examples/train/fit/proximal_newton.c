/* Proximal Newton steps for an L1 penalty: the quadratic model plus the penalty is minimised by coordinate
 * descent, and solutions for the coefficients that are not zero (Lee, Sun & Saunders 2014, "Proximal
 * Newton-type methods", algorithm 1). Where the model does not hold, as on the straight pieces of a loss, a
 * multiple of the identity is added to the Hessian, more until the step is short enough and less again when
 * it holds: Levenberg's form of a trust region, for the library's knows no L1 penalty. */
#include "linear_algebra.h"
#include "memory.h"
#include "optimality.h"
#include "ways.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct proximal_newton {
  problem *p;
  size_t n;
  double *hessian, *factor; /* n x n each; the damping is on the diagonal */
  double *gradient, *step, *trial, *product;
  size_t *free_at; /* which coefficients are not zero */
  double value;    /* the whole objective at theta, L1 part included */
  double damping;
  double lowest, smallest; /* value and subgradient so far */
  size_t unchanged;        /* iterations since one of them fell */
} proximal_newton;

/* One pass of coordinate descent over the model g's + s'(H + damping I)s/2 + |theta + s|_1; product is (H +
 * damping I) s. Returns the largest decrease of the model by one coordinate. */
static double coordinate_pass(proximal_newton *w, const double *theta, bool *settled)
{
  const size_t n = w->n;
  double most = 0;
  *settled = true;
  for (size_t j = 0; j < n; j++) {
    const double curvature = w->hessian[j * n + j], l = w->p->lasso[j];
    const double at = theta[j] + w->step[j], slope = w->gradient[j] + w->product[j];
    const double to = soft_threshold(at - slope / curvature, l / curvature), change = to - at;
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
static bool move_free(proximal_newton *w, const double *theta, const size_t *free_at, const double *d,
                      size_t count)
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
static bool solve_free(proximal_newton *w, const double *theta)
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
 * solved for. Where columns depend on each other passes may go round in circles of no gain. */
static bool lasso_step(proximal_newton *w, const double *theta, double precision)
{
  enum { PASSES = 1000, CIRCLES = 10 };
  memset(w->step, 0, w->n * sizeof *w->step);
  memset(w->product, 0, w->n * sizeof *w->product);
  for (size_t pass = 0, gainless = 0; pass < PASSES && gainless < CIRCLES; pass++) {
    bool settled;
    if (!problem_goes_on(w->p)) return false;
    const double gain = coordinate_pass(w, theta, &settled);
    if (settled && solve_free(w, theta) && gain <= precision) return true;
    gainless += gain <= 1e-6 * precision;
  }
  return true;
}

/* How much the model's linear part promises: <= 0. */
static double promise(const proximal_newton *w, const double *theta)
{
  double sum = 0;
  for (size_t j = 0; j < w->n; j++) {
    sum += w->gradient[j] * w->step[j];
    sum += w->p->lasso[j] * (fabs(theta[j] + w->step[j]) - fabs(theta[j]));
  }
  return sum;
}

static void damp(proximal_newton *w, double damping)
{
  for (size_t j = 0; j < w->n; j++) w->hessian[j * (w->n + 1)] += damping - w->damping;
  w->damping = damping;
}

static double largest(const double *x, size_t n, size_t stride)
{
  double most = 0;
  for (size_t j = 0; j < n; j++) most = fmax(most, fabs(x[j * stride]));
  return most;
}

/* So much that every coordinate has curvature, and that almost without any a step does not go beyond all that
 * makes sense. */
static double least_damping(const proximal_newton *w)
{
  const double most = largest(w->hessian, w->n, w->n + 1);
  const double held = largest(w->gradient, w->n, 1) / (100 * fit_first_radius(&w->p->shape));
  return fmax(held > most ? held : 1e-14 * most, DBL_MIN);
}

/* A Hessian at theta; the damping that the last one ended with goes on. */
static tg_status renew(proximal_newton *w, const double *theta)
{
  const tg_status status = problem_gauged_hessian(w->p, theta, w->gradient, w->hessian);
  const double damping = w->damping;
  w->damping = 0;
  if (status == TG_OK) damp(w, fmax(damping, least_damping(w)));
  return status;
}

/* After a step that failed: at least what would have made it half as long. */
static void damp_more(proximal_newton *w)
{
  const double force = largest(w->gradient, w->n, 1), length = largest(w->step, w->n, 1);
  damp(w, fmax(4 * w->damping, length > 0 ? force / length : 0));
}

/* The linear part promises twice what an exact model holds. */
static void adapt(proximal_newton *w, double ratio)
{
  if (ratio > 0.4) damp(w, 0.1 * w->damping);
}

/* The step of the model; when it lowers the objective enough theta moves there. *fell tells by how much;
 * within rounding of the value a step is taken if it does not raise it. */
static tg_status try_step(proximal_newton *w, double *theta, double promised, bool *moved, double *fell)
{
  const double noise = 4 * DBL_EPSILON * fabs(w->value);
  double value;
  for (size_t j = 0; j < w->n; j++) w->trial[j] = theta[j] + w->step[j];
  const tg_status status = problem_evaluate(w->p, w->trial, &value, w->product);
  if (status != TG_OK) return status;
  value += problem_lasso(w->p, w->trial);
  *fell = w->value - value;
  *moved = value <= w->value + 1e-4 * promised + noise;
  if (!*moved) return TG_OK;
  memcpy(theta, w->trial, w->n * sizeof *theta);
  memcpy(w->gradient, w->product, w->n * sizeof *w->gradient);
  w->value = value;
  return TG_OK;
}

/* Half the promise is the distance to the model's minimum, unless damping has shortened the step. */
static double gap_of(const proximal_newton *w, double promised)
{
  const double square = dot4(w->step, w->step, w->n);
  return w->damping * square <= -0.1 * promised ? -promised / 2 : INFINITY;
}

/* A step shorter than doubles near theta tell apart. */
static bool too_short(const proximal_newton *w, const double *theta)
{
  return largest(w->step, w->n, 1) <= DBL_EPSILON * largest(theta, w->n, 1);
}

/* One iteration: steps of one Hessian until one is taken. *gap is a bound of what is left; *moved false: none
 * is taken. */
static tg_status advance(proximal_newton *w, double *theta, double precision, double *gap, bool *moved)
{
  tg_status status = renew(w, theta);
  for (*moved = false; status == TG_OK && !*moved;) {
    if (!lasso_step(w, theta, precision)) break;
    const double promised = promise(w, theta);
    double fell;
    *gap = gap_of(w, promised);
    status = try_step(w, theta, promised, moved, &fell);
    if (status != TG_OK) break;
    if (*moved)
      adapt(w, -promised > 1e4 * DBL_EPSILON * fabs(w->value) ? fell / -promised : 1);
    else if (too_short(w, theta))
      break;
    else
      damp_more(w);
  }
  return status;
}

/* Where steps end for want of a lower value: what the model without damping would still gain. */
static tg_status judge_gap(proximal_newton *w, const double *theta, double precision, double *gap)
{
  w->damping = 0;
  const tg_status status = renew(w, theta);
  if (status == TG_OK && lasso_step(w, theta, precision)) *gap = -promise(w, theta) / 2;
  return status;
}

/* Has neither the value nor the subgradient reached a new low for long, or is there no step at all? */
static bool no_progress(proximal_newton *w, const fit_outcome *o, bool moved)
{
  enum { PATIENCE = 20 };
  const bool falls = o->objective < w->lowest || o->gradient_norm < 0.9 * w->smallest;
  w->lowest = fmin(w->lowest, o->objective);
  w->smallest = fmin(w->smallest, o->gradient_norm);
  w->unchanged = falls ? 0 : w->unchanged + 1;
  return !moved || w->unchanged >= PATIENCE;
}

static bool iterate(proximal_newton *w, fit *t, failure *f)
{
  double *theta = t->theta;
  fit_outcome *o = t->outcome;
  double gap = INFINITY;
  bool moved = true;
  tg_status status = problem_evaluate(w->p, theta, &w->value, w->gradient);
  if (status != TG_OK) return problem_fail(status, f);
  w->value += problem_lasso(w->p, theta);
  for (w->lowest = w->smallest = INFINITY;;) {
    o->objective = w->value;
    o->gradient_norm = problem_subgradient_norm(w->p, theta, w->gradient);
    if (!isfinite(w->value)) return o->stop = FIT_DIVERGED, true;
    if (o->gradient_norm == 0) gap = 0;
    const double precision = 1e-3 * fmax(t->settings->tolerance, DBL_EPSILON) * fabs(w->value);
    const bool ends = no_progress(w, o, moved);
    status = ends ? judge_gap(w, theta, precision, &gap) : TG_OK;
    if (status == TG_OK && !fit_goes_on(t, gap)) return true;
    if (status == TG_OK && ends) return o->stop = fit_stop_of(t, TG_STOP_STALLED, gap), true;
    if (status == TG_OK) status = advance(w, theta, precision, &gap, &moved);
    if (w->p->stopped) return true; /* the outcome tells why */
    if (status != TG_OK) return problem_fail(status, f);
    o->iterations++;
  }
}

bool fit_proximal_newton(fit *t, failure *f)
{
  problem *p = t->p;
  const size_t n = p->n;
  assert(p->lasso != NULL);
  double *room = n < (size_t)1 << 20 ? resize(NULL, 2 * n * n + 4 * n, sizeof *room) : NULL;
  size_t *free_at = room != NULL ? resize(NULL, n, sizeof *free_at) : NULL;
  if (free_at == NULL) return free(room), fail_memory(f);
  double *vector = room + 2 * n * n;
  proximal_newton w = {.p = p,
                       .n = n,
                       .hessian = room,
                       .factor = room + n * n,
                       .gradient = vector,
                       .step = vector + n,
                       .trial = vector + 2 * n,
                       .product = vector + 3 * n,
                       .free_at = free_at};
  t->outcome->method = "proximal Newton";
  const bool good = iterate(&w, t, f);
  free(room);
  free(free_at);
  return good;
}
