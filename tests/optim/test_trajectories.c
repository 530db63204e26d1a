/* The first-order methods against their formulas evaluated in 50 digits (trajectories.py). */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "../support/methods.h"
#include "tapegrad/optim.h"

typedef struct path {
  const char *name;
  size_t steps;
  double x[3];
} path;

static const path paths[] = {
#define PATH(name, steps, a, b, c) {name, steps, {a, b, c}},
#define RATE(name, step, value)
#include "trajectories.inc"
#undef PATH
#undef RATE
};

typedef struct rate {
  const char *name;
  size_t step;
  double value;
} rate;

static const rate rates[] = {
#define PATH(name, steps, a, b, c)
#define RATE(name, step, value) {name, step, value},
#include "trajectories.inc"
#undef PATH
#undef RATE
};

static int objective(const double *x, double *value, double *g, void *user)
{
  (void)user;
  static const double a[3][3] = {{2, -0.5, 0}, {-0.5, 1.25, 0.25}, {0, 0.25, 0.75}}, b[3] = {1, -2, 0.5};
  double sum = 0.0;
  for (int i = 0; i < 3; i++) {
    double ax = 0.0;
    for (int j = 0; j < 3; j++) ax += a[i][j] * x[j];
    sum += x[i] * (0.5 * ax - b[i]) + x[i] * x[i] * x[i] * x[i] / 8;
    if (g) g[i] = ax - b[i] + x[i] * x[i] * x[i] / 2;
  }
  if (value) *value = sum;
  return 0;
}

/* The settings of trajectories.py, by the name of the case: that of the method, and what differs from its
 * defaults. */
static tg_method method(const char *name)
{
  char first[32] = {0};
  tg_method m;
  memcpy(first, name, strcspn(name, " "));
  cr_assert(tg_method_named(&m, first) == TG_OK, "%s", first);
  m.alpha = 0.01;
  if (!strcmp(first, "gd") || !strcmp(first, "adagrad")) m.alpha = 0.05;
  if (!strcmp(first, "momentum") || !strcmp(first, "nesterov") || !strcmp(first, "lookahead")) m.alpha = 0.05;
  if (!strcmp(first, "adadelta")) m.alpha = 1.0;
  if (strstr(name, "classic")) m.classic = true, m.alpha = 0.01;
  if (strstr(name, "clip_norm")) m.clip_norm = 0.75;
  if (strstr(name, "clip_value")) m.clip_value = 0.5;
  if (strstr(name, "exponential")) m.schedule = tg_exponential_rate(0.99);
  if (strstr(name, "decay") || !strcmp(first, "adamw") || !strcmp(first, "lion")) m.decay = 0.1;
  if (strstr(name, " inside")) m.epsilon_inside = true, m.epsilon = 0.01;
  if (strstr(name, " outside")) m.epsilon_inside = false, m.epsilon = 0.001;
  if (strstr(name, "apart")) m.gamma = 0.9, m.beta = 0.5;
  if (strstr(name, "1.5")) m.p = 1.5, m.gamma = 0.99;
  if (!strcmp(first, "amsgrad")) m.gamma = 0.9;
  return m;
}

static const double start[3] = {1.5, -1, 0.25};

static void compare(const path *p, const double *x, const char *how)
{
  double size = 0.0;
  for (int i = 0; i < 3; i++) size = fmax(size, fabs(p->x[i]));
  for (int i = 0; i < 3; i++)
    cr_expect(fabs(x[i] - p->x[i]) <= 1e-12 * size, "%s, %s, step %zu: %.17g, not %.17g", p->name, how,
              p->steps, x[i], p->x[i]);
}

