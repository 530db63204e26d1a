/* The command line is read, and the help printed, from two tables: the verbs (verbs.h) and the options below. */
#include "options.h"

#include "methods.h"
#include "models.h"
#include "number.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where and how the value of an option is set. */
typedef enum option_type {
  OPTION_FLAG,   /* bool, without a value */
  OPTION_TEXT,   /* const char * */
  OPTION_NUMBER, /* double */
  OPTION_COUNT,  /* size_t */
  OPTION_SEED,   /* uint64_t */
  OPTION_CHOICE, /* int: the number of the word, from 0 */
  OPTION_AUTO_OR /* int: the number of the word, from -1 */
} option_type;

typedef struct option_row {
  const char *name;
  char letter; /* or 0 */
  unsigned verbs;
  option_type type;
  size_t offset;        /* of the field in options */
  double least, most;   /* of a number, count or seed */
  const char *argument; /* in the help; of a choice: its words, separated by '|' */
  const char *help;
} option_row;

#define LEARN (VERB_FIT | VERB_CV)
#define APPLY (VERB_PREDICT | VERB_EVALUATE)
#define ALL ((1u << VERBS) - 1)

/* The field, which has to be of that type or this is no expression. */
#define FIELD(field, type) (offsetof(options, field) + 0 * sizeof(_Generic(((options *)0)->field, type : 0)))
#define FLAG(field) OPTION_FLAG, FIELD(field, bool), 0, 0
#define TEXT(field) OPTION_TEXT, FIELD(field, const char *), 0, 0
#define NUMBER(field, least, most) OPTION_NUMBER, FIELD(field, double), least, most
#define COUNT(field, least, most) OPTION_COUNT, FIELD(field, size_t), least, most
#define SEED(field, least, most) OPTION_SEED, FIELD(field, uint64_t), least, most
#define CHOICE(field) OPTION_CHOICE, FIELD(field, int), 0, 0
#define AUTO_OR(field) OPTION_AUTO_OR, FIELD(field, int), 0, 0

/* An option is a row here, a field of options, which defaults() sets, and an entry in the manual page. Where
 * verbs mean something else by a name it has a row for each meaning. */
