/* L-BFGS under bounds and an L1 term, by projection along two metrics (Bertsekas 1982).
 *
 * Parameters at a bound that the gradient pushes against, and at 0 where the L1 term outweighs the gradient,
 * rest. The others take the step of the two-loop recursion on their entries of the pairs alone; those about
 * to meet a bound go along the gradient instead, as coupling them would spoil the descent. The L1 term is
 * smooth within an orthant: the orthant of theta, or where an entry is 0 the side the gradient leads to,
 * joins the bounds for one step (Andrew & Gao 2007), which puts entries at exactly 0. The step is projected;
 * the line search goes along the straight way to that point, and beyond as far as the bounds allow, as in
 * L-BFGS-B (Byrd, Lu, Nocedal & Zhu 1995). Where no bound is near this is L-BFGS. */
#include "lbfgs_bounded.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "line_search.h"
#include "stop.h"

typedef struct state {
  size_t pairs, newest; /* in use; slot of the newest, slots go round */
} state;

size_t tg_lbfgs_bounded_own_(const tg_objective *c, const tg_method *m)
{
  (void)c, (void)m;
  return sizeof(state);
}

bool tg_lbfgs_bounded_sound_(const tg_run *run, const unsigned char *own)
{
  state kept;
  memcpy(&kept, own, sizeof kept);
  return kept.pairs <= run->m.memory && kept.newest < run->m.memory;
}

enum { VECTORS = 6 };

size_t tg_lbfgs_bounded_work_(const tg_objective *c, const tg_method *m, size_t padded)
{
  (void)c;
  const size_t rows = 2 * m->memory + VECTORS;
  return padded > SIZE_MAX / sizeof(double) / (rows + 1) ? SIZE_MAX : rows * padded + tg_pad_(m->memory);
}

typedef struct box {
  tg_run *run;
  state *kept;
  size_t n, padded, m;
  double *d, *g, *low, *high, *way, *rows, *a;
  double *coupled; /* 1 where the recursion decides, else 0 */
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
  b.way = w + 5 * padded;
  b.rows = w + VECTORS * padded;
  b.a = b.rows + 2 * b.m * padded;
  return b;
}

/* Pair k = 0 is the newest. */
static double *s_row(const box *b, size_t k)
{
  return b->rows + 2 * ((b->kept->newest + b->m - k) % b->m) * b->padded;
}
static double *y_row(const box *b, size_t k) { return s_row(b, k) + b->padded; }

/* The box of this step: the bounds and the orthant. */
static void frame(const box *b, const tg_point_ *p)
{
  for (size_t i = 0; i < b->n; i++) {
    const bool orthant = b->run->problem.l1 > 0.0 && tg_weight_(&b->run->problem, i) > 0.0,
               up = p->x[i] > 0.0 || (p->x[i] == 0.0 && b->g[i] < 0.0);
    b->low[i] = orthant && up ? fmax(tg_lower_(&b->run->problem, i), 0.0) : tg_lower_(&b->run->problem, i);
    b->high[i] = orthant && !up ? fmin(tg_upper_(&b->run->problem, i), 0.0) : tg_upper_(&b->run->problem, i);
  }
}

/* Who is near a bound it is pushed to: within the length of a projected gradient step, at most a thousandth.
 */
