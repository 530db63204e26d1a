/* A program in words, as shown at the head of program.h. */
#include "program.h"

#include <inttypes.h>

static const char *op_name(const tg_program_ *p, const tg_value_ *v)
{
  if (v->kind != TG_VALUE_OUTPUT) return tg_ops_[v->op].name;
  const char *name = p->calls[v->operand[0]].what.op->name;
  return name ? name : "custom";
}

static void print_operands(const tg_program_ *p, uint32_t value, FILE *out)
{
  const tg_arguments_ x = tg_value_arguments_(p, value);
  for (uint32_t k = 0; k < x.count; k++) fprintf(out, " v%" PRIu32, x.value[k]);
}

static void print_value(const tg_program_ *p, uint32_t value, FILE *out)
{
  const tg_value_ *v = &p->values[value];
  fprintf(out, "v%" PRIu32 " = ", value);
  switch (v->kind) {
  case TG_VALUE_INPUT: fprintf(out, "input %" PRIu32, value); break;
  case TG_VALUE_HELD: fprintf(out, "held at %.17g", v->number); break;
  case TG_VALUE_LIVE: fputs("live", out); break;
  case TG_VALUE_CONSTANT: fprintf(out, "%.17g", v->number); break;
  case TG_VALUE_OUTPUT:
    if (v->operand[1] > 0) {
      fprintf(out, "output %" PRIu32 " of v%" PRIu32, v->operand[1], value - v->operand[1]);
      break;
    }
    /* fall through */
  default:
    if (v->kind == TG_VALUE_GUARD) fputs(v->expected ? "guard " : "guard not ", out);
    fputs(op_name(p, v), out);
    print_operands(p, value, out);
  }
  fputs("\n", out);
}

tg_status tg_program_print_(const tg_program_ *p, FILE *out)
{
  for (uint32_t v = 0; v < p->count; v++) print_value(p, v, out);
  for (size_t k = 0; k < p->output_count; k++) fprintf(out, "output %zu = v%" PRIu32 "\n", k, p->outputs[k]);
  return ferror(out) ? TG_E_CALLBACK : TG_OK;
}
