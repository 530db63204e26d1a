/* Three ways from a decimal w * 10^e to the nearest double, each tried when the one before cannot answer:
 *   1. w and 10^|e| both exact doubles: one rounded operation is the answer (W. Clinger, 1990, section 3);
 *   2. in pairs of doubles, about 100 bits: the answer unless the value lies next to the middle of two
 * doubles;
 *   3. in whole numbers of any length: compare with the middle exactly. */
#include "number.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { WORD_DIGITS = 19, KEPT_DIGITS = 800, LIMBS = 160 };

typedef struct decimal {
  uint64_t
      word; /* the first 19 significant digits; the value is word * 10^exponent, and a little more if cut */
  long long exponent;
  const char *first;  /* the first significant digit in the text */
  size_t digits;      /* significant digits from there on, the decimal mark not counted */
  long long scale;    /* the value is 0.d1d2d3... * 10^scale */
  bool negative, cut; /* cut: digits other than 0 follow those in word */
} decimal;

static const double ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                             1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

static bool is_digit(char c) { return (unsigned char)(c - '0') < 10; }

/* -- 3: whole numbers ------------------------------------------------------------------------------------ */

typedef struct whole {
  uint32_t limb[LIMBS];
  size_t used;
} whole;

static void multiply_add(whole *b, uint32_t factor, uint32_t add)
{
  uint64_t carry = add;
  for (size_t i = 0; i < b->used; i++) {
    carry += (uint64_t)b->limb[i] * factor;
    b->limb[i] = (uint32_t)carry;
    carry >>= 32;
  }
  if (carry != 0 && b->used < LIMBS) b->limb[b->used++] = (uint32_t)carry;
}

static void multiply_power_of_ten(whole *b, long long power)
{
  for (; power >= 9; power -= 9) multiply_add(b, 1000000000u, 0);
  for (; power > 0; power--) multiply_add(b, 10u, 0);
}

static void multiply_power_of_two(whole *b, long long power)
{
  for (; power >= 31; power -= 31) multiply_add(b, UINT32_C(1) << 31, 0);
  multiply_add(b, UINT32_C(1) << power, 0);
}

static int compare(const whole *a, const whole *b)
{
  if (a->used != b->used) return a->used < b->used ? -1 : 1;
  for (size_t i = a->used; i-- > 0;) {
    if (a->limb[i] != b->limb[i]) return a->limb[i] < b->limb[i] ? -1 : 1;
  }
  return 0;
}

/* The digits as a whole number, at most KEPT_DIGITS of them. No midpoint of two doubles has more than 767
 * digits, so one further digit 1 stands for whatever was left out. Returns the power of ten that belongs to
 * it. */
static long long digits_as_whole(const decimal *d, char point, whole *b)
{
  const size_t kept = d->digits < KEPT_DIGITS ? d->digits : KEPT_DIGITS;
  bool rest = false;
  const char *s = d->first;
  b->used = 0;
  for (size_t i = 0; i < d->digits && !rest; s++) {
    if (*s == point) continue;
    if (i < kept)
      multiply_add(b, 10, (uint32_t)(*s - '0'));
    else
      rest = *s != '0';
    i++;
  }
  if (!rest) return d->scale - (long long)kept;
  multiply_add(b, 10, 1);
  return d->scale - (long long)kept - 1;
}

/* Sign of value - (x + half the distance to the next larger double), for x >= 0. */
static int against_middle(const whole *digits, long long power, double x)
{
  int e = 0;
  const double fraction = frexp(x, &e);
  long long exponent = x == 0 ? DBL_MIN_EXP - DBL_MANT_DIG : (long long)e - DBL_MANT_DIG;
  if (exponent < DBL_MIN_EXP - DBL_MANT_DIG) exponent = DBL_MIN_EXP - DBL_MANT_DIG;
  const uint64_t odd =
      2 * (uint64_t)ldexp(fraction, (int)(e - exponent)) + 1; /* the middle is odd * 2^(exponent-1) */
  const long long two = exponent - 1;
  whole value = *digits, middle = {{(uint32_t)odd, (uint32_t)(odd >> 32)}, odd >> 32 ? 2 : 1};
  if (power >= 0)
    multiply_power_of_ten(&value, power);
  else
    multiply_power_of_ten(&middle, -power);
  if (two >= 0)
    multiply_power_of_two(&middle, two);
  else
    multiply_power_of_two(&value, -two);
  return compare(&value, &middle);
}

static bool is_odd(double x)
{
  uint64_t bits = 0;
  memcpy(&bits, &x, sizeof bits);
  return bits & 1;
}

