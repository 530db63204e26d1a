/* Lion (Chen et al. 2023): steps of alpha in every entry, the signs being those of a mean of gradients. */
#include "level.h"
#include "method.h"

tg_method tg_lion(double alpha)
{
  return (tg_method){.kind = TG_METHOD_lion, .alpha = alpha, .beta = 0.9, .gamma = 0.99};
}

static tg_method make(void) { return tg_lion(0.0001); }

static void coefficients(const tg_method *m, size_t t, double alpha, double *k)
{
  (void)t;
  k[0] = alpha;
  k[1] = m->beta;
  k[2] = 1.0 - m->beta;
  k[3] = m->gamma;
  k[4] = 1.0 - m->gamma;
}

TG_INLINE_ void update(const tg_chunk_ *c)
{
  const double *x = c->x, *g = c->g;
  double *out = c->out, *v = c->state[0];
  const double alpha = c->k[0], beta = c->k[1], rest = c->k[2], gamma = c->k[3], remain = c->k[4];
  const size_t n = c->n;
  TG_INDEPENDENT_
  for (size_t i = 0; i < n; i++) {
    const double u = beta * v[i] + rest * g[i];
    v[i] = gamma * v[i] + remain * g[i];
    out[i] = x[i] - (u > 0.0 ? alpha : u < 0.0 ? -alpha : 0.0);
  }
}
TG_LEVELS_(update, tg_chunk_);

const tg_rule_ tg_lion_rule_ = {
    .name = "lion",
    .make = make,
    .check = tg_check_first_order_,
    .vectors = 1,
    .coefficients = coefficients,
    .update = update_levels,
};
