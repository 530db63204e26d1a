/* function: a C function recorded once, differentiated at any point.
 *
 *   tg_function *f;
 *   tg_status s = tg_record(&f, rosenbrock, 2, NULL, NULL);
 *   s = tg_gradient(f, x, &value, gradient);
 *   tg_function_free(f);
 *
 * Your function runs when it is recorded; later evaluations replay the record, which is much faster. It is
 * recorded again by itself when a comparison (lt, gt, ...) has another outcome at the new point, and at every
 * evaluation if it asks for a var's bare value with tg_primal. Whatever else it reads (behind `user`, in
 * globals) is captured at recording and must stay unchanged until tg_function_forget, except what it reads
 * through tg_live. Hidden changes such as static counters or random numbers cannot be seen; tg_check finds
 * captured state.
 *
 * Rules common to all drivers: vectors have n entries (inputs) or m (outputs, 1 for a tg_scalar_fn); matrices
 * are row-major. Any output pointer may be NULL. Outputs are written only on success and may overlap inputs.
 * Errors: TG_E_ARGUMENT (f or x NULL), TG_E_NOMEM, TG_E_SIZE, TG_E_TAPE (stale or foreign vars, or a call on
 * f from inside its own callback or a custom operation of it), TG_E_BRANCH (only without a callback to record
 * again), TG_E_ORDER and TG_E_CALLBACK (custom operations), and whatever your function gave to tg_fail;
 * tg_function_message tells more. NaN and infinity are results. Once warm, no driver allocates. Callbacks
 * return: they do not leave by longjmp or by throwing. One thread at a time may use a function: clone it for
 * another. */
#ifndef TAPEGRAD_FUNCTION_H
#define TAPEGRAD_FUNCTION_H

#include "tape.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tg_function tg_function;

/* y = f(x[0..n)); `user` is yours. Uses the operations of operations.h or overload.h on the vars. */
typedef tg_var (*tg_scalar_fn)(const tg_var *x, size_t n, void *user);

/* Sets y[0..m), which starts as zeros. */
typedef void (*tg_vector_fn)(const tg_var *x, size_t n, tg_var *y, size_t m, void *user);

/* Make a recorded function in *f. With x0 it is recorded there at once (and what goes wrong is told at once),
 * with x0 NULL at its first use. n and m are at least 1. `fn` and `user` must outlive f. On failure *f is
 * NULL, and the words of tg_function_message go with it: to read them, record with x0 NULL and let the first
 * use fail. */
TG_API tg_status tg_record(tg_function **f, tg_scalar_fn fn, size_t n, const double *x0, void *user);
TG_API tg_status tg_record_vector(tg_function **f, tg_vector_fn fn, size_t n, size_t m, const double *x0,
                                  void *user);

/* The function from inputs x[0..n) to y[0..m) that a tape by hand holds: a copy, with nothing to call again.
 * Inputs not among x stay at their recorded values. TG_E_TAPE if an x is not an input of t or occurs twice.
 */
TG_API tg_status tg_tape_function(tg_function **f, const tg_tape *t, const tg_var *x, size_t n,
                                  const tg_var *y, size_t m);

/* A function of its own for another thread, with the same callback and what has been recorded so far. */
TG_API tg_status tg_function_clone(tg_function **copy, const tg_function *f);

/* What `user` points to has changed: record again at the next use. */
TG_API void tg_function_forget(tg_function *f);

TG_API void tg_function_free(tg_function *f); /* NULL is fine */

/* How many inputs and outputs f has; 0 for NULL. */
TG_API size_t tg_function_inputs(const tg_function *f);
TG_API size_t tg_function_outputs(const tg_function *f);

/* y = f(x). */
TG_API tg_status tg_value(tg_function *f, const double *x, double *y);

/* value = f(x) and gradient[j] = df/dx_j, for m = 1 (else TG_E_ARGUMENT). */
TG_API tg_status tg_gradient(tg_function *f, const double *x, double *value, double *gradient);

/* Forward mode: y = f(x), jv = J v. */
TG_API tg_status tg_jvp(tg_function *f, const double *x, const double *v, double *y, double *jv);

/* Reverse mode: y = f(x), uj = J' u. */
TG_API tg_status tg_vjp(tg_function *f, const double *x, const double *u, double *y, double *uj);

/* Second order, m = 1: the gradient and hv = H v, where H is the Hessian. At a kink (operations.h) hv is the
 * one-sided derivative of the gradient along v, which is H v wherever there is an H to speak of. */
