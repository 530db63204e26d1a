#include "utf8.h"

static bool follows(unsigned char c) { return (c & 0xc0) == 0x80; }

size_t utf8_next(const char *s, size_t left, unsigned *code)
{
  static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (left == 0) return 0;
  const unsigned char c = (unsigned char)s[0];
  const size_t n = c < 0x80 ? 1 : c < 0xc0 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf8 ? 4 : 0;
  if (n == 0 || n > left) return 0;
  unsigned x = n == 1 ? c : c & (0x7fu >> n);
  for (size_t i = 1; i < n; i++) {
    if (!follows((unsigned char)s[i])) return 0;
    x = x << 6 | ((unsigned char)s[i] & 0x3f);
  }
  if (x < least[n] || x > 0x10ffff || (x >= 0xd800 && x < 0xe000)) return 0;
  *code = x;
  return n;
}

bool utf8_is_control(unsigned code)
{
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}
