/* Properties that hold for every program, over many random ones. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/random_program.h"
#include "simplify.h"
#include "special.h"

enum { SEED = 20240917, PROGRAMS = 10000, N = PROGRAM_INPUTS, M = PROGRAM_OUTPUTS, K = 9 };

typedef struct trial {
  random_state random;
  random_program p;
  tg_function *f, *g; /* the vector function and the scalar one, recorded at x */
  double x[N], x2[N]; /* where it is recorded, where it is evaluated next */
  uint64_t seed;
} trial;

static void begin(trial *t, uint64_t number)
{
  t->seed = SEED + number * 7919;
  t->random.s = t->seed;
  random_program_make(&t->p, &t->random);
  random_vector(&t->random, t->x, N, -2.0, 2.0);
  random_vector(&t->random, t->x2, N, -2.0, 2.0);
  cr_assert(tg_record_vector(&t->f, random_program_vector, t->p.n, t->p.m, t->x, &t->p) == TG_OK);
  cr_assert(tg_record(&t->g, random_program_scalar, t->p.n, t->x, &t->p) == TG_OK);
}

static void end(trial *t)
{
  tg_function_free(t->f);
  tg_function_free(t->g);
}

/* At x2, for bits to compare: half of the programs as recorded, half simplified. */
static void settle(trial *t)
{
  tg_function *const f[2] = {t->f, t->g};
  for (int k = 0; k < 2; k++) {
    if (t->seed % 2) tg_function_as_recorded_(f[k]);
    for (int i = 0; i <= TG_PATIENCE; i++) cr_assert(tg_value(f[k], t->x2, NULL) == TG_OK);
  }
}

static bool equal(const double *a, const double *b, size_t n)
{
  for (size_t i = 0; i < n; i++)
    if (!(a[i] == b[i] || (isnan(a[i]) && isnan(b[i])))) return false;
  return true;
}

/* Report once with the program, then give up: the other programs would drown it. */
static void require(trial *t, bool holds, const char *what, double error)
{
  if (holds) return;
  random_program_print(&t->p);
  cr_assert(false, "program with seed %llu: %s (%g)", (unsigned long long)t->seed, what, error);
}

static double dot(const double *a, const double *b, size_t n)
{
  double s = 0.0;
  for (size_t i = 0; i < n; i++) s += a[i] * b[i];
  return s;
}

static double largest(const double *a, size_t n)
{
  double most = 0.0;
  for (size_t i = 0; i < n; i++) most = fmax(most, fabs(a[i]));
  return most;
}

#define FOR_PROGRAMS(t)                                                                                      \
  for (uint64_t number_ = 0; number_ < PROGRAMS; number_++)                                                  \
    for (bool once_ = (begin(t, number_), true); once_; once_ = (end(t), false))

Test(random, values_are_those_of_plain_numbers)
{
  trial t;
  printf("# seed %d\n", SEED);
  FOR_PROGRAMS(&t)
  {
    double plain[M], replayed[M];
    for (int again = 0; again < 2; again++) {
      const double *const x = again ? t.x2 : t.x;
      random_program_plain(&t.p, x, plain);
      require(&t, tg_value(t.f, x, replayed) == TG_OK, tg_function_message(t.f), 0.0);
      require(&t, memcmp(plain, replayed, t.p.m * sizeof *plain) == 0, "values differ", 0.0);
      require(&t, isfinite(largest(plain, t.p.m)), "not finite", 0.0);
    }
  }
}

