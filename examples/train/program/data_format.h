/* How the data are written: what the options say of it. */
#ifndef TRAIN_DATA_FORMAT_H
#define TRAIN_DATA_FORMAT_H

#include "options.h"
#include "table.h"

bool is_libsvm(const options *o);
bool format_options(const options *o, failure *f); /* are all that are given for the format of the data? */
table_format format_of(const options *o);

#endif
