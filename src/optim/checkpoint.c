/* A checkpoint: head, state, the method's own bytes, numbers, order of samples. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "driver.h"
#include "schedule.h"
#include "stop.h"

typedef struct head {
  char mark[8];
  uint64_t state_size, own_size, block_count, order_count, n, settings, hash;
} head;

static const char mark[8] = "tg-run3";

/* theta itself is part of the state when the caller evaluates. */
static size_t extra(const tg_run *run) { return run->by_caller ? run->n : 0; }

static size_t payload(const tg_run *run)
{
  return sizeof run->s + run->own_size + (run->block_count + extra(run)) * sizeof(double) +
         run->order_count * sizeof(size_t);
}

size_t tg_run_size(const tg_run *run) { return run ? sizeof(head) + payload(run) : 0; }

/* FNV-1a: guards against bytes that are damaged; against malice the checks below. */
static uint64_t hash(uint64_t h, const void *bytes, size_t n)
{
  const unsigned char *p = bytes;
  for (size_t i = 0; i < n; i++) h = (h ^ p[i]) * UINT64_C(0x100000001b3);
  return h;
}

static const uint64_t hash_start = UINT64_C(0xcbf29ce484222325);

static uint64_t hash_numbers(uint64_t h, const double *x, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    const double one = x[i] + 0.0; /* -0 is 0 */
    h = hash(h, &one, sizeof one);
  }
  return h;
}

static uint64_t hash_method(uint64_t h, const tg_method *m)
{
  const double numbers[] = {m->alpha, m->beta,      m->gamma,      m->epsilon, m->p,
                            m->decay, m->clip_norm, m->clip_value, m->factor,  m->radius,
                            m->l1,    m->armijo,    m->wolfe,      m->second};
  const uint64_t others[] = {(uint64_t)m->kind, (uint64_t)m->line_search,
                             m->memory,         (uint64_t)m->variant,
                             m->classic,        m->unscaled,
                             m->epsilon_inside, (uint64_t)tg_schedule_kind_(&m->schedule)};
  h = hash_numbers(h, numbers, sizeof numbers / sizeof *numbers);
  h = hash(h, others, sizeof others);
  return hash_numbers(h, m->schedule.p, sizeof m->schedule.p / sizeof *m->schedule.p);
}

/* NULL differs from any array. */
static uint64_t hash_array(uint64_t h, const double *x, size_t n)
{
  const unsigned char given = x != NULL;
  h = hash(h, &given, 1);
  return x ? hash_numbers(h, x, n) : h;
}

/* What decides how a run goes on. Left out is what may change on the way: see tg_run_restore. */
static uint64_t settings(const tg_run *run)
{
  const tg_objective *c = &run->problem.c;
  const tg_method *m = &run->m;
  const uint64_t about[] = {c->residuals,          c->samples,
                            c->evaluate != NULL,   c->batch != NULL,
                            c->hvp != NULL,        c->hessian != NULL,
                            c->residual != NULL,   run->fit,
                            (uint64_t)run->o.norm, (uint64_t)run->o.step_norm};
  const uint64_t fit[] = {run->f.batch, run->f.seed, (uint64_t)run->f.shuffle, run->f.validation != NULL};
  uint64_t h = hash(hash_method(hash_start, m), about, sizeof about);
  if (run->fit) h = hash(h, fit, sizeof fit);
  h = hash_array(h, m->lower, run->n);
  h = hash_array(h, m->upper, run->n);
  return m->l1 > 0.0 ? hash_array(h, m->l1_weight, run->n) : h;
}

static void describe(const tg_run *run, head *h)
{
  memset(h, 0, sizeof *h);
  memcpy(h->mark, mark, sizeof mark);
  h->state_size = sizeof run->s;
  h->own_size = run->own_size;
  h->block_count = run->block_count + extra(run);
  h->order_count = run->order_count;
  h->n = run->n;
  h->settings = settings(run);
}

static unsigned char *put(unsigned char *to, const void *from, size_t n)
{
  if (n > 0) memcpy(to, from, n);
  return to + n;
}

/* They are of no use to another run, and two saves of one state differ in nothing else but time. */
static void forget_pointers(tg_state_ *s)
{
  s->report.theta = NULL;
  s->report.message = NULL;
  for (int i = 0; i < TG_POINTS_; i++) s->point[i].x = s->point[i].g = NULL;
}

