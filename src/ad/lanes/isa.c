#include "kernels.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "tapegrad/status.h"

#define STRING(x) STRING_(x)
#define STRING_(x) #x
#if defined __clang__
#define COMPILER "clang " __clang_version__
#elif defined __GNUC__
#define COMPILER "gcc " __VERSION__
#else
#define COMPILER "unknown compiler"
#endif

extern const tg_kernels_ tg_kernels_plain_, tg_kernels_sse2_, tg_kernels_avx2_, tg_kernels_avx512_;

/* __builtin_cpu_supports asks the operating system too whether it saves the wide registers. */
#if defined TG_HAVE_LEVELS
static bool has_avx2(void)
{
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}
static bool has_avx512(void)
{
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512cd");
}
#endif
static bool always(void)
{
  return true;
}

/* Best first. */
static const struct level {
  const tg_kernels_ *kernels;
  bool (*available)(void);
} levels[] = {
#if defined TG_HAVE_LEVELS
    {&tg_kernels_avx512_, has_avx512},
    {&tg_kernels_avx2_, has_avx2},
    {&tg_kernels_sse2_, always},
#else
    {&tg_kernels_plain_, always},
#endif
};
enum { LEVELS = sizeof levels / sizeof levels[0] };

const tg_kernels_ *tg_kernels_at_(size_t i)
{
  for (size_t k = 0; k < LEVELS; k++) {
    if (!levels[k].available()) continue;
    if (i-- == 0) return levels[k].kernels;
  }
  return NULL;
}

const tg_kernels_ *tg_kernels_choose_(void)
{
  const char *wanted = getenv("TG_ISA");
  if (wanted == NULL) return tg_kernels_at_(0);
  if (strcmp(wanted, "scalar") == 0) return NULL;
  for (size_t i = 0; tg_kernels_at_(i) != NULL; i++)
    if (strcmp(tg_kernels_at_(i)->name, wanted) == 0) return tg_kernels_at_(i);
  return tg_kernels_at_(0);
}

/* One constant text for each level, so that nothing has to be put together at run time. */
const char *tg_build_info(void)
{
#if defined TG_HAVE_LEVELS
#define INFO(level)                                                                                          \
  "tapegrad " STRING(TG_VERSION) ", " COMPILER ", levels avx512 avx2 sse2 scalar, active " #level
  static const struct {
    const char *name, *text;
  } info[] = {{"avx512", INFO(avx512)}, {"avx2", INFO(avx2)}, {"sse2", INFO(sse2)}};
#else
#define INFO(level) "tapegrad " STRING(TG_VERSION) ", " COMPILER ", levels plain scalar, active " #level
  static const struct {
    const char *name, *text;
  } info[] = {{"plain", INFO(plain)}};
#endif
  const tg_kernels_ *active = tg_kernels_choose_();
  if (active == NULL) return INFO(scalar);
  for (size_t i = 0; i < sizeof info / sizeof info[0]; i++)
    if (strcmp(info[i].name, active->name) == 0) return info[i].text;
  return INFO(unknown);
#undef INFO
}
