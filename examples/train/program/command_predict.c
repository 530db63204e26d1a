/* Predictions as CSV: the class and the probability of every class, or the value. */
#include "commands.h"

#include "apply.h"
#include "files.h"
#include "output.h"
#include "text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void header(text *t, const trained *m)
{
  if (m->shape.classes == 0) {
    text_add(t, "prediction\n");
    return;
  }
  text_add(t, "prediction");
  for (size_t c = 0; c < m->labels.count; c++) {
    char name[300];
    snprintf(name, sizeof name, "P(%.250s)", m->labels.text[c]);
    text_bytes(t, ",", 1);
    text_csv(t, name);
  }
  text_add(t, "\n");
}

static void rows(text *t, const apply *a)
{
  const trained *m = a->model;
  const size_t k = score_width(m);
  for (size_t i = 0; i < a->piece.rows; i++) {
    const double *s = a->scores + i * k;
    if (m->shape.classes == 0) {
      text_number(t, s[0]);
    } else {
      text_csv(t, m->labels.text[best_class(s, k)]);
      for (size_t c = 0; c < k; c++) {
        text_bytes(t, ",", 1);
        text_number(t, exp(s[c]));
      }
    }
    text_bytes(t, "\n", 1);
  }
}

static bool write_pieces(apply *a, output *to, failure *f)
{
  text t = {0};
  bool failed = false, good = true;
  header(&t, a->model);
  do {
    good = (!t.failed || fail_memory(f)) && output_add(to, t.bytes, t.length, f);
    t.length = 0;
    if (good && apply_next(a, &failed, f)) rows(&t, a);
  } while (good && t.length > 0);
  text_free(&t);
  return good && !failed;
}

/* Piece by piece; a file is there when all is, or not at all. */
static bool predict(apply *a, const options *o, failure *f)
{
  output to;
  if (!output_open(&to, o->output != NULL ? o->output : "-", f)) return false;
  const bool written = write_pieces(a, &to, f);
  failure closing = {0};
  return output_close(&to, written, written ? f : &closing) && written;
}

int command_predict(const options *o, failure *f)
{
  trained m;
  apply a;
  if (!files_distinct(o, f)) return EXIT_BAD;
  if (o->output != NULL && !write_possible(o->output, f)) return EXIT_BAD;
  if (!trained_read(&m, o->model, f)) return EXIT_BAD;
  bool good = apply_open(&a, &m, o, false, f);
  if (good) {
    good = predict(&a, o, f);
    if (good && !o->quiet) apply_note(&a);
    apply_close(&a);
  }
  trained_free(&m);
  return good ? EXIT_FINE : EXIT_BAD;
}