void tg_run_save(const tg_run *run, void *bytes)
{
  if (!run || !bytes) return;
  unsigned char *const start = (unsigned char *)bytes + sizeof(head);
  tg_state_ s = run->s;
  s.seconds_before = tg_seconds_(run);
  forget_pointers(&s);
  unsigned char *p = put(start, &s, sizeof s);
  p = put(p, run->own, run->own_size);
  p = put(p, run->block, run->block_count * sizeof(double));
  p = put(p, run->theta, extra(run) * sizeof(double));
  put(p, run->order, run->order_count * sizeof(size_t));
  head h;
  describe(run, &h);
  h.hash = hash(hash_start, start, payload(run));
  memcpy(bytes, &h, sizeof h);
}

/* ---- whether bytes can be of such a run ----
 *
 * Whoever can write the bytes can write the hash. Numbers may be anything, as those of an objective may be;
 * what is an index, a count of something there or a choice must be within its range before it is used, and
 * what no run can hold is refused. Nothing is read as a bool or through a pointer before it is known to be
 * one. */

static bool is_bool(const tg_state_ *s, size_t offset)
{
  unsigned char byte; /* to read another value as a bool is undefined */
  memcpy(&byte, (const unsigned char *)s + offset, 1);
  return byte <= 1;
}

static bool bools_sound(const tg_state_ *s)
{
  bool sound = is_bool(s, offsetof(tg_state_, started)) && is_bool(s, offsetof(tg_state_, interrupted)) &&
               is_bool(s, offsetof(tg_state_, convex)) && is_bool(s, offsetof(tg_state_, gave_best)) &&
               is_bool(s, offsetof(tg_state_, is_near)) && is_bool(s, offsetof(tg_state_, short_step));
  for (size_t i = 0; i < TG_POINTS_; i++) {
    const size_t point = offsetof(tg_state_, point) + i * sizeof(tg_point_);
    sound = sound && is_bool(s, point + offsetof(tg_point_, finite)) &&
            is_bool(s, point + offsetof(tg_point_, has_gradient)) &&
            is_bool(s, point + offsetof(tg_point_, zero_rule));
  }
  return sound;
}

static bool stop_sound(const tg_state_ *s)
{
  const bool failed = s->report.stop == TG_STOP_ERROR;
  switch (s->report.stop) {
#define TG_STOP_ROW(code, text) case code:
    TG_STOP_LIST(TG_STOP_ROW)
#undef TG_STOP_ROW
    return failed ? s->status < TG_OK : s->status == TG_OK;
  }
  return false;
}

static bool points_sound(const tg_run *run, const tg_state_ *s)
{
  if (run->fit || run->by_caller) return s->current == 0 && s->best == 0 && (run->fit || !s->gave_best);
  const int points = tg_points_(run);
  return !s->gave_best && s->current >= 0 && s->current < points && s->best >= 0 && s->best < points;
}

/* So many steps have so many samples, and schedules count no others. */
static bool epochs_sound(const tg_run *run, const tg_state_ *s)
{
  const size_t batch = run->f.batch, batches = tg_fit_batches_(run);
  const bool broken = s->report.stop == TG_STOP_NONFINITE || s->report.stop == TG_STOP_UNBOUNDED;
  if (s->samples_used >= run->order_count || s->samples_used % batch != 0 ||
      s->report.best_epoch > s->report.epoch)
    return false;
  if (!(s->random[0] | s->random[1] | s->random[2] | s->random[3])) return false; /* it would stay 0 */
  const size_t done = s->samples_used / batch, whole = s->report.iterations - done;
  return broken ||
         (s->report.iterations >= done && whole % batches == 0 && whole / batches == s->report.epoch);
}

static bool state_sound(const tg_run *run, const tg_state_ *s)
{
  return bools_sound(s) && stop_sound(s) && points_sound(run, s) && s->t <= s->report.iterations &&
         s->seconds_before >= 0.0 && s->seconds_before < INFINITY && s->plateau_scale >= 0.0 &&
         s->plateau_scale <= 1.0 && (!run->fit || epochs_sound(run, s));
}

static bool order_sound(const tg_run *run, const unsigned char *bytes)
{
  for (size_t i = 0; i < run->order_count; i++) {
    size_t sample;
    memcpy(&sample, bytes + i * sizeof sample, sizeof sample);
    if (sample >= run->order_count) return false;
  }
  return true;
}

static bool sound(const tg_run *run, const tg_state_ *s, const unsigned char *bytes)
{
  const unsigned char *const own = bytes + sizeof *s, *const order = bytes + payload(run) -
                                                                     run->order_count * sizeof(size_t);
  if (!state_sound(run, s) || !order_sound(run, order)) return false;
  return run->own_size == 0 || !run->rule->sound || run->rule->sound(run, own);
}

