#include "exact_rank.h"

#include "memory.h"

#include <assert.h>
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

typedef struct matrix {
  const double *entry; /* rows x columns */
  size_t rows, columns;
  const int *least; /* of each column the exponent that makes it whole */
} matrix;

/* Gaussian elimination modulo p, row after row. Pivot rows keep the order in which they came; an entry left of a
 * pivot's own is zero, right of it may be anything. */
typedef struct elimination {
  uint64_t p;
  size_t columns, pivots;
  uint64_t *pivot; /* the pivot rows, and room for one more */
  size_t *at;      /* the column of each pivot */
} elimination;

/* Takes multiples of the pivot rows so far, in reduced form, from `row`; the first entry left, or `columns`. */
static size_t eliminate(const elimination *e, uint64_t *row)
{
  for (size_t k = 0; k < e->pivots; k++) {
    const uint64_t factor = row[e->at[k]];
    if (factor == 0) continue;
    const uint64_t *from = e->pivot + k * e->columns;
    for (size_t j = e->at[k]; j < e->columns; j++) row[j] = (row[j] + (e->p - factor) * from[j]) % e->p;
  }
  size_t j = 0;
  while (j < e->columns && row[j] == 0) j++;
  return j;
}

/* Rank modulo p, counted up to most + 1. */
static size_t modular_rank(elimination *e, const matrix *a, size_t most)
{
  e->pivots = 0;
  for (size_t i = 0; i < a->rows && e->pivots <= most; i++) {
    uint64_t *row = e->pivot + e->pivots * e->columns;
    for (size_t j = 0; j < e->columns; j++) row[j] = residue(a->entry[i * e->columns + j], a->least[j], e->p);
    const size_t first = eliminate(e, row);
    if (first == e->columns) continue;
    const uint64_t inverse = power_of(row[first], e->p - 2, e->p);
    for (size_t j = first; j < e->columns; j++) row[j] = row[j] * inverse % e->p;
    e->at[e->pivots++] = first;
  }
  return e->pivots;
}

/* Modulo so many primes below 2^31, all of them above 2^30. */
static rank_answer rank_modulo_primes(elimination *e, const matrix *a, size_t rank, size_t primes)
{
  e->p = (UINT64_C(1) << 31) + 1;
  for (size_t k = 0; k < primes; k++) {
    do e->p -= 2;
    while (!is_prime(e->p));
    if (modular_rank(e, a, rank) > rank) return RANK_LARGER;
  }
  assert(e->p > UINT64_C(1) << 30);
  return RANK_AT_MOST;
}

rank_answer rank_at_most(const double *a, size_t rows, size_t columns, size_t rank)
{
  if (rank >= rows || rank >= columns) return RANK_AT_MOST;
  int *least = resize(NULL, columns, 2 * sizeof *least);
  elimination e = {.columns = columns};
  e.pivot = resize(NULL, (rank + 2) * columns, sizeof *e.pivot);
  e.at = resize(NULL, rank + 1, sizeof *e.at);
  rank_answer answer = RANK_UNKNOWN;
  if (least != NULL && e.pivot != NULL && e.at != NULL) {
    const matrix whole = {a, rows, columns, least};
    column_scales(a, rows, columns, least, least + columns);
    const size_t primes = primes_needed(least + columns, columns, rank + 1);
    const double work = (double)primes * (double)rows * (double)columns * (double)(rank + 1);
    if (work <= most_work) answer = rank_modulo_primes(&e, &whole, rank, primes);
  }
  free(least);
  free(e.pivot);
  free(e.at);
  return answer;
}