/* The first partials of elementary operations, from the rows once more. */
static void first_partials(const char *name, double x, double y, double z, double v, double *d)
{
#define UNARY(row, value, first, ...)                                                                        \
  if (strcmp(name, #row) == 0) d[0] = (first);
#define BINARY(row, value, dx, dy, ...)                                                                      \
  if (strcmp(name, #row) == 0) d[0] = (dx), d[1] = (dy);
#define TERNARY(row, value, dx, dy, dz, ...)                                                                 \
  if (strcmp(name, #row) == 0) d[0] = (dx), d[1] = (dy), d[2] = (dz);
#define GUARD(row, condition)
#include "ops.def"
#undef UNARY
#undef BINARY
#undef TERNARY
#undef GUARD
  (void)x, (void)y, (void)z, (void)v;
}

/* The largest product adjoint x partial x tangent along an edge into node i. The partials of n-ary operations are of
 * the order of 1, and they add up within themselves. */
static double largest_edge(const tg_tape *t, uint32_t i)
{
  tg_var operand[16];
  double at[16] = {0.0}, d[16], most = 0.0, bar = fabs(t->work[TG_ADJOINT][i]);
  const tg_var node = tg_tape_at(t, i);
  const size_t count = tg_operands(t, node, operand, 16);
  for (size_t k = 0; k < count; k++) at[k] = tg_peek(operand[k]), d[k] = 1.0;
  if (tg_opcode_(t->r.nodes_[i].word_) == TG_OP_nary)
    for (uint32_t j = 1; j < t->nary[tg_operand_a_(t->r.nodes_[i].word_)].m; j++)
      bar = fmax(bar, fabs(t->work[TG_ADJOINT][i + j]));
  else
    first_partials(tg_op_name(t, node), at[0], at[1], at[2], tg_peek(node), d);
  for (size_t k = 0; k < count; k++)
    if (tg_index(operand[k]) != SIZE_MAX)
      most = fmax(most, fabs(d[k]) * bar * fabs(t->work[TG_TANGENT][tg_index(operand[k])]));
  return most;
}

/* Both sides of <w, J v> = <J' w, v> are the same sum of products over the paths of the graph, taken in another order;
 * what rounding does to it goes with the largest product. */
static double largest_part(const trial *t, const double *v, const double *w)
{
  double most = 0.0, out[M];
  uint32_t last;
  cr_assert(tg_jvp(t->f, t->x2, v, NULL, out) == TG_OK);
  cr_assert(tg_vjp(t->f, t->x2, w, NULL, out) == TG_OK);
  if (!tg_function_last_(t->f, &last)) return 0.0;
  for (size_t i = 0; i < t->p.n; i++) most = fmax(most, fabs(v[i] * out[i]));
  for (uint32_t i = 0; i <= last; i++) most = fmax(most, largest_edge(t->f->tape, i));
  return most;
}

Test(random, forward_and_reverse_are_adjoint)
{
  trial t;
  double worst = 0.0;
  FOR_PROGRAMS(&t)
  {
    const size_t n = t.p.n, m = t.p.m;
    double v[N], w[M], jv[M], jw[N], scale;
    random_vector(&t.random, v, N, -1.0, 1.0);
    random_vector(&t.random, w, M, -1.0, 1.0);
    cr_assert(tg_jvp(t.f, t.x2, v, NULL, jv) == TG_OK);
    cr_assert(tg_vjp(t.f, t.x2, w, NULL, jw) == TG_OK);
    scale = largest_part(&t, v, w);
    const double error = fabs(dot(w, jv, m) - dot(jw, v, n));
    require(&t, error <= 1e-13 * scale, "<w, J v> is not <J' w, v>", error / scale);
    if (scale > 0.0) worst = fmax(worst, error / scale);
  }
  printf("# worst %g\n", worst);
}

Test(random, jacobians_are_made_of_partials)
{
  trial t;
  FOR_PROGRAMS(&t)
  {
    const size_t n = t.p.n, m = t.p.m;
    double j[M * N], entry;
    const size_t row = random_below(&t.random, m), column = random_below(&t.random, n);
    double e[N] = {0}, u[M] = {0}, jv[M], uj[N];
    settle(&t);
    e[column] = u[row] = 1.0;
    cr_assert(tg_jacobian(t.f, t.x2, NULL, j) == TG_OK);
    cr_assert(tg_partial(t.f, t.x2, row, column, &entry) == TG_OK);
    cr_assert(tg_jvp(t.f, t.x2, e, NULL, jv) == TG_OK);
    cr_assert(tg_vjp(t.f, t.x2, u, NULL, uj) == TG_OK);
    require(&t, entry == uj[column], "tg_partial is not the entry of a row", 0.0);
    require(&t, j[row * n + column] == (n <= m ? jv[row] : uj[column]), "tg_jacobian has another entry", 0.0);
    const double error = fabs(entry - jv[row]), scale = largest_part(&t, e, u);
    require(&t, error <= 1e-13 * scale, "forward is not reverse", error / scale);
  }
}

Test(random, blocks_are_their_directions_one_by_one)
{
  trial t;
  FOR_PROGRAMS(&t)
  {
    const size_t n = t.p.n, m = t.p.m, k = 1 + random_below(&t.random, K);
    double v[K * N], u[K * M], a[K * N], b[N], c[N], d[N];
    settle(&t);
    random_vector(&t.random, v, K * N, -1.0, 1.0);
    random_vector(&t.random, u, K * M, -1.0, 1.0);
    cr_assert(tg_jvp_block(t.f, t.x2, k, v, NULL, a) == TG_OK);
    for (size_t l = 0; l < k; l++) {
      cr_assert(tg_jvp(t.f, t.x2, v + l * n, NULL, b) == TG_OK);
      require(&t, equal(a + l * m, b, m), "jvp_block is not jvp", (double)l);
    }
    cr_assert(tg_vjp_block(t.f, t.x2, k, u, NULL, a) == TG_OK);
    for (size_t l = 0; l < k; l++) {
      cr_assert(tg_vjp(t.f, t.x2, u + l * m, NULL, b) == TG_OK);
      require(&t, equal(a + l * n, b, n), "vjp_block is not vjp", (double)l);
    }
    cr_assert(tg_hvp_block(t.g, t.x2, k, v, c, a) == TG_OK);
    for (size_t l = 0; l < k; l++) {
      cr_assert(tg_hvp(t.g, t.x2, v + l * n, d, b) == TG_OK);
      require(&t, equal(a + l * n, b, n), "hvp_block is not hvp", (double)l);
      require(&t, equal(c, d, n), "gradients differ", (double)l);
    }
    cr_assert(tg_gradient(t.g, t.x2, NULL, d) == TG_OK);
    require(&t, equal(c, d, n), "the gradient with a product is not the gradient", 0.0);
  }
}

/* As largest_part, for what adds up to v'H v. */
static double second_order_part(const tg_function *f)
{
  const tg_tape *const t = f->tape;
  double most = 0.0;
  uint32_t last;
  const bool any = tg_function_last_(f, &last);
  for (size_t i = 0; any && i <= last; i++) {
    const double dot = t->work[TG_TANGENT][i];
    most = fmax(most, fabs(dot * t->work[TG_SECOND][i]) + dot * dot * fabs(t->work[TG_ADJOINT][i]));
  }
  return most;
}

Test(random, hessians_are_symmetric_and_made_of_products)
{
  trial t;
  double worst = 0.0;
  FOR_PROGRAMS(&t)
  {
    const size_t n = t.p.n;
    double h[N * N], v[N], hv[N], e[N] = {0};
    settle(&t);
    random_vector(&t.random, v, N, -1.0, 1.0);
    cr_assert(tg_hessian(t.g, t.x2, NULL, NULL, h) == TG_OK);
    cr_assert(tg_hvp(t.g, t.x2, v, NULL, hv) == TG_OK);
    const double scale = largest(h, n * n) + second_order_part(t.g);
    for (size_t i = 0; i < n; i++) {
      for (size_t k = 0; k < i; k++) {
        const double error = fabs(h[i * n + k] - h[k * n + i]);
        require(&t, error <= 1e-13 * scale, "the Hessian is not symmetric", error / scale);
        if (scale > 0.0) worst = fmax(worst, error / scale);
      }
      const double error = fabs(dot(h + i * n, v, n) - hv[i]);
      require(&t, error <= 1e-13 * scale, "H v is not the product", error / scale);
    }
    const size_t column = random_below(&t.random, n);
    e[column] = 1.0;
    cr_assert(tg_hvp(t.g, t.x2, e, NULL, hv) == TG_OK);
    require(&t, equal(hv, h + column * n, n), "a product with a unit vector is not the Hessian's column",
            0.0);
  }
  printf("# worst %g\n", worst);
}

/* Central differences at h, h/2, h/4, extrapolated twice; false when a guard changed in between. */
static bool differences(trial *t, const double *v, double h, double *hv)
{
  const size_t n = t->p.n;
  double d[3][N], g[2][N], x[N];
  tg_function_stats before, after;
  tg_function_statistics(t->g, &before);
  for (int k = 0; k < 3; k++, h *= 0.5) {
    for (int side = 0; side < 2; side++) {
      for (size_t i = 0; i < n; i++) x[i] = t->x2[i] + (side ? -h : h) * v[i];
      cr_assert(tg_gradient(t->g, x, NULL, g[side]) == TG_OK);
    }
    for (size_t i = 0; i < n; i++) d[k][i] = (g[0][i] - g[1][i]) / (2.0 * h);
  }
  for (size_t i = 0; i < n; i++) {
    const double first = d[1][i] + (d[1][i] - d[0][i]) / 3.0, second = d[2][i] + (d[2][i] - d[1][i]) / 3.0;
    hv[i] = second + (second - first) / 15.0;
  }
  tg_function_statistics(t->g, &after);
  return after.rerecordings == before.rerecordings;
}

Test(random, products_are_differences_of_gradients)
{
  trial t;
  size_t checked = 0;
  FOR_PROGRAMS(&t)
  {
    const size_t n = t.p.n;
    double v[N], hv[N], d[N], gradient[N], best = INFINITY;
    random_vector(&t.random, v, N, -1.0, 1.0);
    cr_assert(tg_hvp(t.g, t.x2, v, gradient, hv) == TG_OK);
    const double scale = 1e-2 + largest(hv, n) + largest(gradient, n);
    bool smooth = true;
    for (double h = 1e-2; h > 1e-5 && best > 1e-7; h *= 0.2) {
      smooth = differences(&t, v, h, d);
      double error = 0.0;
      for (size_t i = 0; i < n; i++) error = fmax(error, fabs(d[i] - hv[i]) / scale);
      if (smooth) best = fmin(best, error);
    }
    if (!smooth && best > 1e-7) continue;
    checked++;
    require(&t, best <= 1e-7, "a product is not the difference of gradients", best);
  }
  cr_expect(checked > PROGRAMS * 9 / 10, "%zu", checked);
}

Test(random, a_replay_is_a_fresh_recording)
{
  trial t;
  size_t rerecordings = 0;
  FOR_PROGRAMS(&t)
  {
    const size_t n = t.p.n, m = t.p.m;
    double y[2][M], j[2][M * N], g[2][N], h[2][N * N];
    for (int fresh = 0; fresh < 2; fresh++) {
      cr_assert(tg_jacobian(t.f, t.x2, y[fresh], j[fresh]) == TG_OK);
      cr_assert(tg_hessian(t.g, t.x2, NULL, g[fresh], h[fresh]) == TG_OK);
      tg_function_stats s;
      tg_function_statistics(t.f, &s);
      if (!fresh) rerecordings += s.rerecordings;
      require(&t, s.recordings == 1 + s.rerecordings + (unsigned)fresh, "recordings are not counted right",
              0.0);
      tg_function_forget(t.f);
      tg_function_forget(t.g);
    }
    require(&t, memcmp(y[0], y[1], m * sizeof **y) == 0, "values differ", 0.0);
    require(&t, memcmp(j[0], j[1], m * n * sizeof **j) == 0, "Jacobians differ", 0.0);
    require(&t, memcmp(g[0], g[1], n * sizeof **g) == 0, "gradients differ", 0.0);
    require(&t, memcmp(h[0], h[1], n * n * sizeof **h) == 0, "Hessians differ", 0.0);
  }
  cr_expect(rerecordings > PROGRAMS / 10, "guards were tried: %zu", rerecordings);
}

Test(random, a_clone_is_the_original)
{
  trial t;
  FOR_PROGRAMS(&t)
  {
    const size_t n = t.p.n, m = t.p.m;
    tg_function *f, *g;
    cr_assert(tg_function_clone(&f, t.f) == TG_OK && tg_function_clone(&g, t.g) == TG_OK);
    double y[2][M], j[2][M * N], h[2][N * N];
    cr_assert(tg_jacobian(t.f, t.x2, y[0], j[0]) == TG_OK && tg_jacobian(f, t.x2, y[1], j[1]) == TG_OK);
    cr_assert(tg_hessian(t.g, t.x2, NULL, NULL, h[0]) == TG_OK &&
              tg_hessian(g, t.x2, NULL, NULL, h[1]) == TG_OK);
    require(&t, memcmp(y[0], y[1], m * sizeof **y) == 0, "values differ", 0.0);
    require(&t, memcmp(j[0], j[1], m * n * sizeof **j) == 0, "Jacobians differ", 0.0);
    require(&t, memcmp(h[0], h[1], n * n * sizeof **h) == 0, "Hessians differ", 0.0);
    tg_function_free(f);
    tg_function_free(g);
  }
}

/* ---- Every form of every sweep, at every node. ---- */

enum { WIDTHS = 3 };
static const size_t widths[WIDTHS] = {1, 4, 8};

/* All forms put lane 0 the same; the others are multiples of it. `result` has `size` numbers of lane 0. */
typedef struct sweeps {
  double *tangent, *adjoint, *second; /* lane arrays */
  double *lane[2][WIDTHS][3];         /* [masked][width][which]: lane 0 at each node */
} sweeps;

static void lane_0(double *to, const double *from, size_t size, size_t width)
{
  for (size_t i = 0; i < size; i++) to[i] = from[i * width];
}

static void sweep_all(trial *t, const double *v, sweeps *s, int masked, int w)
{
  tg_function *const f = t->g;
  const size_t width = widths[w], size = tg_tape_size(f->tape), n = t->p.n;
  bool nan;
  for (size_t i = 0; i < n; i++)
    for (size_t l = 0; l < width; l++) s->tangent[i * width + l] = v[i] * ldexp(1.0, (int)l);
  cr_assert(tg_sweep_tangent_(f->tape, s->tangent, width, true, masked) == TG_OK);
  lane_0(s->lane[masked][w][0], s->tangent, size, width);
  memset(s->adjoint, 0, size * width * sizeof *s->adjoint);
  for (size_t l = 0; l < width; l++) s->adjoint[(size - 1) * width + l] = ldexp(1.0, (int)l);
  cr_assert(tg_sweep_adjoint_(f->tape, (uint32_t)(size - 1), s->adjoint, width, masked, &nan) == TG_OK);
  lane_0(s->lane[masked][w][1], s->adjoint, size, width);
  memset(s->adjoint, 0, size * sizeof *s->adjoint);
  memset(s->second, 0, size * width * sizeof *s->second);
  s->adjoint[size - 1] = 1.0;
  const tg_second_arrays_ arrays = {s->tangent, s->adjoint, s->second, width};
  cr_assert(tg_sweep_second_(f->tape, (uint32_t)(size - 1), &arrays, masked, &nan) == TG_OK);
  lane_0(s->lane[masked][w][2], s->second, size, width);
}

Test(random, widths_and_masks_agree_at_every_node)
{
  trial t;
  enum { ROOM = 1024 };
  static double arrays[3][ROOM * 8], lanes[2][WIDTHS][3][ROOM];
  sweeps s = {arrays[0], arrays[1], arrays[2], {{{NULL}}}};
  for (int a = 0; a < 2; a++)
    for (int b = 0; b < WIDTHS; b++)
      for (int c = 0; c < 3; c++) s.lane[a][b][c] = lanes[a][b][c];
  FOR_PROGRAMS(&t)
  {
    double v[N];
    const size_t size = tg_tape_size(t.g->tape);
    cr_assert(size <= ROOM);
    random_vector(&t.random, v, N, -1.0, 1.0);
    for (int masked = 0; masked < 2; masked++)
      for (int w = 0; w < WIDTHS; w++) sweep_all(&t, v, &s, masked, w);
    for (int masked = 0; masked < 2; masked++)
      for (int w = 0; w < WIDTHS; w++)
        for (int which = 0; which < 3; which++)
          require(&t, equal(s.lane[masked][w][which], s.lane[0][0][which], size), "sweeps differ",
                  100.0 * masked + 10.0 * w + which);
  }
}
