/* Running the program's parts from a test, with a command line as a person would type it. */
#ifndef TESTS_TRAIN_SUPPORT_H
#define TESTS_TRAIN_SUPPORT_H

#define _POSIX_C_SOURCE 200809L

#include "training.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

typedef struct session {
  options o;
  loaded l;
  training t;
  size_t *row;
} session;

/* Options in one string, separated by blanks; `data` is the file. Fails the test if anything fails. */
static inline void session_open(session *s, const char *data, const char *words)
{
  static char line[4096];
  char *argument[64] = {"tapegrad-train", "fit"};
  int count = 2;
  failure f;
  memset(s, 0, sizeof *s);
  snprintf(line, sizeof line, "%s", words);
  for (char *w = strtok(line, " "); w != NULL; w = strtok(NULL, " ")) argument[count++] = w;
  argument[count++] = (char *)data;
  cr_assert(options_parse(&s->o, count, argument, &f), "%s", f.text);
  cr_assert(load(&s->l, &s->o, &f), "%s", f.text);
  s->row = malloc(s->l.rows * sizeof *s->row);
  cr_assert_not_null(s->row);
  for (size_t i = 0; i < s->l.rows; i++) s->row[i] = i;
  cr_assert(training_new(&s->t, &s->l, (row_list){s->row, s->l.rows}, &s->o, &f), "%s", f.text);
}

static inline void session_run(session *s)
{
  failure f;
  cr_assert(training_run(&s->t, &s->l, &s->o, &f), "%s", f.text);
}

static inline void session_close(session *s)
{
  training_free(&s->t);
  loaded_free(&s->l);
  free(s->row);
}

/* A data file made for one test, removed by the caller. */
static inline const char *data_file(const char *content)
{
  static char name[64];
  strcpy(name, "/tmp/tapegrad_test_XXXXXX");
  const int handle = mkstemp(name);
  FILE *out = handle < 0 ? NULL : fdopen(handle, "w");
  cr_assert_not_null(out);
  fputs(content, out);
  fclose(out);
  return name;
}

#endif
