/* tapegrad-train: logistic, multinomial and linear regression and small nets, from a table to a model and
 * back.
 *
 * The losses are in model/models.c, written for one sample with the library's macros; everything else is
 * plumbing around them. Each room below includes headers of the rooms under it only:
 *
 *   program      command line, verbs, reports; load.c: options and files become data to learn from
 *      |         training.c: data, design, scaling and problem, fit, separation, inference, model
 *      |
 *   separation   is there an optimum at all? margins <- cone (a direction is found) <- proof
 *   fit          the methods: Newton, L-BFGS in whitened coordinates, proximal ones; standard errors
 *      |
 *   model        losses, scaling, problem (the objective), trained models and their files, scores, metrics
 *      |
 *   data         CSV and libsvm files, tables, categories, design (columns become features)
 *      |
 *   base         memory, messages, text, numbers, files, the system, random numbers, linear algebra
 *
 * To begin with read program/options.h, program/command_fit.c and program/training.h. */
#include "commands.h"

#include "output.h"
#include "progress.h"
#include "system.h"

#include <stdio.h>

/* The status, unless standard output did not take what was printed. */
static int printed(int status)
{
  if (fflush(stdout) == 0 && !ferror(stdout)) return status;
  say("cannot write to standard output");
  return EXIT_BAD;
}

int main(int argc, char **argv)
{
  failure f = {0};
  options o;
  system_begin();
  clean_up_on_signals();
  if (!options_parse(&o, argc, argv, &f)) {
    say("%s", f.text);
    return EXIT_USAGE;
  }
  if (o.version) return puts("tapegrad-train " TRAIN_VERSION), printed(EXIT_FINE);
  if (o.help) return options_help(&o), printed(EXIT_FINE);
  progress_of_reading(&o);
  int status = command_run(&o, &f);
  bar_wipe();
  if (status == EXIT_BAD && f.usage) status = EXIT_USAGE;
  if (status != EXIT_FINE && f.text[0] != '\0') say("%s", f.text);
  return printed(status);
}
