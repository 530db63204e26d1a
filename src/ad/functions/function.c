/* Making recorded functions, and keeping them at the point asked for.
 *
 * An evaluation at x replays what was recorded: the inputs are set to x, and a sweep computes all other values. Three
 * things make it call the user's function again. Nothing has been recorded yet, or it was told to forget; a guard has
 * another outcome at x; or the function has looked at a value while it was recorded, so that its operations may be others
 * anywhere. Functions made from a tape have no function to call: there the last two are failures. */
#include "function.h"

#include "emit.h"
#include "simplify.h"

#include <assert.h>
#include <math.h>
#include <string.h>

tg_status tg_function_new_(tg_function **f, size_t n, size_t m)
{
  if (!f) return TG_E_ARGUMENT;
  *f = NULL;
  if (n == 0 || m == 0) return TG_E_ARGUMENT;
  if (n > TG_MAX_NODES || m > TG_MAX_NODES) return TG_E_SIZE;
  tg_function *const made = tg_memory_resize_(NULL, 1, sizeof *made);
  if (!made) return TG_E_NOMEM;
  memset(made, 0, sizeof *made);
  made->n = n;
  made->threads = 1;
  made->m = m;
  made->x = tg_memory_resize_(NULL, n, sizeof *made->x);
  made->y = tg_memory_resize_(NULL, m, sizeof *made->y);
  if (!made->x || !made->y || tg_tape_new(&made->tape) != TG_OK) {
    tg_function_free(made);
    return TG_E_NOMEM;
  }
  *f = made;
  return TG_OK;
}

tg_status tg_function_of_program_(tg_function **made, const tg_program_ *p, size_t inputs,
                                  const tg_need_ *need)
{
  tg_status s = tg_function_new_(made, inputs, need->count);
  if (s != TG_OK) return s;
  tg_function *const f = *made;
  uint32_t *const uses = tg_memory_resize_(NULL, 2 * p->count, sizeof *uses);
  const tg_part_ part = {.inputs = inputs, .value = need->value, .count = need->count, .uses = uses};
  if (uses) tg_program_uses_(p, need, uses);
  s = uses ? tg_program_emit_(p, &part, f->tape, f->x, f->y, uses + p->count) : TG_E_NOMEM;
  tg_memory_free_(uses);
  f->recorded = s == TG_OK;
  if (s == TG_OK) return TG_OK;
  tg_function_free(f);
  *made = NULL;
  return s;
}

void tg_function_free(tg_function *f)
{
  if (!f) return;
  tg_tape_free(f->tape);
  tg_memory_free_(f->x);
  tg_memory_free_(f->y);
  tg_memory_free_(f->gathered);
  tg_simplified_free_(f->simplified);
  tg_memory_free_(f->scratch);
  tg_memory_free_(f);
}

/* The common end of tg_record and tg_record_vector. */
static tg_status record_now(tg_function **f, const double *x0)
{
  const tg_status s = x0 ? tg_function_record_(*f, x0) : TG_OK;
  if (s == TG_OK) return TG_OK;
  tg_function_free(*f);
  *f = NULL;
  return s;
}

tg_status tg_record(tg_function **f, tg_scalar_fn fn, size_t n, const double *x0, void *user)
{
  const tg_status s = tg_function_new_(f, fn ? n : 0, 1);
  if (s != TG_OK) return s;
  (*f)->scalar = fn;
  (*f)->patience = TG_PATIENCE;
  (*f)->user = user;
  return record_now(f, x0);
}

tg_status tg_record_vector(tg_function **f, tg_vector_fn fn, size_t n, size_t m, const double *x0, void *user)
{
  const tg_status s = tg_function_new_(f, fn ? n : 0, m);
  if (s != TG_OK) return s;
  (*f)->vector = fn;
  (*f)->patience = TG_PATIENCE;
  (*f)->user = user;
  return record_now(f, x0);
}

/* Marks of inputs seen, to refuse one that occurs twice; uses the tape's own work array. */
static tg_status check_inputs(tg_tape *t, const tg_var *x, size_t n)
{
  if (!tg_reserve_((void **)&t->work[TG_TANGENT], &t->work_capacity[TG_TANGENT], tg_size_(t), sizeof(double)))
    return TG_E_NOMEM;
  double *const seen = t->work[TG_TANGENT];
  for (uint32_t i = 0; i < tg_size_(t); i++) seen[i] = 0.0;
  for (size_t i = 0; i < n; i++) {
    const uint32_t node = tg_node_of_(x[i]);
    if (tg_is_constant_(x[i]) || !tg_is_input_(t, node)) return TG_E_TAPE;
    if (seen[node] != 0.0) return TG_E_TAPE;
    seen[node] = 1.0;
  }
  return TG_OK;
}

