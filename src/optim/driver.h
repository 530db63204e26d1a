/* Drivers: what makes a run, steps it to its end and reports. The layers of the module are drawn in method.h.
 */
#ifndef TG_OPTIM_DRIVER_H
#define TG_OPTIM_DRIVER_H

#include "run.h"

/* ---- making ---- */

/* What a run is made of. One of o and f, or neither: the defaults of tg_minimize. */
typedef struct tg_plan_ {
  const tg_objective *c;
  const tg_method *m;
  double *theta;
  const tg_minimize_options *o;
  const tg_fit_options *f;
} tg_plan_;

/* *message, unless NULL, gets a static text on failure. */
tg_status tg_run_make_(tg_run **out, const tg_plan_ *plan, const char **message);
/* The report of a run that was not made; returns `why`. */
tg_status tg_refused_(tg_status why, const char *message, const double *theta, tg_report *r);

/* ---- stepping ---- */

bool tg_iterate_(tg_run *run); /* tg_run_step without copying theta out */
/* Steps to the end, reports and frees; on failure theta was never written to. */
tg_status tg_run_to_end_(tg_run *run, double *theta, tg_report *r);
/* At a point called converged: goes on to a lower one along negative curvature; nonzero: the run has ended. */
int tg_leave_saddle_(tg_run *run);
void tg_show_(tg_run *run); /* the report describes the current iterate */
const tg_point_ *tg_final_point_(const tg_run *run);
void tg_finish_(tg_run *run); /* theta and the report's theta: the final point */

/* ---- fits ---- */

void tg_fit_begin_(tg_run *run);
int tg_fit_step_(tg_run *run);   /* a mini-batch */
void tg_fit_limit_(tg_run *run); /* ends a fit that is at a limit */

#endif
