/* What a finite sum leaves alone in the program that calls it: traps and flags of arithmetic, signals, forks;
 * and what it does where threads cannot be had. A plain program: it forks, and pthread_create is wrapped. */
#define _GNU_SOURCE /* feenableexcept */
#include <errno.h>
#include <fenv.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tapegrad/finite_sum.h"
#include "tapegrad/operations.h"

enum { D = 3, COLUMNS = 2, ROWS = 1500 };

static double rows[ROWS * COLUMNS];
static const double theta[D] = {0.5, -0.3, 0.2};

/* Each way would be invalid, divide by zero or overflow on samples that take the other. */
static tg_var loss(const tg_var *t, size_t d, const tg_var *s, size_t columns, void *user)
{
  (void)d, (void)columns, (void)user;
  const tg_var z = tg_add(tg_mul(t[0], s[0]), tg_mul(t[1], s[1]));
  if (tg_gt(s[0], 0)) return tg_square(tg_sub(tg_log(s[0]), z));
  if (tg_lt(s[1], 0)) return tg_add(tg_square(z), tg_exp(tg_mul(s[1], 2000)), tg_divide(t[2], s[1]));
  return tg_add(tg_square(tg_add(z, t[2])), tg_sqrt(s[1]));
}

typedef struct answer {
  double value, gradient[D], hv[D], hessian[D * D], values[ROWS], slopes[ROWS * D];
} answer;

static tg_status ask(tg_finite_sum *s, answer *a)
{
  memset(a, 0, sizeof *a);
  tg_status status = tg_finite_sum_gradient(s, theta, NULL, 0, &a->value, a->gradient);
  if (status == TG_OK) status = tg_finite_sum_hvp(s, theta, NULL, 0, theta, a->hv);
  if (status == TG_OK) status = tg_finite_sum_hessian(s, theta, NULL, 0, a->hessian);
  if (status == TG_OK) status = tg_finite_sum_per_sample(s, theta, NULL, 0, a->values, a->slopes);
  return status;
}

static tg_finite_sum *make(unsigned threads)
{
  tg_finite_sum *s = NULL;
  if (tg_finite_sum_new(&s, loss, D, tg_dense(rows, ROWS, COLUMNS), NULL) == TG_OK)
    tg_finite_sum_threads(s, threads);
  return s;
}

static size_t threads_of(const tg_finite_sum *s)
{
  tg_finite_sum_stats stats;
  return tg_finite_sum_statistics(s, &stats) == TG_OK ? stats.threads : 0;
}

static int complaints;
static void expect(bool holds, const char *what)
{
  if (!holds) complaints++, printf("FAILED %s\n", what);
}

static answer one; /* what all must answer */

static bool answers_alike(tg_finite_sum *s)
{
  static answer a;
  return ask(s, &a) == TG_OK && memcmp(&a, &one, sizeof a) == 0;
}

/* The mean is rounded the host's way. */
static bool answers_nearly(tg_finite_sum *s)
{
  static answer a;
  const double *x = (const double *)&a, *y = (const double *)&one;
  bool near = ask(s, &a) == TG_OK;
  for (size_t i = 0; near && i < sizeof a / sizeof *x; i++) near = fabs(x[i] - y[i]) <= 4e-16 * fabs(y[i]);
  return near;
}

static void arithmetic(void)
{
  const int watched = FE_INVALID | FE_OVERFLOW | FE_DIVBYZERO;
  static answer plain;
  tg_finite_sum *s = make(1);
  tg_finite_sum_plain(s, true);
  feclearexcept(FE_ALL_EXCEPT);
  expect(ask(s, &plain) == TG_OK && fetestexcept(watched) == 0, "the plain way raises nothing");
  tg_finite_sum_free(s);
  for (unsigned threads = 1; threads <= 3; threads++) {
    s = make(threads);
#if defined __GLIBC__
    feenableexcept(watched);
    const int traps = fegetexcept(); /* valgrind has none */
#endif
    expect(answers_alike(s) && fetestexcept(watched) == 0, "blocks of samples raise and trap nothing");
#if defined __GLIBC__
    expect(fegetexcept() == traps, "the host's traps are as they were");
    fedisableexcept(watched);
#endif
    fesetround(FE_UPWARD);
    expect(answers_nearly(s) && fegetround() == FE_UPWARD, "kernels round to nearest");
    fesetround(FE_TONEAREST);
    tg_finite_sum_free(s);
  }
}

