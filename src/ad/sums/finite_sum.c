/* Finite sums: the loss of one sample as a function of (theta, sample). The plain form evaluates it sample by
 * sample in order and is the oracle of the fast one, which goes through blocks of samples (lanes/) and hands
 * back what it cannot do. */
#include "function.h"
#include "lanes.h"
#include "locate.h"
#include "samples.h"
#include "tapegrad/finite_sum.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct tg_finite_sum {
  tg_loss_fn loss;
  void *user;
  size_t d, columns; /* columns with the label */
  tg_function *body; /* of d + columns inputs */
  tg_samples_ samples;
  double *point;     /* theta, then one sample: d + columns */
  double *sum, *one; /* of the samples so far, of one: TG_BLOCK x (d + columns) each */
  double *direction; /* TG_BLOCK directions in (theta, sample), zero in the sample */
  double *square;    /* d x d, once a Hessian has been asked for */
  double *values;    /* of the samples of a call, once these have been asked for */
  size_t values_room;
  tg_lanes_ *lanes; /* the fast way, or NULL */
  bool plain;       /* not to be taken */
  size_t looked_at; /* number of the recording that sparse_rule has passed */
  tg_status status;
  char message[160];
};

static tg_status complain(tg_finite_sum *s, tg_status why, const char *text)
{
  s->status = why;
  snprintf(s->message, sizeof s->message, "%s: %s", tg_status_string(why), text);
  return why;
}

static const char sparse_elsewhere[] = "a column of sparse rows enters something other than dot and affine";

static tg_var body(const tg_var *x, size_t n, void *user)
{
  const tg_finite_sum *const s = user;
  return s->loss(x, s->d, x + s->d, n - s->d, s->user);
}

static tg_status take_samples(tg_finite_sum *s, tg_data data)
{
  const tg_status status = tg_samples_take_(&s->samples, data);
  if (status == TG_OK) tg_lanes_bind_(s->lanes, &s->samples.data);
  return status;
}

static tg_status build(tg_finite_sum *s, tg_data data)
{
  const size_t n = s->d + s->columns;
  const tg_status status = tg_record(&s->body, body, n, NULL, s);
  if (status != TG_OK) return status;
  tg_function_as_recorded_(s->body);
  s->point = tg_memory_resize_(NULL, n, sizeof *s->point);
  s->sum = tg_memory_resize_(NULL, n, sizeof *s->sum);
  s->one = tg_memory_resize_(NULL, n, TG_BLOCK * sizeof *s->one);
  s->direction = tg_memory_resize_(NULL, n, TG_BLOCK * sizeof *s->direction);
  if (!s->point || !s->sum || !s->one || !s->direction) return TG_E_NOMEM;
  const tg_status lanes = tg_lanes_new_(&s->lanes, s->body, s->d, s->columns);
  return lanes == TG_OK ? take_samples(s, data) : lanes;
}

tg_status tg_finite_sum_new(tg_finite_sum **s, tg_loss_fn loss, size_t d, tg_data data, void *user)
{
  if (s) *s = NULL;
  if (!s || !loss || d == 0) return TG_E_ARGUMENT;
  tg_status status = tg_data_check(&data, NULL);
  if (status != TG_OK) return status;
  if (d > TG_MAX_NODES || data.columns > TG_MAX_NODES) return TG_E_SIZE;
  tg_finite_sum *const made = tg_memory_resize_(NULL, 1, sizeof *made);
  if (!made) return TG_E_NOMEM;
  memset(made, 0, sizeof *made);
  made->loss = loss;
  made->user = user;
  made->d = d;
  made->columns = tg_sample_size_(&data);
  status = build(made, data);
  if (status != TG_OK) {
    tg_finite_sum_free(made);
    return status;
  }
  *s = made;
  return TG_OK;
}

void tg_finite_sum_free(tg_finite_sum *s)
{
  if (!s) return;
  tg_lanes_free_(s->lanes);
  tg_function_free(s->body);
  tg_samples_free_(&s->samples);
  tg_memory_free_(s->point);
  tg_memory_free_(s->sum);
  tg_memory_free_(s->one);
  tg_memory_free_(s->direction);
  tg_memory_free_(s->square);
  tg_memory_free_(s->values);
  tg_memory_free_(s);
}