/* clang-format off */
static const option_row table_of_options[] = {
    {"model", 'm', VERB_FIT | APPLY, TEXT(model), "FILE",
     "the model: written by fit, read by the others"},
    {"output", 'o', VERB_PREDICT, TEXT(output), "FILE",
     "predictions go there instead of standard output"},
    {"target", 't', LEARN, TEXT(target), "COLUMN",
     "what to predict, by name or number (default: the last column)"},
    {"target", 't', APPLY, TEXT(target), "COLUMN",
     "evaluate: what to compare with (default: the model's target)"},
    {"weights", 0, LEARN | VERB_EVALUATE, TEXT(weights), "COLUMN",
     "weights of the rows; for libsvm data a file with one number a row"},
    {"offset", 0, ALL, TEXT(offset), "COLUMN",
     "added to the output (not for a softmax); for libsvm data a file"},
    {"categorical", 'c', LEARN, TEXT(categorical), "A,B,...",
     "columns of categories: one indicator per level but the first"},
    {"ignore", 0, LEARN, TEXT(ignore), "A,B,...",
     "columns to leave out"},
    {"positive", 0, LEARN, TEXT(positive), "LABEL",
     "the class whose probability a binary model gives (default: the second)"},
    {"format", 0, ALL, CHOICE(format), "auto|csv|libsvm",
     "of the data (auto: libsvm for .svm and .libsvm, else csv)"},
    {"delimiter", 0, ALL, CHOICE(delimiter), "auto|comma|semicolon|tab",
     "between fields (auto: from the first line)"},
    {"decimal", 0, ALL, CHOICE(decimal), "point|comma",
     "mark in numbers"},
    {"header", 0, ALL, CHOICE(header), "auto|yes|no",
     "is the first line one (auto: the rows below it tell)"},
    {"missing", 0, LEARN, CHOICE(missing), "refuse|drop|mean|median",
     "rows with missing values: refuse them, drop them, or fill in (categories: the most frequent)"},
    {"na-text", 0, LEARN, TEXT(na_text), "A,B,...",
     "categories, or the target, in which NA, nan, ? and the like are words, not missing values"},
    {"unseen", 0, LEARN, CHOICE(unseen), "refuse|reference",
     "categories that the model does not know: refuse, or take for the first level"},
    {"chunk-rows", 0, LEARN, COUNT(chunk_rows, 1, 1e12), "N",
     "keep N rows of a CSV file in memory, the others in a temporary file (default: all in memory)"},
    {"index-base", 0, LEARN, AUTO_OR(index_base), "auto|0|1",
     "do libsvm columns count from 0 or 1 (auto: from 0 if a 0 occurs)"},
    {"kind", 'k', LEARN, AUTO_OR(kind), "auto|logistic|multinomial|linear|net",
     "of model (auto: linear for a numeric target, unless it is at most 20 whole numbers)"},
    {"loss", 0, LEARN, CHOICE(loss), "squared|absolute|huber",
     "of a linear model, or of a net for regression (default: squared)"},
    {"delta", 0, LEARN, NUMBER(delta, 1e-300, 1e300), "X",
     "where the Huber loss turns linear (default: 1.345 robust standard deviations of the target)"},
    {"smoothing", 0, LEARN, NUMBER(smoothing, 1e-300, 1e300), "X",
     "accuracy of the absolute loss (default: 1e-6 of the target's mean absolute deviation)"},
    {"hidden", 0, LEARN, COUNT(hidden, 1, 100000), "N",
     "units of the net's hidden layer (default 16)"},
    {"lambda", 'l', LEARN, NUMBER(lambda, 0, 1e300), "X",
     "strength of the penalty (default: 1e-4 for classes, 0 for linear models)"},
    {"mix", 0, LEARN, NUMBER(mix, 0, 1), "A",
     "share of L1 in the penalty: 0 ridge (default), 1 lasso, between them elastic net"},
    {"penalty-on", 0, LEARN, CHOICE(standardize), "original|standardized",
     "columns: does the penalty see them as they are, or with variance 1"},
    {"class-weights", 0, LEARN, TEXT(class_weights), "balanced|A=X,B=Y",
     "weights by class; balanced: the same total for each"},
    {"method", 0, LEARN, TEXT(method), "NAME",
     "auto, newton, lbfgs, proximal, bfgs, gd, trust_region, ..., and with mini-batches adam, momentum, "
     "rmsprop, ... (auto: by the shape of the data)"},
    {"tolerance", 0, LEARN, NUMBER(tolerance, 0, 1), "X",
     "relative distance of the objective from its optimum (default 1e-12; nets 1e-6)"},
    {"max-iterations", 0, LEARN, COUNT(max_iterations, 1, 1e15), "N",
     "of a method that sees all rows at a time (default 10000)"},
    {"max-seconds", 0, LEARN, NUMBER(max_seconds, 0, 1e15), "X",
     "time limit (default: none)"},
    {"epochs", 0, LEARN, COUNT(epochs, 1, 1e9), "N",
     "passes over the data of a stochastic method (default 100)"},
    {"batch", 0, LEARN, COUNT(batch, 1, 1e9), "N",
     "rows in a mini-batch (default 32)"},
    {"rate", 0, LEARN, NUMBER(rate, 1e-300, 1e300), "X",
     "learning rate of a stochastic method, or of gd (default: the method's)"},
    {"start", 0, VERB_FIT, TEXT(start), "FILE",
     "start from the coefficients of this model"},
    {"checkpoint", 0, VERB_FIT, TEXT(checkpoint), "FILE",
     "keep the state of the fit there, and go on from it if it is there already"},
    {"checkpoint-seconds", 0, VERB_FIT, NUMBER(checkpoint_seconds, 0, 1e15), "X",
     "how often (default 30)"},
    {"seed", 's', LEARN, SEED(seed, 0, 1e15), "N",
     "of all random choices (default 1)"},
    {"threads", 'j', LEARN, COUNT(threads, 0, 4096), "N",
     "threads that share the rows (default 1; 0: one per core)"},
    {"holdout", 0, VERB_FIT, NUMBER(holdout, 0, 0.9999), "FRACTION",
     "of the rows, kept apart by class and used to judge the model (default 0)"},
    {"folds", 0, VERB_CV, COUNT(folds, 2, 1e9), "N",
     "of the cross-validation (default 5)"},
    {"path", 0, LEARN, COUNT(path, 2, 10000), "N",
     "N strengths of the penalty instead of one, from where all is 0 (or small) downwards"},
    {"summary", 0, VERB_FIT, FLAG(summary), NULL,
     "standard errors, tests and confidence intervals"},
    {"confidence", 0, VERB_FIT, NUMBER(confidence, 0.5, 0.999999), "X",
     "of the intervals (default 0.95)"},
    {"trace", 0, VERB_FIT, TEXT(trace), "FILE",
     "the objective at every iteration, or the coefficients along a path, as CSV"},
    {"plot", 0, VERB_FIT, TEXT(plot), "FILE",
     "a picture of the training curve or the path, .png or .svg (needs gnuplot)"},
    {"quiet", 'q', ALL, FLAG(quiet), NULL,
     "no progress and no report"},
    {"json", 0, VERB_FIT | VERB_EVALUATE | VERB_CV, FLAG(json), NULL,
     "the report as JSON"},
    {"help", 'h', ALL, FLAG(help), NULL,
     "this text"},
    {"version", 0, ALL, FLAG(version), NULL,
     "the version of the library"},
};
/* clang-format on */

