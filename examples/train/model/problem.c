#include "problem.h"

#include "memory.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

double problem_curvature(const model_shape *m)
{
  if (m->kind == MODEL_LOGISTIC) return 0.25;
  if (m->classes == 0) return 1;
  const double k = (double)m->classes;
  return (k - 1) / (k * k);
}

double problem_exact(const problem *p, const double *theta)
{
  const model_shape *m = &p->shape;
  if (m->classes > 0) return 0;
  double size = m->magnitude;
  for (size_t j = 0; m->kind == MODEL_LINEAR && j < p->n; j++) size += fabs(theta[j]);
  const double r = 16 * DBL_EPSILON * size;
  return m->loss == LOSS_ABSOLUTE ? r : m->loss == LOSS_HUBER && r > m->delta ? m->delta * r : r * r / 2;
}

void dataset_normalize_weights(dataset *d)
{
  if (!d->has_weight) return;
  double total = 0;
  for (size_t i = 0; i < d->rows; i++) total += dataset_weight(d, i);
  for (size_t i = 0; i < d->rows; i++) dataset_weigh(d, i, (double)d->rows / total);
}

bool problem_fail(tg_status status, failure *f)
{
  assert(status != TG_OK);
  if (status == TG_E_NOMEM) return fail_memory(f);
  return fail(f, "fitting failed: %s", tg_status_string(status));
}

static tg_data rows_of(const dataset *d)
{
  tg_data rows;
  if (d->is_sparse) {
    rows = tg_sparse(d->sparse.row_start, d->sparse.column, d->sparse.value, d->rows, d->features);
    rows.label = d->number != NULL ? d->number : d->sparse.target;
  } else if (d->paged != NULL) {
    const double *piece = paged_row(d->paged, 0);
    rows = tg_dense(piece, d->paged->count, d->width);
  } else {
    rows = tg_dense(d->values, d->rows, d->width);
  }
  rows.borrow = true;
  return rows;
}

bool problem_new(problem *p, model_shape shape, const dataset *data, const scaling *s, penalty how,
                 failure *f)
{
  *p = (problem){.shape = shape, .data = data, .n = model_parameters(&shape)};
  p->shape.work = resize(NULL, model_work_size(&shape), sizeof *p->shape.work);
  for (size_t k = 0; data->table != NULL && k < data->beside; k++) {
    p->shape.beside[k] = (model_column){data->table + k, data->beside};
  }
  p->ridge = zeroed(p->n, sizeof(double));
  p->part = data->paged != NULL ? resize(NULL, p->n, sizeof *p->part) : NULL;
  p->raw = resize(NULL, 2 * p->n, sizeof(double));
  p->waiting = dataset_is_raw(data) ? s : NULL;
  bool good = (p->ridge && p->shape.work && p->raw && (p->part || data->paged == NULL)) || fail_memory(f);
  good = good && problem_set_penalty(p, s, how, f);
  if (good) {
    const tg_status status = tg_finite_sum_new(&p->sum, model_loss(&shape), p->n, rows_of(data), &p->shape);
    good = status == TG_OK || fail(f, "the data cannot be taken in: %s", tg_status_string(status));
  }
  if (!good) problem_free(p);
  return good;
}

void problem_free(problem *p)
{
  tg_finite_sum_free(p->sum);
  free(p->shape.work);
  free(p->ridge);
  free(p->lasso);
  free(p->part);
  free(p->gathered);
  free(p->raw);
  *p = (problem){0};
}

/* The penalty on an original coefficient w = u / scale, written for the fitted coefficient u. */
bool problem_set_penalty(problem *p, const scaling *s, penalty how, failure *f)
{
  assert(how.l1 >= 0 && how.l2 >= 0 && s->features == p->shape.features);
  free(p->lasso);
  p->lasso = NULL;
  if (how.l1 > 0) {
    p->lasso = zeroed(p->n, sizeof(double));
    if (p->lasso == NULL) return fail_memory(f);
  }
  const size_t rows = model_rows(&p->shape), features = p->shape.features;
  for (size_t k = 0; k < rows; k++) {
    for (size_t j = 0; j < features; j++) {
      const double unit = (how.standardized ? s->spread[j] : 1) / s->scale[j];
      p->ridge[k * features + j] = how.l2 * unit * unit;
      if (p->lasso != NULL) p->lasso[k * features + j] = how.l1 * unit;
    }
  }
  if (p->shape.kind != MODEL_NET) return true;
  const size_t second = rows * (features + 1);
  const double unit = p->shape.classes > 0 ? 1 : p->shape.unit; /* of the output */
  for (size_t i = 0; i < model_output_count(&p->shape) * rows; i++) {
    p->ridge[second + i] = how.l2 * unit * unit;
    if (p->lasso != NULL) p->lasso[second + i] = how.l1 * unit;
  }
  return true;
}

