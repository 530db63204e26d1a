/* Methods: which there are, and their settings.
 *
 *   tg_method m = tg_lbfgs();    // a constructor fills in the defaults
 *   m.memory = 20;               // then change fields by name
 *
 * A method is a plain struct of settings, passed by value. Which to choose:
 *   tg_lbfgs                smooth, any number of parameters, a gradient: the default choice without noise
 *   tg_trust_region         second derivatives at hand, up to some thousand parameters: the safest
 *   tg_trust_region_cg      the same with products alone, for many parameters
 *   tg_levenberg_marquardt  sums of squares of residuals
 *   tg_adam and its kin     mini-batches (tg_fit), or gradients with noise
 *
 * Which settings a method reads, and its defaults. Others are not read, but must be in range. "search" stands for
 * the settings of line searches, below.
 *
 *   constructor                   reads, with defaults
 *   ----------------------------- --------------------------------------------------------------------------
 *   first order, all of them      alpha, schedule, decay 0, clip_norm 0, clip_value 0; and
 *     tg_gd(alpha)                search (TG_LINE_FIXED, armijo 1e-4, wolfe 0.9)
 *     tg_momentum(alpha, beta)    beta, classic false
 *     tg_nesterov, tg_lookahead   as tg_momentum
 *     tg_adagrad(alpha)           epsilon 1e-8, epsilon_inside false
 *     tg_rmsprop(alpha)           gamma 0.999, epsilon 1e-8, epsilon_inside false
 *     tg_adam(alpha)              beta 0.9, gamma 0.999, epsilon 1e-8, epsilon_inside false
 *     tg_adamw(alpha, decay)      as tg_adam
 *     tg_amsgrad, tg_nadam        as tg_adam
 *     tg_adadelta()               alpha 1, beta 0.95, gamma 0.95, epsilon 1e-6, epsilon_inside true
 *     tg_adamax(alpha)            beta 0.9, gamma 0.999, epsilon 1e-8
 *     tg_adam_p(alpha, p)         p, beta 0.9, gamma 0.999, epsilon 1e-8
 *     tg_lion(alpha)              beta 0.9, gamma 0.99
 *   tg_lbfgs()                    memory 10, unscaled false, bounds and L1 term, search (wolfe 0.7)
 *   tg_bfgs()                     unscaled false, search (wolfe 0.9)
 *   tg_dfp()                      unscaled false, search (wolfe 0.1)
 *   tg_nonlinear_cg(variant)      variant, search (wolfe 0.1)
 *   tg_newton(), tg_newton_cg()   search (wolfe 0.9)
 *   tg_trust_region(),
 *   tg_trust_region_cg(),
 *   tg_levenberg_marquardt()      radius 1
 *   tg_linear_cg()                nothing
 *   tg_secant(alpha)              alpha, second NaN
 *
 *   line_search                   reads (defaults of methods that search: alpha 1, armijo 1e-4)
 *   ----------------------------- --------------------------------------------------------------------------
 *   TG_LINE_DEFAULT               as the method's own: TG_LINE_WOLFE of those that say "search"
 *   TG_LINE_FIXED                 alpha, schedule
 *   TG_LINE_ARMIJO                alpha, schedule, armijo, factor 0
 *   TG_LINE_WOLFE, _WEAK_WOLFE    armijo, wolfe
 *   TG_LINE_EXACT                 nothing
 *
 * What is out of range is refused with TG_E_ARGUMENT when a run starts, and tg_minimize_check says so in words. So
 * are decay, clip_norm and clip_value where steps are not those of a first-order method without a line search,
 * and a schedule where no step is alpha(t). */
#ifndef TAPEGRAD_METHOD_H
#define TAPEGRAD_METHOD_H

#include <stdbool.h>
#include <stddef.h>

#include "objective.h"
#include "schedule.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How a method with a direction chooses the length of its step. Methods that search along no direction refuse
 * others than their own: TG_LINE_FIXED for first-order methods and secant, TG_LINE_EXACT for linear_cg. tg_fit and
 * tg_run_update never search. */
