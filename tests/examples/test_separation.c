#include "support.h"

#include "exact_rank.h"
#include "split.h"

#include <math.h>
#include <stdio.h>

static void expect(const char *content, const char *words, separation wanted, const char *classes)
{
  session s;
  const char *file = data_file(content);
  session_open(&s, file, words);
  session_run(&s);
  cr_expect_eq(s.t.separated, wanted, "%s: %d", content, s.t.separated);
  cr_expect_eq(s.t.outcome.stop == FIT_CONVERGED, wanted == SEPARATION_NONE);
  cr_expect_str_eq(s.t.separated_classes, classes);
  session_close(&s);
  remove(file);
}

Test(separation, complete_is_proven)
{
  expect("x,y\n1,a\n2,a\n3,b\n4,b\n", "-l 0", SEPARATION_COMPLETE, "a from b");
}

Test(separation, quasi_complete_is_found_at_a_shared_point)
{
  expect("x,y\n1,a\n2,a\n3,a\n3,b\n4,b\n5,b\n", "-l 0", SEPARATION_QUASI, "a from b");
}

Test(separation, quasi_complete_is_found_in_one_indicator)
{
  expect("x,z,y\n1,0,a\n2,0,b\n3,0,a\n4,0,b\n1.5,1,b\n2.5,1,b\n3.5,1,b\n4.5,1,b\n", "-l 0", SEPARATION_QUASI,
         "a from b");
}

Test(separation, overlapping_classes_converge)
{
  expect("x,y\n1,a\n2,b\n3,a\n4,b\n5,a\n6,b\n7,b\n", "-l 0", SEPARATION_NONE, "");
}

Test(separation, a_penalty_makes_an_optimum)
{
  expect("x,y\n1,a\n2,a\n3,b\n4,b\n", "-l 1e-3", SEPARATION_NONE, "");
}

Test(separation, one_class_of_three_is_named)
{
  session s;
  session_open(&s, DATA "/iris.csv", "-l 0");
  session_run(&s);
  cr_expect_eq(s.t.separated, SEPARATION_QUASI);
  cr_expect_str_eq(s.t.separated_classes, "setosa from versicolor, setosa from virginica");
  session_close(&s);
}

/* A point on the border hides the penalty: with 1e-9 it settles the coefficients, with 1e-30 nothing does. */
Test(separation, a_penalty_lost_in_the_tolerance_is_none)
{
  static const struct {
    const char *words;
    fit_stop stop;
  } row[] = {{"-l 1e-30", FIT_UNSETTLED},
             {"-l 1e-30 --mix 1", FIT_UNSETTLED},
             {"-l 1e-30 --method lbfgs", FIT_UNSETTLED},
             {"-l 1e-9", FIT_CONVERGED},
             {"-l 1e-6 --mix 1", FIT_CONVERGED}};
  const char *file = data_file("x,y\n1,a\n2,a\n3,a\n3,b\n4,b\n5,b\n");
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    session s;
    session_open(&s, file, row[i].words);
    session_run(&s);
    cr_expect_eq(s.t.outcome.stop, row[i].stop, "%s: %s", row[i].words, fit_stop_word(s.t.outcome.stop));
    cr_expect_eq(s.t.separated != SEPARATION_NONE, row[i].stop == FIT_UNSETTLED);
    session_close(&s);
  }
  remove(file);
}

Test(separation, lbfgs_stops_too)
{
  session s;
  session_open(&s, DATA "/wine.csv", "-l 0 --method lbfgs");
  session_run(&s);
  cr_expect_eq(s.t.separated, SEPARATION_COMPLETE);
  cr_expect_eq(s.t.outcome.stop, FIT_SEPARATED);
  session_close(&s);
}

Test(separation, lbfgs_proves_quasi_complete_separation_too)
{
  expect("x,y\n1,a\n2,a\n3,a\n3,b\n4,b\n5,b\n", "-l 0 --method lbfgs", SEPARATION_QUASI, "a from b");
}

/* The points on the border lie on the line z = x + 0.1 k for one k only within rounding of decimals, or
 * exactly. */
Test(separation, a_border_through_many_points_is_proven_exactly)
{
  expect("x,z,y\n1,1,a\n1,1,b\n2,2,a\n2,2,b\n7,7,a\n5,5,b\n3,3,b\n4,4,a\n1,2,a\n3,5,a\n2,1,b\n6,5,b\n",
         "-l 0", SEPARATION_QUASI, "a from b");
  expect("x,z,y\n0.1,0.1,a\n0.1,0.1,b\n0.2,0.2,a\n0.2,0.2,b\n0.7,0.7,a\n0.3,0.3,b\n0.3,0.4,a\n0.1,0.3,a\n0.3,"
         "0.2,b\n",
         "-l 0", SEPARATION_QUASI, "a from b");
}

