#include "failure.h"

#include <stdarg.h>
#include <stdio.h>

bool fail(failure *f, const char *format, ...)
{
  va_list list;
  va_start(list, format);
  vsnprintf(f->text, sizeof f->text, format, list);
  va_end(list);
  f->usage = false;
  return false;
}

bool fail_usage(failure *f, const char *format, ...)
{
  va_list list;
  va_start(list, format);
  vsnprintf(f->text, sizeof f->text, format, list);
  va_end(list);
  f->usage = true;
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
  f->usage = false;
  return false;
}

bool fail_memory(failure *f)
{
  return fail(f, "out of memory");
}

const char *excerpt(char out[EXCERPT_ROOM], const char *text, size_t length)
{
  return printable(out, EXCERPT_ROOM, text, length);
}

const char *printable(char *out, size_t room, const char *text, size_t length)
{
  static const char digit[] = "0123456789abcdef";
  size_t n = 0;
  for (size_t i = 0; i < length; i++) {
    const unsigned char c = (unsigned char)text[i];
    if (n + 8 > room) { /* room for one escape, the dots and the end */
      out[n++] = '.';
      out[n++] = '.';
      out[n++] = '.';
      break;
    }
    if (c >= 0x20 && c != 0x7f) {
      out[n++] = (char)c;
      continue;
    }
    out[n++] = '\\';
    out[n++] = 'x';
    out[n++] = digit[c >> 4];
    out[n++] = digit[c & 15];
  }
  out[n] = '\0';
  return out;
}
