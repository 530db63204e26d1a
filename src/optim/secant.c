/* The secant method (4.53): theta <- theta - g (theta - theta_before) / (g - g_before). The
 * second point is given, or a step of gradient descent. */
#include <math.h>

#include "stop.h"

tg_method tg_secant(double alpha)
{
  return (tg_method){.kind = TG_METHOD_secant, .alpha = alpha, .second = NAN};
}

static tg_method make(void) { return tg_secant(0.01); }

static const char *check(const tg_objective *c, const tg_method *m)
{
  (void)c;
  if (isinf(m->second)) return "second must be finite, or NaN for a first step by alpha";
  return m->alpha > 0.0 && m->alpha < INFINITY ? NULL : "alpha must be positive and finite";
}

typedef struct state {
  double x, g; /* one step ago */
} state;

static size_t own(const tg_objective *c, const tg_method *m)
{
  (void)c, (void)m;
  return sizeof(state);
}

static int step(tg_run *run)
{
  state *before = (state *)(void *)run->own;
  const tg_point_ *p = tg_current_(run);
  const double x = p->x[0], g = p->g[0];
  double rate = isnan(run->m.second) ? run->m.alpha : (x - run->m.second) / g;
  if (run->s.t > 0) {
    rate = (x - before->x) / (g - before->g);
    if (!isfinite(rate)) return tg_stop_(run, TG_STOP_SINGULAR);
    const double d = -g * rate;
    if (tg_guess_(run, &d, 0.5 * g * d, false)) return 1;
  }
  *before = (state){x, g};
  tg_point_ *q = tg_spare_(run, NULL);
  q->x[0] = run->s.t > 0 || isnan(run->m.second) ? x - g * rate : run->m.second;
  if (tg_evaluate_(run, q, true, NULL, NULL)) return 1;
  if (!q->finite) return tg_stop_nonfinite_(run, q->value);
  tg_accept_(run, q, rate);
  return 0;
}

const tg_rule_ tg_secant_rule_ = {
    .name = "secant",
    .make = make,
    .properties = TG_HAS_MODEL | TG_FOR_ONE_PARAMETER,
    .check = check,
    .line = TG_LINE_FIXED,
    .own = own,
    .step = step,
};
