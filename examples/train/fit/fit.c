#include "fit.h"

#include "memory.h"
#include "system.h"
#include "whitening.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Where Newton's method is chosen: a Hessian costs about rows * parameters^2, and must not cost more than the
 * iterations it saves, unless there is an L1 or no penalty, or a wanted accuracy beyond what gradients give.
 */
enum { NEWTON_PARAMETERS = 200, NEWTON_COST = 50000 };

/* A sample of rows is solved first where there are at least so many times more. */
enum { SAMPLE_PER_PARAMETER = 100, LEAST_SAMPLE = 2000, LEAST_SAVING = 8 };

enum { FIRST_STAGE = 8 }; /* iterations before the coordinates are renewed; 8 more in every further stage */

static const struct {
  fit_kind kind;
  const char *word, *text;
} stop_row[] = {
#define FIT_STOP_ROW(code, kind, word, text) {kind, word, text},
    FIT_STOP_LIST(FIT_STOP_ROW)
#undef FIT_STOP_ROW
};

const char *fit_stop_string(fit_stop s) { return stop_row[s].text; }

const char *fit_stop_word(fit_stop s) { return stop_row[s].word; }

fit_kind fit_stop_kind(fit_stop s) { return stop_row[s].kind; }

bool fit_converged(fit_stop s) { return s == FIT_CONVERGED || s == FIT_ROUNDING; }

fit_settings fit_defaults(void)
{
  return (fit_settings){
      .method = "auto", .tolerance = 1e-12, .max_iterations = 10000, .epochs = 100, .batch = 32, .seed = 1};
}

double fit_clock(void) { return system_seconds(); }

bool fit_fail_status(tg_status status, failure *f)
{
  if (status == TG_E_NOMEM) return fail_memory(f);
  return fail(f, "fitting failed: %s", tg_status_string(status));
}

/* Is C - C* <= gap lost in the rounding of C, in so many of its units, or the fit as exact as the target is?
 */
static bool within_rounding(const problem *p, const double *theta, double gap, double units,
                            const fit_outcome *o)
{
  const double exact = problem_exact(p, theta);
  return gap <= units * DBL_EPSILON * fabs(o->objective) || gap <= exact || o->objective <= exact;
}

static fit_stop limit_reached(const fit_settings *s, const fit_outcome *o)
{
  if (o->iterations >= s->max_iterations) return FIT_ITERATIONS;
  return s->max_seconds > 0 && o->seconds >= s->max_seconds ? FIT_SECONDS : FIT_RUNNING;
}

static fit_stop ask_watcher(const double *theta, const fit_settings *s, const fit_outcome *o)
{
  if (s->watch == NULL) return FIT_RUNNING;
  const fit_progress now = {o->method,    o->iterations,    s->max_iterations,
                            o->objective, o->gradient_norm, o->seconds,
                            theta,        o->run,           false};
  return s->watch(&now, s->user);
}

bool fit_goes_on(const problem *p, const double *theta, double gap, const fit_settings *s, fit_outcome *o,
                 double start)
{
  o->seconds = fit_clock() - start;
  o->stop = ask_watcher(theta, s, o);
  if (o->stop != FIT_RUNNING) return false;
  if (gap <= s->tolerance * fabs(o->objective)) return o->stop = FIT_CONVERGED, false;
  o->stop = limit_reached(s, o);
  if (o->stop != FIT_RUNNING && within_rounding(p, theta, gap, 1, o)) o->stop = FIT_ROUNDING;
  return o->stop == FIT_RUNNING;
}

/* Within an iteration that may be long the watcher is asked now and then. */
bool fit_within(void *user)
{
  fit_patience *a = user;
  const fit_settings *s = a->settings;
  const double time = fit_clock();
  if (time - a->looked < 0.1) return true;
  a->looked = time;
  a->outcome->seconds = time - a->start;
  if (s->max_seconds > 0 && a->outcome->seconds >= s->max_seconds)
    return a->outcome->stop = FIT_SECONDS, false;
  if (s->watch == NULL) return true;
  const fit_outcome *o = a->outcome;
  const fit_progress now = {o->method,    o->iterations,    s->max_iterations,
                            o->objective, o->gradient_norm, o->seconds,
                            a->theta,     o->run,           true};
  a->outcome->stop = s->watch(&now, s->user);
  return a->outcome->stop == FIT_RUNNING;
}

