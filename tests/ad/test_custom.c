/* Operations of the user's own: derivatives, failures at every callback, reentrance. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../support/custom.h"
#include "tapegrad/finite_sum.h"
#include "tapegrad/function.h"

enum { N = 11, M = 3 };

typedef struct setup {
  const tg_custom_op *op; /* NULL: spelled out */
  void *user;
} setup;

/* Reads variables and a constant, writes over its own operands. */
static void layered(const tg_var *x, size_t n, tg_var *y, size_t m, void *user)
{
  const setup *const s = user;
  tg_var z[N];
  for (size_t i = 0; i < n; i++) z[i] = i == 2 ? tg_constant(0.75) : tg_mul(x[i], x[(i + 1) % n]);
  if (s->op)
    tg_custom(s->op, z, n, z, m + 1, s->user);
  else
    custom_spelled_out(z, n, y, m);
  for (size_t j = 0; s->op && j < m; j++) y[j] = z[j];
}

static tg_var summed(const tg_var *x, size_t n, void *user)
{
  tg_var y[M];
  layered(x, n, y, M, user);
  return tg_add(tg_mul(y[0], y[1]), y[2]);
}

static void point(double *x, size_t n)
{
  for (size_t i = 0; i < n; i++) x[i] = 0.3 + 0.1 * (double)i;
}

static void close(const double *a, const double *b, size_t n)
{
  for (size_t i = 0; i < n; i++)
    cr_expect(fabs(a[i] - b[i]) <= 1e-14 * (1.0 + fabs(b[i])), "[%zu]: %.17g is not %.17g", i, a[i], b[i]);
}

static tg_function *vector_function(setup *s)
{
  tg_function *f;
  cr_assert(tg_record_vector(&f, layered, N, M, NULL, s) == TG_OK);
  return f;
}

static tg_function *scalar_function(setup *s)
{
  tg_function *f;
  cr_assert(tg_record(&f, summed, N, NULL, s) == TG_OK);
  return f;
}

Test(custom, agrees_with_the_operation_spelled_out)
{
  setup own = {&custom_waves, NULL}, spelled = {NULL, NULL};
  tg_function *f[2] = {vector_function(&own), vector_function(&spelled)};
  tg_function *g[2] = {scalar_function(&own), scalar_function(&spelled)};
  double x[N], y[2][M], j[2][M * N], h[2][N * N], gradient[2][N];
  point(x, N);
  for (int i = 0; i < 2; i++) {
    cr_expect(tg_jacobian(f[i], x, y[i], j[i]) == TG_OK);
    cr_expect(tg_hessian(g[i], x, NULL, gradient[i], h[i]) == TG_OK);
  }
  close(y[0], y[1], M);
  close(j[0], j[1], M * N);
  close(gradient[0], gradient[1], N);
  close(h[0], h[1], N * N);
  for (int i = 0; i < 2; i++) tg_function_free(f[i]), tg_function_free(g[i]);
}

Test(custom, constants_only_fold_even_without_a_tape)
{
  const tg_var x[2] = {tg_constant(1.0), tg_constant(2.0)};
  tg_var y[2];
  tg_custom(&custom_waves, x, 2, y, 2, NULL);
  for (size_t j = 0; j < 2; j++) {
    cr_expect(tg_index(y[j]) == SIZE_MAX);
    cr_expect(tg_peek(y[j]) == sin(custom_coefficient(j, 0) + custom_coefficient(j, 1) * 2.0));
  }
}

Test(custom, a_reverse_sweep_does_not_call_what_it_does_not_reach)
{
  custom_calls calls = {0};
  setup s = {&custom_waves, &calls};
  tg_function *f = vector_function(&s);
  double x[N], zero[M] = {0}, v[N] = {0}, out[N];
  point(x, N);
  cr_expect(tg_vjp(f, x, zero, NULL, out) == TG_OK && calls.vjp == 0 && out[0] == 0.0);
  cr_expect(tg_jvp(f, x, v, NULL, out) == TG_OK && calls.jvp == 0 && out[0] == 0.0);
  tg_function_free(f);
}

