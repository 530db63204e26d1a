/* What a saved run may be restored into. That it continues bit for bit is in test_fit.c and test_minimize.c.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "../support/problems.h"

enum { N = 4 };

static const double start[N] = {1, -1, 1, -1};
static unsigned char bytes[1 << 16];

static tg_run *fit_run(double *x, probe *p, tg_method m, tg_fit_options o)
{
  tg_run *run;
  memcpy(x, start, sizeof start);
  cr_assert(tg_run_new_fit(&run, problem_regression(p), m, x, &o) == TG_OK);
  return run;
}

static tg_run *minimize_run(double *x, probe *p, tg_method m, tg_minimize_options o)
{
  tg_run *run;
  memcpy(x, start, sizeof start);
  cr_assert(tg_run_new(&run, problem_squares(p), m, x, &o) == TG_OK);
  return run;
}

/* Saves after so many steps, frees the run, gives the size. */
static size_t saved(tg_run *run, int steps)
{
  for (int i = 0; i < steps; i++) tg_run_step(run);
  const size_t size = tg_run_size(run);
  cr_assert(size <= sizeof bytes);
  tg_run_save(run, bytes);
  tg_run_free(run);
  return size;
}

static tg_status restored_fit(tg_method m, tg_fit_options o, size_t size)
{
  double x[N];
  probe p = {.n = N};
  tg_run *run = fit_run(x, &p, m, o);
  const tg_status s = tg_run_restore(run, bytes, size);
  if (s) cr_expect(memcmp(x, start, sizeof x) == 0, "a checkpoint refused changes nothing");
  tg_run_free(run);
  return s;
}

static tg_status restored(tg_method m, tg_minimize_options o, size_t size)
{
  double x[N];
  probe p = {.n = N};
  tg_run *run = minimize_run(x, &p, m, o);
  const tg_status s = tg_run_restore(run, bytes, size);
  if (s) cr_expect(memcmp(x, start, sizeof x) == 0, "a checkpoint refused changes nothing");
  tg_run_free(run);
  return s;
}

static tg_fit_options fit_options(void)
{
  tg_fit_options o = tg_fit_defaults();
  o.epochs = 6;
  o.batch = 10;
  return o;
}

Test(checkpoint, of_a_fit_with_other_options_is_refused)
{
  double x[N];
  probe p = {.n = N}, q = {.n = N};
  const tg_objective validation = problem_regression(&q);
  const tg_method m = tg_momentum(0.1, 0.9);
  const size_t size = saved(fit_run(x, &p, m, fit_options()), 9);
  cr_expect(restored_fit(m, fit_options(), size) == TG_OK);
  tg_fit_options o = fit_options();
  o.batch = 16;
  cr_expect(restored_fit(m, o, size) == TG_E_DATA);
  o = fit_options();
  o.seed = 2;
  cr_expect(restored_fit(m, o, size) == TG_E_DATA);
  o = fit_options();
  o.shuffle = TG_SHUFFLE_NONE;
  cr_expect(restored_fit(m, o, size) == TG_E_DATA);
  o = fit_options();
  o.validation = &validation;
  cr_expect(restored_fit(m, o, size) == TG_E_DATA);
}

Test(checkpoint, of_other_settings_is_refused)
{
  double x[N];
  probe p = {.n = N};
  tg_method m = tg_momentum(0.1, 0.9);
  m.schedule = tg_cosine_rate(0.1, 100);
  const size_t size = saved(fit_run(x, &p, m, fit_options()), 9);
  tg_method other = m;
  other.alpha = 0.2;
  cr_expect(restored_fit(other, fit_options(), size) == TG_E_DATA);
  other = m;
  other.beta = 0.5;
  cr_expect(restored_fit(other, fit_options(), size) == TG_E_DATA);
  other = m;
  other.classic = true;
  cr_expect(restored_fit(other, fit_options(), size) == TG_E_DATA);
  other = m;
  other.clip_norm = 1.0;
  cr_expect(restored_fit(other, fit_options(), size) == TG_E_DATA);
  other = m;
  other.schedule = tg_cosine_rate(0.2, 100);
  cr_expect(restored_fit(other, fit_options(), size) == TG_E_DATA);
  other.schedule = tg_cosine_rate(0.1, 99);
  cr_expect(restored_fit(other, fit_options(), size) == TG_E_DATA);
  other.schedule = tg_constant_rate();
  cr_expect(restored_fit(other, fit_options(), size) == TG_E_DATA);
  other = tg_lookahead(0.1, 0.9); /* as large */
  other.schedule = m.schedule;
  cr_expect(restored_fit(other, fit_options(), size) == TG_E_DATA);
  cr_expect(restored_fit(m, fit_options(), size) == TG_OK);
}

