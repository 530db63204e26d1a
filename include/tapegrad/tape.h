/* tape: the record of a computation, by hand.
 *
 * Most programs never need one: tg_record and its drivers (function.h) own a tape and run your function on
 * it. Use a tape by hand to look at a computation, or where there is no function to call again:
 *
 *   tg_tape_begin(t);                         // forgets what t held; t records on this thread
 *   var x = tg_input(t, 1.5);
 *   var y = sin(x);
 *   tg_tape_end(t);                           // the tape active before records again
 *   tg_adjoint_sweep(t, &y, NULL, 1);
 *   double dydx = tg_adjoint(t, x);
 *
 * Vars stay valid until the next tg_tape_begin, tg_tape_clear or tg_tape_free of their tape. Used later they
 * are detected and answered with TG_E_TAPE. A tape belongs to one thread at a time. examples/chapter/worked.c
 * prints the tables of a worked example from a tape; tg_tape_function (function.h) makes a function of one. */
#ifndef TAPEGRAD_TAPE_H
#define TAPEGRAD_TAPE_H

#include <stdio.h>

#include "var.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tg_tape tg_tape;

/* An empty tape in *t. On failure *t is NULL: TG_E_NOMEM, or TG_E_ARGUMENT for t NULL. */
TG_API tg_status tg_tape_new(tg_tape **t);

/* Release; NULL is fine. A tape that is still recording stops first. */
TG_API void tg_tape_free(tg_tape *t);

/* Forget everything recorded, the first failure included, and keep the memory for the next recording. */
TG_API void tg_tape_clear(tg_tape *t);

/* Clear t and make it the active tape of this thread until tg_tape_end. Pairs nest across different tapes. A tape
 * that is recording already keeps recording, and fails with TG_E_TAPE. */
TG_API void tg_tape_begin(tg_tape *t);

/* Stop recording; the tape that was active before records again. Answers the first failure since begin: TG_E_NOMEM,
 * TG_E_SIZE (2^28 - 16 nodes), TG_E_TAPE (a stale or foreign var; also when t is not the innermost tape recording),
 * or what was given to tg_fail. TG_E_ARGUMENT for NULL. */
TG_API tg_status tg_tape_end(tg_tape *t);

/* A new independent variable. t must be the tape that records on this thread, else t fails with TG_E_TAPE. */
static inline tg_var tg_input(tg_tape *t, double value);

/* The first failure since begin with the operation and node it happened at, or "success". Owned by t. */
TG_API const char *tg_tape_message(const tg_tape *t);

/* Forward mode: set the tangents of x[0..n) to dx[0..n) (NULL: ones), of all other inputs to 0, and compute the
 * tangent of every node. One sweep over the tape, two where rule R5 is needed (operations.h). Read the tangents with
 * tg_tangent.
 *   TG_E_ARGUMENT              t is NULL, or x is and n is not 0
 *   TG_E_TAPE                  an x is not an input of t; earlier tangents are kept
 *   TG_E_NOMEM                 likewise
 *   TG_E_ORDER, TG_E_CALLBACK  a custom operation lacks its jvp or failed, halfway: there are no tangents now
 *   any other                  the first failure of the recording */
TG_API tg_status tg_tangent_sweep(tg_tape *t, const tg_var *x, const double *dx, size_t n);

/* Reverse mode: set the adjoints of y[0..m) to dy[0..m) (NULL: ones), of all other nodes to 0, and compute the
 * adjoint of every node. Any node may be an output; constants among y are ignored. Costs and errors as above, with
 * vjp for jvp. Read the adjoints with tg_adjoint. */
TG_API tg_status tg_adjoint_sweep(tg_tape *t, const tg_var *y, const double *dy, size_t m);

/* What the last sweep of that kind left at v; 0 for a constant, NaN before any sweep or for a var that is not of
 * t. */
static inline double tg_tangent(const tg_tape *t, tg_var v);
static inline double tg_adjoint(const tg_tape *t, tg_var v);

/* Walk the tape. Its nodes are numbered from 0 in the order of recording, inputs included, and operands come before
 * what uses them:
 *
 *   for (size_t i = 0; i < tg_tape_size(t); i++) puts(tg_op_name(t, tg_tape_at(t, i))); */

/* How many nodes t has, and how much memory the recording uses; 0 for NULL. */
TG_API size_t tg_tape_size(const tg_tape *t);
TG_API size_t tg_tape_bytes(const tg_tape *t);

/* Node i as a var, a constant NaN beyond the end; and back, SIZE_MAX for a constant. */
TG_API tg_var tg_tape_at(const tg_tape *t, size_t i);
TG_API size_t tg_index(tg_var v);

/* What made v: "input", "mul", ...; "constant" for a constant, "?" for a var that is not of t. Static storage, or the
 * name of your custom operation. */
TG_API const char *tg_op_name(const tg_tape *t, tg_var v);

/* The operands of v in order, constants as constant vars. Fills operand[0..room) and answers how many there are,
 * also when that is more than room; 0 for inputs, constants and vars that are not of t. `operand` may be NULL when
 * room is 0. Of an operation with several outputs the first node has the operands, and each further one names the
 * first as its operand. */
TG_API size_t tg_operands(const tg_tape *t, tg_var v, tg_var *operand, size_t room);

/* Write the computational graph in Graphviz's language: inputs as boxes, operations as ellipses, values as labels,
 * and after sweeps tangents and adjoints too. names[i] stands before what node i is ("a_1 = mul"). `names` has
 * tg_tape_size(t) entries, each of which may be NULL, or is NULL itself. TG_E_ARGUMENT (t or out NULL),
 * TG_E_CALLBACK when writing fails. */
TG_API tg_status tg_tape_graphviz(const tg_tape *t, const char *const *names, FILE *out);

/* ---- Private from here. A tape begins with its recorder. ---- */

TG_API tg_var tg_push_input_(tg_tape *t, double value);
TG_API double tg_swept_(const tg_recorder_ *r, int which, tg_var v);

static inline tg_var tg_input(tg_tape *t, double value)
{
  tg_recorder_ *const r = (tg_recorder_ *)t;
  if (TG_LIKELY_(r == tg_active_ && (uint32_t)r->at_ < r->capacity_)) return tg_append_(r, 0, value);
  return tg_push_input_(t, value);
}

static inline double tg_result_(const tg_recorder_ *r, int which, tg_var v)
{
  if (TG_LIKELY_(r && (v.at_ ^ r->at_) >> 32 == 0 && tg_node_of_(v) < r->swept_[which]))
    return r->results_[which][tg_node_of_(v)];
  return tg_swept_(r, which, v);
}

static inline double tg_tangent(const tg_tape *t, tg_var v)
{
  return tg_result_((const tg_recorder_ *)t, 0, v);
}
static inline double tg_adjoint(const tg_tape *t, tg_var v)
{
  return tg_result_((const tg_recorder_ *)t, 1, v);
}

#ifdef __cplusplus
}
#endif
#endif