static tg_var first_of_several(const tg_var *x, size_t n, void *user)
{
  tg_var y[M];
  (void)user;
  tg_custom(&custom_waves, x, n, y, M, NULL);
  return y[0];
}

/* Outputs beyond the last that matters must not bring in what an earlier, wider sweep left in their place. */
Test(custom, outputs_that_go_unused_count_for_nothing)
{
  tg_function *f;
  double x[N], u[8], wide[8 * N], v[8 * N], g[N], hv[N], s = 0.0, along = 0.0;
  point(x, N);
  for (size_t i = 0; i < 8; i++) u[i] = 100.0;
  for (size_t i = 0; i < 8 * N; i++) v[i] = 1.0;
  for (size_t k = 0; k < N; k++) s += custom_coefficient(0, k) * x[k], along += custom_coefficient(0, k);
  cr_assert(tg_record(&f, first_of_several, N, NULL, NULL) == TG_OK);
  cr_expect(tg_vjp_block(f, x, 8, u, NULL, wide) == TG_OK);
  cr_expect(tg_hvp_block(f, x, 8, v, NULL, wide) == TG_OK);
  cr_expect(tg_gradient(f, x, NULL, g) == TG_OK);
  for (size_t k = 0; k < N; k++)
    cr_expect(fabs(g[k] - cos(s) * custom_coefficient(0, k)) < 1e-15, "%zu: %g", k, g[k]);
  cr_expect(tg_vjp_block(f, x, 8, u, NULL, wide) == TG_OK);
  cr_expect(tg_hvp(f, x, v, g, hv) == TG_OK);
  for (size_t k = 0; k < N; k++) {
    const double wanted = -sin(s) * along * custom_coefficient(0, k);
    cr_expect(fabs(hv[k] - wanted) < 1e-14, "%zu: %g is not %g", k, hv[k], wanted);
  }
  tg_function_free(f);
}

/* ---- Every driver, to be called with outputs full of a pattern. ---- */

enum { K = 11, ROOM = N * N + K * N };
static const double pattern = 123.25;

typedef tg_status (*driver)(tg_function *f, const double *x, const double *v, double *a, double *b);

static tg_status by_value(tg_function *f, const double *x, const double *v, double *a, double *b)
{
  (void)v, (void)b;
  return tg_value(f, x, a);
}
static tg_status by_gradient(tg_function *f, const double *x, const double *v, double *a, double *b)
{
  (void)v;
  return tg_gradient(f, x, a, b);
}
static tg_status by_jvp(tg_function *f, const double *x, const double *v, double *a, double *b)
{
  return tg_jvp(f, x, v, a, b);
}
static tg_status by_vjp(tg_function *f, const double *x, const double *v, double *a, double *b)
{
  return tg_vjp(f, x, v, a, b);
}
static tg_status by_hvp(tg_function *f, const double *x, const double *v, double *a, double *b)
{
  return tg_hvp(f, x, v, a, b);
}
static tg_status by_jvp_block(tg_function *f, const double *x, const double *v, double *a, double *b)
{
  return tg_jvp_block(f, x, K, v, a, b);
}
static tg_status by_vjp_block(tg_function *f, const double *x, const double *v, double *a, double *b)
{
  return tg_vjp_block(f, x, K, v, a, b);
}
static tg_status by_hvp_block(tg_function *f, const double *x, const double *v, double *a, double *b)
{
  return tg_hvp_block(f, x, K, v, a, b);
}
static tg_status by_partial(tg_function *f, const double *x, const double *v, double *a, double *b)
{
  (void)v, (void)b;
  return tg_partial(f, x, 0, 3, a);
}
static tg_status by_jacobian(tg_function *f, const double *x, const double *v, double *a, double *b)
{
  (void)v;
  return tg_jacobian(f, x, a, b);
}
static tg_status by_hessian(tg_function *f, const double *x, const double *v, double *a, double *b)
{
  (void)v;
  return tg_hessian(f, x, NULL, a, b);
}

