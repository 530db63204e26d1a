#define _POSIX_C_SOURCE 200809L
#include "paged.h"

#include "memory.h"
#include "system.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

paged *paged_new(size_t width, size_t most, failure *f)
{
  paged *p = zeroed(1, sizeof *p);
  if (p == NULL) return fail_memory(f), NULL;
  if (width == 0 || most > SIZE_MAX / sizeof(double) / width) {
    free(p);
    return fail_memory(f), NULL;
  }
  *p = (paged){.width = width, .most = most, .file = system_temporary()};
  if (p->file == NULL) {
    fail(f, "cannot make a temporary file in %.300s: %s", system_temporary_folder(), strerror(errno));
    paged_free(p);
    return NULL;
  }
  setvbuf(p->file, NULL, _IONBF, 0); /* whole pieces go in and out */
  return p;
}

void paged_free(paged *p)
{
  if (p == NULL) return;
  if (p->file != NULL) fclose(p->file);
  free(p->piece);
  free(p);
}

static void note(paged *p)
{
  if (p->why == 0) p->why = errno != 0 ? errno : EIO;
}

/* Room for a piece of so many rows, at most p->most. */
static bool make_room(paged *p, size_t rows)
{
  if (rows * p->width <= p->room) return true;
  const size_t twice = 2 * rows < p->most ? 2 * rows : p->most;
  double *larger = resize(p->piece, twice, p->width * sizeof *larger);
  if (larger != NULL) {
    p->piece = larger;
    p->room = twice * p->width;
  } else if (p->why == 0) {
    p->why = ENOMEM;
  }
  return larger != NULL;
}

static bool go_to(paged *p, size_t row)
{
  return fseeko(p->file, (off_t)(row * p->width * sizeof(double)), SEEK_SET) == 0;
}

static void write_piece(paged *p)
{
  errno = 0;
  const size_t n = p->count * p->width;
  if (!p->changed) return;
  if (!go_to(p, p->first) || fwrite(p->piece, sizeof(double), n, p->file) != n) note(p);
  p->changed = false;
}

/* There is room: while the first piece grows all rows are in memory, and none is larger than that becomes. */
static void read_piece(paged *p, size_t first)
{
  write_piece(p);
  errno = 0;
  p->first = first;
  p->count = p->rows - first < p->most ? p->rows - first : p->most;
  const size_t n = p->count * p->width;
  if (go_to(p, first) && fread(p->piece, sizeof(double), n, p->file) == n) return;
  note(p);
  memset(p->piece, 0, n * sizeof(double));
}

bool paged_append(paged *p, const double *row)
{
  if (p->count == p->most || p->first + p->count != p->rows) {
    write_piece(p);
    p->first = p->rows;
    p->count = 0;
  }
  if (!make_room(p, p->count + 1)) return false;
  memcpy(p->piece + p->count * p->width, row, p->width * sizeof *row);
  p->count++;
  p->rows++;
  p->changed = true;
  return p->why == 0;
}

double *paged_row(paged *p, size_t i)
{
  if (i < p->first || i - p->first >= p->count) read_piece(p, i - i % p->most);
  return p->piece + (i - p->first) * p->width;
}

void paged_copy(paged *p, size_t i, double *row)
{
  const size_t size = p->width * sizeof *row;
  if (i >= p->first && i - p->first < p->count) {
    memcpy(row, p->piece + (i - p->first) * p->width, size);
    return;
  }
  write_piece(p);
  errno = 0;
  if (go_to(p, i) && fread(row, size, 1, p->file) == 1) return;
  note(p);
  memset(row, 0, size);
}

void paged_changed(paged *p) { p->changed = true; }

bool paged_good(paged *p, failure *f)
{
  if (p == NULL || p->why == 0) return true;
  return fail(f, "a temporary file cannot be written or read: %s", strerror(p->why));
}