/* A method that enters the table needs a case in trajectories.py. */
Test(trajectories, there_is_one_of_every_first_order_method)
{
  tg_method m;
  for (size_t row = 0; methods_next(&row, TG_TAKES_BATCHES, 0, &m);) {
    size_t found = 0;
    for (size_t k = 0; k < sizeof paths / sizeof *paths; k++)
      found += strcmp(paths[k].name, tg_method_name(&m)) == 0;
    cr_expect(found > 0, "%s is without a reference", tg_method_name(&m));
  }
}

Test(trajectories, of_tg_minimize_are_those_of_the_formulas)
{
  for (size_t k = 0; k < sizeof paths / sizeof *paths; k++) {
    double x[3];
    memcpy(x, start, sizeof x);
    tg_run *run;
    const tg_objective c = {.n = 3, .evaluate = objective};
    cr_assert(tg_run_new(&run, c, method(paths[k].name), x, NULL) == TG_OK);
    for (size_t t = 0; t < paths[k].steps; t++) cr_expect(tg_run_step(run));
    compare(&paths[k], x, "tg_run_step");
    tg_run_free(run);
  }
}

Test(trajectories, of_tg_run_update_are_those_of_the_formulas)
{
  for (size_t k = 0; k < sizeof paths / sizeof *paths; k++) {
    double x[3], g[3], value;
    memcpy(x, start, sizeof x);
    tg_run *run;
    const tg_method m = method(paths[k].name);
    const tg_status s = tg_run_new(&run, (tg_objective){.n = 3}, m, x, NULL);
    if (!method_has(&m, TG_TAKES_UPDATES)) {
      cr_expect(s == TG_E_METHOD && run == NULL);
      continue;
    }
    for (size_t t = 0; t < paths[k].steps; t++) {
      objective(x, &value, g, NULL);
      cr_expect(tg_run_update(run, value, g) == TG_OK);
    }
    compare(&paths[k], x, "tg_run_update");
    tg_run_free(run);
  }
}

static int same_for_all(const double *x, const size_t *index, size_t count, double *value, double *g,
                        void *user)
{
  (void)index, (void)count;
  return objective(x, value, g, user);
}

Test(trajectories, of_tg_fit_are_those_of_the_formulas)
{
  for (size_t k = 0; k < sizeof paths / sizeof *paths; k++) {
    double x[3];
    memcpy(x, start, sizeof x);
    tg_fit_options o = tg_fit_defaults();
    o.epochs = paths[k].steps;
    const tg_objective c = {.n = 3, .samples = 4, .batch = same_for_all};
    cr_expect(tg_fit(c, method(paths[k].name), x, &o, NULL) == TG_OK);
    compare(&paths[k], x, "tg_fit");
  }
}

Test(trajectories, do_not_depend_on_the_length_of_the_vector)
{
  enum { COPIES = 700 };
  static double x[3 * COPIES], g[3 * COPIES];
  for (size_t k = 4; k < sizeof paths / sizeof *paths; k += 5) {
    tg_method m = method(paths[k].name);
    if (!method_has(&m, TG_TAKES_UPDATES) || m.clip_norm > 0.0) continue;
    for (int i = 0; i < 3 * COPIES; i++) x[i] = start[i % 3];
    tg_run *run;
    cr_assert(tg_run_new(&run, (tg_objective){.n = 3 * COPIES}, m, x, NULL) == TG_OK);
    for (size_t t = 0; t < paths[k].steps; t++) {
      for (int i = 0; i < COPIES; i++) objective(x + 3 * i, NULL, g + 3 * i, NULL);
      tg_run_update(run, 0.0, g);
    }
    tg_run_free(run);
    for (int i = 1; i < COPIES; i++)
      cr_expect(memcmp(x, x + 3 * i, 3 * sizeof *x) == 0, "%s, copy %d", paths[k].name, i);
    compare(&paths[k], x, "long");
  }
}

