/* The opcodes and what is known of each, grown from the rows of ops.def. A binary operation has three opcodes by which of
 * its operands are nodes and which constants; tables are by the first of them, the base. */
#ifndef TG_OPS_H
#define TG_OPS_H

#include <assert.h>

#include "tape.h"

/* ORDER OP: the frequent operations come first, so that the opcodes recorded inline (var.h) stay put. */
enum tg_opcode_ {
  TG_OP_before_rows = TG_OP_first - 1,
#define BINARY(name, ...) TG_OP_##name, TG_OP_##name##_vc, TG_OP_##name##_cv,
#include "ops.def"
#define GUARD(name, ...) TG_OP_##name, TG_OP_##name##_vc, TG_OP_##name##_cv,
#include "ops.def"
#define UNARY(name, ...) TG_OP_##name,
#include "ops.def"
#define TERNARY(name, ...) TG_OP_##name,
#include "ops.def"
  TG_OP_count
};

_Static_assert((int)TG_OP_add == TG_CODE_ADD_ && (int)TG_OP_sub == TG_CODE_SUB_ &&
                   (int)TG_OP_mul == TG_CODE_MUL_ && (int)TG_OP_divide == TG_CODE_DIVIDE_,
               "ops.def must begin with the operations that var.h records inline");
_Static_assert((int)TG_OP_count <= 256, "an opcode is one byte");

typedef enum tg_form_ {
  TG_FORM_none,   /* input, live */
  TG_FORM_output, /* a further output of an operation: its first one */
  TG_FORM_list,   /* n-ary: the entries of its record */
  TG_FORM_x,
  TG_FORM_xy, /* two nodes */
  TG_FORM_xc, /* node and constant */
  TG_FORM_cy, /* constant and node */
  TG_FORM_xyz /* three entries of the operand list */
} tg_form_;

/* What is known of an operation beside its formulas, from the PROPERTIES of ops.def. x, y, z are its operands. */
enum tg_property_ {
  TG_COMMUTES = 1 << 0, /* x and y may change places: the same value to the bit */
  TG_SUM = 1 << 1,      /* x + y or x - y */
  TG_PRODUCT = 1 << 2,  /* x y or x x */
  /* A polynomial of first degree in that operand, the others held. */
  TG_LINEAR_X = 1 << 3,
  TG_LINEAR_Y = 1 << 4,
  TG_LINEAR_Z = 1 << 5,
  /* A step in that operand: derivative 0 everywhere, the jumps included. */
  TG_STEP_X = 1 << 6,
  TG_STEP_Y = 1 << 7,
  TG_STEP_Z = 1 << 8,
  /* Beside LINEAR: the slope in one operand depends on the other, as in a product. */
  TG_MIXED_XY = 1 << 9,
  TG_MIXED_XZ = 1 << 10,
  TG_MIXED_YZ = 1 << 11,
  TG_SELECTS = 1 << 12 /* y or z, as x tells: the other has no part in the value */
};

typedef struct tg_op_info_ {
  const char *name;
  tg_form_ form;
  bool guard;
  bool kinked;         /* has KINK rows: by the base opcode, as the next */
  unsigned properties; /* of enum tg_property_ */
} tg_op_info_;

extern const tg_op_info_ tg_ops_[TG_OP_count];

/* The base opcode of a binary operation's forms. */
static inline unsigned tg_base_op_(unsigned op)
{
  assert(op < TG_OP_count);
  return tg_ops_[op].form == TG_FORM_xc ? op - 1 : tg_ops_[op].form == TG_FORM_cy ? op - 2 : op;
}

/* Of any opcode. */
static inline unsigned tg_properties_(unsigned op) { return tg_ops_[tg_base_op_(op)].properties; }

/* Is the operation of first degree in several operands together, the others held? Bit k of the set: operand k. */
static inline bool tg_linear_in_(unsigned op, unsigned operands)
{
  assert(operands < 8);
  const unsigned p = tg_properties_(op);
  const unsigned each = operands * TG_LINEAR_X;
  const bool xy = (operands & 3) == 3, xz = (operands & 5) == 5, yz = (operands & 6) == 6;
  const unsigned mixed = (xy ? TG_MIXED_XY : 0u) | (xz ? TG_MIXED_XZ : 0u) | (yz ? TG_MIXED_YZ : 0u);
  return (p & each) == each && (p & mixed) == 0;
}

/* The name of an operation on t, n-ary ones included. */
const char *tg_node_name_(const tg_tape *t, uint32_t node);

#endif
