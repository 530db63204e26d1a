#include "split.h"

#include <criterion/criterion.h>
#include <math.h>

enum { N = 103, CLASSES = 3 };

static size_t class_of[N];

static void fill(void)
{
  for (size_t i = 0; i < N; i++) class_of[i] = i < 60 ? 0 : i < 93 ? 1 : 2;
}

Test(split, holdout_takes_every_class_in_proportion, .init = fill)
{
  bool held[N];
  cr_assert(split_holdout(held, N, 0.3, class_of, CLASSES, 7));
  size_t count[CLASSES] = {0};
  for (size_t i = 0; i < N; i++) count[class_of[i]] += held[i];
  cr_assert_eq(count[0] + count[1] + count[2], 31);
  cr_assert_eq(count[0], 18);
  cr_assert_eq(count[1], 10);
  cr_assert_eq(count[2], 3);
}

Test(split, folds_are_even_and_stratified, .init = fill)
{
  size_t fold[N], size[5] = {0}, of_class[5][CLASSES] = {{0}};
  cr_assert(split_folds(fold, N, 5, class_of, CLASSES, 1));
  for (size_t i = 0; i < N; i++) {
    cr_assert_lt(fold[i], 5);
    size[fold[i]]++;
    of_class[fold[i]][class_of[i]]++;
  }
  for (size_t k = 0; k < 5; k++) {
    cr_assert(size[k] == 20 || size[k] == 21);
    cr_assert_eq(of_class[k][0], 12);
    cr_assert(of_class[k][2] == 2);
  }
}

Test(split, the_seed_decides, .init = fill)
{
  bool a[N], b[N], c[N];
  cr_assert(split_holdout(a, N, 0.5, class_of, CLASSES, 3));
  cr_assert(split_holdout(b, N, 0.5, class_of, CLASSES, 3));
  cr_assert(split_holdout(c, N, 0.5, NULL, 0, 4));
  size_t differ = 0;
  for (size_t i = 0; i < N; i++) {
    cr_assert_eq(a[i], b[i]);
    differ += a[i] != c[i];
  }
  cr_assert_gt(differ, 10);
}

Test(split, random_numbers_have_their_known_values)
{
  rng r = {0}; /* first outputs of splitmix64 from the seed 0 */
  cr_assert_eq(rng_next(&r), UINT64_C(0xe220a8397b1dcdaf));
  cr_assert_eq(rng_next(&r), UINT64_C(0x6e789e6aa1b965f4));
  double mean = 0, square = 0;
  for (int i = 0; i < 100000; i++) {
    const double x = rng_normal(&r);
    mean += x / 100000;
    square += x * x / 100000;
  }
  cr_assert_lt(fabs(mean), 0.02);
  cr_assert_lt(fabs(square - 1), 0.03);
}
