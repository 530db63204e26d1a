#define _POSIX_C_SOURCE 200809L
#include "progress.h"

#include "input.h"
#include "methods.h"
#include "output.h"
#include "system.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile sig_atomic_t stop_asked;

static void on_interrupt(int number)
{
  stop_asked = 1;
  signal(number, end_by_signal);
}

void catch_interrupt(void)
{
  size_t count;
  const int *number = system_ending_signals(&count);
  for (size_t i = 0; i < count; i++) {
    const bool ignored = signal(number[i], on_interrupt) == SIG_IGN;
    /* nohup; but a shell's job in the background ignores INT, and is to end when it is asked by name */
    if (ignored && number[i] != SIGINT && number[i] != SIGTERM) signal(number[i], SIG_IGN);
  }
}

bool interrupted(void) { return stop_asked != 0; }

void progress_start(progress *p, training *t, const options *o)
{
  *p = (progress){
      .training = t, .options = o, .on_terminal = isatty(STDERR_FILENO) == 1, .began = system_seconds()};
  p->last = p->last_checkpoint = p->began;
  if (o->checkpoint != NULL) p->key = checkpoint_key_of(t, o);
  if (o->trace != NULL || o->plot != NULL) text_add(&p->trace, "iteration,objective,gradient_norm,seconds\n");
}

/* -- what is seen ---------------------------------------------------------------------------------------- */

enum { BAR = 20, LINE = 200 };

static const char *bar_of(char bar[BAR + 1], double share)
{
  for (int i = 0; i < BAR; i++) bar[i] = i < (int)(BAR * share) ? '#' : '.';
  bar[BAR] = '\0';
  return bar;
}

/* ", 12 s left" of what took so many seconds for this share; nothing while that is a guess. */
static const char *time_left(char out[40], double seconds, double share)
{
  out[0] = '\0';
  if (share > 0 && seconds > 1) snprintf(out, 40, ", %.0f s left", seconds * (1 / share - 1));
  return out;
}

/* Epochs have an end, and a rest that takes as long as those before. Iterations end long before their limit
 * as a rule: there the bar shows a logarithmic share, and no total. */
static void line_of(char out[LINE], const progress *p, const fit_progress *now)
{
  char bar[BAR + 1], left[40] = "", total[40] = "";
  const double done = (double)now->iteration, limit = (double)now->limit;
  const bool epochs = method_sees_batches(now->method);
  double share = limit < 1 ? 0 : epochs ? done / limit : log1p(done) / log1p(limit);
  if (epochs && limit > p->first) {
    const double since = system_seconds() - p->began;
    time_left(left, since, (done - p->first) / (limit - p->first));
    snprintf(total, sizeof total, " of %zu", now->limit);
  }
  if (p->options->max_seconds > 0) share = fmax(share, now->seconds / p->options->max_seconds);
  snprintf(out, LINE, "[%s] %s: %s %zu%s, objective %.8g, gradient %.1e, %.1f s%s", bar_of(bar, share),
           now->method, epochs ? "epoch" : "iteration", now->iteration, total, now->objective,
           now->gradient_norm, now->seconds, left);
}

static void show(progress *p, const fit_progress *now)
{
  const double time = system_seconds(), every = p->on_terminal ? 0.1 : 10;
  char line[LINE];
  if (!p->begun) p->first = (double)now->iteration; /* of a fit that goes on from a checkpoint */
  p->begun = true;
  if (p->options->quiet || time - p->last < every) return;
  p->last = time;
  line_of(line, p, now);
  if (p->on_terminal)
    bar_show(line);
  else
    fprintf(stderr, "%s\n", line + BAR + 3);
}

/* There is one command in a run of the program. */
static struct {
  bool on_terminal;
  double began, last;
} reading;

static void show_reading(const input *in)
{
  const double time = system_seconds(), every = reading.on_terminal ? 0.1 : 10;
  struct stat file;
  char bar[BAR + 1], left[40], name[60], line[LINE];
  if (time - reading.began < 0.5 || time - reading.last < every || fstat(fileno(in->stream), &file) != 0)
    return;
  reading.last = time;
  printable(name, sizeof name, in->name, strlen(in->name));
  const double share = S_ISREG(file.st_mode) && file.st_size > 0 ? in->taken / (double)file.st_size : 0;
  if (share > 0)
    snprintf(line, LINE, "[%s] reading %s: %.0f of %.0f MB%s", bar_of(bar, share), name, in->taken / 1e6,
             (double)file.st_size / 1e6, time_left(left, time - reading.began, share));
  else
    snprintf(line, LINE, "[%s] reading %s: %.0f MB", bar_of(bar, 0), name, in->taken / 1e6);
  if (reading.on_terminal)
    bar_show(line);
  else
    fprintf(stderr, "%s\n", line + BAR + 3);
}

void progress_of_reading(const options *o)
{
  const bool to_output = o->verb == VERB_PREDICT && (o->output == NULL || strcmp(o->output, "-") == 0);
  if (o->quiet || to_output) return;
  reading.on_terminal = isatty(STDERR_FILENO) == 1;
  reading.began = reading.last = system_seconds();
  input_watch = show_reading;
}

/* -- what is kept ---------------------------------------------------------------------------------------- */

static void note(progress *p, const fit_progress *now)
{
  if (p->options->trace == NULL && p->options->plot == NULL) return;
  text_add(&p->trace, "%zu,", now->iteration);
  text_number(&p->trace, now->objective);
  text_add(&p->trace, ",");
  text_number(&p->trace, now->gradient_norm);
  text_add(&p->trace, ",%.6f\n", system_seconds() - p->began);
}

static void save(progress *p, const fit_progress *now)
{
  const options *o = p->options;
  if (o->checkpoint == NULL || now->theta == NULL) return;
  const double time = system_seconds();
  if (!interrupted() && time - p->last_checkpoint < o->checkpoint_seconds) return;
  p->last_checkpoint = time;
  failure *f = &p->checkpoint_failure;
  if (checkpoint_write(o->checkpoint, p->key, now->theta, now->run, f)) return;
  say("checkpoint: %s", f->text);
}

fit_stop progress_watch(const fit_progress *now, void *user)
{
  progress *p = user;
  show(p, now);
  if (!now->within) note(p, now);
  save(p, now);
  return interrupted() ? FIT_INTERRUPTED : FIT_RUNNING;
}

void progress_end(progress *p)
{
  bar_wipe();
  text_free(&p->trace);
}
