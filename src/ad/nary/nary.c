/* n-ary operations: recording them, and their share of the sweeps. Operands are gathered into contiguous
 * scratch, the operation's function is called, and its result is scattered; built-in and custom operations
 * alike. */
#include "nary_record.h"

#include <math.h>

#include "nary.h"
#include "sweeps.h"

static bool all_constant(const tg_segment_ *s, size_t segments)
{
  for (size_t k = 0; k < segments; k++)
    for (size_t i = 0; s[k].vars && i < s[k].count; i++)
      if (!tg_is_constant_(s[k].vars[i])) return false;
  return true;
}

static tg_var segment_at(const tg_segment_ *s, size_t i)
{
  return s->vars ? s->vars[i] : tg_constant(s->numbers[i]);
}

/* The scratch of the widest operation, so that no sweep allocates. */
static bool reserve_scratch(tg_tape *t, size_t width)
{
  if (width <= t->nary_widest) return true;
  if (!tg_reserve_((void **)&t->scratch, &t->scratch_capacity, TG_SCRATCH_PARTS * width, sizeof *t->scratch))
    return false;
  t->nary_widest = width;
  return true;
}

/* The active tape fails in the name of `op`. */
static void fail(const tg_custom_op *op, tg_status status)
{
  tg_tape *const t = tg_tape_active_();
  if (t) tg_tape_fail_(t, status, TG_OP_nary, op && op->name ? op->name : "custom");
}

static void set_all(tg_var *y, size_t m, double v)
{
  for (size_t j = 0; j < m; j++) y[j] = tg_nowhere_(v);
}

/* Constants only: y is constant too. Works without a tape, where there is no scratch to work in. */
static void fold(const tg_custom_op *op, void *user, const tg_segment_ *s, size_t segments, size_t n,
                 tg_var *y, size_t m)
{
  tg_tape *const t = tg_tape_active_();
  double *const own = t ? NULL : tg_memory_resize_(NULL, n + m, sizeof *own);
  double *const x = t && reserve_scratch(t, n + m) ? t->scratch : own;
  if (!x) {
    fail(op, TG_E_NOMEM);
    set_all(y, m, (double)NAN);
    return;
  }
  size_t at = 0;
  for (size_t k = 0; k < segments; k++)
    for (size_t i = 0; i < s[k].count; i++) x[at++] = segment_at(&s[k], i).value_;
  tg_recorder_ *const recording = tg_tape_suspend_();
  const tg_status status = tg_callback_status_(op->value(x, n, x + n, m, user));
  tg_tape_resume_(recording);
  if (status != TG_OK) fail(op, status);
  for (size_t j = 0; j < m; j++) y[j] = tg_constant(status == TG_OK ? x[n + j] : (double)NAN);
  tg_memory_free_(own);
}

/* Everything that can fail, before the tape changes in a way that shows. */
static tg_status prepare(tg_tape *t, const tg_segment_ *s, size_t segments, size_t n, size_t m)
{
  for (size_t k = 0; k < segments; k++)
    for (size_t i = 0; s[k].vars && i < s[k].count; i++)
      if (!tg_owns_(t, TG_OP_nary, s[k].vars[i])) return TG_E_TAPE;
  if (n >= TG_MAX_NODES || m >= TG_MAX_NODES || t->nary_count >= TG_MAX_NODES) return TG_E_SIZE;
  if (!reserve_scratch(t, n + m) ||
      !tg_reserve_((void **)&t->nary, &t->nary_capacity, t->nary_count + 1, sizeof *t->nary))
    return TG_E_NOMEM;
  return TG_OK;
}

/* A NULL array among the operands or outputs. */
static bool incomplete(const tg_segment_ *s, size_t segments, const tg_var *y, size_t m)
{
  bool bad = !y && m > 0;
  for (size_t k = 0; k < segments; k++) bad = bad || (s[k].count > 0 && !s[k].vars && !s[k].numbers);
  return bad;
}

