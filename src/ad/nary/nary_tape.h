/* Operations with many operands as nodes of a tape: which there are, recording them, and their share of the sweeps.
 * Built-in and custom ones go the same way. */
#ifndef TG_NARY_TAPE_H
#define TG_NARY_TAPE_H

#include "ops.h"

/* What a record holds: an operation of the user's, or one of ours (nary.def). */
typedef enum tg_nary_kind_ {
  TG_NARY_custom,
#define NARY(name, ...) TG_NARY_##name,
#include "nary.def"
#undef NARY
  TG_NARY_count
} tg_nary_kind_;

enum tg_nary_property_ {
  TG_NARY_KINKED = 1 << 0, /* partials jump somewhere: there jvp and vjp heed `along` of the shape (nary.h) */
  TG_NARY_LINEAR = 1 << 1, /* of first degree in all operands together */
  TG_NARY_STEP = 1 << 2,   /* derivative 0 everywhere */
  TG_NARY_SCALAR = 1 << 3  /* no vector form: finite sums compute it sample by sample */
};

typedef struct tg_nary_info_ {
  const tg_custom_op *op;
  bool kinked;
  unsigned properties; /* of enum tg_nary_property_ */
} tg_nary_info_;
extern const tg_nary_info_ tg_nary_rows_[TG_NARY_count];

/* The record of an operation of ours, for tg_nary_record_. */
static inline tg_nary_ tg_nary_builtin_(tg_nary_kind_ kind)
{
  return (tg_nary_){.op = tg_nary_rows_[kind].op, .kind = kind};
}

/* What the answer of an operation's function amounts to. Statuses pass, but for TG_E_BRANCH, by which a sweep asks for
 * another recording. */
static inline tg_status tg_callback_status_(int answer)
{
  const bool status = answer < 0 && answer >= TG_E_DERIVATIVE && answer != TG_E_BRANCH;
  return answer == 0 ? TG_OK : status ? (tg_status)answer : TG_E_CALLBACK;
}

/* A run of operands: vars or plain numbers. */
typedef struct tg_segment_ {
  const tg_var *vars;
  const double *numbers;
  size_t count;
} tg_segment_;

/* y[0..m) = the operation of `what` (op and kind, with user or shape) on the operands of all segments in order.
 * Constants only: y is constant too. */
void tg_nary_record_(const tg_nary_ *what, const tg_segment_ *s, size_t segments, tg_var *y, size_t m);

/* The arrays of a sweep of the second order, by node: tangents, adjoints, and the tangents of the adjoints. Of adjoints
 * there is one a node, of the others `width`, one for each direction. */
typedef struct tg_second_arrays_ {
  double *tangent, *adjoint, *second;
  size_t width;
} tg_second_arrays_;

/* The four sweeps at node i, the first output of a record; arrays and `sided` as in sweeps.h. A failure leaves its
 * reason in t->fault. */
tg_status tg_nary_value_(tg_tape *t, uint32_t i);
tg_status tg_nary_tangent_(tg_tape *t, uint32_t i, double *tangent, size_t width, bool sided, bool masked);
tg_status tg_nary_adjoint_(tg_tape *t, uint32_t i, double *adjoint, size_t width, bool masked);
tg_status tg_nary_second_(tg_tape *t, uint32_t i, const tg_second_arrays_ *w, bool masked);

#endif
