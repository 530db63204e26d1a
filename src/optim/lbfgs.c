/* L-BFGS (4.69), with the erratum of that formula's last product corrected; Nocedal (1980), Liu & Nocedal
 * (1989).
 *
 * Memory traffic is the cost at large n, so an iteration reads the pairs twice and no more. One pass makes
 * the newest pair and all its inner products and those with the gradient; the two-loop recursion then runs on
 * the coefficients of the direction in the basis (s_i, y_i, g), as in Chen, Wang & Zhou (2014); a second pass
 * forms the direction. Pairs lie in short blocks, all rows of a block together (tg_rows_), so both passes
 * read one stream. What the coefficients lose by cancellation shows as a difference between the slope they
 * predict and the slope of the direction formed: then, and always for small n, the plain recursion on vectors
 * is used. */
#include <assert.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "lbfgs_bounded.h"
#include "line_search.h"
#include "stop.h"

enum { BLOCK = 16, SMALL = 2048, MOST_PAIRS = 1000, STEP_SUMS = 3 * 8, PAIR_SUMS = 4 * 8 };

tg_method tg_lbfgs(void)
{
  return (tg_method){.kind = TG_METHOD_lbfgs,
                     .line_search = TG_LINE_WOLFE,
                     .alpha = 1.0,
                     .memory = 10,
                     .armijo = 1e-4,
                     .wolfe = 0.7};
}

static const char *check(const tg_objective *c, const tg_method *m)
{
  (void)c;
  if (m->memory < 1 || m->memory > MOST_PAIRS) return "memory must lie in 1 ... 1000";
  return tg_check_line_(m);
}

/* Kept between iterations. Slots are numbered 0 ... memory - 1; `slot` lists those in use, oldest first. */
typedef struct memory {
  size_t pairs;
  size_t slot[MOST_PAIRS];
} memory;

static size_t own(const tg_objective *c, const tg_method *m)
{
  if (tg_bounded_method_(m)) return tg_lbfgs_bounded_own_(c, m);
  return offsetof(memory, slot) + m->memory * sizeof(size_t);
}

static bool sound(const tg_run *run, const unsigned char *own)
{
  const size_t m = run->m.memory;
  size_t pairs, slot;
  if (tg_bounded_(&run->problem)) return tg_lbfgs_bounded_sound_(run, own);
  memcpy(&pairs, own + offsetof(memory, pairs), sizeof pairs);
  for (size_t i = 0; i < pairs && pairs <= m; i++) {
    memcpy(&slot, own + offsetof(memory, slot) + i * sizeof slot, sizeof slot);
    if (slot >= m) return false;
  }
  return pairs <= m;
}

/* The numbers: direction; rows; s_i'y_j (i not newer than j), y_i'y_j; s_i'g, y_i'g; coefficients. */
typedef struct lbfgs {
  tg_run *run;
  memory *kept;
  const tg_vector_ *kernel;
  size_t m, padded, width, stride; /* width: of a block; stride: from block to block */
  double *d, *rows, *sy, *yy, *sg, *yg, *coefficient, *sum;
} lbfgs;

/* Short vectors are one block. */
static size_t width_of(size_t padded) { return padded <= SMALL ? padded : BLOCK; }

static size_t rows_size(size_t m, size_t padded)
{
  const size_t width = width_of(padded), blocks = (padded + width - 1) / width;
  return blocks > SIZE_MAX / sizeof(double) / (2 * m * width) ? SIZE_MAX : blocks * 2 * m * width;
}

static size_t work(const tg_objective *c, const tg_method *m, size_t padded)
{
  if (tg_bounded_method_(m)) return tg_lbfgs_bounded_work_(c, m, padded);
  const size_t rows = rows_size(m->memory, padded), squares = 2 * m->memory * m->memory,
               rest = tg_pad_(squares + (4 + PAIR_SUMS) * m->memory + STEP_SUMS);
  return rows > SIZE_MAX / sizeof(double) - padded - rest ? SIZE_MAX : padded + rows + rest;
}

static lbfgs view(tg_run *run)
{
  assert(run->m.memory >= 1 && run->m.memory <= MOST_PAIRS);
  const size_t m = run->m.memory;
  lbfgs b = {
      .run = run, .kept = (memory *)(void *)run->own, .kernel = run->kernel, .m = m, .padded = run->padded};
  b.width = width_of(b.padded);
  b.stride = 2 * m * b.width;
  b.d = run->work;
  b.rows = b.d + b.padded;
  b.sy = b.rows + rows_size(m, b.padded);
  b.yy = b.sy + m * m;
  b.sg = b.yy + m * m;
  b.yg = b.sg + m;
  b.coefficient = b.yg + m;
  b.sum = b.coefficient + 2 * m;
  return b;
}

