/* The driver evaluates at theta - alpha beta v; the step is that of momentum. */
#include "level.h"
#include "method.h"

tg_method tg_nesterov(double alpha, double beta)
{
  return (tg_method){.kind = TG_METHOD_nesterov, .alpha = alpha, .beta = beta};
}

static tg_method make(void) { return tg_nesterov(0.01, 0.9); }

static void coefficients(const tg_method *m, size_t t, double alpha, double *k)
{
  (void)t;
  k[0] = alpha;
  k[1] = m->beta;
  k[2] = m->classic ? 1.0 : 1.0 - m->beta;
}

TG_INLINE_ void look(const tg_chunk_ *c)
{
  const double *x = c->x, *v = c->state[0];
  double *out = c->out;
  const double ahead = c->k[0] * c->k[1];
  const size_t n = c->n;
  TG_INDEPENDENT_
  for (size_t i = 0; i < n; i++) out[i] = x[i] - ahead * v[i];
}
TG_LEVELS_(look, tg_chunk_);

TG_INLINE_ void update(const tg_chunk_ *c)
{
  const double *x = c->x, *g = c->g;
  double *out = c->out, *v = c->state[0];
  const double alpha = c->k[0], beta = c->k[1], rest = c->k[2];
  const size_t n = c->n;
  TG_INDEPENDENT_
  for (size_t i = 0; i < n; i++) {
    v[i] = beta * v[i] + rest * g[i];
    out[i] = x[i] - alpha * v[i];
  }
}
TG_LEVELS_(update, tg_chunk_);

const tg_rule_ tg_nesterov_rule_ = {
    .name = "nesterov",
    .make = make,
    .check = tg_check_first_order_,
    .vectors = 1,
    .coefficients = coefficients,
    .update = update_levels,
    .look = look_levels,
};
