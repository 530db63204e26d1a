#include "kernels.h"

#include <math.h>
#include <stdint.h>

#include "level.h"

#define NAME(x) x##_1
#define TARGET
#if defined __GNUC__
#define WIDTH 2
#else
#define WIDTH 1
#endif
#include "kernels.inc"

#if TG_LEVEL_COUNT_ == 3
#define NAME(x) x##_2
#define TARGET TG_TARGET_2_
#define WIDTH 4
#include "kernels.inc"
#define NAME(x) x##_3
#define TARGET TG_TARGET_3_
#define WIDTH 8
#include "kernels.inc"
#endif

const tg_kernels_ *tg_kernels_at_(int level)
{
#if TG_LEVEL_COUNT_ == 3
  static const tg_kernels_ *const table[] = {&kernels_1, &kernels_2, &kernels_3};
#else
  static const tg_kernels_ *const table[] = {&kernels_1};
#endif
  return table[level];
}

int tg_optim_level_(void)
{
#if TG_LEVEL_COUNT_ == 3
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return 2;
  if (__builtin_cpu_supports("avx2")) return 1;
#endif
  return 0;
}
