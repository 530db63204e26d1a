/* With the n-th allocation failing, for every n, once and from then on: a clear status, outputs untouched, nothing
 * leaked, and the same call then succeeds with the same bits. And warm calls allocate nothing. */
#include "../support/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../support/custom.h"
#include "tapegrad/finite_sum.h"
#include "tapegrad/function.h"

enum { N = 9, M = 3, K = 11, ROOM = 512, ROWS = 7, COLUMNS = 4 };
static const double pattern = 123.25;
static int failures;

static void expect(bool holds, const char *job, const char *what, size_t n)
{
  if (holds) return;
  failures++;
  fprintf(stderr, "%s, request %zu: %s\n", job, n, what);
}

/* ---- A function with a node of every kind, long enough to make the tape grow a few times. ---- */

static double live = 1.25;

static tg_var rich(const tg_var *x, size_t n, void *user)
{
  tg_var z[N], s = tg_constant(0.0);
  const size_t length = tg_lt(x[0], 0.0) ? 400 : 100;
  for (size_t i = 0; i < n; i++) z[i] = tg_clamp(tg_mul(x[i], tg_live(&live)), -3.0, x[(i + 1) % n]);
  tg_custom(&custom_waves, z, n, z, M, user);
  for (size_t i = 0; i < length; i++) s = tg_add(s, tg_mul(tg_sin(tg_add(x[i % n], (double)i)), z[i % M]));
  const tg_var c[2] = {tg_constant(1.0), tg_constant(2.0)};
  tg_var folded[2];
  tg_custom(&custom_waves, c, 2, folded, 2, user);
  return tg_add(s, tg_mul(folded[1], tg_dot(x, z, M)), tg_logsumexp(z, n));
}

static void rich_vector(const tg_var *x, size_t n, tg_var *y, size_t m, void *user)
{
  const tg_var s = rich(x, n, user);
  for (size_t j = 0; j < m; j++) y[j] = tg_mul(s, x[j]);
}

static tg_var loss(const tg_var *theta, size_t d, const tg_var *sample, size_t columns, void *user)
{
  tg_var s = tg_mul(tg_dot(theta, sample, d), sample[columns - 1]);
  for (size_t i = 0; i < 150; i++) s = tg_add(s, tg_square(tg_sub(theta[i % d], sample[i % columns])));
  (void)user;
  return tg_gt(sample[0], 0.5) ? tg_softplus(s) : s;
}

/* For sparse rows: a product with them, the label at will, and a part of theta alone. */
static tg_var sparse_loss(const tg_var *theta, size_t d, const tg_var *sample, size_t columns, void *user)
{
  tg_var s = tg_sub(tg_dot(theta, sample, columns - 1), sample[columns - 1]);
  for (size_t i = 0; i < d; i++) s = tg_add(s, tg_mul(0.125, tg_exp(theta[i])));
  (void)user;
  return tg_gt(sample[columns - 1], 0.0) ? tg_softplus(s) : tg_square(s);
}

/* ---- One job: an action on objects made before without failures. ---- */

typedef struct state {
  tg_function *f, *g;
  tg_tape *t;
  tg_finite_sum *s;
  double x[N], x2[N], v[K * N], rows[ROWS * COLUMNS], label[ROWS];
  size_t row_start[ROWS + 1], column[ROWS * COLUMNS];
} state;

typedef enum ready {
  NOTHING,
  MADE,
  RECORDED,
  ELSEWHERE,
  WARM,
  VECTOR,
  TAPE,
  SUM,
  SUM_USED,
  SPARSE,
  SPARSE_PLAIN,
  THREADS
} ready;
typedef struct job {
  const char *name;
  ready from;
  tg_status (*act)(state *s, double *out);
} job;

static void fill(state *s)
{
  memset(s, 0, sizeof *s);
  for (int i = 0; i < N; i++) s->x[i] = 0.25 + 0.125 * i, s->x2[i] = -s->x[i];
  for (int i = 0; i < K * N; i++) s->v[i] = 1.0 - 0.015625 * i;
  for (int i = 0; i < ROWS * COLUMNS; i++) s->rows[i] = 0.0625 * (i * 7 % 19);
  for (int i = 0; i < ROWS; i++) s->label[i] = i % 2 ? 1.0 : -1.0;
  for (int i = 0; i < ROWS; i++) s->row_start[i + 1] = s->row_start[i] + (size_t)(i % 3);
  for (size_t i = 0; i < ROWS; i++)
    for (size_t k = s->row_start[i]; k < s->row_start[i + 1]; k++) s->column[k] = 2 * (k - s->row_start[i]);
}

