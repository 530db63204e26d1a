/* Momentum (4.16)-(4.17), Nesterov's (4.33)-(4.34) and the look-ahead form (4.36)-(4.37), which differ in where
 * the gradient is taken and in how far along it the step goes. The velocity v is the one vector kept. */
#include "level.h"
#include "method.h"

tg_method tg_momentum(double alpha, double beta)
{
  return (tg_method){.kind = TG_METHOD_momentum, .alpha = alpha, .beta = beta};
}

tg_method tg_nesterov(double alpha, double beta)
{
  return (tg_method){.kind = TG_METHOD_nesterov, .alpha = alpha, .beta = beta};
}

tg_method tg_lookahead(double alpha, double beta)
{
  return (tg_method){.kind = TG_METHOD_lookahead, .alpha = alpha, .beta = beta};
}

static tg_method make_momentum(void) { return tg_momentum(0.01, 0.9); }
static tg_method make_nesterov(void) { return tg_nesterov(0.01, 0.9); }
static tg_method make_lookahead(void) { return tg_lookahead(0.01, 0.9); }

static void coefficients(const tg_method *m, size_t t, double alpha, double *k)
{
  (void)t;
  k[0] = alpha;
  k[1] = m->beta;
  k[2] = m->classic ? 1.0 : 1.0 - m->beta;
}

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

/* Nesterov takes the gradient at theta - alpha beta v. */
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

TG_INLINE_ void update_ahead(const tg_chunk_ *c)
{
  const double *x = c->x, *g = c->g;
  double *out = c->out, *v = c->state[0];
  const double alpha = c->k[0], beta = c->k[1], rest = c->k[2];
  const size_t n = c->n;
  TG_INDEPENDENT_
  for (size_t i = 0; i < n; i++) {
    v[i] = beta * v[i] + rest * g[i];
    out[i] = x[i] - alpha * (beta * v[i] + rest * g[i]);
  }
}
TG_LEVELS_(update_ahead, tg_chunk_);

const tg_rule_ tg_momentum_rule_ = {
    .name = "momentum",
    .make = make_momentum,
    .check = tg_check_first_order_,
    .vectors = 1,
    .coefficients = coefficients,
    .update = update_levels,
};

const tg_rule_ tg_nesterov_rule_ = {
    .name = "nesterov",
    .make = make_nesterov,
    .check = tg_check_first_order_,
    .vectors = 1,
    .coefficients = coefficients,
    .update = update_levels,
    .look = look_levels,
};

const tg_rule_ tg_lookahead_rule_ = {
    .name = "lookahead",
    .make = make_lookahead,
    .check = tg_check_first_order_,
    .vectors = 1,
    .coefficients = coefficients,
    .update = update_ahead_levels,
};
