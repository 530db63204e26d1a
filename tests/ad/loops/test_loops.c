/* Recorded functions whose loops run in lanes against the sweep over what was recorded, node by node. */
#include <criterion/criterion.h>

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../support/custom.h"
#include "tapegrad/tapegrad.h"

#include "tapegrad/overload.h"

enum { ROWS = 300, COLUMNS = 6, N = 40 };

/* What the loops go over; the same in every test. */
typedef struct world {
  double x[ROWS][COLUMNS], y[ROWS];
  size_t label[ROWS], a[ROWS], b[ROWS];
  uint64_t state;
} world;

static double noise(uint64_t *state)
{
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (double)(*state >> 11) * 0x1p-52 - 1.0;
}

static size_t below(uint64_t *state, size_t n)
{
  return (size_t)((noise(state) + 1.0) / 2.0 * (double)n) % n;
}

static world make_world(uint64_t seed)
{
  world w = {.state = seed};
  for (size_t i = 0; i < ROWS; i++) {
    for (size_t j = 0; j < COLUMNS; j++) w.x[i][j] = noise(&w.state);
    w.y[i] = noise(&w.state);
    w.label[i] = below(&w.state, 3);
    w.a[i] = below(&w.state, N), w.b[i] = below(&w.state, N);
  }
  return w;
}

/* ---- loops as users write them ---- */

static var linear(const var *t, const double *x)
{
  var s = tg_constant(0);
  for (size_t j = 0; j < COLUMNS; j++) s = add(s, mul(t[j], x[j]));
  return s;
}

static var logistic(const var *t, size_t n, void *user)
{
  const world *const w = user;
  var s = tg_constant(0);
  (void)n;
  for (size_t i = 0; i < ROWS; i++) s = add(s, softplus(mul(w->y[i] < 0 ? 1.0 : -1.0, linear(t, w->x[i]))));
  return divide(s, ROWS);
}

static var softmax_by_hand(const var *t, size_t n, void *user)
{
  const world *const w = user;
  var s = tg_constant(0), z[3];
  (void)n;
  for (size_t i = 0; i < ROWS; i++) {
    var e = tg_constant(0);
    for (size_t k = 0; k < 3; k++) z[k] = linear(t + COLUMNS * k, w->x[i]), e = add(e, exp(z[k]));
    s = add(s, sub(log(e), z[w->label[i]]));
  }
  return s;
}

static var rosenbrock(const var *x, size_t n, void *user)
{
  var s = tg_constant(0);
  (void)user;
  for (size_t i = 0; i + 1 < n; i++)
    s = add(s, mul(100, square(sub(x[i + 1], square(x[i])))), square(sub(1, x[i])));
  return s;
}

static var gathered(const var *x, size_t n, void *user)
{
  const world *const w = user;
  var s = tg_constant(0);
  (void)n;
  for (size_t i = 0; i < ROWS; i++)
    s = add(s, square(sub(w->y[i], add(mul(x[w->a[i]], x[w->b[i]]), sin(x[w->a[i]])))));
  return s;
}

static var pairs(const var *x, size_t n, void *user)
{
  var s = tg_constant(0);
  (void)user;
  for (size_t i = 0; i < n; i++)
    for (size_t j = i + 1; j < n; j++) s = sub(s, rsqrt(add(square(sub(x[i], x[j])), 0.1)));
  return s;
}

static var two_ways(const var *t, size_t n, void *user)
{
  const world *const w = user;
  var s = tg_constant(0);
  (void)n;
  for (size_t i = 0; i < ROWS; i++) {
    const var r = sub(linear(t, w->x[i]), w->y[i]);
    s = lt(fabs(r), 0.5) ? add(s, mul(0.5, square(r))) : add(s, sub(fabs(r), 0.125));
  }
  return mul(s, exp(t[0]));
}