/* 0.1 + 0.2 is not 0.3: in doubles these points are not on one line, so the decimals' separation
 * is no proof. */
Test(separation, what_holds_within_rounding_only_is_no_proof_and_no_convergence)
{
  session s;
  const char *file =
      data_file("x,z,y\n0.1,0.3,a\n0.1,0.3,b\n0.2,0.6,a\n0.2,0.6,b\n0.7,2.1,a\n0.7,2.1,b\n0.3,0.9,a\n"
                "0.3,0.9,b\n0.3,1.4,a\n0.1,0.5,a\n0.3,0.2,b\n");
  session_open(&s, file, "-l 0");
  session_run(&s);
  cr_expect_eq(s.t.separated, SEPARATION_SUSPECTED, "%d", s.t.separated);
  cr_expect_eq(s.t.outcome.stop, FIT_SUSPECTED);
  session_close(&s);
  remove(file);
}

Test(separation, offsets_do_not_hide_it)
{
  expect("x,o,y\n1,0.5,a\n2,2,a\n3,-1,b\n4,0,b\n", "-l 0 --offset o", SEPARATION_COMPLETE, "a from b");
}

Test(separation, of_sparse_rows)
{
  session s;
  const char *file =
      data_file("0 1:1\n0 1:2\n1 1:3 3:1\n1 1:4\n0 1:3\n1 7:1\n0 7:1\n0 2:1\n1 2:1\n1 1:3\n0 9:1\n1 9:1\n");
  session_open(&s, file, "-l 0 --format libsvm");
  cr_expect(s.t.data.is_sparse);
  session_run(&s);
  cr_expect_eq(s.t.separated, SEPARATION_QUASI, "%d", s.t.separated);
  session_close(&s);
  remove(file);
}

/* A word that occurs in one class only, among more columns than the search for directions takes. */
Test(separation, of_a_column_that_belongs_to_one_class)
{
  for (int kind = 0; kind < 4; kind++) {
    static char content[1 << 17];
    rng r = {4};
    int used = 0;
    for (int i = 0; i < 3000; i++) {
      const int label = (int)rng_below(&r, kind < 2 ? 2 : 3);
      used += sprintf(content + used, "%d %d:1 %d:-1", label, 1 + (int)rng_below(&r, 4),
                      5 + (int)rng_below(&r, 4));
      if (kind % 2 == 0 && label == 0 && i % 7 == 0) used += sprintf(content + used, " 20:0.3");
      used += sprintf(content + used, " 2000:%d\n", i % 2 ? 1 : -1);
    }
    session s;
    const char *file = data_file(content);
    session_open(&s, file, "-l 0 --format libsvm");
    session_run(&s);
    cr_expect_eq(s.t.separated, kind % 2 == 0 ? SEPARATION_QUASI : SEPARATION_NONE, "%d: %d", kind,
                 s.t.separated);
    cr_expect_str_eq(s.t.separated_classes, kind % 2 ? "" : kind == 0 ? "0 from 1" : "0 from 1, 0 from 2");
    cr_expect((s.t.outcome.stop == FIT_CONVERGED) == (kind % 2 == 1), "%d", s.t.outcome.stop);
    session_close(&s);
    remove(file);
  }
}

/* Levels in which only one class occurs, among many that are mixed and columns of numbers that do not help:
 * no more than those levels makes the proof, in memory and in pieces. */
Test(separation, of_pure_levels_among_many)
{
  static char content[1 << 18];
  rng r = {9};
  int used = sprintf(content, "x,level,z,y\n");
  for (int i = 0; i < 4000; i++) {
    const int level = (int)rng_below(&r, 60);
    const double x = rng_normal(&r);
    const bool up = level % 23 == 22 || rng_normal(&r) < 0.4 * x;
    used += sprintf(content + used, "%.4f,L%d,%.4f,%s\n", x, level, rng_normal(&r), up ? "p" : "m");
  }
  expect(content, "-l 0 --categorical level", SEPARATION_QUASI, "m from p");
  expect(content, "-l 0 --categorical level --kind multinomial --method lbfgs", SEPARATION_QUASI, "m from p");
  expect(content, "-l 0 --categorical level --chunk-rows 500", SEPARATION_QUASI, "m from p");
}

/* Points of the plane: the cone of directions that separate is spanned by the lines through two points, so
 * whether there is one is found by trying all; whole numbers make that exact. */
typedef struct planar {
  int n, x[16], z[16], side[16];
} planar;

