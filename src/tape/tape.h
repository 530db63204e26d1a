/* The tape's storage, for src/ad alone: nodes, constants, operand lists, live pointers and the first failure.
 *
 * A node holds an opcode in bits 0-7 of its word and two operands of 28 bits; what an opcode means is ops.def's
 * business. All the tape knows is where operands live:
 *   unary   a = node
 *   binary  a, b = nodes; opcode + 1: b = constant; opcode + 2: a = constant
 *   longer  a = where its operands begin in `operands`, entries with the top bit set being constants
 * and that the first opcodes are its own: input, live, further output (b-th output of node a), n-ary (a = record). */
#ifndef TG_TAPE_H
#define TG_TAPE_H

#include "tapegrad/tape.h"

#include "memory.h"

#include <assert.h>

enum { TG_MAX_NODES = (1 << 28) - 16 };
#define TG_CONSTANT_OPERAND 0x80000000u

/* ORDER OP */
enum { TG_OP_input, TG_OP_live, TG_OP_output, TG_OP_nary, TG_OP_first };

static inline unsigned tg_opcode_(uint64_t word) { return (unsigned)(word & 255); }
static inline uint32_t tg_operand_a_(uint64_t word) { return (uint32_t)(word >> 8) & 0xFFFFFFFu; }
static inline uint32_t tg_operand_b_(uint64_t word) { return (uint32_t)(word >> 36); }
static inline uint64_t tg_word_(unsigned op, uint32_t a, uint32_t b)
{
  return op | (uint64_t)a << 8 | (uint64_t)b << 36;
}

/* What a built-in n-ary operation finds behind its `user` pointer. */
typedef struct tg_nary_shape_ {
  size_t columns;      /* of an affine map */
  bool bias;           /* an affine map has one */
  bool masked;         /* rule R5: a product with a factor that is exactly zero contributes zero */
  const double *along; /* at second order the operands' tangents, for one-sided partials; or NULL */
} tg_nary_shape_;

/* One n-ary operation: `n` entries of `operands` from `first`, `m` outputs in consecutive nodes. */
typedef struct tg_nary_ {
  const tg_custom_op *op;
  void *user;                      /* what its functions get if it is custom */
  tg_nary_shape_ shape;            /* what they get if it is built in */
  unsigned kind;                   /* which built-in operation (tg_nary_kind_); 0: custom */
  const struct tg_engine_ *engine; /* an operation of the engine's own: engine.h; or NULL */
  uint32_t first, n, m;
} tg_nary_;

/* Why a tape failed, and where; the text is made on demand by src/ad, which knows the names. */
typedef struct tg_failure_ {
  tg_status status;
  unsigned op;
  uint32_t node;
  const char *detail;
} tg_failure_;

struct tg_tape {
  tg_recorder_ r; /* first: tg_active_ points here */
  uint32_t *operands;
  size_t operand_count, operand_capacity;
  tg_nary_ *nary;
  size_t nary_count, nary_capacity, nary_widest; /* widest: most operands plus outputs of one operation */
  const double **live;
  size_t live_count, live_capacity;
  bool recording, point_dependent;
  tg_recorder_ *outer;
  tg_failure_ failure; /* the first while recording */
  tg_failure_ fault;   /* of the last sweep */
  char message[200];
  /* What sweeps compute, by node: tangents, adjoints, tangents of adjoints. */
  double *work[3];
  size_t work_capacity[3];
  double *scratch; /* TG_SCRATCH_PARTS x nary_widest: operands and results of one n-ary operation */
  size_t scratch_capacity;
};

enum { TG_TANGENT, TG_ADJOINT, TG_SECOND };
enum { TG_SCRATCH_PARTS = 5 };

static inline uint32_t tg_size_(const tg_tape *t) { return (uint32_t)t->r.at_; }
static inline uint32_t tg_id_(const tg_tape *t) { return (uint32_t)(t->r.at_ >> 32); }

/* Drop the last nodes, leaving `size`. */
static inline void tg_tape_rewind_(tg_tape *t, uint32_t size)
{
  assert(size <= tg_size_(t));
  t->r.at_ = (uint64_t)tg_id_(t) << 32 | size;
}

static inline bool tg_is_input_(const tg_tape *t, uint32_t node)
{
  assert(node < tg_size_(t));
  return tg_opcode_(t->r.nodes_[node].word_) == TG_OP_input;
}

/* The active tape, or NULL. */
tg_tape *tg_tape_active_(void);

/* No tape records until resumed with the answer: callbacks of custom operations compute for themselves. */
tg_recorder_ *tg_tape_suspend_(void);
static inline void tg_tape_resume_(tg_recorder_ *r) { tg_active_ = r; }

/* Take t out of this thread's stack of recording tapes, wherever in it t is. */
void tg_tape_stop_(tg_tape *t);

void tg_tape_fail_(tg_tape *t, tg_status status, unsigned op, const char *detail);

/* Room for `count` elements of *block, at least doubling; *capacity follows. Keeps the contents. */
bool tg_reserve_(void **block, size_t *capacity, size_t count, size_t size);

/* Make room for the next operations before they are recorded, so that a failure leaves the tape as it is. */
tg_var tg_push_node_(tg_tape *t, unsigned op, uint32_t a, uint32_t b, double v);
bool tg_push_constant_(tg_tape *t, double c, uint32_t *index);
bool tg_push_operand_(tg_tape *t, unsigned op, tg_var x);

/* Does x belong to t (or is it a constant)? If not, the tape fails in the name of `op`. */
bool tg_owns_(tg_tape *t, unsigned op, tg_var x);

/* A var that belongs to no tape: the result of an operation on vars while nothing records. */
static inline tg_var tg_nowhere_(double v)
{
  const tg_var r = {v, (uint64_t)UINT32_MAX << 32};
  return r;
}

static inline bool tg_is_constant_(tg_var v) { return v.at_ == 0; }

/* A copy of everything recorded (not of sweeps): the destination is cleared and never active. */
tg_status tg_tape_copy_(tg_tape *to, const tg_tape *from);

/* An entry names an operand: a node or, with the top bit set, a constant. */
static inline bool tg_is_constant_entry_(uint32_t entry) { return (entry & TG_CONSTANT_OPERAND) != 0; }
static inline double tg_entry_constant_(const tg_tape *t, uint32_t entry)
{
  return t->r.constants_[entry & ~TG_CONSTANT_OPERAND];
}
static inline double tg_entry_value_(const tg_tape *t, uint32_t entry)
{
  return tg_is_constant_entry_(entry) ? tg_entry_constant_(t, entry) : t->r.nodes_[entry].primal_;
}

#endif
