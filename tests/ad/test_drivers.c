/* Every driver against closed forms, and its arguments at the edges. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "tapegrad/function.h"
#include "tapegrad/operations.h"

static const double pattern = 123.25;

static void near(double a, double b)
{
  cr_expect(fabs(a - b) <= 4e-15 * (1e-3 + fabs(b)), "%.17g is not %.17g", a, b);
}

static void all_near(const double *a, const double *b, size_t n)
{
  for (size_t i = 0; i < n; i++) near(a[i], b[i]);
}

static tg_function *scalar(tg_scalar_fn fn, size_t n)
{
  tg_function *f;
  cr_assert(tg_record(&f, fn, n, NULL, NULL) == TG_OK);
  return f;
}

static tg_function *vector(tg_vector_fn fn, size_t n, size_t m)
{
  tg_function *f;
  cr_assert(tg_record_vector(&f, fn, n, m, NULL, NULL) == TG_OK);
  return f;
}

/* ---- Closed forms. ---- */

static tg_var rosenbrock(const tg_var *x, size_t n, void *user)
{
  (void)n, (void)user;
  return tg_add(tg_mul(100.0, tg_square(tg_sub(x[1], tg_square(x[0])))), tg_square(tg_sub(1.0, x[0])));
}

Test(drivers, a_scalar_function_against_its_closed_form)
{
  tg_function *f = scalar(rosenbrock, 2);
  const double points[][2] = {{-1.2, 1.0}, {0.2, 0.2}, {1.0, 1.0}, {3.0, -7.0}};
  for (size_t k = 0; k < 4; k++) {
    const double *const x = points[k], r = x[1] - x[0] * x[0];
    const double value = 100.0 * r * r + (1.0 - x[0]) * (1.0 - x[0]);
    const double g[2] = {-400.0 * r * x[0] - 2.0 * (1.0 - x[0]), 200.0 * r};
    const double h[4] = {800.0 * x[0] * x[0] - 400.0 * r + 2.0, -400.0 * x[0], -400.0 * x[0], 200.0};
    const double v[2] = {0.5, -2.0}, hv[2] = {h[0] * v[0] + h[1] * v[1], h[2] * v[0] + h[3] * v[1]};
    const double u = 3.0;
    double y, got[4], gradient[2];
    cr_expect(tg_value(f, x, &y) == TG_OK);
    near(y, value);
    cr_expect(tg_gradient(f, x, &y, gradient) == TG_OK);
    near(y, value), all_near(gradient, g, 2);
    cr_expect(tg_jvp(f, x, v, &y, got) == TG_OK);
    near(y, value), near(got[0], g[0] * v[0] + g[1] * v[1]);
    cr_expect(tg_vjp(f, x, &u, &y, got) == TG_OK);
    near(got[0], 3.0 * g[0]), near(got[1], 3.0 * g[1]);
    cr_expect(tg_hvp(f, x, v, gradient, got) == TG_OK);
    all_near(gradient, g, 2), all_near(got, hv, 2);
    cr_expect(tg_hessian(f, x, &y, gradient, got) == TG_OK);
    near(y, value), all_near(gradient, g, 2), all_near(got, h, 4);
    cr_expect(tg_jacobian(f, x, &y, got) == TG_OK);
    all_near(got, g, 2);
    for (size_t j = 0; j < 2; j++) {
      cr_expect(tg_partial(f, x, 0, j, got) == TG_OK);
      near(got[0], g[j]);
    }
  }
  tg_function_free(f);
}

/* Spherical to Cartesian coordinates, and the radius back. */
static void sphere(const tg_var *x, size_t n, tg_var *y, size_t m, void *user)
{
  (void)n, (void)m, (void)user;
  const tg_var ring = tg_mul(x[0], tg_sin(x[1]));
  y[0] = tg_mul(ring, tg_cos(x[2]));
  y[1] = tg_mul(ring, tg_sin(x[2]));
  y[2] = tg_mul(x[0], tg_cos(x[1]));
  y[3] = tg_norm3(y[0], y[1], y[2]);
}

