#define _DEFAULT_SOURCE
#include "pool.h"

#include "memory.h"

#include <stdbool.h>
#include <string.h>
#include <threads.h>
#include <unistd.h>

typedef struct member {
  struct tg_pool_ *pool;
  unsigned number;
  thrd_t thread;
} member;

struct tg_pool_ {
  mtx_t lock;
  cnd_t wake, done;
  member *members; /* number 1 and up; the caller is number 0 */
  unsigned threads, started, busy;
  unsigned long round; /* counts calls of run */
  bool stop;
  tg_task_ task;
  void *context;
  size_t next, count;
};

/* Takes tasks until there are none. The lock is held on entry and exit. */
static void work(tg_pool_ *p, unsigned number)
{
  while (p->next < p->count) {
    const size_t i = p->next++;
    mtx_unlock(&p->lock);
    p->task(p->context, number, i);
    mtx_lock(&p->lock);
  }
}

static int live(void *argument)
{
  const member *m = argument;
  tg_pool_ *p = m->pool;
  unsigned long seen = 0;
  mtx_lock(&p->lock);
  while (!p->stop) {
    if (p->round == seen) {
      cnd_wait(&p->wake, &p->lock);
      continue;
    }
    seen = p->round;
    p->busy++;
    work(p, m->number);
    if (--p->busy == 0) cnd_signal(&p->done);
  }
  mtx_unlock(&p->lock);
  return 0;
}

tg_status tg_pool_new_(tg_pool_ **pool, unsigned threads)
{
  *pool = NULL;
  tg_pool_ *p = tg_memory_resize_(NULL, 1, sizeof *p);
  if (p == NULL) return TG_E_NOMEM;
  memset(p, 0, sizeof *p);
  p->threads = threads;
  p->members = tg_memory_resize_(NULL, threads, sizeof *p->members);
  const bool lock = p->members != NULL && mtx_init(&p->lock, mtx_plain) == thrd_success;
  const bool wake = lock && cnd_init(&p->wake) == thrd_success;
  const bool done = wake && cnd_init(&p->done) == thrd_success;
  if (!done) {
    if (wake) cnd_destroy(&p->wake);
    if (lock) mtx_destroy(&p->lock);
    tg_memory_free_(p->members);
    tg_memory_free_(p);
    return TG_E_NOMEM;
  }
  for (unsigned i = 1; i < threads; i++) {
    member *m = &p->members[i];
    m->pool = p;
    m->number = i;
    if (thrd_create(&m->thread, live, m) != thrd_success) {
      tg_pool_free_(p);
      return TG_E_NOMEM;
    }
    p->started = i;
  }
  *pool = p;
  return TG_OK;
}

void tg_pool_free_(tg_pool_ *p)
{
  if (p == NULL) return;
  mtx_lock(&p->lock);
  p->stop = true;
  cnd_broadcast(&p->wake);
  mtx_unlock(&p->lock);
  for (unsigned i = 1; i <= p->started; i++) thrd_join(p->members[i].thread, NULL);
  cnd_destroy(&p->done);
  cnd_destroy(&p->wake);
  mtx_destroy(&p->lock);
  tg_memory_free_(p->members);
  tg_memory_free_(p);
}

void tg_pool_run_(tg_pool_ *p, tg_task_ task, void *context, size_t count)
{
  mtx_lock(&p->lock);
  p->task = task;
  p->context = context;
  p->next = 0;
  p->count = count;
  p->round++;
  cnd_broadcast(&p->wake);
  work(p, 0);
  while (p->busy > 0) cnd_wait(&p->done, &p->lock);
  mtx_unlock(&p->lock);
}

unsigned tg_pool_processors_(void)
{
#if defined _SC_NPROCESSORS_ONLN
  const long n = sysconf(_SC_NPROCESSORS_ONLN);
  if (n > 0) return (unsigned)n;
#endif
  return 1;
}
