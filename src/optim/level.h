/* Instruction-set levels of the optimizers' loops.
 *
 * The loops are plain C compiled three times for x86-64 (baseline, AVX2, AVX-512) and once elsewhere; a run
 * picks its level once (isa.h). Sums are kept in eight fixed partial sums and no operation is fused, so all levels
 * give the same bits. */
#ifndef TG_OPTIM_LEVEL_H
#define TG_OPTIM_LEVEL_H

#include <math.h>

#if defined TG_HAVE_LEVELS
#define TG_LEVEL_COUNT_ 3
#define TG_TARGET_2_ __attribute__((target("avx2")))
#define TG_TARGET_3_ __attribute__((target("avx512f,avx512dq,avx512vl")))
#else
#define TG_LEVEL_COUNT_ 1
#endif

#if defined __GNUC__
#define TG_INLINE_ static inline __attribute__((always_inline))
#else
#define TG_INLINE_ static inline
#endif

/* Before a loop whose iterations touch different entries. clang heeds `restrict` on parameters only. */
#if defined __clang__
#define TG_INDEPENDENT_ _Pragma("clang loop vectorize(assume_safety)")
#elif defined __GNUC__
#define TG_INDEPENDENT_ _Pragma("GCC ivdep")
#else
#define TG_INDEPENDENT_
#endif

/* Makes the table name_levels of `void name(const type *)` compiled for every level. */
#if TG_LEVEL_COUNT_ == 3
#define TG_LEVELS_(name, type)                                                                               \
  static void name##_1(const type *c) { name(c); }                                                           \
  TG_TARGET_2_ static void name##_2(const type *c) { name(c); }                                              \
  TG_TARGET_3_ static void name##_3(const type *c) { name(c); }                                              \
  static void (*const name##_levels[])(const type *) = {name##_1, name##_2, name##_3}
#else
#define TG_LEVELS_(name, type)                                                                               \
  static void name##_1(const type *c) { name(c); }                                                           \
  static void (*const name##_levels[])(const type *) = {name##_1}
#endif

/* What a step is divided by, infinity for 0: without epsilon a parameter whose gradient has been 0 so far
 * stays. NaN remains. */
TG_INLINE_ double tg_divisor_(double x) { return x == 0.0 ? INFINITY : x; }

/* 0 <= level < TG_LEVEL_COUNT_: what isa.h chooses. */
int tg_optim_level_(void);

#endif