enum { OPTIONS = sizeof table_of_options / sizeof *table_of_options };
_Static_assert(OPTIONS <= 64, "one bit each in options.given");

static options defaults(void)
{
  return (options){.lambda = NAN,
                   .delta = NAN,
                   .smoothing = NAN,
                   .kind = KIND_AUTO,
                   .loss = -1,
                   .index_base = -1,
                   .hidden = 16,
                   .method = "auto",
                   .tolerance = NAN,
                   .max_iterations = 10000,
                   .epochs = 100,
                   .batch = 32,
                   .threads = 1,
                   .seed = 1,
                   .folds = 5,
                   .confidence = 0.95,
                   .checkpoint_seconds = 30};
}

/* -- verbs ------------------------------------------------------------------------------------------------ */

static const struct {
  verb bit;
  const char *name, *line;
} verb_row[] = {
#define VERB_ROW(bit, name, line) {bit, #name, line},
    VERB_LIST(VERB_ROW)
#undef VERB_ROW
};

static const char *verb_name(verb v)
{
  size_t i = 0;
  while (verb_row[i].bit != v) i++;
  return verb_row[i].name;
}

/* "fit, predict, evaluate or cv" */
static void name_verbs(char *out, size_t room)
{
  size_t used = 0;
  for (size_t i = 0; i < VERBS && used < room; i++) {
    const char *before = i == 0 ? "" : i + 1 < VERBS ? ", " : " or ";
    used += (size_t)snprintf(out + used, room - used, "%s%s", before, verb_row[i].name);
  }
}

static bool parse_verb(options *o, const char *word, failure *f)
{
  for (size_t i = 0; i < VERBS; i++) {
    if (strcmp(word, verb_row[i].name) == 0) return o->verb = verb_row[i].bit, true;
  }
  if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0)
    return o->help = true;
  if (strcmp(word, "--version") == 0) return o->version = true;
  char names[200];
  name_verbs(names, sizeof names);
  return fail(f, "the first argument must be %s, not '%.60s'; try --help", names, word);
}

/* -- values of options ------------------------------------------------------------------------------------ */

/* The number of a word among the words of a choice; -1: none of them. */
static int choice_number(const char *words, const char *word)
{
  const size_t length = strlen(word);
  for (int i = 0;; i++) {
    const size_t n = strcspn(words, "|");
    if (n == length && memcmp(words, word, n) == 0) return i;
    if (words[n] == '\0') return -1;
    words += n + 1;
  }
}

static bool set_number(const option_row *row, void *field, const char *value, failure *f)
{
  double x;
  const bool good =
      number_read(value, strlen(value), '.', &x) == NUMBER_OK && x >= row->least && x <= row->most;
  const bool counts = row->type != OPTION_NUMBER, whole = !counts || (good && x == floor(x));
  if (!good || !whole) {
    return fail(f, "--%s needs a %snumber from %g to %g, not '%.60s'", row->name, counts ? "whole " : "",
                row->least, row->most, value);
  }
  if (row->type == OPTION_NUMBER)
    *(double *)field = x;
  else if (row->type == OPTION_SEED)
    *(uint64_t *)field = (uint64_t)x;
  else
    *(size_t *)field = (size_t)x;
  return true;
}

