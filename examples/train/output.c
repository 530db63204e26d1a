#define _XOPEN_SOURCE 700 /* realpath */
#include "output.h"

#include "memory.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool write_all(int out, const char *bytes, size_t length)
{
  while (length > 0) {
    const ssize_t n = write(out, bytes, length);
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

void ignore_size_limit(void)
{
#ifdef SIGXFSZ
  signal(SIGXFSZ, SIG_IGN); /* write() fails with EFBIG then */
#endif
}

void hold_standard_files(void)
{
  static const int mode[] = {O_WRONLY, O_RDONLY, O_RDONLY}; /* the wrong ones: use fails, as if closed */
  for (int i = 0; i < 3; i++) {
    if (fcntl(i, F_GETFD) >= 0 || errno != EBADF) continue;
    if (open("/dev/null", mode[i]) < 0) return; /* the lowest number that is free */
  }
}

char *folder_of(const char *file)
{
  const char *slash = strrchr(file, '/');
  if (slash == NULL) return copy_text(".", 1);
  return copy_text(file, slash == file ? 1 : (size_t)(slash - file));
}

/* Keeps the name in its directory across a loss of power. */
static void sync_directory(const char *file)
{
  char *folder = folder_of(file);
  const int d = folder != NULL ? open(folder, O_RDONLY) : -1;
  free(folder);
  if (d < 0) return;
  fsync(d);
  close(d);
}

/* Behind symbolic links, so that they stay and the file they lead to is replaced. */
static char *real_name(const char *file)
{
  struct stat link;
  char *real = realpath(file, NULL);
  if (real != NULL || errno != ENOENT || lstat(file, &link) == 0) return real;
  return copy_text(file, strlen(file));
}

bool write_possible(const char *file, failure *f)
{
  struct stat there;
  if (strcmp(file, "-") == 0) return true;
  if (stat(file, &there) == 0 && !S_ISREG(there.st_mode)) {
    errno = EISDIR;
    return !S_ISDIR(there.st_mode) || fail_write(file, f);
  }
  char *real = real_name(file), *folder = real != NULL ? folder_of(real) : NULL;
  const bool good = folder != NULL && access(folder, W_OK) == 0;
  const int why = errno;
  free(real);
  free(folder);
  errno = why;
  return good || fail_write(file, f);
}

/* -- what a signal must not leave behind -------------------------------------------------------------------
 */

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
  static const int number[] = {SIGINT, SIGTERM, SIGHUP};
  for (size_t i = 0; i < sizeof number / sizeof *number; i++) {
    if (signal(number[i], end_by_signal) == SIG_IGN) signal(number[i], SIG_IGN); /* nohup */
  }
}

/* -- a file beside the file --------------------------------------------------------------------------------
 */

/* A program holds a lock on what it writes, so what has none was left by one that was killed. */
static bool lock(int handle)
{
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(handle, F_SETLK, &whole) == 0;
}

static bool is_named(int handle, const char *name)
{
  struct stat opened, named;
  return fstat(handle, &opened) == 0 && lstat(name, &named) == 0 && named.st_dev == opened.st_dev &&
         named.st_ino == opened.st_ino && S_ISREG(opened.st_mode);
}

static void remove_left_over(const char *name)
{
  const int handle = open(name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
  if (handle < 0) return;
  if (lock(handle) && is_named(handle, name)) unlink(name);
  close(handle);
}

/* A new file; -1 with EEXIST: another name is needed. The name has the number of the process, but that may
 * come again: in a container it always does. */
static int open_new(const char *name, mode_t mode)
{
  int handle = open(name, O_WRONLY | O_CREAT | O_EXCL, mode);
  if (handle < 0 && errno == EEXIST) {
    remove_left_over(name);
    handle = open(name, O_WRONLY | O_CREAT | O_EXCL, mode);
  }
  if (handle < 0) return -1;
  const bool taken = !lock(handle) && (errno == EAGAIN || errno == EACCES); /* else there are no locks here */
  if (!taken && is_named(handle, name)) return handle;
  close(handle); /* another one took it for a left-over just then */
  errno = EEXIST;
  return -1;
}

/* A new name beside the file, with the mode that the file has or would get. */
static bool open_beside(output *o, mode_t mode, failure *f)
{
  enum { TRIES = 100 };
  text name = {0};
  o->real = real_name(o->file);
  if (o->real == NULL) return fail_write(o->file, f);
  for (int i = 0; i < TRIES; i++) {
    name.length = 0;
    text_bytes(&name, o->real, strlen(o->real));
    text_add(&name, i == 0 ? ".%ld.part" : ".%ld-%d.part", (long)getpid(), i);
    o->handle = name.failed ? -1 : open_new(name.bytes, mode);
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
  struct stat there;
  const bool exists = stat(file, &there) == 0;
  if (!exists || S_ISREG(there.st_mode)) return open_beside(o, exists ? there.st_mode & 0777 : 0666, f);
  o->handle = open(file, O_WRONLY);
  return o->handle >= 0 || fail_write(file, f);
}

bool output_add(output *o, const char *bytes, size_t length, failure *f)
{
  return write_all(o->handle, bytes, length) || fail_write(o->file, f);
}

bool output_close(output *o, bool keep, failure *f)
{
  if (o->handle == STDOUT_FILENO) return true;
  bool good = !keep || o->beside == NULL || fsync(o->handle) == 0;
  int why = errno;
  if (close(o->handle) != 0 && good && keep) {
    good = false;
    why = errno;
  }
  if (o->beside == NULL) return good || fail_write(o->file, f);
  if (keep && good && rename(o->beside, o->real) != 0) {
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