static var ragged(const var *t, size_t n, void *user)
{
  const world *const w = user;
  var s = tg_constant(0);
  (void)n;
  for (size_t i = 0; i < ROWS; i++) {
    var inner = tg_constant(0.5);
    for (size_t j = 0; j <= i % 4; j++) inner = add(inner, mul(t[j], w->x[i][j]));
    s = add(s, tanh(inner));
  }
  return s;
}

static var paths(const var *t, size_t n, void *user)
{
  const world *const w = user;
  var s = tg_constant(0);
  (void)n;
  for (size_t i = 0; i < ROWS; i++) {
    var p = t[0];
    for (size_t k = 0; k < COLUMNS; k++) p = mul(p, exp(add(t[1], mul(t[2], w->x[i][k]))));
    s = add(s, fmax(sub(p, t[3]), 0.0));
  }
  return mul(s, exp(neg(t[4])));
}

static var calls(const var *t, size_t n, void *user)
{
  const world *const w = user;
  var s = tg_constant(0);
  (void)n;
  for (size_t i = 0; i < ROWS; i++) {
    var z[3] = {mul(t[0], w->x[i][0]), add(t[1], w->x[i][1]), square(t[2])};
    s = add(s, tg_logsumexp(z, 3), tg_dot(t, z, 3), tg_cross_entropy(z, 3, (double)w->label[i]),
            tg_norm2(z, 2));
  }
  return s;
}

/* What all iterations share is computed once; what follows uses the sum twice. */
static var shared(const var *t, size_t n, void *user)
{
  const world *const w = user;
  var s = tg_constant(0);
  (void)n;
  for (size_t i = 0; i < ROWS; i++) s = add(s, mul(exp(t[0]), sin(mul(sigmoid(t[1]), w->x[i][0]))));
  return mul(square(s), log1p(square(s)));
}

/* One loop after another, the second with a value that the first made. */
static var in_turn(const var *t, size_t n, void *user)
{
  const world *const w = user;
  var mean = tg_constant(0), s = tg_constant(0);
  (void)n;
  for (size_t i = 0; i < ROWS; i++) mean = add(mean, mul(t[i % 2], w->y[i]));
  mean = divide(mean, ROWS);
  for (size_t i = 0; i < ROWS; i++) s = add(s, square(sub(mul(t[2], w->x[i][0]), mean)));
  return sqrt(s);
}

typedef struct program {
  const char *name;
  tg_scalar_fn fn;
  size_t n;
  double share; /* of nodes that must be in loops */
} program;

static const program programs[] = {{"logistic", logistic, COLUMNS, 0.98},
                                   {"softmax", softmax_by_hand, 3 * COLUMNS, 0.98},
                                   {"rosenbrock", rosenbrock, N, 0.7},
                                   {"gathered", gathered, N, 0.95},
                                   {"pairs", pairs, N, 0.95},
                                   {"two ways", two_ways, COLUMNS, 0.95},
                                   {"ragged", ragged, COLUMNS, 0.95},
                                   {"paths", paths, COLUMNS, 0.98},
                                   {"calls", calls, COLUMNS, 0.9},
                                   {"shared", shared, 2, 0.9},
                                   {"in turn", in_turn, 3, 0.9}};
enum { PROGRAMS = sizeof programs / sizeof programs[0] };

static double close_to(double a, double b, double scale)
{
  if (isnan(a) && isnan(b)) return true;
  return a == b || fabs(a - b) <= 2e-12 * (scale + fabs(b));
}

static double largest(const double *x, size_t n)
{
  double m = 0.0;
  for (size_t i = 0; i < n; i++) m = fabs(x[i]) > m ? fabs(x[i]) : m;
  return m;
}

static void expect_close(const char *what, const char *name, const double *a, const double *b, size_t n)
{
  const double scale = largest(b, n);
  for (size_t i = 0; i < n; i++)
    if (!close_to(a[i], b[i], scale)) {
      cr_expect(false, "%s: %s[%zu] is %.17g, not %.17g", name, what, i, a[i], b[i]);
      return;
    }
}

