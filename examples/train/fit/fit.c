#include "fit.h"

#include "methods.h"
#include "system.h"
#include "ways.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Where Newton's method is chosen: a Hessian costs about rows * parameters^2, and must not cost more than the
 * iterations it saves, unless there is an L1 or no penalty, or a wanted accuracy beyond what gradients give. */
enum { NEWTON_PARAMETERS = 200, NEWTON_COST = 50000 };

fit_settings fit_defaults(void)
{
  return (fit_settings){
      .method = "auto", .tolerance = 1e-12, .max_iterations = 10000, .epochs = 100, .batch = 32, .seed = 1};
}

/* -- the choice of a method ------------------------------------------------------------------------------- */

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

static bool fit_newton_or_proximal(fit *t, failure *f)
{
  return t->p->lasso != NULL ? fit_proximal_newton(t, f) : fit_newton(t, f);
}

static bool fit_named(fit *t, const char *name, failure *f)
{
  const problem *p = t->p;
  tg_method method;
  if (tg_method_named(&method, name) != TG_OK) return fail_usage(f, "there is no method named '%.40s'", name);
  if (!method_fits(&method))
    return fail_usage(f, "method '%s' is not for the objectives of this program", name);
  if (p->lasso != NULL && !method_takes_lasso(&method)) {
    return fail_usage(f, "method '%s' cannot handle an L1 penalty; leave the choice of method to the program",
                      name);
  }
  if (p->lasso != NULL) {
    method.l1 = 1;
    method.l1_weight = p->lasso;
  }
  if (t->settings->rate > 0) method.alpha = t->settings->rate;
  t->outcome->method = tg_method_name(&method);
  return method_sees_batches(name) ? fit_epochs(t, method, f) : fit_full_batch(t, method, f);
}

static bool fit_once(fit *t, failure *f)
{
  const char *name = t->settings->method;
  const bool automatic = strcmp(name, "auto") == 0;
  if (!method_sees_batches(name)) centre_classes(t->p, t->theta);
  if (strcmp(name, "newton") == 0 || (automatic && newton_pays(t->p, t->settings)))
    return fit_newton_or_proximal(t, f);
  if (strcmp(name, "proximal") == 0) return fit_proximal(t, f);
  return fit_named(t, automatic ? "lbfgs" : name, f);
}

/* -- the absolute loss ------------------------------------------------------------------------------------ */

/* A fit cut short in an earlier stage is told by the loss that was asked for. */
static bool settle_smoothing(fit *t, double wanted, failure *f)
{
  problem *p = t->p;
  if (p->shape.smoothing == wanted) return true;
  p->shape.smoothing = wanted;
  const tg_status status = problem_evaluate(p, t->theta, &t->outcome->objective, NULL);
  t->outcome->objective += problem_lasso(p, t->theta);
  return status == TG_OK || problem_fail(status, f);
}

/* With one smoothing; the iterations count from `before`. */
static bool fit_smoothed(fit *t, double smoothing, double tolerance, size_t before, failure *f)
{
  const fit_settings *whole = t->settings;
  fit_settings stage = *whole;
  t->p->shape.smoothing = smoothing;
  stage.tolerance = tolerance;
  stage.max_iterations -= before;
  t->outcome->iterations = 0;
  t->settings = &stage;
  const bool good = fit_once(t, f);
  t->settings = whole;
  t->outcome->iterations += before;
  return good;
}

/* The smoothing starts at the size of the residuals and falls to where it was asked to be, each solution the
 * start of the next: Newton's method would not get there in one go. */
static bool fit_absolute(fit *t, failure *f)
{
  static const double rough = 1e-6; /* only a start */
  const double wanted = t->p->shape.smoothing, tolerance = t->settings->tolerance;
  double smoothing;
  const tg_status status = problem_loss(t->p, t->theta, &smoothing, NULL);
  if (status != TG_OK) return problem_fail(status, f);
  size_t iterations = 0;
  for (;; smoothing /= 10) {
    const bool last = !(smoothing > wanted);
    const double here = last ? wanted : smoothing;
    if (!fit_smoothed(t, here, last ? tolerance : fmax(tolerance, rough), iterations, f)) return false;
    iterations = t->outcome->iterations;
    if (last || (!fit_converged(t->outcome->stop) && t->outcome->stop != FIT_STALLED)) break;
    if (iterations >= t->settings->max_iterations) { /* none are left for the next stage */
      t->outcome->stop = FIT_ITERATIONS;
      break;
    }
  }
  return settle_smoothing(t, wanted, f);
}

/* -- all of it -------------------------------------------------------------------------------------------- */

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
  assert(p != NULL && theta != NULL && s->max_iterations > 0);
  *o = (fit_outcome){.method = s->method};
  p->values = p->gradients = p->hessians = p->products = 0;
  fit t = fit_begin(p, theta, s, o);
  fit_attend(&t);
  const bool good = (p->shape.loss == LOSS_ABSOLUTE ? fit_absolute(&t, f) : fit_once(&t, f)) || p->stopped;
  fit_release(&t);
  if (good && meets_floor(p, o)) o->stop = FIT_FLOOR;
  o->values = p->values;
  o->gradients = p->gradients;
  o->hessians = p->hessians;
  o->products = p->products;
  o->seconds = system_seconds() - t.start;
  return good;
}
