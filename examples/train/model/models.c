#include "models.h"

#include <tapegrad/overload.h>

/* -- what stands behind the features of a sample --------------------------------------------------------- */

static int look_up(const double *x, size_t n, double *y, size_t m, void *user)
{
  const model_column *c = user;
  (void)n, (void)m;
  y[0] = c->first[(size_t)x[0] * c->stride];
  return 0;
}

static int no_change(const double *x, size_t n, const double *v, double *change, size_t m, void *user)
{
  (void)x, (void)n, (void)v, (void)m, (void)user;
  return change[0] = 0, 0;
}

static int no_adjoint(const double *x, size_t n, const double *u, size_t m, double *adjoint, void *user)
{
  (void)x, (void)n, (void)u, (void)m, (void)user;
  return adjoint[0] = 0, 0;
}

static int no_curvature(const double *x, size_t n, const double *u, size_t m, const double *v, double *hv,
                        void *user)
{
  (void)x, (void)n, (void)u, (void)m, (void)v, (void)user;
  return hv[0] = 0, 0;
}

/* A table as a function of the row's number. */
static const tg_custom_op look_up_row = {"look_up", look_up, no_change, no_adjoint, no_curvature};

static var behind(model_shape *m, const var *sample, size_t k)
{
  if (m->beside[0].first == NULL) return sample[m->features + k];
  var found;
  tg_custom(&look_up_row, sample + m->features, 1, &found, 1, &m->beside[k]);
  return found;
}

static var target(model_shape *m, const var *sample)
{
  return behind(m, sample, (size_t)m->has_offset + (size_t)m->has_weight);
}

static var weighted(model_shape *m, const var *sample, var loss)
{
  return m->has_weight ? mul(behind(m, sample, m->has_offset), loss) : loss;
}

/* -- the losses ------------------------------------------------------------------------------------------ */

/* w'x + b, plus the offset. */
static var predictor(model_shape *m, const var *theta, const var *sample)
{
  var z = add(dot(theta, sample, m->features), theta[m->features]);
  return m->has_offset ? add(z, behind(m, sample, 0)) : z;
}

/* -log P(y) with P(1) = 1 / (1 + exp(-z)), y in {0, 1}. */
static var logistic(const var *theta, size_t d, const var *sample, size_t columns, void *user)
{
  (void)d, (void)columns;
  var z = predictor(user, theta, sample), y = target(user, sample);
  return weighted(user, sample, softplus(mul(sub(1, mul(2, y)), z)));
}

/* -log P(y) with P(k) = exp(z_k) / sum_j exp(z_j), z = W x + b. */
static var multinomial(const var *theta, size_t d, const var *sample, size_t columns, void *user)
{
  (void)columns;
  model_shape *m = user;
  var *z = m->work;
  affine(theta, theta + d - m->classes, sample, m->classes, m->features, z);
  return weighted(m, sample, cross_entropy(z, m->classes, target(m, sample)));
}

/* Of the distance between a target and its prediction. */
static var residual_loss(model_shape *m, var r)
{
  if (m->loss == LOSS_SQUARED) return mul(0.5, square(r));
  if (m->loss == LOSS_HUBER) return huber(r, m->delta);
  var e = tg_live(&m->smoothing);
  return sub(hypot(r, e), e);
}

static var linear(const var *theta, size_t d, const var *sample, size_t columns, void *user)
{
  (void)d, (void)columns;
  var r = sub(target(user, sample), predictor(user, theta, sample));
  return weighted(user, sample, residual_loss(user, r));
}

/* One hidden layer: z = V tanh(W x + b) + c, then as multinomial, or as linear with its one output. */
static var net(const var *theta, size_t d, const var *sample, size_t columns, void *user)
{
  (void)columns;
  model_shape *m = user;
  const size_t h = m->hidden, k = model_output_count(m);
  const var *W = theta, *b = W + h * m->features, *V = b + h, *c = theta + d - k;
  var *a = m->work, *z = a + h;
  affine(W, b, sample, h, m->features, a);
  for (size_t i = 0; i < h; i++) a[i] = tanh(a[i]);
  affine(V, c, a, k, h, z);
  if (m->classes > 0) return weighted(m, sample, cross_entropy(z, k, target(m, sample)));
  var value = add(m->centre, mul(m->unit, z[0]));
  if (m->has_offset) value = add(value, behind(m, sample, 0));
  return weighted(m, sample, residual_loss(m, sub(target(m, sample), value)));
}

tg_loss_fn model_loss(const model_shape *m)
{
  switch (m->kind) {
  case MODEL_LOGISTIC: return logistic;
  case MODEL_MULTINOMIAL: return multinomial;
  case MODEL_NET: return net;
  case MODEL_LINEAR: break;
  }
  return linear;
}

size_t model_output_count(const model_shape *m)
{
  const bool many = m->kind == MODEL_MULTINOMIAL || (m->kind == MODEL_NET && m->classes > 0);
  return many ? m->classes : 1;
}

size_t model_rows(const model_shape *m) { return m->kind == MODEL_NET ? m->hidden : model_output_count(m); }

size_t model_parameters(const model_shape *m)
{
  const size_t first = model_rows(m) * (m->features + 1);
  return m->kind == MODEL_NET ? first + model_output_count(m) * (m->hidden + 1) : first;
}

size_t model_work_size(const model_shape *m) { return model_rows(m) + model_output_count(m); }

void model_outputs(const model_shape *m, const double *theta, const double *x, double *hidden, double *output)
{
  const size_t rows = model_rows(m), p = m->features, k = model_output_count(m);
  const double *b = theta + rows * p;
  if (m->kind != MODEL_NET) {
    tg_affine_d(theta, b, x, rows, p, output);
    return;
  }
  tg_affine_d(theta, b, x, rows, p, hidden);
  for (size_t i = 0; i < rows; i++) hidden[i] = tg_tanh_d(hidden[i]);
  tg_affine_d(b + rows, b + rows + k * rows, hidden, k, rows, output);
}
