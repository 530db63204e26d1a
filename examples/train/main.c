/* tapegrad-train: logistic, multinomial and linear regression and small nets, from a table to a model and
 * back. The losses are in models.c, written for one sample with the library's macros; everything else is
 * plumbing around them. */
#include "commands.h"

#include <stdio.h>

static int run(const options *o, failure *f)
{
  switch (o->verb) {
  case VERB_FIT:
    return command_fit(o, f);
  case VERB_PREDICT:
    return command_predict(o, f);
  case VERB_EVALUATE:
    return command_evaluate(o, f);
  case VERB_CV:
    return command_cv(o, f);
  }
  return EXIT_USAGE;
}

int main(int argc, char **argv)
{
  failure f = {""};
  options o;
  if (!options_parse(&o, argc, argv, &f)) {
    fprintf(stderr, "tapegrad-train: %s\n", f.text);
    return EXIT_USAGE;
  }
  if (o.version) return puts("tapegrad-train " TRAIN_VERSION) < 0;
  if (o.help) return options_help(&o), EXIT_FINE;
  const int status = run(&o, &f);
  if (status != EXIT_FINE && f.text[0] != '\0') fprintf(stderr, "tapegrad-train: %s\n", f.text);
  if (fflush(stdout) != 0 || ferror(stdout)) {
    fprintf(stderr, "tapegrad-train: cannot write to standard output\n");
    return EXIT_BAD;
  }
  return status;
}
