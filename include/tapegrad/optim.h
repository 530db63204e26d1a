/* Optimizers: minimise a function of n real parameters, given as callbacks.
 *
 * An objective is a plain struct of callbacks; three constructors make one from a recorded function, a vector
 * of residuals or a finite sum, and any other program that can compute a value and a gradient fills in the
 * struct itself. A method is a plain struct of settings; constructors fill it with defaults. Both pass by
 * value. tg_minimize runs Algorithm 4.1 of Liquet, Moka & Nazarathy, "Mathematical Engineering of Deep
 * Learning" (2024), cited below as (4.n); tg_fit runs epochs of mini-batches. Both are a tg_run stepped to
 * its end.
 *
 * A failure is a tg_status; why an iteration ended is a tg_stop, and a report beside it tells where it
 * stands. */
#ifndef TAPEGRAD_OPTIM_H
#define TAPEGRAD_OPTIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Objectives ----------------------------------------------------------------------------------- */

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

/* ---- Learning-rate schedules ---------------------------------------------------------------------- */

/* alpha(t): rate() is given the method's alpha, the step t = 0, 1, ..., and the number of steps planned (the
 * limit on iterations, or epochs times batches; 0 when there is none). Steps are iterations in tg_minimize
 * and mini-batches in tg_fit. A zeroed schedule is constant. Your own: set .rate, and .p or .user as you
 * like, for instance two schedules made below, whose rate() yours calls one on the other's result (only
 * tg_plateau_rate is a constant there, as its memory is the run's); a rate that is negative or not finite
 * ends the run with TG_E_ARGUMENT. A step of rate 0 meets no tolerance on step or value; where a schedule
 * below has come to 0, and stays there, any run but of tg_fit ends as TG_STOP_STALLED. Parameters of those
 * below are checked when a run starts. */
typedef struct tg_schedule {
  double (*rate)(const struct tg_schedule *s, double alpha, size_t step, size_t total);
  double p[4];
  void *user;
} tg_schedule;

TG_API tg_schedule tg_constant_rate(void);
/* alpha factor^t; factor > 0. */
TG_API tg_schedule tg_exponential_rate(double factor);
/* alpha factor^floor(t / every); factor > 0, every >= 1. */
TG_API tg_schedule tg_step_rate(double factor, size_t every);
/* alpha / (1 + decay t)^power; both >= 0. */
TG_API tg_schedule tg_inverse_time_rate(double decay, double power);
/* alpha (f + (1 - f) (1 + cos(pi t / period)) / 2), held at alpha f from t = period on (Loshchilov & Hutter
 * 2017, (5)); f = final_fraction in [0, 1]; period 0: the number of steps planned. */
TG_API tg_schedule tg_cosine_rate(double final_fraction, size_t period);
/* alpha (t + 1) / warm for t < warm; then the cosine above over the rest (final_fraction 1: constant); period
 * > warm, or 0. */
TG_API tg_schedule tg_warm_up_rate(size_t warm, double final_fraction, size_t period);
/* Smith & Topin 2018: from alpha / start_divisor up to alpha over the first `rise` (0 < rise < 1) of the
 * period, then down to alpha / end_divisor at its last step, both by half a cosine: t = 0, rise period - 1
 * and period - 1 are the ends, as in PyTorch; divisors >= 1; period 0: the number of steps planned. */
TG_API tg_schedule tg_one_cycle_rate(double rise, double start_divisor, double end_divisor, size_t period);
/* Multiply the rate by `factor`, in (0, 1), whenever the value (tg_minimize: per iteration; tg_fit: the
 * validation value, or the training value without validation, per epoch) has not fallen by a part
 * `threshold`, in [0, 1), of its size for `patience` checks in a row, at least 1; never below alpha *
 * floor_fraction, in [0, 1]. A value that is NaN, as tg_run_update may be given, is no check. */
TG_API tg_schedule tg_plateau_rate(double factor, size_t patience, double threshold, double floor_fraction);

/* ---- Methods -------------------------------------------------------------------------------------- */

