/* A number that is read, written and read again must not change; strtod, in the C locale, must agree. */
#include "fuzz.h"

#include "number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const fuzz_seed[] = {
    "1.5", "-0.0", "  +12345678901234567890.5e-10 ", "4.9406564584124654e-324", "2.4703282292062327208e-324",
    "1.7976931348623158079e308", "9007199254740993", "0.000000000000000000000000000001e+30", "nan", "infinity", "1e",
    "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880",
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