/* Everything that drivers answer for f, as for the plain g. */
static void compare(const char *name, tg_function *f, tg_function *g, const double *x, size_t n,
                    uint64_t *state)
{
  enum { MOST = 48 };
  double v[9 * MOST], a[9 * MOST], b[9 * MOST], h[2][MOST * MOST], value[2];
  cr_assert(n <= MOST);
  for (size_t i = 0; i < 9 * n; i++) v[i] = noise(state);
  cr_assert(tg_value(f, x, &value[0]) == TG_OK && tg_value(g, x, &value[1]) == TG_OK);
  expect_close("value", name, &value[0], &value[1], 1);
  for (int twice = 0; twice < 2; twice++) {
    cr_assert(tg_gradient(f, x, &value[0], a) == TG_OK && tg_gradient(g, x, &value[1], b) == TG_OK);
    expect_close("value with gradient", name, &value[0], &value[1], 1);
    expect_close("gradient", name, a, b, n);
  }
  cr_assert(tg_jvp(f, x, v, NULL, &value[0]) == TG_OK && tg_jvp(g, x, v, NULL, &value[1]) == TG_OK);
  expect_close("tangent", name, &value[0], &value[1], 1);
  cr_assert(tg_hvp(f, x, v, a, a + n) == TG_OK && tg_hvp(g, x, v, b, b + n) == TG_OK);
  expect_close("gradient of the product", name, a, b, n);
  expect_close("Hessian-vector product", name, a + n, b + n, n);
  cr_assert(tg_hessian(f, x, NULL, NULL, h[0]) == TG_OK && tg_hessian(g, x, NULL, NULL, h[1]) == TG_OK);
  expect_close("Hessian", name, h[0], h[1], n * n);
  cr_assert(tg_jvp_block(f, x, 9, v, NULL, a) == TG_OK && tg_jvp_block(g, x, 9, v, NULL, b) == TG_OK);
  expect_close("tangents", name, a, b, 9);
}

static tg_function *recorded(const program *p, void *w, const double *x, bool plain)
{
  tg_function *f;
  cr_assert(tg_record(&f, p->fn, p->n, x, w) == TG_OK);
  tg_function_plain(f, plain);
  if (!plain) cr_assert(tg_function_compile(f, x) == TG_OK);
  return f;
}

static void make_point(double *x, size_t n, uint64_t *state)
{
  for (size_t i = 0; i < n; i++) x[i] = noise(state);
}

Test(loops, programs_are_rolled_and_answer_what_the_plain_sweep_answers)
{
  world w = make_world(1);
  for (size_t k = 0; k < PROGRAMS; k++) {
    const program *const p = &programs[k];
    double x[N];
    make_point(x, p->n, &w.state);
    tg_function *const f = recorded(p, &w, x, false), *const g = recorded(p, &w, x, true);
    tg_function_stats s;
    cr_assert(tg_function_statistics(f, &s) == TG_OK);
    if (s.loops > 0) /* TG_ISA=scalar has no lanes */
    {
      cr_expect((double)s.rolled >= p->share * (double)s.nodes, "%s: %zu of %zu", p->name, s.rolled, s.nodes);
      cr_expect(s.compiled_bytes > s.swept * 16 && s.compiled_bytes < 2 * s.bytes, "%s: %zu bytes of %zu",
                p->name, s.compiled_bytes, s.bytes);
    }
    for (int round = 0; round < 3; round++) {
      compare(p->name, f, g, x, p->n, &w.state);
      make_point(x, p->n, &w.state);
    }
    tg_function_free(f);
    tg_function_free(g);
  }
}

/* ---- random nests ---- */

typedef struct nest {
  world *w;
  uint64_t seed;
} nest;

typedef struct iteration {
  const var *x;
  size_t n, i, inner;
  const world *w;
  var own[24];
  size_t count;
  uint64_t *state; /* the same draws in every iteration */
} iteration;

static var value_before(iteration *t)
{
  const world *const w = t->w;
  switch (below(t->state, 5)) {
  case 0: return t->x[w->a[t->i] % t->n];
  case 1: return t->x[w->b[t->i] % t->n];
  case 2: return t->x[t->i % t->n];
  case 3: return t->x[w->label[t->i]];
  default: return t->x[below(t->state, t->n)];
  }
}