static void classify(const box *b, const tg_point_ *p)
{
  double near = 1e-3, reach = 0.0;
  for (size_t i = 0; i < b->n; i++) {
    b->g[i] = tg_subgradient_(&b->run->problem, p, i);
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
  for (size_t i = 0; i < b->n;
       i++) /* of a slope without end, which a bound holds, there is nothing to learn */
    if (!isfinite(y[i])) s[i] = y[i] = 0.0;
  const double sy = b->run->kernel->dot(s, y, b->padded);
  if (!(sy > DBL_MIN && sy > DBL_EPSILON * b->run->kernel->dot(y, y, b->padded) * 1e-8)) {
    /* the slot held the oldest pair, which is lost when all were in use */
    if (kept->pairs == b->m) kept->pairs--;
    return;
  }
  kept->newest = slot;
  if (kept->pairs < b->m) kept->pairs++;
}

/* ---- along the direction ---- */

/* The way from x to the projection of x + t d; returns the slope along it, and in *unbent what it would be
 * without the projection of the coupled entries: others go along the gradient, cut short or not. */
static double bend(const box *b, const tg_point_ *p, double t, double *unbent)
{
  double sum = 0.0;
  *unbent = 0.0;
  for (size_t i = 0; i < b->n; i++) {
    const double step = t * b->d[i];
    b->way[i] = fmin(fmax(p->x[i] + step, b->low[i]), b->high[i]) - p->x[i];
    sum += b->g[i] * b->way[i];
    *unbent += b->g[i] * (b->coupled[i] != 0.0 ? step : b->way[i]);
  }
  return sum;
}

/* A first length when nothing is known but d. Entries that a bound stops before they have gone as far as the
 * others shall do not shorten it: slopes near a bound may be of any size. */
static double first_length(const box *b, const tg_point_ *p)
{
  const double x = b->run->kernel->largest(p->x, b->padded), reach = 0.12 * fmax(x, 0.1);
  double size = 0.0;
  for (size_t i = 0; i < b->n; i++) {
    const double gap = b->d[i] > 0.0 ? b->high[i] - p->x[i] : p->x[i] - b->low[i];
    if (gap >= reach) size = fmax(size, fabs(b->d[i]));
  }
  const double t = reach / size;
  return t > DBL_MIN && isfinite(t) ? t : tg_line_first_(b->run, b->d);
}

/* The longest t for which x + t way stays within. */
static double room(const box *b, const tg_point_ *p)
{
  double most = INFINITY;
  for (size_t i = 0; i < b->n; i++) {
    const double w = b->way[i], gap = w > 0.0 ? b->high[i] - p->x[i] : b->low[i] - p->x[i];
    if (w != 0.0) most = fmin(most, gap / w);
  }
  return fmax(most, 1.0);
}

/* What the L1 term adds to the slope: within the orthant it is linear. */
static double tilt(const box *b)
{
  double sum = 0.0;
  for (size_t i = 0; b->run->problem.l1 > 0.0 && i < b->n; i++)
    sum += b->low[i] >= 0.0    ? tg_weight_(&b->run->problem, i) * b->way[i]
           : b->high[i] <= 0.0 ? -tg_weight_(&b->run->problem, i) * b->way[i]
                               : 0.0;
  return sum;
}

/* Projecting may turn a way down into a way up; a shorter one is bent less (Bertsekas 1982). */
static int search(const box *b, double first, tg_line_ *line)
{
  const tg_point_ *p = tg_current_(b->run);
  double unbent, t = first;
  line->slope = bend(b, p, t, &unbent);
  if (b->kept->pairs > 0 && line->slope < 0.0 && tg_guess_(b->run, b->way, -0.5 * line->slope, false))
    return 1;
  for (int i = 0; i < 40 && !(line->slope <= 0.1 * unbent && line->slope < 0.0); i++) {
    t *= 0.5;
    line->slope = bend(b, p, t, &unbent);
  }
  for (size_t i = 0; i < b->n; i++) b->d[i] = fmin(fmax(p->x[i] + t * b->d[i], b->low[i]), b->high[i]);
  line->goal = b->d;
  line->d = b->way;
  line->low = b->low;
  line->high = b->high;
  line->first = 1.0;
  line->most = room(b, p);
  line->tilt = tilt(b);
  line->end = NULL;
  return line->slope < 0.0 ? tg_line_search_(b->run, line) : 0;
}

int tg_lbfgs_bounded_step_(tg_run *run)
{
  assert(tg_bounded_(&run->problem) && run->m.memory >= 1);
  const box b = view(run);
  const tg_point_ *p = tg_current_(run);
  tg_line_ line = {.end = NULL};
  classify(&b, p);
  for (int fresh = b.kept->pairs == 0; fresh < 2 && !line.end; fresh++) {
    if (fresh) b.kept->pairs = 0;
    direction(&b, 1.0);
    if (search(&b, fresh ? first_length(&b, p) : 1.0, &line)) return 1;
  }
  if (!line.end) return tg_stall_(run);
  remember(&b, p, line.end);
  tg_accept_(run, line.end, line.length);
  return 0;
}
