/* Finite sums at work: greeks of an Asian option by Monte Carlo beside the plain C price, epochs of a deep
 * net in small batches, and time to a trained model from dense and sparse rows. Run by hand: figures, not
 * tests. Argument: digits.csv, examples/data/digits.csv if none is given. */
#include <math.h>
#include <stdbool.h>
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

/* ---- time to a trained model ----
 * L-BFGS from zero until C - C* <= 1e-6 C*. C* comes from a run to a gradient of 1e-10 (the penalty bounds
 * what is missing by |gradient|^2 / (2 lambda)); the tolerance that reaches the aim is sought, then the run
 * with it timed, the making of the sum included. */

enum { CLASSES = 10 };
#define LAMBDA 1e-4

typedef struct problem {
  const char *name;
  tg_loss_fn loss;
  size_t d;
  tg_data data;
  double target; /* ms */
} problem;

static var penalized(var loss, const var *theta, size_t d)
{
  return add(loss, mul(0.5 * LAMBDA, dot(theta, theta, d)));
}

static var logistic(const var *theta, size_t d, const var *sample, size_t columns, void *user)
{
  (void)user;
  return penalized(softplus(neg(mul(sample[columns - 1], dot(theta, sample, d)))), theta, d);
}

static var multinomial(const var *theta, size_t d, const var *sample, size_t columns, void *user)
{
  var z[CLASSES];
  (void)user;
  affine(theta, NULL, sample, CLASSES, columns - 1, z);
  return penalized(cross_entropy(z, CLASSES, sample[columns - 1]), theta, d);
}

/* Milliseconds from the rows to theta. */
static double solve(const problem *p, bool borrow, double tolerance, double *theta, tg_report *r)
{
  tg_minimize_options o = tg_minimize_defaults();
  tg_data data = p->data;
  data.borrow = borrow;
  o.gradient_tol = tolerance;
  o.accuracy = 0.0;
  for (size_t j = 0; j < p->d; j++) theta[j] = 0;
  const double t = now();
  tg_finite_sum *s = make(p->loss, p->d, data);
  tg_minimize(tg_finite_sum_objective(s), tg_lbfgs(), theta, &o, r);
  const double took = now() - t;
  tg_finite_sum_free(s);
  return took;
}

static void time_gradient(const problem *p, const double *theta)
{
  tg_data data = p->data;
  data.borrow = true;
  tg_finite_sum *s = make(p->loss, p->d, data);
  double *g = memory(p->d, sizeof *g), value, best[2] = {1e300, 1e300};
  for (unsigned threads = 1; threads <= 2; threads++) {
    tg_finite_sum_threads(s, threads);
    for (int i = 0; i < 10; i++) {
      const double t = now();
      tg_finite_sum_gradient(s, theta, NULL, 0, &value, g);
      best[threads - 1] = fmin(best[threads - 1], now() - t);
    }
  }
  printf("%-11s a gradient %.2f ms, two threads %.2f times as fast\n", "", best[0], best[0] / best[1]);
  tg_finite_sum_free(s);
  free(g);
}

static void train(const problem *p)
{
  double *theta = memory(p->d, sizeof *theta), tolerance = 1e-2, took = 1e300, copied = 1e300;
  tg_report best, r;
  solve(p, true, 1e-10, theta, &best);
  for (;; tolerance *= 0.8) {
    solve(p, true, tolerance, theta, &r);
    if (r.value - best.value <= 1e-6 * best.value || tolerance < 1e-9) break;
  }
  for (int i = 0; i < 3; i++) {
    took = fmin(took, solve(p, true, tolerance, theta, &r));
    copied = fmin(copied, solve(p, false, tolerance, theta, &r));
  }
  printf("%-11s C* = %.6f (|gradient| %.0e); tolerance %.1e: C/C* - 1 = %.1e after %zu gradients in %.1f ms "
         "(target %.0f), %.1f with the rows copied\n",
         p->name, best.value, best.gradient_norm, tolerance, r.value / best.value - 1, r.gradients, took,
         p->target, copied);
  time_gradient(p, theta);
  free(theta);
}

