/* The table of methods, and what their rules share. */
#include <math.h>

#include "method.h"

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

/* ---- shared by rules ---- */

double tg_correction_(double b, size_t t) { return b == 0.0 ? 1.0 : -expm1((double)t * log(b)); }

const char *tg_check_first_order_(const tg_objective *c, const tg_method *m)
{
  (void)c;
  return m->alpha > 0.0 ? NULL : "alpha must be positive and finite";
}

const char *tg_check_line_(const tg_method *m)
{
  const bool from_alpha = m->line_search == TG_LINE_FIXED || m->line_search == TG_LINE_ARMIJO;
  if (from_alpha && !(m->alpha > 0.0)) return "alpha must be positive and finite";
  const bool reads_wolfe = !from_alpha && m->line_search != TG_LINE_EXACT;
  return reads_wolfe && !(m->wolfe > m->armijo) ? "wolfe must lie in (armijo, 1)" : NULL;
}

const char *tg_check_radius_(const tg_objective *c, const tg_method *m)
{
  (void)c;
  return m->radius > 0.0 && m->radius < INFINITY ? NULL : "radius must be positive and finite";
}
