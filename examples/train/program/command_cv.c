/* k-fold cross-validation, stratified by class and seeded. Every fold learns its own design, scaling and
 * model, so nothing of the rows held back leaks in. */
#include "commands.h"

#include "memory.h"
#include "output.h"
#include "path.h"
#include "progress.h"
#include "report.h"
#include "split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void fold_line(text *out, const options *o, size_t k, const training *t, const judged *j)
{
  if (o->json) {
    text_add(out, k > 0 ? ",{" : "{");
    json_fit(out, t);
    text_add(out, ",");
    json_judged(out, "held_back", j, &t->model);
    text_add(out, "}");
    return;
  }
  text_add(out, "fold %zu: %zu rows held back, ", k + 1, j->rows);
  char a[SHOWN_ROOM], b[SHOWN_ROOM];
  if (j->is_class) {
    text_add(out, "accuracy %s, log-loss %s", shown(a, 'f', 4, j->classes.accuracy),
             shown(b, 'f', 6, j->classes.log_loss));
  } else {
    text_add(out, "R^2 %s, mean absolute error %s", shown(a, 'f', 6, j->values.r_squared),
             shown(b, 'g', 6, j->values.mean_absolute));
  }
  text_add(out, "; %zu iterations: %s\n", t->outcome.iterations, fit_stop_string(t->outcome.stop));
}

/* One fold; *stop is the last reason that was no success. */
static bool run_fold(text *out, judged *whole, const loaded *l, const options *o, const size_t *fold,
                     size_t k, size_t *row, fit_stop *stop, trained *last, failure *f)
{
  size_t learns = 0, helds = 0;
  for (size_t i = 0; i < l->rows; i++) {
    if (fold[i] != k)
      row[learns++] = i;
    else
      row[l->rows - ++helds] = i;
  }
  training t;
  if (!training_new(&t, l, row, learns, o, f)) return false;
  progress p;
  judged j = {0};
  progress_start(&p, &t, o);
  t.settings.watch = progress_watch;
  t.settings.user = &p;
  bool good = loaded_covers(l, &t.model.design, row + l->rows - helds, helds, f);
  good = good && training_run(&t, l, o, f);
  good = good && judge_start(&j, l->labels.count, f) &&
         judge_rows(&j, whole, &t.model, l, row + l->rows - helds, helds, f) && judge_finish(&j, f);
  progress_end(&p);
  if (good) fold_line(out, o, k, &t, &j);
  if (good && fit_stop_kind(t.outcome.stop) != FIT_SUCCESS) *stop = t.outcome.stop;
  if (good && k + 1 == o->folds) { /* names and shape, for the report of the whole */
    *last = t.model;
    t.model = (trained){0};
  }
  judged_free(&j);
  training_free(&t);
  return good;
}

static bool report_whole(text *out, judged *whole, const options *o, const trained *m, failure *f)
{
  if (!judge_finish(whole, f)) return false;
  if (o->json) {
    text_add(out, "],");
    json_judged(out, "together", whole, m);
    text_add(out, "}\n");
  } else {
    report_judged(out, "all rows, each judged by the model that did not see it", whole, m);
  }
  return true;
}

static int cross_validate(const loaded *l, const options *o, size_t *fold, size_t *row, failure *f)
{
  judged whole;
  text out = {0};
  trained last = {0};
  fit_stop stop = FIT_CONVERGED;
  bool good = judge_start(&whole, l->labels.count, f);
  good =
      good && (split_folds(fold, l->rows, o->folds, l->class_of, l->labels.count, o->seed) || fail_memory(f));
  if (o->json) {
    text_add(&out, "{");
    json_data(&out, l, o->data);
    text_add(&out, ",\"folds\":[");
  } else {
    report_data(&out, l, o->data);
  }
  for (size_t k = 0; good && k < o->folds && stop != FIT_INTERRUPTED; k++) {
    good = run_fold(&out, &whole, l, o, fold, k, row, &stop, &last, f);
  }
  if (good && stop != FIT_INTERRUPTED) good = report_whole(&out, &whole, o, &last, f);
  if (good && out.failed) good = fail_memory(f);
  if (good && !o->quiet && stop != FIT_INTERRUPTED) good = write_file("-", out.bytes, out.length, f);
  trained_free(&last);
  text_free(&out);
  judged_free(&whole);
  if (!good) return EXIT_BAD;
  if (fit_stop_kind(stop) == FIT_SUCCESS) return EXIT_FINE;
  fail(f, "in at least one fold: %s", fit_stop_string(stop));
  return stop == FIT_INTERRUPTED ? EXIT_INTERRUPTED : EXIT_NO_OPTIMUM;
}

static bool enough_rows(const loaded *l, const options *o, failure *f)
{
  if (o->folds > l->rows) return fail(f, "%zu folds of %zu rows are too many", o->folds, l->rows);
  for (size_t c = 0; c < l->labels.count; c++) {
    size_t count = 0;
    for (size_t i = 0; i < l->rows; i++) count += l->class_of[i] == c;
    char shown[EXCERPT_ROOM];
    if (count < 2)
      return fail(f, "class '%s' has a single row: it would be missing from a fold's learning",
                  excerpt(shown, l->labels.text[c], l->labels.length[c]));
  }
  return true;
}

int command_cv(const options *o, failure *f)
{
  loaded l;
  if (!load(&l, o, f)) return EXIT_BAD;
  catch_interrupt();
  int status = EXIT_BAD;
  size_t *room = resize(NULL, l.rows, 2 * sizeof *room);
  if (room == NULL)
    fail_memory(f);
  else if (enough_rows(&l, o, f))
    status = o->path > 0 ? path_cv(o, &l, f) : cross_validate(&l, o, room, room + l.rows, f);
  free(room);
  loaded_free(&l);
  return status;
}