/* A label for the scores z of `classes` classes, drawn with their probabilities; two classes: -1 or 1 by
 * z[0]. */
static double drawn(const double *z, size_t classes)
{
  double sum = 0, u = uniform(0, 1);
  if (classes == 2) return u < 1 / (1 + exp(-z[0])) ? 1 : -1;
  for (size_t c = 0; c < classes; c++) sum += exp(z[c]);
  for (size_t c = 0; c + 1 < classes; c++)
    if ((u -= exp(z[c]) / sum) < 0) return (double)c;
  return (double)(classes - 1);
}

static void dense(const char *name, tg_loss_fn loss, size_t n, size_t p, size_t classes, double target)
{
  const size_t rows = classes == 2 ? 1 : classes;
  double *x = memory(n * p, sizeof *x), *label = memory(n, sizeof *label), *w = memory(rows * p, sizeof *w);
  for (size_t j = 0; j < rows * p; j++) w[j] = uniform(-1, 1);
  for (size_t i = 0; i < n; i++) {
    double z[CLASSES] = {0};
    for (size_t j = 0; j < p; j++) x[i * p + j] = uniform(-1, 1);
    for (size_t c = 0; c < rows; c++)
      for (size_t j = 0; j < p; j++) z[c] += w[c * p + j] * x[i * p + j];
    label[i] = drawn(z, classes);
  }
  tg_data data = tg_dense(x, n, p);
  data.label = label;
  train(&(problem){name, loss, rows * p, data, target});
  free(x), free(label), free(w);
}

static void sparse(void)
{
  enum { N = 20000, P = 10000, STORED = 50 };
  size_t *row_start = memory(N + 1, sizeof *row_start), *column = memory((size_t)N * STORED, sizeof *column);
  double *x = memory((size_t)N * STORED, sizeof *x), *label = memory(N, sizeof *label),
         *w = memory(P, sizeof *w);
  for (size_t j = 0; j < P; j++) w[j] = uniform(-1, 1);
  for (size_t i = 0; i < N; i++) {
    double z = 0;
    for (size_t j = 0; j < STORED; j++) {
      column[i * STORED + j] = j * (P / STORED) + (size_t)rand() % (P / STORED);
      x[i * STORED + j] = uniform(-1, 1);
      z += w[column[i * STORED + j]] * x[i * STORED + j];
    }
    row_start[i + 1] = (i + 1) * STORED;
    label[i] = drawn(&z, 2);
  }
  tg_data data = tg_sparse(row_start, column, x, N, P);
  data.label = label;
  train(&(problem){"sparse", logistic, P, data, 90});
  free(row_start), free(column), free(x), free(label), free(w);
}

/* The digits of examples/data: 64 pixels and the label. */
static void digits(const char *path)
{
  enum { N = 1797, P = 64 };
  double *x = memory((size_t)N * (P + 1), sizeof *x), *label = memory(N, sizeof *label);
  FILE *file = fopen(path, "r");
  size_t count = 0;
  if (file != NULL && fscanf(file, "%*[^\n]") == 0)
    while (count < (size_t)N * (P + 1) && fscanf(file, "%lf%*[,]", &x[count]) == 1) count++;
  if (file != NULL) fclose(file);
  if (count == (size_t)N * (P + 1)) {
    for (size_t i = 0; i < N; i++) label[i] = x[i * (P + 1) + P];
    tg_data data = tg_dense(x, N, P);
    data.stride = P + 1;
    data.label = label;
    train(&(problem){"digits", multinomial, CLASSES * P, data, 40});
  } else
    printf("digits      no data at %s\n", path);
  free(x), free(label);
}

int main(int argc, char **argv)
{
  puts(tg_build_info());
  option();
  net();
  digits(argc > 1 ? argv[1] : "examples/data/digits.csv");
  dense("binary", logistic, 100000, 50, 2, 45);
  dense("multinomial", multinomial, 50000, 100, CLASSES, 350);
  sparse();
  return 0;
}
