/* What tells an optimum of a problem: its least subgradient, and a Hessian that can be factorised. */
#ifndef TRAIN_OPTIMALITY_H
#define TRAIN_OPTIMALITY_H

#include "problem.h"

/* Euclidean norm of the least subgradient of the whole objective; `gradient` is that of the smooth part. */
double problem_subgradient_norm(const problem *p, const double *theta, const double *gradient);

/* The least of the L2 penalties that are not 0; 0: there is none. Curvature is at least that. */
double problem_least_ridge(const problem *p);

/* The Hessian with curvature 1 and such where there is none: in the gauge of the problem, directions along
 * which nothing changes. The gradient at theta tells which they are, NULL: all without curvature. */
tg_status problem_gauged_hessian(problem *p, const double *theta, const double *gradient, double *hessian);

#endif