static tg_schedule schedule(const char *name)
{
  if (!strcmp(name, "exponential")) return tg_exponential_rate(0.99);
  if (!strcmp(name, "step")) return tg_step_rate(0.5, 10);
  if (!strcmp(name, "inverse time")) return tg_inverse_time_rate(0.1, 0.5);
  if (!strcmp(name, "cosine")) return tg_cosine_rate(0.125, 0);
  if (!strcmp(name, "warm up")) return tg_warm_up_rate(8, 0.125, 40);
  if (!strcmp(name, "one cycle")) return tg_one_cycle_rate(0.25, 25.0, 1000.0, 40);
  return tg_constant_rate();
}

Test(trajectories, rates_follow_their_schedules)
{
  for (size_t k = 0; k < sizeof rates / sizeof *rates; k++) {
    double x = 0.0;
    const double g = 1.0;
    tg_method m = tg_gd(0.5);
    m.schedule = schedule(rates[k].name);
    tg_minimize_options o = tg_minimize_defaults();
    o.max_iterations = 40; /* the period planned; steps beyond it are asked of the schedule itself */
    if (rates[k].step >= 40) {
      const double r = m.schedule.rate(&m.schedule, 0.5, rates[k].step, 40);
      cr_expect(fabs(r - 0.5 * rates[k].value) <= 1e-14 * r, "%s", rates[k].name);
      continue;
    }
    tg_run *run;
    cr_assert(tg_run_new(&run, (tg_objective){.n = 1}, m, &x, &o) == TG_OK);
    for (size_t t = 0; t <= rates[k].step; t++) tg_run_update(run, 0.0, &g);
    const double r = tg_run_report(run)->rate;
    cr_expect(fabs(r - 0.5 * rates[k].value) <= 1e-14 * r, "%s at %zu: %.17g, not %.17g", rates[k].name,
              rates[k].step, r, 0.5 * rates[k].value);
    tg_run_free(run);
  }
}

/* A schedule of the user's made of two others, one of them constant. */
static double product(const tg_schedule *s, double alpha, size_t step, size_t total)
{
  const tg_schedule *both = s->user;
  return both[1].rate(&both[1], both[0].rate(&both[0], alpha, step, total), step, total);
}

Test(trajectories, schedules_can_be_composed)
{
  tg_schedule both[] = {tg_constant_rate(), tg_step_rate(0.5, 1)};
  const double g = 0.0625;
  double x = 0.0;
  tg_method m = tg_gd(0.5);
  m.schedule = (tg_schedule){.rate = product, .user = both};
  tg_run *run;
  cr_assert(tg_run_new(&run, (tg_objective){.n = 1}, m, &x, NULL) == TG_OK);
  for (int t = 0; t < 3; t++) tg_run_update(run, 0.0, &g);
  cr_expect(tg_run_report(run)->rate == 0.125);
  tg_run_free(run);
}

/* The last step planned is the smallest: Smith & Topin's cycle ends with the run, not after it. */
Test(trajectories, one_cycle_ends_at_the_last_step_and_rises_to_its_top)
{
  const tg_schedule s = tg_one_cycle_rate(0.25, 25.0, 1000.0, 0);
  const size_t totals[] = {2, 3, 4, 40, 1001};
  for (size_t k = 0; k < sizeof totals / sizeof *totals; k++) {
    const size_t total = totals[k];
    cr_expect(fabs(s.rate(&s, 1.0, total - 1, total) - 1e-3) <= 1e-15, "%zu", total);
    for (size_t t = 0; t < total; t++) {
      const double r = s.rate(&s, 1.0, t, total);
      cr_expect(r >= 1e-3 * (1 - 1e-12) && r <= 1.0, "%zu of %zu: %g", t, total, r);
    }
  }
  cr_expect(s.rate(&s, 1.0, 0, 40) == 1.0 / 25 && s.rate(&s, 1.0, 9, 40) == 1.0);
}

