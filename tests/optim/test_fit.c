/* Epochs of mini-batches. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "../support/methods.h"
#include "../support/problems.h"

enum { N = 4, ROWS = 64 };

typedef struct log {
  size_t batches, count[2000], index[20000], total;
} log_t;

static log_t seen;

static int record(const double *x, const size_t *index, size_t count, double *value, double *g, void *user)
{
  (void)user;
  seen.count[seen.batches++] = count;
  for (size_t i = 0; i < count; i++) seen.index[seen.total++] = index[i];
  *value = 0.5 * x[0] * x[0];
  g[0] = x[0];
  return 0;
}

static void fit(size_t samples, tg_fit_options o)
{
  double x = 1.0;
  memset(&seen, 0, sizeof seen);
  cr_assert(tg_fit((tg_objective){.n = 1, .samples = samples, .batch = record}, tg_gd(0.1), &x, &o, NULL) ==
            TG_OK);
}

static tg_fit_options options(size_t epochs, size_t batch, int shuffle)
{
  tg_fit_options o = tg_fit_defaults();
  o.epochs = epochs;
  o.batch = batch;
  o.shuffle = shuffle;
  return o;
}

/* Whether index[0..n) has each of 0 ... n - 1 once. */
static bool permutation(const size_t *index, size_t n)
{
  bool used[1000] = {false};
  for (size_t i = 0; i < n; i++) {
    if (index[i] >= n || used[index[i]]) return false;
    used[index[i]] = true;
  }
  return true;
}

Test(fit, the_last_batch_of_an_epoch_has_what_is_left)
{
  fit(10, options(3, 4, TG_SHUFFLE_EPOCH));
  cr_expect(seen.batches == 9);
  for (int e = 0; e < 3; e++) {
    cr_expect(seen.count[3 * e] == 4 && seen.count[3 * e + 1] == 4 && seen.count[3 * e + 2] == 2);
    cr_expect(permutation(seen.index + 10 * e, 10));
  }
  fit(5, options(2, 100, TG_SHUFFLE_NONE));
  cr_expect(seen.batches == 2 && seen.count[0] == 5);
}

Test(fit, shuffles_each_epoch_or_once_or_never)
{
  const size_t n = 100, size = n * sizeof(size_t);
  fit(n, options(2, 7, TG_SHUFFLE_EPOCH));
  cr_expect(permutation(seen.index, n) && permutation(seen.index + n, n));
  cr_expect(memcmp(seen.index, seen.index + n, size) != 0);
  fit(n, options(2, 7, TG_SHUFFLE_ONCE));
  cr_expect(permutation(seen.index, n) && memcmp(seen.index, seen.index + n, size) == 0);
  fit(n, options(1, 7, TG_SHUFFLE_NONE));
  for (size_t i = 0; i < n; i++) cr_expect(seen.index[i] == i);
}

Test(fit, draws_with_replacement)
{
  fit(100, options(1, 100, TG_SHUFFLE_REPLACEMENT));
  cr_expect(!permutation(seen.index, 100));
  for (size_t i = 0; i < 100; i++) cr_expect(seen.index[i] < 100);
}

Test(fit, the_seed_decides_the_order)
{
  static size_t first[100];
  tg_fit_options o = options(1, 10, TG_SHUFFLE_EPOCH);
  fit(100, o);
  memcpy(first, seen.index, sizeof first);
  fit(100, o);
  cr_expect(memcmp(first, seen.index, sizeof first) == 0);
  o.seed = 2;
  fit(100, o);
  cr_expect(memcmp(first, seen.index, sizeof first) != 0);
}

/* Each of the 24 orders of four samples about equally often: chi-square with 23 degrees of freedom, seed 7.
 */
Test(fit, shuffles_without_bias)
{
  size_t tally[256] = {0};
  for (uint64_t seed = 0; seed < 4800; seed++) {
    tg_fit_options o = options(1, 4, TG_SHUFFLE_EPOCH);
    o.seed = seed;
    fit(4, o);
    tally[seen.index[0] * 64 + seen.index[1] * 16 + seen.index[2] * 4 + seen.index[3]]++;
  }
  double chi = 0.0;
  size_t orders = 0;
  for (int i = 0; i < 256; i++)
    if (tally[i]) orders++, chi += ((double)tally[i] - 200.0) * ((double)tally[i] - 200.0) / 200.0;
  cr_expect(orders == 24 && chi < 49.7, "%zu orders, chi-square %g", orders, chi); /* 0.1 % beyond */
}

