#include "trained.h"

#include "output.h"
#include "text.h"
#include "trained_format.h"

#include <stdlib.h>

const char *const kind_word[4] = {"logistic", "multinomial", "linear", "net"};
const char *const loss_word[3] = {"squared", "absolute", "huber"};
const char *const missing_word[4] = {"refuse", "drop", "mean", "median"};

void trained_free(trained *m)
{
  design_free(&m->design);
  levels_free(&m->labels);
  free(m->target);
  free(m->offset);
  free(m->weight);
  free(m->theta);
  free(m->mean);
  free(m->spread);
  *m = (trained){0};
}

unsigned long long model_checksum(const char *bytes, size_t length)
{
  unsigned long long h = 14695981039346656037ULL;
  for (size_t i = 0; i < length; i++)
    h = ((h ^ (unsigned char)bytes[i]) * 1099511628211ULL) & 0xffffffffffffffffULL;
  return h;
}

static void name_line(text *t, const char *word, const char *name)
{
  text_add(t, "%s ", word);
  if (name != NULL)
    text_escaped(t, name);
  else
    text_add(t, "none");
  text_add(t, "\n");
}

static void number_line(text *t, const char *word, double x)
{
  text_add(t, "%s ", word);
  text_number(t, x);
  text_add(t, "\n");
}

static void levels_lines(text *t, const levels *l)
{
  for (size_t i = 0; i < l->count; i++) {
    text_escaped(t, l->text[i]);
    text_add(t, "\n");
  }
}

static void design_lines(text *t, const design *d)
{
  text_add(t, "sparse %d\nbase %d\nmissing %s\nunseen %s\ncolumns %zu\n", d->sparse, d->base,
           missing_word[d->missing], d->unseen_allowed ? "reference" : "refuse", d->columns);
  for (size_t k = 0; k < d->columns; k++) {
    const design_column *c = &d->column[k];
    text_add(t, "%s %zu ", c->kind == COLUMN_NUMBER ? "number" : "category", c->levels.count);
    text_number(t, c->fill);
    text_add(t, " ");
    text_escaped(t, c->name);
    text_add(t, "\n");
    levels_lines(t, &c->levels);
  }
}

static void model_lines(text *t, const trained *m)
{
  text_add(t, "%s %d\nkind %s\nloss %s\n", MODEL_MAGIC, FORMAT_VERSION, kind_word[m->shape.kind],
           loss_word[m->shape.loss]);
  number_line(t, "delta", m->shape.delta);
  number_line(t, "smoothing", m->shape.smoothing);
  text_add(t, "hidden %zu\n", m->shape.hidden);
  number_line(t, "l2", m->penalty.l2);
  number_line(t, "l1", m->penalty.l1);
  text_add(t, "penalty_on %s\n", m->penalty.standardized ? "standardized" : "original");
  name_line(t, "target", m->target);
  name_line(t, "offset", m->offset);
  name_line(t, "weight", m->weight);
  text_add(t, "labels %zu\n", m->labels.count);
  levels_lines(t, &m->labels);
  design_lines(t, &m->design);
  text_add(t, "features %zu\n", m->design.features);
  for (size_t j = 0; j < m->design.features; j++) {
    if (m->design.sparse) text_add(t, "%zu ", m->design.file_column[j]);
    text_number(t, m->mean[j]);
    text_add(t, " ");
    text_number(t, m->spread[j]);
    text_add(t, "\n");
  }
  const size_t n = model_parameters(&m->shape);
  text_add(t, "parameters %zu\n", n);
  for (size_t j = 0; j < n; j++) {
    text_number(t, m->theta[j]);
    text_add(t, "\n");
  }
}

bool fail_beside_model(const char *file, failure *f)
{
  return file == NULL ? false : fail_too(f, "; the model is there, in %.200s", file);
}

bool trained_write(const trained *m, const char *file, failure *f)
{
  text t = {0};
  model_lines(&t, m);
  if (!t.failed) text_add(&t, "end %016llx\n", model_checksum(t.bytes, t.length));
  const bool good = t.failed ? fail_memory(f) : write_file(file, t.bytes, t.length, f);
  text_free(&t);
  return good;
}
