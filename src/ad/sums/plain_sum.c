/* Every sample is a point of the recorded loss, and what the drivers of functions answer there is added up in the order
 * of the samples (plain_sum.h). */
#include "plain_sum.h"

#include "body.h"
#include "memory.h"
#include "samples.h"

#include <assert.h>
#include <string.h>

tg_status tg_plain_sum_new_(tg_plain_sum_ *p, tg_function *f, const tg_data *data, size_t d, size_t columns)
{
  assert(f->n == d + columns && f->m == 1);
  const size_t n = d + columns;
  *p = (tg_plain_sum_){.f = f, .data = data, .d = d, .columns = columns};
  p->point = tg_memory_resize_(NULL, n, sizeof *p->point);
  p->one = tg_memory_resize_(NULL, n, TG_BLOCK * sizeof *p->one);
  p->direction = tg_memory_resize_(NULL, n, TG_BLOCK * sizeof *p->direction);
  return p->point && p->one && p->direction ? TG_OK : TG_E_NOMEM;
}

void tg_plain_sum_free_(tg_plain_sum_ *p)
{
  tg_memory_free_(p->point);
  tg_memory_free_(p->one);
  tg_memory_free_(p->direction);
  *p = (tg_plain_sum_){0};
}

void tg_plain_sum_forget_(tg_plain_sum_ *p) { p->checked = 0; }

/* ---- one sample ---- */

static const double *point_of(tg_plain_sum_ *p, const tg_sum_call_ *call, size_t position)
{
  memcpy(p->point, call->theta, p->d * sizeof *p->point);
  tg_sample_write_(p->data, tg_sum_row_(call, position), p->point + p->d);
  return p->point;
}

/* What the loss has just been found to do with sparse columns is refused this way too, though it could be evaluated:
 * by compiling it. Every recording is looked at once. */
static tg_sum_answer_ check_sparse_use(tg_plain_sum_ *p)
{
  const size_t recording = p->f->stats.recordings;
  if (!p->data->row_start || recording == p->checked) return tg_sum_answer_of_(TG_OK, NULL);
  tg_body_ *body;
  const tg_status s = tg_body_compile_(&body, p->f, p->d, p->columns, p->data->columns, 0, 0);
  tg_body_free_(body);
  if (s == TG_OK) p->checked = recording;
  return tg_sum_answer_of_(s, s == TG_E_DATA ? TG_SPARSE_ELSEWHERE : "for the sparse columns");
}

/* Once a driver of the loss has answered s. */
static tg_sum_answer_ checked(tg_plain_sum_ *p, tg_status s)
{
  return s == TG_OK ? check_sparse_use(p) : tg_sum_answer_of_(s, NULL);
}

tg_sum_answer_ tg_plain_sum_sample_(tg_plain_sum_ *p, const tg_sum_call_ *call, size_t position,
                                    double *value, double *gradient)
{
  return checked(p, tg_gradient(p->f, point_of(p, call, position), value, gradient));
}

/* ---- sums ---- */

static void zeros(double *x, size_t n) { memset(x, 0, n * sizeof *x); }

static void add_to(double *to, const double *x, size_t n)
{
  for (size_t j = 0; j < n; j++) to[j] += x[j];
}

/* Values and gradients, their sums and those of each sample. */
static tg_sum_answer_ sum_gradients(tg_plain_sum_ *p, const tg_sum_call_ *c)
{
  double *const gradient = c->gradient || c->gradients ? p->one : NULL;
  double sum = 0.0;
  if (c->gradient) zeros(c->gradient, p->d);
  for (size_t k = 0; k < c->count; k++) {
    double value;
    const tg_sum_answer_ a = tg_plain_sum_sample_(p, c, k, &value, gradient);
    if (a.outcome != TG_SUM_DONE) return a;
    sum += value;
    if (c->values) c->values[k] = value;
    if (c->gradient) add_to(c->gradient, gradient, p->d);
    if (c->gradients) memcpy(c->gradients + k * p->d, gradient, p->d * sizeof *gradient);
  }
  if (c->value) *c->value = sum;
  return tg_sum_answer_of_(TG_OK, NULL);
}

static tg_sum_answer_ sum_products(tg_plain_sum_ *p, const tg_sum_call_ *c)
{
  zeros(p->direction, p->d + p->columns);
  memcpy(p->direction, c->v, p->d * sizeof *p->direction);
  zeros(c->hv, p->d);
  for (size_t k = 0; k < c->count; k++) {
    const tg_sum_answer_ a = checked(p, tg_hvp(p->f, point_of(p, c, k), p->direction, NULL, p->one));
    if (a.outcome != TG_SUM_DONE) return a;
    add_to(c->hv, p->one, p->d);
  }
  return tg_sum_answer_of_(TG_OK, NULL);
}

/* The Hessian of one sample by theta, a block of rows at a time. */
static tg_sum_answer_ add_hessian(tg_plain_sum_ *p, const double *point, double *hessian)
{
  const size_t d = p->d, n = d + p->columns;
  for (size_t from = 0; from < d; from += TG_BLOCK) {
    const size_t k = d - from < TG_BLOCK ? d - from : TG_BLOCK;
    zeros(p->direction, TG_BLOCK * n);
    for (size_t l = 0; l < k; l++) p->direction[l * n + from + l] = 1.0;
    const tg_sum_answer_ a = checked(p, tg_hvp_block(p->f, point, k, p->direction, NULL, p->one));
    if (a.outcome != TG_SUM_DONE) return a;
    for (size_t l = 0; l < k; l++) add_to(hessian + (from + l) * d, p->one + l * n, d);
  }
  return tg_sum_answer_of_(TG_OK, NULL);
}

static tg_sum_answer_ sum_hessians(tg_plain_sum_ *p, const tg_sum_call_ *c)
{
  zeros(c->hessian, p->d * p->d);
  for (size_t k = 0; k < c->count; k++) {
    const tg_sum_answer_ a = add_hessian(p, point_of(p, c, k), c->hessian);
    if (a.outcome != TG_SUM_DONE) return a;
  }
  return tg_sum_answer_of_(TG_OK, NULL);
}

tg_sum_answer_ tg_plain_sum_run_(tg_plain_sum_ *p, const tg_sum_call_ *c)
{
  assert(c->theta != NULL && (c->hv == NULL) == (c->v == NULL));
  if (c->hessian) return sum_hessians(p, c);
  return c->hv ? sum_products(p, c) : sum_gradients(p, c);
}
