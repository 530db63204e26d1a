/* Adadelta (4.38): the step is g times the root of a decaying mean of squared steps, D, over that of squared
 * gradients, s. */
#include <math.h>

#include "level.h"
#include "method.h"

tg_method tg_adadelta(void)
{
  return (tg_method){.kind = TG_METHOD_adadelta,
                     .alpha = 1.0,
                     .beta = 0.95,
                     .gamma = 0.95,
                     .epsilon = 1e-6,
                     .epsilon_inside = true};
}

static tg_method make(void) { return tg_adadelta(); }

/* D is 0 at the start: without epsilon nothing ever moves. */
static const char *check(const tg_objective *c, const tg_method *m)
{
  const char *text = tg_check_first_order_(c, m);
  return text || m->epsilon > 0.0 ? text : "epsilon must be positive for adadelta";
}

static void coefficients(const tg_method *m, size_t t, double alpha, double *k)
{
  (void)t;
  k[0] = alpha;
  k[1] = m->epsilon_inside ? 0.0 : m->epsilon;
  k[2] = m->epsilon_inside ? m->epsilon : 0.0;
  k[3] = m->gamma;
  k[4] = 1.0 - m->gamma;
  k[5] = m->beta;
  k[6] = 1.0 - m->beta;
}

TG_INLINE_ void update(const tg_chunk_ *c)
{
  const double *x = c->x, *g = c->g;
  double *out = c->out, *s = c->state[0], *d = c->state[1];
  const double alpha = c->k[0], outside = c->k[1], inside = c->k[2], gamma = c->k[3], rest = c->k[4],
               beta = c->k[5], remain = c->k[6];
  const size_t n = c->n;
  TG_INDEPENDENT_
  for (size_t i = 0; i < n; i++) {
    s[i] = gamma * s[i] + rest * (g[i] * g[i]);
    const double step = (sqrt(d[i] + inside) + outside) / (sqrt(s[i] + inside) + outside) * g[i];
    d[i] = beta * d[i] + remain * (step * step);
    out[i] = x[i] - alpha * step;
  }
}
TG_LEVELS_(update, tg_chunk_);

const tg_rule_ tg_adadelta_rule_ = {
    .name = "adadelta",
    .make = make,
    .check = check,
    .vectors = 2,
    .coefficients = coefficients,
    .update = update_levels,
};