static const struct {
  const char *name;
  driver call;
} drivers[] = {{"value", by_value},
               {"gradient", by_gradient},
               {"jvp", by_jvp},
               {"vjp", by_vjp},
               {"hvp", by_hvp},
               {"jvp_block", by_jvp_block},
               {"vjp_block", by_vjp_block},
               {"hvp_block", by_hvp_block},
               {"partial", by_partial},
               {"jacobian", by_jacobian},
               {"hessian", by_hessian}};
enum { DRIVERS = sizeof drivers / sizeof *drivers };

typedef struct buffers {
  double x[N], v[K * N], a[ROOM], b[ROOM];
} buffers;

static void prepare(buffers *w)
{
  point(w->x, N);
  for (size_t i = 0; i < K * N; i++) w->v[i] = 1.0 - 0.01 * (double)i;
  for (size_t i = 0; i < ROOM; i++) w->a[i] = w->b[i] = pattern;
}

static bool untouched(const buffers *w)
{
  for (size_t i = 0; i < ROOM; i++)
    if (w->a[i] != pattern || w->b[i] != pattern) return false;
  return true;
}

/* The n-th call of one kind of callback fails, for every n: outputs stay, the message names the operation, and the
 * same call then gives what it gives without failures. */
static void each_failure(int d, custom_calls *calls, size_t *counter, size_t *fail, const char *kind)
{
  setup s = {&custom_waves, calls};
  tg_function *f = scalar_function(&s);
  buffers wanted, w;
  prepare(&wanted);
  *calls = (custom_calls){0};
  cr_assert(tg_value(f, wanted.x, NULL) == TG_OK);
  *calls = (custom_calls){0};
  cr_expect(drivers[d].call(f, wanted.x, wanted.v, wanted.a, wanted.b) == TG_OK);
  const size_t total = *counter;
  for (size_t n = 1; n <= total; n++) {
    prepare(&w);
    *calls = (custom_calls){.answer = n % 2 ? TG_E_DATA : 7};
    *fail = n;
    const tg_status got = drivers[d].call(f, w.x, w.v, w.a, w.b);
    cr_expect(got == (n % 2 ? TG_E_DATA : TG_E_CALLBACK), "%s, %s: %d", drivers[d].name, kind, got);
    cr_expect(strstr(tg_function_message(f), "waves"), "\"%s\"", tg_function_message(f));
    cr_expect(strstr(tg_function_message(f), kind), "\"%s\" does not name %s", tg_function_message(f), kind);
    cr_expect(untouched(&w), "%s wrote before call %zu of %s failed", drivers[d].name, n, kind);
    *calls = (custom_calls){0};
    cr_expect(drivers[d].call(f, w.x, w.v, w.a, w.b) == TG_OK);
    cr_expect(memcmp(w.a, wanted.a, sizeof w.a) == 0 && memcmp(w.b, wanted.b, sizeof w.b) == 0);
    cr_expect(strcmp(tg_function_message(f), "success") == 0);
  }
  tg_function_free(f);
}

Test(custom, any_failing_callback_leaves_the_outputs_alone)
{
  custom_calls c;
  for (int d = 0; d < DRIVERS; d++) {
    each_failure(d, &c, &c.value, &c.fail_value, "value");
    each_failure(d, &c, &c.jvp, &c.fail_jvp, "jvp");
    each_failure(d, &c, &c.vjp, &c.fail_vjp, "vjp");
    each_failure(d, &c, &c.hvp, &c.fail_hvp, "hvp");
  }
}

