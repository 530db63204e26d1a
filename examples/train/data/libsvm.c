#include "libsvm.h"

#include "memory.h"
#include "number.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct line_reader {
  input *in;
  const char *line_start; /* of the line being read */
  size_t line;
  int base;
  const known_columns *known; /* NULL: as many as occur */
  unknown_entries unknown;
} line_reader;

static place here(const line_reader *r, const char *s)
{
  return (place){r->in->name, r->line, (size_t)(s - r->line_start) + 1};
}

/* The next line as [*s, *end), without its break; false at the end of the file or on failure. */
static bool next_line(line_reader *r, const char **s, const char **end, bool *failed, failure *f)
{
  input *in = r->in;
  *failed = false;
  r->line++;
  for (size_t searched = 0;;) {
    char *begin = in->bytes + in->start;
    char *found = memchr(begin + searched, '\n', in->end - in->start - searched);
    if (found != NULL || (in->finished && in->start < in->end)) {
      const char *stop = found != NULL ? found : in->bytes + in->end;
      in->start = (size_t)(stop - in->bytes) + (found != NULL);
      *s = r->line_start = begin;
      *end = stop > begin && stop[-1] == '\r' ? stop - 1 : stop;
      return true;
    }
    if (in->finished) return false;
    searched = in->end - in->start;
    if (input_more(in, r->line, f)) continue;
    *failed = true;
    return false;
  }
}

static const char *skip_blanks(const char *s, const char *end)
{
  while (s < end && (*s == ' ' || *s == '\t')) s++;
  return s;
}

static const char *token_end(const char *s, const char *end)
{
  while (s < end && *s != ' ' && *s != '\t') s++;
  return s;
}

static bool finite_number(const line_reader *r, const char *s, const char *end, const char *what,
                          double *value, failure *f)
{
  const number_kind kind = number_read(s, (size_t)(end - s), '.', value);
  if (kind == NUMBER_OK) return true;
  char shown[EXCERPT_ROOM];
  excerpt(shown, s, (size_t)(end - s));
  if (kind == NUMBER_TEXT) return fail_at(f, here(r, s), "the %s '%s' is not a number", what, shown);
  return fail_at(f, here(r, s), "the %s '%s' is not a finite number", what, shown);
}

static bool read_index(const line_reader *r, const char *s, const char *end, size_t *index, failure *f)
{
  char shown[EXCERPT_ROOM];
  size_t n = 0;
  const char *t = s;
  for (; t < end && *t >= '0' && *t <= '9' && n <= LARGEST_INDEX; t++) n = 10 * n + (size_t)(*t - '0');
  if (t == s || t != end) {
    return fail_at(f, here(r, s), "'%s' is not a column number up to %d",
                   excerpt(shown, s, (size_t)(end - s)), LARGEST_INDEX);
  }
  if (n > LARGEST_INDEX) return fail_at(f, here(r, s), "the column number is beyond %d", LARGEST_INDEX);
  *index = n;
  return true;
}

static bool push_entry(sparse_rows *s, size_t column, double value, failure *f)
{
  const size_t n = s->row_start[s->rows];
  if (n == s->entries_room) {
    const size_t room = n < 512 ? 1024 : 2 * n;
    size_t *larger_column = resize(s->column, room, sizeof *larger_column);
    if (larger_column == NULL) return fail_memory(f);
    s->column = larger_column;
    double *larger_value = resize(s->value, room, sizeof *larger_value);
    if (larger_value == NULL) return fail_memory(f);
    s->value = larger_value;
    s->entries_room = room;
  }
  s->column[n] = column;
  s->value[n] = value;
  s->row_start[s->rows]++;
  if (column >= s->columns) s->columns = column + 1;
  return true;
}

static bool open_row(sparse_rows *s, failure *f)
{
  if (s->rows + 2 > s->rows_room) {
    const size_t room = s->rows_room < 128 ? 256 : 2 * s->rows_room;
    size_t *start = resize(s->row_start, room, sizeof *start);
    if (start == NULL) return fail_memory(f);
    s->row_start = start;
    double *target = resize(s->target, room, sizeof *target);
    if (target == NULL) return fail_memory(f);
    s->target = target;
    s->rows_room = room;
  }
  if (s->rows == 0) s->row_start[0] = 0;
  return true;
}

