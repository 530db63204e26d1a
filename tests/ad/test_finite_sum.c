/* Finite sums in their plain form: against sums by hand, mini-batches, binding, what is refused. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "tapegrad/finite_sum.h"
#include "tapegrad/operations.h"

enum { ROWS = 13, P = 3, D = 3 };
static const double pattern = 123.25;

static double rows[ROWS * 5], label[ROWS], theta[D] = {0.5, -0.25, 1.5};

static void make(void)
{
  for (int i = 0; i < ROWS * 5; i++) rows[i] = 0.25 * (i * 7 % 11) - 1.0;
  for (int i = 0; i < ROWS; i++) label[i] = i % 3 ? 1.0 : -1.0;
}

TestSuite(finite_sum, .init = make);

/* log(1 + exp(-b a'theta)) + theta_0^2 theta_1, a constant part included. */
static tg_var logistic(const tg_var *t, size_t d, const tg_var *sample, size_t columns, void *user)
{
  if (user) ++*(size_t *)user;
  const tg_var margin = tg_mul(sample[columns - 1], tg_dot(t, sample, d));
  return tg_add(tg_softplus(tg_neg(margin)), tg_mul(tg_square(t[0]), t[1]));
}

static double by_hand(const double *a, double b, double *g, double *h)
{
  double m = 0.0;
  for (int j = 0; j < D; j++) m += a[j] * theta[j];
  const double z = -b * m, s = 1.0 / (1.0 + exp(-z));
  for (int j = 0; j < D; j++) {
    g[j] = -b * s * a[j];
    for (int k = 0; k < D; k++) h[j * D + k] = s * (1.0 - s) * a[j] * a[k];
  }
  g[0] += 2.0 * theta[0] * theta[1], g[1] += theta[0] * theta[0];
  h[0] += 2.0 * theta[1], h[1] += 2.0 * theta[0], h[D] += 2.0 * theta[0];
  return log1p(exp(z)) + theta[0] * theta[0] * theta[1];
}

typedef struct answer {
  double value, g[D], h[D * D];
} answer;

static answer mean_by_hand(size_t stride, const size_t *index, size_t count)
{
  answer a = {0};
  for (size_t k = 0; k < count; k++) {
    const size_t i = index ? index[k] : k;
    double g[D], h[D * D];
    a.value += by_hand(rows + i * stride, label[i], g, h) / (double)count;
    for (int j = 0; j < D; j++) a.g[j] += g[j] / (double)count;
    for (int j = 0; j < D * D; j++) a.h[j] += h[j] / (double)count;
  }
  return a;
}

static void close(const double *got, const double *wanted, size_t n)
{
  for (size_t i = 0; i < n; i++)
    cr_expect(fabs(got[i] - wanted[i]) <= 1e-14 * (1.0 + fabs(wanted[i])), "[%zu] %.17g is not %.17g", i,
              got[i], wanted[i]);
}

static tg_data labelled(void)
{
  tg_data d = tg_dense(rows, ROWS, P);
  d.label = label;
  return d;
}

static tg_finite_sum *sum_over(tg_data data, void *user)
{
  tg_finite_sum *s;
  cr_assert(tg_finite_sum_new(&s, logistic, D, data, user) == TG_OK);
  return s;
}

static void agrees(tg_finite_sum *s, size_t stride, const size_t *index, size_t count)
{
  const answer a = mean_by_hand(stride, index, index ? count : ROWS);
  double value, g[D], h[D * D], hv[D];
  cr_expect(tg_finite_sum_gradient(s, theta, index, count, &value, g) == TG_OK);
  close(&value, &a.value, 1), close(g, a.g, D);
  cr_expect(tg_finite_sum_hessian(s, theta, index, count, h) == TG_OK);
  close(h, a.h, D * D);
  const double v[D] = {1.0, -2.0, 0.5};
  cr_expect(tg_finite_sum_hvp(s, theta, index, count, v, hv) == TG_OK);
  for (int j = 0; j < D; j++) {
    const double wanted = a.h[j * D] * v[0] + a.h[j * D + 1] * v[1] + a.h[j * D + 2] * v[2];
    close(&hv[j], &wanted, 1);
  }
}

