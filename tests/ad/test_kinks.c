/* Second derivatives at kinks: smooth functions written through norms, absolute values and extremes have
 * their true Hessian there, on every way to it. The right values are those of the polynomial that each
 * function is. */
#include <criterion/criterion.h>
#include <math.h>

#include "tapegrad/finite_sum.h"
#include "tapegrad/function.h"
#include "tapegrad/operations.h"

enum { N = 2 };
typedef struct quadratic {
  const char *name;
  tg_var (*f)(const tg_var *x);
  double at[N], hessian[N * N];
} quadratic;

static tg_var through_norm2(const tg_var *x) { return tg_square(tg_norm2(x, N)); }
static tg_var through_hypot(const tg_var *x) { return tg_square(tg_hypot(x[0], x[1])); }
static tg_var through_norm3(const tg_var *x) { return tg_square(tg_norm3(x[0], x[1], tg_sub(x[0], x[1]))); }
static tg_var through_fabs(const tg_var *x) { return tg_square(tg_fabs(x[0])); }
static tg_var through_fmax(const tg_var *x)
{
  return tg_add(tg_square(tg_fmax(x[0], 0.0)), tg_square(tg_fmin(x[0], 0.0)));
}
static tg_var through_two_of_fmax(const tg_var *x) /* max^2 + min^2 = x^2 + y^2 */
{
  return tg_add(tg_square(tg_fmax(x[0], x[1])), tg_square(tg_fmin(x[0], x[1])));
}
static tg_var through_fdim(const tg_var *x) /* the difference squared */
{
  return tg_add(tg_square(tg_fdim(x[0], x[1])), tg_square(tg_fdim(x[1], x[0])));
}
static tg_var through_relu(const tg_var *x)
{
  return tg_add(tg_square(tg_relu(x[0])), tg_square(tg_relu(tg_neg(x[0]))));
}
static tg_var
through_leaky_relu(const tg_var *x) /* its square is x^2 or x^2 / 4, the other way round beside it */
{
  return tg_add(tg_square(tg_leaky_relu(x[0], 0.5)), tg_square(tg_leaky_relu(tg_neg(x[0]), 0.5)));
}
static tg_var through_elu(const tg_var *x) /* elu(x, 1) - x = x^2/2 + ... for x < 0 only */
{
  return tg_sub(tg_add(tg_elu(x[0], 1.0), tg_mul(0.5, tg_square(tg_relu(x[0])))), x[0]);
}
static tg_var through_clamp(const tg_var *x)
{
  return tg_add(tg_square(tg_clamp(x[0], 0.0, 9.0)), tg_square(tg_clamp(x[0], -9.0, 0.0)));
}
static tg_var through_copysign(const tg_var *x) { return tg_square(tg_copysign(x[0], tg_add(x[1], -3.0))); }
static tg_var through_softsign(const tg_var *x) /* x - x|x| + x|x| + O(x^3) */
{
  return tg_add(tg_softsign(x[0]), tg_mul(x[0], tg_fabs(x[0])));
}
static tg_var through_huber(const tg_var *x) /* the tails that huber cuts off, added again */
{
  return tg_add(tg_huber(x[0], 1.5), tg_mul(0.5, tg_square(tg_relu(tg_sub(tg_fabs(x[0]), 1.5)))));
}
static tg_var through_huber_of_two(const tg_var *x) /* its threshold moves too */
{
  return tg_add(tg_huber(x[0], x[1]), tg_mul(0.5, tg_square(tg_relu(tg_sub(tg_fabs(x[0]), x[1])))));
}