/* Walks from a guess, a few doubles off at most, to the nearest; ties to even. */
static double nearest_exact(const decimal *d, char point, double guess)
{
  whole digits;
  const long long power = digits_as_whole(d, point, &digits);
  double x = guess > DBL_MAX ? DBL_MAX : guess;
  for (bool up = true; up;) {
    const int c = against_middle(&digits, power, x);
    up = c > 0 || (c == 0 && is_odd(x));
    if (up && x == DBL_MAX) return INFINITY;
    if (up) x = nextafter(x, INFINITY);
  }
  while (x > 0) {
    const double below = nextafter(x, 0);
    const int c = against_middle(&digits, power, below);
    if (c > 0 || (c == 0 && is_odd(below))) break;
    x = below;
  }
  return x;
}

/* -- 2: pairs of doubles --------------------------------------------------------------------------------- */

typedef struct pair {
  double high, low;
} pair;

static pair two_sum_ordered(double a, double b)
{
  const double s = a + b;
  return (pair){s, b - (s - a)};
}

static pair pair_multiply(pair a, double b)
{
  const double p = a.high * b;
  const double error = fma(a.high, b, -p) + a.low * b;
  return two_sum_ordered(p, error);
}

static pair pair_divide(pair a, double b)
{
  const double q = a.high / b;
  const double rest = fma(-q, b, a.high) + a.low;
  return two_sum_ordered(q, rest / b);
}

/* w * 10^e as (high + low) * 2^shift. Every step by 10^22 is followed by an exact scaling with 2^73, so that
 * intermediate results stay far from overflow and underflow. 320 / 22 steps of at most 2^-102 each: below
 * 2^-97. */
static pair pair_value(uint64_t w, long long e, int *shift)
{
  pair v = two_sum_ordered((double)(w >> 32) * 0x1p32, (double)(w & 0xffffffffu));
  *shift = 0;
  for (; e > 22; e -= 22, *shift += 73) {
    v = pair_multiply(v, 1e22);
    v = (pair){v.high * 0x1p-73, v.low * 0x1p-73};
  }
  for (; e < -22; e += 22, *shift -= 73) {
    v = pair_divide(v, 1e22);
    v = (pair){v.high * 0x1p73, v.low * 0x1p73};
  }
  return e < 0 ? pair_divide(v, ten[-e]) : pair_multiply(v, ten[e]);
}

static double nearest(const decimal *d, char point)
{
  if (d->scale > 310) return INFINITY;
  if (d->scale < -330) return 0;
  int shift = 0;
  const pair v = pair_value(d->word, d->exponent, &shift);
  const double relative = d->cut ? 0x1p-58 : 0x1p-95; /* 19 digits are cut to a relative 1e-18 at worst */
  const double slack = v.high * relative;
  const double low = v.low - slack, high = v.low + slack;
  const double x = v.high + low;
  int e = 0;
  frexp(x, &e);
  const bool normal = e + shift > DBL_MIN_EXP && e + shift < DBL_MAX_EXP - 1;
  if (FLT_EVAL_METHOD == 0 && normal && x == v.high + high) return ldexp(x, shift);
  return nearest_exact(d, point, ldexp(v.high, shift));
}

/* -- reading --------------------------------------------------------------------------------------------- */

/* Digits with at most one decimal mark; returns the end, or NULL without a digit. */
static const char *scan_digits(const char *s, const char *end, char point, decimal *d)
{
  bool any = false, seen_point = false;
  long long before = 0, leading = 0; /* digits before the mark; zeros between the mark and the first digit */
  uint64_t w = 0;
  size_t n = 0;
  for (; s < end; s++) {
    if (!is_digit(*s)) {
      if (*s != point || seen_point) break;
      seen_point = true;
      continue;
    }
    any = true;
    const unsigned digit = (unsigned)(*s - '0');
    if (n == 0 && digit == 0) {
      leading += seen_point;
      continue;
    }
    if (n == 0) d->first = s;
    if (n < WORD_DIGITS)
      w = 10 * w + digit;
    else if (digit != 0)
      d->cut = true;
    n++;
    before += !seen_point;
  }
  d->word = w;
  d->digits = n;
  d->scale = before > 0 ? before : -leading;
  return any ? s : NULL;
}

static const char *scan_exponent(const char *s, const char *end, decimal *d)
{
  if (s == end || (*s != 'e' && *s != 'E')) return s;
  s++;
  const bool negative = s < end && *s == '-';
  if (s < end && (*s == '-' || *s == '+')) s++;
  if (s == end || !is_digit(*s)) return NULL;
  long long e = 0;
  for (; s < end && is_digit(*s); s++) {
    if (e < 1000000000000000) e = 10 * e + (*s - '0');
  }
  d->scale += negative ? -e : e;
  return s;
}

