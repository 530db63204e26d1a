/* L-BFGS under bounds and an L1 term, by projection along two metrics (Bertsekas 1982).
 *
 * Parameters at a bound that the gradient pushes against, and at 0 where the L1 term outweighs the gradient,
 * rest. The others take the step of the two-loop recursion on their entries of the pairs alone; those about
 * to meet a bound go along the gradient instead, as coupling them would spoil the descent. The L1 term is
 * smooth within an orthant: the orthant of theta, or where an entry is 0 the side the gradient leads to,
 * joins the bounds for one step (Andrew & Gao 2007), which puts entries at exactly 0. The line search
 * backtracks along the projected path. */
#include "box.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "line_search.h"

bool tg_boxed_(const tg_method *m)
{
  return m->lower || m->upper || m->l1 != 0.0;
}

const char *tg_check_box_(const tg_objective *c, const tg_method *m)
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

static double lower(const tg_run *run, size_t i)
{
  return run->m.lower ? run->m.lower[i] : -INFINITY;
}
static double upper(const tg_run *run, size_t i)
{
  return run->m.upper ? run->m.upper[i] : INFINITY;
}
static double weight(const tg_run *run, size_t i)
{
  return run->m.l1_weight ? run->m.l1 * run->m.l1_weight[i] : run->m.l1;
}

void tg_box_begin_(tg_run *run, double *x)
{
  for (size_t i = 0; i < run->n; i++)
    x[i] = isnan(x[i]) ? x[i] : fmin(fmax(x[i], lower(run, i)), upper(run, i));
}

double tg_box_penalty_(const tg_run *run, const double *x)
{
  double sum = 0.0;
  for (size_t i = 0; run->m.l1 > 0.0 && i < run->n; i++) sum += weight(run, i) * fabs(x[i]);
  return sum;
}

double tg_box_gradient_(const tg_run *run, const tg_point_ *p, size_t i)
{
  const double x = p->x[i], w = run->m.l1 > 0.0 ? weight(run, i) : 0.0;
  double g = p->g[i];
  if (x != 0.0)
    g += x > 0.0 ? w : -w;
  else /* between g - w and g + w */
    g = g > w ? g - w : g < -w ? g + w : 0.0 * g;
  const bool held = (x <= lower(run, i) && g > 0.0) || (x >= upper(run, i) && g < 0.0);
  return held ? 0.0 : g;
}

/* ---- L-BFGS ---- */

typedef struct state {
  size_t pairs, newest; /* in use; slot of the newest, slots go round */
} state;

size_t tg_box_own_(const tg_objective *c, const tg_method *m)
{
  (void)c, (void)m;
  return sizeof(state);
}

enum { VECTORS = 5 };

size_t tg_box_work_(const tg_objective *c, const tg_method *m, size_t padded)
{
  (void)c;
  const size_t rows = 2 * m->memory + VECTORS;
  return padded > SIZE_MAX / sizeof(double) / (rows + 1) ? SIZE_MAX : rows * padded + tg_pad_(m->memory);
}

typedef struct box {
  tg_run *run;
  state *kept;
  size_t n, padded, m;
  double *d, *g, *low, *high, *coupled, *rows, *a; /* coupled: 1 where the recursion decides, else 0 */
} box;

static box view(tg_run *run)
{
  const size_t padded = run->padded;
  double *w = run->work;
  box b = {.run = run, .kept = (state *)(void *)run->own, .n = run->n, .padded = padded, .m = run->m.memory};
  b.d = w;
  b.g = w + padded;
  b.low = w + 2 * padded;
  b.high = w + 3 * padded;
  b.coupled = w + 4 * padded;
  b.rows = w + VECTORS * padded;
  b.a = b.rows + 2 * b.m * padded;
  return b;
}

/* Pair k = 0 is the newest. */
static double *s_row(const box *b, size_t k)
{
  return b->rows + 2 * ((b->kept->newest + b->m - k) % b->m) * b->padded;
}
static double *y_row(const box *b, size_t k)
{
  return s_row(b, k) + b->padded;
}

/* The box of this step: the bounds and the orthant. */
static void frame(const box *b, const tg_point_ *p)
{
  for (size_t i = 0; i < b->n; i++) {
    const bool orthant = b->run->m.l1 > 0.0 && weight(b->run, i) > 0.0,
               up = p->x[i] > 0.0 || (p->x[i] == 0.0 && b->g[i] < 0.0);
    b->low[i] = orthant && up ? fmax(lower(b->run, i), 0.0) : lower(b->run, i);
    b->high[i] = orthant && !up ? fmin(upper(b->run, i), 0.0) : upper(b->run, i);
  }
}

/* Who is near a bound it is pushed to: within the length of a projected gradient step, at most a thousandth.
 */
static void classify(const box *b, const tg_point_ *p)
{
  double near = 1e-3, reach = 0.0;
  for (size_t i = 0; i < b->n; i++) {
    b->g[i] = tg_box_gradient_(b->run, p, i);
    reach = fmax(reach, fabs(b->g[i]));
  }
  frame(b, p);
  near = fmin(near, reach);
  for (size_t i = 0; i < b->n; i++) {
    const bool meets =
        (b->g[i] > 0.0 && p->x[i] - b->low[i] <= near) || (b->g[i] < 0.0 && b->high[i] - p->x[i] <= near);
    b->coupled[i] = b->g[i] != 0.0 && !(meets && p->x[i] != 0.0) ? 1.0 : 0.0;
  }
}