/* -- methods of the library
 * -------------------------------------------------------------------------------------- */

/* A bound of how far the objective is above the optimum: C - C* <= |g|^2 / (2 m) where m is the least
 * curvature met on the way there. In coordinates whitened nearby that is 1 for one output, but for the sample
 * of rows they come from and the way that is left; classes share one matrix, and `least` is what is known
 * then (see is_there). In coordinates from far away it is lower where predictions have become certain. In
 * merely scaled ones correlation lowers it too, and the smallest ridge is a bound. With an L1 penalty g is
 * the least subgradient. */
static double gap_of(const problem *p, const fit_outcome *o, const whitening *w, double entered, double least)
{
  const bool nearby = entered - o->objective <= 0.25 * fabs(o->objective);
  double m = w == NULL ? (p->lasso != NULL ? 3e-7 : 1e-5) * problem_curvature(&p->shape)
             : !nearby ? 1e-3
             : model_output_count(&p->shape) == 1 ? 0.1
                                                  : least;
  double ridge = INFINITY;
  for (size_t j = 0; w == NULL && j < p->n; j++) {
    if (p->ridge[j] > 0 && p->ridge[j] < ridge) ridge = p->ridge[j];
  }
  if (isfinite(ridge) && ridge > m) m = ridge;
  return o->gradient_norm * o->gradient_norm / (2 * m);
}

/* May rows be without the curvature that a gap counts on? On straight pieces of a loss they are, and where a
 * logistic model is sure and wrong, so that it is worse than none. */
static bool may_be_flat(const problem *p, const fit_outcome *o)
{
  const model_shape *m = &p->shape;
  return m->kind == MODEL_LINEAR ? m->loss != LOSS_SQUARED
                                 : m->kind == MODEL_LOGISTIC && o->objective > log(2);
}

tg_status fit_judge_gap(problem *p, const double *theta, const fit_settings *s, const fit_outcome *o,
                        double *gap)
{
  const double ends = fmax(s->tolerance, 1000 * DBL_EPSILON) * fabs(o->objective);
  if (*gap == 0 || !may_be_flat(p, o) || (*gap > ends && *gap > problem_exact(p, theta))) return TG_OK;
  const tg_objective c = problem_objective(p);
  double *room = zeroed(2 * p->n, sizeof *room);
  if (room == NULL) return TG_E_NOMEM;
  double *intercept = room, *curvature = room + p->n;
  intercept[p->n - 1] = 1;
  const int status = c.hvp(theta, intercept, curvature, c.user);
  const double share = curvature[p->n - 1] / problem_curvature(&p->shape);
  if (share < 1) *gap = share > 0 ? *gap / share : INFINITY;
  free(room);
  return (tg_status)status;
}

fit_stop fit_stop_of(const problem *p, const double *theta, tg_stop stop, double gap, const fit_outcome *o)
{
  if (tg_converged(stop)) return stop == TG_STOP_ROUNDING ? FIT_ROUNDING : FIT_CONVERGED;
  switch (stop) {
  case TG_STOP_EPOCHS:
  case TG_STOP_PATIENCE: return FIT_EPOCHS;
  case TG_STOP_ITERATIONS: return FIT_ITERATIONS;
  case TG_STOP_SECONDS: return FIT_SECONDS;
  case TG_STOP_UNBOUNDED:
  case TG_STOP_NONFINITE: return FIT_DIVERGED;
  default: return within_rounding(p, theta, gap, 1000, o) ? FIT_ROUNDING : FIT_STALLED;
  }
}

