#define _DEFAULT_SOURCE /* pthreads under -std=c11, and the number of processors */
#include "pool.h"

#include "memory.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

typedef struct member {
  struct tg_pool_ *pool;
  unsigned number;
  pthread_t thread;
} member;

struct tg_pool_ {
  pthread_mutex_t lock;
  pthread_cond_t wake, done;
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
    pthread_mutex_unlock(&p->lock);
    p->task(p->context, number, i);
    pthread_mutex_lock(&p->lock);
  }
}

static void *live(void *argument)
{
  const member *m = argument;
  tg_pool_ *p = m->pool;
  unsigned long seen = 0;
  pthread_mutex_lock(&p->lock);
  while (!p->stop) {
    if (p->round == seen) {
      pthread_cond_wait(&p->wake, &p->lock);
      continue;
    }
    seen = p->round;
    p->busy++;
    work(p, m->number);
    if (--p->busy == 0) pthread_cond_signal(&p->done);
  }
  pthread_mutex_unlock(&p->lock);
  return NULL;
}

tg_status tg_pool_new_(tg_pool_ **pool, unsigned threads)
{
  *pool = NULL;
  tg_pool_ *p = tg_memory_resize_(NULL, 1, sizeof *p);
  if (p == NULL) return TG_E_NOMEM;
  memset(p, 0, sizeof *p);
  p->threads = threads;
  p->members = tg_memory_resize_(NULL, threads, sizeof *p->members);
  const bool lock = p->members != NULL && pthread_mutex_init(&p->lock, NULL) == 0;
  const bool wake = lock && pthread_cond_init(&p->wake, NULL) == 0;
  const bool done = wake && pthread_cond_init(&p->done, NULL) == 0;
  if (!done) {
    if (wake) pthread_cond_destroy(&p->wake);
    if (lock) pthread_mutex_destroy(&p->lock);
    tg_memory_free_(p->members);
    tg_memory_free_(p);
    return TG_E_NOMEM;
  }
  for (unsigned i = 1; i < threads; i++) {
    member *m = &p->members[i];
    m->pool = p;
    m->number = i;
    if (pthread_create(&m->thread, NULL, live, m) != 0) {
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
  pthread_mutex_lock(&p->lock);
  p->stop = true;
  pthread_cond_broadcast(&p->wake);
  pthread_mutex_unlock(&p->lock);
  for (unsigned i = 1; i <= p->started; i++) pthread_join(p->members[i].thread, NULL);
  pthread_cond_destroy(&p->done);
  pthread_cond_destroy(&p->wake);
  pthread_mutex_destroy(&p->lock);
  tg_memory_free_(p->members);
  tg_memory_free_(p);
}

void tg_pool_run_(tg_pool_ *p, tg_task_ task, void *context, size_t count)
{
  pthread_mutex_lock(&p->lock);
  p->task = task;
  p->context = context;
  p->next = 0;
  p->count = count;
  p->round++;
  pthread_cond_broadcast(&p->wake);
  work(p, 0);
  while (p->busy > 0) pthread_cond_wait(&p->done, &p->lock);
  pthread_mutex_unlock(&p->lock);
}

unsigned tg_pool_processors_(void)
{
#if defined _SC_NPROCESSORS_ONLN
  const long n = sysconf(_SC_NPROCESSORS_ONLN);
  if (n > 0) return (unsigned)n;
#endif
  return 1;
}