Test(finite_sum, is_the_mean_over_all_rows)
{
  size_t calls = 0;
  tg_finite_sum *s = sum_over(labelled(), &calls);
  agrees(s, P, NULL, 0);
  agrees(s, P, NULL, 999);
  cr_expect(calls == 1, "the loss is recorded once");
  cr_expect(tg_finite_sum_parameters(s) == D && tg_finite_sum_rows(s) == ROWS);
  tg_finite_sum_stats stats;
  cr_expect(tg_finite_sum_statistics(s, &stats) == TG_OK && stats.recordings == 1 && stats.rerecordings == 0);
  tg_finite_sum_forget(s);
  agrees(s, P, NULL, 0);
  cr_expect(calls == 2);
  tg_finite_sum_free(s);
}

Test(finite_sum, takes_mini_batches_by_index)
{
  tg_finite_sum *s = sum_over(labelled(), NULL);
  const size_t index[] = {4, 0, 12, 4, 7};
  for (size_t count = 1; count <= 5; count++) agrees(s, P, index, count);
  double value = pattern, g[D] = {pattern, pattern, pattern}, h[D * D];
  cr_expect(tg_finite_sum_gradient(s, theta, index, 0, &value, g) == TG_OK);
  cr_expect(value == 0.0 && g[0] == 0.0 && g[2] == 0.0, "the mean over no samples is 0");
  cr_expect(tg_finite_sum_hessian(s, theta, index, 0, h) == TG_OK && h[4] == 0.0);
  tg_finite_sum_free(s);
}

Test(finite_sum, sample_by_sample)
{
  tg_finite_sum *s = sum_over(labelled(), NULL);
  const size_t index[] = {4, 0, 12, 4};
  double values[ROWS], g[ROWS * D], h[D * D], one[D];
  cr_expect(tg_finite_sum_per_sample(s, theta, index, 4, values, g) == TG_OK);
  for (size_t k = 0; k < 4; k++) {
    const double wanted = by_hand(rows + index[k] * P, label[index[k]], one, h);
    close(&values[k], &wanted, 1), close(g + k * D, one, D);
  }
  cr_expect(tg_finite_sum_per_sample(s, theta, NULL, 0, values, NULL) == TG_OK);
  tg_finite_sum_plain(s, true);
  cr_expect(tg_finite_sum_per_sample(s, theta, NULL, 0, values, NULL) == TG_OK);
  double mean = 0.0, value;
  for (int k = 0; k < ROWS; k++) mean += values[k];
  mean /= ROWS;
  cr_expect(tg_finite_sum_gradient(s, theta, NULL, 0, &value, NULL) == TG_OK && value == mean,
            "summed in order");
  tg_finite_sum_free(s);
}

Test(finite_sum, rows_may_be_strided_borrowed_or_carry_the_label)
{
  tg_data strided = tg_dense(rows, ROWS, P);
  strided.label = label;
  strided.stride = 5;
  for (int borrow = 0; borrow < 2; borrow++) {
    strided.borrow = borrow;
    tg_finite_sum *s = sum_over(strided, NULL);
    agrees(s, 5, NULL, 0);
    if (!borrow) {
      const double kept = rows[0];
      rows[0] = 50.0;
      double value[2];
      cr_expect(tg_finite_sum_gradient(s, theta, NULL, 0, &value[0], NULL) == TG_OK);
      rows[0] = kept;
      cr_expect(tg_finite_sum_gradient(s, theta, NULL, 0, &value[1], NULL) == TG_OK && value[0] == value[1],
                "a copy");
    }
    tg_finite_sum_free(s);
  }
  double whole[ROWS * (P + 1)];
  for (int i = 0; i < ROWS; i++)
    memcpy(whole + 4 * i, rows + 3 * i, 3 * sizeof *rows), whole[4 * i + 3] = label[i];
  tg_finite_sum *s = sum_over(tg_dense(whole, ROWS, P + 1), NULL);
  agrees(s, P, NULL, 0);
  tg_finite_sum_free(s);
}

