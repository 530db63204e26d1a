/* Plain loops on one tape, once their loops are found and run in lanes: ratios to hand-written gradients where there
 * are some, and to the plain sweep; what finding them costs, in plain gradients; bytes kept an operation. */
#include "workloads.h"

enum {
  ROUNDS = 9,
  OBSERVATIONS = 30000,
  CAMERAS = 100,
  POINTS = 5000,
  BODIES = 200,
  PATHS = 10000,
  STEPS = 50
};

static size_t *indices(size_t n, size_t below, size_t *state)
{
  size_t *const a = malloc(n * sizeof *a);
  if (!a) abort();
  for (size_t i = 0; i < n; i++) a[i] = (size_t)((bench_noise(state) + 1.0) / 2.0 * (double)below) % below;
  return a;
}

/* ---- The objectives, as a user writes them. ---- */

/* Observations of points by cameras: nine parameters a camera, three a point, all gathered. */
static var observations(const var *x, size_t n, void *user)
{
  const problem *const q = user;
  var s = tg_constant(0);
  (void)n;
  for (size_t i = 0; i < OBSERVATIONS; i++) {
    const var *const c = x + 9 * q->camera[i], *const p = x + 9 * CAMERAS + 3 * q->point[i];
    const var depth = add(sub(p[2], c[2]), 5.0);
    const var a = divide(sub(p[0], c[0]), depth), b = divide(sub(p[1], c[1]), depth);
    const var r = add(square(a), square(b));
    const var scale = mul(c[5], add(add(1.0, mul(c[3], r)), mul(c[4], square(r))));
    s = add(s, add(square(sub(mul(scale, a), q->x[2 * i])), square(sub(mul(scale, b), q->x[2 * i + 1]))));
  }
  return s;
}

static void hand_observations(void *u)
{
  problem *const q = u;
  double *const g = q->expected, value = 0.0;
  for (size_t i = 0; i < q->d; i++) g[i] = 0.0;
  for (size_t i = 0; i < OBSERVATIONS; i++) {
    const size_t ci = 9 * q->camera[i], pi = 9 * CAMERAS + 3 * q->point[i];
    const double *const c = q->theta + ci, *const p = q->theta + pi;
    const double over = 1.0 / (p[2] - c[2] + 5.0), a = (p[0] - c[0]) * over, b = (p[1] - c[1]) * over;
    const double r = a * a + b * b, k = 1.0 + c[3] * r + c[4] * r * r, scale = c[5] * k;
    const double u1 = scale * a - q->x[2 * i], u2 = scale * b - q->x[2 * i + 1];
    value += u1 * u1 + u2 * u2;
    const double d_scale = 2.0 * (u1 * a + u2 * b), dr = d_scale * c[5] * (c[3] + 2.0 * c[4] * r);
    const double da = 2.0 * u1 * scale + 2.0 * dr * a, db = 2.0 * u2 * scale + 2.0 * dr * b;
    const double dz = -(da * a + db * b) * over;
    g[ci] -= da * over, g[ci + 1] -= db * over, g[ci + 2] -= dz;
    g[ci + 3] += d_scale * c[5] * r, g[ci + 4] += d_scale * c[5] * r * r, g[ci + 5] += d_scale * k;
    g[pi] += da * over, g[pi + 1] += db * over, g[pi + 2] += dz;
  }
  q->value = value;
}

static var bodies(const var *x, size_t n, void *user)
{
  var s = tg_constant(0);
  (void)user;
  for (size_t i = 0; i < n / 3; i++)
    for (size_t j = i + 1; j < n / 3; j++) {
      const var dx = sub(x[3 * i], x[3 * j]), dy = sub(x[3 * i + 1], x[3 * j + 1]),
                dz = sub(x[3 * i + 2], x[3 * j + 2]);
      s = sub(s, rsqrt(add(add(square(dx), square(dy)), add(square(dz), 0.01))));
    }
  return s;
}

