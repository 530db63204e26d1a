/* L-BFGS under bounds and an L1 term: the functions that the rule of lbfgs asks for, when there are such. */
#ifndef TG_OPTIM_LBFGS_BOUNDED_H
#define TG_OPTIM_LBFGS_BOUNDED_H

#include "run.h"

size_t tg_lbfgs_bounded_work_(const tg_objective *c, const tg_method *m, size_t padded);
size_t tg_lbfgs_bounded_own_(const tg_objective *c, const tg_method *m);
bool tg_lbfgs_bounded_sound_(const tg_run *run, const unsigned char *own);
int tg_lbfgs_bounded_step_(tg_run *run);

#endif
