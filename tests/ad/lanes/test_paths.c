/* All drivers of finite sums on all ways (lanes and plain, dense rows and sparse, one thread and two, sizes around a
 * block) against each other, over random losses of all operations; what the compile step makes of a loss. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernels.h"
#include "tapegrad/finite_sum.h"
#include "tapegrad/operations.h"

#include "../../support/ops_table.h"

enum { D = 9, COLUMNS = 7, ROWS = 300 };

static uint64_t state = 1;
static double uniform(double low, double high)
{
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return low + (high - low) * ((double)(state >> 11) * 0x1p-53);
}

/* Rows with many zeros, in full and as sparse rows. */
typedef struct rows {
  double theta[D], direction[D], full[ROWS * COLUMNS], values[ROWS * COLUMNS], label[ROWS];
  size_t start[ROWS + 1], column[ROWS * COLUMNS];
} rows;

static void make_rows(rows *r, uint64_t seed)
{
  size_t k = 0;
  state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
  for (int i = 0; i < 8; i++) uniform(0, 1);
  for (size_t j = 0; j < D; j++) r->theta[j] = uniform(-1, 1), r->direction[j] = uniform(-1, 1);
  r->start[0] = 0;
  for (size_t i = 0; i < ROWS; i++) {
    r->label[i] = floor(uniform(0, 3));
    for (size_t j = 0; j < COLUMNS; j++) {
      const double x = uniform(-1, 1);
      r->full[i * COLUMNS + j] = x > -0.2 ? x : 0;
      if (x > -0.2) r->column[k] = j, r->values[k++] = x;
    }
    r->start[i + 1] = k;
  }
}

static tg_data dense_of(const rows *r, size_t count)
{
  tg_data d = tg_dense(r->full, count, COLUMNS);
  d.label = r->label;
  return d;
}

static tg_data sparse_of(const rows *r, size_t count)
{
  tg_data d = tg_sparse(r->start, r->column, r->values, count, COLUMNS);
  d.label = r->label;
  return d;
}

/* ---- everything there is to ask ---- */

typedef struct answers {
  double value, gradient[D], hv[D], hessian[D * D], values[ROWS], slopes[ROWS * D];
} answers;

static const char *asked = ""; /* the loss at hand, for messages */

static void ask(tg_finite_sum *s, const rows *r, const size_t *index, size_t count, answers *a)
{
  memset(a, 0, sizeof *a);
  cr_assert(tg_finite_sum_gradient(s, r->theta, index, count, &a->value, a->gradient) == TG_OK, "%s: %s",
            asked, tg_finite_sum_message(s));
  cr_assert(tg_finite_sum_hvp(s, r->theta, index, count, r->direction, a->hv) == TG_OK);
  cr_assert(tg_finite_sum_hessian(s, r->theta, index, count, a->hessian) == TG_OK);
  cr_assert(tg_finite_sum_per_sample(s, r->theta, index, count, a->values, a->slopes) == TG_OK);
  for (size_t i = 0; i < D; i++)
    for (size_t j = 0; j < i; j++)
      cr_expect(memcmp(&a->hessian[i * D + j], &a->hessian[j * D + i], sizeof(double)) == 0 ||
                    fabs(a->hessian[i * D + j] - a->hessian[j * D + i]) <
                        1e-12 * (1 + fabs(a->hessian[i * D + j])),
                "the Hessian is symmetric");
}

static bool close_to(double a, double b, double tolerance)
{
  if (isnan(a) || isnan(b)) return isnan(a) && isnan(b);
  return a == b || fabs(a - b) <= tolerance * (1 + fabs(b));
}

static bool compare(const answers *a, const answers *b, double tolerance, const char *name)
{
  const double *x = (const double *)a, *y = (const double *)b;
  for (size_t i = 0; i < sizeof *a / sizeof(double); i++) {
    if (close_to(x[i], y[i], tolerance)) continue;
    const size_t g = offsetof(answers, gradient) / sizeof(double), v = offsetof(answers, hv) / sizeof(double),
                 h = offsetof(answers, hessian) / sizeof(double),
                 e = offsetof(answers, values) / sizeof(double);
    cr_expect(false, "%s: %s %zu is %.17g, not %.17g", name,
              i < g   ? "value"
              : i < v ? "gradient"
              : i < h ? "H v"
              : i < e ? "Hessian"
                      : "sample",
              i, x[i], y[i]);
    return false;
  }
  return true;
}

