/* Finite sums over blocks of samples against the plain way, sample by sample. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "ops.h"
#include "tapegrad/finite_sum.h"
#include "tapegrad/operations.h"

#include "../../support/ops_table.h"

enum { D = 6, COLUMNS = 5, ROWS = 300 };

/* The environment may ask for the plain way (TG_ISA). */
static bool no_lanes(void) { return strstr(tg_build_info(), "active scalar") != NULL; }

static uint64_t state;
static double uniform(double low, double high)
{
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return low + (high - low) * ((double)(state >> 11) * 0x1p-53);
}

typedef struct problem {
  double theta[D], direction[D], rows[ROWS * COLUMNS], label[ROWS];
} problem;

static problem make_problem(uint64_t seed)
{
  problem p;
  state = seed * 0x9e3779b97f4a7c15 + 1;
  for (size_t i = 0; i < D; i++) p.theta[i] = uniform(-1, 1), p.direction[i] = uniform(-1, 1);
  for (size_t i = 0; i < ROWS * COLUMNS; i++) p.rows[i] = uniform(-1, 1);
  for (size_t i = 0; i < ROWS; i++) p.label[i] = floor(uniform(0, 3));
  return p;
}

typedef struct answers {
  tg_status status;
  double value, alone, gradient[D], hv[D], hessian[D * D], values[ROWS], gradients[ROWS * D];
} answers;

static answers ask(tg_finite_sum *s, const problem *p, const size_t *index, size_t count)
{
  answers a;
  memset(&a, 0, sizeof a);
  a.status = tg_finite_sum_gradient(s, p->theta, index, count, &a.value, a.gradient);
  if (a.status == TG_OK) a.status = tg_finite_sum_gradient(s, p->theta, index, count, &a.alone, NULL);
  if (a.status == TG_OK) a.status = tg_finite_sum_hvp(s, p->theta, index, count, p->direction, a.hv);
  if (a.status == TG_OK) a.status = tg_finite_sum_hessian(s, p->theta, index, count, a.hessian);
  if (a.status == TG_OK) a.status = tg_finite_sum_per_sample(s, p->theta, index, count, a.values, NULL);
  if (a.status == TG_OK) a.status = tg_finite_sum_per_sample(s, p->theta, index, count, NULL, a.gradients);
  return a;
}

static bool close_to(double a, double b, double tolerance)
{
  if (isnan(a) || isnan(b)) return isnan(a) && isnan(b);
  if (isinf(a) || isinf(b)) return a == b;
  return fabs(a - b) <= tolerance * (1 + fabs(b));
}

static void compare(const answers *fast, const answers *plain, size_t count, double tolerance,
                    const char *name)
{
  cr_assert(fast->status == plain->status, "%s: status %d, plainly %d", name, fast->status, plain->status);
  cr_expect(close_to(fast->value, plain->value, tolerance), "%s: value %.17g, plainly %.17g", name,
            fast->value, plain->value);
  cr_expect(memcmp(&fast->value, &fast->alone, sizeof fast->value) == 0 || isnan(fast->value),
            "%s: value alone", name);
  for (size_t j = 0; j < D; j++) {
    cr_expect(close_to(fast->gradient[j], plain->gradient[j], tolerance),
              "%s: gradient %zu is %.17g, plainly %.17g", name, j, fast->gradient[j], plain->gradient[j]);
    cr_expect(close_to(fast->hv[j], plain->hv[j], tolerance), "%s: H v %zu is %.17g, plainly %.17g", name, j,
              fast->hv[j], plain->hv[j]);
  }
  for (size_t j = 0; j < D * D; j++)
    cr_expect(close_to(fast->hessian[j], plain->hessian[j], tolerance),
              "%s: Hessian %zu is %.17g, plainly %.17g", name, j, fast->hessian[j], plain->hessian[j]);
  for (size_t i = 0; i < count; i++)
    cr_expect(close_to(fast->values[i], plain->values[i], tolerance), "%s: sample %zu", name, i);
  for (size_t i = 0; i < count * D; i++)
    cr_expect(close_to(fast->gradients[i], plain->gradients[i], tolerance), "%s: gradient of sample %zu",
              name, i / D);
}

static tg_finite_sum *make_sum(const problem *p, size_t rows, tg_loss_fn loss, void *user)
{
  tg_finite_sum *s;
  tg_data data = tg_dense(p->rows, rows, COLUMNS);
  data.label = p->label;
  cr_assert(tg_finite_sum_new(&s, loss, D, data, user) == TG_OK);
  return s;
}

static tg_finite_sum_stats statistics(const tg_finite_sum *s)
{
  tg_finite_sum_stats stats;
  cr_assert(tg_finite_sum_statistics(s, &stats) == TG_OK);
  return stats;
}

/* Both ways, on all rows and on a batch with repeats, at the first `rows` rows. */
static void both_ways(tg_loss_fn loss, void *user, size_t rows, double tolerance, bool lanes,
                      const char *name)
{
  const problem p = make_problem(rows);
  tg_finite_sum *s = make_sum(&p, rows, loss, user);
  size_t index[ROWS];
  for (size_t i = 0; i < rows; i++) index[i] = (i * 7 + 3) % rows;
  const answers all = ask(s, &p, NULL, 0), batch = ask(s, &p, index, rows / 2);
  if (lanes) cr_expect(statistics(s).fallbacks == 0, "%s: took the plain way", name);
  tg_finite_sum_plain(s, true);
  const answers plain = ask(s, &p, NULL, 0), plain_batch = ask(s, &p, index, rows / 2);
  compare(&all, &plain, rows, tolerance, name);
  compare(&batch, &plain_batch, rows / 2, tolerance, name);
  tg_finite_sum_free(s);
}

