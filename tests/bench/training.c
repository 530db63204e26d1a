/* Finite sums at work: greeks of an Asian option by Monte Carlo beside the plain C price, epochs of a deep
 * net in small batches, and time to a trained model from dense and sparse rows. Run by hand: figures, not
 * tests. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "tapegrad/tapegrad.h"
#include "tapegrad/overload.h"

static double now(void)
{
  struct timespec t;
  timespec_get(&t, TIME_UTC);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static double uniform(double low, double high)
{
  return low + (high - low) * (rand() + 0.5) / (RAND_MAX + 1.0);
}

static void *memory(size_t n, size_t size)
{
  void *p = calloc(n, size);
  if (p == NULL) exit(1);
  return p;
}

static tg_finite_sum *make(tg_loss_fn loss, size_t d, tg_data data)
{
  tg_finite_sum *s;
  const tg_status made = tg_finite_sum_new(&s, loss, d, data, NULL);
  if (made == TG_OK) return s;
  printf("%s\n", tg_status_string(made));
  exit(1);
}

/* ---- an Asian call, one path a sample: theta is the price, volatility, rate and strike ---- */

enum { STEPS = 252, PATHS = 10000 };

static var asian(const var *theta, size_t d, const var *draw, size_t steps, void *user)
{
  const double dt = 1.0 / STEPS;
  const var drift = mul(sub(theta[2], mul(0.5, square(theta[1]))), dt), volatility = mul(theta[1], sqrt(dt));
  var price = theta[0], total = constant(0);
  (void)d, (void)user;
  for (size_t k = 0; k < steps; k++) {
    price = mul(price, exp(add(drift, mul(volatility, draw[k]))));
    total = add(total, price);
  }
  return mul(exp(neg(theta[2])), relu(sub(divide(total, (double)steps), theta[3])));
}

static double asian_by_hand(const double *theta, const double *draw)
{
  const double dt = 1.0 / STEPS, drift = (theta[2] - 0.5 * theta[1] * theta[1]) * dt,
               volatility = theta[1] * sqrt(dt);
  double sum = 0;
  for (size_t i = 0; i < PATHS; i++) {
    double price = theta[0], total = 0;
    for (size_t k = 0; k < STEPS; k++) {
      price *= exp(drift + volatility * draw[i * STEPS + k]);
      total += price;
    }
    sum += exp(-theta[2]) * fmax(total / STEPS - theta[3], 0);
  }
  return sum / PATHS;
}

static void option(void)
{
  double *draw = memory(PATHS * STEPS, sizeof *draw), best[2] = {1e300, 1e300}, value, greeks[4], price = 0;
  const double theta[4] = {100, 0.2, 0.05, 100};
  for (size_t i = 0; i < PATHS * STEPS; i++)
    draw[i] = sqrt(-2 * log(uniform(0, 1))) * cos(6.283185307179586 * uniform(0, 1));
  tg_finite_sum *s = make(asian, 4, tg_dense(draw, PATHS, STEPS));
  for (int i = 0; i < 8; i++) {
    double t = now();
    tg_finite_sum_gradient(s, theta, NULL, 0, &value, greeks);
    best[0] = fmin(best[0], now() - t);
    t = now();
    price = asian_by_hand(theta, draw);
    best[1] = fmin(best[1], now() - t);
  }
  printf("option     value and greeks %.1f ms, price by hand %.1f ms, ratio %.2f (target 1.50); apart %.1e\n",
         best[0], best[1], best[0] / best[1], fabs(value - price));
  tg_finite_sum_free(s);
  free(draw);
}

/* ---- a net of five layers in batches of ten ---- */

static const size_t layer[] = {64, 200, 100, 60, 30, 10};
enum { LAYERS = 5, SAMPLES = 1000 };

static var deep(const var *theta, size_t d, const var *sample, size_t columns, void *user)
{
  var unit[200], next[200];
  const var *in = sample, *w = theta;
  (void)d, (void)user;
  for (size_t l = 0; l < LAYERS; l++) {
    const size_t n = layer[l], m = layer[l + 1];
    affine(w, w + n * m, in, m, n, next);
    for (size_t i = 0; i < m && l + 1 < LAYERS; i++) unit[i] = tanh(next[i]);
    in = unit;
    w += n * m + m;
  }
  return cross_entropy(next, 10, sample[columns - 1]);
}

