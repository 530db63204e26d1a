/* The problem: what is minimised, whatever the method.
 *
 *   C(theta) + l1 sum_i l1_weight_i |theta_i|   over   lower <= theta <= upper,   theta of n numbers
 *
 * C is an objective's. Values include the L1 term. Gradients are those of C alone: what bounds and the term
 * make of them is the subgradient, and `largest` is the largest entry of that. This file knows nothing of
 * runs and methods, only of the settings that state a problem. Every callback of an objective is called here
 * (but a fit's validation), counted, and asked whether it needed rule R5. */
#ifndef TG_OPTIM_PROBLEM_H
#define TG_OPTIM_PROBLEM_H

#include "tapegrad/method.h"
#include "tapegrad/objective.h"
#include "tapegrad/report.h"
#include "vector.h"

/* A point and what is known there. x and g are padded with zeros to a multiple of TG_LANES_. */
typedef struct tg_point_ {
  double *x, *g;
  double value, largest; /* largest |g_i|; NaN when not finite */
  double cosine;         /* levenberg_marquardt: largest of r with the columns of J */
  bool finite;           /* value, and the gradient if it was asked for */
  bool has_gradient;
  bool zero_rule; /* the gradient needed rule R5 */
} tg_point_;

typedef struct tg_problem_ {
  tg_objective c;
  const double *lower, *upper, *l1_weight; /* c.n each; NULL: no bounds, weights 1 */
  double l1;
  const tg_vector_ *kernel;
} tg_problem_;

/* n rounded up to a multiple of TG_LANES_. */
size_t tg_pad_(size_t n);

/* Why there is no such objective, or why bounds or weights are out of range: a message, or NULL. */
const char *tg_check_objective_(const tg_objective *c);
const char *tg_check_bounds_(const tg_objective *c, const tg_method *m);
/* evaluate of objectives that could not be made, by which the check knows what was missing. */
int tg_no_function_(const double *theta, double *value, double *gradient, void *user);
int tg_no_differences_(const double *theta, double *value, double *gradient, void *user);
int tg_no_quadratic_(const double *theta, double *value, double *gradient, void *user);

/* Whether the settings give bounds or an L1 term. */
bool tg_bounded_method_(const tg_method *m);
tg_problem_ tg_problem_of_(const tg_objective *c, const tg_method *m, const tg_vector_ *kernel);
bool tg_bounded_(const tg_problem_ *p);
/* Whether bounds and L1 terms are the same, and so the problems, the objective being one. */
bool tg_same_problem_(const tg_problem_ *a, const tg_problem_ *b);

/* ---- bounds and the L1 term ---- */

double tg_lower_(const tg_problem_ *p, size_t i);
double tg_upper_(const tg_problem_ *p, size_t i);
double tg_weight_(const tg_problem_ *p, size_t i); /* l1 times that of parameter i */
/* Brings x within the bounds. */
void tg_project_(const tg_problem_ *p, double *x);
/* Entry i of the subgradient of least norm: 0 where theta_i may not move or need not. */
double tg_subgradient_(const tg_problem_ *p, const tg_point_ *at, size_t i);
/* The gradient is there: sets has_gradient, largest and finite; and for a direction d, unless NULL, *slope =
 * g'd. What the bounds hold may be infinite. */
void tg_measure_(const tg_problem_ *p, tg_point_ *at, const double *d, double *slope);

/* ---- asking the objective ----
 *
 * These return what the callback answered, and count in the report. */

/* At at->x the value, and the gradient if it is asked for; then as tg_measure_. On an answer that is not 0
 * nothing is known there. */
int tg_ask_(const tg_problem_ *p, tg_point_ *at, bool gradient, tg_report *count);
int tg_ask_batch_(const tg_problem_ *p, const double *x, const size_t *index, size_t samples, tg_point_ *out,
                  tg_report *count);
int tg_ask_product_(const tg_problem_ *p, const double *x, const double *v, double *hv, tg_report *count);
int tg_ask_hessian_(const tg_problem_ *p, const double *x, double *hessian, tg_report *count);
int tg_ask_residual_(const tg_problem_ *p, const double *x, double *r, double *jacobian, tg_report *count);

#endif