static var own_value(iteration *t)
{
  const size_t k = below(t->state, t->count + 1);
  if (k == t->count) return value_before(t);
  if (t->count < 4 || below(t->state, 6) > 0) return t->own[k];
  return t->own[t->w->label[t->i]];
}

static double number(iteration *t)
{
  return below(t->state, 4) == 0 ? 0.5 : t->w->x[t->i][(t->inner + below(t->state, COLUMNS)) % COLUMNS];
}

static var smooth(iteration *t, var a)
{
  switch (below(t->state, 7)) {
  case 0: return sin(a);
  case 1: return tanh(a);
  case 2: return exp(mul(0.1, a));
  case 3: return sqrt(add(1.0, square(a)));
  case 4: return sigmoid(a);
  case 5: return square(sin(a));
  default: return neg(a);
  }
}

static var inner_sum(iteration *t)
{
  var s = own_value(t);
  const size_t most = below(t->state, 2) ? 3 : 1 + t->i % 3;
  const uint64_t before = *t->state;
  for (t->inner = 0; t->inner < most; t->inner++) {
    *t->state = before;
    s = add(s, mul(own_value(t), number(t)));
  }
  t->inner = 0;
  return s;
}

static var many(iteration *t)
{
  var z[3] = {own_value(t), own_value(t), own_value(t)}, y[3];
  switch (below(t->state, 5)) {
  case 0: return tg_logsumexp(z, 3);
  case 1: return tg_dot(z, t->x, 3);
  case 2: return tg_cross_entropy(z, 3, (double)t->w->label[t->i]);
  case 3: tg_softmax(z, 3, y); return y[1];
  default: return fma(z[0], z[1], z[2]);
  }
}

static var operation(iteration *t)
{
  const var a = own_value(t);
  switch (below(t->state, 9)) {
  case 0: return smooth(t, a);
  case 1: return mul(a, own_value(t));
  case 2: return add(a, number(t));
  case 3: return sub(number(t), a);
  case 4: return divide(a, add(1.5, square(sin(own_value(t)))));
  case 5: return where(less(a, own_value(t)), a, mul(0.5, a));
  case 6: return many(t);
  case 7: return inner_sum(t);
  default: return mul(a, number(t));
  }
}

static var one_term(const nest *q, const var *x, size_t n, size_t i)
{
  const bool other = (q->seed & 1) != 0 && q->w->y[i] < 0;
  uint64_t state = q->seed + (other ? 77 : 0);
  iteration t = {.x = x, .n = n, .i = i, .w = q->w, .state = &state};
  noise(&state);
  const size_t most = 4 + below(&state, 12);
  while (t.count < most) {
    const var made = operation(&t);
    t.own[t.count++] = made;
  }
  if ((q->seed & 6) == 6 && lt(t.own[most / 2], 0.3)) return tanh(t.own[most - 1]);
  return mul(0.1, t.own[most - 1]);
}

static var random_nest(const var *x, size_t n, void *user)
{
  const nest *const q = user;
  var s = tg_constant(0), r = x[0];
  for (size_t i = 0; i < ROWS; i++) {
    const var t = one_term(q, x, n, i);
    s = (q->seed & 8) != 0 ? sub(s, t) : add(t, s);
    if ((q->seed & 16) != 0) s = add(s, square(x[i % n]));
    if ((q->seed & 32) != 0) r = add(r, mul(t, q->w->y[i]));
  }
  for (size_t i = 0; i < 40; i++) r = add(r, sin(mul(q->w->y[i], s)));
  return add(mul(0.01, square(s)), tanh(mul(0.01, r)));
}

