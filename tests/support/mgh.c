#include "mgh.h"

#include <stdint.h>
#include <string.h>

#include "tapegrad/operations.h"
#include "tapegrad/overload.h"

/* All functions are residuals f_1 ... f_m of the problem's number in the paper, x[0] being its x_1. */
#define RESIDUALS(name) static void name(const var *x, size_t n, var *f, size_t m, void *user)
#define UNUSED (void)n, (void)m, (void)user

static var power(var x, size_t k)
{
  var p = tg_constant(1.0);
  for (size_t i = 0; i < k; i++) p = mul(p, x);
  return p;
}

static var total(const var *x, size_t n)
{
  var s = tg_constant(0.0);
  for (size_t i = 0; i < n; i++) s = add(s, x[i]);
  return s;
}

/* 1 and 21 */
RESIDUALS(rosenbrock)
{
  UNUSED;
  for (size_t i = 0; i + 1 < n; i += 2) {
    f[i] = mul(10.0, sub(x[i + 1], square(x[i])));
    f[i + 1] = sub(1.0, x[i]);
  }
}

/* 2 */
RESIDUALS(freudenstein_roth)
{
  UNUSED;
  f[0] = add(-13.0, x[0], mul(sub(mul(sub(5.0, x[1]), x[1]), 2.0), x[1]));
  f[1] = add(-29.0, x[0], mul(sub(mul(add(x[1], 1.0), x[1]), 14.0), x[1]));
}

/* 3 */
RESIDUALS(powell_badly_scaled)
{
  UNUSED;
  f[0] = sub(mul(1e4, x[0], x[1]), 1.0);
  f[1] = sub(add(exp(neg(x[0])), exp(neg(x[1]))), 1.0001);
}

/* 4 */
RESIDUALS(brown_badly_scaled)
{
  UNUSED;
  f[0] = sub(x[0], 1e6);
  f[1] = sub(x[1], 2e-6);
  f[2] = sub(mul(x[0], x[1]), 2.0);
}

/* 5 */
RESIDUALS(beale)
{
  UNUSED;
  static const double y[] = {1.5, 2.25, 2.625};
  for (size_t i = 0; i < m; i++) f[i] = sub(y[i], mul(x[0], sub(1.0, power(x[1], i + 1))));
}

/* 6 */
RESIDUALS(jennrich_sampson)
{
  UNUSED;
  for (size_t k = 0; k < m; k++) {
    const double i = (double)(k + 1);
    f[k] = sub(2.0 + 2.0 * i, add(exp(mul(i, x[0])), exp(mul(i, x[1]))));
  }
}

/* 7 */
RESIDUALS(helical_valley)
{
  UNUSED;
  const double turn = 6.28318530717958647693;
  var theta;
  if (gt(x[0], 0.0))
    theta = divide(atan(divide(x[1], x[0])), turn);
  else if (lt(x[0], 0.0))
    theta = add(divide(atan(divide(x[1], x[0])), turn), 0.5);
  else
    theta = mul(0.25, tg_sign(x[1]));
  f[0] = mul(10.0, sub(x[2], mul(10.0, theta)));
  f[1] = mul(10.0, sub(hypot(x[0], x[1]), 1.0));
  f[2] = x[2];
}

/* 8 */
RESIDUALS(bard)
{
  UNUSED;
  static const double y[] = {0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39,
                             0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39};
  for (size_t i = 0; i < m; i++) {
    const double u = (double)(i + 1), v = 15.0 - (double)i, w = u < v ? u : v;
    f[i] = sub(y[i], add(x[0], divide(u, add(mul(v, x[1]), mul(w, x[2])))));
  }
}

/* 9 */
RESIDUALS(gaussian)
{
  UNUSED;
  static const double y[] = {0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989,
                             0.3521, 0.2420, 0.1295, 0.0540, 0.0175, 0.0044, 0.0009};
  for (size_t i = 0; i < m; i++) {
    const double t = 0.5 * (7.0 - (double)i);
    f[i] = sub(mul(x[0], exp(mul(-0.5, x[1], square(sub(t, x[2]))))), y[i]);
  }
}

