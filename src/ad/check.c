/* tg_check: is the recording still the function, and does its Jacobian agree with differences? */
#include "function.h"

#include <math.h>
#include <string.h>

enum { SCALES = 4, POINTS = 6 };

/* What a check needs beside the function: everything in one block. */
typedef struct check {
  tg_function *f;
  double *x;        /* n: the point being moved */
  double *y;        /* m: the values of the replay */
  double *moved;    /* POINTS x m: values at x +- h, x +- h/2, x +- h/4 along one coordinate */
  double *best;     /* m: smallest disagreement over the scales */
  double *jacobian; /* m x n */
} check;

static void take_values(const tg_function *f, double *y)
{
  for (size_t i = 0; i < f->m; i++)
    y[i] = tg_is_constant_(f->y[i]) ? f->y[i].value_ : f->tape->r.nodes_[tg_node_of_(f->y[i])].primal_;
}

/* fn itself at c->x, not its replay, where there is one to call. */
static tg_status call_function(check *c, double *y)
{
  tg_function *const f = c->f;
  const tg_status s = f->scalar || f->vector ? tg_function_record_(f, c->x) : tg_function_evaluate_(f, c->x);
  if (s == TG_OK) take_values(f, y);
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
  const uint32_t size = tg_size_(f->tape);
  const tg_status s = call_function(c, c->moved);
  if (s != TG_OK) return s;
  bool captured = tg_size_(f->tape) != size;
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

/* Central differences at h, h/2, h/4, extrapolated twice (Richardson 1911): error O(h^6). */
static double extrapolated(const double *moved, size_t m, size_t i, double h)
{
  double d[3];
  for (int k = 0; k < 3; k++)
    d[k] = (moved[(size_t)(2 * k) * m + i] - moved[(size_t)(2 * k + 1) * m + i]) / (2.0 * ldexp(h, -k));
  const double first = d[1] + (d[1] - d[0]) / 3.0, second = d[2] + (d[2] - d[1]) / 3.0;
  return second + (second - first) / 15.0;
}

/* The disagreement of column j, at the scale where each row agrees best. */
static tg_status check_column(check *c, size_t j)
{
  tg_function *const f = c->f;
  const double at = c->x[j];
  for (size_t i = 0; i < f->m; i++) c->best[i] = INFINITY;
  for (int scale = 0; scale < SCALES; scale++) {
    const double h = ldexp(fmax(fabs(at), 1e-2), -4 - 3 * scale);
    tg_status s = TG_OK;
    for (int k = 0; k < POINTS && s == TG_OK; k++) {
      c->x[j] = k % 2 == 0 ? at + ldexp(h, -k / 2) : at - ldexp(h, -k / 2);
      s = call_function(c, c->moved + (size_t)k * f->m);
    }
    c->x[j] = at;
    if (s != TG_OK) return s;
    for (size_t i = 0; i < f->m; i++) {
      const double ad = c->jacobian[i * f->n + j], d = extrapolated(c->moved, f->m, i, h);
      const double error = !isfinite(ad) && !isfinite(d) ? 0.0 : fabs(ad - d) / (1.0 + fabs(ad));
      if (error < c->best[i]) c->best[i] = error;
    }
  }
  return TG_OK;
}

static tg_status run(check *c, tg_check_report *r)
{
  tg_function *const f = c->f;
  tg_status s = tg_jacobian(f, c->x, c->y, c->jacobian);
  if (s == TG_OK) s = compare_recordings(c, r);
  if (s != TG_OK) return s;
  find_bad_node(f->tape, r);
  for (size_t j = 0; j < f->n; j++) {
    s = check_column(c, j);
    if (s != TG_OK) return s;
    for (size_t i = 0; i < f->m; i++)
      if (c->best[i] > r->error) r->error = c->best[i], r->row = i, r->column = j;
  }
  return tg_function_evaluate_(f, c->x);
}

tg_status tg_check(tg_function *f, const double *x, tg_check_report *r)
{
  if (!f || !x) return TG_E_ARGUMENT;
  if (f->busy) return TG_E_TAPE;
  const size_t n = f->n, m = f->m;
  if (n > PTRDIFF_MAX / sizeof(double) / m - POINTS - 3) return TG_E_SIZE;
  double *const block = tg_memory_resize_(NULL, n + (POINTS + 2) * m + n * m, sizeof *block);
  if (!block) {
    f->complaint = NULL;
    return f->status = TG_E_NOMEM;
  }
  check c = {.f = f, .x = block, .y = block + n};
  c.moved = c.y + m;
  c.best = c.moved + POINTS * m;
  c.jacobian = c.best + m;
  memcpy(c.x, x, n * sizeof *x);
  tg_check_report found = {0};
  const tg_status s = run(&c, &found);
  tg_memory_free_(block);
  if (r && (s == TG_OK || s == TG_E_CAPTURED)) *r = found;
  f->complaint = s == TG_E_CAPTURED ? "a fresh recording gives other values than the replay: what the function reads has changed"
                                    : NULL;
  return f->status = s;
}