Test(custom, failing_when_recorded_names_the_operation)
{
  custom_calls calls = {.fail_value = 1, .answer = TG_E_DATA};
  setup s = {&custom_waves, &calls};
  tg_function *f = vector_function(&s);
  double x[N], y[M] = {pattern, pattern, pattern};
  point(x, N);
  cr_expect(tg_value(f, x, y) == TG_E_DATA);
  cr_expect(strstr(tg_function_message(f), "waves"), "\"%s\"", tg_function_message(f));
  cr_expect(y[0] == pattern);
  cr_expect(tg_value(f, x, y) == TG_OK && y[0] != pattern);
  tg_function_free(f);
  calls = (custom_calls){.fail_value = 1, .answer = -99};
  cr_expect(tg_record_vector(&f, layered, N, M, x, &s) == TG_E_CALLBACK);
  cr_expect(f == NULL);
}

static tg_var folding(const tg_var *x, size_t n, void *user)
{
  const tg_var c = tg_constant(1.0);
  tg_var y;
  (void)n;
  tg_custom(&custom_waves, &c, 1, &y, 1, user);
  return tg_mul(y, x[0]);
}

Test(custom, failing_on_constants_names_the_operation)
{
  custom_calls calls = {.fail_value = 1, .answer = 1};
  tg_function *f;
  const double x = 2.0;
  double y;
  cr_assert(tg_record(&f, folding, 1, NULL, &calls) == TG_OK);
  cr_expect(tg_value(f, &x, &y) == TG_E_CALLBACK);
  cr_expect(strstr(tg_function_message(f), "waves"), "\"%s\"", tg_function_message(f));
  cr_expect(tg_value(f, &x, &y) == TG_OK && y == 2.0 * sin(custom_coefficient(0, 0)));
  tg_function_free(f);
}

/* ---- What an operation does not offer. ---- */

Test(custom, a_missing_order_is_refused)
{
  for (int missing = 0; missing < 3; missing++) {
    tg_custom_op op = custom_waves;
    if (missing == 0) op.jvp = NULL;
    if (missing == 1) op.vjp = NULL;
    if (missing == 2) op.hvp = NULL;
    const char *const names[] = {"no jvp", "no vjp", "no hvp"};
    setup s = {&op, NULL};
    tg_function *f = scalar_function(&s);
    for (int d = 0; d < DRIVERS; d++) {
      const driver call = drivers[d].call;
      const bool second = call == by_hvp || call == by_hvp_block || call == by_hessian;
      const bool forward = call == by_jvp || call == by_jvp_block || second;
      const bool reverse =
          call == by_vjp || call == by_vjp_block || call == by_gradient || call == by_partial || second;
      const bool fails = missing == 0 ? forward : missing == 1 ? reverse : second;
      buffers w;
      prepare(&w);
      const tg_status got = call(f, w.x, w.v, w.a, w.b);
      cr_expect(got == (fails ? TG_E_ORDER : TG_OK), "%s, %s: %d", drivers[d].name, names[missing], got);
      if (!fails) continue;
      cr_expect(strstr(tg_function_message(f), "waves") && strstr(tg_function_message(f), names[missing]));
      cr_expect(untouched(&w));
    }
    tg_function_free(f);
  }
}

Test(custom, a_jacobian_uses_the_mode_there_is)
{
  for (int missing = 0; missing < 2; missing++)
    for (int scalar = 0; scalar < 2; scalar++) {
      tg_custom_op op = custom_waves;
      if (missing == 0)
        op.jvp = NULL;
      else
        op.vjp = NULL;
      setup s = {&op, NULL}, whole = {&custom_waves, NULL};
      tg_function *f = scalar ? scalar_function(&s) : vector_function(&s);
      tg_function *g = scalar ? scalar_function(&whole) : vector_function(&whole);
      double x[N], a[M * N] = {0}, b[M * N] = {0};
      point(x, N);
      cr_expect(tg_jacobian(f, x, NULL, a) == TG_OK);
      cr_expect(tg_jacobian(g, x, NULL, b) == TG_OK);
      close(a, b, scalar ? N : M * N);
      tg_function_free(f);
      tg_function_free(g);
    }
}