static void sphere_by_hand(const double *x, double *y, double *j)
{
  const double r = x[0], st = sin(x[1]), ct = cos(x[1]), sp = sin(x[2]), cp = cos(x[2]);
  const double values[4] = {r * st * cp, r * st * sp, r * ct, r};
  const double partials[12] = {st * cp, r * ct * cp, -r * st * sp, st * sp, r * ct * sp, r * st * cp,
                               ct,      -r * st,     0.0,          1.0,     0.0,         0.0};
  memcpy(y, values, sizeof values);
  memcpy(j, partials, sizeof partials);
}

Test(drivers, a_vector_function_against_its_closed_form)
{
  tg_function *f = vector(sphere, 3, 4);
  const double x[3] = {2.0, 0.7, -1.1}, v[3] = {1.0, -0.5, 0.25}, u[4] = {1.0, 2.0, -3.0, 0.5};
  double wanted[4], j[12], y[4], got[12];
  sphere_by_hand(x, wanted, j);
  cr_expect(tg_value(f, x, y) == TG_OK);
  all_near(y, wanted, 4);
  cr_expect(tg_jacobian(f, x, y, got) == TG_OK);
  all_near(y, wanted, 4);
  for (size_t i = 0; i < 12; i++) cr_expect(fabs(got[i] - j[i]) < 1e-15 * 4, "%zu", i);
  cr_expect(tg_jvp(f, x, v, y, got) == TG_OK);
  for (size_t i = 0; i < 4; i++)
    cr_expect(fabs(got[i] - (j[3 * i] * v[0] + j[3 * i + 1] * v[1] + j[3 * i + 2] * v[2])) < 4e-15);
  cr_expect(tg_vjp(f, x, u, y, got) == TG_OK);
  for (size_t k = 0; k < 3; k++)
    cr_expect(fabs(got[k] - (u[0] * j[k] + u[1] * j[3 + k] + u[2] * j[6 + k] + u[3] * j[9 + k])) < 8e-15);
  for (size_t i = 0; i < 4; i++)
    for (size_t k = 0; k < 3; k++) {
      cr_expect(tg_partial(f, x, i, k, got) == TG_OK);
      cr_expect(fabs(got[0] - j[3 * i + k]) < 4e-15);
    }
  tg_function_free(f);
}

/* More directions than a block takes, and more inputs than outputs and the reverse. */
enum { WIDE = 21 };

static void products(const tg_var *x, size_t n, tg_var *y, size_t m, void *user)
{
  (void)user;
  for (size_t i = 0; i < m; i++) y[i] = tg_mul(x[i % n], x[(i + 1) % n]);
}

Test(drivers, jacobians_of_any_shape)
{
  const size_t shapes[][2] = {{1, 1}, {1, WIDE}, {WIDE, 1}, {8, 8},      {9, 8},
                              {8, 9}, {17, 5},   {5, 17},   {WIDE, WIDE}};
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
    const size_t n = shapes[s][0], m = shapes[s][1];
    tg_function *f = vector(products, n, m);
    double x[WIDE], y[WIDE], j[WIDE * WIDE];
    for (size_t i = 0; i < n; i++) x[i] = 1.5 + (double)i;
    cr_expect(tg_jacobian(f, x, y, j) == TG_OK);
    for (size_t i = 0; i < m; i++)
      for (size_t k = 0; k < n; k++) {
        const size_t a = i % n, b = (i + 1) % n;
        cr_expect(j[i * n + k] == (k == a ? x[b] : 0.0) + (k == b ? x[a] : 0.0), "%zu x %zu: %zu, %zu", m, n,
                  i, k);
      }
    tg_function_free(f);
  }
}

static tg_var coupled(const tg_var *x, size_t n, void *user)
{
  (void)user;
  tg_var s = tg_constant(0.0);
  for (size_t i = 0; i < n; i++) s = tg_add(s, tg_mul(tg_square(x[i]), x[(i + 1) % n]));
  return s;
}