static double product(const box *b, const double *u, const double *v)
{
  double sum = 0.0;
  for (size_t i = 0; i < b->n; i++) sum += b->coupled[i] * u[i] * v[i];
  return sum;
}

/* The two-loop recursion on the coupled entries; the others go along the gradient. */
static void direction(const box *b, double rest)
{
  double scale = 0.0;
  for (size_t i = 0; i < b->padded; i++) b->d[i] = i < b->n ? -b->coupled[i] * b->g[i] : 0.0;
  for (size_t k = 0; k < b->kept->pairs; k++) {
    const double *s = s_row(b, k), *y = y_row(b, k);
    const double sy = product(b, s, y), yy = product(b, y, y);
    b->a[k] = 0.0;
    if (!(sy > 1e-8 * yy * DBL_EPSILON && sy > 1e-10 * sqrt(product(b, s, s) * yy))) continue;
    if (scale == 0.0) scale = sy / yy;
    b->a[k] = product(b, s, b->d) / sy;
    for (size_t i = 0; i < b->n; i++) b->d[i] -= b->a[k] * b->coupled[i] * y[i];
  }
  if (scale == 0.0) scale = rest;
  for (size_t i = 0; i < b->n; i++) b->d[i] *= scale;
  for (size_t k = b->kept->pairs; k-- > 0;) {
    const double *s = s_row(b, k), *y = y_row(b, k);
    const double sy = product(b, s, y);
    if (b->a[k] == 0.0) continue;
    const double t = b->a[k] - product(b, y, b->d) / sy;
    for (size_t i = 0; i < b->n; i++) b->d[i] += t * b->coupled[i] * s[i];
  }
  for (size_t i = 0; i < b->n; i++)
    if (b->coupled[i] == 0.0) b->d[i] = -scale * b->g[i];
}

static void remember(const box *b, const tg_point_ *p, const tg_point_ *q)
{
  state *kept = b->kept;
  const size_t slot = (kept->newest + 1) % b->m;
  double *s = b->rows + 2 * slot * b->padded, *y = s + b->padded;
  b->run->kernel->subtract(s, q->x, p->x, b->padded);
  b->run->kernel->subtract(y, q->g, p->g, b->padded);
  const double sy = b->run->kernel->dot(s, y, b->padded);
  if (!(sy > DBL_MIN && sy > DBL_EPSILON * b->run->kernel->dot(y, y, b->padded) * 1e-8)) {
    /* the slot held the oldest pair, which is lost when all were in use */
    if (kept->pairs == b->m) kept->pairs--;
    return;
  }
  kept->newest = slot;
  if (kept->pairs < b->m) kept->pairs++;
}

static double slope(const box *b, const tg_point_ *p, const tg_point_ *q)
{
  double sum = 0.0;
  for (size_t i = 0; i < b->n; i++) sum += b->g[i] * (q->x[i] - p->x[i]);
  return sum;
}

static double stationarity(const box *b, const tg_point_ *p)
{
  double most = 0.0;
  for (size_t i = 0; i < b->n; i++) most = fmax(most, fabs(tg_box_gradient_(b->run, p, i)));
  return most;
}

/* Enough decrease (4.48) along the projected path; at the limit of rounding a smaller gradient will do. */
static bool acceptable(const box *b, const tg_point_ *p, const tg_point_ *q, double along)
{
  if (!q->finite) return false;
  if (q->value <= p->value + b->run->m.armijo * along) return true;
  const double noise = 1e-14 * fabs(p->value);
  return q->value <= fmin(p->value, b->run->s.lowest) + noise &&
         stationarity(b, q) < 0.9 * stationarity(b, p);
}

/* *found is NULL when no point of the path will do. Nonzero: the run has ended. */
static int search(const box *b, double first, tg_point_ **found, double *length)
{
  enum { TRIALS = 60 };
  const tg_point_ *p = tg_current_(b->run);
  *found = NULL;
  for (int i = 0; i < TRIALS; i++) {
    tg_point_ *q = tg_spare_(b->run, NULL);
    for (size_t j = 0; j < b->n; j++) q->x[j] = fmin(fmax(p->x[j] + first * b->d[j], b->low[j]), b->high[j]);
    const double along = slope(b, p, q);
    if (!(along < 0.0)) return 0;
    if (tg_evaluate_(b->run, q, true, NULL, NULL)) return 1;
    if (q->value == -INFINITY) return tg_stop_(b->run, TG_STOP_UNBOUNDED);
    *length = first;
    if (acceptable(b, p, q, along)) return *found = q, 0;
    const double excess = q->value - p->value - along, best = excess > 0.0 ? -0.5 * along / excess : 0.5;
    first *= q->finite ? fmin(fmax(best, 0.1), 0.5) : 0.1;
  }
  return 0;
}

int tg_box_step_(tg_run *run)
{
  const box b = view(run);
  const tg_point_ *p = tg_current_(run);
  tg_point_ *found = NULL;
  double length = 0.0;
  classify(&b, p);
  for (int fresh = b.kept->pairs == 0; fresh < 2 && !found; fresh++) {
    if (fresh) b.kept->pairs = 0;
    direction(&b, 1.0);
    if (search(&b, fresh ? tg_line_first_(run, b.d) : 1.0, &found, &length)) return 1;
  }
  if (!found) return tg_stop_(run, TG_STOP_STALLED);
  remember(&b, p, found);
  tg_accept_(run, found, length);
  return 0;
}
