#include "optimality.h"

#include <math.h>

/* Directions in which the data say nothing are pinned: a constant column, and what all classes of a softmax
 * have in common. The gradient is zero along them, so pinning moves nothing. Without curvature where the
 * gradient is not zero, as on the straight pieces of a loss, nothing is pinned. */
tg_status problem_gauged_hessian(problem *p, const double *theta, const double *gradient, double *hessian)
{
  const tg_status status = problem_hessian(p, theta, hessian);
  if (status != TG_OK) return status;
  const size_t n = p->n;
  for (size_t j = 0; j < n; j++) {
    if (hessian[j * n + j] == 0 && (gradient == NULL || gradient[j] == 0)) hessian[j * n + j] = 1;
  }
  if (p->shape.kind != MODEL_MULTINOMIAL) return TG_OK;
  const size_t k = p->shape.classes, features = p->shape.features;
  const double curvature = problem_curvature(&p->shape);
  for (size_t j = 0; j <= features; j++) {
    if (j < features && p->lasso != NULL) continue; /* an L1 penalty leaves nothing in common free */
    const size_t first = j < features ? j : k * features, stride = j < features ? features : 1;
    for (size_t a = 0; a < k; a++) {
      for (size_t b = 0; b < k; b++)
        hessian[(first + a * stride) * n + first + b * stride] += curvature / (double)k;
    }
  }
  return TG_OK;
}

double problem_subgradient_norm(const problem *p, const double *theta, const double *gradient)
{
  double sum = 0;
  for (size_t j = 0; j < p->n; j++) {
    const double l = p->lasso != NULL ? p->lasso[j] : 0, g = gradient[j];
    const double s = theta[j] > 0 ? g + l : theta[j] < 0 ? g - l : fabs(g) > l ? fabs(g) - l : 0;
    sum += s * s;
  }
  return sqrt(sum);
}

double problem_least_ridge(const problem *p)
{
  double least = INFINITY;
  for (size_t j = 0; j < p->n; j++) {
    if (p->ridge[j] > 0 && p->ridge[j] < least) least = p->ridge[j];
  }
  return isinf(least) ? 0 : least;
}