/* Every method that divides by what it keeps of gradients. */
Test(trajectories, without_epsilon_a_parameter_with_gradient_0_stays)
{
  const double g[3] = {1.0, 0.0, 1e-200}; /* the square of the last vanishes too */
  for (size_t k = 0; tg_method_list(k); k++) {
    double x[3] = {1, 2, 3};
    tg_method m;
    tg_run *run;
    cr_assert(tg_method_named(&m, tg_method_list(k)) == TG_OK);
    const tg_objective c = {.n = 3};
    if (!(m.epsilon > 0.0) || !strcmp(tg_method_list(k), "adadelta")) continue;
    m.epsilon = 0.0;
    m.decay = 0.0;
    cr_assert(tg_run_new(&run, c, m, x, NULL) == TG_OK);
    for (int t = 0; t < 5; t++) cr_expect(tg_run_update(run, 0.0, g) == TG_OK);
    cr_expect(tg_run_report(run)->stop == TG_RUNNING && x[1] == 2.0 && x[0] < 1.0, "%s: %s",
              tg_method_list(k), tg_stop_string(tg_run_report(run)->stop));
    tg_run_free(run);
  }
}

Test(trajectories, lookahead_is_the_predicted_point_of_nesterov)
{
  double x[3], y[3], before[3];
  memcpy(x, start, sizeof x);
  memcpy(y, start, sizeof y);
  const double alpha = 0.05, beta = 0.9;
  tg_run *nesterov, *ahead;
  const tg_objective c = {.n = 3, .evaluate = objective};
  cr_assert(tg_run_new(&nesterov, c, tg_nesterov(alpha, beta), x, NULL) == TG_OK);
  cr_assert(tg_run_new(&ahead, c, tg_lookahead(alpha, beta), y, NULL) == TG_OK);
  for (int t = 0; t < 200; t++) {
    memcpy(before, x, sizeof x);
    if (!tg_run_step(nesterov) || !tg_run_step(ahead)) break;
    /* theta' = theta - alpha v', so the next predicted point is theta' + beta (theta' - theta) */
    for (int i = 0; i < 3; i++) cr_expect(fabs(x[i] + beta * (x[i] - before[i]) - y[i]) <= 1e-13);
  }
  tg_run_free(nesterov);
  tg_run_free(ahead);
}

Test(trajectories, the_first_step_of_adam_is_alpha_in_size)
{
  const double scales[] = {1e-150, 1e-3, 1.0, 1e3, 1e150};
  for (int k = 0; k < 5; k++) {
    double x[2] = {0, 0}, g[2] = {scales[k], -3.0 * scales[k]};
    tg_method m = tg_adam(0.25);
    m.epsilon = 0.0;
    tg_run *run;
    tg_minimize_options o = {0};
    cr_assert(tg_run_new(&run, (tg_objective){.n = 2}, m, x, &o) == TG_OK);
    tg_run_update(run, 0.0, g);
    cr_expect(fabs(x[0] + 0.25) <= 1e-15 && fabs(x[1] - 0.25) <= 1e-15, "%g %g", x[0], x[1]);
    tg_run_free(run);
  }
}

Test(trajectories, adam_in_l_2_is_adam_with_gamma_squared)
{
  double x[3], y[3];
  memcpy(x, start, sizeof x);
  memcpy(y, start, sizeof y);
  tg_method p = tg_adam_p(0.01, 2.0), m = tg_adam(0.01);
  m.gamma = p.gamma * p.gamma;
  tg_minimize_options o = {.max_iterations = 50};
  tg_run *a, *b;
  const tg_objective c = {.n = 3, .evaluate = objective};
  cr_assert(tg_run_new(&a, c, p, x, &o) == TG_OK && tg_run_new(&b, c, m, y, &o) == TG_OK);
  for (int t = 0; t < 50; t++) cr_expect(tg_run_step(a) == tg_run_step(b));
  for (int i = 0; i < 3; i++) cr_expect(fabs(x[i] - y[i]) <= 1e-12);
  tg_run_free(a);
  tg_run_free(b);
}
