#include "memory.h"
#include "number.h"
#include "trained.h"
#include "trained_format.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

typedef struct model_reader {
  const char *name;
  char *s, *end; /* what is left */
  size_t line;
  failure *f;
  bool failed;
} model_reader;

static bool broken(model_reader *r, const char *what)
{
  if (!r->failed)
    fail_at(r->f, (place){r->name, r->line, 1}, "not what a model file has here: %s expected", what);
  r->failed = true;
  return false;
}

/* The next line, ended by '\0' in place; "" beyond the last. */
static char *take_line(model_reader *r)
{
  static char nothing[1];
  r->line++;
  char *line = r->s, *stop = line < r->end ? memchr(line, '\n', (size_t)(r->end - line)) : NULL;
  if (stop == NULL) return nothing;
  *stop = '\0';
  r->s = stop + 1;
  return line;
}

/* What follows `word` and a blank on the next line. */
static char *take_value(model_reader *r, const char *word)
{
  char *line = take_line(r);
  const size_t n = strlen(word);
  if (!r->failed && strncmp(line, word, n) == 0 && line[n] == ' ') return line + n + 1;
  broken(r, word);
  return line + strlen(line);
}

static size_t parse_count(model_reader *r, char **s, const char *what)
{
  char *stop;
  errno = 0;
  const unsigned long long n = strtoull(*s, &stop, 10);
  if (**s < '0' || **s > '9' || errno != 0 || n > 1u << 30) broken(r, what);
  *s = stop;
  return r->failed ? 0 : (size_t)n;
}

static size_t take_count(model_reader *r, const char *word)
{
  char *s = take_value(r, word);
  const size_t n = parse_count(r, &s, word);
  if (!r->failed && *s != '\0') broken(r, word);
  return n;
}

/* A number up to a blank or the end of the line; moves behind it. */
static double parse_number(model_reader *r, char **s)
{
  const size_t n = strcspn(*s, " ");
  double x = 0;
  if (number_read(*s, n, '.', &x) != NUMBER_OK) broken(r, "a number");
  *s += n + ((*s)[n] == ' ');
  return x;
}

static double take_number(model_reader *r, const char *word)
{
  char *s = take_value(r, word);
  return r->failed ? 0 : parse_number(r, &s);
}

static int take_word(model_reader *r, const char *word, const char *const *choice, int choices)
{
  const char *s = take_value(r, word);
  for (int i = 0; i < choices; i++) {
    if (strcmp(s, choice[i]) == 0) return i;
  }
  broken(r, word);
  return 0;
}

/* A quoted text, decoded in place; NULL on failure. */
static char *parse_quoted(model_reader *r, char *s)
{
  char *out = s + 1, *to = out;
  if (*s != '"') return broken(r, "a quoted text"), NULL;
  for (s++; *s != '"'; s++) {
    if (*s == '\0') return broken(r, "a closing quote"), NULL;
    if (*s != '\\') {
      *to++ = *s;
      continue;
    }
    s++;
    unsigned code;
    if (*s == 'u' && sscanf(s + 1, "%4x", &code) == 1 && code > 0 && code < 0x80 && strlen(s) > 5) {
      *to++ = (char)code;
      s += 4;
    } else if (*s == '"' || *s == '\\') {
      *to++ = *s;
    } else {
      return broken(r, "an escape"), NULL;
    }
  }
  *to = '\0';
  return out;
}

static void *checked(model_reader *r, void *p)
{
  if (p == NULL && !r->failed) {
    fail_memory(r->f);
    r->failed = true;
  }
  return p;
}

static char *take_name(model_reader *r, const char *word)
{
  char *s = take_value(r, word);
  if (r->failed || strcmp(s, "none") == 0) return NULL;
  s = parse_quoted(r, s);
  return s != NULL ? checked(r, copy_text(s, strlen(s))) : NULL;
}

static void take_levels(model_reader *r, levels *l, size_t count)
{
  for (size_t i = 0; i < count && !r->failed; i++) {
    const char *s = parse_quoted(r, take_line(r));
    if (s == NULL) return;
    const size_t level = levels_add(l, s, strlen(s));
    if (level == LEVEL_NONE)
      checked(r, NULL);
    else if (level != i)
      broken(r, "a level of its own");
  }
}

