/* The drivers: each brings the primals to x, sweeps, and hands results over only when all has gone well. */
#include "function.h"
#include "nary_tape.h"
#include "zero_rule.h"

#include <math.h>
#include <string.h>

static tg_status refuse(tg_function *f, tg_status s, const char *why)
{
  f->status = s;
  f->complaint = why;
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

static void copy_value(const tg_function *f, double *y)
{
  if (!y) return;
  for (size_t i = 0; i < f->m; i++)
    y[i] = tg_is_constant_(f->y[i]) ? f->y[i].value_ : f->tape->r.nodes_[tg_node_of_(f->y[i])].primal_;
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
    if (tg_opcode_(t->r.nodes_[i].word_) == TG_OP_input) zeros(array + i * width, width);
}

/* The directions of a block: rows of a matrix, or, with rows NULL, the unit vectors from number `first`. */
typedef struct directions {
  const double *rows;
  size_t first, count;
} directions;

static void seed(const tg_var *at, size_t n, directions d, double *array, size_t width)
{
  for (size_t l = 0; l < d.count; l++)
    for (size_t i = d.rows ? 0 : d.first + l; i < n; i++) {
      if (!tg_is_constant_(at[i])) array[tg_node_of_(at[i]) * width + l] += d.rows ? d.rows[l * n + i] : 1.0;
      if (!d.rows) break;
    }
}

static void take(const tg_var *at, size_t count, const double *array, size_t width, size_t k, double *to)
{
  for (size_t l = 0; l < k; l++)
    for (size_t i = 0; i < count; i++)
      to[l * count + i] = tg_is_constant_(at[i]) ? 0.0 : array[tg_node_of_(at[i]) * width + l];
}

static bool any_nan(const tg_var *at, size_t count, const double *array, size_t width, size_t k)
{
  for (size_t i = 0; i < count; i++)
    for (size_t l = 0; l < k && !tg_is_constant_(at[i]); l++)
      if (isnan(array[tg_node_of_(at[i]) * width + l])) return true;
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
    a.nan = any_nan(f->y, f->m, tangent, width, d.count);
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

/* Where the results of k directions go, `out` of `count` numbers, fed by `in` of `in_count`. Aside until all
 * blocks have succeeded if a later one can still fail (only a custom operation can), or would read what an
 * earlier wrote. */
static double *place(tg_function *f, size_t k, double *out, size_t count, const double *in, size_t in_count)
{
  if (k <= TG_BLOCK || (!has_custom(f->tape) && !overlap(out, count, in, in_count))) return out;
  return tg_reserve_((void **)&f->aside, &f->aside_capacity, count, sizeof(double)) ? f->aside : NULL;
}

static void hand_over(double *out, const double *from, size_t count)
{
  if (out != from && count > 0) memcpy(out, from, count * sizeof *out);
}

/* ---- What users call. ---- */

tg_status tg_value(tg_function *f, const double *x, double *y)
{
  const tg_status s = evaluate(f, x);
  if (s == TG_OK) copy_value(f, y);
  return s;
}

tg_status tg_gradient(tg_function *f, const double *x, double *value, double *gradient)
{
  tg_status s = evaluate_scalar(f, x);
  if (s != TG_OK) return s;
  if (gradient) {
    s = adjoints(f, (directions){NULL, 0, 1});
    if (s != TG_OK) return done(f, s);
    take(f->x, f->n, f->tape->work[TG_ADJOINT], 1, 1, gradient);
  }
  copy_value(f, value);
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
  take(f->y, f->m, f->tape->work[TG_TANGENT], 1, 1, jv);
  copy_value(f, y);
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

/* A sweep's directions are taken TG_BLOCK at a time; the first block asks for all the memory there is to ask
 * for. */
#define FOR_BLOCKS(k)                                                                                        \
  for (size_t from = 0, count; count = (k)-from < TG_BLOCK ? (k)-from : TG_BLOCK, from < (k); from += count)

tg_status tg_jvp_block(tg_function *f, const double *x, size_t k, const double *v, double *y, double *jv)
{
  tg_status s = evaluate(f, x);
  if (s != TG_OK) return s;
  if (jv && k > 0) {
    if (!v) return refuse(f, TG_E_ARGUMENT, "the directions v are NULL");
    double *const to = place(f, k, jv, k * f->m, v, k * f->n);
    if (!to) return done(f, TG_E_NOMEM);
    FOR_BLOCKS(k)
    {
      s = tangents(f, (directions){v + from * f->n, 0, count}, false);
      if (s != TG_OK) return done(f, s);
      take(f->y, f->m, f->tape->work[TG_TANGENT], width_for(count), count, to + from * f->m);
    }
    hand_over(jv, to, k * f->m);
  }
  copy_value(f, y);
  return TG_OK;
}

tg_status tg_vjp_block(tg_function *f, const double *x, size_t k, const double *u, double *y, double *uj)
{
  tg_status s = evaluate(f, x);
  if (s != TG_OK) return s;
  if (uj && k > 0) {
    if (!u) return refuse(f, TG_E_ARGUMENT, "the weights u are NULL");
    double *const to = place(f, k, uj, k * f->n, u, k * f->m);
    if (!to) return done(f, TG_E_NOMEM);
    FOR_BLOCKS(k)
    {
      s = adjoints(f, (directions){u + from * f->m, 0, count});
      if (s != TG_OK) return done(f, s);
      take(f->x, f->n, f->tape->work[TG_ADJOINT], width_for(count), count, to + from * f->n);
    }
    hand_over(uj, to, k * f->n);
  }
  copy_value(f, y);
  return TG_OK;
}

/* Second-order blocks of all directions d, one row of n numbers each; leaves the gradient in the adjoints. */
static tg_status second_blocks(tg_function *f, directions d, double *out)
{
  const size_t count_all = d.count * f->n;
  double *const to = place(f, d.count, out, count_all, d.rows, count_all);
  if (!to) return TG_E_NOMEM;
  FOR_BLOCKS(d.count)
  {
    const tg_status s = second(f, (directions){d.rows ? d.rows + from * f->n : NULL, from, count});
    if (s != TG_OK) return s;
    take(f->x, f->n, f->tape->work[TG_SECOND], width_for(count), count, to + from * f->n);
  }
  hand_over(out, to, count_all);
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
  if (gradient) take(f->x, f->n, f->tape->work[TG_ADJOINT], 1, 1, gradient);
  return TG_OK;
}

tg_status tg_partial(tg_function *f, const double *x, size_t output, size_t input, double *d)
{
  if (f && (output >= f->m || input >= f->n)) return refuse(f, TG_E_ARGUMENT, "no such output or input");
  tg_status s = evaluate(f, x);
  if (s != TG_OK || !d) return s;
  s = adjoints(f, (directions){NULL, output, 1});
  if (s == TG_OK) *d = f->tape->work[TG_ADJOINT][tg_node_of_(f->x[input])];
  return done(f, s);
}

/* All columns by tangents, or all rows by adjoints. */
static tg_status jacobian_by(tg_function *f, bool forward, double *out)
{
  const size_t k = forward ? f->n : f->m;
  double *const to = place(f, k, out, f->m * f->n, NULL, 0);
  if (!to) return TG_E_NOMEM;
  FOR_BLOCKS(k)
  {
    const directions d = {NULL, from, count};
    const tg_status s = forward ? tangents(f, d, false) : adjoints(f, d);
    if (s != TG_OK) return s;
    const size_t width = width_for(count);
    if (!forward) {
      take(f->x, f->n, f->tape->work[TG_ADJOINT], width, count, to + from * f->n);
      continue;
    }
    const double *const dot = f->tape->work[TG_TANGENT];
    for (size_t i = 0; i < f->m; i++)
      for (size_t l = 0; l < count; l++)
        to[i * f->n + from + l] = tg_is_constant_(f->y[i]) ? 0.0 : dot[tg_node_of_(f->y[i]) * width + l];
  }
  hand_over(out, to, f->m * f->n);
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
  copy_value(f, y);
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
  if (gradient) take(f->x, f->n, f->tape->work[TG_ADJOINT], 1, 1, gradient);
  copy_value(f, value);
  return TG_OK;
}