Test(checkpoint, of_other_bounds_or_weights_or_norm_is_refused)
{
  double x[N], lower[N] = {0, 0, 0, 0}, higher[N] = {0, 0.5, 0, 0}, weight[N] = {1, 1, 2, 1},
               same[N] = {0, -0.0, 0, 0};
  probe p = {.n = N};
  tg_method m = tg_lbfgs();
  m.lower = lower;
  m.l1 = 0.1;
  m.l1_weight = weight;
  const tg_minimize_options o = tg_minimize_defaults();
  const size_t size = saved(minimize_run(x, &p, m, o), 3);
  tg_method other = m;
  other.lower = same;
  cr_expect(restored(other, o, size) == TG_OK);
  other.lower = higher;
  cr_expect(restored(other, o, size) == TG_E_DATA);
  other = m;
  other.upper = higher;
  cr_expect(restored(other, o, size) == TG_E_DATA);
  other = m;
  other.l1_weight = NULL;
  cr_expect(restored(other, o, size) == TG_E_DATA);
  tg_minimize_options euclid = o;
  euclid.norm = TG_NORM_EUCLID;
  cr_expect(restored(m, euclid, size) == TG_E_DATA);
}

Test(checkpoint, limits_may_differ)
{
  double x[N];
  probe p = {.n = N};
  const tg_minimize_options o = tg_minimize_defaults();
  const size_t size = saved(minimize_run(x, &p, tg_bfgs(), o), 3);
  const tg_minimize_options wide = {.gradient_tol = 1e-9,
                                    .step_tol = 1e-9,
                                    .value_tol = 1e-9,
                                    .relative_tol = 1e-9,
                                    .max_iterations = 7,
                                    .max_seconds = 60};
  cr_expect(restored(tg_bfgs(), wide, size) == TG_OK);
}

/* Twelve epochs are six, saved when they ended with the best parameters given back, and six more. */
Test(checkpoint, epochs_can_be_added_to_a_fit_that_has_ended)
{
  double x[N], y[N], z[N];
  probe p = {.n = N}, q = {.n = N}, v = {.n = N};
  const tg_objective validation = problem_regression(&v);
  tg_fit_options more = fit_options(), few = fit_options();
  more.validation = few.validation = &validation;
  more.epochs = 12;
  const tg_method m = tg_momentum(2.0, 0.95); /* it swings: the last epoch is not the best */
  tg_run *whole = fit_run(x, &p, m, more), *first = fit_run(y, &q, m, few);
  while (tg_run_step(whole)) continue;
  while (tg_run_step(first)) continue;
  cr_expect(tg_run_report(first)->stop == TG_STOP_EPOCHS && tg_run_report(first)->best_epoch < 6);
  const size_t size = saved(first, 0);
  tg_run *second = fit_run(z, &q, m, more);
  cr_expect(tg_run_restore(second, bytes, size) == TG_OK && tg_run_report(second)->stop == TG_RUNNING);
  while (tg_run_step(second)) continue;
  cr_expect(memcmp(x, z, sizeof x) == 0);
  cr_expect(tg_run_report(second)->iterations == tg_run_report(whole)->iterations);
  cr_expect(tg_run_report(second)->best_epoch == tg_run_report(whole)->best_epoch);
  tg_run_free(whole);
  tg_run_free(second);
}

Test(checkpoint, a_run_that_met_its_limit_or_tolerance_goes_on_under_a_wider_one)
{
  const tg_minimize_options narrow[] = {{.max_iterations = 5},
                                        {.gradient_tol = 1.0},
                                        {.step_tol = 0.5},
                                        {.value_tol = 0.1},
                                        {.relative_tol = 0.5}};
  for (size_t k = 0; k < sizeof narrow / sizeof *narrow; k++) {
    double x[N], y[N], z[N];
    probe p = {.n = N};
    const tg_minimize_options wide = {.gradient_tol = 1e-8, .max_iterations = 10000};
    tg_run *whole = minimize_run(x, &p, tg_lbfgs(), wide),
           *first = minimize_run(y, &p, tg_lbfgs(), narrow[k]);
    while (tg_run_step(whole)) continue;
    while (tg_run_step(first)) continue;
    const size_t size = saved(first, 0);
    tg_run *same = minimize_run(z, &p, tg_lbfgs(), narrow[k]);
    cr_expect(tg_run_restore(same, bytes, size) == TG_OK && !tg_run_step(same), "%zu", k);
    cr_expect(memcmp(y, z, sizeof y) == 0);
    tg_run_free(same);
    tg_run *second = minimize_run(z, &p, tg_lbfgs(), wide);
    cr_expect(tg_run_restore(second, bytes, size) == TG_OK);
    while (tg_run_step(second)) continue;
    cr_expect(tg_run_report(second)->stop == TG_STOP_GRADIENT && memcmp(x, z, sizeof x) == 0, "%zu: %s", k,
              tg_stop_string(tg_run_report(second)->stop));
    tg_run_free(whole);
    tg_run_free(second);
  }
}