tg_status tg_tape_function(tg_function **f, const tg_tape *t, const tg_var *x, size_t n, const tg_var *y,
                           size_t m)
{
  if (f) *f = NULL;
  if (!f || !t || !x || !y) return TG_E_ARGUMENT;
  if (t->failure.status != TG_OK) return t->failure.status;
  for (size_t i = 0; i < n; i++)
    if (tg_tape_of_(x[i]) != tg_id_(t)) return TG_E_TAPE;
  for (size_t i = 0; i < m; i++)
    if (!tg_is_constant_(y[i]) && tg_tape_of_(y[i]) != tg_id_(t)) return TG_E_TAPE;
  tg_status s = tg_function_new_(f, n, m);
  if (s != TG_OK) return s;
  s = tg_tape_copy_((*f)->tape, t);
  if (s == TG_OK) s = check_inputs((*f)->tape, x, n);
  if (s != TG_OK) {
    tg_function_free(*f);
    *f = NULL;
    return s;
  }
  for (size_t i = 0; i < n; i++) (*f)->x[i] = tg_carried_(x[i], (*f)->tape);
  for (size_t i = 0; i < m; i++) (*f)->y[i] = tg_carried_(y[i], (*f)->tape);
  (*f)->recorded = true;
  (*f)->patience = (*f)->replays_left = TG_PATIENCE;
  return TG_OK;
}

/* What was recorded, and what has been made of it, as the copy's own. */
static tg_status copy_recording(tg_function *c, const tg_function *f)
{
  const tg_simplified_ *const s = f->simplified;
  const tg_var *const x = s && s->swept ? s->x : f->x, *const y = s && s->swept ? s->y : f->y;
  tg_status status = tg_tape_copy_(c->tape, tg_function_recording_(f));
  if (status == TG_OK) status = tg_function_clone_simplified_(c, f);
  if (status != TG_OK) return status;
  for (size_t i = 0; i < f->n; i++) c->x[i] = tg_carried_(x[i], c->tape);
  for (size_t i = 0; i < f->m; i++) c->y[i] = tg_carried_(y[i], c->tape);
  c->recorded = true;
  c->replays_left = s && s->valid ? 1 : f->replays_left;
  return TG_OK;
}

tg_status tg_function_clone(tg_function **copy, const tg_function *f)
{
  if (copy) *copy = NULL;
  if (!copy || !f) return TG_E_ARGUMENT;
  tg_status s = tg_function_new_(copy, f->n, f->m);
  if (s != TG_OK) return s;
  tg_function *const c = *copy;
  c->scalar = f->scalar;
  c->vector = f->vector;
  c->user = f->user;
  c->patience = f->patience;
  c->steady = f->steady;
  c->threads = f->threads;
  c->plain = f->plain;
  if (!f->recorded || (f->busy && (f->scalar || f->vector))) return TG_OK; /* nothing whole to copy */
  s = copy_recording(c, f);
  if (s != TG_OK) {
    tg_function_free(c);
    *copy = NULL;
  }
  return s;
}

void tg_function_forget(tg_function *f)
{
  if (f && (f->scalar || f->vector)) f->recorded = false;
}

static void call_back(tg_function *f)
{
  if (f->scalar) {
    f->y[0] = f->scalar(f->x, f->n, f->user);
    return;
  }
  for (size_t i = 0; i < f->m; i++) f->y[i] = tg_constant(0.0);
  f->vector(f->x, f->n, f->y, f->m, f->user);
}

tg_status tg_function_record_(tg_function *f, const double *x)
{
  assert(f->scalar || f->vector);
  if (f->busy) return TG_E_TAPE;
  tg_function_forget_simplified_(f);
  tg_tape *const t = f->tape;
  f->busy = f->recorded = true; /* until the callback itself calls tg_function_forget */
  tg_tape_begin(t);
  for (size_t i = 0; i < f->n; i++) f->x[i] = tg_input(t, x[i]);
  if (t->failure.status == TG_OK) {
    f->stats.recordings++;
    call_back(f);
    for (size_t i = 0; i < f->m; i++) tg_owns_(t, TG_OP_output, f->y[i]);
  }
  const tg_status s = tg_tape_end(t);
  tg_tape_stop_(t); /* a callback that began a tape and never ended it */
  f->busy = false;
  f->recorded = f->recorded && s == TG_OK;
  f->replays_left = f->plain ? 0 : f->patience;
  return s;
}

/* The record, or what is left of it, at x. */
static tg_status sweep(tg_function *f, const double *x)
{
  tg_tape *const t = f->tape;
  t->fault.status = TG_OK;
  for (size_t i = 0; i < f->n; i++) t->r.nodes_[tg_node_of_(f->x[i])].primal_ = x[i];
  f->busy = true;
  const tg_status s = tg_sweep_primal_(t);
  f->busy = false;
  return s;
}

/* A steady function is swept simplified from the beginning. */
static tg_status record(tg_function *f, const double *x)
{
  const tg_status s = tg_function_record_(f, x);
  if (s == TG_OK && f->recorded && tg_simplified_at_once_(f)) {
    f->replays_left = 0;
    tg_function_simplify_(f);
    if (tg_function_has_loops_(f)) return sweep(f, x);
  }
  return s;
}