/* 10 */
RESIDUALS(meyer)
{
  UNUSED;
  static const double y[] = {34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744,
                             8261,  7030,  6005,  5147,  4427,  3820,  3307,  2872};
  for (size_t i = 0; i < m; i++)
    f[i] = sub(mul(x[0], exp(divide(x[1], add(50.0 + 5.0 * (double)i, x[2])))), y[i]);
}

/* 11; |y_i m i x_2| in the paper is a misprint for |y_i - x_2| */
RESIDUALS(gulf)
{
  UNUSED;
  for (size_t i = 0; i < m; i++) {
    const double t = (double)(i + 1) / 100.0, y = 25.0 + pow(-50.0 * log(t), 2.0 / 3.0);
    f[i] = sub(exp(neg(divide(pow(fabs(sub(y, x[1])), x[2]), x[0]))), t);
  }
}

/* 12 */
RESIDUALS(box)
{
  UNUSED;
  for (size_t i = 0; i < m; i++) {
    const double t = 0.1 * (double)(i + 1);
    f[i] = sub(sub(exp(mul(-t, x[0])), exp(mul(-t, x[1]))), mul(x[2], exp(-t) - exp(-10.0 * t)));
  }
}

/* 13 and 22 */
RESIDUALS(powell_singular)
{
  UNUSED;
  for (size_t i = 0; i + 3 < n; i += 4) {
    f[i] = add(x[i], mul(10.0, x[i + 1]));
    f[i + 1] = mul(sqrt(5.0), sub(x[i + 2], x[i + 3]));
    f[i + 2] = square(sub(x[i + 1], mul(2.0, x[i + 2])));
    f[i + 3] = mul(sqrt(10.0), square(sub(x[i], x[i + 3])));
  }
}

/* 14 */
RESIDUALS(wood)
{
  UNUSED;
  f[0] = mul(10.0, sub(x[1], square(x[0])));
  f[1] = sub(1.0, x[0]);
  f[2] = mul(sqrt(90.0), sub(x[3], square(x[2])));
  f[3] = sub(1.0, x[2]);
  f[4] = mul(sqrt(10.0), sub(add(x[1], x[3]), 2.0));
  f[5] = divide(sub(x[1], x[3]), sqrt(10.0));
}

/* 15 */
RESIDUALS(kowalik_osborne)
{
  UNUSED;
  static const double y[] = {0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627,
                             0.0456, 0.0342, 0.0323, 0.0235, 0.0246};
  static const double u[] = {4.0, 2.0, 1.0, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625};
  for (size_t i = 0; i < m; i++) {
    const double uu = u[i] * u[i];
    f[i] = sub(y[i], divide(mul(x[0], add(uu, mul(u[i], x[1]))), add(uu, mul(u[i], x[2]), x[3])));
  }
}

/* 16 */
RESIDUALS(brown_dennis)
{
  UNUSED;
  for (size_t i = 0; i < m; i++) {
    const double t = (double)(i + 1) / 5.0;
    f[i] =
        add(square(sub(add(x[0], mul(t, x[1])), exp(t))), square(sub(add(x[2], mul(x[3], sin(t))), cos(t))));
  }
}

/* 17 */
RESIDUALS(osborne_1)
{
  UNUSED;
  static const double y[] = {0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.850, 0.818, 0.784, 0.751,
                             0.718, 0.685, 0.658, 0.628, 0.603, 0.580, 0.558, 0.538, 0.522, 0.506, 0.490,
                             0.478, 0.467, 0.457, 0.448, 0.438, 0.431, 0.424, 0.420, 0.414, 0.411, 0.406};
  for (size_t i = 0; i < m; i++) {
    const double t = 10.0 * (double)i;
    f[i] = sub(y[i], add(x[0], mul(x[1], exp(mul(-t, x[3]))), mul(x[2], exp(mul(-t, x[4])))));
  }
}