/* ---- the table of operations ---- */

/* Operand k of an operation, within its interval: of theta and the sample (mode 0), or of theta alone, or
 * data alone. */
static tg_var operand(const ops_row *o, unsigned k, const tg_var *theta, const tg_var *sample, unsigned mode)
{
  tg_var t = mode == 1   ? theta[k]
             : mode == 2 ? sample[k]
                         : (tg_add)((tg_mul)(theta[k], sample[k]), theta[k + 3]);
  const tg_var s = (tg_sigmoid)(t);
  return (tg_add)(tg_constant(o->low[k]), (tg_mul)(tg_constant(o->high[k] - o->low[k]), s));
}

static tg_var operation_loss(const tg_var *theta, size_t d, const tg_var *sample, size_t columns, void *user)
{
  const ops_row *o = user;
  tg_var sum = (tg_mul)(theta[0], sample[1]);
  (void)d, (void)columns;
  for (unsigned mix = 0; mix < 5; mix++) { /* all of both kinds, then operand by operand of one kind */
    tg_var x[3];
    for (unsigned k = 0; k < o->arity; k++)
      x[k] = operand(o, k, theta, sample, mix == 0 ? 0 : mix <= 2 ? mix : (mix + k) % 3);
    sum = (tg_add)(sum, (tg_mul)(o->on_tape(x), sample[3]));
  }
  return sum;
}

Test(lanes, every_operation_of_the_table_equals_the_plain_way)
{
  for (size_t i = 0; i < ops_count; i++)
    both_ways(operation_loss, (void *)(uintptr_t)&ops_rows[i], 37, 1e-12, true, ops_rows[i].name);
}

/* ---- shapes ---- */

static tg_var logistic(const tg_var *theta, size_t d, const tg_var *sample, size_t columns, void *user)
{
  tg_var z = theta[columns - 1];
  (void)d, (void)user;
  for (size_t j = 0; j + 1 < columns; j++) z = (tg_add)(z, (tg_mul)(theta[j], sample[j]));
  return (tg_softplus)((tg_mul)((tg_neg)(sample[columns - 1]), z));
}

Test(lanes, odd_numbers_of_samples_equal_the_plain_way)
{
  static const size_t sizes[] = {1, 2, 7, 8, 9, 127, 128, 129, 255, 256, 257, 300};
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
    both_ways(logistic, NULL, sizes[i], 1e-13, true, "logistic");
}

Test(lanes, an_empty_batch_is_zero)
{
  const problem p = make_problem(1);
  tg_finite_sum *s = make_sum(&p, ROWS, logistic, NULL);
  const size_t index[1] = {0};
  double value = 7, gradient[D] = {7};
  cr_assert(tg_finite_sum_gradient(s, p.theta, index, 0, &value, gradient) == TG_OK);
  cr_expect(value == 0 && gradient[0] == 0);
  tg_finite_sum_free(s);
}

Test(lanes, borrowed_rows_with_a_stride_give_the_same_bits)
{
  const problem p = make_problem(3);
  static double wide[ROWS * (COLUMNS + 3)];
  for (size_t i = 0; i < ROWS; i++)
    memcpy(wide + i * (COLUMNS + 3), p.rows + i * COLUMNS, COLUMNS * sizeof *wide);
  tg_data data = tg_dense(wide, ROWS, COLUMNS);
  data.stride = COLUMNS + 3;
  data.label = p.label;
  data.borrow = true;
  tg_finite_sum *s = make_sum(&p, ROWS, logistic, NULL), *t;
  cr_assert(tg_finite_sum_new(&t, logistic, D, data, NULL) == TG_OK);
  const answers a = ask(s, &p, NULL, 0), b = ask(t, &p, NULL, 0);
  cr_expect(memcmp(&a, &b, sizeof a) == 0);
  tg_finite_sum_free(s);
  tg_finite_sum_free(t);
}

/* ---- bodies of all sorts ---- */

/* Chains with uniform, constant and negative terms at all places, products of vectors, prefixes used twice.
 */
static tg_var chains(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  (void)d, (void)columns, (void)user;
  tg_var a =
      (tg_add)((tg_add)((tg_sub)((tg_mul)(t[0], s[0]), (tg_mul)(s[1], t[1])), t[2]), (tg_mul)(t[3], s[2]));
  tg_var b = (tg_sub)((tg_sub)(t[4], (tg_mul)(t[5], s[3])), (tg_mul)(s[0], s[1]));
  tg_var h = (tg_tanh)(a);
  tg_var c = (tg_add)((tg_mul)(h, t[0]), (tg_add)((tg_mul)(h, t[1]), (tg_mul)(b, s[4])));
  tg_var e = (tg_sub)((tg_sub)(tg_constant(2), (tg_square)(h)), (tg_mul)(b, (tg_sin)(b)));
  tg_var f = (tg_add)((tg_add)((tg_add)(c, e), (tg_mul)(t[2], t[3])), (tg_exp)(t[4]));
  tg_var g = (tg_add)((tg_add)(h, b), (tg_sub)(s[2], t[5]));
  return (tg_add)((tg_add)((tg_mul)(f, g), (tg_mul)(g, g)), (tg_sub)(a, (tg_add)(b, b)));
}

