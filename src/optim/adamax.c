/* Adamax (4.41)-(4.42): Adam with the largest |g| of late, r, in place of the root of a mean of squares. */
#include <math.h>

#include "level.h"
#include "method.h"

tg_method tg_adamax(double alpha)
{
  return (tg_method){.kind = TG_METHOD_adamax, .alpha = alpha, .beta = 0.9, .gamma = 0.999, .epsilon = 1e-8};
}

static tg_method make(void) { return tg_adamax(0.002); }

static void coefficients(const tg_method *m, size_t t, double alpha, double *k)
{
  k[0] = alpha / tg_correction_(m->beta, t + 1);
  k[1] = m->beta;
  k[2] = 1.0 - m->beta;
  k[3] = m->gamma;
  k[4] = m->epsilon;
}

TG_INLINE_ void update(const tg_chunk_ *c)
{
  const double *x = c->x, *g = c->g;
  double *out = c->out, *v = c->state[0], *r = c->state[1];
  const double alpha = c->k[0], beta = c->k[1], rest = c->k[2], gamma = c->k[3], epsilon = c->k[4];
  const size_t n = c->n;
  TG_INDEPENDENT_
  for (size_t i = 0; i < n; i++) {
    const double size = fabs(g[i]), old = gamma * r[i];
    v[i] = beta * v[i] + rest * g[i];
    r[i] = size > old ? size : old;
    out[i] = x[i] - alpha * v[i] / tg_divisor_(r[i] + epsilon);
  }
}
TG_LEVELS_(update, tg_chunk_);

const tg_rule_ tg_adamax_rule_ = {
    .name = "adamax",
    .make = make,
    .check = tg_check_first_order_,
    .vectors = 2,
    .coefficients = coefficients,
    .update = update_levels,
};