/* ---- Reentrance. ---- */

typedef struct reentry {
  tg_function *own, *other;
  tg_status seen_own, seen_other;
  size_t calls;
} reentry;

static int calls_drivers(const double *x, size_t n, double *y, size_t m, void *user)
{
  reentry *const r = user;
  double value;
  (void)n, (void)m;
  r->calls++;
  if (r->own) r->seen_own = tg_gradient(r->own, x, &value, NULL);
  r->seen_other = tg_gradient(r->other, x, y, NULL);
  return 0;
}

static int slope_by_driver(const double *x, size_t n, const double *u, size_t m, double *uj, void *user)
{
  reentry *const r = user;
  (void)n, (void)m;
  double g;
  if (r->own) r->seen_own = tg_gradient(r->own, x, NULL, &g);
  r->seen_other = tg_gradient(r->other, x, NULL, uj);
  uj[0] *= u[0];
  return 0;
}

static const tg_custom_op nested = {"nested", calls_drivers, NULL, slope_by_driver, NULL};

static tg_var cube(const tg_var *x, size_t n, void *user)
{
  (void)n, (void)user;
  return tg_mul(x[0], x[0], x[0]);
}

static tg_var uses_nested(const tg_var *x, size_t n, void *user)
{
  tg_var y;
  tg_custom(&nested, x, n, &y, 1, user);
  return tg_add(tg_square(x[0]), y);
}

Test(custom, callbacks_may_call_drivers_of_other_functions_only)
{
  reentry r = {.seen_own = TG_OK};
  tg_function *f;
  cr_assert(tg_record(&r.other, cube, 1, NULL, NULL) == TG_OK);
  cr_assert(tg_record(&f, uses_nested, 1, NULL, &r) == TG_OK);
  r.own = f;
  for (int i = 0; i < 3; i++) {
    const double x = 2.0 + i;
    double value = 0.0, g = 0.0;
    r.seen_own = TG_OK;
    cr_expect(tg_gradient(f, &x, &value, &g) == TG_OK);
    cr_expect(value == x * x + x * x * x);
    cr_expect(fabs(g - (2.0 * x + 3.0 * x * x)) <= 1e-14 * g);
    cr_expect(r.seen_own == TG_E_TAPE, "call %d of itself: %d", i, r.seen_own);
    cr_expect(r.seen_other == TG_OK);
  }
  cr_expect(r.calls == 3);
  tg_function_free(f);
  tg_function_free(r.other);
}

/* ---- Odd arguments. ---- */

typedef struct odd {
  int how;
} odd;

static int three(const double *x, size_t n, double *y, size_t m, void *user)
{
  (void)x, (void)n, (void)user;
  for (size_t j = 0; j < m; j++) y[j] = 3.0;
  return 0;
}

static const tg_custom_op nameless = {.value = three};

static tg_var oddly(const tg_var *x, size_t n, void *user)
{
  const odd *const o = user;
  const tg_custom_op empty = {.name = "empty"};
  tg_var y = tg_constant(1.0);
  switch (o->how) {
  case 0: tg_custom(NULL, x, n, &y, 1, NULL); break;
  case 1: tg_custom(&empty, x, n, &y, 1, NULL); break;
  case 2: tg_custom(&custom_waves, NULL, 1, &y, 1, NULL); break;
  case 3: tg_custom(&custom_waves, x, n, NULL, 1, NULL); break;
  case 4: tg_custom(&custom_waves, x, n, &y, 0, NULL); break;
  case 5: tg_custom(&nameless, NULL, 0, &y, 1, NULL); break;
  case 6: tg_custom(&nameless, x, n, &y, 1, NULL); break;
  }
  return tg_mul(y, x[0]);
}

