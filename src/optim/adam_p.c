/* (4.39)-(4.40). Kept is r = s^(1/p), and powers are taken of quotients at most 1, so that |g|^p neither
 * overflows nor vanishes: with M = max(r, |g|), r <- M (gamma^p (r / M)^p + (1 - gamma^p) (|g| / M)^p)^(1/p).
 */
#include <math.h>

#include "level.h"
#include "method.h"

tg_method tg_adam_p(double alpha, double p)
{
  return (tg_method){
      .kind = TG_METHOD_adam_p, .alpha = alpha, .beta = 0.9, .gamma = 0.999, .epsilon = 1e-8, .p = p};
}

static tg_method make(void) { return tg_adam_p(0.001, 3.0); }

static const char *check(const tg_objective *c, const tg_method *m)
{
  if (!(m->p >= 1.0 && m->p < INFINITY)) return "p must be at least 1 and finite";
  return tg_check_first_order_(c, m);
}

/* 1 - gamma^(p (t + 1)) */
static double correction(const tg_method *m, size_t t)
{
  return m->gamma == 0.0 ? 1.0 : -expm1(m->p * (double)(t + 1) * log(m->gamma));
}

static void coefficients(const tg_method *m, size_t t, double alpha, double *k)
{
  k[0] = alpha / tg_correction_(m->beta, t + 1);
  k[1] = m->beta;
  k[2] = 1.0 - m->beta;
  k[3] = m->p;
  k[4] = pow(m->gamma, m->p);
  k[5] = correction(m, 0);
  k[6] = pow(correction(m, t), -1.0 / m->p);
  k[7] = m->epsilon;
}

TG_INLINE_ void update(const tg_chunk_ *c)
{
  const double *x = c->x, *g = c->g;
  double *out = c->out, *v = c->state[0], *r = c->state[1];
  const double alpha = c->k[0], beta = c->k[1], rest = c->k[2], p = c->k[3], gamma = c->k[4],
               remain = c->k[5], raise = c->k[6], epsilon = c->k[7];
  const size_t n = c->n;
  TG_INDEPENDENT_
  for (size_t i = 0; i < n; i++) {
    const double size = fabs(g[i]), most = size > r[i] ? size : r[i];
    v[i] = beta * v[i] + rest * g[i];
    if (most > 0.0) r[i] = most * pow(gamma * pow(r[i] / most, p) + remain * pow(size / most, p), 1.0 / p);
    out[i] = x[i] - alpha * v[i] / tg_divisor_(r[i] * raise + epsilon);
  }
}
TG_LEVELS_(update, tg_chunk_);

const tg_rule_ tg_adam_p_rule_ = {
    .name = "adam_p",
    .make = make,
    .check = check,
    .vectors = 2,
    .coefficients = coefficients,
    .update = update_levels,
};
