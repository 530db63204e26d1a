/* Figure 4.2: gradient descent on Rosenbrock's function with a fixed rate, which ends in an oscillation
 * across the valley, and with a rate that falls as 0.99^t, which stops on the way. */
#include "chapter.h"

void figure_4_2(size_t steps)
{
  static const struct {
    const char *file;
    double alpha, factor;
  } path[] = {
      {"4.2-fixed-0.005.dat", 0.005, 1.0},
      {"4.2-fixed-0.0025.dat", 0.0025, 1.0},
      {"4.2-decay-0.005.dat", 0.005, 0.99},
      {"4.2-decay-0.0025.dat", 0.0025, 0.99},
  };
  static const double start[2] = {0.2, -0.2};
  tg_function *const f = rosenbrock_function();
  write_surface("4.2-surface.dat", tg_function_objective(f), -0.3, 1.1, 141);
  for (size_t i = 0; i < sizeof path / sizeof path[0]; i++) {
    tg_method m = tg_gd(path[i].alpha);
    m.schedule = tg_exponential_rate(path[i].factor);
    write_path(path[i].file, tg_function_objective(f), m, start, steps);
  }
  tg_function_free(f);
}