/* How a method with a direction chooses the length of its step. TG_LINE_DEFAULT is the method's own. Methods
 * that search along no direction refuse others than their own: TG_LINE_FIXED for first-order methods and
 * secant, TG_LINE_EXACT for linear_cg. tg_fit and tg_run_update never search. */
typedef enum tg_line_search {
  TG_LINE_DEFAULT,
  TG_LINE_FIXED,      /* alpha(t), no search */
  TG_LINE_WOLFE,      /* strong Wolfe conditions (4.50), approximate ones at the limit of rounding */
  TG_LINE_WEAK_WOLFE, /* (4.49) in place of (4.50): the slope may be positive */
  TG_LINE_ARMIJO,     /* backtracking: alpha(t), then shorter by `factor` until (4.48) holds */
  TG_LINE_EXACT       /* the minimiser along the direction, to rounding (4.43) */
} tg_line_search;

/* Settings of a method. Make one with a constructor, then change fields by name. Not every method reads every
 * field; ranges are checked when a run starts (TG_E_ARGUMENT). decay, clip_norm and clip_value are refused by
 * all but first-order methods without a line search, a schedule where no step is alpha(t). g is the gradient,
 * t = 0, 1, ... the step, all operations on vectors are entry by entry. */
typedef struct tg_method {
  int kind;            /* which method; set by the constructors */
  int line_search;     /* a tg_line_search */
  double alpha;        /* learning rate, > 0 */
  double beta;         /* decay of the first moment (momentum), of adadelta's D; [0, 1) */
  double gamma;        /* decay of the second moment, [0, 1) */
  double epsilon;      /* >= 0; keeps divisors from 0. Where one is 0 all the same the entry of theta stays */
  double p;            /* exponent of the L_p variant, >= 1 */
  double decay;        /* weight decay apart from the gradient: theta <- theta - alpha(t) decay theta; >= 0 */
  double clip_norm;    /* first-order methods: g is shortened to this Euclidean norm; 0: off */
  double clip_value;   /* first-order methods: entries of g are cut to [-clip_value, clip_value]; 0: off */
  bool classic;        /* momentum, nesterov, lookahead: v <- beta v + g instead of beta v + (1 - beta) g */
  bool epsilon_inside; /* epsilon inside the square root instead of outside */
  double factor;       /* of backtracking, (0, 1); 0: 2/3 */
  size_t memory;       /* pairs kept by L-BFGS, 1 ... 1000 */
  int variant;         /* nonlinear_cg: a tg_cg */
  double second;       /* secant: theta(1); NaN: theta(0) - alpha g. Others do not read it */
  bool unscaled;       /* bfgs, dfp, lbfgs: start from B = I, not from I scaled by s'y / y'y */
  double radius;       /* trust regions: the first radius, > 0; levenberg_marquardt: in units of |D theta| */
  /* lbfgs: C(theta) + l1 sum_i l1_weight_i |theta_i| over lower <= theta <= upper. The arrays (n) are yours,
   * to be kept until the run has ended; NULL: no bounds (so are infinite ones), weights 1. Value and gradient
   * norm reported are those of this problem: the norm is 0 at its solution. The start is moved within the
   * bounds. At a bound the slope against it may be infinite (sqrt(theta), theta >= 0), the other way at the
   * start only (theta log theta), which is then left for a lower point near by. */
  const double *lower, *upper, *l1_weight;
  double l1;     /* >= 0 */
  double armijo; /* sufficient decrease (4.48) in line searches but TG_LINE_EXACT, [0, 1]; from 1/2 on the
                    minimum of a parabola is refused */
  double wolfe;  /* curvature (4.49), (4.50) in the searches with that name, (armijo, 1) */
  tg_schedule schedule;
} tg_method;