/* Where among the known columns from `from` on, or `count` if it is none of them. */
static size_t find_known(const known_columns *k, size_t from, size_t column)
{
  size_t low = from, high = k->count;
  if (low < high && k->column[low] == column) return low; /* as in most files */
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (k->column[middle] < column)
      low = middle + 1;
    else
      high = middle;
  }
  return low < k->count && k->column[low] == column ? low : k->count;
}

/* An entry of a column that a model does not have has no coefficient: LIBLINEAR passes it over too. */
static bool push_known(line_reader *r, sparse_rows *s, size_t index, double value, const char *token,
                       failure *f)
{
  const size_t n = s->row_start[s->rows], first = s->row_start[s->rows - 1];
  const size_t from = n > first ? s->column[n - 1] + 1 : 0;
  const size_t j = find_known(r->known, from, index - (size_t)r->base);
  if (j < r->known->count) return push_entry(s, j, value, f);
  if (r->unknown.count++ == 0) {
    r->unknown.first = here(r, token);
    r->unknown.index = index;
  }
  return true;
}

static bool read_entry(line_reader *r, sparse_rows *s, const char *token, const char *end, size_t *least,
                       failure *f)
{
  const char *colon = memchr(token, ':', (size_t)(end - token));
  char shown[EXCERPT_ROOM];
  if (colon == NULL) {
    return fail_at(f, here(r, token), "'%s' is not of the form index:value",
                   excerpt(shown, token, (size_t)(end - token)));
  }
  size_t index = 0;
  double value = 0;
  if (!read_index(r, token, colon, &index, f)) return false;
  if (!finite_number(r, colon + 1, end, "value", &value, f)) return false;
  if (index < *least) return fail_at(f, here(r, token), "column numbers must increase within a row");
  *least = index + 1;
  if (index == 0 && r->base == 1) {
    return fail_at(f, here(r, token), "column number 0 occurs, but columns count from 1 %s",
                   r->known != NULL ? "in the model" : "(--index-base)");
  }
  return r->known != NULL ? push_known(r, s, index, value, token, f) : push_entry(s, index, value, f);
}

/* In the file's own numbering for now: whether it counts from 0 or 1 is known at the end. */
static bool read_row(line_reader *r, sparse_rows *s, const char *text, const char *end, failure *f)
{
  if (!open_row(s, f)) return false;
  const char *token = text, *stop = token_end(text, end);
  if (!finite_number(r, token, stop, "target", &s->target[s->rows], f)) return false;
  s->row_start[s->rows + 1] = s->row_start[s->rows];
  s->rows++; /* entries are pushed to the end of the last row */
  size_t least = 0;
  for (token = skip_blanks(stop, end); token < end; token = skip_blanks(stop, end)) {
    stop = token_end(token, end);
    if (!read_entry(r, s, token, stop, &least, f)) return false;
  }
  return true;
}

static bool read_rows(line_reader *r, sparse_rows *s, size_t most, failure *f)
{
  const char *text, *end;
  bool failed = false;
  while (s->rows < most && next_line(r, &text, &end, &failed, f)) {
    const char *nul = memchr(text, '\0', (size_t)(end - text));
    if (nul != NULL) return fail_at(f, here(r, nul), "a NUL byte; this is not a text file");
    const char *comment = memchr(text, '#', (size_t)(end - text));
    if (comment != NULL) end = comment;
    text = skip_blanks(text, end);
    if (text < end && !read_row(r, s, text, end, f)) return false;
  }
  return !failed;
}

/* Brings the column numbers to count from 0; those that are known do. */
static void settle_base(sparse_rows *s, int base, const known_columns *known)
{
  const size_t entries = s->row_start[s->rows];
  s->base = base;
  if (known != NULL) s->columns = known->count;
  if (known != NULL) return;
  bool has_zero = false;
  for (size_t i = 0; i < entries && !has_zero; i++) has_zero = s->column[i] == 0;
  if (base == BASE_UNKNOWN) s->base = !has_zero;
  if (s->base == 0) return;
  for (size_t i = 0; i < entries; i++) s->column[i]--;
  if (s->columns > 0) s->columns--;
}

static bool read_all(sparse_rows *s, input *in, int base, const known_columns *known, failure *f)
{
  line_reader r = {.in = in, .base = base, .known = known};
  bool good = read_rows(&r, s, SIZE_MAX, f);
  if (good && s->rows == 0) good = fail_at(f, (place){in->name, 0, 0}, "the file has no rows");
  if (good) settle_base(s, base, known);
  input_close(in);
  if (!good) sparse_free(s);
  return good;
}

