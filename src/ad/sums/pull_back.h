/* From the sums over samples, which are derivatives by the uniforms, back to theta.
 *
 * The uniforms of a variant are theta, results r(theta) of what depends on theta alone, and constants. With J the
 * Jacobian of r, and bars for derivatives by theta and by r:
 *
 *   gradient        theta_bar + J' r_bar
 *   Hessian times v   theta_bar_dot + J' r_bar_dot + (sum_k r_bar_k H_k) v
 *   Hessian         [I J'] h [I J']'  +  sum_k r_bar_k H_k      h over (theta, r), H_k the Hessian of result k
 *
 * This costs a few sweeps over r for each variant, however many samples there are. */
#ifndef TG_PULL_BACK_H
#define TG_PULL_BACK_H

#include "group.h"

typedef struct tg_pull_back_ {
  double *row;    /* d numbers */
  double *rows;   /* TG_BLOCK rows of d */
  double *square; /* h of one variant */
  size_t row_room, rows_room, square_room;
  size_t zero_rule; /* how often sweeps have needed rule R5 */
} tg_pull_back_;

/* Asks for all the memory that such a call takes. */
tg_status tg_pull_back_prepare_(tg_pull_back_ *p, const tg_group_call_ *call);

/* Writes what was asked for of value, gradient, hv, hessian. */
tg_status tg_pull_back_run_(tg_pull_back_ *p, const tg_group_call_ *call, const tg_sums_ *total);

void tg_pull_back_forget_(tg_pull_back_ *p);

#endif
