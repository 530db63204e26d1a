/* BFGS (4.66)-(4.67) and DFP, on B, an approximation of the inverse Hessian that is kept as a full symmetric
 * matrix.
 *
 * With s the step, y the change of the gradient and rho = 1 / s'y:
 *   BFGS: B <- (I - rho s y') B (I - rho y s') + rho s s' = B - rho (s u' + u s') + (rho^2 y'u + rho) s s',
 * u = B y DFP:  B <- B - u u' / y'u + rho s s' Before the first update B = I is scaled by s'y / y'y (Nocedal
 * & Wright 2006, (6.20)). */
#include <float.h>
#include <math.h>

#include "line_search.h"
#include "stop.h"

tg_method tg_bfgs(void)
{
  return (tg_method){
      .kind = TG_METHOD_bfgs, .line_search = TG_LINE_WOLFE, .alpha = 1.0, .armijo = 1e-4, .wolfe = 0.9};
}

tg_method tg_dfp(void)
{
  tg_method m = tg_bfgs();
  m.kind = TG_METHOD_dfp;
  m.wolfe = 0.1; /* DFP does not mend what a sloppy search spoils */
  return m;
}

static const char *check(const tg_objective *c, const tg_method *m)
{
  (void)c;
  return tg_check_line_(m);
}

typedef struct state {
  size_t updates; /* of B since it was I */
} state;

static size_t own(const tg_objective *c, const tg_method *m)
{
  (void)c, (void)m;
  return sizeof(state);
}

/* B, then direction, s, y, u */
static size_t work(const tg_objective *c, const tg_method *m, size_t padded)
{
  (void)m;
  if (padded > SIZE_MAX / sizeof(double) / (c->n + 4)) return SIZE_MAX;
  return (c->n + 4) * padded;
}

typedef struct bfgs {
  tg_run *run;
  const tg_vector_ *k;
  size_t n, padded;
  state *kept;
  double *b, *d, *s, *y, *u;
} bfgs;

static bfgs view(tg_run *run)
{
  const size_t padded = run->padded;
  double *rest = run->work + run->n * padded;
  return (bfgs){.run = run,
                .k = run->kernel,
                .n = run->n,
                .padded = padded,
                .kept = (state *)(void *)run->own,
                .b = run->work,
                .d = rest,
                .s = rest + padded,
                .y = rest + 2 * padded,
                .u = rest + 3 * padded};
}

static void multiply(const bfgs *q, const double *v, double sign, double *out)
{
  for (size_t i = 0; i < q->n; i++) out[i] = sign * q->k->dot(q->b + i * q->padded, v, q->padded);
}

static void set_diagonal(const bfgs *q, double value)
{
  for (size_t i = 0; i < q->n * q->padded; i++) q->b[i] = 0.0;
  for (size_t i = 0; i < q->n; i++) q->b[i * q->padded + i] = value;
}

/* B += p v v' + r (v w' + w v') + t w w' */
static void update(const bfgs *q, double p, double r, double t, const double *v, const double *w)
{
  for (size_t i = 0; i < q->n; i++) {
    double *row = q->b + i * q->padded;
    q->k->add(row, row, p * v[i] + r * w[i], v, q->padded);
    q->k->add(row, row, r * v[i] + t * w[i], w, q->padded);
  }
}

static void learn(const bfgs *q, const tg_point_ *from, const tg_point_ *to)
{
  q->k->subtract(q->s, to->x, from->x, q->padded);
  q->k->subtract(q->y, to->g, from->g, q->padded);
  const double sy = q->k->dot(q->s, q->y, q->padded), yy = q->k->dot(q->y, q->y, q->padded);
  const double ss = q->k->dot(q->s, q->s, q->padded);
  if (!(sy > DBL_EPSILON * sqrt(ss) * sqrt(yy) && sy > DBL_MIN && isfinite(yy))) return;
  if (q->kept->updates++ == 0 && !q->run->m.unscaled) set_diagonal(q, sy / yy);
  multiply(q, q->y, 1.0, q->u);
  const double yu = q->k->dot(q->y, q->u, q->padded), rho = 1.0 / sy;
  if (q->run->m.kind == TG_METHOD_dfp)
    update(q, rho, 0.0, -1.0 / yu, q->s, q->u);
  else
    update(q, rho * (rho * yu + 1.0), -rho, 0.0, q->s, q->u);
}

static void forget(const bfgs *q)
{
  q->kept->updates = 0;
  set_diagonal(q, 1.0);
}

/* The direction -B g; false when it does not lead down. */
static bool direction(const bfgs *q, const tg_point_ *p, tg_line_ *line)
{
  if (q->kept->updates > 0 || q->run->m.unscaled) {
    multiply(q, p->g, -1.0, q->d);
    line->slope = q->k->dot(q->d, p->g, q->padded);
    line->first = 1.0;
  } else
    tg_steepest_(q->run, q->d, line);
  return line->slope < 0.0 && line->slope > -INFINITY;
}

static int step(tg_run *run)
{
  const bfgs q = view(run);
  const tg_point_ *p = tg_current_(run);
  tg_line_ line = {.d = q.d};
  if (run->s.t == 0) forget(&q);
  const bool down = direction(&q, p, &line);
  if (down && q.kept->updates > 0 && tg_guess_(run, q.d, -0.5 * line.slope, false)) return 1;
  if (down && tg_line_search_(run, &line)) return 1;
  if (!line.end && (q.kept->updates > 0 || !down)) { /* B may mislead: once more without it */
    forget(&q);
    tg_steepest_(run, q.d, &line);
    if (tg_line_search_(run, &line)) return 1;
  }
  if (!line.end) return tg_stall_(run);
  learn(&q, p, line.end);
  tg_accept_(run, line.end, line.length);
  return 0;
}

const tg_rule_ tg_bfgs_rule_ = {
    .name = "bfgs",
    .make = tg_bfgs,
    .properties = TG_IS_MONOTONE | TG_HAS_MODEL,
    .check = check,
    .line = TG_LINE_ANY_,
    .work = work,
    .own = own,
    .step = step,
};

const tg_rule_ tg_dfp_rule_ = {
    .name = "dfp",
    .make = tg_dfp,
    .properties = TG_IS_MONOTONE | TG_HAS_MODEL,
    .check = check,
    .line = TG_LINE_ANY_,
    .work = work,
    .own = own,
    .step = step,
};
