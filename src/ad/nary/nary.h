/* Operations with many operands: one file each, and in it the four functions of the operation (value, jvp, vjp, hvp
 * as documented at tg_custom_op), its form for plain numbers, and its recorder.
 *
 * Their user pointer is a tg_nary_shape_. Where `masked` is set, rule R5 holds (zero_rule.h). Where `along` is not NULL,
 * jvp and vjp take the partials of a kink on that side. */
#ifndef TG_NARY_H
#define TG_NARY_H

#include <math.h>

#include "nary_tape.h"
#include "tapegrad/operations.h"
#include "zero_rule.h"

#define NARY(name, ...) extern const tg_custom_op tg_nary_##name##_;
#include "nary.def"
#undef NARY

static inline bool tg_masked_(const void *user) { return ((const tg_nary_shape_ *)user)->masked; }

/* sum_i p_i (v_i - base) is more accurate with base = v_top, the entry of the largest weight, than with 0. Under the mask
 * a base that is infinite or NaN would spoil entries that do not depend on it: then the base is 0. A finite base stays,
 * so that the mask changes no bit where nothing is NaN. */
static inline double tg_base_(double top, bool masked) { return masked && !(top - top == 0.0) ? 0.0 : top; }

static inline int tg_nary_fill_(double *to, size_t n, double value)
{
  for (size_t i = 0; i < n; i++) to[i] = value;
  return 0;
}

/* sum a_i b_i. */
static inline double tg_nary_inner_(const double *a, const double *b, size_t n, bool masked)
{
  double s = 0.0;
  for (size_t i = 0; i < n; i++) s += tg_masked_product_(a[i], b[i], masked);
  return s;
}

/* What an index out of range answers to v: every partial is NaN. */
static inline double tg_nary_nowhere_(const double *v, size_t n, bool masked)
{
  double s = 0.0;
  for (size_t i = 0; i < n; i++) s += tg_masked_product_((double)NAN, v[i], masked);
  return s;
}

/* to = c x. */
static inline void tg_nary_scale_(double *to, const double *x, size_t n, double c, bool masked)
{
  for (size_t i = 0; i < n; i++) to[i] = tg_masked_product_(x[i], c, masked);
}

/* The weights p_i = exp z_i / sum_j exp z_j, and the index of the largest (k if k is 0). All -inf: weights 0;
 * infinite entries share 1 equally; a NaN spoils all. p may be z. */
size_t tg_weights_(const double *z, size_t k, double *p);
/* sum_i p_i (v_i - v[shift]), or sum_i p_i v_i if shift is k: the derivative of log_sum along v. */
double tg_weighted_(const double *z, size_t k, const double *v, size_t shift, bool masked);
/* log(sum_j exp z_j) - z[shift], or without the shift if it is k; no cancellation in either. */
double tg_log_sum_(const double *z, size_t k, size_t shift);
/* hv_i = u p_i (v_i - sum_j p_j v_j): the Hessian of log_sum times v. hv holds p on entry; top from tg_weights_. */
void tg_weights_hvp_(double *hv, const double *v, size_t k, size_t top, double u, bool masked);
/* The integer nearest to index, or k if it is none of 0 .. k-1. */
size_t tg_whole_index_(double index, size_t k);

/* ---- recording ---- */

static inline tg_segment_ tg_vars_(const tg_var *v, size_t n) { return (tg_segment_){v, NULL, n}; }
static inline tg_segment_ tg_numbers_(const double *v, size_t n) { return (tg_segment_){NULL, v, n}; }

static inline tg_var tg_nary_scalar_(tg_nary_kind_ kind, const tg_segment_ *s, size_t segments)
{
  const tg_nary_ what = tg_nary_builtin_(kind);
  tg_var y = tg_constant(0.0);
  tg_nary_record_(&what, s, segments, &y, 1);
  return y;
}

#endif
