/* A number that is read, written and read again must not change; strtod, in the C locale, must agree. */
#include "fuzz.h"

#include "number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const fuzz_seed[] = {
    "1.5",
    "-0.0",
    "  +12345678901234567890.5e-10 ",
    "4.9406564584124654e-324",
    "2.4703282292062327208e-324",
    "1.7976931348623158079e308",
    "9007199254740993",
    "0.000000000000000000000000000001e+30",
    "nan",
    "infinity",
    "1e",
    "17976931348623158079372897140530341507993413271003782693617377898044496829276475094664901797758720709633"
    "02864166928879109465555478519404026306574886715058206819089020007083836762738548458177115317644757302700"
    "69855571366959622842914819860834936475292719074168444365510704342711559699508093042880",
    NULL,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  double x = 0, y = 0;
  if (number_read((const char *)data, size, '.', &x) != NUMBER_OK) return 0;
  char text[NUMBER_ROOM];
  const size_t length = number_write(x, text);
  if (number_read(text, length, '.', &y) != NUMBER_OK || memcmp(&x, &y, sizeof x) != 0) abort();
  char *copy = malloc(size + 1);
  if (copy == NULL) abort();
  memcpy(copy, data, size);
  copy[size] = '\0';
  const double z = strtod(copy, NULL);
  if (memcmp(&x, &z, sizeof x) != 0) abort();
  free(copy);
  return 0;
}