static void equal_bits(const answers *a, const answers *b, const char *name)
{
  const double *x = (const double *)a, *y = (const double *)b;
  for (size_t i = 0; i < sizeof *a / sizeof(double); i++)
    if (memcmp(&x[i], &y[i], sizeof *x) != 0 && !(isnan(x[i]) && isnan(y[i]))) {
      cr_expect(false, "%s: number %zu is %a, not %a", name, i, x[i], y[i]);
      return;
    }
}

static size_t fallbacks(const tg_finite_sum *s)
{
  tg_finite_sum_stats stats;
  cr_assert(tg_finite_sum_statistics(s, &stats) == TG_OK);
  return stats.fallbacks;
}

/* The loss on all ways, on all rows and on a batch with repeats. */
static void all_ways(tg_loss_fn loss, void *user, const rows *r, size_t count, bool sparse, double tolerance,
                     const char *name)
{
  asked = name;
  static answers plain[2], fast[2], threads[2], thin[2], thin_plain[2];
  tg_finite_sum *s;
  size_t index[ROWS];
  for (size_t i = 0; i < count; i++) index[i] = (i * 7 + 3) % count;
  cr_assert(tg_finite_sum_new(&s, loss, D, dense_of(r, count), user) == TG_OK);
  for (int batch = 0; batch < 2; batch++) {
    const size_t *which = batch ? index : NULL;
    const size_t n = batch ? count - count / 3 : count;
    tg_finite_sum_threads(s, 1);
    ask(s, r, which, n, &fast[batch]);
    tg_finite_sum_threads(s, 2);
    ask(s, r, which, n, &threads[batch]);
    cr_expect(fallbacks(s) == 0, "%s went the plain way", name);
    tg_finite_sum_plain(s, true);
    ask(s, r, which, n, &plain[batch]);
    tg_finite_sum_plain(s, false);
    compare(&fast[batch], &plain[batch], tolerance, name);
    equal_bits(&threads[batch], &fast[batch], name);
  }
  tg_finite_sum_free(s);
  if (!sparse) return;
  cr_assert(tg_finite_sum_new(&s, loss, D, sparse_of(r, count), user) == TG_OK);
  for (int batch = 0; batch < 2; batch++) {
    const size_t *which = batch ? index : NULL;
    const size_t n = batch ? count - count / 3 : count;
    tg_finite_sum_threads(s, 2);
    ask(s, r, which, n, &threads[batch]);
    tg_finite_sum_threads(s, 1);
    ask(s, r, which, n, &thin[batch]);
    cr_expect(fallbacks(s) == 0, "%s went the plain way on sparse rows", name);
    tg_finite_sum_plain(s, true);
    ask(s, r, which, n, &thin_plain[batch]);
    tg_finite_sum_plain(s, false);
    compare(&thin[batch], &plain[batch], tolerance, name);
    equal_bits(&threads[batch], &thin[batch], name);
    compare(&thin_plain[batch], &plain[batch], tolerance, name);
  }
  tg_finite_sum_free(s);
}

/* ---- random losses ---- */

typedef struct program {
  uint64_t seed;
  bool sparse, branches, penalty;
} program;

static size_t draw(uint64_t *r, size_t n)
{
  *r = *r * UINT64_C(6364136223846793005) + 1442695040888963407u;
  return (size_t)(*r >> 33) % n;
}

/* v moved into the interval on which operand k of o is smooth. */
static tg_var inside(const ops_row *o, unsigned k, tg_var v)
{
  return tg_add(o->low[k], tg_mul(o->high[k] - o->low[k], tg_sigmoid(v)));
}

static tg_var apply(const ops_row *o, const tg_var *v, size_t n, uint64_t *r)
{
  tg_var x[3];
  for (unsigned k = 0; k < 3; k++) x[k] = inside(o, k, v[draw(r, n)]);
  return tg_tanh(tg_mul(0.25, o->on_tape(x)));
}

static void many_operands(tg_var *v, size_t n, tg_var label, uint64_t *r)
{
  tg_var x[3], y[3];
  for (int k = 0; k < 3; k++) x[k] = v[draw(r, n)], y[k] = v[draw(r, n)];
  switch (draw(r, 7)) {
  case 0: v[n] = tg_logsumexp(x, 3); return;
  case 1: v[n] = tg_cross_entropy(x, 3, label); return;
  case 2: v[n] = tg_pick(x, 3, label); return;
  case 3: v[n] = tg_dot(x, y, 3); return;
  case 4: v[n] = tg_sum(x, 3); return;
  case 5: tg_softmax(x, 3, y), v[n] = y[1]; return;
  default: v[n] = tg_add(tg_norm2(x, 3), 0.5); return;
  }
}

