#include "commands.h"

#include "apply.h"
#include "judge.h"
#include "output.h"
#include "report.h"

static bool print(const judged *j, const trained *m, const dropped_rows *dropped, const options *o,
                  failure *f)
{
  text t = {0};
  if (o->json) {
    text_add(&t, "{");
    json_judged(&t, "evaluated", j, m);
    text_add(&t, ",\"dropped_missing\":%zu,\"dropped_weightless\":%zu", dropped->missing,
             dropped->weightless);
    text_add(&t, "}\n");
  } else {
    report_judged(&t, o->data, j, m);
  }
  const bool good = t.failed ? fail_memory(f) : write_file("-", t.bytes, t.length, f);
  text_free(&t);
  return good;
}

static bool enough(const judged *j, const apply *a, const char *file, failure *f)
{
  if (j->rows == 0) return apply_no_rows(a, file, f);
  return judged_weight(j) > 0 ||
         fail(f, "the weights of all %zu rows are 0: there is nothing to evaluate", j->rows);
}

static bool evaluate(apply *a, const options *o, failure *f)
{
  judged j;
  bool failed = false, good = judge_start(&j, a->model->shape.classes, f);
  while (good && apply_next(a, &failed, f)) good = judge_add(&j, &a->piece, a->scores, f);
  good = good && !failed && enough(&j, a, o->data, f) && judge_finish(&j, f);
  good = good && (o->quiet || print(&j, a->model, apply_dropped(a), o, f));
  judged_free(&j);
  return good;
}

int command_evaluate(const options *o, failure *f)
{
  trained m;
  apply a;
  if (!trained_read(&m, o->model, f)) return EXIT_BAD;
  bool good = apply_open(&a, &m, o, true, f);
  if (good) {
    good = evaluate(&a, o, f);
    if (good && !o->quiet) apply_note(&a);
    apply_close(&a);
  }
  trained_free(&m);
  return good ? EXIT_FINE : EXIT_BAD;
}
