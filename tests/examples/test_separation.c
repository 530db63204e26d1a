#include "support.h"

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

Test(separation, complete_is_proven) { expect("x,y\n1,a\n2,a\n3,b\n4,b\n", "-l 0", SEPARATION_COMPLETE, "a from b"); }

Test(separation, quasi_complete_is_found_at_a_shared_point)
{
  expect("x,y\n1,a\n2,a\n3,a\n3,b\n4,b\n5,b\n", "-l 0", SEPARATION_QUASI, "a from b");
}

Test(separation, quasi_complete_is_found_in_one_indicator)
{
  expect("x,z,y\n1,0,a\n2,0,b\n3,0,a\n4,0,b\n1.5,1,b\n2.5,1,b\n3.5,1,b\n4.5,1,b\n", "-l 0", SEPARATION_QUASI, "a from b");
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

Test(separation, lbfgs_stops_too)
{
  session s;
  session_open(&s, DATA "/wine.csv", "-l 0 --method lbfgs");
  session_run(&s);
  cr_expect_eq(s.t.separated, SEPARATION_COMPLETE);
  cr_expect_eq(s.t.outcome.stop, FIT_SEPARATED);
  session_close(&s);
}