/* Steps a run to its end, or for at most `most` iterations; *ended tells which. `v` is what it moves: theta
 * itself, or theta in the coordinates of `w`. `entered` is the objective where these were made. */
static tg_status step_run(problem *p, tg_run *run, whitening *w, const double *v, double *theta,
                          const fit_settings *s, fit_outcome *o, size_t most, double entered, double least,
                          double start, bool *ended)
{
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
    if (w != NULL) whitening_leave(w, v, theta);
    double gap = gap_of(p, o, w, entered, least);
    status = fit_judge_gap(p, theta, s, o, &gap);
    if (status != TG_OK) return status;
    if (!fit_goes_on(p, theta, gap, s, o, start)) return TG_OK;
    if (!more) return o->stop = fit_stop_of(p, theta, now->stop, gap, o), TG_OK;
    *ended = now->iterations < most;
    if (!*ended) return TG_OK;
  }
}

static bool fit_plain(problem *p, tg_method method, double *theta, const tg_minimize_options *options,
                      const fit_settings *s, fit_outcome *o, failure *f)
{
  tg_run *run;
  bool ended;
  tg_status status = tg_run_new(&run, problem_objective(p), method, theta, options);
  if (status == TG_OK)
    status = step_run(p, run, NULL, theta, theta, s, o, SIZE_MAX, INFINITY, 0, fit_clock(), &ended);
  tg_run_free(run);
  return status == TG_OK || fit_fail_status(status, f);
}

typedef struct whitened_fit {
  problem *p;
  whitening w;
  tg_method method;
  const tg_minimize_options *options;
  fit_outcome *o;
  double *theta, *v;     /* fitted and whitened coordinates */
  double start, entered; /* when it began; the objective where the present coordinates were made */
  double least;          /* curvature of several outputs that is counted on in coordinates made nearby */
} whitened_fit;

static void renew(whitened_fit *a)
{
  whitening_at(&a->w, a->theta);
  a->entered = a->o->objective;
}

/* What Newton's method would gain from v: r'H^-1 r / 2 for the gradient r, by conjugate gradients, until
 * steps gain a twentieth and less; INFINITY where there is no curvature along r. `room` has space for two
 * more vectors. */
