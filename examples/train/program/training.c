#include "training.h"

#include "fit_state.h"
#include "memory.h"
#include "split.h"
#include "system.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

double default_lambda(const options *o, model_kind kind)
{
  return !isnan(o->lambda) ? o->lambda : kind == MODEL_LINEAR ? 0 : 1e-4;
}

penalty penalty_of(const options *o, model_kind kind)
{
  const double lambda = default_lambda(o, kind);
  return (penalty){(1 - o->mix) * lambda, o->mix * lambda, o->standardize == 1};
}

/* -- the target's own scale ------------------------------------------------------------------------------ */

static int by_value(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *x, size_t n)
{
  qsort(x, n, sizeof *x, by_value);
  return n % 2 == 1 ? x[n / 2] : x[n / 2 - 1] / 2 + x[n / 2] / 2;
}

/* Median of the target and of its distance from that median, and the root of its mean square, over the rows
 * whose weight is not 0. */
static bool target_spread(const dataset *d, double *middle, double *deviation, double *magnitude)
{
  double *y = resize(NULL, d->rows, sizeof *y);
  if (y == NULL) return false;
  size_t n = 0;
  for (size_t i = 0; i < d->rows; i++) {
    if (dataset_weight(d, i) > 0) y[n++] = dataset_target(d, i);
  }
  *magnitude = 0;
  for (size_t i = 0; i < n; i++) *magnitude = hypot(*magnitude, y[i]);
  *magnitude /= sqrt((double)n);
  *middle = median(y, n);
  for (size_t i = 0; i < n; i++) y[i] = fabs(y[i] - *middle);
  *deviation = median(y, n);
  double mean = 0;
  for (size_t i = 0; i < n; i++) mean += y[i] / (double)n;
  if (*deviation == 0) *deviation = mean;
  free(y);
  return true;
}

static bool settle_regression(training *t, const options *o, failure *f)
{
  double middle, deviation, magnitude;
  if (!target_spread(&t->data, &middle, &deviation, &magnitude)) return fail_memory(f);
  if (!(deviation > 0))
    return fail(f, "the target is the same in all rows to learn from: there is nothing to predict");
  if (deviation > 1e140) return fail(f, "the target is as large as %g: too large to be squared", deviation);
  if (deviation < 1e-140)
    return fail(f,
                "the target varies by as little as %g: too small to be squared; choose another unit for it",
                deviation);
  model_shape *m = &t->model.shape;
  m->loss = o->loss >= 0 ? (linear_loss)o->loss : LOSS_SQUARED;
  m->centre = middle;
  m->unit = deviation;
  m->magnitude = magnitude;
  m->delta = isnan(o->delta) ? 1.345 * 1.4826 * deviation : o->delta; /* P. Huber's 95 % efficiency */
  m->smoothing = isnan(o->smoothing) ? 1e-6 * deviation : o->smoothing;
  return true;
}

/* -- where to start -------------------------------------------------------------------------------------- */

/* A net starts from random weights (X. Glorot and Y. Bengio 2010, (16)), everything else from zero. */
static void start_net(training *t, uint64_t seed)
{
  const model_shape *m = &t->model.shape;
  rng r = {seed};
  const size_t first = m->hidden * m->features, second = m->hidden * (m->features + 1);
  const size_t outputs = model_output_count(m);
  const double a = sqrt(2 / (double)(m->features + m->hidden)), b = sqrt(2 / (double)(outputs + m->hidden));
  for (size_t i = 0; i < first; i++) t->theta[i] = a * rng_normal(&r);
  for (size_t i = 0; i < m->hidden * outputs; i++) t->theta[second + i] = b * rng_normal(&r);
}

static bool start_from_model(training *t, const char *file, failure *f)
{
  trained old;
  if (!trained_read(&old, file, f)) return false;
  const model_shape *a = &t->model.shape, *b = &old.shape;
  const bool fits = a->kind == b->kind && levels_same(&t->model.labels, &old.labels) &&
                    a->hidden == b->hidden && design_same(&t->model.design, &old.design);
  if (fits) {
    memcpy(t->theta, old.theta, t->problem.n * sizeof *t->theta);
    scaling_redo(&t->scaling, a, t->theta);
  }
  trained_free(&old);
  return fits || fail_at(f, (place){file, 0, 0},
                         "the model has another kind or other columns or classes than this fit");
}

/* -- making and running ---------------------------------------------------------------------------------- */

static const char *name_of(const loaded *l, size_t column)
{
  return column != NO_COLUMN ? l->table.column[column].name : NULL;
}

/* NULL, "there is none", stays NULL; false: no memory. */
static bool copy_name(char **to, const char *name)
{
  if (name != NULL) *to = copy_text(name, strlen(name));
  return name == NULL || *to != NULL;
}

