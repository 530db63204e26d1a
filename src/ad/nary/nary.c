/* Operations with many operands as nodes of a tape: recording them, and their share of the sweeps. A record names the
 * operation and its operands; its first output is a node that points to the record, and further outputs follow. In a
 * sweep the operands of a node are gathered into contiguous scratch, the operation's function is called, and what it
 * computes is scattered again. */
#include "nary_tape.h"

#include <assert.h>
#include <math.h>

#include "engine.h"
#include "nary.h"

const tg_nary_info_ tg_nary_rows_[TG_NARY_count] = {
    [TG_NARY_custom] = {NULL, false, 0},
#define NARY(name, operands, bits)                                                                           \
  [TG_NARY_##name] = {&tg_nary_##name##_, ((bits)&TG_NARY_KINKED) != 0, bits},
#include "nary.def"
#undef NARY
};

/* ---- Recording. ---- */

/* What tg_nary_record_ was asked for; n: operands of all segments. */
typedef struct request {
  const tg_nary_ *what;
  const tg_segment_ *s;
  size_t segments, n;
  tg_var *y;
  size_t m;
} request;

/* The active tape fails in the name of `op`. */
static void fail(const tg_custom_op *op, tg_status status)
{
  tg_tape *const t = tg_tape_active_();
  if (t) tg_tape_fail_(t, status, TG_OP_nary, op && op->name ? op->name : "custom");
}

static void set_all(tg_var *y, size_t m, double v)
{
  for (size_t j = 0; y && j < m; j++) y[j] = tg_nowhere_(v);
}

static void refuse(const request *q, tg_status status)
{
  fail(q->what->op, status);
  set_all(q->y, q->m, (double)NAN);
}

static tg_var segment_at(const tg_segment_ *s, size_t i)
{
  return s->numbers ? tg_constant(s->numbers[i]) : s->vars[i];
}

/* A NULL array among the operands or outputs. */
static bool incomplete(const request *q)
{
  for (size_t k = 0; k < q->segments; k++)
    if (q->s[k].count > 0 && !q->s[k].vars && !q->s[k].numbers) return true;
  return !q->y && q->m > 0;
}

static bool all_constant(const request *q)
{
  for (size_t k = 0; k < q->segments; k++)
    for (size_t i = 0; q->s[k].vars && i < q->s[k].count; i++)
      if (!tg_is_constant_(q->s[k].vars[i])) return false;
  return true;
}

static bool all_owned(tg_tape *t, const request *q)
{
  for (size_t k = 0; k < q->segments; k++)
    for (size_t i = 0; q->s[k].vars && i < q->s[k].count; i++)
      if (!tg_owns_(t, TG_OP_nary, q->s[k].vars[i])) return false;
  return true;
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

/* Constants only: y is constant too. Works without a tape, where there is no scratch to work in. */
static void fold(const request *q)
{
  tg_tape *const t = tg_tape_active_();
  double *const own = t ? NULL : tg_memory_resize_(NULL, q->n + q->m, sizeof *own);
  double *const x = t && reserve_scratch(t, q->n + q->m) ? t->scratch : own;
  if (!x) {
    refuse(q, TG_E_NOMEM);
    return;
  }
  tg_nary_shape_ shape = q->what->shape;
  void *const user = q->what->kind == TG_NARY_custom ? q->what->user : &shape;
  size_t at = 0;
  for (size_t k = 0; k < q->segments; k++)
    for (size_t i = 0; i < q->s[k].count; i++) x[at++] = segment_at(&q->s[k], i).value_;
  tg_recorder_ *const recording = tg_tape_suspend_();
  const tg_status status = tg_callback_status_(q->what->op->value(x, q->n, x + q->n, q->m, user));
  tg_tape_resume_(recording);
  if (status != TG_OK) fail(q->what->op, status);
  for (size_t j = 0; j < q->m; j++) q->y[j] = tg_constant(status == TG_OK ? x[q->n + j] : (double)NAN);
  tg_memory_free_(own);
}

/* Everything that can fail, before the tape changes in a way that shows. */
static tg_status prepare(tg_tape *t, const request *q)
{
  if (!all_owned(t, q)) return TG_E_TAPE;
  if (q->n >= TG_MAX_NODES || q->m >= TG_MAX_NODES || t->nary_count >= TG_MAX_NODES) return TG_E_SIZE;
  if (!reserve_scratch(t, q->n + q->m) ||
      !tg_reserve_((void **)&t->nary, &t->nary_capacity, t->nary_count + 1, sizeof *t->nary))
    return TG_E_NOMEM;
  return TG_OK;
}

/* The record and its operands; it counts once its outputs stand. */
static bool append_record(tg_tape *t, const request *q)
{
  tg_nary_ *const r = &t->nary[t->nary_count];
  *r = *q->what;
  r->first = (uint32_t)t->operand_count, r->n = (uint32_t)q->n, r->m = (uint32_t)q->m;
  for (size_t k = 0; k < q->segments; k++)
    for (size_t i = 0; i < q->s[k].count; i++)
      if (!tg_push_operand_(t, TG_OP_nary, segment_at(&q->s[k], i))) return false;
  return true;
}

/* A node for each output, from `head` on. */
static bool append_outputs(tg_tape *t, const request *q, uint32_t head)
{
  const uint32_t index = (uint32_t)t->nary_count++;
  for (size_t j = 0; j < q->m; j++) {
    q->y[j] = j == 0 ? tg_push_node_(t, TG_OP_nary, index, 0, 0.0)
                     : tg_push_node_(t, TG_OP_output, head, (uint32_t)j, 0.0);
    if (tg_tape_of_(q->y[j]) == tg_id_(t)) continue;
    tg_tape_rewind_(t, head); /* no room: the head must not be swept with outputs missing */
    t->nary_count--;
    return false;
  }
  return true;
}

static void append(tg_tape *t, const request *q)
{
  const uint32_t head = tg_size_(t);
  if (!append_record(t, q) || !append_outputs(t, q, head)) {
    set_all(q->y, q->m, (double)NAN);
    return;
  }
  const tg_status evaluated = tg_nary_value_(t, head);
  if (evaluated != TG_OK) fail(q->what->op, evaluated);
  for (size_t j = 0; j < q->m; j++) q->y[j].value_ = t->r.nodes_[head + j].primal_;
}

void tg_nary_record_(const tg_nary_ *what, const tg_segment_ *s, size_t segments, tg_var *y, size_t m)
{
  assert(what->op && what->op->value && what->kind < TG_NARY_count && (s || segments == 0));
  tg_tape *const t = tg_tape_active_();
  request q = {what, s, segments, 0, y, m};
  for (size_t k = 0; k < segments; k++) q.n += s[k].count;
  if (incomplete(&q)) {
    refuse(&q, TG_E_ARGUMENT);
    return;
  }
  if (m == 0) return;
  if (all_constant(&q)) {
    fold(&q);
    return;
  }
  const tg_status status = t ? prepare(t, &q) : TG_E_TAPE;
  if (status == TG_OK)
    append(t, &q);
  else
    refuse(&q, status);
}

void tg_custom(const tg_custom_op *op, const tg_var *x, size_t n, tg_var *y, size_t m, void *user)
{
  const tg_segment_ s = {x, NULL, n};
  const tg_nary_ what = {.op = op, .user = user, .kind = TG_NARY_custom};
  if (op && op->value) {
    tg_nary_record_(&what, &s, 1, y, m);
    return;
  }
  fail(op, TG_E_ARGUMENT);
  set_all(y, m, (double)NAN);
}

/* ---- The sweeps. Scratch holds operands x, then a direction or adjoint, then the result. Callbacks run while no tape
 * records: neither do they reach one outside, nor take the scratch of one that is swept while it records. ---- */

typedef struct call {
  const tg_nary_ *r;
  const uint32_t *operand;
  tg_nary_shape_ shape; /* what a built-in sees as its user pointer */
  void *user;
  double *x, *in, *out, *more, *along;
} call;

static const tg_nary_ *record_of(const tg_tape *t, uint32_t i)
{
  return &t->nary[tg_operand_a_(t->r.nodes_[i].word_)];
}

static void begin_call(tg_tape *t, uint32_t i, bool masked, call *c)
{
  assert(i < tg_size_(t) && tg_opcode_(t->r.nodes_[i].word_) == TG_OP_nary);
  c->r = record_of(t, i);
  c->operand = t->operands + c->r->first;
  assert((size_t)c->r->n + c->r->m <= t->nary_widest && i + c->r->m <= tg_size_(t));
  c->shape = c->r->shape;
  c->shape.masked = masked;
  c->user = c->r->kind == TG_NARY_custom ? c->r->user : &c->shape;
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

static tg_status engine_fault(tg_tape *t, uint32_t i, tg_status s)
{
  if (s != TG_OK && s != TG_E_BRANCH) t->fault = (tg_failure_){s, TG_OP_nary, i, "it failed in lanes"};
  return s;
}

static tg_status no_order(tg_tape *t, uint32_t i, const char *detail)
{
  t->fault = (tg_failure_){TG_E_ORDER, TG_OP_nary, i, detail};
  return TG_E_ORDER;
}

tg_status tg_nary_value_(tg_tape *t, uint32_t i)
{
  const tg_nary_ *const r = record_of(t, i);
  if (r->engine) return engine_fault(t, i, r->engine->value(r->user, t, i));
  call c;
  begin_call(t, i, false, &c);
  tg_recorder_ *const recording = tg_tape_suspend_();
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

static tg_status tangent_of(tg_tape *t, uint32_t i, double *tangent, size_t width, bool sided, bool masked)
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

tg_status tg_nary_tangent_(tg_tape *t, uint32_t i, double *tangent, size_t width, bool sided, bool masked)
{
  const tg_nary_ *const r = record_of(t, i);
  if (r->engine) return engine_fault(t, i, r->engine->tangent(r->user, t, i, tangent, width, sided, masked));
  tg_recorder_ *const recording = tg_tape_suspend_();
  const tg_status s = tangent_of(t, i, tangent, width, sided, masked);
  tg_tape_resume_(recording);
  return s;
}

static tg_status adjoint_of(tg_tape *t, uint32_t i, double *adjoint, size_t width, bool masked)
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

tg_status tg_nary_adjoint_(tg_tape *t, uint32_t i, double *adjoint, size_t width, bool masked)
{
  const tg_nary_ *const r = record_of(t, i);
  if (r->engine) return engine_fault(t, i, r->engine->adjoint(r->user, t, i, adjoint, width, masked));
  tg_recorder_ *const recording = tg_tape_suspend_();
  const tg_status s = adjoint_of(t, i, adjoint, width, masked);
  tg_tape_resume_(recording);
  return s;
}

static tg_status second_of(tg_tape *t, uint32_t i, const tg_second_arrays_ *w, bool masked)
{
  call c;
  begin_call(t, i, masked, &c);
  if (!c.r->op->vjp) return no_order(t, i, "it has no vjp");
  if (!c.r->op->hvp) return no_order(t, i, "it has no hvp");
  const bool reached = gather_outputs(&c, i, w->adjoint, 1, 0, c.in);
  /* J' times the tangents of the adjoints, and the tangent of J' times them. */
  for (size_t l = 0; l < w->width; l++) {
    double *const w_dot = c.more;
    if (tg_nary_rows_[c.r->kind].kinked) {
      gather_tangents(&c, w->tangent, w->width, l, c.along);
      c.shape.along = c.along;
    }
    if (gather_outputs(&c, i, w->second, w->width, l, w_dot)) {
      const int answer = c.r->op->vjp(c.x, c.r->n, w_dot, c.r->m, c.out, c.user);
      if (answer != 0) return fault(t, i, answer, "its vjp callback failed");
      scatter(&c, c.out, w->second, w->width, l);
    }
    if (reached && gather_tangents(&c, w->tangent, w->width, l, c.more)) {
      const int answer = c.r->op->hvp(c.x, c.r->n, c.in, c.r->m, c.more, c.out, c.user);
      if (answer != 0) return fault(t, i, answer, "its hvp callback failed");
      scatter(&c, c.out, w->second, w->width, l);
    }
  }
  if (!reached) return TG_OK;
  c.shape.along = NULL;
  const int answer = c.r->op->vjp(c.x, c.r->n, c.in, c.r->m, c.out, c.user);
  if (answer != 0) return fault(t, i, answer, "its vjp callback failed");
  scatter(&c, c.out, w->adjoint, 1, 0);
  return TG_OK;
}

tg_status tg_nary_second_(tg_tape *t, uint32_t i, const tg_second_arrays_ *w, bool masked)
{
  const tg_nary_ *const r = record_of(t, i);
  if (r->engine) return engine_fault(t, i, r->engine->second(r->user, t, i, w, masked));
  tg_recorder_ *const recording = tg_tape_suspend_();
  const tg_status s = second_of(t, i, w, masked);
  tg_tape_resume_(recording);
  return s;
}
