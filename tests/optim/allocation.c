/* Every allocation made to fail, once and from then on: TG_E_NOMEM, theta as it was, nothing leaked (under a
 * leak checker), and the same call then succeeds with the same bits. A plain program, for Criterion forks. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../support/problems.h"
#include "memory.h"

void *__real_tg_memory_resize_(void *block, size_t count, size_t size);
void *__wrap_tg_memory_resize_(void *block, size_t count, size_t size);

static size_t requests, fail_at;
static bool from_then_on;

void *__wrap_tg_memory_resize_(void *block, size_t count, size_t size)
{
  requests++;
  if (fail_at && (requests == fail_at || (from_then_on && requests > fail_at))) return NULL;
  return __real_tg_memory_resize_(block, count, size);
}

enum { N = 6 };
static const double start[N] = {-1, 1, -1, 1, -1, 1};

enum { MINIMIZE, SQUARES, BOUNDS, PENALTY, HANDOVER, FIT, UPDATE, VERIFY, KINDS };

static tg_status update(tg_method m, double *x)
{
  tg_run *run;
  const tg_status s = tg_run_new(&run, (tg_objective){.n = N}, m, x, NULL);
  if (s) return run ? TG_E_ARGUMENT : s;
  tg_run_update(run, 0.0, start);
  tg_run_free(run);
  return TG_OK;
}

static tg_status solve(int kind, tg_method m, double *x)
{
  static const double lower[N] = {0.5, 0.5, -INFINITY, 2.0, -1.0, -1.0};
  probe p = {.n = N}, q = {.n = N};
  tg_minimize_options o = tg_minimize_defaults();
  tg_fit_options f = tg_fit_defaults();
  const tg_objective sum = problem_regression(&p), validation = problem_regression(&q);
  o.max_iterations = 20;
  f.validation = &validation;
  memcpy(x, start, sizeof start);
  requests = 0;
  if (kind == BOUNDS) m.lower = lower;
  if (kind == PENALTY) m.l1 = 0.5;
  switch (kind) {
  case MINIMIZE: return tg_minimize(problem(problem_rosenbrock, &p), m, x, &o, NULL);
  case HANDOVER: return tg_minimize_handover(problem_squares(&p), m, 5, tg_lbfgs(), x, &o, NULL);
  case FIT: return tg_fit(sum, m, x, &f, NULL);
  case UPDATE: return update(m, x);
  case VERIFY: {
    const tg_objective squares = problem_squares(&p);
    return tg_objective_check(&squares, x, 0.0, NULL);
  }
  default: return tg_minimize(problem_squares(&p), m, x, &o, NULL);
  }
}

static int check(int kind, tg_method m)
{
  double right[N], x[N];
  fail_at = 0;
  const tg_status plain = solve(kind, m, right);
  if (plain == TG_E_METHOD || plain == TG_E_ARGUMENT) return requests > 0; /* refused before any */
  if (plain) return 3;
  const size_t needed = requests;
  for (int on = 0; on < 2; on++)
    for (size_t k = 1; k <= needed; k++) {
      fail_at = k;
      from_then_on = on;
      if (solve(kind, m, x) != TG_E_NOMEM || memcmp(x, start, sizeof x) != 0) return 1;
      fail_at = 0;
      if (solve(kind, m, x) != TG_OK || memcmp(x, right, sizeof x) != 0) return 2;
    }
  return 0;
}

int main(void)
{
  for (size_t i = 0; tg_method_list(i); i++)
    for (int kind = 0; kind < KINDS; kind++) {
      tg_method m;
      if (tg_method_named(&m, tg_method_list(i))) return 1;
      const int wrong = check(kind, m);
      if (!wrong) continue;
      fprintf(stderr, "%s, kind %d: %d\n", tg_method_list(i), kind, wrong);
      return 1;
    }
  return 0;
}