static tg_var penalty_only(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  tg_var sum = tg_constant(0);
  (void)s, (void)columns, (void)user;
  for (size_t j = 0; j < d; j++) sum = (tg_add)(sum, (tg_square)((tg_sin)(t[j])));
  return sum;
}

static tg_var constant_loss(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  (void)t, (void)d, (void)s, (void)columns, (void)user;
  return tg_constant(3);
}

static tg_var data_only(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  (void)t, (void)d, (void)columns, (void)user;
  return s[2];
}

static tg_var one_parameter(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  (void)s, (void)d, (void)columns, (void)user;
  return t[3];
}

/* Two layers, a penalty, and terms from the plain loops of a beginner. */
static tg_var network(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  tg_var h[4], z[3], total = tg_constant(0), penalty = tg_constant(0);
  (void)columns, (void)user;
  for (size_t i = 0; i < 4; i++) {
    h[i] = tg_constant(0);
    for (size_t j = 0; j < 4; j++) h[i] = (tg_add)(h[i], (tg_mul)(t[(i + j) % d], s[j]));
    h[i] = (tg_tanh)((tg_add)(h[i], t[i]));
  }
  for (size_t k = 0; k < 3; k++) {
    z[k] = t[k];
    for (size_t i = 0; i < 4; i++) z[k] = (tg_add)(z[k], (tg_mul)(h[i], t[(k * i) % d]));
    total = (tg_add)(total, (tg_exp)(z[k]));
  }
  for (size_t j = 0; j < d; j++) penalty = (tg_add)(penalty, (tg_square)(t[j]));
  return (tg_add)((tg_sub)((tg_log)(total), z[1]), (tg_mul)(tg_constant(0.1), penalty));
}

Test(lanes, bodies_of_all_sorts_equal_the_plain_way)
{
  both_ways(chains, NULL, 150, 1e-12, true, "chains");
  both_ways(network, NULL, 150, 1e-12, true, "network");
  both_ways(penalty_only, NULL, 150, 1e-12, true, "penalty only");
  both_ways(constant_loss, NULL, 150, 1e-12, true, "constant");
  both_ways(data_only, NULL, 150, 1e-12, true, "data only");
  both_ways(one_parameter, NULL, 150, 1e-12, true, "one parameter");
}

/* A random program of smooth operations; `user` is its seed. */
static tg_var random_body(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  static tg_var (*const smooth[])(tg_var) = {(tg_sin),      (tg_cos), (tg_tanh),  (tg_sigmoid),
                                             (tg_softplus), (tg_neg), (tg_square)};
  tg_var v[64];
  uint64_t r = *(uint64_t *)user;
  size_t n = 0;
  for (size_t i = 0; i < d; i++) v[n++] = t[i];
  for (size_t i = 0; i < columns; i++) v[n++] = s[i];
  v[n++] = tg_constant(0.5);
  while (n < 60) {
    r = r * 6364136223846793005u + 1442695040888963407u;
    const size_t a = (r >> 33) % n, b = (r >> 43) % n, what = (r >> 53) % 12;
    const tg_var x = (tg_tanh)(v[a]);
    v[n] = what < 7    ? smooth[what](v[a])
           : what < 9  ? (tg_add)(v[a], v[b])
           : what < 10 ? (tg_sub)(v[a], v[b])
                       : (tg_mul)(x, v[b]);
    n++;
  }
  tg_var sum = v[n - 1];
  for (size_t i = n - 8; i < n - 1; i++) sum = (tg_add)((tg_tanh)(v[i]), sum);
  return sum;
}

Test(lanes, random_bodies_equal_the_plain_way)
{
  for (uint64_t seed = 1; seed <= 200; seed++) {
    char name[32];
    uint64_t r = seed * 0x9e3779b97f4a7c15;
    snprintf(name, sizeof name, "seed %d", (int)seed);
    both_ways(random_body, &r, 20 + seed % 30, 1e-11, true, name);
  }
}

/* ---- operations with many operands ---- */

static int cubes_value(const double *x, size_t n, double *y, size_t m, void *user)
{
  (void)user;
  for (size_t j = 0; j < m; j++) y[j] = x[j] * x[j] * x[j] + x[n - 1];
  return 0;
}
static int cubes_jvp(const double *x, size_t n, const double *v, double *jv, size_t m, void *user)
{
  (void)user;
  for (size_t j = 0; j < m; j++) jv[j] = 3 * x[j] * x[j] * v[j] + v[n - 1];
  return 0;
}
static int cubes_vjp(const double *x, size_t n, const double *u, size_t m, double *uj, void *user)
{
  (void)user;
  uj[n - 1] = 0;
  for (size_t j = 0; j < m; j++) uj[j] = 3 * x[j] * x[j] * u[j], uj[n - 1] += u[j];
  return 0;
}
static int cubes_hvp(const double *x, size_t n, const double *u, size_t m, const double *v, double *hv,
                     void *user)
{
  (void)user;
  hv[n - 1] = 0;
  for (size_t j = 0; j < m; j++) hv[j] = 6 * x[j] * u[j] * v[j];
  return 0;
}
static const tg_custom_op cubes = {"cubes", cubes_value, cubes_jvp, cubes_vjp, cubes_hvp};

