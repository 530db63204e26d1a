// Operators, overloads and the standard library side by side; one template for double and var.
#include <algorithm>
#include <cmath>
#include <complex>
#include <functional>
#include <vector>

#include <tapegrad/tapegrad.h>

#include <tapegrad/overload.h>

#if defined tg_exp || defined tg_add || defined square || defined where
#error "no macros in C++"
#endif

template <class T> T loss(const T *x, std::size_t n)
{
  using std::exp;
  T s = 2 * x[0];
  for (std::size_t i = 0; i < n; i++) s += exp(x[i]) - 1 + x[i] / 2;
  s -= 1;
  s *= x[0];
  s /= 2.0f;
  if (s < 2 || 1 >= s || s == 3 || lt(s, 1)) s = -s;
  return +s + pow(x[0], 2) + std::sin(0.5) + fmax(x[0], 1) + add(x[0], 1, 2, x[1]) + fma(x[0], 2, x[1]) +
         dot(x, x, n) + sum(x, n) + pick(x, n, 1) + sigmoid(x[0]) + clamp(x[0], 0, 1) + logsumexp(x, n) +
         where(less(x[0], 1), x[1], 2) + square(x[1]) + lerp(x[0], x[1], x[0]) + neg(x[0]) + mul(x[0], 2) +
         primal(x[0]);
}
template double loss(const double *, std::size_t);
template tg_var loss(const tg_var *, std::size_t);

template <class T> T prefixed(const T *x, std::size_t n)
{
  return tg_add(tg_exp(x[0]), 1, tg_pow(2, x[1]), tg_sum(x, n)) + tg_fma(1, x[0], 2) +
         tg_where(tg_less(x[0], 2), 1, x[1]) + tg_cross_entropy(x, n, 1) + tg_primal(x[0]);
}
template double prefixed(const double *, std::size_t);
template tg_var prefixed(const tg_var *, std::size_t);

// What was there before is still there.
double standard(double x, float f, std::complex<double> z)
{
  return std::sin(x) + sin(x) + std::pow(x, 2) + pow(x, 2) + std::max(x, 2.0) + std::abs(std::exp(z)) +
         std::fmax(f, x) + double(std::exp(f)) + std::clamp(x, 0.0, 1.0);
}

tg_var containers(const std::vector<tg_var> &v)
{
  tg_var s = constant(0);
  std::for_each(v.begin(), v.end(), [&](tg_var x) { s += x * x; });
  return *std::max_element(v.begin(), v.end()) + s;
}
