/* The drivers, what users call: values, derivatives and products with them. Each brings the values on the tape to x,
 * seeds an array, sweeps, and copies results out. It writes nothing to the caller until all has gone well.
 *
 * Many directions go TG_BLOCK at a time, with a lane for each; fewer lanes when there are few. */
#include "function.h"
#include "nary_tape.h"
#include "zero_rule.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static tg_status refuse(tg_function *f, tg_status s, const char *why)
{
  f->status = s;
  f->reason = why;
  return s;
}

static tg_status done(tg_function *f, tg_status s) { return refuse(f, s, NULL); }

static tg_status evaluate(tg_function *f, const double *x)
{
  if (!f) return TG_E_ARGUMENT;
  if (!x) return refuse(f, TG_E_ARGUMENT, "the point x is NULL");
  if (f->busy) return refuse(f, TG_E_TAPE, "a function was called from inside its own callback");
  const tg_status s = tg_function_evaluate_(f, x);
  if (s == TG_E_BRANCH && f->tape->point_dependent)
    return refuse(
        f, s, "the tape depends on the point it was recorded at and there is no function to record again");
  return done(f, s);
}

static tg_status evaluate_scalar(tg_function *f, const double *x)
{
  if (f && f->m != 1) return refuse(f, TG_E_ARGUMENT, "the function has more than one output");
  return evaluate(f, x);
}

/* ---- The arrays of a sweep, `width` lanes a node, and moving vectors in and out of their lanes. ---- */

static size_t width_for(size_t k) { return k == 1 ? 1 : k <= 4 ? 4 : TG_BLOCK; }

static void zeros(double *array, size_t count)
{
  if (count) memset(array, 0, count * sizeof *array);
}

/* Zero at every input: the first n nodes, or, in a tape made by hand, anywhere. */
static void clear_inputs(const tg_function *f, double *array, size_t width)
{
  const tg_tape *const t = f->tape;
  if (f->scalar || f->vector) {
    zeros(array, f->n * width);
    return;
  }
  for (uint32_t i = 0; i < tg_size_(t); i++)
    if (tg_is_input_(t, i)) zeros(array + i * width, width);
}

/* The directions of a block: rows of a matrix, or, with rows NULL, the unit vectors from number `first`. */
typedef struct directions {
  const double *rows;
  size_t first, count;
} directions;

static void seed(const tg_var *at, size_t n, directions d, double *array, size_t width)
{
  assert(d.count <= width && (d.rows || d.first + d.count <= n));
  for (size_t l = 0; l < d.count; l++)
    for (size_t i = d.rows ? 0 : d.first + l; i < n; i++) {
      if (!tg_is_constant_(at[i])) array[tg_node_of_(at[i]) * width + l] += d.rows ? d.rows[l * n + i] : 1.0;
      if (!d.rows) break;
    }
}

/* What a sweep of `used` directions has left. */
typedef struct lanes {
  const double *array;
  size_t width, used;
} lanes;

/* Of one of the tape's arrays, TG_TANGENT, TG_ADJOINT or TG_SECOND. */
static lanes swept(const tg_function *f, int which, size_t used)
{
  assert(which >= TG_TANGENT && which <= TG_SECOND && used <= TG_BLOCK);
  return (lanes){f->tape->work[which], width_for(used), used};
}

static double result(tg_var at, lanes from, size_t lane)
{
  return tg_is_constant_(at) ? 0.0 : from.array[tg_node_of_(at) * from.width + lane];
}

/* A row of `to` for each direction. */
static void take(const tg_var *at, size_t count, lanes from, double *to)
{
  for (size_t l = 0; l < from.used; l++)
    for (size_t i = 0; i < count; i++) to[l * count + i] = result(at[i], from, l);
}

static bool any_nan(const tg_var *at, size_t count, lanes from)
{
  for (size_t i = 0; i < count; i++)
    for (size_t l = 0; l < from.used; l++)
      if (isnan(result(at[i], from, l))) return true;
  return false;
}

/* ---- One block of at most TG_BLOCK directions. While it is swept f is busy: custom operations call back. ---- */

