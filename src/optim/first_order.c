/* What all first-order methods have in common: rate, clipping, weight decay, and one pass over memory in
 * pieces that stay in the first-level cache, so that the size of the step costs nothing extra. */
#include "first_order.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { PIECE = 256 };

/* The factor that brings g to the norm allowed. */
static double clip_factor(const tg_run *run, const double *g)
{
  if (run->m.clip_norm == 0.0) return 1.0;
  const double largest = tg_largest_(run, g);
  if (!(largest > 0.0)) return 1.0;
  double sum = 0.0;
  for (size_t i = 0; i < run->n; i++) sum += (g[i] / largest) * (g[i] / largest);
  const double norm = largest * sqrt(sum);
  return norm > run->m.clip_norm ? run->m.clip_norm / norm : 1.0;
}

static void clip(const tg_method *m, double factor, const double *g, double *out, size_t n)
{
  const double most = m->clip_value > 0.0 ? m->clip_value : INFINITY;
  for (size_t i = 0; i < n; i++) {
    const double x = factor * g[i];
    out[i] = x > most ? most : x < -most ? -most : x;
  }
}

static tg_chunk_ chunk(tg_run *run, const double *x, const double *g, double *out, double rate)
{
  tg_chunk_ c = {.x = x, .g = g, .out = out};
  run->rule->coefficients(&run->m, run->s.t, rate, c.k);
  for (size_t k = 0; k < run->rule->vectors; k++) c.state[k] = run->work + k * run->padded;
  return c;
}

static void forward(tg_chunk_ *c)
{
  c->x += c->n;
  c->g += c->n;
  c->out += c->n;
  for (size_t k = 0; k < TG_VECTORS_; k++)
    if (c->state[k]) c->state[k] += c->n;
}

/* a becomes b. */
static double replace(const tg_run *run, double *a, const double *b, size_t n)
{
  const size_t whole = n / TG_LANES_ * TG_LANES_;
  const double rest = whole < n ? tg_distance_(run, a + whole, b + whole, n - whole) : 0.0;
  const double most = run->kernel->replace(a, b, whole);
  for (size_t i = whole; i < n; i++) a[i] = b[i];
  return isnan(most) || isnan(rest) ? NAN : fmax(most, rest);
}

/* Squares of a gradient beyond 1e154 overflow, and an infinite state would hold theta still for good. */
static bool overflowed(const tg_run *run, double largest)
{
  return largest > 1e150 && isnan(run->kernel->largest(run->work, run->rule->vectors * run->padded));
}

double tg_first_order_update_(tg_run *run, const tg_point_ *p, double *out, double rate)
{
  assert(run->rule->update && run->rule->coefficients && run->rule->vectors <= TG_VECTORS_);
  const double *x = p->x, *g = p->g;
  const tg_method *m = &run->m;
  void (*const update)(const tg_chunk_ *) = run->rule->update[run->level];
  const double factor = clip_factor(run, g), keep = 1.0 - rate * m->decay;
  const bool clips = factor != 1.0 || m->clip_value > 0.0, decays = m->decay > 0.0, in_place = out == x;
  double fresh[PIECE], shrunk[PIECE], clipped[PIECE], most = 0.0;
  tg_chunk_ c = chunk(run, x, g, out, rate);
  for (size_t i = 0; i < run->n; i += c.n, forward(&c)) {
    c.n = run->n - i < PIECE ? run->n - i : PIECE;
    tg_chunk_ piece = c;
    if (clips) clip(m, factor, c.g, clipped, c.n), piece.g = clipped;
    for (size_t j = 0; decays && j < c.n; j++) shrunk[j] = keep * c.x[j];
    if (decays) piece.x = shrunk;
    if (in_place) piece.out = fresh;
    update(&piece);
    const double change = in_place ? replace(run, c.out, fresh, c.n) : tg_distance_(run, c.out, c.x, c.n);
    most = change > most || isnan(change) ? change : most; /* a NaN stays: nothing is greater */
  }
  return overflowed(run, p->largest) ? NAN : most;
}

void tg_first_order_look_(tg_run *run, const double *x, double *out, double rate)
{
  assert(run->rule->look && x != out);
  tg_chunk_ c = chunk(run, x, x, out, rate);
  c.n = run->n;
  run->rule->look[run->level](&c);
}

/* `from` gets the gradient where the method looks ahead to. At the start that is where it stands. */
static int look_ahead(tg_run *run, double rate, tg_point_ *from)
{
  tg_point_ *ahead = tg_spare_(run, NULL);
  tg_first_order_look_(run, from->x, ahead->x, rate);
  if (memcmp(ahead->x, from->x, run->n * sizeof(double)) == 0) return 0;
  if (tg_evaluate_(run, ahead, true, NULL, NULL)) return 1;
  from->g = ahead->g;
  from->largest = ahead->largest;
  return ahead->finite ? 0 : tg_stop_nonfinite_(run, ahead->value);
}

/* One iteration of tg_minimize. A method that looks ahead takes the gradient there for its step; value and
 * gradient at the new iterate are evaluated all the same, for they are what is reported and tested. */
int tg_first_order_step_(tg_run *run)
{
  double rate;
  if (tg_rate_(run, &rate)) return 1;
  tg_point_ from = *tg_current_(run);
  if (run->rule->look && look_ahead(run, rate, &from)) return 1;
  tg_point_ *next = tg_spare_(run, NULL); /* where it looked, unless that is the best point now */
  const double change = tg_first_order_update_(run, &from, next->x, rate);
  if (!isfinite(change)) return tg_stop_(run, TG_STOP_NONFINITE);
  if (tg_evaluate_(run, next, true, NULL, NULL)) return 1;
  if (!next->finite) return tg_stop_nonfinite_(run, next->value);
  tg_accept_step_(run, next, rate, change);
  return 0;
}
