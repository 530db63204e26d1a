/* Instruction sets: the one place that decides which variant of a vectorised loop runs, for the kernels of
 * finite sums and for the optimizers alike. */
#ifndef TG_ISA_H
#define TG_ISA_H

#include <stdbool.h>

/* Those built in, each better than the one before. "scalar": finite sums take samples one by one; for the
 * optimizers it is the next. */
#if defined TG_HAVE_LEVELS
#define TG_ISA_LIST_(X) X(scalar) X(sse2) X(avx2) X(avx512)
#else
#define TG_ISA_LIST_(X) X(scalar) X(plain)
#endif

typedef enum tg_isa_ {
#define TG_ISA_ROW_(name) TG_ISA_##name##_,
  TG_ISA_LIST_(TG_ISA_ROW_)
#undef TG_ISA_ROW_
      TG_ISA_COUNT_
} tg_isa_;

/* Do this processor and its operating system have it? */
bool tg_isa_available_(tg_isa_ isa);

/* The best on offer, or the one that the environment's TG_ISA names if it is on offer; other names are
 * ignored. To be asked once for every object. */
tg_isa_ tg_isa_choose_(void);

#endif