tg_status tg_finite_sum_bind(tg_finite_sum *s, tg_data data)
{
  if (!s) return TG_E_ARGUMENT;
  if (s->body->busy)
    return TG_E_TAPE; /* from inside its loss; the message is for the call that is under way */
  char words[128];
  const tg_status status = tg_data_explain(&data, words, sizeof words);
  if (status != TG_OK) return complain(s, status, words);
  if (tg_sample_size_(&data) != s->columns)
    return complain(s, TG_E_DATA, "the rows to bind have another number of columns");
  if (!data.row_start != !s->samples.data.row_start ||
      (data.row_start && data.columns != s->samples.data.columns))
    s->looked_at = 0, tg_lanes_forget_(s->lanes); /* which columns are sparse is compiled in */
  s->status = take_samples(s, data);
  return s->status == TG_OK ? TG_OK : complain(s, s->status, "no memory to copy the rows");
}

void tg_finite_sum_forget(tg_finite_sum *s)
{
  if (!s) return;
  tg_function_forget(s->body);
  s->looked_at = 0;
  tg_lanes_forget_(s->lanes);
}

void tg_finite_sum_threads(tg_finite_sum *s, unsigned threads)
{
  if (s) tg_lanes_threads_(s->lanes, threads);
}

void tg_finite_sum_plain(tg_finite_sum *s, bool plain)
{
  if (s) s->plain = plain;
}

tg_status tg_finite_sum_print(const tg_finite_sum *s, FILE *out)
{
  if (!s || !out) return TG_E_ARGUMENT;
  return s->lanes && !s->plain ? tg_lanes_print_(s->lanes, out) : TG_OK;
}

/* ---- One call: check, then sample by sample. ---- */

static tg_status begin(tg_finite_sum *s, const double *theta, const size_t *index, size_t *count)
{
  if (!s) return TG_E_ARGUMENT;
  if (s->body->busy)
    return TG_E_TAPE; /* from inside its loss; the message is for the call that is under way */
  if (!theta) return complain(s, TG_E_ARGUMENT, "theta is NULL");
  if (!index) *count = s->samples.data.rows;
  for (size_t k = 0; index && k < *count; k++)
    if (index[k] >= s->samples.data.rows)
      return complain(s, TG_E_ARGUMENT, "a sample index is beyond the last row");
  memcpy(s->point, theta, s->d * sizeof *theta);
  s->status = TG_OK;
  return TG_OK;
}

static void zeros(double *x, size_t n) { memset(x, 0, n * sizeof *x); }

static const double *sample(tg_finite_sum *s, const size_t *index, size_t k)
{
  tg_sample_write_(&s->samples.data, index ? index[k] : k, s->point + s->d);
  return s->point;
}

/* What the loss has just been found to do with sparse columns, whichever way it is evaluated. Every recording
 * is looked at once. */
static tg_status sparse_rule(tg_finite_sum *s)
{
  if (!s->samples.data.row_start) return TG_OK;
  tg_function_stats stats;
  tg_function_statistics(s->body, &stats);
  if (stats.recordings == s->looked_at) return TG_OK;
  const tg_status status = tg_lanes_check_(s->body, s->d, s->columns, s->samples.data.columns);
  if (status == TG_OK) s->looked_at = stats.recordings;
  return status == TG_OK
             ? status
             : complain(s, status, status == TG_E_DATA ? sparse_elsewhere : "for the sparse columns");
}

static tg_status failed(tg_finite_sum *s, tg_status status)
{
  if (s->status == status) return status; /* it has been said why */
  s->status = status;
  snprintf(s->message, sizeof s->message, "%s", tg_function_message(s->body));
  return status;
}

static void mean(double *to, const double *sum, size_t n, size_t count)
{
  for (size_t j = 0; j < n; j++) to[j] = count ? sum[j] / (double)count : 0.0;
}

