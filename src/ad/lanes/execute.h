/* The executor: a compiled body (body.h) run over one block of samples after another.
 *
 * A call sets the uniforms and packs the matrices made of them (tg_uniform_state_); all threads read these. Each thread
 * has a worker with a vector of L lanes for every slot: its value, its adjoint, its tangent and the tangent of its
 * adjoint. For each block of samples the worker goes through the body's steps:
 *
 *     forward    the values; a guard tells which lanes take another branch
 *     tangent    tangents along the direction u_dot                          for products with the Hessian only
 *     backward   from seeds at the loss to the adjoints, and their tangents
 *     direction  the tangents alone, along one direction of several          for the Hessian, hessian.h
 *
 * What belongs to a uniform is summed over the lanes: at once, when a step's kernel does so, in packed matrices (w_bar),
 * or in the vector of a broadcast uniform, which is not cleared between blocks. The last two join u_bar when the blocks
 * are done (collect). The kinds of steps: steps.h. As the literature has it, x_bar is the adjoint of x, x_dot its
 * tangent. */
#ifndef TG_LANES_EXECUTE_H
#define TG_LANES_EXECUTE_H

#include "body.h"
#include "tapegrad/finite_sum.h"

/* What a call asks for, and so what is computed: values; adjoints too; the tangents of both along one direction, for the
 * product with the Hessian; or values and adjoints, and then many directions, for the Hessian. */
typedef enum tg_run_mode_ { TG_RUN_VALUE, TG_RUN_GRADIENT, TG_RUN_SECOND, TG_RUN_HESSIAN } tg_run_mode_;

/* What all blocks of a call share; written before the blocks run, and only read then. */
typedef struct tg_uniform_state_ {
  double *u, *u_dot; /* uniforms and their tangents */
  double *w, *w_dot; /* the packed matrices and theirs */
} tg_uniform_state_;

/* The memory in which one thread runs a body. */
typedef struct tg_worker_ {
  const tg_body_ *body;
  const tg_kernels_ *kernels;
  double *memory;                         /* of all the arrays below */
  double *slot, *bar, *tangent, *bar_dot; /* slots x L each */
  double *w_bar, *w_bar_dot;              /* of the packed matrices */
  double *u_bar, *u_bar_dot;              /* of the uniforms: the caller's */
  double *u_dot, *w_dot;                  /* a direction of the Hessian */
  double *data;                           /* columns x L, where rows are gathered */
  double *temporary[15];                  /* L each: partials, and constant vectors */
  double *scratch;                        /* of the scalar form of an operation with many operands */
  uint32_t *names;                        /* of the operands of one */
  /* The block at hand; set by the caller. */
  const double *current; /* dense data: a vector of L for each column */
  uintptr_t ahead;       /* bytes from there to the next block, if that comes from far memory; or 0 */
  const tg_data *sparse; /* or sparse rows, and which L of them */
  const size_t *row;
  size_t lanes;  /* in use, a multiple of TG_LANE_UNIT */
  bool masked;   /* rule R5 is in force */
  bool gradient; /* at second order: the adjoints of the uniforms are wanted as well */
  tg_run_mode_ mode;
  tg_status status;   /* of callbacks */
  const bool *failed; /* during forward: the lanes that take another branch; else NULL */
  /* During tg_worker_direction_: true, and its argument. */
  bool directional;
  uint32_t unit_slot;
} tg_worker_;

tg_status tg_uniform_state_new_(tg_uniform_state_ *s, const tg_body_ *b);
void tg_uniform_state_free_(tg_uniform_state_ *s);
/* Packs the matrices once u is set; those of tangents, once u_dot is, if `second`. */
void tg_uniform_state_pack_(tg_uniform_state_ *s, const tg_body_ *b, bool second);
/* Packs the tangents of the matrices that are not over data: all that tg_worker_direction_ reads. */
void tg_uniform_state_pack_direction_(tg_uniform_state_ *s, const tg_body_ *b);

tg_status tg_worker_new_(tg_worker_ *w, const tg_body_ *b, const tg_kernels_ *k);
void tg_worker_free_(tg_worker_ *w);

/* Before the first block: broadcasts the uniforms and clears all sums over blocks. u_bar has an entry for each uniform
 * and is complete after tg_worker_collect_; so has and is u_bar_dot in mode TG_RUN_SECOND. */
void tg_worker_begin_(tg_worker_ *w, const tg_uniform_state_ *s, tg_run_mode_ mode, double *u_bar,
                      double *u_bar_dot);

/* Values of the lanes of the block at hand. False: a guard fails in some lane; failed[lane] tells which. */
bool tg_worker_forward_(tg_worker_ *w, const tg_uniform_state_ *s, bool *failed);
/* Tangents, after forward. */
void tg_worker_tangent_(tg_worker_ *w, const tg_uniform_state_ *s);
/* Adjoints, and in mode TG_RUN_SECOND their tangents, after forward and tangent; seed is the adjoint of the loss, a
 * number for each lane. */
void tg_worker_backward_(tg_worker_ *w, const tg_uniform_state_ *s, const double *seed);

/* After backward has left the adjoints of a block: the tangents of these adjoints along one direction. The adjoints stay
 * as they are, so this may be repeated with other directions.
 *
 * The direction is one of two. With a unit_slot, the result of a row of a matrix over data: that slot's tangent is one,
 * all else is what follows from it. With TG_NO_OPERAND: s->u_dot and s->w_dot, for uniforms that are used elsewhere;
 * u_bar_dot, cleared by the caller, then receives the tangents of the adjoints of such uniforms.
 *
 * Either way the coefficients of matrices over data neither have tangents nor collect adjoints: what belongs to them
 * follows from bar_dot of the matrices' rows (hessian.h). */
void tg_worker_direction_(tg_worker_ *w, const tg_uniform_state_ *s, uint32_t unit_slot, double *u_bar_dot);

/* After the last block: what has gathered in vectors and packed matrices joins u_bar and u_bar_dot. */
void tg_worker_collect_(const tg_worker_ *w);

/* The gradients of single samples: u_bar[k * uniforms ...] is set to the adjoints of the uniforms in lane `lane` + k, for
 * k below TG_LANE_UNIT. After a backward pass that tg_worker_begin_ came right before. */
void tg_worker_collect_lanes_(const tg_worker_ *w, size_t lane, double *u_bar);

#endif
