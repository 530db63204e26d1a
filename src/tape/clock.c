/* The one place that asks for the time. ISO C's clock may be set back and is not everywhere (timespec_get is
 * missing from some C11 libraries), so each system's own steady clock comes first. */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include "clock.h"

#include <time.h>

#if defined _WIN32

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

uint64_t tg_clock_ns_(void)
{
  LARGE_INTEGER now, rate;
  QueryPerformanceCounter(&now);
  QueryPerformanceFrequency(&rate);
  const uint64_t ticks = (uint64_t)now.QuadPart, second = (uint64_t)rate.QuadPart;
  return ticks / second * 1000000000u + ticks % second * 1000000000u / second;
}

#else

uint64_t tg_clock_ns_(void)
{
  struct timespec now = {0};
#if defined CLOCK_MONOTONIC
  clock_gettime(CLOCK_MONOTONIC, &now);
#elif defined TIME_UTC
  timespec_get(&now, TIME_UTC);
#else
  now.tv_sec = time(NULL);
#endif
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

#endif

double tg_clock_(void) { return 1e-9 * (double)tg_clock_ns_(); }
