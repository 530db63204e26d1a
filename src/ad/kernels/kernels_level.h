/* The kernels of one instruction set. Each of their files is compiled once for every set (meson.build), and TG_LEVEL is
 * its name: TG_KERNEL(affine) is tg_affine_avx2_ when it is avx2. What they compute: kernels.h. */
#ifndef TG_KERNELS_LEVEL_H
#define TG_KERNELS_LEVEL_H

#include "kernels.h"

#define TG_KERNEL(name) TG_KERNEL_AT_(name, TG_LEVEL)
#define TG_KERNEL_AT_(name, level) TG_KERNEL_NAMED_(name, level)
#define TG_KERNEL_NAMED_(name, level) tg_##name##_##level##_

/* matrix.c */
void TG_KERNEL(affine)(const tg_affine_ *a);
void TG_KERNEL(affine_masked)(const tg_affine_ *a);
void TG_KERNEL(outer)(const tg_outer_ *o);
void TG_KERNEL(outer_masked)(const tg_outer_ *o);
void TG_KERNEL(totals)(const double *u, const uint32_t *offset, size_t rows, size_t lanes, double *total);

/* sparse.c */
void TG_KERNEL(sparse_affine)(const tg_sparse_ *s);
void TG_KERNEL(sparse_outer)(const tg_sparse_ *s);

/* vectors.c */
void TG_KERNEL(products)(const tg_named_ *x, const uint32_t *y, size_t count, bool negated,
                         const double *start, double *out, size_t lanes);
void TG_KERNEL(axpy)(const double *w, const double *u, double *bar, const uint32_t *offset, size_t count,
                     size_t lanes);
void TG_KERNEL(add_product)(double *t, const double *a, const double *b, size_t n);
void TG_KERNEL(add_product_masked)(double *t, const double *a, const double *b, size_t n);
void TG_KERNEL(add)(double *t, const double *a, size_t n);
void TG_KERNEL(subtract)(double *t, const double *a, size_t n);

/* many_operands.c */
void TG_KERNEL(logsumexp)(const tg_named_ *z, size_t count, const double *label, double *v, double *weight,
                          size_t L, size_t lanes);
void TG_KERNEL(logsumexp_second)(const tg_named_ *tangent, size_t count, const double *label,
                                 const double *weight, const double *u, double *second, size_t L,
                                 size_t lanes);
void TG_KERNEL(pick)(const tg_named_ *z, size_t count, const double *index, double *v, double *weight,
                     size_t L, size_t lanes);

/* transpose.c */
void TG_KERNEL(transpose)(const double *const *row, size_t lanes, size_t columns, double *to, size_t step);

/* elementwise.c */
extern const tg_row_kernels_ TG_KERNEL(rows)[TG_OP_count];
void TG_KERNEL(pair)(unsigned op, const double *x, double *v, double *d, size_t n);

#endif