/* 18 */
RESIDUALS(biggs_exp6)
{
  UNUSED;
  for (size_t i = 0; i < m; i++) {
    const double t = 0.1 * (double)(i + 1), y = exp(-t) - 5.0 * exp(-10.0 * t) + 3.0 * exp(-4.0 * t);
    f[i] = sub(
        add(sub(mul(x[2], exp(mul(-t, x[0]))), mul(x[3], exp(mul(-t, x[1])))), mul(x[5], exp(mul(-t, x[4])))),
        y);
  }
}

/* 19 */
RESIDUALS(osborne_2)
{
  UNUSED;
  static const double y[] = {1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746,
                             0.679, 0.608, 0.655, 0.616, 0.606, 0.602, 0.626, 0.651, 0.724, 0.649, 0.649,
                             0.694, 0.644, 0.624, 0.661, 0.612, 0.558, 0.533, 0.495, 0.500, 0.423, 0.395,
                             0.375, 0.372, 0.391, 0.396, 0.405, 0.428, 0.429, 0.523, 0.562, 0.607, 0.653,
                             0.672, 0.708, 0.633, 0.668, 0.645, 0.632, 0.591, 0.559, 0.597, 0.625, 0.739,
                             0.710, 0.729, 0.720, 0.636, 0.581, 0.428, 0.292, 0.162, 0.098, 0.054};
  for (size_t i = 0; i < m; i++) {
    const double t = (double)i / 10.0;
    var sum = mul(x[0], exp(mul(-t, x[4])));
    for (size_t k = 1; k < 4; k++)
      sum = add(sum, mul(x[k], exp(neg(mul(square(sub(t, x[7 + k])), x[4 + k])))));
    f[i] = sub(y[i], sum);
  }
}

/* 20 */
RESIDUALS(watson)
{
  UNUSED;
  for (size_t i = 0; i < 29; i++) {
    const double t = (double)(i + 1) / 29.0;
    var slope = tg_constant(0.0), value = tg_constant(0.0);
    double power_of_t = 1.0;
    for (size_t j = 0; j < n; j++, power_of_t *= t) {
      value = add(value, mul(power_of_t, x[j]));
      if (j + 1 < n) slope = add(slope, mul((double)(j + 1) * power_of_t, x[j + 1]));
    }
    f[i] = sub(sub(slope, square(value)), 1.0);
  }
  f[29] = x[0];
  f[30] = sub(sub(x[1], square(x[0])), 1.0);
}

/* 23 */
RESIDUALS(penalty_1)
{
  UNUSED;
  var s = tg_constant(-0.25);
  for (size_t i = 0; i < n; i++) {
    f[i] = mul(sqrt(1e-5), sub(x[i], 1.0));
    s = add(s, square(x[i]));
  }
  f[n] = s;
}

/* 24 */
RESIDUALS(penalty_2)
{
  UNUSED;
  const double a = sqrt(1e-5);
  var s = tg_constant(-1.0);
  f[0] = sub(x[0], 0.2);
  for (size_t i = 1; i < n; i++) {
    const double y = exp((double)(i + 1) / 10.0) + exp((double)i / 10.0);
    f[i] = mul(a, sub(add(exp(divide(x[i], 10.0)), exp(divide(x[i - 1], 10.0))), y));
    f[n + i - 1] = mul(a, sub(exp(divide(x[i], 10.0)), exp(-0.1)));
  }
  for (size_t j = 0; j < n; j++) s = add(s, mul((double)(n - j), square(x[j])));
  f[2 * n - 1] = s;
}

/* 25 */
RESIDUALS(variably_dimensioned)
{
  UNUSED;
  var s = tg_constant(0.0);
  for (size_t i = 0; i < n; i++) {
    f[i] = sub(x[i], 1.0);
    s = add(s, mul((double)(i + 1), f[i]));
  }
  f[n] = s;
  f[n + 1] = square(s);
}

/* 26 */
RESIDUALS(trigonometric)
{
  UNUSED;
  var s = tg_constant((double)n);
  for (size_t j = 0; j < n; j++) s = sub(s, cos(x[j]));
  for (size_t i = 0; i < n; i++) f[i] = sub(add(s, mul((double)(i + 1), sub(1.0, cos(x[i])))), sin(x[i]));
}

