#include "score.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

size_t score_width(const trained *m) { return m->shape.classes == 0 ? 1 : m->shape.classes; }

size_t best_class(const double *log_probability, size_t classes)
{
  size_t best = 0;
  for (size_t c = 1; c < classes; c++) {
    if (log_probability[c] > log_probability[best]) best = c;
  }
  return best;
}

static void log_probabilities(const model_shape *m, double *z)
{
  if (m->kind == MODEL_LOGISTIC) {
    const double margin = z[0];
    z[0] = -tg_softplus_d(margin);
    z[1] = -tg_softplus_d(-margin);
    return;
  }
  const double total = tg_logsumexp_d(z, m->classes);
  for (size_t c = 0; c < m->classes; c++) z[c] -= total;
}

/* The outputs of a sparse row, over the entries it has; a net's first layer needs the row in full. */
static void sparse_outputs(const model_shape *m, const double *theta, const sparse_rows *s, size_t i,
                           double *z)
{
  const size_t outputs = model_output_count(m), p = m->features;
  for (size_t k = 0; k < outputs; k++) {
    z[k] = theta[outputs * p + k];
    for (size_t e = s->row_start[i]; e < s->row_start[i + 1]; e++)
      z[k] += theta[k * p + s->column[e]] * s->value[e];
  }
}

static const double *row_of(const dataset *d, size_t i, double *room)
{
  if (!d->is_sparse) return dataset_row(d, i);
  const sparse_rows *s = &d->sparse;
  memset(room, 0, d->features * sizeof *room);
  for (size_t e = s->row_start[i]; e < s->row_start[i + 1]; e++) room[s->column[e]] = s->value[e];
  return room;
}

bool score(const trained *m, const dataset *d, double *scores)
{
  const size_t width = score_width(m);
  double *room = resize(NULL, d->features + m->shape.hidden + 1, sizeof *room);
  if (room == NULL) return false;
  double *hidden = room + d->features;
  for (size_t i = 0; i < d->rows; i++) {
    double *z = scores + i * width;
    if (d->is_sparse && m->shape.kind != MODEL_NET)
      sparse_outputs(&m->shape, m->theta, &d->sparse, i, z);
    else
      model_outputs(&m->shape, m->theta, row_of(d, i, room), hidden, z);
    z[0] += dataset_offset(d, i);
    if (m->shape.classes > 0) log_probabilities(&m->shape, z);
  }
  free(room);
  return true;
}