Test(finite_sum, other_rows_may_be_bound)
{
  size_t calls = 0;
  double other[2 * P] = {1, 2, 3, 4, 5, 6}, other_label[2] = {1.0, -1.0}, g[D], h[D * D];
  tg_finite_sum *s = sum_over(labelled(), &calls);
  agrees(s, P, NULL, 0);
  tg_data d = tg_dense(other, 2, P);
  d.label = other_label;
  cr_expect(tg_finite_sum_bind(s, d) == TG_OK && tg_finite_sum_rows(s) == 2);
  double value, wanted = by_hand(other, 1.0, g, h) / 2.0;
  wanted += by_hand(other + P, -1.0, g, h) / 2.0;
  cr_expect(tg_finite_sum_gradient(s, theta, NULL, 0, &value, NULL) == TG_OK);
  close(&value, &wanted, 1);
  cr_expect(calls == 1, "no new recording");
  d.columns = 2;
  cr_expect(tg_finite_sum_bind(s, d) == TG_E_DATA && strstr(tg_finite_sum_message(s), "columns"));
  d = tg_dense(NULL, 2, P);
  cr_expect(tg_finite_sum_bind(s, d) == TG_E_DATA && tg_finite_sum_rows(s) == 2, "the old rows stay");
  cr_expect(tg_finite_sum_bind(NULL, d) == TG_E_ARGUMENT);
  tg_finite_sum_free(s);
}

static tg_var branching(const tg_var *t, size_t d, const tg_var *sample, size_t columns, void *user)
{
  (void)d, (void)columns, (void)user;
  if (tg_lt(sample[0], 0.0)) return tg_mul(t[0], sample[0]);
  return tg_square(t[0]);
}

Test(finite_sum, samples_may_take_different_branches)
{
  const double x[4] = {1.0, -1.0, -2.0, 3.0}, t = 5.0;
  tg_finite_sum *s;
  cr_assert(tg_finite_sum_new(&s, branching, 1, tg_dense(x, 4, 1), NULL) == TG_OK);
  double value, g, each[4], slopes[4];
  cr_expect(tg_finite_sum_gradient(s, &t, NULL, 0, &value, &g) == TG_OK);
  cr_expect(value == (25.0 - 5.0 - 10.0 + 25.0) / 4.0 && g == (10.0 - 1.0 - 2.0 + 10.0) / 4.0);
  cr_expect(tg_finite_sum_per_sample(s, &t, NULL, 0, each, slopes) == TG_OK && each[2] == -10.0 &&
            slopes[3] == 10.0);
  tg_finite_sum_plain(s, true);
  cr_expect(tg_finite_sum_per_sample(s, &t, NULL, 0, each, slopes) == TG_OK && each[2] == -10.0 &&
            slopes[3] == 10.0);
  tg_finite_sum_stats stats;
  tg_finite_sum_statistics(s, &stats);
  cr_expect(stats.rerecordings >= 2 && stats.recordings >= stats.rerecordings + 1);
  tg_finite_sum_free(s);
}

/* ---- Failures. ---- */

static tg_var fails_at(const tg_var *t, size_t d, const tg_var *sample, size_t columns, void *user)
{
  (void)d, (void)columns, (void)user;
  if (tg_gt(sample[0], 10.0)) tg_fail(TG_E_DATA);
  return tg_mul(t[0], sample[0]);
}

Test(finite_sum, a_failure_at_a_late_sample_leaves_outputs_alone)
{
  const double x[4] = {1.0, 2.0, 3.0, 11.0}, t = 5.0;
  tg_finite_sum *s;
  cr_assert(tg_finite_sum_new(&s, fails_at, 1, tg_dense(x, 4, 1), NULL) == TG_OK);
  double value = pattern, g = pattern, h = pattern, each[4] = {pattern}, slopes[4] = {pattern};
  const size_t good[] = {0, 1, 2};
  cr_expect(tg_finite_sum_gradient(s, &t, NULL, 0, &value, &g) == TG_E_DATA);
  cr_expect(strstr(tg_finite_sum_message(s), tg_status_string(TG_E_DATA)), "%s", tg_finite_sum_message(s));
  cr_expect(tg_finite_sum_hvp(s, &t, NULL, 0, &t, &h) == TG_E_DATA);
  cr_expect(tg_finite_sum_hessian(s, &t, NULL, 0, &h) == TG_E_DATA);
  cr_expect(tg_finite_sum_per_sample(s, &t, NULL, 0, each, slopes) == TG_E_DATA);
  cr_expect(value == pattern && g == pattern && h == pattern && each[0] == pattern && slopes[0] == pattern);
  cr_expect(tg_finite_sum_gradient(s, &t, good, 3, &value, &g) == TG_OK && value == 10.0 && g == 2.0);
  cr_expect(strcmp(tg_finite_sum_message(s), "success") == 0);
  tg_finite_sum_free(s);
}

