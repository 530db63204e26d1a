#include "metrics.h"

#include <criterion/criterion.h>
#include <math.h>

static bool near(double a, double b) { return fabs(a - b) <= 1e-14 * (1 + fabs(b)); }

static void judge(class_metrics *m, const double *log_p, const size_t *truth, const double *weight,
                  size_t rows)
{
  cr_assert(class_metrics_start(m, 2));
  for (size_t i = 0; i < rows; i++)
    cr_assert(class_metrics_add(m, log_p + 2 * i, truth[i], weight != NULL ? weight[i] : 1));
  cr_assert(class_metrics_finish(m));
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
  judge(&m, log_p, truth, NULL, 4);
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
  judge(&a, log_p, truth, weight, 3);
  judge(&b, log_p, truth, NULL, 4);
  cr_assert(near(a.log_loss, b.log_loss));
  cr_assert(near(a.auc, b.auc));
  cr_assert(near(a.accuracy, b.accuracy));
  class_metrics_free(&a);
  class_metrics_free(&b);
}

static double area_of(const double *score, const bool *positive, size_t rows)
{
  ranking r = {0};
  double area;
  for (size_t i = 0; i < rows; i++) cr_assert(ranking_add(&r, score[i], 1, positive[i]));
  cr_assert(ranking_area(&r, &area));
  ranking_free(&r);
  return area;
}

Test(metrics, ties_count_half_and_one_class_has_no_area)
{
  const double score[] = {1, 1, 1, 2};
  const bool positive[] = {false, true, true, true}, all[] = {true, true, true, true};
  cr_assert(near(area_of(score, positive, 4), (0.5 + 0.5 + 1) / 3));
  cr_assert(isnan(area_of(score, all, 4)));
  cr_assert(isnan(area_of(score, all, 0)));
}

/* Scores on a grid, so that ties run through all blocks: counting on the grid gives the area. */
Test(metrics, the_area_of_many_rows_is_that_of_counts)
{
  enum { ROWS = 300000, GRID = 1000 };
  ranking r = {0};
  static double count[2][GRID];
  double area, won = 0, negative = 0, positive = 0;
  unsigned state = 7;
  for (int i = 0; i < ROWS; i++) {
    state = state * 1664525 + 1013904223;
    const unsigned level = (state >> 8) % GRID, weight = 1 + (state >> 28) % 3;
    const bool is_positive = (state >> 20) % GRID < level;
    count[is_positive][level] += weight;
    cr_assert(ranking_add(&r, 0.25 * level - 100, weight, is_positive));
  }
  for (int k = 0; k < GRID; k++) {
    won += count[1][k] * (negative + count[0][k] / 2);
    negative += count[0][k];
    positive += count[1][k];
  }
  cr_assert(ranking_area(&r, &area));
  cr_assert(near(area, won / (negative * positive)));
  ranking_free(&r);
}

Test(metrics, a_probability_of_zero_is_a_large_but_finite_loss)
{
  const double log_p[] = {0, -2000};
  const size_t truth[] = {1};
  class_metrics m;
  judge(&m, log_p, truth, NULL, 1);
  cr_assert_eq(m.log_loss, 2000);
  class_metrics_free(&m);
}

Test(metrics, values_by_hand)
{
  const double y[] = {1, 2, 3, 4}, p[] = {1, 2, 3, 6};
  value_metrics m = {0};
  for (int i = 0; i < 4; i++) value_metrics_add(&m, p[i], y[i], 1);
  value_metrics_finish(&m);
  cr_assert(near(m.r_squared, 1 - 4.0 / 5));
  cr_assert_eq(m.mean_absolute, 0.5);
  cr_assert_eq(m.root_mean_square, 1);
}

/* R^2 of values far from 0: the variation must not be a difference of large sums. */
Test(metrics, values_far_from_zero)
{
  value_metrics m = {0};
  for (int i = 0; i < 4; i++) value_metrics_add(&m, 1e9 + i, 1e9 + i + (i == 3), 1);
  value_metrics_finish(&m);
  cr_assert(near(m.r_squared, 1 - 1 / 8.75)); /* 0 1 2 4: mean 1.75 */
}