static bool set_choice(const option_row *row, int *field, const char *value, failure *f)
{
  const int number = choice_number(row->argument, value);
  if (number < 0) return fail(f, "--%s must be one of %s, not '%.60s'", row->name, row->argument, value);
  *field = row->type == OPTION_AUTO_OR ? number - 1 : number;
  return true;
}

static bool set_option(options *o, const option_row *row, const char *value, failure *f)
{
  void *field = (char *)o + row->offset;
  o->given |= UINT64_C(1) << (row - table_of_options);
  switch (row->type) {
  case OPTION_FLAG: return *(bool *)field = true;
  case OPTION_TEXT: return *(const char **)field = value, true;
  case OPTION_CHOICE:
  case OPTION_AUTO_OR: return set_choice(row, field, value, f);
  default: return set_number(row, field, value, f);
  }
}

static bool is_called(const option_row *row, const char *name, size_t length, char letter)
{
  if (letter != 0) return row->letter == letter;
  return strlen(row->name) == length && memcmp(row->name, name, length) == 0;
}

/* The row of that name, or of that letter unless it is 0, for the verb; else for other verbs, or NULL. */
static const option_row *find_option(verb v, const char *name, size_t length, char letter)
{
  const option_row *of_others = NULL;
  for (size_t i = 0; i < OPTIONS; i++) {
    const option_row *row = &table_of_options[i];
    if (!is_called(row, name, length, letter)) continue;
    if ((row->verbs & v) != 0) return row;
    of_others = row;
  }
  return of_others;
}

bool option_given(const options *o, const char *name)
{
  const option_row *row = find_option(o->verb, name, strlen(name), 0);
  assert(row != NULL);
  return (o->given >> (row - table_of_options) & 1) != 0;
}

/* One option at argv[*i], with its value behind '=', behind the letter, or in the next argument. */
static bool parse_option(options *o, int argc, char **argv, int *i, failure *f)
{
  const char *argument = argv[*i];
  const bool is_long = argument[1] == '-';
  const char *name = argument + (is_long ? 2 : 1);
  const size_t length = is_long ? strcspn(name, "=") : 1;
  const option_row *row = find_option(o->verb, name, length, is_long ? 0 : name[0]);
  if (row == NULL) return fail(f, "there is no option '%.60s'; try --help", argument);
  if ((row->verbs & o->verb) == 0) {
    return fail(f, "--%s is no option of %s; try '%s --help'", row->name, verb_name(o->verb),
                verb_name(o->verb));
  }
  const char *value = is_long && name[length] == '=' ? name + length + 1 : NULL;
  if (!is_long && name[1] != '\0') value = name + 1;
  if (row->type == OPTION_FLAG && value != NULL) return fail(f, "--%s takes no value", row->name);
  if (row->type != OPTION_FLAG && value == NULL) {
    if (*i + 1 >= argc) return fail(f, "--%s needs a value", row->name);
    value = argv[++*i];
  }
  return set_option(o, row, value, f);
}

/* -- the command line ------------------------------------------------------------------------------------- */

static bool ends_with(const char *s, const char *end)
{
  const size_t n = strlen(s), m = strlen(end);
  return n >= m && strcmp(s + n - m, end) == 0;
}

/* What can be seen before the data are read. */
static bool summary_possible(const options *o, failure *f)
{
  tg_method method;
  const bool named = tg_method_named(&method, o->method) == TG_OK;
  const char *const why = o->path > 0                    ? "a whole path (--path)"
                          : o->kind == MODEL_NET         ? "a net (--kind net)"
                          : o->loss > LOSS_SQUARED       ? "another loss than the squared"
                          : o->mix > 0 && o->lambda != 0 ? "an L1 penalty (--mix)"
                          : named && method_sees_batches(o->method)
                              ? "a method with mini-batches, which ends short of an optimum"
                              : NULL;
  return why == NULL || fail(f, "--summary: there are no standard errors for %s", why);
}

/* The library's own spelling, by which the rest of the program knows methods. */
static void settle_method(options *o)
{
  tg_method method;
  if (tg_method_named(&method, o->method) == TG_OK) o->method = tg_method_name(&method);
}