typedef struct reentry {
  tg_finite_sum *own;
  tg_status gradient, bind;
} reentry;

static tg_var reentrant(const tg_var *t, size_t d, const tg_var *sample, size_t columns, void *user)
{
  reentry *const r = user;
  const double elsewhere = 1000.0;
  (void)d, (void)columns;
  const tg_var y = tg_lt(sample[0], 2.0) ? tg_mul(t[0], sample[0]) : tg_mul(sample[0], t[0]);
  if (r->own) {
    r->gradient = tg_finite_sum_gradient(r->own, &elsewhere, NULL, 0, NULL, NULL);
    r->bind = tg_finite_sum_bind(r->own, tg_dense(&elsewhere, 1, 1));
  }
  return y;
}

Test(finite_sum, its_own_loss_cannot_use_it)
{
  const double x[3] = {1.0, 2.0, 3.0}, t = 5.0;
  reentry r = {NULL, TG_OK, TG_OK};
  double value, g;
  cr_assert(tg_finite_sum_new(&r.own, reentrant, 1, tg_dense(x, 3, 1), &r) == TG_OK);
  cr_expect(tg_finite_sum_gradient(r.own, &t, NULL, 0, &value, &g) == TG_OK);
  cr_expect(r.gradient == TG_E_TAPE && r.bind == TG_E_TAPE);
  cr_expect(value == 10.0 && g == 2.0, "theta is not that of the refused call: %g", value);
  tg_finite_sum_free(r.own);
}

Test(finite_sum, odd_arguments_are_answered)
{
  tg_finite_sum *s = (tg_finite_sum *)&theta;
  const tg_data good = labelled();
  tg_data bad = good;
  cr_expect(tg_finite_sum_new(NULL, logistic, D, good, NULL) == TG_E_ARGUMENT);
  cr_expect(tg_finite_sum_new(&s, NULL, D, good, NULL) == TG_E_ARGUMENT && !s);
  cr_expect(tg_finite_sum_new(&s, logistic, 0, good, NULL) == TG_E_ARGUMENT && !s);
  cr_expect(tg_finite_sum_new(&s, logistic, SIZE_MAX, good, NULL) == TG_E_SIZE && !s);
  bad = good, bad.columns = 0, bad.label = NULL;
  cr_expect(tg_finite_sum_new(&s, logistic, D, bad, NULL) == TG_E_DATA && !s);
  bad = good, bad.stride = 2;
  cr_expect(tg_finite_sum_new(&s, logistic, D, bad, NULL) == TG_E_DATA && !s);
  bad = good, bad.rows = SIZE_MAX / 16;
  cr_expect(tg_finite_sum_new(&s, logistic, D, bad, NULL) == TG_E_SIZE && !s);
  s = sum_over(good, NULL);
  const size_t beyond[] = {0, ROWS};
  double value = pattern, h[D * D];
  cr_expect(tg_finite_sum_gradient(s, theta, beyond, 2, &value, NULL) == TG_E_ARGUMENT && value == pattern);
  cr_expect(strstr(tg_finite_sum_message(s), "index"));
  cr_expect(tg_finite_sum_gradient(s, NULL, NULL, 0, &value, NULL) == TG_E_ARGUMENT && value == pattern);
  cr_expect(tg_finite_sum_hvp(s, theta, NULL, 0, NULL, h) == TG_E_ARGUMENT);
  cr_expect(tg_finite_sum_gradient(NULL, theta, NULL, 0, &value, NULL) == TG_E_ARGUMENT);
  cr_expect(tg_finite_sum_hvp(NULL, theta, NULL, 0, theta, h) == TG_E_ARGUMENT);
  cr_expect(tg_finite_sum_hessian(NULL, theta, NULL, 0, h) == TG_E_ARGUMENT);
  cr_expect(tg_finite_sum_per_sample(NULL, theta, NULL, 0, &value, NULL) == TG_E_ARGUMENT);
  cr_expect(tg_finite_sum_gradient(s, theta, NULL, 0, NULL, NULL) == TG_OK);
  cr_expect(tg_finite_sum_hvp(s, theta, NULL, 0, theta, NULL) == TG_OK);
  cr_expect(tg_finite_sum_hessian(s, theta, NULL, 0, NULL) == TG_OK);
  cr_expect(tg_finite_sum_statistics(s, NULL) == TG_E_ARGUMENT && tg_finite_sum_message(NULL));
  cr_expect(tg_finite_sum_rows(NULL) == 0 && tg_finite_sum_parameters(NULL) == 0);
  tg_finite_sum_free(s);
  tg_finite_sum_free(NULL);
  tg_finite_sum_forget(NULL);
}