typedef enum tg_line_search {
  TG_LINE_DEFAULT,    /* the method's own */
  TG_LINE_FIXED,      /* alpha(t), no search */
  TG_LINE_WOLFE,      /* strong Wolfe conditions (4.50), approximate ones at the limit of rounding */
  TG_LINE_WEAK_WOLFE, /* (4.49) in place of (4.50): the slope may be positive */
  TG_LINE_ARMIJO,     /* backtracking: alpha(t), then shorter by `factor` until (4.48) holds */
  TG_LINE_EXACT       /* the minimiser along the direction, to rounding (4.43) */
} tg_line_search;

/* Settings of a method. g is the gradient, t = 0, 1, ... the step; operations on vectors are entry by entry. */
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
  /* Of methods that take bounds (lbfgs) the problem is
   *   C(theta) + l1 sum_i l1_weight_i |theta_i|   over   lower <= theta <= upper.
   * The arrays (n) are yours, to be kept until the run has ended. NULL, or infinite entries: no bounds; NULL:
   * weights 1. Value and gradient norm reported are those of this problem; the norm is 0 at its solution. The
   * start is moved within the bounds.
   * At a bound the slope against it may be infinite, as that of sqrt(theta) at 0. The slope away from it may be
   * so at the start alone, as that of theta log(theta): a lower point near by is then taken instead. */
  const double *lower, *upper, *l1_weight;
  double l1;     /* >= 0 */
  double armijo; /* sufficient decrease (4.48), [0, 1]; from 1/2 on the minimum of a parabola is refused */
  double wolfe;  /* curvature (4.49), (4.50), (armijo, 1) */
  tg_schedule schedule;
} tg_method;

/* ---- first order ----
 *
 * One value and gradient an iteration, but for a line search and tg_nesterov; one to three vectors of memory. */

/* Gradient descent (4.2): theta <- theta - alpha g. With line_search = TG_LINE_WOLFE: steepest descent. */
TG_API tg_method tg_gd(double alpha);
/* Momentum (4.16)-(4.17): v <- beta v + (1 - beta) g, theta <- theta - alpha v. */
TG_API tg_method tg_momentum(double alpha, double beta);
/* Nesterov's momentum (4.33)-(4.34): as momentum, g taken at theta - alpha beta v. In tg_minimize an iteration
 * but the first evaluates twice: there, and at theta, which is what is reported. In tg_fit it evaluates once, as
 * tg_lookahead does. tg_run_update does not take it. */
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

/* ---- with a gradient and a line search ----
 *
 * Mostly one or two values and gradients an iteration. */

/* L-BFGS (4.69; Nocedal 1980; Liu & Nocedal 1989), memory 10, strong Wolfe line search (armijo 1e-4, wolfe
 * 0.7). For smooth objectives of any size, also within bounds and with an L1 term. 2 memory + 1 vectors. */
TG_API tg_method tg_lbfgs(void);
/* BFGS (4.66)-(4.67): the full approximation B of the inverse Hessian, n x n numbers. */
TG_API tg_method tg_bfgs(void);
/* DFP (Davidon 1959; Fletcher & Powell 1963), for comparison: BFGS needs fewer evaluations. */
TG_API tg_method tg_dfp(void);
/* Nonlinear conjugate gradients; three vectors of memory. With TG_LINE_DEFAULT or TG_LINE_WOLFE the first two
 * restart where successive gradients are far from orthogonal (Powell 1977). */
typedef enum tg_cg { TG_CG_POLAK_RIBIERE, TG_CG_FLETCHER_REEVES, TG_CG_HAGER_ZHANG } tg_cg;
TG_API tg_method tg_nonlinear_cg(int variant);

