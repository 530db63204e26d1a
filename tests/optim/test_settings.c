/* The table of methods by settings at the top of method.h, held against what methods do: a field it lists has the
 * default it gives and changes the run, any other field changes nothing. */
#include <criterion/criterion.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/methods.h"
#include "../support/problems.h"

/* ---- the table ---- */

enum { ROWS = 40, WIDTH = 128 };

typedef struct row {
  char left[WIDTH], right[WIDTH]; /* constructors; what they read */
} row;

static row rows[ROWS];
static size_t row_count;

/* Lines of the table begin " *   "; the columns part at the width of the ruler below its heading. */
static void read_table(void)
{
  FILE *const file = fopen(METHOD_HEADER, "r");
  char line[256];
  size_t width = 0;
  cr_assert(file, "%s", METHOD_HEADER);
  while (fgets(line, sizeof line, file)) {
    const char *text = strncmp(line, " *   ", 5) == 0 ? line + 5 : "";
    if (width == 0 && strncmp(text, "-----", 5) == 0) {
      width = strcspn(text, " ");
      continue;
    }
    if (width == 0) continue;
    if (!*text || row_count == ROWS) break;
    row *r = &rows[row_count++];
    const size_t length = strcspn(text, "\n"), part = length < width ? length : width;
    snprintf(r->left, sizeof r->left, "%.*s ", (int)part, text);
    snprintf(r->right, sizeof r->right, "%.*s", (int)(length - part), text + part);
  }
  fclose(file);
}

/* Whether a constructor's name is in the text as a whole word. */
static bool names(const char *text, const char *word)
{
  const size_t n = strlen(word);
  for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
    const bool starts = at == text || !(isalnum((unsigned char)at[-1]) || at[-1] == '_');
    if (starts && !(isalnum((unsigned char)at[n]) || at[n] == '_')) return true;
  }
  return false;
}

/* What a method reads, with what it shares with others written out. */
static void reads(const char *name, char *out, size_t size)
{
  char constructor[64];
  snprintf(constructor, sizeof constructor, "tg_%s", name);
  for (size_t i = 0; i < row_count; i++) {
    if (!names(rows[i].left, constructor)) continue;
    while (!*rows[i].right && i + 1 < row_count) i++; /* several share the line below */
    const char *as = strstr(rows[i].right, "as tg_");
    const size_t used = strlen(out);
    if (as)
      reads(as + strlen("as tg_"), out, size);
    else
      snprintf(out + used, size - used, " %s", rows[i].right);
    return;
  }
  cr_assert(false, "%s has no line", constructor);
}

static void all_reads(const tg_method *m, char *out, size_t size)
{
  out[0] = '\0';
  if (method_has(m, TG_TAKES_BATCHES)) {
    cr_assert(strncmp(rows[0].left, "first order", 11) == 0);
    snprintf(out, size, "%s", rows[0].right);
  }
  reads(tg_method_name(m), out, size);
}

/* ---- the fields ---- */

typedef enum type { NUMBER, FLAG, COUNT, CHOICE } type;

static const struct field {
  const char *name;
  size_t at;
  type type;
  double other; /* another value in range */
  bool search;  /* of line searches: shows only where one reads it */
} fields[] = {
#define FIELD(name, type, other, search)                                                                     \
  {                                                                                                          \
#name, offsetof(tg_method, name), type, other, search                                                    \
  }
    FIELD(alpha, NUMBER, 0.003, false),    FIELD(beta, NUMBER, 0.3, false),
    FIELD(gamma, NUMBER, 0.4, false),      FIELD(epsilon, NUMBER, 1e-3, false),
    FIELD(p, NUMBER, 5.0, false),          FIELD(decay, NUMBER, 0.02, false),
    FIELD(clip_norm, NUMBER, 1e-3, false), FIELD(clip_value, NUMBER, 1e-3, false),
    FIELD(classic, FLAG, 1, false),        FIELD(epsilon_inside, FLAG, 1, false),
    FIELD(memory, COUNT, 2, false),        FIELD(variant, CHOICE, TG_CG_FLETCHER_REEVES, false),
    FIELD(second, NUMBER, 1.5, false),     FIELD(unscaled, FLAG, 1, false),
    FIELD(radius, NUMBER, 0.01, false),    FIELD(factor, NUMBER, 0.9, true),
    FIELD(armijo, NUMBER, 0.2, true),      FIELD(wolfe, NUMBER, 0.5, true),
#undef FIELD
};
enum { FIELDS = sizeof fields / sizeof *fields };

