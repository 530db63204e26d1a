#include "text.h"

#include "memory.h"
#include "number.h"
#include "utf8.h"

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

/* The escapes that JSON and model files share; anything else as it is. */
static void add_escaped(text *t, const char *s, size_t length, unsigned code)
{
  if (code == '"' || code == '\\')
    text_add(t, "\\%c", (int)code);
  else if (code < 0x20 || (code >= 0x7f && code < 0xa0))
    text_add(t, "\\u%04x", code);
  else
    text_bytes(t, s, length);
}

void text_escaped(text *t, const char *s)
{
  text_bytes(t, "\"", 1);
  for (; *s != '\0'; s++) {
    const unsigned char c = (unsigned char)*s;
    add_escaped(t, s, 1, c < 0x80 ? c : 'x');
  }
  text_bytes(t, "\"", 1);
}

void text_quoted(text *t, const char *s)
{
  size_t left = strlen(s);
  text_bytes(t, "\"", 1);
  while (left > 0) {
    unsigned code;
    const size_t n = utf8_next(s, left, &code), step = n > 0 ? n : 1;
    if (n > 0)
      add_escaped(t, s, n, code);
    else
      text_add(t, "\\ufffd");
    s += step;
    left -= step;
  }
  text_bytes(t, "\"", 1);
}

void text_csv(text *t, const char *s)
{
  if (strpbrk(s, ",\"\r\n") == NULL) {
    text_bytes(t, s, strlen(s));
    return;
  }
  text_bytes(t, "\"", 1);
  for (; *s != '\0'; s++) {
    if (*s == '"') text_bytes(t, "\"", 1);
    text_bytes(t, s, 1);
  }
  text_bytes(t, "\"", 1);
}

void text_free(text *t)
{
  free(t->bytes);
  *t = (text){0};
}
