/* Where blocks of samples come from: rows gathered and transposed, rows that stand in blocks already, or sparse
 * rows, which stay where they are.
 *
 * A block is L samples side by side: `columns` vectors of L numbers, the label last. To gather one costs a pass over
 * its rows. So rows that are swept in order, call after call, are copied once into blocks, after a dozen sweeps and
 * up to 64 MB. A mini-batch is always gathered: its rows lie anywhere. */
#ifndef TG_ROW_SOURCE_H
#define TG_ROW_SOURCE_H

#include "execute.h"
#include "sum_call.h"

enum { TG_GROUP = 128 }; /* samples of a group (group.h), and the most that a block has */

typedef struct tg_row_source_ {
  tg_data data;
  size_t columns; /* with the label */
  const tg_kernels_ *kernels;
  double *blocked; /* all rows in blocks of columns x blocked_lanes, or NULL yet */
  size_t blocked_lanes;
  size_t sweeps; /* over all of these rows */
} tg_row_source_;

/* The rows of the block at hand, one such memory a thread. */
typedef struct tg_block_rows_ {
  size_t number[TG_GROUP];
  const double *start[TG_GROUP];
} tg_block_rows_;

/* Other rows. The arrays of `data` are borrowed. */
void tg_row_source_bind_(tg_row_source_ *r, const tg_data *data);
void tg_row_source_forget_(tg_row_source_ *r); /* frees what was derived from the rows */

/* All rows are about to be swept in blocks of `lanes`: room for the blocked copy is asked for at the first sweep, so
 * that later ones ask for nothing, and written when it pays. TG_E_NOMEM. */
tg_status tg_row_source_sweep_(tg_row_source_ *r, size_t lanes, tg_block_rows_ *memory);

/* Makes these samples of the call the block that w runs on. */
void tg_row_source_load_(const tg_row_source_ *r, const tg_sum_call_ *call, tg_block_ b,
                         tg_block_rows_ *memory, tg_worker_ *w);

#endif