static void net(void)
{
  size_t d = 0;
  for (size_t l = 0; l < LAYERS; l++) d += layer[l + 1] * (layer[l] + 1);
  double *x = memory(SAMPLES * 64, sizeof *x), *label = memory(SAMPLES, sizeof *label),
         *theta = memory(d, sizeof *theta), best = 1e300;
  for (size_t i = 0; i < SAMPLES * 64; i++) x[i] = floor(uniform(0, 17)) / 16;
  for (size_t i = 0; i < SAMPLES; i++) label[i] = floor(uniform(0, 10));
  for (size_t i = 0; i < d; i++) theta[i] = uniform(-0.1, 0.1);
  tg_data data = tg_dense(x, SAMPLES, 64);
  data.label = label;
  tg_finite_sum *s = make(deep, d, data);
  tg_fit_options o = tg_fit_defaults();
  o.epochs = 1;
  o.batch = 10;
  for (int i = 0; i < 5; i++) {
    const double t = now();
    tg_fit(tg_finite_sum_objective(s), tg_adam(0.001), theta, &o, NULL);
    best = fmin(best, now() - t);
  }
  printf("deep net   %zu parameters, batch 10, Adam: %.1f ms per epoch of %d (target 40)\n", d, best,
         SAMPLES);
  tg_finite_sum_free(s);
  free(x), free(label), free(theta);
}

/* ---- logistic regression with a penalty, by L-BFGS ---- */

static var logistic(const var *theta, size_t d, const var *sample, size_t columns, void *user)
{
  (void)user;
  return add(softplus(neg(mul(sample[columns - 1], dot(theta, sample, d)))),
             mul(0.5e-4, dot(theta, theta, d)));
}

static void train(const char *name, tg_data data, double tolerance, double target)
{
  double *theta = memory(data.columns, sizeof *theta), *g = memory(data.columns, sizeof *g), value,
         best[2] = {1e300, 1e300};
  tg_minimize_options o = tg_minimize_defaults();
  tg_report r = {.iterations = 0};
  o.gradient_tol = tolerance;
  double t = now();
  tg_finite_sum *s = make(logistic, data.columns, data);
  const tg_status status = tg_minimize(tg_finite_sum_objective(s), tg_lbfgs(), theta, &o, &r);
  const double took = now() - t;
  for (unsigned threads = 1; threads <= 2; threads++) {
    tg_finite_sum_threads(s, threads);
    for (int i = 0; i < 10; i++) {
      t = now();
      tg_finite_sum_gradient(s, theta, NULL, 0, &value, g);
      best[threads - 1] = fmin(best[threads - 1], now() - t);
    }
  }
  printf("%-10s %s after %zu gradients in %.1f ms (target %.0f), |gradient| %.1e; a gradient %.2f ms, with "
         "two threads "
         "%.2f ms\n",
         name, tg_status_string(status), r.gradients, took, target, r.gradient_norm, best[0], best[1]);
  tg_finite_sum_free(s);
  free(theta), free(g);
}

static void dense(void)
{
  enum { N = 100000, P = 50 };
  double *x = memory((size_t)N * P, sizeof *x), *label = memory(N, sizeof *label), w[P];
  for (size_t j = 0; j < P; j++) w[j] = uniform(-1, 1);
  for (size_t i = 0; i < N; i++) {
    double z = 0;
    for (size_t j = 0; j < P; j++) z += w[j] * (x[i * P + j] = uniform(-1, 1));
    label[i] = uniform(0, 1) < 1 / (1 + exp(-z)) ? 1 : -1;
  }
  tg_data data = tg_dense(x, N, P);
  data.label = label;
  train("dense", data, 1e-4, 45);
  free(x), free(label);
}

static void sparse(void)
{
  enum { N = 20000, P = 10000, STORED = 50 };
  size_t *row_start = memory(N + 1, sizeof *row_start), *column = memory((size_t)N * STORED, sizeof *column);
  double *x = memory((size_t)N * STORED, sizeof *x), *label = memory(N, sizeof *label);
  for (size_t i = 0; i < N; i++) {
    for (size_t j = 0; j < STORED; j++) {
      column[i * STORED + j] = j * (P / STORED) + (size_t)rand() % (P / STORED);
      x[i * STORED + j] = uniform(-1, 1);
    }
    row_start[i + 1] = (i + 1) * STORED;
    label[i] = uniform(0, 1) < 0.5 ? 1 : -1;
  }
  tg_data data = tg_sparse(row_start, column, x, N, P);
  data.label = label;
  train("sparse", data, 1e-5, 90);
  free(row_start), free(column), free(x), free(label);
}

int main(void)
{
  puts(tg_build_info());
  option();
  net();
  dense();
  sparse();
  return 0;
}
