/* fit --path and cv --path: a whole sequence of penalties, reported strength by strength. */
#include "commands.h"
#include "path.h"

#include "memory.h"
#include "output.h"
#include "plot.h"
#include "progress.h"
#include "report.h"
#include "rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What a strength is judged by: the log-loss of a classifier, the mean square error of a linear model. */
static double badness(const judged *j)
{
  return j->is_class ? j->classes.log_loss : j->values.root_mean_square * j->values.root_mean_square;
}

static bool judge_badness(double *bad, const training *t, const loaded *l, row_list rows, failure *f)
{
  judged j = {0};
  *bad = NAN;
  if (rows.count == 0) return true;
  const bool good = judge_start(&j, l->labels.count, f) && judge_rows(&j, NULL, &t->model, l, rows, f) &&
                    judge_finish(&j, f);
  if (good) *bad = badness(&j);
  judged_free(&j);
  return good;
}

static int fail_unconverged(failure *f)
{
  fail(f, "not every fit of the path converged");
  return EXIT_NO_OPTIMUM;
}

/* -- fit --path ------------------------------------------------------------------------------------------ */

typedef struct path_run {
  const options *o;
  const loaded *l;
  const row_split *rows;
  training t;
  double *lambda, *best_theta;
  double best; /* the least badness so far, on the rows held back */
  size_t best_step;
  text csv, picture; /* strengths and coefficients, of the original columns and of columns of variance 1 */
  text report;
  bool all_converged, interrupted;
} path_run;

/* For gnuplot names are kept free of quoting. */
static void plain_field(text *to, const char *name)
{
  char line[2 * FEATURE_NAME_ROOM];
  printable(line, sizeof line, name, strlen(name));
  for (char *c = line; *c != '\0'; c++) {
    if (*c == ',' || *c == '"') *c = ' ';
  }
  text_add(to, "%s", line);
}

static void csv_header(path_run *r, text *to, void (*field)(text *to, const char *name))
{
  text_add(to, "lambda");
  for (size_t i = 0; i < r->t.problem.n; i++) {
    char room[FEATURE_NAME_ROOM], name[2 * FEATURE_NAME_ROOM];
    const char *class_name, *feature = coefficient_name(&r->t.model, i, room, &class_name);
    snprintf(name, sizeof name, "%s%s%s", class_name ? class_name : "", class_name ? ": " : "", feature);
    text_add(to, ",");
    field(to, name);
  }
  text_add(to, "\n");
}

static void csv_row(path_run *r, text *to, double lambda, bool standardized)
{
  const size_t features = r->t.model.shape.features, weights = model_rows(&r->t.model.shape) * features;
  text_number(to, lambda);
  for (size_t i = 0; i < r->t.problem.n; i++) {
    const double unit = standardized && i < weights ? r->t.scaling.spread[i % features] : 1;
    text_bytes(to, ",", 1);
    text_number(to, r->t.model.theta[i] * unit);
  }
  text_bytes(to, "\n", 1);
}

static void report_head(path_run *r)
{
  if (r->o->json) {
    text_add(&r->report, "{");
    json_data(&r->report, r->l, r->o->data);
    text_add(&r->report, ",\"path\":[");
    return;
  }
  const char *measure = r->l->labels.count == 0 ? "mean square" : "log-loss";
  report_data(&r->report, r->l, r->o->data);
  text_add(&r->report, "%12s %8s %16s %14s %14s %10s\n", "lambda", "nonzero", "objective", measure,
           r->rows->held.count > 0 ? "held back" : "", "iterations");
}

static void report_step(path_run *r, size_t step, double learned, double held)
{
  const fit_outcome *o = &r->t.outcome;
  const size_t nonzero = nonzero_weights(&r->t);
  if (r->o->json) {
    text_add(&r->report, "%s{\"lambda\":", step > 0 ? "," : "");
    text_json_number(&r->report, r->lambda[step]);
    text_add(&r->report, ",\"nonzero\":%zu,\"objective\":", nonzero);
    text_json_number(&r->report, o->objective);
    text_add(&r->report, ",\"learned\":");
    text_json_number(&r->report, learned);
    text_add(&r->report, ",\"held_back\":");
    text_json_number(&r->report, held);
    text_add(&r->report, ",\"iterations\":%zu,\"converged\":%s,\"status\":\"%s\"}", o->iterations,
             fit_converged(o->stop) ? "true" : "false", fit_stop_word(o->stop));
    return;
  }
  char shown[32] = "";
  if (r->rows->held.count > 0) snprintf(shown, sizeof shown, "%.8g", held);
  text_add(&r->report, "%12.6g %8zu %16.10g %14.8g %14s %10zu%s\n", r->lambda[step], nonzero, o->objective,
           learned, shown, o->iterations, fit_stop_kind(o->stop) == FIT_SUCCESS ? "" : "  not converged");
}