/* Columns of a sparse sample enter products with theta only. */
static tg_var random_loss(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  const program *p = user;
  tg_var v[64], y[2];
  uint64_t r = p->seed;
  size_t n = 0;
  for (size_t i = 0; i < d; i++) v[n++] = t[i];
  for (size_t i = 0; i < columns && !p->sparse; i++) v[n++] = s[i];
  v[n++] = tg_dot(t + draw(&r, 3), s, columns - 1);
  tg_affine(t, t + 5, s + 1, 2, 3, y);
  v[n++] = y[0], v[n++] = y[1];
  if (draw(&r, 2))
    tg_affine(t + 1, NULL, s, 2, columns - 4, y), v[n++] = y[0], v[n++] = tg_mul(y[1], s[columns - 1]);
  v[n++] = s[columns - 1];
  while (n < 44) {
    const size_t what = draw(&r, 9);
    if (what < 5)
      v[n] = apply(&ops_rows[draw(&r, ops_count)], v, n, &r);
    else if (what == 5)
      v[n] = tg_add(v[draw(&r, n)], tg_mul(v[draw(&r, n)], v[draw(&r, n)]));
    else if (what == 6)
      v[n] = tg_sub(v[draw(&r, n)], v[draw(&r, n)]);
    else if (what == 7 && p->branches)
      v[n] = tg_lt(v[draw(&r, n)], 0.25) ? tg_square(v[draw(&r, n)]) : tg_neg(v[0]);
    else
      many_operands(v, n, s[columns - 1], &r);
    n++;
  }
  tg_var sum = tg_tanh(v[n - 1]);
  for (size_t i = n - 9; i < n - 1; i++) sum = tg_add(sum, tg_tanh(v[i]));
  for (size_t i = 0; p->penalty && i < d; i++) sum = tg_add(sum, tg_mul(0.01, tg_exp(t[i])));
  return sum;
}

Test(paths, random_losses_of_all_operations, .timeout = 120)
{
  static const size_t sizes[] = {1, 7, 15, 16, 17, 63, 64, 65, 127, 128, 129, 257};
  static rows r;
  for (uint64_t seed = 1; seed <= 160; seed++) {
    program p = {seed * UINT64_C(0x9e3779b97f4a7c15), seed % 2, false, seed % 3 == 0};
    char name[48];
    snprintf(name, sizeof name, "seed %d", (int)seed);
    make_rows(&r, seed);
    all_ways(random_loss, &p, &r, sizes[seed % (sizeof sizes / sizeof *sizes)], p.sparse, 1e-9, name);
  }
}

/* ---- sizes around a block, with branches and a part of theta alone ---- */

static tg_var branching(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  const tg_var z = tg_dot(t, s, columns - 1), penalty = tg_mul(0.1, tg_dot(t, t, d));
  (void)user;
  if (tg_lt(s[columns - 1], 0.5)) return tg_add(tg_softplus(z), penalty);
  if (tg_lt(z, t[7])) return tg_add(tg_square(tg_sub(z, t[8])), penalty);
  return tg_mul(tg_exp(tg_mul(0.5, z)), t[8]);
}

Test(paths, odd_sizes_with_branches)
{
  static const size_t sizes[] = {1, 2, 7, 8, 9, 127, 128, 129, 255, 256, 257, ROWS};
  static rows r;
  make_rows(&r, 77);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    all_ways(branching, NULL, &r, sizes[i], true, 1e-12, "branching");
}

/* A few parameters behind many numbers that the samples use: products with all directions are the cheaper Hessian. */
static tg_var table(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  tg_var sum = tg_mul(t[0], s[columns - 1]);
  (void)user;
  for (size_t i = 0; i < 400; i++) {
    const tg_var knot = tg_sin(tg_add(tg_mul(t[i % d], (double)i), t[(i + 1) % d]));
    sum = tg_add(sum, tg_mul(0.01, tg_tanh(tg_sub(s[i % (columns - 1)], knot))));
  }
  return sum;
}

Test(paths, the_hessian_of_few_parameters_behind_many_numbers)
{
  static rows r;
  make_rows(&r, 31);
  all_ways(table, NULL, &r, 137, false, 1e-11, "table");
}

