/* The smallest user of the library: the derivative of x sin(x) at 2. */
#include <math.h>
#include <tapegrad/tapegrad.h>

#include <tapegrad/overload.h>

static var f(const var *x, size_t n, void *user)
{
  (void)n, (void)user;
  return mul(x[0], sin(x[0]));
}

int main(void)
{
  const double x = 2;
  double value, slope;
  tg_function *recorded;
  if (tg_record(&recorded, f, 1, &x, NULL) != TG_OK) return 1;
  const tg_status s = tg_gradient(recorded, &x, &value, &slope);
  tg_function_free(recorded);
  return s != TG_OK || fabs(slope - (sin(x) + x * cos(x))) > 1e-15;
}
