#include <math.h>

#include "level.h"
#include "method.h"

tg_method tg_amsgrad(double alpha)
{
  return (tg_method){.kind = TG_METHOD_amsgrad, .alpha = alpha, .beta = 0.9, .gamma = 0.999, .epsilon = 1e-8};
}

static tg_method make(void) { return tg_amsgrad(0.001); }

static void coefficients(const tg_method *m, size_t t, double alpha, double *k)
{
  k[0] = alpha / tg_correction_(m->beta, t + 1);
  k[1] = m->beta;
  k[2] = 1.0 - m->beta;
  k[3] = m->gamma;
  k[4] = 1.0 - m->gamma;
  k[5] = 1.0 / tg_correction_(m->gamma, t + 1);
  k[6] = m->epsilon_inside ? 0.0 : m->epsilon;
  k[7] = m->epsilon_inside ? m->epsilon : 0.0;
}

TG_INLINE_ void update(const tg_chunk_ *c)
{
  const double *x = c->x, *g = c->g;
  double *out = c->out, *v = c->state[0], *s = c->state[1], *most = c->state[2];
  const double alpha = c->k[0], beta = c->k[1], rest = c->k[2], gamma = c->k[3], remain = c->k[4],
               raise = c->k[5], outside = c->k[6], inside = c->k[7];
  const size_t n = c->n;
  TG_INDEPENDENT_
  for (size_t i = 0; i < n; i++) {
    v[i] = beta * v[i] + rest * g[i];
    s[i] = gamma * s[i] + remain * (g[i] * g[i]);
    most[i] = s[i] > most[i] ? s[i] : most[i];
    out[i] = x[i] - alpha * v[i] / tg_divisor_(sqrt(most[i] * raise + inside) + outside);
  }
}
TG_LEVELS_(update, tg_chunk_);

const tg_rule_ tg_amsgrad_rule_ = {
    .name = "amsgrad",
    .make = make,
    .check = tg_check_first_order_,
    .vectors = 3,
    .coefficients = coefficients,
    .update = update_levels,
};
