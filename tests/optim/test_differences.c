/* Gradients by differences, for objectives that are values alone. */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "tapegrad/optim.h"

enum { N = 3 };

typedef struct calls {
  size_t count, end;
} calls;

/* exp(x0) + sin(x1) x2^2 */
static int smooth(const double *x, double *value, void *user)
{
  calls *c = user;
  *value = exp(x[0]) + sin(x[1]) * x[2] * x[2];
  return ++c->count == c->end;
}

static void truth(const double *x, double *g)
{
  g[0] = exp(x[0]);
  g[1] = cos(x[1]) * x[2] * x[2];
  g[2] = 2.0 * sin(x[1]) * x[2];
}

/* Central differences leave a few cubes of cbrt(eps), forward ones a few sqrt(eps): 4e-11, 1.5e-8. */
Test(differences, come_near_the_gradient_at_the_cost_said)
{
  const double points[][N] = {{0, 0, 0}, {1, 2, -3}, {-2, 5, 30}, {1e-9, -1e-9, 1}};
  for (int forward = 0; forward < 2; forward++)
    for (size_t k = 0; k < sizeof points / sizeof *points; k++) {
      double room[N], g[N], exact[N], value;
      calls c = {0};
      tg_differences d = {.n = N, .value = smooth, .forward = forward, .room = room, .user = &c};
      const tg_objective o = tg_differences_objective(&d);
      cr_assert(o.n == N && o.evaluate(points[k], &value, g, o.user) == 0);
      cr_expect(c.count == (forward ? N + 1 : 2 * N + 1));
      truth(points[k], exact);
      const double size = fmax(fabs(value), 1.0);
      for (int i = 0; i < N; i++)
        cr_expect(fabs(g[i] - exact[i]) <= (forward ? 1e-6 : 1e-8) * fmax(size, fabs(exact[i])),
                  "%d, point %zu, entry %d: %.17g, not %.17g", forward, k, i, g[i], exact[i]);
      c.count = 0;
      cr_expect(o.evaluate(points[k], &value, NULL, o.user) == 0 && c.count == 1);
    }
}

static int rosenbrock(const double *x, double *value, void *user)
{
  (void)user;
  const double a = 1.0 - x[0], b = x[1] - x[0] * x[0];
  *value = a * a + 100.0 * b * b;
  return 0;
}

Test(differences, are_enough_for_lbfgs_on_rosenbrock)
{
  double room[2], x[2] = {-1.2, 1};
  tg_differences d = {.n = 2, .value = rosenbrock, .room = room};
  tg_report r;
  cr_expect(tg_minimize(tg_differences_objective(&d), tg_lbfgs(), x, NULL, &r) == TG_OK);
  cr_expect(tg_converged(r.stop) && fabs(x[0] - 1) <= 1e-5 && fabs(x[1] - 1) <= 1e-5, "%s %g %g",
            tg_stop_string(r.stop), x[0], x[1]);
}

/* x - 2 sqrt(x): 0 at 1, NaN below 0 */
static int half_line(const double *x, double *value, void *user)
{
  (void)user;
  *value = x[0] - 2.0 * sqrt(x[0]);
  return 0;
}

/* At 0 the one-sided quotient is 1 - 2 / sqrt(h). */
Test(differences, take_the_side_that_is_finite)
{
  double room[1], g, value;
  const double zero[1] = {0.0};
  for (int forward = 0; forward < 2; forward++) {
    tg_differences d = {.n = 1, .value = half_line, .forward = forward, .step = 0x1p-20, .room = room};
    const tg_objective o = tg_differences_objective(&d);
    cr_expect(o.evaluate(zero, &value, &g, o.user) == 0 && value == 0.0 && g == 1.0 - 0x1p11, "%g", g);
  }
}

static int never(const double *x, double *value, void *user)
{
  (void)x, (void)user;
  *value = NAN;
  return 0;
}

Test(differences, of_nothing_finite_are_no_number)
{
  double room[1], g = 7, value = 7;
  tg_differences d = {.n = 1, .value = never, .room = room};
  const tg_objective o = tg_differences_objective(&d);
  cr_expect(o.evaluate(&(double){1.0}, &value, &g, o.user) == 0 && isnan(value) && isnan(g));
}

/* A step of cbrt(eps) would be 6000 widths of it. */
static int small(const double *x, double *value, void *user)
{
  (void)user;
  *value = exp(1e9 * x[0]);
  return 0;
}

Test(differences, go_by_the_scale_given)
{
  const double scale[1] = {1e-9}, zero[1] = {0.0};
  double room[1], g, value;
  tg_differences d = {.n = 1, .value = small, .scale = scale, .room = room};
  tg_objective o = tg_differences_objective(&d);
  cr_expect(o.evaluate(zero, &value, &g, o.user) == 0 && fabs(g - 1e9) <= 1e-9 * 1e9, "%g", g);
  d.scale = NULL;
  cr_expect(o.evaluate(zero, &value, &g, o.user) == 0 && !(fabs(g - 1e9) <= 1e-3 * 1e9));
}

Test(differences, hand_on_what_a_callback_answers)
{
  double x[N] = {1, 2, 3}, room[N];
  calls c = {.end = 4};
  tg_differences d = {.n = N, .value = smooth, .room = room, .user = &c};
  tg_report r;
  cr_expect(tg_minimize(tg_differences_objective(&d), tg_lbfgs(), x, NULL, &r) == TG_OK);
  cr_expect(r.stop == TG_STOP_USER && x[0] == 1 && x[2] == 3);
}

static void refused(tg_differences *d)
{
  double x[N] = {0};
  const tg_objective c = tg_differences_objective(d);
  const tg_method m = tg_lbfgs();
  const char *message = "";
  cr_expect(tg_minimize(c, m, x, NULL, NULL) == TG_E_ARGUMENT);
  cr_expect(tg_minimize_check(&c, &m, NULL, &message) == TG_E_ARGUMENT && strstr(message, "differences"),
            "%s", message);
}

Test(differences, without_what_they_need_are_refused_in_words)
{
  double room[N], scale[N] = {1, 0, 1};
  calls c = {0};
  const tg_differences good = {.n = N, .value = smooth, .room = room, .user = &c};
  tg_differences d = good;
  refused(NULL);
  d.value = NULL;
  refused(&d);
  d = good;
  d.room = NULL;
  refused(&d);
  d = good;
  d.step = -1.0;
  refused(&d);
  d.step = NAN;
  refused(&d);
  d = good;
  d.scale = scale;
  refused(&d);
}