static tg_data data_of(const state *s)
{
  tg_data d = tg_dense(s->rows, ROWS, COLUMNS);
  d.label = s->label;
  return d;
}

static tg_data sparse_of(const state *s)
{
  tg_data d = tg_sparse(s->row_start, s->column, s->rows, ROWS, COLUMNS);
  d.label = s->label;
  return d;
}

static tg_status prepare(state *s, ready from)
{
  tg_status status = TG_OK;
  fill(s);
  if (from == MADE) status = tg_record(&s->f, rich, N, NULL, NULL);
  if (from == RECORDED || from == WARM) status = tg_record(&s->f, rich, N, s->x, NULL);
  if (from == ELSEWHERE) status = tg_record(&s->f, rich, N, s->x, NULL);
  if (from == ELSEWHERE) memcpy(s->x, s->x2, sizeof s->x); /* another branch, a longer tape */
  if (from == VECTOR) status = tg_record_vector(&s->f, rich_vector, N, M, NULL, NULL);
  if (from == TAPE) status = tg_tape_new(&s->t);
  if (from == SUM || from == SUM_USED) status = tg_finite_sum_new(&s->s, loss, 3, data_of(s), NULL);
  if (from == SUM_USED) tg_finite_sum_plain(s->s, true); /* the fast way asks for memory first */
  if (from >= SPARSE) status = tg_finite_sum_new(&s->s, sparse_loss, COLUMNS, sparse_of(s), NULL);
  if (from == SPARSE_PLAIN) tg_finite_sum_plain(s->s, true);
  if (from == THREADS) tg_finite_sum_threads(s->s, 2);
  if (from == SUM_USED) status = tg_finite_sum_gradient(s->s, s->x, NULL, 0, NULL, NULL);
  return status;
}

static void finish(state *s)
{
  tg_function_free(s->f);
  tg_function_free(s->g);
  tg_tape_free(s->t);
  tg_finite_sum_free(s->s);
}

static tg_status record(state *s, double *out)
{
  if (!s->f) {
    const tg_status status = tg_record(&s->f, rich, N, s->x, NULL);
    if (status != TG_OK) return s->f ? TG_E_TAPE : status;
  }
  return tg_value(s->f, s->x, out);
}
static tg_status record_later(state *s, double *out)
{
  (void)out;
  tg_function_free(s->f);
  return tg_record_vector(&s->f, rich_vector, N, M, NULL, NULL);
}
static tg_status value(state *s, double *out) { return tg_value(s->f, s->x, out); }
static tg_status gradient(state *s, double *out) { return tg_gradient(s->f, s->x, out, out + 1); }
static tg_status jvp(state *s, double *out) { return tg_jvp(s->f, s->x, s->v, out, out + M); }
static tg_status vjp(state *s, double *out) { return tg_vjp(s->f, s->x, s->v, out, out + M); }
static tg_status hvp(state *s, double *out) { return tg_hvp(s->f, s->x, s->v, out, out + N); }
static tg_status jvp_block(state *s, double *out) { return tg_jvp_block(s->f, s->x, K, s->v, out, out + M); }
static tg_status vjp_block(state *s, double *out) { return tg_vjp_block(s->f, s->x, K, s->v, out, out + M); }
static tg_status hvp_block(state *s, double *out) { return tg_hvp_block(s->f, s->x, K, s->v, out, out + N); }
static tg_status partial(state *s, double *out) { return tg_partial(s->f, s->x, 0, 3, out); }
static tg_status jacobian(state *s, double *out) { return tg_jacobian(s->f, s->x, out, out + M); }
static tg_status hessian(state *s, double *out) { return tg_hessian(s->f, s->x, out, out + 1, out + 1 + N); }
static tg_status in_place(state *s, double *out)
{
  double moved[2 * K * N];
  memcpy(moved, s->v, sizeof s->v);
  const tg_status status = tg_jvp_block(s->f, s->x, K, moved, NULL, moved + 5);
  if (status == TG_OK) memcpy(out, moved + 5, K * sizeof *moved);
  return status;
}
static tg_status check(state *s, double *out)
{
  tg_check_report r;
  const tg_check_options at_a_kink = {1e9, true}; /* of clamp: differences tell nothing */
  const tg_status status = tg_check(s->f, s->x, &at_a_kink, &r);
  if (status == TG_OK) out[0] = r.error;
  return status;
}
static tg_status clone(state *s, double *out)
{
  tg_function_free(s->g);
  const tg_status status = tg_function_clone(&s->g, s->f);
  if (status != TG_OK) return s->g ? TG_E_TAPE : status;
  return tg_gradient(s->g, s->x, out, out + 1);
}
static tg_status new_tape(state *s, double *out)
{
  (void)out;
  tg_tape_free(s->t);
  const tg_status status = tg_tape_new(&s->t);
  return status != TG_OK && s->t ? TG_E_TAPE : status;
}

