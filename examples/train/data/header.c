#include "header.h"

#include "levels.h"
#include "memory.h"
#include "number.h"

#include <stdlib.h>
#include <string.h>

bool record_keep(kept_record *to, const csv *from)
{
  size_t length = 0;
  for (size_t i = 0; i < from->fields; i++) length += from->field[i].length + 1;
  *to = (kept_record){resize(NULL, from->fields, sizeof *to->field), from->fields, resize(NULL, length, 1)};
  if (to->field == NULL || to->bytes == NULL) return record_free(to), false;
  char *s = to->bytes;
  for (size_t i = 0; i < from->fields; i++) {
    to->field[i] = from->field[i];
    to->field[i].text = s;
    memcpy(s, from->field[i].text, from->field[i].length);
    s += from->field[i].length;
    *s++ = '\0';
  }
  return true;
}

void record_free(kept_record *r)
{
  free(r->field);
  free(r->bytes);
  *r = (kept_record){0};
}

typedef enum cell_kind { CELL_MISSING, CELL_NUMBER, CELL_TEXT } cell_kind;

/* What is no decimal but reads as infinite or too large is a number all the same. */
static cell_kind kind_of(const csv_field *field, char point)
{
  double x;
  if (field_is_missing(field, false)) return CELL_MISSING;
  return number_read(field->text, field->length, point, &x) == NUMBER_TEXT ? CELL_TEXT : CELL_NUMBER;
}

/* The cells of one column below the first. */
typedef struct column_below {
  size_t numbers, texts;
  bool quoted;  /* a number in quotes is among them */
  bool repeats; /* the first is among them */
} column_below;

static column_below look_below(const kept_record *record, size_t count, size_t j, char point)
{
  const csv_field *first = &record->field[j];
  column_below b = {0};
  for (size_t i = 1; i < count; i++) {
    if (j >= record[i].fields) continue;
    const csv_field *field = &record[i].field[j];
    const cell_kind kind = kind_of(field, point);
    b.numbers += kind == CELL_NUMBER;
    b.texts += kind == CELL_TEXT;
    b.quoted = b.quoted || (kind == CELL_NUMBER && field->quoted);
    b.repeats =
        b.repeats || (field->length == first->length && memcmp(field->text, first->text, first->length) == 0);
  }
  return b;
}

/* What the columns say. */
typedef struct evidence {
  size_t texts, numbers; /* in the first line */
  size_t text_over_number, number_over_number;
  size_t repeated; /* words of the first line that occur again in their columns */
} evidence;

static evidence collect(const kept_record *record, size_t count, char point)
{
  evidence e = {0};
  for (size_t j = 0; j < record->fields; j++) {
    const csv_field *first = &record->field[j];
    const column_below b = look_below(record, count, j, point);
    cell_kind kind = kind_of(first, point);
    /* A number in quotes above numbers without is a name, as some programs write it. */
    if (kind == CELL_NUMBER && first->quoted && b.numbers > 0 && !b.quoted) kind = CELL_TEXT;
    const bool over_numbers = b.numbers > 0 && b.texts == 0;
    e.texts += kind == CELL_TEXT;
    e.numbers += kind == CELL_NUMBER;
    e.text_over_number += kind == CELL_TEXT && over_numbers;
    e.number_over_number += kind == CELL_NUMBER && over_numbers;
    e.repeated += kind == CELL_TEXT && !over_numbers && b.repeats;
  }
  return e;
}

/* 0, 1, 2, ... or 1, 2, 3, ...: numbers as good as names. */
static bool is_count(const kept_record *r, size_t from, char point)
{
  double first = 0, x;
  if (r->fields < from + 2) return false;
  for (size_t j = from; j < r->fields; j++) {
    if (number_read(r->field[j].text, r->field[j].length, point, &x) != NUMBER_OK) return false;
    if (j == from) first = x;
    if (x != first + (double)(j - from)) return false;
  }
  return first == 0 || first == 1;
}

/* False: no memory to look. */
static bool all_differ(const kept_record *r, bool *differ)
{
  levels names = {0};
  bool good = true;
  *differ = true;
  for (size_t j = 0; good && *differ && j < r->fields; j++) {
    const size_t level = levels_add(&names, r->field[j].text, r->field[j].length);
    good = level != LEVEL_NONE;
    *differ = level == j;
  }
  levels_free(&names);
  return good;
}

/* Where numbers are involved. */
static header_guess by_numbers(const evidence *e, bool counted, bool below)
{
  if (e->text_over_number > 0) {
    const bool bad_row = e->repeated > 0 && e->number_over_number > 0; /* a row with one word too many */
    return (header_guess){!bad_row, e->repeated == 0};
  }
  if (e->number_over_number > 0) return (header_guess){false, !counted && (e->texts == 0 || e->repeated > 0)};
  return (header_guess){false, below && !counted && e->texts == 0};
}

bool header_find(header_guess *g, const kept_record *record, size_t count, char point)
{
  const evidence e = collect(record, count, point);
  const bool below = count > 1;
  *g = (header_guess){true, below};
  if (record->field[0].length == 0 && is_count(record, 1, point)) return true;
  if (e.text_over_number > 0 || e.texts == 0 || e.numbers > 0) {
    *g = by_numbers(&e, is_count(record, 0, point), below);
    return true;
  }
  bool differ;
  if (!all_differ(record, &differ)) return false;
  const bool row = e.repeated > 0 || (below && !differ);
  *g = (header_guess){!row, row};
  return true;
}

const char *header_words(header_guess g)
{
  if (g.sure)
    return g.is_header ? "the first line is a header" : "the first line is a row, there is no header";
  return g.is_header ? "the first line is taken for a header (if it is a row: --header no)"
                     : "the first line is taken for a row (if it is a header: --header yes)";
}
