/* The shared loops: the same bits at every instruction-set level, and a NaN is never lost. */
#define _POSIX_C_SOURCE 200809L /* setenv */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "level.h"
#include "../support/problems.h"
#include "random.h"
#include "run.h"
#include "vector.h"

/* Rows in blocks of 16, the last one half full. */
enum { N = 520, ROWS = 6, WIDTH = 16, BLOCKS = (N + WIDTH - 1) / WIDTH };
static double a[N], b[N], c[N], d[N], rows[ROWS][N], packed[BLOCKS * ROWS * WIDTH];

static double *entry(int row, int i) { return &packed[(i / WIDTH * ROWS + row) * WIDTH + i % WIDTH]; }

static void fill(void)
{
  uint64_t state[4];
  tg_random_seed_(state, 3);
  double *const all[] = {a, b, c, d, rows[0], rows[1], rows[2], rows[3], rows[4], rows[5]};
  for (int k = 0; k < 10; k++)
    for (int i = 0; i < N; i++) all[k][i] = (double)(int64_t)tg_random_(state) * 0x1p-63;
  for (int r = 0; r < ROWS; r++)
    for (int i = 0; i < N; i++) *entry(r, i) = rows[r][i];
}

typedef struct results {
  double dot, slope, most, largest, distance, replaced, sum[N], difference[N], copy[N], combined[N];
  double combined_sums[16], sums[24 + 32 * ROWS / 2], packed[BLOCKS * ROWS * WIDTH];
} results;

static results at_level(int level)
{
  const tg_vector_ *v = tg_vector_at_(level);
  static const double coefficient[ROWS] = {0.5, -1.25, 3.0, 0.1, -0.7, 2.0};
  const tg_rows_ all = {.first = packed, .count = ROWS, .width = WIDTH, .stride = ROWS * WIDTH};
  const tg_vector_change_ step = {.x = a, .x_before = b, .g = c, .g_before = d, .newest = 1};
  results r;
  memset(&r, 0, sizeof r);
  r.dot = v->dot(a, b, N);
  r.slope = v->slope(a, b, N, &r.most);
  r.largest = v->largest(a, N);
  r.distance = v->distance(a, b, N);
  memcpy(r.copy, a, sizeof a);
  r.replaced = v->replace(r.copy, b, N);
  v->add(r.sum, a, 0.3, b, N);
  v->subtract(r.difference, a, b, N);
  v->combine(&(tg_combination_){r.combined, -0.9, a, coefficient, &all}, N, r.combined_sums);
  v->remember(&step, &all, N, r.sums);
  memcpy(r.packed, packed, sizeof packed);
  return r;
}

Test(vector, gives_the_same_bits_at_every_level)
{
  fill();
  const results plain = at_level(0);
  for (int level = 1; level <= tg_optim_level_(); level++) {
    fill();
    const results r = at_level(level);
    cr_expect(memcmp(&plain, &r, sizeof r) == 0, "level %d", level);
  }
}

Test(vector, computes_what_it_says)
{
  fill();
  const results r = at_level(0);
  long double dot = 0, most = 0, distance = 0, square = 0;
  for (int i = 0; i < N; i++) {
    dot += (long double)a[i] * b[i];
    square += (long double)a[i] * a[i];
    most = fmaxl(most, fabsl((long double)a[i]));
    distance = fmaxl(distance, fabsl((long double)(a[i] - b[i])));
    cr_expect(r.sum[i] == a[i] + 0.3 * b[i] && r.difference[i] == a[i] - b[i]);
    const double sum = -0.9 * a[i] + 0.5 * rows[0][i] - 1.25 * rows[1][i] + 3.0 * rows[2][i] +
                       0.1 * rows[3][i] - 0.7 * rows[4][i] + 2.0 * rows[5][i];
    cr_expect(fabs(r.combined[i] - sum) < 1e-14);
  }
  cr_expect(fabs(r.dot - (double)dot) < 1e-13 && r.slope == r.dot &&
            fabs(tg_total_(r.combined_sums + 8) - (double)square) < 1e-12);
  cr_expect(r.largest == (double)most && r.most == r.largest && r.distance == (double)distance);
  cr_expect(r.replaced == r.distance && memcmp(r.copy, b, sizeof b) == 0);
}

Test(vector, never_loses_what_is_not_finite)
{
  const double bad[] = {NAN, INFINITY, -INFINITY};
  for (int level = 0; level <= tg_optim_level_(); level++)
    for (int k = 0; k < 3; k++)
      for (int i = 0; i < N; i += 7) {
        fill();
        a[i] = bad[k];
        const results r = at_level(level);
        cr_expect(isnan(r.most) && isnan(r.largest) && isnan(r.distance) && isnan(r.replaced));
      }
}

/* The plain form of the pass over all pairs: row by row. */
Test(vector, remembers_a_step_as_row_by_row)
{
  fill();
  results r = at_level(tg_optim_level_());
  long double largest = 0, square = 0;
  for (int i = 0; i < N; i++) {
    rows[2][i] = a[i] - b[i];
    rows[3][i] = c[i] - d[i];
    largest = fmaxl(largest, fabsl((long double)rows[2][i]));
    square += (long double)rows[2][i] * rows[2][i];
    cr_expect(*entry(2, i) == rows[2][i] && *entry(3, i) == rows[3][i] && *entry(4, i) == rows[4][i]);
  }
  double most = 0.0;
  for (int k = 8; k < 16; k++) most = fmax(most, r.sums[k]);
  cr_expect(most == (double)largest && tg_total_(r.sums + 16) == 0.0);
  cr_expect(fabs(tg_total_(r.sums) - (double)square) < 1e-12);
  for (int p = 0; p < ROWS / 2; p++)
    for (int k = 0; k < 4; k++) {
      const double *row = rows[2 * p + k % 2], *with = k < 2 ? c : rows[3];
      long double wanted = 0;
      for (int i = 0; i < N; i++) wanted += (long double)row[i] * with[i];
      const double got = tg_total_(r.sums + 24 + 32 * p + 8 * k);
      cr_expect(fabs(got - (double)wanted) < 1e-12, "pair %d, %d: %g, not %g", p, k, got, (double)wanted);
    }
}

/* The name in tg_build_info, and the level and loops of a run made under TG_ISA = name. */
static void expect_isa(const char *name, int level)
{
  double theta[3] = {1, 2, 3};
  probe p = {.n = 3};
  tg_run *run;
  setenv("TG_ISA", name, 1);
  cr_assert_eq(tg_run_new(&run, problem(problem_bowl, &p), tg_lbfgs(), theta, NULL), TG_OK);
  cr_expect_eq(run->level, level, "%s: level %d and not %d", name, run->level, level);
  cr_expect_eq(run->kernel, tg_vector_at_(level));
  const char *active = strstr(tg_build_info(), "active ");
  cr_expect(active && strcmp(active + strlen("active "), name) == 0, "%s: %s", name, tg_build_info());
  tg_run_free(run);
}

Test(vector, heeds_the_instruction_set_that_the_environment_names)
{
  static const char *const name[] = {"sse2", "avx2", "avx512"};
  unsetenv("TG_ISA");
  const int best = tg_optim_level_();
  expect_isa("scalar", 0);
  for (int i = 0; i <= best && strstr(tg_build_info(), "levels plain") == NULL; i++) expect_isa(name[i], i);
  setenv("TG_ISA", "none such", 1);
  cr_expect_eq(tg_optim_level_(), best);
}
