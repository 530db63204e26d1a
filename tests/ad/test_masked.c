/* Rule R5: a product with an exactly zero factor is zero, in every mode, so that the branch not taken by where
 * never spoils a derivative; and what the rule costs. */
#include <criterion/criterion.h>
#include <math.h>

#include "tapegrad/function.h"
#include "tapegrad/operations.h"

enum { N = 3 };

/* The dead branch g has partials that are infinite or NaN at x_0 = 0 (or -1); the live one is x_0^2 + x_1 x_2. */
typedef tg_var (*branch)(tg_var x);

static tg_var root(tg_var x) { return tg_sqrt(x); }
static tg_var logarithm(tg_var x) { return tg_log(x); }
static tg_var reciprocal(tg_var x) { return tg_divide(1.0, x); }
static tg_var ratio(tg_var x) { return tg_divide(x, x); }
static tg_var power(tg_var x) { return tg_pow(x, 0.5); }
static tg_var power_of(tg_var x) { return tg_pow(x, x); }
static tg_var angle(tg_var x) { return tg_atan2(x, x); }
static tg_var arc(tg_var x) { return tg_asin(tg_add(x, 1.0)); }
static tg_var deep(tg_var x) { return tg_exp(tg_mul(3.0, tg_log(tg_sqrt(x)))); }
static tg_var cubic(tg_var x) { return tg_cbrt(x); }
static tg_var fused(tg_var x) { return tg_fma(tg_sqrt(x), tg_inv(x), tg_log(x)); }

static const struct {
  const char *name;
  branch g;
} branches[] = {{"sqrt", root}, {"log", logarithm}, {"1/x", reciprocal}, {"x/x", ratio},
                {"pow", power}, {"x^x", power_of},  {"atan2", angle},    {"asin", arc},
                {"deep", deep}, {"cbrt", cubic},    {"fma", fused}};
enum { BRANCHES = sizeof branches / sizeof *branches };

static tg_var guarded(const tg_var *x, size_t n, void *user)
{
  const branch g = *(const branch *)user;
  (void)n;
  return tg_where(tg_less(0.0, x[0]), g(x[0]), tg_add(tg_square(x[0]), tg_mul(x[1], x[2])));
}

static void check(tg_function *f, const double *x, const char *name)
{
  const double g[N] = {2.0 * x[0], x[2], x[1]}, h[N * N] = {2, 0, 0, 0, 0, 1, 0, 1, 0}, u = 1.0;
  double got[N * N], v[5 * N] = {0}, block[5 * N];
  cr_expect(tg_gradient(f, x, NULL, got) == TG_OK);
  for (int i = 0; i < N; i++) cr_expect(got[i] == g[i], "%s: gradient[%d] = %g", name, i, got[i]);
  cr_expect(tg_vjp(f, x, &u, NULL, got) == TG_OK);
  for (int i = 0; i < N; i++) cr_expect(got[i] == g[i], "%s: vjp[%d] = %g", name, i, got[i]);
  for (int i = 0; i < N; i++) {
    double e[N] = {0};
    e[i] = 1.0;
    cr_expect(tg_jvp(f, x, e, NULL, got) == TG_OK && got[0] == g[i], "%s: jvp %d = %g", name, i, got[0]);
    cr_expect(tg_hvp(f, x, e, got, block) == TG_OK);
    for (int k = 0; k < N; k++) {
      cr_expect(got[k] == g[k], "%s: gradient[%d] with a product = %g", name, k, got[k]);
      cr_expect(block[k] == h[i * N + k], "%s: hvp %d, %d = %g", name, i, k, block[k]);
    }
    v[i * N + i] = 1.0;
  }
  cr_expect(tg_hessian(f, x, NULL, NULL, got) == TG_OK);
  for (int i = 0; i < N * N; i++) cr_expect(got[i] == h[i], "%s: hessian[%d] = %g", name, i, got[i]);
  for (int l = 3; l < 5; l++)
    for (int i = 0; i < N; i++) v[l * N + i] = 1.0;
  cr_expect(tg_jvp_block(f, x, 5, v, NULL, block) == TG_OK);
  for (int l = 0; l < 5; l++) {
    const double wanted = l < 3 ? g[l] : g[0] + g[1] + g[2];
    cr_expect(block[l] == wanted, "%s: jvp_block[%d] = %g", name, l, block[l]);
  }
  cr_expect(tg_hvp_block(f, x, 3, v, NULL, block) == TG_OK);
  for (int i = 0; i < N * N; i++) cr_expect(block[i] == h[i], "%s: hvp_block[%d] = %g", name, i, block[i]);
}

