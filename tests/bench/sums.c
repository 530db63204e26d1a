/* Finite sums against hand-written loops for value and gradient (W2 to W5) and the Hessian-vector product of
 * W2, in one run: both ways are timed in turn, and the smallest time of each counts. The loops are compiled
 * for this machine with contraction on; the gradients must agree. Arguments: repeats (default 40). */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "tapegrad/tapegrad.h"
#include "tapegrad/overload.h"

typedef struct workload {
  const char *name;
  size_t d, rows, columns, classes; /* columns without the label */
  tg_loss_fn loss;
  void (*by_hand)(const struct workload *w, const double *theta, double *value, double *gradient);
  void (*hvp_by_hand)(const struct workload *w, const double *theta, const double *v, double *hv);
  double target;
  double *x, *label;
} workload;

static double now(void)
{
  struct timespec t;
  timespec_get(&t, TIME_UTC);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

/* ---- W2: logistic regression ---- */

static var logistic(const var *theta, size_t d, const var *sample, size_t columns, void *user)
{
  var margin = mul(sample[columns - 1], dot(theta, sample, d));
  (void)user;
  return softplus(neg(margin));
}

static void logistic_by_hand(const workload *w, const double *theta, double *value, double *gradient)
{
  const size_t p = w->columns;
  double total = 0;
  memset(gradient, 0, p * sizeof *gradient);
  for (size_t i = 0; i < w->rows; i++) {
    const double *x = w->x + i * p;
    double z = 0;
#pragma omp simd reduction(+ : z)
    for (size_t j = 0; j < p; j++) z += theta[j] * x[j];
    const double m = w->label[i] * z, e = exp(-fabs(m));
    total += (m < 0 ? -m : 0) + log1p(e);
    const double s = -w->label[i] * (m < 0 ? 1 : e) / (1 + e);
    for (size_t j = 0; j < p; j++) gradient[j] += s * x[j];
  }
  *value = total / (double)w->rows;
  for (size_t j = 0; j < p; j++) gradient[j] /= (double)w->rows;
}

static void logistic_hvp_by_hand(const workload *w, const double *theta, const double *v, double *hv)
{
  const size_t p = w->columns;
  memset(hv, 0, p * sizeof *hv);
  for (size_t i = 0; i < w->rows; i++) {
    const double *x = w->x + i * p;
    double z = 0, zv = 0;
#pragma omp simd reduction(+ : z, zv)
    for (size_t j = 0; j < p; j++) z += theta[j] * x[j], zv += v[j] * x[j];
    const double e = exp(-fabs(z)), s = e / ((1 + e) * (1 + e)) * zv;
    for (size_t j = 0; j < p; j++) hv[j] += s * x[j];
  }
  for (size_t j = 0; j < p; j++) hv[j] /= (double)w->rows;
}

/* ---- W3: multinomial regression ---- */

static var multinomial(const var *theta, size_t d, const var *sample, size_t columns, void *user)
{
  const workload *w = user;
  var z[16];
  (void)d;
  affine(theta, NULL, sample, w->classes, columns - 1, z);
  return cross_entropy(z, w->classes, sample[columns - 1]);
}

static void softmax_by_hand(double *z, size_t k, size_t label, double *value)
{
  double m = z[0], s = 0;
  for (size_t c = 1; c < k; c++) m = z[c] > m ? z[c] : m;
  const double at = z[label];
  for (size_t c = 0; c < k; c++) z[c] = exp(z[c] - m), s += z[c];
  *value += m + log(s) - at;
  for (size_t c = 0; c < k; c++) z[c] /= s;
  z[label] -= 1;
}

static void multinomial_by_hand(const workload *w, const double *theta, double *value, double *gradient)
{
  const size_t p = w->columns, k = w->classes;
  double total = 0, z[16];
  memset(gradient, 0, w->d * sizeof *gradient);
  for (size_t i = 0; i < w->rows; i++) {
    const double *x = w->x + i * p;
    for (size_t c = 0; c < k; c++) {
      double s = 0;
#pragma omp simd reduction(+ : s)
      for (size_t j = 0; j < p; j++) s += theta[c * p + j] * x[j];
      z[c] = s;
    }
    softmax_by_hand(z, k, (size_t)w->label[i], &total);
    for (size_t c = 0; c < k; c++)
      for (size_t j = 0; j < p; j++) gradient[c * p + j] += z[c] * x[j];
  }
  *value = total / (double)w->rows;
  for (size_t j = 0; j < w->d; j++) gradient[j] /= (double)w->rows;
}

/* ---- W5: a network with one hidden layer ---- */

enum { HIDDEN = 32 };

static var network(const var *theta, size_t d, const var *sample, size_t columns, void *user)
{
  const workload *w = user;
  const size_t p = columns - 1, k = w->classes;
  const var *w1 = theta, *b1 = w1 + HIDDEN * p, *w2 = b1 + HIDDEN, *b2 = w2 + k * HIDDEN;
  var h[HIDDEN], z[16];
  (void)d;
  affine(w1, b1, sample, HIDDEN, p, h);
  for (size_t i = 0; i < HIDDEN; i++) h[i] = tanh(h[i]);
  affine(w2, b2, h, k, HIDDEN, z);
  return cross_entropy(z, k, sample[columns - 1]);
}

static void network_by_hand(const workload *w, const double *theta, double *value, double *gradient)
{
  const size_t p = w->columns, k = w->classes;
  const double *w1 = theta, *b1 = w1 + HIDDEN * p, *w2 = b1 + HIDDEN, *b2 = w2 + k * HIDDEN;
  double *g1 = gradient, *gb1 = g1 + HIDDEN * p, *g2 = gb1 + HIDDEN, *gb2 = g2 + k * HIDDEN;
  double total = 0, h[HIDDEN], u[HIDDEN], z[16];
  memset(gradient, 0, w->d * sizeof *gradient);
  for (size_t i = 0; i < w->rows; i++) {
    const double *x = w->x + i * p;
    for (size_t a = 0; a < HIDDEN; a++) {
      double s = b1[a];
#pragma omp simd reduction(+ : s)
      for (size_t j = 0; j < p; j++) s += w1[a * p + j] * x[j];
      h[a] = tanh(s);
      u[a] = 0;
    }
    for (size_t c = 0; c < k; c++) {
      double s = b2[c];
#pragma omp simd reduction(+ : s)
      for (size_t a = 0; a < HIDDEN; a++) s += w2[c * HIDDEN + a] * h[a];
      z[c] = s;
    }
    softmax_by_hand(z, k, (size_t)w->label[i], &total);
    for (size_t c = 0; c < k; c++) {
      gb2[c] += z[c];
      for (size_t a = 0; a < HIDDEN; a++)
        g2[c * HIDDEN + a] += z[c] * h[a], u[a] += z[c] * w2[c * HIDDEN + a];
    }
    for (size_t a = 0; a < HIDDEN; a++) {
      const double s = u[a] * (1 - h[a] * h[a]);
      gb1[a] += s;
      for (size_t j = 0; j < p; j++) g1[a * p + j] += s * x[j];
    }
  }
  *value = total / (double)w->rows;
  for (size_t j = 0; j < w->d; j++) gradient[j] /= (double)w->rows;
}

/* ---- W4: a mixture of Gaussians as in ADBench (Srajer, Kukelova, Fitzgibbon 2018), prior included ----
 * theta: K logits of the weights, K means, K times the logarithms of the diagonal and the strict lower
 * triangle, row by row, of the inverse Cholesky factor. */

enum { GMM_MOST = 16 };
static const double wishart_gamma = 1.0;

static var mixture(const var *theta, size_t d, const var *x, size_t columns, void *user)
{
  const workload *w = user;
  const size_t p = columns, k = w->classes, lower = p * (p - 1) / 2;
  const var *alpha = theta, *mean = alpha + k, *factor = mean + k * p;
  var term[32], prior = constant(0);
  (void)d;
  for (size_t c = 0; c < k; c++) {
    const var *log_diagonal = factor + c * (p + lower), *row = log_diagonal + p;
    var centred[GMM_MOST], square_sum = constant(0), log_det = sum(log_diagonal, p);
    for (size_t i = 0; i < p; i++) centred[i] = sub(x[i], mean[c * p + i]);
    for (size_t i = 0; i < p; i++) {
      var y = mul(exp(log_diagonal[i]), centred[i]);
      for (size_t j = 0; j < i; j++) y = add(y, mul(*row++, centred[j]));
      square_sum = add(square_sum, square(y));
    }
    term[c] = sub(add(alpha[c], log_det), mul(0.5, square_sum));
    row = log_diagonal + p;
    for (size_t i = 0; i < p; i++) prior = add(prior, square(exp(log_diagonal[i])));
    for (size_t i = 0; i < lower; i++) prior = add(prior, square(row[i]));
  }
  prior = mul(0.5 * wishart_gamma * wishart_gamma / (double)w->rows, prior);
  return add(sub(logsumexp(alpha, k), logsumexp(term, k)), prior);
}

static void mixture_by_hand(const workload *w, const double *theta, double *value, double *gradient)
{
  const size_t p = w->columns, k = w->classes, lower = p * (p - 1) / 2, size = p + lower;
  const double *alpha = theta, *mean = alpha + k, *factor = mean + k * p;
  double *alpha_bar = gradient, *mean_bar = alpha_bar + k, *factor_bar = mean_bar + k * p;
  double y[32][GMM_MOST], centred[32][GMM_MOST], diagonal[32][GMM_MOST], log_det[32], term[32], total = 0,
                                                                                                prior = 0;
  memset(gradient, 0, w->d * sizeof *gradient);
  for (size_t c = 0; c < k; c++) {
    log_det[c] = 0;
    for (size_t i = 0; i < p; i++)
      diagonal[c][i] = exp(factor[c * size + i]), log_det[c] += factor[c * size + i];
  }
  for (size_t n = 0; n < w->rows; n++) {
    const double *x = w->x + n * p;
    double m = -INFINITY, s = 0;
    for (size_t c = 0; c < k; c++) {
      const double *row = factor + c * size + p;
      double square_sum = 0;
      for (size_t i = 0; i < p; i++) centred[c][i] = x[i] - mean[c * p + i];
      for (size_t i = 0; i < p; i++) {
        double v = diagonal[c][i] * centred[c][i];
        for (size_t j = 0; j < i; j++) v += *row++ * centred[c][j];
        y[c][i] = v;
        square_sum += v * v;
      }
      term[c] = alpha[c] + log_det[c] - 0.5 * square_sum;
      m = term[c] > m ? term[c] : m;
    }
    for (size_t c = 0; c < k; c++) term[c] = exp(term[c] - m), s += term[c];
    total -= m + log(s);
    for (size_t c = 0; c < k; c++) {
      const double r = -term[c] / s;
      const double *row = factor + c * size + p;
      double *row_bar = factor_bar + c * size + p, back[GMM_MOST] = {0};
      alpha_bar[c] += r;
      for (size_t i = 0; i < p; i++) {
        const double u = -r * y[c][i];
        factor_bar[c * size + i] += r + u * centred[c][i] * diagonal[c][i];
        back[i] += u * diagonal[c][i];
        for (size_t j = 0; j < i; j++) row_bar[j] += u * centred[c][j], back[j] += u * row[j];
        row += i, row_bar += i;
      }
      for (size_t i = 0; i < p; i++) mean_bar[c * p + i] -= back[i];
    }
  }
  double m = alpha[0], s = 0;
  for (size_t c = 1; c < k; c++) m = alpha[c] > m ? alpha[c] : m;
  for (size_t c = 0; c < k; c++) s += exp(alpha[c] - m);
  for (size_t c = 0; c < k; c++) alpha_bar[c] += (double)w->rows * exp(alpha[c] - m) / s;
  for (size_t c = 0; c < k; c++) {
    const double g = wishart_gamma * wishart_gamma;
    for (size_t i = 0; i < p; i++) {
      prior += 0.5 * g * diagonal[c][i] * diagonal[c][i];
      factor_bar[c * size + i] += g * diagonal[c][i] * diagonal[c][i];
    }
    for (size_t i = p; i < size; i++) {
      prior += 0.5 * g * factor[c * size + i] * factor[c * size + i];
      factor_bar[c * size + i] += g * factor[c * size + i];
    }
  }
  *value = total / (double)w->rows + m + log(s) + prior / (double)w->rows;
  for (size_t j = 0; j < w->d; j++) gradient[j] /= (double)w->rows;
}

/* ---- measuring ---- */

static double uniform(void) { return 2.0 * rand() / RAND_MAX - 1.0; }

static double *numbers(size_t n, double scale)
{
  double *x = malloc(n * sizeof *x);
  if (x == NULL) exit(1);
  for (size_t i = 0; i < n; i++) x[i] = scale * uniform();
  return x;
}

static void make_data(workload *w)
{
  w->x = numbers(w->rows * w->columns, 1);
  w->label = numbers(w->rows, 1);
  for (size_t i = 0; i < w->rows; i++)
    w->label[i] = w->classes > 0 ? (double)(rand() % (int)w->classes) : w->label[i] < 0 ? -1 : 1;
}

static tg_finite_sum *make_sum(workload *w, bool borrow)
{
  tg_data data = tg_dense(w->x, w->rows, w->columns);
  if (w->loss != mixture) data.label = w->label;
  data.borrow = borrow;
  tg_finite_sum *s;
  const tg_status made = tg_finite_sum_new(&s, w->loss, w->d, data, w);
  if (made == TG_OK) return s;
  printf("%s: %s\n", w->name, tg_status_string(made));
  exit(1);
}

static double difference(const double *a, const double *b, size_t n)
{
  double most = 0;
  for (size_t j = 0; j < n; j++) most = fmax(most, fabs(a[j] - b[j]));
  return most;
}

static double gradient_time(tg_finite_sum *s, const double *theta, double *gradient, int repeats)
{
  double value, best = 1e300;
  for (int i = 0; i < repeats; i++) {
    const double t = now();
    tg_finite_sum_gradient(s, theta, NULL, 0, &value, gradient);
    best = fmin(best, now() - t);
  }
  return best;
}

/* What it takes to make a sum and evaluate it once, beyond that one evaluation. */
static double start_time(workload *w, const double *theta, double *gradient, bool borrow, double once)
{
  double best = 1e300;
  for (int i = 0; i < 5; i++) {
    const double t = now();
    tg_finite_sum *s = make_sum(w, borrow);
    tg_finite_sum_gradient(s, theta, NULL, 0, NULL, gradient);
    best = fmin(best, now() - t);
    tg_finite_sum_free(s);
  }
  return (best - once) / once;
}

/* The other instruction sets; they may take 2 and 5 times the target. */
static void levels(workload *w, const double *theta, double *gradient, double by_hand, int repeats)
{
  static const struct {
    const char *name;
    double factor;
  } level[] = {{"avx2", 2}, {"sse2", 5}};
  if (getenv("TG_ISA") != NULL) return;
  printf("%-14s", w->name);
  for (size_t i = 0; i < sizeof level / sizeof level[0]; i++) {
    setenv("TG_ISA", level[i].name, 1);
    tg_finite_sum *s = make_sum(w, false);
    printf(" %s ratio %.3f (target %.2f);", level[i].name,
           gradient_time(s, theta, gradient, repeats) / by_hand, level[i].factor * w->target);
    tg_finite_sum_free(s);
  }
  unsetenv("TG_ISA");
  puts("");
}

/* The whole Hessian, beside as many products with vectors as it has rows. */
static void hessian(const workload *w, tg_finite_sum *s, const double *theta, double *hv)
{
  double *v = numbers(w->d, 1), *h = numbers(w->d * w->d, 1), best = 1e300, product = 1e300, t;
  for (int i = 0; i < 3; i++) {
    t = now();
    if (tg_finite_sum_hessian(s, theta, NULL, 0, h) != TG_OK) puts(tg_finite_sum_message(s));
    best = fmin(best, now() - t);
    t = now();
    tg_finite_sum_hvp(s, theta, NULL, 0, v, hv);
    product = fmin(product, now() - t);
  }
  double apart = 0;
  for (size_t i = 0; i < w->d; i++) {
    double sum = 0;
    for (size_t j = 0; j < w->d; j++) sum += h[i * w->d + j] * v[j];
    apart = fmax(apart, fabs(sum - hv[i]));
  }
  printf("%-14s Hessian  %8.2f ms, %zu products with vectors %8.2f ms; apart %.1e\n", w->name, best / 1000,
         w->d, product * (double)w->d / 1000, apart);
  free(v);
  free(h);
}

static void measure(workload *w, int repeats)
{
  make_data(w);
  tg_finite_sum *s = make_sum(w, false);
  double *theta = numbers(w->d, 0.3), *v = numbers(w->d, 1), *mine = numbers(w->d, 1),
         *hand = numbers(w->d, 1);
  double value = 0, value_by_hand = 0, best[5] = {1e300, 1e300, 1e300, 1e300, 1e300}, t;
  for (int i = 0; i < repeats; i++) {
    best[0] = fmin(best[0], gradient_time(s, theta, mine, 1));
    t = now();
    w->by_hand(w, theta, &value_by_hand, hand);
    best[1] = fmin(best[1], now() - t);
    t = now();
    if (tg_finite_sum_gradient(s, theta, NULL, 0, &value, NULL) != TG_OK) puts(tg_finite_sum_message(s));
    best[2] = fmin(best[2], now() - t);
  }
  const double apart = difference(mine, hand, w->d);
  printf("%-14s gradient %8.1f us, by hand %8.1f us, ratio %.3f (target %.2f); value %.1f us, gradient/value "
         "%.2f (target 2.2); apart %.1e, values %.1e\n",
         w->name, best[0], best[1], best[0] / best[1], w->target, best[2], best[0] / best[2], apart,
         fabs(value - value_by_hand));
  printf("%-14s binding and compiling %.1f gradients (target 5), with the rows borrowed %.1f\n", w->name,
         start_time(w, theta, mine, false, best[0]), start_time(w, theta, mine, true, best[0]));
  if (w->hvp_by_hand != NULL) {
    for (int i = 0; i < repeats; i++) {
      t = now();
      tg_finite_sum_hvp(s, theta, NULL, 0, v, mine);
      best[3] = fmin(best[3], now() - t);
      t = now();
      w->hvp_by_hand(w, theta, v, hand);
      best[4] = fmin(best[4], now() - t);
    }
    printf("%-14s H v      %8.1f us, by hand %8.1f us, ratio %.3f (target 0.60); apart %.1e\n", w->name,
           best[3], best[4], best[3] / best[4], difference(mine, hand, w->d));
  }
  hessian(w, s, theta, mine);
  levels(w, theta, mine, best[1], repeats);
  if (getenv("TG_BENCH_PRINT") != NULL) tg_finite_sum_print(s, stdout);
  tg_finite_sum_threads(s, 2);
  printf("%-14s two threads %.2f times as fast (target 1.7)\n", w->name,
         best[0] / gradient_time(s, theta, mine, 3 * repeats));
  tg_finite_sum_free(s);
  free(theta), free(v), free(mine), free(hand), free(w->x), free(w->label);
}

/* Shuffled mini-batches beside full sweeps. */
static void batches(int repeats)
{
  workload w = {.name = "batches", .d = 64, .rows = 200000, .columns = 64, .loss = logistic};
  make_data(&w);
  tg_finite_sum *s = make_sum(&w, false);
  double *theta = numbers(w.d, 0.3), *g = numbers(w.d, 1), value, best[2] = {1e300, 1e300};
  size_t *index = malloc(w.rows * sizeof *index);
  if (index == NULL) exit(1);
  for (size_t i = 0; i < w.rows; i++) index[i] = i;
  for (size_t i = w.rows; i-- > 1;) {
    const size_t j = ((size_t)rand() * 32768u + (size_t)rand()) % (i + 1), k = index[i];
    index[i] = index[j], index[j] = k;
  }
  tg_finite_sum_gradient(s, theta, NULL, 0, &value, g);
  for (int i = 0; i < repeats / 4 + 1; i++) {
    double t = now();
    tg_finite_sum_gradient(s, theta, NULL, 0, &value, g);
    best[0] = fmin(best[0], now() - t);
    t = now();
    for (size_t from = 0; from + 256 <= w.rows; from += 256)
      tg_finite_sum_gradient(s, theta, index + from, 256, &value, g);
    best[1] = fmin(best[1], now() - t);
  }
  printf("%-14s full sweep %.1f us, shuffled batches of 256 %.1f us, ratio %.2f (target 2.50)\n", w.name,
         best[0], best[1], best[1] / best[0]);
  tg_finite_sum_free(s);
  free(theta), free(g), free(index), free(w.x), free(w.label);
}

int main(int argc, char **argv)
{
  const int repeats = argc > 1 ? atoi(argv[1]) : 40;
  workload all[] = {
      {.name = "W2 logistic",
       .d = 50,
       .rows = 10000,
       .columns = 50,
       .loss = logistic,
       .by_hand = logistic_by_hand,
       .hvp_by_hand = logistic_hvp_by_hand,
       .target = 0.5},
      {.name = "W3 multinomial",
       .d = 640,
       .rows = 1797,
       .columns = 64,
       .classes = 10,
       .loss = multinomial,
       .by_hand = multinomial_by_hand,
       .target = 0.2},
      {.name = "W4 mixture",
       .d = 25 * (1 + 10 + 55),
       .rows = 1000,
       .columns = 10,
       .classes = 25,
       .loss = mixture,
       .by_hand = mixture_by_hand,
       .target = 1.0},
      {.name = "W5 network",
       .d = HIDDEN * 64 + HIDDEN + 10 * HIDDEN + 10,
       .rows = 1000,
       .columns = 64,
       .classes = 10,
       .loss = network,
       .by_hand = network_by_hand,
       .target = 0.2},
  };
  puts(tg_build_info());
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) measure(&all[i], repeats);
  batches(repeats);
  return 0;
}