static tg_status by_hand(state *s, tg_var *x, tg_var *y)
{
  tg_tape_begin(s->t);
  for (int i = 0; i < N; i++) x[i] = tg_input(s->t, s->x[i]);
  *y = rich(x, N, NULL);
  return tg_tape_end(s->t);
}
static tg_status tape(state *s, double *out)
{
  tg_var x[N], y;
  tg_status status = by_hand(s, x, &y);
  if (status != TG_OK) return status == tg_adjoint_sweep(s->t, &y, NULL, 1) ? status : TG_E_TAPE;
  status = tg_adjoint_sweep(s->t, &y, NULL, 1);
  if (status == TG_OK) status = tg_tangent_sweep(s->t, x, s->v, N);
  if (status != TG_OK) return status;
  out[0] = tg_tangent(s->t, y);
  for (int i = 0; i < N; i++) out[1 + i] = tg_adjoint(s->t, x[i]);
  return TG_OK;
}
static tg_status tape_function(state *s, double *out)
{
  tg_var x[N], y;
  tg_status status = by_hand(s, x, &y);
  tg_function_free(s->f);
  s->f = NULL;
  if (status == TG_OK) status = tg_tape_function(&s->f, s->t, x, N, &y, 1);
  if (status != TG_OK) return s->f ? TG_E_TAPE : status;
  return tg_gradient(s->f, s->x, out, out + 1);
}

static tg_status new_sum(state *s, double *out)
{
  (void)out;
  tg_finite_sum_free(s->s);
  const tg_status status = tg_finite_sum_new(&s->s, loss, 3, data_of(s), NULL);
  return status != TG_OK && s->s ? TG_E_TAPE : status;
}
static tg_status new_sparse(state *s, double *out)
{
  (void)out;
  tg_finite_sum_free(s->s);
  const tg_status status = tg_finite_sum_new(&s->s, sparse_loss, COLUMNS, sparse_of(s), NULL);
  return status != TG_OK && s->s ? TG_E_TAPE : status;
}
static tg_status bind(state *s, double *out)
{
  tg_status status = tg_finite_sum_bind(s->s, data_of(s));
  if (status != TG_OK) {
    if (!strstr(tg_finite_sum_message(s->s), "memory")) return TG_E_TAPE;
    memory_fail(0, false); /* the old rows still serve */
    double v;
    if (tg_finite_sum_rows(s->s) != ROWS || tg_finite_sum_gradient(s->s, s->x, NULL, 0, &v, NULL) != TG_OK)
      return TG_E_TAPE;
    return status;
  }
  return tg_finite_sum_gradient(s->s, s->x, NULL, 0, out, NULL);
}
static tg_status sum_gradient(state *s, double *out)
{
  return tg_finite_sum_gradient(s->s, s->x, NULL, 0, out, out + 1);
}
static tg_status sum_hvp(state *s, double *out) { return tg_finite_sum_hvp(s->s, s->x, NULL, 0, s->v, out); }
static tg_status sum_hessian(state *s, double *out)
{
  return tg_finite_sum_hessian(s->s, s->x, NULL, 0, out);
}
static tg_status sum_each(state *s, double *out)
{
  const size_t index[4] = {6, 0, 6, 3};
  return tg_finite_sum_per_sample(s->s, s->x, index, 4, out, out + 4);
}

