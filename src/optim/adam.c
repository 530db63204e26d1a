/* Adam, Algorithm 4.2, and its nearest kin. Kept are the decaying means v of gradients and s of their squares;
 * a step is alpha v^ / (sqrt(s^) + epsilon), v^ and s^ being corrected for their start at 0 (4.24). AdamW takes
 * the weight decay apart from that, AMSGrad divides by the largest s so far, Nadam looks a step of momentum
 * ahead. */
#include <math.h>

#include "level.h"
#include "method.h"

static tg_method kin(int kind, double alpha)
{
  return (tg_method){.kind = kind, .alpha = alpha, .beta = 0.9, .gamma = 0.999, .epsilon = 1e-8};
}

tg_method tg_adam(double alpha) { return kin(TG_METHOD_adam, alpha); }
tg_method tg_amsgrad(double alpha) { return kin(TG_METHOD_amsgrad, alpha); }
tg_method tg_nadam(double alpha) { return kin(TG_METHOD_nadam, alpha); }

tg_method tg_adamw(double alpha, double decay)
{
  tg_method m = kin(TG_METHOD_adamw, alpha);
  m.decay = decay;
  return m;
}

static tg_method make_adam(void) { return tg_adam(0.001); }
static tg_method make_adamw(void) { return tg_adamw(0.001, 0.01); }
static tg_method make_amsgrad(void) { return tg_amsgrad(0.001); }
static tg_method make_nadam(void) { return tg_nadam(0.001); }

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

/* k[0] is the weight of v, k[8] that of g. */
static void nadam_coefficients(const tg_method *m, size_t t, double alpha, double *k)
{
  coefficients(m, t, alpha, k);
  k[0] = alpha * m->beta / tg_correction_(m->beta, t + 2);
  k[8] = alpha * (1.0 - m->beta) / tg_correction_(m->beta, t + 1);
}

TG_INLINE_ void adam(const tg_chunk_ *c)
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
TG_LEVELS_(adam, tg_chunk_);

TG_INLINE_ void amsgrad(const tg_chunk_ *c)
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
TG_LEVELS_(amsgrad, tg_chunk_);

TG_INLINE_ void nadam(const tg_chunk_ *c)
{
  const double *x = c->x, *g = c->g;
  double *out = c->out, *v = c->state[0], *s = c->state[1];
  const double old = c->k[0], beta = c->k[1], rest = c->k[2], gamma = c->k[3], remain = c->k[4],
               raise = c->k[5], outside = c->k[6], inside = c->k[7], fresh = c->k[8];
  const size_t n = c->n;
  TG_INDEPENDENT_
  for (size_t i = 0; i < n; i++) {
    v[i] = beta * v[i] + rest * g[i];
    s[i] = gamma * s[i] + remain * (g[i] * g[i]);
    out[i] = x[i] - (old * v[i] + fresh * g[i]) / tg_divisor_(sqrt(s[i] * raise + inside) + outside);
  }
}
TG_LEVELS_(nadam, tg_chunk_);

const tg_rule_ tg_adam_rule_ = {
    .name = "adam",
    .make = make_adam,
    .check = tg_check_first_order_,
    .vectors = 2,
    .coefficients = coefficients,
    .update = adam_levels,
};

/* The driver takes the weight decay apart from the step. */
const tg_rule_ tg_adamw_rule_ = {
    .name = "adamw",
    .make = make_adamw,
    .check = tg_check_first_order_,
    .vectors = 2,
    .coefficients = coefficients,
    .update = adam_levels,
};

const tg_rule_ tg_amsgrad_rule_ = {
    .name = "amsgrad",
    .make = make_amsgrad,
    .check = tg_check_first_order_,
    .vectors = 3,
    .coefficients = coefficients,
    .update = amsgrad_levels,
};

const tg_rule_ tg_nadam_rule_ = {
    .name = "nadam",
    .make = make_nadam,
    .check = tg_check_first_order_,
    .vectors = 2,
    .coefficients = nadam_coefficients,
    .update = nadam_levels,
};
