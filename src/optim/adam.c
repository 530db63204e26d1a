#include <math.h>

#include "level.h"
#include "run.h"

tg_method tg_adam(double alpha)
{
  return (tg_method){.kind = TG_METHOD_adam, .alpha = alpha, .beta = 0.9, .gamma = 0.999, .epsilon = 1e-8};
}

static tg_method make(void) { return tg_adam(0.001); }

static const char *check(const tg_objective *c, const tg_method *m)
{
  (void)c;
  return tg_check_first_order_(m);
}

/* 1 - b^(t+1) without cancellation */
static double correction(double b, size_t t) { return b == 0.0 ? 1.0 : -expm1((double)(t + 1) * log(b)); }

static void coefficients(const tg_method *m, size_t t, double alpha, double *k)
{
  k[0] = alpha / correction(m->beta, t);
  k[1] = m->beta;
  k[2] = 1.0 - m->beta;
  k[3] = m->gamma;
  k[4] = 1.0 - m->gamma;
  k[5] = 1.0 / correction(m->gamma, t);
  k[6] = m->epsilon;
}

TG_INLINE_ void update(const tg_chunk_ *c)
{
  const double *x = c->x, *g = c->g;
  double *out = c->out, *v = c->state[0], *s = c->state[1];
  const double alpha = c->k[0], beta = c->k[1], rest = c->k[2], gamma = c->k[3], remain = c->k[4], raise = c->k[5],
               epsilon = c->k[6];
  const size_t n = c->n;
  TG_INDEPENDENT_
  for (size_t i = 0; i < n; i++) {
    v[i] = beta * v[i] + rest * g[i];
    s[i] = gamma * s[i] + remain * (g[i] * g[i]);
    out[i] = x[i] - alpha * v[i] / (sqrt(s[i] * raise) + epsilon);
  }
}
TG_LEVELS_(update, tg_chunk_);

const tg_rule_ tg_adam_rule_ = {
    .name = "adam",
    .make = make,
    .check = check,
    .vectors = 2,
    .coefficients = coefficients,
    .update = update_levels,
};