static bool take_step(path_run *r, size_t step, failure *f)
{
  double learned, held;
  if (!path_step(&r->t, r->l, r->o, r->lambda[step], f)) return false;
  if (!judge_badness(&learned, &r->t, r->l, r->rows->learn, f)) return false;
  if (!judge_badness(&held, &r->t, r->l, r->rows->held, f)) return false;
  r->interrupted = r->t.outcome.stop == FIT_INTERRUPTED;
  const fit_kind kind = fit_stop_kind(r->t.outcome.stop);
  r->all_converged = r->all_converged && kind == FIT_SUCCESS;
  csv_row(r, &r->csv, r->lambda[step], false);
  csv_row(r, &r->picture, r->lambda[step], true);
  report_step(r, step, learned, held);
  if (kind == FIT_NOTHING) return true;
  if (r->rows->held.count == 0 || held < r->best) { /* without rows held back, the last one is kept */
    r->best = held;
    r->best_step = step;
    memcpy(r->best_theta, r->t.model.theta, r->t.problem.n * sizeof *r->best_theta);
  }
  return true;
}

static bool draw(const path_run *r, failure *f)
{
  if (r->o->plot == NULL) return true;
  const size_t weights = model_rows(&r->t.model.shape) * r->t.model.shape.features;
  const plot p = {"Coefficients of columns of variance 1",
                  "lambda",
                  "coefficient",
                  true,
                  false,
                  &r->picture,
                  2,
                  weights + 1};
  bool there;
  if (!plot_draw(&p, r->o->plot, &there, f)) return false;
  if (!there) say("no picture: gnuplot is not there");
  return true;
}

/* The chosen model, the coefficients and the report. */
static bool deliver(path_run *r, failure *f)
{
  if (r->best_step == SIZE_MAX) return fail(f, "no fit of the path has found a model");
  const options *o = r->o;
  options at = *o;
  at.lambda = r->lambda[r->best_step];
  r->t.model.penalty = penalty_of(&at, r->l->kind);
  memcpy(r->t.model.theta, r->best_theta, r->t.problem.n * sizeof *r->best_theta);
  if (o->json)
    text_add(&r->report, "]}\n");
  else
    text_add(&r->report, "%s lambda %.8g\n",
             r->rows->held.count > 0 ? "best on the rows held back:" : "kept:", at.lambda);
  if (r->csv.failed || r->picture.failed || r->report.failed) return fail_memory(f);
  if (o->model != NULL && !trained_write(&r->t.model, o->model, f)) return false;
  const bool good = (o->trace == NULL || write_file(o->trace, r->csv.bytes, r->csv.length, f)) &&
                    draw(r, f) && (o->quiet || write_file("-", r->report.bytes, r->report.length, f));
  return good || fail_beside_model(o->model, f);
}

static bool walk(path_run *r, failure *f)
{
  const size_t count = r->o->path;
  r->lambda = resize(NULL, count, sizeof *r->lambda);
  r->best_theta = zeroed(r->t.problem.n, sizeof *r->best_theta);
  if (r->lambda == NULL || r->best_theta == NULL) return fail_memory(f);
  if (!path_strengths(&r->t, r->o, r->lambda, count, f)) return false;
  csv_header(r, &r->csv, text_csv);
  csv_header(r, &r->picture, plain_field);
  report_head(r);
  for (size_t step = 0; step < count && !r->interrupted; step++) {
    if (!take_step(r, step, f)) return false;
  }
  return deliver(r, f);
}

int path_fit(const options *o, const loaded *l, const row_split *s, failure *f)
{
  path_run r = {.o = o, .l = l, .rows = s, .best = INFINITY, .best_step = SIZE_MAX, .all_converged = true};
  if (!training_new(&r.t, l, s->learn, o, f)) return EXIT_BAD;
  options without_trace = *o;
  without_trace.trace = without_trace.plot = NULL; /* here they are about strengths, not iterations */
  progress p;
  progress_start(&p, &r.t, &without_trace);
  r.t.settings.watch = progress_watch;
  r.t.settings.user = &p;
  const bool good = loaded_covers(l, &r.t.model.design, s->held, f) && walk(&r, f);
  progress_end(&p);
  training_free(&r.t);
  free(r.lambda);
  free(r.best_theta);
  text_free(&r.csv);
  text_free(&r.picture);
  text_free(&r.report);
  if (!good) return EXIT_BAD;
  if (r.interrupted) return EXIT_INTERRUPTED;
  return r.all_converged ? EXIT_FINE : fail_unconverged(f);
}

/* -- cv --path ------------------------------------------------------------------------------------------- */

typedef struct path_folds {
  const options *o;
  const loaded *l;
  row_folds folds;
  double *lambda;
  double *bad;     /* folds x strengths */
  bool *converged; /* strengths: in all folds */
} path_folds;

static bool whole_strengths(path_folds *r, failure *f)
{
  training t;
  if (!training_new(&t, r->l, folds_all(&r->folds), r->o, f)) return false;
  const bool good = path_strengths(&t, r->o, r->lambda, r->o->path, f);
  training_free(&t);
  return good;
}

static fit_stop watch_interrupt(const fit_progress *now, void *user)
{
  (void)now;
  (void)user;
  return interrupted() ? FIT_INTERRUPTED : FIT_RUNNING;
}

