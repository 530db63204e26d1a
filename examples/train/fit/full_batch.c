/* Methods of the library that see all rows at a time.
 *
 * For a linear predictor they run in whitened coordinates, in which the objective is nearly round
 * (whitening.h). The curvature changes on the way, so a run is cut into stages: after 8 iterations the
 * coordinates are made anew where it stands, then after 16 more, and so on. Where there are very many rows the
 * optimum for a sample of them comes first. Nets, sparse rows, an L1 penalty and methods of second order, for
 * which whitened coordinates have no derivatives, run in the fitted coordinates to their end. */
#include "ways.h"

#include "memory.h"
#include "methods.h"
#include "optimality.h"
#include "whitening.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A sample of rows is solved first where there are at least so many times more. */
enum { SAMPLE_PER_PARAMETER = 100, LEAST_SAMPLE = 2000, LEAST_SAVING = 8 };

enum { FIRST_STAGE = 8 }; /* iterations; 8 more in every further stage */

typedef struct whitened_fit {
  fit *fit;
  tg_method method;
  whitening w;
  double *v;      /* the point in whitened coordinates, which a run moves */
  double entered; /* the objective where these coordinates were made */
  double least;   /* curvature of several outputs that is counted on in coordinates made nearby */
} whitened_fit;

/* The least curvature that is counted on between here and the optimum, in the coordinates of the run.
 *
 * In whitened ones made nearby it is 1 for one output, but for the sample of rows that the coordinates come
 * from and the way that is left: a tenth of that is counted on. Classes share one matrix, so that theirs is not
 * known to be near 1: `least` is what has been found out (confirm). Made far away it is lower, where
 * predictions have become certain since.
 *
 * In merely scaled coordinates (w NULL) correlation lowers it. The smallest ridge is a bound. */
static double least_curvature(const fit *t, const whitened_fit *w)
{
  const problem *p = t->p;
  if (w == NULL) {
    const double share = p->lasso != NULL ? 3e-7 : 1e-5;
    return fmax(share * problem_curvature(&p->shape), problem_least_ridge(p));
  }
  const double objective = t->outcome->objective;
  const bool nearby = w->entered - objective <= 0.25 * fabs(objective);
  if (!nearby) return 1e-3;
  return model_output_count(&p->shape) == 1 ? 0.1 : w->least;
}

/* A bound of C - C*: |g|^2 / (2 m), with m the least curvature on the way there. With an L1 penalty g is the
 * least subgradient. */
static double gap_of(const fit *t, const whitened_fit *w)
{
  const double g = t->outcome->gradient_norm;
  return g * g / (2 * least_curvature(t, w));
}

/* Steps a run to its end, or for at most `most` iterations; *ended tells which. The run moves w->v, or the
 * point of the fit itself where w is NULL. */
static tg_status step_run(fit *t, tg_run *run, whitened_fit *w, size_t most, bool *ended)
{
  fit_outcome *o = t->outcome;
  const size_t before = o->iterations;
  const tg_report *now = tg_run_report(run);
  *ended = true;
  for (;;) {
    const bool more = tg_run_step(run);
    tg_status status = tg_run_status(run);
    if (status != TG_OK) return status;
    o->iterations = before + now->iterations;
    o->objective = now->value;
    o->gradient_norm = now->gradient_norm;
    if (w != NULL) whitening_leave(&w->w, w->v, t->theta);
    double gap = gap_of(t, w);
    status = fit_judge_gap(t, &gap);
    if (status != TG_OK) return status;
    if (!fit_goes_on(t, gap)) return TG_OK;
    if (!more) return o->stop = fit_stop_of(t, now->stop, gap), TG_OK;
    *ended = now->iterations < most;
    if (!*ended) return TG_OK;
  }
}

static bool fit_plain(fit *t, tg_method method, failure *f)
{
  tg_run *run;
  bool ended;
  const tg_minimize_options options = fit_run_options(t->settings);
  tg_status status = tg_run_new(&run, problem_objective(t->p), method, t->theta, &options);
  if (status == TG_OK) status = step_run(t, run, NULL, SIZE_MAX, &ended);
  tg_run_free(run);
  return status == TG_OK || problem_fail(status, f);
}

