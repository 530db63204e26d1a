#include <math.h>

#include "level.h"
#include "method.h"

tg_method tg_adam(double alpha)
{
  return (tg_method){.kind = TG_METHOD_adam, .alpha = alpha, .beta = 0.9, .gamma = 0.999, .epsilon = 1e-8};
}

tg_method tg_adamw(double alpha, double decay)
{
  tg_method m = tg_adam(alpha);
  m.kind = TG_METHOD_adamw;
  m.decay = decay;
  return m;
}

static tg_method make(void) { return tg_adam(0.001); }

static tg_method make_adamw(void) { return tg_adamw(0.001, 0.01); }

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
  double *out = c->out, *v = c->state[0], *s = c->state[1];
  const double alpha = c->k[0], beta = c->k[1], rest = c->k[2], gamma = c->k[3], remain = c->k[4],
               raise = c->k[5], outside = c->k[6], inside = c->k[7];
  const size_t n = c->n;
  TG_INDEPENDENT_
  for (size_t i = 0; i < n; i++) {
    v[i] = beta * v[i] + rest * g[i];
    s[i] = gamma * s[i] + remain * (g[i] * g[i]);
    out[i] = x[i] - alpha * v[i] / tg_divisor_(sqrt(s[i] * raise + inside) + outside);
  }
}
TG_LEVELS_(update, tg_chunk_);

const tg_rule_ tg_adam_rule_ = {
    .name = "adam",
    .make = make,
    .check = tg_check_first_order_,
    .vectors = 2,
    .coefficients = coefficients,
    .update = update_levels,
};

/* The same step; the driver takes the weight decay apart from it. */
const tg_rule_ tg_adamw_rule_ = {
    .name = "adamw",
    .make = make_adamw,
    .check = tg_check_first_order_,
    .vectors = 2,
    .coefficients = coefficients,
    .update = update_levels,
};
