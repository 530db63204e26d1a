/* The verbs. Each returns the exit status of the program, EXIT_BAD with a message in f. */
#ifndef TRAIN_COMMANDS_H
#define TRAIN_COMMANDS_H

#include "options.h"

enum { EXIT_FINE = 0, EXIT_BAD = 1, EXIT_USAGE = 2, EXIT_NO_OPTIMUM = 3, EXIT_INTERRUPTED = 130 };

int command_fit(const options *o, failure *f);
int command_predict(const options *o, failure *f);
int command_evaluate(const options *o, failure *f);
int command_cv(const options *o, failure *f);

#endif