static double *s_row(const lbfgs *b, size_t slot) { return b->rows + 2 * slot * b->width; }
static double *y_row(const lbfgs *b, size_t slot) { return b->rows + (2 * slot + 1) * b->width; }
static double *sy_at(const lbfgs *b, size_t i, size_t j) { return b->sy + i * b->m + j; }
static double *yy_at(const lbfgs *b, size_t i, size_t j) { return b->yy + i * b->m + j; }
static size_t length(const lbfgs *b, size_t at)
{
  return b->padded - at < b->width ? b->padded - at : b->width;
}

/* ---- the newest pair ---- */

/* A slot for the newest pair: an unused one, or the oldest pair's. */
static size_t claim(memory *kept, size_t m)
{
  if (kept->pairs == m) {
    const size_t oldest = kept->slot[0];
    memmove(kept->slot, kept->slot + 1, (m - 1) * sizeof(size_t));
    kept->slot[m - 1] = oldest;
    return oldest;
  }
  bool used[MOST_PAIRS] = {false};
  for (size_t i = 0; i < kept->pairs; i++) used[kept->slot[i]] = true;
  size_t slot = 0;
  while (used[slot]) slot++;
  kept->slot[kept->pairs++] = slot;
  return slot;
}

static size_t rows_used(const lbfgs *b)
{
  size_t most = 0;
  for (size_t i = 0; i < b->kept->pairs; i++)
    if (b->kept->slot[i] >= most) most = b->kept->slot[i] + 1;
  return 2 * most;
}

static tg_rows_ rows(const lbfgs *b)
{
  return (tg_rows_){.first = b->rows, .count = rows_used(b), .width = b->width, .stride = b->stride};
}

/* Takes in the step from p to q; drops the pair when its curvature is not safely positive. Returns max |s_i|.
 */
static double remember(const lbfgs *b, const tg_point_ *p, const tg_point_ *q)
{
  memory *kept = b->kept;
  const size_t newest = claim(kept, b->m);
  const tg_rows_ all = rows(b);
  const tg_vector_change_ change = {q->x, p->x, q->g, p->g, newest};
  memset(b->sum, 0, (STEP_SUMS + all.count / 2 * PAIR_SUMS) * sizeof(double));
  b->kernel->remember(&change, &all, b->padded, b->sum);
  for (size_t i = 0; i < kept->pairs; i++) {
    const size_t slot = kept->slot[i];
    const double *sum = b->sum + STEP_SUMS + PAIR_SUMS * slot;
    b->sg[slot] = tg_total_(sum);
    b->yg[slot] = tg_total_(sum + 8);
    *sy_at(b, slot, newest) = tg_total_(sum + 16);
    *yy_at(b, slot, newest) = *yy_at(b, newest, slot) = tg_total_(sum + 24);
  }
  const double sy = *sy_at(b, newest, newest), yy = *yy_at(b, newest, newest), ss = tg_total_(b->sum);
  const bool sound = sy > DBL_EPSILON * sqrt(ss) * sqrt(yy) && sy > DBL_MIN && isfinite(yy);
  if (!sound) kept->pairs--;
  double largest = 0.0;
  for (size_t k = 8; k < 16; k++) largest = fmax(largest, b->sum[k]);
  return largest + tg_total_(b->sum + 16);
}

/* ---- the direction ---- */

static double scale(const lbfgs *b)
{
  if (b->run->m.unscaled) return 1.0;
  const size_t newest = b->kept->slot[b->kept->pairs - 1];
  return *sy_at(b, newest, newest) / *yy_at(b, newest, newest);
}

/* The two-loop recursion on coefficients: fills those of s_i and y_i (rows 2 i, 2 i + 1), returns that of g.
 */
static double recursion(const lbfgs *b)
{
  const memory *kept = b->kept;
  double *a = b->coefficient;
  memset(a, 0, 2 * b->m * sizeof(double));
  for (size_t i = kept->pairs; i-- > 0;) {
    const size_t u = kept->slot[i];
    double sq = b->sg[u];
    for (size_t j = i + 1; j < kept->pairs; j++) sq += a[2 * kept->slot[j] + 1] * *sy_at(b, u, kept->slot[j]);
    a[2 * u + 1] = -sq / *sy_at(b, u, u);
  }
  const double gamma = scale(b);
  for (size_t i = 0; i < kept->pairs; i++) {
    const size_t u = kept->slot[i];
    double yr = gamma * b->yg[u];
    for (size_t j = 0; j < kept->pairs; j++)
      yr += gamma * a[2 * kept->slot[j] + 1] * *yy_at(b, u, kept->slot[j]);
    for (size_t j = 0; j < i; j++) yr += a[2 * kept->slot[j]] * *sy_at(b, kept->slot[j], u);
    a[2 * u] = -a[2 * u + 1] - yr / *sy_at(b, u, u);
  }
  for (size_t r = 0; r < 2 * b->m; r++) a[r] *= r % 2 ? -gamma : -1.0;
  return -gamma;
}

