/* Operations with many operands: their four functions against references, at edges, under rule R5, and recorded. */
#include <criterion/criterion.h>
#include <math.h>

#include "nary.h"
#include "tapegrad/tapegrad.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define INF ((double)INFINITY)

enum { WIDEST = 12 };

/* A point x, weights u of the outputs, a direction v; then what is expected, and the sums of the sizes of the terms of
 * each product. */
typedef struct reference {
  const tg_custom_op *op;
  tg_nary_shape_ shape;
  size_t n, m;
  double x[WIDEST], u[WIDEST], v[WIDEST], value[WIDEST], jvp[WIDEST], vjp[WIDEST], hvp[WIDEST];
  double jvp_size[WIDEST], vjp_size[WIDEST], hvp_size[WIDEST];
} reference;

static size_t all_references(const reference **to)
{
  static reference kept[64];
  const reference rows[] = {
#include "nary_reference.inc"
  };
  for (size_t k = 0; k < COUNT(rows); k++) kept[k] = rows[k];
  *to = kept;
  return COUNT(rows);
}

/* |got - want| in units of the last place of `size`, the size of what was summed. */
static double ulps(double got, double want, double size)
{
  if (got == want || (isnan(got) && isnan(want))) return 0.0;
  if (!isfinite(got) || !isfinite(want)) return INF;
  int e;
  (void)frexp(fmax(size, fabs(want)), &e);
  return fabs(got - want) / ldexp(1.0, e - 53 > -1074 ? e - 53 : -1074);
}

static void expect_near(const reference *r, const char *what, const double *got, const double *want,
                        const double *size, size_t count, double limit)
{
  for (size_t i = 0; i < count; i++) {
    const double u = ulps(got[i], want[i], size ? size[i] : 0.0);
    cr_expect(u <= limit, "%s of %s, x[0] = %g, entry %zu: %.17g, not %.17g (%.3g ulp)", what, r->op->name,
              r->x[0], i, got[i], want[i], u);
  }
}

Test(nary, values_and_products_agree_with_the_references)
{
  const reference *r;
  for (size_t left = all_references(&r); left > 0; left--, r++) {
    for (int masked = 0; masked < 2; masked++) {
      tg_nary_shape_ shape = r->shape;
      shape.masked = masked == 1;
      double out[WIDEST];
      cr_assert(r->op->value(r->x, r->n, out, r->m, &shape) == 0);
      expect_near(r, "value", out, r->value, NULL, r->m, 4.0);
      cr_assert(r->op->jvp(r->x, r->n, r->v, out, r->m, &shape) == 0);
      expect_near(r, "jvp", out, r->jvp, r->jvp_size, r->m, 8.0);
      cr_assert(r->op->vjp(r->x, r->n, r->u, r->m, out, &shape) == 0);
      expect_near(r, "vjp", out, r->vjp, r->vjp_size, r->n, 8.0);
      cr_assert(r->op->hvp(r->x, r->n, r->u, r->m, r->v, out, &shape) == 0);
      expect_near(r, "hvp", out, r->hvp, r->hvp_size, r->n, 16.0);
    }
  }
}

Test(nary, every_row_has_references)
{
  for (unsigned kind = 1; kind < TG_NARY_count; kind++) {
    const reference *r;
    size_t found = 0;
    for (size_t left = all_references(&r); left > 0; left--, r++) found += r->op == tg_nary_rows_[kind].op;
    cr_expect(found >= 3, "%s has %zu references, made by nary_reference.py", tg_nary_rows_[kind].op->name,
              found);
  }
}

Test(nary, jvp_and_vjp_are_transposes)
{
  const reference *r;
  for (size_t left = all_references(&r); left > 0; left--, r++) {
    tg_nary_shape_ shape = r->shape;
    double jv[WIDEST], uj[WIDEST];
    r->op->jvp(r->x, r->n, r->v, jv, r->m, &shape);
    r->op->vjp(r->x, r->n, r->u, r->m, uj, &shape);
    double size = 0.0;
    for (size_t i = 0; i < r->n; i++) size += fabs(uj[i] * r->v[i]);
    cr_expect(fabs(tg_dot_d(r->u, jv, r->m) - tg_dot_d(uj, r->v, r->n)) <= 1e-15 * size, "%s", r->op->name);
  }
}

