/* Maximum likelihood with standard errors: a Weibull distribution fitted to times of remission, some of them
 * censored. The Hessian of the negative log-likelihood at its minimum is the observed information; its
 * inverse estimates the covariance of the parameters. */
#include <math.h>
#include <stdio.h>
#include <tapegrad/tapegrad.h>

#include <tapegrad/overload.h>

/* Weeks in remission of 21 leukaemia patients under 6-mercaptopurine (Freireich and others, Blood 21 (1963))
 * and whether it ended then (1) or was still going on when last seen (0). */
static const double patients[][2] = {{6, 1},  {6, 1},  {6, 1},  {6, 0},  {7, 1},  {9, 0},  {10, 1},
                                     {10, 0}, {11, 0}, {13, 1}, {16, 1}, {17, 0}, {19, 0}, {20, 0},
                                     {22, 1}, {23, 1}, {25, 0}, {32, 0}, {32, 0}, {34, 0}, {35, 0}};
enum { COUNT = sizeof patients / sizeof *patients };

/* The negative log-likelihood of one patient. With shape k and scale l the survival function is exp(-(t/l)^k)
 * and the density k/t (t/l)^k exp(-(t/l)^k). Logarithms of k and l as parameters keep both positive. */
static var loss(const var *theta, size_t d, const var *sample, size_t columns, void *user)
{
  (void)d, (void)columns, (void)user;
  const var log_shape = theta[0], log_scale = theta[1], time = sample[0], ended = sample[1];
  const var z = mul(exp(log_shape), sub(log(time), log_scale)); /* log (t/l)^k */
  const var log_hazard = sub(add(log_shape, z), log(time));
  return sub(exp(z), mul(ended, log_hazard));
}

/* Inverts the 2 x 2 matrix a; false if it is not positive definite. */
static bool invert(const double *a, double *inverse)
{
  const double det = a[0] * a[3] - a[1] * a[2];
  if (!(a[0] > 0 && det > 0)) return false;
  inverse[0] = a[3] / det, inverse[1] = -a[1] / det;
  inverse[2] = -a[2] / det, inverse[3] = a[0] / det;
  return true;
}

/* An estimate of a positive quantity by its logarithm: the interval is symmetric there. */
static void print(const char *name, double log_estimate, double error)
{
  printf("%-6s %8.4f  95%% interval %7.4f to %8.4f  log: %.5f, standard error %.5f\n", name,
         exp(log_estimate), exp(log_estimate - 1.959964 * error), exp(log_estimate + 1.959964 * error),
         log_estimate, error);
}

int main(void)
{
  double theta[] = {0, log(20)}, hessian[4], covariance[4];
  tg_finite_sum *mean;
  tg_report report;
  tg_minimize_options options = tg_minimize_defaults();
  options.gradient_tol = 1e-10;

  tg_status s = tg_finite_sum_new(&mean, loss, 2, tg_dense(*patients, COUNT, 2), NULL);
  if (s == TG_OK) s = tg_minimize(tg_finite_sum_objective(mean), tg_lbfgs(), theta, &options, &report);
  if (s == TG_OK) s = tg_finite_sum_hessian(mean, theta, NULL, 0, hessian);
  if (s != TG_OK) {
    fprintf(stderr, "%s\n", mean ? tg_finite_sum_message(mean) : tg_status_string(s));
    tg_finite_sum_free(mean);
    return 1;
  }
  tg_finite_sum_free(mean);

  /* The finite sum is a mean; the likelihood wants the sum. */
  for (int i = 0; i < 4; i++) hessian[i] *= COUNT;
  if (!tg_converged(report.stop) || !invert(hessian, covariance)) {
    fprintf(stderr, "no maximum found: %s\n", tg_stop_string(report.stop));
    return 1;
  }
  printf("log-likelihood %.4f of %d patients\n", -COUNT * report.value, COUNT);
  print("shape", theta[0], sqrt(covariance[0]));
  print("scale", theta[1], sqrt(covariance[3]));
  printf("correlation of the logarithms %.4f\n", covariance[1] / sqrt(covariance[0] * covariance[3]));
  return 0;
}
