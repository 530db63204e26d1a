/* Optimizers: minimise a function of n real parameters.
 *
 *   objective.h  what is minimised: a struct of callbacks, and what makes one
 *   schedule.h   learning rates that change with the step
 *   method.h     the methods and their settings, in a table
 *   report.h     why a run stopped and where it stands
 *   minimize.h   tg_minimize: one call, when to stop; a hand-over from one method to another
 *   fit.h        tg_fit: epochs of mini-batches
 *   run.h        the same step by step; your own gradients; checkpoints
 *
 * Formulas are cited as (4.n) from Liquet, Moka & Nazarathy, "Mathematical Engineering of Deep Learning" (2024),
 * chapter 4. Objectives, methods and options pass by value or are copied; reports own nothing. */
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
