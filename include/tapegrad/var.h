/* var: a number that remembers how it was computed.
 *
 *   static var square_sum(const var *x, size_t n, void *user)
 *   {
 *     var sum = constant(0);
 *     for (size_t i = 0; i < n; i++) sum = add(sum, square(x[i]));
 *     return sum;
 *   }
 *
 * A tg_var is a value and a place on a tape, two registers wide, passed and returned by value. Arithmetic on it
 * (operations.h) appends to the tape that is active on this thread: the one a driver such as tg_gradient
 * (function.h) made active around your function, or the one between tg_tape_begin and tg_tape_end (tape.h).
 * A var whose value does not depend on any input is a constant and takes no place on the tape.
 *
 * Operations never return a status:
 *   - The tape keeps its first failure: no memory, a var of another or a cleared tape, tg_fail.
 *   - Later operations are harmless.
 *   - Whoever reads derivatives is told: a driver, tg_tape_end, a sweep.
 *   - NaN and infinity are results, not failures. */
#ifndef TAPEGRAD_VAR_H
#define TAPEGRAD_VAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tg_var {
  double value_; /* fields are private: use tg_primal or tg_peek */
  uint64_t at_;  /* the recording in the upper half, the node in the lower; 0 for a constant */
} tg_var;

/* The short name of the type; define TG_NO_VAR before the first include to keep `var` for yourself. */
#ifndef TG_NO_VAR
typedef tg_var var;
#endif

/* A var that depends on nothing. Numbers mixed with vars become constants by themselves, so this is needed only where
 * a var must be written down: `var s = tg_constant(0)`. Records nothing. */
static inline tg_var tg_constant(double c)
{
  tg_var v;
  v.value_ = c;
  v.at_ = 0;
  return v;
}

/* A constant that is read again from *p at every evaluation of a recorded function. Everything else that your
 * function reads from outside is captured when it is recorded.
 *   - *p must outlive the recording. It may change between evaluations; nothing is differentiated by it.
 *   - p NULL: the tape fails with TG_E_ARGUMENT. */
TG_API tg_var tg_live(const double *p);

/* The value of v, to compute with. While recording this marks the function point-dependent: what your code does with
 * a bare number cannot be replayed, so every later evaluation records afresh, and finite sums go sample by sample.
 * For a branch compare with lt and its kin, for a choice use where (operations.h): those replay. */
TG_API double tg_primal(tg_var v);

/* The value of v for printf and debuggers: leaves no mark, so do not compute with it. */
static inline double tg_peek(tg_var v) { return v.value_; }

/* Inside a function being recorded: give up. The driver that called it answers `why` (TG_OK counts as TG_E_CALLBACK).
 * Your function still returns, with any var. The first failure is the one reported. */
TG_API void tg_fail(tg_status why);

/* A user's own operation with n operands x[0..n) and m outputs y[0..m): make it `static const`
 * (examples/custom.c). Its callbacks:
 *   value  y = f(x)                       required
 *   jvp    jv = J(x) v                    J is m x n; NULL: forward mode answers TG_E_ORDER
 *   vjp    uj = J(x)' u                   NULL: reverse mode answers TG_E_ORDER
 *   hvp    hv = d/dt J(x + t v)' u        at t = 0; NULL: second order answers TG_E_ORDER
 *
 * What holds for each of them:
 *   - It sets all its outputs and never adds to them. It keeps no pointer to its arguments.
 *   - It returns 0, or a negative tg_status to make the evaluation fail (any other nonzero: TG_E_CALLBACK).
 *   - Nothing records while it runs. It may call drivers of other functions; operations on constant vars give
 *     constants; tg_fail has no effect.
 *   - At a kink second order goes by jvp and vjp as they are: smooth functions written through such a kink may lack
 *     curvature. */
typedef struct tg_custom_op {
  const char *name;
  int (*value)(const double *x, size_t n, double *y, size_t m, void *user);
  int (*jvp)(const double *x, size_t n, const double *v, double *jv, size_t m, void *user);
  int (*vjp)(const double *x, size_t n, const double *u, size_t m, double *uj, void *user);
  int (*hvp)(const double *x, size_t n, const double *u, size_t m, const double *v, double *hv, void *user);
} tg_custom_op;

/* Apply `op`: reads x[0..n), writes y[0..m), which may overlap x. `op` and `user` must outlive the recording. Calls
 * value at once. Costs a node for each output, 4 bytes for each operand, and one call for each sweep. */
TG_API void tg_custom(const tg_custom_op *op, const tg_var *x, size_t n, tg_var *y, size_t m, void *user);

/* ---- Private from here: what the inline operations of operations.h record with. ---- */

#if defined __cplusplus && defined __GNUC__
#define TG_THREAD_ __thread
#elif defined __cplusplus
#define TG_THREAD_ thread_local
#else
#define TG_THREAD_ _Thread_local
#endif
#if defined __GNUC__ && defined __ELF__
#define TG_TLS_MODEL_ __attribute__((tls_model("initial-exec")))
#else
#define TG_TLS_MODEL_
#endif
#ifdef __GNUC__
#define TG_LIKELY_(c) __builtin_expect(!!(c), 1)
#define TG_OUTLINE_ static __attribute__((noinline, unused))
#else
#define TG_LIKELY_(c) (c)
#define TG_OUTLINE_ static inline
#endif

