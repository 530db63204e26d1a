/* tg_objective_check: do the callbacks of an objective agree with each other, and derivatives with
 * differences of what they are the derivatives of? */
#include <float.h>
#include <math.h>
#include <string.h>

#include "dense.h"
#include "memory.h"
#include "random.h"
#include "tapegrad/objective.h"

enum { SCALES = 4, POINTS = 6 };

static const double small = 1e-2; /* the size a parameter is taken to have at least */

typedef struct verify {
  const tg_objective *c;
  const double *theta;
  double tolerance, value; /* value: at theta */
  double *x;               /* n: the point being moved */
  double *g, *other;       /* n: the gradient at theta; another to compare */
  double *u, *v, *hu, *hv; /* n: two directions and the Hessian times them */
  double *moved;           /* POINTS x most outputs of what is differentiated */
  double *slope, *doubt;   /* most: the best differences, and how far they may be off */
  double *matrix;          /* the Hessian or Jacobian, whichever is larger */
  double *r;               /* residuals */
  size_t *index;           /* samples */
  size_t count;            /* of those in use */
  tg_objective_report found;
} verify;

/* What is differentiated: y, some outputs at x. */
typedef int (*map)(const verify *k, const double *x, double *y);

static int value_at(const verify *k, const double *x, double *y)
{
  return k->c->evaluate(x, y, NULL, k->c->user);
}

static int gradient_at(const verify *k, const double *x, double *y)
{
  double value;
  return k->c->evaluate(x, &value, y, k->c->user);
}

static int residual_at(const verify *k, const double *x, double *y)
{
  return k->c->residual(x, y, NULL, k->c->user);
}

static int batch_at(const verify *k, const double *x, double *y)
{
  return k->c->batch(x, k->index, k->count, y, NULL, k->c->user);
}

/* ---- what is found ---- */

typedef struct site {
  const char *callback, *message;
  size_t row, column;
} site;

static void blame(verify *k, double error, site at)
{
  if (!(error > k->found.error) && k->found.callback) return;
  k->found.error = error;
  k->found.callback = at.callback;
  k->found.message = at.message;
  k->found.row = at.row;
  k->found.column = at.column;
}

/* Relative to the larger; infinite where one alone is finite. */
static double disagreement(double a, double b, double doubt)
{
  if (a == b || (!isfinite(a) && !isfinite(b))) return 0.0;
  if (!isfinite(a) || !isfinite(b)) return INFINITY;
  return fmax(fabs(a - b) - doubt, 0.0) / fmax(fabs(a), fabs(b));
}

/* Two ways to the same number, which may differ by the rounding of sums of terms of `size`. */
static void same(verify *k, double a, double b, double size, site at)
{
  blame(k, disagreement(a, b, 1e-9 * size), at);
}

static bool good(const verify *k) { return k->found.error <= k->tolerance; }

/* ---- differences ---- */

/* y at theta + s v for s = +-t, +-t/2, +-t/4. */
static int move(verify *k, map f, size_t m, const double *v, double t)
{
  int answer = 0;
  for (size_t p = 0; p < POINTS && !answer; p++) {
    const double s = ldexp(p % 2 == 0 ? t : -t, -(int)(p / 2));
    for (size_t j = 0; j < k->c->n; j++) k->x[j] = k->theta[j] + s * v[j];
    answer = f(k, k->x, k->moved + p * m);
  }
  return answer;
}

/* Central differences, extrapolated twice (Richardson 1911). The doubt: the last correction but one and the
 * rounding of the outputs. */
static double extrapolated(const double *moved, size_t m, size_t i, double t, double *doubt)
{
  double d[3], most = 0.0;
  for (size_t p = 0; p < POINTS; p++) most = fmax(most, fabs(moved[p * m + i]));
  for (size_t p = 0; p < 3; p++)
    d[p] = (moved[2 * p * m + i] - moved[(2 * p + 1) * m + i]) / (2.0 * ldexp(t, -(int)p));
  const double first = d[1] + (d[1] - d[0]) / 3.0, second = d[2] + (d[2] - d[1]) / 3.0;
  *doubt = 2.0 * fabs(second - first) + 16.0 * DBL_EPSILON * most / t;
  return second + (second - first) / 15.0;
}