static bool one_fold(path_folds *r, size_t k, failure *f)
{
  training t;
  const row_split rows = folds_without(&r->folds, k);
  if (!training_new(&t, r->l, rows.learn, r->o, f)) return false;
  t.settings.watch = watch_interrupt;
  bool good = loaded_covers(r->l, &t.model.design, rows.held, f);
  for (size_t i = 0; good && i < r->o->path && !interrupted(); i++) {
    good = path_step(&t, r->l, r->o, r->lambda[i], f) &&
           judge_badness(&r->bad[k * r->o->path + i], &t, r->l, rows.held, f);
    if (fit_stop_kind(t.outcome.stop) != FIT_SUCCESS) r->converged[i] = false;
  }
  training_free(&t);
  return good;
}

/* Mean and standard error over the folds. */
static void over_folds(const path_folds *r, size_t i, double *mean, double *error)
{
  const double k = (double)r->o->folds;
  double square = 0;
  *mean = 0;
  for (size_t j = 0; j < r->o->folds; j++) *mean += r->bad[j * r->o->path + i] / k;
  for (size_t j = 0; j < r->o->folds; j++) square += pow(r->bad[j * r->o->path + i] - *mean, 2) / (k - 1);
  *error = sqrt(square / k);
}

/* The best strength, and the largest that is no worse than one standard error (Breiman et al. 1984,
 * section 3.4.3). */
static void choose(const path_folds *r, size_t *best, size_t *simple)
{
  double least = INFINITY, error = 0, mean, e;
  for (size_t i = 0; i < r->o->path; i++) {
    over_folds(r, i, &mean, &e);
    if (mean < least) {
      least = mean;
      error = e;
      *best = i;
    }
  }
  for (*simple = 0; *simple < *best; ++*simple) {
    over_folds(r, *simple, &mean, &e);
    if (mean <= least + error) return;
  }
}

static void text_table(text *t, const path_folds *r, size_t best, size_t simple)
{
  report_data(t, r->l, r->o->data);
  text_add(t, "%12s %16s %14s\n", "lambda", r->l->labels.count == 0 ? "mean square" : "log-loss",
           "std. error");
  for (size_t i = 0; i < r->o->path; i++) {
    double mean, error;
    over_folds(r, i, &mean, &error);
    text_add(t, "%12.6g %16.8g %14.4g%s%s%s\n", r->lambda[i], mean, error, i == best ? "  best" : "",
             i == simple ? "  within one standard error" : "", r->converged[i] ? "" : "  not converged");
  }
}

static void json_table(text *t, const path_folds *r, size_t best, size_t simple)
{
  text_add(t, "{");
  json_data(t, r->l, r->o->data);
  text_add(t, ",\"path\":[");
  for (size_t i = 0; i < r->o->path; i++) {
    double mean, error;
    over_folds(r, i, &mean, &error);
    text_add(t, "%s{\"lambda\":", i > 0 ? "," : "");
    text_json_number(t, r->lambda[i]);
    text_add(t, ",\"mean\":");
    text_json_number(t, mean);
    text_add(t, ",\"std_error\":");
    text_json_number(t, error);
    text_add(t, ",\"converged\":%s}", r->converged[i] ? "true" : "false");
  }
  text_add(t, "],\"best\":");
  text_json_number(t, r->lambda[best]);
  text_add(t, ",\"one_standard_error\":");
  text_json_number(t, r->lambda[simple]);
  text_add(t, "}\n");
}

static bool print_folds(const path_folds *r, failure *f)
{
  size_t best = 0, simple = 0;
  text t = {0};
  choose(r, &best, &simple);
  (r->o->json ? json_table : text_table)(&t, r, best, simple);
  const bool good = t.failed ? fail_memory(f) : r->o->quiet || write_file("-", t.bytes, t.length, f);
  text_free(&t);
  return good;
}

static bool walk_folds(path_folds *r, failure *f)
{
  const options *o = r->o;
  r->lambda = resize(NULL, o->path, sizeof *r->lambda);
  r->bad = resize(NULL, o->folds, o->path * sizeof *r->bad);
  r->converged = resize(NULL, o->path, sizeof *r->converged);
  if (!r->lambda || !r->bad || !r->converged) return fail_memory(f);
  for (size_t i = 0; i < o->path; i++) r->converged[i] = true;
  if (!folds_deal(&r->folds, r->l, o, f) || !whole_strengths(r, f)) return false;
  for (size_t k = 0; k < o->folds && !interrupted(); k++) {
    if (!one_fold(r, k, f)) return false;
  }
  return interrupted() || print_folds(r, f);
}

int path_cv(const options *o, const loaded *l, failure *f)
{
  path_folds r = {.o = o, .l = l};
  const bool good = walk_folds(&r, f);
  bool all = true;
  for (size_t i = 0; good && i < o->path; i++) all = all && r.converged[i];
  folds_free(&r.folds);
  free(r.lambda);
  free(r.bad);
  free(r.converged);
  if (!good) return EXIT_BAD;
  return interrupted() ? EXIT_INTERRUPTED : all ? EXIT_FINE : fail_unconverged(f);
}