bool libsvm_read(sparse_rows *s, const char *file, int base, const known_columns *known, failure *f)
{
  input in;
  *s = (sparse_rows){0};
  return input_open(&in, file, f) && read_all(s, &in, base, known, f);
}

bool libsvm_read_memory(sparse_rows *s, const char *bytes, size_t length, int base,
                        const known_columns *known, failure *f)
{
  input in;
  *s = (sparse_rows){0};
  return input_memory(&in, "memory", bytes, length, f) && read_all(s, &in, base, known, f);
}

bool libsvm_open(libsvm_reader *r, const char *file, failure *f)
{
  *r = (libsvm_reader){0};
  return input_open(&r->in, file, f);
}

bool libsvm_next(libsvm_reader *r, sparse_rows *s, size_t most, int base, const known_columns *known,
                 failure *f)
{
  line_reader lines = {.in = &r->in, .line = r->line, .base = base, .known = known, .unknown = r->unknown};
  *s = (sparse_rows){0};
  const bool good = read_rows(&lines, s, most, f);
  r->line = lines.line;
  r->unknown = lines.unknown;
  if (good && s->rows > 0) settle_base(s, base, known);
  if (!good) sparse_free(s);
  return good;
}

void libsvm_close(libsvm_reader *r) { input_close(&r->in); }

static int ascending(const void *a, const void *b)
{
  const size_t x = *(const size_t *)a, y = *(const size_t *)b;
  return (x > y) - (x < y);
}

/* The numbers themselves, sorted, each once; returns how many there are. */
static size_t sorted_numbers(const sparse_rows *s, size_t *number)
{
  const size_t entries = s->row_start[s->rows];
  size_t count = 0;
  memcpy(number, s->column, entries * sizeof *number);
  qsort(number, entries, sizeof *number, ascending);
  for (size_t e = 0; e < entries; e++) {
    if (e == 0 || number[e] != number[e - 1]) number[count++] = number[e];
  }
  return count;
}

static void number_by_search(sparse_rows *s, const size_t *number, size_t count)
{
  const known_columns kept = {number, count};
  for (size_t i = 0; i < s->rows; i++) {
    size_t from = 0;
    for (size_t e = s->row_start[i]; e < s->row_start[i + 1]; e++) {
      s->column[e] = find_known(&kept, from, s->column[e]);
      from = s->column[e] + 1;
    }
  }
}

/* Where numbers are no larger than there are entries for, a table is quicker: renumber[number]. */
static size_t number_by_table(sparse_rows *s, size_t *number, size_t *renumber)
{
  const size_t entries = s->row_start[s->rows];
  size_t count = 0;
  for (size_t e = 0; e < entries; e++) renumber[s->column[e]] = 1;
  for (size_t j = 0; j < s->columns; j++) {
    if (renumber[j] == 0) continue;
    renumber[j] = count;
    number[count++] = j;
  }
  for (size_t e = 0; e < entries; e++) s->column[e] = renumber[s->column[e]];
  return count;
}

bool sparse_compact(sparse_rows *s, size_t **number)
{
  const size_t entries = s->row_start[s->rows];
  const bool by_table = s->columns / 4 <= entries;
  size_t *kept = resize(NULL, by_table && s->columns < entries ? s->columns : entries, sizeof *kept);
  size_t *renumber = by_table && kept != NULL ? zeroed(s->columns, sizeof *renumber) : NULL;
  if (kept == NULL || (by_table && renumber == NULL)) return free(kept), false;
  if (by_table) {
    s->columns = number_by_table(s, kept, renumber);
  } else {
    s->columns = sorted_numbers(s, kept);
    number_by_search(s, kept, s->columns);
  }
  free(renumber);
  size_t *shorter = resize(kept, s->columns, sizeof *shorter);
  *number = shorter != NULL ? shorter : kept;
  return true;
}

void sparse_move(sparse_rows *s, size_t to, size_t from)
{
  const size_t start = s->row_start[from], count = s->row_start[from + 1] - start, at = s->row_start[to];
  memmove(s->column + at, s->column + start, count * sizeof *s->column);
  memmove(s->value + at, s->value + start, count * sizeof *s->value);
  s->target[to] = s->target[from];
  s->row_start[to + 1] = at + count;
}

void sparse_free(sparse_rows *s)
{
  free(s->row_start);
  free(s->column);
  free(s->value);
  free(s->target);
  *s = (sparse_rows){0};
}
