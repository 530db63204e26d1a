/* A checkpoint: head, state, the method's own bytes, numbers, order of samples. */
#include <string.h>

#include "run.h"

typedef struct head {
  char mark[8];
  uint64_t state_size, own_size, block_count, order_count, n, hash;
  tg_method method;
} head;

static const char mark[8] = "tg-run1";

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
static uint64_t hash(const unsigned char *p, size_t n)
{
  uint64_t h = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < n; i++) h = (h ^ p[i]) * UINT64_C(0x100000001b3);
  return h;
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
}

/* The settings decide how the run goes on. Compared field by field: padding has no meaning. */
static bool same_method(const tg_method *a, const tg_method *b)
{
  const double x[] = {a->alpha,      a->beta,   a->gamma,  a->epsilon, a->p,      a->decay, a->clip_norm,
                      a->clip_value, a->factor, a->radius, a->l1,      a->armijo, a->wolfe};
  const double y[] = {b->alpha,      b->beta,   b->gamma,  b->epsilon, b->p,      b->decay, b->clip_norm,
                      b->clip_value, b->factor, b->radius, b->l1,      b->armijo, b->wolfe};
  return a->kind == b->kind && a->line_search == b->line_search && a->memory == b->memory &&
         a->variant == b->variant && a->classic == b->classic && a->unscaled == b->unscaled &&
         a->epsilon_inside == b->epsilon_inside && memcmp(x, y, sizeof x) == 0;
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
  h.method = run->m;
  h.hash = hash(start, payload(run));
  memcpy(bytes, &h, sizeof h);
}

static const unsigned char *get(void *to, const unsigned char *from, size_t n)
{
  if (n > 0) memcpy(to, from, n);
  return from + n;
}

/* What was read has pointers of another run. */
static void reconnect(tg_run *run, const tg_state_ *own)
{
  for (int i = 0; i < TG_POINTS_; i++) {
    run->s.point[i].x = own->point[i].x;
    run->s.point[i].g = own->point[i].g;
  }
  run->origin = tg_clock_();
  if (run->by_caller)
    run->s.report.theta = run->theta;
  else
    tg_finish_(run);
}

tg_status tg_run_restore(tg_run *run, const void *bytes, size_t size)
{
  if (!run || !bytes) return TG_E_ARGUMENT;
  if (size != tg_run_size(run)) return TG_E_DATA;
  head h, expected;
  memcpy(&h, bytes, sizeof h);
  describe(run, &expected);
  if (memcmp(&h, &expected, offsetof(head, hash)) != 0 || !same_method(&h.method, &run->m)) return TG_E_DATA;
  const unsigned char *p = (const unsigned char *)bytes + sizeof h;
  if (hash(p, payload(run)) != h.hash) return TG_E_DATA;
  const tg_state_ own = run->s;
  p = get(&run->s, p, sizeof run->s);
  p = get(run->own, p, run->own_size);
  p = get(run->block, p, run->block_count * sizeof(double));
  p = get(run->theta, p, extra(run) * sizeof(double));
  get(run->order, p, run->order_count * sizeof(size_t));
  reconnect(run, &own);
  return TG_OK;
}
