/* The doors: what a user calls. Arguments are checked, sums become means, failures words.
 *
 * The loss of one sample is recorded as a function of (theta, sample). A call goes the fast way, through blocks of
 * samples (lane_sum.h); what that hands back goes the plain way, sample by sample (plain_sum.h). */
#include "lane_sum.h"
#include "locate.h"
#include "memory.h"
#include "plain_sum.h"
#include "samples.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct tg_finite_sum {
  tg_loss_fn loss;
  void *user;
  size_t d, columns; /* columns with the label */
  tg_function *body; /* of d + columns inputs */
  tg_samples_ samples;
  tg_lane_sum_ *fast; /* or NULL */
  tg_plain_sum_ plain;
  bool plain_only;
  double *sum, *direction; /* d numbers each */
  double *square;          /* d x d, once a Hessian has been asked for */
  double *each; /* values of the samples of a call, then their gradients, once these have been asked for */
  size_t each_room;
  tg_status status;
  char message[160];
};

static tg_status complain(tg_finite_sum *s, tg_status why, const char *text)
{
  s->status = why;
  snprintf(s->message, sizeof s->message, "%s: %s", tg_status_string(why), text);
  return why;
}

/* ---- life ---- */

static tg_var body(const tg_var *x, size_t n, void *user)
{
  const tg_finite_sum *const s = user;
  return s->loss(x, s->d, x + s->d, n - s->d, s->user);
}

static tg_status take_samples(tg_finite_sum *s, tg_data data)
{
  const tg_status status = tg_samples_take_(&s->samples, data);
  if (status == TG_OK) tg_lane_sum_bind_(s->fast, &s->samples.data);
  return status;
}

static tg_status build(tg_finite_sum *s, tg_data data)
{
  tg_status status = tg_record(&s->body, body, s->d + s->columns, NULL, s);
  if (status != TG_OK) return status;
  tg_function_as_recorded_(s->body);
  s->sum = tg_memory_resize_(NULL, s->d, sizeof *s->sum);
  s->direction = tg_memory_resize_(NULL, s->d, sizeof *s->direction);
  if (!s->sum || !s->direction) return TG_E_NOMEM;
  status = tg_plain_sum_new_(&s->plain, s->body, &s->samples.data, s->d, s->columns);
  if (status == TG_OK) status = tg_lane_sum_new_(&s->fast, s->body, s->d, s->columns);
  return status == TG_OK ? take_samples(s, data) : status;
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
  tg_lane_sum_free_(s->fast);
  tg_plain_sum_free_(&s->plain);
  tg_function_free(s->body);
  tg_samples_free_(&s->samples);
  tg_memory_free_(s->sum);
  tg_memory_free_(s->direction);
  tg_memory_free_(s->square);
  tg_memory_free_(s->each);
  tg_memory_free_(s);
}

static void forget_compiled(tg_finite_sum *s)
{
  tg_plain_sum_forget_(&s->plain);
  tg_lane_sum_forget_(s->fast);
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
    forget_compiled(s); /* which columns are sparse is compiled in */
  s->status = take_samples(s, data);
  return s->status == TG_OK ? TG_OK : complain(s, s->status, "no memory to copy the rows");
}

void tg_finite_sum_forget(tg_finite_sum *s)
{
  if (!s) return;
  tg_function_forget(s->body);
  forget_compiled(s);
}

void tg_finite_sum_threads(tg_finite_sum *s, unsigned threads)
{
  if (s) tg_lane_sum_threads_(s->fast, threads);
}

void tg_finite_sum_plain(tg_finite_sum *s, bool plain)
{
  if (s) s->plain_only = plain;
}

tg_status tg_finite_sum_print(const tg_finite_sum *s, FILE *out)
{
  if (!s || !out) return TG_E_ARGUMENT;
  return s->fast && !s->plain_only ? tg_lane_sum_print_(s->fast, out) : TG_OK;
}

/* ---- one call ---- */

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
  s->status = TG_OK;
  return TG_OK;
}

/* A failure in words. */
static tg_status told(tg_finite_sum *s, tg_sum_answer_ a)
{
  if (a.outcome != TG_SUM_FAILED) return TG_OK;
  if (a.words) return complain(s, a.status, a.words);
  s->status = a.status;
  snprintf(s->message, sizeof s->message, "%s", tg_function_message(s->body));
  return a.status;
}

/* The fast way if it can be taken, else the plain one. */
static tg_sum_answer_ run(tg_finite_sum *s, const tg_sum_call_ *call)
{
  tg_sum_answer_ a = {.outcome = TG_SUM_PLAIN};
  if (s->fast && !s->plain_only && call->count > 0) a = tg_lane_sum_run_(s->fast, call);
  return a.outcome == TG_SUM_PLAIN ? tg_plain_sum_run_(&s->plain, call) : a;
}

static void mean(double *to, const double *sum, size_t n, size_t count)
{
  for (size_t j = 0; j < n; j++) to[j] = count ? sum[j] / (double)count : 0.0;
}

tg_status tg_finite_sum_gradient(tg_finite_sum *s, const double *theta, const size_t *index, size_t count,
                                 double *value, double *gradient)
{
  tg_status status = begin(s, theta, index, &count);
  if (status != TG_OK) return status;
  double total = 0.0;
  const tg_sum_call_ call = {
      .theta = theta, .index = index, .count = count, .value = &total, .gradient = gradient ? s->sum : NULL};
  status = told(s, run(s, &call));
  if (status != TG_OK) return status;
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
  const tg_sum_call_ call = {.theta = theta, .index = index, .count = count, .v = v, .hv = s->sum};
  status = told(s, run(s, &call));
  if (status == TG_OK) mean(hv, s->sum, s->d, count);
  return status;
}

