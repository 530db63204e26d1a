/* The state of a fit in a file, to go on from after the program or the machine stopped. A stochastic run goes
 * on with the same bits as if nothing had happened; of other methods the point they had reached is kept, from
 * which they start. For the program that wrote it, on the same kind of machine: unlike models these files are
 * not to be kept. */
#ifndef TRAIN_CHECKPOINT_H
#define TRAIN_CHECKPOINT_H

#include "training.h"

typedef struct checkpoint {
  double *theta; /* NULL: there is no such file */
  void *run;     /* NULL: not of a run of the library */
  size_t run_size;
} checkpoint;

/* What a fit has to share with another for a state to fit both: data, model, method and its settings, but no
 * limits. */
typedef struct checkpoint_key {
  uint64_t signature;
  size_t n; /* parameters */
} checkpoint_key;

checkpoint_key checkpoint_key_of(const training *t, const options *o);

bool checkpoint_write(const char *file, checkpoint_key key, const double *theta, const tg_run *run,
                      failure *f);

/* A checkpoint is read and written in turn: only a regular file, or one to be made, can be both. */
bool checkpoint_possible(const char *file, failure *f);

/* A file that is not there is no failure; one of another fit, or damaged, is. */
bool checkpoint_read(checkpoint *c, const char *file, checkpoint_key key, failure *f);
bool checkpoint_read_memory(checkpoint *c, const char *bytes, size_t length, checkpoint_key key, failure *f);
void checkpoint_free(checkpoint *c);

#endif