/* So many vectors that a block holds few samples. */
static tg_var wide(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  tg_var h[900], sum = tg_mul(t[0], s[columns - 1]);
  (void)user;
  for (size_t i = 0; i < 900; i++)
    h[i] = tg_sin(
        tg_add(tg_mul(t[i % d], s[i % (columns - 1)]), tg_mul(t[(i + 1) % d], s[(i + 2) % (columns - 1)])));
  for (size_t i = 0; i < 900; i++) sum = tg_add(sum, tg_mul(h[i], h[(i * 7 + 1) % 900]));
  if (tg_lt(s[0], 0.3)) return tg_mul(0.01, sum);
  return tg_lt(s[1], 0.3) ? tg_tanh(tg_mul(0.01, sum)) : tg_mul(0.02, sum);
}

Test(paths, bits_do_not_depend_on_what_was_met_before_in_small_blocks)
{
  static rows r;
  static answers first, later;
  make_rows(&r, 5);
  for (size_t before = 0; before < 12; before++) {
    tg_finite_sum *s;
    cr_assert(tg_finite_sum_new(&s, wide, D, dense_of(&r, 150), NULL) == TG_OK);
    const size_t index[] = {before * 3, before * 5 + 1};
    double value;
    if (before > 0) cr_assert(tg_finite_sum_gradient(s, r.theta, index, 2, &value, NULL) == TG_OK);
    ask(s, &r, NULL, 0, before > 0 ? &later : &first);
    tg_finite_sum_stats stats;
    tg_finite_sum_statistics(s, &stats);
    cr_expect(stats.lanes < 128 && stats.fallbacks == 0 && stats.variants == 3, "%zu lanes", stats.lanes);
    if (before > 0) equal_bits(&later, &first, "wide");
    tg_finite_sum_free(s);
  }
}

/* The number of comparisons that hold says which of twelve ways a sample goes. */
static tg_var twelve_ways(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  const double *shift = user;
  tg_var z = tg_mul(t[1], s[1]);
  (void)d, (void)columns;
  for (int k = 0; k < 12; k++) {
    if (tg_lt(s[0], tg_add(*shift + k, tg_mul(0.0, t[0])))) return z;
    z = tg_add(z, tg_mul(t[(k + 2) % D], tg_sin(z)));
  }
  return z;
}

Test(paths, variants_give_way_and_bits_do_not_depend_on_it)
{
  enum { N = 240 };
  static double x[N * 2];
  double shift = 0, theta[D], value[4], gradient[4][D];
  size_t index[3][N];
  for (size_t i = 0; i < N; i++) x[2 * i] = (double)(i % 12) - 0.5, x[2 * i + 1] = sin((double)i);
  for (size_t j = 0; j < D; j++) theta[j] = 0.3 - 0.05 * (double)j;
  for (size_t k = 0; k < N; k++) { /* ways 0 to 5, 6 to 11, 3 to 8 */
    index[0][k] = k % 20 * 12 + k % 6;
    index[1][k] = k % 20 * 12 + 6 + k % 6;
    index[2][k] = k % 20 * 12 + 3 + k % 6;
  }
  tg_finite_sum *s, *fresh;
  cr_assert(tg_finite_sum_new(&s, twelve_ways, D, tg_dense(x, N, 2), &shift) == TG_OK);
  for (int round = 0; round < 6; round++) {
    const size_t *which = index[round % 3];
    tg_finite_sum_threads(s, round % 2 ? 2 : 1);
    cr_assert(tg_finite_sum_gradient(s, theta, which, N, &value[0], gradient[0]) == TG_OK);
    cr_assert(tg_finite_sum_new(&fresh, twelve_ways, D, tg_dense(x, N, 2), &shift) == TG_OK);
    cr_assert(tg_finite_sum_gradient(fresh, theta, which, N, &value[1], gradient[1]) == TG_OK);
    cr_expect(value[0] == value[1] && memcmp(gradient[0], gradient[1], sizeof gradient[0]) == 0, "round %d",
              round);
    cr_expect(fallbacks(s) == 0 && fallbacks(fresh) == 0);
    tg_finite_sum_free(fresh);
  }
  /* All twelve at once go the plain way, and lanes serve again when they can. */
  cr_assert(tg_finite_sum_gradient(s, theta, NULL, 0, &value[2], gradient[2]) == TG_OK && fallbacks(s) == 1);
  tg_finite_sum_plain(s, true);
  cr_assert(tg_finite_sum_gradient(s, theta, NULL, 0, &value[3], gradient[3]) == TG_OK);
  cr_expect(value[2] == value[3] && memcmp(gradient[2], gradient[3], sizeof gradient[2]) == 0);
  tg_finite_sum_plain(s, false);
  cr_assert(tg_finite_sum_gradient(s, theta, index[2], N, &value[2], gradient[2]) == TG_OK &&
            fallbacks(s) == 1);
  cr_expect(value[2] == value[0] && memcmp(gradient[2], gradient[0], sizeof gradient[2]) == 0);
  tg_finite_sum_free(s);
}

