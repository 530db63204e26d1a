/* Threads that sleep until there is work, for one owner at a time. They take no signals meant for the process,
 * and work in the floating-point environment of their caller. */
#ifndef TG_LANES_POOL_H
#define TG_LANES_POOL_H

#include "tapegrad/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct tg_pool_ tg_pool_;

/* task(context, thread, i): thread is below the number of threads, 0 being the caller. */
typedef void (*tg_task_)(void *context, unsigned thread, size_t i);

/* A pool of up to `threads` threads, the caller's included; at least 2. Those that cannot be started are done
 * without, if need be all but the caller. TG_E_NOMEM. */
tg_status tg_pool_new_(tg_pool_ **pool, unsigned threads);
void tg_pool_free_(tg_pool_ *pool);

/* How many there are, the caller's included. */
unsigned tg_pool_threads_(const tg_pool_ *pool);

/* Made before a fork, and this is the child: the threads stayed with the parent. All that can be done with it is to
 * free it. */
bool tg_pool_inherited_(const tg_pool_ *pool);

/* Runs task(context, thread, i) for every i below count, in any order, and returns when all are done. */
void tg_pool_run_(tg_pool_ *pool, tg_task_ task, void *context, size_t count);

/* How many processors there are, at least 1. */
unsigned tg_pool_processors_(void);

#endif