static tg_status tangents(tg_function *f, directions d, bool sided)
{
  const size_t width = width_for(d.count);
  double *const tangent = tg_function_work_(f, TG_TANGENT, width);
  if (!tangent) return TG_E_NOMEM;
  for (tg_attempt_ a = {0}; tg_attempt_again_(&a, &f->stats.zero_rule);) {
    clear_inputs(f, tangent, width);
    seed(f->x, f->n, d, tangent, width);
    f->busy = true;
    const tg_status s = tg_sweep_tangent_(f->tape, tangent, width, sided, a.masked);
    f->busy = false;
    if (s != TG_OK) return s;
    a.nan = any_nan(f->y, f->m, (lanes){tangent, width, d.count});
  }
  return TG_OK;
}

/* Leaves the adjoints of the inputs in the array even when no output depends on them. */
static tg_status adjoints(tg_function *f, directions d)
{
  const size_t width = width_for(d.count);
  double *const adjoint = tg_function_work_(f, TG_ADJOINT, width);
  if (!adjoint) return TG_E_NOMEM;
  uint32_t last;
  if (!tg_function_last_(f, &last)) {
    clear_inputs(f, adjoint, width);
    return TG_OK;
  }
  for (tg_attempt_ a = {0}; tg_attempt_again_(&a, &f->stats.zero_rule);) {
    /* Beyond `last` too: the outputs of one operation go together. */
    zeros(adjoint, (size_t)tg_size_(f->tape) * width);
    seed(f->y, f->m, d, adjoint, width);
    f->busy = true;
    const tg_status s = tg_sweep_adjoint_(f->tape, last, adjoint, width, a.masked, &a.nan);
    f->busy = false;
    if (s != TG_OK) return s;
  }
  return TG_OK;
}

/* Scalar f: adjoints in one lane, their tangents along the directions in the width of the block. */
static tg_status second(tg_function *f, directions d)
{
  const directions output_0 = {NULL, 0, 1};
  const size_t width = width_for(d.count);
  tg_second_arrays_ w;
  if (!tg_function_second_work_(f, width, &w)) return TG_E_NOMEM;
  uint32_t last;
  if (!tg_function_last_(f, &last)) {
    clear_inputs(f, w.adjoint, 1);
    clear_inputs(f, w.second, width);
    return TG_OK;
  }
  for (tg_attempt_ a = {0}; tg_attempt_again_(&a, &f->stats.zero_rule);) {
    zeros(w.adjoint, tg_size_(f->tape));
    zeros(w.second, (size_t)tg_size_(f->tape) * width);
    clear_inputs(f, w.tangent, width);
    seed(f->x, f->n, d, w.tangent, width);
    seed(f->y, 1, output_0, w.adjoint, 1);
    f->busy = true;
    tg_status s = tg_sweep_tangent_(f->tape, w.tangent, width, true, a.masked);
    if (s == TG_OK) s = tg_sweep_second_(f->tape, last, &w, a.masked, &a.nan);
    f->busy = false;
    if (s != TG_OK) return s;
  }
  return TG_OK;
}

/* ---- Results of several blocks. ---- */

static bool has_custom(const tg_tape *t)
{
  for (size_t i = 0; i < t->nary_count; i++)
    if (t->nary[i].kind == TG_NARY_custom) return true;
  return false;
}

static bool overlap(const double *a, size_t count_a, const double *b, size_t count_b)
{
  return b && (uintptr_t)a < (uintptr_t)(b + count_b) && (uintptr_t)b < (uintptr_t)(a + count_a);
}

/* A request of k directions: `in_count` numbers are read from `in`, or none, and `count` go to `out`. */
typedef struct request {
  size_t k;
  const double *in;
  size_t in_count;
  double *out;
  size_t count;
} request;

/* Where the results are gathered: in `out` itself, unless a block after the first can fail (only custom operations do) or
 * would read what one before it wrote. NULL: memory is short. */
static double *gathering_place(tg_function *f, request q)
{
  if (q.k <= TG_BLOCK || (!has_custom(f->tape) && !overlap(q.out, q.count, q.in, q.in_count))) return q.out;
  return tg_reserve_((void **)&f->gathered, &f->gathered_capacity, q.count, sizeof(double)) ? f->gathered
                                                                                            : NULL;
}

