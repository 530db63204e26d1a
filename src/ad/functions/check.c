/* tg_check: is the recording still the function, and are its derivatives right?
 *
 * The first question is answered by calling the function again and comparing with the replay. The second goes column by
 * column: the point is moved along one input, and central differences are held against both Jacobians, by reverse and by
 * forward mode; then differences of the gradient against the Hessian. No single step suits every function, so each entry
 * is differenced at several steps, with an estimate of how far off each difference may be, and judged by the surest.
 * What lies beyond that is an error of the derivative. */
#include "simplify.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { SCALES = 4, POINTS = 6 };

/* What differences say, and how far they may be off. A guess: their extrapolation does not settle, as for
 * zeros, between rounding, and where a function varies faster than the points. */
typedef struct difference {
  double d, noise;
  bool guess;
} difference;

/* Of an entry, by the surest difference. */
typedef struct verdict {
  difference by;
  double error; /* of the derivative beyond the noise, relative to its size */
  bool equal;   /* the derivative is the difference to the last bit, as zeros are */
} verdict;

/* Doubles that two verdicts fill: one for reverse, one for forward mode. */
enum { VERDICTS = (2 * sizeof(verdict) + sizeof(double) - 1) / sizeof(double) };

/* What a check needs beside the function: everything in one block. */
typedef struct check {
  tg_function *f;
  double *x;     /* n: the point being moved */
  double *y;     /* m: the values of the replay */
  double *moved; /* POINTS x the larger of n and m: what differences are taken of, at x +- h, x +- h/2, x +-
                    h/4 */
  verdict *best; /* 2 x the larger: by reverse and forward mode */
  double tolerance;
  double *matrix[2]; /* m x n: the Jacobian by reverse and by forward mode, NULL where there is none; then the
                        Hessian */
} check;

/* fn itself at c->x, not its replay, where there is one to call. */
static tg_status call_function(check *c, double *y)
{
  tg_function *const f = c->f;
  const tg_status s = f->scalar || f->vector ? tg_function_record_(f, c->x) : tg_function_evaluate_(f, c->x);
  if (s == TG_OK) tg_function_values_(f, y);
  return s;
}

/* A compiler may fuse or reorder what it inlines into fn, so equal means equal to rounding. */
static bool same(double a, double b)
{
  if (isnan(a) || isnan(b)) return isnan(a) && isnan(b);
  return a == b || fabs(a - b) <= 1e-9 * (fabs(a) + fabs(b));
}

static tg_status compare_recordings(check *c, tg_check_report *r)
{
  tg_function *const f = c->f;
  const uint32_t size = tg_size_(tg_function_recording_(f));
  const tg_status s = call_function(c, c->moved);
  if (s != TG_OK) return s;
  bool captured = tg_size_(tg_function_recording_(f)) != size;
  for (size_t i = 0; i < f->m; i++) {
    if (same(c->y[i], c->moved[i])) continue;
    captured = true;
    const double error = fabs(c->y[i] - c->moved[i]) / (1.0 + fabs(c->moved[i]));
    if (!(error <= r->error)) r->error = error, r->row = i;
  }
  return captured ? TG_E_CAPTURED : TG_OK;
}

static void find_bad_node(const tg_tape *t, tg_check_report *r)
{
  for (uint32_t i = 0; i < tg_size_(t); i++) {
    if (isfinite(t->r.nodes_[i].primal_)) continue;
    r->bad_op = tg_node_name_(t, i);
    r->bad_node = i;
    return;
  }
}

/* Central differences at h, h/2, h/4, extrapolated twice (Richardson 1911): error O(h^6), and far below what
 * the extrapolation changes unless that is rounding. The noise is that change, and what rounding of the
 * values does. */
static difference extrapolated(const double *moved, size_t m, size_t i, double h)
{
  double d[3], largest = 0.0;
  for (int k = 0; k < 3; k++) {
    const double above = moved[(size_t)(2 * k) * m + i], below = moved[(size_t)(2 * k + 1) * m + i];
    largest = fmax(largest, fmax(fabs(above), fabs(below)));
    d[k] = (above - below) / (2.0 * ldexp(h, -k));
  }
  const double first = d[1] + (d[1] - d[0]) / 3.0, second = d[2] + (d[2] - d[1]) / 3.0;
  const double found = second + (second - first) / 15.0;
  const double noise = fabs(second - first) + fabs(d[2] - d[1]) / 16.0 + 16.0 * DBL_EPSILON / h * largest;
  const bool guess = !(noise <= 0.25 * fabs(found));
  return (difference){found, guess ? 4.0 * noise : noise, guess};
}