static bool describe(training *t, const loaded *l, const options *o, failure *f)
{
  trained *m = &t->model;
  m->design.missing = (missing_policy)o->missing;
  m->design.unseen_allowed = o->unseen == 1;
  if (l->is_sparse ? !design_sparse(&m->design, &l->sparse, l->sparse_column) && !fail_memory(f)
                   : !design_learn(&m->design, &l->table, l->features, t->rows, f))
    return false;
  const char *offset = l->row_offset != NULL ? "offset" : name_of(l, l->role.offset);
  const bool named = copy_name(&m->target, name_of(l, l->role.target)) && copy_name(&m->offset, offset) &&
                     copy_name(&m->weight, name_of(l, l->role.weight));
  if (!named || !levels_copy(&m->labels, &l->labels)) return fail_memory(f);
  m->penalty = penalty_of(o, l->kind);
  if (m->design.features == 0) return fail(f, "there is no feature to learn from");
  return loaded_rows(&t->data, l, &m->design, t->rows, true, f);
}

static bool is_classifier(const training *t)
{
  return t->model.shape.kind == MODEL_LOGISTIC || t->model.shape.kind == MODEL_MULTINOMIAL;
}

static bool unpenalised(const training *t)
{
  return t->model.penalty.l1 == 0 && t->model.penalty.l2 == 0 && is_classifier(t);
}

/* May the penalty turn out to settle nothing? */
static bool hardly_penalised(const training *t)
{
  return t->model.penalty.l1 + t->model.penalty.l2 < 1e-9 && is_classifier(t);
}

enum { MANY_NUMBERS = 1 << 19 };

/* Many rows are not worth a copy, if nothing but the fit looks at them. */
static bool stays_raw(const training *t, const options *o)
{
  const dataset *d = &t->data;
  const size_t numbers = d->is_sparse ? d->sparse.row_start[d->rows] : d->rows * d->features;
  const bool others = o->summary || hardly_penalised(t);
  return d->borrowed && numbers >= MANY_NUMBERS && !others && scaling_can_wait(&t->scaling);
}

static bool make_problem(training *t, const loaded *l, const options *o, failure *f)
{
  trained *m = &t->model;
  m->shape = (model_shape){.kind = l->kind,
                           .features = m->design.features,
                           .classes = l->labels.count,
                           .has_offset = t->data.has_offset,
                           .has_weight = t->data.has_weight,
                           .hidden = l->kind == MODEL_NET ? o->hidden : 0};
  if (l->labels.count == 0 && !settle_regression(t, o, f)) return false;
  if (o->summary && !inference_possible(&m->shape, m->penalty, f)) return false;
  const double ratio = m->penalty.l2 / problem_curvature(&m->shape);
  if (!scaling_learn(&t->scaling, &t->data, &m->design, ratio, m->penalty.standardized, f)) return false;
  m->mean = zeroed(m->design.features, sizeof(double));
  m->spread = zeroed(m->design.features, sizeof(double));
  m->theta = zeroed(model_parameters(&m->shape), sizeof(double));
  t->theta = zeroed(model_parameters(&m->shape), sizeof(double));
  if (!m->mean || !m->spread || !m->theta || !t->theta) return fail_memory(f);
  memcpy(m->mean, t->scaling.mean, m->design.features * sizeof(double));
  memcpy(m->spread, t->scaling.spread, m->design.features * sizeof(double));
  if (!stays_raw(t, o) && !scaling_apply(&t->scaling, &t->data)) return fail_memory(f);
  if (!problem_new(&t->problem, m->shape, &t->data, &t->scaling, m->penalty, f)) return false;
  tg_finite_sum_threads(t->problem.sum, (unsigned)o->threads);
  return true;
}

static fit_settings settings_of(const options *o, model_kind kind)
{
  fit_settings s = fit_defaults();
  s.method = o->method;
  s.tolerance = !isnan(o->tolerance) ? o->tolerance : kind == MODEL_NET ? 1e-6 : 1e-12;
  s.max_iterations = o->max_iterations;
  s.max_seconds = o->max_seconds;
  s.epochs = o->epochs;
  s.batch = o->batch;
  s.rate = o->rate;
  s.seed = o->seed;
  return s;
}

bool training_new(training *t, const loaded *l, row_list rows, const options *o, failure *f)
{
  const double start = system_seconds();
  assert(rows.count > 0);
  *t = (training){.settings = settings_of(o, l->kind), .rows = rows};
  bool good = describe(t, l, o, f) && make_problem(t, l, o, f);
  if (good && l->kind == MODEL_NET) start_net(t, o->seed);
  if (good && o->start != NULL) good = start_from_model(t, o->start, f);
  t->preparation = system_seconds() - start;
  if (!good) training_free(t);
  return good;
}

/* The best-known point of separable data is no estimate: the objective has an infimum there,
 * not a minimum. */
typedef struct separation_watch {
  training *t;
} separation_watch;

