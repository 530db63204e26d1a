#include "nist.h"

#include <math.h>
#include <string.h>

#include "tapegrad/tapegrad.h"

#include "tapegrad/overload.h"

#define MODEL(name) static tg_var name(const tg_var *b, const double *x)

MODEL(misra1a) { return mul(b[0], sub(1.0, exp(neg(mul(b[1], x[0]))))); }
#define boxbod misra1a

MODEL(misra1b) { return mul(b[0], sub(1.0, divide(1.0, square(add(1.0, mul(b[1], 0.5 * x[0])))))); }

MODEL(misra1c) { return mul(b[0], sub(1.0, divide(1.0, sqrt(add(1.0, mul(b[1], 2.0 * x[0])))))); }

MODEL(misra1d)
{
  const tg_var t = mul(b[1], x[0]);
  return divide(mul(b[0], t), add(1.0, t));
}

MODEL(chwirut1) { return divide(exp(neg(mul(b[0], x[0]))), add(b[1], mul(b[2], x[0]))); }
#define chwirut2 chwirut1

MODEL(lanczos1)
{
  const tg_var first = mul(b[0], exp(neg(mul(b[1], x[0])))), second = mul(b[2], exp(neg(mul(b[3], x[0]))));
  return add(first, second, mul(b[4], exp(neg(mul(b[5], x[0])))));
}
#define lanczos2 lanczos1
#define lanczos3 lanczos1

static tg_var peak(const tg_var *b, double x)
{
  return mul(b[0], exp(neg(square(divide(sub(x, b[1]), b[2])))));
}

MODEL(gauss1) { return add(mul(b[0], exp(neg(mul(b[1], x[0])))), peak(b + 2, x[0]), peak(b + 5, x[0])); }
#define gauss2 gauss1
#define gauss3 gauss1

MODEL(danwood) { return mul(b[0], pow(x[0], b[1])); }

MODEL(kirby2)
{
  const double t = x[0];
  return divide(add(b[0], mul(b[1], t), mul(b[2], t * t)), add(1.0, mul(b[3], t), mul(b[4], t * t)));
}

MODEL(hahn1)
{
  const double t = x[0];
  return divide(add(b[0], mul(b[1], t), mul(b[2], t * t), mul(b[3], t * t * t)),
                add(1.0, mul(b[4], t), mul(b[5], t * t), mul(b[6], t * t * t)));
}
#define thurber hahn1

MODEL(nelson) { return sub(b[0], mul(mul(b[1], x[0]), exp(neg(mul(b[2], x[1]))))); }

MODEL(mgh17) { return add(b[0], mul(b[1], exp(neg(mul(b[3], x[0])))), mul(b[2], exp(neg(mul(b[4], x[0]))))); }

static const double pi = 3.14159265358979323846;

MODEL(roszman1) { return sub(sub(b[0], mul(b[1], x[0])), divide(atan(divide(b[2], sub(x[0], b[3]))), pi)); }

static tg_var wave(tg_var period, tg_var a, tg_var b, double x)
{
  const tg_var t = divide(2.0 * pi * x, period);
  return add(mul(a, cos(t)), mul(b, sin(t)));
}

MODEL(enso)
{
  const double t = 2.0 * pi * x[0] / 12.0;
  const tg_var year = add(b[0], mul(b[1], cos(t)), mul(b[2], sin(t)));
  return add(year, wave(b[3], b[4], b[5], x[0]), wave(b[6], b[7], b[8], x[0]));
}

MODEL(mgh09)
{
  const double t = x[0];
  return divide(mul(b[0], add(t * t, mul(t, b[1]))), add(t * t, mul(t, b[2]), b[3]));
}

MODEL(rat42) { return divide(b[0], add(1.0, exp(sub(b[1], mul(b[2], x[0]))))); }

MODEL(mgh10) { return mul(b[0], exp(divide(b[1], add(x[0], b[2])))); }

MODEL(eckerle4) { return mul(divide(b[0], b[1]), exp(mul(-0.5, square(divide(sub(x[0], b[2]), b[1]))))); }

MODEL(rat43) { return divide(b[0], pow(add(1.0, exp(sub(b[1], mul(b[2], x[0])))), divide(1.0, b[3]))); }

MODEL(bennett5) { return mul(b[0], pow(add(b[1], x[0]), divide(-1.0, b[2]))); }

#include "nist.inc"

static void residuals(const tg_var *b, size_t n, tg_var *r, size_t m, void *user)
{
  const nist_problem *p = user;
  const bool two = p->model == nelson;
  (void)n;
  for (size_t i = 0; i < m; i++) {
    const double *row = p->data + i * (two ? 3 : 2);
    r[i] = sub(p->model(b, row + 1), two ? log(row[0]) : row[0]);
  }
}

static tg_var half_squares(const tg_var *b, size_t n, void *user)
{
  const nist_problem *p = user;
  tg_var r[NIST_ROWS];
  residuals(b, n, r, p->m, user);
  return mul(0.5, tg_dot(r, r, p->m));
}

tg_status nist_residuals(tg_function **f, const nist_problem *p)
{
  return tg_record_vector(f, residuals, p->n, p->m, NULL, (void *)(uintptr_t)p);
}

tg_status nist_sum(tg_function **f, const nist_problem *p)
{
  return tg_record(f, half_squares, p->n, NULL, (void *)(uintptr_t)p);
}

double nist_digits(const nist_problem *p, const double *b)
{
  double least = 11.0;
  for (size_t i = 0; i < p->n; i++) {
    const double error = fabs(b[i] - p->certified[i]) / fabs(p->certified[i]);
    least = fmin(least, error > 0.0 ? -log10(error) : 11.0);
    if (isnan(error)) return 0.0;
  }
  return fmax(least, 0.0);
}
