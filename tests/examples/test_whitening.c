#include "support.h"

#include "whitening.h"

#include <math.h>

/* In the coordinates for a point, the Hessian there is the identity for a logistic model. */
Test(whitening, the_hessian_of_a_logistic_model_becomes_the_identity)
{
  session s;
  failure f;
  whitening w;
  session_open(&s, DATA "/breast_cancer.csv", "-l 0.01");
  session_run(&s);
  problem *p = &s.t.problem;
  cr_assert(whitening_fits(p));
  cr_assert(whitening_new(&w, p, &f));
  whitening_at(&w, s.t.theta);
  double v[31], e[31], hv[31];
  for (size_t j = 0; j < 31; j++) v[j] = sin(3.0 * (double)j + 1);
  whitening_leave(&w, v, e); /* a direction maps as a point does: the change is linear */
  cr_assert_eq(tg_finite_sum_hvp(p->sum, s.t.theta, NULL, 0, e, hv), TG_OK);
  for (size_t j = 0; j < 31; j++) hv[j] += p->ridge[j] * e[j];
  double product = 0, square = 0;
  for (size_t j = 0; j < 31; j++) {
    product += e[j] * hv[j];
    square += v[j] * v[j];
  }
  cr_expect_lt(fabs(product / square - 1), 1e-6, "%g", product / square);
  whitening_free(&w);
  session_close(&s);
}

Test(whitening, there_and_back_is_the_same_point)
{
  session s;
  failure f;
  whitening w;
  session_open(&s, DATA "/wine.csv", "-l 0.01");
  cr_assert(whitening_new(&w, &s.t.problem, &f));
  const size_t n = s.t.problem.n;
  double v[64], theta[64];
  cr_assert_leq(n, 64);
  for (size_t j = 0; j < n; j++) s.t.theta[j] = cos(2.0 * (double)j);
  whitening_enter(&w, s.t.theta, v);
  whitening_leave(&w, v, theta);
  for (size_t j = 0; j < n; j++) cr_expect_lt(fabs(theta[j] - s.t.theta[j]), 1e-10);
  whitening_free(&w);
  session_close(&s);
}

Test(whitening, the_gradient_is_that_of_the_new_coordinates)
{
  session s;
  failure f;
  whitening w;
  session_open(&s, DATA "/wine.csv", "-l 0.01");
  cr_assert(whitening_new(&w, &s.t.problem, &f));
  const tg_objective c = whitening_objective(&w);
  double v[64] = {0}, gradient[64], value, up, down;
  for (size_t j = 0; j < c.n; j++) v[j] = 0.1 * sin((double)j);
  cr_assert_eq(c.evaluate(v, &value, gradient, c.user), 0);
  for (size_t j = 0; j < c.n; j++) {
    const double kept = v[j], h = 1e-6;
    v[j] = kept + h;
    c.evaluate(v, &up, NULL, c.user);
    v[j] = kept - h;
    c.evaluate(v, &down, NULL, c.user);
    v[j] = kept;
    cr_expect_lt(fabs((up - down) / (2 * h) - gradient[j]), 1e-8);
  }
  whitening_free(&w);
  session_close(&s);
}

Test(whitening, coefficients_are_right_to_six_digits_by_default)
{
  session a, b;
  session_open(&a, DATA "/wine.csv", "-l 1e-4 --penalty-on standardized --method lbfgs");
  session_open(&b, DATA "/wine.csv", "-l 1e-4 --penalty-on standardized --method newton --tolerance 1e-15");
  session_run(&a);
  session_run(&b);
  for (size_t j = 0; j < a.t.problem.n; j++) {
    const size_t column = j % 13;
    const double unit = j < 39 ? a.t.scaling.spread[column] / a.t.scaling.scale[column] : 1;
    cr_expect_lt(fabs(a.t.theta[j] - b.t.theta[j]) * unit, 1e-6);
  }
  session_close(&a);
  session_close(&b);
}

Test(whitening, threads_change_no_bit)
{
  session one, two;
  session_open(&one, DATA "/digits.csv", "-l 1e-2 --threads 1");
  session_open(&two, DATA "/digits.csv", "-l 1e-2 --threads 2");
  session_run(&one);
  session_run(&two);
  cr_expect_eq(memcmp(one.t.theta, two.t.theta, one.t.problem.n * sizeof(double)), 0);
  session_close(&one);
  session_close(&two);
}