/* 27 */
RESIDUALS(brown_almost_linear)
{
  UNUSED;
  const var s = total(x, n);
  var product = tg_constant(1.0);
  for (size_t i = 0; i < n; i++) {
    f[i] = sub(add(x[i], s), (double)(n + 1));
    product = mul(product, x[i]);
  }
  f[n - 1] = sub(product, 1.0);
}

/* 28 */
RESIDUALS(boundary_value)
{
  UNUSED;
  const double h = 1.0 / (double)(n + 1);
  for (size_t i = 0; i < n; i++) {
    const double t = (double)(i + 1) * h;
    var sum = add(mul(2.0, x[i]), mul(0.5 * h * h, power(add(x[i], t + 1.0), 3)));
    if (i > 0) sum = sub(sum, x[i - 1]);
    if (i + 1 < n) sum = sub(sum, x[i + 1]);
    f[i] = sum;
  }
}

/* 29 */
RESIDUALS(integral_equation)
{
  UNUSED;
  const double h = 1.0 / (double)(n + 1);
  for (size_t i = 0; i < n; i++) {
    const double t = (double)(i + 1) * h;
    var before = tg_constant(0.0), after = tg_constant(0.0);
    for (size_t j = 0; j < n; j++) {
      const double u = (double)(j + 1) * h;
      const var cube = power(add(x[j], u + 1.0), 3);
      if (j <= i)
        before = add(before, mul(u, cube));
      else
        after = add(after, mul(1.0 - u, cube));
    }
    f[i] = add(x[i], mul(0.5 * h, add(mul(1.0 - t, before), mul(t, after))));
  }
}

/* 30 */
RESIDUALS(broyden_tridiagonal)
{
  UNUSED;
  for (size_t i = 0; i < n; i++) {
    var sum = add(mul(sub(3.0, mul(2.0, x[i])), x[i]), 1.0);
    if (i > 0) sum = sub(sum, x[i - 1]);
    if (i + 1 < n) sum = sub(sum, mul(2.0, x[i + 1]));
    f[i] = sum;
  }
}

/* 31 */
RESIDUALS(broyden_banded)
{
  UNUSED;
  for (size_t i = 0; i < n; i++) {
    var sum = add(mul(x[i], add(2.0, mul(5.0, square(x[i])))), 1.0);
    for (size_t j = i > 5 ? i - 5 : 0; j < n && j <= i + 1; j++)
      if (j != i) sum = sub(sum, mul(x[j], add(1.0, x[j])));
    f[i] = sum;
  }
}

/* 32 */
RESIDUALS(linear_full_rank)
{
  UNUSED;
  const var s = mul(2.0 / (double)m, total(x, n));
  for (size_t i = 0; i < m; i++) f[i] = i < n ? sub(sub(x[i], s), 1.0) : sub(neg(s), 1.0);
}

static var weighted(const var *x, size_t from, size_t to)
{
  var s = tg_constant(0.0);
  for (size_t j = from; j < to; j++) s = add(s, mul((double)(j + 1), x[j]));
  return s;
}

/* 33 */
RESIDUALS(linear_rank_one)
{
  UNUSED;
  const var s = weighted(x, 0, n);
  for (size_t i = 0; i < m; i++) f[i] = sub(mul((double)(i + 1), s), 1.0);
}

/* 34 */
RESIDUALS(linear_rank_one_with_zeros)
{
  UNUSED;
  const var s = weighted(x, 1, n - 1);
  for (size_t i = 0; i < m; i++)
    f[i] = i == 0 || i == m - 1 ? tg_constant(-1.0) : sub(mul((double)i, s), 1.0);
}

