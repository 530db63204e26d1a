/* Blocks of samples, gathered or found ready (row_source.h).
 *
 * The lanes of a block come in units of TG_LANE_UNIT. Those beyond its last sample repeat that sample: whatever they
 * compute is thrown away, but a guard must hold for them as it does for a sample that is there. */
#include "row_source.h"

#include "memory.h"

#include <assert.h>
#include <stdint.h>

enum {
  SWEEPS_BEFORE_COPY = 12, /* the copy costs as much as several sweeps save */
  COPY_MOST = 1 << 23,     /* numbers: blocks save a half of the time in the caches, and a sixth beyond */
  FAR = 1 << 17            /* so many numbers and more are not expected in a cache of one's own */
};

void tg_row_source_forget_(tg_row_source_ *r)
{
  tg_memory_free_(r->blocked);
  r->blocked = NULL;
  r->sweeps = 0;
}

void tg_row_source_bind_(tg_row_source_ *r, const tg_data *data)
{
  tg_row_source_forget_(r);
  r->data = *data;
}

static const double *row_start(const tg_row_source_ *r, size_t row)
{
  return r->data.values + row * r->data.stride;
}

/* ---- gathering ---- */

static void number_rows(const tg_sum_call_ *call, tg_block_ b, size_t *number)
{
  const size_t lanes = tg_whole_lanes_(b.count);
  for (size_t i = 0; i < lanes; i++) number[i] = tg_sum_row_(call, b.position[i < b.count ? i : b.count - 1]);
}

static void write_labels(const tg_row_source_ *r, const size_t *number, size_t lanes, double *to)
{
  for (size_t i = 0; r->data.label != NULL && i < lanes; i++) to[i] = r->data.label[number[i]];
}

/* The rows memory->number[0..lanes) as lane vectors L apart. */
static void gather(const tg_row_source_ *r, tg_block_rows_ *memory, size_t lanes, size_t L, double *to)
{
  const size_t columns = r->data.columns;
  for (size_t i = 0; columns > 0 && i < lanes; i++) memory->start[i] = row_start(r, memory->number[i]);
  if (columns > 0) r->kernels->transpose(memory->start, lanes, columns, to, L);
  write_labels(r, memory->number, lanes, to + columns * L);
}

/* ---- the blocked copy ---- */

static tg_status reserve_copy(tg_row_source_ *r, size_t lanes)
{
  if (r->blocked != NULL || r->data.borrow || r->data.row_start != NULL) return TG_OK;
  const size_t blocks = (r->data.rows + lanes - 1) / lanes, size = r->columns * lanes;
  if (blocks > COPY_MOST / size) return TG_OK;
  r->blocked = tg_memory_resize_(NULL, blocks * size + TG_LANE_UNIT, sizeof *r->blocked);
  r->blocked_lanes = lanes;
  return r->blocked != NULL ? TG_OK : TG_E_NOMEM;
}

/* The block that begins with a row; blocks are aligned to the widest vector. */
static double *copied_block(const tg_row_source_ *r, size_t row)
{
  return r->blocked + (-(uintptr_t)r->blocked / sizeof(double) & (TG_LANE_UNIT - 1)) + row * r->columns;
}

static void write_copy(tg_row_source_ *r, tg_block_rows_ *memory)
{
  const size_t L = r->blocked_lanes;
  for (size_t first = 0; first < r->data.rows; first += L) {
    const size_t left = r->data.rows - first, n = left < L ? left : L, lanes = tg_whole_lanes_(n);
    for (size_t i = 0; i < lanes; i++) memory->number[i] = first + (i < n ? i : n - 1);
    gather(r, memory, lanes, L, copied_block(r, first));
  }
}

tg_status tg_row_source_sweep_(tg_row_source_ *r, size_t lanes, tg_block_rows_ *memory)
{
  assert(lanes > 0 && lanes <= TG_GROUP && lanes % TG_LANE_UNIT == 0);
  const tg_status s = reserve_copy(r, lanes);
  if (s != TG_OK || r->blocked == NULL) return s;
  if (++r->sweeps == SWEEPS_BEFORE_COPY) write_copy(r, memory);
  return TG_OK;
}

/* The block of L samples that begins at a position, if it need not be gathered. */
static const double *ready_block(const tg_row_source_ *r, const tg_sum_call_ *call, size_t position, size_t L)
{
  const bool ready =
      call->index == NULL && r->blocked != NULL && r->sweeps >= SWEEPS_BEFORE_COPY && r->blocked_lanes == L;
  return ready ? copied_block(r, position) : NULL;
}

/* ---- one block ---- */

/* From the data at hand to the bytes that the next block, from position `next` on, is made of, if these have to come
 * from far; or 0. `ready`: the length of the blocks of the copy, if it is one of those, or 0. */
static uintptr_t way_to_next(const tg_row_source_ *r, const tg_sum_call_ *call, size_t next,
                             const double *data, size_t ready)
{
  if (r->data.rows <= FAR / r->columns || next >= call->count) return 0;
  if (ready > 0) return r->columns * ready * sizeof *data;
  return call->index == NULL ? (uintptr_t)row_start(r, next) - (uintptr_t)data : 0;
}

static void load_dense(const tg_row_source_ *r, const tg_sum_call_ *call, tg_block_ b, tg_block_rows_ *memory,
                       tg_worker_ *w)
{
  const size_t L = w->body->L, first = b.position[0], last = b.position[b.count - 1];
  const bool whole = last - first == b.count - 1 && first % L == 0;
  /* The copy has the next sample, which may not fit, where a block that ends early repeats its last. */
  const bool cut = b.count % TG_LANE_UNIT != 0 && last + 1 < r->data.rows;
  const double *ready = whole && !cut ? ready_block(r, call, first, L) : NULL;
  if (ready == NULL) {
    number_rows(call, b, memory->number);
    gather(r, memory, w->lanes, L, w->data);
  }
  w->current = ready != NULL ? ready : w->data;
  w->ahead = whole ? way_to_next(r, call, last + 1, w->current, ready != NULL ? L : 0) : 0;
}

static void load_sparse(const tg_row_source_ *r, const tg_sum_call_ *call, tg_block_ b,
                        tg_block_rows_ *memory, tg_worker_ *w)
{
  number_rows(call, b, memory->number);
  w->sparse = &r->data;
  w->row = memory->number;
  write_labels(r, memory->number, w->lanes, w->slot + w->body->label);
  w->current = w->data;
  w->ahead = 0;
}

void tg_row_source_load_(const tg_row_source_ *r, const tg_sum_call_ *call, tg_block_ b,
                         tg_block_rows_ *memory, tg_worker_ *w)
{
  assert(b.count > 0 && b.count <= w->body->L && b.position[b.count - 1] < call->count);
  w->lanes = tg_whole_lanes_(b.count);
  (w->body->sparse ? load_sparse : load_dense)(r, call, b, memory, w);
}