/* Among guesses the least noise; else the least beside what it is noise of. */
static bool surer(difference a, difference b)
{
  if (a.guess != b.guess) return b.guess;
  return a.guess ? a.noise < b.noise : a.noise * fabs(b.d) < b.noise * fabs(a.d);
}

/* A derivative beside a difference. Below 1e-10 it is measured by that: what rounding leaves of a zero is no
 * error. */
static verdict judge(double ad, difference by)
{
  const double size = fmax(fmax(fabs(ad), fabs(by.d)), 1e-10);
  return (verdict){by, isnan(ad) ? DBL_MAX : fmax(fabs(ad - by.d) - by.noise, 0.0) / size, ad == by.d};
}

/* Is it known to the tolerance? */
static bool settled(const verdict *v, double tolerance)
{
  return v->equal || (v->error <= tolerance && v->by.noise <= tolerance * fmax(1.0, fabs(v->by.d)));
}

/* What the differences are taken of: fn for the Jacobian, the gradient for the Hessian. */
static tg_status evaluate_moved(check *c, bool second, double *to)
{
  return second ? tg_gradient(c->f, c->x, NULL, to) : call_function(c, to);
}

/* The values at x_j +- h, +- h/2, +- h/4. */
static tg_status move(check *c, bool second, size_t rows, size_t j, double h)
{
  const double at = c->x[j];
  tg_status s = TG_OK;
  for (int k = 0; k < POINTS && s == TG_OK; k++) {
    c->x[j] = k % 2 == 0 ? at + ldexp(h, -k / 2) : at - ldexp(h, -k / 2);
    s = evaluate_moved(c, second, c->moved + (size_t)k * rows);
  }
  c->x[j] = at;
  return s;
}

/* Judges column j at scales from `base` on. No difference is as large as an infinite derivative. */
static tg_status compare_scales(check *c, bool second, size_t rows, size_t j, double base)
{
  for (int scale = 0; scale < SCALES; scale++) {
    const double h = ldexp(base, -4 - 3 * scale), moves = 4.0 * DBL_EPSILON / h * fabs(c->x[j]);
    const tg_status s = move(c, second, rows, j, h);
    if (s != TG_OK) return s;
    for (size_t i = 0; i < 2 * rows; i++) {
      difference by = extrapolated(c->moved, rows, i % rows, h);
      by.noise += moves * fabs(by.d); /* x +- h is rounded too */
      const double ad = c->matrix[i / rows] ? c->matrix[i / rows][i % rows * c->f->n + j] : INFINITY;
      if (!isinf(ad) && isfinite(by.d) && isfinite(by.noise) && surer(by, c->best[i].by))
        c->best[i] = judge(ad, by);
    }
  }
  return TG_OK;
}

/* Steps in the size of x_j; where these settle nothing, as for sin at 1e5 or log at 1e-9, of another size. */
static tg_status compare_column(check *c, bool second, size_t rows, size_t j)
{
  const double size = fabs(c->x[j]);
  bool all = true;
  for (size_t i = 0; i < 2 * rows; i++) c->best[i] = (verdict){{0.0, INFINITY, true}, INFINITY, false};
  const tg_status s = compare_scales(c, second, rows, j, fmax(size, 1e-2));
  for (size_t i = 0; i < 2 * rows; i++)
    all = all && (!c->matrix[i / rows] || settled(&c->best[i], c->tolerance));
  if (s != TG_OK || all || size == 0.0 || (size >= 1e-2 && size <= 1.0) || size > 1e8) return s;
  return compare_scales(c, second, rows, j, fmin(size, 1.0));
}

/* The largest of all disagreements in *error, and where: *side is its mode. */
static tg_status compare(check *c, bool second, tg_check_report *r, double *error, size_t *row,
                         size_t *column)
{
  const size_t rows = second ? c->f->n : c->f->m;
  for (size_t j = 0; j < c->f->n; j++) {
    const tg_status s = compare_column(c, second, rows, j);
    if (s != TG_OK) return s;
    for (size_t i = 0; i < 2 * rows; i++) {
      if (!c->matrix[i / rows]) continue;
      const verdict v = c->best[i];
      r->unchecked += isinf(v.error) || (v.error <= c->tolerance && !settled(&v, c->tolerance));
      if (isinf(v.error) || !(v.error > *error)) continue;
      *error = v.error, *row = i % rows, *column = j;
      if (!second) r->forward = i >= rows;
    }
  }
  return TG_OK;
}

