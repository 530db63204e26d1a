/* Three methods in the valley of Rosenbrock (1960), then L-BFGS on the extended function of many variables.
 *
 *   rosenbrock [variables]        even, at most 10000000; 100000 unless given */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <tapegrad/tapegrad.h>

#include <tapegrad/overload.h>

/* sum over pairs of 100 (y - x^2)^2 + (1 - x)^2; the minimum is 0, where all x and y are 1. */
static var rosenbrock(const var *x, size_t n, void *user)
{
  (void)user;
  var sum = constant(0);
  for (size_t i = 0; i + 1 < n; i += 2)
    sum = add(sum, mul(100, square(sub(x[i + 1], square(x[i])))), square(sub(1, x[i])));
  return sum;
}

static void start(double *x, size_t n)
{
  for (size_t i = 0; i < n; i++) x[i] = i % 2 == 0 ? -1.2 : 1;
}

static double distance(const double *x, size_t n)
{
  double d = 0;
  for (size_t i = 0; i < n; i++) d = fmax(d, fabs(x[i] - 1));
  return d;
}

/* Prints how the method fared and adds its distance from the minimum to *worst. */
static tg_status run(tg_function *f, tg_method m, double *x, size_t n, double *worst)
{
  tg_report r;
  tg_minimize_options o = tg_minimize_defaults();
  o.max_iterations = 100000;
  start(x, n);
  const tg_status s = tg_minimize(tg_function_objective(f), m, x, &o, &r);
  if (s != TG_OK) return s;
  printf("%-6s %7zu iterations %7zu gradients  value %.1e  gradient %.1e  distance %.1e  %s\n",
         tg_method_name(&m), r.iterations, r.gradients, r.value, r.gradient_norm, distance(x, n),
         tg_stop_string(r.stop));
  *worst = fmax(*worst, distance(x, n));
  return TG_OK;
}

static tg_status compare(size_t n, const tg_method *methods, size_t count, double *worst)
{
  tg_function *f = NULL;
  double *const x = malloc(n * sizeof *x);
  tg_status s = x ? TG_OK : TG_E_NOMEM;
  if (s == TG_OK) s = tg_record(&f, rosenbrock, n, NULL, NULL);
  printf("%zu variables\n", n);
  for (size_t i = 0; i < count && s == TG_OK; i++) s = run(f, methods[i], x, n, worst);
  tg_function_free(f);
  free(x);
  return s;
}

int main(int argc, char **argv)
{
  const unsigned long many = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
  if (many == 0 || many % 2 != 0 || many > 10000000) {
    fprintf(stderr, "usage: %s [even number of variables, at most 10000000]\n", argv[0]);
    return 2;
  }
  const tg_method methods[] = {tg_gd(0.001), tg_adam(0.01), tg_lbfgs()};
  double worst = 0;
  tg_status s = compare(2, methods, 3, &worst);
  if (s == TG_OK) s = compare(many, methods + 2, 1, &worst);
  if (s != TG_OK) fprintf(stderr, "%s\n", tg_status_string(s));
  return s != TG_OK || !(worst < 1e-4);
}