static double loss(const double *x)
{
  probe p = {.n = N};
  double value;
  const tg_objective c = problem_regression(&p);
  c.evaluate(x, &value, NULL, &p);
  return value;
}

Test(fit, every_first_order_method_lowers_a_regression)
{
  tg_method method;
  for (size_t row = 0; methods_next(&row, TG_TAKES_BATCHES, 0, &method);) {
    double x[N] = {1, -1, 1, -1};
    const double before = loss(x);
    probe p = {.n = N};
    tg_fit_options o = options(30, 16, TG_SHUFFLE_EPOCH);
    tg_report r;
    cr_expect(tg_fit(problem_regression(&p), method, x, &o, &r) == TG_OK && r.stop == TG_STOP_EPOCHS &&
              r.iterations == 120 && r.epoch == 30 && r.theta == x);
    cr_expect(loss(x) < before, "%s: %g, was %g", tg_method_name(&method), loss(x), before);
  }
}

typedef struct script {
  const double *values;
  size_t at;
  double theta[100][N];
} script;

/* A validation objective that answers what it is told, and remembers where it was asked. */
static int scripted(const double *x, double *value, double *g, void *user)
{
  script *s = user;
  (void)g;
  memcpy(s->theta[s->at], x, N * sizeof *x);
  *value = s->values[s->at++];
  return 0;
}

Test(fit, stops_early_and_gives_back_the_best_parameters)
{
  const double values[] = {5, 4, 3, 6, 2, 7, 8, 3, 1};
  script s = {.values = values};
  const tg_objective v = {.n = N, .evaluate = scripted, .user = &s};
  double x[N] = {1, -1, 1, -1};
  probe p = {.n = N};
  tg_fit_options o = options(9, 16, TG_SHUFFLE_EPOCH);
  o.patience = 3;
  o.validation = &v;
  tg_report r;
  cr_expect(tg_fit(problem_regression(&p), tg_gd(0.1), x, &o, &r) == TG_OK);
  cr_expect(r.stop == TG_STOP_PATIENCE && r.epoch == 8 && r.best_epoch == 5);
  cr_expect(r.best_validation == 2.0 && r.validation == 2.0);
  cr_expect(memcmp(x, s.theta[4], sizeof x) == 0);
}

Test(fit, without_patience_still_keeps_the_best_validated_parameters)
{
  const double values[] = {5, 1, 3};
  script s = {.values = values};
  const tg_objective v = {.n = N, .evaluate = scripted, .user = &s};
  double x[N] = {1, -1, 1, -1};
  probe p = {.n = N};
  tg_fit_options o = options(3, 16, TG_SHUFFLE_EPOCH);
  o.validation = &v;
  tg_report r;
  cr_expect(tg_fit(problem_regression(&p), tg_gd(0.1), x, &o, &r) == TG_OK);
  cr_expect(r.stop == TG_STOP_EPOCHS && r.best_epoch == 2 && memcmp(x, s.theta[1], sizeof x) == 0);
}

Test(fit, a_validation_value_that_is_no_number_ends_it_with_the_best)
{
  const double values[] = {5, 4, NAN};
  script s = {.values = values};
  const tg_objective v = {.n = N, .evaluate = scripted, .user = &s};
  double x[N] = {1, -1, 1, -1};
  probe p = {.n = N};
  tg_fit_options o = options(3, 16, TG_SHUFFLE_EPOCH);
  o.validation = &v;
  tg_report r;
  cr_expect(tg_fit(problem_regression(&p), tg_gd(0.1), x, &o, &r) == TG_OK);
  cr_expect(r.stop == TG_STOP_NONFINITE && r.best_epoch == 2 && memcmp(x, s.theta[1], sizeof x) == 0);
}