static tg_var intercept(const tg_var *t, size_t d, const tg_var *sample, size_t columns, void *user)
{
  (void)d, (void)user;
  return tg_square(tg_sub(sample[columns - 1], t[0]));
}

Test(finite_sum, labels_without_columns_are_data)
{
  const size_t none[ROWS + 1] = {0}, index[] = {3, 1};
  tg_data dense = tg_dense(NULL, ROWS, 0), sparse = tg_sparse(none, none, NULL, ROWS, 0);
  const double t = 0.25;
  dense.label = sparse.label = label;
  for (int which = 0; which < 4; which++) {
    tg_finite_sum *s;
    double value, g, h, each[ROWS], slopes[ROWS];
    cr_assert(tg_finite_sum_new(&s, intercept, 1, which % 2 ? sparse : dense, NULL) == TG_OK);
    tg_finite_sum_plain(s, which >= 2);
    cr_expect(tg_finite_sum_gradient(s, &t, index, 2, &value, &g) == TG_OK &&
              value == (0.5625 + 1.5625) / 2 && g == 0.5);
    for (int k = 0; k < 20; k++) cr_expect(tg_finite_sum_hessian(s, &t, NULL, 0, &h) == TG_OK && h == 2.0);
    cr_expect(tg_finite_sum_per_sample(s, &t, NULL, 0, each, slopes) == TG_OK && slopes[0] == 2.5 &&
              each[1] == 0.5625);
    tg_finite_sum_free(s);
  }
}

Test(finite_sum, what_is_wrong_with_data_is_told_in_words)
{
  const size_t start[] = {0, 2, 3}, ascending[] = {0, 2, 1}, beyond[] = {0, 2, 5}, twice[] = {1, 1, 0};
  const double values[] = {1, 2, 3};
  char words[128];
  tg_data data = tg_sparse(start, ascending, values, 2, 3);
  cr_expect(tg_data_explain(&data, words, sizeof words) == TG_OK && strcmp(words, "success") == 0);
  data.column = beyond;
  cr_expect(tg_data_explain(&data, words, sizeof words) == TG_E_DATA);
  cr_expect(strcmp(words, "row 1 (the first is row 0): column 5, and there are 3 columns") == 0, "%s", words);
  data.column = twice;
  cr_expect(tg_data_explain(&data, words, sizeof words) == TG_E_DATA && strstr(words, "row 0") &&
            strstr(words, "follows"));
  cr_expect(tg_data_explain(&data, words, 8) == TG_E_DATA && strcmp(words, "row 0 (") == 0);
  cr_expect(tg_data_explain(&data, NULL, 0) == TG_E_DATA && tg_data_explain(NULL, words, 8) == TG_E_ARGUMENT);
  tg_finite_sum *s;
  cr_assert(tg_finite_sum_new(&s, intercept, 1, tg_dense(values, 1, 3), NULL) == TG_OK);
  cr_expect(tg_finite_sum_bind(s, data) == TG_E_DATA && strstr(tg_finite_sum_message(s), "row 0"));
  tg_finite_sum_free(s);
  data = tg_dense(values, 1, 3), data.stride = 2;
  cr_expect(tg_data_explain(&data, words, sizeof words) == TG_E_DATA && strstr(words, "stride"));
}

/* ---- Columns of sparse rows enter dot and affine only, however the loss is evaluated. ---- */