static const quadratic cases[] = {
    {"norm2", through_norm2, {0, 0}, {2, 0, 0, 2}},
    {"hypot", through_hypot, {0, 0}, {2, 0, 0, 2}},
    {"norm3", through_norm3, {0, 0}, {4, -2, -2, 4}},
    {"fabs", through_fabs, {0, 0}, {2, 0, 0, 0}},
    {"fmax, fmin", through_fmax, {0, 0}, {2, 0, 0, 0}},
    {"fmax of two", through_two_of_fmax, {0, 0}, {2, 0, 0, 2}},
    {"fdim", through_fdim, {1.5, 1.5}, {2, -2, -2, 2}},
    {"relu", through_relu, {0, 0}, {2, 0, 0, 0}},
    {"leaky_relu", through_leaky_relu, {0, 0}, {2.5, 0, 0, 0}},
    {"elu", through_elu, {0, 0}, {1, 0, 0, 0}},
    {"clamp", through_clamp, {0, 0}, {2, 0, 0, 0}},
    {"copysign", through_copysign, {0, 0}, {2, 0, 0, 0}},
    {"softsign", through_softsign, {0, 0}, {0, 0, 0, 0}},
    {"huber", through_huber, {1.5, 0}, {1, 0, 0, 0}},
    {"huber below", through_huber, {-1.5, 0}, {1, 0, 0, 0}},
    {"huber of two", through_huber_of_two, {1.5, 1.5}, {1, 0, 0, 0}},
};
enum { CASES = sizeof cases / sizeof cases[0] };

static tg_var call(const tg_var *x, size_t n, void *user)
{
  (void)n;
  return ((const quadratic *)user)->f(x);
}

/* A row that matters to nothing but makes the loss vary from sample to sample. */
static tg_var loss(const tg_var *theta, size_t d, const tg_var *row, size_t columns, void *user)
{
  (void)d, (void)columns;
  const tg_var x[N] = {tg_mul(theta[0], row[0]), tg_mul(theta[1], row[0])};
  return ((const quadratic *)user)->f(x);
}

static bool near(const double *a, const double *b, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if (!(fabs(a[i] - b[i]) <= 1e-14)) return false;
  return true;
}

static void expect_products(const quadratic *q, const char *way,
                            tg_status (*hvp)(void *, const double *, double *), void *object)
{
  static const double v[4][N] = {{1, 0}, {-1, 0}, {0.25, -2}, {-0.5, 0.75}};
  for (size_t k = 0; k < 4; k++) {
    double hv[N];
    const double right[N] = {q->hessian[0] * v[k][0] + q->hessian[1] * v[k][1],
                             q->hessian[2] * v[k][0] + q->hessian[3] * v[k][1]};
    cr_assert(hvp(object, v[k], hv) == TG_OK);
    cr_expect(near(hv, right, N), "%s, %s, direction %zu: %g %g for %g %g", q->name, way, k, hv[0], hv[1],
              right[0], right[1]);
  }
}

typedef struct object {
  const quadratic *q;
  tg_function *f;
  tg_finite_sum *s;
} object;

static tg_status by_function(void *o, const double *v, double *hv)
{
  const object *const b = o;
  return tg_hvp(b->f, b->q->at, v, NULL, hv);
}
static tg_status by_block(void *o, const double *v, double *hv)
{
  const object *const b = o;
  double many[3 * N] = {v[0], v[1], -v[0], -v[1], 2 * v[0], 2 * v[1]}, out[3 * N];
  const tg_status s = tg_hvp_block(b->f, b->q->at, 3, many, NULL, out);
  hv[0] = out[4] / 2, hv[1] = out[5] / 2;
  return s;
}
static tg_status by_sum(void *o, const double *v, double *hv)
{
  const object *const b = o;
  return tg_finite_sum_hvp(b->s, b->q->at, NULL, 0, v, hv);
}

Test(kinks, smooth_functions_have_their_hessian_there)
{
  for (size_t i = 0; i < CASES; i++) {
    double h[N * N];
    object o = {&cases[i], NULL, NULL};
    cr_assert(tg_record(&o.f, call, N, o.q->at, (void *)(uintptr_t)o.q) == TG_OK);
    cr_assert(tg_hessian(o.f, o.q->at, NULL, NULL, h) == TG_OK);
    cr_expect(near(h, o.q->hessian, N * N), "%s: %g %g %g %g", o.q->name, h[0], h[1], h[2], h[3]);
    expect_products(o.q, "one direction", by_function, &o);
    expect_products(o.q, "a block", by_block, &o);
    tg_function_free(o.f);
  }
}

