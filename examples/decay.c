/* Fit y = a exp(-b t) to measurements by least squares: a derivative, then a minimum. */
#include <stdio.h>
#include <tapegrad/tapegrad.h>

#include <tapegrad/overload.h>

static const double t[] = {0, 1, 2, 3, 4, 5}, y[] = {5.02, 3.12, 1.81, 1.15, 0.66, 0.42};

/* Plain C with var for double and functions for operators; p is (a, b). */
static var misfit(const var *p, size_t n, void *user)
{
  (void)n, (void)user;
  var sum = constant(0);
  for (int i = 0; i < 6; i++) {
    var model = mul(p[0], exp(mul(neg(p[1]), t[i])));
    sum = add(sum, square(sub(model, y[i])));
  }
  return sum;
}

int main(void)
{
  double p[] = {1, 1}, value, gradient[2];
  tg_function *f;
  tg_report report;

  tg_status s = tg_record(&f, misfit, 2, p, NULL);
  if (s == TG_OK) s = tg_gradient(f, p, &value, gradient);
  if (s == TG_OK) printf("at (1, 1): misfit %.6f, gradient (%.6f, %.6f)\n", value, gradient[0], gradient[1]);
  if (s == TG_OK) s = tg_minimize(tg_function_objective(f), tg_lbfgs(), p, NULL, &report);
  if (s == TG_OK)
    printf("y = %.5f exp(-%.5f t): misfit %.6f\n%s\n", p[0], p[1], report.value, tg_stop_string(report.stop));
  tg_function_free(f);

  if (s != TG_OK) fprintf(stderr, "%s\n", tg_status_string(s));
  return s != TG_OK;
}
