/* The numbers that the chapter works out in its text. */
#include "chapter.h"

#include <tapegrad/overload.h>

/* C' = theta^2 - 2 theta - 3: the minimum is at 3, a maximum at -1. */
static var cubic(const var *theta, size_t n, void *user)
{
  (void)n, (void)user;
  const var t = theta[0];
  return mul(t, sub(sub(divide(square(t), 3), t), 3));
}

static var oscillating(const var *theta, size_t n, void *user)
{
  (void)n, (void)user;
  const var t2 = square(theta[0]);
  return sub(mul(2.5, t2), divide(square(t2), 4));
}

static void print_newton(const char *what, tg_scalar_fn fn, double theta, int steps)
{
  tg_function *c;
  must(tg_record(&c, fn, 1, NULL, NULL), what);
  printf("%s: %g", what, theta);
  for (int i = 0; i < steps; i++) printf(" %.5g", theta = newton_step(c, theta));
  putchar('\n');
  tg_function_free(c);
}

static void print_line_search(void)
{
  tg_function *const f = rosenbrock_function();
  double theta[2] = {0.8, 0.0};
  printf("alpha* from (0.8, 0) on (4.9): %.7f\n", exact_step(f, theta));
  tg_function_free(f);
}

void worked_numbers(void)
{
  print_newton("Newton's method (4.52)", cubic, 1.5, 4);
  print_newton("Newton's method on -theta^4/4 + 5 theta^2/2", oscillating, -1.0, 4);
  print_line_search();
}
