#include "rows.h"

#include "memory.h"
#include "split.h"

#include <assert.h>
#include <stdlib.h>

static bool mark_held(bool *held, const loaded *l, const options *o)
{
  return o->holdout == 0 || split_holdout(held, l->rows, o->holdout, l->class_of, l->labels.count, o->seed);
}

static row_split divide(size_t *room, const bool *held, size_t rows)
{
  size_t learns = 0, helds = 0;
  for (size_t i = 0; i < rows; i++) learns += !held[i];
  for (size_t i = 0, next = 0; i < rows; i++) {
    if (held[i])
      room[learns + helds++] = i;
    else
      room[next++] = i;
  }
  return (row_split){{room, learns}, {room + learns, helds}, room};
}

bool rows_hold_out(row_split *s, const loaded *l, const options *o, failure *f)
{
  *s = (row_split){.room = resize(NULL, l->rows, sizeof(size_t))};
  bool *held = zeroed(l->rows, 1);
  const bool good = s->room != NULL && held != NULL && mark_held(held, l, o);
  if (good) *s = divide(s->room, held, l->rows);
  free(held);
  if (!good) return fail_memory(f);
  if (o->holdout > 0 && s->held.count == 0)
    return fail(f, "--holdout %g of %zu rows is no row", o->holdout, l->rows);
  return s->learn.count >= 2 ||
         fail(f, "--holdout %g of %zu rows leaves too few to learn from", o->holdout, l->rows);
}

void rows_free(row_split *s)
{
  free(s->room);
  *s = (row_split){0};
}

/* -- folds ------------------------------------------------------------------------------------------------ */

static bool enough_rows(const loaded *l, const options *o, failure *f)
{
  if (o->folds > l->rows) return fail(f, "%zu folds of %zu rows are too many", o->folds, l->rows);
  for (size_t c = 0; c < l->labels.count; c++) {
    size_t count = 0;
    for (size_t i = 0; i < l->rows; i++) count += l->class_of[i] == c;
    char shown[EXCERPT_ROOM];
    if (count < 2)
      return fail(f, "class '%s' has a single row: it would be missing from a fold's learning",
                  excerpt(shown, l->labels.text[c], l->labels.length[c]));
  }
  return true;
}

bool folds_deal(row_folds *r, const loaded *l, const options *o, failure *f)
{
  *r = (row_folds){.rows = l->rows, .folds = o->folds};
  if (!enough_rows(l, o, f)) return false;
  r->fold = resize(NULL, l->rows, sizeof *r->fold);
  r->room = resize(NULL, l->rows, sizeof *r->room);
  if (r->fold == NULL || r->room == NULL) return fail_memory(f);
  return split_folds(r->fold, l->rows, o->folds, l->class_of, l->labels.count, o->seed) || fail_memory(f);
}

/* Those held back stand from the end on. */
row_split folds_without(row_folds *r, size_t k)
{
  size_t learns = 0, helds = 0;
  assert(k < r->folds);
  for (size_t i = 0; i < r->rows; i++) {
    if (r->fold[i] != k)
      r->room[learns++] = i;
    else
      r->room[r->rows - ++helds] = i;
  }
  return (row_split){{r->room, learns}, {r->room + learns, helds}, NULL};
}

row_list folds_all(row_folds *r)
{
  for (size_t i = 0; i < r->rows; i++) r->room[i] = i;
  return (row_list){r->room, r->rows};
}

void folds_free(row_folds *r)
{
  free(r->fold);
  free(r->room);
  *r = (row_folds){0};
}
