/* The table of opcodes, and the names of nodes. */
#include "ops.h"

const tg_op_info_ tg_ops_[TG_OP_count] = {
/* Field by field: several rows may speak of one operation. */
#define INFO(op, text, operands, compares) [op].name = text, [op].form = operands, [op].guard = compares
    INFO(TG_OP_input, "input", TG_FORM_none, false), INFO(TG_OP_live, "live", TG_FORM_none, false),
    INFO(TG_OP_output, "output", TG_FORM_output, false), INFO(TG_OP_nary, "n-ary", TG_FORM_list, false),
#define BINARY_FORMS(name, guard)                                                                            \
  INFO(TG_OP_##name, #name, TG_FORM_xy, guard), INFO(TG_OP_##name##_vc, #name, TG_FORM_xc, guard),           \
      INFO(TG_OP_##name##_cv, #name, TG_FORM_cy, guard),
/* clang-format off */
#define UNARY(name, ...) INFO(TG_OP_##name, #name, TG_FORM_x, false),
#define BINARY(name, ...) BINARY_FORMS(name, false)
#define TERNARY(name, ...) INFO(TG_OP_##name, #name, TG_FORM_xyz, false),
#define GUARD(name, ...) BINARY_FORMS(name, true)
#define KINK(name, ...) [TG_OP_##name].kinked = true,
#define PROPERTIES(name, bits) [TG_OP_##name].properties = bits,
#include "ops.def"
    /* clang-format on */
};

const char *tg_node_name_(const tg_tape *t, uint32_t node)
{
  if (node >= tg_size_(t)) return "?";
  const uint64_t word = t->r.nodes_[node].word_;
  const unsigned op = tg_opcode_(word);
  if (op == TG_OP_nary) {
    const char *const name = t->nary[tg_operand_a_(word)].op->name;
    return name ? name : "custom";
  }
  return op < TG_OP_count ? tg_ops_[op].name : "?";
}