Test(fit, a_batch_that_is_not_finite_gives_back_the_last_whole_epoch)
{
  double x[N] = {1, -1, 1, -1}, y[N] = {1, -1, 1, -1};
  probe p = {.n = N, .nan_gradient_at = 11}, q = {.n = N};
  tg_fit_options o = options(5, 16, TG_SHUFFLE_EPOCH), two = options(2, 16, TG_SHUFFLE_EPOCH);
  tg_report r, end;
  cr_expect(tg_fit(problem_regression(&p), tg_gd(0.1), x, &o, &r) == TG_OK);
  cr_expect(tg_fit(problem_regression(&q), tg_gd(0.1), y, &two, &end) == TG_OK);
  cr_expect(r.stop == TG_STOP_NONFINITE && memcmp(x, y, sizeof x) == 0 && r.value == end.value);
}

Test(fit, callbacks_stop_it_and_fail_it)
{
  double x[N] = {1, -1, 1, -1};
  probe p = {.n = N, .answer_at = 6, .answer = 1}, q = {.n = N, .answer_at = 6, .answer = TG_E_DATA};
  tg_report r;
  cr_expect(tg_fit(problem_regression(&p), tg_gd(0.1), x, NULL, &r) == TG_OK && r.stop == TG_STOP_USER);
  for (int i = 0; i < N; i++) x[i] = 3.0;
  cr_expect(tg_fit(problem_regression(&q), tg_gd(0.1), x, NULL, &r) == TG_E_DATA && r.stop == TG_STOP_ERROR);
  for (int i = 0; i < N; i++) cr_expect(x[i] == 3.0);
}

static int watch(const tg_report *now, void *user)
{
  size_t *calls = user;
  cr_expect(now->epoch == ++*calls && now->epochs == 10 && now->iterations == 2 * *calls);
  return *calls == 4;
}

Test(fit, the_watch_sees_each_epoch_and_may_end_it)
{
  double x[N] = {1, -1, 1, -1};
  probe p = {.n = N};
  size_t calls = 0;
  tg_fit_options o = tg_fit_defaults();
  o.watch = watch;
  o.user = &calls;
  tg_report r;
  cr_expect(tg_fit(problem_regression(&p), tg_gd(0.1), x, &o, &r) == TG_OK);
  cr_expect(r.stop == TG_STOP_USER && r.epoch == 4);
}

Test(fit, refuses_what_it_cannot_do)
{
  double x[N] = {0};
  probe p = {.n = N};
  tg_objective c = problem_regression(&p), none = c;
  none.batch = NULL;
  cr_expect(tg_fit(none, tg_gd(0.1), x, NULL, NULL) == TG_E_METHOD);
  cr_expect(tg_fit(c, tg_lbfgs(), x, NULL, NULL) == TG_E_METHOD);
  tg_fit_options o = tg_fit_defaults();
  o.batch = 0;
  cr_expect(tg_fit(c, tg_gd(0.1), x, &o, NULL) == TG_E_ARGUMENT);
  o = tg_fit_defaults();
  o.epochs = 0;
  cr_expect(tg_fit(c, tg_gd(0.1), x, &o, NULL) == TG_E_ARGUMENT);
  o = tg_fit_defaults();
  o.shuffle = 9;
  cr_expect(tg_fit(c, tg_gd(0.1), x, &o, NULL) == TG_E_ARGUMENT);
}

/* Saved in the middle of an epoch, with validation and a plateau schedule, for every method and way of
 * shuffling. */
Test(fit, continues_from_a_checkpoint_bit_for_bit)
{
  static unsigned char bytes[1 << 16];
  tg_method method;
  for (size_t row = 0; methods_next(&row, TG_TAKES_BATCHES, 0, &method);) {
    for (int shuffle = 0; shuffle < 4; shuffle++) {
      double x[N] = {1, -1, 1, -1}, y[N] = {0};
      probe p = {.n = N};
      const tg_objective c = problem_regression(&p);
      tg_fit_options o = options(6, 10, shuffle);
      o.validation = &c;
      method.schedule = tg_plateau_rate(0.5, 1, 0.5, 1e-3);
      tg_run *a, *b;
      cr_assert(tg_run_new_fit(&a, c, method, x, &o) == TG_OK);
      cr_assert(tg_run_new_fit(&b, c, method, y, &o) == TG_OK);
      for (int i = 0; i < 17; i++) tg_run_step(a);
      const size_t size = tg_run_size(a);
      cr_assert(size <= sizeof bytes);
      tg_run_save(a, bytes);
      cr_expect(tg_run_restore(b, bytes, size) == TG_OK && memcmp(x, y, sizeof x) == 0);
      bool more = true;
      while (more) {
        more = tg_run_step(a);
        cr_expect(tg_run_step(b) == more && memcmp(x, y, sizeof x) == 0);
      }
      cr_expect(tg_run_report(a)->best_epoch == tg_run_report(b)->best_epoch);
      cr_expect(tg_run_report(a)->stop == TG_STOP_EPOCHS);
      tg_run_free(a);
      tg_run_free(b);
    }
  }
}

