/* The compiler's state, shared by its rooms: compile.c, chains.c, matrices.c, slots.c. */
#ifndef TG_LANES_COMPILE_H
#define TG_LANES_COMPILE_H

#include "expand.h"

/* One term of a chain. x none: a uniform alone; u none: a product of vectors, or x alone if y is none too. */
typedef struct tg_term_ {
  uint32_t u, x, y; /* values, or TG_NO_VALUE */
  bool negated;
} tg_term_;

/* A row of a matrix under construction: `columns` terms from `first`. */
typedef struct tg_matrix_row_ {
  uint32_t first, columns;
  uint32_t start, end; /* uniforms as values, or TG_NO_VALUE */
  uint32_t y_start;    /* a slot, or TG_NO_VALUE */
  uint32_t slot;       /* of the result */
  uint32_t next;       /* in the same matrix */
} tg_matrix_row_;

/* A matrix under construction. */
typedef struct tg_row_group_ {
  uint32_t first, last, rows;
  uint32_t step;
} tg_row_group_;

typedef struct tg_compiler_ {
  tg_expanded_ e;
  tg_body_ *b;
  size_t sparse; /* columns of the sample */
  tg_status status;
  /* by value */
  uint8_t *absorbed;   /* a term of the chain that uses it */
  uint32_t *slot;      /* of what varies, or TG_NO_VALUE yet; columns have none */
  uint32_t *uniform;   /* number of the uniform, or TG_NO_VALUE yet */
  uint32_t *broadcast; /* the slot of a uniform as a vector, or TG_NO_VALUE yet */
  /* slots */
  size_t slots;
  uint32_t *made_at; /* by slot: the step that fills it, for rows that start from it */
  size_t made_capacity;
  /* the chain at hand */
  tg_term_ *terms;
  size_t term_count, term_capacity;
  uint32_t *segment_of, segment; /* by sparse column: the last row segment it has entered; their number */
  /* matrices */
  uint32_t *row_terms; /* pairs: uniform value (top bit: negated), vector value */
  size_t row_term_count, row_term_capacity;
  tg_matrix_row_ *rows;
  size_t row_count, row_capacity;
  tg_row_group_ *groups;
  size_t group_count, group_capacity;
  uint32_t *table; /* of groups, hashed by their vectors */
  size_t table_size;
} tg_compiler_;

static inline void tg_compile_fail_(tg_compiler_ *c, tg_status why)
{
  if (c->status == TG_OK) c->status = why;
}

/* Room for `count` elements of the array that `list` points to, as tg_reserve_; or the compiler fails. */
static inline bool tg_compile_room_(tg_compiler_ *c, void *list, size_t *capacity, size_t count, size_t size)
{
  if (tg_reserve_((void **)list, capacity, count, size)) return true;
  tg_compile_fail_(c, TG_E_NOMEM);
  return false;
}

/* ---- Values of the program. ---- */

static inline const tg_value_ *tg_value_of_(const tg_compiler_ *c, uint32_t v)
{
  return &c->e.program.values[v];
}
static inline bool tg_varies_(const tg_compiler_ *c, uint32_t v) { return c->e.varies[v] != 0; }
static inline uint32_t tg_loss_of_(const tg_compiler_ *c) { return c->e.program.outputs[0]; }

/* A column of numbers: those that are variables have slots. */
static inline bool tg_is_column_(const tg_compiler_ *c, uint32_t v)
{
  return tg_value_of_(c, v)->kind == TG_VALUE_INPUT && tg_varies_(c, v) && c->slot[v] == TG_NO_VALUE;
}
static inline uint32_t tg_column_of_(const tg_compiler_ *c, uint32_t v) { return v - (uint32_t)c->b->d; }
static inline bool tg_is_sparse_column_(const tg_compiler_ *c, uint32_t v)
{
  return tg_is_column_(c, v) && tg_column_of_(c, v) < c->sparse;
}

/* An element that varies and has the property (ops.h). */
static inline bool tg_has_property_(const tg_compiler_ *c, uint32_t v, unsigned property)
{
  return tg_value_of_(c, v)->kind == TG_VALUE_ELEMENT && tg_varies_(c, v) &&
         (tg_ops_[tg_value_of_(c, v)->op].properties & property) != 0;
}
static inline bool tg_is_sum_(const tg_compiler_ *c, uint32_t v) { return tg_has_property_(c, v, TG_SUM); }
static inline bool tg_is_product_(const tg_compiler_ *c, uint32_t v)
{
  return tg_has_property_(c, v, TG_PRODUCT);
}

/* ---- What steps are made of: slots.c. Slots count from 0 here; tg_finish_slots_ makes offsets of them. ---- */

uint32_t tg_uniform_of_(tg_compiler_ *c, uint32_t v);
uint32_t tg_new_slot_(tg_compiler_ *c);
uint32_t tg_vector_of_(tg_compiler_ *c, uint32_t v);
bool tg_is_passive_(const tg_compiler_ *c, uint32_t v);
uint32_t tg_new_list_(tg_compiler_ *c, size_t n);
void tg_new_step_(tg_compiler_ *c, tg_body_step_ s);
void tg_finish_slots_(tg_compiler_ *c);

/* ---- Chains of additions: chains.c. ---- */

/* Which sums and products are terms of the chain that uses them. */
void tg_find_chains_(tg_compiler_ *c);
/* The steps of the chain that ends in v, a sum or product; false: it is cheapest as the operation it is. */
bool tg_emit_chain_(tg_compiler_ *c, uint32_t v);
void tg_emit_loss_(tg_compiler_ *c);

/* ---- Rows of matrices: matrices.c. ---- */

void tg_add_row_(tg_compiler_ *c, tg_matrix_row_ r);
void tg_finish_matrices_(tg_compiler_ *c);

#endif