void tg_nary_record_(const tg_custom_op *op, void *user, const tg_nary_shape_ *shape, const tg_segment_ *s,
                     size_t segments, tg_var *y, size_t m)
{
  tg_tape *const t = tg_tape_active_();
  size_t n = 0;
  for (size_t k = 0; k < segments; k++) n += s[k].count;
  if (incomplete(s, segments, y, m)) {
    fail(op, TG_E_ARGUMENT);
    if (y) set_all(y, m, (double)NAN);
    return;
  }
  if (m == 0) return;
  if (all_constant(s, segments)) {
    tg_nary_shape_ local = shape ? *shape : (tg_nary_shape_){0};
    fold(op, shape ? &local : user, s, segments, n, y, m);
    return;
  }
  const tg_status status = t ? prepare(t, s, segments, n, m) : TG_E_TAPE;
  if (status != TG_OK) {
    fail(op, status);
    set_all(y, m, (double)NAN);
    return;
  }
  tg_nary_ *const r = &t->nary[t->nary_count];
  *r = (tg_nary_){.op = op, .user = user, .builtin = shape != NULL, .n = (uint32_t)n, .m = (uint32_t)m};
  if (shape) r->shape = *shape;
  r->first = (uint32_t)t->operand_count;
  for (size_t k = 0; k < segments; k++)
    for (size_t i = 0; i < s[k].count; i++)
      if (!tg_push_operand_(t, TG_OP_nary, segment_at(&s[k], i))) {
        set_all(y, m, (double)NAN);
        return;
      }
  const uint32_t head = tg_size_(t);
  const uint32_t index = (uint32_t)t->nary_count++;
  for (size_t j = 0; j < m; j++) {
    y[j] = j == 0 ? tg_push_node_(t, TG_OP_nary, index, 0, 0.0)
                  : tg_push_node_(t, TG_OP_output, head, (uint32_t)j, 0.0);
    if (tg_tape_of_(y[j]) != tg_id_(t)) { /* no room: the head must not be swept with outputs missing */
      tg_tape_rewind_(t, head);
      t->nary_count--;
      set_all(y, m, (double)NAN);
      return;
    }
  }
  const tg_status evaluated = tg_nary_value_(t, head);
  if (evaluated != TG_OK) fail(op, evaluated);
  for (size_t j = 0; j < m; j++) y[j].value_ = t->r.nodes_[tg_node_of_(y[j])].primal_;
}

/* ---- The sweeps. Scratch holds operands x, then a direction or adjoint, then the result. ---- */

typedef struct call {
  const tg_nary_ *r;
  const uint32_t *operand;
  tg_nary_shape_ shape; /* what a built-in sees as its user pointer */
  void *user;
  double *x, *in, *out, *more, *along;
} call;

static void begin_call(tg_tape *t, uint32_t i, bool masked, call *c)
{
  c->r = &t->nary[tg_operand_a_(t->r.nodes_[i].word_)];
  c->operand = t->operands + c->r->first;
  c->shape = c->r->shape;
  c->shape.masked = masked;
  c->user = c->r->builtin ? &c->shape : c->r->user;
  c->x = t->scratch;
  c->in = c->x + t->nary_widest;
  c->out = c->in + t->nary_widest;
  c->more = c->out + t->nary_widest;
  c->along = c->more + t->nary_widest;
  for (uint32_t k = 0; k < c->r->n; k++) c->x[k] = tg_entry_value_(t, c->operand[k]);
}

static tg_status fault(tg_tape *t, uint32_t i, int answer, const char *detail)
{
  const tg_status s = tg_callback_status_(answer);
  if (s != TG_OK) t->fault = (tg_failure_){s, TG_OP_nary, i, detail};
  return s;
}

static tg_status no_order(tg_tape *t, uint32_t i, const char *detail)
{
  t->fault = (tg_failure_){TG_E_ORDER, TG_OP_nary, i, detail};
  return TG_E_ORDER;
}

tg_status tg_nary_value_(tg_tape *t, uint32_t i)
{
  call c;
  begin_call(t, i, false, &c);
  tg_recorder_ *const recording = tg_tape_suspend_(); /* the scratch is taken */
  const int answer = c.r->op->value(c.x, c.r->n, c.out, c.r->m, c.user);
  tg_tape_resume_(recording);
  if (answer != 0) return fault(t, i, answer, "its value callback failed");
  for (uint32_t j = 0; j < c.r->m; j++) t->r.nodes_[i + j].primal_ = c.out[j];
  return TG_OK;
}

/* The lane's tangents of the operands; false when all are zero, and so is the result. */
static bool gather_tangents(const call *c, const double *tangent, size_t width, size_t lane, double *to)
{
  bool any = false;
  for (uint32_t k = 0; k < c->r->n; k++) {
    to[k] = tg_is_constant_entry_(c->operand[k]) ? 0.0 : tangent[c->operand[k] * width + lane];
    any = any || to[k] != 0.0;
  }
  return any;
}

