/* The parts of loading, for load.c. */
#ifndef TRAIN_LOAD_PARTS_H
#define TRAIN_LOAD_PARTS_H

#include "load.h"

/* Reads the file: its rows, without those dropped, and which columns are what. Labels are not settled yet. */
bool load_table(loaded *l, const options *o, failure *f);
bool load_sparse(loaded *l, const options *o, failure *f);

/* Is the target a number whatever it looks like? */
bool wants_number(const options *o);

/* The kind of model by the options and the labels that occur; classes in order, or numbers. */
bool settle_kind(loaded *l, const options *o, failure *f);

#endif