/* ---- restoring ---- */

static const unsigned char *get(void *to, const unsigned char *from, size_t n)
{
  if (n > 0) memcpy(to, from, n);
  return from + n;
}

/* Whether what ended the run was a limit, a tolerance or a wish, which may be another now. */
static bool may_go_on(tg_stop stop)
{
  switch (stop) {
  case TG_STOP_ROUNDING:
  case TG_STOP_STALLED:
  case TG_STOP_UNBOUNDED:
  case TG_STOP_SINGULAR:
  case TG_STOP_NONFINITE:
  case TG_STOP_ERROR: return false;
  default: return true;
  }
}

/* A callback may have stopped the method between two halves of a step: it begins anew from its best point if
 * it only goes down, else from where it stands. */
static void mend(tg_run *run)
{
  tg_state_ *s = &run->s;
  if (s->interrupted) s->value_before = NAN;
  if (s->interrupted && run->rule->step && !run->fit) {
    if (tg_descends_(run)) s->current = s->best;
    s->convex = false; /* of a Hessian that is not kept */
    memset(run->work, 0, (size_t)(run->block + run->block_count - run->work) * sizeof(double));
    memset(run->own, 0, run->own_size);
    s->started = false;
    if (!run->rule->update) s->t = 0;
  }
  s->interrupted = false;
}

/* Ends again where a limit or tolerance of the new options is met. A fit that gave back its best parameters
 * goes on from its last. */
static void reopen(tg_run *run)
{
  tg_state_ *s = &run->s;
  const bool interrupted = s->interrupted, gradient_shown = !run->by_caller ||
                                                            s->report.stop == TG_STOP_GRADIENT ||
                                                            s->report.stop == TG_STOP_ZERO_RULE;
  mend(run);
  if (s->gave_best) memcpy(s->point[0].x, s->point[2].x, run->n * sizeof(double));
  s->gave_best = false;
  s->report.stop = TG_RUNNING;
  if (!s->started && !run->by_caller) return;
  if (run->fit) {
    tg_fit_limit_(run);
    return;
  }
  if (!run->by_caller) tg_show_(run);
  s->report.stop = tg_limit_(run, gradient_shown);
  const bool there = !interrupted && s->accuracy_met > 0.0 && s->accuracy_met <= run->o.accuracy;
  if (there && s->report.stop == TG_RUNNING) tg_stop_(run, TG_STOP_ACCURACY);
}

/* All but the pointers, and what this run's own options decide. */
static void take_state(tg_run *run, const tg_state_ *s)
{
  assert(s->current >= 0 && s->current < TG_POINTS_ && s->best >= 0 && s->best < TG_POINTS_);
  const tg_state_ own = run->s;
  run->s = *s;
  for (int i = 0; i < TG_POINTS_; i++) {
    run->s.point[i].x = own.point[i].x;
    run->s.point[i].g = own.point[i].g;
  }
  run->s.report.theta = own.report.theta;
  run->s.report.epochs = run->f.epochs;
}

tg_status tg_run_restore(tg_run *run, const void *bytes, size_t size)
{
  if (!run || !bytes) return TG_E_ARGUMENT;
  if (size != tg_run_size(run)) return TG_E_DATA;
  head h, expected;
  memcpy(&h, bytes, sizeof h);
  describe(run, &expected);
  if (memcmp(&h, &expected, offsetof(head, hash)) != 0) return TG_E_DATA;
  const unsigned char *p = (const unsigned char *)bytes + sizeof h;
  if (hash(hash_start, p, payload(run)) != h.hash) return TG_E_DATA;
  tg_state_ s;
  memcpy(&s, p, sizeof s);
  if (!sound(run, &s, p)) return TG_E_DATA;
  take_state(run, &s);
  p += sizeof s;
  p = get(run->own, p, run->own_size);
  p = get(run->block, p, run->block_count * sizeof(double));
  p = get(run->theta, p, extra(run) * sizeof(double));
  get(run->order, p, run->order_count * sizeof(size_t));
  if (run->by_caller) run->s.theta_bound = tg_largest_(run, run->theta);
  if (may_go_on(run->s.report.stop)) reopen(run);
  run->s.report.message = tg_status_string(run->s.status);
  tg_say_(run);
  run->origin = tg_clock_();
  if (run->by_caller)
    run->s.report.theta = run->theta;
  else
    tg_finish_(run);
  return TG_OK;
}
