/* An operation of one's own: the solution of an equation found by iteration.
 *
 * Kepler's equation E - e sin E = M gives the eccentric anomaly E of a planet from the mean anomaly M and the
 * eccentricity e. Recording the iteration would put all its steps on the tape and fix their number; the
 * implicit function theorem gives the derivatives of the solution itself. With D = 1 - e cos E:
 *
 *   dE/dM = 1 / D,   dE/de = sin E / D. */
#include <math.h>
#include <stdio.h>
#include <tapegrad/tapegrad.h>

#include <tapegrad/overload.h>

enum { OBSERVATIONS = 8 };

static double eccentric_anomaly(double mean, double e)
{
  double anomaly = mean + e * sin(mean);
  for (int i = 0; i < 50; i++) {
    const double step = (anomaly - e * sin(anomaly) - mean) / (1 - e * cos(anomaly));
    anomaly -= step;
    if (fabs(step) < 1e-14) break;
  }
  return anomaly;
}

/* x is (M, e) and y is (E). */
static int value(const double *x, size_t n, double *y, size_t m, void *user)
{
  (void)n, (void)m, (void)user;
  y[0] = eccentric_anomaly(x[0], x[1]);
  return 0;
}

static void partials(const double *x, double *d_mean, double *d_e)
{
  const double anomaly = eccentric_anomaly(x[0], x[1]), divisor = 1 - x[1] * cos(anomaly);
  *d_mean = 1 / divisor;
  *d_e = sin(anomaly) / divisor;
}

static int jvp(const double *x, size_t n, const double *v, double *jv, size_t m, void *user)
{
  (void)n, (void)m, (void)user;
  double d_mean, d_e;
  partials(x, &d_mean, &d_e);
  jv[0] = d_mean * v[0] + d_e * v[1];
  return 0;
}

static int vjp(const double *x, size_t n, const double *u, size_t m, double *uj, void *user)
{
  (void)n, (void)m, (void)user;
  double d_mean, d_e;
  partials(x, &d_mean, &d_e);
  uj[0] = u[0] * d_mean;
  uj[1] = u[0] * d_e;
  return 0;
}

/* The change of both partials, times u, when x moves along v. */
static int hvp(const double *x, size_t n, const double *u, size_t m, const double *v, double *hv, void *user)
{
  (void)n, (void)m, (void)user;
  const double e = x[1], anomaly = eccentric_anomaly(x[0], e), s = sin(anomaly), c = cos(anomaly);
  const double divisor = 1 - e * c, moved = (v[0] + s * v[1]) / divisor;
  const double divisor_moved = e * s * moved - c * v[1];
  hv[0] = -u[0] * divisor_moved / (divisor * divisor);
  hv[1] = u[0] * (c * moved * divisor - s * divisor_moved) / (divisor * divisor);
  return 0;
}

static const tg_custom_op kepler = {"kepler", value, jvp, vjp, hvp};

/* Where a planet was seen: time in years, and place in units of the Earth's distance. Simulated, with half
 * axis 1.524, eccentricity 0.2063, period 1.9 years, perihelion at time 0.3, and errors of about 0.001. */
static const double seen[OBSERVATIONS][3] = {
    {0.30, 1.2081, 0.0013},   {0.55, 0.5103, 1.2540},   {0.80, -0.7352, 1.4337},  {1.05, -1.6125, 0.7816},
    {1.30, -1.8226, -0.2047}, {1.55, -1.3341, -1.1078}, {1.80, -0.2489, -1.4911}, {2.05, 0.9315, -0.8597}};

/* Half the sum of squared distances between seen and computed places; orbit = (a, e, period, time at
 * perihelion). */
static var misfit(const var *orbit, size_t n, void *user)
{
  (void)n, (void)user;
  const var a = orbit[0], e = orbit[1], minor = mul(a, sqrt(sub(1, square(e))));
  var sum = constant(0);
  for (int i = 0; i < OBSERVATIONS; i++) {
    var x[2] = {divide(mul(6.283185307179586, sub(seen[i][0], orbit[3])), orbit[2]), e}, anomaly;
    tg_custom(&kepler, x, 2, &anomaly, 1, NULL);
    sum = add(sum, square(sub(mul(a, sub(cos(anomaly), e)), seen[i][1])),
              square(sub(mul(minor, sin(anomaly)), seen[i][2])));
  }
  return mul(0.5, sum);
}

int main(void)
{
  double orbit[] = {1.5, 0.1, 2, 0.2};
  tg_function *f;
  tg_report report;
  tg_check_report check;
  tg_minimize_options options = tg_minimize_defaults();
  options.gradient_tol = 1e-9;

  tg_status s = tg_record(&f, misfit, 4, orbit, NULL);
  if (s == TG_OK) s = tg_check(f, orbit, NULL, &check);
  if (s == TG_OK) s = tg_minimize(tg_function_objective(f), tg_lbfgs(), orbit, &options, &report);
  if (s != TG_OK) fprintf(stderr, "%s\n", f ? tg_function_message(f) : tg_status_string(s));
  tg_function_free(f);
  if (s != TG_OK) return 1;

  printf("gradient and differences agree to %s\n", check.error < 1e-8 ? "1e-8" : "less than they should");
  printf("half axis %.4f, eccentricity %.4f, period %.4f years, perihelion at %.4f\n", orbit[0], orbit[1],
         orbit[2], orbit[3]);
  printf("%s\n", tg_stop_string(report.stop));
  return !(check.error < 1e-8) || !tg_converged(report.stop);
}