/* Coordinates for where the fit stands. */
static void renew(whitened_fit *a)
{
  whitening_at(&a->w, a->fit->theta);
  a->entered = a->fit->outcome->objective;
}

/* Every step-th row, from the first; the caller frees them. NULL: no memory. */
static size_t *every(size_t step, size_t count)
{
  size_t *index = resize(NULL, count, sizeof *index);
  for (size_t i = 0; index != NULL && i < count; i++) index[i] = i * step;
  return index;
}

/* What Newton's method would gain from v: r'H^-1 r / 2 for the gradient r, which is used up. By conjugate
 * gradients, until steps gain a twentieth and less; INFINITY where there is no curvature along r. `room` has
 * space for two more vectors. */
static tg_status newton_gain(whitened_fit *a, double *r, double *room, double *gain)
{
  const tg_objective c = whitening_objective(&a->w);
  const size_t n = c.n;
  const double norm = a->fit->outcome->gradient_norm, square = norm * norm;
  double *d = room, *hd = d + n, rest = square;
  int status = TG_OK;
  *gain = 0;
  memcpy(d, r, n * sizeof *d);
  for (size_t k = 0; k < 50 && status == TG_OK && rest > 0; k++) {
    status = c.hvp(a->v, d, hd, c.user);
    double curvature = 0, next = 0;
    for (size_t j = 0; j < n; j++) curvature += d[j] * hd[j];
    if (!(curvature > 0)) {
      if (k == 0) *gain = INFINITY;
      break;
    }
    const double length = rest / curvature, more = length * rest / 2;
    for (size_t j = 0; j < n; j++) {
      r[j] -= length * hd[j];
      next += r[j] * r[j];
    }
    *gain += more;
    if (more <= 0.05 * *gain && next <= 0.05 * square) break;
    for (size_t j = 0; j < n; j++) d[j] = r[j] + next / rest * d[j];
    rest = next;
  }
  return (tg_status)status;
}

/* The same with the Hessian over a sample of rows, ten for each parameter. */
static tg_status sampled_gain(whitened_fit *a, double *gain)
{
  enum { ROWS_PER_PARAMETER = 10 };
  problem *p = a->fit->p;
  const size_t n = p->n, step = p->data->paged == NULL ? p->data->rows / (ROWS_PER_PARAMETER * n) : 0;
  const size_t count = step > 1 ? (p->data->rows + step - 1) / step : 0;
  double *room = resize(NULL, 3 * n, sizeof *room), value;
  size_t *index = every(step, count);
  if (room == NULL || index == NULL) return free(room), free(index), TG_E_NOMEM;
  const tg_objective c = whitening_objective(&a->w);
  tg_status status = (tg_status)c.evaluate(a->v, &value, room, c.user);
  if (count > 0) problem_restrict(p, index, count);
  if (status == TG_OK) status = newton_gain(a, room, room + n, gain);
  problem_restrict(p, NULL, 0);
  free(room);
  free(index);
  return status;
}

/* The curvature of several outputs that a fit has counted on is a guess. Before the fit may end Newton's gain
 * is asked for; if it is too large, *ended becomes false, and the least curvature what the gain tells. */
static tg_status confirm(whitened_fit *a, bool *ended)
{
  const fit_outcome *o = a->fit->outcome;
  if (model_output_count(&a->fit->p->shape) == 1 || o->gradient_norm == 0) return TG_OK;
  double gain = INFINITY;
  const tg_status status = sampled_gain(a, &gain);
  if (status != TG_OK) return status;
  gain *= 1.25; /* the last steps of the conjugate gradients are missing */
  *ended = !(gain > a->fit->settings->tolerance * fabs(o->objective));
  if (*ended) return TG_OK;
  const double half = a->least / 2, square = o->gradient_norm * o->gradient_norm;
  a->least = isinf(gain) ? half : fmin(half, square / (2 * gain));
  return TG_OK;
}

