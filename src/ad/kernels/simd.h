/* Vector registers of the instruction set at hand, and the few operations on them from which the kernels are written.
 *
 * Nothing here is an intrinsic: these are the vector types of gcc and clang, and plain C where there are none, so that
 * one source serves all instruction sets. A loop over lanes goes by WIDTH numbers at a time; lane vectors are aligned
 * for the widest register and as long as a multiple of it (TG_LANE_UNIT), so there is never a remainder. */
#ifndef TG_SIMD_H
#define TG_SIMD_H

#include <stdbool.h>
#include <stdint.h>

#include "lane_math.h"

/* A vector register. Where the compiler has no vector types it is one double, and all that follows is plain
 * C. */
#if defined __GNUC__ && defined __AVX512F__
#define WIDTH 8
#elif defined __GNUC__ && defined __AVX2__
#define WIDTH 4
#elif defined __GNUC__ && defined __SSE2__
#define WIDTH 2
#else
#define WIDTH 1
#endif

#if WIDTH > 1
typedef double vec __attribute__((vector_size(WIDTH * 8), may_alias));
#else
typedef double vec;
#endif

#if defined __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#elif defined __GNUC__
#define UNROLL _Pragma("GCC unroll 16")
#else
#define UNROLL
#endif

/* The number of vector registers decides how large a tile of results is kept in them. */
#define TILE (WIDTH == 8 ? 16 : 8)

LANE_INLINE vec load(const double *p) { return *(const vec *)p; }
LANE_INLINE void store(double *p, vec v) { *(vec *)p = v; }
LANE_INLINE vec all(double x)
{
  vec v;
#if WIDTH > 1
  for (int i = 0; i < WIDTH; i++) v[i] = x;
#else
  v = x;
#endif
  return v;
}

/* Into the second cache. This is no access: any address will do. */
LANE_INLINE void fetch(uintptr_t address)
{
#if defined __GNUC__
  __builtin_prefetch((const void *)address, 0, 2);
#else
  (void)address;
#endif
}

LANE_INLINE vec fused(vec a, vec b, vec c)
{
#if defined __FMA__ && WIDTH > 1
  vec r;
  for (int i = 0; i < WIDTH; i++) r[i] = __builtin_fma(a[i], b[i], c[i]);
  return r;
#else
  return TG_FMA(a, b, c);
#endif
}

/* a where b is not zero, else zero: a factor of a product with rule R5. */
LANE_INLINE vec unless_zero(vec a, vec b)
{
#if WIDTH > 1
  typedef __typeof__(a != b) mask;
  return (vec)((mask)a & (b != all(0.0)));
#else
  return b != 0.0 ? a : 0.0;
#endif
}

LANE_INLINE vec fused_masked(vec a, vec b, vec c, bool masked)
{
  if (!masked) return fused(a, b, c);
  return fused(unless_zero(a, b), unless_zero(b, a), c);
}

#endif