/* ---- recorded ---- */

/* u'y for the outputs y of the reference's operation. */
static tg_var weighted(const tg_var *x, size_t n, void *user)
{
  const reference *const r = user;
  const tg_segment_ operands = tg_vars_(x, n);
  tg_nary_ what = {.op = r->op, .shape = r->shape};
  for (unsigned kind = 1; kind < TG_NARY_count; kind++)
    if (tg_nary_rows_[kind].op == r->op) what.kind = kind;
  tg_var y[WIDEST];
  tg_nary_record_(&what, &operands, 1, y, r->m);
  return tg_dot_vd_(y, r->u, r->m);
}

Test(nary, recorded_operations_agree_with_the_references)
{
  const reference *r;
  for (size_t left = all_references(&r); left > 0; left--, r++) {
    tg_function *f;
    cr_assert(tg_record(&f, weighted, r->n, r->x, (void *)r) == TG_OK);
    double value, gradient[WIDEST], hv[WIDEST], tangent;
    cr_assert(tg_gradient(f, r->x, &value, gradient) == TG_OK);
    expect_near(r, "recorded gradient", gradient, r->vjp, r->vjp_size, r->n, 8.0);
    cr_assert(tg_hvp(f, r->x, r->v, gradient, hv) == TG_OK);
    expect_near(r, "recorded hvp", hv, r->hvp, r->hvp_size, r->n, 16.0);
    cr_assert(tg_jvp(f, r->x, r->v, NULL, &tangent) == TG_OK);
    double size = 0.0;
    for (size_t i = 0; i < r->n; i++) size += fabs(gradient[i] * r->v[i]);
    cr_expect(fabs(tangent - tg_dot_d(gradient, r->v, r->n)) <= 1e-15 * size, "%s", r->op->name);
    tg_function_free(f);
  }
}

/* ---- edges ---- */

/* One output: its value and gradient, which vjp and unit jvps must agree on, and a Hessian product that must vanish. */
static void expect_gradient(const tg_custom_op *op, const double *x, size_t n, double value,
                            const double *gradient)
{
  tg_nary_shape_ shape = {0};
  const double one = 1.0;
  double out[WIDEST], v[WIDEST] = {0.0}, jv;
  op->value(x, n, out, 1, &shape);
  cr_expect(ulps(out[0], value, 0.0) <= 1.0, "%s: value %g, not %g", op->name, out[0], value);
  op->vjp(x, n, &one, 1, out, &shape);
  shape.masked = true; /* a unit direction has zeros */
  for (size_t i = 0; i < n; i++) {
    v[i] = 1.0;
    op->jvp(x, n, v, &jv, 1, &shape);
    v[i] = 0.0;
    cr_expect(ulps(out[i], gradient[i], 0.0) == 0.0, "%s: partial %zu %g, not %g", op->name, i, out[i],
              gradient[i]);
    cr_expect(ulps(jv, gradient[i], 0.0) == 0.0, "%s: jvp %zu %g, not %g", op->name, i, jv, gradient[i]);
  }
}

static void expect_no_curvature(const tg_custom_op *op, const double *x, size_t n)
{
  tg_nary_shape_ shape = {0};
  const double one = 1.0, v[WIDEST] = {1.0, -2.0, 3.0, 0.5};
  double hv[WIDEST];
  op->hvp(x, n, &one, 1, v, hv, &shape);
  for (size_t i = 0; i < n; i++) cr_expect(hv[i] == 0.0, "%s: curvature %g", op->name, hv[i]);
}