/* -- rows that are not scaled ---------------------------------------------------------------------------- */

/* The coefficients for the rows as they lie in memory: theta itself, or a copy in `room`. A direction maps as
 * a point. */
static const double *to_rows(const problem *p, const double *theta, double *room)
{
  if (p->waiting == NULL) return theta;
  memcpy(room, theta, p->n * sizeof *room);
  scaling_undo(p->waiting, &p->shape, room);
  return room;
}

/* The adjoint of that: with w = u / scale and b' = b - w'shift, dC/du = (dC/dw - shift dC/db') / scale. A
 * constant column has no say. */
static void from_rows(const problem *p, double *gradient)
{
  const scaling *s = p->waiting;
  if (s == NULL) return;
  const size_t rows = model_rows(&p->shape), features = s->features;
  for (size_t k = 0; k < rows; k++) {
    double *g = gradient + k * features;
    const double b = gradient[rows * features + k];
    for (size_t j = 0; j < features; j++)
      g[j] = s->spread[j] == 0 ? 0 : (g[j] - s->shift[j] * b) / s->scale[j];
  }
}

static void transpose(double *a, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    for (size_t j = 0; j < i; j++) {
      const double kept = a[i * n + j];
      a[i * n + j] = a[j * n + i];
      a[j * n + i] = kept;
    }
  }
}

/* The zeros of sparse rows are not shifted. */
static const double *sparse_row(const problem *p, size_t i, double *room)
{
  const sparse_rows *x = &p->data->sparse;
  const scaling *s = p->waiting;
  memset(room, 0, p->shape.features * sizeof *room);
  for (size_t e = x->row_start[i]; e < x->row_start[i + 1]; e++) {
    const size_t j = x->column[e];
    room[j] = s == NULL ? x->value[e] : (x->value[e] - s->shift[j]) / s->scale[j];
  }
  return room;
}

const double *problem_row(const problem *p, size_t i, double *room)
{
  if (p->data->is_sparse) return sparse_row(p, i, room);
  const double *x = dataset_row(p->data, i);
  const scaling *s = p->waiting;
  if (s == NULL) return x;
  for (size_t j = 0; j < s->features; j++) room[j] = (x[j] - s->shift[j]) / s->scale[j];
  return room;
}

/* -- evaluation ------------------------------------------------------------------------------------------ */

static void add_ridge(const problem *p, const double *theta, double *value, double *gradient)
{
  double sum = 0;
  for (size_t j = 0; j < p->n; j++) {
    const double pull = p->ridge[j] * theta[j];
    sum += pull * theta[j];
    if (gradient != NULL) gradient[j] += pull;
  }
  if (value != NULL) *value += sum / 2;
}

/* -- rows in a file: one piece after the other ----------------------------------------------------------- */

/* Binds the piece that begins with row `first`; *share is its share of all rows. */
static tg_status bind_piece(problem *p, size_t first, double *share)
{
  paged *rows = p->data->paged;
  const double *piece = paged_row(rows, first);
  tg_data data = tg_dense(piece, rows->count, rows->width);
  data.borrow = true;
  *share = (double)rows->count / (double)rows->rows;
  return rows->why == 0 ? tg_finite_sum_bind(p->sum, data) : TG_E_CALLBACK;
}

static void add_part(double *to, const double *part, double share, size_t n)
{
  for (size_t j = 0; j < n; j++) to[j] += share * part[j];
}

static tg_status paged_gradient(problem *p, const double *theta, double *value, double *gradient)
{
  double sum = 0, part, share = 0;
  for (size_t j = 0; gradient != NULL && j < p->n; j++) gradient[j] = 0;
  for (size_t first = 0; first < p->data->rows; first += p->data->paged->most) {
    tg_status status = bind_piece(p, first, &share);
    if (status == TG_OK)
      status = tg_finite_sum_gradient(p->sum, theta, NULL, 0, &part, gradient ? p->part : NULL);
    if (status != TG_OK) return status;
    sum += share * part;
    if (gradient != NULL) add_part(gradient, p->part, share, p->n);
  }
  if (value != NULL) *value = sum;
  return TG_OK;
}

