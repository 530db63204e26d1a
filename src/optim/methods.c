#include <math.h>
#include <string.h>

#include "box.h"
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

tg_status tg_method_named(tg_method *m, const char *name)
{
  if (!m || !name) return TG_E_ARGUMENT;
  for (int i = 0; i < TG_METHOD_COUNT_; i++)
    if (strcmp(table[i]->name, name) == 0) {
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

const char *tg_method_list(size_t i)
{
  return i < TG_METHOD_COUNT_ ? table[i]->name : NULL;
}

/* False for NaN. */
static bool in(double x, double low, double high)
{
  return x >= low && x < high;
}

const char *tg_check_first_order_(const tg_objective *c, const tg_method *m)
{
  (void)c;
  if (!(m->alpha > 0.0 && m->alpha < INFINITY)) return "alpha must be positive and finite";
  if (!in(m->beta, 0.0, 1.0)) return "beta must lie in [0, 1)";
  if (!in(m->gamma, 0.0, 1.0)) return "gamma must lie in [0, 1)";
  if (!in(m->epsilon, 0.0, INFINITY)) return "epsilon must be at least 0 and finite";
  if (!in(m->decay, 0.0, INFINITY)) return "decay must be at least 0 and finite";
  if (!in(m->clip_norm, 0.0, INFINITY)) return "clip_norm must be at least 0 and finite";
  if (!in(m->clip_value, 0.0, INFINITY)) return "clip_value must be at least 0 and finite";
  return NULL;
}

const char *tg_check_line_(const tg_method *m)
{
  if (m->line_search < TG_LINE_DEFAULT || m->line_search > TG_LINE_EXACT)
    return "line_search is not a tg_line_search";
  if (m->line_search == TG_LINE_FIXED || m->line_search == TG_LINE_ARMIJO) {
    if (!(m->alpha > 0.0 && m->alpha < INFINITY)) return "alpha must be positive and finite";
    if (!in(m->factor, 0.0, 1.0)) return "factor must lie in [0, 1)";
  }
  if (m->line_search == TG_LINE_FIXED) return NULL;
  if (!(m->armijo > 0.0 && m->armijo < 0.5)) return "armijo must lie in (0, 1/2)";
  if (!(m->wolfe > m->armijo && m->wolfe < 1.0)) return "wolfe must lie in (armijo, 1)";
  return NULL;
}

const char *tg_missing_gradient_(const tg_objective *c, const tg_method *m)
{
  (void)m;
  return c->evaluate ? NULL : "the method needs objective.evaluate";
}

static tg_status refuse(tg_status why, const char *text, const char **message)
{
  if (message) *message = text;
  return why;
}

tg_status tg_settings_check_(const tg_objective *c, const tg_method *m, const char **message)
{
  const tg_rule_ *rule = m ? tg_rule_of_(m) : NULL;
  if (!rule) return refuse(TG_E_ARGUMENT, "kind is not a method", message);
  if (!c || c->n == 0) return refuse(TG_E_ARGUMENT, "the objective has no parameters", message);
  const char *text = rule->check ? rule->check(c, m) : NULL;
  return text ? refuse(TG_E_ARGUMENT, text, message) : TG_OK;
}

tg_status tg_method_check(const tg_objective *c, const tg_method *m, const char **message)
{
  const tg_status status = tg_settings_check_(c, m, message);
  if (status) return status;
  const tg_rule_ *rule = tg_rule_of_(m);
  if (tg_boxed_(m) && !rule->boxes)
    return refuse(TG_E_METHOD, "the method knows neither bounds nor an l1 term", message);
  const char *text = rule->missing ? rule->missing(c, m) : tg_missing_gradient_(c, m);
  return text ? refuse(TG_E_METHOD, text, message) : refuse(TG_OK, tg_status_string(TG_OK), message);
}
