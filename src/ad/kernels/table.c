/* The table of the kernels of one instruction set. */
#include "kernels_level.h"

#define TEXT(level) TEXT_(level)
#define TEXT_(level) #level

extern const tg_kernels_ TG_KERNEL(kernels);
const tg_kernels_ TG_KERNEL(kernels) = {
    .name = TEXT(TG_LEVEL),
    .rows = TG_KERNEL(rows),
    .pair = TG_KERNEL(pair),
    .affine = TG_KERNEL(affine),
    .outer = TG_KERNEL(outer),
    .affine_masked = TG_KERNEL(affine_masked),
    .outer_masked = TG_KERNEL(outer_masked),
    .sparse_affine = TG_KERNEL(sparse_affine),
    .sparse_outer = TG_KERNEL(sparse_outer),
    .totals = TG_KERNEL(totals),
    .products = TG_KERNEL(products),
    .axpy = TG_KERNEL(axpy),
    .add_product = TG_KERNEL(add_product),
    .add_product_masked = TG_KERNEL(add_product_masked),
    .add = TG_KERNEL(add),
    .subtract = TG_KERNEL(subtract),
    .logsumexp = TG_KERNEL(logsumexp),
    .logsumexp_second = TG_KERNEL(logsumexp_second),
    .pick = TG_KERNEL(pick),
    .transpose = TG_KERNEL(transpose),
};
