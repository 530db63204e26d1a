#include "commands.h"

#include "apply.h"
#include "judge.h"
#include "memory.h"
#include "output.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>

/* Scores, targets and weights of all rows, piece after piece. */
typedef struct collected {
  double *score, *target, *weight;
  size_t rows, score_room, target_room, weight_room;
} collected;

static bool collect(collected *c, const apply *a, failure *f)
{
  const size_t k = score_width(a->model), n = a->piece.rows;
  double *score = grow(c->score, &c->score_room, (c->rows + n) * k, sizeof *score);
  if (score != NULL) c->score = score;
  double *target = grow(c->target, &c->target_room, c->rows + n, sizeof *target);
  if (target != NULL) c->target = target;
  double *weight = grow(c->weight, &c->weight_room, c->rows + n, sizeof *weight);
  if (weight != NULL) c->weight = weight;
  if (score == NULL || target == NULL || weight == NULL) return fail_memory(f);
  memcpy(c->score + c->rows * k, a->scores, n * k * sizeof *score);
  for (size_t i = 0; i < n; i++) {
    c->target[c->rows + i] = dataset_target(&a->piece, i);
    c->weight[c->rows + i] = dataset_weight(&a->piece, i);
  }
  c->rows += n;
  return true;
}

static bool weigh_something(const collected *c, failure *f)
{
  for (size_t i = 0; i < c->rows; i++) {
    if (c->weight[i] > 0) return true;
  }
  return fail(f, "the weights of all %zu rows are 0: there is nothing to evaluate", c->rows);
}

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

static bool evaluate(apply *a, const options *o, failure *f)
{
  collected c = {0};
  judged j = {0};
  bool failed, good = true;
  while (good && apply_next(a, &failed, f)) good = collect(&c, a, f);
  good = good && !failed;
  if (good && c.rows == 0) good = apply_no_rows(a, o->data, f);
  const bool weighted = a->role.weight != NO_COLUMN || a->row_weight != NULL;
  good = good && weigh_something(&c, f);
  good = good && judge_scores(&j, a->model, c.score, c.target, weighted ? c.weight : NULL, c.rows, f);
  good = good && (o->quiet || print(&j, a->model, apply_dropped(a), o, f));
  judged_free(&j);
  free(c.score);
  free(c.target);
  free(c.weight);
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
