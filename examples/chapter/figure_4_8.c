/* Figure 4.8: a line search. C along the ray from (0.8, 0) against the gradient of Rosenbrock's function,
 * with its minimum at alpha*, and the same step in the plane. */
#include "chapter.h"

static void write_point(FILE *out, tg_function *f, double alpha, const double theta[2])
{
  double value;
  must(tg_value(f, theta, &value), "along the ray");
  fprintf(out, "%.9g %.9g %.9g %.9g\n", alpha, value, theta[0], theta[1]);
}

void figure_4_8(size_t steps)
{
  (void)steps;
  static const double from[2] = {0.8, 0.0};
  tg_function *const f = rosenbrock_function();
  double value, gradient[2];
  must(tg_gradient(f, from, &value, gradient), "gradient");
  FILE *out = open_data("4.8-ray.dat", "alpha C theta_1 theta_2");
  for (int i = 0; i <= 300; i++) {
    const double alpha = 1e-5 * i, theta[2] = {from[0] - alpha * gradient[0], from[1] - alpha * gradient[1]};
    write_point(out, f, alpha, theta);
  }
  close_data(out);

  double to[2] = {from[0], from[1]};
  const double best = exact_step(f, to);
  out = open_data("4.8-best.dat", "alpha* C theta_1 theta_2");
  write_point(out, f, best, to);
  close_data(out);
  printf("  alpha* = %.7f, from C = %g to (%.4f, %.4f)\n", best, value, to[0], to[1]);
  write_surface("4.8-surface.dat", tg_function_objective(f), -0.3, 1.2, 151);
  tg_function_free(f);
}