bool options_parse(options *o, int argc, char **argv, failure *f)
{
  *o = defaults();
  if (argc < 2) return fail(f, "nothing to do; try --help");
  if (!parse_verb(o, argv[1], f)) return false;
  if (o->verb == 0) return true;
  bool only_files = false;
  for (int i = 2; i < argc; i++) {
    const bool is_option = !only_files && argv[i][0] == '-' && argv[i][1] != '\0';
    if (is_option && strcmp(argv[i], "--") == 0) {
      only_files = true;
    } else if (is_option) {
      if (!parse_option(o, argc, argv, &i, f)) return false;
    } else if (o->data != NULL) {
      return fail(f, "one data file is enough, but there are '%.60s' and '%.60s'", o->data, argv[i]);
    } else {
      o->data = argv[i];
    }
  }
  if (o->help || o->version) return true;
  settle_method(o);
  if (o->data == NULL) return fail(f, "which data? Name a file, or - for standard input");
  if (o->plot != NULL && !ends_with(o->plot, ".png") && !ends_with(o->plot, ".svg")) {
    return fail(f, "--plot draws .png and .svg files, not '%.60s'", o->plot);
  }
  if (o->summary && !summary_possible(o, f)) return false;
  if (o->path > 0 && option_given(o, "lambda"))
    return fail(f, "--path settles the strengths of the penalty itself: it does not go with --lambda");
  if ((o->verb & APPLY) != 0 && o->model == NULL) return fail(f, "which model? Name its file with --model");
  return true;
}

/* -- help ------------------------------------------------------------------------------------------------ */

enum { INDENT = 30, LINE = 100 };

/* Words from column INDENT on, in as many lines as it takes. */
static void print_wrapped(const char *words)
{
  size_t column = INDENT;
  while (*words != '\0') {
    const size_t n = strcspn(words, " ");
    if (column + 1 + n > LINE) {
      printf("\n%*s", INDENT, "");
      column = INDENT;
    }
    printf(" %.*s", (int)n, words);
    column += 1 + n;
    words += n + (words[n] == ' ');
  }
  putchar('\n');
}

static void print_row(const option_row *row)
{
  char left[128];
  snprintf(left, sizeof left, "  %c%c --%s%s%s", row->letter ? '-' : ' ', row->letter ? row->letter : ' ',
           row->name, row->argument ? " " : "", row->argument ? row->argument : "");
  const bool beside = strlen(left) < INDENT;
  printf("%-*s", INDENT, left);
  if (!beside) printf("\n%*s", INDENT, "");
  print_wrapped(row->help);
}

static void print_verbs(void)
{
  puts("Usage: tapegrad-train VERB [OPTIONS] DATA\n");
  for (size_t i = 0; i < VERBS; i++) printf("  %-9s %s\n", verb_row[i].name, verb_row[i].line);
}

/* clang-format off */
static const char overview[] =
    "\n"
    "DATA is a CSV file with the target in its last column, a libsvm file, or - for standard input.\n"
    "Models: binary logistic, multinomial (symmetric softmax), linear with squared, absolute or Huber loss, and a\n"
    "net with one hidden layer. The objective is the mean loss over the rows plus\n"
    "  lambda ((1 - mix) |w|^2 / 2 + mix |w|_1),\n"
    "with w the coefficients of the columns as they come; intercepts are never penalised.\n";

static const char exit_codes[] =
    "\n"
    "Exit status: 0 success: the tolerance is met, the objective is as low as rounding allows, or the epochs are\n"
    "done; 1 bad data or files; 2 bad command line; 3 no optimum was reached (the limit of iterations or time, a fit\n"
    "that stalls, or separable classes without a penalty); 130 interrupted (the best model is kept).\n";
/* clang-format on */

void options_help(const options *o)
{
  print_verbs();
  fputs(overview, stdout);
  if (o->verb == 0) {
    puts("\n'tapegrad-train VERB --help' lists the options of a verb.");
  } else {
    printf("\nOptions of %s:\n", verb_name(o->verb));
    for (size_t i = 0; i < OPTIONS; i++) {
      if (table_of_options[i].verbs & o->verb) print_row(&table_of_options[i]);
    }
  }
  fputs(exit_codes, stdout);
}