static volatile sig_atomic_t taken;
static void take(int number) { taken = number; }

static void signals(void)
{
  sigset_t user, before, pending;
  sigemptyset(&user);
  sigaddset(&user, SIGUSR1);
  signal(SIGUSR1, take);
  tg_finite_sum *s = make(3);
  expect(answers_alike(s), "three threads");
  pthread_sigmask(SIG_BLOCK, &user, &before);
  kill(getpid(), SIGUSR1);
  expect(answers_alike(s) && taken == 0, "no thread of the pool takes the host's signal");
  expect(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1) == 1, "it waits for the host");
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  expect(taken == SIGUSR1, "the host takes it");
  tg_finite_sum_free(s);
}

static void *idle(void *barrier)
{
  pthread_barrier_wait(barrier);
  return NULL;
}

/* In the child: with threads of its own, which may take the places of the parent's. */
static int child(tg_finite_sum *evaluated, tg_finite_sum *freed, bool threads)
{
  pthread_barrier_t barrier;
  pthread_t own[3];
  alarm(20);
  pthread_barrier_init(&barrier, NULL, 4);
  for (int i = 0; threads && i < 3; i++)
    if (pthread_create(&own[i], NULL, idle, &barrier) != 0) return 2;
  tg_finite_sum_free(freed);
  const bool alike = answers_alike(evaluated) && threads_of(evaluated) == 3;
  tg_finite_sum_free(evaluated);
  if (threads) pthread_barrier_wait(&barrier);
  for (int i = 0; threads && i < 3; i++) pthread_join(own[i], NULL);
  return alike ? 0 : 1;
}

static void forks(bool threads)
{
  tg_finite_sum *a = make(3), *b = make(3);
  int status = -1;
  expect(answers_alike(a) && answers_alike(b), "before the fork");
  fflush(stdout);
  const pid_t pid = fork();
  if (pid == 0) _exit(child(a, b, threads));
  expect(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0,
         "the child of a fork evaluates and frees what it inherits");
  expect(answers_alike(a), "after the fork");
  tg_finite_sum_free(a);
  tg_finite_sum_free(b);
}

static int left = -1; /* threads that can still be started; negative: any number */
int __real_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*start)(void *), void *x);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*start)(void *), void *x);
int __wrap_pthread_create(pthread_t *t, const pthread_attr_t *a, void *(*start)(void *), void *x)
{
  if (left == 0) return EAGAIN;
  left -= left > 0;
  return __real_pthread_create(t, a, start, x);
}

static void few_threads(void)
{
  for (int most = 0; most < 4; most++) {
    tg_finite_sum *s = make(4);
    left = most;
    expect(answers_alike(s), "fewer threads do the same work");
    expect(threads_of(s) == (size_t)most + 1, "it is told how many there are");
    left = -1;
    tg_finite_sum_free(s);
  }
}

int main(void)
{
  for (size_t i = 0; i < ROWS; i++) {
    rows[COLUMNS * i] = sin((double)i);
    rows[COLUMNS * i + 1] = i % 5 == 0 ? 0.25 : -0.25 - (double)(i % 7) * 0.01;
  }
  tg_finite_sum *s = make(1);
  if (!s || ask(s, &one) != TG_OK) return 1;
  tg_finite_sum_free(s);
  if (getenv("TG_ISA") && strcmp(getenv("TG_ISA"), "scalar") == 0) return 77; /* no blocks, no threads */
  arithmetic();
  signals();
  forks(false);
  forks(true);
  few_threads();
  return complaints != 0;
}