static void deliver(request q, const double *gathered)
{
  if (q.out != gathered && q.count > 0) memcpy(q.out, gathered, q.count * sizeof *q.out);
}

/* How many of k directions the block has that begins at `from`. The first block is the widest: memory that it has got
 * is enough for all. */
static size_t block_at(size_t from, size_t k) { return k - from < TG_BLOCK ? k - from : TG_BLOCK; }

/* ---- What users call. ---- */

tg_status tg_value(tg_function *f, const double *x, double *y)
{
  const tg_status s = evaluate(f, x);
  if (s == TG_OK && y) tg_function_values_(f, y);
  return s;
}

tg_status tg_gradient(tg_function *f, const double *x, double *value, double *gradient)
{
  tg_status s = evaluate_scalar(f, x);
  if (s != TG_OK) return s;
  if (gradient) {
    s = adjoints(f, (directions){NULL, 0, 1});
    if (s != TG_OK) return done(f, s);
    take(f->x, f->n, swept(f, TG_ADJOINT, 1), gradient);
  }
  if (value) tg_function_values_(f, value);
  return TG_OK;
}

tg_status tg_jvp(tg_function *f, const double *x, const double *v, double *y, double *jv)
{
  return tg_jvp_block(f, x, 1, v, y, jv);
}

tg_status tg_jvp_sided_(tg_function *f, const double *x, const double *v, double *y, double *jv)
{
  tg_status s = evaluate(f, x);
  if (s == TG_OK) s = tangents(f, (directions){v, 0, 1}, true);
  if (s != TG_OK) return done(f, s);
  take(f->y, f->m, swept(f, TG_TANGENT, 1), jv);
  if (y) tg_function_values_(f, y);
  return TG_OK;
}

tg_status tg_vjp(tg_function *f, const double *x, const double *u, double *y, double *uj)
{
  return tg_vjp_block(f, x, 1, u, y, uj);
}

tg_status tg_hvp(tg_function *f, const double *x, const double *v, double *gradient, double *hv)
{
  return tg_hvp_block(f, x, 1, v, gradient, hv);
}

tg_status tg_jvp_block(tg_function *f, const double *x, size_t k, const double *v, double *y, double *jv)
{
  tg_status s = evaluate(f, x);
  if (s != TG_OK) return s;
  if (jv && k > 0) {
    if (!v) return refuse(f, TG_E_ARGUMENT, "the directions v are NULL");
    const request q = {k, v, k * f->n, jv, k * f->m};
    double *const to = gathering_place(f, q);
    if (!to) return done(f, TG_E_NOMEM);
    for (size_t from = 0; from < k; from += TG_BLOCK) {
      const size_t count = block_at(from, k);
      s = tangents(f, (directions){v + from * f->n, 0, count}, false);
      if (s != TG_OK) return done(f, s);
      take(f->y, f->m, swept(f, TG_TANGENT, count), to + from * f->m);
    }
    deliver(q, to);
  }
  if (y) tg_function_values_(f, y);
  return TG_OK;
}

tg_status tg_vjp_block(tg_function *f, const double *x, size_t k, const double *u, double *y, double *uj)
{
  tg_status s = evaluate(f, x);
  if (s != TG_OK) return s;
  if (uj && k > 0) {
    if (!u) return refuse(f, TG_E_ARGUMENT, "the weights u are NULL");
    const request q = {k, u, k * f->m, uj, k * f->n};
    double *const to = gathering_place(f, q);
    if (!to) return done(f, TG_E_NOMEM);
    for (size_t from = 0; from < k; from += TG_BLOCK) {
      const size_t count = block_at(from, k);
      s = adjoints(f, (directions){u + from * f->m, 0, count});
      if (s != TG_OK) return done(f, s);
      take(f->x, f->n, swept(f, TG_ADJOINT, count), to + from * f->n);
    }
    deliver(q, to);
  }
  if (y) tg_function_values_(f, y);
  return TG_OK;
}

