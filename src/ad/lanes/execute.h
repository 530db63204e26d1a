/* The program of a body (body.h) run over one block of samples after another. */
#ifndef TG_LANES_EXECUTE_H
#define TG_LANES_EXECUTE_H

#include "body.h"
#include "tapegrad/finite_sum.h"

typedef enum tg_run_mode_ { TG_RUN_VALUE, TG_RUN_GRADIENT, TG_RUN_SECOND, TG_RUN_HESSIAN } tg_run_mode_;

/* What all blocks of a call share; written before the blocks run, and only read then. */
typedef struct tg_call_state_ {
  double *u, *u_dot; /* uniforms and their tangents */
  double *w, *w_dot; /* packed matrices */
} tg_call_state_;

/* The memory in which one thread runs a body. */
typedef struct tg_worker_ {
  const tg_body_ *body;
  const tg_kernels_ *kernels;
  double *memory;                     /* of all the arrays below */
  double *slot, *bar, *dot, *bar_dot; /* slots x L each: value, adjoint, tangent, tangent of the adjoint */
  double *w_bar, *w_bar_dot;          /* adjoints of the packed matrices */
  double *u_bar, *u_bar_dot;          /* of the uniforms: the caller's */
  double *u_dot, *w_dot;              /* a direction of the Hessian */
  double *data;                       /* columns x L, where rows are gathered */
  double *temporary[15];              /* L each: partials, and constant vectors */
  double *scratch;                    /* of the scalar form of an n-ary operation */
  uint32_t *names;                    /* of the operands of one */
  const double *current;              /* the block's data */
  uintptr_t ahead;       /* from there to the next block's in bytes, if that comes from far; or 0 */
  const tg_data *sparse; /* or sparse rows, and which they are, with L entries */
  const size_t *row;
  const bool *failed; /* forward: lanes that take another branch, or NULL */
  size_t lanes;       /* in use, a multiple of TG_LANE_UNIT */
  bool masked;
  bool apart;    /* one of several directions, see tg_worker_direction_ */
  uint32_t unit; /* then: the slot whose tangent is one, or TG_NO_OPERAND */
  tg_run_mode_ mode;
  tg_status status; /* of callbacks */
} tg_worker_;

tg_status tg_call_state_new_(tg_call_state_ *s, const tg_body_ *b);
void tg_call_state_free_(tg_call_state_ *s);
/* Packs the matrices once u is set; u_dot too if `second`. */
void tg_call_state_pack_(tg_call_state_ *s, const tg_body_ *b, bool second);
/* u_dot of the matrices that are not over data, for a direction apart. */
void tg_call_state_pack_apart_(tg_call_state_ *s, const tg_body_ *b);

tg_status tg_worker_new_(tg_worker_ *w, const tg_body_ *b, const tg_kernels_ *k);
void tg_worker_free_(tg_worker_ *w);

/* Uniforms to their vectors, and to zero what gathers over the blocks: the adjoints of the uniforms in u_bar
 * and, at second order, their tangents in u_bar_dot, which are the caller's and complete after
 * tg_worker_collect_. */
void tg_worker_begin_(tg_worker_ *w, const tg_call_state_ *s, tg_run_mode_ mode, double *u_bar,
                      double *u_bar_dot);

/* Values of w->current's lanes. False: a guard fails in some lane; failed[lane] tells which. */
bool tg_worker_forward_(tg_worker_ *w, const tg_call_state_ *s, bool *failed);
void tg_worker_tangent_(tg_worker_ *w, const tg_call_state_ *s);
/* From the seeds (a vector of L) of the loss to the adjoints of the uniforms. */
void tg_worker_backward_(tg_worker_ *w, const tg_call_state_ *s, const double *seed);

/* Once backward has left the adjoints: the tangents of the adjoints along one direction, without touching the
 * adjoints. Coefficients and ends of the matrices over data have no tangent here, nor are their adjoints
 * summed: what those would be follows from bar_dot of their rows (hessian.c). The direction is either the
 * slot `unit`, one of these rows, or, `unit` being TG_NO_OPERAND, s->u_dot and s->w_dot; then u_bar_dot, set
 * to zero by the caller, receives what belongs to the other uniforms. */
void tg_worker_direction_(tg_worker_ *w, const tg_call_state_ *s, uint32_t unit, double *u_bar_dot);

/* What has gathered elsewhere since begin joins u_bar and u_bar_dot. */
void tg_worker_collect_(const tg_worker_ *w);

/* The adjoints of the uniforms for each of TG_LANE_UNIT lanes of the block at hand, one after the other, set;
 * begun with this block. */
void tg_worker_collect_lanes_(const tg_worker_ *w, size_t lane, double *u_bar);

#endif