/* The fast way. False: it is not for this loss, take the plain one. */
static bool by_lanes(tg_finite_sum *s, const tg_lanes_call_ *call, tg_status *status)
{
  if (!s->lanes || s->plain || call->count == 0) return false;
  *status = tg_lanes_run_(s->lanes, call);
  if (*status == TG_OK || *status == TG_E_METHOD) return true;
  if (*status == TG_E_BRANCH) return false;
  if (s->body->status == *status)
    failed(s, *status);
  else if (*status == TG_E_DATA && s->samples.data.row_start)
    complain(s, TG_E_DATA, sparse_elsewhere);
  else
    complain(s, *status, "while evaluating blocks of samples");
  return true;
}

tg_status tg_finite_sum_gradient(tg_finite_sum *s, const double *theta, const size_t *index, size_t count,
                                 double *value, double *gradient)
{
  tg_status status = begin(s, theta, index, &count);
  if (status != TG_OK) return status;
  double total = 0.0;
  if (by_lanes(s,
               &(tg_lanes_call_){.theta = theta,
                                 .index = index,
                                 .count = count,
                                 .value = &total,
                                 .gradient = gradient ? s->sum : NULL},
               &status)) {
    if (status == TG_OK && value) mean(value, &total, 1, count);
    if (status == TG_OK && gradient) mean(gradient, s->sum, s->d, count);
    return status;
  }
  zeros(s->sum, s->d);
  for (size_t k = 0; k < count; k++) {
    double v;
    status = tg_gradient(s->body, sample(s, index, k), &v, gradient ? s->one : NULL);
    if (status == TG_OK) status = sparse_rule(s);
    if (status != TG_OK) return failed(s, status);
    total += v;
    for (size_t j = 0; gradient && j < s->d; j++) s->sum[j] += s->one[j];
  }
  if (value) mean(value, &total, 1, count);
  if (gradient) mean(gradient, s->sum, s->d, count);
  return TG_OK;
}

tg_status tg_finite_sum_hvp(tg_finite_sum *s, const double *theta, const size_t *index, size_t count,
                            const double *v, double *hv)
{
  tg_status status = begin(s, theta, index, &count);
  if (status != TG_OK) return status;
  if (!v) return complain(s, TG_E_ARGUMENT, "the direction v is NULL");
  if (!hv) return TG_OK;
  if (by_lanes(s, &(tg_lanes_call_){.theta = theta, .index = index, .count = count, .v = v, .hv = s->sum},
               &status)) {
    if (status == TG_OK) mean(hv, s->sum, s->d, count);
    return status;
  }
  zeros(s->direction, s->d + s->columns);
  memcpy(s->direction, v, s->d * sizeof *v);
  zeros(s->sum, s->d);
  for (size_t k = 0; k < count; k++) {
    status = tg_hvp(s->body, sample(s, index, k), s->direction, NULL, s->one);
    if (status == TG_OK) status = sparse_rule(s);
    if (status != TG_OK) return failed(s, status);
    for (size_t j = 0; j < s->d; j++) s->sum[j] += s->one[j];
  }
  mean(hv, s->sum, s->d, count);
  return TG_OK;
}

/* Adds the Hessian of one sample, a block of rows at a time. */
static tg_status add_hessian(tg_finite_sum *s, const double *point)
{
  const size_t n = s->d + s->columns;
  for (size_t from = 0; from < s->d; from += TG_BLOCK) {
    const size_t k = s->d - from < TG_BLOCK ? s->d - from : TG_BLOCK;
    zeros(s->direction, TG_BLOCK * n);
    for (size_t l = 0; l < k; l++) s->direction[l * n + from + l] = 1.0;
    tg_status status = tg_hvp_block(s->body, point, k, s->direction, NULL, s->one);
    if (status == TG_OK) status = sparse_rule(s);
    if (status != TG_OK) return status;
    for (size_t l = 0; l < k; l++)
      for (size_t j = 0; j < s->d; j++) s->square[(from + l) * s->d + j] += s->one[l * n + j];
  }
  return TG_OK;
}

/* To the bit. */
static void make_symmetric(double *h, size_t d)
{
  for (size_t i = 0; i < d; i++)
    for (size_t j = 0; j < i; j++)
      if (h[i * d + j] != h[j * d + i]) h[i * d + j] = h[j * d + i] = 0.5 * h[i * d + j] + 0.5 * h[j * d + i];
}