/* ---- with second derivatives, or residuals ----
 *
 * The methods of second order are tg_newton, tg_newton_cg, tg_trust_region and tg_trust_region_cg. All of them, but
 * for tg_newton with TG_LINE_FIXED,
 *   - leave theta where it is along directions that C does not depend on;
 *   - call a point converged only when no lower one is found along negative curvature: of the last Hessian, of
 *     one more where that has some, or by up to 21 products. A saddle where curvature vanishes looks like a
 *     minimum all the same.
 * With a Hessian an iteration costs that, n^3 / 3 operations, and a value and gradient for each trial; without
 * objective.hessian it is made by n products. */

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
 * theta - alpha H^-1 g, (4.51) for one parameter, which may go to any stationary point, or diverge. */
TG_API tg_method tg_newton(void);
/* The same with conjugate gradients on objective.hvp, for many parameters. */
TG_API tg_method tg_newton_cg(void);
/* Newton's method within a trust region: exact (More & Sorensen 1983) with the Hessian as tg_newton has it,
 * or by conjugate gradients on objective.hvp (Steihaug 1983). */
TG_API tg_method tg_trust_region(void);
TG_API tg_method tg_trust_region_cg(void);
/* Levenberg-Marquardt (More 1978) on objective.residual; C = |r|^2 / 2. radius is relative to the scaled start. An
 * iteration costs a Jacobian and one vector of residuals for each trial. */
TG_API tg_method tg_levenberg_marquardt(void);

/* ---- by name ---- */

/* The method of that name with its defaults: "gd", "adam_p", "lbfgs", ... (tg_method_list; '-' may stand for
 * '_'); TG_E_ARGUMENT for an unknown name, or NULL, when *m is as it was.
 *
 *   for (size_t i = 0; tg_method_list(i); i++)   // every method that takes mini-batches
 *     if (tg_method_named(&m, tg_method_list(i)) == TG_OK && tg_method_properties(&m) & TG_TAKES_BATCHES) ... */
TG_API tg_status tg_method_named(tg_method *m, const char *name);
/* The name of a method; NULL when m is none. */
TG_API const char *tg_method_name(const tg_method *m);
/* The name of row i = 0, 1, ... of the table of methods; NULL beyond the last. */
TG_API const char *tg_method_list(size_t i);
/* What a method needs and what it can take, for programs that list methods or choose among them. They are
 * properties of the method, whatever its settings: steepest descent takes mini-batches, though not with a line
 * search. */
typedef enum tg_method_property {
  TG_NEEDS_GRADIENT = 1 << 0,  /* objective.evaluate */
  TG_NEEDS_PRODUCT = 1 << 1,   /* objective.hvp */
  TG_NEEDS_HESSIAN = 1 << 2,   /* objective.hessian, or else objective.hvp */
  TG_NEEDS_RESIDUALS = 1 << 3, /* objective.residual, in place of evaluate */
  TG_TAKES_BATCHES = 1 << 4,   /* tg_fit: a first-order method, whose steps are alpha(t) times a direction */
  TG_TAKES_UPDATES = 1 << 5,   /* tg_run_update: of those, the ones that take the gradient at theta */
  TG_TAKES_LINE_SEARCH = 1 << 6, /* any tg_line_search */
  TG_TAKES_BOUNDS = 1 << 7,      /* lower, upper and the L1 term */
  TG_IS_MONOTONE = 1 << 8,       /* with its own line search or trust region no iterate is higher than another
                                   before it, but for rounding */
  TG_IS_SECOND_ORDER = 1 << 9,   /* leaves saddle points along negative curvature */
  TG_HAS_MODEL = 1 << 10,        /* estimates the distance to the minimum by a model of C */
  TG_FOR_QUADRATICS = 1 << 11,   /* meant for objectives that are quadratic */
  TG_FOR_ONE_PARAMETER = 1 << 12 /* n = 1 */
} tg_method_property;

/* The properties of a method, combined by |; 0 when m is none. */
TG_API unsigned tg_method_properties(const tg_method *m);
/* What tg_minimize would answer to this objective and method with default options: tg_minimize_check
 * (minimize.h). */
TG_API tg_status tg_method_check(const tg_objective *c, const tg_method *m, const char **message);

#ifdef __cplusplus
}
#endif
#endif
