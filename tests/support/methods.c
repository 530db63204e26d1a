#include "methods.h"

bool method_has(const tg_method *m, unsigned properties)
{
  return (tg_method_properties(m) & properties) == properties;
}

bool methods_next(size_t *row, unsigned with, unsigned without, tg_method *m)
{
  while (tg_method_list(*row)) {
    if (tg_method_named(m, tg_method_list((*row)++)) != TG_OK) return false;
    if (method_has(m, with) && !(tg_method_properties(m) & without)) return true;
  }
  return false;
}
