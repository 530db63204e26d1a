/* k-fold cross-validation, stratified by class and seeded. Every fold learns its own design, scaling and
 * model, so nothing of the rows held back leaks in. */
#include "commands.h"

#include "output.h"
#include "path.h"
#include "progress.h"
#include "report.h"
#include "rows.h"

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

/* A cross-validation under way. */
typedef struct validation {
  const options *o;
  const loaded *l;
  row_folds folds;
  text out;
  judged whole;  /* all rows, each by the model that did not see it */
  fit_stop stop; /* the last that was no success */
  trained last;  /* a model, for names and shape in the report of the whole */
} validation;

/* One fold: from the rows of the others a model, by which its own are judged. */
static bool judge_fold(validation *v, training *t, row_list held, judged *j, failure *f)
{
  const size_t classes = v->l->labels.count;
  return loaded_covers(v->l, &t->model.design, held, f) && training_run(t, v->l, v->o, f) &&
         judge_start(j, classes, f) && judge_rows(j, &v->whole, &t->model, v->l, held, f) &&
         judge_finish(j, f);
}

static bool run_fold(validation *v, size_t k, failure *f)
{
  training t;
  progress p;
  judged j = {0};
  const row_split s = folds_without(&v->folds, k);
  if (!training_new(&t, v->l, s.learn, v->o, f)) return false;
  progress_start(&p, &t, v->o);
  t.settings.watch = progress_watch;
  t.settings.user = &p;
  const bool good = judge_fold(v, &t, s.held, &j, f);
  progress_end(&p);
  if (good) fold_line(&v->out, v->o, k, &t, &j);
  if (good && fit_stop_kind(t.outcome.stop) != FIT_SUCCESS) v->stop = t.outcome.stop;
  if (good && k + 1 == v->o->folds) {
    v->last = t.model;
    t.model = (trained){0};
  }
  judged_free(&j);
  training_free(&t);
  return good;
}

static void open_report(validation *v)
{
  if (v->o->json) {
    text_add(&v->out, "{");
    json_data(&v->out, v->l, v->o->data);
    text_add(&v->out, ",\"folds\":[");
  } else {
    report_data(&v->out, v->l, v->o->data);
  }
}

static bool close_report(validation *v, failure *f)
{
  if (!judge_finish(&v->whole, f)) return false;
  if (v->o->json) {
    text_add(&v->out, "],");
    json_judged(&v->out, "together", &v->whole, &v->last);
    text_add(&v->out, "}\n");
  } else {
    report_judged(&v->out, "all rows, each judged by the model that did not see it", &v->whole, &v->last);
  }
  if (v->out.failed) return fail_memory(f);
  return v->o->quiet || write_file("-", v->out.bytes, v->out.length, f);
}

static bool run_folds(validation *v, failure *f)
{
  if (!folds_deal(&v->folds, v->l, v->o, f) || !judge_start(&v->whole, v->l->labels.count, f)) return false;
  open_report(v);
  for (size_t k = 0; k < v->o->folds && v->stop != FIT_INTERRUPTED; k++) {
    if (!run_fold(v, k, f)) return false;
  }
  return v->stop == FIT_INTERRUPTED || close_report(v, f);
}

static int cross_validate(const loaded *l, const options *o, failure *f)
{
  validation v = {.o = o, .l = l, .stop = FIT_CONVERGED};
  const bool good = run_folds(&v, f);
  folds_free(&v.folds);
  text_free(&v.out);
  judged_free(&v.whole);
  trained_free(&v.last);
  if (!good) return EXIT_BAD;
  if (fit_stop_kind(v.stop) == FIT_SUCCESS) return EXIT_FINE;
  fail(f, "in at least one fold: %s", fit_stop_string(v.stop));
  return v.stop == FIT_INTERRUPTED ? EXIT_INTERRUPTED : EXIT_NO_OPTIMUM;
}

int command_cv(const options *o, failure *f)
{
  loaded l;
  if (!load(&l, o, f)) return EXIT_BAD;
  catch_interrupt();
  const int status = o->path > 0 ? path_cv(o, &l, f) : cross_validate(&l, o, f);
  loaded_free(&l);
  return status;
}
