#include "csv.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

typedef enum scan {
  SCAN_FAILED = -1,
  SCAN_DONE,
  SCAN_SHORT
} scan; /* short: the window ends inside the record */

/* Where the scanner stands in the record being read. */
typedef struct cursor {
  char *s, *end; /* *end is '\0' */
  char *line_start;
  size_t line;
} cursor;

static place here(const csv *c, const cursor *at, const char *s)
{
  return (place){c->in->name, at->line, (size_t)(s - at->line_start) + 1};
}

static bool find_delimiter(csv *c, failure *f)
{
  static const char candidates[] = ",;\t";
  size_t count[3] = {0};
  bool inside = false, begun = false; /* blank lines in front say nothing */
  input *in = c->in;
  for (size_t i = 0;; i++) {
    while (in->start + i == in->end && !in->finished) {
      if (!input_more(in, 1, f)) return false;
    }
    if (in->start + i == in->end) break;
    const char b = in->bytes[in->start + i];
    if (b == '"') inside = !inside;
    if (inside) continue;
    const bool line_break = b == '\n' || b == '\r';
    if (line_break && begun) break;
    begun = begun || !line_break;
    for (size_t k = 0; k < 3; k++) count[k] += b == candidates[k];
  }
  size_t best = 0;
  for (size_t k = 1; k < 3; k++) {
    if (count[k] > count[best]) best = k;
  }
  c->delimiter = candidates[best];
  return true;
}

bool csv_start(csv *c, input *in, char delimiter, failure *f)
{
  *c = (csv){.in = in, .delimiter = delimiter, .next_line = 1};
  if (delimiter == '\0' && !find_delimiter(c, f)) return false;
  c->special[(unsigned char)c->delimiter] = true;
  c->special['\n'] = c->special['\r'] = c->special['\0'] = true;
  return true;
}

void csv_end(csv *c)
{
  free(c->field);
  *c = (csv){0};
}

static bool begin_field(csv *c, const cursor *at, bool quoted, failure *f)
{
  if (c->fields == c->room) {
    csv_field *larger = grow(c->field, &c->room, c->fields + 1, sizeof *larger);
    if (larger == NULL) return fail_memory(f);
    c->field = larger;
  }
  c->field[c->fields++] = (csv_field){at->s, 0, at->line, (size_t)(at->s - at->line_start) + 1, quoted};
  return true;
}

static scan nul_or_short(const csv *c, const cursor *at, const char *s, failure *f)
{
  if (s == at->end) return SCAN_SHORT;
  fail_at(f, here(c, at, s), "a NUL byte; this is not a text file");
  return SCAN_FAILED;
}

static scan plain_field(csv *c, cursor *at, failure *f)
{
  csv_field *field = &c->field[c->fields - 1];
  char *s = at->s;
  while (!c->special[(unsigned char)*s]) s++;
  if (*s == '\0') {
    const scan r = nul_or_short(c, at, s, f);
    if (r == SCAN_FAILED || !c->in->finished) return r;
  }
  field->length = (size_t)(s - at->s);
  at->s = s;
  return SCAN_DONE;
}

/* From the opening quote to behind the closing one. Doubled quotes stay as they are until the record is
 * complete. */
static scan quoted_field(csv *c, cursor *at, failure *f)
{
  csv_field *field = &c->field[c->fields - 1];
  char *s = at->s + 1;
  field->text = s;
  for (;; s++) {
    if (*s == '\0') {
      const scan r = nul_or_short(c, at, s, f);
      if (r == SCAN_FAILED || !c->in->finished) return r;
      fail_at(f, (place){c->in->name, field->line, field->column}, "the quote opened here is never closed");
      return SCAN_FAILED;
    }
    const bool lone_return = *s == '\r' && s[1] != '\n';
    if (*s == '\n' || lone_return) {
      at->line++;
      at->line_start = s + 1;
    }
    if (*s != '"') continue;
    if (s[1] == '"') {
      s++;
      continue;
    }
    if (s + 1 == at->end && !c->in->finished) return SCAN_SHORT;
    break;
  }
  field->length = (size_t)(s - field->text);
  s++;
  if (s != at->end && !c->special[(unsigned char)*s]) {
    fail_at(f, here(c, at, s), "text behind a closing quote");
    return SCAN_FAILED;
  }
  at->s = s;
  return SCAN_DONE;
}

/* Behind a field: true while the record goes on. Moves over the delimiter or the line break. */
static scan separator(csv *c, cursor *at, bool *more, failure *f)
{
  *more = *at->s == c->delimiter;
  if (*more) {
    at->s++;
    return SCAN_DONE;
  }
  if (*at->s == '\0') return at->s == at->end ? SCAN_DONE : nul_or_short(c, at, at->s, f);
  const bool returned = *at->s == '\r';
  if (returned && at->s + 1 == at->end && !c->in->finished) return SCAN_SHORT;
  at->s += returned && at->s[1] == '\n' ? 2 : 1;
  at->line++;
  return SCAN_DONE;
}

static scan record(csv *c, cursor *at, failure *f)
{
  c->fields = 0;
  for (bool more = true; more;) {
    const bool quoted = *at->s == '"';
    if (!begin_field(c, at, quoted, f)) return SCAN_FAILED;
    scan r = quoted ? quoted_field(c, at, f) : plain_field(c, at, f);
    if (r == SCAN_DONE) r = separator(c, at, &more, f);
    if (r != SCAN_DONE) return r;
  }
  return SCAN_DONE;
}

static void undouble(csv_field *field)
{
  size_t n = 0;
  for (size_t i = 0; i < field->length; i++) {
    field->text[n++] = field->text[i];
    if (field->text[i] == '"') i++;
  }
  field->length = n;
}

/* Nothing, or nothing but blanks, or one of the words for it; of blanks around a word none is meant. */
bool field_is_missing(const csv_field *field, bool words_are_text)
{
  static const char *const word[] = {"NA",  "N/A", "na", "n/a", "<NA>", "#N/A", "null", "NULL",
                                     "NaN", "nan", "?",  ".",   "NAN",  "Na",   "Null"};
  const char *s = field->text;
  size_t n = field->length;
  for (; n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t'); n--) continue;
  for (; n > 0 && (*s == ' ' || *s == '\t'); n--) s++;
  if (n == 0) return true;
  if (n > 4 || words_are_text) return false;
  for (size_t i = 0; i < sizeof word / sizeof *word; i++) {
    if (strlen(word[i]) == n && memcmp(word[i], s, n) == 0) return true;
  }
  return false;
}

static bool is_blank(const csv *c)
{
  return c->fields == 1 && c->field[0].length == 0 && !c->field[0].quoted;
}

csv_result csv_next(csv *c, failure *f)
{
  input *in = c->in;
  for (;;) {
    if (in->start == in->end && in->finished) return CSV_END;
    char *s = in->bytes + in->start;
    cursor at = {s, in->bytes + in->end, s, c->next_line};
    const scan r = in->start == in->end ? SCAN_SHORT : record(c, &at, f);
    if (r == SCAN_FAILED) return CSV_FAILED;
    if (r == SCAN_SHORT) {
      if (!input_more(in, c->next_line, f)) return CSV_FAILED;
      continue;
    }
    c->next_line = at.line;
    in->start = (size_t)(at.s - in->bytes);
    if (is_blank(c)) continue;
    for (size_t i = 0; i < c->fields; i++) {
      if (c->field[i].quoted) undouble(&c->field[i]);
    }
    return CSV_RECORD;
  }
}
