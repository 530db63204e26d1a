/* What a run refuses before it begins, and the words for it: settings out of range, options out of range,
 * callbacks that are missing. */
#include <math.h>

#include "method.h"
#include "schedule.h"
#include "tapegrad/optim.h"

/* False for NaN. */
static bool in(double x, double low, double high) { return x >= low && x < high; }

/* ---- settings ---- */

/* Settings that not every method reads: 0 where unused, never negative or NaN. */
static const char *check_ranges(const tg_method *m)
{
  if (!in(m->alpha, 0.0, INFINITY)) return "alpha must be positive and finite";
  if (!in(m->beta, 0.0, 1.0)) return "beta must lie in [0, 1)";
  if (!in(m->gamma, 0.0, 1.0)) return "gamma must lie in [0, 1)";
  if (!in(m->epsilon, 0.0, INFINITY)) return "epsilon must be at least 0 and finite";
  if (!in(m->p, 0.0, INFINITY)) return "p must be at least 1 and finite";
  if (!in(m->decay, 0.0, INFINITY)) return "decay must be at least 0 and finite";
  if (!in(m->clip_norm, 0.0, INFINITY)) return "clip_norm must be at least 0 and finite";
  if (!in(m->clip_value, 0.0, INFINITY)) return "clip_value must be at least 0 and finite";
  if (!in(m->factor, 0.0, 1.0)) return "factor must lie in [0, 1)";
  if (!in(m->radius, 0.0, INFINITY)) return "radius must be positive and finite";
  if (!(m->armijo >= 0.0 && m->armijo <= 1.0)) return "armijo must lie in [0, 1]";
  if (!in(m->wolfe, 0.0, 1.0)) return "wolfe must lie in [0, 1), above armijo where both are read";
  return NULL;
}

static const char *check_line_search(const tg_rule_ *rule, const tg_method *m)
{
  const int kind = m->line_search;
  if (kind < TG_LINE_DEFAULT || kind > TG_LINE_EXACT) return "line_search is not a tg_line_search";
  const bool own = kind == TG_LINE_DEFAULT || kind == rule->line || (kind == TG_LINE_FIXED && rule->update);
  return own || rule->line == TG_LINE_ANY_ ? NULL : "line_search: the method has no line search";
}

/* Steps are alpha(t) times a first-order method's direction, clipped and decayed. */
static bool first_order(const tg_rule_ *rule, const tg_method *m)
{
  return rule->update && m->line_search <= TG_LINE_FIXED;
}

/* Settings in range that would be ignored. */
static const char *check_unread(const tg_rule_ *rule, const tg_method *m)
{
  const bool rated =
      rule->line == TG_LINE_ANY_ && (m->line_search == TG_LINE_FIXED || m->line_search == TG_LINE_ARMIJO);
  if (first_order(rule, m)) return NULL;
  if (m->decay > 0.0) return "decay is for first-order methods without a line search";
  if (m->clip_norm > 0.0) return "clip_norm is for first-order methods without a line search";
  if (m->clip_value > 0.0) return "clip_value is for first-order methods without a line search";
  return tg_schedule_kind_(&m->schedule) != 0 && !rated
             ? "schedule: the lengths of the steps do not come from a rate"
             : NULL;
}

static tg_status refuse(tg_status why, const char *text, const char **message)
{
  if (message) *message = text;
  return why;
}

static tg_status check_settings(const tg_objective *c, const tg_method *m, const char **message)
{
  const tg_rule_ *rule = m ? tg_rule_of_(m) : NULL;
  if (!rule) return refuse(TG_E_ARGUMENT, "kind is not a method", message);
  const char *none = tg_check_objective_(c);
  if (none) return refuse(TG_E_ARGUMENT, none, message);
  const char *text = check_ranges(m);
  if (!text) text = check_line_search(rule, m);
  if (!text) text = tg_check_schedule_(&m->schedule);
  if (!text && (rule->properties & TG_FOR_ONE_PARAMETER) && c->n != 1)
    text = "the method is for one parameter";
  if (!text && (rule->properties & TG_TAKES_BOUNDS) && tg_bounded_method_(m)) text = tg_check_bounds_(c, m);
  if (!text && rule->check) text = rule->check(c, m);
  return text ? refuse(TG_E_ARGUMENT, text, message) : TG_OK;
}

/* ---- options ---- */

static const char *check_minimize_options(const tg_minimize_options *o, const tg_method *m)
{
  if (o->norm == TG_NORM_COSINE && !(tg_method_properties(m) & TG_NEEDS_RESIDUALS))
    return "norm: cosines are those of residuals, for levenberg_marquardt";
  if (!in(o->gradient_tol, 0.0, INFINITY)) return "gradient_tol must be at least 0 and finite";
  if (!in(o->step_tol, 0.0, INFINITY)) return "step_tol must be at least 0 and finite";
  if (!in(o->value_tol, 0.0, INFINITY)) return "value_tol must be at least 0 and finite";
  if (!in(o->relative_tol, 0.0, INFINITY)) return "relative_tol must be at least 0 and finite";
  if (!in(o->accuracy, 0.0, INFINITY)) return "accuracy must be at least 0 and finite";
  if (!(o->max_seconds >= 0.0)) return "max_seconds must be at least 0";
  if (o->step_norm < TG_STEP_EUCLID || o->step_norm > TG_STEP_SCALED)
    return "step_norm is not a tg_step_norm";
  return o->norm >= TG_NORM_MAX && o->norm <= TG_NORM_COSINE ? NULL : "norm is not a tg_norm";
}

