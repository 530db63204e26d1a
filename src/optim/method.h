/* What a method is. Open this header first.
 *
 * The module has layers; each knows those above it in this list, and nothing below:
 *
 *   dense, vector, random, level   arithmetic
 *   problem                        objective, bounds, L1 term; asks the callbacks and counts
 *   method (this header)           what a method says of itself
 *   run, norms, rate               one run: its points, the best of them, its report, its rate
 *   stop, distance                 when it ends
 *   line_search                    along a direction
 *   first_order, newton            what methods of a kind share
 *   adam, bfgs, lbfgs, ...         the methods, a file each
 *   driver                         drive, minimize, fit, checkpoint, handover, check
 *
 * Apart from these stand the objectives that the library makes (objective_ad, quadratic, differences) and
 * their check (verify), which know of problems alone.
 *
 * A method is a file with a constructor and a const tg_rule_ at its foot, and one row in methods.def; near kin
 * share a file. The driver owns memory, evaluation, counting, stopping and reporting; a method owns its
 * mathematics and says how much state it wants.
 *
 * A first-order method gives `vectors`, `coefficients` and `update`, and needs nothing but this header and
 * level.h: first_order.c does the rest, in tg_minimize, tg_fit and tg_run_update. lion.c is the shortest
 * example.
 *
 * Others give `step`, which finds the next point by tg_evaluate_ (run.h) and hands it to tg_accept_. secant.c
 * is the shortest example, bfgs.c one with a line search and a model. */
#ifndef TG_OPTIM_METHOD_H
#define TG_OPTIM_METHOD_H

#include "problem.h"
#include "tapegrad/method.h"
#include "tapegrad/run.h"

enum { TG_LINE_ANY_ = -1 };

/* At most so many vectors and coefficients of a first-order method. */
enum { TG_VECTORS_ = 3, TG_COEFFICIENTS_ = 9 };

/* A piece of a first-order step: `out` from x and g, entries [0, n) of everything. state[k] are the method's
 * vectors. */
typedef struct tg_chunk_ {
  const double *x, *g;
  double *out, *state[TG_VECTORS_];
  double k[TG_COEFFICIENTS_]; /* from `coefficients` */
  size_t n;
} tg_chunk_;

typedef void (*const *tg_update_)(const tg_chunk_ *); /* one a level; TG_LEVELS_ (level.h) makes it */

/* What is NULL, 0 or false says: none, not so, as usual. */
typedef struct tg_rule_ {
  /* ---- every method ---- */
  const char *name;
  tg_method (*make)(void); /* with its defaults */
  /* Those of tg_method_property that the other fields do not show (tg_method_properties adds them): what it
   * needs besides a gradient, whether it takes bounds, whether the current iterate is always the best,
   * whether it calls tg_model_ or tg_guess_. */
  unsigned properties;
  /* Settings that the method reads and no other check looks at: a message, or NULL when all is well. */
  const char *(*check)(const tg_objective *c, const tg_method *m);

  /* ---- first order ---- */
  size_t vectors; /* kept between steps, of length n */
  void (*coefficients)(const tg_method *m, size_t t, double alpha, double *k); /* k[0 ...] of step t */
  tg_update_ update;
  tg_update_ look; /* the point where the gradient is taken, if not theta */

  /* ---- others; or first-order methods with a line search, which fall back on tg_first_order_step_ ---- */
  int (*step)(tg_run *run); /* 0, or nonzero when the run has ended */
  int line; /* the tg_line_search it may be told to make besides TG_LINE_DEFAULT, or TG_LINE_ANY_ */
  /* Numbers it keeps, a multiple of TG_LANES_; SIZE_MAX: too many. They are 0 at the start. */
  size_t (*work)(const tg_objective *c, const tg_method *m, size_t padded);
  size_t (*own)(const tg_objective *c, const tg_method *m); /* bytes of other state, likewise */
  /* Whether bytes of a checkpoint, aligned to nothing, can be what `own` holds: every index and count in
   * range. */
  bool (*sound)(const tg_run *run, const unsigned char *own);
  int (*evaluate)(tg_run *run, tg_point_ *p, bool gradient); /* in place of objective.evaluate */
  /* A direction *z of curvature below 0 at the current point, *curvature = z'Hz, left at 0 when none is
   * found. Asked before the run ends as converged. */
  int (*curvature)(tg_run *run, const double **z, double *curvature);
} tg_rule_;

const tg_rule_ *tg_rule_of_(const tg_method *m); /* NULL when it is none */

/* ---- what checks of methods share: a message, or NULL ---- */

const char *tg_check_first_order_(const tg_objective *c, const tg_method *m);
const char *tg_check_line_(const tg_method *m);
const char *tg_check_radius_(const tg_objective *c, const tg_method *m);

/* 1 - b^t without cancellation: the bias correction (4.24) of a decay b in [0, 1), t >= 1 */
double tg_correction_(double b, size_t t);

#define TG_METHOD(name) extern const tg_rule_ tg_##name##_rule_;
#include "methods.def"
#undef TG_METHOD
enum {
#define TG_METHOD(name) TG_METHOD_##name,
#include "methods.def"
#undef TG_METHOD
  TG_METHOD_COUNT_
};

#endif
