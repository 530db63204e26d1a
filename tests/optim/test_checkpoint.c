/* What a saved run may be restored into. That it continues bit for bit is in test_fit.c and test_minimize.c.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "../support/methods.h"
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

static int after_three(const tg_report *now, void *user)
{
  (void)user;
  return now->iterations == 3;
}

/* Restored under `o`, and stepped to its end. */
static tg_report goes_on(tg_method m, const tg_minimize_options *o, size_t size, double *x)
{
  probe p = {.n = N};
  tg_run *run = minimize_run(x, &p, m, *o);
  cr_assert(tg_run_restore(run, bytes, size) == TG_OK);
  while (tg_run_step(run)) continue;
  const tg_report r = *tg_run_report(run);
  tg_run_free(run);
  return r;
}

Test(checkpoint, a_run_that_a_watch_stopped_goes_on_bit_for_bit)
{
  tg_method m;
  for (size_t row = 0; methods_next(&row, 0, TG_FOR_QUADRATICS | TG_FOR_ONE_PARAMETER, &m);) {
    double x[N], y[N];
    probe p = {.n = N};
    tg_minimize_options o = {.max_iterations = 8};
    tg_run *whole = minimize_run(x, &p, m, o);
    while (tg_run_step(whole)) continue;
    tg_minimize_options stopped = o;
    stopped.watch = after_three;
    const size_t size = saved(minimize_run(y, &p, m, stopped), 5);
    const tg_report r = goes_on(m, &o, size, y), *all = tg_run_report(whole);
    cr_expect(r.stop == all->stop && r.iterations == all->iterations && memcmp(x, y, sizeof x) == 0, "%s: %s",
              tg_method_name(&m), tg_stop_string(r.stop));
    tg_run_free(whole);
  }
}

Test(checkpoint, a_run_that_its_objective_stopped_goes_on)
{
  tg_method m;
  for (size_t row = 0; methods_next(&row, 0, TG_FOR_QUADRATICS | TG_FOR_ONE_PARAMETER, &m);) {
    for (size_t at = 1; at < 9; at++) {
      double x[N], y[N];
      probe p = {.n = N, .answer_at = at, .answer = 1};
      if (method_has(&m, TG_TAKES_BATCHES | TG_TAKES_LINE_SEARCH)) m.alpha = 1e-4;
      const tg_minimize_options o = {.gradient_tol = 1e-6, .value_tol = 1e-300, .max_iterations = 200};
      tg_run *run = minimize_run(x, &p, m, o);
      while (tg_run_step(run)) continue;
      if (tg_run_report(run)->stop != TG_STOP_USER) {
        tg_run_free(run);
        continue;
      }
      const size_t size = saved(run, 0);
      const tg_report r = goes_on(m, &o, size, y);
      cr_expect(r.stop == TG_STOP_GRADIENT || r.stop == TG_STOP_ITERATIONS, "%s, %zu: %s", tg_method_name(&m),
                at, tg_stop_string(r.stop));
    }
  }
}

Test(checkpoint, all_new_limits_hold_before_the_next_step)
{
  double x[N], y[N];
  probe p = {.n = N};
  tg_minimize_options o = {.gradient_tol = 1.0, .max_iterations = 1000};
  tg_run *run = minimize_run(x, &p, tg_lbfgs(), o);
  while (tg_run_step(run)) continue;
  const size_t done = tg_run_report(run)->iterations, size = saved(run, 0);
  o = (tg_minimize_options){.gradient_tol = 1e-9, .max_iterations = done};
  tg_report r = goes_on(tg_lbfgs(), &o, size, y);
  cr_expect(r.stop == TG_STOP_ITERATIONS && r.iterations == done && memcmp(x, y, sizeof x) == 0);
  o = (tg_minimize_options){.gradient_tol = 1e-9, .max_iterations = done - 1};
  r = goes_on(tg_lbfgs(), &o, size, y);
  cr_expect(r.stop == TG_STOP_ITERATIONS && r.iterations == done);
  o = (tg_minimize_options){.gradient_tol = 1e-9, .step_tol = 1e9};
  cr_expect(goes_on(tg_lbfgs(), &o, size, y).stop == TG_STOP_STEP);
  o = (tg_minimize_options){.gradient_tol = 1e-9, .value_tol = 1e9};
  cr_expect(goes_on(tg_lbfgs(), &o, size, y).stop == TG_STOP_VALUE);
}

static int rising(const double *x, double *value, double *g, void *user)
{
  (void)x, (void)g;
  *value = (*(double *)user)++;
  return 0;
}

Test(checkpoint, a_fit_out_of_patience_has_no_more_epochs_than_asked_for)
{
  double x[N], y[N], at = 0.0;
  probe p = {.n = N};
  const tg_objective v = {.n = N, .evaluate = rising, .user = &at};
  tg_fit_options o = tg_fit_defaults();
  o.validation = &v;
  o.epochs = 4;
  o.patience = 3;
  tg_run *first = fit_run(x, &p, tg_gd(0.1), o);
  while (tg_run_step(first)) continue;
  cr_expect(tg_run_report(first)->stop == TG_STOP_PATIENCE && tg_run_report(first)->epoch == 4);
  const size_t size = saved(first, 0);
  o.patience = 0;
  tg_run *second = fit_run(y, &p, tg_gd(0.1), o);
  cr_expect(tg_run_restore(second, bytes, size) == TG_OK && !tg_run_step(second));
  const tg_report *r = tg_run_report(second);
  cr_expect(r->stop == TG_STOP_EPOCHS && r->epoch == 4 && r->best_epoch == 1 && memcmp(x, y, sizeof x) == 0);
  tg_run_free(second);
  o.epochs = 6;
  second = fit_run(y, &p, tg_gd(0.1), o);
  cr_expect(tg_run_restore(second, bytes, size) == TG_OK);
  while (tg_run_step(second)) continue;
  cr_expect(tg_run_report(second)->stop == TG_STOP_EPOCHS && tg_run_report(second)->epoch == 6);
  tg_run_free(second);
}

Test(checkpoint, a_run_that_met_its_accuracy_stays_ended_unless_asked_for_more)
{
  const tg_method methods[] = {tg_lbfgs(), tg_nonlinear_cg(TG_CG_POLAK_RIBIERE), tg_bfgs()};
  for (size_t i = 0; i < 3; i++) {
    probe p = {.n = N}, q = {.n = N};
    double x[N], y[N];
    tg_minimize_options o = tg_minimize_defaults();
    tg_run *run = minimize_run(x, &p, methods[i], o);
    while (tg_run_step(run)) continue;
    cr_assert(tg_run_report(run)->stop == TG_STOP_ACCURACY, "%s", tg_run_report(run)->message);
    const size_t size = tg_run_size(run), before = tg_run_report(run)->iterations;
    tg_run_save(run, bytes);
    tg_run_free(run);
    for (int more = 0; more < 2; more++) {
      o.accuracy = more ? 1e-12 : 1e-8;
      run = minimize_run(y, &q, methods[i], o);
      cr_assert(tg_run_restore(run, bytes, size) == TG_OK);
      cr_expect(tg_run_report(run)->stop == (more ? TG_RUNNING : TG_STOP_ACCURACY));
      while (tg_run_step(run)) continue;
      const size_t after = tg_run_report(run)->iterations;
      cr_expect(more ? after >= before : after == before, "%s: %zu, %zu", tg_method_name(&methods[i]), before,
                after);
      tg_run_free(run);
    }
  }
}