/* 35; T_i are the Chebyshev polynomials shifted to [0, 1] */
RESIDUALS(chebyquad)
{
  UNUSED;
  for (size_t i = 0; i < m; i++) f[i] = tg_constant(i % 2 ? 1.0 / ((double)((i + 1) * (i + 1)) - 1.0) : 0.0);
  for (size_t j = 0; j < n; j++) {
    const var y = sub(mul(2.0, x[j]), 1.0);
    var before = tg_constant(1.0), now = y;
    for (size_t i = 0; i < m; i++) {
      f[i] = add(f[i], divide(now, (double)n));
      const var next = sub(mul(2.0, y, now), before);
      before = now;
      now = next;
    }
  }
}

/* ---- starts ---- */

#define START(name, ...)                                                                                     \
  static void name##_start(double *x, size_t n)                                                              \
  {                                                                                                          \
    static const double start[] = {__VA_ARGS__};                                                             \
    for (size_t i = 0; i < n; i++) x[i] = start[i % (sizeof start / sizeof *start)];                         \
  }
START(rosenbrock, -1.2, 1.0)
START(freudenstein_roth, 0.5, -2.0)
START(powell_badly_scaled, 0.0, 1.0)
START(ones, 1.0)
START(jennrich_sampson, 0.3, 0.4)
START(helical_valley, -1.0, 0.0, 0.0)
START(gaussian, 0.4, 1.0, 0.0)
START(meyer, 0.02, 4000.0, 250.0)
START(gulf, 5.0, 2.5, 0.15)
START(box, 0.0, 10.0, 20.0)
START(powell_singular, 3.0, -1.0, 0.0, 1.0)
START(wood, -3.0, -1.0)
START(kowalik_osborne, 0.25, 0.39, 0.415, 0.39)
START(brown_dennis, 25.0, 5.0, -5.0, -1.0)
START(osborne_1, 0.5, 1.5, -1.0, 0.01, 0.02)
START(biggs_exp6, 1.0, 2.0, 1.0, 1.0, 1.0, 1.0)
START(osborne_2, 1.3, 0.65, 0.65, 0.7, 0.6, 3.0, 5.0, 7.0, 2.0, 4.5, 5.5)
START(zeros, 0.0)
START(halves, 0.5)
START(minus_ones, -1.0)
#undef START

/* A start by a formula in n and j = 1 ... n */
#define FORMULA(name, formula)                                                                               \
  static void name##_start(double *x, size_t count)                                                          \
  {                                                                                                          \
    const double n = (double)count;                                                                          \
    for (size_t i = 0; i < count; i++) {                                                                     \
      const double j = (double)(i + 1);                                                                      \
      x[i] = formula + 0.0 * n;                                                                              \
    }                                                                                                        \
  }
FORMULA(penalty_1, j)
FORMULA(variably_dimensioned, 1.0 - j / n)
FORMULA(trigonometric, 1.0 / n + 0.0 * j)
FORMULA(boundary_value, j / (n + 1.0) * (j / (n + 1.0) - 1.0))
FORMULA(chebyquad, j / (n + 1.0))
#undef FORMULA

/* Minima beyond six digits were computed to convergence by methods that agree; the first six are those of the
 * paper. The lower one of problem 35, n = 10, is not in the paper. */
#define ROW(name, n, m, f, start, ...)                                                                       \
  {                                                                                                          \
    name, n, m, f, start##_start, {__VA_ARGS__}, sizeof((double[]){__VA_ARGS__}) / sizeof(double)            \
  }