/* Gradient descent (4.2): theta <- theta - alpha g. With line_search = TG_LINE_WOLFE: steepest descent. */
TG_API tg_method tg_gd(double alpha);
/* Momentum (4.16)-(4.17): v <- beta v + (1 - beta) g, theta <- theta - alpha v. */
TG_API tg_method tg_momentum(double alpha, double beta);
/* Nesterov's momentum (4.33)-(4.34): as momentum, g taken at theta - alpha beta v. tg_minimize evaluates
 * twice an iteration but the first, there and at theta, for theta is what is reported; lookahead and tg_fit
 * need one. */
TG_API tg_method tg_nesterov(double alpha, double beta);
/* Look-ahead momentum (4.36)-(4.37): v <- beta v + (1 - beta) g, theta <- theta - alpha (beta v + (1 - beta)
 * g). With constant alpha and beta its theta is the predicted point of tg_nesterov. */
TG_API tg_method tg_lookahead(double alpha, double beta);
/* Adagrad (4.20; Duchi, Hazan & Singer 2011): s <- s + g^2, theta <- theta - alpha g / (sqrt(s) + epsilon);
 * epsilon 1e-8. */
TG_API tg_method tg_adagrad(double alpha);
/* RMSprop (4.21)-(4.22): s <- gamma s + (1 - gamma) g^2, else as Adagrad; gamma 0.999, epsilon 1e-8. */
TG_API tg_method tg_rmsprop(double alpha);
/* Adam, Algorithm 4.2 (Kingma & Ba 2015): v <- beta v + (1 - beta) g, s <- gamma s + (1 - gamma) g^2,
 * theta <- theta - alpha v^ / (sqrt(s^) + epsilon), v^ = v / (1 - beta^(t+1)), s^ = s / (1 - gamma^(t+1)).
 * beta 0.9, gamma 0.999, epsilon 1e-8: also in its relatives below, unless said otherwise. */
TG_API tg_method tg_adam(double alpha);
/* Adam with weight decay taken apart (Loshchilov & Hutter 2019): theta is multiplied by 1 - alpha(t) decay
 * besides. */
TG_API tg_method tg_adamw(double alpha, double decay);
/* AMSGrad (Reddi, Kale & Kumar 2018) with bias correction: in place of s the largest s so far. */
TG_API tg_method tg_amsgrad(double alpha);
/* Nadam (Dozat 2016): v^ = beta v / (1 - beta^(t+2)) + (1 - beta) g / (1 - beta^(t+1)), v already updated. */
TG_API tg_method tg_nadam(double alpha);
/* Adadelta (Zeiler 2012): s <- gamma s + (1 - gamma) g^2, step = sqrt(D + epsilon) / sqrt(s + epsilon) g,
 * D <- beta D + (1 - beta) step^2, theta <- theta - alpha step; alpha 1, gamma and beta 0.95, epsilon 1e-6
 * (> 0, or nothing moves). With epsilon_inside = false the form (4.38): (sqrt(D) + epsilon) / (sqrt(s) +
 * epsilon) g. */
TG_API tg_method tg_adadelta(void);
/* Adamax (4.41)-(4.42): r <- max(gamma r, |g|), theta <- theta - alpha v^ / (r + epsilon). */
TG_API tg_method tg_adamax(double alpha);
/* Adam in L_p (4.39)-(4.40): s <- gamma^p s + (1 - gamma^p) |g|^p, s^ = s / (1 - gamma^(p (t+1))),
 * theta <- theta - alpha v^ / (s^^(1/p) + epsilon); p >= 1. */
TG_API tg_method tg_adam_p(double alpha, double p);
/* Lion (Chen et al. 2023): theta <- theta - alpha sign(beta v + (1 - beta) g), then v <- gamma v + (1 -
 * gamma) g; beta 0.9, gamma 0.99. Usually with a decay. */
TG_API tg_method tg_lion(double alpha);
/* L-BFGS (4.69; Nocedal 1980; Liu & Nocedal 1989), memory 10, strong Wolfe line search (armijo 1e-4, wolfe
 * 0.7). For smooth objectives of any size; the default choice without noise. */
TG_API tg_method tg_lbfgs(void);

