/* The quadratic theta'A theta / 2 - b'theta as an objective. */
#include "dense.h"
#include "problem.h"
#include "tapegrad/objective.h"

static int product(const double *x, const double *v, double *hv, void *user)
{
  const tg_quadratic *q = user;
  (void)x;
  if (!q->a) return q->product(v, hv, q->n, q->user);
  for (size_t i = 0; i < q->n; i++) hv[i] = tg_dense_inner_(q->a + i * q->n, v, q->n);
  return 0;
}

static int hessian(const double *x, double *h, void *user)
{
  const tg_quadratic *q = user;
  (void)x;
  for (size_t i = 0; i < q->n * q->n; i++) h[i] = q->a[i];
  return 0;
}

/* Entry i of A x is known: adds to the value, sets the gradient. */
static void take(const tg_quadratic *q, size_t i, double ax, const double *x, double *sum, double *gradient)
{
  const double b = q->b ? q->b[i] : 0.0;
  *sum += x[i] * (0.5 * ax - b);
  if (gradient) gradient[i] = ax - b;
}

static int evaluate(const double *x, double *value, double *gradient, void *user)
{
  const tg_quadratic *q = user;
  double sum = 0.0;
  if (!q->a) {
    const int answer = q->product(x, q->room, q->n, q->user);
    if (answer) return answer;
  }
  for (size_t i = 0; i < q->n; i++)
    take(q, i, q->a ? tg_dense_inner_(q->a + i * q->n, x, q->n) : q->room[i], x, &sum, gradient);
  if (value) *value = sum;
  return 0;
}

tg_objective tg_quadratic_objective(tg_quadratic *q)
{
  if (!q || (!q->a && (!q->product || !q->room))) return (tg_objective){.evaluate = tg_no_quadratic_};
  return (tg_objective){
      .n = q->n, .evaluate = evaluate, .hvp = product, .hessian = q->a ? hessian : NULL, .user = q};
}
