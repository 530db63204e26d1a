#include "methods.h"

#include <stddef.h>
#include <string.h>

/* An objective to ask questions with: nobody evaluates it. */
static int evaluate(const double *theta, double *value, double *gradient, void *user)
{
  (void)theta, (void)value, (void)gradient, (void)user;
  return 1;
}

static int batch(const double *theta, const size_t *index, size_t count, double *value, double *gradient,
                 void *user)
{
  (void)index, (void)count;
  return evaluate(theta, value, gradient, user);
}

static int hvp(const double *theta, const double *v, double *hv, void *user)
{
  (void)v;
  return evaluate(theta, NULL, hv, user);
}

static int hessian(const double *theta, double *h, void *user) { return evaluate(theta, NULL, h, user); }

static const tg_objective of_first_order = {.n = 2, .samples = 2, .evaluate = evaluate, .batch = batch};
static const tg_objective of_second_order = {
    .n = 2, .samples = 2, .evaluate = evaluate, .batch = batch, .hvp = hvp, .hessian = hessian};

bool method_exists(const char *name)
{
  tg_method m;
  const bool own = strcmp(name, "auto") == 0 || strcmp(name, "proximal") == 0;
  return own || tg_method_named(&m, name) == TG_OK;
}

/* Gradient descent could see mini-batches, but is here to be compared with the methods that see all rows. */
static bool is_descent(const char *name) { return strcmp(name, "gd") == 0; }

bool method_sees_batches(const char *name)
{
  tg_method m;
  if (tg_method_named(&m, name) != TG_OK || is_descent(name)) return false;
  return tg_fit_check(&of_first_order, &m, NULL, NULL) == TG_OK;
}

bool method_has_rate(const char *name) { return method_sees_batches(name) || is_descent(name); }

/* Linear conjugate gradients take every objective with products for a quadratic. */
bool method_fits(const tg_method *m)
{
  return strcmp(tg_method_name(m), "linear_cg") != 0 && tg_method_check(&of_second_order, m, NULL) == TG_OK;
}

bool method_takes_lasso(const tg_method *m)
{
  static const double weight[2] = {1, 1};
  tg_method with = *m;
  with.l1 = 1;
  with.l1_weight = weight;
  return tg_method_check(&of_second_order, &with, NULL) == TG_OK;
}

bool method_needs_curvature(const tg_method *m) { return tg_method_check(&of_first_order, m, NULL) != TG_OK; }