static tg_status paged_hvp(problem *p, const double *theta, const double *v, double *hv)
{
  double share = 0;
  for (size_t j = 0; j < p->n; j++) hv[j] = 0;
  for (size_t first = 0; first < p->data->rows; first += p->data->paged->most) {
    tg_status status = bind_piece(p, first, &share);
    if (status == TG_OK) status = tg_finite_sum_hvp(p->sum, theta, NULL, 0, v, p->part);
    if (status != TG_OK) return status;
    add_part(hv, p->part, share, p->n);
  }
  return TG_OK;
}

bool problem_goes_on(void *user)
{
  problem *p = user;
  if (p->go_on == NULL || p->go_on(p->go_on_user)) return true;
  p->stopped = true;
  return false;
}

static tg_status paged_hessian(problem *p, const double *theta, double *hessian)
{
  const size_t n = p->n * p->n;
  double share = 0, *part = resize(NULL, n, sizeof *part);
  tg_status status = part != NULL ? TG_OK : TG_E_NOMEM;
  for (size_t j = 0; j < n; j++) hessian[j] = 0;
  for (size_t first = 0; status == TG_OK && first < p->data->rows; first += p->data->paged->most) {
    status = problem_goes_on(p) ? bind_piece(p, first, &share) : TG_E_CALLBACK;
    if (status == TG_OK) status = tg_finite_sum_hessian(p->sum, theta, NULL, 0, part);
    if (status == TG_OK) add_part(hessian, part, share, n);
  }
  free(part);
  return status;
}

static bool gather(problem *p, const size_t *index, size_t count)
{
  if (p->sample_gathered) return true;
  paged *rows = p->data->paged;
  double *room = grow(p->gathered, &p->gathered_room, count * rows->width, sizeof *room);
  if (room == NULL) return false;
  p->gathered = room;
  for (size_t i = 0; i < count; i++) paged_copy(rows, index[i], room + i * rows->width);
  p->sample_gathered = index == p->index;
  return true;
}

/* The rows of a mini-batch, or of a sample for many evaluations, are brought together. */
static tg_status paged_batch(problem *p, const double *theta, const size_t *index, size_t count,
                             double *value, double *gradient)
{
  const paged *rows = p->data->paged;
  if (!gather(p, index, count)) return TG_E_NOMEM;
  tg_data data = tg_dense(p->gathered, count, rows->width);
  data.borrow = true;
  const tg_status status = rows->why == 0 ? tg_finite_sum_bind(p->sum, data) : TG_E_CALLBACK;
  return status == TG_OK ? tg_finite_sum_gradient(p->sum, theta, NULL, 0, value, gradient) : status;
}

/* -- evaluation ------------------------------------------------------------------------------------------ */

static tg_status batch_loss(problem *p, const double *theta, const size_t *index, size_t count, double *value,
                            double *gradient)
{
  const double *at = to_rows(p, theta, p->raw);
  const tg_status status = p->data->paged == NULL
                               ? tg_finite_sum_gradient(p->sum, at, index, count, value, gradient)
                           : index == NULL ? paged_gradient(p, at, value, gradient)
                                           : paged_batch(p, at, index, count, value, gradient);
  if (status == TG_OK && gradient != NULL) from_rows(p, gradient);
  return status;
}

void problem_restrict(problem *p, const size_t *index, size_t count)
{
  assert((index == NULL) == (count == 0));
  p->index = index;
  p->count = count;
  p->sample_gathered = false;
}

tg_status problem_loss(problem *p, const double *theta, double *value, double *gradient)
{
  return batch_loss(p, theta, p->index, p->count, value, gradient);
}

tg_status problem_evaluate(problem *p, const double *theta, double *value, double *gradient)
{
  assert(value != NULL || gradient != NULL);
  const tg_status status = problem_loss(p, theta, value, gradient);
  if (status == TG_OK) add_ridge(p, theta, value, gradient);
  p->values += value != NULL && p->index == NULL;
  p->gradients += gradient != NULL && p->index == NULL;
  return status;
}

enum { HESSIAN_WORK = 1 << 30 }; /* products that take about a second */

