/* Exact statements about the rank of a matrix of doubles, which rounding cannot give. */
#ifndef TRAIN_EXACT_RANK_H
#define TRAIN_EXACT_RANK_H

#include <stdbool.h>
#include <stddef.h>

typedef enum rank_answer { RANK_UNKNOWN, RANK_AT_MOST, RANK_LARGER } rank_answer;

/* Is the rank of the exact matrix a (rows x columns, finite numbers) at most `rank`? Doubles are whole
 * numbers times powers of two, so columns can be made whole without changing the rank. Modulo a prime the
 * rank never rises; where it is at most r for primes whose product exceeds every minor of r + 1 rows
 * (Hadamard 1893), all those minors are zero. Unknown: there is no memory, or it would take too long. */
rank_answer rank_at_most(const double *a, size_t rows, size_t columns, size_t rank);

#endif
