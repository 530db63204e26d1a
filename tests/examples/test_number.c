#include "number.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 88172645463325252u;

static uint64_t next(void)
{
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}

static double any_double(void)
{
  double x = NAN;
  while (!isfinite(x)) {
    const uint64_t bits = next();
    memcpy(&x, &bits, sizeof x);
  }
  return x;
}

static double read(const char *text)
{
  double x = NAN;
  cr_assert_eq(number_read(text, strlen(text), '.', &x), NUMBER_OK, "%s", text);
  return x;
}

static bool same_bits(double a, double b) { return memcmp(&a, &b, sizeof a) == 0; }

Test(number, random_decimals_read_as_strtod_reads_them)
{
  for (int i = 0; i < 200000; i++) {
    char text[64];
    const double x = i % 2 == 0 ? any_double() : (double)(next() >> 11) * 0x1p-53;
    snprintf(text, sizeof text, i % 4 < 2 ? "%.*e" : "%.*g", (int)(next() % 25) + 1, x);
    const double reference = strtod(text, NULL);
    double y = NAN;
    if (number_read(text, strlen(text), '.', &y) == NUMBER_TOO_LARGE)
      cr_assert(isinf(reference), "%s", text);
    else
      cr_assert(same_bits(y, reference), "%s", text);
  }
}

Test(number, middles_between_two_doubles_go_to_even_and_a_hair_more_goes_up)
{
  for (int i = 0; i < 2000; i++) {
    double x = fabs(any_double());
    if (i % 3 == 0) x = ldexp((double)(next() % 4096), -1074);
    if (x > 1e300) continue;
    char text[2000];
    const long double middle = ((long double)x + (long double)nextafter(x, INFINITY)) / 2;
    snprintf(text, sizeof text, "%.800Le", middle);
    cr_assert(same_bits(read(text), strtod(text, NULL)), "%s", text);
    char *e = strchr(text, 'e'), more[2100];
    snprintf(more, sizeof more, "%.*s000000000000000001%s", (int)(e - text), text, e);
    cr_assert(same_bits(read(more), strtod(more, NULL)), "%s", more);
  }
}

Test(number, written_numbers_read_back_to_the_same_bits)
{
  for (int i = 0; i < 100000; i++) {
    const double x = any_double();
    char text[NUMBER_ROOM];
    cr_assert_eq(number_write(x, text), strlen(text));
    cr_assert(same_bits(read(text), x), "%s", text);
    cr_assert(same_bits(strtod(text, NULL), x), "%s", text);
  }
}

Test(number, the_shortest_text_is_written)
{
  static const struct {
    double x;
    const char *text;
  } row[] = {{0, "0"},
             {-0.0, "-0"},
             {1, "1"},
             {0.1, "0.1"},
             {-2.5, "-2.5"},
             {1e-5, "0.00001"},
             {1e-6, "1e-6"},
             {1e22, "1e22"},
             {123456789012, "123456789012"},
             {0.1 + 0.2, "0.30000000000000004"},
             {5e-324, "5e-324"},
             {1.7976931348623157e308, "1.7976931348623157e308"},
             {100, "100"},
             {NAN, "nan"},
             {-INFINITY, "-inf"}};
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    char text[NUMBER_ROOM];
    number_write(row[i].x, text);
    cr_assert_str_eq(text, row[i].text);
  }
}

Test(number, what_is_no_finite_number_is_told_apart)
{
  static const struct {
    const char *text;
    number_kind kind;
  } row[] = {{"", NUMBER_TEXT},
             {"x", NUMBER_TEXT},
             {"1x", NUMBER_TEXT},
             {".", NUMBER_TEXT},
             {"1e", NUMBER_TEXT},
             {"--1", NUMBER_TEXT},
             {"1.2.3", NUMBER_TEXT},
             {"0x10", NUMBER_TEXT},
             {"1,5", NUMBER_TEXT},
             {"NaN", NUMBER_NAN},
             {"-inf", NUMBER_INFINITE},
             {"Infinity", NUMBER_INFINITE},
             {"1e309", NUMBER_TOO_LARGE},
             {"1.8e308", NUMBER_TOO_LARGE},
             {"1 2", NUMBER_TEXT},
             {" 7 ", NUMBER_OK},
             {"+.5", NUMBER_OK},
             {"5.", NUMBER_OK},
             {"1e-9999999999999999999", NUMBER_OK},
             {"1e99999999999999999999", NUMBER_TOO_LARGE},
             {"0e99999999999999999999", NUMBER_OK}};
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    double x;
    cr_assert_eq(number_read(row[i].text, strlen(row[i].text), '.', &x), row[i].kind, "%s", row[i].text);
  }
}

Test(number, the_locale_changes_nothing)
{
  static const char *const locale[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
  for (size_t i = 0; i < 4 && setlocale(LC_ALL, locale[i]) == NULL; i++) continue;
  char text[NUMBER_ROOM];
  number_write(1234.5678, text);
  cr_assert_str_eq(text, "1234.5678");
  cr_assert_eq(read("0.30000000000000004"), 0.1 + 0.2);
  double x;
  cr_assert_eq(number_read("1,5", 3, ',', &x), NUMBER_OK);
  cr_assert_eq(x, 1.5);
}
