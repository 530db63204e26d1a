/* The command line. */
#ifndef TRAIN_OPTIONS_H
#define TRAIN_OPTIONS_H

#include "failure.h"
#include "verbs.h"

#include <stdint.h>

enum { KIND_AUTO = -1 };
enum { DATA_AUTO, DATA_CSV, DATA_LIBSVM };

typedef struct options {
  verb verb; /* 0: none, for the help of the whole */
  bool help, version;
  const char *data, *model, *output, *start, *checkpoint, *trace, *plot;
  /* data */
  const char *target, *weights, *offset, *categorical, *ignore, *positive, *na_text;
  int format, delimiter, decimal, header, missing, unseen, index_base;
  /* model */
  int kind, loss, standardize;
  double lambda, mix, delta, smoothing;
  size_t hidden, chunk_rows;
  const char *class_weights;
  /* fitting */
  const char *method;
  double tolerance, max_seconds, rate, checkpoint_seconds;
  size_t max_iterations, epochs, batch, threads;
  uint64_t seed;
  /* reports */
  double holdout, confidence;
  size_t folds, path;
  bool summary, quiet, json;
  uint64_t given; /* a bit for each row of the table of options: it was on the command line */
} options;

/* False with a message when the command line makes no sense. */
bool options_parse(options *o, int argc, char **argv, failure *f);
/* Was the option of that name, which the verb has to know, on the command line? */
bool option_given(const options *o, const char *name);
void options_help(const options *o); /* to standard output */

#endif