/* BFGS (4.66)-(4.67): the full approximation B of the inverse Hessian, n x n. Line search as L-BFGS. */
TG_API tg_method tg_bfgs(void);
/* DFP (Davidon 1959; Fletcher & Powell 1963), for comparison: BFGS needs fewer evaluations. */
TG_API tg_method tg_dfp(void);
/* Nonlinear conjugate gradients; three vectors of memory. With TG_LINE_DEFAULT or TG_LINE_WOLFE the first two
 * restart where successive gradients are far from orthogonal (Powell 1977). */
typedef enum tg_cg { TG_CG_POLAK_RIBIERE, TG_CG_FLETCHER_REEVES, TG_CG_HAGER_ZHANG } tg_cg;
TG_API tg_method tg_nonlinear_cg(int variant);
/* Conjugate gradients for quadratics: the step along a direction is exact, -g'd / d'Hd, with one call of
 * objective.hvp; at most n steps but for rounding. Without curvature along a direction it ends, unbounded
 * where C is a quadratic, else TG_STOP_SINGULAR. On other objectives use the above. */
TG_API tg_method tg_linear_cg(void);
/* The secant method (4.53) for one parameter: Newton's with C'' from the last two gradients. theta(0)
 * is the start, theta(1) the field `second`, or where that is NaN, as this leaves it, a step of gradient
 * descent with rate alpha. Bare: it goes to any stationary point, or diverges. */
TG_API tg_method tg_secant(double alpha);
/* Newton's method (4.54) with the Hessian (objective.hessian, or n calls of objective.hvp), made positive
 * definite by a multiple of the identity, and a line search. With line_search = TG_LINE_FIXED the bare form
 * theta - alpha H^-1 g, (4.51) for one parameter, which may go to any stationary point, or diverge. But for
 * that form, and in all methods of second order below: theta does not move along directions that C does not
 * depend on, and a point is called converged only when no lower one is found along negative curvature: of the
 * last Hessian, of one more where that has some, or by up to 21 products. (A saddle where curvature vanishes
 * looks like a minimum.) */
TG_API tg_method tg_newton(void);
/* The same with conjugate gradients on objective.hvp, for many parameters. */
TG_API tg_method tg_newton_cg(void);
/* Newton's method within a trust region: exact (More & Sorensen 1983) with the Hessian as tg_newton has it,
 * or by conjugate gradients on objective.hvp (Steihaug 1983). The safest when second derivatives are at hand.
 * radius 1. */
TG_API tg_method tg_trust_region(void);
TG_API tg_method tg_trust_region_cg(void);
/* Levenberg-Marquardt (More 1978) on objective.residual; C = |r|^2 / 2. radius 1, relative to the scaled
 * start. */
TG_API tg_method tg_levenberg_marquardt(void);

/* The method of that name with its defaults: "gd", "adam_p", "lbfgs", ... (tg_method_list; '-' may stand for
 * '_'); TG_E_ARGUMENT for an unknown name. */
TG_API tg_status tg_method_named(tg_method *m, const char *name);
/* The name of a method; NULL when m is none. */
TG_API const char *tg_method_name(const tg_method *m);
/* The name of row i = 0, 1, ... of the table of methods; NULL beyond the last. */
TG_API const char *tg_method_list(size_t i);
/* What tg_minimize would answer to this objective and method with default options: tg_minimize_check below.
 */
TG_API tg_status tg_method_check(const tg_objective *c, const tg_method *m, const char **message);

/* ---- Why it stopped, and where it stands ---------------------------------------------------------- */

