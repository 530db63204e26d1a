/* Threads that sleep until there is work, for one owner at a time. */
#ifndef TG_LANES_POOL_H
#define TG_LANES_POOL_H

#include "tapegrad/status.h"

#include <stddef.h>

typedef struct tg_pool_ tg_pool_;

/* task(context, thread, i): thread is below the number of threads, 0 being the caller. */
typedef void (*tg_task_)(void *context, unsigned thread, size_t i);

/* A pool of `threads` threads, the caller's included; at least 2. TG_E_NOMEM also when threads cannot be had.
 */
tg_status tg_pool_new_(tg_pool_ **pool, unsigned threads);
void tg_pool_free_(tg_pool_ *pool);

/* Runs task(context, thread, i) for every i below count, in any order, and returns when all are done. */
void tg_pool_run_(tg_pool_ *pool, tg_task_ task, void *context, size_t count);

/* How many processors there are, at least 1. */
unsigned tg_pool_processors_(void);

#endif