static void hand_bodies(void *u)
{
  problem *const q = u;
  const double *const x = q->theta;
  double *const g = q->expected, value = 0.0;
  for (size_t i = 0; i < q->d; i++) g[i] = 0.0;
  for (size_t i = 0; i < BODIES; i++) {
    double gx = 0.0, gy = 0.0, gz = 0.0;
    for (size_t j = i + 1; j < BODIES; j++) {
      const double dx = x[3 * i] - x[3 * j], dy = x[3 * i + 1] - x[3 * j + 1],
                   dz = x[3 * i + 2] - x[3 * j + 2];
      const double w = 1.0 / sqrt(dx * dx + dy * dy + dz * dz + 0.01), c = w * w * w;
      value -= w;
      gx += c * dx, gy += c * dy, gz += c * dz;
      g[3 * j] -= c * dx, g[3 * j + 1] -= c * dy, g[3 * j + 2] -= c * dz;
    }
    g[3 * i] += gx, g[3 * i + 1] += gy, g[3 * i + 2] += gz;
  }
  q->value = value;
}

/* The mean of an Asian option's payoff over PATHS paths. */
static var paths(const var *t, size_t n, void *user)
{
  const problem *const q = user;
  var s = tg_constant(0);
  (void)n;
  for (size_t i = 0; i < PATHS; i++) {
    var price = t[0], mean = tg_constant(0);
    for (size_t k = 0; k < STEPS; k++) {
      price = mul(price, exp(add(t[1], mul(t[2], q->x[i * STEPS + k]))));
      mean = add(mean, price);
    }
    s = add(s, fmax(sub(divide(mean, STEPS), t[3]), 0.0));
  }
  return mul(divide(s, PATHS), exp(neg(t[4])));
}

static var branches(const var *t, size_t d, const problem *q, size_t ways)
{
  var s = tg_constant(0);
  for (size_t i = 0; i < q->n; i++) {
    const var r = linear(t, q->x + i * d, d, tg_constant(0));
    if (lt(fabs(r), ways == 2 ? 0.4 : 0.1))
      s = add(s, mul(0.5, square(r)));
    else if (ways == 2 || lt(r, -0.4))
      s = add(s, sub(fabs(r), 0.5));
    else if (lt(r, 0.4))
      s = add(s, log1p(square(r)));
    else
      s = add(s, sqrt(add(1.0, square(r))));
  }
  return s;
}

static var two_branches(const var *t, size_t d, void *user) { return branches(t, d, user, 2); }
static var four_branches(const var *t, size_t d, void *user) { return branches(t, d, user, 4); }

static var ragged(const var *t, size_t d, void *user)
{
  const problem *const q = user;
  var s = tg_constant(0);
  for (size_t i = 0; i < q->n; i++)
    s = add(s, tanh(linear(t, q->x + i * d, 1 + (size_t)(i * 7 % 6), t[d - 1])));
  return s;
}

/* No lanes: Runge and Kutta's fourth order for two equations. */
static var recurrence(const var *t, size_t d, void *user)
{
  var x = t[0], y = t[1];
  (void)d, (void)user;
  for (int i = 0; i < 5000; i++) {
    var kx[4], ky[4], u = x, v = y;
    for (int k = 0; k < 4; k++) {
      kx[k] = sub(mul(t[2], u), mul(u, v));
      ky[k] = sub(mul(u, v), mul(t[3], v));
      u = add(x, mul(k == 2 ? 0.001 : 0.0005, kx[k])), v = add(y, mul(k == 2 ? 0.001 : 0.0005, ky[k]));
    }
    x = add(x, mul(0.001 / 6, add(add(kx[0], mul(2.0, kx[1])), add(mul(2.0, kx[2]), kx[3]))));
    y = add(y, mul(0.001 / 6, add(add(ky[0], mul(2.0, ky[1])), add(mul(2.0, ky[2]), ky[3]))));
  }
  return add(square(x), square(y));
}

