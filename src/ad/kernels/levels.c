/* The kernels by instruction set. */
#include "isa.h"
#include "kernels.h"

extern const tg_kernels_ tg_kernels_plain_, tg_kernels_sse2_, tg_kernels_avx2_, tg_kernels_avx512_;

static const tg_kernels_ *const table[TG_ISA_COUNT_] = {
#if defined TG_HAVE_LEVELS
    [TG_ISA_sse2_] = &tg_kernels_sse2_,
    [TG_ISA_avx2_] = &tg_kernels_avx2_,
    [TG_ISA_avx512_] = &tg_kernels_avx512_,
#else
    [TG_ISA_plain_] = &tg_kernels_plain_,
#endif
};

const tg_kernels_ *tg_kernels_choose_(void) { return table[tg_isa_choose_()]; }

const tg_kernels_ *tg_kernels_at_(size_t i)
{
  for (size_t isa = TG_ISA_COUNT_; isa-- > 0;)
    if (table[isa] != NULL && tg_isa_available_((tg_isa_)isa) && i-- == 0) return table[isa];
  return NULL;
}