Test(nary, logsumexp_at_infinities)
{
  static const double none[2] = {-INF, -INF}, zero[2] = {0.0, 0.0}, one[2] = {INF, 0.0},
                      first[2] = {1.0, 0.0};
  static const double both[2] = {INF, INF}, halves[2] = {0.5, 0.5}, low[2] = {-INF, 3.0},
                      second[2] = {0.0, 1.0};
  static const double nan[2] = {NAN, 3.0}, nans[2] = {NAN, NAN};
  expect_gradient(&tg_nary_logsumexp_, none, 2, -INF, zero);
  expect_no_curvature(&tg_nary_logsumexp_, none, 2);
  expect_gradient(&tg_nary_logsumexp_, one, 2, INF, first);
  expect_no_curvature(&tg_nary_logsumexp_, one, 2);
  expect_gradient(&tg_nary_logsumexp_, both, 2, INF, halves);
  expect_gradient(&tg_nary_logsumexp_, low, 2, 3.0, second);
  expect_gradient(&tg_nary_logsumexp_, nan, 2, NAN, nans);
  double p[2];
  tg_softmax_d(both, 2, p);
  cr_expect(p[0] == 0.5 && p[1] == 0.5);
  tg_softmax_d(none, 2, p);
  cr_expect(p[0] == 0.0 && p[1] == 0.0);
}

Test(nary, norm2_at_zero_and_infinity)
{
  static const double origin[3] = {0.0, -0.0, 0.0}, zero[3] = {0.0, 0.0, 0.0}, far[3] = {1.0, -INF, 2.0};
  static const double direction[3] = {0.0, -1.0, 0.0}, two[3] = {INF, INF, 1.0}, unclear[3] = {NAN, NAN, 0.0};
  expect_gradient(&tg_nary_norm2_, origin, 3, 0.0, zero);
  expect_no_curvature(&tg_nary_norm2_, origin, 3);
  expect_gradient(&tg_nary_norm2_, far, 3, INF, direction);
  expect_no_curvature(&tg_nary_norm2_, far, 3);
  expect_gradient(&tg_nary_norm2_, two, 3, INF, unclear);
  cr_expect(tg_norm2_d((const double[]){3e-320, 4e-320}, 2) == 5e-320);
  cr_expect(tg_norm2_d((const double[]){3e300, 4e300}, 2) == 5e300);
}

Test(nary, pick_rounds_its_index_and_refuses_what_is_out_of_range)
{
  static const double z[] = {10.0, 20.0, 30.0};
  static const struct {
    double index, value;
  } cases[] = {{0.0, 10.0}, {1.2, 20.0}, {1.7, 30.0}, {-0.4, 10.0}, {2.4, 30.0},
               {-1.0, NAN}, {3.0, NAN},  {NAN, NAN},  {INF, NAN}};
  for (size_t k = 0; k < COUNT(cases); k++)
    cr_expect(ulps(tg_pick_d(z, 3, cases[k].index), cases[k].value, 0.0) == 0.0);
  const double inside[4] = {10.0, 20.0, 30.0, 1.0}, outside[4] = {10.0, 20.0, 30.0, 7.0};
  const double second[4] = {0.0, 1.0, 0.0, 0.0}, nans[4] = {NAN, NAN, NAN, NAN};
  expect_gradient(&tg_nary_pick_, inside, 4, 20.0, second);
  expect_gradient(&tg_nary_pick_, outside, 4, NAN, nans);
  expect_gradient(&tg_nary_cross_entropy_, outside, 4, NAN, nans);
}

Test(nary, argmax_is_the_first_of_the_largest)
{
  cr_expect(tg_argmax_d((const double[]){1.0, 3.0, 3.0, 2.0}, 4) == 1.0);
  cr_expect(tg_argmax_d((const double[]){-INF, -INF}, 2) == 0.0);
  cr_expect(isnan(tg_argmax_d((const double[]){1.0, NAN}, 2)));
  static const double x[3] = {1.0, 5.0, 2.0}, zero[3] = {0.0, 0.0, 0.0};
  expect_gradient(&tg_nary_argmax_, x, 3, 1.0, zero);
  expect_no_curvature(&tg_nary_argmax_, x, 3);
}

Test(nary, cross_entropy_at_infinities)
{
  static const double certain[3] = {INF, 0.0, 0.0}, zero[3] = {0.0, 0.0, 0.0};
  static const double impossible[3] = {-INF, 0.0, 0.0}, all[3] = {-1.0, 1.0, 0.0};
  expect_gradient(&tg_nary_cross_entropy_, certain, 3, 0.0, zero);
  expect_gradient(&tg_nary_cross_entropy_, impossible, 3, INF, all);
}

