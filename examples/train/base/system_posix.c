#define _XOPEN_SOURCE 700 /* realpath, clock_gettime */
#include "system.h"

#include "memory.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void system_begin(void)
{
  static const int mode[] = {O_WRONLY, O_RDONLY, O_RDONLY}; /* the wrong ones: use fails, as if closed */
#ifdef SIGXFSZ
  signal(SIGXFSZ, SIG_IGN); /* write() fails with EFBIG then */
#endif
  for (int i = 0; i < 3; i++) {
    if (fcntl(i, F_GETFD) >= 0 || errno != EBADF) continue;
    if (open("/dev/null", mode[i]) < 0) return; /* the lowest number that is free */
  }
}

const int *system_ending_signals(size_t *count)
{
  static const int number[] = {SIGINT, SIGTERM, SIGHUP};
  *count = sizeof number / sizeof *number;
  return number;
}

system_handler system_ignore_broken_pipes(void) { return signal(SIGPIPE, SIG_IGN); }

void system_resume_broken_pipes(system_handler before) { signal(SIGPIPE, before); }

double system_seconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

bool system_identify(const char *file, system_identity *id)
{
  struct stat there;
  if ((file != NULL ? stat(file, &there) : fstat(STDIN_FILENO, &there)) != 0) return false;
  *id = (system_identity){(uint64_t)there.st_dev, (uint64_t)there.st_ino, S_ISREG(there.st_mode) != 0};
  return true;
}

system_kind system_kind_of(const char *file)
{
  struct stat there;
  if (stat(file, &there) != 0) return SYSTEM_NOTHING;
  return S_ISREG(there.st_mode) ? SYSTEM_REGULAR : S_ISDIR(there.st_mode) ? SYSTEM_FOLDER : SYSTEM_OTHER;
}

int system_mode_of(const char *file)
{
  struct stat there;
  return stat(file, &there) == 0 ? (int)(there.st_mode & 0777) : 0666;
}

bool system_may_write_in(const char *folder) { return access(folder, W_OK) == 0; }

char *system_real_name(const char *file)
{
  struct stat link;
  char *real = realpath(file, NULL);
  if (real != NULL || errno != ENOENT || lstat(file, &link) == 0) return real;
  return copy_text(file, strlen(file));
}

const char *system_last_divider(const char *file) { return strrchr(file, '/'); }

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

int system_create(const char *name, int mode)
{
  int handle = open(name, O_WRONLY | O_CREAT | O_EXCL, (mode_t)mode);
  if (handle < 0 && errno == EEXIST) {
    remove_left_over(name);
    handle = open(name, O_WRONLY | O_CREAT | O_EXCL, (mode_t)mode);
  }
  if (handle < 0) return -1;
  const bool taken = !lock(handle) && (errno == EAGAIN || errno == EACCES); /* else there are no locks here */
  if (!taken && is_named(handle, name)) return handle;
  close(handle); /* another one took it for a left-over just then */
  errno = EEXIST;
  return -1;
}

int system_open_to_write(const char *name) { return open(name, O_WRONLY); }

bool system_sync(int handle) { return fsync(handle) == 0; }

void system_sync_folder(const char *folder)
{
  const int d = open(folder, O_RDONLY);
  if (d < 0) return;
  fsync(d);
  close(d);
}

bool system_replace(const char *from, const char *to) { return rename(from, to) == 0; }

const char *system_temporary_folder(void)
{
  const char *folder = getenv("TMPDIR");
  return folder != NULL && folder[0] != '\0' ? folder : "/tmp";
}

FILE *system_temporary(void)
{
  static const char end[] = "/tapegrad-train-XXXXXX";
  const char *folder = system_temporary_folder();
  const size_t length = strlen(folder);
  char *name = resize(NULL, length + sizeof end, 1);
  if (name == NULL) return NULL;
  memcpy(name, folder, length);
  memcpy(name + length, end, sizeof end);
  const int handle = mkstemp(name);
  FILE *file = NULL;
  if (handle >= 0) {
    unlink(name);
    file = fdopen(handle, "w+b");
    if (file == NULL) close(handle);
  }
  free(name);
  return file;
}
