#include "problem.h"

#include <assert.h>
#include <float.h>
#include <math.h>

size_t tg_pad_(size_t n) { return (n + TG_LANES_ - 1) / TG_LANES_ * TG_LANES_; }

/* ---- whether there is one ---- */

int tg_no_function_(const double *theta, double *value, double *gradient, void *user)
{
  (void)theta, (void)value, (void)gradient, (void)user;
  return TG_E_ARGUMENT;
}

int tg_no_quadratic_(const double *theta, double *value, double *gradient, void *user)
{
  return tg_no_function_(theta, value, gradient, user);
}

int tg_no_differences_(const double *theta, double *value, double *gradient, void *user)
{
  return tg_no_function_(theta, value, gradient, user);
}

const char *tg_check_objective_(const tg_objective *c)
{
  if (!c) return "the objective is NULL";
  if (c->n > 0) return NULL;
  if (c->evaluate == tg_no_function_) return "the objective's function has not one output; or it is NULL";
  if (c->evaluate == tg_no_quadratic_)
    return "the quadratic needs a, or else product and room; or it is NULL";
  if (c->evaluate == tg_no_differences_)
    return "the differences need value and room, step in [0, 1) and scales above 0; or they are NULL";
  return "the objective has no parameters";
}

const char *tg_check_bounds_(const tg_objective *c, const tg_method *m)
{
  if (!(m->l1 >= 0.0 && m->l1 < INFINITY)) return "l1 must be at least 0 and finite";
  for (size_t i = 0; m->l1 > 0.0 && m->l1_weight && i < c->n; i++)
    if (!(m->l1_weight[i] >= 0.0 && m->l1_weight[i] < INFINITY))
      return "l1_weight must be at least 0 and finite";
  for (size_t i = 0; i < c->n; i++) {
    const double low = m->lower ? m->lower[i] : -INFINITY, high = m->upper ? m->upper[i] : INFINITY;
    if (!(low <= high) || low == INFINITY || high == -INFINITY) return "lower must be at most upper";
  }
  return NULL;
}

bool tg_bounded_method_(const tg_method *m) { return m->lower || m->upper || m->l1 != 0.0; }

tg_problem_ tg_problem_of_(const tg_objective *c, const tg_method *m, const tg_vector_ *kernel)
{
  assert(c && m && kernel);
  return (tg_problem_){.c = *c,
                       .lower = m->lower,
                       .upper = m->upper,
                       .l1_weight = m->l1_weight,
                       .l1 = m->l1,
                       .kernel = kernel};
}

bool tg_bounded_(const tg_problem_ *p) { return p->lower || p->upper || p->l1 != 0.0; }

/* Whether arrays of n hold the same numbers; NULL stands for `absent` throughout. */
static bool same(const double *a, const double *b, size_t n, double absent)
{
  for (size_t i = 0; a != b && i < n; i++)
    if ((a ? a[i] : absent) != (b ? b[i] : absent)) return false;
  return true;
}

bool tg_same_problem_(const tg_problem_ *a, const tg_problem_ *b)
{
  assert(a->c.n == b->c.n);
  const size_t n = b->c.n;
  return same(a->lower, b->lower, n, -INFINITY) && same(a->upper, b->upper, n, INFINITY) && a->l1 == b->l1 &&
         (b->l1 == 0.0 || same(a->l1_weight, b->l1_weight, n, 1.0));
}

/* ---- bounds and the L1 term ---- */

double tg_lower_(const tg_problem_ *p, size_t i) { return p->lower ? p->lower[i] : -INFINITY; }
double tg_upper_(const tg_problem_ *p, size_t i) { return p->upper ? p->upper[i] : INFINITY; }
double tg_weight_(const tg_problem_ *p, size_t i) { return p->l1_weight ? p->l1 * p->l1_weight[i] : p->l1; }

void tg_project_(const tg_problem_ *p, double *x)
{
  for (size_t i = 0; i < p->c.n; i++)
    x[i] = isnan(x[i]) ? x[i] : fmin(fmax(x[i], tg_lower_(p, i)), tg_upper_(p, i));
}

static double penalty(const tg_problem_ *p, const double *x)
{
  double sum = 0.0;
  for (size_t i = 0; p->l1 > 0.0 && i < p->c.n; i++) sum += tg_weight_(p, i) * fabs(x[i]);
  return sum;
}