/* ---- What is timed. ---- */

static void compile_afresh(void *u)
{
  problem *const q = u;
  tg_function_forget(q->f);
  if (tg_function_compile(q->f, q->theta) != TG_OK) abort();
}
static void record_afresh(void *u)
{
  problem *const q = u;
  tg_function_forget(q->f);
  if (tg_value(q->f, q->theta, &q->value) != TG_OK) abort();
}

static void fill(problem *q)
{
  size_t state = 1;
  q->x = numbers(q->n * (q->p + 1) + PATHS * STEPS + 2 * OBSERVATIONS, &state);
  make_labels(q, &state);
  make_vectors(q, &state);
  q->camera = indices(OBSERVATIONS, CAMERAS, &state), q->point = indices(OBSERVATIONS, POINTS, &state);
}

static void run(problem q)
{
  fill(&q);
  if (tg_record(&q.f, q.fn, q.d, q.theta, &q) != TG_OK) abort();
  tg_function_plain(q.f, true);
  bench_entry plain[] = {
      {"plain", gradient, &q, 0.0}, {"plain hvp", product, &q, 0.0}, {"record", record_afresh, &q, 0.0}};
  bench_run(plain, 3, 3, 0.02);
  double *const kept = q.gradient;
  gradient(&q);
  q.gradient = numbers(q.d, &(size_t){7});
  tg_function_plain(q.f, false);
  bench_entry made[] = {{"compile", compile_afresh, &q, 0.0}};
  bench_run(made, 1, 3, 0.02);
  bench_entry e[] = {{"loops", gradient, &q, 0.0}, {"hvp", product, &q, 0.0}, {"hand", q.hand, &q, 0.0}};
  bench_run(e, q.hand ? 3 : 2, ROUNDS, 0.02);
  gradient(&q);
  tg_function_stats s;
  tg_function_statistics(q.f, &s);
  printf("%-13s %8.4f ms", q.name, 1e3 * e[0].best);
  if (q.hand)
    printf("  to hand %6.2f", e[0].best / e[2].best);
  else
    printf("                ");
  printf("  faster than plain %6.1fx, H v %6.1fx  finding %4.1f gradients  %5.1f %% in %zu loops, %4.1f "
         "bytes each  off by %.0e\n",
         plain[0].best / e[0].best, plain[1].best / e[1].best, (made[0].best - plain[2].best) / plain[0].best,
         100.0 * (double)s.rolled / (double)s.nodes, s.loops, (double)s.compiled_bytes / (double)s.nodes,
         bench_difference(q.gradient, kept, q.d));
  free(kept);
  dispose(&q);
}

int main(void)
{
  run((problem){.name = "W1", .fn = rosenbrock, .d = 100000, .hand = hand_w1});
  run((problem){.name = "W2", .fn = logistic, .d = 50, .n = 10000, .p = 50, .hand = hand_w2});
  run((problem){.name = "W3", .fn = multinomial, .d = 650, .n = 1797, .p = 64, .k = 10, .hand = hand_w3});
  run((problem){.name = "W5", .fn = net, .d = 2410, .n = 1000, .p = 64, .h = 32, .k = 10, .hand = hand_w5});
  run((problem){
      .name = "observations", .fn = observations, .d = 9 * CAMERAS + 3 * POINTS, .hand = hand_observations});
  run((problem){.name = "bodies", .fn = bodies, .d = 3 * BODIES, .hand = hand_bodies});
  run((problem){.name = "paths", .fn = paths, .d = 5});
  run((problem){.name = "two branches", .fn = two_branches, .d = 8, .n = 20000, .p = 8});
  run((problem){.name = "four branches", .fn = four_branches, .d = 8, .n = 20000, .p = 8});
  run((problem){.name = "ragged", .fn = ragged, .d = 8, .n = 20000, .p = 8});
  run((problem){.name = "recurrence", .fn = recurrence, .d = 4});
  return 0;
}