/* The Hessian times all directions d, one row of n numbers each; leaves the gradient in the adjoints. */
static tg_status second_blocks(tg_function *f, directions d, double *out)
{
  const size_t k = d.count, n = f->n;
  const request q = {k, d.rows, k * n, out, k * n};
  double *const to = gathering_place(f, q);
  if (!to) return TG_E_NOMEM;
  for (size_t from = 0; from < k; from += TG_BLOCK) {
    const size_t count = block_at(from, k);
    const tg_status s = second(f, (directions){d.rows ? d.rows + from * n : NULL, from, count});
    if (s != TG_OK) return s;
    take(f->x, n, swept(f, TG_SECOND, count), to + from * n);
  }
  deliver(q, to);
  return TG_OK;
}

tg_status tg_hvp_block(tg_function *f, const double *x, size_t k, const double *v, double *gradient,
                       double *hv)
{
  tg_status s = evaluate_scalar(f, x);
  if (s != TG_OK) return s;
  if (hv && k > 0) {
    if (!v) return refuse(f, TG_E_ARGUMENT, "the directions v are NULL");
    s = second_blocks(f, (directions){v, 0, k}, hv);
  } else if (gradient) {
    s = adjoints(f, (directions){NULL, 0, 1});
  }
  if (s != TG_OK) return done(f, s);
  if (gradient) take(f->x, f->n, swept(f, TG_ADJOINT, 1), gradient);
  return TG_OK;
}

tg_status tg_partial(tg_function *f, const double *x, size_t output, size_t input, double *d)
{
  if (f && (output >= f->m || input >= f->n)) return refuse(f, TG_E_ARGUMENT, "no such output or input");
  tg_status s = evaluate(f, x);
  if (s != TG_OK || !d) return s;
  s = adjoints(f, (directions){NULL, output, 1});
  if (s == TG_OK) *d = result(f->x[input], swept(f, TG_ADJOINT, 1), 0);
  return done(f, s);
}

/* `count` columns of the Jacobian, from number `first` on, are the tangents of the outputs. */
static void take_columns(const tg_function *f, size_t first, size_t count, double *jacobian)
{
  const lanes from = swept(f, TG_TANGENT, count);
  for (size_t i = 0; i < f->m; i++)
    for (size_t l = 0; l < count; l++) jacobian[i * f->n + first + l] = result(f->y[i], from, l);
}

/* All columns by tangents, or all rows by adjoints. */
static tg_status jacobian_by(tg_function *f, bool forward, double *out)
{
  const size_t k = forward ? f->n : f->m;
  const request q = {k, NULL, 0, out, f->m * f->n};
  double *const to = gathering_place(f, q);
  if (!to) return TG_E_NOMEM;
  for (size_t from = 0; from < k; from += TG_BLOCK) {
    const size_t count = block_at(from, k);
    const directions d = {NULL, from, count};
    const tg_status s = forward ? tangents(f, d, false) : adjoints(f, d);
    if (s != TG_OK) return s;
    if (forward)
      take_columns(f, from, count, to);
    else
      take(f->x, f->n, swept(f, TG_ADJOINT, count), to + from * f->n);
  }
  deliver(q, to);
  return TG_OK;
}

tg_status tg_jacobian(tg_function *f, const double *x, double *y, double *jacobian)
{
  tg_status s = evaluate(f, x);
  if (s != TG_OK) return s;
  const bool forward = f->n <= f->m;
  if (jacobian) s = jacobian_by(f, forward, jacobian);
  if (s == TG_E_ORDER && jacobian_by(f, !forward, jacobian) == TG_OK)
    s = TG_OK; /* a custom operation lacks one mode */
  if (s != TG_OK) return done(f, s);
  if (y) tg_function_values_(f, y);
  return TG_OK;
}

tg_status tg_jacobian_by_(tg_function *f, const double *x, bool forward, double *jacobian)
{
  const tg_status s = evaluate(f, x);
  return done(f, s == TG_OK ? jacobian_by(f, forward, jacobian) : s);
}

tg_status tg_hessian(tg_function *f, const double *x, double *value, double *gradient, double *hessian)
{
  if (!hessian) return tg_gradient(f, x, value, gradient);
  tg_status s = evaluate_scalar(f, x);
  if (s != TG_OK) return s;
  s = second_blocks(f, (directions){NULL, 0, f->n}, hessian);
  if (s != TG_OK) return done(f, s);
  if (gradient) take(f->x, f->n, swept(f, TG_ADJOINT, 1), gradient);
  if (value) tg_function_values_(f, value);
  return TG_OK;
}
