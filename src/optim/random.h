/* A generator of 64-bit numbers, the same on every machine: xoshiro256++ (Blackman & Vigna 2021), seeded by
 * splitmix64 (Steele, Lea & Flood 2014). */
#ifndef TG_OPTIM_RANDOM_H
#define TG_OPTIM_RANDOM_H

#include <stdint.h>

void tg_random_seed_(uint64_t state[4], uint64_t seed);
uint64_t tg_random_(uint64_t state[4]);
/* Uniform on 0 ... n - 1, n >= 1, without bias. */
uint64_t tg_random_below_(uint64_t state[4], uint64_t n);

#endif
