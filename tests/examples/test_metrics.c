#include "metrics.h"

#include <criterion/criterion.h>
#include <math.h>

static bool near(double a, double b)
{
  return fabs(a - b) <= 1e-14 * (1 + fabs(b));
}

Test(metrics, two_classes_by_hand)
{
  const double p[] = {0.1, 0.4, 0.35, 0.8}; /* of class 1 */
  const size_t truth[] = {0, 0, 1, 1};
  double log_p[8];
  for (size_t i = 0; i < 4; i++) {
    log_p[2 * i] = log(1 - p[i]);
    log_p[2 * i + 1] = log(p[i]);
  }
  class_metrics m;
  cr_assert(class_metrics_new(&m, log_p, truth, NULL, 4, 2));
  cr_assert_eq(m.accuracy, 0.75);
  cr_assert(near(m.auc, 0.75));
  cr_assert(near(m.log_loss, -(log(0.9) + log(0.6) + log(0.35) + log(0.8)) / 4));
  cr_assert_eq(m.confusion[0], 2);
  cr_assert_eq(m.confusion[2], 1);
  cr_assert_eq(m.confusion[3], 1);
  cr_assert(near(m.precision[0], 2.0 / 3));
  cr_assert_eq(m.recall[1], 0.5);
  cr_assert_eq(m.calibration[1].frequency, 0);
  cr_assert_eq(m.calibration[8].frequency, 1);
  class_metrics_free(&m);
}

Test(metrics, a_weight_of_two_counts_as_two_rows)
{
  const double log_p[] = {-0.1, -2.4, -1.2, -0.4, -0.9, -0.5, -0.9, -0.5};
  const size_t truth[] = {0, 1, 0, 0};
  const double weight[] = {1, 1, 2};
  class_metrics a, b;
  cr_assert(class_metrics_new(&a, log_p, truth, weight, 3, 2));
  cr_assert(class_metrics_new(&b, log_p, truth, NULL, 4, 2));
  cr_assert(near(a.log_loss, b.log_loss));
  cr_assert(near(a.auc, b.auc));
  cr_assert(near(a.accuracy, b.accuracy));
  class_metrics_free(&a);
  class_metrics_free(&b);
}

Test(metrics, ties_count_half_and_one_class_has_no_area)
{
  const double score[] = {1, 1, 1, 2};
  const size_t truth[] = {0, 1, 1, 1}, all[] = {1, 1, 1, 1};
  double auc;
  cr_assert(area_under_curve(&auc, score, truth, NULL, 4));
  cr_assert(near(auc, (0.5 + 0.5 + 1) / 3));
  cr_assert(area_under_curve(&auc, score, all, NULL, 4));
  cr_assert(isnan(auc));
}

Test(metrics, a_probability_of_zero_is_a_large_but_finite_loss)
{
  const double log_p[] = {0, -2000};
  const size_t truth[] = {1};
  class_metrics m;
  cr_assert(class_metrics_new(&m, log_p, truth, NULL, 1, 2));
  cr_assert_eq(m.log_loss, 2000);
  class_metrics_free(&m);
}

Test(metrics, values_by_hand)
{
  const double y[] = {1, 2, 3, 4}, p[] = {1, 2, 3, 6};
  const value_metrics m = value_metrics_of(p, y, NULL, 4);
  cr_assert(near(m.r_squared, 1 - 4.0 / 5));
  cr_assert_eq(m.mean_absolute, 0.5);
  cr_assert_eq(m.root_mean_square, 1);
}