static tg_status newton_gain(const tg_objective *c, const double *v, double *r, double square, double *room,
                             double *gain)
{
  const size_t n = c->n;
  double *d = room, *hd = d + n, rest = square;
  int status = TG_OK;
  *gain = 0;
  memcpy(d, r, n * sizeof *d);
  for (size_t k = 0; k < 50 && status == TG_OK && rest > 0; k++) {
    status = c->hvp(v, d, hd, c->user);
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

/* Classes share one matrix, so that their curvature is not known to be near 1. Before such a fit may end
 * Newton's gain is asked for, with the Hessian over a sample of rows; if it is too large the least curvature
 * is what it tells. */
static tg_status is_there(whitened_fit *a, const fit_settings *s, bool *there)
{
  enum { ROWS_PER_PARAMETER = 10 };
  problem *p = a->p;
  const size_t n = p->n, step = p->data->paged == NULL ? p->data->rows / (ROWS_PER_PARAMETER * n) : 0;
  const size_t count = step > 1 ? (p->data->rows + step - 1) / step : 0;
  if (model_output_count(&p->shape) == 1 || a->o->gradient_norm == 0) return TG_OK;
  double *room = resize(NULL, 3 * n, sizeof *room), value, gain = INFINITY;
  size_t *index = resize(NULL, count, sizeof *index);
  if (room == NULL || index == NULL) return free(room), free(index), TG_E_NOMEM;
  for (size_t i = 0; i < count; i++) index[i] = i * step;
  const tg_objective c = whitening_objective(&a->w);
  const double square = a->o->gradient_norm * a->o->gradient_norm;
  tg_status status = (tg_status)c.evaluate(a->v, &value, room, c.user);
  if (count > 0) problem_restrict(p, index, count);
  if (status == TG_OK) status = newton_gain(&c, a->v, room, square, room + n, &gain);
  problem_restrict(p, NULL, 0);
  free(room);
  free(index);
  *there = !(1.25 * gain > s->tolerance * fabs(a->o->objective));
  if (!*there) a->least = isinf(gain) ? a->least / 2 : fmin(a->least / 2, square / (2 * 1.25 * gain));
  return status;
}

/* Starts again in new coordinates now and then, as the curvature changes on the way. */
static tg_status run_stages(whitened_fit *a, const fit_settings *s)
{
  const bool changes = a->p->shape.kind != MODEL_LINEAR;
  tg_status status = TG_OK;
  size_t length = FIRST_STAGE;
  for (bool ended = false; status == TG_OK && !ended;) {
    tg_run *run;
    whitening_enter(&a->w, a->theta, a->v);
    status = tg_run_new(&run, whitening_objective(&a->w), a->method, a->v, a->options);
    if (status == TG_OK) {
      status = step_run(a->p, run, &a->w, a->v, a->theta, s, a->o, changes ? length : SIZE_MAX, a->entered,
                        a->least, a->start, &ended);
    }
    tg_run_free(run);
    if (status == TG_OK && ended && a->o->stop == FIT_CONVERGED) status = is_there(a, s, &ended);
    if (status == TG_OK && !ended) renew(a);
    length += FIRST_STAGE;
  }
  return status;
}

/* A start elsewhere is better than what a sample can tell. */
static bool starts_cold(const whitened_fit *a)
{
  for (size_t j = 0; j < a->p->n; j++) {
    if (a->theta[j] != 0) return false;
  }
  return true;
}

/* Coordinates for where the fit starts. */
static tg_status enter_warm(whitened_fit *a)
{
  const tg_status status = problem_evaluate(a->p, a->theta, &a->entered, NULL);
  if (status == TG_OK) whitening_at(&a->w, a->theta);
  return status;
}

/* The optimum for every so manieth row is as near as these rows can tell, about n / (2 count) above that for
 * all in units of the loss: a better start than zero, and the right place for the coordinates. Nobody
 * watches: it takes less time than one or two iterations over all rows. */
static tg_status solve_sample(whitened_fit *a, const fit_settings *s)
{
  problem *p = a->p;
  const size_t rows = p->data->rows, wanted = SAMPLE_PER_PARAMETER * p->n;
  const size_t enough = wanted > LEAST_SAMPLE ? wanted : LEAST_SAMPLE;
  if (model_output_count(&p->shape) > 1 || rows / LEAST_SAVING < enough) return TG_OK;
  const size_t step = rows / enough, count = (rows + step - 1) / step;
  if (p->data->paged != NULL && count > p->data->paged->most) return TG_OK; /* more than memory is for */
  size_t *index = resize(NULL, count, sizeof *index);
  if (index == NULL) return TG_E_NOMEM;
  for (size_t i = 0; i < count; i++) index[i] = i * step;
  fit_settings rough = *s;
  rough.watch = NULL;
  rough.tolerance = fmax(s->tolerance, 0.02 * (double)p->n / (double)count);
  problem_restrict(p, index, count);
  const tg_status status = run_stages(a, &rough);
  problem_restrict(p, NULL, 0);
  free(index);
  if (status == TG_OK) renew(a);
  a->o->iterations = 0;
  return status;
}

static bool fit_whitened(problem *p, tg_method method, double *theta, const tg_minimize_options *options,
                         const fit_settings *s, fit_outcome *o, failure *f)
{
  whitened_fit a = {.p = p,
                    .method = method,
                    .options = options,
                    .o = o,
                    .theta = theta,
                    .start = fit_clock(),
                    .entered = INFINITY,
                    .least = 0.05};
  a.v = resize(NULL, p->n, sizeof *a.v);
  if (a.v == NULL) return fail_memory(f);
  if (!whitening_new(&a.w, p, f)) return free(a.v), false;
  tg_status status = starts_cold(&a) ? solve_sample(&a, s) : enter_warm(&a);
  if (status == TG_OK) status = run_stages(&a, s);
  free(a.v);
  whitening_free(&a.w);
  return status == TG_OK || fit_fail_status(status, f);
}

/* Methods of second order need no other coordinates, which come without second derivatives. */
static bool uses_curvature(const char *method)
{
  return strcmp(method, "newton_cg") == 0 || strncmp(method, "trust_region", 12) == 0;
}

tg_minimize_options fit_run_options(const fit_settings *s)
{
  tg_minimize_options options = tg_minimize_defaults();
  options.accuracy = 0;
  options.norm = TG_NORM_EUCLID;
  options.max_iterations = s->max_iterations;
  return options;
}

static bool fit_full(problem *p, tg_method method, double *theta, const fit_settings *s, fit_outcome *o,
                     failure *f)
{
  const tg_minimize_options options = fit_run_options(s);
  const bool plain = p->lasso != NULL || uses_curvature(s->method) || !whitening_fits(p);
  return (plain ? fit_plain : fit_whitened)(p, method, theta, &options, s, o, f);
}

/* Within an epoch the watcher is asked now and then, for epochs may be long. */
static bool epoch_goes_on(const double *theta, const fit_settings *s, fit_outcome *o, double *looked)
{
  const double time = fit_clock();
  if (time - *looked < 0.1) return true;
  o->seconds += time - *looked;
  *looked = time;
  if (s->max_seconds > 0 && o->seconds >= s->max_seconds) return o->stop = FIT_SECONDS, false;
  if (s->watch == NULL) return true;
  const fit_progress now = {o->method,  o->iterations, s->epochs, o->objective, o->gradient_norm,
                            o->seconds, theta,         o->run,    true};
  o->stop = s->watch(&now, s->user);
  return o->stop == FIT_RUNNING;
}

static tg_status step_epochs(problem *p, tg_run *run, const double *theta, const fit_settings *s,
                             fit_outcome *o)
{
  const double start = fit_clock();
  double looked = start;
  const tg_report *now = tg_run_report(run);
  fit_settings per_epoch = *s;
  per_epoch.max_iterations = s->epochs;
  o->iterations = now->epoch;
  for (;;) {
    const bool more = tg_run_step(run);
    const tg_status status = tg_run_status(run);
    if (status != TG_OK) return status;
    const bool whole_epoch = now->epoch > o->iterations;
    o->batches = now->gradients;
    o->iterations = now->epoch;
    o->objective = now->value;
    o->gradient_norm = now->gradient_norm;
    if (whole_epoch && !fit_goes_on(p, theta, INFINITY, &per_epoch, o, start) && o->stop != FIT_ITERATIONS)
      return TG_OK;
    if (!whole_epoch && !epoch_goes_on(theta, s, o, &looked)) return TG_OK;
    if (!more) return o->stop = fit_stop_of(p, theta, now->stop, INFINITY, o), TG_OK;
  }
}

/* Epochs end wherever their steps have led: what is not finite, though every batch was, or half as high again
 * as with no coefficients has run away. */
static tg_status judge_epochs(problem *p, const double *theta, fit_outcome *o)
{
  double *zero = zeroed(2 * p->n, sizeof *zero), of_zero;
  if (zero == NULL) return TG_E_NOMEM;
  double *gradient = zero + p->n;
  tg_status status = problem_evaluate(p, theta, &o->objective, gradient);
  o->gradient_norm = least_subgradient(p, theta, gradient);
  if (status == TG_OK) status = problem_evaluate(p, zero, &of_zero, NULL);
  free(zero);
  if (status != TG_OK) return status;
  if (!isfinite(o->objective))
    o->stop = FIT_DIVERGED;
  else if (fit_stop_kind(o->stop) == FIT_SUCCESS && o->objective > 1.5 * of_zero)
    o->stop = FIT_WORSE;
  return TG_OK;
}

static bool fit_epochs(problem *p, tg_method method, double *theta, const fit_settings *s, fit_outcome *o,
                       failure *f)
{
  tg_fit_options options = tg_fit_defaults();
  options.epochs = s->epochs;
  options.batch = s->batch;
  options.seed = s->seed;
  tg_run *run;
  tg_status status = tg_run_new_fit(&run, problem_objective(p), method, theta, &options);
  if (status == TG_OK && s->resume != NULL && tg_run_restore(run, s->resume, s->resume_size) != TG_OK) {
    tg_run_free(run);
    return fail(
        f,
        "the checkpoint is of another build of the program or of another method; remove it to start from the "
        "beginning");
  }
  o->run = run;
  if (status == TG_OK) status = step_epochs(p, run, theta, s, o);
  o->run = NULL;
  tg_run_free(run);
  if (status != TG_OK) return fit_fail_status(status, f);
  status = judge_epochs(p, theta, o);
  return status == TG_OK || fit_fail_status(status, f);
}

bool fit_stochastic(const char *name)
{
  static const char *const full[] = {
      "auto", "newton",       "proximal",  "lbfgs",        "bfgs",           "dfp",
      "gd",   "nonlinear_cg", "newton_cg", "trust_region", "trust_region_cg"};
  for (size_t i = 0; i < sizeof full / sizeof *full; i++) {
    if (strcmp(name, full[i]) == 0) return false;
  }
  return true;
}

static bool fit_named(problem *p, double *theta, const fit_settings *s, const char *name, fit_outcome *o,
                      failure *f)
{
  tg_method method;
  if (tg_method_named(&method, name) != TG_OK) return fail_usage(f, "there is no method named '%.40s'", name);
  static const char *const others[] = {"levenberg_marquardt", "linear_cg", "secant"};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    if (strcmp(name, others[i]) == 0)
      return fail_usage(f, "method '%s' is not for the objectives of this program", name);
  }
  if (p->lasso != NULL && strcmp(name, "lbfgs") != 0) {
    return fail_usage(f, "method '%s' cannot handle an L1 penalty; leave the choice of method to the program",
                      name);
  }
  if (p->lasso != NULL) {
    method.l1 = 1;
    method.l1_weight = p->lasso;
  }
  if (s->rate > 0) method.alpha = s->rate;
  o->method = tg_method_name(&method);
  return fit_stochastic(name) ? fit_epochs(p, method, theta, s, o, f) : fit_full(p, method, theta, s, o, f);
}

/* -- the absolute loss
 * ------------------------------------------------------------------------------------------- */

/* Separable classes under a penalty that hardly is one: curvature varies over so many powers of ten that only
 * Newton's method knows it. */
static bool hardly_penalised(const problem *p)
{
  double most = 0;
  for (size_t j = 0; j < p->n; j++) most = p->ridge[j] > most ? p->ridge[j] : most;
  return p->shape.kind == MODEL_LOGISTIC && most < 1e-20 * problem_curvature(&p->shape);
}

static bool newton_pays(const problem *p, const fit_settings *s)
{
  if (p->n > NEWTON_PARAMETERS || p->shape.kind == MODEL_NET) return false;
  const bool hard = p->lasso != NULL || s->tolerance < 1e-13 || p->ridge[0] == 0 || hardly_penalised(p) ||
                    (p->shape.kind == MODEL_LINEAR && p->shape.loss != LOSS_SQUARED);
  if (hard) return true;
  return (double)p->data->rows * (double)p->n * (double)p->n <= NEWTON_COST;
}

/* What the classes of a softmax have in common changes no prediction, so under an L2 penalty none of it is
 * left at the optimum: taken out of a start at once, as the penalty alone may take very long. */
static void centre_classes(const problem *p, double *theta)
{
  const size_t k = p->shape.classes, features = p->shape.features;
  if (p->shape.kind != MODEL_MULTINOMIAL || p->lasso != NULL) return;
  for (size_t j = 0; j < features; j++) {
    double mean = 0;
    for (size_t c = 0; c < k; c++) mean += theta[c * features + j] / (double)k;
    for (size_t c = 0; c < k; c++) theta[c * features + j] -= mean;
  }
}

static bool fit_once(problem *p, double *theta, const fit_settings *s, fit_outcome *o, failure *f)
{
  if (!fit_stochastic(s->method)) centre_classes(p, theta);
  const bool automatic = strcmp(s->method, "auto") == 0;
  if (strcmp(s->method, "newton") == 0 || (automatic && newton_pays(p, s)))
    return fit_newton(p, theta, s, o, f);
  if (strcmp(s->method, "proximal") == 0) return fit_proximal(p, theta, s, o, f);
  return fit_named(p, theta, s, automatic ? "lbfgs" : s->method, o, f);
}

/* A fit cut short in an earlier stage is told by the loss that was asked for. */
static bool settle_smoothing(problem *p, const double *theta, double wanted, fit_outcome *o, failure *f)
{
  if (p->shape.smoothing == wanted) return true;
  p->shape.smoothing = wanted;
  const tg_status status = problem_evaluate(p, theta, &o->objective, NULL);
  o->objective += problem_lasso(p, theta);
  return status == TG_OK || fit_fail_status(status, f);
}

/* The smoothing starts at the size of the residuals and falls to where it was asked to be, each solution the
 * start of the next: Newton's method would not get there in one go. */
static bool fit_absolute(problem *p, double *theta, const fit_settings *s, fit_outcome *o, failure *f)
{
  const double wanted = p->shape.smoothing;
  double smoothing;
  const tg_status status = problem_loss(p, theta, &smoothing, NULL);
  if (status != TG_OK) return fit_fail_status(status, f);
  size_t iterations = 0;
  for (bool last = false; !last;) {
    fit_settings here = *s;
    last = !(smoothing > wanted);
    p->shape.smoothing = last ? wanted : smoothing;
    here.max_iterations = s->max_iterations - iterations;
    if (!last) here.tolerance = fmax(s->tolerance, 1e-6); /* only a start */
    o->iterations = 0;
    if (!fit_once(p, theta, &here, o, f)) return false;
    iterations += o->iterations;
    smoothing /= 10;
    if (!fit_converged(o->stop) && o->stop != FIT_STALLED) break;
  }
  o->iterations = iterations;
  return settle_smoothing(p, theta, wanted, o, f);
}

/* Where all rows are as certain as that, a gradient no longer tells how far the optimum is, nor does a
 * Hessian in which the common part of a softmax is pinned. */
static bool meets_floor(const problem *p, const fit_outcome *o)
{
  static const double floor_of_objective = 1e-20;
  const model_kind kind = p->shape.kind;
  const bool ended = fit_converged(o->stop) || o->stop == FIT_STALLED;
  const bool sound = kind == MODEL_LOGISTIC && strcmp(o->method, "newton") == 0;
  return ended && !sound && (kind == MODEL_LOGISTIC || kind == MODEL_MULTINOMIAL) &&
         o->objective < floor_of_objective;
}

bool fit_run(problem *p, double *theta, const fit_settings *s, fit_outcome *o, failure *f)
{
  *o = (fit_outcome){.method = s->method};
  p->values = p->gradients = p->hessians = p->products = 0;
  const double start = fit_clock();
  const bool absolute = p->shape.loss == LOSS_ABSOLUTE;
  fit_patience patience = {theta, s, o, start, start};
  p->go_on = fit_within;
  p->go_on_user = &patience;
  p->stopped = false;
  const bool good = (absolute ? fit_absolute(p, theta, s, o, f) : fit_once(p, theta, s, o, f)) || p->stopped;
  p->go_on = NULL;
  p->go_on_user = NULL;
  if (good && meets_floor(p, o)) o->stop = FIT_FLOOR;
  o->values = p->values;
  o->gradients = p->gradients;
  o->hessians = p->hessians;
  o->products = p->products;
  o->seconds = fit_clock() - start;
  return good;
}