const mgh_problem mgh_table[MGH_COUNT] = {
    ROW("1 Rosenbrock", 2, 2, rosenbrock, rosenbrock, 0.0),
    ROW("2 Freudenstein and Roth", 2, 2, freudenstein_roth, freudenstein_roth, 0.0, 48.9842536792400),
    ROW("3 Powell badly scaled", 2, 2, powell_badly_scaled, powell_badly_scaled, 0.0),
    ROW("4 Brown badly scaled", 2, 3, brown_badly_scaled, ones, 0.0),
    ROW("5 Beale", 2, 3, beale, ones, 0.0),
    ROW("6 Jennrich and Sampson", 2, 10, jennrich_sampson, jennrich_sampson, 124.362182355615),
    ROW("7 Helical valley", 3, 3, helical_valley, helical_valley, 0.0),
    ROW("8 Bard", 3, 15, bard, ones, 8.21487730657897e-3, 17.4286),
    ROW("9 Gaussian", 3, 15, gaussian, gaussian, 1.12793276961873e-8),
    ROW("10 Meyer", 3, 16, meyer, meyer, 87.9458551705600),
    ROW("11 Gulf research", 3, 99, gulf, gulf, 0.0),
    ROW("12 Box", 3, 10, box, box, 0.0),
    ROW("13 Powell singular", 4, 4, powell_singular, powell_singular, 0.0),
    ROW("14 Wood", 4, 6, wood, wood, 0.0),
    ROW("15 Kowalik and Osborne", 4, 11, kowalik_osborne, kowalik_osborne, 3.07505603849237e-4, 1.02734e-3),
    ROW("16 Brown and Dennis", 4, 20, brown_dennis, brown_dennis, 85822.2016263563),
    ROW("17 Osborne 1", 5, 33, osborne_1, osborne_1, 5.46489469748251e-5),
    ROW("18 Biggs EXP6", 6, 13, biggs_exp6, biggs_exp6, 0.0, 5.65564992549992e-3),
    ROW("19 Osborne 2", 11, 65, osborne_2, osborne_2, 4.01377362935477e-2),
    ROW("20 Watson", 6, 31, watson, zeros, 2.28767005355239e-3),
    ROW("20 Watson", 9, 31, watson, zeros, 1.39976013809743e-6),
    ROW("20 Watson", 12, 31, watson, zeros, 4.72238e-10),
    ROW("21 Extended Rosenbrock", 10, 10, rosenbrock, rosenbrock, 0.0),
    ROW("21 Extended Rosenbrock", 100, 100, rosenbrock, rosenbrock, 0.0),
    ROW("22 Extended Powell singular", 12, 12, powell_singular, powell_singular, 0.0),
    ROW("22 Extended Powell singular", 100, 100, powell_singular, powell_singular, 0.0),
    ROW("23 Penalty I", 4, 5, penalty_1, penalty_1, 2.24997750089994e-5),
    ROW("23 Penalty I", 10, 11, penalty_1, penalty_1, 7.08765146709037e-5),
    ROW("24 Penalty II", 4, 8, penalty_2, halves, 9.37629300735544e-6),
    ROW("24 Penalty II", 10, 20, penalty_2, halves, 2.93660537456746e-4),
    ROW("25 Variably dimensioned", 10, 12, variably_dimensioned, variably_dimensioned, 0.0),
    ROW("26 Trigonometric", 10, 10, trigonometric, trigonometric, 0.0, 2.79505612187756e-5),
    ROW("27 Brown almost linear", 10, 10, brown_almost_linear, halves, 0.0, 1.0),
    ROW("27 Brown almost linear", 40, 40, brown_almost_linear, halves, 0.0, 1.0),
    ROW("28 Boundary value", 10, 10, boundary_value, boundary_value, 0.0),
    ROW("29 Integral equation", 10, 10, integral_equation, boundary_value, 0.0),
    ROW("30 Broyden tridiagonal", 10, 10, broyden_tridiagonal, minus_ones, 0.0),
    ROW("31 Broyden banded", 10, 10, broyden_banded, minus_ones, 0.0),
    ROW("32 Linear, full rank", 5, 10, linear_full_rank, ones, 5.0),
    ROW("32 Linear, full rank", 5, 50, linear_full_rank, ones, 45.0),
    ROW("33 Linear, rank 1", 5, 10, linear_rank_one, ones, 90.0 / 42.0),
    ROW("34 Linear, rank 1, zeros", 5, 10, linear_rank_one_with_zeros, ones, 124.0 / 34.0),
    ROW("35 Chebyquad", 8, 8, chebyquad, chebyquad, 3.51687372567792e-3),
    ROW("35 Chebyquad", 9, 9, chebyquad, chebyquad, 0.0),
    ROW("35 Chebyquad", 10, 10, chebyquad, chebyquad, 4.77271e-3, 6.50395480088229e-3),
};

/* ---- objectives ---- */

