/* Reading the file: which columns are what, and the rows, in memory or piece by piece. */
#include "load_parts.h"

#include "memory.h"
#include "numbers.h"

#include <stdlib.h>
#include <string.h>

static bool find_column(const table_reader *r, const char *name, const char *option, size_t *field,
                        failure *f)
{
  *field = NO_COLUMN;
  if (name == NULL) return true;
  *field = table_find(r, name);
  if (*field != NO_COLUMN) return true;
  char list[400] = "";
  size_t used = 0, i = 0;
  for (; i < r->names.count && used + r->names.length[i] + 3 < sizeof list; i++) {
    used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", r->names.text[i]);
  }
  return fail_at(f, (place){r->in.name, 0, 0}, "there is no column '%.100s' (--%s); there are %s%s", name,
                 option, list, i < r->names.count ? ", ..." : "");
}

/* Marks the fields of a comma-separated list of names. */
static bool mark_list(const table_reader *r, const char *list, const char *option, bool *mark, failure *f)
{
  for (const char *s = list; s != NULL;) {
    const size_t n = strcspn(s, ",");
    char *name = copy_text(s, n);
    if (name == NULL) return fail_memory(f);
    size_t field;
    const bool good = find_column(r, name, option, &field, f);
    free(name);
    if (!good) return false;
    mark[field] = true;
    s = s[n] == ',' ? s + n + 1 : NULL;
  }
  return true;
}

typedef struct wanted_columns {
  size_t target, weight, offset;
  bool *category, *ignored, *na_text;
} wanted_columns;

static bool wanted_new(wanted_columns *w, size_t fields)
{
  *w = (wanted_columns){
      .category = zeroed(fields, 1), .ignored = zeroed(fields, 1), .na_text = zeroed(fields, 1)};
  return w->category != NULL && w->ignored != NULL && w->na_text != NULL;
}

static void wanted_free(wanted_columns *w)
{
  free(w->category);
  free(w->ignored);
  free(w->na_text);
}

/* Words are for texts: among numbers NA can be nothing else than a missing value. */
static bool only_texts(const table_reader *r, const options *o, const wanted_columns *w, failure *f)
{
  for (size_t i = 0; i < r->names.count; i++) {
    const bool text = i == w->target ? !wants_number(o) : w->category[i];
    if (w->na_text[i] && !text)
      return fail_usage(f, "--na-text names '%.100s', which is a column of numbers", r->names.text[i]);
  }
  return true;
}

static bool find_columns(const table_reader *r, const options *o, wanted_columns *w, failure *f)
{
  if (!find_column(r, o->target, "target", &w->target, f)) return false;
  if (!find_column(r, o->weights, "weights", &w->weight, f)) return false;
  if (!find_column(r, o->offset, "offset", &w->offset, f)) return false;
  if (!mark_list(r, o->categorical, "categorical", w->category, f)) return false;
  if (!mark_list(r, o->ignore, "ignore", w->ignored, f)) return false;
  if (!mark_list(r, o->na_text, "na-text", w->na_text, f)) return false;
  if (w->target == NO_COLUMN) w->target = r->names.count - 1;
  if (!only_texts(r, o, w, f)) return false;
  if (w->ignored[w->target]) {
    return fail_usage(f, "--ignore names the target, '%.100s'%s", r->names.text[w->target],
                      o->target == NULL ? ": the last column, unless --target names another" : "");
  }
  if (w->category[w->target]) {
    return fail_usage(f, "--categorical names the target, '%.100s': what it is --kind tells",
                      r->names.text[w->target]);
  }
  if (w->target == w->weight || w->target == w->offset)
    return fail_usage(f, "the target cannot be a weight or an offset too");
  w->ignored[w->target] = true;
  if (w->weight != NO_COLUMN) w->ignored[w->weight] = true;
  if (w->offset != NO_COLUMN) w->ignored[w->offset] = true;
  return true;
}

/* The columns of the table, made from the fields of the file. */
typedef struct column_plan {
  loaded *l;
  const table_reader *r;
  const options *o;
  const wanted_columns *w;
} column_plan;

/* A target, weight or offset that is missing cannot be filled in. */
static bool add_special(const column_plan *p, size_t field, column_kind kind, size_t *role, failure *f)
{
  table *t = &p->l->table;
  *role = NO_COLUMN;
  if (field == NO_COLUMN) return true;
  if (!table_add_column(t, p->r->names.text[field], kind, field, f)) return false;
  *role = t->columns - 1;
  t->column[*role].missing_allowed = p->o->missing == MISSING_DROP;
  t->column[*role].advice = "such rows can be dropped (--missing drop)";
  return true;
}

static bool add_feature(const column_plan *p, size_t field, failure *f)
{
  table *t = &p->l->table;
  const column_kind kind = p->w->category[field] ? COLUMN_CATEGORY : COLUMN_NUMBER;
  if (!table_add_column(t, p->r->names.text[field], kind, field, f)) return false;
  table_column *column = &t->column[t->columns - 1];
  column->missing_allowed = p->o->missing != MISSING_REFUSE;
  column->words_are_text = p->w->na_text[field];
  column->advice = "such rows can be dropped or filled (--missing)";
  return true;
}

static bool add_target(const column_plan *p, failure *f)
{
  loaded *l = p->l;
  const column_kind kind = wants_number(p->o) ? COLUMN_NUMBER : COLUMN_LABEL;
  if (!add_special(p, p->w->target, kind, &l->role.target, f)) return false;
  table_column *column = &l->table.column[l->role.target];
  column->words_are_text = p->w->na_text[p->w->target];
  column->predicted = true;
  return true;
}

