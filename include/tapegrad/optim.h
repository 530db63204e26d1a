/* Optimizers: minimise a function of n real parameters, given as callbacks.
 *
 * An objective is a plain struct of callbacks; three constructors make one from a recorded function, a vector
 * of residuals or a finite sum, and any other program that can compute a value and a gradient fills in the
 * struct itself. A method is a plain struct of settings; constructors fill it with defaults. Both pass by
 * value. tg_minimize runs Algorithm 4.1 of Liquet, Moka & Nazarathy, "Mathematical Engineering of Deep
 * Learning" (2024), cited below as (4.n); tg_fit runs epochs of mini-batches. Both are a tg_run stepped to
 * its end.
 *
 * A failure is a tg_status; why an iteration ended is a tg_stop, and a report beside it tells where it
 * stands. */
#ifndef TAPEGRAD_OPTIM_H
#define TAPEGRAD_OPTIM_H

#include "fit.h"
#include "method.h"
#include "minimize.h"
#include "objective.h"
#include "report.h"
#include "run.h"
#include "schedule.h"
#include "status.h"

#endif
