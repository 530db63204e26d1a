/* Epochs of mini-batches (4.10)-(4.13). */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "driver.h"
#include "first_order.h"
#include "random.h"
#include "stop.h"

tg_fit_options tg_fit_defaults(void)
{
  return (tg_fit_options){.epochs = 10, .batch = 32, .seed = 1, .shuffle = TG_SHUFFLE_EPOCH};
}

void tg_fit_begin_(tg_run *run)
{
  assert(run->fit && run->order_count > 0);
  tg_state_ *s = &run->s;
  s->report.epochs = run->f.epochs;
  s->best_value = NAN;
  tg_random_seed_(s->random, run->f.seed);
  for (size_t i = 0; i < run->order_count; i++) run->order[i] = i;
  memcpy(s->point[1].x, s->point[0].x, run->n * sizeof(double));
}

/* Fisher and Yates, from the end */
static void shuffle(uint64_t random[4], size_t *order, size_t n)
{
  for (size_t i = n; i > 1; i--) {
    const size_t j = (size_t)tg_random_below_(random, i), last = order[i - 1];
    order[i - 1] = order[j];
    order[j] = last;
  }
}

/* The samples of the next batch: *count of them. */
static const size_t *batch(tg_run *run, size_t *count)
{
  tg_state_ *s = &run->s;
  const int kind = run->f.shuffle;
  const size_t left = run->order_count - s->samples_used;
  size_t *index = run->order + s->samples_used;
  *count = run->f.batch < left ? run->f.batch : left;
  if (s->samples_used == 0 && (kind == TG_SHUFFLE_EPOCH || (kind == TG_SHUFFLE_ONCE && s->report.epoch == 0)))
    shuffle(s->random, run->order, run->order_count);
  if (kind == TG_SHUFFLE_REPLACEMENT)
    for (size_t i = 0; i < *count; i++) index[i] = (size_t)tg_random_below_(s->random, run->order_count);
  return index;
}

static void keep(tg_run *run)
{
  tg_state_ *s = &run->s;
  memcpy(s->point[1].x, s->point[0].x, run->n * sizeof(double));
  s->best_value = s->report.value;
  s->report.best_epoch = s->report.epoch;
  s->report.best_validation = s->report.validation;
}

/* The end: with validation the best epoch, if one has been completed; after a value that is not finite the
 * last complete one. */
static int finish(tg_run *run)
{
  tg_state_ *s = &run->s;
  const bool broken = s->report.stop == TG_STOP_NONFINITE || s->report.stop == TG_STOP_UNBOUNDED;
  if (s->report.stop == TG_STOP_ERROR || (!broken && !run->f.validation)) return 1;
  const bool nothing_kept = s->report.best_epoch == 0,
             current_is_best = s->samples_used == 0 && s->report.best_epoch == s->report.epoch;
  if (!broken && (nothing_kept || current_is_best)) return 1;
  memcpy(s->point[2].x, s->point[0].x, run->n * sizeof(double));
  memcpy(s->point[0].x, s->point[1].x, run->n * sizeof(double));
  s->gave_best = true;
  s->report.value = s->best_value;
  s->report.validation = s->report.best_validation;
  s->report.gradient_norm = NAN;
  return 1;
}

static int validate(tg_run *run)
{
  tg_state_ *s = &run->s;
  const tg_objective *v = run->f.validation;
  if (!v) return keep(run), 0;
  double value = NAN;
  s->report.values++;
  if (tg_answer_(run, v->evaluate(s->point[0].x, &value, NULL, v->user),
                 "validation: evaluate returned a failure"))
    return 1;
  s->report.validation = value;
  if (!isfinite(value)) return tg_stop_nonfinite_(run, value);
  if (isnan(s->report.best_validation) || value < s->report.best_validation) {
    keep(run);
    s->epochs_waited = 0;
  } else
    s->epochs_waited++;
  return 0;
}

static tg_stop limit(const tg_run *run)
{
  const tg_report *r = &run->s.report;
  const tg_fit_options *f = &run->f;
  if (f->patience > 0 && run->s.epochs_waited >= f->patience) return TG_STOP_PATIENCE;
  if (r->epoch >= f->epochs) return TG_STOP_EPOCHS;
  return f->max_seconds > 0.0 && r->seconds >= f->max_seconds ? TG_STOP_SECONDS : TG_RUNNING;
}

void tg_fit_limit_(tg_run *run)
{
  run->s.report.stop = limit(run);
  if (run->s.report.stop != TG_RUNNING) finish(run);
}

static int end_epoch(tg_run *run)
{
  tg_report *r = &run->s.report;
  r->value = run->s.epoch_sum / (double)run->order_count;
  r->epoch++;
  run->s.samples_used = 0;
  run->s.epoch_sum = 0.0;
  r->seconds = tg_seconds_(run);
  if (!validate(run)) r->stop = limit(run);
  tg_plateau_(run, run->f.validation ? r->validation : r->value);
  r->theta = run->s.point[0].x;
  if (r->stop != TG_STOP_USER && r->stop != TG_STOP_ERROR) tg_watch_(run, run->f.watch, run->f.user);
  return r->stop != TG_RUNNING ? finish(run) : 0;
}

/* The gradient of the batch, taken at theta or where the method looks ahead to. */
static int gradient(tg_run *run, double rate, const size_t *index, size_t count)
{
  tg_point_ *p = &run->s.point[0];
  const double *x = p->x;
  if (run->rule->look) {
    tg_first_order_look_(run, x, run->s.point[2].x, rate);
    x = run->s.point[2].x;
  }
  const int answer = tg_ask_batch_(&run->problem, x, index, count, p, &run->s.report);
  if (tg_answer_(run, answer, "objective.batch returned a failure")) return 1;
  p->largest = run->kernel->largest(p->g, run->padded);
  if (isfinite(p->value) && isfinite(p->largest)) return 0;
  return tg_stop_nonfinite_(run, p->value);
}

int tg_fit_step_(tg_run *run)
{
  assert(run->fit && run->s.samples_used < run->order_count);
  tg_state_ *s = &run->s;
  tg_point_ *p = &s->point[0];
  size_t count;
  double rate;
  s->started = true;
  const size_t *index = batch(run, &count);
  if (tg_rate_(run, &rate) || gradient(run, rate, index, count)) return finish(run);
  s->report.step = tg_first_order_update_(run, p, p->x, rate);
  s->report.rate = rate;
  s->report.gradient_norm = p->largest;
  s->report.theta = p->x;
  s->report.iterations++;
  s->t++;
  if (!isfinite(s->report.step)) return tg_stop_(run, TG_STOP_NONFINITE), finish(run);
  s->epoch_sum += p->value * (double)count;
  s->samples_used += count;
  return s->samples_used == run->order_count ? end_epoch(run) : 0;
}