static void take_column(model_reader *r, design *d)
{
  design_column *c = &d->column[d->columns];
  char *s = take_line(r);
  c->kind = strncmp(s, "number ", 7) == 0 ? COLUMN_NUMBER : COLUMN_CATEGORY;
  if (c->kind == COLUMN_CATEGORY && strncmp(s, "category ", 9) != 0) {
    broken(r, "a column");
    return;
  }
  s += c->kind == COLUMN_NUMBER ? 7 : 9;
  const size_t count = parse_count(r, &s, "a number of levels");
  if (!r->failed && *s == ' ') s++;
  if (!r->failed) c->fill = parse_number(r, &s);
  const char *name = r->failed ? NULL : parse_quoted(r, s);
  if (name == NULL) return;
  if (c->kind == COLUMN_CATEGORY && (count == 0 || c->fill < 0 || c->fill >= (double)count))
    broken(r, "levels");
  c->name = checked(r, copy_text(name, strlen(name)));
  d->columns++;
  take_levels(r, &c->levels, count);
  if (!r->failed) d->features += c->kind == COLUMN_NUMBER ? 1 : count - 1;
}

/* No more items than bytes are left, so that a wrong count cannot ask for all memory. */
static bool plausible(model_reader *r, size_t count, const char *what)
{
  return r->failed || count <= (size_t)(r->end - r->s) ? !r->failed : broken(r, what);
}

static void take_design(model_reader *r, design *d)
{
  static const char *const unseen_word[] = {"refuse", "reference"};
  d->sparse = take_count(r, "sparse") != 0;
  d->base = (int)(take_count(r, "base") & 1);
  d->missing = (missing_policy)take_word(r, "missing", missing_word, 4);
  d->unseen_allowed = take_word(r, "unseen", unseen_word, 2) == 1;
  const size_t columns = take_count(r, "columns");
  if (!plausible(r, columns, "fewer columns")) return;
  d->column = checked(r, zeroed(columns, sizeof *d->column));
  while (d->columns < columns && !r->failed) take_column(r, d);
}

/* The number of a column in its libsvm file: larger than that of the one before. */
static void take_file_column(model_reader *r, design *d, size_t j, char **s)
{
  const size_t column = parse_count(r, s, "a column number");
  if (r->failed) return;
  if (**s != ' ' || column > LARGEST_INDEX || (j > 0 && column <= d->file_column[j - 1])) {
    broken(r, "a column number");
    return;
  }
  ++*s;
  d->file_column[j] = column;
}

static void take_features(model_reader *r, trained *m)
{
  const size_t features = take_count(r, "features");
  if (!plausible(r, features, "fewer features")) return;
  if (m->design.sparse && m->design.columns == 0) m->design.features = features;
  if (features != m->design.features) {
    broken(r, "as many features as columns give");
    return;
  }
  m->shape.features = features;
  m->mean = checked(r, zeroed(features, sizeof(double)));
  m->spread = checked(r, zeroed(features, sizeof(double)));
  if (m->design.sparse) m->design.file_column = checked(r, zeroed(features, sizeof(size_t)));
  for (size_t j = 0; j < features && !r->failed; j++) {
    char *s = take_line(r);
    if (m->design.sparse) take_file_column(r, &m->design, j, &s);
    if (r->failed) return;
    m->mean[j] = parse_number(r, &s);
    if (!r->failed) m->spread[j] = parse_number(r, &s);
  }
}

static bool sensible_shape(const model_shape *s)
{
  if (s->kind == MODEL_LINEAR) return s->classes == 0;
  if (s->kind == MODEL_LOGISTIC) return s->classes == 2;
  const bool net = s->kind == MODEL_NET;
  return (s->classes >= 2 || (net && s->classes == 0)) && s->classes <= 1u << 20 && net == (s->hidden > 0);
}

