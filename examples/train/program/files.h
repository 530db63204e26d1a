/* Do the files of a command line get in each other's way? */
#ifndef TRAIN_FILES_H
#define TRAIN_FILES_H

#include "options.h"

/* Refuses, as a bad command line, a file that is written if it is read too or written twice: also under
 * another name, and if it is not there yet. Devices and pipes are nobody's loss. */
bool files_distinct(const options *o, failure *f);

#endif
