#include "failure.h"

#include "utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool fail(failure *f, const char *format, ...)
{
  va_list list;
  va_start(list, format);
  vsnprintf(f->text, sizeof f->text, format, list);
  va_end(list);
  f->usage = f->no_memory = false;
  return false;
}

bool fail_usage(failure *f, const char *format, ...)
{
  va_list list;
  va_start(list, format);
  vsnprintf(f->text, sizeof f->text, format, list);
  va_end(list);
  f->usage = true;
  f->no_memory = false;
  return false;
}

bool fail_at(failure *f, place where, const char *format, ...)
{
  int used = where.line == 0 ? snprintf(f->text, sizeof f->text, "%.400s: ", where.file)
                             : snprintf(f->text, sizeof f->text, "%.400s:%zu:%zu: ", where.file, where.line,
                                        where.column);
  if (used < 0) used = 0;
  va_list list;
  va_start(list, format);
  vsnprintf(f->text + used, sizeof f->text - (size_t)used, format, list);
  va_end(list);
  f->usage = f->no_memory = false;
  return false;
}

bool fail_too(failure *f, const char *format, ...)
{
  const size_t used = strlen(f->text);
  va_list list;
  va_start(list, format);
  vsnprintf(f->text + used, sizeof f->text - used, format, list);
  va_end(list);
  return false;
}

bool fail_memory(failure *f)
{
  fail(f, "out of memory");
  f->no_memory = true;
  return false;
}

static bool bar_shown;

void bar_show(const char *line)
{
  fprintf(stderr, "\r%s\033[K", line);
  fflush(stderr);
  bar_shown = true;
}

void bar_wipe(void)
{
  if (!bar_shown) return;
  fputs("\r\033[K", stderr);
  fflush(stderr);
  bar_shown = false;
}

void say(const char *format, ...)
{
  bar_wipe();
  char text[sizeof((failure *)NULL)->text + 64], line[4 * sizeof text];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  fprintf(stderr, "tapegrad-train: %s\n", printable(line, sizeof line, text, strlen(text)));
}

const char *excerpt(char out[EXCERPT_ROOM], const char *text, size_t length)
{
  return printable(out, EXCERPT_ROOM, text, length);
}

/* A character at s as it is shown: itself, or an escape. Returns how many bytes of s it took. */
static size_t show(char shown[8], const char *s, size_t left)
{
  unsigned code;
  const size_t n = utf8_next(s, left, &code);
  if (n == 0 || code < 0x80) {
    const bool plain = n == 1 && !utf8_is_control(code);
    snprintf(shown, 8, plain ? "%c" : "\\x%02x", (unsigned char)*s);
    return 1;
  }
  if (utf8_is_control(code)) {
    snprintf(shown, 8, "\\u%04x", code & 0xffff);
    return n;
  }
  memcpy(shown, s, n);
  shown[n] = '\0';
  return n;
}

const char *printable(char *out, size_t room, const char *text, size_t length)
{
  size_t n = 0;
  for (size_t i = 0; i < length;) {
    char shown[8];
    i += show(shown, text + i, length - i);
    const size_t size = strlen(shown);
    if (n + size + 4 > room) { /* room for the dots and the end */
      memcpy(out + n, "...", 3);
      n += 3;
      break;
    }
    memcpy(out + n, shown, size);
    n += size;
  }
  out[n] = '\0';
  return out;
}
