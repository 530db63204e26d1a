/* Figure 4.5: the landscape of the smallest deep network, y^ = sigmoid(w_2 sigmoid(w_1 x)) on six points,
 * with squared loss and with cross entropy. Neither is convex. */
#include "chapter.h"

#include <tapegrad/overload.h>

static const double point[6][2] = {{-3, 1}, {-2, 0}, {-1, 0}, {1, 1}, {2, 1}, {3, 0}}; /* x, y */

static var squared(const var *w, size_t n, void *user)
{
  (void)n, (void)user;
  var total = tg_constant(0.0);
  for (int i = 0; i < 6; i++) {
    const var u = mul(w[1], sigmoid(mul(w[0], point[i][0])));
    total = add(total, square(sub(point[i][1], sigmoid(u))));
  }
  return divide(total, 6);
}

/* -y log y^ - (1 - y) log(1 - y^) with y^ = sigmoid(u), in the form that cannot overflow. */
static var entropy(const var *w, size_t n, void *user)
{
  (void)n, (void)user;
  var total = tg_constant(0.0);
  for (int i = 0; i < 6; i++) {
    const var u = mul(w[1], sigmoid(mul(w[0], point[i][0])));
    total = add(total, sub(softplus(u), mul(point[i][1], u)));
  }
  return divide(total, 6);
}

void figure_4_5(size_t steps)
{
  (void)steps;
  tg_function *f;
  must(tg_record(&f, squared, 2, NULL, NULL), "squared loss");
  write_surface("4.5-squared.dat", tg_function_objective(f), -20.0, 20.0, 101);
  tg_function_free(f);
  must(tg_record(&f, entropy, 2, NULL, NULL), "cross entropy");
  write_surface("4.5-entropy.dat", tg_function_objective(f), -20.0, 20.0, 101);
  tg_function_free(f);
}