static const char *check_fit_options(const tg_objective *c, const tg_fit_options *o)
{
  const tg_objective *v = o->validation;
  if (o->epochs == 0) return "epochs must be at least 1";
  if (o->batch == 0) return "batch must be at least 1";
  if (o->shuffle < TG_SHUFFLE_EPOCH || o->shuffle > TG_SHUFFLE_REPLACEMENT)
    return "shuffle is not a tg_shuffle";
  if (!(o->max_seconds >= 0.0)) return "max_seconds must be at least 0";
  if (o->patience > 0 && !v) return "patience counts validation values: it needs a validation objective";
  if (v && !v->evaluate) return "validation: the objective has no evaluate";
  return !v || v->n == c->n ? NULL : "validation: the objective has another number of parameters";
}

/* ---- what the objective gives ---- */

/* The callback that the method needs and the objective lacks. */
static const char *missing(unsigned properties, const tg_objective *c)
{
  if ((properties & TG_NEEDS_GRADIENT) && !c->evaluate) return "the method needs objective.evaluate";
  if ((properties & TG_NEEDS_PRODUCT) && !c->hvp) return "the method needs objective.hvp";
  if ((properties & TG_NEEDS_HESSIAN) && !c->hessian && !c->hvp)
    return "the method needs objective.hessian or objective.hvp";
  if (!(properties & TG_NEEDS_RESIDUALS)) return NULL;
  if (!c->residual) return "the method needs objective.residual";
  return c->residuals > 0 ? NULL : "the method needs objective.residuals, their number";
}

/* Without a line search: tg_fit and tg_run_update. */
static const char *check_steps(const tg_method *m)
{
  if (!(tg_method_properties(m) & TG_TAKES_BATCHES)) return "the method is not of first order";
  return tg_bounded_method_(m) ? "the method knows neither bounds nor an l1 term" : NULL;
}

tg_status tg_minimize_check(const tg_objective *c, const tg_method *m, const tg_minimize_options *o,
                            const char **message)
{
  const tg_status status = check_settings(c, m, message);
  if (status) return status;
  const tg_rule_ *rule = tg_rule_of_(m);
  const char *text = o ? check_minimize_options(o, m) : NULL;
  if (!text) text = check_unread(rule, m);
  if (text) return refuse(TG_E_ARGUMENT, text, message);
  const unsigned properties = tg_method_properties(m);
  if (tg_bounded_method_(m) && !(properties & TG_TAKES_BOUNDS))
    return refuse(TG_E_METHOD, "the method knows neither bounds nor an l1 term", message);
  text = missing(properties, c);
  return text ? refuse(TG_E_METHOD, text, message) : refuse(TG_OK, tg_status_string(TG_OK), message);
}

tg_status tg_method_check(const tg_objective *c, const tg_method *m, const char **message)
{
  return tg_minimize_check(c, m, NULL, message);
}

/* The last check of what the driver takes as steps of alpha(t). */
static tg_status check_length(const tg_method *m, const char **message)
{
  if (m->line_search > TG_LINE_FIXED)
    return refuse(TG_E_ARGUMENT, "line_search: the steps are alpha(t) here, not searched for", message);
  return refuse(TG_OK, tg_status_string(TG_OK), message);
}

tg_status tg_fit_check(const tg_objective *c, const tg_method *m, const tg_fit_options *o,
                       const char **message)
{
  const tg_status status = check_settings(c, m, message);
  if (status) return status;
  const char *text = o ? check_fit_options(c, o) : NULL;
  if (text) return refuse(TG_E_ARGUMENT, text, message);
  text = check_steps(m);
  if (!text && !c->batch) text = "tg_fit needs objective.batch";
  if (!text && c->samples == 0) text = "tg_fit needs objective.samples, their number";
  return text ? refuse(TG_E_METHOD, text, message) : check_length(m, message);
}

tg_status tg_update_check(const tg_objective *c, const tg_method *m, const tg_minimize_options *o,
                          const char **message)
{
  const tg_status status = check_settings(c, m, message);
  if (status) return status;
  const char *text = o ? check_minimize_options(o, m) : NULL;
  if (text) return refuse(TG_E_ARGUMENT, text, message);
  text = check_steps(m);
  if (!text && !(tg_method_properties(m) & TG_TAKES_UPDATES))
    text = "the method takes its gradient elsewhere than at theta";
  return text ? refuse(TG_E_METHOD, text, message) : check_length(m, message);
}
