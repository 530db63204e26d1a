/* Figure 4.6: momentum on Rosenbrock's function, with alpha = 0.001 / (1 - beta), so that the three runs
 * weigh a steady gradient alike. */
#include "chapter.h"

void figure_4_6(size_t steps)
{
  static const struct {
    const char *file;
    double beta;
  } path[] = {{"4.6-beta-0.dat", 0.0}, {"4.6-beta-0.5.dat", 0.5}, {"4.6-beta-0.9.dat", 0.9}};
  static const double start[2] = {0.4, -0.2};
  tg_function *const f = rosenbrock_function();
  write_surface("4.6-surface.dat", tg_function_objective(f), -0.3, 1.1, 141);
  for (size_t i = 0; i < sizeof path / sizeof path[0]; i++) {
    const double beta = path[i].beta;
    write_path(path[i].file, tg_function_objective(f), tg_momentum(0.001 / (1.0 - beta), beta), start, steps);
  }
  tg_function_free(f);
}