static tg_status run_stage(whitened_fit *a, size_t most, bool *ended)
{
  tg_run *run;
  fit *t = a->fit;
  const tg_minimize_options options = fit_run_options(t->settings);
  whitening_enter(&a->w, t->theta, a->v);
  tg_status status = tg_run_new(&run, whitening_objective(&a->w), a->method, a->v, &options);
  if (status == TG_OK) status = step_run(t, run, a, most, ended);
  tg_run_free(run);
  if (status == TG_OK && *ended && t->outcome->stop == FIT_CONVERGED) status = confirm(a, ended);
  return status;
}

/* Starts again in new coordinates now and then, as the curvature changes on the way. */
static tg_status run_stages(whitened_fit *a)
{
  const bool changes = a->fit->p->shape.kind != MODEL_LINEAR;
  tg_status status = TG_OK;
  size_t length = FIRST_STAGE;
  for (bool ended = false; status == TG_OK && !ended; length += FIRST_STAGE) {
    status = run_stage(a, changes ? length : SIZE_MAX, &ended);
    if (status == TG_OK && !ended) renew(a);
  }
  return status;
}

/* A start elsewhere is better than what a sample can tell. */
static bool starts_cold(const fit *t)
{
  for (size_t j = 0; j < t->p->n; j++) {
    if (t->theta[j] != 0) return false;
  }
  return true;
}

/* Coordinates for where the fit starts. */
static tg_status enter_warm(whitened_fit *a)
{
  const tg_status status = problem_evaluate(a->fit->p, a->fit->theta, &a->entered, NULL);
  if (status == TG_OK) whitening_at(&a->w, a->fit->theta);
  return status;
}

/* Fits the rows of the sample only. Nobody watches: it takes less time than one or two iterations over all
 * rows. */
static tg_status run_sample(whitened_fit *a, const size_t *index, size_t count)
{
  fit *whole = a->fit;
  fit_settings rough = *whole->settings;
  rough.watch = NULL;
  rough.tolerance = fmax(rough.tolerance, 0.02 * (double)whole->p->n / (double)count);
  fit sample = *whole;
  sample.settings = &rough;
  a->fit = &sample;
  problem_restrict(whole->p, index, count);
  const tg_status status = run_stages(a);
  problem_restrict(whole->p, NULL, 0);
  a->fit = whole;
  return status;
}

/* The optimum for every so manieth row is as near as these rows can tell, about n / (2 count) above that for
 * all in units of the loss: a better start than zero, and the right place for the coordinates. */
static tg_status solve_sample(whitened_fit *a)
{
  const problem *p = a->fit->p;
  const size_t rows = p->data->rows, wanted = SAMPLE_PER_PARAMETER * p->n;
  const size_t enough = wanted > LEAST_SAMPLE ? wanted : LEAST_SAMPLE;
  if (model_output_count(&p->shape) > 1 || rows / LEAST_SAVING < enough) return TG_OK;
  const size_t step = rows / enough, count = (rows + step - 1) / step;
  if (p->data->paged != NULL && count > p->data->paged->most) return TG_OK; /* more than memory is for */
  size_t *index = every(step, count);
  if (index == NULL) return TG_E_NOMEM;
  const tg_status status = run_sample(a, index, count);
  free(index);
  if (status == TG_OK) renew(a);
  a->fit->outcome->iterations = 0;
  return status;
}

static bool fit_whitened(fit *t, tg_method method, failure *f)
{
  whitened_fit a = {.fit = t, .method = method, .entered = INFINITY, .least = 0.05};
  a.v = resize(NULL, t->p->n, sizeof *a.v);
  if (a.v == NULL) return fail_memory(f);
  if (!whitening_new(&a.w, t->p, f)) return free(a.v), false;
  tg_status status = starts_cold(t) ? solve_sample(&a) : enter_warm(&a);
  if (status == TG_OK) status = run_stages(&a);
  free(a.v);
  whitening_free(&a.w);
  return status == TG_OK || problem_fail(status, f);
}

bool fit_full_batch(fit *t, tg_method method, failure *f)
{
  const bool plain = t->p->lasso != NULL || method_needs_curvature(&method) || !whitening_fits(t->p);
  return plain ? fit_plain(t, method, f) : fit_whitened(t, method, f);
}
