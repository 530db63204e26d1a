/* Figure 4.1: a convex function with one minimum, and a function with several local extrema and saddle
 * points. The extrema are found here by L-BFGS on the function and on its negative, the saddle points by
 * Newton's iteration on the gradient, (4.54), each from a grid of starts. */
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

enum { STARTS = 11, ROOM = 16, STEPS = 50 };

typedef struct points {
  double theta[ROOM][2], value[ROOM];
  size_t count;
} points;

static bool inside(const double *theta) { return (fabs)(theta[0]) < 2.5 && (fabs)(theta[1]) < 2.5; }

static void keep(points *e, const double *theta, double value)
{
  for (size_t i = 0; i < e->count; i++)
    if ((hypot)(theta[0] - e->theta[i][0], theta[1] - e->theta[i][1]) < 1e-3) return;
  if (e->count == ROOM || !inside(theta)) return;
  e->theta[e->count][0] = theta[0];
  e->theta[e->count][1] = theta[1];
  e->value[e->count++] = value;
}

/* The place in the grid of starts. */
static void start(int i, double *theta)
{
  theta[0] = -2.0 + 0.4 * (i % STARTS);
  theta[1] = -2.0 + 0.4 * (i / STARTS);
}

/* The minima of f that descents from a grid of starts end at. */
static points minima(tg_function *f)
{
  points e = {.count = 0};
  for (int i = 0; i < STARTS * STARTS; i++) {
    double theta[2];
    start(i, theta);
    tg_report r;
    must(tg_minimize(tg_function_objective(f), tg_lbfgs(), theta, NULL, &r), "minimising peaks");
    if (tg_converged(r.stop)) keep(&e, theta, r.value);
  }
  return e;
}

/* Newton's iteration goes to whatever stationary point is near. Answers whether it is at a saddle point:
 * eigenvalues of either sign, so a negative determinant. */
static bool newton_to_saddle(tg_function *f, double *theta, double *value)
{
  double g[2], h[4], determinant = 0.0;
  for (int k = 0; k < STEPS && inside(theta); k++) {
    must(tg_hessian(f, theta, value, g, h), "Hessian of peaks");
    determinant = h[0] * h[3] - h[1] * h[2];
    if ((hypot)(g[0], g[1]) < 1e-10) return determinant < 0.0;
    theta[0] -= (h[3] * g[0] - h[1] * g[1]) / determinant;
    theta[1] -= (h[0] * g[1] - h[2] * g[0]) / determinant;
  }
  return false;
}

static points saddles(tg_function *f)
{
  points e = {.count = 0};
  for (int i = 0; i < STARTS * STARTS; i++) {
    double theta[2], value;
    start(i, theta);
    if (newton_to_saddle(f, theta, &value)) keep(&e, theta, value);
  }
  return e;
}

static void write_points(const points *e, double sign, int kind, FILE *out)
{
  for (size_t i = 0; i < e->count; i++)
    fprintf(out, "%.9g %.9g %.9g %d\n", e->theta[i][0], e->theta[i][1], sign * e->value[i], kind);
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
  FILE *const out = open_data("4.1-points.dat", "theta_1 theta_2 C 1: minimum, -1: maximum, 0: saddle point");
  const points low = minima(f), saddle = saddles(f);
  sign = -1.0;
  const points high = minima(f);
  write_points(&low, 1.0, 1, out);
  write_points(&high, -1.0, -1, out);
  write_points(&saddle, 1.0, 0, out);
  close_data(out);
  tg_function_free(f);
}