Test(loops, random_nests_answer_what_the_plain_sweep_answers)
{
  world w = make_world(3);
  size_t rolled = 0;
  for (uint64_t seed = 1; seed <= 120; seed++) {
    nest q = {&w, seed * 1001 + seed};
    char name[32];
    double x[8];
    tg_function *f, *g;
    tg_function_stats s;
    snprintf(name, sizeof name, "seed %d", (int)seed);
    make_point(x, 8, &w.state);
    cr_assert(tg_record(&f, random_nest, 8, NULL, &q) == TG_OK &&
              tg_record(&g, random_nest, 8, NULL, &q) == TG_OK);
    tg_function_plain(g, true);
    cr_assert(tg_function_compile(f, x) == TG_OK, "%s: %s", name, tg_function_message(f));
    cr_assert(tg_function_statistics(f, &s) == TG_OK);
    rolled += s.loops > 0;
    compare(name, f, g, x, 8, &w.state);
    make_point(x, 8, &w.state);
    compare(name, f, g, x, 8, &w.state);
    tg_function_free(f);
    tg_function_free(g);
  }
  cr_expect(rolled == 0 || rolled >= 60, "%zu of 120", rolled);
}

/* ---- promises ---- */

static var bad_rows(const var *t, size_t n, void *user)
{
  const world *const w = user;
  var s = tg_constant(0);
  (void)n;
  for (size_t i = 0; i < ROWS; i++)
    s = add(s, where(less(mul(t[0], w->x[i][0]), 0.0), tg_constant(0.0), sqrt(mul(t[0], w->x[i][0]))),
            mul(t[1], w->y[i]));
  return s;
}

Test(loops, rule_r5_holds_in_loops_and_is_counted)
{
  world w = make_world(5);
  const program p = {"bad rows", bad_rows, 2, 0};
  double x[2] = {0.0, 1.0}, a[2], b[2], value;
  tg_function *const f = recorded(&p, &w, x, false), *const g = recorded(&p, &w, x, true);
  tg_function_stats s;
  cr_assert(tg_gradient(f, x, &value, a) == TG_OK && tg_gradient(g, x, &value, b) == TG_OK);
  expect_close("gradient", "zero", a, b, 2);
  x[0] = 0.7;
  cr_assert(tg_gradient(f, x, &value, a) == TG_OK && tg_gradient(g, x, &value, b) == TG_OK);
  expect_close("gradient", "branches", a, b, 2);
  cr_assert(tg_function_statistics(f, &s) == TG_OK);
  cr_expect(s.zero_rule > 0);
  tg_function_free(f);
  tg_function_free(g);
}

static var nan_rows(const var *t, size_t n, void *user)
{
  const world *const w = user;
  var s = tg_constant(0);
  (void)n;
  for (size_t i = 0; i < ROWS; i++) s = add(s, log(add(t[0], w->y[i])));
  return s;
}

Test(loops, nan_and_infinity_come_out_as_from_the_plain_sweep)
{
  world w = make_world(6);
  const program p = {"nan rows", nan_rows, 1, 0};
  const double points[] = {0.0, 2.0, -5.0, INFINITY, NAN};
  double x = 2.0, a[2], b[2];
  tg_function *const f = recorded(&p, &w, &x, false), *const g = recorded(&p, &w, &x, true);
  for (size_t k = 0; k < sizeof points / sizeof points[0]; k++) {
    cr_assert(tg_gradient(f, &points[k], &a[0], &a[1]) == TG_OK &&
              tg_gradient(g, &points[k], &b[0], &b[1]) == TG_OK);
    cr_expect(isnan(a[0]) == isnan(b[0]) && (isnan(a[0]) || close_to(a[0], b[0], 1.0)), "value at %g",
              points[k]);
    cr_expect(isnan(a[1]) == isnan(b[1]) && (isnan(a[1]) || close_to(a[1], b[1], 1.0)), "slope at %g",
              points[k]);
  }
  tg_function_free(f);
  tg_function_free(g);
}

/* Slopes are infinite in every term, also in the last, which fills what is left of its block. */
static var steep_terms(const var *t, size_t n, void *user)
{
  const world *const w = user;
  var s = tg_constant(0);
  (void)n;
  for (size_t i = 0; i < ROWS; i++) s = add(s, sqrt(mul(sub(t[0], t[1]), 1.5 + w->y[i])));
  return s;
}

