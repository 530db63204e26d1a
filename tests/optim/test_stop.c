/* Why a run ended, in words and as an answer to "did it converge?". */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "../support/problems.h"

enum { N = 4 };

Test(stop, converged_is_said_of_tolerances_and_rounding_alone)
{
  static const tg_stop yes[] = {TG_STOP_GRADIENT, TG_STOP_VALUE, TG_STOP_RELATIVE, TG_STOP_STEP,
                                TG_STOP_ROUNDING};
  size_t count = 0, all = 0;
  for (int s = TG_RUNNING; s <= TG_STOP_ERROR; s++) all += tg_converged((tg_stop)s);
  for (; count < sizeof yes / sizeof *yes; count++) cr_expect(tg_converged(yes[count]));
  cr_expect(count == all);
  cr_expect(!tg_converged((tg_stop)-1) && !tg_converged((tg_stop)1000));
}

static tg_report minimize(tg_objective c, tg_method m, tg_status expected)
{
  double x[N] = {2, 2, 2, 2};
  tg_report r;
  cr_expect(tg_minimize(c, m, x, NULL, &r) == expected);
  return r;
}

Test(stop, a_failure_says_what_failed)
{
  probe p = {.n = N, .answer_at = 3, .answer = TG_E_BRANCH};
  tg_report r = minimize(problem(problem_bowl, &p), tg_lbfgs(), TG_E_BRANCH);
  cr_expect(strstr(r.message, "objective.evaluate") != NULL, "%s", r.message);
  probe q = {.n = N, .nan_value_at = 1};
  r = minimize(problem(problem_bowl, &q), tg_lbfgs(), TG_E_NONFINITE);
  cr_expect(strstr(r.message, "at the start") != NULL, "%s", r.message);
}

static double negative(const tg_schedule *s, double alpha, size_t step, size_t total)
{
  (void)s, (void)total;
  return step < 3 ? alpha : -1.0;
}

Test(stop, a_rate_that_is_none_is_named)
{
  probe p = {.n = N};
  tg_method m = tg_gd(0.01);
  m.schedule.rate = negative;
  const tg_report r = minimize(problem(problem_bowl, &p), m, TG_E_ARGUMENT);
  cr_expect(strstr(r.message, "schedule") != NULL, "%s", r.message);
}

Test(stop, the_message_of_a_run_is_that_of_its_stop)
{
  probe p = {.n = N};
  double x[N] = {2, 2, 2, 2};
  tg_run *run;
  cr_assert(tg_run_new(&run, problem(problem_bowl, &p), tg_lbfgs(), x, NULL) == TG_OK);
  const tg_report *r = tg_run_report(run);
  cr_expect(strcmp(r->message, tg_stop_string(TG_RUNNING)) == 0);
  while (tg_run_step(run)) cr_expect(strcmp(r->message, tg_stop_string(TG_RUNNING)) == 0);
  cr_expect(tg_converged(r->stop) && strcmp(r->message, tg_stop_string(r->stop)) == 0);
  tg_run_free(run);
}

Test(stop, a_missing_place_for_theta_is_named)
{
  probe p = {.n = N};
  tg_report r;
  cr_expect(tg_minimize(problem(problem_bowl, &p), tg_lbfgs(), NULL, NULL, &r) == TG_E_ARGUMENT);
  cr_expect(strstr(r.message, "theta") != NULL, "%s", r.message);
}
