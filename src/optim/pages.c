/* Large pages, where the system has them. */
#if defined __linux__
#define _DEFAULT_SOURCE /* madvise */
#include <sys/mman.h>
#endif

#include <stdint.h>

#include "pages.h"

void tg_large_pages_(void *block, size_t bytes)
{
#if defined __linux__ && defined MADV_HUGEPAGE
  enum { LARGE = 1 << 21 };
  const uintptr_t start = ((uintptr_t)block + LARGE - 1) / LARGE * LARGE,
                  end = ((uintptr_t)block + bytes) / LARGE * LARGE;
  if (end > start + LARGE) madvise((void *)start, end - start, MADV_HUGEPAGE); /* refused: no harm */
#else
  (void)block, (void)bytes;
#endif
}