/* user: which operation; operands of theta, of the sample, and of both. */
static tg_var many_operands(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  tg_var z[4], y[3], label = s[columns - 1];
  z[0] = (tg_mul)(t[0], s[0]);
  z[1] = (tg_add)(t[1], s[1]);
  z[2] = (tg_mul)(tg_constant(5), (tg_mul)(t[2], s[2]));
  z[3] = t[3];
  switch (*(int *)user) {
  case 0: return (tg_dot)(t, s, 5);
  case 1: return (tg_dot)(z, z, 4);
  case 2: return (tg_add)((tg_sum)(z, 4), (tg_sum)(t, d));
  case 3: (tg_affine)(t, t + 3, z, 3, 1, y); return (tg_mul)(y[0], (tg_mul)(y[1], y[2]));
  case 4: (tg_affine)(t, NULL, s, 1, 5, y); return (tg_square)(y[0]);
  case 5: return (tg_logsumexp)(z, 4);
  case 6: return (tg_cross_entropy)(z, 3, label);
  case 7: return (tg_mul)((tg_pick)(z, 3, label), t[4]);
  case 8: (tg_softmax)(z, 3, y); return (tg_add)((tg_mul)(y[0], t[0]), (tg_square)(y[2]));
  case 9: return (tg_norm2)(z, 4);
  case 10: return (tg_add)((tg_argmax)(z, 4), z[1]);
  case 11: tg_custom(&cubes, z, 4, y, 3, NULL); return (tg_mul)(y[0], (tg_add)(y[1], y[2]));
  case 12: return (tg_add)((tg_logsumexp)(t, d), (tg_dot)(t, z, 3));
  case 13: return (tg_mul)((tg_cross_entropy)(t, 3, label), s[0]);
  default: return (tg_logsumexp)(s, 3);
  }
}

Test(lanes, operations_with_many_operands_equal_the_plain_way)
{
  for (int which = 0; which <= 14; which++) {
    char name[32];
    snprintf(name, sizeof name, "operation %d", which);
    both_ways(many_operands, &which, 140, 1e-12, true, name);
  }
}

/* An index that chooses nothing: NaN by decree, in value and in all partials (R4), that of the index too. The rows
 * beside it are not touched. */
static tg_var chosen_out_of_range(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  const int which = *(int *)user;
  const tg_var index = (tg_add)(s[columns - 1], (tg_mul)(tg_constant(1e-3), t[5]));
  const tg_var z[3] = {(tg_mul)(t[0], s[0]), which % 3 == 1 ? t[1] : (tg_mul)(t[1], s[1]), (tg_exp)(t[2])};
  const tg_var c[3] = {tg_constant(0.5), tg_constant(2), tg_constant(-1)};
  const tg_var *from = which % 3 == 2 ? c : z;
  (void)d;
  return which < 3 ? (tg_pick)(from, 3, index) : (tg_cross_entropy)(from, 3, index);
}

Test(lanes, an_index_out_of_range_is_nan_both_ways)
{
  for (int which = 0; which < 6; which++) {
    problem p = make_problem(3);
    p.label[17] = 3.0;
    char name[32];
    snprintf(name, sizeof name, "index out of range %d", which);
    tg_finite_sum *s = make_sum(&p, 40, chosen_out_of_range, &which);
    const answers fast = ask(s, &p, NULL, 0);
    if (!no_lanes()) cr_expect(statistics(s).fallbacks == 0, "%s", name);
    tg_finite_sum_plain(s, true);
    const answers plain = ask(s, &p, NULL, 0);
    compare(&fast, &plain, 40, 1e-12, name);
    cr_expect(isnan(plain.gradient[5]) && isnan(fast.gradient[5]), "%s: partial of the index", name);
    cr_expect(isnan(plain.values[17]) && !isnan(plain.values[16]) && !isnan(fast.gradients[16 * D]), "%s",
              name);
    tg_finite_sum_free(s);
  }
}

/* A loss near zero keeps its digits. */
static tg_var confident(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  const tg_var z[2] = {(tg_add)((tg_mul)(t[0], s[0]), tg_constant(60)), (tg_mul)(t[1], s[1])};
  (void)d, (void)columns, (void)user;
  return (tg_mul)(tg_constant(1e26), (tg_cross_entropy)(z, 2, tg_constant(0)));
}

Test(lanes, a_cross_entropy_near_zero_keeps_its_digits)
{
  both_ways(confident, NULL, 40, 1e-12, true, "confident");
}

/* ---- sparse rows ---- */

/* Two rows of scores over the sparse columns by the ways there are to write them, and the label beside. */
static tg_var sparse_loss(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  tg_var y[2], z = t[0];
  (void)d;
  for (size_t j = 0; j + 1 < columns; j++) z = (tg_add)(z, (tg_mul)(t[j], s[j]));
  switch (*(int *)user) {
  case 0:
    return (tg_softplus)((tg_mul)((tg_sub)(tg_constant(1), s[columns - 1]), (tg_dot)(t, s, columns - 1)));
  case 1: (tg_affine)(t, NULL, s, 1, columns - 1, y); return (tg_square)((tg_sub)(y[0], s[columns - 1]));
  case 2:
    (tg_affine)(t, t + 2, s + 1, 2, 2, y);
    return (tg_add)((tg_tanh)(y[0]), (tg_mul)(y[1], (tg_square)(t[5])));
  case 3: return (tg_sin)(z);
  default: return (tg_exp)(s[1]); /* refused */
  }
}