static tg_var about_sparse(const tg_var *t, size_t d, const tg_var *sample, size_t columns, void *user)
{
  (void)columns;
  const tg_var z = tg_dot(t, sample, d);
  switch (*(const int *)user) {
  case 0: return tg_softplus(z);
  case 1: return tg_mul(z, tg_constant(1.0 + tg_primal(t[0])));
  case 2: return tg_lt(z, 1.0) ? tg_square(z) : tg_add(z, tg_dot(t, sample, d));
  case 3: return tg_mul(z, tg_exp(sample[1]));
  case 4: return tg_lt(sample[1], 0.5) ? z : tg_square(z);
  case 5: return tg_mul(tg_constant(tg_primal(t[0])), tg_mul(sample[0], sample[1]));
  default: return tg_square(tg_sub(z, tg_sum(sample, d)));
  }
}

Test(finite_sum, columns_of_sparse_rows_have_one_rule_on_all_ways)
{
  const size_t start[] = {0, 2, 3, 5, 6}, column[] = {0, 2, 1, 0, 1, 2};
  const double values[] = {1, 2, 3, 4, 5, 6}, full[] = {1, 0, 2, 0, 3, 0, 4, 5, 0, 0, 0, 6};
  for (int which = 0; which < 7; which++) {
    const bool refused = which >= 3 && which <= 5;
    for (int plain = 0; plain < 2; plain++) {
      tg_finite_sum *s, *dense;
      double v, w, g[D] = {pattern}, e[D], h[D * D] = {pattern}, f[D * D], each[4 * D] = {pattern},
                   every[4 * D];
      cr_assert(tg_finite_sum_new(&s, about_sparse, D, tg_sparse(start, column, values, 4, D), &which) ==
                TG_OK);
      cr_assert(tg_finite_sum_new(&dense, about_sparse, D, tg_dense(full, 4, D), &which) == TG_OK);
      tg_finite_sum_plain(s, plain), tg_finite_sum_plain(dense, true);
      const tg_status wanted = refused ? TG_E_DATA : TG_OK;
      cr_expect(tg_finite_sum_gradient(s, theta, NULL, 0, &v, g) == wanted, "%d %d", which, plain);
      if (refused)
        cr_expect(strstr(tg_finite_sum_message(s), "dot and affine"), "%s", tg_finite_sum_message(s));
      cr_expect(tg_finite_sum_hessian(s, theta, NULL, 0, h) == wanted);
      cr_expect(tg_finite_sum_per_sample(s, theta, NULL, 0, NULL, each) == wanted);
      cr_expect(tg_finite_sum_hvp(s, theta, NULL, 0, theta, refused ? h : e) == wanted);
      if (refused) cr_expect(g[0] == pattern && h[0] == pattern && each[0] == pattern);
      cr_expect(tg_finite_sum_gradient(dense, theta, NULL, 0, &w, e) == TG_OK);
      cr_expect(tg_finite_sum_hessian(dense, theta, NULL, 0, f) == TG_OK);
      cr_expect(tg_finite_sum_per_sample(dense, theta, NULL, 0, NULL, every) == TG_OK);
      if (!refused) close(&v, &w, 1), close(g, e, D), close(h, f, D * D), close(each, every, 4 * D);
      tg_finite_sum_free(s), tg_finite_sum_free(dense);
    }
  }
}

Test(finite_sum, outputs_may_overlap_theta)
{
  tg_finite_sum *s = sum_over(labelled(), NULL);
  double wanted[D], moved[D], v[D] = {1.0, 2.0, 3.0}, hv[D];
  memcpy(moved, theta, sizeof moved);
  cr_expect(tg_finite_sum_gradient(s, theta, NULL, 0, NULL, wanted) == TG_OK);
  cr_expect(tg_finite_sum_gradient(s, moved, NULL, 0, NULL, moved) == TG_OK);
  cr_expect(memcmp(moved, wanted, sizeof wanted) == 0);
  cr_expect(tg_finite_sum_hvp(s, theta, NULL, 0, v, hv) == TG_OK);
  cr_expect(tg_finite_sum_hvp(s, theta, NULL, 0, v, v) == TG_OK && memcmp(v, hv, sizeof v) == 0);
  tg_finite_sum_free(s);
}

/* ---- no rows ---- */