static fit_stop watch_separation(const fit_progress *now, void *user)
{
  training *t = ((separation_watch *)user)->t;
  if (now->theta != NULL && now->iteration > 0 && separation_proven(&t->problem, now->theta))
    return FIT_SEPARATED;
  return t->settings.watch != NULL ? t->settings.watch(now, t->settings.user) : FIT_RUNNING;
}

/* Where the rows of the problem come from. */
typedef struct row_source {
  const training *t;
  const loaded *l;
} row_source;

static bool read_unscaled(dataset *d, const size_t *row, size_t rows, void *user, failure *f)
{
  const row_source *s = user;
  size_t *of_file = resize(NULL, rows, sizeof *of_file);
  if (of_file == NULL) return fail_memory(f);
  for (size_t i = 0; i < rows; i++) of_file[i] = s->t->rows.at[row[i]];
  const bool good = loaded_rows(d, s->l, &s->t->model.design, (row_list){of_file, rows}, false, f);
  free(of_file);
  return good;
}

/* Is the penalty lost in the tolerance of the fit? Then the way along which classes separate is as good as
 * free: the fit has stopped somewhere on it. */
static bool penalty_settles_nothing(const training *t)
{
  if (!hardly_penalised(t) || !fit_converged(t->outcome.stop) || t->problem.waiting != NULL) return false;
  const double share = problem_penalty(&t->problem, t->theta);
  return share <= fmax(t->settings.tolerance, DBL_EPSILON) * t->outcome.objective;
}

static fit_stop stop_of_separated(const training *t)
{
  if (!unpenalised(t)) return FIT_UNSETTLED;
  return t->separated == SEPARATION_SUSPECTED ? FIT_SUSPECTED : FIT_SEPARATED;
}

static bool look_for_separation(training *t, const loaded *l, failure *f)
{
  const bool asked = unpenalised(t) ? t->outcome.stop != FIT_INTERRUPTED : penalty_settles_nothing(t);
  if (!asked) return true;
  double *way = resize(NULL, t->problem.n, sizeof *way);
  if (way == NULL) return fail_memory(f);
  row_source source = {t, l};
  const unscaled_rows unscaled = {read_unscaled, &source};
  bool good = separation_find(&t->separated, &t->problem, t->theta, way, unscaled, f);
  if (good && t->separated != SEPARATION_NONE) {
    t->outcome.stop = stop_of_separated(t);
    good = separation_describe(&t->problem, way, &l->labels, t->separated_classes,
                               sizeof t->separated_classes) ||
           fail_memory(f);
  }
  free(way);
  return good;
}

/* A model is worth having without them: why they are not there is kept in words. That memory did not suffice
 * is no reason of theirs, but a failure to be told when the model is written. */
static void infer(training *t, const options *o, double start)
{
  fit_outcome outcome = t->outcome;
  if (!fit_converged(outcome.stop)) {
    fail(&t->no_errors, "they are for an optimum");
    return;
  }
  problem *p = &t->problem;
  const fitted_problem at = {p, &t->model.design, &t->scaling, t->theta};
  fit search = fit_begin(p, t->theta, &t->settings, &outcome);
  search.start = start;
  fit_attend(&search);
  const bool good = inference_new(&t->inference, &at, o->confidence, &t->no_errors);
  fit_release(&search);
  if (good && t->inference.exact) {
    fail(&t->no_errors, "the model fits exactly: no residual is left to estimate them from");
    return;
  }
  if (good || !p->stopped) return;
  fail(&t->no_errors, "%s", outcome.stop == FIT_SECONDS ? "the limit on time is reached" : "interrupted");
}

bool training_run(training *t, const loaded *l, const options *o, failure *f)
{
  assert(t->theta != NULL && t->model.theta != NULL);
  const double start = system_seconds();
  separation_watch watch = {t};
  fit_settings s = t->settings;
  if (unpenalised(t)) {
    s.watch = watch_separation;
    s.user = &watch;
  }
  if (!fit_run(&t->problem, t->theta, &s, &t->outcome, f)) return dataset_good(&t->data, f) && false;
  if (!look_for_separation(t, l, f)) return false;
  training_export(t, t->theta);
  t->outcome.seconds = t->preparation + (system_seconds() - start);
  if (o->summary) infer(t, o, start);
  return true;
}

bool training_set_penalty(training *t, penalty how, failure *f)
{
  t->model.penalty = how;
  return problem_set_penalty(&t->problem, &t->scaling, how, f);
}

void training_export(training *t, const double *theta)
{
  memcpy(t->model.theta, theta, t->problem.n * sizeof *theta);
  scaling_undo(&t->scaling, &t->model.shape, t->model.theta);
}

void training_free(training *t)
{
  problem_free(&t->problem);
  dataset_free(&t->data);
  scaling_free(&t->scaling);
  trained_free(&t->model);
  inference_free(&t->inference);
  free(t->theta);
  *t = (training){0};
}
