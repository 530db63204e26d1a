/* Runs a fuzz target without a fuzzer: over the files named as arguments, or over its seeds and 20,000
 * mutations of them made with a fixed random sequence. Success is not to crash. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MUTATIONS = 20000, ROOM = 4096 };

static uint64_t state = 42;

static size_t below(size_t bound)
{
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (size_t)(state % bound);
}

static size_t mutate(uint8_t *bytes, size_t size)
{
  static const char spice[] = "\"\",;\t\r\n\0:#eE+-.0123456789infa x\xff\xef\xbb\xbf";
  const size_t at = size == 0 ? 0 : below(size);
  switch (below(5)) {
  case 0: /* change a byte */
    if (size > 0) bytes[at] = (uint8_t)spice[below(sizeof spice)];
    return size;
  case 1: /* insert one */
    if (size + 1 >= ROOM) return size;
    memmove(bytes + at + 1, bytes + at, size - at);
    bytes[at] = (uint8_t)spice[below(sizeof spice)];
    return size + 1;
  case 2: /* cut the end off */ return at;
  case 3: { /* repeat a stretch */
    const size_t length = size > at ? below(size - at) : 0;
    if (size + length >= ROOM) return size;
    memmove(bytes + at + length, bytes + at, size - at);
    return size + length;
  }
  default: /* leave a stretch out */
    if (size <= at + 1) return size;
    const size_t length = below(size - at);
    memmove(bytes + at, bytes + at + length, size - at - length);
    return size - length;
  }
}

static void run(const uint8_t *bytes, size_t size)
{
  /* In a block of exactly its size, so that a sanitizer sees every byte read beyond it. */
  uint8_t *copy = malloc(size == 0 ? 1 : size);
  if (copy == NULL) abort();
  if (size > 0) memcpy(copy, bytes, size);
  LLVMFuzzerTestOneInput(copy, size);
  free(copy);
}

static int run_file(const char *name)
{
  static uint8_t bytes[1 << 20];
  FILE *in = fopen(name, "rb");
  if (in == NULL) return perror(name), 1;
  const size_t size = fread(bytes, 1, sizeof bytes, in);
  fclose(in);
  run(bytes, size);
  return 0;
}

int main(int argc, char **argv)
{
  int failed = 0;
  for (int i = 1; i < argc; i++) failed |= run_file(argv[i]);
  if (argc > 1) return failed;
  size_t seeds = 0;
  while (fuzz_seed[seeds] != NULL) seeds++;
  for (size_t i = 0; i < seeds; i++) run((const uint8_t *)fuzz_seed[i], strlen(fuzz_seed[i]));
  for (size_t i = 0; i < MUTATIONS; i++) {
    uint8_t bytes[ROOM];
    const char *seed = fuzz_seed[below(seeds)];
    size_t size = strlen(seed);
    memcpy(bytes, seed, size);
    for (size_t k = 1 + below(8); k > 0; k--) size = mutate(bytes, size);
    run(bytes, size);
  }
  return 0;
}
