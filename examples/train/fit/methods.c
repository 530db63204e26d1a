#include "methods.h"

#include <stddef.h>
#include <string.h>

static unsigned properties_of(const char *name)
{
  tg_method m;
  return tg_method_named(&m, name) == TG_OK ? tg_method_properties(&m) : 0;
}

bool method_exists(const char *name)
{
  tg_method m;
  const bool own = strcmp(name, "auto") == 0 || strcmp(name, "proximal") == 0;
  return own || tg_method_named(&m, name) == TG_OK;
}

/* Gradient descent takes mini-batches too, but here sees all rows, as all that can search along a line do. */
bool method_sees_batches(const char *name)
{
  return (properties_of(name) & (TG_TAKES_BATCHES | TG_TAKES_LINE_SEARCH)) == TG_TAKES_BATCHES;
}

bool method_has_rate(const char *name) { return (properties_of(name) & TG_TAKES_BATCHES) != 0; }

bool method_fits(const tg_method *m)
{
  return (tg_method_properties(m) & (TG_NEEDS_RESIDUALS | TG_FOR_QUADRATICS | TG_FOR_ONE_PARAMETER)) == 0;
}

bool method_takes_lasso(const tg_method *m) { return (tg_method_properties(m) & TG_TAKES_BOUNDS) != 0; }

bool method_needs_curvature(const tg_method *m)
{
  return (tg_method_properties(m) & (TG_NEEDS_PRODUCT | TG_NEEDS_HESSIAN)) != 0;
}
