#include "path.h"

#include "memory.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double least_ratio = 1e-4;

/* The model with no weights: only intercepts are fitted, which an L1 penalty beyond all bounds does. */
static bool fit_null(training *t, failure *f)
{
  fit_outcome o;
  fit_settings s = fit_defaults();
  s.tolerance = 1e-12;
  const penalty nothing = {0, 1e100, t->model.penalty.standardized};
  if (!problem_set_penalty(&t->problem, &t->scaling, nothing, f)) return false;
  if (!fit_run(&t->problem, t->theta, &s, &o, f)) return false;
  return fit_converged(o.stop) || fail(f, "a path begins with a fit of the intercept alone, which failed: %s",
                                       fit_stop_string(o.stop));
}

bool path_strengths(training *t, const options *o, double *lambda, size_t count, failure *f)
{
  assert(count >= 2);
  if (t->model.shape.kind == MODEL_NET) return fail_usage(f, "--path is for models without a hidden layer");
  if (!fit_null(t, f)) return false;
  problem *p = &t->problem;
  double *gradient = resize(NULL, p->n, sizeof *gradient);
  if (gradient == NULL) return fail_memory(f);
  const tg_status status = problem_evaluate(p, t->theta, NULL, gradient);
  const size_t features = p->shape.features, weights = model_rows(&p->shape) * features;
  double most = 0;
  for (size_t j = 0; status == TG_OK && j < weights; j++) {
    const double spread = t->scaling.spread[j % features];
    const double unit = (t->model.penalty.standardized ? spread : 1) / t->scaling.scale[j % features];
    if (spread > 0) most = fmax(most, fabs(gradient[j]) / unit);
  }
  free(gradient);
  if (status != TG_OK) return problem_fail(status, f);
  most /= fmax(o->mix, 1e-3);
  for (size_t i = 0; i < count; i++) lambda[i] = most * pow(least_ratio, (double)i / (double)(count - 1));
  return most > 0 || fail(f, "no column has anything to do with the target: there is no path");
}

bool path_step(training *t, const loaded *l, const options *o, double lambda, failure *f)
{
  options at = *o;
  at.lambda = lambda;
  return training_set_penalty(t, penalty_of(&at, l->kind), f) && training_run(t, l, &at, f);
}

size_t nonzero_weights(const training *t)
{
  const size_t weights = model_rows(&t->model.shape) * t->model.shape.features;
  size_t count = 0;
  for (size_t j = 0; j < weights; j++) count += t->theta[j] != 0;
  return count;
}