Test(lanes, sparse_rows_equal_the_plain_way_on_full_ones)
{
  const problem p = make_problem(21);
  size_t row_start[ROWS + 1] = {0}, column[ROWS * COLUMNS], k = 0;
  double values[ROWS * COLUMNS];
  for (size_t i = 0; i < ROWS; i++) {
    for (size_t j = 0; j < COLUMNS; j++)
      if (p.rows[i * COLUMNS + j] > 0.2) column[k] = j, values[k++] = p.rows[i * COLUMNS + j];
    row_start[i + 1] = k;
  }
  tg_data data = tg_sparse(row_start, column, values, ROWS, COLUMNS);
  data.label = p.label;
  for (int which = 0; which <= 4; which++) {
    tg_finite_sum *s;
    cr_assert(tg_finite_sum_new(&s, sparse_loss, D, data, &which) == TG_OK);
    const answers a = ask(s, &p, NULL, 0);
    tg_finite_sum_plain(s, true);
    const answers b = ask(s, &p, NULL, 0);
    if (which < 4)
      compare(&a, &b, ROWS, 1e-12, "sparse");
    else
      cr_expect(a.status == TG_E_DATA, "a sparse column outside dot and affine is refused");
    tg_finite_sum_free(s);
  }
}

Test(lanes, malformed_sparse_rows_are_named)
{
  const size_t row_start[4] = {0, 2, 3, 4}, good[4] = {0, 2, 1, 0}, range[4] = {0, 2, 3, 0},
               order[4] = {2, 0, 1, 0};
  const size_t descending[4] = {0, 2, 1, 4};
  const double values[4] = {1, 2, 3, 4};
  size_t row;
  tg_data data = tg_sparse(row_start, good, values, 3, 3);
  cr_expect(tg_data_check(&data, &row) == TG_OK && row == SIZE_MAX);
  data.column = range;
  cr_expect(tg_data_check(&data, &row) == TG_E_DATA && row == 1);
  data.column = order;
  cr_expect(tg_data_check(&data, &row) == TG_E_DATA && row == 0);
  data.column = good;
  data.row_start = descending;
  cr_expect(tg_data_check(&data, &row) == TG_E_DATA && row == 1);
}

/* ---- branches ---- */

static tg_var huber_by_branch(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  const tg_var r = (tg_sub)((tg_add)((tg_mul)(t[0], s[0]), (tg_mul)(t[1], s[1])), s[2]);
  (void)d, (void)columns, (void)user;
  if ((tg_lt)((tg_fabs)(r), tg_constant(0.4))) return (tg_mul)(tg_constant(0.5), (tg_square)(r));
  if ((tg_lt)(t[2], tg_constant(5))) return (tg_mul)((tg_fabs)(r), (tg_sin)(t[2]));
  return (tg_sqrt)(r);
}

Test(lanes, branches_are_variants_of_the_body)
{
  const problem p = make_problem(11);
  tg_finite_sum *s = make_sum(&p, ROWS, huber_by_branch, NULL);
  const answers a = ask(s, &p, NULL, 0);
  cr_expect(statistics(s).variants == (no_lanes() ? 0 : 2));
  tg_finite_sum_plain(s, true);
  const answers b = ask(s, &p, NULL, 0);
  compare(&a, &b, ROWS, 1e-12, "huber");
  tg_finite_sum_free(s);
  both_ways(huber_by_branch, NULL, 129, 1e-12, true, "huber");
}

static tg_var branch_on_theta(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  (void)d, (void)columns, (void)user;
  if ((tg_gt)(t[0], tg_constant(0))) return (tg_mul)(t[0], s[0]);
  return (tg_mul)((tg_square)(t[1]), s[1]);
}

Test(lanes, a_branch_on_theta_is_followed)
{
  problem p = make_problem(12);
  tg_finite_sum *s = make_sum(&p, ROWS, branch_on_theta, NULL);
  for (int i = 0; i < 4; i++) {
    p.theta[0] = -p.theta[0];
    tg_finite_sum_plain(s, false);
    const answers a = ask(s, &p, NULL, 0);
    tg_finite_sum_plain(s, true);
    const answers b = ask(s, &p, NULL, 0);
    compare(&a, &b, ROWS, 1e-13, "branch on theta");
  }
  tg_finite_sum_free(s);
}

/* Too many ways to keep a variant for each. */
static tg_var many_branches(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  tg_var sum = t[0];
  (void)user;
  for (size_t k = 0; k < 40; k++)
    if ((tg_lt)((tg_mul)(t[k % d], s[k % columns]), tg_constant(0.02 * (double)k)))
      sum = (tg_add)(sum, (tg_mul)(t[k % d], s[0]));
  return sum;
}

Test(lanes, too_many_branches_fall_back_and_say_so)
{
  const problem p = make_problem(13);
  tg_finite_sum *s = make_sum(&p, 40, many_branches, NULL);
  const answers a = ask(s, &p, NULL, 0);
  cr_expect(no_lanes() || statistics(s).fallbacks > 0);
  tg_finite_sum_plain(s, true);
  const answers b = ask(s, &p, NULL, 0);
  compare(&a, &b, 40, 1e-13, "many branches");
  tg_finite_sum_free(s);
}