double tg_subgradient_(const tg_problem_ *p, const tg_point_ *at, size_t i)
{
  assert(i < p->c.n);
  const double x = at->x[i], w = p->l1 > 0.0 ? tg_weight_(p, i) : 0.0;
  const double low = tg_lower_(p, i), high = tg_upper_(p, i);
  double g = at->g[i];
  if (low == high) return 0.0;
  if (x != 0.0)
    g += x > 0.0 ? w : -w;
  else /* between g - w and g + w */
    g = g > w ? g - w : g < -w ? g + w : 0.0 * g;
  const bool held = (x <= low && g > 0.0) || (x >= high && g < 0.0);
  return held ? 0.0 : g;
}

/* An entry of the way from a point to p times the gradient there. A slope without end that a bound holds is
 * no fault: the way came down along it. */
static double slope_part(double g, double d)
{
  if (d == 0.0) return 0.0;
  return isinf(g) ? copysign(DBL_MAX, g * d) : g * d;
}

static void measure_bounded(const tg_problem_ *p, tg_point_ *at, const double *d, double *slope)
{
  double sum = 0.0, largest = 0.0;
  for (size_t i = 0; i < p->c.n; i++) {
    const double g = fabs(tg_subgradient_(p, at, i));
    largest = g <= largest ? largest : g; /* a NaN stays: nothing is greater */
    if (d) sum += slope_part(at->g[i], d[i]);
  }
  at->largest = isfinite(largest) ? largest : NAN;
  if (d) *slope = fmin(fmax(sum, -DBL_MAX), DBL_MAX);
}

void tg_measure_(const tg_problem_ *p, tg_point_ *at, const double *d, double *slope)
{
  assert(!d == !slope);
  const size_t padded = tg_pad_(p->c.n);
  at->has_gradient = true;
  if (tg_bounded_(p))
    measure_bounded(p, at, d, slope);
  else if (d)
    *slope = p->kernel->slope(at->g, d, padded, &at->largest);
  else
    at->largest = p->kernel->largest(at->g, padded);
  at->finite = at->finite && isfinite(at->largest);
}

/* ---- asking the objective ---- */

static size_t zero_rule(const tg_problem_ *p) { return p->c.zero_rule ? p->c.zero_rule(p->c.user) : 0; }

/* Counts how often rule R5 was needed since; was it? */
static bool needed_zero_rule(const tg_problem_ *p, size_t before, tg_report *count)
{
  const size_t now = zero_rule(p);
  count->zero_rule += now - before;
  return now != before;
}

int tg_ask_(const tg_problem_ *p, tg_point_ *at, bool gradient, tg_report *count)
{
  assert(p->c.evaluate && at->x && (at->g || !gradient));
  count->values++;
  count->gradients += gradient;
  at->value = at->largest = NAN;
  at->has_gradient = at->zero_rule = false;
  const size_t before = zero_rule(p);
  const int answer = p->c.evaluate(at->x, &at->value, gradient ? at->g : NULL, p->c.user);
  if (answer) {
    at->value = NAN; /* whatever it left there */
    return answer;
  }
  if (p->l1 > 0.0) at->value += penalty(p, at->x);
  at->finite = isfinite(at->value);
  at->zero_rule = needed_zero_rule(p, before, count) && gradient;
  return 0;
}

int tg_ask_batch_(const tg_problem_ *p, const double *x, const size_t *index, size_t samples, tg_point_ *out,
                  tg_report *count)
{
  assert(p->c.batch && index && samples > 0 && samples <= p->c.samples);
  count->values++;
  count->gradients++;
  out->value = NAN;
  const size_t before = zero_rule(p);
  const int answer = p->c.batch(x, index, samples, &out->value, out->g, p->c.user);
  if (!answer) needed_zero_rule(p, before, count);
  return answer;
}

int tg_ask_product_(const tg_problem_ *p, const double *x, const double *v, double *hv, tg_report *count)
{
  assert(p->c.hvp && x && v && hv);
  count->products++;
  const size_t before = zero_rule(p);
  const int answer = p->c.hvp(x, v, hv, p->c.user);
  needed_zero_rule(p, before, count);
  return answer;
}

int tg_ask_hessian_(const tg_problem_ *p, const double *x, double *hessian, tg_report *count)
{
  assert(p->c.hessian && x && hessian);
  count->hessians++;
  const size_t before = zero_rule(p);
  const int answer = p->c.hessian(x, hessian, p->c.user);
  needed_zero_rule(p, before, count);
  return answer;
}

int tg_ask_residual_(const tg_problem_ *p, const double *x, double *r, double *jacobian, tg_report *count)
{
  assert(p->c.residual && x && (r || jacobian));
  count->values += r != NULL;
  count->hessians += jacobian != NULL;
  const size_t before = zero_rule(p);
  const int answer = p->c.residual(x, r, jacobian, p->c.user);
  needed_zero_rule(p, before, count);
  return answer;
}
