/* Figure 4.1: a convex function with one minimum, and a function with several local extrema, which are found
 * here by L-BFGS on the function and on its negative from a grid of starts. */
#include "chapter.h"

#include <math.h>

#include <tapegrad/overload.h>

static var bowl(const var *theta, size_t n, void *user)
{
  (void)n, (void)user;
  return add(square(theta[0]), square(theta[1]));
}

/* Three hills and three hollows ("peaks"); *sign = -1 turns it over. */
static var peaks(const var *theta, size_t n, void *sign)
{
  (void)n;
  const var x = theta[0], y = theta[1], x2 = square(x), y2 = square(y);
  const var first = mul(3, square(sub(1, x)), exp(neg(add(x2, square(add(y, 1))))));
  const var second = mul(-10, sub(sub(divide(x, 5), pow(x, 3)), pow(y, 5)), exp(neg(add(x2, y2))));
  const var third = mul(-1.0 / 3.0, exp(neg(add(square(add(x, 1)), y2))));
  return mul(tg_live(sign), add(first, second, third));
}

enum { STARTS = 11, ROOM = 16 };

typedef struct extrema {
  double theta[ROOM][2], value[ROOM];
  size_t count;
} extrema;

static bool inside(const double *theta)
{
  return (fabs)(theta[0]) < 2.5 && (fabs)(theta[1]) < 2.5;
}

static void keep(extrema *e, const double *theta, double value)
{
  for (size_t i = 0; i < e->count; i++)
    if ((hypot)(theta[0] - e->theta[i][0], theta[1] - e->theta[i][1]) < 1e-3) return;
  if (e->count == ROOM || !inside(theta)) return;
  e->theta[e->count][0] = theta[0];
  e->theta[e->count][1] = theta[1];
  e->value[e->count++] = value;
}

/* The minima of f that descents from a grid of starts end at. */
static extrema minima(tg_function *f)
{
  extrema e = {.count = 0};
  for (int i = 0; i < STARTS * STARTS; i++) {
    const int row = i / STARTS, column = i % STARTS;
    double theta[2] = {-2.0 + 0.4 * column, -2.0 + 0.4 * row};
    tg_report r;
    must(tg_minimize(tg_function_objective(f), tg_lbfgs(), theta, NULL, &r), "minimising peaks");
    if (r.stop == TG_STOP_GRADIENT) keep(&e, theta, r.value);
  }
  return e;
}

void figure_4_1(size_t steps)
{
  (void)steps;
  double sign = 1.0;
  tg_function *f;
  must(tg_record(&f, bowl, 2, NULL, NULL), "bowl");
  write_surface("4.1-convex.dat", tg_function_objective(f), -2.5, 2.5, 61);
  tg_function_free(f);

  must(tg_record(&f, peaks, 2, NULL, &sign), "peaks");
  write_surface("4.1-nonconvex.dat", tg_function_objective(f), -2.5, 2.5, 81);
  FILE *const out = open_data("4.1-extrema.dat", "theta_1 theta_2 C 1: minimum, -1: maximum");
  for (int turned = 0; turned < 2; turned++) {
    sign = turned ? -1.0 : 1.0;
    const extrema e = minima(f);
    for (size_t i = 0; i < e.count; i++)
      fprintf(out, "%.9g %.9g %.9g %g\n", e.theta[i][0], e.theta[i][1], sign * e.value[i], sign);
  }
  close_data(out);
  tg_function_free(f);
}