/* One line per reason: code, text. */
#define TG_STOP_LIST(X)                                                                                      \
  X(TG_RUNNING, "running")                                                                                   \
  X(TG_STOP_GRADIENT, "the gradient is within its tolerance")                                                \
  X(TG_STOP_VALUE, "the value changes less than its tolerance")                                              \
  X(TG_STOP_RELATIVE, "the value changes less than its tolerance, relative to its size")                     \
  X(TG_STOP_STEP, "the step is within its tolerance")                                                        \
  X(TG_STOP_ACCURACY, "the estimated distance to the minimum is within its tolerance")                       \
  X(TG_STOP_ROUNDING, "as low as rounding allows")                                                           \
  X(TG_STOP_ZERO_RULE,                                                                                       \
    "a tolerance is met, but a product with an exact zero may hide a part of the gradient")                  \
  X(TG_STOP_ITERATIONS, "the limit on iterations is reached")                                                \
  X(TG_STOP_EPOCHS, "the epochs asked for are done")                                                         \
  X(TG_STOP_SECONDS, "the limit on time is reached")                                                         \
  X(TG_STOP_PATIENCE, "the validation value has not improved for as long as allowed")                        \
  X(TG_STOP_STALLED, "no lower value can be found along any direction tried; a tolerance was not met")       \
  X(TG_STOP_UNBOUNDED, "the value falls without end along a direction")                                      \
  X(TG_STOP_SINGULAR, "the equations for the step are singular or not positive definite")                    \
  X(TG_STOP_NONFINITE, "the value or gradient is not finite")                                                \
  X(TG_STOP_USER, "stopped by a callback")                                                                   \
  X(TG_STOP_ERROR, "stopped by a failure; see the status")

typedef enum tg_stop {
#define TG_STOP_ROW(code, text) code,
  TG_STOP_LIST(TG_STOP_ROW)
#undef TG_STOP_ROW
} tg_stop;

/* The text of a stop reason, never NULL. Static storage. */
TG_API const char *tg_stop_string(tg_stop s);
/* Whether a run that stopped so reached its aim: a tolerance was met, or the value is as low as rounding
 * allows. False where rule R5 may hide a part of the gradient (TG_STOP_ZERO_RULE), for limits, stalls and
 * failures, and for what ends a tg_fit, which has no tolerance. The rule is counted too, with nothing
 * hidden, where an infinite partial lies in a branch that tg_where did not take: guard its operand as well,
 * tg_where(c, tg_sqrt(tg_where(c, z, 1.0)), 0.0), and no such product is left. */
TG_API bool tg_converged(tg_stop s);

/* Where a run stands. Plain, owns nothing. In tg_minimize value, gradient_norm and theta always belong to the
 * same point: the current iterate while it runs, and what the call left in your theta once it has ended. What
 * nobody has computed there, as a run was cut short before, is NaN. In tg_fit see the fields. By
 * tg_run_update value and gradient_norm are of what you gave last, at theta as it was before the step. */
typedef struct tg_report {
  tg_stop stop;         /* TG_RUNNING, or why it ended */
  size_t iterations;    /* steps completed */
  size_t epoch, epochs; /* tg_fit: epochs completed, and planned */
  size_t values;        /* evaluations of the value ... */
  size_t gradients;     /* ... of the gradient (a call for both counts once in each) */
  size_t products;      /* Hessian-vector products */
  size_t hessians;      /* Hessians, or Jacobians of residuals */
  size_t zero_rule;     /* how often derivatives needed rule R5, as the objective counts: 0 if it does not */
  size_t best_epoch;    /* tg_fit: the epoch whose parameters are kept */
  double value;         /* C(theta); tg_fit: mean of the last epoch's batch values */
  double gradient_norm; /* in the norm of the options; tg_fit: largest entry of the last batch's gradient */
  double step;          /* largest change of an entry of theta in the last step */
  double rate;          /* learning rate, or length along the direction, of the last step */
  double validation;    /* tg_fit: at the last epoch's end; NaN without */
  double best_validation; /* tg_fit: smallest so far; NaN without */
  double seconds;         /* wall time since the run began */
  const double *theta;    /* n; while it runs, valid until the next step */
  /* A sentence, never NULL, static: after a refusal what the checks below say, after a failure what failed
   * (the status says how), else the text of `stop`. */
  const char *message;
} tg_report;

/* Sees the run after each iteration (tg_fit: each epoch). Returns as the callbacks of an objective do. */
typedef int (*tg_watch_fn)(const tg_report *now, void *user);

