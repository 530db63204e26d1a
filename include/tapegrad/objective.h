/* Objectives: what is minimised, given as callbacks. */
#ifndef TAPEGRAD_OBJECTIVE_H
#define TAPEGRAD_OBJECTIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A callback returns 0 to go on, a positive number to stop (the run ends with TG_STOP_USER and keeps the best
 * point), or a negative tg_status, which the run returns. A value or gradient that is infinite or NaN is not
 * an error: line searches back off from it, other methods stop there and keep the best finite point, as they
 * do when squares of a gradient beyond 1e154 overflow in what they keep. Arrays
 * are the run's: valid for the call only. Callbacks run on the thread that steps the run. */
typedef struct tg_objective {
  size_t n;         /* parameters, at least 1 */
  size_t residuals; /* length of the vector of residuals; 0 when there is none */
  size_t samples;   /* samples of a finite sum; 0 when it is none */
  /* C(theta) and its gradient (n); either output may be NULL. */
  int (*evaluate)(const double *theta, double *value, double *gradient, void *user);
  /* The mean over `count` samples index[0..count), each below `samples`; otherwise as evaluate. */
  int (*batch)(const double *theta, const size_t *index, size_t count, double *value, double *gradient,
               void *user);
  /* hv (n) = Hessian at theta times v (n). */
  int (*hvp)(const double *theta, const double *v, double *hv, void *user);
  /* The Hessian, n x n, all entries. */
  int (*hessian)(const double *theta, double *hessian, void *user);
  /* r (residuals) and its Jacobian (residuals x n, row by row); either may be NULL. C = |r|^2 / 2. */
  int (*residual)(const double *theta, double *r, double *jacobian, void *user);
  /* How often derivatives needed rule R5 so far (operations.h): a gradient that did may be 0 where a limit is
   * not. NULL: never. */
  size_t (*zero_rule)(void *user);
  void *user; /* handed to every callback */
} tg_objective;

struct tg_function;
struct tg_finite_sum;

/* Objectives made by differentiation. They borrow the function or the sum: keep it until the run has ended. A
 * NULL argument, or a function that does not have one output (tg_function_objective), gives an objective with
 * n = 0, which every run refuses with TG_E_ARGUMENT, and the checks in words. */
TG_API tg_objective tg_function_objective(struct tg_function *f);
TG_API tg_objective tg_least_squares_objective(struct tg_function *residuals);
TG_API tg_objective tg_finite_sum_objective(struct tg_finite_sum *s);

/* The quadratic C(theta) = theta'A theta / 2 - b'theta with A symmetric, whose minimum solves A theta = b. A
 * is a matrix (n x n, all entries) or, with a NULL, given by its products. The objective borrows q. */
typedef struct tg_quadratic {
  size_t n;
  const double *a;
  int (*product)(const double *v, double *av, size_t n,
                 void *user); /* answers as the callbacks of an objective */
  const double *b;            /* n; NULL: zeros */
  double *room;               /* n numbers of yours, for `product`; unused with a */
  void *user;
} tg_quadratic;

TG_API tg_objective tg_quadratic_objective(tg_quadratic *q);

/* A gradient by differences (4.26) for an objective that is a value alone: (C(theta + h_i e_i) - C(theta -
 * h_i e_i)) / 2 h_i, or forward (C(theta + h_i e_i) - C(theta)) / h_i, with h_i = step max(|theta_i|,
 * scale_i). On values known to rounding, with parameters of the sizes told, about 10 digits, forward 7 or 8,
 * of the larger of gradient and value: a tolerance on the gradient should not ask for more. A gradient costs
 * 2 n + 1 values, forward n + 1, and is evaluated beyond bounds too; where one side is not finite the other
 * is taken alone, where neither is it is NaN. The objective borrows d. Prefer derivatives where there are
 * any: tg_function_objective. */
typedef struct tg_differences {
  size_t n;
  int (*value)(const double *theta, double *value, void *user); /* answers as the callbacks of an objective */
  bool forward;
  double step;         /* in [0, 1); 0: the third root of the rounding 2^-52, forward its square root */
  const double *scale; /* n sizes that parameters have when they are small, > 0; NULL: 1 */
  double *room;        /* n numbers of yours, where theta is moved */
  void *user;
} tg_differences;

TG_API tg_objective tg_differences_objective(tg_differences *d);

/* What tg_objective_check found. */
typedef struct tg_objective_report {
  double error;         /* the largest disagreement, relative to the larger of the two numbers */
  const char *callback; /* where it is: "evaluate", "residual", "hvp", "hessian" or "batch" */
  const char *message;  /* what disagrees with what there, or that all agree. Static storage */
  size_t row, column;   /* the entry: of a gradient, a product or residuals the row */
  size_t
      unchecked; /* entries that differences cannot tell to the tolerance: at the edge of the domain or of a
                    kink, or lost in rounding; and hvp or hessian without evaluate, which has the gradient */
} tg_objective_report;

/* Do callbacks written by hand agree? At theta (n, finite) compares gradients with differences of values,
 * Jacobians with differences of residuals, hvp along two directions and the Hessian with differences of
 * gradients (extrapolated, at the best of several scales; what they may be off by themselves is allowed for);
 * values with and without gradient, |residual|^2 / 2 and J'r with evaluate's, hvp with its transpose, a batch
 * of all samples with evaluate, of two with their mean. `tolerance` is relative; 0: 1e-6. Choose a point at
 * random: at a minimum, a symmetric or a zero point much that is wrong agrees. Costs 24 to 30 values or
 * gradients per parameter and callback, memory for the matrices. TG_OK; TG_E_DERIVATIVE, when r tells of the
 * first callback, in the order of what they build on, that disagrees; or TG_E_ARGUMENT, TG_E_NOMEM,
 * TG_E_SIZE, TG_E_NONFINITE (the value or a residual at theta), TG_E_CALLBACK (one asked to stop), or what
 * one returned: r is then as it was. r may be NULL. */
TG_API tg_status tg_objective_check(const tg_objective *c, const double *theta, double tolerance,
                                    tg_objective_report *r);

#ifdef __cplusplus
}
#endif
#endif