/* Forms the direction; the slope along it in *slope. False when the coefficients lost their accuracy. */
static bool by_coefficients(const lbfgs *b, const double *g, double *slope)
{
  const double c = recursion(b);
  const tg_rows_ all = rows(b);
  double sums[16] = {0};
  const tg_combination_ made = {.d = b->d, .weight = c, .g = g, .coefficient = b->coefficient, .rows = &all};
  b->kernel->combine(&made, b->padded, sums);
  *slope = tg_total_(sums);
  double predicted = c * tg_total_(sums + 8);
  for (size_t i = 0; i < b->kept->pairs; i++) {
    const size_t u = b->kept->slot[i];
    predicted += b->coefficient[2 * u] * b->sg[u] + b->coefficient[2 * u + 1] * b->yg[u];
  }
  return fabs(*slope - predicted) <= 1e-6 * fabs(*slope);
}

static double row_dot(const lbfgs *b, const double *row, const double *v)
{
  double sum = 0.0;
  for (size_t at = 0, block = 0; at < b->padded; at += b->width, block++)
    sum += b->kernel->dot(row + block * b->stride, v + at, length(b, at));
  return sum;
}

static void row_add(const lbfgs *b, double *v, double t, const double *row)
{
  for (size_t at = 0, block = 0; at < b->padded; at += b->width, block++)
    b->kernel->add(v + at, v + at, t, row + block * b->stride, length(b, at));
}

/* The two-loop recursion as written by Nocedal (1980). */
static void by_vectors(const lbfgs *b, const double *g, double *slope)
{
  const memory *kept = b->kept;
  double *d = b->d, *alpha = b->coefficient;
  for (size_t i = 0; i < b->padded; i++) d[i] = -g[i];
  for (size_t i = kept->pairs; i-- > 0;) {
    const size_t u = kept->slot[i];
    alpha[u] = row_dot(b, s_row(b, u), d) / *sy_at(b, u, u);
    row_add(b, d, -alpha[u], y_row(b, u));
  }
  const double gamma = scale(b);
  for (size_t i = 0; i < b->padded; i++) d[i] *= gamma;
  for (size_t i = 0; i < kept->pairs; i++) {
    const size_t u = kept->slot[i];
    const double beta = row_dot(b, y_row(b, u), d) / *sy_at(b, u, u);
    row_add(b, d, alpha[u] - beta, s_row(b, u));
  }
  *slope = b->kernel->dot(d, g, b->padded);
}

/* Fills d; false when there is no pair to make it from, or it does not lead down. */
static bool direction(const lbfgs *b, const double *g, double *slope)
{
  if (b->kept->pairs == 0) return false;
  if (b->padded <= SMALL || !by_coefficients(b, g, slope)) by_vectors(b, g, slope);
  return *slope < 0.0 && *slope > -INFINITY;
}

static void steepest(const lbfgs *b, tg_line_ *line)
{
  b->kept->pairs = 0;
  const double unit = tg_steepest_(b->run, b->d, line);
  if (b->run->m.unscaled) line->first = unit;
}

static int step(tg_run *run)
{
  if (tg_bounded_(&run->problem)) return tg_lbfgs_bounded_step_(run);
  const lbfgs b = view(run);
  const tg_point_ *p = tg_current_(run);
  tg_line_ line = {.d = b.d, .first = 1.0};
  bool fresh = !direction(&b, p->g, &line.slope);
  if (!fresh && tg_guess_(run, b.d, -0.5 * line.slope, false)) return 1;
  if (fresh) steepest(&b, &line);
  if (tg_line_search_(run, &line)) return 1;
  if (!line.end && !fresh) { /* the pairs may mislead: once more without them */
    steepest(&b, &line);
    if (tg_line_search_(run, &line)) return 1;
  }
  if (!line.end) return tg_stall_(run);
  const double largest = remember(&b, p, line.end);
  tg_accept_step_(run, line.end, line.length, largest);
  return 0;
}

const tg_rule_ tg_lbfgs_rule_ = {
    .name = "lbfgs",
    .make = tg_lbfgs,
    .properties = TG_TAKES_BOUNDS | TG_IS_MONOTONE | TG_HAS_MODEL,
    .check = check,
    .line = TG_LINE_ANY_,
    .work = work,
    .own = own,
    .sound = sound,
    .step = step,
};