Test(masked, the_branch_not_taken_never_spoils_a_derivative)
{
  const double points[][N] = {{0.0, 2.0, 3.0}, {-1.0, 2.0, 3.0}, {-0.0, 2.0, 3.0}};
  for (int b = 0; b < BRANCHES; b++) {
    tg_function *f;
    branch g = branches[b].g;
    cr_assert(tg_record(&f, guarded, N, NULL, &g) == TG_OK);
    for (int p = 0; p < 3; p++) check(f, points[p], branches[b].name);
    tg_function_free(f);
  }
}

static void several(const tg_var *x, size_t n, tg_var *y, size_t m, void *user)
{
  (void)n, (void)m, (void)user;
  y[0] = tg_where(tg_less(0.0, x[0]), tg_log(x[0]), x[1]);
  y[1] = tg_sqrt(x[0]); /* truly infinite at 0 */
  y[2] = tg_mul(x[1], x[2]);
}

Test(masked, an_infinite_derivative_beside_it_stays)
{
  tg_function *f;
  const double x[N] = {0.0, 2.0, 3.0}, wanted[N * N] = {0, 1, 0, INFINITY, 0, 0, 0, 3, 2};
  double j[N * N], u[N] = {1, 0, 0}, v[N] = {0, 1, 0}, out[N];
  cr_assert(tg_record_vector(&f, several, N, 3, NULL, NULL) == TG_OK);
  cr_expect(tg_jacobian(f, x, NULL, j) == TG_OK);
  for (int i = 0; i < N * N; i++) cr_expect(j[i] == wanted[i], "[%d] = %g", i, j[i]);
  cr_expect(tg_vjp(f, x, u, NULL, out) == TG_OK && out[0] == 0.0 && out[1] == 1.0);
  cr_expect(tg_jvp(f, x, v, NULL, out) == TG_OK && out[0] == 1.0 && out[1] == 0.0 && out[2] == 3.0);
  tg_function_free(f);
}

static tg_var squared_root(const tg_var *x, size_t n, void *user)
{
  (void)n, (void)user;
  return tg_square(tg_sqrt(x[0]));
}

Test(masked, the_known_price_is_zero_instead_of_the_limit)
{
  tg_function *f;
  const double x = 0.0, v = 1.0;
  double g = 9.0, jv = 9.0;
  cr_assert(tg_record(&f, squared_root, 1, NULL, NULL) == TG_OK);
  cr_expect(tg_gradient(f, &x, NULL, &g) == TG_OK && g == 0.0);
  cr_expect(tg_jvp(f, &x, &v, NULL, &jv) == TG_OK && jv == 0.0);
  tg_function_free(f);
}

static tg_var beyond(const tg_var *x, size_t n, void *user)
{
  (void)n, (void)user;
  return tg_add(tg_log(x[0]), x[1]);
}

Test(masked, what_is_nan_stays_nan_and_spoils_nothing_else)
{
  tg_function *f;
  const double x[2] = {-1.0, 2.0};
  double y, g[2];
  cr_assert(tg_record(&f, beyond, 2, NULL, NULL) == TG_OK);
  cr_expect(tg_gradient(f, x, &y, g) == TG_OK);
  cr_expect(isnan(y) && isnan(g[0]) && g[1] == 1.0);
  tg_function_free(f);
}

Test(masked, sweeps_by_hand_follow_the_rule_at_every_node)
{
  tg_tape *t;
  cr_assert(tg_tape_new(&t) == TG_OK);
  tg_tape_begin(t);
  const tg_var x = tg_input(t, 0.0), step = tg_floor(x), s = tg_sqrt(step), l = tg_sqrt(x);
  const tg_var y = tg_where(tg_constant(0.0), tg_add(s, l), tg_add(x, 1.0));
  cr_expect(tg_tape_end(t) == TG_OK);
  cr_expect(tg_adjoint_sweep(t, &y, NULL, 1) == TG_OK);
  for (size_t i = 0; i < tg_tape_size(t); i++)
    cr_expect(!isnan(tg_adjoint(t, tg_tape_at(t, i))), "node %zu, %s", i, tg_op_name(t, tg_tape_at(t, i)));
  cr_expect(tg_adjoint(t, x) == 1.0);
  cr_expect(tg_tangent_sweep(t, &x, NULL, 1) == TG_OK);
  cr_expect(tg_tangent(t, y) == 1.0 && tg_tangent(t, l) == INFINITY && tg_tangent(t, s) == 0.0);
  tg_tape_free(t);
}
