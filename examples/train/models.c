#include "models.h"

#include <tapegrad/overload.h>

static var weighted(const model_shape *m, const var *sample, var loss)
{
  return m->has_weight ? mul(sample[m->features + m->has_offset], loss) : loss;
}

/* w'x + b, plus the offset. */
static var predictor(const model_shape *m, const var *theta, const var *sample)
{
  var z = add(dot(theta, sample, m->features), theta[m->features]);
  return m->has_offset ? add(z, sample[m->features]) : z;
}

/* -log P(y) with P(1) = 1 / (1 + exp(-z)), y in {0, 1}. */
static var logistic(const var *theta, size_t d, const var *sample, size_t columns, void *user)
{
  (void)d;
  var z = predictor(user, theta, sample), y = sample[columns - 1];
  return weighted(user, sample, softplus(mul(sub(1, mul(2, y)), z)));
}

/* -log P(y) with P(k) = exp(z_k) / sum_j exp(z_j), z = W x + b. */
static var multinomial(const var *theta, size_t d, const var *sample, size_t columns, void *user)
{
  const model_shape *m = user;
  var *z = m->work;
  affine(theta, theta + d - m->classes, sample, m->classes, m->features, z);
  return weighted(m, sample, cross_entropy(z, m->classes, sample[columns - 1]));
}

static var squared(const var *theta, size_t d, const var *sample, size_t columns, void *user)
{
  (void)d;
  var r = sub(sample[columns - 1], predictor(user, theta, sample));
  return weighted(user, sample, mul(0.5, square(r)));
}

static var absolute(const var *theta, size_t d, const var *sample, size_t columns, void *user)
{
  (void)d;
  const model_shape *m = user;
  var r = sub(sample[columns - 1], predictor(m, theta, sample)), e = tg_live(&m->smoothing);
  return weighted(m, sample, sub(hypot(r, e), e));
}

static var huber_loss(const var *theta, size_t d, const var *sample, size_t columns, void *user)
{
  (void)d;
  const model_shape *m = user;
  var r = sub(sample[columns - 1], predictor(m, theta, sample));
  return weighted(m, sample, huber(r, m->delta));
}

/* One hidden layer: z = V tanh(W x + b) + c, then as multinomial. */
static var net(const var *theta, size_t d, const var *sample, size_t columns, void *user)
{
  const model_shape *m = user;
  const size_t h = m->hidden, k = m->classes;
  const var *W = theta, *b = W + h * m->features, *V = b + h, *c = theta + d - k;
  var *a = m->work, *z = a + h;
  affine(W, b, sample, h, m->features, a);
  for (size_t i = 0; i < h; i++) a[i] = tanh(a[i]);
  affine(V, c, a, k, h, z);
  return weighted(m, sample, cross_entropy(z, k, sample[columns - 1]));
}

tg_loss_fn model_loss(const model_shape *m)
{
  switch (m->kind) {
  case MODEL_LOGISTIC: return logistic;
  case MODEL_MULTINOMIAL: return multinomial;
  case MODEL_NET: return net;
  case MODEL_LINEAR: break;
  }
  return m->loss == LOSS_SQUARED ? squared : m->loss == LOSS_ABSOLUTE ? absolute : huber_loss;
}

size_t model_output_count(const model_shape *m)
{
  return m->kind == MODEL_MULTINOMIAL || m->kind == MODEL_NET ? m->classes : 1;
}

size_t model_rows(const model_shape *m) { return m->kind == MODEL_NET ? m->hidden : model_output_count(m); }

size_t model_parameters(const model_shape *m)
{
  const size_t first = model_rows(m) * (m->features + 1);
  return m->kind == MODEL_NET ? first + m->classes * (m->hidden + 1) : first;
}

size_t model_work_size(const model_shape *m) { return model_rows(m) + m->classes; }

void model_outputs(const model_shape *m, const double *theta, const double *x, double *hidden, double *output)
{
  const size_t rows = model_rows(m), p = m->features;
  const double *b = theta + rows * p;
  if (m->kind != MODEL_NET) {
    tg_affine_d(theta, b, x, rows, p, output);
    return;
  }
  tg_affine_d(theta, b, x, rows, p, hidden);
  for (size_t i = 0; i < rows; i++) hidden[i] = tg_tanh_d(hidden[i]);
  tg_affine_d(b + rows, b + rows + m->classes * rows, hidden, m->classes, rows, output);
}