Test(loops, infinite_slopes_are_no_work_of_rule_r5_but_where_a_tangent_of_zero_meets_them)
{
  world w = make_world(12);
  const program p = {"steep terms", steep_terms, 2, 0};
  const double x[2] = {0.5, 0.5}, along[2] = {1.0, 1.0}, across[2] = {1.0, -1.0};
  double a[2], b[2];
  tg_function *const f = recorded(&p, &w, x, false), *const g = recorded(&p, &w, x, true);
  tg_function_stats s;
  cr_assert(tg_gradient(f, x, NULL, a) == TG_OK && tg_gradient(g, x, NULL, b) == TG_OK);
  expect_close("gradient", p.name, a, b, 2);
  cr_assert(tg_function_statistics(f, &s) == TG_OK);
  cr_expect(s.zero_rule == 0, "%zu", s.zero_rule);
  cr_assert(tg_jvp(f, x, across, NULL, a) == TG_OK && tg_jvp(g, x, across, NULL, b) == TG_OK);
  cr_expect(a[0] == INFINITY && b[0] == INFINITY);
  cr_assert(tg_jvp(f, x, along, NULL, a) == TG_OK && tg_jvp(g, x, along, NULL, b) == TG_OK);
  cr_expect(a[0] == 0.0 && b[0] == 0.0, "%g", a[0]);
  cr_assert(tg_function_statistics(f, &s) == TG_OK);
  cr_expect(s.zero_rule > 0);
  tg_function_free(f);
  tg_function_free(g);
}

/* ---- the user's own operations ---- */

typedef struct with_calls {
  world w;
  custom_calls calls;
} with_calls;

/* One of two outputs is used, in a loop of two sums; of a second call none. */
static var customs(const var *t, size_t n, void *user)
{
  with_calls *const c = user;
  var s = tg_constant(0), r = t[1];
  for (size_t i = 0; i < ROWS; i++) {
    const var z[2] = {mul(t[0], c->w.x[i][0]), t[n - 1]};
    var o[2], unused[1];
    tg_custom(&custom_waves, z, 2, o, 2, &c->calls);
    tg_custom(&custom_waves, z, 2, unused, 1, &c->calls);
    s = add(s, mul(o[0], t[1]));
    r = sub(r, o[1]);
  }
  for (size_t i = 0; i < ROWS; i++) s = add(s, square(sub(t[0], c->w.y[i])));
  return mul(s, r);
}

Test(loops, custom_operations_are_called_as_often_as_recorded)
{
  static with_calls c[2];
  const program p = {"customs", customs, 2, 0};
  const double x[2] = {0.3, 0.7}, v[2] = {1.0, 0.5};
  double a[4], b[4];
  tg_function *f[2];
  c[0].w = c[1].w = make_world(13);
  for (int i = 0; i < 2; i++) {
    f[i] = recorded(&p, &c[i], x, i == 1);
    cr_assert(tg_value(f[i], x, NULL) == TG_OK);
    c[i].calls = (custom_calls){0};
  }
  cr_expect(tg_value(f[0], x, a) == TG_OK && c[0].calls.value == 2 * ROWS, "%zu", c[0].calls.value);
  for (int i = 0; i < 2; i++) {
    double *const to = i == 0 ? a : b;
    c[i].calls = (custom_calls){0};
    cr_expect(tg_hvp(f[i], x, v, to, to + 2) == TG_OK && tg_jvp(f[i], x, v, NULL, NULL) == TG_OK);
  }
  expect_close("product", p.name, a, b, 4);
  cr_expect(memcmp(&c[0].calls, &c[1].calls, sizeof c[0].calls) == 0);
  for (int i = 0; i < 2; i++) tg_function_free(f[i]);
}

/* A failure is found again in the record; afterwards there are loops as before. */
static int below_limit(const double *x, size_t n, double *y, size_t m, void *user)
{
  (void)n, (void)m;
  y[0] = *x;
  return *x < *(const double *)user ? 0 : TG_E_CALLBACK;
}

