/* Methods of the library that see a mini-batch at a time: epochs over the rows. */
#include "ways.h"

#include "memory.h"
#include "optimality.h"

#include <math.h>
#include <stdlib.h>

/* A limit on time and the watcher are asked after every mini-batch, for epochs may be long. */
static tg_status step_epochs(fit *t, tg_run *run)
{
  fit_outcome *o = t->outcome;
  const tg_report *now = tg_run_report(run);
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
    const bool goes_on = whole_epoch ? fit_goes_on(t, INFINITY) : fit_goes_on_within(t);
    if (!goes_on && o->stop != FIT_ITERATIONS) return TG_OK;
    if (!more) return o->stop = fit_stop_of(t, now->stop, INFINITY), TG_OK;
  }
}

/* Epochs end wherever their steps have led. What is not finite has run away, though every batch was; so has
 * what is half as high again as with no coefficients. */
static tg_status judge_epochs(fit *t)
{
  problem *p = t->p;
  fit_outcome *o = t->outcome;
  double *zero = zeroed(2 * p->n, sizeof *zero), of_zero;
  if (zero == NULL) return TG_E_NOMEM;
  double *gradient = zero + p->n;
  tg_status status = problem_evaluate(p, t->theta, &o->objective, gradient);
  o->gradient_norm = problem_subgradient_norm(p, t->theta, gradient);
  if (status == TG_OK) status = problem_evaluate(p, zero, &of_zero, NULL);
  free(zero);
  if (status != TG_OK) return status;
  if (!isfinite(o->objective))
    o->stop = FIT_DIVERGED;
  else if (fit_stop_kind(o->stop) == FIT_SUCCESS && o->objective > 1.5 * of_zero)
    o->stop = FIT_WORSE;
  return TG_OK;
}

static tg_status run_epochs(fit *t, tg_run *run)
{
  fit_settings per_epoch = *t->settings;
  per_epoch.max_iterations = per_epoch.epochs;
  fit epochs = *t;
  epochs.settings = &per_epoch;
  t->outcome->run = run;
  const tg_status status = step_epochs(&epochs, run);
  t->outcome->run = NULL;
  return status;
}

bool fit_epochs(fit *t, tg_method method, failure *f)
{
  const fit_settings *s = t->settings;
  tg_fit_options options = tg_fit_defaults();
  options.epochs = s->epochs;
  options.batch = s->batch;
  options.seed = s->seed;
  tg_run *run;
  tg_status status = tg_run_new_fit(&run, problem_objective(t->p), method, t->theta, &options);
  if (status == TG_OK && s->resume != NULL && tg_run_restore(run, s->resume, s->resume_size) != TG_OK) {
    tg_run_free(run);
    return fail(f,
                "the checkpoint is of another build of the program or of another method; remove it to start "
                "from the beginning");
  }
  if (status == TG_OK) status = run_epochs(t, run);
  tg_run_free(run);
  if (status == TG_OK) status = judge_epochs(t);
  return status == TG_OK || problem_fail(status, f);
}
