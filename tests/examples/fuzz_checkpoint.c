/* Checkpoints: as they come, and with the end of the magic (a NUL, which a seed cannot hold), checksum,
 * signature and number of parameters set right, so that what lies behind is reached. */
#include "fuzz.h"

#include "checkpoint.h"
#include "trained_format.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const fuzz_seed[] = {
    "tapegrad-checkpoint 1\n..SIGNATURE0000000111111112222222233333333444444445555555566666666",
    "tapegrad-checkpoint 1\n..SIGNATUR11111111abcdefgh",
    "tapegrad-checkpoint 1\n..SIGNATURE000000011111111\377\377\377\377\377\377\377\377",
    NULL,
};

enum { MAGIC_END = 22, SIGNATURE = 24, PARAMETERS = 32, RUN = 40, HEAD = 48 };

static void read_it(const char *bytes, size_t length, uint64_t signature, size_t n)
{
  failure f;
  checkpoint c;
  if (!checkpoint_read_memory(&c, bytes, length, (checkpoint_key){signature, n}, &f)) return;
  for (size_t i = 0; i < n; i++)
    if (!isfinite(c.theta[i])) abort();
  checkpoint_free(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  const uint64_t signature = 42;
  char *whole = malloc(size + sizeof(uint64_t));
  if (whole == NULL) abort();
  memcpy(whole, data, size);
  read_it(whole, size, signature, 3);
  for (uint64_t n = 0; n < 4 && size >= HEAD; n++) {
    const uint64_t rest = size - HEAD, run = n * sizeof(double) <= rest ? rest - n * sizeof(double) : 0;
    whole[MAGIC_END] = '\0';
    memcpy(whole + SIGNATURE, &signature, sizeof signature);
    memcpy(whole + PARAMETERS, &n, sizeof n);
    if (n != 2) memcpy(whole + RUN, &run, sizeof run);
    const uint64_t sum = model_checksum(whole, size);
    memcpy(whole + size, &sum, sizeof sum);
    read_it(whole, size + sizeof sum, signature, (size_t)n);
  }
  free(whole);
  return 0;
}
