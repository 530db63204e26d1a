/* A trained model: everything that is needed to apply it to new data, and its file. */
#ifndef TRAIN_TRAINED_H
#define TRAIN_TRAINED_H

#include "problem.h"

typedef struct trained {
  model_shape shape;
  design design;
  levels labels; /* of the classes, in order */
  char *target;  /* names of columns; NULL where there is none */
  char *offset, *weight;
  penalty penalty;
  double *theta;         /* coefficients of the columns as they came */
  double *mean, *spread; /* of the features over the rows the model was made from */
} trained;

void trained_free(trained *m);

/* A text file: one fact a line, numbers in the shortest form that reads back to the same bits, a checksum at
 * the end. Written beside its place and moved there when complete, so that a failure leaves an older file as
 * it was. */
bool trained_write(const trained *m, const char *file, failure *f);

/* To a failure of what follows the model: the model is there. False; nothing without a file. */
bool fail_beside_model(const char *file, failure *f);

bool trained_read(trained *m, const char *file, failure *f);
bool trained_read_memory(trained *m, const char *bytes, size_t length, failure *f);

#endif