Test(paths, an_empty_batch_is_zero_everywhere)
{
  static rows r;
  static answers a, zero;
  make_rows(&r, 3);
  const size_t none = 0;
  for (int sparse = 0; sparse < 2; sparse++) {
    tg_finite_sum *s;
    cr_assert(tg_finite_sum_new(&s, branching, D, sparse ? sparse_of(&r, 9) : dense_of(&r, 9), NULL) ==
              TG_OK);
    ask(s, &r, &none, 0, &a);
    cr_expect(memcmp(&a, &zero, sizeof a) == 0);
    tg_finite_sum_free(s);
  }
}

/* Data in pieces, bound one after the other: the mean of the means, weighted by their rows. */
Test(paths, pieces_bound_in_turn_make_up_the_whole)
{
  static rows r;
  static answers whole, piece, sum;
  make_rows(&r, 9);
  for (int sparse = 0; sparse < 2; sparse++) {
    tg_finite_sum *s;
    cr_assert(tg_finite_sum_new(&s, branching, D, sparse ? sparse_of(&r, ROWS) : dense_of(&r, ROWS), NULL) ==
              TG_OK);
    ask(s, &r, NULL, 0, &whole);
    memset(&sum, 0, sizeof sum);
    for (size_t first = 0, count; first < ROWS; first += count) {
      size_t start[ROWS + 1];
      count = first == 0 ? 1 : ROWS - first < 117 ? ROWS - first : 117;
      for (size_t i = 0; i <= count; i++) start[i] = r.start[first + i] - r.start[first];
      tg_data d = sparse
                      ? tg_sparse(start, r.column + r.start[first], r.values + r.start[first], count, COLUMNS)
                      : tg_dense(r.full + first * COLUMNS, count, COLUMNS);
      d.label = r.label + first;
      d.borrow = first % 2;
      cr_assert(tg_finite_sum_bind(s, d) == TG_OK && tg_finite_sum_rows(s) == count);
      ask(s, &r, NULL, 0, &piece);
      const double share = (double)count / ROWS;
      sum.value += share * piece.value;
      for (size_t j = 0; j < D; j++)
        sum.gradient[j] += share * piece.gradient[j], sum.hv[j] += share * piece.hv[j];
      for (size_t j = 0; j < D * D; j++) sum.hessian[j] += share * piece.hessian[j];
      memcpy(sum.values + first, piece.values, count * sizeof *piece.values);
      memcpy(sum.slopes + first * D, piece.slopes, count * D * sizeof *piece.slopes);
    }
    compare(&sum, &whole, 1e-13, sparse ? "sparse pieces" : "pieces");
    tg_finite_sum_free(s);
  }
}

/* ---- the compile step, as printed ---- */

static const char *printed(tg_loss_fn loss, size_t *steps)
{
  static char text[4096];
  static const double x[] = {1, 2, 3, 4, 5, 6, 7, 8};
  const double theta[] = {0.1, 0.2, 0.3, 0.4};
  tg_finite_sum *s;
  FILE *out = fmemopen(text, sizeof text, "w");
  tg_finite_sum_stats stats;
  cr_assert(out && tg_finite_sum_new(&s, loss, 4, tg_dense(x, 2, 4), NULL) == TG_OK);
  cr_assert(tg_finite_sum_gradient(s, theta, NULL, 0, NULL, NULL) == TG_OK &&
            tg_finite_sum_print(s, out) == TG_OK);
  cr_assert(tg_finite_sum_statistics(s, &stats) == TG_OK);
  *steps = stats.steps;
  fclose(out);
  tg_finite_sum_free(s);
  return text;
}

static tg_var dead_and_equal(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  (void)d, (void)columns, (void)user;
  (void)tg_exp(tg_mul(t[0], s[0]));                                            /* not needed */
  const tg_var a = tg_sin(tg_mul(t[1], s[1])), b = tg_sin(tg_mul(s[1], t[1])); /* the product commutes */
  const tg_var c = tg_sin(tg_mul(t[1], s[1]));                                 /* the same again */
  return tg_mul(tg_add(a, c), b);
}

