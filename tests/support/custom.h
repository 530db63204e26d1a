/* A custom operation with everything, for tests: y_j = sin(s_j), s_j = sum_k c(j, k) x_k. */
#ifndef TG_TESTS_CUSTOM_H
#define TG_TESTS_CUSTOM_H

#include "tapegrad/operations.h"

/* Its user data, or NULL. Call number fail_... of a callback (from 1; 0: none) answers `answer`. */
typedef struct custom_calls {
  size_t value, jvp, vjp, hvp;
  size_t fail_value, fail_jvp, fail_vjp, fail_hvp;
  int answer;
} custom_calls;

extern const tg_custom_op custom_waves;

/* c(j, k), between 1/4 and 1. */
double custom_coefficient(size_t j, size_t k);

/* The same from elementary operations: what custom_waves shall agree with. */
void custom_spelled_out(const tg_var *x, size_t n, tg_var *y, size_t m);

#endif
