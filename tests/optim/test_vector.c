/* The shared loops: the same bits at every instruction-set level, and a NaN is never lost. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "level.h"
#include "random.h"
#include "vector.h"

enum { N = 520 };
static double a[N], b[N], c[N], d[N], rows[6][N];

static void fill(void)
{
  uint64_t state[4];
  tg_random_seed_(state, 3);
  double *const all[] = {a, b, c, d, rows[0], rows[1], rows[2], rows[3], rows[4], rows[5]};
  for (int k = 0; k < 10; k++)
    for (int i = 0; i < N; i++) all[k][i] = (double)(int64_t)tg_random_(state) * 0x1p-63;
}

typedef struct results {
  double dot, slope, most, largest, distance, pair[4], sum[N], difference[N], combined[N];
} results;

static results at_level(int level)
{
  const tg_vector_ *v = tg_vector_at_(level);
  static const double coefficient[6] = {0.5, -1.25, 3.0, 0.1, -0.7, 2.0};
  results r;
  memset(&r, 0, sizeof r);
  r.dot = v->dot(a, b, N);
  r.slope = v->slope(a, b, N, &r.most);
  r.largest = v->largest(a, N);
  r.distance = v->distance(a, b, N);
  v->pair(a, b, c, d, N, r.pair);
  v->add(r.sum, a, 0.3, b, N);
  v->subtract(r.difference, a, b, N);
  v->combine(r.combined, -0.9, a, coefficient, rows[0], N, 6, N);
  return r;
}

Test(vector, gives_the_same_bits_at_every_level)
{
  fill();
  const results plain = at_level(0);
  for (int level = 1; level <= tg_optim_level_(); level++) {
    const results r = at_level(level);
    cr_expect(memcmp(&plain, &r, sizeof r) == 0, "level %d", level);
  }
}

Test(vector, computes_what_it_says)
{
  fill();
  const results r = at_level(0);
  long double dot = 0, most = 0, distance = 0, cross = 0;
  for (int i = 0; i < N; i++) {
    dot += (long double)a[i] * b[i];
    cross += (long double)b[i] * d[i];
    most = fmaxl(most, fabsl((long double)a[i]));
    distance = fmaxl(distance, fabsl((long double)(a[i] - b[i])));
    cr_expect(r.sum[i] == a[i] + 0.3 * b[i] && r.difference[i] == a[i] - b[i]);
    const double sum = -0.9 * a[i] + 0.5 * rows[0][i] - 1.25 * rows[1][i] + 3.0 * rows[2][i] +
                       0.1 * rows[3][i] - 0.7 * rows[4][i] + 2.0 * rows[5][i];
    cr_expect(fabs(r.combined[i] - sum) < 1e-14);
  }
  cr_expect(fabs(r.dot - (double)dot) < 1e-13 && r.slope == r.dot && fabs(r.pair[3] - (double)cross) < 1e-13);
  cr_expect(r.largest == (double)most && r.most == r.largest && r.distance == (double)distance);
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
        cr_expect(isnan(r.most) && isnan(r.largest) && isnan(r.distance));
      }
}
