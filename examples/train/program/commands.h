/* The verbs. Each returns the exit status of the program, EXIT_BAD with a message in f. */
#ifndef TRAIN_COMMANDS_H
#define TRAIN_COMMANDS_H

#include "options.h"

enum { EXIT_FINE = 0, EXIT_BAD = 1, EXIT_USAGE = 2, EXIT_NO_OPTIMUM = 3, EXIT_INTERRUPTED = 130 };

#define VERB_ROW(bit, name, line) int command_##name(const options *o, failure *f);
VERB_LIST(VERB_ROW)
#undef VERB_ROW

int command_run(const options *o, failure *f); /* that of o->verb */

#endif
