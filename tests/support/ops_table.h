/* The rows of ops.def as data: every elementary operation with the columns of its row as a function, its function on
 * the tape and its function of plain numbers. */
#ifndef OPS_TABLE_H
#define OPS_TABLE_H

#include <stddef.h>

#include "tapegrad/tapegrad.h"

enum { MOST_PARTIALS = 10 }; /* value, 3 first, 6 second */

/* Operand columns: value; x: x, xx | x, y: x, y, xx, xy, yy | x, y, z: x, y, z, xx, xy, xz, yy, yz, zz. */
typedef struct ops_row {
  const char *name;
  size_t arity;
  void (*columns)(const double *x, double *out);
  tg_var (*on_tape)(const tg_var *x);
  double (*plain)(const double *x);
  double low[3], high[3]; /* where it is smooth */
} ops_row;

extern const ops_row ops_rows[];
extern const size_t ops_count;

/* How many columns a row has, and which of them is the second partial in operands i and j. */
size_t ops_columns(size_t arity);
size_t ops_second(size_t arity, size_t i, size_t j);
const ops_row *ops_find(const char *name);

#endif