/* The derivative of f along v into slope, each entry from the scale that leaves the least doubt: steps from t
 * / 16 down. What there is stays where it is better. */
static int refine(verify *k, map f, size_t m, const double *v, double t)
{
  for (int scale = 0; scale < SCALES; scale++) {
    const double step = ldexp(t, -4 - 3 * scale);
    const int answer = move(k, f, m, v, step);
    if (answer) return answer;
    for (size_t i = 0; i < m; i++) {
      double doubt;
      const double d = extrapolated(k->moved, m, i, step, &doubt);
      if (doubt < k->doubt[i]) k->slope[i] = d, k->doubt[i] = doubt;
    }
  }
  return 0;
}

/* `size`, below 1: steps of that size are tried as well; 0: none. */
static int differentiate(verify *k, map f, size_t m, const double *v, double size)
{
  for (size_t i = 0; i < m; i++) k->slope[i] = NAN, k->doubt[i] = INFINITY;
  const int answer = refine(k, f, m, v, 1.0);
  return answer || size == 0.0 ? answer : refine(k, f, m, v, size);
}

static double grow(double size, double x) { return isfinite(x) ? fmax(size, x) : size; }

/* Entry i should be factor a[i stride]. Where the doubt is above the tolerance, in units of the largest of
 * the entries and outputs, nothing is proven. */
static void judge(verify *k, size_t m, double factor, const double *a, size_t stride, site at)
{
  double size = 0.0;
  for (size_t i = 0; i < m; i++) size = grow(size, fmax(fabs(k->slope[i]), fabs(factor * a[i * stride])));
  for (size_t i = 0; i < POINTS * m; i++) size = grow(size, fabs(k->moved[i]));
  for (size_t i = 0; i < m; i++) {
    const double given = factor * a[i * stride];
    if (m > 1) at.row = i;
    if (isfinite(k->slope[i])) blame(k, disagreement(given, k->slope[i], k->doubt[i]), at);
    if (!(k->doubt[i] <= k->tolerance * size)) k->found.unchecked++;
  }
}

/* All columns of a derivative of f, m rows apart by n. */
static int columns(verify *k, map f, size_t m, const double *a, site at)
{
  const size_t n = k->c->n;
  memset(k->v, 0, n * sizeof *k->v);
  for (size_t j = 0; j < n; j++) {
    const double size = fabs(k->theta[j]), unit = fmax(size, small);
    k->v[j] = unit;
    const int answer = differentiate(k, f, m, k->v, size < small ? size / unit : 0.0);
    if (answer) return answer;
    if (m > 1)
      at.column = j;
    else
      at.row = j;
    judge(k, m, unit, a + j, n, at);
    k->v[j] = 0.0;
  }
  return 0;
}

/* ---- callback by callback ---- */

static int check_evaluate(verify *k)
{
  const tg_objective *c = k->c;
  double alone = NAN;
  int answer = c->evaluate(k->theta, &k->value, k->g, c->user);
  if (!answer) answer = c->evaluate(k->theta, &alone, NULL, c->user);
  if (!answer) answer = c->evaluate(k->theta, NULL, k->other, c->user);
  if (answer) return answer;
  if (!isfinite(k->value)) return TG_E_NONFINITE;
  same(k, alone, k->value, fabs(k->value),
       (site){"evaluate", "objective.evaluate: the value alone is not that with the gradient", 0, 0});
  for (size_t i = 0; i < c->n; i++)
    same(k, k->other[i], k->g[i], fabs(k->g[i]),
         (site){"evaluate", "objective.evaluate: the gradient alone is not that with the value", i, 0});
  return columns(k, value_at, 1, k->g,
                 (site){"evaluate", "objective.evaluate: the gradient is not that of the value", 0, 0});
}

