/* Rule R5: a product of a partial and a tangent or adjoint counts as zero where either factor is exactly zero, at second
 * order each product of the three. So the branch of `where` that is not taken cannot poison a result with 0 * inf.
 *
 * The rule is dear, and without effect where all is finite. So sweeps run without it first ("unmasked"), and only where
 * a result is NaN the whole sweep runs again with it ("masked"). The lanes do the same block by block and chunk by
 * chunk, with vectors of their own. */
#ifndef TG_ZERO_RULE_H
#define TG_ZERO_RULE_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

static inline double tg_masked_product_(double a, double b, bool masked)
{
  return masked && (a == 0.0 || b == 0.0) ? 0.0 : a * b;
}

static inline bool tg_any_nan_(const double *values, size_t n)
{
  bool nan = false;
  for (size_t i = 0; i < n; i++) nan |= isnan(values[i]);
  return nan;
}

/* The attempts at a sweep, from its seeds on. The body sets `nan` if a result is NaN; *zero_rule counts the sweeps that
 * needed the rule.
 *
 *   for (tg_attempt_ a = {0}; tg_attempt_again_(&a, &zero_rule);) {
 *     ... seed, sweep as a.masked says, and look at the results for a.nan ...
 *   } */
typedef struct tg_attempt_ {
  unsigned made;
  bool masked, nan;
} tg_attempt_;

static inline bool tg_attempt_again_(tg_attempt_ *a, size_t *zero_rule)
{
  if (a->made > 0 && (a->masked || !a->nan)) return false;
  a->masked = a->made++ > 0;
  a->nan = false;
  *zero_rule += a->masked;
  return true;
}

#endif