static tg_var loops(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  tg_var z = tg_constant(0), penalty = tg_constant(0);
  (void)user;
  for (size_t j = 0; j < columns; j++) z = tg_add(z, tg_mul(t[j], s[j]));
  for (size_t j = 0; j < d; j++) penalty = tg_add(penalty, tg_square(t[j]));
  return tg_add(tg_softplus(z), tg_mul(penalty, tg_mul(tg_constant(2), tg_constant(0.25))));
}

static tg_var rare(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  (void)d, (void)columns, (void)user;
  return tg_lgamma(tg_add(tg_mul(t[0], s[0]), 3.0));
}

Test(paths, the_compiled_loss_is_short_and_can_be_read)
{
  size_t steps;
  const char *text = printed(dead_and_equal, &steps);
  cr_expect(strstr(text, "exp") == NULL, "dead code: %s", text);
  cr_expect(steps <= 6, "equal operations are one: %s", text);
  text = printed(loops, &steps);
  cr_expect(steps == 3 && strstr(text, "(1 x 4, from u0) [x0, x1, x2, x3]"), "a loop is a product: %s", text);
  cr_expect(strstr(text, "1 results of them") && strstr(text, "softplus") && !strstr(text, "square"), "%s",
            text);
  text = printed(rare, &steps);
  cr_expect(strstr(text, "lgamma(") && strstr(text, "), sample by sample"), "%s", text);
}

/* ---- what pads a block, and what else has been met ---- */

static int log_value(const double *x, size_t n, double *y, size_t m, void *user)
{
  (void)n, (void)m, (void)user;
  if (!(x[0] > 0)) return 5;
  y[0] = log(x[0]);
  return 0;
}

static int log_jvp(const double *x, size_t n, const double *v, double *jv, size_t m, void *user)
{
  (void)n, (void)m, (void)user;
  if (!(x[0] > 0)) return 5;
  jv[0] = v[0] / x[0];
  return 0;
}

static int log_vjp(const double *x, size_t n, const double *u, size_t m, double *uj, void *user)
{
  (void)n, (void)m, (void)user;
  if (!(x[0] > 0)) return 5;
  uj[0] = u[0] / x[0];
  return 0;
}

static int log_hvp(const double *x, size_t n, const double *u, size_t m, const double *v, double *hv,
                   void *user)
{
  (void)n, (void)m, (void)user;
  if (!(x[0] > 0)) return 5;
  hv[0] = -u[0] * v[0] / (x[0] * x[0]);
  return 0;
}

static const tg_custom_op positive_log = {"positive_log", log_value, log_jvp, log_vjp, log_hvp};

static tg_var with_positive_log(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  (void)d, (void)columns, (void)user;
  if (tg_lt(s[0], 0.0)) return tg_softplus(tg_mul(t[0], s[0]));
  const tg_var a = tg_mul(tg_exp(t[0]), s[0]);
  tg_var y;
  tg_custom(&positive_log, &a, 1, &y, 1, NULL);
  return tg_add(tg_square(y), tg_mul(t[1], s[0]));
}

static tg_var with_roots(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  (void)d, (void)columns, (void)user;
  tg_var z[5];
  if (tg_lt(s[0], 0.0)) return tg_softplus(tg_mul(t[0], s[0]));
  for (int k = 0; k < 5; k++) z[k] = tg_mul(t[k], tg_mul(s[0], 1.0 + 0.37 * k));
  return tg_add(tg_logsumexp(z, 5), tg_mul(t[1], tg_sqrt(tg_mul(tg_exp(t[0]), s[0]))));
}

/* The first rows of a block take another way than those behind them, which are outside its domain. */
Test(paths, what_pads_a_block_fits_its_way_however_often_rows_are_swept)
{
  const tg_loss_fn losses[] = {with_positive_log, with_roots};
  const double theta[5] = {0.1, 0.2, 0.3, -0.4, 0.55}, v[5] = {1, 1, -0.3, 0.7, 0.11};
  double x[200], first[5], later[5], first_hessian[25], hessian[25];
  for (int i = 0; i < 200; i++) x[i] = i % 128 < 5 ? 1 + 0.1 * i : -1 - 0.01 * i;
  for (int k = 0; k < 2; k++) {
    const size_t d = k == 0 ? 2 : 5;
    tg_finite_sum *s;
    cr_assert(tg_finite_sum_new(&s, losses[k], d, tg_dense(x, 200, 1), NULL) == TG_OK);
    cr_assert(tg_finite_sum_hvp(s, theta, NULL, 0, v, first) == TG_OK);
    cr_assert(tg_finite_sum_hessian(s, theta, NULL, 0, first_hessian) == TG_OK);
    for (int sweep = 0; sweep < 20; sweep++) {
      cr_assert(tg_finite_sum_hvp(s, theta, NULL, 0, v, later) == TG_OK, "%s", tg_finite_sum_message(s));
      cr_assert(tg_finite_sum_hessian(s, theta, NULL, 0, hessian) == TG_OK);
      cr_expect(memcmp(first, later, d * sizeof *first) == 0, "loss %d, sweep %d", k, sweep);
      cr_expect(memcmp(first_hessian, hessian, d * d * sizeof *hessian) == 0, "loss %d, sweep %d", k, sweep);
    }
    tg_finite_sum_free(s);
  }
}

