/* The drivers: each brings the primals to x, sweeps, and hands results over only when all has gone well.
 *
 * Every sweep runs unmasked first; only when a result is NaN is it repeated under rule R5 (sweeps.h), so the rule
 * costs nothing while all is finite. */
#include "function.h"

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
    return refuse(f, s, "the tape depends on the point it was recorded at and there is no function to record again");
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

/* ---- One block of at most TG_BLOCK directions. ---- */

static tg_status tangents(tg_function *f, directions d)
{
  const size_t width = width_for(d.count);
  double *const dot = tg_function_work_(f, TG_TANGENT, width);
  if (!dot) return TG_E_NOMEM;
  for (int masked = 0; masked < 2; masked++) {
    clear_inputs(f, dot, width);
    seed(f->x, f->n, d, dot, width);
    const tg_status s = tg_sweep_tangent_(f->tape, dot, width, masked);
    if (s != TG_OK || !any_nan(f->y, f->m, dot, width, d.count)) return s;
  }
  return TG_OK;
}

/* Leaves the adjoints of the inputs in the array even when no output depends on them. */
static tg_status adjoints(tg_function *f, directions d)
{
  const size_t width = width_for(d.count);
  double *const bar = tg_function_work_(f, TG_ADJOINT, width);
  if (!bar) return TG_E_NOMEM;
  uint32_t last;
  const bool any = tg_function_last_(f, &last);
  clear_inputs(f, bar, width); /* also those beyond `last` */
  for (int masked = 0; any && masked < 2; masked++) {
    zeros(bar, ((size_t)last + 1) * width);
    seed(f->y, f->m, d, bar, width);
    bool nan;
    const tg_status s = tg_sweep_adjoint_(f->tape, last, bar, width, masked, &nan);
    if (s != TG_OK || !nan) return s;
  }
  return TG_OK;
}

/* Scalar f: adjoints in one lane, their tangents along the directions in the width of the block. */
static tg_status second(tg_function *f, directions d)
{
  const size_t width = width_for(d.count);
  double *const dot = tg_function_work_(f, TG_TANGENT, width);
  double *const bar = tg_function_work_(f, TG_ADJOINT, 1);
  double *const bar_dot = tg_function_work_(f, TG_SECOND, width);
  const directions output_0 = {NULL, 0, 1};
  if (!dot || !bar || !bar_dot) return TG_E_NOMEM;
  uint32_t last;
  const bool any = tg_function_last_(f, &last);
  clear_inputs(f, bar, 1);
  clear_inputs(f, bar_dot, width);
  for (int masked = 0; any && masked < 2; masked++) {
    zeros(bar, (size_t)last + 1);
    zeros(bar_dot, ((size_t)last + 1) * width);
    clear_inputs(f, dot, width);
    seed(f->x, f->n, d, dot, width);
    seed(f->y, 1, output_0, bar, 1);
    tg_status s = tg_sweep_tangent_(f->tape, dot, width, masked);
    bool nan = false;
    if (s == TG_OK) s = tg_sweep_second_(f->tape, last, dot, bar, bar_dot, width, masked, &nan);
    if (s != TG_OK || !nan) return s;
  }
  return TG_OK;
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

tg_status tg_vjp(tg_function *f, const double *x, const double *u, double *y, double *uj)
{
  return tg_vjp_block(f, x, 1, u, y, uj);
}

tg_status tg_hvp(tg_function *f, const double *x, const double *v, double *gradient, double *hv)
{
  return tg_hvp_block(f, x, 1, v, gradient, hv);
}

/* A sweep's directions are taken TG_BLOCK at a time; the first block asks for all the memory there is to ask for. */
#define FOR_BLOCKS(k)                                                                                        \
  for (size_t from = 0, count; count = (k) - from < TG_BLOCK ? (k) - from : TG_BLOCK, from < (k); from += count)

tg_status tg_jvp_block(tg_function *f, const double *x, size_t k, const double *v, double *y, double *jv)
{
  tg_status s = evaluate(f, x);
  if (s != TG_OK) return s;
  if (jv && k > 0 && !v) return refuse(f, TG_E_ARGUMENT, "the directions v are NULL");
  if (jv)
    FOR_BLOCKS(k)
    {
      s = tangents(f, (directions){v + from * f->n, 0, count});
      if (s != TG_OK) return done(f, s);
      take(f->y, f->m, f->tape->work[TG_TANGENT], width_for(count), count, jv + from * f->m);
    }
  copy_value(f, y);
  return TG_OK;
}

tg_status tg_vjp_block(tg_function *f, const double *x, size_t k, const double *u, double *y, double *uj)
{
  tg_status s = evaluate(f, x);
  if (s != TG_OK) return s;
  if (uj && k > 0 && !u) return refuse(f, TG_E_ARGUMENT, "the weights u are NULL");
  if (uj)
    FOR_BLOCKS(k)
    {
      s = adjoints(f, (directions){u + from * f->m, 0, count});
      if (s != TG_OK) return done(f, s);
      take(f->x, f->n, f->tape->work[TG_ADJOINT], width_for(count), count, uj + from * f->n);
    }
  copy_value(f, y);
  return TG_OK;
}

tg_status tg_hvp_block(tg_function *f, const double *x, size_t k, const double *v, double *gradient, double *hv)
{
  tg_status s = evaluate_scalar(f, x);
  if (s != TG_OK) return s;
  if (hv && k > 0 && !v) return refuse(f, TG_E_ARGUMENT, "the directions v are NULL");
  if (hv && k > 0)
    FOR_BLOCKS(k)
    {
      s = second(f, (directions){v + from * f->n, 0, count});
      if (s != TG_OK) return done(f, s);
      take(f->x, f->n, f->tape->work[TG_SECOND], width_for(count), count, hv + from * f->n);
    }
  else if (gradient)
    s = adjoints(f, (directions){NULL, 0, 1});
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

tg_status tg_jacobian(tg_function *f, const double *x, double *y, double *jacobian)
{
  tg_status s = evaluate(f, x);
  if (s != TG_OK) return s;
  const bool forward = f->n <= f->m;
  if (jacobian)
    FOR_BLOCKS(forward ? f->n : f->m)
    {
      const directions d = {NULL, from, count};
      s = forward ? tangents(f, d) : adjoints(f, d);
      if (s != TG_OK) return done(f, s);
      const size_t width = width_for(count);
      if (!forward) {
        take(f->x, f->n, f->tape->work[TG_ADJOINT], width, count, jacobian + from * f->n);
        continue;
      }
      const double *const dot = f->tape->work[TG_TANGENT];
      for (size_t i = 0; i < f->m; i++)
        for (size_t l = 0; l < count; l++)
          jacobian[i * f->n + from + l] = tg_is_constant_(f->y[i]) ? 0.0 : dot[tg_node_of_(f->y[i]) * width + l];
    }
  copy_value(f, y);
  return TG_OK;
}

tg_status tg_hessian(tg_function *f, const double *x, double *value, double *gradient, double *hessian)
{
  if (!hessian) return tg_gradient(f, x, value, gradient);
  tg_status s = evaluate_scalar(f, x);
  if (s != TG_OK) return s;
  FOR_BLOCKS(f->n)
  {
    s = second(f, (directions){NULL, from, count});
    if (s != TG_OK) return done(f, s);
    take(f->x, f->n, f->tape->work[TG_SECOND], width_for(count), count, hessian + from * f->n);
  }
  if (gradient) take(f->x, f->n, f->tape->work[TG_ADJOINT], 1, 1, gradient);
  copy_value(f, value);
  return TG_OK;
}