Test(fit, the_rate_falls_on_a_plateau)
{
  const double values[] = {5, 4, 4, 4, 4, 4, 3, 3};
  const double rates[] = {1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25}; /* in the epoch, patience 2 */
  script s = {.values = values};
  const tg_objective v = {.n = N, .evaluate = scripted, .user = &s};
  double x[N] = {1, -1, 1, -1};
  probe p = {.n = N};
  tg_fit_options o = options(8, 64, TG_SHUFFLE_NONE);
  o.validation = &v;
  tg_method m = tg_gd(0.125);
  m.schedule = tg_plateau_rate(0.5, 2, 1e-3, 0.01);
  tg_run *run;
  cr_assert(tg_run_new_fit(&run, problem_regression(&p), m, x, &o) == TG_OK);
  for (int e = 0; e < 8; e++) {
    tg_run_step(run);
    cr_expect(tg_run_report(run)->rate == 0.125 * rates[e], "epoch %d: %g", e,
              tg_run_report(run)->rate / 0.125);
  }
  tg_run_free(run);
}

Test(fit, refuses_bounds_and_an_l1_term_which_no_method_of_it_knows)
{
  double x[N] = {1, -1, 1, -1};
  const double low[N] = {0};
  probe p = {.n = N};
  const tg_fit_options o = options(1, 8, TG_SHUFFLE_NONE);
  tg_method m = tg_adam(0.1);
  m.lower = low;
  cr_expect(tg_fit(problem_regression(&p), m, x, &o, NULL) == TG_E_METHOD);
  tg_run *run;
  cr_expect(tg_run_new(&run, (tg_objective){.n = N}, m, x, NULL) == TG_E_METHOD);
  m.lower = NULL;
  m.l1 = 0.1;
  cr_expect(tg_fit(problem_regression(&p), m, x, &o, NULL) == TG_E_METHOD);
  cr_expect(x[1] == -1);
}

static int cancels(const double *x, double *value, double *g, void *user)
{
  (void)x, (void)g, (void)user;
  *value = 1.0;
  return 1;
}

Test(fit, cancelled_before_an_epoch_could_be_kept_has_the_current_parameters)
{
  const double start[N] = {1, -1, 1, -1};
  double x[N] = {1, -1, 1, -1}, y[N] = {1, -1, 1, -1};
  probe p = {.n = N, .answer_at = 3, .answer = 1}, q = {.n = N}, v = {.n = N};
  const tg_objective validation = problem_regression(&v), cancelling = {.n = N, .evaluate = cancels};
  tg_fit_options o = options(5, 16, TG_SHUFFLE_EPOCH);
  o.validation = &validation;
  tg_report r;
  cr_expect(tg_fit(problem_regression(&p), tg_gd(0.1), x, &o, &r) == TG_OK && r.stop == TG_STOP_USER);
  cr_expect(memcmp(x, start, sizeof x) != 0 && r.iterations == 2 && isnan(r.value));
  o.validation = &cancelling;
  cr_expect(tg_fit(problem_regression(&q), tg_gd(0.1), y, &o, &r) == TG_OK && r.stop == TG_STOP_USER);
  cr_expect(memcmp(y, start, sizeof y) != 0 && r.iterations == 4 && r.epoch == 1 && isfinite(r.value));
}

Test(fit, a_first_batch_that_is_not_finite_is_no_failure)
{
  double x[N] = {1, -1, 1, -1};
  probe p = {.n = N, .nan_value_at = 1};
  tg_report r;
  cr_expect(tg_fit(problem_regression(&p), tg_gd(0.1), x, NULL, &r) == TG_OK);
  cr_expect(r.stop == TG_STOP_NONFINITE && x[0] == 1.0 && x[3] == -1.0 && isnan(r.value));
}