static var sum_of_squares(const var *x, size_t n, void *user)
{
  const mgh_problem *p = user;
  var r[MGH_MOST], s = tg_constant(0.0);
  p->residuals(x, n, r, p->m, NULL);
  for (size_t i = 0; i < p->m; i++) s = add(s, square(r[i]));
  return s;
}

tg_status mgh_open(mgh_probe *p, const mgh_problem *problem)
{
  *p = (mgh_probe){.problem = problem, .best = (INFINITY)};
  tg_status s = tg_record(&p->sum, sum_of_squares, problem->n, NULL, (void *)(uintptr_t)problem);
  if (s == TG_OK) s = tg_record_vector(&p->vector, problem->residuals, problem->n, problem->m, NULL, NULL);
  return s;
}

void mgh_close(mgh_probe *p)
{
  tg_function_free(p->sum);
  tg_function_free(p->vector);
}

static bool is_flat(const mgh_probe *p, const double *x)
{
  double g[MGH_MOST], square = 0.0;
  if (tg_gradient(p->sum, x, NULL, g) != TG_OK) return false;
  for (size_t i = 0; i < p->problem->n; i++) square += g[i] * g[i];
  return square <= 1e-12;
}

/* Counts a point, once when it is asked for several things in a row. */
static void see(mgh_probe *p, const double *x, double f)
{
  const mgh_problem *problem = p->problem;
  if (p->points > 0 && memcmp(p->last, x, problem->n * sizeof *x) == 0) return;
  memcpy(p->last, x, problem->n * sizeof *x);
  p->points++;
  if (f < p->best) p->best = f;
  if (p->by_gradient) {
    if (p->solved_at == 0 && is_flat(p, x)) p->solved_at = p->points;
    return;
  }
  for (size_t k = 0; k < problem->known && p->solved_at == 0; k++) {
    const double wanted = problem->minima[k], error = f - wanted;
    /* Above the lowest minimum only what is close from above or below is that minimum. */
    if (error <= 1e-8 * (1.0 + wanted) && (k == 0 || error >= -1e-8 * (1.0 + wanted)))
      p->solved_at = p->points;
  }
}

static int evaluate(const double *x, double *value, double *gradient, void *user)
{
  mgh_probe *p = user;
  double f;
  const tg_status s = tg_gradient(p->sum, x, &f, gradient);
  if (s != TG_OK) return s;
  see(p, x, f);
  if (value) *value = f;
  return 0;
}

static int product(const double *x, const double *v, double *hv, void *user)
{
  return tg_hvp(((mgh_probe *)user)->sum, x, v, NULL, hv);
}

static int hessian(const double *x, double *h, void *user)
{
  return tg_hessian(((mgh_probe *)user)->sum, x, NULL, NULL, h);
}

tg_objective mgh_objective(mgh_probe *p)
{
  return (tg_objective){
      .n = p->problem->n, .evaluate = evaluate, .hvp = product, .hessian = hessian, .user = p};
}

static int residual(const double *x, double *r, double *jacobian, void *user)
{
  mgh_probe *p = user;
  double y[MGH_MOST], f = 0.0;
  const tg_status s = jacobian ? tg_jacobian(p->vector, x, y, jacobian) : tg_value(p->vector, x, y);
  if (s != TG_OK) return s;
  for (size_t i = 0; i < p->problem->m; i++) f += y[i] * y[i];
  see(p, x, f);
  if (r) memcpy(r, y, p->problem->m * sizeof *r);
  return 0;
}

static int half(const double *x, double *value, double *gradient, void *user)
{
  const int s = evaluate(x, value, gradient, user);
  if (s != 0) return s;
  if (value) *value = 0.5 * *value;
  for (size_t i = 0; gradient && i < ((mgh_probe *)user)->problem->n; i++) gradient[i] = 0.5 * gradient[i];
  return 0;
}

tg_objective mgh_residuals(mgh_probe *p)
{
  return (tg_objective){
      .n = p->problem->n, .residuals = p->problem->m, .evaluate = half, .residual = residual, .user = p};
}
