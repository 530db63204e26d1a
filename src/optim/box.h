/* Bounds on the parameters and the term l1 sum_i w_i |theta_i|: what they make of a gradient, and L-BFGS
 * under them. */
#ifndef TG_OPTIM_BOX_H
#define TG_OPTIM_BOX_H

#include "run.h"

bool tg_boxed_(const tg_method *m);
const char *tg_check_box_(const tg_objective *c, const tg_method *m);
/* Brings x within the bounds. */
void tg_box_begin_(tg_run *run, double *x);
/* The term at x. */
double tg_box_penalty_(const tg_run *run, const double *x);
/* Entry i of the subgradient of least norm on the box: 0 where theta_i may not move or need not. */
double tg_box_gradient_(const tg_run *run, const tg_point_ *p, size_t i);
/* Sets p->largest, of these entries, NaN when one is not finite; and for a direction d *slope = g'd. What the
 * bounds hold may be infinite. */
void tg_box_measure_(const tg_run *run, tg_point_ *p, const double *d, double *slope);
/* Where the start lies on a bound from which the slope leads inside without end (x log x at 0) no step can be
 * made from it: a lower point near by becomes the current one, if there is one. Nonzero: the run has ended.
 */
int tg_box_enter_(tg_run *run);

size_t tg_box_work_(const tg_objective *c, const tg_method *m, size_t padded);
size_t tg_box_own_(const tg_objective *c, const tg_method *m);
bool tg_box_sound_(const tg_run *run, const unsigned char *own);
int tg_box_step_(tg_run *run);

#endif
