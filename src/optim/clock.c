#define _POSIX_C_SOURCE 200809L /* clock_gettime: the C11 clock may be set back */
#include <time.h>

#include "run.h"

double tg_clock_(void)
{
  struct timespec now;
#if defined CLOCK_MONOTONIC
  clock_gettime(CLOCK_MONOTONIC, &now);
#else
  timespec_get(&now, TIME_UTC);
#endif
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