static const job jobs[] = {
    {"tg_record", NOTHING, record},
    {"tg_record_vector", NOTHING, record_later},
    {"tg_tape_new", NOTHING, new_tape},
    {"tg_value, first", MADE, value},
    {"tg_gradient, first", MADE, gradient},
    {"tg_gradient", RECORDED, gradient},
    {"tg_gradient, another branch", ELSEWHERE, gradient},
    {"tg_jvp", RECORDED, jvp},
    {"tg_vjp", RECORDED, vjp},
    {"tg_hvp", RECORDED, hvp},
    {"tg_hvp, another branch", ELSEWHERE, hvp},
    {"tg_jvp_block", RECORDED, jvp_block},
    {"tg_jvp_block, vector", VECTOR, jvp_block},
    {"tg_vjp_block", RECORDED, vjp_block},
    {"tg_hvp_block", RECORDED, hvp_block},
    {"tg_partial", VECTOR, partial},
    {"tg_jacobian", RECORDED, jacobian},
    {"tg_jacobian, vector", VECTOR, jacobian},
    {"tg_hessian", RECORDED, hessian},
    {"tg_hessian, first", MADE, hessian},
    {"tg_jvp_block in place", RECORDED, in_place},
    {"tg_check", RECORDED, check},
    {"tg_check, first", MADE, check},
    {"tg_function_clone", RECORDED, clone},
    {"tg_function_clone, unrecorded", MADE, clone},
    {"a tape by hand", TAPE, tape},
    {"tg_tape_function", TAPE, tape_function},
    {"tg_finite_sum_new", NOTHING, new_sum},
    {"tg_finite_sum_bind", SUM, bind},
    {"tg_finite_sum_gradient", SUM, sum_gradient},
    {"tg_finite_sum_hvp", SUM, sum_hvp},
    {"tg_finite_sum_hvp, used", SUM_USED, sum_hvp},
    {"tg_finite_sum_hessian", SUM, sum_hessian},
    {"tg_finite_sum_per_sample", SUM, sum_each},
    {"tg_finite_sum_new, sparse", NOTHING, new_sparse},
    {"tg_finite_sum_gradient, sparse", SPARSE, sum_gradient},
    {"tg_finite_sum_hvp, sparse", SPARSE, sum_hvp},
    {"tg_finite_sum_hessian, sparse", SPARSE, sum_hessian},
    {"tg_finite_sum_per_sample, sparse", SPARSE, sum_each},
    {"tg_finite_sum_hessian, plain", SPARSE_PLAIN, sum_hessian},
    {"tg_finite_sum_hessian, threads", THREADS, sum_hessian},
};
enum { JOBS = sizeof jobs / sizeof *jobs };

static void blank(double *out)
{
  for (int i = 0; i < ROOM; i++) out[i] = pattern;
}

static bool is_blank(const double *out)
{
  for (int i = 0; i < ROOM; i++)
    if (out[i] != pattern) return false;
  return true;
}

static bool says_memory(const state *s, const job *j)
{
  if (s->s && j->from >= SUM && j->act != bind) return strstr(tg_finite_sum_message(s->s), "memory") != NULL;
  if (s->f && j->from >= MADE && j->from <= VECTOR && j->act != clone)
    return strstr(tg_function_message(s->f), "memory") != NULL;
  return true;
}

/* A check replays so often that the function is simplified, which it does without where memory is short. */
static bool can_do_without(const job *j) { return j->act == check; }

/* The n-th request of the job fails; false when it makes fewer. */
static bool fail_once(const job *j, size_t n, bool from_then_on, const double *wanted)
{
  state s;
  double out[ROOM];
  blank(out);
  expect(prepare(&s, j->from) == TG_OK, j->name, "not prepared", n);
  memory_fail(n, from_then_on);
  const tg_status status = j->act(&s, out);
  const bool reached = memory_requests() >= n || status != TG_OK;
  memory_fail(0, false);
  const bool without = reached && status == TG_OK && can_do_without(j);
  if (reached && !without) {
    expect(status == TG_E_NOMEM, j->name, tg_status_string(status), n);
    expect(is_blank(out), j->name, "outputs were written", n);
    expect(says_memory(&s, j), j->name, "the message does not tell", n);
    expect(j->act(&s, out) == TG_OK, j->name, "did not succeed afterwards", n);
  }
  if (can_do_without(j)) /* the answer to some rounding, as loops may run this time or another */
    expect(fabs(out[0] - wanted[0]) < 1e-6 * (1.0 + fabs(wanted[0])), j->name, "another answer afterwards",
           n);
  else
    expect(memcmp(out, wanted, sizeof out) == 0, j->name, "other bits afterwards", n);
  finish(&s);
  expect(memory_live() == 0, j->name, "leaked", n);
  return reached;
}

static void run(const job *j)
{
  state s;
  double wanted[ROOM];
  blank(wanted);
  memory_fail(0, false);
  expect(prepare(&s, j->from) == TG_OK && j->act(&s, wanted) == TG_OK, j->name, "failed", 0);
  finish(&s);
  expect(memory_live() == 0, j->name, "leaked", 0);
  size_t requests = 0;
  for (int mode = 0; mode < 2; mode++)
    for (requests = 0; fail_once(j, requests + 1, mode == 1, wanted);) requests++;
  expect(requests > 0, j->name, "made no request", 0);
  printf("%-32s %zu requests\n", j->name, requests);
}

/* ---- Simplifying a recording (simplify.h) at the third replay. ---- */