Test(nary, nothing_to_work_on)
{
  cr_expect(tg_sum_d(NULL, 0) == 0.0 && tg_dot_d(NULL, NULL, 0) == 0.0 && tg_norm2_d(NULL, 0) == 0.0);
  cr_expect(tg_logsumexp_d(NULL, 0) == -INF && isnan(tg_argmax_d(NULL, 0)) && isnan(tg_pick_d(NULL, 0, 0.0)));
  cr_expect(isnan(tg_cross_entropy_d(NULL, 0, 0.0)));
  tg_softmax_d(NULL, 0, NULL);
  tg_affine_d(NULL, NULL, NULL, 0, 0, NULL);
  cr_expect(tg_peek((tg_sum)(NULL, 0)) == 0.0 && tg_peek((tg_dot)(NULL, NULL, 0)) == 0.0);
  cr_expect(tg_peek((tg_norm2)(NULL, 0)) == 0.0 && tg_peek((tg_logsumexp)(NULL, 0)) == -INF);
  cr_expect(isnan(tg_peek((tg_argmax)(NULL, 0))) && isnan(tg_peek((tg_pick)(NULL, 0, tg_constant(0.0)))));
  cr_expect(isnan(tg_peek((tg_cross_entropy)(NULL, 0, tg_constant(0.0)))));
}

/* Rule R5: zero times infinity is zero where the mask is on. */
Test(nary, a_masked_product_with_an_exact_zero_is_zero)
{
  tg_nary_shape_ shape = {.masked = true}, map = {.columns = 2, .masked = true};
  static const double x[6] = {INF, 1.0, 2.0, 3.0, 0.0, 0.0}, v[6] = {0.0, 1.0, 0.0, 0.0, 0.0, 0.0},
                      zero[2] = {0.0, 0.0};
  double out[6];
  tg_nary_dot_.jvp(x, 4, v, out, 1, &shape);
  cr_expect(out[0] == 3.0);
  tg_nary_dot_.vjp(x, 4, zero, 1, out, &shape);
  for (size_t i = 0; i < 4; i++) cr_expect(out[i] == 0.0);
  tg_nary_affine_.jvp(x, 6, v, out, 2, &map);
  cr_expect(out[0] == 0.0 && out[1] == 0.0);
  tg_nary_affine_.vjp(x, 6, zero, 2, out, &map);
  for (size_t i = 0; i < 6; i++) cr_expect(out[i] == 0.0);
}

/* Numbers beside vars, and the forms for plain numbers. */
static tg_var mixed(const tg_var *x, size_t n, void *user)
{
  const double *const c = user;
  tg_var y[2], terms[6];
  tg_affine_vd_(x, NULL, c, 2, 2, y);
  terms[0] = y[0], terms[1] = y[1];
  tg_affine_dv_(c, c, x, 2, 2, y);
  terms[2] = y[0], terms[3] = y[1];
  terms[4] = (tg_add)(tg_dot_vd_(x, c, n), tg_dot_dv_(c, x, n));
  terms[5] = (tg_add)(tg_pick_dv_(c, 4, x[0]), tg_cross_entropy_dv_(c, 4, x[0]));
  return (tg_sum)(terms, 6);
}

Test(nary, numbers_stand_for_vars)
{
  double c[4] = {0.5, -1.5, 2.0, 0.25}, value, gradient[4], y[2];
  static const double x[4] = {1.0, -0.5, 0.75, 3.0};
  tg_function *f;
  cr_assert(tg_record(&f, mixed, 4, x, c) == TG_OK);
  cr_assert(tg_gradient(f, x, &value, gradient) == TG_OK);
  tg_affine_d(x, NULL, c, 2, 2, y);
  double want = y[0] + y[1];
  tg_affine_d(c, c, x, 2, 2, y);
  want += y[0] + y[1] + 2.0 * tg_dot_d(c, x, 4) + tg_pick_d(c, 4, x[0]) + tg_cross_entropy_d(c, 4, x[0]);
  cr_expect(ulps(value, want, 10.0) <= 4.0);
  for (size_t i = 0; i < 4; i++) {
    const double columns = i < 2 ? c[i] + c[2 + i] : 0.0; /* of W in W x */
    cr_expect(ulps(gradient[i], c[i % 2] + columns + 2.0 * c[i], 4.0) <= 4.0);
  }
  tg_function_free(f);
}
