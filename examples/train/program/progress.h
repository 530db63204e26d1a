/* What is seen of a fit while it runs: a bar on a terminal, a line now and then elsewhere; a trace;
 * checkpoints, now and then and when interrupted; and the interrupt. */
#ifndef TRAIN_PROGRESS_H
#define TRAIN_PROGRESS_H

#include "checkpoint.h"
#include "text.h"
#include "training.h"

typedef struct progress {
  training *training; /* for checkpoints */
  const options *options;
  bool on_terminal, begun;
  double last, last_checkpoint, began, first; /* first: the iteration it began with */
  text trace;                                 /* CSV: iteration, objective, gradient norm, seconds */
  checkpoint_key key;
  failure checkpoint_failure;
} progress;

void progress_start(progress *p, training *t, const options *o);
fit_stop progress_watch(const fit_progress *now, void *user); /* a fit_watch; user: the progress */
void progress_end(progress *p);

/* While data are read, for more than half a second: how much of them, on standard error. */
void progress_of_reading(const options *o);

void catch_interrupt(void); /* the first ctrl-C (or TERM, HUP) asks a fit to stop, the second ends the
                               program */
bool interrupted(void);

#endif
