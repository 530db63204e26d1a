#include "support.h"

#include <math.h>
#include <stdio.h>

/* Inverse by Gauss-Jordan elimination with pivoting, in long double. */
static void invert(long double *a, size_t n)
{
  for (size_t k = 0; k < n; k++) {
    const long double pivot = a[k * n + k]; /* symmetric and positive: no exchange is needed */
    a[k * n + k] = 1;
    for (size_t j = 0; j < n; j++) a[k * n + j] /= pivot;
    for (size_t i = 0; i < n; i++) {
      if (i == k) continue;
      const long double factor = a[i * n + k];
      a[i * n + k] = 0;
      for (size_t j = 0; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
    }
  }
}

/* Standard errors straight from the textbook: the inverse of X'WX in the original columns. */
static void expect_errors(const session *s, bool logistic)
{
  enum { MOST = 16 };
  const loaded *l = &s->l;
  const size_t p = l->features, m = p + 1;
  long double h[MOST * MOST] = {0};
  for (size_t i = 0; i < l->rows; i++) {
    long double x[MOST], z = s->t.model.theta[p], w = 1;
    for (size_t j = 0; j < p; j++) {
      x[j] = l->table.cell[i * l->table.columns + j];
      z += s->t.model.theta[j] * x[j];
    }
    x[p] = 1;
    if (logistic) w = 1 / ((1 + expl(-z)) * (1 + expl(z)));
    for (size_t a = 0; a < m; a++) {
      for (size_t b = 0; b < m; b++) h[a * m + b] += w * x[a] * x[b];
    }
  }
  invert(h, m);
  for (size_t j = 0; j < m; j++) {
    const double error = sqrt(s->t.inference.dispersion * (double)h[j * m + j]);
    cr_expect_lt(fabs(s->t.inference.row[j].error / error - 1), 1e-7, "%zu", j);
  }
}

Test(inference, logistic_errors_are_those_of_the_information_matrix)
{
  session s;
  session_open(&s, DATA "/breast_cancer.csv",
               "-l 0 --summary --ignore 1,3,4,5,6,7,8,10,11,13,14,15,16,17,18,20,21,23,24,26,27,28,30");
  session_run(&s);
  cr_assert_eq(s.t.outcome.stop, FIT_CONVERGED);
  expect_errors(&s, true);
  const coefficient_row *r = &s.t.inference.row[0];
  cr_expect_lt(fabs(r->high - r->low - 2 * 1.959963984540054 * r->error), 1e-12 * r->error);
  session_close(&s);
}

Test(inference, least_squares_errors_use_the_residual_variance)
{
  session s;
  session_open(&s, DATA "/diabetes.csv", "--summary");
  session_run(&s);
  expect_errors(&s, false);
  cr_expect_eq(s.t.inference.freedom, 431);
  session_close(&s);
}

/* A softmax of two classes is the logistic model with half of every coefficient for each class. */
Test(inference, the_symmetric_softmax_agrees_with_the_logistic_model)
{
  session a, b;
  static const char content[] = "x,z,y\n1,3,a\n2,1,b\n3,2,a\n4,4,b\n5,1,a\n6,2,b\n7,3,b\n2,2,a\n";
  const char *file = data_file(content);
  session_open(&a, file, "--kind logistic -l 0 --summary");
  session_run(&a);
  session_open(&b, file, "--kind multinomial -l 0 --summary");
  session_run(&b);
  for (size_t j = 0; j < 2; j++) {
    cr_expect_lt(fabs(a.t.inference.row[j].estimate - 2 * b.t.inference.row[2 + j].estimate), 1e-9);
    cr_expect_lt(fabs(a.t.inference.row[j].error - 2 * b.t.inference.row[2 + j].error), 1e-7);
  }
  cr_expect_lt(fabs(a.t.inference.row[2].error - 2 * b.t.inference.row[5].error), 1e-7);
  cr_expect_lt(fabs(a.t.inference.log_likelihood - b.t.inference.log_likelihood), 1e-12);
  session_close(&a);
  session_close(&b);
  remove(file);
}

/* The errors of two fits agree. */
static void expect_same(const char *first, const char *how_first, const char *second, const char *how_second)
{
  session a, b;
  char *file = strdup(data_file(first));
  session_open(&a, file, how_first);
  session_run(&a);
  remove(file);
  free(file);
  const char *other = data_file(second);
  session_open(&b, other, how_second);
  session_run(&b);
  remove(other);
  cr_assert_eq(a.t.inference.n, b.t.inference.n);
  cr_expect_eq(a.t.inference.freedom, b.t.inference.freedom);
  for (size_t j = 0; j < a.t.inference.n; j++) {
    const coefficient_row *r = &a.t.inference.row[j], *s = &b.t.inference.row[j];
    cr_expect_lt(fabs(r->estimate - s->estimate), 1e-8 * r->error, "%zu", j);
    cr_expect_lt(fabs(r->error / s->error - 1), 1e-8, "%zu", j);
    cr_expect_lt(fabs(r->p_value - s->p_value), 1e-8, "%zu", j);
  }
  const double l = a.t.inference.log_likelihood;
  cr_expect(isnan(l) || fabs(l - b.t.inference.log_likelihood) < 1e-10 * fabs(l));
  session_close(&a);
  session_close(&b);
}

#define WEIGHTED "x,z,w,y\n1,3,2,a\n2,1,1,b\n9,9,0,a\n3,2,3,a\n4,4,1,b\n5,1,1,a\n6,2,2,b\n7,3,1,b\n2,2,1,a\n"
#define REPEATED "x,z,y\n1,3,a\n1,3,a\n2,1,b\n3,2,a\n3,2,a\n3,2,a\n4,4,b\n5,1,a\n6,2,b\n6,2,b\n7,3,b\n2,2,a\n"

Test(inference, weights_of_rows_with_classes_count_them)
{
  expect_same(WEIGHTED, "-l 0 --summary --weights w", REPEATED, "-l 0 --summary");
  expect_same(WEIGHTED, "-l 0.1 --summary --weights w", REPEATED, "-l 0.1 --summary");
  expect_same(WEIGHTED, "-k multinomial -l 0 --summary --weights w", REPEATED,
              "-k multinomial -l 0 --summary");
}

Test(inference, rows_without_weight_are_no_observations_of_least_squares)
{
  static const char weighted[] = "x,w,y\n1,2,1.5\n2,1,2.5\n9,0,7\n3,4,3.1\n4,1,3.5\n5,0,7\n6,2,6.5\n",
                    fewer[] = "x,w,y\n1,4,1.5\n2,2,2.5\n3,8,3.1\n4,2,3.5\n6,4,6.5\n";
  expect_same(weighted, "-k linear --summary --weights w", fewer, "-k linear --summary --weights w");
}

Test(inference, extreme_scales_and_constant_columns_have_their_errors)
{
  session s;
  const char *file =
      data_file("x,c,y\n1e-158,5,a\n2e-158,5,b\n3e-158,5,a\n4e-158,5,b\n5e-158,5,a\n7e-158,5,b\n");
  session_open(&s, file, "-l 0 --summary");
  session_run(&s);
  cr_expect(isfinite(s.t.inference.row[0].error) && s.t.inference.row[0].error > 1e157);
  cr_expect(isnan(s.t.inference.row[1].error) && isnan(s.t.inference.row[1].low));
  cr_expect_lt(s.t.inference.row[2].error, 10);
  session_close(&s);
  remove(file);
}

Test(inference, students_distribution_has_its_known_values)
{
  cr_expect_lt(fabs(student_two_sided(2.2281388519862743, 10) - 0.05), 1e-13);
  cr_expect_lt(fabs(student_two_sided(1, 1) - 0.5), 1e-14);
  cr_expect_lt(fabs(student_two_sided(12.706204736174696, 1) - 0.05), 1e-13);
  cr_expect_lt(fabs(student_two_sided(3, INFINITY) - 0.002699796063260189), 1e-15);
  cr_expect_lt(fabs(student_quantile(0.975, 10) - 2.2281388519862743), 1e-11);
  cr_expect_lt(fabs(student_quantile(0.975, INFINITY) - 1.959963984540054), 1e-13);
}