static tg_var squared_score(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  (void)user;
  return tg_mul(tg_square(tg_dot(t, s, d)), s[columns - 1]);
}

/* Rule R5: a tangent of 0 times an infinite entry is 0, in sparse rows too. */
Test(paths, infinite_entries_of_sparse_rows_meet_tangents_of_zero)
{
  const size_t start[] = {0, 2, 4}, column[] = {0, 1, 0, 2};
  const double values[] = {INFINITY, 1, 1, 2}, full[] = {INFINITY, 1, 0, 1, 0, 2}, label[] = {1, 1};
  const double theta[3] = {0, 0.5, 0.25}, v[3] = {0, 1, 1};
  for (int sparse = 0; sparse < 2; sparse++) {
    tg_data data = sparse ? tg_sparse(start, column, values, 2, 3) : tg_dense(full, 2, 3);
    double hv[3];
    tg_finite_sum *s;
    data.label = label;
    cr_assert(tg_finite_sum_new(&s, squared_score, 3, data, NULL) == TG_OK);
    for (int plain = 0; plain < 2; plain++) {
      tg_finite_sum_plain(s, plain);
      cr_assert(tg_finite_sum_hvp(s, theta, NULL, 0, v, hv) == TG_OK);
      cr_expect(isinf(hv[0]) && hv[1] == 1 && hv[2] == 4, "%g %g %g", hv[0], hv[1], hv[2]);
    }
    tg_finite_sum_free(s);
  }
}

/* Many uniforms and few parameters: products with all directions are cheaper than curvatures. */
static tg_var many_uniforms(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  tg_var sum = tg_constant(0);
  (void)columns, (void)user;
  for (size_t k = 0; k < d; k++)
    for (int q = 0; q < 400; q++)
      sum = tg_add(sum, tg_mul(tg_sin(tg_mul(t[k], 1.0 + q)), tg_square(tg_add(s[0], 0.01 * q))));
  return tg_sin(tg_mul(sum, 0.001));
}

static tg_var curved_or_many(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  if (tg_lt(s[0], 0.0)) return many_uniforms(t, d, s, columns, user);
  const tg_var score = tg_dot(t, s, d);
  return tg_add(tg_softplus(score), tg_mul(tg_tanh(tg_mul(tg_exp(t[0]), s[1])), score));
}

static void expect_symmetric(const double *h, size_t d)
{
  for (size_t i = 0; i < d; i++)
    for (size_t j = 0; j < i; j++) cr_expect(h[i * d + j] == h[j * d + i], "%zu %zu", i, j);
}

Test(paths, hessians_are_symmetric_and_know_nothing_of_other_rows)
{
  enum { N = 5, MANY = 60, FEW = 40 };
  double x[MANY * N], theta[N], first[N * N], later[N * N], value;
  size_t index[FEW];
  tg_finite_sum *s;
  for (int i = 0; i < MANY * N; i++) x[i] = i % N ? uniform(-1, 1) : i < FEW * N ? uniform(0.1, 1) : -0.5;
  for (int i = 0; i < N; i++) theta[i] = uniform(-1, 1);
  for (size_t i = 0; i < FEW; i++) index[i] = i;
  cr_assert(tg_finite_sum_new(&s, curved_or_many, N, tg_dense(x, MANY, N), NULL) == TG_OK);
  cr_assert(tg_finite_sum_hessian(s, theta, index, FEW, first) == TG_OK);
  cr_assert(tg_finite_sum_gradient(s, theta, NULL, 0, &value, NULL) == TG_OK); /* meets the other way */
  cr_assert(tg_finite_sum_hessian(s, theta, index, FEW, later) == TG_OK);
  cr_expect(memcmp(first, later, sizeof first) == 0);
  expect_symmetric(later, N);
  for (int plain = 0; plain < 2; plain++) {
    tg_finite_sum_plain(s, plain);
    cr_assert(tg_finite_sum_hessian(s, theta, NULL, 0, later) == TG_OK);
    expect_symmetric(later, N);
  }
  tg_finite_sum_free(s);
}

