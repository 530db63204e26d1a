/* function: a C function recorded once, differentiated at any point.
 *
 *   tg_function *f;
 *   tg_status s = tg_record(&f, rosenbrock, 2, NULL, NULL);
 *   s = tg_gradient(f, x, &value, gradient);
 *   tg_function_free(f);
 *
 * Your function runs when it is recorded. Later evaluations replay the record, which is much faster. It is
 * recorded again by itself
 *   - when a comparison (lt, gt, ...) in it has another outcome at the new point,
 *   - at every evaluation, if it asks for a var's bare value with tg_primal.
 *
 * Whatever else your function reads, behind `user` or in globals, is captured when it is recorded:
 *   - it must stay valid and unchanged until you call tg_function_forget,
 *   - except what the function reads through tg_live (var.h), which is read again at every evaluation.
 * Hidden changes, such as static counters or random numbers, cannot be seen. tg_check finds captured state.
 *
 * What is replayed three times is simplified first, if that makes it shorter by an eighth, a long recording by half:
 *   - loops that add up run in lanes (see Loops below), operations that no output depends on are left out, and of
 *     repeated ones there is one.
 *   - Values keep their bits where no loop is. Derivatives of a function that repeats itself may differ in the last bits from those of
 *     the evaluations before; in an objective (tg_function_objective) they do not.
 *   - Comparisons and your own operations (tg_custom) are evaluated as they were recorded, all of them, in their order.
 *
 * The rules common to all drivers below:
 *   - Vectors have n entries (inputs) or m (outputs; m is 1 for a tg_scalar_fn). Matrices are row-major.
 *   - Any output pointer may be NULL: what is not wanted is not computed.
 *   - Outputs are written on success only. They may overlap inputs.
 *   - NaN and infinity are results, not failures.
 *   - Once warm, no driver allocates. Warm is a driver that was called before, on a recording that has been replayed
 *     three times.
 *   - One thread at a time may use a function: clone it for another.
 *   - Callbacks return. They do not leave by longjmp or by throwing.
 *
 * What the drivers answer beside TG_OK; tg_function_message tells more:
 *   TG_E_ARGUMENT   f or x is NULL, or what the driver itself names
 *   TG_E_NOMEM      no memory
 *   TG_E_SIZE       the recording would be too long (2^28 - 16 nodes)
 *   TG_E_TAPE       stale or foreign vars; or f was called from inside its own callback or custom operation
 *   TG_E_BRANCH     a comparison has another outcome, and there is no callback to record again
 *   TG_E_ORDER      a custom operation lacks the derivative that was asked for
 *   TG_E_CALLBACK   a custom operation failed
 *   any other       what your function gave to tg_fail, or a custom operation answered
 *
 * Costs are counted in sweeps. A sweep goes once over the recording, about 2 ns an operation while it fits in
 * the cache. Directions beyond the first are swept in blocks of eight; a sweep of a whole block costs about
 * three of one direction. Every driver evaluates f at x first: one sweep. */
#ifndef TAPEGRAD_FUNCTION_H
#define TAPEGRAD_FUNCTION_H

#include "tape.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tg_function tg_function;

/* y = f(x[0..n)); `user` is yours. Uses the operations of operations.h or overload.h on the vars. */
typedef tg_var (*tg_scalar_fn)(const tg_var *x, size_t n, void *user);

/* Sets y[0..m), which starts as zeros. */
typedef void (*tg_vector_fn)(const tg_var *x, size_t n, tg_var *y, size_t m, void *user);

/* Make a recorded function in *f, of n inputs and one output or m, each at least 1.
 *
 * With x0 it is recorded there at once, and what goes wrong is told at once. With x0 NULL it is recorded at its
 * first use. `fn` and `user` must outlive f.
 *
 * On failure *f is NULL. The words of tg_function_message are then gone too: to read them, record with x0 NULL
 * and let the first use fail. TG_E_ARGUMENT (f or fn NULL, n or m 0), TG_E_SIZE, TG_E_NOMEM; with x0 whatever
 * recording answers (above). */
TG_API tg_status tg_record(tg_function **f, tg_scalar_fn fn, size_t n, const double *x0, void *user);
TG_API tg_status tg_record_vector(tg_function **f, tg_vector_fn fn, size_t n, size_t m, const double *x0,
                                  void *user);

