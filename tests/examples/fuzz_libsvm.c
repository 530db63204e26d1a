#include "fuzz.h"

#include "libsvm.h"

#include <stdlib.h>

const char *const fuzz_seed[] = {
    "+1 1:0.5 3:-2\n-1 2:1e-3 # a comment\n",
    "0 0:1\r\n1 1:2 5:3\r\n",
    "1\n\n2 7:1 268435456:2",
    "x 1:2\n1 2:1 2:2\n1 :3\n1 4:\n1 4:nan\n",
    NULL,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const size_t column[] = {0, 2, 3, 7, 40};
  const known_columns known = {column, 5};
  for (int base = BASE_UNKNOWN; base <= 1; base++) {
    failure f;
    sparse_rows s;
    size_t *number = NULL;
    if (!libsvm_read_memory(&s, (const char *)data, size, base, base == 1 ? &known : NULL, &f)) continue;
    if (base != 1 && sparse_compact(&s, &number)) free(number);
    sparse_free(&s);
  }
  return 0;
}