Test(custom, odd_arguments_are_answered)
{
  const tg_status wanted[] = {TG_E_ARGUMENT, TG_E_ARGUMENT, TG_E_ARGUMENT, TG_E_ARGUMENT,
                              TG_OK,         TG_OK,         TG_OK};
  const double values[] = {0, 0, 0, 0, 2.0, 6.0, 6.0};
  const double x = 2.0;
  for (odd o = {0}; o.how < 7; o.how++) {
    tg_function *f;
    double y = pattern, g = pattern;
    cr_assert(tg_record(&f, oddly, 1, NULL, &o) == TG_OK);
    const tg_status s = tg_value(f, &x, &y);
    cr_expect(s == wanted[o.how], "%d: %d", o.how, s);
    cr_expect(y == (s == TG_OK ? values[o.how] : pattern), "%d", o.how);
    if (o.how == 6) {
      cr_expect(tg_gradient(f, &x, NULL, &g) == TG_E_ORDER && g == pattern);
      cr_expect(strstr(tg_function_message(f), "custom"), "a name for what has none");
    }
    tg_function_free(f);
  }
}

/* A callback that computes with constant vars, in operations wider than itself. */
static int by_vars(const double *x, size_t n, double *y, size_t m, void *user)
{
  (void)n, (void)m, (void)user;
  tg_var z[400];
  for (size_t i = 0; i < 400; i++) z[i] = tg_constant(0.25);
  y[0] = x[0] * tg_peek(tg_sum(z, 400)) + x[1];
  return 0;
}

static int by_vars_vjp(const double *x, size_t n, const double *u, size_t m, double *uj, void *user)
{
  (void)x, (void)n, (void)m, (void)user;
  uj[0] = 100 * u[0];
  uj[1] = u[0];
  return 0;
}

static tg_var through_vars(const tg_var *x, size_t n, void *user)
{
  static const tg_custom_op op = {"by_vars", by_vars, NULL, by_vars_vjp, NULL};
  (void)user;
  const tg_var fixed[] = {tg_constant(3.0), tg_constant(4.0)};
  tg_var y, c;
  tg_custom(&op, fixed, 2, &c, 1, NULL);
  tg_custom(&op, x, n, &y, 1, NULL);
  return tg_add(y, c);
}

Test(custom, callbacks_may_compute_with_constant_vars)
{
  const double x[] = {2, 3};
  double value = 0, gradient[2];
  tg_function *f;
  cr_assert(tg_record(&f, through_vars, 2, x, NULL) == TG_OK);
  cr_expect(tg_gradient(f, x, &value, gradient) == TG_OK && value == 507, "%g", value);
  tg_function_forget(f);
  cr_expect(tg_gradient(f, x, &value, gradient) == TG_OK && value == 507, "%g", value);
  tg_function_free(f);
}

/* ---- Nothing records while a callback runs, whatever records outside. ---- */

static int square_value(const double *x, size_t n, double *y, size_t m, void *user)
{
  (void)n, (void)m, (void)user;
  tg_fail(TG_E_CALLBACK);
  y[0] = x[0] * x[0];
  return 0;
}

static int square_jvp(const double *x, size_t n, const double *v, double *jv, size_t m, void *user)
{
  (void)n, (void)m, (void)user;
  tg_fail(TG_E_CALLBACK);
  jv[0] = 2.0 * x[0] * v[0];
  return 0;
}

static int square_vjp(const double *x, size_t n, const double *u, size_t m, double *uj, void *user)
{
  (void)n, (void)m, (void)user;
  tg_fail(TG_E_CALLBACK);
  uj[0] = 2.0 * x[0] * u[0];
  return 0;
}

static int square_hvp(const double *x, size_t n, const double *u, size_t m, const double *v, double *hv,
                      void *user)
{
  (void)x, (void)n, (void)m, (void)user;
  tg_fail(TG_E_CALLBACK);
  hv[0] = 2.0 * u[0] * v[0];
  return 0;
}

