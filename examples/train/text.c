#include "text.h"

#include "memory.h"
#include "number.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_bytes(text *t, const char *bytes, size_t length)
{
  char *larger = t->failed ? NULL : grow(t->bytes, &t->room, t->length + length + 1, 1);
  if (larger == NULL) {
    t->failed = true;
    return;
  }
  t->bytes = larger;
  memcpy(t->bytes + t->length, bytes, length);
  t->length += length;
  t->bytes[t->length] = '\0';
}

void text_add(text *t, const char *format, ...)
{
  char line[2048];
  va_list list;
  va_start(list, format);
  const int n = vsnprintf(line, sizeof line, format, list);
  va_end(list);
  if (n > 0) text_bytes(t, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

void text_number(text *t, double x)
{
  char number[NUMBER_ROOM];
  text_bytes(t, number, number_write(x, number));
}

void text_json_number(text *t, double x)
{
  if (isfinite(x))
    text_number(t, x);
  else
    text_bytes(t, "null", 4);
}

void text_quoted(text *t, const char *s)
{
  text_bytes(t, "\"", 1);
  for (; *s != '\0'; s++) {
    const unsigned char c = (unsigned char)*s;
    if (c == '"' || c == '\\') text_bytes(t, "\\", 1);
    if (c < 0x20 || c == 0x7f)
      text_add(t, "\\u%04x", c);
    else
      text_bytes(t, s, 1);
  }
  text_bytes(t, "\"", 1);
}

void text_free(text *t)
{
  free(t->bytes);
  *t = (text){0};
}