Test(drivers, hessians_of_any_size)
{
  for (size_t n = 3; n <= WIDE; n++) {
    tg_function *f = scalar(coupled, n);
    double x[WIDE], h[WIDE * WIDE], g[WIDE];
    for (size_t i = 0; i < n; i++) x[i] = 1.0 + (double)i;
    cr_expect(tg_hessian(f, x, NULL, g, h) == TG_OK);
    for (size_t i = 0; i < n; i++) {
      const size_t next = (i + 1) % n, before = (i + n - 1) % n;
      cr_expect(g[i] == 2.0 * x[i] * x[next] + x[before] * x[before]);
      for (size_t k = 0; k < n; k++) {
        const double wanted = k == i        ? 2.0 * x[next]
                              : k == next   ? 2.0 * x[i]
                              : k == before ? 2.0 * x[before]
                                            : 0.0;
        cr_expect(h[i * n + k] == wanted, "n = %zu: %zu, %zu", n, i, k);
      }
    }
    tg_function_free(f);
  }
}

/* ---- Outputs that are inputs, constants, repeated. ---- */

static void plain_outputs(const tg_var *x, size_t n, tg_var *y, size_t m, void *user)
{
  (void)n, (void)m, (void)user;
  y[0] = x[1];
  y[1] = tg_constant(7.0);
  y[2] = x[1];
  y[4] = tg_exp(x[0]);
  y[5] = y[4];
}

Test(drivers, outputs_may_be_inputs_constants_and_repeated)
{
  tg_function *f = vector(plain_outputs, 2, 6);
  const double x[2] = {1.0, 5.0}, e = exp(1.0), v[2] = {3.0, 4.0}, u[6] = {1, 10, 100, 1000, 1e4, 1e5};
  const double values[6] = {5.0, 7.0, 5.0, 0.0, e, e}, partials[12] = {0, 1, 0, 0, 0, 1, 0, 0, e, 0, e, 0};
  const double tangents[6] = {4.0, 0.0, 4.0, 0.0, 3.0 * e, 3.0 * e};
  double y[6], j[12];
  cr_expect(tg_jacobian(f, x, y, j) == TG_OK);
  for (int i = 0; i < 6; i++) cr_expect(y[i] == values[i]);
  for (int i = 0; i < 12; i++) cr_expect(j[i] == partials[i]);
  cr_expect(tg_jvp(f, x, v, y, j) == TG_OK);
  for (int i = 0; i < 6; i++) cr_expect(j[i] == tangents[i]);
  cr_expect(tg_vjp(f, x, u, y, j) == TG_OK);
  near(j[0], 1.1e5 * e);
  cr_expect(j[1] == 101.0);
  tg_function_free(f);
}

static tg_var a_constant(const tg_var *x, size_t n, void *user)
{
  (void)x, (void)n, (void)user;
  return tg_constant(4.0);
}

static tg_var an_input(const tg_var *x, size_t n, void *user)
{
  (void)user;
  return x[n - 1];
}

Test(drivers, a_function_may_be_constant_or_an_input)
{
  const double x[3] = {1.0, 2.0, 3.0}, v[3] = {1.0, 1.0, 1.0};
  for (int input = 0; input < 2; input++) {
    tg_function *f = scalar(input ? an_input : a_constant, 3);
    double y, g[3] = {9, 9, 9}, h[9] = {9, 9, 9, 9, 9, 9, 9, 9, 9}, d = 9;
    cr_expect(tg_gradient(f, x, &y, g) == TG_OK && y == (input ? 3.0 : 4.0));
    for (int i = 0; i < 3; i++) cr_expect(g[i] == (input && i == 2 ? 1.0 : 0.0));
    cr_expect(tg_hessian(f, x, &y, g, h) == TG_OK);
    for (int i = 0; i < 9; i++) cr_expect(h[i] == 0.0);
    cr_expect(tg_hvp(f, x, v, g, h) == TG_OK && h[0] == 0.0 && g[2] == (input ? 1.0 : 0.0));
    cr_expect(tg_jvp(f, x, v, &y, h) == TG_OK && h[0] == (input ? 1.0 : 0.0));
    cr_expect(tg_vjp(f, x, v, &y, g) == TG_OK && g[0] == 0.0);
    cr_expect(tg_partial(f, x, 0, 2, &d) == TG_OK && d == (input ? 1.0 : 0.0));
    cr_expect(tg_partial(f, x, 0, 0, &d) == TG_OK && d == 0.0);
    tg_function_free(f);
  }
}

