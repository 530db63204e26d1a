#include "hand.h"

#include <math.h>
#include <string.h>

enum { WIDEST = 64 };

static double dot(const double *a, const double *b, size_t n)
{
  double s = 0.0;
#pragma omp simd reduction(+ : s)
  for (size_t i = 0; i < n; i++) s += a[i] * b[i];
  return s;
}

static void axpy(double c, const double *restrict x, double *restrict y, size_t n)
{
#pragma omp simd
  for (size_t i = 0; i < n; i++) y[i] += c * x[i];
}

static void scale(double c, double *x, size_t n)
{
  for (size_t i = 0; i < n; i++) x[i] *= c;
}

double hand_rosenbrock(const double *restrict x, size_t n, double *restrict g)
{
  double s = 0.0;
  const double a0 = x[1] - x[0] * x[0];
  g[0] = -400.0 * a0 * x[0] - 2.0 * (1.0 - x[0]);
#pragma omp simd reduction(+ : s)
  for (size_t i = 1; i < n - 1; i++) { /* each entry from its two terms, so that it vectorises */
    const double before = x[i] - x[i - 1] * x[i - 1], a = x[i + 1] - x[i] * x[i], b = 1.0 - x[i];
    s += 100.0 * a * a + b * b;
    g[i] = 200.0 * before - 400.0 * a * x[i] - 2.0 * b;
  }
  g[n - 1] = 200.0 * (x[n - 1] - x[n - 2] * x[n - 2]);
  return s + 100.0 * a0 * a0 + (1.0 - x[0]) * (1.0 - x[0]);
}

void hand_rosenbrock_hvp(const double *restrict x, size_t n, const double *restrict v, double *restrict hv)
{
  hv[0] = (1200.0 * x[0] * x[0] - 400.0 * x[1] + 2.0) * v[0] - 400.0 * x[0] * v[1];
#pragma omp simd
  for (size_t i = 1; i < n - 1; i++)
    hv[i] = (1200.0 * x[i] * x[i] - 400.0 * x[i + 1] + 202.0) * v[i] - 400.0 * x[i] * v[i + 1] -
            400.0 * x[i - 1] * v[i - 1];
  hv[n - 1] = 200.0 * v[n - 1] - 400.0 * x[n - 2] * v[n - 2];
}

double hand_logistic(const double *theta, const double *x, const double *y, size_t n, size_t p, double *g)
{
  double s = 0.0;
  memset(g, 0, p * sizeof *g);
  for (size_t i = 0; i < n; i++) {
    const double m = y[i] * dot(theta, x + i * p, p), e = exp(-fabs(m));
    s += (m > 0.0 ? 0.0 : -m) + log1p(e);
    axpy(-y[i] * (m > 0.0 ? e : 1.0) / (1.0 + e), x + i * p, g, p);
  }
  scale(1.0 / (double)n, g, p);
  return s / (double)n;
}

void hand_logistic_hvp(const double *theta, const double *x, const double *y, size_t n, size_t p,
                       const double *v, double *hv)
{
  memset(hv, 0, p * sizeof *hv);
  for (size_t i = 0; i < n; i++) {
    const double m = y[i] * dot(theta, x + i * p, p), e = exp(-fabs(m));
    axpy(e / ((1.0 + e) * (1.0 + e)) * dot(v, x + i * p, p), x + i * p, hv, p);
  }
  scale(1.0 / (double)n, hv, p);
}

/* -log softmax(z)[label], and in z its derivative. */
static double cross_entropy(double *z, size_t k, size_t label)
{
  double top = z[0], sum = 0.0;
  for (size_t j = 1; j < k; j++) top = z[j] > top ? z[j] : top;
  const double own = z[label];
  for (size_t j = 0; j < k; j++) sum += z[j] = exp(z[j] - top);
  for (size_t j = 0; j < k; j++) z[j] /= sum;
  z[label] -= 1.0;
  return top - own + log(sum);
}

double hand_multinomial(const double *theta, const double *x, const double *label, size_t n, size_t p,
                        size_t k, double *g)
{
  const double *const b = theta + k * p;
  double s = 0.0, z[WIDEST];
  memset(g, 0, (k * p + k) * sizeof *g);
  for (size_t i = 0; i < n; i++) {
    const double *const row = x + i * p;
    for (size_t j = 0; j < k; j++) z[j] = b[j] + dot(theta + j * p, row, p);
    s += cross_entropy(z, k, (size_t)label[i]);
    for (size_t j = 0; j < k; j++) {
      axpy(z[j], row, g + j * p, p);
      g[k * p + j] += z[j];
    }
  }
  scale(1.0 / (double)n, g, k * p + k);
  return s / (double)n;
}

double hand_net(const double *theta, const double *x, const double *label, size_t n, size_t p, size_t h,
                size_t k, double *g)
{
  const size_t d = h * p + h + k * h + k;
  const double *const b1 = theta + h * p, *const w2 = b1 + h, *const b2 = w2 + k * h;
  double *const gb1 = g + h * p, *const gw2 = gb1 + h, *const gb2 = gw2 + k * h;
  double s = 0.0, a[WIDEST], da[WIDEST], z[WIDEST];
  memset(g, 0, d * sizeof *g);
  for (size_t i = 0; i < n; i++) {
    const double *const row = x + i * p;
    for (size_t j = 0; j < h; j++) a[j] = tanh(b1[j] + dot(theta + j * p, row, p));
    for (size_t j = 0; j < k; j++) z[j] = b2[j] + dot(w2 + j * h, a, h);
    s += cross_entropy(z, k, (size_t)label[i]);
    memset(da, 0, sizeof da);
    for (size_t j = 0; j < k; j++) {
      axpy(z[j], a, gw2 + j * h, h);
      axpy(z[j], w2 + j * h, da, h);
      gb2[j] += z[j];
    }
    for (size_t j = 0; j < h; j++) {
      const double dz = da[j] * (1.0 - a[j] * a[j]);
      axpy(dz, row, g + j * p, p);
      gb1[j] += dz;
    }
  }
  scale(1.0 / (double)n, g, d);
  return s / (double)n;
}

double hand_small(const double *t, double *g)
{
  const double product = t[0] * t[1], e = exp(t[1] + t[2]), s = sin(product), c = cos(product);
  g[0] = c * t[1];
  g[1] = c * t[0] + e;
  g[2] = e - 2.0;
  return s + e - 2.0 * t[2];
}
