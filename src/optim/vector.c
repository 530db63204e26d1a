/* The loops of vector.inc compiled once a level, and the choice of the level. */
#include "vector.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "isa.h"
#include "level.h"

double tg_total_(const double x[8])
{
  return ((x[0] + x[1]) + (x[2] + x[3])) + ((x[4] + x[5]) + (x[6] + x[7]));
}

#define NAME(x) x##_1
#define TARGET
#if defined __GNUC__
#define WIDTH 2
#else
#define WIDTH 1
#endif
#include "vector.inc"

#if TG_LEVEL_COUNT_ == 3
#define NAME(x) x##_2
#define TARGET TG_TARGET_2_
#define WIDTH 4
#include "vector.inc"
#define NAME(x) x##_3
#define TARGET TG_TARGET_3_
#define WIDTH 8
#include "vector.inc"
#endif

const tg_vector_ *tg_vector_at_(int level)
{
  assert(level >= 0 && level < TG_LEVEL_COUNT_);
#if TG_LEVEL_COUNT_ == 3
  static const tg_vector_ *const table[] = {&vector_ops_1, &vector_ops_2, &vector_ops_3};
#else
  static const tg_vector_ *const table[] = {&vector_ops_1};
#endif
  return table[level];
}

int tg_optim_level_(void)
{
  const tg_isa_ isa = tg_isa_choose_();
  return isa > TG_ISA_scalar_ ? (int)isa - 1 : 0;
}
