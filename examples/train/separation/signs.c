#include "signs.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

enum { POSITIVE = 1, NEGATIVE = 2 };

/* The signs that occur in each column of sparse rows, by class; a zero may be what scaling left
 * of a number. */
static unsigned char *signs_of(const problem *p)
{
  const sparse_rows *s = &p->data->sparse;
  const size_t classes = p->shape.classes;
  unsigned char *sign = zeroed(p->shape.features, classes);
  for (size_t i = 0; sign != NULL && i < s->rows; i++) {
    if (dataset_weight(p->data, i) == 0) continue;
    for (size_t e = s->row_start[i]; e < s->row_start[i + 1]; e++) {
      unsigned char *seen = &sign[s->column[e] * classes + (size_t)s->target[i]];
      *seen |= s->value[e] > 0 ? POSITIVE : s->value[e] < 0 ? NEGATIVE : POSITIVE | NEGATIVE;
    }
  }
  return sign;
}

/* The direction along which the coefficient of column j for class a grows, or falls. */
static void point_along(const problem *p, size_t j, size_t a, bool up, double *way)
{
  const bool two = p->shape.kind == MODEL_LOGISTIC;
  const double step = up ? 1 : -1;
  memset(way, 0, p->n * sizeof *way);
  way[two ? j : a * p->shape.features + j] = two && a == 0 ? -step : step;
}

bool separated_by_signs(const problem *p, double *way, bool *no_memory)
{
  const size_t features = p->shape.features, classes = p->shape.classes;
  unsigned char *sign = p->data->is_sparse ? signs_of(p) : NULL;
  bool found = false;
  *no_memory = p->data->is_sparse && sign == NULL;
  for (size_t k = 0; sign != NULL && !found && k < features * classes; k++) {
    const size_t j = k / classes, a = k % classes;
    unsigned char others = 0;
    for (size_t b = 0; b < classes; b++) others |= b != a ? sign[j * classes + b] : 0;
    const unsigned char mine = sign[k];
    const bool up = !(mine & NEGATIVE) && !(others & POSITIVE);
    const bool down = !(mine & POSITIVE) && !(others & NEGATIVE);
    found = (mine | others) != 0 && (up || down);
    if (found) point_along(p, j, a, up, way);
  }
  free(sign);
  return found;
}