/* Adds the result to the operands that are nodes. */
static void scatter(const call *c, const double *from, double *array, size_t width, size_t lane)
{
  for (uint32_t k = 0; k < c->r->n; k++)
    if (!tg_is_constant_entry_(c->operand[k])) array[c->operand[k] * width + lane] += from[k];
}

static bool gather_outputs(const call *c, uint32_t i, const double *array, size_t width, size_t lane,
                           double *to)
{
  bool any = false;
  for (uint32_t j = 0; j < c->r->m; j++) {
    to[j] = array[(i + j) * width + lane];
    any = any || to[j] != 0.0;
  }
  return any;
}

tg_status tg_nary_tangent_(tg_tape *t, uint32_t i, double *tangent, size_t width, bool sided, bool masked)
{
  call c;
  begin_call(t, i, masked, &c);
  if (sided) c.shape.along = c.in;
  if (!c.r->op->jvp) return no_order(t, i, "it has no jvp");
  for (size_t l = 0; l < width; l++) {
    const bool any = gather_tangents(&c, tangent, width, l, c.in);
    if (any) {
      const int answer = c.r->op->jvp(c.x, c.r->n, c.in, c.out, c.r->m, c.user);
      if (answer != 0) return fault(t, i, answer, "its jvp callback failed");
    }
    for (uint32_t j = 0; j < c.r->m; j++) tangent[(i + j) * width + l] = any ? c.out[j] : 0.0;
  }
  return TG_OK;
}

tg_status tg_nary_adjoint_(tg_tape *t, uint32_t i, double *adjoint, size_t width, bool masked)
{
  call c;
  begin_call(t, i, masked, &c);
  if (!c.r->op->vjp) return no_order(t, i, "it has no vjp");
  for (size_t l = 0; l < width; l++) {
    if (!gather_outputs(&c, i, adjoint, width, l, c.in)) continue;
    const int answer = c.r->op->vjp(c.x, c.r->n, c.in, c.r->m, c.out, c.user);
    if (answer != 0) return fault(t, i, answer, "its vjp callback failed");
    scatter(&c, c.out, adjoint, width, l);
  }
  return TG_OK;
}

tg_status tg_nary_second_(tg_tape *t, uint32_t i, const double *tangent, double *adjoint, double *second,
                          size_t width, bool masked)
{
  call c;
  begin_call(t, i, masked, &c);
  if (!c.r->op->vjp) return no_order(t, i, "it has no vjp");
  if (!c.r->op->hvp) return no_order(t, i, "it has no hvp");
  const bool reached = gather_outputs(&c, i, adjoint, 1, 0, c.in);
  for (size_t l = 0; l < width;
       l++) { /* J' times the tangents of the adjoints, and the tangent of J' times them */
    double *const w_dot = c.more;
    if (c.r->op == &tg_nary_norm2_) gather_tangents(&c, tangent, width, l, c.along), c.shape.along = c.along;
    if (gather_outputs(&c, i, second, width, l, w_dot)) {
      const int answer = c.r->op->vjp(c.x, c.r->n, w_dot, c.r->m, c.out, c.user);
      if (answer != 0) return fault(t, i, answer, "its vjp callback failed");
      scatter(&c, c.out, second, width, l);
    }
    if (reached && gather_tangents(&c, tangent, width, l, c.more)) {
      const int answer = c.r->op->hvp(c.x, c.r->n, c.in, c.r->m, c.more, c.out, c.user);
      if (answer != 0) return fault(t, i, answer, "its hvp callback failed");
      scatter(&c, c.out, second, width, l);
    }
  }
  if (!reached) return TG_OK;
  c.shape.along = NULL;
  const int answer = c.r->op->vjp(c.x, c.r->n, c.in, c.r->m, c.out, c.user);
  if (answer != 0) return fault(t, i, answer, "its vjp callback failed");
  scatter(&c, c.out, adjoint, 1, 0);
  return TG_OK;
}

void tg_custom(const tg_custom_op *op, const tg_var *x, size_t n, tg_var *y, size_t m, void *user)
{
  const tg_segment_ s = {x, NULL, n};
  if (op && op->value) {
    tg_nary_record_(op, user, NULL, &s, 1, y, m);
    return;
  }
  fail(op, TG_E_ARGUMENT);
  if (y) set_all(y, m, (double)NAN);
}
