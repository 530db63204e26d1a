/* Objectives with known answers for testing optimizers, and helpers around them. No derivatives are taken
 * from a tape: a failure here is the optimizer's. */
#ifndef TG_TESTS_PROBLEMS_H
#define TG_TESTS_PROBLEMS_H

#include <stddef.h>

#include "tapegrad/optim.h"

/* How often and with what an objective was called, and when it shall misbehave: counted in calls from 1; 0
 * never. */
typedef int (*problem_fn)(const double *x, double *value, double *g, void *user);

typedef struct probe {
  size_t n, calls;
  size_t answer_at, nan_value_at, nan_gradient_at;
  int answer;
  problem_fn f; /* set by problem() */
  /* problem_squares: calls for second derivatives or a Jacobian, counted apart */
  size_t derivatives, nan_derivative_at, stop_derivative_at;
} probe;

/* sum over i of w_i (x_i - i)^2 / 2, w_i = 1 + i % 7; minimum 0 at x_i = i */
int problem_bowl(const double *x, double *value, double *g, void *user);
/* Pairs 100 (x2 - x1^2)^2 + (1 - x1)^2; minimum 0 at 1 */
int problem_rosenbrock(const double *x, double *value, double *g, void *user);
/* sum sqrt(1 + x_i^2): gradient saturates, far from quadratic; minimum n at 0 */
int problem_funnel(const double *x, double *value, double *g, void *user);
/* sum x_i - log(x_i): NaN for x_i < 0, minimum n at 1 */
int problem_barrier(const double *x, double *value, double *g, void *user);
/* sum x_i^4 / 4 - x_i^2 / 2: non-convex, minima -1/4 at +-1, a maximum at 0 */
int problem_wells(const double *x, double *value, double *g, void *user);
/* sum cos(x_i) + 1e-3 x_i^2: many minima */
int problem_waves(const double *x, double *value, double *g, void *user);
/* -sum x_i: unbounded */
int problem_slide(const double *x, double *value, double *g, void *user);
/* 1e10 + bowl: value loses its digits long before the gradient does */
int problem_high(const double *x, double *value, double *g, void *user);
/* |x_i| with subgradient sign: a kink no tolerance on the gradient is met at */
int problem_kink(const double *x, double *value, double *g, void *user);
/* 1 where max |x_i| > 1, with gradient 0; x^2 inside */
int problem_plateau(const double *x, double *value, double *g, void *user);

/* Value, gradient and, from differences, products with the Hessian. */
tg_objective problem(problem_fn f, probe *p);

/* The finite sum 1/m sum (a_i'x - b_i)^2 / 2 over m = 64 rows; batch and evaluate. */
tg_objective problem_regression(probe *p);

/* Residuals 10 (x2 - x1^2), 1 - x1 of each pair, x - 1 of an odd last parameter; C = |r|^2 / 2, minimum 0
 * at 1. With everything an objective can give: evaluate, hvp, hessian, residual (n of them). */
tg_objective problem_squares(probe *p);

#endif