static double get(const tg_method *m, const struct field *f)
{
  const char *at = (const char *)m + f->at;
  switch (f->type) {
  case FLAG: return *(const bool *)at;
  case COUNT: return (double)*(const size_t *)at;
  case CHOICE: return *(const int *)at;
  default: return *(const double *)at;
  }
}

static void set(tg_method *m, const struct field *f, double value)
{
  char *at = (char *)m + f->at;
  switch (f->type) {
  case FLAG: *(bool *)at = value != 0.0; break;
  case COUNT: *(size_t *)at = (size_t)value; break;
  case CHOICE: *(int *)at = (int)value; break;
  default: *(double *)at = value;
  }
}

/* The number or truth value after the field's name; false when none is given. */
static bool default_of(const char *text, const char *name, double *value)
{
  const char *at = strstr(text, name);
  while (at && (isalnum((unsigned char)at[strlen(name)]) || at[strlen(name)] == '_'))
    at = strstr(at + 1, name);
  if (!at || at[strlen(name)] != ' ') return false;
  at += strlen(name) + 1;
  *value = strncmp(at, "true", 4) == 0 ? 1.0 : strncmp(at, "false", 5) == 0 ? 0.0 : NAN;
  if (isnan(*value)) *value = strtod(at, NULL);
  return strncmp(at, "NaN", 3) != 0;
}

/* ---- what runs do ---- */

enum { N = 6, RUNS = 3 };

static size_t size_of(const tg_method *m) { return method_has(m, TG_FOR_ONE_PARAMETER) ? 1 : N; }

/* theta after one step and after some from afar, and after some from so near that short steps go beyond. */
static bool run(tg_method m, double x[RUNS][N])
{
  static const size_t steps[RUNS] = {1, 12, 30};
  for (int k = 0; k < RUNS; k++) {
    probe p = {.n = size_of(&m)};
    tg_run *run;
    for (size_t i = 0; i < N; i++) x[k][i] = k == 2 ? 1.0 + 1e-4 * ((double)i - 1.5) : i % 2 ? 1.0 : -1.2;
    if (tg_run_new(&run, problem_squares(&p), m, x[k], NULL) != TG_OK) return false;
    for (size_t i = 0; i < steps[k]; i++) tg_run_step(run);
    tg_run_free(run);
  }
  return true;
}

static void hold(tg_method m, const struct field *f, const char *text)
{
  const char *name = tg_method_name(&m);
  const bool listed = names(text, f->name); /* the decay of adamw is an argument */
  double before[RUNS][N], after[RUNS][N], value;
  if (listed && default_of(text, f->name, &value))
    cr_expect(get(&m, f) == value || strcmp(name, "adamw") == 0, "%s: %s is %g, not %g", name, f->name,
              get(&m, f), value);
  cr_assert(run(m, before));
  set(&m, f, f->type == FLAG ? get(&m, f) == 0.0 : f->other);
  const bool refused = !run(m, after), changes = !refused && memcmp(before, after, sizeof before) != 0;
  if (f->search)
    cr_expect(!changes || strstr(text, "search"), "%s reads %s", name, f->name);
  else
    cr_expect(changes == listed, "%s: %s", name, f->name);
}

Test(settings, every_method_reads_what_the_table_says)
{
  tg_method m;
  read_table();
  for (size_t at = 0; methods_next(&at, 0, 0, &m);) {
    char text[2 * WIDTH];
    all_reads(&m, text, sizeof text);
    for (size_t i = 0; i < FIELDS; i++) hold(m, &fields[i], text);
  }
}