void tg_function_steady_(tg_function *f)
{
  if (f->steady || f->patience == 0) return;
  f->steady = true;
  tg_function_forget_simplified_(f);
  if (f->recorded && !f->plain) f->replays_left = tg_simplified_at_once_(f) ? 1 : f->patience;
}

/* What fails in a loop is found again in the record, which knows where. The next point may be better: it is back to
 * loops then, so that what was evaluated before shows in no bit. */
static tg_status replay(tg_function *f, const double *x)
{
  if (f->replays_left > 0 && --f->replays_left == 0) tg_function_simplify_(f);
  const tg_status s = sweep(f, x);
  const bool again = s == TG_E_BRANCH && (f->scalar || f->vector);
  if (s == TG_OK || again || !tg_function_has_loops_(f)) return s;
  tg_function_unsimplify_(f);
  f->replays_left = 1;
  return sweep(f, x);
}

tg_status tg_function_evaluate_(tg_function *f, const double *x)
{
  assert(f && x);
  const bool callable = f->scalar || f->vector;
  if (f->busy) return TG_E_TAPE;
  f->stats.evaluations++;
  if (!f->recorded || (f->tape->point_dependent && callable)) return record(f, x);
  if (f->tape->point_dependent) return TG_E_BRANCH;
  const tg_status s = replay(f, x);
  if (s != TG_E_BRANCH || !callable) return s;
  f->stats.rerecordings++;
  return record(f, x);
}

void tg_function_values_(const tg_function *f, double *y)
{
  for (size_t i = 0; i < f->m; i++)
    y[i] = tg_is_constant_(f->y[i]) ? f->y[i].value_ : f->tape->r.nodes_[tg_node_of_(f->y[i])].primal_;
}

bool tg_function_last_(const tg_function *f, uint32_t *last)
{
  bool any = false;
  *last = 0;
  for (size_t i = 0; i < f->m; i++) {
    if (tg_is_constant_(f->y[i])) continue;
    if (tg_node_of_(f->y[i]) > *last) *last = tg_node_of_(f->y[i]);
    any = true;
  }
  return any;
}

double *tg_function_work_(tg_function *f, int which, size_t width)
{
  assert(which >= TG_TANGENT && which <= TG_SECOND && width >= 1 && width <= TG_BLOCK);
  tg_tape *const t = f->tape;
  const size_t count = (size_t)tg_size_(t) * width;
  return tg_reserve_((void **)&t->work[which], &t->work_capacity[which], count, sizeof(double))
             ? t->work[which]
             : NULL;
}

bool tg_function_second_work_(tg_function *f, size_t width, tg_second_arrays_ *arrays)
{
  arrays->tangent = tg_function_work_(f, TG_TANGENT, width);
  arrays->adjoint = tg_function_work_(f, TG_ADJOINT, 1);
  arrays->second = tg_function_work_(f, TG_SECOND, width);
  arrays->width = width;
  return arrays->tangent && arrays->adjoint && arrays->second;
}

double *tg_function_scratch_(tg_function *f)
{
  if (!f->scratch) f->scratch = tg_memory_resize_(NULL, f->m, sizeof *f->scratch);
  return f->scratch;
}

size_t tg_function_inputs(const tg_function *f) { return f ? f->n : 0; }

size_t tg_function_outputs(const tg_function *f) { return f ? f->m : 0; }

tg_status tg_function_statistics(const tg_function *f, tg_function_stats *s)
{
  if (!f || !s) return TG_E_ARGUMENT;
  *s = f->stats;
  s->nodes = tg_tape_size(tg_function_recording_(f));
  s->bytes = tg_tape_bytes(tg_function_recording_(f));
  s->swept = tg_tape_size(f->tape);
  s->compiled_bytes = tg_simplified_bytes_(f);
  s->loops = f->simplified && f->simplified->swept ? f->simplified->loop_count : 0;
  s->rolled = f->simplified && f->simplified->swept ? f->simplified->rolled : 0;
  s->point_dependent = f->recorded && f->tape->point_dependent;
  return TG_OK;
}

/* A sweep's failure names the node as it was recorded. */
static void carry_fault(const tg_function *f)
{
  const tg_simplified_ *const s = f->simplified;
  if (!s || !s->swept || f->tape->fault.status == TG_OK) return;
  s->tape->fault = f->tape->fault;
  s->tape->fault.node = s->origin[f->tape->fault.node];
}

const char *tg_function_message(const tg_function *f)
{
  if (!f) return "the function is NULL";
  if (f->status == TG_OK) return tg_status_string(TG_OK);
  if (f->reason) return f->reason;
  carry_fault(f);
  tg_tape *const t = f->simplified && f->simplified->swept ? f->simplified->tape : f->tape;
  if (t->failure.status == f->status || t->fault.status == f->status) return tg_failure_text_(t);
  return tg_status_string(f->status);
}
