/* Threads that share a sum's samples, and sums of their own in threads of their own: the same bits
 * everywhere. A plain program, for the thread sanitizer. */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tapegrad/finite_sum.h"
#include "tapegrad/operations.h"

enum { D = 7, COLUMNS = 6, ROWS = 2000, OWNERS = 4 };

static double rows[ROWS * COLUMNS];
static const double theta[D] = {0.3, -0.2, 0.5, 0.1, -0.4, 0.2, 0.05};

static tg_var loss(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  tg_var z = t[d - 1];
  (void)user;
  for (size_t j = 0; j < columns; j++) z = (tg_add)(z, (tg_mul)(t[j], s[j]));
  if ((tg_lt)(z, tg_constant(0))) z = (tg_sin)(z);
  return (tg_add)((tg_softplus)(z), (tg_mul)(tg_constant(0.01), (tg_square)(t[0])));
}

typedef struct answer {
  double value, gradient[D], hv[D], hessian[D * D], values[ROWS], slopes[ROWS * D];
} answer;

static tg_status ask(unsigned threads, answer *a)
{
  tg_finite_sum *s;
  tg_status status = tg_finite_sum_new(&s, loss, D, tg_dense(rows, ROWS, COLUMNS), NULL);
  if (status != TG_OK) return status;
  tg_finite_sum_threads(s, threads);
  memset(a, 0, sizeof *a);
  for (int i = 0; i < 5 && status == TG_OK; i++) {
    status = tg_finite_sum_gradient(s, theta, NULL, 0, &a->value, a->gradient);
    if (status == TG_OK) status = tg_finite_sum_hvp(s, theta, NULL, 0, theta, a->hv);
    if (status == TG_OK) status = tg_finite_sum_hessian(s, theta, NULL, 0, a->hessian);
    if (status == TG_OK) status = tg_finite_sum_per_sample(s, theta, NULL, 0, a->values, a->slopes);
  }
  tg_finite_sum_free(s);
  return status;
}

static void *owner(void *to) { return ask(2, to) == TG_OK ? to : NULL; }

int main(void)
{
  static answer one, many, owned[OWNERS];
  pthread_t thread[OWNERS];
  int failures = 0;
  for (size_t i = 0; i < ROWS * COLUMNS; i++) rows[i] = sin((double)(i * i % 1000));
  if (ask(1, &one) != TG_OK) return 1;
  for (unsigned threads = 2; threads <= 5; threads++)
    if (ask(threads, &many) != TG_OK || memcmp(&one, &many, sizeof one) != 0)
      failures++, printf("%u threads differ\n", threads);
  for (int i = 0; i < OWNERS; i++)
    if (pthread_create(&thread[i], NULL, owner, &owned[i]) != 0) return 1;
  for (int i = 0; i < OWNERS; i++) {
    void *result;
    pthread_join(thread[i], &result);
    if (result == NULL || memcmp(&one, &owned[i], sizeof one) != 0)
      failures++, printf("owner %d differs\n", i);
  }
  return failures != 0;
}
