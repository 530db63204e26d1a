/* Figure 4.9: gradient descent with exact line search on Rosenbrock's function. Each step ends where the ray
 * touches a contour, so the next gradient is at a right angle to it, and the path zigzags. */
#include "chapter.h"

void figure_4_9(size_t steps)
{
  static const double start[2] = {0.4, -0.2};
  tg_function *const f = rosenbrock_function();
  write_surface("4.9-surface.dat", tg_function_objective(f), -0.3, 1.1, 141);
  write_path("4.9-path.dat", tg_function_objective(f), steepest_descent(), start, steps);
  tg_function_free(f);
}
