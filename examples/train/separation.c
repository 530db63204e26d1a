#include "separation.h"

#include "memory.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PARAMETERS = 1500 }; /* beyond, only complete separation is looked for */

/* Sparse rows are spread out one at a time. */
static const double *features_of(const problem *p, size_t i, double *room)
{
  const dataset *d = p->data;
  if (!d->is_sparse) return d->values + i * d->width;
  memset(room, 0, d->features * sizeof *room);
  for (size_t e = d->sparse.row_start[i]; e < d->sparse.row_start[i + 1]; e++) {
    room[d->sparse.column[e]] = d->sparse.value[e];
  }
  return room;
}

/* By how much the outputs of a row prefer class a to class b. */
static double preference(const problem *p, const double *output, size_t a, size_t b)
{
  if (p->shape.kind == MODEL_LOGISTIC) return a == 1 ? output[0] : -output[0];
  return output[a] - output[b];
}

/* A bound on the size of the terms that were added up in the outputs: what rounding is relative to. */
static double term_size(const problem *p, const double *theta, const double *x)
{
  const size_t rows = model_rows(&p->shape), n = p->shape.features;
  double most = 0;
  for (size_t k = 0; k < rows; k++) {
    double sum = fabs(theta[rows * n + k]);
    for (size_t j = 0; j < n; j++) sum += fabs(theta[k * n + j] * x[j]);
    most = sum > most ? sum : most;
  }
  return most;
}

typedef struct margins {
  double least, most; /* over all rows and other classes */
} margins;

/* With `unit`, margins are relative to the size of their terms. */
static bool all_margins(const problem *p, const double *theta, bool unit, bool only_sign, margins *m)
{
  double *room = resize(NULL, p->shape.features + p->shape.classes + 1, sizeof *room);
  if (room == NULL) return false;
  double *output = room + p->shape.features;
  *m = (margins){INFINITY, -INFINITY};
  const size_t classes = p->shape.classes;
  for (size_t i = 0; i < p->data->rows; i++) {
    const double *x = features_of(p, i, room);
    const size_t truth = (size_t)dataset_target(p->data, i);
    if (dataset_weight(p->data, i) == 0) continue;
    model_outputs(&p->shape, theta, x, NULL, output);
    const double terms = unit ? term_size(p, theta, x) : 1, size = terms > 0 ? terms : 1;
    for (size_t k = 0; k < classes; k++) {
      if (k == truth) continue;
      const double margin = preference(p, output, truth, k) / size;
      m->least = margin < m->least ? margin : m->least;
      m->most = margin > m->most ? margin : m->most;
    }
    if (only_sign && !(m->least > 0)) break;
  }
  free(room);
  return true;
}

static bool concerned(const problem *p)
{
  if (p->data->has_offset) return false; /* offsets are not multiplied when coefficients grow */
  return p->shape.kind == MODEL_LOGISTIC || p->shape.kind == MODEL_MULTINOMIAL;
}

bool separation_proven(const problem *p, const double *theta)
{
  margins m;
  return concerned(p) && all_margins(p, theta, true, true, &m) && m.least > 1e-12;
}

/* The solution with the same small ridge on every weight. */
static bool solve_with(problem *p, double ridge, double *theta, failure *f)
{
  const size_t weights = model_rows(&p->shape) * p->shape.features;
  for (size_t j = 0; j < weights; j++) p->ridge[j] = ridge;
  fit_settings s = fit_defaults();
  s.tolerance = 1e-13;
  s.max_iterations = 200;
  fit_outcome o = {.method = ""};
  return fit_newton(p, theta, &s, &o, f);
}

/* `way` becomes how the solution moves when the ridge falls from 1e-7 to 1e-11: about log(1e4) times the direction of
 * largest margin for separated rows, next to nothing for the others (Rosset, Zhu & Hastie 2004, theorem 2.1). */
static bool way_of_solution(problem *p, double *way, failure *f)
{
  double *kept = resize(NULL, 2 * p->n, sizeof *kept);
  if (kept == NULL) return fail_memory(f);
  double *const end = kept + p->n;
  memcpy(kept, p->ridge, p->n * sizeof *kept);
  for (size_t j = 0; j < p->n; j++) way[j] = 0;
  bool good = solve_with(p, 1e-7, way, f);
  memcpy(end, way, p->n * sizeof *end);
  good = good && solve_with(p, 1e-11, end, f);
  for (size_t j = 0; j < p->n; j++) way[j] = end[j] - way[j];
  memcpy(p->ridge, kept, p->n * sizeof *kept);
  free(kept);
  return good;
}

/* Rows are moved away from the border by far more than any is moved towards it. */
static bool is_way_out(const margins *m) { return m->most > 1 && m->least > -0.02 * m->most; }

bool separation_find(separation *found, problem *p, const double *theta, double *way, failure *f)
{
  *found = SEPARATION_NONE;
  if (!concerned(p)) return true;
  if (separation_proven(p, theta)) {
    memcpy(way, theta, p->n * sizeof *way);
    *found = SEPARATION_COMPLETE;
    return true;
  }
  margins m;
  if (!all_margins(p, theta, false, false, &m)) return fail_memory(f);
  if (m.most < 5 || p->n > MOST_PARAMETERS) return true; /* no row is nearly certain */
  if (!way_of_solution(p, way, f)) return false;
  if (!all_margins(p, way, false, false, &m)) return fail_memory(f);
  if (is_way_out(&m)) *found = m.least > 0 ? SEPARATION_COMPLETE : SEPARATION_QUASI;
  return true;
}

/* Least and largest margin between two classes under theta. */
static margins between(const problem *p, const double *theta, size_t a, size_t b, double *room)
{
  margins m = {INFINITY, -INFINITY};
  double *output = room + p->shape.features;
  for (size_t i = 0; i < p->data->rows; i++) {
    const size_t truth = (size_t)dataset_target(p->data, i);
    if (truth != a && truth != b) continue;
    model_outputs(&p->shape, theta, features_of(p, i, room), NULL, output);
    const double margin = preference(p, output, truth, truth == a ? b : a);
    m.least = margin < m.least ? margin : m.least;
    m.most = margin > m.most ? margin : m.most;
  }
  return m;
}

void separation_describe(const problem *p, const double *way, const levels *labels, char *out, size_t room)
{
  size_t used = 0;
  double *scratch = resize(NULL, p->shape.features + p->shape.classes + 1, sizeof *scratch);
  out[0] = '\0';
  for (size_t a = 0; scratch != NULL && a < labels->count; a++) {
    for (size_t b = a + 1; b < labels->count; b++) {
      const margins m = between(p, way, a, b, scratch);
      if (!(m.most > 0 && m.least > -0.02 * m.most) || used + 1 >= room) continue;
      const int n = snprintf(out + used, room - used, "%s%.60s from %.60s", used > 0 ? ", " : "", labels->text[a],
                             labels->text[b]);
      used += n > 0 ? (size_t)n : 0;
    }
  }
  free(scratch);
}
