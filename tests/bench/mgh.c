/* Problems by methods: points evaluated until f - f* <= 1e-8 (1 + |f*|), every method with its default
 * settings; "-" where that is never reached. Below: how many are solved, and the geometric mean over those.
 * The stopping tolerance is off, as when to stop is another question; -d leaves it on. -g counts by a harder
 * rule: the first point where norm2(grad f) <= 1e-6. -v says more, -s prints the values at the starts; names
 * of methods follow. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../support/mgh.h"

enum { METHODS_MOST = 32 };

typedef struct column {
  tg_method method;
  size_t solved;
  double logarithms;
} column;

static int enough(const tg_report *now, void *user)
{
  (void)now;
  return ((const mgh_probe *)user)->solved_at > 0;
}

static size_t solve(const mgh_problem *problem, const tg_method *m, const char *flag, mgh_probe *p,
                    tg_report *r)
{
  double x[MGH_MOST];
  if (mgh_open(p, problem) != TG_OK) return 0;
  p->by_gradient = strcmp(flag, "-g") == 0;
  problem->start(x, problem->n);
  const tg_objective c = (tg_method_properties(m) & TG_NEEDS_RESIDUALS) ? mgh_residuals(p) : mgh_objective(p);
  tg_minimize_options o = tg_minimize_defaults();
  if (strcmp(flag, "-d") != 0) o.accuracy = 0.0;
  o.max_iterations = 10000;
  o.watch = enough;
  o.user = p;
  if (tg_minimize(c, *m, x, &o, r) != TG_OK) p->solved_at = 0;
  mgh_close(p);
  return p->solved_at;
}

static void print_start(void)
{
  for (int i = 0; i < MGH_COUNT; i++) {
    mgh_probe p;
    double x[MGH_MOST], f;
    mgh_table[i].start(x, mgh_table[i].n);
    if (mgh_open(&p, &mgh_table[i]) != TG_OK || tg_value(p.sum, x, &f) != TG_OK) f = NAN;
    printf("%-28s %3zu %3zu  %.10g\n", mgh_table[i].name, mgh_table[i].n, mgh_table[i].m, f);
    mgh_close(&p);
  }
}

int main(int count, char **argument)
{
  static const char *const usual[] = {"lbfgs", "bfgs", "trust_region", "levenberg_marquardt", "nonlinear_cg"};
  column columns[METHODS_MOST];
  int width = 0;
  const char *const flag = count > 1 && argument[1][0] == '-' ? argument[1] : "";
  const bool talk = strcmp(flag, "-v") == 0;
  if (strcmp(flag, "-s") == 0) return print_start(), 0;
  const int flags = flag[0] != 0, given = count - 1 - flags;
  for (int k = 0; k < (given ? given : 5) && k < METHODS_MOST; k++) {
    column c = {.solved = 0};
    if (tg_method_named(&c.method, given ? argument[1 + flags + k] : usual[k]) == TG_OK) columns[width++] = c;
  }
  printf("%-32s", "");
  for (int k = 0; k < width; k++) printf(" %11.11s", tg_method_name(&columns[k].method));
  printf("\n");
  for (int i = 0; i < MGH_COUNT; i++) {
    printf("%-28s %3zu", mgh_table[i].name, mgh_table[i].n);
    for (int k = 0; k < width; k++) {
      mgh_probe p;
      tg_report r;
      const size_t at = solve(&mgh_table[i], &columns[k].method, flag, &p, &r);
      if (at > 0) {
        columns[k].solved++;
        columns[k].logarithms += log((double)at);
        printf(" %11zu", at);
      } else
        printf(" %11s", "-");
      if (talk)
        printf("   (%zu points, f %.15g, gradient %.1e, %s)", p.points, p.best, r.gradient_norm,
               tg_stop_string(r.stop));
    }
    printf("\n");
  }
  printf("%-32s", "solved");
  for (int k = 0; k < width; k++) printf(" %11zu", columns[k].solved);
  printf("\n%-32s", "geometric mean");
  for (int k = 0; k < width; k++) printf(" %11.2f", exp(columns[k].logarithms / (double)columns[k].solved));
  printf("\n");
  return 0;
}