Test(kinks, samples_have_their_hessian_there)
{
  double rows[19];
  for (size_t i = 0; i < 19; i++) rows[i] = 1.0;
  for (size_t i = 0; i < CASES; i++)
    for (int plain = 0; plain < 2; plain++) {
      double h[N * N];
      object o = {&cases[i], NULL, NULL};
      cr_assert(tg_finite_sum_new(&o.s, loss, N, tg_dense(rows, 19, 1), (void *)(uintptr_t)o.q) == TG_OK);
      tg_finite_sum_plain(o.s, plain != 0);
      cr_assert(tg_finite_sum_hessian(o.s, o.q->at, NULL, 0, h) == TG_OK);
      if (plain || o.q->f != through_huber_of_two) /* not smooth in its scores: see tg_finite_sum_hessian */
        cr_expect(near(h, o.q->hessian, N * N), "%s, plain %d: %g %g %g %g", o.q->name, plain, h[0], h[1],
                  h[2], h[3]);
      expect_products(o.q, plain ? "plain sums" : "lanes", by_sum, &o);
      tg_finite_sum_free(o.s);
    }
}

/* Of parameters alone: what a sum evaluates once a call and hands to its lanes. */
static tg_var penalized(const tg_var *theta, size_t d, const tg_var *row, size_t columns, void *user)
{
  (void)columns, (void)user;
  return tg_mul(row[0], tg_square(tg_norm2(theta, d)));
}

Test(kinks, penalties_of_a_sum_too)
{
  static const double rows[3] = {1.0, 2.0, 3.0}, zero[2];
  const double right[4] = {4.0, 0.0, 0.0, 4.0};
  tg_finite_sum *s;
  double h[4], hv[2];
  cr_assert(tg_finite_sum_new(&s, penalized, 2, tg_dense(rows, 3, 1), NULL) == TG_OK);
  cr_assert(tg_finite_sum_hessian(s, zero, NULL, 0, h) == TG_OK);
  cr_expect(near(h, right, 4), "%g %g %g %g", h[0], h[1], h[2], h[3]);
  cr_assert(tg_finite_sum_hvp(s, zero, NULL, 0, (double[]){-0.5, 3.0}, hv) == TG_OK);
  cr_expect(near(hv, (double[]){-2.0, 12.0}, 2), "%g %g", hv[0], hv[1]);
  tg_finite_sum_free(s);
}

/* The mean of squared distances to five points, one of which theta is at: 2 I. */
static tg_var distance(const tg_var *theta, size_t d, const tg_var *row, size_t columns, void *user)
{
  (void)d, (void)columns, (void)user;
  return tg_square(tg_hypot(tg_sub(theta[0], row[0]), tg_sub(theta[1], row[1])));
}

Test(kinks, a_centroid_has_its_curvature_at_one_of_the_points)
{
  static const double rows[10] = {0, 0, 1, 0, -1, 0, 0, 2, 0, -2};
  const double right[4] = {2.0, 0.0, 0.0, 2.0};
  for (int plain = 0; plain < 2; plain++) {
    tg_finite_sum *s;
    double h[4];
    cr_assert(tg_finite_sum_new(&s, distance, 2, tg_dense(rows, 5, 2), NULL) == TG_OK);
    tg_finite_sum_plain(s, plain != 0);
    cr_assert(tg_finite_sum_hessian(s, (double[]){0.0, 0.0}, NULL, 0, h) == TG_OK);
    cr_expect(near(h, right, 4), "%g %g %g %g", h[0], h[1], h[2], h[3]);
    tg_finite_sum_free(s);
  }
}

static tg_var absolute(const tg_var *x, size_t n, void *user)
{
  (void)user;
  return tg_add(tg_fabs(x[0]), tg_norm2(x, n));
}

Test(kinks, first_derivatives_stay_those_of_least_norm_on_both_sides)
{
  static const double zero[2], v[2] = {1.0, 0.5};
  tg_function *f;
  double jv, g[2] = {1, 1}, hv[2] = {1, 1};
  cr_assert(tg_record(&f, absolute, 2, zero, NULL) == TG_OK);
  cr_assert(tg_jvp(f, zero, v, NULL, &jv) == TG_OK);
  cr_expect(jv == 0.0, "%g", jv);
  cr_assert(tg_hvp(f, zero, v, g, hv) == TG_OK);
  cr_expect(g[0] == 0.0 && g[1] == 0.0 && hv[0] == 0.0 && hv[1] == 0.0);
  tg_function_free(f);
}
