#define _POSIX_C_SOURCE 200809L
#include "progress.h"

#include "checkpoint.h"
#include "output.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t stop_asked;

static void on_interrupt(int number)
{
  stop_asked = 1;
  signal(number, end_by_signal);
}

void catch_interrupt(void)
{
  signal(SIGINT, on_interrupt);
  signal(SIGTERM, on_interrupt);
  if (signal(SIGHUP, on_interrupt) == SIG_IGN) signal(SIGHUP, SIG_IGN); /* nohup */
}

bool interrupted(void)
{
  return stop_asked != 0;
}

void progress_start(progress *p, training *t, const options *o)
{
  *p = (progress){
      .training = t, .options = o, .on_terminal = isatty(STDERR_FILENO) == 1, .began = fit_clock()};
  p->last = p->last_checkpoint = p->began;
  if (o->checkpoint != NULL) p->signature = checkpoint_signature(t, o);
  if (o->trace != NULL || o->plot != NULL) text_add(&p->trace, "iteration,objective,gradient_norm,seconds\n");
}

void progress_wipe(progress *p)
{
  if (p->shown) fputs("\r\033[K", stderr);
  fflush(stderr);
  p->shown = false;
}

static void show_bar(progress *p, const fit_progress *now)
{
  char bar[21];
  const double part = now->limit > 0 ? (double)now->iteration / (double)now->limit : 0;
  /* Iterations end long before their limit as a rule: the bar shows a logarithmic share. */
  const double share = now->limit > 1 ? log1p((double)now->iteration) / log1p((double)now->limit) : part;
  for (int i = 0; i < 20; i++) bar[i] = i < (int)(20 * share) ? '#' : '.';
  bar[20] = '\0';
  fprintf(stderr, "\r[%s] %s %zu  objective %.8g  gradient %.1e  %.1f s \033[K", bar, now->method,
          now->iteration, now->objective, now->gradient_norm, now->seconds);
  fflush(stderr);
  p->shown = true;
}

static void show(progress *p, const fit_progress *now)
{
  const double time = fit_clock(), every = p->on_terminal ? 0.1 : 10;
  if (p->options->quiet || time - p->last < every) return;
  p->last = time;
  if (p->on_terminal) {
    show_bar(p, now);
    return;
  }
  fprintf(stderr, "%s: iteration %zu, objective %.8g, gradient norm %.2g, %.0f s\n", now->method,
          now->iteration, now->objective, now->gradient_norm, now->seconds);
}

static void note(progress *p, const fit_progress *now)
{
  if (p->options->trace == NULL && p->options->plot == NULL) return;
  text_add(&p->trace, "%zu,", now->iteration);
  text_number(&p->trace, now->objective);
  text_add(&p->trace, ",");
  text_number(&p->trace, now->gradient_norm);
  text_add(&p->trace, ",%.6f\n", fit_clock() - p->began);
}

static void save(progress *p, const fit_progress *now)
{
  const options *o = p->options;
  if (o->checkpoint == NULL || now->theta == NULL) return;
  const double time = fit_clock();
  if (!interrupted() && time - p->last_checkpoint < o->checkpoint_seconds) return;
  p->last_checkpoint = time;
  failure *f = &p->checkpoint_failure;
  if (checkpoint_write(o->checkpoint, p->signature, now->theta, p->training->problem.n, now->run, f)) return;
  progress_wipe(p);
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
  progress_wipe(p);
  text_free(&p->trace);
}
