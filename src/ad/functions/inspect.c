/* What users do with a tape by hand: sweep it, and look at it. The sweeps are those of the drivers with other seeds, on
 * arrays that stay in the tape for tg_tangent and tg_adjoint. Looking is names, operands, the message of a failure, and
 * the graph in Graphviz's language. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "operands.h"
#include "sweeps.h"
#include "zero_rule.h"

/* ---- Sweeps by hand. ---- */

enum { CHUNK = 8 };

static tg_status check_seeds(const tg_tape *t, const tg_var *v, size_t n)
{
  if (!t || (n > 0 && !v)) return TG_E_ARGUMENT;
  if (t->failure.status != TG_OK) return t->failure.status;
  for (size_t i = 0; i < n; i++)
    if (!tg_is_constant_(v[i]) && tg_tape_of_(v[i]) != tg_id_(t)) return TG_E_TAPE;
  return TG_OK;
}

/* Room for one number a node, in whole chunks. */
static double *work(tg_tape *t, int which)
{
  const size_t count = (tg_size_(t) + (size_t)CHUNK - 1) / CHUNK * CHUNK;
  if (count <= t->work_capacity[which]) return t->work[which];
  return tg_reserve_((void **)&t->work[which], &t->work_capacity[which], count, sizeof(double))
             ? t->work[which]
             : NULL;
}

/* Zeros for `size` nodes. A short tape is not worth a call of memset, whose masked stores also stall the
 * loads that follow at once. */
static void clear(double *array, uint32_t size)
{
  if (size > 32 * CHUNK) {
    memset(array, 0, size * sizeof *array);
    return;
  }
  for (uint32_t i = 0; i < size; i += CHUNK) memset(array + i, 0, CHUNK * sizeof *array);
}

/* Hand the results of a sweep over to tg_tangent and tg_adjoint. */
static void publish(tg_tape *t, int which, const double *results)
{
  t->r.results_[which] = results;
  t->r.swept_[which] = tg_size_(t);
}

/* Constants have nothing to seed. An output that occurs twice is seeded twice. */
static uint32_t seed(double *array, const tg_var *v, const double *dv, size_t n)
{
  uint32_t last = 0;
  for (size_t i = 0; i < n; i++) {
    if (tg_is_constant_(v[i])) continue;
    const uint32_t node = tg_node_of_(v[i]);
    array[node] += dv ? dv[i] : 1.0;
    if (node > last) last = node;
  }
  return last;
}

tg_status tg_tangent_sweep(tg_tape *t, const tg_var *x, const double *dx, size_t n)
{
  tg_status s = check_seeds(t, x, n);
  if (s != TG_OK) return s;
  for (size_t i = 0; i < n; i++)
    if (!tg_is_constant_(x[i]) && !tg_is_input_(t, tg_node_of_(x[i]))) return TG_E_TAPE;
  if (tg_size_(t) == 0) return TG_OK;
  double *const tangent = work(t, TG_TANGENT);
  if (!tangent) return TG_E_NOMEM;
  size_t zero_rule = 0; /* nobody asks */
  t->r.swept_[TG_TANGENT] = 0;
  t->fault.status = TG_OK;
  for (tg_attempt_ a = {0}; tg_attempt_again_(&a, &zero_rule);) {
    clear(tangent, tg_size_(t));
    seed(tangent, x, dx, n);
    s = tg_sweep_tangent_(t, tangent, 1, false, a.masked);
    if (s != TG_OK) return s;
    a.nan = tg_any_nan_(tangent, tg_size_(t));
  }
  publish(t, TG_TANGENT, tangent);
  return TG_OK;
}

tg_status tg_adjoint_sweep(tg_tape *t, const tg_var *y, const double *dy, size_t m)
{
  tg_status s = check_seeds(t, y, m);
  if (s != TG_OK) return s;
  if (tg_size_(t) == 0) return TG_OK;
  double *const adjoint = work(t, TG_ADJOINT);
  if (!adjoint) return TG_E_NOMEM;
  size_t zero_rule = 0;
  t->r.swept_[TG_ADJOINT] = 0;
  t->fault.status = TG_OK;
  for (tg_attempt_ a = {0}; tg_attempt_again_(&a, &zero_rule);) {
    clear(adjoint, tg_size_(t));
    const uint32_t last = seed(adjoint, y, dy, m);
    s = tg_sweep_adjoint_(t, last, adjoint, 1, a.masked, &a.nan);
    if (s != TG_OK) return s;
    a.nan = tg_any_nan_(adjoint, tg_size_(t));
  }
  publish(t, TG_ADJOINT, adjoint);
  return TG_OK;
}

/* ---- Names and operands. ---- */

const char *tg_op_name(const tg_tape *t, tg_var v)
{
  if (tg_is_constant_(v)) return "constant";
  return t && tg_tape_of_(v) == tg_id_(t) ? tg_node_name_(t, tg_node_of_(v)) : "?";
}

static tg_var node_var(const tg_tape *t, uint32_t i) { return tg_tape_at(t, i); }

static tg_var entry_var(const tg_tape *t, uint32_t entry)
{
  return tg_is_constant_entry_(entry) ? tg_constant(tg_entry_constant_(t, entry)) : node_var(t, entry);
}

