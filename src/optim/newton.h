/* What methods of second order share. */
#ifndef TG_OPTIM_NEWTON_H
#define TG_OPTIM_NEWTON_H

#include "dense.h"
#include "run.h"

/* The Hessian at the current point into h (n rows, padded apart), from objective.hessian or, without, from n
 * products; `scratch` holds run->padded numbers. Nonzero: the run has ended. */
int tg_newton_hessian_(tg_run *run, double *h, double *scratch);
/* Where C does not change along some directions, H is given curvature along them and g, which gets the
 * gradient at the current point, has none of them, so that H^-1 g is orthogonal to them. `a` holds a matrix
 * as h, `order` n indices: scratch. Directions along which it falls though H has no curvature stay. */
void tg_bend_flats_(tg_run *run, double *h, double *g, double *a, size_t *order);
/* Whether H has negative curvature clear of rounding; then z is a direction that has it. The same scratch. */
bool tg_leads_down_(tg_run *run, const double *h, double *a, size_t *order, double *z);
/* As rule->curvature wants it: by the Hessian in run->work, which has room for two matrices and two vectors,
 * with n indices at the end of run->own; by products, with room for four vectors. */
int tg_dense_curvature_(tg_run *run, const double **z, double *curvature);
int tg_product_curvature_(tg_run *run, const double **z, double *curvature);
/* The n indices at the end of run->own. */
size_t *tg_newton_order_(tg_run *run);
/* Whether a step d is lost in the rounding of theta: what is steepest is done with, and conjugate gradients
 * have to go on to what is less steep by more digits than numbers have. */
bool tg_lost_in_rounding_(const tg_run *run, const double *d);
/* Numbers for `matrices` such matrices and `vectors` vectors; SIZE_MAX when that overflows. */
size_t tg_newton_work_(const tg_objective *c, size_t padded, size_t matrices, size_t vectors);

#endif