static bool is_word(const char *s, size_t length, const char *word)
{
  if (length != strlen(word)) return false;
  for (size_t i = 0; i < length; i++) {
    if ((s[i] | 0x20) != word[i]) return false;
  }
  return true;
}

static number_kind word_kind(const char *s, size_t length)
{
  if (is_word(s, length, "nan")) return NUMBER_NAN;
  if (is_word(s, length, "inf") || is_word(s, length, "infinity")) return NUMBER_INFINITE;
  return NUMBER_TEXT;
}

static double decimal_value(decimal *d, char point)
{
  if (d->word == 0) return 0;
  d->exponent = d->scale - (long long)(d->digits < WORD_DIGITS ? d->digits : WORD_DIGITS);
  if (FLT_EVAL_METHOD != 0 || d->word > UINT64_C(1) << 53 || d->cut) return nearest(d, point);
  if (d->exponent < -22 || d->exponent > 22) return nearest(d, point);
  const double w = (double)d->word;
  return d->exponent < 0 ? w / ten[-d->exponent] : w * ten[d->exponent];
}

number_kind number_read(const char *text, size_t length, char point, double *value)
{
  const char *s = text, *end = text + length;
  while (s < end && (*s == ' ' || *s == '\t')) s++;
  while (end > s && (end[-1] == ' ' || end[-1] == '\t')) end--;
  decimal d = {0};
  d.negative = s < end && *s == '-';
  if (s < end && (*s == '-' || *s == '+')) s++;
  const char *after = scan_digits(s, end, point, &d);
  if (after == NULL) return word_kind(s, (size_t)(end - s));
  after = scan_exponent(after, end, &d);
  if (after != end) return NUMBER_TEXT;
  const double x = decimal_value(&d, point);
  if (x > DBL_MAX) return NUMBER_TOO_LARGE;
  *value = d.negative ? -x : x;
  return NUMBER_OK;
}

/* -- writing --------------------------------------------------------------------------------------------- */

/* The digits of |x| rounded to `count` of them, and the decimal exponent of the first; x finite, not 0.
 * printf may write any decimal mark, so everything that is not a digit is skipped. */
static int digits_of(double x, int count, char digits[20])
{
  char text[64];
  snprintf(text, sizeof text, "%.*e", count - 1, fabs(x));
  int n = 0;
  const char *s = text;
  for (; *s != 'e'; s++) {
    if (is_digit(*s)) digits[n++] = *s;
  }
  digits[n] = '\0';
  int e = 0;
  for (const char *t = s + 2; is_digit(*t); t++) e = 10 * e + (*t - '0');
  return s[1] == '-' ? -e : e;
}

static size_t lay_out(bool negative, const char *digits, int e, char *out)
{
  const int n = (int)strlen(digits);
  char *s = out;
  if (negative) *s++ = '-';
  if (e >= -5 && e < 0) {
    *s++ = '0';
    *s++ = '.';
    for (int i = -1; i > e; i--) *s++ = '0';
    memcpy(s, digits, (size_t)n);
    s += n;
  } else if (e >= 0 && e < 17) {
    for (int i = 0; i < n || i <= e; i++) {
      if (i == e + 1) *s++ = '.';
      *s++ = i < n ? digits[i] : '0';
    }
  } else {
    *s++ = digits[0];
    if (n > 1) *s++ = '.';
    memcpy(s, digits + 1, (size_t)(n - 1));
    s += n - 1;
    s += snprintf(s, 8, "e%d", e);
  }
  *s = '\0';
  return (size_t)(s - out);
}

static void strip_zeros(char *digits)
{
  size_t n = strlen(digits);
  while (n > 1 && digits[n - 1] == '0') digits[--n] = '\0';
}

size_t number_write(double x, char out[NUMBER_ROOM])
{
  const bool negative = signbit(x) != 0;
  if (isnan(x)) return (size_t)snprintf(out, NUMBER_ROOM, "nan");
  if (isinf(x)) return (size_t)snprintf(out, NUMBER_ROOM, negative ? "-inf" : "inf");
  if (x == 0) return (size_t)snprintf(out, NUMBER_ROOM, negative ? "-0" : "0");
  /* Every decimal of up to 15 digits survives the way through a normal double, so 15 digits without trailing
   * zeros are already the shortest if any that short will do; subnormals hold fewer and start from one digit.
 */
  for (int count = fabs(x) < DBL_MIN ? 1 : 15;; count++) {
    char digits[20];
    const int e = digits_of(x, count, digits);
    strip_zeros(digits);
    const size_t length = lay_out(negative, digits, e, out);
    double back = 0;
    if (count >= 17 || (number_read(out, length, '.', &back) == NUMBER_OK && back == x)) return length;
  }
}
