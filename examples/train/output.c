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

static bool write_beside(const char *file, const char *beside, const char *bytes, size_t length, mode_t mode, failure *f)
{
  const int out = open(beside, O_WRONLY | O_CREAT | O_EXCL, mode);
  if (out < 0) return fail_write(file, f);
  bool good = write_all(out, bytes, length) && fsync(out) == 0;
  int why = errno;
  if (close(out) != 0 && good) {
    good = false;
    why = errno;
  }
  if (good && rename(beside, file) != 0) {
    good = false;
    why = errno;
  }
  if (good) return true;
  unlink(beside);
  errno = why;
  return fail_write(file, f);
}

static bool write_direct(int out, const char *file, const char *bytes, size_t length, failure *f)
{
  const bool good = write_all(out, bytes, length);
  const int why = errno;
  if (out != STDOUT_FILENO) close(out);
  errno = why;
  return good || fail_write(file, f);
}

bool write_file(const char *file, const char *bytes, size_t length, failure *f)
{
  if (strcmp(file, "-") == 0) return write_direct(STDOUT_FILENO, "standard output", bytes, length, f);
  struct stat there;
  const bool exists = stat(file, &there) == 0;
  if (exists && !S_ISREG(there.st_mode)) {
    const int out = open(file, O_WRONLY);
    return out < 0 ? fail_write(file, f) : write_direct(out, file, bytes, length, f);
  }
  text beside = {0};
  text_add(&beside, "%s.%ld.part", file, (long)getpid());
  if (beside.failed || beside.length < strlen(file)) {
    text_free(&beside);
    return fail(f, "the file name is too long");
  }
  const mode_t mode = exists ? there.st_mode & 0777 : 0666;
  const bool good = write_beside(file, beside.bytes, bytes, length, mode, f);
  text_free(&beside);
  if (good) sync_directory(file);
  return good;
}