static const tg_custom_op limited_op = {.name = "limited", .value = below_limit};
static double limit = 1.0;

static var limited(const var *t, size_t n, void *user)
{
  var o[1];
  tg_custom(&limited_op, t, 1, o, 1, &limit);
  return logistic(t, n, user);
}

Test(loops, loops_are_back_after_a_failure)
{
  world w = make_world(14);
  const program p = {"limited", limited, COLUMNS, 0};
  const double x[COLUMNS] = {0.3, 0.7}, beyond[COLUMNS] = {1.5, 0.7};
  double a, b;
  tg_function_stats before, after;
  tg_function *const f = recorded(&p, &w, x, false);
  cr_assert(tg_value(f, x, &a) == TG_OK && tg_function_statistics(f, &before) == TG_OK);
  cr_expect(tg_value(f, beyond, NULL) == TG_E_CALLBACK && tg_value(f, beyond, NULL) == TG_E_CALLBACK);
  cr_expect(strstr(tg_function_message(f), "limited") != NULL, "%s", tg_function_message(f));
  cr_assert(tg_value(f, x, &b) == TG_OK && tg_function_statistics(f, &after) == TG_OK);
  cr_expect(after.loops == before.loops && memcmp(&a, &b, sizeof a) == 0, "%zu", after.loops);
  tg_function_free(f);
}

static double scale = 1.0;
static var with_live(const var *t, size_t n, void *user)
{
  const world *const w = user;
  var s = tg_constant(0);
  const var k = tg_live(&scale);
  (void)n;
  for (size_t i = 0; i < ROWS; i++) s = add(s, square(sub(mul(k, t[0]), w->y[i])));
  return s;
}

Test(loops, live_constants_are_read_again)
{
  world w = make_world(7);
  const program p = {"live", with_live, 1, 0};
  const double x = 0.4;
  double a[2], b[2];
  scale = 1.0;
  tg_function *const f = recorded(&p, &w, &x, false), *const g = recorded(&p, &w, &x, true);
  for (scale = 0.5; scale < 4.0; scale *= 2.0) {
    cr_assert(tg_gradient(f, &x, &a[0], &a[1]) == TG_OK && tg_gradient(g, &x, &b[0], &b[1]) == TG_OK);
    expect_close("value and slope", "live", a, b, 2);
  }
  tg_function_free(f);
  tg_function_free(g);
}

Test(loops, another_branch_in_an_iteration_records_again)
{
  world w = make_world(8);
  const program *const p = &programs[5];
  double x[COLUMNS] = {0}, a[COLUMNS], b[COLUMNS], value[2];
  tg_function_stats s;
  tg_function *const f = recorded(p, &w, x, false), *const g = recorded(p, &w, x, true);
  for (int k = 0; k < 40; k++) {
    make_point(x, COLUMNS, &w.state);
    for (int again = 0; again < k % 8; again++) {
      cr_assert(tg_gradient(f, x, &value[0], a) == TG_OK && tg_gradient(g, x, &value[1], b) == TG_OK);
      expect_close("value", "branches", &value[0], &value[1], 1);
      expect_close("gradient", "branches", a, b, COLUMNS);
    }
  }
  cr_assert(tg_function_statistics(f, &s) == TG_OK);
  cr_expect(s.rerecordings > 10);
  tg_function_free(f);
  tg_function_free(g);
}

Test(loops, a_function_made_from_a_tape_tells_of_another_branch)
{
  tg_tape *t;
  tg_function *f;
  double x = 1.0, value;
  cr_assert(tg_tape_new(&t) == TG_OK);
  tg_tape_begin(t);
  const var in = tg_input(t, x);
  var s = tg_constant(0);
  for (int i = 0; i < 200; i++) s = lt(mul(in, i), 1000.0) ? add(s, sin(mul(in, i))) : add(s, in);
  cr_assert(tg_tape_end(t) == TG_OK && tg_tape_function(&f, t, &in, 1, &s, 1) == TG_OK);
  cr_assert(tg_function_compile(f, &x) == TG_OK && tg_value(f, &x, &value) == TG_OK);
  x = 100.0;
  cr_expect(tg_value(f, &x, &value) == TG_E_BRANCH);
  x = 1.5;
  cr_expect(tg_value(f, &x, &value) == TG_OK);
  double sum = 0.0;
  for (int i = 0; i < 200; i++) sum += sin(1.5 * i);
  cr_expect(fabs(value - sum) < 1e-12 * 200);
  tg_function_free(f);
  tg_tape_free(t);
}