/* Both Jacobians, or the one there is. */
static tg_status make_jacobians(check *c)
{
  tg_status s[2];
  for (int forward = 0; forward < 2; forward++) {
    s[forward] = tg_jacobian_by_(c->f, c->x, forward != 0, c->matrix[forward]);
    if (s[forward] == TG_E_ORDER) c->matrix[forward] = NULL;
    if (s[forward] != TG_OK && s[forward] != TG_E_ORDER) return s[forward];
  }
  if (s[0] != TG_OK && s[1] != TG_OK) return TG_E_ORDER;
  tg_function_values_(c->f, c->y);
  return TG_OK;
}

static tg_status check_jacobian(check *c, tg_check_report *r)
{
  const size_t before = c->f->stats.zero_rule;
  tg_status s = make_jacobians(c);
  r->zero_rule += c->f->stats.zero_rule - before;
  if (s == TG_OK) s = compare_recordings(c, r);
  if (s != TG_OK) return s;
  find_bad_node(c->f->tape, r);
  return compare(c, false, r, &r->error, &r->row, &r->column);
}

static tg_status check_hessian(check *c, double *hessian, tg_check_report *r)
{
  c->matrix[0] = hessian, c->matrix[1] = NULL;
  const size_t before = c->f->stats.zero_rule;
  const tg_status s = tg_hessian(c->f, c->x, NULL, NULL, hessian);
  r->zero_rule += c->f->stats.zero_rule - before;
  if (s == TG_E_ORDER) return TG_OK;
  if (s != TG_OK) return s;
  r->second_order = true;
  return compare(c, true, r, &r->second_error, &r->second_row, &r->second_column);
}

static tg_status run(check *c, const tg_check_options *o, double *hessian, tg_check_report *r)
{
  tg_function *const f = c->f;
  tg_status s = check_jacobian(c, r);
  if (s == TG_OK && hessian) s = check_hessian(c, hessian, r);
  if (s == TG_OK) s = tg_function_evaluate_(f, c->x);
  return s == TG_OK && !(r->error <= o->tolerance && r->second_error <= o->tolerance) ? TG_E_DERIVATIVE : s;
}

static const char *reason_for(tg_status s, const tg_check_report *r, const tg_check_options *o)
{
  if (s == TG_E_CAPTURED)
    return "a fresh recording gives other values than the replay: what the function reads has changed";
  if (s != TG_E_DERIVATIVE) return NULL;
  if (r->error <= o->tolerance) return "second derivatives are not those of the gradient";
  return r->forward ? "derivatives by forward mode are not those of the function"
                    : "derivatives by reverse mode are not those of the function";
}

tg_status tg_check(tg_function *f, const double *x, const tg_check_options *o, tg_check_report *r)
{
  static const tg_check_options usual = {1e-6, true};
  if (!f || !x || (o && !(o->tolerance > 0.0))) return TG_E_ARGUMENT;
  if (f->busy) return TG_E_TAPE;
  if (!o) o = &usual;
  const size_t n = f->n, m = f->m, longer = n > m ? n : m, second = o->second_order && m == 1 ? n : 0;
  if (longer > PTRDIFF_MAX / sizeof(double) / (2 * m + n + POINTS + VERDICTS + 3)) return TG_E_SIZE;
  double *const block =
      tg_memory_resize_(NULL, n + m + (POINTS + VERDICTS) * longer + 2 * n * m + n * second, sizeof *block);
  if (!block) {
    f->reason = NULL;
    return f->status = TG_E_NOMEM;
  }
  check c = {.f = f, .x = block, .y = block + n, .tolerance = o->tolerance};
  c.moved = c.y + m;
  c.best = (verdict *)(void *)(c.moved + POINTS * longer);
  c.matrix[0] = c.moved + (POINTS + VERDICTS) * longer;
  c.matrix[1] = c.matrix[0] + n * m;
  memcpy(c.x, x, n * sizeof *x);
  tg_check_report found = {0};
  const tg_status s = run(&c, o, second ? c.matrix[1] + n * m : NULL, &found);
  tg_memory_free_(block);
  if (r && (s == TG_OK || s == TG_E_CAPTURED || s == TG_E_DERIVATIVE)) *r = found;
  f->reason = reason_for(s, &found, o);
  return f->status = s;
}