/* ---- tg_minimize ---------------------------------------------------------------------------------- */

/* The norm in which gradient_tol is met. */
typedef enum tg_norm {
  TG_NORM_MAX,    /* the largest |g_i|: does not grow with n. The default */
  TG_NORM_EUCLID, /* sqrt(sum g_i^2), as in (4.1), computed without overflow */
  TG_NORM_SCALED, /* max |g_i| max(|theta_i|, 1) / max(|C|, 1): free of the units of C and theta when they are
                     large (Dennis & Schnabel 1983, (7.2.5)) */
  TG_NORM_COSINE  /* levenberg_marquardt alone: the largest |cosine| of r with a column of J, free of all
                     units;  MINPACK's gtol */
} tg_norm;

/* The norm of a step theta - theta' in which step_tol is met. */
typedef enum tg_step_norm {
  TG_STEP_EUCLID, /* sqrt(sum (theta_i - theta'_i)^2), as in (4.1), computed without overflow. The default */
  TG_STEP_MAX,    /* the largest |theta_i - theta'_i|: does not grow with n */
  TG_STEP_SCALED /* max |theta_i - theta'_i| / max(|theta_i|, 1): free of the units of theta where it is large
                    (Dennis & Schnabel 1983, (7.2.7)) */
} tg_step_norm;

/* When to stop: the conditions of section 4.1, each off when 0, and one more, which alone is on by default as
 * it has a meaning in any units. An iteration is checked in the order of the fields.
 *
 * `accuracy` is about the distance of theta from the minimum, entry by entry and relative to |theta_i| (for
 * entries below 1e-8 of the largest, to that). The distance is that to the minimum of the method's own model
 * of C: it stays the same when C is multiplied by a number or one is added. Methods with second derivatives,
 * or the Jacobian of residuals, are believed at once; of the others the last step must have been short too,
 * and every |g_i theta_i| small beside |C|, or where C goes to 0 beside what it has fallen. Where theta itself
 * goes to 0 it is enough that next to nothing is left of the fall. No such test can know of a minimum further away, or see a
 * direction in which C hardly changes where the method has never gone. Where values cannot be told apart any
 * more, before that is met, a run with a line search or a trust region ends as TG_STOP_ROUNDING if what is
 * left is less than that and the distance within 1e-5, and as TG_STOP_STALLED otherwise. tg_run_update has no
 * such estimate.
 *
 * MINPACK's tests are relative_tol (ftol), accuracy (xtol) and gradient_tol in TG_NORM_COSINE (gtol). With
 * all of them off, no watch and steps without a line search a run ends where the gradient is exactly 0, where
 * something is not finite, or by a callback of the objective: it may never. */
typedef struct tg_minimize_options {
  double gradient_tol;   /* norm of the gradient <= gradient_tol: a number in the units of C. Default 0 */
  double step_tol;       /* norm of the change of theta <= step_tol. Default 0 */
  double value_tol;      /* |C - C'| <= value_tol between two iterates. Default 0 */
  double relative_tol;   /* |C - C'| <= relative_tol |C|, C the value one iterate before. Default 0 */
  double accuracy;       /* |estimated distance of theta_i from the minimum| <= accuracy |theta_i|. Default
                            1e-8 */
  size_t max_iterations; /* Default 10000 */
  double max_seconds;    /* wall time, looked at after iterations and trials of a line search. Default 0 */
  int norm;              /* of the gradient: a tg_norm. Default TG_NORM_MAX */
  int step_norm;         /* of the step: a tg_step_norm. Default TG_STEP_EUCLID */
  double
      *gradient; /* n, yours: gets the gradient at the final theta, NaN where it is not known. Default NULL */
  tg_watch_fn watch; /* Default NULL */
  void *user;        /* handed to watch */
} tg_minimize_options;

TG_API tg_minimize_options tg_minimize_defaults(void);