/* C = |r|^2 / 2 and its gradient J'r. */
static void against_residual(verify *k)
{
  const tg_objective *c = k->c;
  const double norm = tg_dense_norm_(k->r, c->residuals);
  same(k, k->value, 0.5 * norm * norm, fabs(k->value),
       (site){"residual", "objective.residual: half the sum of their squares is not evaluate's value", 0, 0});
  for (size_t j = 0; j < c->n; j++) {
    double sum = 0.0, size = 0.0;
    for (size_t i = 0; i < c->residuals; i++) {
      sum += k->matrix[i * c->n + j] * k->r[i];
      size += fabs(k->matrix[i * c->n + j] * k->r[i]);
    }
    same(k, k->g[j], sum, size,
         (site){"residual", "objective.residual: J'r is not evaluate's gradient", j, 0});
  }
}

static int check_residual(verify *k)
{
  const tg_objective *c = k->c;
  int answer = c->residual(k->theta, k->slope, NULL, c->user);
  if (!answer) answer = c->residual(k->theta, k->r, k->matrix, c->user);
  if (answer) return answer;
  for (size_t i = 0; i < c->residuals; i++) {
    if (!isfinite(k->r[i])) return TG_E_NONFINITE;
    same(k, k->slope[i], k->r[i], fabs(k->r[i]),
         (site){"residual", "objective.residual: the residuals alone are not those with the Jacobian", i, 0});
  }
  if (c->evaluate) against_residual(k);
  return columns(k, residual_at, c->residuals, k->matrix,
                 (site){"residual", "objective.residual: the Jacobian is not that of the residuals", 0, 0});
}

/* v: entries of the sizes of theta's, between a half and one of them, of either sign. */
static void aim(const verify *k, uint64_t random[4], double *v)
{
  for (size_t j = 0; j < k->c->n; j++) {
    const uint64_t bits = tg_random_(random);
    const double part = 0.5 + ldexp((double)(bits >> 12), -53);
    v[j] = (bits & 1 ? part : -part) * fmax(fabs(k->theta[j]), small);
  }
}

static int check_product(verify *k)
{
  const tg_objective *c = k->c;
  const size_t n = c->n;
  uint64_t random[4];
  tg_random_seed_(random, 1);
  double *const way[] = {k->u, k->v}, *const product[] = {k->hu, k->hv};
  for (size_t i = 0; i < 2; i++) {
    aim(k, random, way[i]);
    int answer = c->hvp(k->theta, way[i], product[i], c->user);
    if (!answer) answer = differentiate(k, gradient_at, n, way[i], 0.0);
    if (answer) return answer;
    judge(k, n, 1.0, product[i], 1,
          (site){"hvp", "objective.hvp: the product is not the gradient's change along the vector", 0, 0});
  }
  double size = 0.0;
  for (size_t j = 0; j < n; j++) size += fabs(k->u[j] * k->hv[j]) + fabs(k->v[j] * k->hu[j]);
  same(k, tg_dense_inner_(k->u, k->hv, n), tg_dense_inner_(k->v, k->hu, n), size,
       (site){"hvp", "objective.hvp: the Hessian it stands for is not symmetric", 0, 0});
  return 0;
}

static int check_hessian(verify *k)
{
  const int answer = k->c->hessian(k->theta, k->matrix, k->c->user);
  if (answer) return answer;
  return columns(k, gradient_at, k->c->n, k->matrix,
                 (site){"hessian", "objective.hessian: the Hessian is not that of the gradient", 0, 0});
}

static void take_samples(verify *k, size_t first, size_t count)
{
  k->count = count;
  for (size_t i = 0; i < count; i++) k->index[i] = first + i;
}

/* Of two samples the mean, not the sum. */
static int is_mean(verify *k)
{
  const size_t last = k->c->samples - 1;
  double one, two, both;
  take_samples(k, 0, 1);
  int answer = batch_at(k, k->theta, &one);
  take_samples(k, last, 1);
  if (!answer) answer = batch_at(k, k->theta, &two);
  take_samples(k, 0, 2);
  k->index[1] = last;
  if (!answer) answer = batch_at(k, k->theta, &both);
  if (!answer)
    same(k, both, 0.5 * one + 0.5 * two, fabs(one) + fabs(two),
         (site){"batch", "objective.batch: the value of two samples is not the mean of theirs", 0, 0});
  return answer;
}

