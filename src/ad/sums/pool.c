/* How work is shared among threads, and why that is safe.
 *
 * The caller of tg_pool_run_ writes down the call (task, context, count, environment), counts up `round`, wakes the
 * members and works itself. Whoever works takes the next number from `next` until there are none left. The call is
 * over when no member is busy.
 *
 * Three rules make it safe:
 *   - A member becomes busy under the lock before it reads the call, and idle under the lock after its last task.
 *   - A call is written under the lock, and only while nobody is busy. So nobody reads a call that is being written,
 *     and a member sees all of the one that it works on: it held the lock after the writer did.
 *   - The caller goes on once it has seen, under the lock, that nobody is busy. So it sees all that the tasks have
 *     written: every member held the lock after its last task.
 *
 * `next` does no more than hand out numbers. `round` and `busy` change under the lock; they are atomic because whoever
 * waits looks at them without it for a moment before it goes to sleep. What it sees so is looked at again under the
 * lock. The moment pays: the next call of an optimizer comes within microseconds, and to wake a thread takes some tens
 * of them. No order between the atomic accesses is relied on.
 *
 * A member that wakes late, when the call is over, finds no number left, or works on the next call. */
#define _DEFAULT_SOURCE /* pthreads and signal sets under -std=c11, and the number of processors */
#include "pool.h"

#include "environment.h"
#include "memory.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
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
  unsigned started, patience;
  long long process;  /* whose threads these are */
  atomic_uint busy;   /* members at work */
  atomic_ulong round; /* number of the call */
  bool stop;
  tg_task_ task;
  void *context;
  tg_environment_ environment; /* rounding, traps: the caller's at the call */
  atomic_size_t next;
  size_t count;
};

enum { PATIENCE = 3000 }; /* about 40 microseconds */

static void pause_briefly(void)
{
#if defined __GNUC__ && (defined __x86_64__ || defined __i386__)
  __builtin_ia32_pause();
#endif
}

static void take_lock(tg_pool_ *p)
{
  for (unsigned i = 0; i < p->patience; i++, pause_briefly())
    if (pthread_mutex_trylock(&p->lock) == 0) return;
  pthread_mutex_lock(&p->lock);
}

/* Takes tasks until there are none. */
static void work(tg_pool_ *p, unsigned number)
{
  for (size_t i; (i = atomic_fetch_add(&p->next, 1)) < p->count;) p->task(p->context, number, i);
}

/* What a member does until it is told to stop. */
static void *serve(void *argument)
{
  const member *m = argument;
  tg_pool_ *p = m->pool;
  unsigned long seen = 0;
  for (;;) {
    for (unsigned i = 0; i < p->patience && atomic_load(&p->round) == seen; i++) pause_briefly();
    take_lock(p);
    while (atomic_load(&p->round) == seen && !p->stop) pthread_cond_wait(&p->wake, &p->lock);
    const bool stop = p->stop;
    seen = atomic_load(&p->round);
    atomic_fetch_add(&p->busy, stop ? 0 : 1);
    pthread_mutex_unlock(&p->lock);
    if (stop) return NULL;
    tg_environment_set_(p->environment);
    work(p, m->number);
    take_lock(p);
    if (atomic_fetch_sub(&p->busy, 1) == 1) pthread_cond_signal(&p->done);
    pthread_mutex_unlock(&p->lock);
  }
}

/* Until no member works on what is there now; takes the lock. */
static void lock_when_done(tg_pool_ *p)
{
  for (unsigned i = 0; i < p->patience && atomic_load(&p->busy) > 0; i++) pause_briefly();
  take_lock(p);
  while (atomic_load(&p->busy) > 0) pthread_cond_wait(&p->done, &p->lock);
}

/* Signals to the process are the host's threads' business; those that a fault of a thread's own raises stay. */
#if defined _WIN32
static int create(pthread_t *thread, member *m) { return pthread_create(thread, NULL, serve, m); }
#else
static int create(pthread_t *thread, member *m)
{
  static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
  sigset_t most, before;
  sigfillset(&most);
  for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) sigdelset(&most, own[i]);
  pthread_sigmask(SIG_SETMASK, &most, &before);
  const int failure = pthread_create(thread, NULL, serve, m);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return failure;
}
#endif

static void start(tg_pool_ *p, unsigned threads)
{
  for (unsigned i = 1; i < threads; i++) {
    member *m = &p->members[i];
    m->pool = p;
    m->number = i;
    if (create(&m->thread, m) != 0) return;
    p->started = i;
  }
}

static void free_memory(tg_pool_ *p)
{
  tg_memory_free_(p->members);
  tg_memory_free_(p);
}

tg_status tg_pool_new_(tg_pool_ **pool, unsigned threads)
{
  assert(threads >= 2);
  *pool = NULL;
  tg_pool_ *p = tg_memory_resize_(NULL, 1, sizeof *p);
  if (p == NULL) return TG_E_NOMEM;
  memset(p, 0, sizeof *p);
  p->process = (long long)getpid();
  p->patience = threads <= tg_pool_processors_() ? PATIENCE : 0;
  atomic_init(&p->busy, 0);
  atomic_init(&p->round, 0);
  atomic_init(&p->next, 0);
  p->members = tg_memory_resize_(NULL, threads, sizeof *p->members);
  const bool lock = p->members != NULL && pthread_mutex_init(&p->lock, NULL) == 0;
  const bool wake = lock && pthread_cond_init(&p->wake, NULL) == 0;
  const bool done = wake && pthread_cond_init(&p->done, NULL) == 0;
  if (!done) {
    if (wake) pthread_cond_destroy(&p->wake);
    if (lock) pthread_mutex_destroy(&p->lock);
    free_memory(p);
    return TG_E_NOMEM;
  }
  start(p, threads);
  *pool = p;
  return TG_OK;
}

bool tg_pool_inherited_(const tg_pool_ *p) { return p->process != (long long)getpid(); }

unsigned tg_pool_threads_(const tg_pool_ *p) { return p->started + 1; }

void tg_pool_free_(tg_pool_ *p)
{
  if (p == NULL) return;
  if (tg_pool_inherited_(p)) { /* no thread to join here, and the lock may be held for ever */
    free_memory(p);
    return;
  }
  pthread_mutex_lock(&p->lock);
  p->stop = true;
  pthread_cond_broadcast(&p->wake);
  pthread_mutex_unlock(&p->lock);
  for (unsigned i = 1; i <= p->started; i++) pthread_join(p->members[i].thread, NULL);
  pthread_cond_destroy(&p->done);
  pthread_cond_destroy(&p->wake);
  pthread_mutex_destroy(&p->lock);
  free_memory(p);
}

void tg_pool_run_(tg_pool_ *p, tg_task_ task, void *context, size_t count)
{
  assert(!tg_pool_inherited_(p) && task != NULL);
  lock_when_done(p);
  p->task = task;
  p->context = context;
  p->count = count;
  p->environment = tg_environment_get_();
  atomic_store(&p->next, 0);
  atomic_fetch_add(&p->round, 1);
  pthread_cond_broadcast(&p->wake);
  pthread_mutex_unlock(&p->lock);
  work(p, 0);
  lock_when_done(p);
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
