/* A recorded function, shared by the files that make one (function.c, simplify.c) and those that use it (drivers, check,
 * locate, second_order). */
#ifndef TG_FUNCTION_H
#define TG_FUNCTION_H

#include "analyse.h"
#include "sweeps.h"
#include "tapegrad/function.h"

struct tg_function {
  tg_tape *tape;       /* what is swept: the record, or what simplify.h makes of it, with x and y on it */
  tg_scalar_fn scalar; /* one of the two, or neither for a function made from a tape */
  tg_vector_fn vector;
  void *user;
  size_t n, m;
  tg_var *x, *y;       /* as last recorded: input nodes; outputs, which may be constants */
  double *scratch;     /* m numbers, once tg_function_scratch_ has been called */
  bool recorded, busy; /* busy: a callback of f runs, its own or a custom operation's */
  tg_function_stats stats;
  tg_status status; /* of the last call */
  double *gathered; /* results of several blocks until all have succeeded, where that is needed (drivers.c) */
  size_t gathered_capacity;
  const char *reason;                /* why the last call failed, or NULL when the tape knows */
  struct tg_simplified_ *simplified; /* once there has been one */
  unsigned replays_left;             /* until it is tried to simplify the record; 0: never */
  unsigned patience;                 /* replays_left after the next recording */
  bool steady;                       /* derivatives have the same bits whatever was evaluated before */
  unsigned threads;                  /* for loops; 0: as many as processors */
  bool plain;                        /* the record is swept, whatever may be made of it */
};

/* One with an empty tape and nothing to call. */
tg_status tg_function_new_(tg_function **f, size_t n, size_t m);

/* A program, or what `need` names of it, from its first inputs to need->value, as a recording with nothing to call; it is
 * swept as it is. TG_E_NOMEM, TG_E_SIZE. */
tg_status tg_function_of_program_(tg_function **made, const tg_program_ *p, size_t inputs,
                                  const tg_need_ *need);

/* A var of one tape as a var of a copy of it. */
static inline tg_var tg_carried_(tg_var v, const tg_tape *to)
{
  if (!tg_is_constant_(v)) v.at_ = (uint64_t)tg_id_(to) << 32 | tg_node_of_(v);
  return v;
}

/* Sweep what was recorded, node by node, for ever: finite sums, whose bits depend on it. */
static inline void tg_function_as_recorded_(tg_function *f) { f->patience = f->replays_left = 0; }

/* From now on derivatives at x depend on x alone to the bit, not on how often f was evaluated before: for runs that are
 * saved and go on elsewhere. */
void tg_function_steady_(tg_function *f);

/* Bring the primals to x, recording if need be. */
tg_status tg_function_evaluate_(tg_function *f, const double *x);

/* y[0..m) as last evaluated. */
void tg_function_values_(const tg_function *f, double *y);

/* Call fn at x on a clean tape, always. */
tg_status tg_function_record_(tg_function *f, const double *x);

/* The last node any output depends on, or false when all outputs are constants. */
bool tg_function_last_(const tg_function *f, uint32_t *last);

/* tg_jvp with the one-sided derivatives along v at kinks: the tangents that a second-order sweep goes on from. */
tg_status tg_jvp_sided_(tg_function *f, const double *x, const double *v, double *y, double *jv);

/* All columns of the m x n Jacobian at x by tangents, or all rows by adjoints. */
tg_status tg_jacobian_by_(tg_function *f, const double *x, bool forward, double *jacobian);

/* Room for the sweep's array `which` (TG_TANGENT ...), `width` numbers a node, at least n x width of them. */
double *tg_function_work_(tg_function *f, int which, size_t width);

/* All three for a sweep of the second order; false when memory is short. */
bool tg_function_second_work_(tg_function *f, size_t width, tg_second_arrays_ *arrays);

/* m numbers that live as long as f and that no driver touches; NULL when memory is short. */
double *tg_function_scratch_(tg_function *f);

#endif