static const tg_custom_op failing_square = {"square", square_value, square_jvp, square_vjp, square_hvp};

static tg_var squared(const tg_var *x, size_t n, void *user)
{
  tg_var y;
  (void)n, (void)user;
  tg_custom(&failing_square, x, 1, &y, 1, NULL);
  return y;
}

static tg_var squared_of_sample(const tg_var *theta, size_t d, const tg_var *sample, size_t n, void *user)
{
  (void)d;
  const tg_var x = tg_mul(theta[0], sample[0]);
  return squared(&x, n, user);
}

static void ask_function(void)
{
  const double x = 3.0, v = 1.0;
  double value, slope, curve;
  tg_function *f;
  cr_assert(tg_record(&f, squared, 1, &x, NULL) == TG_OK);
  cr_expect(tg_gradient(f, &x, &value, &slope) == TG_OK && value == 9.0 && slope == 6.0);
  cr_expect(tg_jvp(f, &x, &v, &value, &slope) == TG_OK && slope == 6.0);
  cr_expect(tg_hvp(f, &x, &v, NULL, &curve) == TG_OK && curve == 2.0);
  tg_function_free(f);
}

static void ask_sum(bool plain)
{
  const double x = 3.0, v = 1.0, rows[] = {1.0, 2.0};
  double value, slope, curve;
  tg_finite_sum *s;
  cr_assert(tg_finite_sum_new(&s, squared_of_sample, 1, tg_dense(rows, 2, 1), NULL) == TG_OK);
  tg_finite_sum_plain(s, plain);
  cr_expect(tg_finite_sum_gradient(s, &x, NULL, 0, &value, &slope) == TG_OK && value == 22.5 &&
            slope == 15.0);
  cr_expect(tg_finite_sum_hvp(s, &x, NULL, 0, &v, &curve) == TG_OK && curve == 5.0);
  tg_finite_sum_free(s);
}

Test(custom, callbacks_do_not_reach_the_tape_that_records_outside)
{
  tg_tape *t;
  cr_assert(tg_tape_new(&t) == TG_OK);
  tg_tape_begin(t);
  ask_function();
  cr_expect(tg_tape_end(t) == TG_OK, "functions");
  tg_tape_begin(t);
  ask_sum(true);
  cr_expect(tg_tape_end(t) == TG_OK, "plain sums");
  tg_tape_begin(t);
  ask_sum(false);
  cr_expect(tg_tape_end(t) == TG_OK, "sums in lanes");
  tg_tape_free(t);
}

static int quiet_value(const double *x, size_t n, double *y, size_t m, void *user)
{
  (void)n, (void)m, (void)user;
  y[0] = x[0];
  return 0;
}

static tg_var nameless_of_sample(const tg_var *theta, size_t d, const tg_var *sample, size_t n, void *user)
{
  static const tg_custom_op nameless = {.value = quiet_value};
  const tg_var x = tg_mul(theta[0], sample[0]);
  tg_var y;
  (void)d, (void)n, (void)user;
  tg_custom(&nameless, &x, 1, &y, 1, NULL);
  return y;
}

Test(custom, an_operation_without_a_name_is_printed_as_custom)
{
  static char text[1000];
  const double x = 3.0, rows[] = {1.0, 2.0};
  double value;
  tg_finite_sum *s;
  cr_assert(tg_finite_sum_new(&s, nameless_of_sample, 1, tg_dense(rows, 2, 1), NULL) == TG_OK);
  cr_assert(tg_finite_sum_gradient(s, &x, NULL, 0, &value, NULL) == TG_OK);
  FILE *const out = tmpfile();
  cr_assert(out != NULL && tg_finite_sum_print(s, out) == TG_OK);
  rewind(out);
  text[fread(text, 1, sizeof text - 1, out)] = '\0';
  fclose(out);
  cr_expect(strstr(text, "= custom(") != NULL, "%s", text);
  tg_finite_sum_free(s);
}