static void take_parameters(model_reader *r, trained *m)
{
  m->shape.classes = m->labels.count;
  m->shape.has_offset = m->offset != NULL;
  m->shape.has_weight = m->weight != NULL;
  if (!sensible_shape(&m->shape)) {
    broken(r, "another number of labels");
    return;
  }
  const size_t n = take_count(r, "parameters");
  if (!plausible(r, n, "fewer parameters")) return;
  if (m->shape.hidden > n || n != model_parameters(&m->shape)) {
    broken(r, "as many parameters as the model has");
    return;
  }
  m->theta = checked(r, zeroed(n, sizeof(double)));
  for (size_t j = 0; j < n && !r->failed; j++) {
    char *s = take_line(r);
    m->theta[j] = parse_number(r, &s);
  }
}

static void take_model(model_reader *r, trained *m)
{
  static const char *const on_word[] = {"original", "standardized"};
  m->shape.kind = (model_kind)take_word(r, "kind", kind_word, 4);
  m->shape.loss = (linear_loss)take_word(r, "loss", loss_word, 3);
  m->shape.delta = take_number(r, "delta");
  m->shape.smoothing = take_number(r, "smoothing");
  m->shape.hidden = take_count(r, "hidden");
  m->penalty.l2 = take_number(r, "l2");
  m->penalty.l1 = take_number(r, "l1");
  m->penalty.standardized = take_word(r, "penalty_on", on_word, 2) == 1;
  m->target = take_name(r, "target");
  m->offset = take_name(r, "offset");
  m->weight = take_name(r, "weight");
  const size_t labels = take_count(r, "labels");
  if (plausible(r, labels, "fewer labels")) take_levels(r, &m->labels, labels);
  if (!r->failed) take_design(r, &m->design);
  if (!r->failed) take_features(r, m);
  if (!r->failed) take_parameters(r, m);
}

/* Version first, so that a newer file is named as such; then the checksum, so that nothing else is believed
 * before. */
static bool check_frame(model_reader *r, failure *f)
{
  const place where = {r->name, 0, 0};
  const size_t n = strlen(MODEL_MAGIC), length = (size_t)(r->end - r->s);
  if (length < n + 3 || memcmp(r->s, MODEL_MAGIC, n) != 0 || r->s[n] != ' ')
    return fail_at(f, where, "this is no model file");
  const int version = atoi(r->s + n + 1);
  if (version != FORMAT_VERSION) {
    return fail_at(f, where, "the model is in format %d, made by %s program; this one reads %d", version,
                   version > FORMAT_VERSION ? "a newer" : "an older", FORMAT_VERSION);
  }
  enum { TRAILER = 4 + 16 + 1 };
  char *trailer = r->end - TRAILER;
  char wanted[TRAILER + 1];
  if (length < n + TRAILER) return fail_at(f, where, "the model file is truncated");
  snprintf(wanted, sizeof wanted, "end %016llx\n", model_checksum(r->s, length - TRAILER));
  if (memcmp(trailer, "end ", 4) != 0 || r->end[-1] != '\n')
    return fail_at(f, where, "the model file is truncated");
  if (memcmp(trailer, wanted, TRAILER) != 0) {
    return fail_at(f, where, "the model file is damaged: its checksum does not fit");
  }
  r->end = trailer;
  take_line(r);
  return true;
}

static bool read_model(trained *m, input *in, failure *f)
{
  *m = (trained){0};
  bool good = input_starts(in, MODEL_MAGIC " ", sizeof MODEL_MAGIC) ||
              fail_at(f, (place){in->name, 0, 0}, "this is no model file");
  good = good && input_lines(in, f);
  model_reader r = {in->name, in->bytes + in->start, in->bytes + in->end, 0, f, false};
  good = good && check_frame(&r, f);
  if (good) take_model(&r, m);
  good = good && !r.failed;
  if (good && r.s != r.end) good = broken(&r, "the end");
  input_close(in);
  if (!good) trained_free(m);
  return good;
}

bool trained_read(trained *m, const char *file, failure *f)
{
  input in;
  *m = (trained){0};
  return input_open(&in, file, f) && read_model(m, &in, f);
}

bool trained_read_memory(trained *m, const char *bytes, size_t length, failure *f)
{
  input in;
  *m = (trained){0};
  return input_memory(&in, "memory", bytes, length, f) && read_model(m, &in, f);
}
