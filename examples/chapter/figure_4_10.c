/* Figure 4.10: a step of Newton's method in one variable goes to the stationary point of the quadratic that
 * agrees with C up to second order: to its minimum where C'' > 0, and where C'' < 0 the wrong way, to its
 * maximum. */
#include "chapter.h"

#include <tapegrad/overload.h>

static var quartic(const var *theta, size_t n, void *user)
{
  (void)n, (void)user;
  const var t = theta[0];
  return add(mul(add(mul(sub(mul(sub(t, 4), t), 2), t), 10), t), 15); /* t^4 - 4 t^3 - 2 t^2 + 10 t + 15 */
}

static void write_panel(const char *curves, const char *step, tg_function *f, double from)
{
  double c, slope, curvature;
  must(tg_hessian(f, &from, &c, &slope, &curvature), "derivatives");
  FILE *out = open_data(curves, "theta C Q");
  for (int i = -100; i <= 420; i++) {
    const double theta = 0.01 * i, h = theta - from;
    double value;
    must(tg_value(f, &theta, &value), "value");
    fprintf(out, "%.6g %.9g %.9g\n", theta, value, c + h * slope + 0.5 * h * h * curvature);
  }
  close_data(out);

  const double to = newton_step(f, from), h = to - from;
  out = open_data(step, "theta C(theta), then the next theta and Q there");
  fprintf(out, "%.9g %.9g\n%.9g %.9g\n", from, c, to, c + h * slope + 0.5 * h * h * curvature);
  close_data(out);
  printf("  C'' = %g: from %g to %.6f\n", curvature, from, to);
}

void figure_4_10(size_t steps)
{
  (void)steps;
  tg_function *f;
  must(tg_record(&f, quartic, 1, NULL, NULL), "quartic");
  write_panel("4.10-convex.dat", "4.10-convex-step.dat", f, 2.5);
  write_panel("4.10-concave.dat", "4.10-concave-step.dat", f, 1.7);
  tg_function_free(f);
}