static tg_var by_primal(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  (void)d, (void)columns, (void)user;
  return (tg_mul)(t[0], tg_constant(floor(10 * tg_primal(s[0]))));
}

Test(lanes, a_loss_that_depends_on_the_point_falls_back_and_says_so)
{
  const problem p = make_problem(14);
  tg_finite_sum *s = make_sum(&p, ROWS, by_primal, NULL);
  const answers a = ask(s, &p, NULL, 0);
  cr_expect(no_lanes() || (statistics(s).fallbacks > 0 && statistics(s).point_dependent));
  tg_finite_sum_plain(s, true);
  const answers b = ask(s, &p, NULL, 0);
  compare(&a, &b, ROWS, 1e-13, "by primal");
  tg_finite_sum_free(s);
}

/* ---- edges ---- */

static tg_var dead_branch(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  const tg_var x = (tg_add)((tg_mul)(t[0], s[0]), (tg_mul)(t[1], s[1]));
  const tg_var positive = (tg_less)(tg_constant(0), x);
  (void)d, (void)columns, (void)user;
  return (tg_where)(positive, (tg_mul)(t[2], (tg_log)(x)),
                    (tg_mul)(t[3], (tg_sqrt)((tg_fmax)((tg_neg)(x), tg_constant(0)))));
}

Test(lanes, a_dead_branch_does_not_poison_a_block)
{
  both_ways(dead_branch, NULL, 150, 1e-12, true, "dead branch");
}

static tg_var extremes(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  (void)d, (void)columns, (void)user;
  return (tg_add)((tg_exp)((tg_mul)(tg_constant(2000), (tg_mul)(t[0], s[0]))),
                  (tg_log)((tg_mul)(t[1], s[1])));
}

Test(lanes, overflow_and_nan_are_those_of_the_plain_way)
{
  const problem p = make_problem(15);
  tg_finite_sum *s = make_sum(&p, ROWS, extremes, NULL);
  const answers a = ask(s, &p, NULL, 0);
  tg_finite_sum_plain(s, true);
  const answers b = ask(s, &p, NULL, 0);
  cr_expect(isnan(a.value) && isnan(b.value));
  for (size_t i = 0; i < ROWS; i++) cr_expect(close_to(a.values[i], b.values[i], 1e-12), "sample %zu", i);
  tg_finite_sum_free(s);
}

/* ---- bits ---- */

Test(lanes, bits_do_not_depend_on_the_number_of_threads)
{
  const problem p = make_problem(16);
  tg_finite_sum *s = make_sum(&p, ROWS, network, NULL);
  const answers one = ask(s, &p, NULL, 0);
  for (unsigned threads = 2; threads <= 5; threads++) {
    tg_finite_sum_threads(s, threads);
    const answers many = ask(s, &p, NULL, 0);
    cr_expect(memcmp(&one, &many, sizeof one) == 0, "%u threads", threads);
  }
  tg_finite_sum_free(s);
}

/* After some sweeps the rows are kept as blocks instead of being gathered each time. */
Test(lanes, bits_do_not_depend_on_the_number_of_sweeps)
{
  const problem p = make_problem(18);
  tg_finite_sum *s = make_sum(&p, ROWS, network, NULL);
  const answers first = ask(s, &p, NULL, 0);
  for (int i = 0; i < 4; i++) {
    const answers later = ask(s, &p, NULL, 0);
    cr_expect(memcmp(&first, &later, sizeof first) == 0, "round %d", i);
  }
  tg_finite_sum_free(s);
}

Test(lanes, the_value_of_a_sample_does_not_depend_on_its_lane)
{
  const problem p = make_problem(17);
  tg_finite_sum *s = make_sum(&p, ROWS, network, NULL);
  double values[ROWS], moved[ROWS];
  size_t index[ROWS];
  for (size_t i = 0; i < ROWS; i++) index[i] = (i * 11 + 5) % ROWS;
  cr_assert(tg_finite_sum_per_sample(s, p.theta, NULL, 0, values, NULL) == TG_OK);
  cr_assert(tg_finite_sum_per_sample(s, p.theta, index, ROWS - 1, moved, NULL) == TG_OK);
  cr_expect(statistics(s).fallbacks == 0);
  for (size_t i = 0; i < ROWS - 1; i++) cr_expect(memcmp(&moved[i], &values[index[i]], sizeof moved[i]) == 0);
  tg_finite_sum_free(s);
}

/* ---- callbacks of custom operations ---- */

/* log x, which refuses what is not positive. */
static int strict_log(const double *x, size_t n, double *y, size_t m, void *user)
{
  (void)n, (void)m, (void)user;
  if (!(x[0] > 0)) return 1;
  y[0] = log(x[0]);
  return 0;
}

static int strict_log_vjp(const double *x, size_t n, const double *u, size_t m, double *uj, void *user)
{
  (void)n, (void)m, (void)user;
  uj[0] = u[0] / x[0];
  return 0;
}

static const tg_custom_op strict = {"strict", strict_log, NULL, strict_log_vjp, NULL};

static tg_var guarded(const tg_var *t, size_t d, const tg_var *x, size_t columns, void *user)
{
  (void)d, (void)columns, (void)user;
  tg_var y = x[0];
  if (tg_gt(x[0], 0)) tg_custom(&strict, x, 1, &y, 1, NULL);
  return tg_mul(t[0], y);
}

