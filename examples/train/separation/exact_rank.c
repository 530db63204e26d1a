#include "exact_rank.h"

#include "memory.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const double most_work = 4e9; /* multiplications */

/* |x| = mantissa * 2^exponent with an odd whole mantissa; x is not 0. */
static uint64_t whole_mantissa(double x, int *exponent)
{
  uint64_t m = (uint64_t)ldexp(frexp(fabs(x), exponent), 53);
  *exponent -= 53;
  for (; (m & 1) == 0; m >>= 1) ++*exponent;
  return m;
}

/* For each column the exponent that makes it whole, and how many bits its largest entry then has. */
static void column_scales(const double *a, size_t rows, size_t columns, int *least, int *bits)
{
  for (size_t j = 0; j < columns; j++) {
    int lowest = 2000, highest = -2000;
    for (size_t i = 0; i < rows; i++) {
      const double x = a[i * columns + j];
      int low, high;
      if (x == 0) continue;
      whole_mantissa(x, &low);
      frexp(x, &high);
      lowest = low < lowest ? low : lowest;
      highest = high > highest ? high : highest;
    }
    least[j] = lowest;
    bits[j] = highest > lowest ? highest - lowest : 0;
  }
}

static int descending(const void *a, const void *b)
{
  const int x = *(const int *)a, y = *(const int *)b;
  return (x < y) - (x > y);
}

/* How many primes above 2^30 exceed any minor of `order` columns: a column of entries below 2^b has a norm
 * below 2^b sqrt(order). Sorts `bits`. */
static size_t primes_needed(int *bits, size_t columns, size_t order)
{
  qsort(bits, columns, sizeof *bits, descending);
  double sum = 0;
  for (size_t j = 0; j < order && j < columns; j++) sum += (double)bits[j];
  sum += 0.5 * (double)order * log2((double)order) + 1;
  return (size_t)ceil(sum / 30) + 1;
}

static bool is_prime(uint64_t n)
{
  for (uint64_t d = 3; d * d <= n; d += 2) {
    if (n % d == 0) return false;
  }
  return true;
}

static uint64_t power_of(uint64_t base, uint64_t exponent, uint64_t p)
{
  uint64_t result = 1;
  for (; exponent > 0; exponent >>= 1) {
    if (exponent & 1) result = result * base % p;
    base = base * base % p;
  }
  return result;
}

static uint64_t residue(double x, int least, uint64_t p)
{
  if (x == 0) return 0;
  int exponent;
  const uint64_t m = whole_mantissa(x, &exponent) % p;
  const uint64_t r = m * power_of(2, (uint64_t)(exponent - least), p) % p;
  return x > 0 || r == 0 ? r : p - r;
}

/* Takes multiples of the pivot rows so far, in reduced form, from `row`; the first entry left, or `columns`.
 */
static size_t eliminate(const uint64_t *pivot, const size_t *at, size_t pivots, size_t columns, uint64_t *row,
                        uint64_t p)
{
  for (size_t k = 0; k < pivots; k++) {
    const uint64_t factor = row[at[k]];
    if (factor == 0) continue;
    const uint64_t *from = pivot + k * columns;
    for (size_t j = at[k]; j < columns; j++) row[j] = (row[j] + (p - factor) * from[j]) % p;
  }
  size_t j = 0;
  while (j < columns && row[j] == 0) j++;
  return j;
}

/* Rank modulo p, counted up to rank + 1. `pivot` has room for rank + 2 rows, `at` for rank + 1 numbers. Pivot
 * rows keep the order in which they came; an entry left of a pivot's own is zero, right of it may be
 * anything. */
static size_t modular_rank(const double *a, size_t rows, size_t columns, size_t rank, const int *least,
                           uint64_t *pivot, size_t *at, uint64_t p)
{
  size_t pivots = 0;
  for (size_t i = 0; i < rows && pivots <= rank; i++) {
    uint64_t *row = pivot + pivots * columns;
    for (size_t j = 0; j < columns; j++) row[j] = residue(a[i * columns + j], least[j], p);
    const size_t first = eliminate(pivot, at, pivots, columns, row, p);
    if (first == columns) continue;
    const uint64_t inverse = power_of(row[first], p - 2, p);
    for (size_t j = first; j < columns; j++) row[j] = row[j] * inverse % p;
    at[pivots++] = first;
  }
  return pivots;
}

rank_answer rank_at_most(const double *a, size_t rows, size_t columns, size_t rank)
{
  if (rank >= rows || rank >= columns) return RANK_AT_MOST;
  int *least = resize(NULL, columns, 2 * sizeof *least);
  uint64_t *pivot = resize(NULL, (rank + 2) * columns, sizeof *pivot);
  size_t *at = resize(NULL, rank + 1, sizeof *at);
  rank_answer answer = RANK_UNKNOWN;
  if (least != NULL && pivot != NULL && at != NULL) {
    column_scales(a, rows, columns, least, least + columns);
    const size_t primes = primes_needed(least + columns, columns, rank + 1);
    uint64_t p = (UINT64_C(1) << 31) + 1;
    const bool affordable = (double)primes * (double)rows * (double)columns * (double)(rank + 1) <= most_work;
    if (affordable) answer = RANK_AT_MOST;
    for (size_t k = 0; k < primes && answer == RANK_AT_MOST; k++) {
      do p -= 2;
      while (!is_prime(p));
      if (modular_rank(a, rows, columns, rank, least, pivot, at, p) > rank) answer = RANK_LARGER;
    }
  }
  free(least);
  free(pivot);
  free(at);
  return answer;
}
