/* Objectives: what is minimised, given as callbacks.
 *
 * A tg_objective is a plain struct of callbacks, passed by value. Three constructors make one by
 * differentiation, from a recorded function, a vector of residuals or a finite sum; two more from a quadratic
 * and from a value alone. Any other program that can compute a value and a gradient fills in the struct itself:
 *
 *   static int bowl(const double *theta, double *value, double *gradient, void *user);
 *   const tg_objective c = {.n = 2, .evaluate = bowl, .user = &data};
 *
 * What a callback answers:
 *   0                     go on
 *   a positive number     stop: the run ends with TG_STOP_USER and keeps the best point
 *   a negative tg_status  the run fails with it
 *
 * A value or gradient that is infinite or NaN is not an error:
 *   - a line search or trust region backs off from it;
 *   - other methods stop there (TG_STOP_NONFINITE) and keep the best finite point;
 *   - so do methods that keep squares of gradients when these overflow, for entries beyond 1e154.
 *
 * Arrays handed to a callback belong to the run and are valid for the call only. Callbacks run on the thread that
 * steps the run. */
#ifndef TAPEGRAD_OBJECTIVE_H
#define TAPEGRAD_OBJECTIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is not given is NULL or 0. tg_method_properties (method.h) says which callbacks a method needs. */
typedef struct tg_objective {
  size_t n;         /* parameters, at least 1 */
  size_t residuals; /* length of the vector of residuals; 0 when there is none */
  size_t samples;   /* samples of a finite sum; 0 when it is none */
  /* C(theta) and its gradient (n); either output may be NULL. */
  int (*evaluate)(const double *theta, double *value, double *gradient, void *user);
  /* The mean over `count` samples index[0..count), each below `samples`; otherwise as evaluate. For tg_fit. */
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

/* ---- by differentiation ----
 *
 * These borrow the function or the sum: keep it until the run has ended. An argument that is NULL, or a function
 * that does not have one output, gives an objective with n = 0. Every run refuses that with TG_E_ARGUMENT, and
 * tg_minimize_check says why in words. */

/* The one output of f, with gradient, products with the Hessian and the Hessian. */
TG_API tg_objective tg_function_objective(struct tg_function *f);
/* C = |r|^2 / 2 of the outputs r of a function, with gradient, residuals and Jacobian: for
 * tg_levenberg_marquardt, and all methods that need a gradient alone. */
TG_API tg_objective tg_least_squares_objective(struct tg_function *residuals);
/* The mean over the rows of a finite sum, with mini-batches, gradient, products and the Hessian. */
TG_API tg_objective tg_finite_sum_objective(struct tg_finite_sum *s);

/* ---- quadratics ---- */

/* C(theta) = theta'A theta / 2 - b'theta with A symmetric; its minimum solves A theta = b. A is a matrix or is
 * given by its products. */
typedef struct tg_quadratic {
  size_t n;
  const double *a; /* n x n, all entries; NULL: `product` is called instead */
  /* av = A v; answers as the callbacks of an objective. */
  int (*product)(const double *v, double *av, size_t n, void *user);
  const double *b; /* n; NULL: zeros */
  double *room;    /* n numbers of yours, for `product`; unused with a */
  void *user;
} tg_quadratic;

/* With gradient and products, and with `a` the Hessian. Borrows q. When q is NULL or lacks a, and product or room,
 * the objective has n = 0 and is refused. See tg_linear_cg. */
TG_API tg_objective tg_quadratic_objective(tg_quadratic *q);

/* ---- differences ---- */

/* A gradient by differences (4.26), for an objective that is a value alone. With h_i = step max(|theta_i|,
 * scale_i) entry i is
 *   central  (C(theta + h_i e_i) - C(theta - h_i e_i)) / 2 h_i
 *   forward  (C(theta + h_i e_i) - C(theta)) / h_i
 * Where one side is not finite the other is taken alone; where neither is, the entry is NaN.
 *
 * Accuracy: of values known to rounding about 10 digits, forward 7 or 8, of the larger of gradient and value. A
 * tolerance on the gradient should not ask for more.
 * Cost: 2 n + 1 values a gradient, forward n + 1. The function is evaluated beyond bounds too.
 * Prefer derivatives where there are any: tg_function_objective. */
typedef struct tg_differences {
  size_t n;
  int (*value)(const double *theta, double *value, void *user); /* answers as the callbacks of an objective */
  bool forward;
  double step;         /* in [0, 1); 0: the third root of the rounding 2^-52, forward its square root */
  const double *scale; /* n sizes that parameters have when they are small, > 0; NULL: 1 */
  double *room;        /* n numbers of yours, where theta is moved */
  void *user;
} tg_differences;

/* Borrows d. When d is NULL or out of range the objective has n = 0 and is refused. */
TG_API tg_objective tg_differences_objective(tg_differences *d);

/* ---- checking callbacks written by hand ---- */

/* What tg_objective_check found. */
typedef struct tg_objective_report {
  double error;         /* the largest disagreement, relative to the larger of the two numbers */
  const char *callback; /* where it is: "evaluate", "residual", "hvp", "hessian" or "batch" */
  const char *message;  /* what disagrees with what there, or that all agree. Static storage */
  size_t row, column;   /* the entry: of a gradient, a product or residuals the row */
  /* Entries that differences cannot tell to the tolerance: at the edge of the domain or of a kink, or lost in
   * rounding. Also hvp and hessian when there is no evaluate, which has the gradient. */
  size_t unchecked;
} tg_objective_report;

/* Do the callbacks agree, at theta (n, finite)? What is compared:
 *   - gradients with differences of values, Jacobians with differences of residuals;
 *   - hvp along two directions, and the Hessian, with differences of gradients; hvp with its transpose;
 *   - values with gradient and without, |residual|^2 / 2 and J'r with evaluate's;
 *   - a batch of all samples with evaluate, of two samples with their mean.
 * Differences are extrapolated, at the best of several scales; what they may be off themselves is allowed for.
 * `tolerance` is relative; 0: 1e-6. Choose theta at random: at a minimum, a symmetric or a zero point much that
 * is wrong agrees.
 *
 * Cost: 24 to 30 values or gradients for each parameter and callback; memory for the matrices.
 *
 * TG_OK: all agree. TG_E_DERIVATIVE: r tells of the first callback, in the order of what they build on, that
 * disagrees. Otherwise r is as it was: TG_E_ARGUMENT (NULL, n of 0, a setting out of range), TG_E_NOMEM, TG_E_SIZE,
 * TG_E_NONFINITE (the value or a residual at theta), TG_E_CALLBACK (a callback asked to stop), or what a callback
 * answered. r may be NULL. */
TG_API tg_status tg_objective_check(const tg_objective *c, const double *theta, double tolerance,
                                    tg_objective_report *r);

#ifdef __cplusplus
}
#endif
#endif