TG_API tg_status tg_hvp(tg_function *f, const double *x, const double *v, double *gradient, double *hv);

/* The same for k directions at once, cheaper than k calls: v is k x n and jv k x m; u is k x m and uj k x n;
 * v and hv are k x n. */
TG_API tg_status tg_jvp_block(tg_function *f, const double *x, size_t k, const double *v, double *y,
                              double *jv);
TG_API tg_status tg_vjp_block(tg_function *f, const double *x, size_t k, const double *u, double *y,
                              double *uj);
TG_API tg_status tg_hvp_block(tg_function *f, const double *x, size_t k, const double *v, double *gradient,
                              double *hv);

/* d = d y_output / d x_input. */
TG_API tg_status tg_partial(tg_function *f, const double *x, size_t output, size_t input, double *d);

/* y = f(x) and the m x n Jacobian, by forward or reverse sweeps, whichever are fewer (the other if an
 * operation lacks the first). */
TG_API tg_status tg_jacobian(tg_function *f, const double *x, double *y, double *jacobian);

/* m = 1: value, gradient and the n x n Hessian, symmetric to rounding (but where a kink leaves f without one: row
 * j is then hv for the unit direction j). */
TG_API tg_status tg_hessian(tg_function *f, const double *x, double *value, double *gradient,
                            double *hessian);

/* How tg_check judges: NULL for 1e-6 and true. */
typedef struct tg_check_options {
  double tolerance;  /* > 0; what errors may reach */
  bool second_order; /* m = 1: the Hessian too, unless an operation has no second order */
} tg_check_options;

/* What tg_check found. An error is |AD - differences|, less what differences can be off by rounding, relative to the
 * derivative (to 1e-10 if that is less); the largest of all entries, often exactly 0. */
typedef struct tg_check_report {
  double error; /* of the Jacobian, at (row, column) */
  size_t row, column;
  bool forward;        /* that entry by forward mode; else reverse */
  bool second_order;   /* the Hessian was looked at */
  double second_error; /* of the Hessian, at (second_row, second_column) */
  size_t second_row, second_column;
  size_t unchecked;   /* entries of both that passed as differences there are not finite, or not sure to the
                         tolerance (relative to 1 for small ones) */
  size_t zero_rule;   /* sweeps at x that needed rule R5, see tg_function_stats */
  const char *bad_op; /* the first operation whose value is not finite at x, or NULL */
  size_t bad_node;    /* and its node */
} tg_check_report;

/* Is the recording still the function, and are its derivatives right? Records fresh at x and compares with the
 * replay: TG_E_CAPTURED if values differ, as they do when fn read something that changed since. Then compares
 * the Jacobian, by forward and by reverse mode (by one where a custom operation lacks the other), with
 * extrapolated central differences of fn at four scales, of which the surest counts, and for m = 1 the Hessian
 * with those of the gradient: at a smooth point they agree to about 1e-9. At a kink, or where rule R5 hides a
 * limit, they do not. TG_E_DERIVATIVE if an error is beyond the tolerance. Costs 24 n + 1 calls of fn, and for
 * the Hessian 24 n gradients, twice that where steps in the size of x settle nothing. o and r may be NULL. The report is filled also when the answer is TG_E_CAPTURED
 * (error is then that of the values) or TG_E_DERIVATIVE. TG_E_ARGUMENT for a tolerance that is not positive. */
TG_API tg_status tg_check(tg_function *f, const double *x, const tg_check_options *o, tg_check_report *r);

/* What f has cost so far. */
typedef struct tg_function_stats {
  size_t nodes, bytes;  /* of the recording */
  size_t recordings;    /* calls of your function */
  size_t rerecordings;  /* those made because a comparison had another outcome */
  size_t evaluations;   /* driver calls that evaluated f */
  bool point_dependent; /* tg_primal was used: every evaluation records */
  size_t zero_rule;     /* sweeps that gave NaN and were repeated under rule R5 (operations.h): a product with
                           an exact zero may have hidden a part of the derivative */
} tg_function_stats;

TG_API tg_status tg_function_statistics(const tg_function *f, tg_function_stats *s);

/* The last failure of f in words, naming operation and node; "success" if the last call succeeded. Owned by
 * f. */
TG_API const char *tg_function_message(const tg_function *f);

#ifdef __cplusplus
}
#endif
#endif
