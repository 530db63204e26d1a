/* clang-format off */
/* The loss of one sample, compiled for lanes: a short program whose operands are lane vectors.
 *
 * A recorded body is a tape of scalar operations on theta and the columns of a sample. Compiling it splits it in two.
 * The part that depends on theta only becomes a recorded function of its own, evaluated once per call; its results,
 * theta itself and the constants are the uniforms, plain numbers u[0 .. uniforms). The rest becomes steps:
 *
 *   element    v = op(x, y, z)                       of the table of operations, lane by lane
 *   matrix     [v_1 ... v_r] = start + U [x_1 ...]   numbers times lane vectors (tg_affine_): what chains of additions
 *                                                    and products turn into
 *   products   v = start + x_1 y_1 + x_2 y_2 + ...   both factors lane vectors
 *   nary       [v_1 ...] = op(x_1, x_2, ...)         an operation with many operands or outputs
 *   guard      op(x, y)                              a comparison whose recorded outcome every lane must share
 *
 * An operand is a number: with TG_IN_DATA set, a column of the block of data, times L, else an offset into the slots.
 * The first `broadcast` slots hold uniforms that steps need as vectors; their adjoints live through all blocks. */
/* clang-format on */
#ifndef TG_LANES_BODY_H
#define TG_LANES_BODY_H

#include "function.h"
#include "kernels.h"
#include "nary_tape.h"

#include <stdio.h>

#define TG_NO_OPERAND UINT32_MAX /* of a uniform: none */
#define TG_NEGATED 0x80000000u   /* in a list of coefficients: minus the uniform */

typedef enum tg_body_step_kind_ {
  TG_BODY_ELEMENT,
  TG_BODY_MATRIX,
  TG_BODY_PRODUCTS,
  TG_BODY_NARY,
  TG_BODY_GUARD
} tg_body_step_kind_;

typedef struct tg_body_step_ {
  tg_body_step_kind_ kind;
  unsigned op; /* element, guard: the base opcode */
  unsigned arity;
  uint32_t operand[3]; /* element, guard; passive ones (data, constants) have no adjoint */
  bool passive[3];
  bool expected;       /* guard */
  tg_row_forms_ forms; /* element: which partials need computing */
  uint32_t out;        /* element: slot */
  uint32_t partial;    /* element with tg_has_pair_: the slot of the derivative */
  uint32_t index;      /* matrix, products, nary: which */
} tg_body_step_;

typedef struct tg_body_matrix_ {
  uint32_t rows, columns;
  uint32_t coefficient; /* first of rows * columns in `lists`: uniforms, TG_NEGATED */
  uint32_t x, y;        /* firsts of columns, rows operands in `lists`; x of sparse data: columns */
  uint32_t start, end;  /* firsts of rows uniforms in `lists`, or TG_NO_OPERAND */
  uint32_t y_start;     /* first of rows slots in `lists`, or TG_NO_OPERAND */
  bool in_data;         /* x are columns of data, else slots */
  bool constant;        /* no coefficient depends on theta */
  bool contiguous;      /* the coefficients are u[first], u[first + 1], ... row by row */
  bool free_start;      /* start or end depend on theta */
  bool repeated;        /* a vector may occur more than once among x */
  uint32_t
      position; /* sparse data: first of the places of the sample's columns among x, or TG_NO_OPERAND: the same */
  size_t w; /* where its packed coefficients and their adjoints begin in the workspace, unless contiguous */
  size_t w_ends; /* where those of start (rows numbers) and end (rows numbers) begin */
} tg_body_matrix_;

typedef struct tg_body_products_ {
  uint32_t count;
  uint32_t x, y;    /* firsts of count operands in `lists` */
  uint32_t y_start; /* a slot or TG_NO_OPERAND */
  uint32_t out;
  bool negated;
} tg_body_products_;

typedef struct tg_body_nary_ {
  unsigned kind; /* tg_nary_kind_ */
  const tg_custom_op *op;
  void *user;
  tg_nary_shape_ shape;
  uint32_t n, m;
  uint32_t x, y;    /* firsts of n operands, m slots in `lists` */
  uint32_t passive; /* first of n flags in `lists` */
  uint32_t weight;  /* the first of n slots */
} tg_body_nary_;

/* The engine knows these: one output, and a weight for each operand, found with the value, as derivative. Of other
 * operations it calls the functions, lane by lane. */
static inline bool tg_in_lanes_(const tg_body_nary_ *n)
{
  return n->kind == TG_NARY_logsumexp || n->kind == TG_NARY_cross_entropy || n->kind == TG_NARY_pick;
}

typedef struct tg_body_ {
  size_t d, columns;
  size_t L;
  bool sparse;       /* the columns but for a label are sparse, and enter matrices only */
  uint32_t label;    /* sparse: the slot of the label, or TG_NO_OPERAND */
  size_t variables;  /* columns beyond `columns` that are variables, with adjoints */
  uint32_t variable; /* first of their slots in `lists` */
  tg_body_step_ *steps;
  size_t step_count, step_capacity;
  tg_body_matrix_ *matrices;
  size_t matrix_count, matrix_capacity;
  tg_body_products_ *products;
  size_t products_count, products_capacity;
  tg_body_nary_ *nary;
  size_t nary_count, nary_capacity, nary_widest;
  uint32_t *lists;
  size_t list_count, list_capacity;
  /* uniforms: theta, the results of `uniform`, constants */
  tg_function *uniform; /* theta -> results, or NULL when there are none */
  size_t results;
  double *constants; /* u[d + results ...] */
  size_t constant_count, constant_capacity;
  uint32_t *broadcast; /* the uniform each of the first slots holds */
  size_t broadcast_count, broadcast_capacity;
  size_t slots;    /* in all */
  size_t weights;  /* numbers in all packed matrices */
  uint32_t loss;   /* a slot */
  size_t recorded; /* nodes of the tape it was made from */
} tg_body_;

/* Compile f's recording, a function of d + columns inputs, for blocks of L samples (0: as many as suit it).
 * `sparse`: how many of the first columns are sparse; `variables`: how many of the last have derivatives. TG_E_NOMEM,
 * TG_E_SIZE, TG_E_DATA (a sparse column outside dot and affine). */
tg_status tg_body_compile_(tg_body_ **body, const tg_function *f, size_t d, size_t columns, size_t sparse,
                           size_t variables, size_t L);
void tg_body_free_(tg_body_ *b);
tg_status tg_body_print_(const tg_body_ *b, FILE *out);

static inline size_t tg_uniforms_(const tg_body_ *b) { return b->d + b->results + b->constant_count; }
static inline bool tg_varies_with_theta_(const tg_body_ *b, uint32_t uniform)
{
  return (uniform & ~TG_NEGATED) < b->d + b->results;
}

#endif
