#define _POSIX_C_SOURCE 200809L
#include "output.h"

#include "memory.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
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

/* The folder a file is in: its name up to the last slash, in memory of its own; NULL: none is left. */
static char *folder_of(const char *file)
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

bool write_possible(const char *file, failure *f)
{
  struct stat there;
  if (strcmp(file, "-") == 0) return true;
  if (stat(file, &there) == 0 && !S_ISREG(there.st_mode)) {
    errno = EISDIR;
    return !S_ISDIR(there.st_mode) || fail_write(file, f);
  }
  char *folder = folder_of(file);
  if (folder == NULL) return fail_memory(f);
  const bool good = access(folder, W_OK) == 0;
  free(folder);
  return good || fail_write(file, f);
}

/* A new name beside the file, with the mode that the file has or would get. */
static bool open_beside(output *o, mode_t mode, failure *f)
{
  text name = {0};
  text_add(&name, "%s.%ld.part", o->file, (long)getpid());
  if (name.failed || name.length < strlen(o->file)) {
    text_free(&name);
    return fail(f, "the file name is too long");
  }
  o->beside = name.bytes;
  o->handle = open(o->beside, O_WRONLY | O_CREAT | O_EXCL, mode);
  if (o->handle >= 0) return true;
  fail_write(o->file, f);
  free(o->beside);
  return false;
}

bool output_open(output *o, const char *file, failure *f)
{
  *o = (output){.file = file};
  if (strcmp(file, "-") == 0) {
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
  if (keep && good && rename(o->beside, o->file) != 0) {
    good = false;
    why = errno;
  }
  if (!keep || !good) unlink(o->beside);
  free(o->beside);
  if (keep && good) sync_directory(o->file);
  errno = why;
  return good || fail_write(o->file, f);
}

bool write_file(const char *file, const char *bytes, size_t length, failure *f)
{
  output o;
  if (!output_open(&o, file, f)) return false;
  const bool written = output_add(&o, bytes, length, f);
  failure closing = {""};
  const bool closed = output_close(&o, written, written ? f : &closing);
  return written && closed;
}