/* The function from inputs x[0..n) to y[0..m) that a tape by hand (tape.h) holds. It is a copy, with nothing to
 * call again: where a comparison has another outcome the drivers answer TG_E_BRANCH. Inputs not among x stay at
 * their recorded values. TG_E_TAPE if an x is not an input of t or occurs twice, or a y is not of t;
 * TG_E_ARGUMENT, TG_E_SIZE, TG_E_NOMEM; and the first failure of the tape. */
TG_API tg_status tg_tape_function(tg_function **f, const tg_tape *t, const tg_var *x, size_t n,
                                  const tg_var *y, size_t m);

/* A function of its own, for another thread: the same callback and `user`, and a copy of what has been recorded
 * so far. TG_E_ARGUMENT, TG_E_NOMEM. On failure *copy is NULL. */
TG_API tg_status tg_function_clone(tg_function **copy, const tg_function *f);

/* ---- Loops ----
 *
 * A loop that adds up, as in s = add(s, f(x, data[i])), is found again in the recording once that has been replayed a
 * few times, and runs in lanes: many iterations at a time. Nothing needs to be asked for.
 *   - Where iterations share what they read of the inputs, as losses over data do, it is 10 to 100 times as fast. Where
 *     each reads variables of its own it is about twice as fast, and Hessian-vector products may gain nothing.
 *   - Terms are added in another order, the same at every call and for any number of threads: values and
 *     derivatives differ from those of the recorded order by rounding.
 *   - In an iteration every operation keeps its order, and lane functions are within 2 ulp of libm's.
 *   - Rule R5, branches, statuses and failures are as without loops.
 *   - Iterations that call an operation of your own (tg_custom) stay as they were recorded.
 *   - Where memory is short or nothing repeats, the recording is swept as it is. */

/* Do now, at x, what would be done after some replays: record if need be and find loops and repeated operations.
 * Costs about ten gradients. TG_E_ARGUMENT, and whatever a value at x may answer. */
TG_API tg_status tg_function_compile(tg_function *f, const double *x);

/* Sweep the recording as it is, operation by operation, from now on (or no more): the reference that everything
 * faster is tested against. */
TG_API void tg_function_plain(tg_function *f, bool plain);

/* How many threads share the iterations of loops: 1 unless said otherwise, 0: as many as there are processors. The
 * number shows in no bit. */
TG_API void tg_function_threads(tg_function *f, unsigned threads);

/* Tells in words what is swept: how much of the recording runs in loops, and what each does. TG_E_ARGUMENT,
 * TG_E_CALLBACK if writing fails. */
TG_API tg_status tg_function_print(const tg_function *f, FILE *out);

/* What `user` points to has changed: record again at the next use. Nothing happens to a function made by
 * tg_tape_function, nor for NULL. For numbers that change often see tg_live (var.h). */
TG_API void tg_function_forget(tg_function *f);

TG_API void tg_function_free(tg_function *f); /* NULL is fine */

/* How many inputs and outputs f has; 0 for NULL. */
TG_API size_t tg_function_inputs(const tg_function *f);
TG_API size_t tg_function_outputs(const tg_function *f);

/* y = f(x). One sweep. */
TG_API tg_status tg_value(tg_function *f, const double *x, double *y);

/* value = f(x) and gradient[j] = df/dx_j, by reverse mode: two sweeps, whatever n. For m = 1, else
 * TG_E_ARGUMENT. */
TG_API tg_status tg_gradient(tg_function *f, const double *x, double *value, double *gradient);

/* Forward mode: y = f(x), jv = J v, where J is the m x n Jacobian at x. Two sweeps, whatever m. TG_E_ARGUMENT if
 * v is NULL and jv is not. At a kink J holds the conventions of operations.h, not one-sided derivatives. */
TG_API tg_status tg_jvp(tg_function *f, const double *x, const double *v, double *y, double *jv);

/* Reverse mode: y = f(x), uj = J' u. Two sweeps, whatever n. TG_E_ARGUMENT if u is NULL and uj is not. */
TG_API tg_status tg_vjp(tg_function *f, const double *x, const double *u, double *y, double *uj);

/* Second order, forward over reverse: the gradient and hv = H v, where H is the n x n Hessian. Costs about four
 * sweeps, and no H is formed. For m = 1, else TG_E_ARGUMENT; so too if v is NULL and hv is not. At a kink
 * (operations.h) hv is the one-sided derivative of the gradient along v. Where f has a Hessian, that is H v. */
TG_API tg_status tg_hvp(tg_function *f, const double *x, const double *v, double *gradient, double *hv);

