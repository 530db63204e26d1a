/* The tape: arrays that grow at one end, the thread's stack of tapes that record, and the ids by which vars are told from
 * those of other recordings.
 *
 * The commonest operations append their node inline (var.h), as long as there is room and the operands belong to the
 * tape that records. What is rare comes here: growing, constants, operands that are constant, stale or foreign, and
 * vars while no tape records. So nothing here is in a hurry, and every function looks at everything. */
#include "tape.h"

#include "clock.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Stands for "no tape records": no room and an id no var carries, so that every operation goes the general
 * way. */
static const tg_recorder_ nobody = {.at_ = (uint64_t)(UINT32_MAX - 1) << 32};

TG_THREAD_ tg_recorder_ *tg_active_ = (tg_recorder_ *)&nobody;

/* Where a thread begins to count: the time besides the address, which a thread that ended leaves to the next.
 */
static uint32_t first_id(const void *address)
{
  const uint64_t place = (uint64_t)(uintptr_t)address >> 6;
  return (uint32_t)((place * 2654435761u ^ tg_clock_ns_()) * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

/* Ids tell the vars of one recording from those of any other. They count per thread from a start of its own,
 * so that vars carried into another thread are very unlikely to pass for its own; 0 and the last two are
 * reserved. */
static uint32_t new_id(void)
{
  static TG_THREAD_ uint32_t last;
  if (last == 0) last = first_id(&last);
  last = last >= UINT32_MAX - 2 ? 1 : last + 1;
  return last;
}

tg_status tg_tape_new(tg_tape **t)
{
  if (!t) return TG_E_ARGUMENT;
  tg_tape *tape = tg_memory_resize_(NULL, 1, sizeof *tape);
  *t = tape;
  if (!tape) return TG_E_NOMEM;
  memset(tape, 0, sizeof *tape);
  tape->r.at_ = (uint64_t)new_id() << 32;
  return TG_OK;
}

tg_recorder_ *tg_tape_suspend_(void)
{
  tg_recorder_ *const r = tg_active_;
  tg_active_ = (tg_recorder_ *)&nobody;
  return r;
}

tg_tape *tg_tape_active_(void) { return tg_active_ == &nobody ? NULL : (tg_tape *)tg_active_; }

void tg_tape_stop_(tg_tape *t)
{
  if (!t->recording) return;
  tg_recorder_ **link = &tg_active_;
  while (*link != &t->r && *link != &nobody) link = &((tg_tape *)*link)->outer;
  if (*link == &t->r) *link = t->outer;
  t->recording = false;
}

void tg_tape_free(tg_tape *t)
{
  if (!t) return;
  tg_tape_stop_(t);
  tg_memory_free_(t->r.nodes_);
  tg_memory_free_(t->r.constants_);
  tg_memory_free_(t->operands);
  tg_memory_free_(t->nary);
  tg_memory_free_(t->live);
  for (int i = 0; i < 3; i++) tg_memory_free_(t->work[i]);
  tg_memory_free_(t->scratch);
  tg_memory_free_(t);
}

void tg_tape_clear(tg_tape *t)
{
  if (!t) return;
  t->r.at_ = (uint64_t)new_id() << 32;
  t->r.constant_count_ = t->r.swept_[0] = t->r.swept_[1] = 0;
  t->operand_count = t->nary_count = t->nary_widest = t->live_count = 0;
  t->point_dependent = false;
  t->failure.status = t->fault.status = TG_OK;
}

void tg_tape_begin(tg_tape *t)
{
  if (!t) return;
  if (t->recording) {
    tg_tape_fail_(t, TG_E_TAPE, TG_OP_input, "tg_tape_begin on a tape that is recording");
    return;
  }
  tg_tape_clear(t);
  t->outer = tg_active_;
  t->recording = true;
  tg_active_ = &t->r;
}

tg_status tg_tape_end(tg_tape *t)
{
  if (!t) return TG_E_ARGUMENT;
  if (tg_active_ != &t->r) {
    tg_tape_fail_(t, TG_E_TAPE, TG_OP_input, "tg_tape_end on a tape that is not the innermost one recording");
    return TG_E_TAPE;
  }
  tg_tape_stop_(t);
  return t->failure.status;
}

void tg_tape_fail_(tg_tape *t, tg_status status, unsigned op, const char *detail)
{
  assert(status != TG_OK && detail);
  if (t->failure.status != TG_OK) return;
  t->failure.status = status;
  t->failure.op = op;
  t->failure.node = tg_size_(t);
  t->failure.detail = detail;
}

bool tg_reserve_(void **block, size_t *capacity, size_t count, size_t size)
{
  assert(size > 0 && (*block || *capacity == 0));
  if (count <= *capacity) return true;
  const size_t wanted = count < 2 * *capacity ? 2 * *capacity : count;
  void *grown = tg_memory_resize_(*block, wanted, size);
  if (!grown) return false;
  *block = grown;
  *capacity = wanted;
  return true;
}

/* Twice the room, from 256 up to the largest a 28-bit index reaches; the old contents survive a failure. */
static bool grow(void **block, uint32_t *capacity, size_t size)
{
  if (*capacity == TG_MAX_NODES) return false;
  const uint32_t wanted = *capacity == 0 ? 256 : *capacity > TG_MAX_NODES / 2 ? TG_MAX_NODES : 2 * *capacity;
  void *grown = tg_memory_resize_(*block, wanted, size);
  if (!grown) return false;
  *block = grown;
  *capacity = wanted;
  return true;
}

static void no_room(tg_tape *t, unsigned op, uint32_t capacity)
{
  if (capacity == TG_MAX_NODES)
    tg_tape_fail_(t, TG_E_SIZE, op, "the tape has no index left");
  else
    tg_tape_fail_(t, TG_E_NOMEM, op, "no memory for the tape to grow");
}

tg_var tg_push_node_(tg_tape *t, unsigned op, uint32_t a, uint32_t b, double v)
{
  assert(op < 256 && a < 1u << 28 && b < 1u << 28);
  if (tg_size_(t) == t->r.capacity_ && !grow((void **)&t->r.nodes_, &t->r.capacity_, sizeof *t->r.nodes_)) {
    no_room(t, op, t->r.capacity_);
    return tg_nowhere_(v);
  }
  return tg_append_(&t->r, tg_word_(op, a, b), v);
}

bool tg_push_constant_(tg_tape *t, double c, uint32_t *index)
{
  tg_recorder_ *r = &t->r;
  if (r->constant_count_ == r->constant_capacity_ &&
      !grow((void **)&r->constants_, &r->constant_capacity_, sizeof *r->constants_)) {
    no_room(t, TG_OP_input, r->constant_capacity_);
    return false;
  }
  r->constants_[r->constant_count_] = c;
  *index = r->constant_count_++;
  return true;
}

bool tg_owns_(tg_tape *t, unsigned op, tg_var x)
{
  if (tg_is_constant_(x) || tg_tape_of_(x) == tg_id_(t)) return true;
  tg_tape_fail_(t, TG_E_TAPE, op, "an operand belongs to another tape, or to one cleared since");
  return false;
}

bool tg_push_operand_(tg_tape *t, unsigned op, tg_var x)
{
  uint32_t entry = tg_node_of_(x);
  if (!tg_owns_(t, op, x)) return false;
  if (t->operand_count >= UINT32_MAX ||
      !tg_reserve_((void **)&t->operands, &t->operand_capacity, t->operand_count + 1, sizeof *t->operands)) {
    tg_tape_fail_(t, TG_E_NOMEM, op, "no memory for the operands of an operation");
    return false;
  }
  if (tg_is_constant_(x)) {
    if (!tg_push_constant_(t, x.value_, &entry)) return false;
    entry |= TG_CONSTANT_OPERAND;
  }
  t->operands[t->operand_count++] = entry;
  return true;
}

tg_var tg_push_unary_(unsigned op, tg_var x, double v)
{
  assert(op >= TG_OP_first);
  if (tg_is_constant_(x)) return tg_constant(v);
  tg_tape *t = tg_tape_active_();
  if (!t || !tg_owns_(t, op, x)) return tg_nowhere_(v);
  return tg_push_node_(t, op, tg_node_of_(x), 0, v);
}

tg_var tg_push_binary_(unsigned op, tg_var x, tg_var y, double v)
{
  assert(op >= TG_OP_first && op + 2 < 256); /* its forms with a constant follow it */
  if (tg_is_constant_(x) && tg_is_constant_(y)) return tg_constant(v);
  tg_tape *t = tg_tape_active_();
  if (!t || !tg_owns_(t, op, x) || !tg_owns_(t, op, y)) return tg_nowhere_(v);
  uint32_t c;
  if (tg_is_constant_(y)) {
    if (!tg_push_constant_(t, y.value_, &c)) return tg_nowhere_(v);
    return tg_push_node_(t, op + 1, tg_node_of_(x), c, v);
  }
  if (tg_is_constant_(x)) {
    if (!tg_push_constant_(t, x.value_, &c)) return tg_nowhere_(v);
    return tg_push_node_(t, op + 2, c, tg_node_of_(y), v);
  }
  return tg_push_node_(t, op, tg_node_of_(x), tg_node_of_(y), v);
}

tg_var tg_push_ternary_(unsigned op, tg_var x, tg_var y, tg_var z, double v)
{
  if (tg_is_constant_(x) && tg_is_constant_(y) && tg_is_constant_(z)) return tg_constant(v);
  tg_tape *t = tg_tape_active_();
  if (!t) return tg_nowhere_(v);
  const size_t first = t->operand_count;
  if (!tg_push_operand_(t, op, x) || !tg_push_operand_(t, op, y) || !tg_push_operand_(t, op, z))
    return tg_nowhere_(v);
  if (first > TG_MAX_NODES) {
    tg_tape_fail_(t, TG_E_SIZE, op, "the tape has no index left");
    return tg_nowhere_(v);
  }
  return tg_push_node_(t, op, (uint32_t)first, 0, v);
}

tg_var tg_push_input_(tg_tape *t, double value)
{
  if (!t) return tg_nowhere_(value);
  if (tg_active_ != &t->r) {
    tg_tape_fail_(t, TG_E_TAPE, TG_OP_input, "tg_input on a tape that is not the innermost one recording");
    return tg_nowhere_(value);
  }
  return tg_push_node_(t, TG_OP_input, 0, 0, value);
}

tg_var tg_live(const double *p)
{
  tg_tape *t = tg_tape_active_();
  if (!p) {
    tg_fail(TG_E_ARGUMENT);
    return tg_constant(0);
  }
  if (!t) return tg_constant(*p);
  if (t->live_count > TG_MAX_NODES ||
      !tg_reserve_((void **)&t->live, &t->live_capacity, t->live_count + 1, sizeof *t->live)) {
    tg_tape_fail_(t, TG_E_NOMEM, TG_OP_live, "no memory for a live constant");
    return tg_nowhere_(*p);
  }
  t->live[t->live_count++] = p;
  return tg_push_node_(t, TG_OP_live, (uint32_t)(t->live_count - 1), 0, *p);
}

double tg_primal(tg_var v)
{
  if (tg_is_constant_(v)) return v.value_;
  /* The tape it belongs to may be one that waits while another records. */
  for (tg_recorder_ *r = tg_active_; r != &nobody; r = ((tg_tape *)r)->outer)
    if ((uint32_t)(r->at_ >> 32) == tg_tape_of_(v)) ((tg_tape *)r)->point_dependent = true;
  return v.value_;
}

void tg_fail(tg_status why)
{
  tg_tape *t = tg_tape_active_();
  if (t) tg_tape_fail_(t, why < 0 ? why : TG_E_CALLBACK, TG_OP_input, "tg_fail was called");
}

size_t tg_tape_size(const tg_tape *t) { return t ? tg_size_(t) : 0; }

size_t tg_tape_bytes(const tg_tape *t)
{
  if (!t) return 0;
  return tg_size_(t) * sizeof *t->r.nodes_ + t->r.constant_count_ * sizeof *t->r.constants_ +
         t->operand_count * sizeof *t->operands + t->nary_count * sizeof *t->nary +
         t->live_count * sizeof *t->live;
}

size_t tg_index(tg_var v) { return tg_is_constant_(v) ? SIZE_MAX : tg_node_of_(v); }

tg_var tg_tape_at(const tg_tape *t, size_t i)
{
  if (!t || i >= tg_size_(t)) return tg_constant((double)NAN);
  const tg_var v = {t->r.nodes_[i].primal_, (uint64_t)tg_id_(t) << 32 | i};
  return v;
}

double tg_swept_(const tg_recorder_ *r, int which, tg_var v)
{
  if (tg_is_constant_(v)) return 0.0;
  const bool known = r && tg_tape_of_(v) == (uint32_t)(r->at_ >> 32) && tg_node_of_(v) < r->swept_[which];
  return known ? r->results_[which][tg_node_of_(v)] : (double)NAN;
}

static bool copy_array(void **to, size_t *capacity, const void *from, size_t count, size_t size)
{
  if (!tg_reserve_(to, capacity, count, size)) return false;
  if (count) memcpy(*to, from, count * size);
  return true;
}

tg_status tg_tape_copy_(tg_tape *to, const tg_tape *from)
{
  assert(to != from && !to->recording);
  tg_tape_clear(to);
  size_t node_capacity = to->r.capacity_, constant_capacity = to->r.constant_capacity_;
  const bool done =
      copy_array((void **)&to->r.nodes_, &node_capacity, from->r.nodes_, tg_size_(from),
                 sizeof *to->r.nodes_) &&
      copy_array((void **)&to->r.constants_, &constant_capacity, from->r.constants_, from->r.constant_count_,
                 sizeof *to->r.constants_) &&
      copy_array((void **)&to->operands, &to->operand_capacity, from->operands, from->operand_count,
                 sizeof *to->operands) &&
      tg_reserve_((void **)&to->scratch, &to->scratch_capacity, TG_SCRATCH_PARTS * from->nary_widest,
                  sizeof *to->scratch) &&
      copy_array((void **)&to->nary, &to->nary_capacity, from->nary, from->nary_count, sizeof *to->nary) &&
      copy_array((void **)&to->live, &to->live_capacity, from->live, from->live_count, sizeof *to->live);
  to->r.capacity_ = (uint32_t)node_capacity;
  to->r.constant_capacity_ = (uint32_t)constant_capacity;
  if (!done) return TG_E_NOMEM;
  to->r.at_ += tg_size_(from);
  to->r.constant_count_ = from->r.constant_count_;
  to->operand_count = from->operand_count;
  to->nary_count = from->nary_count;
  to->nary_widest = from->nary_widest;
  to->live_count = from->live_count;
  to->point_dependent = from->point_dependent;
  to->failure = from->failure;
  return TG_OK;
}
