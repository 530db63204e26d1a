/* A checkpoint: head, state, the method's own bytes, numbers, order of samples. */
#include <math.h>
#include <string.h>

#include "run.h"

typedef struct head {
  char mark[8];
  uint64_t state_size, own_size, block_count, order_count, n, settings, hash;
} head;

static const char mark[8] = "tg-run2";

/* theta itself is part of the state when the caller evaluates. */
static size_t extra(const tg_run *run)
{
  return run->by_caller ? run->n : 0;
}

static size_t payload(const tg_run *run)
{
  return sizeof run->s + run->own_size + (run->block_count + extra(run)) * sizeof(double) +
         run->order_count * sizeof(size_t);
}

size_t tg_run_size(const tg_run *run)
{
  return run ? sizeof(head) + payload(run) : 0;
}

/* FNV-1a: guards against bytes that are damaged, not against malice. */
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
                            m->l1,    m->armijo,    m->wolfe};
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
  const tg_objective *c = &run->c;
  const tg_method *m = &run->m;
  const uint64_t about[] = {c->residuals,        c->samples,     c->evaluate != NULL,
                            c->batch != NULL,    c->hvp != NULL, c->hessian != NULL,
                            c->residual != NULL, run->fit,       (uint64_t)run->o.norm};
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

void tg_run_save(const tg_run *run, void *bytes)
{
  if (!run || !bytes) return;
  unsigned char *const start = (unsigned char *)bytes + sizeof(head);
  tg_state_ s = run->s;
  s.lap = s.lap + (tg_clock_() - run->origin);
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

static const unsigned char *get(void *to, const unsigned char *from, size_t n)
{
  if (n > 0) memcpy(to, from, n);
  return from + n;
}

/* Whether what ended the run was a limit, a tolerance or a wish, which may be another now. */
static bool may_go_on(tg_stop stop)
{
  switch (stop) {
  case TG_STOP_STALLED:
  case TG_STOP_UNBOUNDED:
  case TG_STOP_SINGULAR:
  case TG_STOP_NONFINITE:
  case TG_STOP_ERROR:
    return false;
  default:
    return true;
  }
}

/* A callback may have stopped the method between two halves of a step: it begins anew where it stands. */
static void mend(tg_run *run)
{
  tg_state_ *s = &run->s;
  if (s->torn) s->before = NAN;
  if (s->torn && run->rule->step && !run->fit) {
    memset(run->work, 0, (size_t)(run->block + run->block_count - run->work) * sizeof(double));
    memset(run->own, 0, run->own_size);
    s->started = false;
    if (!run->rule->update) s->t = 0;
  }
  s->torn = false;
}

/* Ends again where a limit or tolerance of the new options is met. A fit that gave back its best parameters
 * goes on from its last. */
static void reopen(tg_run *run)
{
  tg_state_ *s = &run->s;
  const bool gradient_shown = !run->by_caller || s->report.stop == TG_STOP_GRADIENT;
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
  const tg_state_ own = run->s; /* what is read has pointers of another run */
  p = get(&run->s, p, sizeof run->s);
  p = get(run->own, p, run->own_size);
  p = get(run->block, p, run->block_count * sizeof(double));
  p = get(run->theta, p, extra(run) * sizeof(double));
  get(run->order, p, run->order_count * sizeof(size_t));
  for (int i = 0; i < TG_POINTS_; i++) {
    run->s.point[i].x = own.point[i].x;
    run->s.point[i].g = own.point[i].g;
  }
  run->s.report.epochs = run->f.epochs;
  if (may_go_on(run->s.report.stop)) reopen(run);
  run->origin = tg_clock_();
  if (run->by_caller)
    run->s.report.theta = run->theta;
  else
    tg_finish_(run);
  return TG_OK;
}