Test(lanes, an_operation_is_not_called_for_samples_that_branch_around_it)
{
  const double rows[] = {1, 2, -1, 3, -5}, theta = 2;
  double value, gradient;
  tg_finite_sum *s;
  cr_assert(tg_finite_sum_new(&s, guarded, 1, tg_dense(rows, 5, 1), NULL) == TG_OK);
  cr_assert(tg_finite_sum_gradient(s, &theta, NULL, 0, &value, &gradient) == TG_OK, "%s",
            tg_finite_sum_message(s));
  cr_expect(close_to(gradient, (log(6) - 6) / 5, 1e-14) && close_to(value, 2 * gradient, 1e-14));
  tg_finite_sum_free(s);
}

typedef struct again {
  tg_finite_sum *s;
  tg_status answer;
} again;

static int call_again(const double *x, size_t n, double *y, size_t m, void *user)
{
  (void)n, (void)m;
  again *a = user;
  const double theta = 1;
  double value;
  y[0] = x[0];
  a->answer = tg_finite_sum_gradient(a->s, &theta, NULL, 0, &value, NULL);
  tg_finite_sum_threads(a->s, 2);
  tg_finite_sum_forget(a->s);
  return 0;
}

static tg_var reentrant(const tg_var *t, size_t d, const tg_var *x, size_t columns, void *user)
{
  static const tg_custom_op op = {"again", call_again, NULL, strict_log_vjp, NULL};
  (void)d, (void)columns;
  tg_var y = tg_mul(t[0], x[0]);
  tg_custom(&op, &y, 1, &y, 1, user);
  return y;
}

Test(lanes, a_sum_is_not_used_from_inside_its_own_operations)
{
  const double rows[] = {1, 2, 3}, theta = 1;
  again a = {NULL, TG_OK};
  cr_assert(tg_finite_sum_new(&a.s, reentrant, 1, tg_dense(rows, 3, 1), &a) == TG_OK);
  for (int k = 0; k < 3; k++) {
    double value = 0;
    a.answer = TG_OK;
    cr_expect(tg_finite_sum_gradient(a.s, &theta, NULL, 0, &value, NULL) == TG_OK && value == 2);
    cr_expect(a.answer == TG_E_TAPE);
    tg_finite_sum_threads(a.s, 1);
  }
  tg_finite_sum_free(a.s);
}

static tg_var refusing(const tg_var *t, size_t d, const tg_var *x, size_t columns, void *user)
{
  (void)d, (void)columns;
  tg_fail(*(const tg_status *)user);
  return tg_mul(t[0], x[0]);
}

Test(lanes, a_loss_that_fails_is_told_in_its_own_words)
{
  const double rows[] = {1, 2}, theta = 1;
  tg_status why[] = {TG_E_DATA, TG_E_CALLBACK, TG_E_NONFINITE};
  for (size_t i = 0; i < 3; i++) {
    tg_finite_sum *s;
    cr_assert(tg_finite_sum_new(&s, refusing, 1, tg_dense(rows, 2, 1), &why[i]) == TG_OK);
    cr_expect(tg_finite_sum_gradient(s, &theta, NULL, 0, NULL, NULL) == why[i]);
    cr_expect(strstr(tg_finite_sum_message(s), "tg_fail") != NULL, "%s", tg_finite_sum_message(s));
    tg_finite_sum_free(s);
  }
}

/* ---- binding and threads ---- */

static tg_var margin(const tg_var *t, size_t d, const tg_var *x, size_t columns, void *user)
{
  (void)d, (void)user;
  return tg_softplus(tg_dot(t, x, columns));
}

Test(lanes, a_stored_column_may_take_the_place_of_the_label)
{
  const size_t start[] = {0, 2, 4}, three[] = {0, 1, 1, 2}, four[] = {0, 3, 1, 3};
  const double values[] = {1, 2, 3, 4}, label[] = {10, 20}, theta[] = {0.1, -0.2, 0.3, 0.04};
  tg_data with = tg_sparse(start, three, values, 2, 3), without = tg_sparse(start, four, values, 2, 4);
  with.label = label;
  tg_finite_sum *moved, *fresh;
  double a, b;
  cr_assert(tg_finite_sum_new(&moved, margin, 4, with, NULL) == TG_OK);
  cr_assert(tg_finite_sum_gradient(moved, theta, NULL, 0, &a, NULL) == TG_OK);
  for (int k = 0; k < 2; k++) {
    const tg_data data = k == 0 ? without : with;
    cr_assert(tg_finite_sum_bind(moved, data) == TG_OK);
    cr_assert(tg_finite_sum_new(&fresh, margin, 4, data, NULL) == TG_OK);
    cr_expect(tg_finite_sum_gradient(moved, theta, NULL, 0, &a, NULL) == TG_OK);
    cr_expect(tg_finite_sum_gradient(fresh, theta, NULL, 0, &b, NULL) == TG_OK && a == b, "%g %g", a, b);
    tg_finite_sum_free(fresh);
  }
  tg_finite_sum_free(moved);
}

Test(lanes, more_threads_than_there_is_work_for_are_not_started)
{
  const problem p = make_problem(18);
  tg_finite_sum *s = make_sum(&p, ROWS, network, NULL);
  double one, many;
  cr_expect(tg_finite_sum_gradient(s, p.theta, NULL, 0, &one, NULL) == TG_OK);
  tg_finite_sum_threads(s, 4000000000u);
  cr_expect(tg_finite_sum_gradient(s, p.theta, NULL, 0, &many, NULL) == TG_OK && one == many);
  tg_finite_sum_free(s);
}

