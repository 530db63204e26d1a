/* Elementary operations, a row of ops.def each, over the lanes of a block.
 *
 * Partials are vectors. Many need no computing: a row says that its partial is zero, one, or an operand (tg_row_forms_).
 * Operations whose derivative nearly comes with their value (tg_has_pair_) keep it from the forward pass in a slot.
 *
 * At second order a kink, such as that of abs at 0, takes the partials of the side that the tangents point to: the lanes
 * that stand at a kink are found and their entries replaced. */
#include <assert.h>

#include "kinks.h"
#include "steps.h"

/* At most three, which an analyser must be told. */
static unsigned arity_of(const tg_body_step_ *s)
{
  assert(s->arity >= 1 && s->arity <= 3);
  return s->arity < 3 ? s->arity : 3;
}

static const double *operand_or_null(const tg_worker_ *w, const tg_body_step_ *s, unsigned k)
{
  return k < arity_of(s) ? tg_operand_(w, s->operand[k]) : NULL;
}

static const tg_row_kernels_ *row_of(const tg_worker_ *w, const tg_body_step_ *s)
{
  return &w->kernels->rows[s->op];
}

void tg_element_step_forward_(const tg_worker_ *w, const tg_body_step_ *s)
{
  if (w->mode != TG_RUN_VALUE && tg_has_pair_(s->op)) {
    w->kernels->pair(s->op, tg_operand_(w, s->operand[0]), w->slot + s->out, w->slot + s->partial, w->lanes);
    return;
  }
  row_of(w, s)->value(tg_operand_(w, s->operand[0]), operand_or_null(w, s, 1), operand_or_null(w, s, 2),
                      w->slot + s->out, w->lanes);
}

/* The vector of a partial: NULL where it is zero. */
static const double *partial(const tg_worker_ *w, const tg_body_step_ *s, tg_partial_form_ form,
                             const double *general)
{
  switch (form) {
  case TG_ZERO: return NULL;
  case TG_ONE: return w->temporary[ONES];
  case TG_MINUS_ONE: return w->temporary[MINUS_ONES];
  case TG_IS_X: return tg_operand_(w, s->operand[0]);
  case TG_IS_Y: return tg_operand_(w, s->operand[1]);
  case TG_IS_V: return w->slot + s->out;
  case TG_GENERAL: break;
  }
  return general;
}

static void first_partials(const tg_worker_ *w, const tg_body_step_ *s, const double **d)
{
  const tg_partial_form_ *form = s->forms.first;
  bool general = false;
  if (tg_has_pair_(s->op)) {
    d[0] = s->passive[0] ? NULL : w->slot + s->partial;
    return;
  }
  for (unsigned k = 0; k < arity_of(s); k++) general = general || (form[k] == TG_GENERAL && !s->passive[k]);
  if (general)
    row_of(w, s)->first(tg_operand_(w, s->operand[0]), operand_or_null(w, s, 1), operand_or_null(w, s, 2),
                        w->slot + s->out, w->temporary + FIRST_PARTIAL, w->lanes);
  for (unsigned k = 0; k < arity_of(s); k++)
    d[k] = s->passive[k] ? NULL : partial(w, s, form[k], w->temporary[FIRST_PARTIAL + k]);
}

/* h[k][l], symmetric. */
static bool second_partials(const tg_worker_ *w, const tg_body_step_ *s, const double *h[3][3])
{
  static const unsigned at[3][3] = {{TG_XX, TG_XY, TG_XZ}, {TG_XY, TG_YY, TG_YZ}, {TG_XZ, TG_YZ, TG_ZZ}};
  bool general = false, any = false;
  for (unsigned k = 0; k < arity_of(s); k++)
    for (unsigned l = 0; l < arity_of(s); l++) {
      const tg_partial_form_ form = s->passive[k] || s->passive[l] ? TG_ZERO : s->forms.second[at[k][l]];
      general = general || form == TG_GENERAL;
      any = any || form != TG_ZERO;
      h[k][l] = partial(w, s, form, w->temporary[SECOND_PARTIAL + at[k][l]]);
    }
  if (general)
    row_of(w, s)->second(tg_operand_(w, s->operand[0]), operand_or_null(w, s, 1), operand_or_null(w, s, 2),
                         w->slot + s->out, w->temporary + SECOND_PARTIAL, w->lanes);
  return any;
}

/* ---- kinks ---- */

/* The partials of lane l at a kink, zero to and among passive operands. */
static void sided_partials(const tg_worker_ *w, const tg_body_step_ *s, size_t l, tg_sided_ *p)
{
  double x[3] = {0.0}, a[3] = {0.0};
  for (unsigned k = 0; k < arity_of(s); k++) {
    x[k] = tg_operand_(w, s->operand[k])[l];
    a[k] = s->passive[k] ? 0.0 : w->tangent[s->operand[k] + l];
  }
  tg_one_sided_(s->op, x, a, p);
}