/* Minimises C from theta (n, in and out). `o` NULL: the defaults; `r` NULL: no report.
 * TG_OK: theta holds the final point: the current iterate when a tolerance was met or the run stalled, and
 * the best finite point seen when it was cut short (iterations, seconds, user, not finite, unbounded), be it
 * an iterate, a trial of the last search or a point looked ahead to. Look at r->stop: a run that was cut
 * short is not an error. Otherwise theta and o->gradient are as they were: TG_E_ARGUMENT (n of 0, NULL, a
 * setting out of range), TG_E_METHOD (a callback the method needs is missing), TG_E_NOMEM, TG_E_SIZE,
 * TG_E_NONFINITE (at the starting point), or what a callback returned. */
TG_API tg_status tg_minimize(tg_objective c, tg_method m, double *theta, const tg_minimize_options *o,
                             tg_report *r);

/* Why tg_minimize would refuse: TG_OK, or the TG_E_ARGUMENT or TG_E_METHOD it would answer. `message`, unless
 * NULL, gets a static text that names the setting, schedule or option out of range, or the missing callback.
 * Evaluates nothing. `o` NULL: the defaults. */
TG_API tg_status tg_minimize_check(const tg_objective *c, const tg_method *m, const tg_minimize_options *o,
                                   const char **message);

/* One call for two methods: `first` for so many iterations, or until it meets a tolerance, stalls or leaves
 * the finite numbers; unless a tolerance was met `then` goes on from its best point. A cheap method to come
 * near, an exact one to finish: tg_minimize_handover(c, tg_adam(0.01), 200, tg_lbfgs(), theta, NULL, &r).
 * Counts, time and limits are of both together; a schedule of `then` plans the iterations left. The
 * problem solved and reported is that of `then`: where its bounds or L1 term differ from those of `first`,
 * which need have none, a tolerance met by `first` says nothing, and what is returned is within the bounds
 * of `then`. Otherwise as tg_minimize. */
TG_API tg_status tg_minimize_handover(tg_objective c, tg_method first, size_t iterations, tg_method then,
                                      double *theta, const tg_minimize_options *o, tg_report *r);

/* ---- tg_fit --------------------------------------------------------------------------------------- */

typedef enum tg_shuffle {
  TG_SHUFFLE_EPOCH,      /* a new order each epoch (4.10). The default */
  TG_SHUFFLE_ONCE,       /* one random order, kept */
  TG_SHUFFLE_NONE,       /* the order of the data */
  TG_SHUFFLE_REPLACEMENT /* each batch drawn independently, with replacement */
} tg_shuffle;

typedef struct tg_fit_options {
  size_t epochs;      /* passes over the samples. Default 10; 0 is refused */
  size_t batch;       /* samples in a mini-batch; the last of an epoch may be smaller (4.13). Default 32 */
  size_t patience;    /* stop after so many epochs without a smaller validation value; 0: never; needs
                         `validation`. Default 0 */
  uint64_t seed;      /* of the shuffling. Default 1 */
  int shuffle;        /* a tg_shuffle. Default TG_SHUFFLE_EPOCH */
  double max_seconds; /* wall time, looked at once per epoch; 0: no limit. Default 0 */
  /* Evaluated at the end of each epoch; keep it until the run has ended. Default NULL. */
  const tg_objective *validation;
  tg_watch_fn watch; /* called at the end of each epoch. Default NULL */
  void *user;        /* handed to watch */
} tg_fit_options;

TG_API tg_fit_options tg_fit_defaults(void);

/* Minimises the finite sum by mini-batches with a first-order method (others: TG_E_METHOD). With a validation
 * objective theta ends as the parameters of the epoch with the smallest validation value; without, or before
 * an epoch is complete, as the last. A batch whose value or gradient is not finite ends the run with the
 * parameters of the best, resp. last, complete epoch: TG_OK and TG_STOP_NONFINITE, also when it is the first
 * batch, where theta is the start and value NaN. Failures otherwise as tg_minimize. */
TG_API tg_status tg_fit(tg_objective c, tg_method m, double *theta, const tg_fit_options *o, tg_report *r);

