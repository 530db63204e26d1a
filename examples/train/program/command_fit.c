#include "commands.h"

#include "checkpoint.h"
#include "files.h"
#include "memory.h"
#include "output.h"
#include "path.h"
#include "plot.h"
#include "progress.h"
#include "report.h"
#include "split.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The rows to learn from, and behind them, in the same memory, those held back. */
typedef struct row_split {
  size_t *learn, *held, learns, helds;
} row_split;

static bool split_rows(row_split *s, const loaded *l, const options *o, failure *f)
{
  *s = (row_split){.learn = resize(NULL, l->rows, sizeof(size_t))};
  bool *held = zeroed(l->rows, 1);
  bool good = s->learn != NULL && held != NULL;
  if (good && o->holdout > 0)
    good = split_holdout(held, l->rows, o->holdout, l->class_of, l->labels.count, o->seed);
  for (size_t i = 0; good && i < l->rows; i++) s->learns += !held[i];
  s->held = good ? s->learn + s->learns : NULL;
  for (size_t i = 0, learns = 0; good && i < l->rows; i++) {
    if (held[i])
      s->held[s->helds++] = i;
    else
      s->learn[learns++] = i;
  }
  free(held);
  if (!good) return fail_memory(f);
  if (o->holdout > 0 && s->helds == 0)
    return fail(f, "--holdout %g of %zu rows is no row", o->holdout, l->rows);
  return s->learns >= 2 ||
         fail(f, "--holdout %g of %zu rows leaves too few to learn from", o->holdout, l->rows);
}

/* No rows are none judged. */
static bool judge_part(judged *j, const training *t, const loaded *l, const size_t *row, size_t rows,
                       failure *f)
{
  if (rows == 0) return true;
  return judge_start(j, t->model.shape.classes, f) && judge_rows(j, NULL, &t->model, l, row, rows, f) &&
         judge_finish(j, f);
}

static void text_report(text *t, const options *o, const loaded *l, const training *r, const judged *learn,
                        const judged *held)
{
  report_data(t, l, o->data);
  report_fit(t, r);
  report_judged(t, "rows learned from", learn, &r->model);
  if (held->rows > 0) report_judged(t, "rows held back", held, &r->model);
  report_summary(t, r);
}

static void json_report(text *t, const options *o, const loaded *l, const training *r, const judged *learn,
                        const judged *held)
{
  text_add(t, "{");
  json_data(t, l, o->data);
  text_add(t, ",");
  json_fit(t, r);
  text_add(t, ",");
  json_judged(t, "learned", learn, &r->model);
  if (held->rows > 0) {
    text_add(t, ",");
    json_judged(t, "held_back", held, &r->model);
  }
  text_add(t, ",");
  json_coefficients(t, r);
  text_add(t, "}\n");
}

static bool print_report(const options *o, const loaded *l, const training *r, const row_split *s, failure *f)
{
  judged learn = {0}, held = {0};
  text t = {0};
  bool good =
      judge_part(&learn, r, l, s->learn, s->learns, f) && judge_part(&held, r, l, s->held, s->helds, f);
  if (good) (o->json ? json_report : text_report)(&t, o, l, r, &learn, &held);
  if (good && t.failed) good = fail_memory(f);
  good = good && write_file("-", t.bytes, t.length, f);
  text_free(&t);
  judged_free(&learn);
  judged_free(&held);
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
static int finish(const options *o, const loaded *l, training *r, const row_split *s, const progress *p,
                  failure *f)
{
  const fit_stop stop = r->outcome.stop;
  const char *model = fit_stop_kind(stop) != FIT_NOTHING ? o->model : NULL;
  if (model != NULL && !trained_write(&r->model, model, f)) return EXIT_BAD;
  const bool able = !r->no_errors.no_memory || fail_memory(f); /* no answer about standard errors at all */
  const bool good = able && write_trace(o->trace, &p->trace, f) && draw(o, p, f) &&
                    (o->quiet || print_report(o, l, r, s, f));
  if (!good) return fail_beside_model(model, f), EXIT_BAD;
  if (r->no_errors.text[0] != '\0') say("no standard errors: %s", r->no_errors.text);
  if (fit_stop_kind(stop) == FIT_SUCCESS)
    return r->no_errors.text[0] != '\0' && interrupted() ? EXIT_INTERRUPTED : EXIT_FINE;
  fail(f, "%s%s%s", fit_stop_string(stop), r->separated_classes[0] != '\0' ? ": " : "", r->separated_classes);
  return stop == FIT_INTERRUPTED ? EXIT_INTERRUPTED : EXIT_NO_OPTIMUM;
}

/* From a checkpoint, if there is one. */
static bool go_on(checkpoint *c, training *r, uint64_t signature, const options *o, failure *f)
{
  if (o->checkpoint == NULL) return true;
  if (!checkpoint_read(c, o->checkpoint, signature, r->problem.n, f)) return false;
  if (c->theta == NULL) return true;
  memcpy(r->theta, c->theta, r->problem.n * sizeof *r->theta);
  r->settings.resume = c->run;
  r->settings.resume_size = c->run_size;
  if (!o->quiet) say("going on from %s", o->checkpoint);
  return true;
}

/* Nothing is left to go on with: not so when a limit or an interrupt cut the fit short. */
static bool is_over(fit_stop s) { return s != FIT_INTERRUPTED && s != FIT_ITERATIONS && s != FIT_SECONDS; }

static int fit_rows(const options *o, const loaded *l, const row_split *s, failure *f)
{
  if (o->path > 0 && o->checkpoint != NULL)
    return fail(f, "--checkpoint is for a single fit, not for a path"), EXIT_USAGE;
  if (o->path > 0) return path_fit(o, l, s->learn, s->learns, s->held, s->helds, f);
  training r;
  progress p;
  if (!training_new(&r, l, s->learn, s->learns, o, f)) return EXIT_BAD;
  progress_start(&p, &r, o);
  r.settings.watch = progress_watch;
  r.settings.user = &p;
  checkpoint c = {0};
  const bool good = loaded_covers(l, &r.model.design, s->held, s->helds, f) &&
                    go_on(&c, &r, p.signature, o, f) && training_run(&r, l, o, f);
  const int status = good ? finish(o, l, &r, s, &p, f) : EXIT_BAD;
  if (status != EXIT_BAD && o->checkpoint != NULL && is_over(r.outcome.stop)) remove(o->checkpoint);
  progress_end(&p);
  checkpoint_free(&c);
  training_free(&r);
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
  const int status = split_rows(&s, &l, o, f) ? fit_rows(o, &l, &s, f) : EXIT_BAD;
  free(s.learn);
  loaded_free(&l);
  return status;
}