static bool lane_at_kink(const tg_worker_ *w, const tg_body_step_ *s, size_t l)
{
  double x[3] = {0.0};
  for (unsigned k = 0; k < arity_of(s); k++) x[k] = tg_operand_(w, s->operand[k])[l];
  return tg_at_kink_(s->op, x[0], x[1], x[2]);
}

static bool any_kink(const tg_worker_ *w, const tg_body_step_ *s)
{
  return (w->mode == TG_RUN_SECOND || w->mode == TG_RUN_HESSIAN) &&
         tg_any_kink_(s->op, tg_operand_(w, s->operand[0]), operand_or_null(w, s, 1),
                      operand_or_null(w, s, 2), w->lanes);
}

/* The vectors of first partials, copied, with those of the lanes at a kink in their place. */
static void side_first(const tg_worker_ *w, const tg_body_step_ *s, const double **d)
{
  for (unsigned k = 0; k < arity_of(s); k++) {
    if (s->passive[k]) continue;
    double *to = w->temporary[SIDED + k];
    if (d[k] != NULL)
      memcpy(to, d[k], w->lanes * sizeof *to);
    else
      tg_zeros_(to, w->lanes);
    d[k] = to;
  }
  for (size_t l = 0; l < w->lanes; l++) {
    tg_sided_ p;
    if (!lane_at_kink(w, s, l)) continue;
    sided_partials(w, s, l, &p);
    for (unsigned k = 0; k < arity_of(s); k++) w->temporary[SIDED + k][l] = p.first[k];
  }
}

/* Likewise the second partials, in the temporaries where they are: a partial that is zero everywhere stays so. */
static void side_second(const tg_worker_ *w, const tg_body_step_ *s)
{
  static const unsigned at[2][2] = {{TG_XX, TG_XY}, {TG_XY, TG_YY}};
  for (size_t l = 0; l < w->lanes; l++) {
    tg_sided_ p;
    if (!lane_at_kink(w, s, l)) continue;
    sided_partials(w, s, l, &p);
    for (unsigned j = 0; j < 2; j++)
      for (unsigned k = 0; k < 2; k++) w->temporary[SECOND_PARTIAL + at[j][k]][l] = p.second[j][k];
    for (unsigned k = 0; s->arity == 3 && k < TG_SECONDS; k++) w->temporary[SECOND_PARTIAL + k][l] = 0.0;
  }
}

/* t += d u, d perhaps a vector of ones. */
static void accumulate(const tg_worker_ *w, double *t, const double *d, const double *u)
{
  if (d == NULL) return;
  if (d == w->temporary[ONES])
    w->kernels->add(t, u, w->lanes);
  else if (d == w->temporary[MINUS_ONES])
    w->kernels->subtract(t, u, w->lanes);
  else
    tg_add_product_(w, t, d, u);
}

void tg_element_step_tangent_(const tg_worker_ *w, const tg_body_step_ *s)
{
  const double *d[3] = {NULL, NULL, NULL};
  first_partials(w, s, d);
  if (any_kink(w, s)) side_first(w, s, d);
  tg_zeros_(w->tangent + s->out, w->lanes);
  for (unsigned k = 0; k < arity_of(s); k++)
    if (d[k] != NULL) accumulate(w, w->tangent + s->out, d[k], w->tangent + s->operand[k]);
}

void tg_element_step_backward_(const tg_worker_ *w, const tg_body_step_ *s, bool second)
{
  const double *d[3] = {NULL, NULL, NULL}, *h[3][3];
  first_partials(w, s, d);
  const bool kink = second && any_kink(w, s);
  for (unsigned k = 0; k < arity_of(s) && !w->directional; k++)
    accumulate(w, w->bar + s->operand[k], d[k], w->bar + s->out);
  if (!second) return;
  if (kink) side_first(w, s, d);
  for (unsigned k = 0; k < arity_of(s); k++)
    accumulate(w, w->bar_dot + s->operand[k], d[k], w->bar_dot + s->out);
  if (!second_partials(w, s, h)) return;
  if (kink) side_second(w, s);
  for (unsigned k = 0; k < arity_of(s); k++) {
    double *curve = w->temporary[SUM];
    bool any = false;
    tg_zeros_(curve, w->lanes);
    for (unsigned l = 0; l < arity_of(s); l++) {
      if (h[k][l] == NULL) continue;
      accumulate(w, curve, h[k][l], w->tangent + s->operand[l]);
      any = true;
    }
    if (any) tg_add_product_(w, w->bar_dot + s->operand[k], curve, w->bar + s->out);
  }
}