static int tried(const planar *s, const int *line, bool *strict)
{
  int some = 0;
  for (int i = 0; i < s->n; i++) {
    const int margin = s->side[i] * (line[0] * s->x[i] + line[1] * s->z[i] + line[2]);
    if (margin < 0) return 0;
    some |= margin > 0;
    strict[i] |= margin > 0;
  }
  return some;
}

static separation by_trying(const planar *s)
{
  bool any = false;
  int sum[3] = {0};
  bool positive[16] = {0};
  for (int i = 0; i < s->n; i++) {
    for (int j = 0; j < s->n; j++) {
      const int line[3] = {s->z[i] - s->z[j], s->x[j] - s->x[i], s->x[i] * s->z[j] - s->x[j] * s->z[i]};
      bool here[16] = {0};
      if (!tried(s, line, here)) continue;
      any = true;
      for (int k = 0; k < 3; k++) sum[k] += line[k];
    }
  }
  if (!any) return SEPARATION_NONE;
  tried(s, sum, positive);
  for (int i = 0; i < s->n; i++) any = any && positive[i];
  return any ? SEPARATION_COMPLETE : SEPARATION_QUASI;
}

static bool in_the_plane(const planar *s) /* not all on one line, and both classes there */
{
  bool area = false;
  int sides = 0;
  for (int i = 2; i < s->n; i++) {
    for (int j = 1; j < i; j++) {
      area |= (s->x[i] - s->x[0]) * (s->z[j] - s->z[0]) != (s->x[j] - s->x[0]) * (s->z[i] - s->z[0]);
    }
  }
  for (int i = 0; i < s->n; i++) sides |= s->side[i] > 0 ? 1 : 2;
  return area && sides == 3;
}

Test(separation, agrees_with_trying_all_lines_through_two_points)
{
  int seen[4] = {0};
  for (uint64_t seed = 1; seed <= 400; seed++) {
    rng r = {seed};
    planar p = {.n = 6 + (int)rng_below(&r, 6)};
    char content[1024];
    int used = sprintf(content, "x,z,y\n");
    for (int i = 0; i < p.n; i++) {
      p.x[i] = (int)rng_below(&r, 4);
      p.z[i] = (int)rng_below(&r, 4);
      const int toward = p.x[i] + p.z[i] - 3;
      p.side[i] = toward != 0 && rng_below(&r, 8) > 0 ? (toward > 0 ? 1 : -1) : rng_below(&r, 2) > 0 ? 1 : -1;
      used += sprintf(content + used, "%d,%d,%s\n", p.x[i], p.z[i], p.side[i] > 0 ? "b" : "a");
    }
    if (!in_the_plane(&p)) continue;
    session s;
    const char *file = data_file(content);
    session_open(&s, file, seed % 2 ? "-l 0" : "-l 0 --kind multinomial");
    session_run(&s);
    const separation wanted = by_trying(&p);
    cr_expect_eq(s.t.separated, wanted, "seed %d: %d, not %d\n%s", (int)seed, s.t.separated, wanted, content);
    cr_expect((s.t.outcome.stop == FIT_CONVERGED) == (wanted == SEPARATION_NONE));
    seen[wanted]++;
    session_close(&s);
    remove(file);
  }
  cr_expect_gt(seen[SEPARATION_NONE], 50);
  cr_expect_gt(seen[SEPARATION_QUASI], 50);
  cr_expect_gt(seen[SEPARATION_COMPLETE], 20);
}

Test(exact_rank, tells_rounding_from_dependence)
{
  const double thirds[] = {0.1, 0.3, 0.2, 0.6, 0.7, 2.1}; /* 2.1 is not three times 0.7 */
  const double doubles[] = {0.1, 0.2, 0.3, 0.6, 0.7, 1.4};
  const double small[] = {1, 1e-300, 1, 2e-300}, large[] = {1e300, 3, 2e300, 6};
  const double full[] = {1, 2, 3, 4, 5, 6, 7, 8, 10}, short_by_one[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  cr_expect_eq(rank_at_most(thirds, 3, 2, 1), RANK_LARGER);
  cr_expect_eq(rank_at_most(doubles, 3, 2, 1), RANK_AT_MOST);
  cr_expect_eq(rank_at_most(small, 2, 2, 1), RANK_LARGER);
  cr_expect_eq(rank_at_most(large, 2, 2, 1), RANK_AT_MOST);
  cr_expect_eq(rank_at_most(full, 3, 3, 2), RANK_LARGER);
  cr_expect_eq(rank_at_most(short_by_one, 3, 3, 2), RANK_AT_MOST);
  cr_expect_eq(rank_at_most(short_by_one, 3, 3, 1), RANK_LARGER);
}
