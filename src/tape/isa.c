#include "isa.h"

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

/* __builtin_cpu_supports asks the operating system too whether it saves the wide registers. */
bool tg_isa_available_(tg_isa_ isa)
{
#if defined TG_HAVE_LEVELS
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (isa == TG_ISA_avx2_) return avx2;
  if (isa == TG_ISA_avx512_)
    return avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512cd");
#endif
  return isa < TG_ISA_COUNT_;
}

tg_isa_ tg_isa_choose_(void)
{
#define NAME(name) #name,
  static const char *const name[] = {TG_ISA_LIST_(NAME)};
#undef NAME
  const char *wanted = getenv("TG_ISA");
  tg_isa_ best = TG_ISA_scalar_;
  for (unsigned i = 0; i < TG_ISA_COUNT_; i++) {
    if (!tg_isa_available_((tg_isa_)i)) continue;
    best = (tg_isa_)i;
    if (wanted && strcmp(wanted, name[i]) == 0) break;
  }
  return best;
}

/* One constant text for each, so that nothing has to be put together at run time. */
const char *tg_build_info(void)
{
#if defined TG_HAVE_LEVELS
#define LEVELS "avx512 avx2 sse2 scalar"
#else
#define LEVELS "plain scalar"
#endif
#define INFO(name) "tapegrad " STRING(TG_VERSION) ", " COMPILER ", levels " LEVELS ", active " #name,
  static const char *const info[] = {TG_ISA_LIST_(INFO)};
#undef INFO
  return info[tg_isa_choose_()];
}