/* The same for k directions at once: one evaluation of f, and a sweep for every eight directions. v is k x n and
 * jv k x m; u is k x m and uj k x n; v and hv are k x n. */
TG_API tg_status tg_jvp_block(tg_function *f, const double *x, size_t k, const double *v, double *y,
                              double *jv);
TG_API tg_status tg_vjp_block(tg_function *f, const double *x, size_t k, const double *u, double *y,
                              double *uj);
TG_API tg_status tg_hvp_block(tg_function *f, const double *x, size_t k, const double *v, double *gradient,
                              double *hv);

/* d = d y_output / d x_input, by reverse mode: two sweeps. For more than one entry of J the block forms and
 * tg_jacobian are cheaper. TG_E_ARGUMENT if there is no such output or input. */
TG_API tg_status tg_partial(tg_function *f, const double *x, size_t output, size_t input, double *d);

/* y = f(x) and the m x n Jacobian. By forward mode if n <= m, in n directions; else by reverse mode, in m. Where a
 * custom operation lacks the one mode, by the other. */
TG_API tg_status tg_jacobian(tg_function *f, const double *x, double *y, double *jacobian);

/* Value, gradient and the n x n Hessian, by tg_hvp_block in n directions. For m = 1, else TG_E_ARGUMENT. The
 * Hessian is symmetric to rounding. At a kink that leaves f without a Hessian, row j is hv for the unit direction
 * j. For large n prefer products (tg_hvp). */
TG_API tg_status tg_hessian(tg_function *f, const double *x, double *value, double *gradient,
                            double *hessian);

/* How tg_check judges: NULL for 1e-6 and true. */
typedef struct tg_check_options {
  double tolerance;  /* > 0; what errors may reach */
  bool second_order; /* m = 1: the Hessian too, unless an operation has no second order */
} tg_check_options;

/* What tg_check found. An error is the distance of a derivative from its difference, less what rounding can do to
 * the difference, relative to the derivative (or to 1e-10, if the derivative is smaller). The largest error of all
 * entries is told; often it is exactly 0. */
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

/* Is the recording still the function, and are its derivatives right?
 *   1. Records fresh at x and compares with the replay: TG_E_CAPTURED if values differ, as they do when fn read
 *      something that has changed since.
 *   2. Compares the Jacobian, by forward and by reverse mode (by one where a custom operation lacks the other),
 *      with central differences of fn. They are extrapolated, and taken at four scales of which the surest
 *      counts.
 *   3. For m = 1 compares the Hessian with differences of the gradient.
 * TG_E_DERIVATIVE if an error is beyond the tolerance. At a smooth point they agree to about 1e-9. At a kink,
 * and where rule R5 hides a limit, they do not.
 *
 * Costs 24 n + 1 calls of fn, and for the Hessian 24 n gradients; twice that where steps in the size of x settle
 * nothing. o and r may be NULL. The report is filled also when the answer is TG_E_CAPTURED (error is then that
 * of the values) or TG_E_DERIVATIVE. TG_E_ARGUMENT for a tolerance that is not positive. */
TG_API tg_status tg_check(tg_function *f, const double *x, const tg_check_options *o, tg_check_report *r);

/* What f has cost so far. TG_E_ARGUMENT if f or s is NULL. */
typedef struct tg_function_stats {
  size_t nodes, bytes;  /* of the recording */
  size_t swept;         /* nodes that are swept: fewer once the recording has been simplified */
  size_t loops, rolled; /* loops that run in lanes; nodes of the recording that are in them */
  size_t
      compiled_bytes; /* of what is swept instead of the recording, with the rows of loops; 0: the recording is */
  size_t recordings;    /* calls of your function */
  size_t rerecordings;  /* those made because a comparison had another outcome */
  size_t evaluations;   /* driver calls that evaluated f */
  bool point_dependent; /* tg_primal was used: every evaluation records */
  size_t zero_rule;     /* sweeps that gave NaN and were repeated under rule R5 (operations.h): a product with
                           an exact zero may have hidden a part of the derivative */
} tg_function_stats;

TG_API tg_status tg_function_statistics(const tg_function *f, tg_function_stats *s);

/* The last failure of f in words, naming operation and node; "success" if the last call succeeded. Owned by f,
 * and valid until its next call. */
TG_API const char *tg_function_message(const tg_function *f);

#ifdef __cplusplus
}
#endif
#endif
