/* See random.h for the sources. */
#include "random.h"

#include <assert.h>

static uint64_t rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

void tg_random_seed_(uint64_t state[4], uint64_t seed)
{
  for (int i = 0; i < 4; i++) {
    uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    state[i] = z ^ (z >> 31);
  }
}

uint64_t tg_random_(uint64_t s[4])
{
  assert((s[0] | s[1] | s[2] | s[3]) != 0); /* it would stay 0 */
  const uint64_t result = rotate(s[0] + s[3], 23) + s[0], t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate(s[3], 45);
  return result;
}

uint64_t tg_random_below_(uint64_t state[4], uint64_t n)
{
  assert(n > 0);
  const uint64_t excess = (UINT64_MAX % n + 1) % n; /* 2^64 mod n: that many numbers are drawn again */
  uint64_t x = tg_random_(state);
  while (x > UINT64_MAX - excess) x = tg_random_(state);
  return x % n;
}