/* Why tg_fit would refuse; as tg_minimize_check. */
TG_API tg_status tg_fit_check(const tg_objective *c, const tg_method *m, const tg_fit_options *o,
                              const char **message);

/* ---- Runs: the same, step by step ----------------------------------------------------------------- */

typedef struct tg_run tg_run;

/* A run borrows theta (n), the objective's `user` and what the options point to until tg_run_free; options
 * are copied. Everything is allocated here; on failure *run is NULL. An objective without callbacks is for
 * tg_run_update. */
TG_API tg_status tg_run_new(tg_run **run, tg_objective c, tg_method m, double *theta,
                            const tg_minimize_options *o);
TG_API tg_status tg_run_new_fit(tg_run **run, tg_objective c, tg_method m, double *theta,
                                const tg_fit_options *o);
/* One iteration or mini-batch; afterwards theta holds the current iterate, or the final point when the run
 * has ended. False when it has ended. A run that has ended stays ended. */
TG_API bool tg_run_step(tg_run *run);
/* One step of a first-order method with the caller's gradient (n) at the theta of the run, which is changed
 * in place; value is C(theta), which is only reported and compared; NaN when unknown. After the step the
 * report has that value and gradient norm, which belong to theta before it: the gradient tolerance is looked
 * at before the step, and when it is met theta stays and all belong together. For runs whose
 * objective has no callback at all, and methods that take the gradient at theta (so not "nesterov"). A
 * gradient that is not finite, an infinite value, or a step that would leave the finite numbers ends the run
 * (TG_STOP_NONFINITE; TG_STOP_UNBOUNDED for -inf) and leaves theta. The tolerances, limits and watch of the
 * options apply. TG_E_ARGUMENT, or the failure that ended the run; TG_OK and no change when it has ended
 * otherwise. */
TG_API tg_status tg_run_update(tg_run *run, double value, const double *gradient);
/* Why tg_run_new would refuse a run for tg_run_update (an objective of n alone); as tg_minimize_check. */
TG_API tg_status tg_update_check(const tg_objective *c, const tg_method *m, const tg_minimize_options *o,
                                 const char **message);
/* TG_OK, or the failure that ended it; TG_E_ARGUMENT for NULL. */
TG_API tg_status tg_run_status(const tg_run *run);
/* The run's own report, up to date after each step; valid until tg_run_free. NULL for NULL. */
TG_API const tg_report *tg_run_report(const tg_run *run);

/* A checkpoint: tg_run_size bytes, which the caller stores; 0 for NULL. Restored into a run made with the
 * same objective, method and options by the same build, the run continues as the saved one would have, bit
 * for bit (limits on wall time aside; time counts on from the saved run's). theta becomes the saved iterate.
 * What may differ are the limits: tolerances, max_iterations, max_seconds, epochs, patience, and where to
 * report (watch, gradient, user). The new ones count from there: a run that ended at a limit or tolerance, or
 * was stopped by a callback, goes on unless it meets one of the new; so epochs are added to a fit, whose last
 * parameters are kept beside the best. Where a callback of the objective stopped it, its step is made anew,
 * and a method that is not of first order begins anew from there. A schedule whose period is
 * the number of steps planned follows the new number. Everything else is compared - settings, schedule, norm,
 * batch, seed, shuffle, whether there is a validation objective, the numbers in bounds and weights, and what
 * the objective provides; of a rate function of your own only its p. TG_E_DATA, and no change, when the bytes
 * are no checkpoint of such a run. Bytes made to deceive can put any numbers into theta and what the method
 * keeps, but do no other harm: no callback sees a sample or step that is none. */
TG_API size_t tg_run_size(const tg_run *run);
TG_API void tg_run_save(const tg_run *run, void *bytes);
TG_API tg_status tg_run_restore(tg_run *run, const void *bytes, size_t size);
TG_API void tg_run_free(tg_run *run); /* NULL is fine */

#ifdef __cplusplus
}
#endif
#endif
