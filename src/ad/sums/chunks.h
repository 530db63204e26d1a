/* The groups of a call in chunks, one thread a chunk, and the sums over all of them.
 *
 * How samples are cut depends on their number alone. Every chunk is summed from zero, and chunks are added in their
 * order whoever ran them. So the number of threads shows in no bit. */
#ifndef TG_CHUNKS_H
#define TG_CHUNKS_H

#include "group.h"
#include "pool.h"

enum { TG_CHUNKS = 32 }; /* at most so many, and so many threads find something to do */

typedef struct tg_chunks_ {
  unsigned threads;         /* asked for */
  tg_pool_ *pool;           /* NULL for one thread, or not made yet */
  tg_group_memory_ *memory; /* one a thread */
  size_t groups, groups_per_chunk, count;
  tg_sums_ total;  /* of the last call */
  tg_sums_ *chunk; /* of the chunks that run together */
  size_t chunk_room;
  double *numbers; /* of all these sums */
  size_t numbers_room;
  size_t zero_rule; /* how often chunks and blocks have needed rule R5 */
} tg_chunks_;

void tg_chunks_threads_(tg_chunks_ *c, unsigned threads);
void tg_chunks_forget_(tg_chunks_ *c); /* frees all that can be made again */

/* Threads and their memory. To be called before anything else is asked of c. */
tg_status tg_chunks_prepare_(tg_chunks_ *c);

/* Sums over all samples of the call, in c->total. */
tg_status tg_chunks_run_(tg_chunks_ *c, const tg_group_call_ *call);

#endif