/* ---- Arguments. ---- */

Test(drivers, any_output_may_be_null)
{
  tg_function *f = scalar(rosenbrock, 2);
  const double x[2] = {1.0, 2.0}, v[2] = {1.0, 0.0}, u = 1.0;
  cr_expect(tg_value(f, x, NULL) == TG_OK);
  cr_expect(tg_gradient(f, x, NULL, NULL) == TG_OK);
  cr_expect(tg_jvp(f, x, v, NULL, NULL) == TG_OK);
  cr_expect(tg_vjp(f, x, &u, NULL, NULL) == TG_OK);
  cr_expect(tg_hvp(f, x, v, NULL, NULL) == TG_OK);
  cr_expect(tg_jvp_block(f, x, 1, v, NULL, NULL) == TG_OK);
  cr_expect(tg_partial(f, x, 0, 0, NULL) == TG_OK);
  cr_expect(tg_jacobian(f, x, NULL, NULL) == TG_OK);
  cr_expect(tg_hessian(f, x, NULL, NULL, NULL) == TG_OK);
  double g[2];
  cr_expect(tg_hvp(f, x, v, g, NULL) == TG_OK && g[1] == 200.0, "the gradient alone");
  cr_expect(tg_hessian(f, x, NULL, g, NULL) == TG_OK && g[1] == 200.0);
  tg_function_free(f);
}

Test(drivers, no_directions_is_no_work)
{
  tg_function *f = scalar(rosenbrock, 2);
  const double x[2] = {1.0, 2.0};
  double y = 0.0, out = pattern, g[2];
  cr_expect(tg_jvp_block(f, x, 0, NULL, &y, &out) == TG_OK && y == 100.0 && out == pattern);
  cr_expect(tg_vjp_block(f, x, 0, NULL, &y, &out) == TG_OK && out == pattern);
  cr_expect(tg_hvp_block(f, x, 0, NULL, g, &out) == TG_OK && out == pattern && g[1] == 200.0);
  tg_function_free(f);
}

Test(drivers, null_and_missing_things_are_refused_with_a_message)
{
  tg_function *f = scalar(rosenbrock, 2), *g = vector(plain_outputs, 2, 6);
  const double x[2] = {1.0, 2.0};
  double out[12];
  for (int i = 0; i < 12; i++) out[i] = pattern;
  const tg_status answers[] = {
      tg_value(f, NULL, out), tg_gradient(f, NULL, out, out + 1), tg_jvp(f, x, NULL, out, out + 1),
      tg_vjp(f, x, NULL, out, out + 1), tg_hvp(f, x, NULL, out, out + 2), tg_partial(f, x, 1, 0, out),
      tg_partial(f, x, 0, 2, out), tg_partial(f, x, SIZE_MAX, SIZE_MAX, out),
      tg_jacobian(f, NULL, out, out + 1), tg_hessian(f, NULL, out, out + 1, out + 3),
      /* more outputs than one */
      tg_gradient(g, x, out, out + 1), tg_hvp(g, x, x, out, out + 2), tg_hessian(g, x, out, out + 1, out + 3),
      /* no function */
      tg_value(NULL, x, out), tg_gradient(NULL, x, out, out + 1), tg_jvp(NULL, x, x, out, out + 1),
      tg_vjp(NULL, x, x, out, out + 1), tg_hvp(NULL, x, x, out, out + 2), tg_partial(NULL, x, 0, 0, out),
      tg_jacobian(NULL, x, out, out + 1), tg_hessian(NULL, x, out, out + 1, out + 3),
      tg_check(NULL, x, NULL, NULL), tg_check(f, NULL, NULL, NULL), tg_function_clone(NULL, f),
      tg_function_statistics(f, NULL), tg_function_statistics(NULL, NULL)};
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
    cr_expect(answers[i] == TG_E_ARGUMENT, "%zu: %d", i, answers[i]);
  for (int i = 0; i < 12; i++) cr_expect(out[i] == pattern);
  cr_expect(tg_value(f, NULL, out) == TG_E_ARGUMENT && strstr(tg_function_message(f), "NULL"));
  cr_expect(tg_gradient(g, x, out, NULL) == TG_E_ARGUMENT && strstr(tg_function_message(g), "one output"));
  cr_expect(tg_partial(f, x, 0, 2, out) == TG_E_ARGUMENT && strstr(tg_function_message(f), "no such"));
  cr_expect(tg_value(f, x, out) == TG_OK && strcmp(tg_function_message(f), "success") == 0);
  cr_expect(tg_function_message(NULL) != NULL);
  tg_function_free(f);
  tg_function_free(g);
  tg_function_free(NULL);
  tg_function_forget(NULL);
}