static tg_var repetitive(const tg_var *x, size_t n, void *user)
{
  tg_var s = tg_constant(0.0), p[N];
  tg_custom(&custom_waves, x, n, p, M, user);
  for (size_t i = 0; i < 300; i++) s = tg_add(s, tg_mul(tg_exp(x[i % n]), tg_live(&live)));
  for (size_t i = 0; i < 300; i++) tg_sin(tg_add(x[i % n], (double)i));
  tg_softmax(x, n, p);
  for (size_t i = 0; i < 9; i++) s = tg_add(s, tg_mul(tg_clamp(x[0], -3.0, x[1]), tg_logsumexp(p, n)));
  return tg_gt(x[0], -9.0) ? s : x[0];
}

static void replay(tg_function *f, const state *s, size_t times, const char *what)
{
  for (size_t i = 0; i < times; i++) expect(tg_value(f, s->x, NULL) == TG_OK, "simplify", what, i);
}

static double difference(const double *a, const double *b, size_t n)
{
  double most = 0.0;
  for (size_t i = 0; i < n; i++) {
    const double d = a[i] > b[i] ? a[i] - b[i] : b[i] - a[i];
    most = d > most ? d : most;
  }
  return most;
}

static size_t swept(const tg_function *f)
{
  tg_function_stats stats;
  return tg_function_statistics(f, &stats) == TG_OK ? stats.swept : 0;
}

/* The n-th request fails at the third replay: the record goes on. */
static bool simplify_once(size_t n, const double *wanted)
{
  state s;
  double g[1 + N];
  fill(&s);
  expect(tg_record(&s.f, repetitive, N, s.x, NULL) == TG_OK, "simplify", "not recorded", n);
  replay(s.f, &s, 1, "a replay failed");
  expect(tg_gradient(s.f, s.x, g, g + 1) == TG_OK, "simplify", "no gradient", n);
  const size_t recorded = swept(s.f);
  memory_fail(n, n % 2 == 0);
  expect(tg_gradient(s.f, s.x, g, g + 1) == TG_OK, "simplify", "failed where it may not", n);
  const bool reached = n > 0 && memory_requests() >= n;
  memory_fail(0, false);
  expect((swept(s.f) < recorded) == !reached, "simplify", "another tape was swept", n);
  expect(g[0] == wanted[0] && difference(g, wanted, 1 + N) < 1e-10, "simplify", "another gradient", n);
  replay(s.f, &s, 1, "a later replay failed");
  tg_function_free(s.f);
  expect(memory_live() == 0, "simplify", "leaked", n);
  return reached;
}

static void simplify(void)
{
  state s;
  double wanted[1 + N], g[1 + N];
  fill(&s);
  expect(tg_record(&s.f, repetitive, N, s.x, NULL) == TG_OK, "simplify", "not recorded", 0);
  expect(tg_gradient(s.f, s.x, wanted, wanted + 1) == TG_OK, "simplify", "no gradient", 0);
  replay(s.f, &s, 2, "a replay failed");
  memory_fail(1, true);
  expect(tg_gradient(s.f, s.x, g, g + 1) == TG_OK && memory_requests() == 0, "simplify",
         "allocated afterwards", memory_requests());
  memory_fail(0, false);
  tg_function_free(s.f);
  size_t n = 0;
  while (simplify_once(n + 1, wanted)) n++;
  simplify_once(0, wanted);
  printf("%-32s %zu requests\n", "simplify", n);
}

/* ---- Warm calls. ---- */

static void warm(const job *j, bool also_recording)
{
  state s;
  double out[ROOM];
  expect(prepare(&s, j->from) == TG_OK && j->act(&s, out) == TG_OK, j->name, "failed", 0);
  if (s.f && also_recording) tg_function_forget(s.f);
  memory_fail(1, true);
  expect(j->act(&s, out) == TG_OK && memory_requests() == 0, j->name, "a warm call allocated",
         memory_requests());
  memory_fail(0, false);
  finish(&s);
}

int main(void)
{
  for (int i = 0; i < JOBS; i++) run(&jobs[i]);
  for (int i = 0; i < JOBS; i++) {
    const ready from = jobs[i].from;
    if (from == NOTHING || from == TAPE || jobs[i].act == clone || jobs[i].act == check ||
        jobs[i].act == bind)
      continue;
    if (from == SPARSE_PLAIN) continue; /* every recording is looked at, and recordings alternate here */
    warm(&jobs[i], false);
    warm(&jobs[i], true);
  }
  for (int i = 0; i < JOBS; i++)
    if (jobs[i].act == tape) warm(&jobs[i], false);
  simplify();
  printf("%d failures\n", failures);
  return failures != 0;
}
