#include "analyse.h"

#include <string.h>

void tg_program_depends_(const tg_program_ *p, const uint8_t *input, uint8_t *depends)
{
  for (uint32_t v = 0; v < p->count; v++) {
    const tg_value_ *x = &p->values[v];
    depends[v] = x->kind == TG_VALUE_INPUT && input[v] != 0;
    if (x->kind == TG_VALUE_OUTPUT && x->operand[1] > 0) {
      depends[v] = depends[v - 1];
      continue;
    }
    const tg_arguments_ operands = tg_value_arguments_(p, v);
    for (uint32_t k = 0; k < operands.count && !depends[v]; k++) depends[v] = depends[operands.value[k]];
  }
}

/* Is the call used whose first output is v? */
static bool call_is_used(const tg_program_ *p, uint32_t v, const uint32_t *uses)
{
  const tg_nary_ *what = &p->calls[p->values[v].operand[0]].what;
  for (uint32_t j = 0; j < what->m; j++)
    if (uses[v + j] > 0) return true;
  return false;
}

/* Is v needed whether or not something uses it? */
static bool for_itself(const tg_program_ *p, uint32_t v, const tg_need_ *need)
{
  const tg_value_ *x = &p->values[v];
  if (x->kind == TG_VALUE_GUARD) return need->guards;
  return need->custom && x->kind == TG_VALUE_OUTPUT && x->operand[1] == 0 &&
         p->calls[x->operand[0]].what.kind == TG_NARY_custom;
}

/* Operands come before what uses them, hence one pass downwards; a call is looked at by its first output. */
void tg_program_uses_(const tg_program_ *p, const tg_need_ *need, uint32_t *uses)
{
  if (p->count > 0) memset(uses, 0, p->count * sizeof *uses);
  for (size_t i = 0; i < need->count; i++) uses[need->value[i]]++;
  for (uint32_t v = (uint32_t)p->count; v-- > 0;) {
    const tg_value_ *x = &p->values[v];
    if (need->within && !need->within[v]) continue;
    if (for_itself(p, v, need)) uses[v]++;
    if (x->kind == TG_VALUE_OUTPUT ? x->operand[1] > 0 || !call_is_used(p, v, uses) : uses[v] == 0) continue;
    const tg_arguments_ operands = tg_value_arguments_(p, v);
    for (uint32_t k = 0; k < operands.count; k++) uses[operands.value[k]]++;
  }
}
