#include "input.h"

#include "memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 1 << 18 };

void (*input_watch)(const input *in);

static bool start(input *in, failure *f)
{
  in->bytes = resize(NULL, FIRST_ROOM + 1, 1);
  in->room = FIRST_ROOM;
  if (in->bytes == NULL) {
    input_close(in);
    return fail_memory(f);
  }
  in->bytes[0] = '\0';
  if (!input_more(in, 1, f)) {
    input_close(in);
    return false;
  }
  const bool marked = in->end >= 3 && memcmp(in->bytes, "\xef\xbb\xbf", 3) == 0; /* UTF-8 byte order mark */
  const bool wide =
      in->end >= 2 && (memcmp(in->bytes, "\xff\xfe", 2) == 0 || memcmp(in->bytes, "\xfe\xff", 2) == 0);
  if (marked) in->start = 3;
  if (!wide) return true;
  const char *name = in->name;
  input_close(in);
  return fail_at(f, (place){name, 0, 0}, "this is UTF-16 text; convert it to UTF-8 first");
}

bool input_open(input *in, const char *name, failure *f)
{
  const bool standard = strcmp(name, "-") == 0;
  *in = (input){.name = standard ? "standard input" : name};
  in->stream = standard ? stdin : fopen(name, "rb");
  if (in->stream == NULL) return fail_at(f, (place){name, 0, 0}, "cannot open: %s", strerror(errno));
  if (!standard) setvbuf(in->stream, NULL, _IONBF, 0);
  return start(in, f);
}

bool input_memory(input *in, const char *name, const char *bytes, size_t length, failure *f)
{
  *in = (input){.name = name, .memory = bytes, .left = length};
  return start(in, f);
}

void input_close(input *in)
{
  if (in->stream != NULL && in->stream != stdin) fclose(in->stream);
  free(in->bytes);
  *in = (input){0};
}

static size_t take(input *in, char *to, size_t room)
{
  if (in->stream != NULL) return fread(to, 1, room, in->stream);
  const size_t n = in->left < room ? in->left : room;
  if (n > 0) memcpy(to, in->memory, n);
  if (n > 0) in->memory += n;
  in->left -= n;
  return n;
}

static bool make_room(input *in, size_t line, failure *f)
{
  memmove(in->bytes, in->bytes + in->start, in->end - in->start);
  in->end -= in->start;
  in->start = 0;
  if (in->end < in->room / 2) return true;
  if (in->room >= INPUT_LONGEST && !in->unbounded) {
    return fail_at(f, (place){in->name, line, 1}, "the line is longer than %d million bytes",
                   INPUT_LONGEST / 1000000);
  }
  char *larger = resize(in->bytes, 2 * in->room + 1, 1);
  if (larger == NULL) return fail_memory(f);
  in->bytes = larger;
  in->room *= 2;
  return true;
}

bool input_more(input *in, size_t line, failure *f)
{
  if (in->finished) return true;
  if (!make_room(in, line, f)) return false;
  errno = 0;
  const size_t n = take(in, in->bytes + in->end, in->room - in->end);
  if (in->stream != NULL && ferror(in->stream)) {
    return fail_at(f, (place){in->name, 0, 0}, "cannot read: %s", strerror(errno));
  }
  in->end += n;
  in->bytes[in->end] = '\0';
  in->finished = n == 0;
  in->taken += (double)n;
  if (input_watch != NULL && in->stream != NULL) input_watch(in);
  return true;
}

bool input_whole(input *in, failure *f)
{
  in->unbounded = true;
  while (!in->finished) {
    if (!input_more(in, 1, f)) return false;
  }
  return true;
}

/* How many bytes follow the last line break in the window. */
static size_t open_line(const input *in)
{
  size_t n = 0;
  while (n < in->end - in->start && in->bytes[in->end - 1 - n] != '\n') n++;
  return n;
}

bool input_lines(input *in, failure *f)
{
  in->unbounded = true;
  while (!in->finished) {
    if (open_line(in) > INPUT_LONGEST) {
      return fail_at(f, (place){in->name, 0, 0}, "a line is longer than %d million bytes",
                     INPUT_LONGEST / 1000000);
    }
    if (!input_more(in, 1, f)) return false;
  }
  return true;
}

bool input_starts(const input *in, const char *bytes, size_t length)
{
  return in->end - in->start >= length && memcmp(in->bytes + in->start, bytes, length) == 0;
}