size_t tg_operands(const tg_tape *t, tg_var v, tg_var *operand, size_t room)
{
  if (!t || tg_is_constant_(v) || tg_tape_of_(v) != tg_id_(t) || tg_node_of_(v) >= tg_size_(t)) return 0;
  tg_operands_ x;
  tg_node_operands_(t, tg_node_of_(v), &x);
  for (size_t k = 0; operand && k < room && k < x.count; k++) operand[k] = entry_var(t, x.entry[k]);
  return x.count;
}

/* ---- Messages. ---- */

/* An operand: the number of an input, a constant, or a node. */
static void describe(const tg_tape *t, tg_var x, char *to, size_t size)
{
  if (tg_is_constant_(x)) {
    snprintf(to, size, "%.6g", x.value_);
    return;
  }
  const uint32_t node = tg_node_of_(x);
  uint32_t inputs = 0;
  for (uint32_t i = 0; i < node; i++) inputs += tg_is_input_(t, i);
  if (tg_is_input_(t, node))
    snprintf(to, size, "input %" PRIu32, inputs);
  else
    snprintf(to, size, "node %" PRIu32, node);
}

/* The comparison that failed, with its operands. */
static const char *guard_text(tg_tape *t, const tg_failure_ *f)
{
  char x[24], y[24];
  tg_operands_ compared;
  tg_node_operands_(t, f->node, &compared);
  describe(t, entry_var(t, compared.entry[0]), x, sizeof x);
  describe(t, entry_var(t, compared.entry[1]), y, sizeof y);
  snprintf(t->message, sizeof t->message, "%s: %s (operation %s of %s and %s, node %" PRIu32 ")",
           tg_status_string(f->status), f->detail, tg_node_name_(t, f->node), x, y, f->node);
  return t->message;
}

const char *tg_failure_text_(tg_tape *t)
{
  const tg_failure_ *const f = t->failure.status != TG_OK ? &t->failure : &t->fault;
  if (f->status == TG_OK) return tg_status_string(TG_OK);
  const bool from_sweep = f == &t->fault;
  if (from_sweep && tg_ops_[tg_opcode_(t->r.nodes_[f->node].word_)].guard) return guard_text(t, f);
  const char *name = from_sweep ? tg_node_name_(t, f->node) : f->op < TG_OP_count ? tg_ops_[f->op].name : "?";
  snprintf(t->message, sizeof t->message, "%s: %s (operation %s, node %" PRIu32 ")",
           tg_status_string(f->status), f->detail, name, f->node);
  return t->message;
}

const char *tg_tape_message(const tg_tape *t)
{
  /* The text lives in the tape; making it changes nothing else. */
  return t ? tg_failure_text_((tg_tape *)(uintptr_t)t) : "the tape is NULL";
}

/* ---- Graphviz. ---- */

static void write_name(const char *name, FILE *out)
{
  for (; *name; name++) {
    if (*name == '"' || *name == '\\') fputc('\\', out);
    fputc(*name, out);
  }
}

static void write_node(const tg_tape *t, uint32_t i, const char *name, FILE *out)
{
  const tg_var v = node_var(t, i);
  const bool input = tg_is_input_(t, i);
  fprintf(out, "  n%" PRIu32 " [shape=%s, label=\"", i, input ? "box" : "ellipse");
  if (name) {
    write_name(name, out);
    fputs(" = ", out);
  }
  write_name(tg_node_name_(t, i), out);
  fprintf(out, "\\n%.6g", v.value_);
  if (t->r.swept_[TG_TANGENT] > i) fprintf(out, "\\ntangent %.6g", t->work[TG_TANGENT][i]);
  if (t->r.swept_[TG_ADJOINT] > i) fprintf(out, "\\nadjoint %.6g", t->work[TG_ADJOINT][i]);
  fputs("\"];\n", out);
}

static void write_edges(const tg_tape *t, uint32_t i, FILE *out)
{
  tg_operands_ x;
  tg_node_operands_(t, i, &x);
  for (uint32_t k = 0; k < x.count; k++) {
    if (!tg_is_constant_entry_(x.entry[k])) {
      fprintf(out, "  n%" PRIu32 " -> n%" PRIu32 ";\n", x.entry[k], i);
      continue;
    }
    fprintf(out, "  c%" PRIu32 "_%" PRIu32 " [shape=plaintext, label=\"%.6g\"];\n", i, k,
            tg_entry_constant_(t, x.entry[k]));
    fprintf(out, "  c%" PRIu32 "_%" PRIu32 " -> n%" PRIu32 ";\n", i, k, i);
  }
}

tg_status tg_tape_graphviz(const tg_tape *t, const char *const *names, FILE *out)
{
  if (!t || !out) return TG_E_ARGUMENT;
  fputs("digraph tape {\n  rankdir=LR;\n", out);
  for (uint32_t i = 0; i < tg_size_(t); i++) write_node(t, i, names ? names[i] : NULL, out);
  for (uint32_t i = 0; i < tg_size_(t); i++) write_edges(t, i, out);
  fputs("}\n", out);
  return ferror(out) ? TG_E_CALLBACK : TG_OK;
}