/* One elementary operation: opcode in bits 0-7, operands in bits 8-35 and 36-63, and its value. */
typedef struct tg_node_ {
  uint64_t word_;
  double primal_;
} tg_node_;

/* The part of a tape that is touched at every operation: its growing end, and what the last sweeps left. */
typedef struct tg_recorder_ {
  tg_node_ *nodes_;
  double *constants_;
  uint64_t at_; /* of the next node: upper half the recording's id, lower half the size of the tape */
  uint32_t capacity_, constant_count_, constant_capacity_;
  uint32_t swept_[2];        /* how many nodes have a tangent, an adjoint */
  const double *results_[2]; /* the tangents, the adjoints */
} tg_recorder_;

static inline uint32_t tg_node_of_(tg_var v) { return (uint32_t)v.at_; }
static inline uint32_t tg_tape_of_(tg_var v) { return (uint32_t)(v.at_ >> 32); }

/* The tape that records on this thread; never NULL (a recorder without room stands for "none"). */
extern TG_API TG_THREAD_ tg_recorder_ *tg_active_ TG_TLS_MODEL_;

/* The general way to record, out of line: grows, stores constants, folds, reports stale and foreign operands.
 * A binary opcode is followed by its forms var-constant and constant-var. */
TG_API tg_var tg_push_unary_(unsigned op, tg_var x, double v);
TG_API tg_var tg_push_binary_(unsigned op, tg_var x, tg_var y, double v);
TG_API tg_var tg_push_ternary_(unsigned op, tg_var x, tg_var y, tg_var z, double v);

static inline tg_var tg_append_(tg_recorder_ *r, uint64_t word, double v)
{
  tg_var result;
  tg_node_ *const node = r->nodes_ + (uint32_t)r->at_;
  result.value_ = v;
  result.at_ = r->at_;
  node->word_ = word;
  node->primal_ = v;
  r->at_ = result.at_ + 1;
  return result;
}

/* Is there room, and do the places given belong to the recording? */
static inline bool tg_ready_(const tg_recorder_ *r, uint64_t x, uint64_t y)
{
  return TG_LIKELY_((((x ^ r->at_) | (y ^ r->at_)) >> 32) == 0 && (uint32_t)r->at_ < r->capacity_);
}

/* A place as operand a or b of a node's word. */
static inline uint64_t tg_as_a_(uint64_t at) { return (uint64_t)(uint32_t)at << 8; }
static inline uint64_t tg_as_b_(uint64_t at) { return at << 36; }

/* The inline way: a warm tape with room and operands of its own; anything else goes the general way. */
static inline tg_var tg_record_unary_(unsigned op, tg_var x, double v)
{
  tg_recorder_ *const r = tg_active_;
  if (tg_ready_(r, x.at_, x.at_)) return tg_append_(r, op | tg_as_a_(x.at_), v);
  return tg_push_unary_(op, x, v);
}

static inline tg_var tg_record_binary_(unsigned op, tg_var x, tg_var y, double v)
{
  tg_recorder_ *const r = tg_active_;
  if (tg_ready_(r, x.at_, y.at_)) return tg_append_(r, op | tg_as_a_(x.at_) | tg_as_b_(y.at_), v);
  return tg_push_binary_(op, x, y, v);
}

/* The same with a number, which goes to the table of constants: op is then the form var-constant or constant-var. */
static inline bool tg_ready_with_constant_(const tg_recorder_ *r, uint64_t at)
{
  return tg_ready_(r, at, at) && r->constant_count_ < r->constant_capacity_;
}

static inline uint32_t tg_keep_constant_(tg_recorder_ *r, double c)
{
  r->constants_[r->constant_count_] = c;
  return r->constant_count_++;
}

static inline tg_var tg_record_with_number_(unsigned op, tg_var x, double y, double v)
{
  tg_recorder_ *const r = tg_active_;
  if (tg_ready_with_constant_(r, x.at_))
    return tg_append_(r, (op + 1) | tg_as_a_(x.at_) | tg_as_b_(tg_keep_constant_(r, y)), v);
  return tg_push_binary_(op, x, tg_constant(y), v);
}

static inline tg_var tg_record_number_with_(unsigned op, double x, tg_var y, double v)
{
  tg_recorder_ *const r = tg_active_;
  if (tg_ready_with_constant_(r, y.at_))
    return tg_append_(r, (op + 2) | tg_as_a_(tg_keep_constant_(r, x)) | tg_as_b_(y.at_), v);
  return tg_push_binary_(op, tg_constant(x), y, v);
}

/* ORDER OP: the opcodes recorded inline; the head of the enum that ops.h grows from ops.def. */
enum { TG_CODE_ADD_ = 4, TG_CODE_SUB_ = 7, TG_CODE_MUL_ = 10, TG_CODE_DIVIDE_ = 13 };

#ifdef __cplusplus
}
#endif
#endif
