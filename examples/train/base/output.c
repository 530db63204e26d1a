#define _POSIX_C_SOURCE 200809L
#include "output.h"

#include "memory.h"
#include "system.h"
#include "text.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_AT_ONCE = 1 << 30 };

static bool write_all(int out, const char *bytes, size_t length)
{
  while (length > 0) {
    const ssize_t n = write(out, bytes, length < MOST_AT_ONCE ? (unsigned)length : MOST_AT_ONCE);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n;
    length -= (size_t)n;
  }
  return true;
}

static bool fail_write(const char *file, failure *f)
{
  return fail_at(f, (place){file, 0, 0}, "cannot write: %s", strerror(errno));
}

char *folder_of(const char *file)
{
  const char *slash = system_last_divider(file);
  if (slash == NULL) return copy_text(".", 1);
  return copy_text(file, slash == file ? 1 : (size_t)(slash - file));
}

/* Keeps the name in its directory across a loss of power. */
static void sync_directory(const char *file)
{
  char *folder = folder_of(file);
  if (folder != NULL) system_sync_folder(folder);
  free(folder);
}

bool write_possible(const char *file, failure *f)
{
  if (strcmp(file, "-") == 0) return true;
  const system_kind kind = system_kind_of(file);
  if (kind == SYSTEM_FOLDER || kind == SYSTEM_OTHER) {
    errno = EISDIR;
    return kind == SYSTEM_OTHER || fail_write(file, f);
  }
  char *real = system_real_name(file), *folder = real != NULL ? folder_of(real) : NULL;
  const bool good = folder != NULL && system_may_write_in(folder);
  const int why = errno;
  free(real);
  free(folder);
  errno = why;
  return good || fail_write(file, f);
}

/* -- what a signal must not leave behind ----------------------------------------------------------------- */

enum { MOST_OPEN = 4 };
static char *volatile half_written[MOST_OPEN]; /* their names, for the handler */

static void remember(char *name, char *instead)
{
  for (int i = 0; i < MOST_OPEN; i++) {
    if (half_written[i] != instead) continue;
    half_written[i] = name;
    return;
  }
}

void end_by_signal(int number)
{
  for (int i = 0; i < MOST_OPEN; i++) {
    char *name = half_written[i];
    if (name != NULL) unlink(name);
  }
  signal(number, SIG_DFL);
  raise(number);
}

void clean_up_on_signals(void)
{
  size_t count;
  const int *number = system_ending_signals(&count);
  for (size_t i = 0; i < count; i++) {
    if (signal(number[i], end_by_signal) == SIG_IGN) signal(number[i], SIG_IGN); /* nohup */
  }
}

/* -- a file beside the file ------------------------------------------------------------------------------ */

/* A new name beside the file, with the mode that the file has or would get. It has the number of the process,
 * but that may come again: in a container it always does. */
static bool open_beside(output *o, failure *f)
{
  enum { TRIES = 100 };
  text name = {0};
  o->real = system_real_name(o->file);
  if (o->real == NULL) return fail_write(o->file, f);
  for (int i = 0; i < TRIES; i++) {
    name.length = 0;
    text_bytes(&name, o->real, strlen(o->real));
    text_add(&name, i == 0 ? ".%ld.part" : ".%ld-%d.part", (long)getpid(), i);
    o->handle = name.failed ? -1 : system_create(name.bytes, system_mode_of(o->file));
    if (o->handle >= 0) remember(name.bytes, NULL);
    if (o->handle >= 0) return o->beside = name.bytes, true;
    if (name.failed || errno != EEXIST) break;
  }
  if (name.failed)
    fail_memory(f);
  else
    fail_write(o->file, f);
  free(o->real);
  text_free(&name);
  return false;
}

bool output_open(output *o, const char *file, failure *f)
{
  *o = (output){.file = file};
  if (strcmp(file, "-") == 0) {
    bar_wipe();
    o->file = "standard output";
    o->handle = STDOUT_FILENO;
    return true;
  }
  const system_kind kind = system_kind_of(file);
  if (kind == SYSTEM_NOTHING || kind == SYSTEM_REGULAR) return open_beside(o, f);
  o->handle = system_open_to_write(file);
  return o->handle >= 0 || fail_write(file, f);
}

bool output_add(output *o, const char *bytes, size_t length, failure *f)
{
  return write_all(o->handle, bytes, length) || fail_write(o->file, f);
}

bool output_close(output *o, bool keep, failure *f)
{
  if (o->handle == STDOUT_FILENO) return true;
  bool good = !keep || o->beside == NULL || system_sync(o->handle);
  int why = errno;
  if (close(o->handle) != 0 && good && keep) {
    good = false;
    why = errno;
  }
  if (o->beside == NULL) return good || fail_write(o->file, f);
  if (keep && good && !system_replace(o->beside, o->real)) {
    good = false;
    why = errno;
  }
  if (!keep || !good) unlink(o->beside);
  remember(NULL, o->beside);
  if (keep && good) sync_directory(o->real);
  free(o->beside);
  free(o->real);
  errno = why;
  return good || fail_write(o->file, f);
}

bool write_file(const char *file, const char *bytes, size_t length, failure *f)
{
  output o;
  if (!output_open(&o, file, f)) return false;
  const bool written = output_add(&o, bytes, length, f);
  failure closing = {0};
  const bool closed = output_close(&o, written, written ? f : &closing);
  return written && closed;
}