static void finish_hessian(tg_finite_sum *s, double *hessian, size_t count)
{
  make_symmetric(s->square, s->d);
  mean(hessian, s->square, s->d * s->d, count);
}

/* One direction of unity after the other, a row each. */
static bool rows_by_lanes(tg_finite_sum *s, tg_lanes_call_ call, tg_status *status)
{
  zeros(s->direction, s->d);
  call.hessian = NULL;
  call.v = s->direction;
  for (size_t j = 0; j < s->d; j++) {
    call.hv = s->square + j * s->d;
    s->direction[j] = 1.0;
    if (!by_lanes(s, &call, status)) return false;
    if (*status != TG_OK) return true;
    s->direction[j] = 0.0;
  }
  return true;
}

static bool hessian_by_lanes(tg_finite_sum *s, const double *theta, const size_t *index, size_t count,
                             tg_status *status)
{
  const tg_lanes_call_ call = {.theta = theta, .index = index, .count = count, .hessian = s->square};
  if (!by_lanes(s, &call, status)) return false;
  return *status == TG_E_METHOD ? rows_by_lanes(s, call, status) : true;
}

tg_status tg_finite_sum_hessian(tg_finite_sum *s, const double *theta, const size_t *index, size_t count,
                                double *hessian)
{
  tg_status status = begin(s, theta, index, &count);
  if (status != TG_OK || !hessian) return status;
  if (!s->square) s->square = tg_memory_resize_(NULL, s->d, s->d * sizeof *s->square);
  if (!s->square) return complain(s, TG_E_NOMEM, "for the Hessian");
  if (hessian_by_lanes(s, theta, index, count, &status)) {
    if (status == TG_OK) finish_hessian(s, hessian, count);
    return status;
  }
  zeros(s->square, s->d * s->d);
  for (size_t k = 0; k < count; k++) {
    status = add_hessian(s, sample(s, index, k));
    if (status != TG_OK) return failed(s, status);
  }
  finish_hessian(s, hessian, count);
  return TG_OK;
}

/* Into memory of our own first: outputs are written only on success. */
static bool gradients_by_lanes(tg_finite_sum *s, const double *theta, const size_t *index, size_t count,
                               double *values, double *gradients, tg_status *status)
{
  const size_t all = count > SIZE_MAX / (s->d + 1) ? SIZE_MAX : count * (s->d + 1);
  if (s->plain || !s->lanes || count == 0) return false;
  if (all == SIZE_MAX || !tg_reserve_((void **)&s->values, &s->values_room, all, sizeof *s->values)) {
    *status = complain(s, TG_E_NOMEM, "for the gradients of the samples");
    return true;
  }
  double *const each = s->values + count;
  if (!by_lanes(s,
                &(tg_lanes_call_){
                    .theta = theta, .index = index, .count = count, .values = s->values, .gradients = each},
                status))
    return false;
  if (*status == TG_OK && values) memcpy(values, s->values, count * sizeof *values);
  if (*status == TG_OK) memcpy(gradients, each, count * s->d * sizeof *gradients);
  return true;
}

tg_status tg_finite_sum_per_sample(tg_finite_sum *s, const double *theta, const size_t *index, size_t count,
                                   double *values, double *gradients)
{
  tg_status status = begin(s, theta, index, &count);
  if (status != TG_OK) return status;
  if (gradients && gradients_by_lanes(s, theta, index, count, values, gradients, &status)) return status;
  bool known = false; /* the values: the same bits as without gradients */
  if (values) {
    if (!tg_reserve_((void **)&s->values, &s->values_room, count, sizeof *s->values))
      return complain(s, TG_E_NOMEM, "for the values of the samples");
    known = by_lanes(
        s, &(tg_lanes_call_){.theta = theta, .index = index, .count = count, .values = s->values}, &status);
    if (known && status != TG_OK) return status;
  }
  if (known && !gradients) {
    memcpy(values, s->values, count * sizeof *values);
    return TG_OK;
  }
  /* A failure can only show at the first sample or where the loss itself fails: nothing is written before all
   * samples have been tried once. */
  for (size_t k = 0; k < count; k++) {
    status = tg_gradient(s->body, sample(s, index, k), NULL, gradients ? s->one : NULL);
    if (status == TG_OK) status = sparse_rule(s);
    if (status != TG_OK) return failed(s, status);
  }
  for (size_t k = 0; k < count; k++) {
    double v;
    status = tg_gradient(s->body, sample(s, index, k), &v, gradients ? s->one : NULL);
    if (status != TG_OK) return failed(s, status);
    if (values) values[k] = known ? s->values[k] : v;
    if (gradients) memcpy(gradients + k * s->d, s->one, s->d * sizeof *gradients);
  }
  return TG_OK;
}

