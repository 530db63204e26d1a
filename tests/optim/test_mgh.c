/* Every method for smooth objectives on the problems of More, Garbow & Hillstrom, with default settings: how
 * many are solved, and how many points that takes. tests/bench/mgh.c prints the table. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "../support/methods.h"
#include "../support/mgh.h"

/* least: problems solved; most: geometric mean of points over those */
typedef struct goal {
  const char *method;
  size_t least;
  double most;
} goal;

static const goal goals[] = {
    {"lbfgs", 45, 33.6},           {"bfgs", 45, 35.0},
    {"trust_region", 45, 15.7},    {"levenberg_marquardt", 44, 11.1},
    {"newton", 44, 15.7},          {"newton_cg", 45, 15.7},
    {"trust_region_cg", 45, 16.5}, {"nonlinear_cg", 42, 70.0},
};

static int enough(const tg_report *now, void *user)
{
  (void)now;
  return ((const mgh_probe *)user)->solved_at > 0;
}

static size_t solve(const mgh_problem *problem, tg_method m, bool squares)
{
  double x[MGH_MOST];
  mgh_probe p;
  cr_assert(mgh_open(&p, problem) == TG_OK);
  problem->start(x, problem->n);
  tg_minimize_options o = tg_minimize_defaults();
  o.accuracy = 0.0;
  o.watch = enough;
  o.user = &p;
  tg_report r;
  cr_expect(tg_minimize(squares ? mgh_residuals(&p) : mgh_objective(&p), m, x, &o, &r) == TG_OK);
  cr_expect(isfinite(r.value));
  mgh_close(&p);
  return p.solved_at;
}

Test(mgh, every_method_with_second_derivatives_has_a_goal)
{
  static const unsigned kinds[] = {TG_IS_SECOND_ORDER, TG_NEEDS_RESIDUALS};
  tg_method m;
  for (int kind = 0; kind < 2; kind++)
    for (size_t row = 0; methods_next(&row, kinds[kind], 0, &m);) {
      size_t found = 0;
      for (size_t k = 0; k < sizeof goals / sizeof *goals; k++)
        found += strcmp(goals[k].method, tg_method_name(&m)) == 0;
      cr_expect(found > 0, "%s is without a goal", tg_method_name(&m));
    }
}

Test(mgh, is_solved_within_the_points_wanted)
{
  for (size_t k = 0; k < sizeof goals / sizeof *goals; k++) {
    const goal *g = &goals[k];
    size_t solved = 0;
    double logarithms = 0.0;
    for (int i = 0; i < MGH_COUNT; i++) {
      tg_method m;
      cr_assert(tg_method_named(&m, g->method) == TG_OK);
      const size_t points = solve(&mgh_table[i], m, method_has(&m, TG_NEEDS_RESIDUALS));
      if (points > 0) solved++, logarithms += log((double)points);
    }
    const double mean = exp(logarithms / (double)solved);
    cr_expect(solved >= g->least && mean <= g->most, "%s: %zu solved, mean %.2f", g->method, solved, mean);
  }
}

static bool is_known_minimum(const mgh_problem *p, double f)
{
  if (strcmp(p->name, "31 Broyden banded") == 0 &&
      (fabs(f - 3.05727843243) < 1e-9 || fabs(f - 12.5939418078) < 1e-9))
    return true;
  for (size_t k = 0; k < p->known; k++)
    if (fabs(f - p->minima[k]) <= 1e-8 * (1.0 + p->minima[k])) return true;
  return false;
}

/* "Converged" is said only at known minima, and at two more of Broyden's banded function, which has many. */
Test(mgh, reports_of_convergence_are_true)
{
  for (size_t k = 0; tg_method_list(k); k++) {
    tg_method m;
    cr_assert(tg_method_named(&m, tg_method_list(k)) == TG_OK);
    for (int i = 0; i < MGH_COUNT; i++) {
      double x[MGH_MOST];
      mgh_probe p;
      cr_assert(mgh_open(&p, &mgh_table[i]) == TG_OK);
      mgh_table[i].start(x, p.problem->n);
      const bool squares = method_has(&m, TG_NEEDS_RESIDUALS);
      const tg_objective c = squares ? mgh_residuals(&p) : mgh_objective(&p);
      tg_minimize_options o = tg_minimize_defaults();
      o.max_iterations = 100;
      tg_report r;
      if (tg_minimize(c, m, x, &o, &r) == TG_OK && tg_converged(r.stop))
        cr_expect(is_known_minimum(p.problem, squares ? 2.0 * r.value : r.value),
                  "%s, %s %zu: f %.12g, gradient %g, %s", tg_method_list(k), p.problem->name, c.n, r.value,
                  r.gradient_norm, r.message);
      mgh_close(&p);
    }
  }
}

/* Points until |gradient of F| <= 1e-6, F the sum of squares. */
typedef struct slope_probe {
  tg_objective c;
  size_t points, at;
} slope_probe;

static int slope_evaluate(const double *x, double *value, double *g, void *user)
{
  slope_probe *p = user;
  const int answer = p->c.evaluate(x, value, g, p->c.user);
  double sum = 0.0;
  p->points++;
  for (size_t i = 0; g && i < p->c.n; i++) sum += g[i] * g[i];
  if (g && p->at == 0 && sum <= 1e-12) p->at = p->points;
  return answer;
}

static int slope_hessian(const double *x, double *h, void *user)
{
  const slope_probe *p = user;
  return p->c.hessian(x, h, p->c.user);
}

static int flat_enough(const tg_report *now, void *user)
{
  (void)now;
  return ((const slope_probe *)user)->at > 0;
}

Test(mgh, trust_region_makes_the_gradient_small_within_the_points_wanted)
{
  double logarithms = 0.0;
  size_t solved = 0;
  for (int i = 0; i < MGH_COUNT; i++) {
    double x[MGH_MOST];
    mgh_probe p;
    cr_assert(mgh_open(&p, &mgh_table[i]) == TG_OK);
    mgh_table[i].start(x, p.problem->n);
    slope_probe s = {.c = mgh_objective(&p)};
    const tg_objective c = {.n = s.c.n, .evaluate = slope_evaluate, .hessian = slope_hessian, .user = &s};
    const tg_minimize_options o = {.max_iterations = 10000, .watch = flat_enough, .user = &s};
    cr_expect(tg_minimize(c, tg_trust_region(), x, &o, NULL) == TG_OK);
    if (s.at > 0) solved++, logarithms += log((double)s.at);
    mgh_close(&p);
  }
  const double mean = exp(logarithms / (double)solved);
  cr_expect(solved >= 44 && mean <= 15.7, "%zu, %.2f", solved, mean);
}
