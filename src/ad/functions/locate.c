/* Where a number that is not finite was born.
 *
 * A value: from the output back, always to an operand that is not finite, until there is none; that node made it. A
 * derivative: after a reverse sweep, the last node whose adjoint is not finite received it from one of the nodes that
 * use it, and which of them it was is tried out by sweeps from each alone. */
#include "locate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "operands.h"

static double value_of(const tg_tape *t, tg_var x)
{
  return tg_is_constant_(x) ? x.value_ : t->r.nodes_[tg_node_of_(x)].primal_;
}

/* The first operand of node i that is not finite; of one that selects only what it selected counts. */
static bool culprit(const tg_tape *t, uint32_t i, uint32_t *next)
{
  tg_operands_ x;
  tg_node_operands_(t, i, &x);
  const bool selects = (tg_properties_(tg_opcode_(t->r.nodes_[i].word_)) & TG_SELECTS) != 0;
  const uint32_t taken = selects && tg_entry_value_(t, x.entry[0]) != 0.0 ? 1 : 2;
  for (uint32_t k = 0; k < x.count; k++) {
    const uint32_t entry = x.entry[k];
    if (tg_is_constant_entry_(entry) || isfinite(tg_entry_value_(t, entry)) || (selects && k != taken))
      continue;
    *next = entry;
    return true;
  }
  return false;
}

static size_t input_of(const tg_function *f, uint32_t node)
{
  for (size_t k = 0; k < f->n; k++)
    if (tg_node_of_(f->x[k]) == node) return k;
  return SIZE_MAX;
}

static bool value_origin(const tg_function *f, tg_origin_ *origin)
{
  uint32_t at = tg_node_of_(f->y[0]);
  while (culprit(f->tape, at, &at)) {
  }
  *origin = (tg_origin_){.node = at, .input = input_of(f, at)};
  return true;
}

static bool has_operand(const tg_tape *t, uint32_t i, uint32_t node)
{
  tg_operands_ x;
  tg_node_operands_(t, i, &x);
  for (uint32_t k = 0; k < x.count; k++)
    if (x.entry[k] == node) return true;
  return false;
}

/* Is the derivative of node `from` by node `to` not finite? */
static bool steep(tg_function *f, uint32_t from, uint32_t to, double *adjoint)
{
  bool nan;
  memset(adjoint, 0, tg_size_(f->tape) * sizeof *adjoint);
  adjoint[from] = 1.0;
  f->busy = true;
  const tg_status s = tg_sweep_adjoint_(f->tape, from, adjoint, 1, true, &nan);
  f->busy = false;
  return s == TG_OK && !isfinite(adjoint[to]);
}

/* On the way back the first adjoint that is not finite is that of `node`. Named is the last operation that `node` enters
 * with a partial that is not finite. If there is none a product of finite ones has overflown, and the first operation it
 * enters is named. */
static bool derivative_origin(tg_function *f, uint32_t last, double *adjoint, tg_origin_ *origin)
{
  uint32_t node = last + 1, any = 0;
  while (node > 0 && isfinite(adjoint[node - 1])) node--;
  if (node-- == 0) return false;
  for (uint32_t i = last; i > node; i--) {
    if (!has_operand(f->tape, i, node)) continue;
    any = i;
    if (!steep(f, i, node, adjoint)) continue;
    *origin = (tg_origin_){.node = i, .input = SIZE_MAX, .derivative = true};
    return true;
  }
  *origin = (tg_origin_){.node = any, .input = SIZE_MAX, .derivative = true};
  return any > 0;
}

bool tg_function_origin_(tg_function *f, tg_origin_ *origin)
{
  uint32_t last;
  if (f->m != 1 || !tg_function_last_(f, &last)) return false;
  if (!isfinite(value_of(f->tape, f->y[0]))) return value_origin(f, origin);
  double *const adjoint = tg_function_work_(f, TG_ADJOINT, 1);
  return adjoint && derivative_origin(f, last, adjoint, origin);
}

/* "log(-0.5)": up to three operands. */
static void write_call(const tg_tape *t, uint32_t node, char *text, size_t size)
{
  tg_operands_ x;
  tg_node_operands_(t, node, &x);
  int at = snprintf(text, size, "%s(", tg_node_name_(t, node));
  for (uint32_t k = 0; k < x.count && k < 3 && at > 0 && (size_t)at < size; k++)
    at += snprintf(text + at, size - (size_t)at, "%s%.6g", k > 0 ? ", " : "", tg_entry_value_(t, x.entry[k]));
  if (at > 0 && (size_t)at < size) snprintf(text + at, size - (size_t)at, "%s", x.count > 3 ? ", ...)" : ")");
}

void tg_origin_text_(const tg_function *f, const tg_origin_ *origin, const char *input, char *text,
                     size_t size)
{
  char call[96];
  const double value = f->tape->r.nodes_[origin->node].primal_;
  if (origin->input != SIZE_MAX) {
    snprintf(text, size, "%s is %g", input, value);
    return;
  }
  write_call(f->tape, origin->node, call, sizeof call);
  if (origin->derivative)
    snprintf(text, size, "a derivative of %s is not finite", call);
  else
    snprintf(text, size, "%s is %g", call, value);
}