static bool all_finite(const double *x, size_t n)
{
  bool finite = true;
  for (size_t i = 0; i < n; i++) finite = finite && isfinite(x[i]);
  return finite;
}

static void name_input(const tg_finite_sum *s, size_t input, char *to, size_t size)
{
  if (input < s->d)
    snprintf(to, size, "parameter %zu", input);
  else if (s->samples.data.label && input + 1 == s->d + s->columns)
    snprintf(to, size, "the label");
  else
    snprintf(to, size, "column %zu", input - s->d);
}

/* At the sample that was evaluated last. */
static void locate(tg_finite_sum *s, tg_nonfinite *f)
{
  tg_origin_ o;
  char input[32], words[112] = "the loss is not finite";
  if (tg_function_origin_(s->body, &o)) {
    f->op = tg_node_name_(s->body->tape, o.node);
    f->input = o.input;
    f->derivative = o.derivative;
    name_input(s, o.input, input, sizeof input);
    tg_origin_text_(s->body, &o, input, words, sizeof words);
  }
  snprintf(f->text, sizeof f->text, "row %zu (the first is row 0): %s", f->row, words);
}

tg_status tg_finite_sum_nonfinite(tg_finite_sum *s, const double *theta, const size_t *index, size_t count,
                                  tg_nonfinite *found)
{
  tg_status status = begin(s, theta, index, &count);
  if (status != TG_OK || !found) return status;
  tg_nonfinite f = {
      .row = SIZE_MAX, .position = SIZE_MAX, .input = SIZE_MAX, .text = "all samples are finite"};
  for (size_t k = 0; k < count && f.row == SIZE_MAX; k++) {
    double v;
    status = tg_gradient(s->body, sample(s, index, k), &v, s->one);
    if (status == TG_OK) status = sparse_rule(s);
    if (status != TG_OK) return failed(s, status);
    if (isfinite(v) && all_finite(s->one, s->d)) continue;
    f.position = k;
    f.row = index ? index[k] : k;
    locate(s, &f);
  }
  *found = f;
  return TG_OK;
}

size_t tg_finite_sum_parameters(const tg_finite_sum *s) { return s ? s->d : 0; }

size_t tg_finite_sum_rows(const tg_finite_sum *s) { return s ? s->samples.data.rows : 0; }

tg_status tg_finite_sum_statistics(const tg_finite_sum *s, tg_finite_sum_stats *stats)
{
  tg_function_stats of_body;
  if (!s || !stats) return TG_E_ARGUMENT;
  tg_function_statistics(s->body, &of_body);
  *stats = (tg_finite_sum_stats){.nodes = of_body.nodes,
                                 .bytes = of_body.bytes,
                                 .recordings = of_body.recordings,
                                 .rerecordings = of_body.rerecordings,
                                 .point_dependent = of_body.point_dependent};
  const tg_lanes_stats_ lanes = tg_lanes_statistics_(s->lanes);
  stats->variants = lanes.variants;
  stats->steps = lanes.steps;
  stats->lanes = s->plain ? 0 : lanes.lanes;
  stats->fallbacks = lanes.fallbacks;
  stats->zero_rule = of_body.zero_rule + lanes.zero_rule;
  stats->threads = s->lanes ? lanes.threads : 1;
  return TG_OK;
}

const char *tg_finite_sum_message(const tg_finite_sum *s)
{
  if (!s) return "the finite sum is NULL";
  return s->status == TG_OK ? tg_status_string(TG_OK) : s->message;
}
