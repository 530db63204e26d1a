#include "run.h"

static const tg_rule_ *const table[] = {
#define TG_METHOD(name) &tg_##name##_rule_,
#include "methods.def"
#undef TG_METHOD
};

const tg_rule_ *tg_rule_of_(const tg_method *m)
{
  return m->kind >= 0 && m->kind < TG_METHOD_COUNT_ ? table[m->kind] : NULL;
}

/* '-' for '_' is a matter of taste. */
static bool same_name(const char *name, const char *asked)
{
  while (*name && (*name == *asked || (*name == '_' && *asked == '-'))) name++, asked++;
  return *name == *asked;
}

tg_status tg_method_named(tg_method *m, const char *name)
{
  if (!m || !name) return TG_E_ARGUMENT;
  for (int i = 0; i < TG_METHOD_COUNT_; i++)
    if (same_name(table[i]->name, name)) {
      *m = table[i]->make();
      return TG_OK;
    }
  return TG_E_ARGUMENT;
}

const char *tg_method_name(const tg_method *m)
{
  const tg_rule_ *rule = m ? tg_rule_of_(m) : NULL;
  return rule ? rule->name : NULL;
}

/* What the fields of its rule show is not said twice. */
unsigned tg_method_properties(const tg_method *m)
{
  const tg_rule_ *rule = m ? tg_rule_of_(m) : NULL;
  if (!rule) return 0;
  unsigned all = rule->properties;
  if (!(all & TG_NEEDS_RESIDUALS)) all |= TG_NEEDS_GRADIENT;
  if (rule->update) all |= TG_TAKES_BATCHES;
  if (rule->update && !rule->look) all |= TG_TAKES_UPDATES;
  if (rule->line == TG_LINE_ANY_) all |= TG_TAKES_LINE_SEARCH;
  if (rule->curvature) all |= TG_IS_SECOND_ORDER;
  return all;
}

const char *tg_method_list(size_t i) { return i < TG_METHOD_COUNT_ ? table[i]->name : NULL; }