/* Products that a row adds to a Hessian: of the parameters that it has a say in. */
static double row_work(const problem *p)
{
  const dataset *d = p->data;
  if (!d->is_sparse) return (double)p->n * (double)p->n;
  const double entries = (double)d->sparse.row_start[d->rows] / (double)d->rows + 1;
  const double width = entries * (double)model_rows(&p->shape);
  return width * width;
}

/* Some rows at a time, to be stopped between them. */
static tg_status hessian_of_many(problem *p, const double *at, size_t rows, size_t most, double *hessian)
{
  const size_t n = p->n * p->n;
  double *part = resize(NULL, n, sizeof *part);
  size_t *index = resize(NULL, most, sizeof *index);
  tg_status status = part != NULL && index != NULL ? TG_OK : TG_E_NOMEM;
  for (size_t j = 0; j < n; j++) hessian[j] = 0;
  for (size_t first = 0; status == TG_OK && first < rows; first += most) {
    const size_t count = rows - first < most ? rows - first : most;
    for (size_t i = 0; i < count; i++) index[i] = p->index != NULL ? p->index[first + i] : first + i;
    status = problem_goes_on(p) ? tg_finite_sum_hessian(p->sum, at, index, count, part) : TG_E_CALLBACK;
    if (status == TG_OK) add_part(hessian, part, (double)count / (double)rows, n);
  }
  free(part);
  free(index);
  return status;
}

static tg_status hessian_in_memory(problem *p, const double *at, double *hessian)
{
  const size_t rows = p->index != NULL ? p->count : p->data->rows;
  const double most = HESSIAN_WORK / row_work(p);
  if ((double)rows > most) return hessian_of_many(p, at, rows, most < 1 ? 1 : (size_t)most, hessian);
  return tg_finite_sum_hessian(p->sum, at, p->index, p->count, hessian);
}

tg_status problem_hessian(problem *p, const double *theta, double *hessian)
{
  const size_t n = p->n;
  const double *at = to_rows(p, theta, p->raw);
  const tg_status status =
      p->data->paged != NULL ? paged_hessian(p, at, hessian) : hessian_in_memory(p, at, hessian);
  p->hessians += p->index == NULL;
  for (int side = 0; status == TG_OK && p->waiting != NULL && side < 2; side++) {
    for (size_t i = 0; i < n; i++) from_rows(p, hessian + i * n);
    transpose(hessian, n);
  }
  for (size_t j = 0; status == TG_OK && j < n; j++) hessian[j * n + j] += p->ridge[j];
  return status;
}

double problem_lasso(const problem *p, const double *theta)
{
  double sum = 0;
  for (size_t j = 0; p->lasso != NULL && j < p->n; j++) sum += p->lasso[j] * fabs(theta[j]);
  return sum;
}

double problem_penalty(const problem *p, const double *theta)
{
  double value = problem_lasso(p, theta);
  add_ridge(p, theta, &value, NULL);
  return value;
}

static int evaluate(const double *theta, double *value, double *gradient, void *user)
{
  return problem_evaluate(user, theta, value, gradient);
}

static int batch(const double *theta, const size_t *index, size_t count, double *value, double *gradient,
                 void *user)
{
  problem *p = user;
  const tg_status status = batch_loss(p, theta, index, count, value, gradient);
  if (status == TG_OK) add_ridge(p, theta, value, gradient);
  return status;
}

static int hvp(const double *theta, const double *v, double *hv, void *user)
{
  problem *p = user;
  const double *at = to_rows(p, theta, p->raw), *along = to_rows(p, v, p->raw + p->n);
  const tg_status status = p->data->paged != NULL
                               ? paged_hvp(p, at, along, hv)
                               : tg_finite_sum_hvp(p->sum, at, p->index, p->count, along, hv);
  p->products += p->index == NULL;
  if (status == TG_OK) from_rows(p, hv);
  for (size_t j = 0; status == TG_OK && j < p->n; j++) hv[j] += p->ridge[j] * v[j];
  return status;
}

static int hessian(const double *theta, double *h, void *user) { return problem_hessian(user, theta, h); }

tg_objective problem_objective(problem *p)
{
  return (tg_objective){.n = p->n,
                        .samples = p->data->rows,
                        .evaluate = evaluate,
                        .batch = batch,
                        .hvp = hvp,
                        .hessian = hessian,
                        .user = p};
}