static bool add_weight(const column_plan *p, failure *f)
{
  loaded *l = p->l;
  if (!add_special(p, p->w->weight, COLUMN_NUMBER, &l->role.weight, f)) return false;
  if (l->role.weight == NO_COLUMN) return true;
  table_column *column = &l->table.column[l->role.weight];
  column->nonnegative = column->is_weight = true;
  return true;
}

static bool set_columns(const column_plan *p, failure *f)
{
  loaded *l = p->l;
  for (size_t i = 0; i < p->r->names.count; i++) {
    if (!p->w->ignored[i] && !add_feature(p, i, f)) return false;
  }
  l->features = l->table.columns;
  if (l->features == 0)
    return fail_at(f, (place){p->r->in.name, 0, 0}, "there is no column besides the target");
  return add_target(p, f) && add_weight(p, f) &&
         add_special(p, p->w->offset, COLUMN_NUMBER, &l->role.offset, f);
}

/* Whole, into memory. */
static bool read_whole(loaded *l, table_reader *r, const options *o, failure *f)
{
  bool end;
  if (!table_read(r, &l->table, (size_t)-1, &end, f)) return false;
  if (o->missing == MISSING_DROP) table_drop_missing(&l->table);
  l->rows = l->table.rows;
  return true;
}

/* Piece by piece into a temporary file. */
static bool read_pieces(loaded *l, table_reader *r, const options *o, failure *f)
{
  for (bool end = false; !end;) {
    if (!table_read(r, &l->table, o->chunk_rows, &end, f)) return false;
    if (o->missing == MISSING_DROP) table_drop_missing(&l->table);
    if (!table_put_away(&l->table, o->chunk_rows, f)) return false;
  }
  free(l->table.cell);
  l->table.cell = NULL;
  l->table.room = 0;
  l->rows = l->table.paged->rows;
  return true;
}

/* No row at all is left: why? */
static bool some_rows(const loaded *l, const char *file, failure *f)
{
  const place where = {file, 0, 0};
  const dropped_rows *d = &l->dropped;
  if (l->rows > 0) return true;
  if (d->missing + d->weightless == 0) return fail_at(f, where, "there are no rows below the header");
  if (d->weightless == 0) return fail_at(f, where, "every row has a missing value");
  if (d->missing == 0) return fail_at(f, where, "the weights of all %zu rows are 0", d->weightless);
  return fail_at(f, where, "every row has a missing value or a weight of 0");
}

static bool read_table(loaded *l, table_reader *r, const options *o, failure *f)
{
  wanted_columns w;
  const column_plan plan = {l, r, o, &w};
  bool good = wanted_new(&w, r->names.count) || fail_memory(f);
  l->point = r->format.point;
  l->header = r->header;
  good = good && find_columns(r, o, &w, f) && set_columns(&plan, f);
  good = good && (o->chunk_rows > 0 ? read_pieces(l, r, o, f) : read_whole(l, r, o, f));
  good = good && (table_settle_levels(&l->table, l->point) || fail_memory(f));
  wanted_free(&w);
  l->dropped = l->table.dropped;
  return good && some_rows(l, r->in.name, f) && paged_good(l->table.paged, f);
}

bool load_table(loaded *l, const options *o, failure *f)
{
  table_reader r;
  if (!table_open(&r, o->data, format_of(o), f)) return false;
  const bool good = read_table(l, &r, o, f);
  table_close(&r);
  return good;
}

/* Rows of weight 0 go. */
static void drop_weightless(loaded *l)
{
  size_t kept = 0;
  for (size_t i = 0; i < l->rows; i++) {
    if (l->row_weight[i] == 0) continue;
    sparse_move(&l->sparse, kept, i);
    l->row_weight[kept] = l->row_weight[i];
    if (l->row_offset != NULL) l->row_offset[kept] = l->row_offset[i];
    kept++;
  }
  l->dropped.weightless = l->rows - kept;
  l->rows = l->sparse.rows = kept;
}

bool load_sparse(loaded *l, const options *o, failure *f)
{
  if (o->categorical || o->ignore || o->target || o->na_text || o->missing != MISSING_REFUSE ||
      o->unseen != 0) {
    return fail_usage(
        f, "a libsvm file has no named columns and no missing values: --target, --categorical, --ignore, "
           "--na-text, --missing and --unseen are for CSV");
  }
  l->point = '.';
  if (o->chunk_rows > 0) return fail_usage(f, "--chunk-rows is for CSV: sparse rows are kept in memory");
  l->is_sparse = true;
  if (!libsvm_read(&l->sparse, o->data, o->index_base, NULL, f)) return false;
  l->rows = l->sparse.rows;
  if (o->weights != NULL && !numbers_read(&l->row_weight, o->weights, &l->rows, true, f)) return false;
  if (o->offset != NULL && !numbers_read(&l->row_offset, o->offset, &l->rows, false, f)) return false;
  if (l->row_weight != NULL) drop_weightless(l);
  if (!some_rows(l, o->data, f)) return false;
  if (!sparse_compact(&l->sparse, &l->sparse_column)) return fail_memory(f);
  return l->sparse.columns > 0 ||
         fail_at(f, (place){o->data, 0, 0}, "there is not one entry in the whole file");
}