static int check_batch(verify *k)
{
  const tg_objective *c = k->c;
  double value = NAN;
  take_samples(k, 0, c->samples);
  int answer = c->batch(k->theta, k->index, k->count, &value, k->other, c->user);
  if (answer) return answer;
  if (!isfinite(value)) return TG_E_NONFINITE;
  if (c->evaluate)
    same(k, value, k->value, fabs(k->value),
         (site){"batch", "objective.batch: the value of all samples is not evaluate's", 0, 0});
  answer = is_mean(k);
  take_samples(k, 0, c->samples - c->samples / 2);
  if (!answer) answer = c->batch(k->theta, k->index, k->count, &value, k->other, c->user);
  return answer ? answer
                : columns(k, batch_at, 1, k->other,
                          (site){"batch", "objective.batch: the gradient is not that of the value", 0, 0});
}

/* In the order in which they build on each other; the first that is wrong is told. */
static int check_all(verify *k)
{
  const tg_objective *c = k->c;
  const struct {
    bool given, possible;
    int (*check)(verify *k);
  } part[] = {{c->evaluate, true, check_evaluate},
              {c->residual, true, check_residual},
              {c->hvp, c->evaluate, check_product},
              {c->hessian, c->evaluate, check_hessian},
              {c->batch, true, check_batch}};
  int answer = 0;
  for (size_t i = 0; i < sizeof part / sizeof *part && !answer && good(k); i++) {
    if (part[i].given && part[i].possible) answer = part[i].check(k);
    if (part[i].given && !part[i].possible) k->found.unchecked++;
  }
  return answer;
}

/* ---- room, and the answer ---- */

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

/* Vectors in one block; false when there is no room. */
static bool allocate(verify *k, tg_status *status)
{
  const size_t n = k->c->n, m = k->c->residual ? k->c->residuals : 0, most = larger(n, m);
  const size_t rows = larger(k->c->hessian ? n : 0, m), limit = SIZE_MAX / sizeof(double) / 32;
  *status = TG_E_SIZE;
  if (most > limit || rows > limit / n) return false;
  *status = TG_E_NOMEM;
  double *p = k->x = tg_memory_resize_(NULL, 7 * n + m + (POINTS + 2) * most + rows * n, sizeof *p);
  k->index = tg_memory_resize_(NULL, k->c->samples + 1, sizeof *k->index);
  if (!p || !k->index) return false;
  double **const vector[] = {&k->g, &k->other, &k->u, &k->v, &k->hu, &k->hv};
  for (size_t i = 0; i < 6; i++) *vector[i] = p += n;
  k->r = p += n;
  k->slope = p += m;
  k->doubt = p += most;
  k->moved = p += most;
  k->matrix = p + POINTS * most;
  return true;
}

static bool sound(const tg_objective *c, const double *theta, double tolerance)
{
  if (!c || !theta || c->n == 0 || !(tolerance >= 0.0 && tolerance < INFINITY)) return false;
  if ((c->residual && c->residuals == 0) || (c->batch && c->samples == 0)) return false;
  for (size_t i = 0; i < c->n; i++)
    if (!isfinite(theta[i])) return false;
  return c->evaluate || c->residual || c->batch;
}

tg_status tg_objective_check(const tg_objective *c, const double *theta, double tolerance,
                             tg_objective_report *r)
{
  if (!sound(c, theta, tolerance)) return TG_E_ARGUMENT;
  verify k = {.c = c, .theta = theta, .tolerance = tolerance > 0.0 ? tolerance : 1e-6, .value = NAN};
  tg_status status;
  int answer = 0;
  if (allocate(&k, &status)) {
    answer = check_all(&k);
    status = answer > 0 ? TG_E_CALLBACK : answer < 0 ? (tg_status)answer : good(&k) ? TG_OK : TG_E_DERIVATIVE;
  }
  tg_memory_free_(k.x);
  tg_memory_free_(k.index);
  if (status == TG_OK) k.found.message = "the callbacks agree";
  if (r && (status == TG_OK || status == TG_E_DERIVATIVE)) *r = k.found;
  return status;
}
