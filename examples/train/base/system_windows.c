#include "system.h"

#include "memory.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

void system_begin(void)
{
  for (int i = 0; i < 2; i++) _setmode(i, _O_BINARY);
}

const int *system_ending_signals(size_t *count)
{
  static const int number[] = {SIGINT, SIGTERM};
  *count = sizeof number / sizeof *number;
  return number;
}

/* Writing to a closed pipe is an error here anyhow. */
system_handler system_ignore_broken_pipes(void) { return SIG_DFL; }

void system_resume_broken_pipes(system_handler before) { (void)before; }

/* The library has such a clock, but examples see what it exports only. */
double system_seconds(void)
{
  LARGE_INTEGER now, rate;
  QueryPerformanceCounter(&now);
  QueryPerformanceFrequency(&rate);
  return (double)now.QuadPart / (double)rate.QuadPart;
}

static HANDLE look_at(const char *file)
{
  const DWORD all = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
  return CreateFileA(file, 0, all, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
}

bool system_identify(const char *file, system_identity *id)
{
  const HANDLE h = file != NULL ? look_at(file) : GetStdHandle(STD_INPUT_HANDLE);
  BY_HANDLE_FILE_INFORMATION about;
  if (h == INVALID_HANDLE_VALUE) return false;
  const bool good = GetFileInformationByHandle(h, &about) != 0;
  if (file != NULL) CloseHandle(h);
  if (!good) return false;
  *id = (system_identity){about.dwVolumeSerialNumber,
                          (uint64_t)about.nFileIndexHigh << 32 | about.nFileIndexLow,
                          (about.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) == 0};
  return true;
}

system_kind system_kind_of(const char *file)
{
  struct _stat64 there;
  if (_stat64(file, &there) != 0) return SYSTEM_NOTHING;
  const int kind = there.st_mode & _S_IFMT;
  return kind == _S_IFREG ? SYSTEM_REGULAR : kind == _S_IFDIR ? SYSTEM_FOLDER : SYSTEM_OTHER;
}

int system_mode_of(const char *file)
{
  (void)file;
  return _S_IREAD | _S_IWRITE;
}

bool system_may_write_in(const char *folder)
{
  if (_access(folder, 2) != 0) return false;
  if (system_kind_of(folder) == SYSTEM_FOLDER) return true;
  errno = ENOTDIR;
  return false;
}

char *system_real_name(const char *file) { return copy_text(file, strlen(file)); }

const char *system_last_divider(const char *file)
{
  const char *slash = strrchr(file, '/'), *back = strrchr(file, '\\');
  return slash == NULL || (back != NULL && back > slash) ? back : slash;
}

/* A file that a program has open cannot be removed. */
int system_create(const char *name, int mode)
{
  const int how = _O_WRONLY | _O_CREAT | _O_EXCL | _O_BINARY;
  const int handle = _open(name, how, mode);
  if (handle >= 0 || errno != EEXIST || _unlink(name) != 0) {
    if (handle < 0 && errno == EACCES) errno = EEXIST;
    return handle;
  }
  return _open(name, how, mode);
}

int system_open_to_write(const char *name) { return _open(name, _O_WRONLY | _O_BINARY); }

bool system_sync(int handle) { return _commit(handle) == 0; }

void system_sync_folder(const char *folder) { (void)folder; }

bool system_replace(const char *from, const char *to)
{
  if (MoveFileExA(from, to, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)) return true;
  errno = GetLastError() == ERROR_FILE_NOT_FOUND ? ENOENT : EACCES;
  return false;
}

const char *system_temporary_folder(void) { return "the folder for temporary files"; }

FILE *system_temporary(void)
{
  char folder[MAX_PATH], name[MAX_PATH];
  const DWORD length = GetTempPathA(sizeof folder, folder);
  if (length == 0 || length >= sizeof folder || GetTempFileNameA(folder, "tgt", 0, name) == 0) return NULL;
  const int handle = _open(name, _O_RDWR | _O_BINARY | _O_TEMPORARY, _S_IREAD | _S_IWRITE);
  FILE *file = handle >= 0 ? _fdopen(handle, "w+b") : NULL;
  if (handle >= 0 && file == NULL) _close(handle);
  return file;
}