/* The masked rules at second order: a class that has lost for good, weight 0, may have an infinite tangent. */
static tg_var lost(const tg_var *t, size_t d, const tg_var *x, size_t columns, void *user)
{
  (void)d, (void)columns, (void)user;
  const tg_var z[] = {tg_mul(t[0], x[0]), t[1], tg_mul(t[1], x[1])};
  return tg_logsumexp(z, 3);
}

Test(lanes, curvature_of_a_logsumexp_is_masked_too)
{
  const double rows[] = {-INFINITY, 0.5, 1, 2}, theta[] = {1, 0.25}, v[] = {1, -1};
  double fast[2], plain[2];
  tg_finite_sum *s;
  cr_assert(tg_finite_sum_new(&s, lost, 2, tg_dense(rows, 2, 2), NULL) == TG_OK);
  cr_expect(tg_finite_sum_hvp(s, theta, NULL, 0, v, fast) == TG_OK);
  tg_finite_sum_plain(s, true);
  cr_expect(tg_finite_sum_hvp(s, theta, NULL, 0, v, plain) == TG_OK);
  for (int j = 0; j < 2; j++)
    cr_expect(isfinite(plain[j]) && close_to(fast[j], plain[j], 1e-13), "%g %g", fast[j], plain[j]);
  tg_finite_sum_free(s);
}

/* ---- bits, again ---- */

static tg_var three_ways(const tg_var *t, size_t d, const tg_var *x, size_t columns, void *user)
{
  (void)d, (void)columns, (void)user;
  const tg_var r = tg_sub(tg_mul(t[0], x[0]), x[1]);
  if (tg_lt(r, -0.5)) return tg_mul(0.3, tg_exp(r));
  return tg_lt(r, 0.5) ? tg_mul(0.5, tg_square(r)) : tg_sub(r, 0.5);
}

Test(lanes, bits_do_not_depend_on_which_branch_was_met_first)
{
  const problem p = make_problem(19);
  for (int k = 0; k < 40; k++) {
    const double before = -3 + 0.15 * k, theta = 0.7 + 0.02 * k;
    double value[2], gradient[2];
    for (int first = 0; first < 2; first++) {
      tg_finite_sum *s;
      cr_assert(tg_finite_sum_new(&s, three_ways, 1, tg_dense(p.rows, ROWS * COLUMNS / 2, 2), NULL) == TG_OK);
      if (first)
        cr_assert(tg_finite_sum_gradient(s, &before, (size_t[]){(size_t)(17 * k)}, 1, NULL, NULL) == TG_OK);
      cr_assert(tg_finite_sum_gradient(s, &theta, NULL, 0, &value[first], &gradient[first]) == TG_OK);
      tg_finite_sum_free(s);
    }
    cr_expect(value[0] == value[1] && gradient[0] == gradient[1], "at %g after %g", theta, before);
  }
}

static tg_var penalised(const tg_var *t, size_t d, const tg_var *x, size_t columns, void *user)
{
  (void)columns, (void)user;
  return tg_add(tg_softplus(tg_dot(t, x, d)), tg_mul(0.1, tg_exp(t[0])));
}

Test(lanes, values_of_samples_have_the_same_bits_beside_gradients)
{
  const problem p = make_problem(20);
  double alone[ROWS], beside[ROWS], gradients[ROWS * COLUMNS];
  tg_finite_sum *s;
  cr_assert(tg_finite_sum_new(&s, penalised, COLUMNS, tg_dense(p.rows, ROWS, COLUMNS), NULL) == TG_OK);
  cr_expect(tg_finite_sum_per_sample(s, p.theta, NULL, 0, alone, NULL) == TG_OK);
  cr_expect(tg_finite_sum_per_sample(s, p.theta, NULL, 0, beside, gradients) == TG_OK);
  cr_expect(memcmp(alone, beside, sizeof alone) == 0);
  tg_finite_sum_free(s);
}

/* One parameter, as the coefficient of 2^16 columns: their squares number 2^32, which a size of 32 bits counts as none. */
enum { WIDE = 1 << 16 };

static var one_for_all(const var *theta, size_t d, const var *sample, size_t columns, void *user)
{
  (void)d, (void)user;
  var sum = tg_mul(theta[0], sample[0]);
  for (size_t j = 1; j < columns; j++) sum = tg_add(sum, tg_mul(theta[0], sample[j]));
  return tg_square(sum);
}

Test(lanes, a_hessian_that_would_square_very_many_columns_is_taken_by_products)
{
  static double row[WIDE];
  const double theta = 0.5;
  double hessian = 0.0;
  tg_finite_sum *s;
  for (size_t j = 0; j < WIDE; j++) row[j] = 1.0 / 1024;
  cr_assert(tg_finite_sum_new(&s, one_for_all, 1, tg_dense(row, 1, WIDE), NULL) == TG_OK);
  cr_assert(tg_finite_sum_hessian(s, &theta, NULL, 0, &hessian) == TG_OK);
  cr_expect(hessian == 2.0 * 64.0 * 64.0, "%g", hessian);
  tg_finite_sum_free(s);
}