Test(loops, the_number_of_threads_shows_in_no_bit)
{
  world w = make_world(9);
  for (size_t k = 0; k < PROGRAMS; k++) {
    const program *const p = &programs[k];
    double x[N], v[N], a[3][N], value[3];
    make_point(x, p->n, &w.state);
    make_point(v, p->n, &w.state);
    tg_function *const f = recorded(p, &w, x, false);
    for (unsigned threads = 1; threads <= 3; threads++) {
      tg_function_threads(f, threads);
      cr_assert(tg_gradient(f, x, &value[0], a[0]) == TG_OK && tg_hvp(f, x, v, NULL, a[0] + 0) == TG_OK);
      cr_assert(tg_gradient(f, x, &value[0], a[0]) == TG_OK);
      if (threads == 1) value[1] = value[0], memcpy(a[1], a[0], sizeof a[0]);
      cr_expect(memcmp(&value[0], &value[1], sizeof value[0]) == 0 &&
                    memcmp(a[0], a[1], p->n * sizeof a[0][0]) == 0,
                "%s with %u threads", p->name, threads);
    }
    tg_function_free(f);
  }
}

Test(loops, loops_are_found_without_being_asked_for_and_clones_find_their_own)
{
  world w = make_world(10);
  double x[COLUMNS], a[COLUMNS], b[COLUMNS], value[2];
  tg_function *f, *c;
  tg_function_stats s, plain;
  make_point(x, COLUMNS, &w.state);
  cr_assert(tg_record(&f, logistic, COLUMNS, x, &w) == TG_OK);
  for (int k = 0; k < 12; k++) cr_assert(tg_gradient(f, x, &value[0], a) == TG_OK);
  cr_assert(tg_function_statistics(f, &s) == TG_OK);
  tg_function_plain(f, true);
  cr_assert(tg_gradient(f, x, &value[1], b) == TG_OK && tg_function_statistics(f, &plain) == TG_OK);
  cr_expect(plain.loops == 0 && plain.swept == plain.nodes);
  expect_close("gradient", "unasked", a, b, COLUMNS);
  tg_function_plain(f, false);
  cr_assert(tg_function_clone(&c, f) == TG_OK);
  for (int k = 0; k < 12; k++) {
    cr_assert(tg_gradient(c, x, &value[1], b) == TG_OK && tg_gradient(f, x, &value[0], a) == TG_OK);
    expect_close("gradient", "clone", b, a, COLUMNS);
  }
  cr_assert(tg_function_statistics(c, &plain) == TG_OK && plain.loops == s.loops);
  if (s.loops > 0) cr_expect(memcmp(a, b, sizeof a) == 0 && s.swept < 100);
  tg_function_free(f);
  tg_function_free(c);
}

Test(loops, what_is_asked_wrongly_is_refused)
{
  world w = make_world(11);
  double x[COLUMNS] = {0};
  tg_function *f;
  cr_assert(tg_record(&f, logistic, COLUMNS, NULL, &w) == TG_OK);
  cr_expect(tg_function_compile(NULL, x) == TG_E_ARGUMENT && tg_function_compile(f, NULL) == TG_E_ARGUMENT);
  cr_expect(tg_function_print(NULL, stdout) == TG_E_ARGUMENT && tg_function_print(f, NULL) == TG_E_ARGUMENT);
  tg_function_plain(NULL, true);
  tg_function_threads(NULL, 2);
  tg_function_free(f);
}
