/* What a fuzz target offers: libFuzzer's entry point, and the seeds that the replay program mutates. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

extern const char *const fuzz_seed[]; /* ends with NULL */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
