#include "commands.h"

#include "checkpoint.h"
#include "files.h"
#include "output.h"
#include "path.h"
#include "plot.h"
#include "progress.h"
#include "report.h"
#include "rows.h"

#include <stdio.h>
#include <string.h>

typedef struct fit_under_way {
  training training;
  progress progress; /* it points to the training */
  const row_split *rows;
} fit_under_way;

/* All there is to report of a fit. */
typedef struct fit_report {
  const options *o;
  const loaded *l;
  const training *fit;
  judged learn, held; /* without rows: none held back */
} fit_report;

/* No rows are none judged. */
static bool judge_part(judged *j, const fit_report *r, row_list rows, failure *f)
{
  const trained *m = &r->fit->model;
  return rows.count == 0 ||
         (judge_start(j, m->shape.classes, f) && judge_rows(j, NULL, m, r->l, rows, f) && judge_finish(j, f));
}

static void text_report(text *t, const fit_report *r)
{
  const trained *m = &r->fit->model;
  report_data(t, r->l, r->o->data);
  report_fit(t, r->fit);
  report_judged(t, "rows learned from", &r->learn, m);
  if (r->held.rows > 0) report_judged(t, "rows held back", &r->held, m);
  report_summary(t, r->fit);
}

static void json_report(text *t, const fit_report *r)
{
  const trained *m = &r->fit->model;
  text_add(t, "{");
  json_data(t, r->l, r->o->data);
  text_add(t, ",");
  json_fit(t, r->fit);
  text_add(t, ",");
  json_judged(t, "learned", &r->learn, m);
  if (r->held.rows > 0) {
    text_add(t, ",");
    json_judged(t, "held_back", &r->held, m);
  }
  text_add(t, ",");
  json_coefficients(t, r->fit);
  text_add(t, "}\n");
}

static bool print_report(const options *o, const loaded *l, const training *fit, const row_split *s,
                         failure *f)
{
  fit_report r = {.o = o, .l = l, .fit = fit};
  text t = {0};
  bool good = judge_part(&r.learn, &r, s->learn, f) && judge_part(&r.held, &r, s->held, f);
  if (good) (o->json ? json_report : text_report)(&t, &r);
  if (good && t.failed) good = fail_memory(f);
  good = good && write_file("-", t.bytes, t.length, f);
  text_free(&t);
  judged_free(&r.learn);
  judged_free(&r.held);
  return good;
}

static bool draw(const options *o, const progress *p, failure *f)
{
  if (o->plot == NULL) return true;
  const plot curve = {o->data, "iteration", "objective", false, true, &p->trace, 2, 2};
  bool there;
  if (!plot_draw(&curve, o->plot, &there, f)) return false;
  if (!there) say("no picture: gnuplot is not there");
  return true;
}

static bool write_trace(const char *file, const text *trace, failure *f)
{
  if (file == NULL) return true;
  return trace->failed ? fail_memory(f) : write_file(file, trace->bytes, trace->length, f);
}

/* Writes and prints what there is; separable classes leave no model. */
static bool deliver(const options *o, const loaded *l, const fit_under_way *w, failure *f)
{
  const training *r = &w->training;
  const char *model = fit_stop_kind(r->outcome.stop) != FIT_NOTHING ? o->model : NULL;
  if (model != NULL && !trained_write(&r->model, model, f)) return false;
  const bool able = !r->no_errors.no_memory || fail_memory(f); /* no answer about standard errors at all */
  const bool good = able && write_trace(o->trace, &w->progress.trace, f) && draw(o, &w->progress, f) &&
                    (o->quiet || print_report(o, l, r, w->rows, f));
  return good || fail_beside_model(model, f);
}

/* What a fit that is delivered means for the status, in words too. */
static int status_of(const training *r, failure *f)
{
  const fit_stop stop = r->outcome.stop;
  if (r->no_errors.text[0] != '\0') say("no standard errors: %s", r->no_errors.text);
  if (fit_stop_kind(stop) == FIT_SUCCESS)
    return r->no_errors.text[0] != '\0' && interrupted() ? EXIT_INTERRUPTED : EXIT_FINE;
  fail(f, "%s%s%s", fit_stop_string(stop), r->separated_classes[0] != '\0' ? ": " : "", r->separated_classes);
  return stop == FIT_INTERRUPTED ? EXIT_INTERRUPTED : EXIT_NO_OPTIMUM;
}

/* From a checkpoint, if there is one. */
static bool go_on(checkpoint *c, training *r, checkpoint_key key, const options *o, failure *f)
{
  if (o->checkpoint == NULL) return true;
  if (!checkpoint_read(c, o->checkpoint, key, f)) return false;
  if (c->theta == NULL) return true;
  memcpy(r->theta, c->theta, r->problem.n * sizeof *r->theta);
  r->settings.resume = c->run;
  r->settings.resume_size = c->run_size;
  if (!o->quiet) say("going on from %s", o->checkpoint);
  return true;
}

/* Nothing is left to go on with: not so when a limit or an interrupt cut the fit short. */
static bool is_over(fit_stop s) { return s != FIT_INTERRUPTED && s != FIT_ITERATIONS && s != FIT_SECONDS; }

static int run(fit_under_way *w, const options *o, const loaded *l, failure *f)
{
  training *r = &w->training;
  checkpoint c = {0};
  const bool good = loaded_covers(l, &r->model.design, w->rows->held, f) &&
                    go_on(&c, r, w->progress.key, o, f) && training_run(r, l, o, f) && deliver(o, l, w, f);
  const int status = good ? status_of(r, f) : EXIT_BAD;
  if (good && o->checkpoint != NULL && is_over(r->outcome.stop)) remove(o->checkpoint);
  checkpoint_free(&c);
  return status;
}

static int fit_rows(const options *o, const loaded *l, const row_split *s, failure *f)
{
  if (o->path > 0 && o->checkpoint != NULL)
    return fail(f, "--checkpoint is for a single fit, not for a path"), EXIT_USAGE;
  if (o->path > 0) return path_fit(o, l, s, f);
  fit_under_way w = {.rows = s};
  if (!training_new(&w.training, l, s->learn, o, f)) return EXIT_BAD;
  progress_start(&w.progress, &w.training, o);
  w.training.settings.watch = progress_watch;
  w.training.settings.user = &w.progress;
  const int status = run(&w, o, l, f);
  progress_end(&w.progress);
  training_free(&w.training);
  return status;
}

static bool files_possible(const options *o, failure *f)
{
  const char *const file[] = {o->model, o->trace, o->plot, o->checkpoint};
  for (size_t i = 0; i < sizeof file / sizeof *file; i++) {
    if (file[i] != NULL && !write_possible(file[i], f)) return false;
  }
  return o->checkpoint == NULL || checkpoint_possible(o->checkpoint, f);
}

int command_fit(const options *o, failure *f)
{
  if (!files_distinct(o, f) || !files_possible(o, f)) return EXIT_BAD;
  loaded l;
  row_split s = {0};
  if (!load(&l, o, f)) return EXIT_BAD;
  catch_interrupt(); /* from here on there is something to keep */
  const int status = rows_hold_out(&s, &l, o, f) ? fit_rows(o, &l, &s, f) : EXIT_BAD;
  rows_free(&s);
  loaded_free(&l);
  return status;
}