static tg_var last_column_squared(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  (void)user;
  return tg_mul(tg_square(s[columns - 1]), tg_softplus(tg_dot(t, s, d)));
}

/* The label of the first rows stands where a sparse column of the second is. */
Test(paths, binding_other_sparse_columns_asks_again_where_they_enter)
{
  const size_t start[] = {0, 1, 2}, column[] = {0, 2}, wider[] = {0, 3};
  const double values[] = {1, 2}, label[] = {1, 2}, theta[3] = {1, 2, 3};
  for (int plain = 0; plain < 2; plain++) {
    tg_data data = tg_sparse(start, column, values, 2, 3);
    double value;
    tg_finite_sum *s;
    data.label = label;
    cr_assert(tg_finite_sum_new(&s, last_column_squared, 3, data, NULL) == TG_OK);
    tg_finite_sum_plain(s, plain);
    cr_expect(tg_finite_sum_gradient(s, theta, NULL, 0, &value, NULL) == TG_OK);
    cr_expect(tg_finite_sum_bind(s, tg_sparse(start, wider, values, 2, 4)) == TG_OK);
    cr_expect(tg_finite_sum_gradient(s, theta, NULL, 0, &value, NULL) == TG_E_DATA);
    tg_finite_sum_free(s);
  }
}

static int answer_of_user(const double *x, size_t n, double *y, size_t m, void *user)
{
  (void)n, (void)m;
  y[0] = x[0];
  return *(const int *)user;
}

static const tg_custom_op answering = {"answering", answer_of_user, NULL, NULL, NULL};

static tg_var with_answer(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  const tg_var a = tg_mul(t[0], s[0]);
  tg_var y;
  (void)d, (void)columns;
  tg_custom(&answering, &a, 1, &y, 1, user);
  return y;
}

/* No answer of an operation is mistaken for what parts of the library tell each other. */
Test(paths, answers_of_operations_are_failures_whatever_their_number)
{
  const int answers_given[] = {TG_E_METHOD, TG_E_BRANCH, TG_E_NONFINITE, 7};
  const double x[3] = {1, 2, 3}, theta = 1;
  for (int k = 0; k < 4; k++) {
    int answer = 0;
    double value;
    tg_finite_sum *s;
    cr_assert(tg_finite_sum_new(&s, with_answer, 1, tg_dense(x, 3, 1), &answer) == TG_OK);
    cr_expect(tg_finite_sum_gradient(s, &theta, NULL, 0, &value, NULL) == TG_OK);
    answer = answers_given[k];
    const tg_status expected = k % 2 == 0 ? (tg_status)answer : TG_E_CALLBACK;
    cr_expect(tg_finite_sum_gradient(s, &theta, NULL, 0, &value, NULL) == expected);
    cr_expect(strstr(tg_finite_sum_message(s), tg_status_string(expected)) != NULL, "%s",
              tg_finite_sum_message(s));
    tg_finite_sum_free(s);
  }
}

static tg_var answer_of_score(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  const tg_var score = tg_dot(t, s, d);
  tg_var y;
  (void)columns;
  tg_custom(&answering, &score, 1, &y, 1, user);
  return y;
}

Test(paths, a_callback_that_answers_of_data_is_not_taken_for_a_sparse_column_out_of_place)
{
  const size_t start[] = {0, 1, 2}, column[] = {0, 2};
  const double values[] = {1, 2}, theta[3] = {1, 2, 3};
  for (int plain = 0; plain < 2; plain++) {
    int answer = 0;
    double value;
    tg_finite_sum *s;
    cr_assert(tg_finite_sum_new(&s, answer_of_score, 3, tg_sparse(start, column, values, 2, 3), &answer) ==
              TG_OK);
    tg_finite_sum_plain(s, plain);
    cr_expect(tg_finite_sum_gradient(s, theta, NULL, 0, &value, NULL) == TG_OK);
    answer = TG_E_DATA;
    cr_expect(tg_finite_sum_gradient(s, theta, NULL, 0, &value, NULL) == TG_E_DATA);
    cr_expect(strstr(tg_finite_sum_message(s), "sparse") == NULL, "%s", tg_finite_sum_message(s));
    tg_finite_sum_free(s);
  }
}
