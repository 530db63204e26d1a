/* What all first-order methods have in common. */
#ifndef TG_OPTIM_FIRST_ORDER_H
#define TG_OPTIM_FIRST_ORDER_H

#include "run.h"

/* An iteration of tg_minimize by the rule's update. */
int tg_first_order_step_(tg_run *run);
/* x, g and largest of p -> out by the method's update; out may be p->x. Returns the largest change of an
 * entry, NaN when it or the method's state is not finite. */
double tg_first_order_update_(tg_run *run, const tg_point_ *p, double *out, double rate);
/* x -> out: the point where the gradient is taken. */
void tg_first_order_look_(tg_run *run, const double *x, double *out, double rate);

#endif