/* To the bit. */
static void make_symmetric(double *h, size_t d)
{
  for (size_t i = 0; i < d; i++)
    for (size_t j = 0; j < i; j++)
      if (h[i * d + j] != h[j * d + i]) h[i * d + j] = h[j * d + i] = 0.5 * h[i * d + j] + 0.5 * h[j * d + i];
}

/* One direction of unity after the other, a row each. */
static tg_sum_answer_ hessian_by_products(tg_finite_sum *s, tg_sum_call_ call)
{
  tg_sum_answer_ a = {.outcome = TG_SUM_DONE};
  memset(s->direction, 0, s->d * sizeof *s->direction);
  call.hessian = NULL;
  call.v = s->direction;
  for (size_t j = 0; j < s->d && a.outcome == TG_SUM_DONE; j++) {
    call.hv = s->square + j * s->d;
    s->direction[j] = 1.0;
    a = run(s, &call);
    s->direction[j] = 0.0;
  }
  return a;
}

tg_status tg_finite_sum_hessian(tg_finite_sum *s, const double *theta, const size_t *index, size_t count,
                                double *hessian)
{
  tg_status status = begin(s, theta, index, &count);
  if (status != TG_OK || !hessian) return status;
  if (!s->square) s->square = tg_memory_resize_(NULL, s->d, s->d * sizeof *s->square);
  if (!s->square) return complain(s, TG_E_NOMEM, "for the Hessian");
  const tg_sum_call_ call = {.theta = theta, .index = index, .count = count, .hessian = s->square};
  tg_sum_answer_ a = run(s, &call);
  if (a.outcome == TG_SUM_BY_PRODUCTS) a = hessian_by_products(s, call);
  status = told(s, a);
  if (status != TG_OK) return status;
  make_symmetric(s->square, s->d);
  mean(hessian, s->square, s->d * s->d, count);
  return TG_OK;
}

/* Into memory of our own first: outputs are written only on success. */
tg_status tg_finite_sum_per_sample(tg_finite_sum *s, const double *theta, const size_t *index, size_t count,
                                   double *values, double *gradients)
{
  tg_status status = begin(s, theta, index, &count);
  if (status != TG_OK || count == 0) return status;
  const size_t each = gradients ? s->d + 1 : 1;
  const bool fits = count <= SIZE_MAX / sizeof *s->each / each;
  if (!fits || !tg_reserve_((void **)&s->each, &s->each_room, count * each, sizeof *s->each))
    return complain(s, TG_E_NOMEM,
                    gradients ? "for the gradients of the samples" : "for the values of the samples");
  double *const slopes = gradients ? s->each + count : NULL;
  const tg_sum_call_ call = {
      .theta = theta, .index = index, .count = count, .values = s->each, .gradients = slopes};
  status = told(s, run(s, &call));
  if (status == TG_OK && values) memcpy(values, s->each, count * sizeof *values);
  if (status == TG_OK && gradients) memcpy(gradients, slopes, count * s->d * sizeof *gradients);
  return status;
}

/* ---- which number is not finite ---- */

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

/* The sample at position k: is all of it finite? If not, *f says what is the matter. */
static tg_sum_answer_ examine(tg_finite_sum *s, const tg_sum_call_ *call, size_t k, tg_nonfinite *f)
{
  double value;
  const tg_sum_answer_ a = tg_plain_sum_sample_(&s->plain, call, k, &value, s->plain.one);
  if (a.outcome != TG_SUM_DONE || (isfinite(value) && all_finite(s->plain.one, s->d))) return a;
  f->position = k;
  f->row = tg_sum_row_(call, k);
  locate(s, f);
  return a;
}

tg_status tg_finite_sum_nonfinite(tg_finite_sum *s, const double *theta, const size_t *index, size_t count,
                                  tg_nonfinite *found)
{
  const tg_status status = begin(s, theta, index, &count);
  if (status != TG_OK || !found) return status;
  const tg_sum_call_ call = {.theta = theta, .index = index, .count = count};
  tg_nonfinite f = {
      .row = SIZE_MAX, .position = SIZE_MAX, .input = SIZE_MAX, .text = "all samples are finite"};
  for (size_t k = 0; k < count && f.row == SIZE_MAX; k++) {
    const tg_sum_answer_ a = examine(s, &call, k, &f);
    if (a.outcome != TG_SUM_DONE) return told(s, a);
  }
  *found = f;
  return TG_OK;
}

/* ---- to look at ---- */

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
  const tg_lane_sum_stats_ fast = tg_lane_sum_statistics_(s->fast);
  stats->variants = fast.variants;
  stats->steps = fast.steps;
  stats->lanes = s->plain_only ? 0 : fast.lanes;
  stats->fallbacks = fast.fallbacks;
  stats->zero_rule = of_body.zero_rule + fast.zero_rule;
  stats->threads = s->fast ? fast.threads : 1;
  return TG_OK;
}

const char *tg_finite_sum_message(const tg_finite_sum *s)
{
  if (!s) return "the finite sum is NULL";
  return s->status == TG_OK ? tg_status_string(TG_OK) : s->message;
}
