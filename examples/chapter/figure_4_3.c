/* Figure 4.3: gradient descent and stochastic gradient descent on a mean of five quadratics
 * C_i = c_i (theta_1 - x_i1)^2 + (theta_2 - x_i2)^2. Within the polygon of their minima the gradients of
 * single samples disagree, and with a constant rate SGD wanders; where all minima coincide it converges. */
#include "chapter.h"

#include <tapegrad/overload.h>

static var quadratic(const var *theta, size_t d, const var *sample, size_t columns, void *user)
{
  (void)d, (void)columns, (void)user;
  return add(mul(sample[2], square(sub(theta[0], sample[0]))), square(sub(theta[1], sample[1])));
}

typedef struct panel {
  double row[5][3]; /* x_i1, x_i2, c_i */
  const char *surface, *descent, *stochastic;
} panel;

static void write_panel(const panel *p, size_t steps)
{
  static const double start[2] = {6.0, 6.0};
  tg_finite_sum *sum;
  must(tg_finite_sum_new(&sum, quadratic, 2, tg_dense(&p->row[0][0], 5, 3), NULL), "quadratics");
  const tg_objective c = tg_finite_sum_objective(sum);
  write_path(p->descent, c, tg_gd(0.01), start, steps);

  tg_fit_options o = tg_fit_defaults();
  o.batch = 1;
  o.epochs = (steps + 4) / 5;
  o.shuffle = TG_SHUFFLE_REPLACEMENT;
  double theta[2] = {start[0], start[1]};
  tg_run *run;
  must(tg_run_new_fit(&run, c, tg_gd(0.01), theta, &o), "stochastic gradient descent");
  write_run(p->stochastic, run, start, steps);
  write_surface(p->surface, c, -3.0, 7.0, 101);
  tg_finite_sum_free(sum);
}

void figure_4_3(size_t steps)
{
  const panel apart = {{{1, 1, 1}, {2, 0, 2}, {3, 1, 3}, {2, 3, 2}, {1, 2, 4}},
                       "4.3-apart-surface.dat",
                       "4.3-apart-gd.dat",
                       "4.3-apart-sgd.dat"};
  const panel together = {{{2, 2, 1}, {2, 2, 2}, {2, 2, 3}, {2, 2, 2}, {2, 2, 4}},
                          "4.3-together-surface.dat",
                          "4.3-together-gd.dat",
                          "4.3-together-sgd.dat"};
  write_panel(&apart, steps);
  write_panel(&together, steps);
  FILE *const out = open_data("4.3-minima.dat", "minima of the C_i, around their convex hull");
  for (int i = 0; i <= 5; i++) fprintf(out, "%g %g\n", apart.row[i % 5][0], apart.row[i % 5][1]);
  close_data(out);
}
