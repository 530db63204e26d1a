/* Adagrad (4.20) and RMSprop (4.21)-(4.22): each entry of g is divided by the root of s, the sum or a decaying
 * mean of its squares. */
#include <math.h>

#include "level.h"
#include "method.h"

tg_method tg_adagrad(double alpha)
{
  return (tg_method){.kind = TG_METHOD_adagrad, .alpha = alpha, .epsilon = 1e-8};
}

tg_method tg_rmsprop(double alpha)
{
  return (tg_method){.kind = TG_METHOD_rmsprop, .alpha = alpha, .gamma = 0.999, .epsilon = 1e-8};
}

static tg_method make_adagrad(void) { return tg_adagrad(0.01); }
static tg_method make_rmsprop(void) { return tg_rmsprop(0.001); }

static void coefficients(const tg_method *m, size_t t, double alpha, double *k)
{
  (void)t;
  k[0] = alpha;
  k[1] = m->epsilon_inside ? 0.0 : m->epsilon;
  k[2] = m->epsilon_inside ? m->epsilon : 0.0;
  k[3] = m->gamma;
  k[4] = 1.0 - m->gamma;
}

TG_INLINE_ void adagrad(const tg_chunk_ *c)
{
  const double *x = c->x, *g = c->g;
  double *out = c->out, *s = c->state[0];
  const double alpha = c->k[0], outside = c->k[1], inside = c->k[2];
  const size_t n = c->n;
  TG_INDEPENDENT_
  for (size_t i = 0; i < n; i++) {
    s[i] = s[i] + g[i] * g[i];
    out[i] = x[i] - alpha * g[i] / tg_divisor_(sqrt(s[i] + inside) + outside);
  }
}
TG_LEVELS_(adagrad, tg_chunk_);

TG_INLINE_ void rmsprop(const tg_chunk_ *c)
{
  const double *x = c->x, *g = c->g;
  double *out = c->out, *s = c->state[0];
  const double alpha = c->k[0], outside = c->k[1], inside = c->k[2], gamma = c->k[3], rest = c->k[4];
  const size_t n = c->n;
  TG_INDEPENDENT_
  for (size_t i = 0; i < n; i++) {
    s[i] = gamma * s[i] + rest * (g[i] * g[i]);
    out[i] = x[i] - alpha * g[i] / tg_divisor_(sqrt(s[i] + inside) + outside);
  }
}
TG_LEVELS_(rmsprop, tg_chunk_);

const tg_rule_ tg_adagrad_rule_ = {
    .name = "adagrad",
    .make = make_adagrad,
    .check = tg_check_first_order_,
    .vectors = 1,
    .coefficients = coefficients,
    .update = adagrad_levels,
};

const tg_rule_ tg_rmsprop_rule_ = {
    .name = "rmsprop",
    .make = make_rmsprop,
    .check = tg_check_first_order_,
    .vectors = 1,
    .coefficients = coefficients,
    .update = rmsprop_levels,
};
