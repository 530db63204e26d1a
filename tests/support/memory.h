/* Making the library's allocations fail: for programs linked with the static library and
 * -Wl,--wrap=tg_memory_resize_,--wrap=tg_memory_free_. */
#ifndef TG_TESTS_MEMORY_H
#define TG_TESTS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* From now on count requests from 1 and fail number `at`, or all from there on; at 0: none. */
void memory_fail(size_t at, bool on);
size_t memory_requests(void); /* since memory_fail */
size_t memory_live(void);     /* blocks allocated and not freed */

#endif