static void expect_empty(tg_finite_sum *s)
{
  double value = 1, g[D] = {1, 1, 1}, h[D * D] = {1}, each = 7;
  cr_assert(tg_finite_sum_gradient(s, theta, NULL, 0, &value, g) == TG_OK);
  cr_assert(tg_finite_sum_hvp(s, theta, NULL, 0, theta, h) == TG_OK && h[0] == 0);
  h[0] = 1;
  cr_assert(tg_finite_sum_hessian(s, theta, NULL, 0, h) == TG_OK);
  cr_assert(tg_finite_sum_per_sample(s, theta, NULL, 0, &each, &each) == TG_OK && each == 7);
  cr_expect(value == 0 && g[0] == 0 && g[D - 1] == 0 && h[0] == 0);
}

Test(finite_sum, over_no_rows_is_a_mean_of_0)
{
  static const size_t start[1] = {0}, column[1] = {0}, wrong[1] = {3};
  tg_data none = labelled(), rows = labelled(), sparse = tg_sparse(start, column, NULL, 0, rows.columns);
  none.rows = 0;
  tg_finite_sum *s = sum_over(none, NULL);
  expect_empty(s);
  double value = 0;
  cr_assert(tg_finite_sum_bind(s, rows) == TG_OK);
  cr_expect(tg_finite_sum_gradient(s, theta, NULL, 0, &value, NULL) == TG_OK && value > 0);
  none.values = none.label = NULL;
  cr_assert(tg_finite_sum_bind(s, (tg_data){.columns = rows.columns, .label = &value}) == TG_OK);
  expect_empty(s);
  tg_finite_sum_free(s);
  s = sum_over(sparse, NULL);
  expect_empty(s);
  tg_finite_sum_free(s);
  sparse.row_start = wrong;
  cr_expect(tg_finite_sum_new(&s, logistic, D, sparse, NULL) == TG_E_DATA);
}

/* ---- where a NaN comes from ---- */

static tg_var delicate(const tg_var *t, size_t d, const tg_var *x, size_t columns, void *user)
{
  (void)d, (void)columns, (void)user;
  const tg_var dead = tg_where(tg_less(x[0], 0), 1, tg_log(x[0]));
  const tg_var root = tg_sqrt(tg_mul(t[0], x[1]));
  return tg_add(dead, root, tg_mul(t[1], x[2]), tg_log(tg_sub(x[2], -1)));
}

static tg_nonfinite located(const double *rows, const double *at, const size_t *index, size_t count)
{
  tg_finite_sum *s;
  tg_nonfinite f;
  cr_assert(tg_finite_sum_new(&s, delicate, 2, tg_dense(rows, 3, 3), NULL) == TG_OK);
  cr_assert(tg_finite_sum_nonfinite(s, at, index, count, &f) == TG_OK);
  tg_finite_sum_free(s);
  return f;
}

Test(finite_sum, a_number_that_is_not_finite_is_located)
{
  static const double fine[9] = {-1, 1, 1, 2, 1, 1, 3, 4, 5}, at[2] = {1, 2}, zero[2] = {0, 2};
  static const size_t index[] = {2, 1, 0};
  double rows[9];
  memcpy(rows, fine, sizeof rows);
  tg_nonfinite f = located(rows, at, NULL, 0);
  cr_expect(f.row == SIZE_MAX && !f.op, "a branch not taken is no fault: %s", f.text);
  rows[5] = -1.5;
  f = located(rows, at, NULL, 0);
  cr_expect(f.row == 1 && strcmp(f.op, "log") == 0 && !f.derivative, "%s", f.text);
  cr_expect(strstr(f.text, "row 1 (the first is row 0): log(-0.5) is") && strstr(f.text, "nan"), "%s",
            f.text);
  f = located(rows, at, index, 3);
  cr_expect(f.row == 1 && f.position == 1, "%s", f.text);
  rows[7] = NAN;
  f = located(rows, at, index, 1);
  cr_expect(f.row == 2 && f.input == 3 && strstr(f.text, "column 1 is nan"), "%s", f.text);
  f = located(fine, zero, NULL, 0);
  cr_expect(f.row == 0 && f.derivative && strcmp(f.op, "sqrt") == 0 && strstr(f.text, "sqrt(0)"), "%s",
            f.text);
}