/* ---- Outputs over inputs. ---- */

Test(drivers, outputs_may_overlap_inputs)
{
  tg_function *f = scalar(coupled, WIDE);
  double x[WIDE], g[WIDE], h[WIDE * WIDE], v[WIDE], hv[WIDE], work[WIDE * WIDE];
  for (size_t i = 0; i < WIDE; i++) x[i] = 1.0 + (double)i, v[i] = 0.5 - (double)i;
  cr_expect(tg_hessian(f, x, NULL, g, h) == TG_OK);
  cr_expect(tg_hvp(f, x, v, NULL, hv) == TG_OK);
  memcpy(work, x, sizeof x);
  cr_expect(tg_gradient(f, work, NULL, work) == TG_OK && memcmp(work, g, sizeof g) == 0);
  memcpy(work, x, sizeof x);
  cr_expect(tg_hessian(f, work, NULL, NULL, work) == TG_OK && memcmp(work, h, sizeof h) == 0);
  memcpy(work, v, sizeof v);
  cr_expect(tg_hvp(f, x, work, NULL, work) == TG_OK && memcmp(work, hv, sizeof hv) == 0);
  memcpy(work, v, sizeof v);
  cr_expect(tg_hvp(f, x, work, work, NULL) == TG_OK && memcmp(work, g, sizeof g) == 0);
  tg_function_free(f);
}

/* Blocks write while later directions are still to be read. */
Test(drivers, outputs_of_blocks_may_overlap_their_directions)
{
  enum { K = 19, TALL = 13, FLAT = 2, SETTLED = 5 };
  static const size_t shapes[][2] = {{TALL, FLAT}, {FLAT, TALL}, {TALL, TALL}};
  for (size_t s = 0; s < 3; s++) {
    const size_t n = shapes[s][0], m = shapes[s][1];
    tg_function *f = vector(products, n, m), *g = scalar(coupled, n);
    double x[TALL], d[2 * K * TALL], wanted[K * TALL];
    for (size_t i = 0; i < n; i++) x[i] = 1.0 + (double)i;
    for (int i = 0; i < SETTLED; i++)
      cr_assert(tg_value(f, x, NULL) == TG_OK && tg_value(g, x, NULL) == TG_OK);
    for (size_t shift = 0; shift <= 2 * TALL; shift += TALL) {
      for (int which = 0; which < 3; which++) {
        double *const in = d, *const out = d + shift;
        const size_t width = which == 0 ? m : n;
        for (size_t i = 0; i < 2 * K * TALL; i++) d[i] = 1.0 - 0.01 * (double)i;
        tg_status (*const block)(tg_function *, const double *, size_t, const double *, double *, double *) =
            which == 0   ? tg_jvp_block
            : which == 1 ? tg_vjp_block
                         : tg_hvp_block;
        cr_expect(block(which == 2 ? g : f, x, K, in, NULL, wanted) == TG_OK);
        cr_expect(block(which == 2 ? g : f, x, K, in, NULL, out) == TG_OK);
        cr_expect(memcmp(out, wanted, K * width * sizeof *out) == 0, "shape %zu, shift %zu, %d", s, shift,
                  which);
      }
    }
    tg_function_free(f);
    tg_function_free(g);
  }
}
